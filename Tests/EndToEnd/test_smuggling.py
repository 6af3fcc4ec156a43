"""What one connection carries stays apart: two people's requests, unread bodies, answers of a confused upstream.

The same over TLS, and over HTTP/2 what can be said there at all.
"""

import pytest

from harness import gateway as program
from harness.http2_client import HTTP2Client
from harness.ports import free_port
from harness.raw_http import Closed, RawConnection, exchange, request
from harness.stage import sign_in
from test_tls import context

SMUGGLED = b"GET /open/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n"


def host(gateway):
    return f"127.0.0.1:{gateway.port}"


def smuggled(gateway):
    return SMUGGLED.replace(b"HOST", host(gateway).encode())


@pytest.fixture(scope="module")
def certificates(shared_stage):
    return shared_stage.certificates()


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, upstream, certificates):
    """As everywhere, and at a second port over TLS."""
    routes = [
        {"path": "/", "upstream": upstream.url},
        {"path": "/open", "upstream": upstream.url, "access": "anyone"},
    ]
    pair, tls_port = certificates.issue("127.0.0.1"), free_port()
    settings = {
        "server": {"listen": ["127.0.0.1:PORT", f"https://127.0.0.1:{tls_port}"]},
        "tls": {"certificate_files": [str(pair.certificate_file)], "key_files": [str(pair.key_file)]},
        "route": routes,
    }
    gateway = shared_stage.gateway(forger, upstream, settings)
    gateway.tls_port = tls_port
    yield gateway
    assert gateway.is_alive, "no input may end the process"


@pytest.fixture(params=["plain", "TLS"])
def connected(request, gateway, certificates):
    """`connected(protocol)`: a new connection."""

    def connected(protocol="http/1.1"):
        if request.param == "plain":
            return RawConnection(gateway.port, timeout=5)
        return RawConnection(gateway.tls_port, timeout=5, context=context(certificates, alpn=[protocol]))

    return connected


@pytest.fixture
def client(gateway, connected):
    """Who speaks HTTP/2."""
    with HTTP2Client(gateway.port, connected("h2").socket) as client:
        yield client


@pytest.mark.parametrize("store", ["memory", "redis"])
def test_pipelined_requests_keep_their_own_identity(stage, forger, upstream, store):
    settings = {"route": [{"path": "/", "upstream": upstream.url, "access": "optional"}]}
    if store == "redis":
        key = program.run("key").stdout.strip()
        settings |= {"session": {"store": "redis", "keys": [key]}, "redis": {"url": stage.redis().url}}
    routes = settings.pop("route") + [{"path": "/sign-in-here", "upstream": upstream.url}]
    gateway = stage.gateway(forger, upstream, settings | {"route": routes})
    alice = sign_in(gateway, forger, "/sign-in-here")
    cookie = "Cookie: " + alice.cookie_header(gateway.url("/"))
    upstream.forget()
    with RawConnection(gateway.port) as connection:
        requests = [request(f"/turn/{n}", host(gateway), *([cookie] if n % 2 else [])) for n in range(10)]
        connection.send(b"".join(requests))
        for _ in range(10):
            assert connection.read_response().status == 200
    users = {received.path: received.header("X-Forwarded-User") for received in upstream.received}
    assert users == {f"/turn/{n}": "alice" if n % 2 else None for n in range(10)}


def test_a_body_nobody_read_is_no_request(gateway, upstream, connected):
    upstream.forget()
    body = smuggled(gateway)
    fields = [f"Content-Length: {len(body)}", "Expect: 100-continue"]
    with connected() as connection:
        connection.send(request("/secret", host(gateway), *fields, method="POST"))
        assert connection.read_head().status == 401
        try:
            connection.send(body)
        except OSError:
            """Closed already."""
        connection.rest()
    assert upstream.received == []


REFUSED = ["/secret", "/open/..", "/_gatehouse/session", "/_gatehouse/sign-out", "/_gatehouse/nothing"]


