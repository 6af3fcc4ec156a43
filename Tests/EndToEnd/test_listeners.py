"""Where the gateway listens: several places, sockets in the file system and from the service manager, balancers."""

import os
import socket
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest

from harness.gateway import BINARY, program, run
from harness.ports import free_port
from harness.raw_http import RawConnection, exchange, request
from harness.toml import toml_text
from harness.waiting import eventually

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


def open_route(upstream):
    return [{"path": "/", "upstream": upstream.url, "access": "anyone"}]


def over_unix(path, data):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(path))
        connection.sendall(data)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def test_it_listens_at_several_places(stage):
    upstream, other = stage.upstream(), free_port()
    path = Path(tempfile.mkdtemp()) / "gatehouse.sock"
    gateway = stage.gateway(
        stage.forger(), upstream,
        {"server": {"listen": ["127.0.0.1:PORT", f"127.0.0.1:{other}", f"unix:{path}"], "socket_mode": "0600",
                    "trusted_proxies": ["unix"]},
         "route": open_route(upstream)},
    )
    host = f"127.0.0.1:{gateway.port}"
    assert exchange(gateway.port, request("/", host)).status == 200
    assert exchange(other, request("/", host)).status == 200
    assert path.stat().st_mode & 0o777 == 0o600
    answer = over_unix(path, request("/unix", host, "Connection: close", "X-Forwarded-For: 192.0.2.7"))
    assert answer.startswith(b"HTTP/1.1 200")
    assert upstream.last("/unix").header("X-Forwarded-For") == "192.0.2.7"
    # What an earlier process has left does not keep the next one from starting.
    gateway.process.kill()
    assert path.exists()
    gateway.start()
    assert over_unix(path, request("/", host, "Connection: close")).startswith(b"HTTP/1.1 200")


def test_addresses_are_those_of_ipv4_where_both_kinds_are_listened_for(stage):
    upstream = stage.upstream()
    gateway = stage.gateway(
        stage.forger(), upstream, {"server": {"listen": ["[::]:PORT"]}, "route": open_route(upstream)}
    )
    assert exchange(gateway.port, request("/mapped", f"127.0.0.1:{gateway.port}")).status == 200
    assert upstream.last("/mapped").header("X-Forwarded-For") == "127.0.0.1"


def test_an_address_that_is_taken_is_named(stage):
    gateway = stage.gateway(stage.forger(), stage.upstream())
    result = run("serve", "--config", str(gateway.file), within=20)
    assert result.returncode != 0
    assert f"admin.listen: cannot listen on 127.0.0.1:{gateway.admin_port}: Address already in use\n" in result.stderr + result.stdout


def test_a_redirect_listener_sends_everybody_to_https(stage):
    upstream = stage.upstream()
    gateway = stage.gateway(
        stage.forger(), upstream,
        {"server": {"listen": ["redirect://127.0.0.1:PORT"], "public_url": "https://app.example.com"}},
    )
    answer = exchange(gateway.port, request("/a/b?c=d%20e", "app.example.com"))
    assert (answer.status, answer.header("Location")) == (301, "https://app.example.com/a/b?c=d%20e")
    answer = exchange(gateway.port, request("/form", "app.example.com:8080", "Content-Length: 3", method="POST", body=b"a=b"))
    assert (answer.status, answer.header("Location")) == (308, "https://app.example.com/form")
    # Nowhere but to hosts of ours.
    answer = exchange(gateway.port, request("/", "evil.example.net"))
    assert answer.status == 421 and answer.header("Location") is None
    assert exchange(gateway.port, request("//evil.example.net/", "app.example.com")).header("Location") in (
        None, "https://app.example.com//evil.example.net/",
    )
    assert upstream.received == []


