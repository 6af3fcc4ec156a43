"""Holes that a review found; each of these failed when it was written."""

import socket
import threading
import time

import pytest

from harness.http2_client import HTTP2Client
from harness.providers.forger import Forger
from harness.raw_http import Closed, RawConnection, request
from harness.replicas import redis_settings
from harness.stage import session_of, sign_in
from harness.user_agent import UserAgent
from harness.waiting import eventually, pause
from test_websockets import sign_out, upgrade

SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
# A text frame from the browser, masked with zeros.
SAID = b"\x81\x85\x00\x00\x00\x00hello"


@pytest.fixture
def gateway(stage, forger, upstream):
    routes = [{"path": "/", "upstream": upstream.url}]
    gateway = stage.gateway(forger, upstream, {"route": routes, "server": {"reload_interval": "0s"}})
    gateway.host = f"127.0.0.1:{gateway.port}"
    yield gateway
    assert gateway.is_alive


def test_whoever_goes_on_talking_keeps_no_tunnel_of_an_ended_session(gateway, forger, upstream):
    """The application is in the middle of a frame. Each byte of the browser's put the tunnel's end off."""
    heard = []

    def unfinished(connection, _):
        connection.send(SWITCHED)
        # A frame of 1 MiB, of which a little comes.
        connection.send(b"\x82\x7f" + (1 << 20).to_bytes(8, "big") + b"x" * 100)
        while data := connection.socket.recv(65536):
            heard.append((time.monotonic(), data))

    upstream.on("/unfinished", unfinished)
    agent = sign_in(gateway, forger)
    with RawConnection(gateway.port) as connection:
        cookie = "Cookie: " + agent.cookie_header(gateway.url("/"))
        connection.send(request("/unfinished", gateway.host, *upgrade("websocket", cookie)))
        assert connection.read_head().status == 101
        connection.exactly(110)
        connection.send(SAID)
        eventually(lambda: heard)
        sign_out(gateway, agent)
        ended = time.monotonic()
        try:
            while time.monotonic() - ended < 8:
                connection.send(SAID)
                pause(0.25)
        except (BrokenPipeError, ConnectionResetError):
            pass
        last = max(at for at, _ in heard) - ended
        assert last < 4, f"the application still heard the browser {last:.1f} s after the session had ended"


def test_a_session_that_ends_before_the_tunnel_opens_ends_it_too(gateway, forger, upstream):
    go = threading.Event()

    def slow(connection, _):
        go.wait(10)
        connection.send(SWITCHED)
        while connection.socket.recv(65536):
            pass

    upstream.on("/slow", slow)
    agent = sign_in(gateway, forger)
    with RawConnection(gateway.port) as connection:
        cookie = "Cookie: " + agent.cookie_header(gateway.url("/"))
        before = upstream.count("/slow")
        connection.send(request("/slow", gateway.host, *upgrade("websocket", cookie)))
        eventually(lambda: upstream.count("/slow") > before)
        sign_out(gateway, agent)
        go.set()
        assert connection.read_head().status == 101
        connection.socket.settimeout(8)
        try:
            assert connection.rest()[:1] == b"\x88"
        except TimeoutError:
            pytest.fail("the tunnel of a session that had ended is open 8 s later")


class Staff(Forger):
    subject = "sam"
    client_id = "staff"
    client_secret = "staff-s3cret"


def test_sessions_of_one_provider_are_none_of_anothers_after_a_reload(stage, forger, upstream):
    """The public's provider was the first; then the staff's is put in front of it."""
    staff = stage.keep(Staff())
    route = {"path": "/", "upstream": upstream.url}
    public = {**forger.settings, "name": "public"}
    inner = {**staff.settings, "name": "staff"}
    gateway = stage.gateway(forger, upstream, {
        "provider": [public, inner], "route": [route, {"path": "/staff", "upstream": upstream.url, "provider": "staff"}],
        "server": {"reload_interval": "0s"}})
    agent = sign_in(gateway, forger, "/x")
    assert agent.get(gateway.url("/staff/x")).status_code == 302
    upstream.forget()
    gateway.reload({"provider": [inner, public]})
    answer = agent.fetch(gateway.url("/staff/x"))
    user = upstream.last("/staff/x").header("X-Forwarded-User") if upstream.count("/staff/x") else None
    assert (answer.status_code, user) == (401, None)


