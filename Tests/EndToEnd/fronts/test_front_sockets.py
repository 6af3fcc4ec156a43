"""Sockets: checks over one that nobody else can reach, and WebSockets that a front opens after asking."""

import pytest

from harness.front import CHECKING, HAProxy, Nginx, sign_in_behind, start_front
from harness.http2_client import HTTP2Client
from harness.raw_http import RawConnection, exchange
from harness.sockets import accept, upgrade


@pytest.fixture(scope="module", params=CHECKING, ids=lambda kind: kind.name)
def asking_front(request, shared_stage, forger, upstream):
    """One that asks us and opens the tunnel itself."""
    return start_front(request.param, shared_stage, forger, upstream)


def test_nginx_asks_over_a_unix_socket(stage, forger, upstream, tmp_path):
    settings = {"check": {"listen": f"unix:{tmp_path}/check.sock"}}
    front = start_front(Nginx, stage, forger, upstream, settings=settings, trusted=["unix", "127.0.0.1"])
    agent = sign_in_behind(front, forger, "/socket?x=1")
    assert agent.page.status_code == 200
    assert upstream.last("/socket").header("X-Forwarded-User") == "alice"
    # Beside it, the port that browsers' sign-ins come through answers no checks.
    fields = [
        "X-Original-Method: GET", "X-Original-URI: /open", "X-Forwarded-Proto: http",
        f"X-Forwarded-Host: 127.0.0.1:{front.port}",
    ]  # fmt: skip
    lines = ["GET /_gatehouse/check HTTP/1.0", "Host: x", *fields, "\r\n"]
    assert exchange(front.gateway.port, "\r\n".join(lines).encode()).status == 403


def test_a_websocket_is_opened_for_who_is_signed_in_alone(asking_front, forger, upstream):
    front, alice = asking_front, sign_in_behind(asking_front, forger)
    upstream.on("/socket", accept)
    upstream.forget()
    with RawConnection(front.port) as connection:
        assert upgrade(connection, front, "/socket", None, "websocket").status == 401
    assert upstream.received == []
    cookie = alice.cookie_header(front.gateway.url("/"))
    with RawConnection(front.port) as connection:
        assert upgrade(connection, front, "/socket", cookie, "WebSocket").status == 101
        assert connection.exactly(26) == b"hello from the application"
    received = upstream.received[-1]
    assert received.header("X-Forwarded-User") == "alice"
    assert received.header("Upgrade").lower() == "websocket"


def test_a_page_of_another_origin_opens_no_websocket(asking_front, forger, upstream):
    front, alice = asking_front, sign_in_behind(asking_front, forger)
    upstream.on("/socket", accept)
    cookie = alice.cookie_header(front.gateway.url("/"))
    upstream.forget()
    for origin in ("https://evil.example", "null", f"https://127.0.0.1:{front.port}"):
        with RawConnection(front.port) as connection:
            assert upgrade(connection, front, "/socket", cookie, "websocket", origin=origin).status == 403
    assert upstream.received == []
    with RawConnection(front.port) as connection:
        own = f"http://127.0.0.1:{front.port}"
        assert upgrade(connection, front, "/socket", cookie, "websocket", origin=own).status == 101


def test_over_http2_a_page_of_another_origin_opens_no_websocket_either(stage, forger, upstream):
    """HAProxy speaks it by prior knowledge; a WebSocket is asked for by CONNECT then, without a key (RFC 8441)."""
    front = start_front(HAProxy, stage, forger, upstream)
    cookie = sign_in_behind(front, forger).cookie_header(front.gateway.url("/"))
    upstream.on("/socket", accept)
    upstream.forget()
    own = f"http://127.0.0.1:{front.port}"
    for origin, passes in (("https://evil.example", False), ("null", False), (own, True)):
        with HTTP2Client(front.port) as client:
            head = [
                (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/socket"),
                (":authority", f"127.0.0.1:{front.port}"), ("origin", origin), ("cookie", cookie),
                ("sec-websocket-version", "13"),
            ]  # fmt: skip
            stream = client.request(head, end=False)
            while not (stream in client.answers and client.answers[stream].headers):
                assert client.read()
            # HAProxy makes up a key, which the upstream of these tests does not answer.
            assert (client.answers[stream].status != 403) == passes
        assert len(upstream.received) == passes
