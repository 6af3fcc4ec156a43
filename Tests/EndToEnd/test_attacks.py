"""Attacks on the running program as a whole: what wears it out rather than what gets past it."""

import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from harness import gateway as program
from harness.raw_http import RawConnection, exchange, request
from harness.stage import sign_in
from harness.toml import toml_text
from harness.user_agent import UserAgent
from harness.waiting import eventually, pause


@pytest.fixture
def redis_gateway(stage):
    server = stage.redis()
    key = program.run("key").stdout.strip()
    provider = stage.stand_in()
    settings = {"session": {"store": "redis", "keys": [key]}, "redis": {"url": server.url}}
    gateway = stage.gateway(provider, stage.upstream(), settings)
    gateway.provider, gateway.server = provider, server
    return gateway


def processor_seconds(process):
    fields = open(f"/proc/{process.pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_an_end_with_redis_is_as_quiet_as_one_without(redis_gateway):
    sign_in(redis_gateway, redis_gateway.provider)
    redis_gateway.process.signal(signal.SIGTERM)
    assert redis_gateway.process.wait() == 0
    assert redis_gateway.process.stderr == ""


def test_an_end_with_a_dead_redis_is_quiet_too(redis_gateway):
    redis_gateway.server.stop()
    exchange(redis_gateway.port, request("/", f"127.0.0.1:{redis_gateway.port}"))
    redis_gateway.process.signal(signal.SIGTERM)
    assert redis_gateway.process.wait() == 0
    assert redis_gateway.process.stderr == ""


def test_running_out_of_descriptors_is_survived(stage):
    gateway = stage.gateway(stage.forger(), stage.upstream())
    subprocess.run(["prlimit", "--pid", str(gateway.process.pid), "--nofile=64:64"], check=True)
    connections = []
    for _ in range(120):
        connection = socket.create_connection(("127.0.0.1", gateway.port), timeout=5)
        connection.send(b"GET / HTTP/1.1\r\n")
        connections.append(connection)
    pause(0.3)
    before = processor_seconds(gateway.process)
    pause(2)
    spent = processor_seconds(gateway.process) - before
    assert gateway.is_alive
    for connection in connections:
        connection.close()
    host = f"127.0.0.1:{gateway.port}"
    answer = eventually(lambda: exchange(gateway.port, request("/_gatehouse/session", host), timeout=2), within=15)
    assert answer.status == 401
    assert eventually(lambda: gateway.admin("/healthz").ok)
    assert spent < 1.5, f"{spent} s of processor time in 2 s of waiting for descriptors"


def test_a_flood_of_pipelined_requests_holds_no_memory(stage):
    upstream = stage.upstream()
    gateway = stage.gateway(stage.forger(), upstream, {"route": [{"path": "/", "upstream": upstream.url, "access": "anyone"}]})
    gate = threading.Event()

    def slow(connection, received):
        gate.wait(20)
        connection.reply(b"x")

    upstream.on("/slow", slow)
    host = f"127.0.0.1:{gateway.port}"
    exchange(gateway.port, request("/warm", host))
    before = gateway.process.resident_kilobytes
    flood = request("/slow", host) + request("/" + "p" * 900, host) * 40_000
    with RawConnection(gateway.port, timeout=2) as connection:
        connection.socket.setblocking(False)
        sent = 0
        deadline = time.monotonic() + 5
        while sent < len(flood) and time.monotonic() < deadline:
            try:
                sent += connection.socket.send(flood[sent : sent + 65536])
            except BlockingIOError:
                pause(0.02)
        grown = gateway.process.resident_kilobytes - before
        gate.set()
    assert gateway.is_alive
    assert grown < 20_000, f"{grown} kB for {sent} bytes sent"


def test_an_upstream_that_never_ends_its_header_is_cut_off(stage):
    upstream = stage.upstream()
    gateway = stage.gateway(stage.forger(), upstream, {"route": [{"path": "/", "upstream": upstream.url, "access": "anyone"}]})

    def header(connection, _):
        connection.send("HTTP/1.1 200 OK\r\n")
        for _ in range(200_000):
            connection.send("X-More: " + "x" * 500 + "\r\n")

    upstream.on("/header", header)
    host = f"127.0.0.1:{gateway.port}"
    before = gateway.process.resident_kilobytes
    assert exchange(gateway.port, request("/header", host)).status == 502
    assert gateway.process.peak_resident_kilobytes - before < 20_000
    assert gateway.is_alive


def test_an_upstream_that_only_ever_answers_for_now_is_cut_off(stage):
    upstream = stage.upstream()
    settings = {
        "route": [{"path": "/", "upstream": upstream.url, "access": "anyone"}],
        "timeouts": {"upstream_response": "2s"},
    }
    gateway = stage.gateway(stage.forger(), upstream, settings)

    def interim(connection, _):
        while connection.alive:
            connection.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100)
            pause(0.01)

    upstream.on("/interim", interim)
    host = f"127.0.0.1:{gateway.port}"
    assert exchange(gateway.port, request("/interim", host), timeout=15).status in (502, 504)
    assert gateway.is_alive


