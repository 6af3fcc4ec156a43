"""WebSockets and other upgrades: decided like any request, carried byte for byte, ended with their session."""

import base64
import os
import signal
import socket
import threading
import time

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from harness import mint
from harness.gateway import run
from harness.raw_http import Closed, RawConnection, request
from harness.replicas import redis_settings
from harness.stage import sign_in
from harness.user_agent import UserAgent
from harness.waiting import eventually, never, pause
from harness.websockets_server import WebSocketServer

OTHER = "https://other.example.com"


@pytest.fixture(scope="module")
def sockets(shared_stage):
    return shared_stage.keep(WebSocketServer())


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, upstream, sockets):
    routes = [
        {"path": "/", "upstream": sockets.url},
        {"path": "/open", "upstream": sockets.url, "access": "anyone"},
        {"path": "/open/raw", "upstream": upstream.url, "access": "anyone", "upgrades": ["websocket", "echo"]},
        {"path": "/open/none", "upstream": upstream.url, "access": "anyone", "upgrades": []},
        {"path": "/foreign", "upstream": sockets.url, "allowed_origins": [OTHER]},
        {"path": "/lasting", "upstream": sockets.url, "outlive_session": True},
        {"path": "/raw", "upstream": upstream.url},
    ]
    settings = {"route": routes, "timeouts": {"idle_tunnel": "3s"}}
    gateway = shared_stage.gateway(forger, upstream, settings)
    gateway.host = f"127.0.0.1:{gateway.port}"
    yield gateway
    assert gateway.is_alive


def open_socket(gateway, path, agent=None, origin="own", **options):
    """A WebSocket as a page of the application opens it."""
    headers = {"Cookie": agent.cookie_header(gateway.url("/"))} if agent else {}
    origin = gateway.origin if origin == "own" else origin
    return connect(
        gateway.url(path).replace("http", "ws", 1),
        additional_headers=headers,
        origin=origin,
        compression=None,
        ping_interval=None,
        max_size=None,
        **options,
    )


def upgrade(protocol="websocket", *more):
    return [
        f"Upgrade: {protocol}",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode(),
        *more,
    ]


def test_messages_of_all_sizes_pass_both_ways(gateway, alice):
    with open_socket(gateway, "/chat", alice) as opened:
        for size in (0, 1, 125, 126, 65535, 65536, 5_000_000):
            for message in ("t" * size, os.urandom(size)):
                opened.send(message)
                assert opened.recv(timeout=20) == message


def test_the_application_learns_who_it_is_and_nothing_that_is_ours(gateway, sockets, alice):
    with open_socket(gateway, "/who?x=1", alice) as opened:
        opened.send("hello")
        assert opened.recv(timeout=10) == "hello"
    received = sockets.requests[-1]
    assert received.path == "/who?x=1"
    assert received.headers["X-Forwarded-User"] == "alice"
    assert received.headers.get_all("Connection") == ["Upgrade"]
    assert received.headers.get_all("Upgrade") == ["websocket"]
    assert gateway.cookie_name not in str(received.headers.get_all("Cookie"))


def test_whoever_is_not_signed_in_gets_a_401_and_no_tunnel(gateway, sockets):
    before = len(sockets.requests)
    with pytest.raises(InvalidStatus) as refused:
        open_socket(gateway, "/chat")
    assert refused.value.response.status_code == 401
    assert "Set-Cookie" not in refused.value.response.headers
    assert len(sockets.requests) == before


@pytest.mark.parametrize("origin", [OTHER, "null", "http://127.0.0.1", "https://127.0.0.1:{port}", ""])
def test_a_page_of_another_origin_opens_nothing(gateway, sockets, alice, origin):
    before = len(sockets.requests)
    fields = upgrade("websocket", "Origin: " + origin.replace("{port}", str(gateway.port)))
    fields.append("Cookie: " + alice.cookie_header(gateway.url("/")))
    with RawConnection(gateway.port) as connection:
        connection.send(request("/chat", gateway.host, *fields))
        assert connection.read_response().status == 403
    assert len(sockets.requests) == before


def test_an_origin_that_the_route_lists_may_open_one(gateway, alice):
    with open_socket(gateway, "/foreign", alice, origin=OTHER) as opened:
        opened.send("hello")
        assert opened.recv(timeout=10) == "hello"


def test_a_client_that_is_no_browser_needs_no_origin(gateway, alice):
    with open_socket(gateway, "/chat", alice, origin=None) as opened:
        opened.send("hello")
        assert opened.recv(timeout=10) == "hello"


