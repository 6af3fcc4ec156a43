"""What is too much: each limit answers 4xx, is counted, and leaves everybody else alone."""

import threading
import time

import pytest

from harness.raw_http import RawConnection, exchange, request
from harness.replicas import redis_settings, replica
from harness.waiting import eventually, pause
from test_tls import connect, context, tls_settings, with_open_route

NAVIGATION = ("Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, upstream):
    settings = {
        "timeouts": {"request_header": "2s", "slow_body": "2s", "upstream_name": "1s", "idle_body": "30s"},
        "limits": {"body_rate": "100B", "header_size": "8KiB"},
        "route": [
            {"path": "/", "upstream": upstream.url, "access": "anyone"},
            {"path": "/named", "upstream": f"http://localhost:{upstream.port}", "access": "anyone"},
        ],
    }
    gateway = shared_stage.gateway(forger, upstream, settings)
    gateway.host = f"127.0.0.1:{gateway.port}"
    yield gateway
    assert gateway.is_alive


def refusals(gateway, limit):
    line = next(
        line for line in gateway.admin("/metrics").text.splitlines() if f'refusals_total{{limit="{limit}"}}' in line
    )
    return int(line.split()[-1])


def drip(connection, data, every, times):
    """Sends the same bytes now and then; whether the other side took them all."""
    for _ in range(times):
        try:
            connection.send(data)
        except OSError:
            return False
        pause(every)
    return True


# Slow clients


@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_a_body_that_drips_is_given_up_though_it_never_pauses(gateway, framing):
    before = refusals(gateway, "slow")
    piece = b"1\r\nx\r\n" if "chunked" in framing else b"x"
    with RawConnection(gateway.port) as connection:
        started = time.monotonic()
        connection.send(request("/dripping", gateway.host, framing, method="POST"))
        drip(connection, piece, 0.2, 8)
        dripping = threading.Thread(target=drip, args=[connection, piece, 0.2, 40], daemon=True)
        dripping.start()
        assert connection.read_response().status == 408
        assert 1.5 < time.monotonic() - started < 6
        assert connection.rest() == b""
        dripping.join()
    assert refusals(gateway, "slow") == before + 1


def test_a_slow_body_that_keeps_the_rate_arrives(gateway, upstream):
    with RawConnection(gateway.port) as connection:
        connection.send(request("/steady", gateway.host, "Content-Length: 2500", method="POST"))
        assert drip(connection, b"x" * 100, 0.2, 25)
        assert connection.read_response().status == 200
    assert upstream.last("/steady").length == 2500


def test_a_short_body_may_take_its_time(gateway):
    with RawConnection(gateway.port) as connection:
        connection.send(request("/short", gateway.host, "Content-Length: 3", method="POST"))
        assert drip(connection, b"x", 0.5, 3)
        assert connection.read_response().status == 200


def test_nobody_is_blamed_while_the_application_holds_the_body_back(gateway, upstream):
    go_on = threading.Event()

    def answer(served, received):
        go_on.wait(30)
        served.read_body(received)
        served.reply(b"all of it")

    upstream.on("/unread", answer)
    size = 32 << 20
    with RawConnection(gateway.port, timeout=30) as connection:
        connection.send(request("/unread", gateway.host, f"Content-Length: {size}", method="POST"))
        sending = threading.Thread(target=lambda: connection.send(b"x" * size), daemon=True)
        sending.start()
        pause(5)
        assert sending.is_alive(), "the kernel's buffers took all of it"
        go_on.set()
        assert connection.read_response().body == b"all of it"
        sending.join()


def test_once_the_answer_has_begun_a_request_may_be_a_conversation(gateway, upstream):
    def talk(served, _):
        served.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
        while data := served.file.readline():
            if data == b"0\r\n":
                served.file.readline()
                break
        served.send("0\r\n\r\n")

    upstream.read_bodies = False
    upstream.on("/talk", talk)
    try:
        with RawConnection(gateway.port) as connection:
            connection.send(request("/talk", gateway.host, "Transfer-Encoding: chunked", method="POST"))
            assert connection.read_head().status == 200
            assert connection.exactly(7) == b"2\r\nhi\r\n"
            assert drip(connection, b"1\r\nx\r\n", 0.5, 9)
            connection.send("0\r\n\r\n")
            assert connection.exactly(5) == b"0\r\n\r\n"
    finally:
        upstream.read_bodies = True


def test_a_header_that_drips_is_408_and_delays_nobody(gateway):
    before = refusals(gateway, "slow")
    slow = [RawConnection(gateway.port) for _ in range(100)]
    try:
        for connection in slow:
            connection.send(f"GET / HTTP/1.1\r\nHost: {gateway.host}\r\nX: ")
        started = time.monotonic()
        while time.monotonic() - started < 1.5:
            for connection in slow:
                connection.send("x")
            assert exchange(gateway.port, request("/quick", gateway.host), timeout=2).status == 200
        for connection in slow:
            assert connection.read_response().status == 408
    finally:
        for connection in slow:
            connection.close()
    assert refusals(gateway, "slow") == before + 100


# Large ones


def test_a_header_too_large_is_counted(gateway):
    before = refusals(gateway, "header")
    assert exchange(gateway.port, request("/x", gateway.host, "X: " + "x" * 9000)).status == 431
    assert exchange(gateway.port, request("/" + "x" * 70_000, gateway.host)).status == 414
    assert refusals(gateway, "header") == before + 2


# Connections


def test_one_tls_connection_too_many_is_not_worth_a_handshake(stage, forger, upstream):
    certificates = stage.certificates()
    settings = with_open_route(tls_settings([certificates.issue("app.example.com")]), upstream)
    gateway = stage.gateway(forger, upstream, {**settings, "limits": {"connections_per_address": 2}})
    trust = context(certificates, alpn=["h2", "http/1.1"])
    eventually(lambda: connect(gateway, trust).close() is None)
    eventually(lambda: "downstream_connections 0" in gateway.admin("/metrics").text)
    before = refusals(gateway, "connections-per-address")
    with connect(gateway, trust), connect(gateway, trust):
        with pytest.raises(OSError):
            connect(gateway, trust)
        assert refusals(gateway, "connections-per-address") == before + 1
    eventually(lambda: connect(gateway, trust).close() is None)


# Sign-ins


def test_sign_ins_of_one_address_are_counted_by_all_replicas_together(stage, forger, upstream):
    redis = stage.redis()
    settings = {**redis_settings(redis.url), "limits": {"sign_ins_per_minute": 6}}
    gateway = stage.gateway(forger, upstream, settings)
    other, _ = replica(stage, gateway, forger, upstream, {"limits": settings["limits"]})

    def begin(gateway):
        host = gateway.origin.split("//")[1]
        return exchange(gateway.port, request("/", host, *NAVIGATION))

    answers = [begin(at).status for at in (gateway, other) * 3]
    assert answers == [302] * 6
    refused = begin(other)
    assert refused.status == 429
    assert refused.header("Retry-After")
    assert refused.header("Set-Cookie") is None
    assert begin(gateway).status == 429
    assert refusals(gateway, "sign-ins") + refusals(other, "sign-ins") == 2
    for key in redis.client().scan_iter("*bucket*"):
        assert b"127.0.0.1" not in key, "the store need not know addresses"
        assert 0 < redis.client().pttl(key) <= 60_000


def test_without_the_store_each_replica_counts_alone(stage, forger, upstream):
    redis = stage.redis()
    settings = {**redis_settings(redis.url), "limits": {"sign_ins_per_minute": 3}}
    gateway = stage.gateway(forger, upstream, settings)
    redis.stop()
    host = gateway.origin.split("//")[1]
    answers = [exchange(gateway.port, request("/", host, *NAVIGATION)).status for _ in range(4)]
    assert answers == [302, 302, 302, 429]


# Names


def test_a_name_is_looked_up_again_and_an_address_is_not(gateway, upstream):
    def connections(path):
        before = upstream.connections
        with RawConnection(gateway.port) as connection:
            for _ in range(3):
                connection.send(request(path, gateway.host))
                assert connection.read_response().status == 200
                pause(1.2)
        return upstream.connections - before

    # One for each worker is there to begin with.
    for _ in range(8):
        with RawConnection(gateway.port) as connection:
            connection.send(request("/x", gateway.host))
            assert connection.read_response().status == 200
    assert connections("/x") == 0
    assert connections("/named/x") == 3
    eventually(lambda: upstream.open_connections <= 8)
