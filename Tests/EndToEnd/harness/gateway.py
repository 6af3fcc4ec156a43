"""The program under test."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import requests

from harness.ports import free_port
from harness.process import Process, ProcessEnded
from harness.raw_http import RawConnection
from harness.toml import merged, toml_text

_REPOSITORY = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("GATEHOUSE_BINARY") or ".build/release/gatehouse")
DEMO_BINARY = Path(os.environ.get("GATEHOUSE_DEMO_BINARY") or ".build/release/gatehouse-demo")


def program(path):
    """The binary, relative paths being relative to the repository."""
    found = path if path.is_absolute() else _REPOSITORY / path
    assert found.exists(), f"{found} is not built: `make build`, or set GATEHOUSE_BINARY and GATEHOUSE_DEMO_BINARY"
    return found


def run(*arguments, env=None, within=20):
    """Runs `gatehouse …` to its end."""
    return subprocess.run(
        [program(BINARY), *arguments],
        capture_output=True,
        text=True,
        timeout=within,
        stdin=subprocess.DEVNULL,
        env={**{k: v for k, v in os.environ.items() if not k.startswith("GATEHOUSE_")}, **(env or {})},
    )


class Gateway:
    """`gatehouse serve` with a configuration of its own, registered with its provider.

    PORT in `public_url`, and in a list of places to listen, stands for its port.
    """

    def __init__(self, provider, upstream_url, settings=None, env=None):
        self.port = free_port()
        self.admin_port = free_port()
        self.directory = Path(tempfile.mkdtemp(prefix="gatehouse-config-"))
        self.file = self.directory / "gatehouse.toml"
        self.env = env or {}
        self.settings = merged(
            {
                "server": {
                    "listen": f"127.0.0.1:{self.port}",
                    "public_url": f"http://127.0.0.1:{self.port}",
                    "drain_timeout": "5s",
                },
                "admin": {"listen": f"127.0.0.1:{self.admin_port}"},
                "log": {"level": "debug", "format": "json"},
                "route": [{"path": "/", "upstream": upstream_url}],
            },
            settings or {},
        )
        if "redis" in self.settings:
            # A machine that is busy with six servers and two test runs is not a Redis that is slow. Tests of the deadline
            # itself set it.
            self.settings["redis"] = {"command_timeout": "5s"} | self.settings["redis"]
        server = self.settings["server"]
        server["public_url"] = server["public_url"].replace("PORT", str(self.port))
        if isinstance(server["listen"], list):
            server["listen"] = [place.replace("PORT", str(self.port)) for place in server["listen"]]
        provider.register(self.own("callback"), self.own("signed-out"))
        own = self.settings.get("provider", {})
        self.settings["provider"] = own if isinstance(own, list) else merged(provider.settings, own)
        self.process = None
        # A program that runs ours, and its arguments.
        self.wrapper = []

    @property
    def origin(self):
        return self.settings["server"]["public_url"]

    def url(self, path="/"):
        return self.origin + path

    def own(self, name):
        """The URL of one of the gateway's own endpoints: "sign-in", "callback", …"""
        paths = self.settings.get("paths", {})
        renamed = paths.get(name.replace("-", "_"))
        return self.url(renamed or paths.get("prefix", "/_gatehouse") + "/" + name)

    @property
    def cookie_name(self):
        name = self.settings.get("cookie", {}).get("name", "gatehouse")
        return ("__Host-" if self.origin.startswith("https") else "") + name

    def configure(self, changes):
        """Takes effect at the next start."""
        self.settings = merged(self.settings, changes)

    def write(self, changes=None):
        """The configuration, as a deployment writes it: in one step."""
        self.configure(changes or {})
        new = self.file.with_suffix(".new")
        new.write_text(toml_text(self.settings))
        new.replace(self.file)

    def reload(self, changes=None):
        """Takes effect when this returns."""
        before = self.logged("configuration taken over")
        self.write(changes)
        self.process.signal(signal.SIGHUP)
        self.process.wait_until(lambda: self.logged("configuration taken over") > before)

    def logged(self, message):
        """How often the log says this."""
        return sum(line.get("message") == message for line in self.log)

    def start(self):
        self.write()
        command = [*self.wrapper, program(BINARY), "serve", "--config", self.file]
        self.process = Process("gatehouse", command, env=self.env, directory=self.directory)
        self.process.wait_until(lambda: self.admin("/healthz").ok)
        self.process.wait_until(self._accepts)
        return self

    def _accepts(self):
        with RawConnection(self.port):
            return True

    def restart(self, changes=None):
        self.configure(changes or {})
        self.process.stop()
        return self.start()

    def stop(self):
        if self.process:
            self.process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def admin(self, path, **options):
        return requests.get(f"http://127.0.0.1:{self.admin_port}{path}", timeout=10, **options)

    @property
    def log(self):
        return self.process.json_lines

    @property
    def exchanges(self):
        """The access log."""
        return [line for line in self.log if line.get("message") == "exchange"]

    @property
    def is_alive(self):
        return self.process.exit_code is None


def start_gateway(provider, upstream_url, settings=None, env=None):
    """Starts one. A port that somebody else took between our look and its bind is no failure: another is tried."""
    for attempt in range(3):
        gateway = Gateway(provider, upstream_url, settings, env)
        try:
            return gateway.start()
        except ProcessEnded as error:
            gateway.stop()
            if attempt == 2 or "in use" not in str(error):
                raise
