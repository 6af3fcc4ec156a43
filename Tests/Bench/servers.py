"""The servers that are measured, and those they need. Each listens on loopback, on a free port."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import redis

REPOSITORY = Path(__file__).resolve().parents[2]
# The end-to-end tests know how to start a program and to stop it surely, and how to seal a session.
sys.path.insert(0, str(REPOSITORY / "Tests" / "EndToEnd"))

from harness.certificates import Certificates  # noqa: E402
from harness.ports import free_port  # noqa: E402
from harness.process import Process  # noqa: E402
from harness.toml import toml_text  # noqa: E402

GATEHOUSE = REPOSITORY / (os.environ.get("GATEHOUSE_BINARY") or ".build/release/gatehouse")
DEMO = REPOSITORY / (os.environ.get("GATEHOUSE_DEMO_BINARY") or ".build/release/gatehouse-demo")


class Server:
    """A running program with a port, in a directory of its own."""

    scheme = "http"

    def __init__(self, name, port):
        self.name = name
        self.port = port
        self.process = None
        self.directory = Path(tempfile.mkdtemp(prefix=f"{name}-"))

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def run(self, command):
        """Starts it and waits until its port accepts."""
        self.process = Process(self.name, command, directory=self.directory)
        self.process.wait_until(self.accepts)

    def accepts(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=5):
            return True

    def stop(self):
        self.process.stop()

    def close(self):
        """Stops it for good."""
        if self.process:
            self.process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def pids(self):
        """Its process and all below, such as nginx' workers."""
        children = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                except (OSError, IndexError):
                    continue
                children.setdefault(parent, []).append(int(entry.name))
        found = [self.process.pid]
        for pid in found:
            found += children.get(pid, [])
        return found


class Nginx(Server):
    """nginx with one worker for each processor. PORT in `http` stands for its port."""

    def __init__(self, name, http, access_log):
        super().__init__(name, free_port())
        self.http = http.replace("PORT", str(self.port))
        self.access_log = access_log

    def start(self):
        file = self.directory / "nginx.conf"
        file.write_text(self.configuration())
        self.run(["nginx", "-p", self.directory, "-c", file, "-e", "stderr"])
        return self

    def configuration(self):
        temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        paths = "\n".join(f"    {name}_temp_path temporary-{name};" for name in temporary)
        return f"""
daemon off;
{"user root;" if os.geteuid() == 0 else ""}
pid nginx.pid;
worker_processes auto;
events {{ worker_connections 4096; }}
http {{
    access_log {"access.log" if self.access_log else "off"};
    keepalive_requests 1000000000;
{paths}
{self.http}
}}
"""


def nginx_answering(name, answer, access_log, bodies=None):
    """The same answer to everything, but for `bodies`: so many bytes at each of these paths, from files."""
    files = "".join(f"location = {path} {{ root bodies; }}" for path in bodies or {})
    http = f"server {{ listen 127.0.0.1:PORT; location / {{ return {answer}; }} {files} }}"
    server = Nginx(name, http, access_log)
    for path, size in (bodies or {}).items():
        file = server.directory / "bodies" / path[1:]
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"x" * size)
    return server.start()


def nginx_proxying(name, upstream, access_log):
    http = f"""
    upstream application {{ server 127.0.0.1:{upstream.port}; keepalive 64; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:PORT;
        location / {{
            proxy_pass http://application;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            # Large bodies would go through files otherwise.
            proxy_max_temp_file_size 0;
        }}
    }}
"""
    return Nginx(name, http, access_log).start()


def nginx_securing(name, upstream, pair, access_log):
    """The same with TLS in front, and HTTP/2 for who wants it. It keeps TLS sessions in tickets, as it does by default."""
    http = f"""
    upstream application {{ server 127.0.0.1:{upstream.port}; keepalive 64; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:PORT ssl http2;
        http2_max_requests 1000000000;
        ssl_certificate {pair.certificate_file};
        ssl_certificate_key {pair.key_file};
        ssl_protocols TLSv1.2 TLSv1.3;
        location / {{
            proxy_pass http://application;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
"""
    return Secured(Nginx(name, http, access_log).start())


class Secured:
    """A server as it is reached over TLS."""

    scheme = "https"

    def __init__(self, server, port=None):
        self.server = server
        self.port = port or server.port
        self.pids = server.pids
        self.close = server.close

    def url(self, path="/"):
        return f"https://127.0.0.1:{self.port}{path}"


def nginx_asking(name, gateway, access_log):
    """With the configuration that is printed for this gateway, but for the port."""
    command = [GATEHOUSE, "emit", "nginx", "--config", gateway.file]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Nginx(name, printed.replace(f"listen {gateway.port};", "listen 127.0.0.1:PORT;"), access_log).start()