@pytest.mark.parametrize("path", REFUSED)
@pytest.mark.parametrize("framing", ["counted", "chunked"])
def test_the_body_of_a_refused_request_is_no_request(gateway, upstream, connected, path, framing):
    upstream.forget()
    body = smuggled(gateway)
    field = f"Content-Length: {len(body)}" if framing == "counted" else "Transfer-Encoding: chunked"
    data = body if framing == "counted" else b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    with connected() as connection:
        connection.send(request(path, host(gateway), field, method="POST"))
        connection.send(data[:10])
        assert connection.read_head().status >= 400
        try:
            connection.send(data[10:])
            connection.rest()
        except OSError:
            """Closed already."""
    assert upstream.received == []


@pytest.mark.parametrize("path", REFUSED)
@pytest.mark.parametrize("sized", [True, False])
def test_the_body_of_a_refused_stream_is_no_request(gateway, upstream, client, path, sized):
    upstream.forget()
    body = smuggled(gateway)
    fields = [("content-length", str(len(body)))] if sized else []
    answer = client.answer(client.request(client.headers(host(gateway), path, "POST") + fields, body))
    assert answer is None or answer.status >= 400
    assert upstream.received == []


CONFUSING = {
    "lines that end in LF": b"GET /open/x HTTP/1.1\nHost: HOST\n\n",
    "a line that ends in LF": b"GET /open/x HTTP/1.1\r\nHost: HOST\nX: y\r\n\r\n",
    "lines that end in CR": b"GET /open/x HTTP/1.1\rHost: HOST\r\r",
    "a field before its request": b"X: y\r\nGET /open/x HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "a folded first field": b"GET /open/x HTTP/1.1\r\n X: y\r\nHost: HOST\r\n\r\n",
    "a tab for a space": b"GET\t/open/x\tHTTP/1.1\r\nHost: HOST\r\n\r\n",
    "a space after the version": b"GET /open/x HTTP/1.1 \r\nHost: HOST\r\n\r\n",
    "a method with a bracket": b"G(ET /open/x HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "a folded host": b"GET /open/x HTTP/1.1\r\nHost:\r\n HOST\r\n\r\n",
    "HTTP/2 foreknown": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a TLS greeting": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
    "a PROXY line": b"PROXY TCP4 6.6.6.6 127.0.0.1 1 2\r\nGET /open/x HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "a chunk with an LF in its extension": (
        b"POST /open/x HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n3;a\nabc\r\n0\r\n\r\n"
    ),
    "a chunk with a CR in its extension": (
        b"POST /open/x HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n3;a\rb\r\nabc\r\n0\r\n\r\n"
    ),
    "a last chunk that ends in LF": (
        b"POST /open/x HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\n\n"
    ),
    "a space before a chunk size": (
        b"POST /open/x HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n0\r\n\r\n"
    ),
}


@pytest.mark.parametrize("data", CONFUSING.values(), ids=CONFUSING.keys())
def test_what_programs_read_differently_is_refused_and_nothing_follows_it(gateway, upstream, connected, data):
    upstream.forget()
    with connected() as connection:
        connection.send(data.replace(b"HOST", host(gateway).encode()) + smuggled(gateway))
        try:
            answer = connection.read_response()
            assert answer.status in (400, 505), answer.head
            assert connection.is_closed()
        except Closed:
            """As good a refusal."""
    assert not [received for received in upstream.received if received.complete], upstream.received


@pytest.mark.parametrize("data", CONFUSING.values(), ids=CONFUSING.keys())
def test_what_programs_read_differently_is_only_a_body_in_a_stream(gateway, upstream, client, data):
    upstream.forget()
    body = data.replace(b"HOST", host(gateway).encode()) + smuggled(gateway)
    assert client.answer(client.request(client.headers(host(gateway), "/open/body", "POST"), body)).status == 200
    assert upstream.last("/open/body").body == body
    assert [received.path for received in upstream.received] == ["/open/body"]


