"""What waiting costs: resident memory for each connection on which nothing happens."""

import resource
import socket
import sys
from pathlib import Path

from measure import MeasurementFailed
from servers import Server

from harness.waiting import pause

_SWITCHING = Path(__file__).with_name("switching.py")
_UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


class Switching(Server):
    """An application that says 101 to everybody, and nothing after that."""

    def __init__(self):
        from harness.ports import free_port

        super().__init__("switching", free_port())
        self.run([sys.executable, _SWITCHING, self.port])


def allow_descriptors(count):
    """Here and in what is started from here."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise MeasurementFailed(f"{count:,} descriptors are needed, {hard:,} allowed (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(count, resource.getrlimit(resource.RLIMIT_NOFILE)[0]), hard))


def kilobytes_each(gateway, cookie, count, upgrade=False):
    """Opens so many, with one exchange each and a session behind it, and divides what the gateway has grown by."""
    fields = _UPGRADE if upgrade else ""
    path = "/socket" if upgrade else "/"
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\nCookie: {cookie}\r\n{fields}\r\n".encode()
    status = b"HTTP/1.1 101" if upgrade else b"HTTP/1.1 200"
    # The first few pay for what all share.
    opened = [connect(gateway, request, status) for _ in range(64)]
    settle(gateway)
    before = gateway.process.resident_kilobytes
    try:
        opened += [connect(gateway, request, status) for _ in range(count)]
        settle(gateway)
        return (gateway.process.resident_kilobytes - before) / count
    finally:
        for connection in opened:
            connection.close()


def connect(gateway, request, status):
    connection = socket.create_connection(("127.0.0.1", gateway.port), timeout=10)
    connection.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        data = connection.recv(65536)
        if not data:
            raise MeasurementFailed(f"{gateway.name} closed after {answer[:200]!r}")
        answer += data
    if not answer.startswith(status):
        raise MeasurementFailed(f"{gateway.name} answered {answer[:200]!r}")
    return connection


def settle(gateway):
    """Until its memory has stopped changing."""
    last = None
    for _ in range(50):
        now = gateway.process.resident_kilobytes
        if now == last:
            return
        last = now
        pause(0.2)