def test_the_service_managers_sockets_are_used(stage):
    """As systemd does it: the third descriptor is a socket that listens already."""
    upstream = stage.upstream()
    gateway = stage.gateway(stage.forger(), upstream, {"route": open_route(upstream)})
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        gateway.process.stop()
        gateway.configure({"server": {"listen": "systemd:web"}})
        gateway.file.write_text(toml_text(gateway.settings))
        script = 'exec 3<&"$1"; export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web; exec "$2" serve --config "$3"'
        process = subprocess.Popen(
            ["bash", "-c", script, "bash", str(listener.fileno()), str(program(BINARY)), str(gateway.file)],
            pass_fds=[listener.fileno()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        try:
            # Who connects before the gateway is up waits in the socket's queue.
            assert exchange(port, request("/", f"127.0.0.1:{gateway.port}")).status == 200
        finally:
            process.terminate()
            process.communicate(timeout=15)
    assert process.returncode == 0


def test_a_socket_that_nobody_handed_over_keeps_it_from_starting(stage):
    gateway = stage.gateway(stage.forger(), stage.upstream())
    gateway.configure({"server": {"listen": "systemd:web"}, "admin": {"listen": f"127.0.0.1:{free_port()}"}})
    file = gateway.directory / "systemd.toml"
    file.write_text(toml_text(gateway.settings))
    assert run("check", "--config", file).returncode == 0
    result = run("serve", "--config", file)
    assert result.returncode != 0
    assert "handed over no socket" in result.stdout + result.stderr


@pytest.mark.parametrize(
    "listen",
    [["127.0.0.1:1", "127.0.0.1:1"], "ftp://127.0.0.1:1", "unix:relative", "https://", "systemd:", "https://127.0.0.1:1",
     "redirect://127.0.0.1:1", [], ["127.0.0.1:1", "0.0.0.0:1"]],
)
def test_places_that_make_no_sense_are_refused(stage, listen):
    gateway = stage.gateway(stage.forger(), stage.upstream())
    gateway.configure({"server": {"listen": listen}})
    file = gateway.directory / "bad.toml"
    file.write_text(toml_text(gateway.settings))
    result = run("check", "--config", file)
    assert result.returncode == 78
    assert "server.listen: found" in result.stderr


# The PROXY protocol


@pytest.fixture
def balanced(stage):
    upstream = stage.upstream()
    gateway = stage.gateway(
        stage.forger(), upstream,
        {"server": {"proxy_protocol_from": ["127.0.0.1"]}, "route": open_route(upstream),
         "timeouts": {"request_header": "500ms"}},
    )
    gateway.upstream = upstream
    return gateway


def binary(source, command=0x21, extension=b""):
    addresses = socket.inet_aton(source) + socket.inet_aton("198.51.100.2") + struct.pack("!HH", 40000, 443)
    return SIGNATURE + bytes([command, 0x11]) + struct.pack("!H", 12 + len(extension)) + addresses + extension


@pytest.mark.parametrize(
    "header",
    [b"PROXY TCP4 192.0.2.9 198.51.100.2 40000 443\r\n", binary("192.0.2.9"), binary("192.0.2.9", extension=b"\x04\0\1x")],
)
def test_a_balancers_word_is_believed(balanced, header):
    data = header + request("/", f"127.0.0.1:{balanced.port}", "X-Forwarded-For: 203.0.113.5")
    assert exchange(balanced.port, data).status == 200
    assert balanced.upstream.last("/").header("X-Forwarded-For") == "192.0.2.9"
    balanced.upstream.forget()
    with RawConnection(balanced.port) as slow:
        for byte in data:
            slow.send(bytes([byte]))
        assert slow.read_response().status == 200
    assert balanced.upstream.last("/").header("X-Forwarded-For") == "192.0.2.9"
    eventually(lambda: any(line.get("client") == "192.0.2.9" for line in balanced.exchanges))


@pytest.mark.parametrize(
    "data",
    [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"PROXY TCP4 nonsense\r\n", SIGNATURE + b"\x11\x11\0\0", b"PROXY", b"",
     SIGNATURE + b"\x21\x11\xff\xff", b"\r\n\r\n"],
)
def test_a_balancer_that_says_nothing_sensible_is_cut_off(balanced, data):
    with RawConnection(balanced.port) as connection:
        connection.send(data)
        assert connection.is_closed()
    assert balanced.upstream.received == []
    assert balanced.is_alive


def test_a_stranger_cannot_claim_an_address(stage):
    upstream = stage.upstream()
    gateway = stage.gateway(stage.forger(), upstream, {"route": open_route(upstream)})
    for header in (b"PROXY TCP4 192.0.2.9 198.51.100.2 40000 443\r\n", binary("192.0.2.9")):
        answer = exchange(gateway.port, header + request("/", f"127.0.0.1:{gateway.port}"))
        assert answer is None or answer.status == 400
    assert upstream.received == []
