"""Front proxies that ask the gateway: the real programs, with the configuration that `gatehouse emit` prints for it."""

import shutil
import sys
import tempfile
from pathlib import Path

from harness.gateway import run
from harness.ports import free_port
from harness.process import Process, ProcessEnded
from harness.raw_http import RawConnection
from harness.user_agent import UserAgent

_SCRIPTS = Path(sys.executable).parent
_DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
SHIPPED = {
    "nginx": "nginx/gatehouse.conf",
    "traefik": "traefik/gatehouse.yml",
    "traefik-static": "traefik/traefik.yml",
    "caddy": "caddy/Caddyfile",
    "haproxy": "haproxy/haproxy.cfg",
    "haproxy-lua": "haproxy/gatehouse.lua",
    "apache": "apache/gatehouse.conf",
}


class Front:
    """One running front. `port` is the one browsers connect to, which the gateway's public_url has."""

    name = ""

    def __init__(self, gateway, port):
        self.gateway = gateway
        self.port = port
        self.directory = Path(tempfile.mkdtemp(prefix=f"{self.name}-config-"))
        self.process = None

    # What stands in the shipped files, and what it is here; None: the configuration is printed for this gateway.
    replaced = None

    def emit(self, front=None):
        if self.replaced is not None:
            text = (_DEPLOY / SHIPPED[front or self.name]).read_text()
            for shipped, here in self.replaced.items():
                text = text.replace(shipped, here)
            return text
        printed = run("emit", front or self.name, "--config", self.gateway.file)
        assert printed.returncode == 0, printed.stderr
        return printed.stdout

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path

    def start(self):
        self.process = Process(self.name, self.command(), env=self.environment(), directory=self.directory)
        self.process.wait_until(self._accepts)
        return self

    def environment(self):
        return {}

    def _accepts(self):
        with RawConnection(self.port):
            return True

    def stop(self):
        if self.process:
            self.process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


class Nginx(Front):
    name = "nginx"

    def command(self):
        site = self.write("gatehouse.conf", self.emit())
        temporary = "".join(
            f"    {kind}_temp_path {self.directory}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        main = self.write(
            "nginx.conf",
            "daemon off;\nmaster_process off;\nerror_log stderr warn;\n"
            f"pid {self.directory}/nginx.pid;\nevents {{ }}\n"
            f"http {{\n    access_log off;\n{temporary}    include {site};\n}}\n",
        )
        return ["/usr/sbin/nginx", "-p", self.directory, "-e", "stderr", "-c", main]


class Traefik(Front):
    name = "traefik"

    def command(self):
        site = self.write("gatehouse.yml", self.emit())
        static = self.emit("traefik-static").replace("/etc/traefik/gatehouse.yml", str(site))
        return [_SCRIPTS / "traefik", f"--configFile={self.write('traefik.yml', static)}"]

    def _accepts(self):
        """Its port is open before it knows its routes."""
        if self.replaced is not None:
            return super()._accepts()
        with RawConnection(self.port) as connection:
            connection.send(f"GET /_gatehouse/session HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n")
            return connection.read_head().status == 401


class Caddy(Front):
    name = "caddy"

    def command(self):
        site = self.write("Caddyfile", self.emit())
        return [_SCRIPTS / "caddy", "run", "--config", site, "--adapter", "caddyfile"]

    def environment(self):
        return {
            "CADDY_ADMIN": f"127.0.0.1:{free_port()}",
            "XDG_DATA_HOME": str(self.directory),
            "XDG_CONFIG_HOME": str(self.directory),
        }


class HAProxy(Front):
    name = "haproxy"

    def command(self):
        lua = self.write("gatehouse.lua", self.emit("haproxy-lua"))
        site = self.write("haproxy.cfg", self.emit().replace("/etc/haproxy/gatehouse.lua", str(lua)))
        return ["/usr/sbin/haproxy", "-db", "-f", site]


class Apache(Front):
    """The hop in front of the standalone proxy: see its guide."""

    name = "apache"

    def command(self):
        site = self.write("gatehouse.conf", self.emit())
        modules = "".join(
            f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
            for name in ("mpm_event", "authz_core", "proxy", "proxy_http", "headers", "socache_shmcb", "ssl")
        )
        main = self.write(
            "apache.conf",
            f"ServerName 127.0.0.1\nServerRoot {self.directory}\nPidFile {self.directory}/apache.pid\n"
            f"DefaultRuntimeDir {self.directory}\nErrorLog /dev/stderr\nMutex posixsem\n{modules}"
            f"User www-data\nGroup www-data\nListen 127.0.0.1:{self.port}\nInclude {site}\n",
        )
        return ["/usr/sbin/apache2", "-D", "FOREGROUND", "-f", main]


CHECKING = [Nginx, Traefik, Caddy, HAProxy]
FRONTS = [*CHECKING, Apache]


def start_front(kind, stage, provider, upstream, routes=None, settings=None, trusted=("127.0.0.1",)):
    """A gateway and a front that asks it, both of them new: `.gateway` is the gateway."""
    routes = routes or [
        {"path": "/", "upstream": upstream.url},
        {"path": "/open", "upstream": upstream.url, "access": "anyone"},
        {"path": "/optional", "upstream": upstream.url, "access": "optional"},
    ]
    for attempt in range(3):
        port = free_port()
        server = {"public_url": f"http://127.0.0.1:{port}", "trusted_proxies": list(trusted)}
        gateway = stage.gateway(provider, upstream, {"server": server, "route": routes, **(settings or {})})
        front = kind(gateway, port)
        try:
            return stage.keep(front).start()
        except ProcessEnded:
            if attempt == 2:
                raise


def sign_in_behind(front, provider, path="/", agent=None):
    """A browser that has signed in and stands at `path`; the last answer is in `agent.page`."""
    agent = agent or UserAgent()
    answer = agent.get(front.gateway.url(path))
    # A front that asks leads to our own sign-in first; the standalone proxy leads to the provider.
    if agent.location(answer).startswith(front.gateway.own("sign-in")):
        answer = agent.follow(answer)
    answer = agent.get(provider.authenticate(agent, agent.location(answer)))
    assert answer.status_code == 303, f"{answer.status_code}: {answer.text[:500]}"
    agent.page = agent.follow(answer)
    return agent