class Apache(Server):
    """Apache with mod_auth_openidc and its sessions in Redis, before a location that answers 204."""

    def __init__(self, name, redis):
        super().__init__(name, free_port())
        self.redis = redis

    @property
    def callback(self):
        return self.url("/callback")

    def start(self, stand_in):
        modules = ["mpm_event", "authn_core", "authz_core", "authz_user", "rewrite", "auth_openidc"]
        loaded = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in modules)
        file = self.directory / "apache.conf"
        file.write_text(f"""
ServerName 127.0.0.1
ServerRoot {self.directory}
PidFile {self.directory}/apache.pid
DefaultRuntimeDir {self.directory}
ErrorLog /dev/stderr
Mutex posixsem
{loaded}
{"User www-data" if os.geteuid() == 0 else ""}
MaxKeepAliveRequests 0
KeepAliveTimeout 60
# A thread for each connection from the start: where they are short, Apache closes connections that are kept alive.
StartServers 2
ServerLimit 2
ThreadsPerChild 64
MaxRequestWorkers 128
MinSpareThreads 1
MaxSpareThreads 128
Listen 127.0.0.1:{self.port}
OIDCProviderMetadataURL {stand_in.provider["issuer"]}/.well-known/openid-configuration
OIDCClientID {stand_in.provider["client_id"]}
OIDCClientSecret {stand_in.provider["client_secret"]}
OIDCRedirectURI {self.callback}
OIDCScope "openid profile email"
OIDCCryptoPassphrase for-this-run-alone
OIDCSessionType server-cache
OIDCSessionInactivityTimeout 86400
OIDCCacheType redis
OIDCRedisCacheServer 127.0.0.1:{self.redis.port}
<Location "/">
    AuthType openid-connect
    Require valid-user
    RewriteEngine On
    RewriteCond %{{REQUEST_URI}} ^/$
    RewriteRule ^ - [R=204,L]
</Location>
""")
        os.chmod(self.directory, 0o755)
        self.run(["/usr/sbin/apache2", "-D", "FOREGROUND", "-f", file])
        return self


class Redis(Server):
    def __init__(self):
        super().__init__("redis", free_port())
        options = ["--bind", "127.0.0.1", "--port", self.port, "--save", "", "--appendonly", "no"]
        self.run(["redis-server", *options])

    def client(self):
        return redis.Redis(port=self.port, socket_timeout=60)

    def user_who_is_told_nothing(self):
        """Name and password of one who may do everything but have himself told of changes."""
        self.client().acl_setuser(
            "untold", enabled=True, passwords=["+password"], keys=["*"], channels=["*"],
            commands=["+@all", "-client|tracking"],
        )
        return "untold:password"

    def commands(self):
        """How many it has carried out so far."""
        return self.client().info("stats")["total_commands_processed"]


class StandIn(Server):
    """The OpenID provider; it signs Alice in without a page."""

    def __init__(self, callbacks):
        super().__init__("stand-in", None)
        redirects = [word for callback in callbacks for word in ("--redirect-uri", callback)]
        command = [DEMO, "stand-in", "--port", 0, "--control-port", 0, "--auto", "alice", *redirects]
        self.process = Process(self.name, command, directory=self.directory)
        ready = self.process.wait_until(lambda: [line for line in self.process.json_lines if "issuer" in line])[0]
        self.port = ready["port"]
        self.provider = {key: ready[key] for key in ("issuer", "client_id", "client_secret")}


class Gateway(Server):
    """`gatehouse serve` with default settings, but for what a run needs."""

    def __init__(self, name, redis=None, access_log=False, pair=None, told=True):
        """Unless it is `told` of changes, it asks Redis for each request."""
        super().__init__(name, free_port())
        self.file = self.directory / "gatehouse.toml"
        self.settings = {
            "server": {"listen": f"127.0.0.1:{self.port}", "public_url": f"http://127.0.0.1:{self.port}", "trusted_proxies": ["127.0.0.1"]},
            "admin": {"listen": f"127.0.0.1:{free_port()}"},
            "log": {"access": access_log, "format": "json"},
        }
        if pair:
            self.secure_port = free_port()
            self.settings["server"]["listen"] = [f"127.0.0.1:{self.port}", f"https://127.0.0.1:{self.secure_port}"]
            self.settings["tls"] = {"certificate_files": [str(pair.certificate_file)], "key_files": [str(pair.key_file)]}
        if redis:
            key = subprocess.run([GATEHOUSE, "key"], check=True, capture_output=True, text=True).stdout.strip()
            self.key = key
            self.settings["session"] = {"store": "redis", "keys": [key]}
            # Everything shares the processors here: an answer may be late without Redis being slow.
            user = "" if told else f"{redis.user_who_is_told_nothing()}@"
            self.settings["redis"] = {"url": f"redis://{user}127.0.0.1:{redis.port}/0", "command_timeout": "1s"}

    @property
    def callback(self):
        return self.url("/_gatehouse/callback")

    def configure(self, stand_in, upstream, sockets):
        self.settings["provider"] = stand_in.provider
        self.settings["route"] = [
            {"path": "/", "upstream": upstream.url("")},
            {"path": "/socket", "upstream": sockets.url("")},
        ]
        self.file.write_text(toml_text(self.settings))

    def start(self):
        self.process = Process(self.name, [GATEHOUSE, "serve", "--config", self.file], directory=self.directory)
        return self

    def answers(self):
        """Whether a request gets an answer, whatever it says."""
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/_gatehouse/session")
            return connection.getresponse().status in (200, 401)
        finally:
            connection.close()

    def wait(self):
        self.process.wait_until(self.answers)
        return self