def test_who_says_nothing_to_the_admin_port_does_not_stay(stage):
    gateway = stage.gateway(stage.forger(), stage.upstream(), {"timeouts": {"request_header": "1s"}})
    with RawConnection(gateway.admin_port) as connection:
        connection.send("GET /healthz HTTP/1.1\r\n")
        assert connection.is_closed(within=10)
    with RawConnection(gateway.admin_port) as connection:
        connection.send(request("/healthz", "x"))
        assert connection.read_response().status == 200
        assert connection.is_closed(within=10)


def test_a_hundred_hands_at_the_admin_port_do_not_hide_it(stage):
    gateway = stage.gateway(stage.forger(), stage.upstream())
    held = [socket.create_connection(("127.0.0.1", gateway.admin_port)) for _ in range(100)]
    assert gateway.admin("/healthz").ok
    host = f"127.0.0.1:{gateway.port}"
    assert exchange(gateway.port, request("/_gatehouse/session", host)).status == 401
    for connection in held:
        connection.close()


@pytest.mark.parametrize("target", ["/healthz?", "/healthz?x=1", "//healthz", "/healthz/", "/%68ealthz", "*", "/readyz\x00"])
def test_odd_questions_to_the_admin_port_are_answered(stage, target):
    gateway = stage.gateway(stage.forger(), stage.upstream())
    exchange(gateway.admin_port, request(target, "x"), timeout=3)
    assert gateway.admin("/healthz").ok


def test_the_same_callback_a_hundred_times_at_once_signs_in_once(redis_gateway):
    agent_url = redis_gateway.url("/")
    agent = UserAgent()
    callback = redis_gateway.provider.authenticate(agent, agent.location(agent.get(agent_url)))
    copies = [agent.copy() for _ in range(40)]
    answers = []
    threads = [threading.Thread(target=lambda copy=copy: answers.append(copy.get(callback))) for copy in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    good = [copy for copy in copies if redis_gateway.cookie_name in copy.cookies(agent_url)]
    assert len(good) == 1
    assert len(redis_gateway.provider.requests("/oidc/token")) == 1
    assert {answer.status_code for answer in answers} <= {302, 303, 400}, {a.status_code for a in answers}


CONFIGURATIONS = {
    "a byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "line ends of Windows": lambda text: text.replace(b"\n", b"\r\n"),
    "a NUL": lambda text: text + b"\x00",
    "UTF-16": lambda text: text.decode().encode("utf-16"),
    "nothing": lambda text: b"",
    "a deep list": lambda text: b"x = " + b"[" * 100_000 + b"]" * 100_000,
    "deep tables": lambda text: b"[" + b"a." * 50_000 + b"b]\n",
    "a long key": lambda text: b"a" * 1_000_000 + b" = 1\n" + text,
    "ten thousand unknown keys": lambda text: b"".join(b"k%d = 1\n" % n for n in range(10_000)) + text,
    "a number that is none": lambda text: text.replace(b"[server]", b"[server]\nworkers = 9223372036854775808"),
    "an escape beyond Unicode": lambda text: text.replace(b"[server]", b'[server]\nx = "\\U00110000"'),
    "a surrogate": lambda text: text.replace(b"[server]", b'[server]\nx = "\\ud800"'),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_odd_files_are_read_or_refused(tmp_path, name):
    good = {
        "server": {"listen": "127.0.0.1:8080", "public_url": "https://app.example.com"},
        "provider": {"issuer": "https://auth.example.com/oidc", "client_id": "id", "client_secret": "s"},
        "route": [{"path": "/", "upstream": "http://127.0.0.1:3000"}],
    }
    file = tmp_path / "g.toml"
    file.write_bytes(CONFIGURATIONS[name](toml_text(good).encode()))
    result = program.run("check", "--config", str(file), within=30)
    assert result.returncode in (0, 78), f"{result.returncode}: {result.stderr[-500:]}"
    assert (result.returncode == 0) == (name in ("a byte order mark", "line ends of Windows")) or name == "a byte order mark"


def test_a_directory_and_a_device_are_no_configuration(tmp_path):
    for path in [tmp_path, "/dev/null", "/nowhere"]:
        assert program.run("check", "--config", str(path)).returncode == 78
