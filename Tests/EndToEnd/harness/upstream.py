"""An upstream that records the exact bytes it was sent, and answers as a test wishes."""

import json
import socket
import threading
import zlib
from dataclasses import dataclass, field

from harness.waiting import eventually

_KEPT = 4 << 20


@dataclass
class Received:
    """One request: `head` is its bytes up to the empty line, `raw_body` the body's bytes as they came."""

    head: bytes
    method: str
    target: str
    headers: list
    body: bytes = b""
    raw_body: bytes = b""
    length: int = 0
    checksum: int = 0
    trailers: list = field(default_factory=list)
    connection: int = 0
    complete: bool = False

    @property
    def path(self):
        return self.target.split("?")[0]

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None


class Upstream:
    """`on(path, answer)`: `answer(connection, received)` writes what it likes. Without one, JSON of what came."""

    def __init__(self, port=0, host="127.0.0.1"):
        self.listener = socket.create_server((host, port), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://{host}:{self.port}"
        self.received = []
        self.connections = 0
        self.answers = {}
        self.read_bodies = True
        self._open = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def open_connections(self):
        return len(self._open)

    def on(self, path, answer):
        self.answers[path] = answer

    def last(self, path=None):
        """The newest request, complete; with `path`, the newest for it."""
        return eventually(
            lambda: next((r for r in reversed(self.received) if path in (None, r.path) and r.complete), None)
        )

    def count(self, path):
        return sum(1 for received in self.received if received.path == path)

    def forget(self):
        self.received.clear()

    def stop(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.drop_connections()

    def drop_connections(self):
        with self._lock:
            for connection in list(self._open):
                connection.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.connections += 1
                served = Connection(self, connection, self.connections)
                self._open.add(served)
            threading.Thread(target=served.run, daemon=True).start()

    def _closed(self, connection):
        with self._lock:
            self._open.discard(connection)


class Connection:
    def __init__(self, upstream, connection, number):
        self.upstream = upstream
        self.socket = connection
        self.number = number
        self.file = connection.makefile("rb", buffering=1 << 16)
        self.alive = True

    def run(self):
        try:
            while self.alive and (received := self._read()):
                answer = self.upstream.answers.get(received.path, describe)
                answer(self, received)
        except (OSError, ValueError):
            pass
        finally:
            self.close()
            self.upstream._closed(self)

    def close(self):
        """Ends the connection at once, whatever was promised."""
        self.alive = False
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, (bytes, memoryview)) else data.encode("latin-1"))

    def reply(self, body=b"", status="200 OK", *fields):
        lines = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}"]
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def _read(self):
        lines = []
        while True:
            line = self.file.readline(1 << 17)
            if not line:
                return None
            if line == b"\r\n":
                break
            lines.append(line)
        method, target, _ = lines[0].decode("latin-1").split(" ", 2)
        headers = []
        for line in lines[1:]:
            name, _, value = line.decode("latin-1").rstrip("\r\n").partition(":")
            headers.append((name, value.strip()))
        received = Received(b"".join(lines), method, target, headers, connection=self.number)
        self.upstream.received.append(received)
        if self.upstream.read_bodies and received.path not in ("/unread",):
            self.read_body(received)
        return received

    def read_body(self, received):
        if "chunked" in [value.lower() for value in received.all("Transfer-Encoding")]:
            self._read_chunks(received)
        elif length := received.header("Content-Length"):
            self._read_counted(received, int(length))
        received.complete = True

    def _read_counted(self, received, left):
        buffer = bytearray(1 << 20)
        view = memoryview(buffer)
        while left:
            count = self.file.readinto(view[: min(left, len(buffer))])
            if not count:
                raise OSError("the body broke off")
            self._keep(received, view[:count], view[:count])
            left -= count

    def _read_chunks(self, received):
        while True:
            line = self.file.readline(1 << 17)
            size = int(line.split(b";")[0], 16)
            if size == 0:
                received.raw_body += line
                break
            data = self.file.read(size)
            end = self.file.readline(4)
            if len(data) != size or end != b"\r\n":
                raise OSError("the body broke off")
            self._keep(received, data, line + data + end)
        while (line := self.file.readline(1 << 17)) not in (b"\r\n", b""):
            received.trailers.append(line.decode("latin-1").rstrip("\r\n"))

    def _keep(self, received, data, raw):
        received.length += len(data)
        received.checksum = zlib.crc32(data, received.checksum)
        if received.length <= _KEPT:
            received.body += bytes(data)
            received.raw_body += bytes(raw)


def describe(connection, received):
    """The answer of whoever has no other: what came, as JSON."""
    text = json.dumps({"method": received.method, "target": received.target, "headers": received.headers})
    body = text.encode()
    lines = "Content-Type: application/json"
    if received.method == "HEAD":
        connection.send(f"HTTP/1.1 200 OK\r\n{lines}\r\nContent-Length: {len(body)}\r\n\r\n")
    else:
        connection.reply(body, "200 OK", lines)