def test_a_close_of_the_application_arrives_with_its_code(gateway, alice):
    with open_socket(gateway, "/chat", alice) as opened:
        opened.send("bye")
        with pytest.raises(ConnectionClosed):
            opened.recv(timeout=10)
        assert (opened.close_code, opened.close_reason) == (4000, "bye")


def test_a_close_of_the_browser_arrives_with_its_code(gateway, sockets, alice):
    sockets.closed.clear()
    with open_socket(gateway, "/chat", alice) as opened:
        opened.close(4001, "leaving")
    eventually(lambda: (4001, "leaving") in sockets.closed)


def test_the_log_has_one_line_with_the_bytes_of_both_directions(gateway, alice):
    with open_socket(gateway, "/logged", alice) as opened:
        for _ in range(10):
            opened.send(b"x" * 1000)
            opened.recv(timeout=10)
    line = eventually(lambda: next((e for e in gateway.exchanges if e.get("path") == "/logged"), None))
    assert line["status"] == 101
    assert line["subject"] == "alice"
    assert line["bytes_in"] >= 10_000 and line["bytes_out"] >= 10_000
    assert "fault" not in line, line


def test_a_client_that_does_not_read_holds_the_application_back(gateway, sockets, alice):
    gateway.process.forget_peak()
    before = sockets.flooded
    with open_socket(gateway, "/chat", alice, max_queue=1) as opened:
        opened.send("flood")
        last = [None, 0]

        def settled():
            last[1] = last[1] + 1 if sockets.flooded == last[0] else 0
            last[0] = sockets.flooded
            return last[1] >= 25

        eventually(settled, within=20)
        assert 0 < sockets.flooded - before < 32 << 20
        assert gateway.process.peak_resident_kilobytes < 80 * 1024
        opened.socket.close()


def test_an_application_that_does_not_read_holds_the_client_back(gateway, upstream):
    go_on = threading.Event()
    heard = [0]

    def deaf(connection, _):
        connection.send(SWITCHED.format("echo"))
        assert go_on.wait(30)
        while data := connection.socket.recv(1 << 20):
            heard[0] += len(data)

    upstream.on("/open/raw/deaf", deaf)
    gateway.process.forget_peak()
    sent = 0
    block = bytes(1 << 20)
    with RawConnection(gateway.port, timeout=1) as connection:
        connection.send(request("/open/raw/deaf", gateway.host, "Upgrade: echo", "Connection: Upgrade"))
        assert connection.read_head().status == 101
        try:
            while sent < 256 << 20:
                sent += connection.socket.send(block)
        except TimeoutError:
            pass
        assert 0 < sent < 32 << 20
        assert gateway.process.peak_resident_kilobytes < 80 * 1024
        go_on.set()
        connection.end_sending()
        eventually(lambda: heard[0] == sent)


def test_a_tunnel_in_which_nothing_moves_is_ended(gateway, alice):
    with open_socket(gateway, "/idle", alice) as opened:
        with pytest.raises(ConnectionClosed):
            opened.recv(timeout=10)
        assert opened.close_code == 1001
    line = eventually(lambda: next((e for e in gateway.exchanges if e.get("path") == "/idle"), None))
    assert line["reason"] == "the tunnel was idle for too long"