def test_sessions_of_the_last_provider_are_none_of_the_next(stage, forger, upstream):
    staff = stage.keep(Staff())
    route = {"path": "/", "upstream": upstream.url}
    gateway = stage.gateway(forger, upstream, {"route": [route], "server": {"reload_interval": "0s"}})
    agent = sign_in(gateway, forger, "/x")
    upstream.forget()
    gateway.reload({"provider": staff.settings})
    answer = agent.fetch(gateway.url("/x"))
    user = upstream.last("/x").header("X-Forwarded-User") if upstream.count("/x") else None
    assert (answer.status_code, user) == (401, None)


def test_the_listener_for_checks_opens_no_tunnels(stage, forger, upstream, tmp_path):
    path = tmp_path / "check.sock"
    gateway = stage.gateway(forger, upstream, {
        "server": {"trusted_proxies": ["unix", "127.0.0.1"]}, "check": {"listen": f"unix:{path}"},
        "route": [{"path": "/", "upstream": upstream.url, "access": "anyone"}]})

    def sockets(connection, _):
        connection.send(SWITCHED)
        connection.socket.recv(1)

    upstream.on("/tunnel", sockets)
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(str(path))
    with HTTP2Client(0, sock=sock) as client:
        while not client.connection.remote_settings.enable_connect_protocol:
            assert client.read()
        host = f"127.0.0.1:{gateway.port}"
        head = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/tunnel"),
                (":authority", host), ("sec-websocket-version", "13")]
        stream = client.request(head, end=False)
        while stream not in client.resets and not (stream in client.answers and client.answers[stream].headers):
            if not client.read():
                break
        assert upstream.count("/tunnel") == 0
        assert stream in client.resets or client.answers[stream].status >= 400


def test_a_refused_tunnel_is_no_success_for_grpc_either(gateway):
    with HTTP2Client(gateway.port) as client:
        while not client.connection.remote_settings.enable_connect_protocol:
            assert client.read()
        head = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/x"),
                (":authority", gateway.host), ("sec-websocket-version", "13"), ("content-type", "application/grpc")]
        stream = client.request(head, end=False)
        while stream not in client.resets and not (stream in client.answers and client.answers[stream].headers):
            if not client.read():
                break
        assert stream in client.resets or client.answers[stream].status >= 400


@pytest.mark.parametrize("path", ["//staff/x", "/x//../staff".replace("/x//..", "//"), "/staff./x", "/staff%20/x"])
def test_no_spelling_of_a_path_leads_to_another_providers_pages(stage, forger, upstream, path):
    """The application merges slashes, as most do: behind one route it is told of the other provider's people."""
    staff = stage.keep(Staff())
    inner = {**staff.settings, "name": "staff"}
    routes = [{"path": "/", "upstream": upstream.url}, {"path": "/staff", "upstream": upstream.url, "provider": "staff"}]
    gateway = stage.gateway(forger, upstream, {"provider": [forger.settings, inner], "route": routes})
    agent = sign_in(gateway, forger, "/x")
    assert agent.fetch(gateway.url("/staff/x")).status_code == 401
    upstream.forget()
    with RawConnection(gateway.port) as connection:
        cookie = "Cookie: " + agent.cookie_header(gateway.url("/"))
        connection.send(request(path, f"127.0.0.1:{gateway.port}", cookie))
        answer = connection.read_response()
    told = [(r.target, r.header("X-Forwarded-User")) for r in upstream.received]
    assert (answer.status, told) == (400, [])


@pytest.mark.parametrize("path", ["//api/x", "/api./x"])
def test_no_spelling_of_a_path_takes_a_token_for_another_api(stage, forger, upstream, path):
    routes = [{"path": "/", "upstream": upstream.url, "bearer": {"audiences": ["https://public.test"]}},
              {"path": "/api", "upstream": upstream.url, "bearer": {"audiences": ["https://inner.test"]}}]
    gateway = stage.gateway(forger, upstream, {"route": routes})
    with RawConnection(gateway.port) as connection:
        connection.send(request(path, f"127.0.0.1:{gateway.port}", "Authorization: Bearer x.y.z"))
        assert connection.read_response().status == 400


@pytest.mark.parametrize("path", ["/%20/admin/x", "/%20%20/admin"])
def test_a_segment_that_file_systems_drop_whole_is_an_empty_one(stage, forger, upstream, path):
    """Windows drops it, and merges the slashes that are left."""
    routes = [{"path": "/", "upstream": upstream.url, "access": "anyone"}, {"path": "/admin", "upstream": upstream.url}]
    gateway = stage.gateway(forger, upstream, {"route": routes})
    with RawConnection(gateway.port) as connection:
        connection.send(request(path, f"127.0.0.1:{gateway.port}"))
        assert connection.read_response().status == 400
