"""Forwarding as RFC 9110 and 9112 want it: what passes unchanged, what ends here, what a broken upstream becomes."""

import json

import pytest

from harness.raw_http import Closed, RawConnection, exchange, request
from harness.stage import sign_in
from harness.user_agent import UserAgent
from harness.waiting import eventually, pause


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, upstream):
    settings = {
        "timeouts": {
            "upstream_response": "1s",
            "idle_body": "2s",
            "request_header": "1s",
            "keep_alive": "2s",
            "upstream_connect": "1s",
        },
        "route": [
            {"path": "/", "upstream": upstream.url, "access": "anyone"},
            {"path": "/signed-in", "upstream": upstream.url},
            {"path": "/own-name", "upstream": upstream.url, "access": "anyone", "preserve_host": False},
        ],
    }
    gateway = shared_stage.gateway(forger, upstream, settings)
    gateway.host = f"127.0.0.1:{gateway.port}"
    yield gateway
    assert gateway.is_alive


@pytest.fixture
def connection(gateway):
    with RawConnection(gateway.port) as connection:
        yield connection


def get(gateway, target, *fields, **options):
    return request(target, gateway.host, *fields, **options)


def test_method_target_fields_and_body_arrive_unchanged(gateway, upstream):
    body = bytes(range(256))
    fields = [
        "X-Twice: 1",
        "x-twice: 2",
        "Accept-Language: de, en;q=0.5",
        "X-Empty:",
        "Content-Type: a/b",
        "Content-Length: 256",
    ]
    assert exchange(gateway.port, get(gateway, "/as-it-is?a=b&c=%2f", *fields, method="PATCH", body=body)).status == 200
    received = upstream.last("/as-it-is")
    assert (received.method, received.target, received.body) == ("PATCH", "/as-it-is?a=b&c=%2f", body)
    assert received.all("X-Twice") == ["1", "2"]
    assert received.header("Accept-Language") == "de, en;q=0.5"
    assert received.header("Content-Type") == "a/b"
    assert received.header("Content-Length") == "256"


