"""A real redis-server of our own."""

import shutil
import tempfile
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from harness.ports import free_port
from harness.process import Process


class RedisServer:
    """Listens on TCP and on a unix socket; with `certificates`, on TLS too. Data live in memory alone.

    `lines` go into its configuration as they are. With `clients_have_certificates`, TLS asks for one.
    """

    def __init__(self, password=None, acl=(), certificates=None, lines=(), clients_have_certificates=False):
        self.port = free_port()
        self.tls_port = free_port() if certificates else None
        self.password = password
        self.directory = Path(tempfile.mkdtemp(prefix="redis-data-"))
        self.socket = self.directory / "redis.sock"
        file_lines = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f"unixsocket {self.socket}",
            f"dir {self.directory}",
            'save ""',
            "appendonly no",
            "enable-debug-command yes",
        ]
        if password:
            file_lines.append(f"requirepass {password}")
        file_lines += [f"user {rule}" for rule in acl]
        if certificates:
            certificate = certificates.issue("127.0.0.1", "localhost")
            file_lines += [
                f"tls-port {self.tls_port}",
                f"tls-cert-file {certificate.certificate_file}",
                f"tls-key-file {certificate.key_file}",
                f"tls-ca-cert-file {certificates.authority_file}",
                f"tls-auth-clients {'yes' if clients_have_certificates else 'no'}",
            ]
        file_lines += lines
        self.configuration = self.directory / "redis.conf"
        self.configuration.write_text("\n".join(file_lines) + "\n")
        self.process = None
        self.start()

    def start(self):
        """Also after `stop` or `kill`: on the same port, and empty."""
        self.process = Process("redis-server", ["redis-server", self.configuration], directory=self.directory)
        self.process.wait_until(self._answers)

    def _answers(self):
        try:
            return self.client().ping()
        except redis.RedisError:
            return False

    @property
    def main_port(self):
        """Where other servers reach it."""
        return self.tls_port or self.port

    def client(self, timeout=5):
        retry = Retry(NoBackoff(), 0)
        return redis.Redis(port=self.port, password=self.password, socket_timeout=timeout, retry=retry)

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def tls_url(self):
        return f"rediss://127.0.0.1:{self.tls_port}/0"

    @property
    def unix_url(self):
        return f"unix://{self.socket}"

    def keys(self):
        return self.client().keys("*")

    def everything(self):
        """Each value of each key, as bytes: what a thief of the database would see."""
        client = self.client()
        return {key: client.get(key) for key in client.keys("*") if client.type(key) == b"string"}

    def pause(self):
        """It still accepts connections and answers nothing more."""
        self.process.pause()

    def resume(self):
        self.process.resume()

    def kill(self):
        self.process.kill()
        self.process.stop()

    def stop(self):
        self.process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