def sign_out(gateway, agent):
    answer = agent.request(
        "POST", gateway.own("sign-out"), headers={"Origin": gateway.origin, "Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status_code == 303


def test_a_socket_ends_with_its_session_and_others_go_on(gateway, forger, sockets):
    alice, bob = sign_in(gateway, forger), sign_in(gateway, forger)
    sockets.closed.clear()
    with (
        open_socket(gateway, "/mine", alice) as mine,
        open_socket(gateway, "/lasting", alice) as lasting,
        open_socket(gateway, "/theirs", bob) as theirs,
        open_socket(gateway, "/open", alice) as public,
    ):
        for opened in (mine, lasting, theirs, public):
            opened.send("hello")
            assert opened.recv(timeout=10) == "hello"
        sign_out(gateway, alice)
        with pytest.raises(ConnectionClosed):
            mine.recv(timeout=5)
        assert (mine.close_code, mine.close_reason) == (1008, "session ended")
        eventually(lambda: (1008, "session ended") in sockets.closed)
        for opened in (lasting, theirs, public):
            opened.send("still here")
            assert opened.recv(timeout=10) == "still here"
    line = eventually(lambda: next((e for e in gateway.exchanges if e.get("path") == "/mine"), None))
    assert line["reason"] == "the session ended"


def test_a_socket_in_the_midst_of_a_message_still_ends_with_its_session(gateway, forger, sockets):
    """Our close frame comes between two of theirs: the client reads whole messages, then the close."""
    agent = sign_in(gateway, forger)
    with open_socket(gateway, "/busy", agent) as opened:
        opened.send("flood")
        for _ in range(20):
            assert opened.recv(timeout=10) == b"x" * 65536
        sign_out(gateway, agent)
        with pytest.raises(ConnectionClosed):
            while True:
                assert opened.recv(timeout=10) == b"x" * 65536
        assert opened.close_code == 1008


def test_an_end_on_another_replica_is_noticed(stage, forger):
    sockets = stage.keep(WebSocketServer())
    redis = stage.redis()
    settings = {
        "session": {"store": "redis", "keys": [run("key").stdout.strip()], "live_check": "1s"},
        "redis": {"url": redis.url},
        "server": {"public_url": "http://app.example.com", "insecure_http": True},
    }
    here, there = stage.gateway(forger, sockets.url, settings), stage.gateway(forger, sockets.url, settings)
    agent = UserAgent({here.origin: f"http://127.0.0.1:{here.port}"})
    challenge = agent.get(here.url("/chat"))
    agent.get(forger.authenticate(agent, agent.location(challenge)))
    with open_socket(here, "/chat", agent, sock=socket.create_connection(("127.0.0.1", here.port))) as opened:
        opened.send("hello")
        assert opened.recv(timeout=10) == "hello"
        agent.elsewhere = {there.origin: f"http://127.0.0.1:{there.port}"}
        sign_out(there, agent)
        with pytest.raises(ConnectionClosed):
            opened.recv(timeout=10)
        assert opened.close_code == 1008


@pytest.mark.parametrize("store", ["memory", "redis"])
def test_a_socket_ends_with_a_session_that_is_ended_from_elsewhere(stage, store):
    """By the provider's back channel and by the operator; long before the session would be looked for."""
    logto = stage.stand_in()
    sockets = stage.keep(WebSocketServer())
    settings = redis_settings(stage.redis().url) if store == "redis" else {}
    settings = settings | {"admin": {"token": "an-admin-token-of-some-length"}}
    gateway = stage.gateway(logto, sockets.url, settings)
    for end in (end_at_provider, end_by_operator):
        agent = sign_in(gateway, logto)
        with open_socket(gateway, "/chat", agent) as opened:
            opened.send("hello")
            assert opened.recv(timeout=10) == "hello"
            end(gateway, logto)
            with pytest.raises(ConnectionClosed):
                opened.recv(timeout=5)
            assert (opened.close_code, opened.close_reason) == (1008, "session ended"), end


@pytest.mark.parametrize("store", ["memory", "redis"])
def test_a_socket_ends_when_a_refresh_takes_away_what_it_needs(stage, upstream, store):
    """Roles are read anew with every refresh; the session goes on, and with it what needs no role."""
    logto = stage.stand_in()
    sockets = stage.keep(WebSocketServer())
    routes = [
        {"path": "/", "upstream": upstream.url},
        {"path": "/write", "upstream": sockets.url, "require": {"roles": ["writer"]}},
        {"path": "/chat", "upstream": sockets.url},
    ]
    settings = redis_settings(stage.redis().url) if store == "redis" else {}
    gateway = stage.gateway(logto, sockets.url, settings | {"route": routes})
    logto.control("/knobs", {"accessTokenTtl": 2, "idTokenTtl": 2})
    agent = sign_in(gateway, logto)
    logto.control("/knobs", {"accessTokenTtl": 3600, "idTokenTtl": 3600})
    with open_socket(gateway, "/write", agent) as writing, open_socket(gateway, "/chat", agent) as chatting:
        for opened in (writing, chatting):
            opened.send("hello")
            assert opened.recv(timeout=10) == "hello"
        logto.control("/roles", {"user": "alice", "roles": ["reader"]})
        pause(2.5)
        assert agent.fetch(gateway.url("/refresh")).status_code == 200
        assert upstream.last("/refresh").header("X-Forwarded-Groups") == "reader"
        with pytest.raises(ConnectionClosed):
            writing.recv(timeout=5)
        assert (writing.close_code, writing.close_reason) == (1008, "not permitted any more")
        chatting.send("still here")
        assert chatting.recv(timeout=10) == "still here"
    line = eventually(lambda: next((e for e in gateway.exchanges if e.get("path") == "/write"), None))
    assert line["reason"] == "the session does not permit this any more"


def end_at_provider(gateway, logto):
    token = logto.control("/mint", {"kind": "logout_token", "client": logto.client_id, "user": "alice"})["token"]
    answer = requests.post(gateway.own("backchannel-logout"), data={"logout_token": token}, timeout=10)
    assert answer.status_code == 200


def end_by_operator(gateway, _):
    answer = requests.post(
        f"http://127.0.0.1:{gateway.admin_port}/sessions/revoke?all=true",
        headers={"Authorization": "Bearer an-admin-token-of-some-length"},
        timeout=10,
    )
    assert answer.ok, answer.text


def test_a_socket_outlasts_its_session_by_the_grace(stage, forger):
    sockets = stage.keep(WebSocketServer())
    gateway = stage.gateway(forger, sockets.url, {"session": {"live_grace": "2s"}})
    agent = sign_in(gateway, forger)
    with open_socket(gateway, "/chat", agent) as opened:
        sign_out(gateway, agent)
        started = time.monotonic()
        opened.send("still here")
        assert opened.recv(timeout=10) == "still here"
        with pytest.raises(ConnectionClosed):
            opened.recv(timeout=10)
        assert opened.close_code == 1008
        assert time.monotonic() - started > 1.5


def test_a_socket_ends_politely_when_the_gateway_does(stage, forger):
    sockets = stage.keep(WebSocketServer())
    gateway = stage.gateway(forger, sockets.url, {"server": {"drain_timeout": "2s"}})
    agent = sign_in(gateway, forger)
    with open_socket(gateway, "/chat", agent) as opened:
        opened.send("hello")
        assert opened.recv(timeout=10) == "hello"
        gateway.process.signal(signal.SIGTERM)
        opened.send("before the deadline")
        assert opened.recv(timeout=10) == "before the deadline"
        with pytest.raises(ConnectionClosed):
            opened.recv(timeout=10)
        assert opened.close_code == 1001
    eventually(lambda: (1001, "going away") in sockets.closed)
    assert gateway.process.wait() == 0


def test_a_socket_that_a_token_opened_ends_with_the_token(stage, forger):
    sockets = stage.keep(WebSocketServer())
    api = "https://api.example.com"
    route = {"path": "/", "upstream": sockets.url, "bearer": {"audiences": [api]}}
    settings = {"route": [route], "session": {"live_check": "1s"}}
    gateway = stage.gateway(forger, sockets.url, settings)
    now = int(time.time())
    claims = {"iss": forger.issuer, "aud": api, "sub": "robot", "client_id": "m2m", "iat": now, "exp": now + 4}
    token = mint.genuine(claims, "ES384", typ="at+jwt")
    with connect(
        gateway.url("/chat").replace("http", "ws", 1), additional_headers={"Authorization": f"Bearer {token}"}
    ) as opened:
        pause(2)
        opened.send("no store knows of it")
        assert opened.recv(timeout=10) == "no store knows of it"
        with pytest.raises(ConnectionClosed):
            opened.recv(timeout=10)
        assert opened.close_code == 1008


STREAM = (
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nd\r\ndata: first\n\n\r\n"
)


def streaming(connection, _):
    connection.send(STREAM)
    connection.socket.settimeout(20)
    connection.socket.recv(1)


def test_an_event_stream_ends_with_its_session(gateway, upstream, forger):
    upstream.on("/raw/events", streaming)
    agent = sign_in(gateway, forger)
    with RawConnection(gateway.port) as connection:
        cookie = "Cookie: " + agent.cookie_header(gateway.url("/"))
        connection.send(request("/raw/events", gateway.host, cookie))
        connection.read_head()
        connection.until(b"data: first\n\n\r\n")
        never(lambda: connection.buffer, 1.5)
        sign_out(gateway, agent)
        assert connection.rest() == b"0\r\n\r\n"
    eventually(lambda: any(e.get("reason") == "the session ended" for e in gateway.exchanges))


def test_a_long_download_that_its_session_does_not_outlast_never_looks_complete(gateway, upstream, forger):
    def endless(connection, _):
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhello")
        connection.socket.settimeout(20)
        connection.socket.recv(1)

    upstream.on("/raw/download", endless)
    agent = sign_in(gateway, forger)
    with RawConnection(gateway.port) as connection:
        cookie = "Cookie: " + agent.cookie_header(gateway.url("/"))
        connection.send(request("/raw/download", gateway.host, cookie))
        connection.read_head()
        assert connection.exactly(5) == b"hello"
        never(lambda: connection.buffer, 1.5)
        sign_out(gateway, agent)
        assert connection.rest() == b""


SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {}\r\nX-More: 1\r\nContent-Length: 9\r\n\r\n"


def shouting(protocol):
    """Switches, then answers in capitals until the browser's half ends; says goodbye then."""

    def answer(connection, _):
        connection.send(SWITCHED.format(protocol))
        while data := connection.socket.recv(65536):
            connection.send(data.upper())
        connection.send("GOODBYE")
        connection.close()

    return answer


@pytest.mark.parametrize("more", [[], ["Content-Length: 0"]], ids=["no body", "an empty body"])
def test_another_protocol_passes_where_the_route_allows_it(gateway, upstream, more):
    upstream.on("/open/raw/echo", shouting("echo"))
    with RawConnection(gateway.port) as connection:
        fields = ["Upgrade: echo", "Connection: Upgrade", *more]
        connection.send(request("/open/raw/echo", gateway.host, *fields) + b"early ")
        answer = connection.read_head()
        assert answer.status == 101
        assert (answer.header("Upgrade"), answer.header("Connection")) == ("echo", "Upgrade")
        assert answer.header("X-More") == "1"
        assert connection.exactly(6) == b"EARLY "
        connection.send("hello")
        assert connection.exactly(5) == b"HELLO"
        connection.end_sending()
        assert connection.rest() == b"GOODBYE"


def test_the_end_of_the_applications_half_leaves_the_other_half_open(gateway, upstream):
    heard = []

    def listening(connection, _):
        connection.send(SWITCHED.format("echo") + "last words")
        connection.socket.shutdown(1)
        while data := connection.socket.recv(65536):
            heard.append(data)

    upstream.on("/open/raw/half", listening)
    with RawConnection(gateway.port) as connection:
        connection.send(request("/open/raw/half", gateway.host, "Upgrade: echo", "Connection: Upgrade"))
        assert connection.read_head().status == 101
        assert connection.rest() == b"last words"
        connection.send("still talking")
        eventually(lambda: b"".join(heard) == b"still talking")


@pytest.mark.parametrize("path", ["/open/none/x", "/open/raw/other"])
def test_what_the_route_does_not_allow_is_not_asked_for(gateway, upstream, path):
    protocol = "websocket" if path == "/open/none/x" else "other"
    with RawConnection(gateway.port) as connection:
        connection.send(request(path, gateway.host, *upgrade(protocol)) + request("/open/smuggled", gateway.host))
        assert connection.read_response().status == 200
        assert connection.rest() == b""
    assert upstream.last(path).header("Upgrade") is None
    assert upstream.count("/open/smuggled") == 0


@pytest.mark.parametrize("protocol", ["h2c", "echo", "websocket, echo"])
def test_an_application_switches_to_nothing_that_was_not_asked_for(gateway, upstream, protocol):
    upstream.on("/open/raw/liar", lambda c, _: c.send(SWITCHED.format(protocol)))
    with RawConnection(gateway.port) as connection:
        connection.send(request("/open/raw/liar", gateway.host, *upgrade()) + request("/open/smuggled", gateway.host))
        assert connection.read_response().status == 502
        assert connection.rest() == b""


def test_before_the_101_there_is_no_tunnel(gateway, upstream):
    """The classic: an upgrade that the application refuses, and a request behind it that nobody decided on."""
    upstream.on("/open/raw/refused", lambda c, _: c.reply(b"no", "426 Upgrade Required", "Sec-WebSocket-Version: 13"))
    with RawConnection(gateway.port) as connection:
        fields = upgrade()
        fields[2] = "Sec-WebSocket-Version: 777"
        connection.send(request("/open/raw/refused", gateway.host, *fields))
        assert connection.read_response().status == 426
        try:
            connection.send(request("/raw/secret", gateway.host))
            assert connection.rest() == b""
        except (Closed, OSError):
            """Closed already."""
    assert upstream.count("/raw/secret") == 0


def test_a_flood_of_upgrades_leaves_nothing_behind(gateway, alice):
    eventually(lambda: gateway.process.open_descriptors < 200)
    before = gateway.process.open_descriptors
    for number in range(200):
        with RawConnection(gateway.port) as connection:
            cookie = "Cookie: " + alice.cookie_header(gateway.url("/"))
            connection.send(request("/flood", gateway.host, *upgrade("websocket", cookie)))
            if number % 2:
                assert connection.read_head().status == 101
    eventually(lambda: gateway.process.open_descriptors <= before + 8)
    assert UserAgent().get(gateway.url("/")).status_code == 302
