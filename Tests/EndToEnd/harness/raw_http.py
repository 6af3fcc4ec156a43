"""HTTP as bytes on a socket: for requests no library would send, and for judging answers to the byte."""

import socket
import ssl
from dataclasses import dataclass, field


@dataclass
class RawResponse:
    status: int
    reason: str
    headers: list = field(default_factory=list)
    body: bytes = b""
    head: bytes = b""

    def header(self, name):
        """The only value of a field, None when it is absent."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Closed(Exception):
    """The other side closed before a whole answer came."""


class RawConnection:
    """One TCP connection, or one of TLS in it by somebody's context. Use it in a `with` block."""

    def __init__(self, port, host="127.0.0.1", timeout=15, receive_buffer=None, context=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect((host, port))
        if context:
            self.socket = context.wrap_socket(self.socket, server_hostname=host)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def end_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def more(self):
        try:
            data = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError):
            data = b""
        if not data:
            raise Closed(f"closed after {self.buffer[:200]!r}")
        self.buffer += data

    def until(self, mark):
        while mark not in self.buffer:
            self.more()
        part, self.buffer = self.buffer.split(mark, 1)
        return part

    def exactly(self, count):
        while len(self.buffer) < count:
            self.more()
        part, self.buffer = self.buffer[:count], self.buffer[count:]
        return part

    def read_head(self):
        """Status and fields of the next answer; its body stays to be read."""
        head = self.until(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        version, status, *reason = first.decode("latin-1").split(" ", 2)
        assert version in ("HTTP/1.1", "HTTP/1.0"), first
        headers = []
        for line in lines:
            name, colon, value = line.decode("latin-1").partition(":")
            assert colon and name.strip() == name, f"a bad field in an answer: {line!r}"
            headers.append((name, value.strip()))
        return RawResponse(int(status), "".join(reason), headers, head=head)

    def read_response(self, method="GET"):
        """A whole answer, framed as RFC 9112 says; 1xx answers before it are dropped."""
        response = self.read_head()
        while 100 <= response.status < 200 and response.status != 101:
            response = self.read_head()
        coding = response.header("Transfer-Encoding")
        length = response.header("Content-Length")
        assert not (coding and length), "an answer with both Content-Length and Transfer-Encoding"
        if method == "HEAD" or response.status in (101, 204, 304):
            return response
        if coding:
            assert coding.lower() == "chunked", coding
            response.body = self._chunks()
        elif length is not None:
            response.body = self.exactly(int(length))
        else:
            response.body = self.rest()
        return response

    def _chunks(self):
        body = b""
        while size := int(self.until(b"\r\n").split(b";")[0], 16):
            body += self.exactly(size)
            assert self.exactly(2) == b"\r\n"
        while self.until(b"\r\n"):
            pass
        return body

    def rest(self):
        """Everything until the other side closes."""
        try:
            while True:
                self.more()
        except Closed:
            data, self.buffer = self.buffer, b""
            return data

    def is_closed(self, within=5):
        """Whether the other side closes without another byte."""
        self.socket.settimeout(within)
        try:
            return not self.buffer and self.socket.recv(1) == b""
        except (ConnectionResetError, ssl.SSLEOFError):
            return True
        except TimeoutError:
            return False


def exchange(port, data, method="GET", timeout=15):
    """Sends bytes on a connection of their own; the first answer, None when the connection is closed instead."""
    with RawConnection(port, timeout=timeout) as connection:
        try:
            connection.send(data)
            return connection.read_response(method)
        except (Closed, BrokenPipeError, ConnectionResetError):
            return None


def request(target="/", host="127.0.0.1", *fields, method="GET", version="HTTP/1.1", body=b""):
    """A request as bytes; fields are whole lines without their end."""
    lines = [f"{method} {target} {version}", *([f"Host: {host}"] if host is not None else []), *fields]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