@pytest.mark.parametrize("protocol", ["h2c", "websocket", "TLS/1.0", "h2c, websocket"])
def test_an_upgrade_tunnels_nothing_past_the_gateway(gateway, upstream, connected, protocol):
    upstream.forget()
    fields = [f"Upgrade: {protocol}", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"]
    switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    upstream.on("/open/upgrade", lambda c, _: c.send(switched))
    with connected() as connection:
        connection.send(request("/open/upgrade", host(gateway), *fields))
        answer = connection.read_response()
        assert answer.status == 502
        connection.send(smuggled(gateway))
        assert connection.rest() == b""
    (received,) = upstream.received
    for name in ("Upgrade", "HTTP2-Settings", "Connection"):
        assert "h2c" not in (received.header(name) or ""), name


@pytest.mark.parametrize("filler", [b"X: " + b"a" * 60_000 + b"\r\n", b"X: y\r\n" * 10_000], ids=["large", "many"])
def test_trailers_without_end_are_refused_in_little_memory(gateway, upstream, connected, filler):
    upstream.forget()
    before = gateway.process.resident_kilobytes
    with connected() as connection:
        connection.send(request("/open/t", host(gateway), "Transfer-Encoding: chunked", method="POST", body=b"0\r\n"))
        try:
            for _ in range(300):
                connection.send(filler)
            assert connection.read_response().status in (400, 431)
        except (Closed, OSError):
            """As good a refusal."""
    assert gateway.process.resident_kilobytes < before + 8_000
    assert not [received for received in upstream.received if received.complete]


def test_the_application_sees_no_proxy_of_the_clients_choice(gateway, upstream):
    """CGI turns a field `Proxy` into HTTP_PROXY (CVE-2016-5385 and its sisters)."""
    for name in ("Proxy", "proxy", "PROXY"):
        data = request("/open/proxy", host(gateway), f"{name}: http://evil.example")
        assert exchange(gateway.port, data).status == 200
        assert b"evil.example" not in upstream.last("/open/proxy").head


@pytest.mark.parametrize("named", ["Content-Length", "Transfer-Encoding", "Set-Cookie", "Cache-Control", "Date"])
def test_an_upstream_that_names_its_framing_away_confuses_no_client(gateway, alice, upstream, named):
    fields = [f"Connection: {named}", "Set-Cookie: a=b", "Cache-Control: public"]
    upstream.on("/named", lambda c, _: c.reply(b"hello", "200 OK", *fields))
    cookie = "Cookie: " + alice.cookie_header(gateway.url("/"))
    with RawConnection(gateway.port, timeout=3) as connection:
        for _ in range(2):
            connection.send(request("/named", host(gateway), cookie))
            answer = connection.read_response()
            assert answer.body == b"hello"
            # What is for one hop says nothing to caches behind us.
            assert answer.header("Cache-Control") == ("private" if named == "Cache-Control" else "public")


@pytest.mark.parametrize("length", [0, 5])
def test_an_answer_without_body_has_no_length(gateway, upstream, length):
    """RFC 9110, 8.6: or who believes the length takes the next answer for the body."""
    upstream.on("/open/204", lambda c, _: c.send(f"HTTP/1.1 204 No Content\r\nContent-Length: {length}\r\n\r\n"))
    with RawConnection(gateway.port, timeout=3) as connection:
        for _ in range(2):
            connection.send(request("/open/204", host(gateway)))
            answer = connection.read_response()
            assert (answer.status, answer.header("Content-Length")) == (204, None)


NAMELESS = ["=gatehouse=x", "gatehouse\t=x", "\tgatehouse=x", "=gatehouse=x; Path=/", " =gatehouse=x"]


@pytest.mark.parametrize("field", NAMELESS)
def test_no_spelling_of_set_cookie_plants_a_cookie_that_comes_back_as_ours(gateway, upstream, field):
    """A cookie without a name comes back as its bare value (RFC 6265bis, 5.8.3)."""
    upstream.on("/open/plant", lambda c, _: c.reply(b"", "200 OK", f"Set-Cookie: {field}"))
    assert exchange(gateway.port, request("/open/plant", host(gateway))).all("Set-Cookie") == []