def test_the_upstream_hears_who_asked_and_how(gateway, upstream):
    exchange(
        gateway.port,
        get(gateway, "/forwarding", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil"),
    )
    received = upstream.last("/forwarding")
    assert received.all("X-Forwarded-For") == ["127.0.0.1"]
    assert received.all("X-Forwarded-Proto") == ["http"]
    assert received.all("X-Forwarded-Host") == [gateway.host]
    assert received.all("Host") == [gateway.host]


def test_an_upstream_may_be_addressed_by_its_own_name(gateway, upstream):
    exchange(gateway.port, get(gateway, "/own-name"))
    assert upstream.last("/own-name").header("Host") == f"127.0.0.1:{upstream.port}"
    assert upstream.last("/own-name").header("X-Forwarded-Host") == gateway.host


def test_a_request_id_goes_in_through_and_out(gateway, upstream):
    answer = exchange(gateway.port, get(gateway, "/id", "X-Request-Id: abc-123_x.y"))
    assert answer.header("X-Request-Id") == upstream.last("/id").header("X-Request-Id") == "abc-123_x.y"
    made = exchange(gateway.port, get(gateway, "/id")).header("X-Request-Id")
    assert len(made) >= 16 and upstream.last("/id").header("X-Request-Id") == made
    eventually(lambda: any(made in json.dumps(line) for line in gateway.exchanges))


@pytest.mark.parametrize("bad", ["a b", "x" * 2000, '"><script>', "a,b", "\xff", ""])
def test_an_insane_request_id_is_replaced(gateway, upstream, bad):
    answer = exchange(gateway.port, get(gateway, "/id", f"X-Request-Id: {bad}"))
    assert answer.header("X-Request-Id") not in (bad, None, "")
    assert upstream.last("/id").header("X-Request-Id") == answer.header("X-Request-Id")


def test_fields_of_one_connection_end_at_that_connection(gateway, upstream):
    fields = [
        "Connection: keep-alive, X-Private",
        "X-Private: 1",
        "Keep-Alive: timeout=5",
        "Proxy-Connection: keep-alive",
        "TE: trailers, gzip",
        "Proxy-Authorization: Basic x",
        "Trailer: X",
    ]
    back = ["Connection: X-Inner", "X-Inner: 1", "Keep-Alive: timeout=9", "Proxy-Authenticate: Basic", "X-Outer: 2"]
    upstream.on("/hops", lambda c, _: c.reply(b"ok", "200 OK", *back))
    answer = exchange(gateway.port, get(gateway, "/hops", *fields))
    received = upstream.last("/hops")
    for name in ("X-Private", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Upgrade"):
        assert received.header(name) is None, name
    assert received.header("TE") in (None, "trailers")
    assert "gzip" not in (received.header("TE") or "")
    for name in ("X-Inner", "Keep-Alive", "Proxy-Authenticate"):
        assert answer.header(name) is None, name
    assert answer.header("X-Outer") == "2"


@pytest.mark.parametrize(
    "status",
    [
        "201 Created",
        "204 No Content",
        "301 Moved",
        "304 Not Modified",
        "401 Unauthorized",
        "418 Teapot",
        "500 Oops",
        "599 X",
    ],
)
def test_a_status_and_its_fields_come_back_unchanged(gateway, upstream, status):
    fields = [
        'ETag: "x"',
        "Location: /y",
        "Set-Cookie: a=1",
        "Set-Cookie: b=2",
        "Vary: Accept",
        "Cache-Control: max-age=5",
    ]
    empty = status[:3] in ("204", "304")
    lines = "\r\n".join([f"HTTP/1.1 {status}", *fields, *([] if empty else ["Content-Length: 2"])]) + "\r\n\r\n"
    upstream.on("/status", lambda c, _: c.send(lines + ("" if empty else "ok")))
    answer = exchange(gateway.port, get(gateway, "/status"))
    assert answer.status == int(status[:3])
    assert answer.all("Set-Cookie") == ["a=1", "b=2"]
    assert answer.header("ETag") == '"x"' and answer.header("Location") == "/y" and answer.header("Vary") == "Accept"
    assert answer.header("Cache-Control") == "max-age=5"
    assert answer.body == (b"" if empty else b"ok")


def test_an_answer_to_head_has_a_length_and_no_body(gateway, connection):
    connection.send(get(gateway, "/head", method="HEAD"))
    answer = connection.read_response("HEAD")
    assert answer.status == 200 and int(answer.header("Content-Length")) > 0
    connection.send(get(gateway, "/after-head"))
    assert connection.read_response().status == 200


def test_an_answer_for_one_user_is_not_cached_for_others(gateway, forger, upstream):
    agent = sign_in(gateway, forger, "/signed-in/plain")
    assert "private" in agent.page.headers["Cache-Control"]
    upstream.on("/signed-in/public", lambda c, _: c.reply(b"", "200 OK", "Cache-Control: public, max-age=60"))
    assert agent.get(gateway.url("/signed-in/public")).headers["Cache-Control"] == "public, max-age=60"
    assert exchange(gateway.port, get(gateway, "/plain")).header("Cache-Control") is None


def test_a_connection_serves_many_requests_and_the_upstreams_is_used_again(gateway, upstream, connection):
    before = upstream.connections
    for number in range(20):
        connection.send(get(gateway, f"/keep/{number}"))
        assert connection.read_response().status == 200
    assert upstream.connections <= before + 1


def test_pipelined_requests_are_answered_in_order(gateway, upstream, connection):
    upstream.on("/late", lambda c, _: (pause(0.3), c.reply(b"late")))
    connection.send(get(gateway, "/late") + get(gateway, "/quick?1") + get(gateway, "/quick?2"))
    assert connection.read_response().body == b"late"
    assert json.loads(connection.read_response().body)["target"] == "/quick?1"
    assert json.loads(connection.read_response().body)["target"] == "/quick?2"


def test_a_client_that_says_close_is_closed(gateway, connection):
    connection.send(get(gateway, "/x", "Connection: close"))
    assert connection.read_response().status == 200
    assert connection.is_closed()


def test_http_1_0_gets_no_chunks_and_an_end(gateway, upstream, connection):
    upstream.on(
        "/chunks", lambda c, _: c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    )
    connection.send(get(gateway, "/chunks", version="HTTP/1.0"))
    answer = connection.read_response()
    assert answer.header("Transfer-Encoding") is None
    assert answer.body == b"abc"
    assert connection.is_closed()


def test_chunks_go_through_both_ways(gateway, upstream, connection):
    upstream.on(
        "/chunks",
        lambda c, r: c.send(
            f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{len(r.body):x}\r\n"
            + r.body.decode()
            + "\r\n0\r\n\r\n"
        ),
    )
    connection.send(
        get(gateway, "/chunks", "Transfer-Encoding: chunked", method="POST", body=b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    )
    assert connection.read_response().body == b"abcde"
    assert upstream.last("/chunks").body == b"abcde"


def test_expect_100_is_answered_before_the_body_comes(gateway, upstream, connection):
    connection.send(get(gateway, "/expect", "Expect: 100-continue", "Content-Length: 5", method="PUT"))
    assert connection.read_head().status == 100
    connection.send(b"hello")
    assert connection.read_response().status == 200
    assert upstream.last("/expect").body == b"hello"


def test_an_upgrade_that_nobody_takes_leaves_no_connection_to_smuggle_in(gateway, upstream, connection):
    upstream.forget()
    upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13"]
    connection.send(get(gateway, "/upgrade", *upgrade) + get(gateway, "/smuggled"))
    try:
        assert connection.read_response().status in (200, 400, 426, 501)
    except Closed:
        pass
    assert connection.is_closed()
    assert upstream.count("/smuggled") == 0


def test_a_header_that_never_ends_is_ended(gateway, connection):
    connection.send(f"GET / HTTP/1.1\r\nHost: {gateway.host}\r\nX: ")
    rest = connection.rest()
    assert rest == b"" or b" 408 " in rest.split(b"\r\n")[0] or b" 400 " in rest.split(b"\r\n")[0]


@pytest.mark.parametrize(
    "fields", [["X: " + "a" * 40_000], [f"X-{n}: a" for n in range(150)]], ids=["too large", "too many"]
)
def test_a_header_beyond_the_limits_is_refused(gateway, upstream, fields):
    before = upstream.count("/limits")
    answer = exchange(gateway.port, get(gateway, "/limits", *fields))
    assert answer is None or answer.status in (400, 431)
    assert upstream.count("/limits") == before
    assert UserAgent().get(gateway.url("/after")).status_code == 200


def test_an_unused_connection_is_closed_after_a_while(gateway, connection):
    connection.send(get(gateway, "/x"))
    connection.read_response()
    assert connection.is_closed(within=30)
