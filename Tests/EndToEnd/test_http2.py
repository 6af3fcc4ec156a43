"""HTTP/2 from clients: the same answers as over HTTP/1.1, nothing smuggled on the way, and no end to patience."""

import signal
import socket
import struct
import subprocess

import hpack
import pytest

from harness.http2_client import HTTP2Client, frame
from harness.raw_http import RawConnection, exchange, request
from harness.stage import sign_in
from harness.waiting import eventually
from test_limits import refusals
from test_tls import context, tls_settings, with_open_route

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@pytest.fixture
def client(gateway):
    with HTTP2Client(gateway.port) as client:
        client.host = f"127.0.0.1:{gateway.port}"
        yield client


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)


def still_serves(gateway):
    assert gateway.is_alive
    assert exchange(gateway.port, request("/open", f"127.0.0.1:{gateway.port}")).status == 200
    with HTTP2Client(gateway.port) as other:
        stream = other.request(other.headers(f"127.0.0.1:{gateway.port}", "/open"))
        assert other.answer(stream).status == 200


def test_a_request_reaches_the_application_as_http1(client, upstream):
    upstream.forget()
    fields = [("x-a", "1"), ("cookie", "a=1"), ("cookie", "b=2"), ("x-forwarded-user", "mallory"), ("te", "trailers")]
    stream = client.request(client.headers(client.host, "/open/a?b=c") + fields)
    answer = client.answer(stream)
    assert answer.status == 200 and answer.header("content-type") == "application/json"
    assert answer.header("connection") is None and answer.header("transfer-encoding") is None
    received = upstream.last("/open/a")
    assert received.head.startswith(b"GET /open/a?b=c HTTP/1.1\r\n")
    assert received.header("Host") == client.host
    assert received.header("Cookie") == "a=1; b=2"
    assert received.all("X-Forwarded-User") == [] and received.all("TE") == []


@pytest.mark.parametrize("sized", [True, False])
def test_bodies_pass_both_ways(client, upstream, sized):
    upstream.forget()
    upstream.on("/open/echo", lambda connection, received: connection.reply(received.body))
    pieces = [b"x" * 10_000, b"y", b"z" * 10_000]
    fields = [("content-length", str(sum(map(len, pieces))))] if sized else []
    stream = client.request(client.headers(client.host, "/open/echo", "POST") + fields, pieces)
    assert client.answer(stream).body == b"".join(pieces)
    received = upstream.last("/open/echo")
    assert bool(received.header("Content-Length")) == sized and bool(received.header("Transfer-Encoding")) != sized


def test_trailers_pass_both_ways(client, upstream):
    upstream.forget()

    def answer(connection, received):
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n")
        connection.send("2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n")

    upstream.on("/open/trailers", answer)
    stream = client.request(
        client.headers(client.host, "/open/trailers", "POST"), b"body", trailers=[("x-check", "1")])
    answer = client.answer(stream)
    assert (answer.body, answer.trailers) == (b"hi", [("x-sum", "7")])
    assert upstream.last("/open/trailers").trailers == ["x-check: 1"]


def test_empty_answers_end_their_streams(client, upstream):
    upstream.on("/open/none", lambda connection, received: connection.send("HTTP/1.1 204 No Content\r\n\r\n"))
    upstream.on("/open/zero", lambda connection, received: connection.reply(b""))
    for method, path, status in (("GET", "/open/none", 204), ("GET", "/open/zero", 200), ("HEAD", "/open/x", 200)):
        answer = client.answer(client.request(client.headers(client.host, path, method)))
        assert (answer.status, answer.body) == (status, b"")


def test_who_waits_for_100_gets_it(client, upstream):
    headers = client.headers(client.host, "/open/wait", "POST") + [("expect", "100-continue"), ("content-length", "2")]
    stream = client.request(headers, end=False)
    eventually(lambda: client.read() and stream in client.answers and client.answers[stream].interim == ["100"])
    client.connection.send_data(stream, b"ok", end_stream=True)
    client.flush()
    assert client.answer(stream).status == 200


def test_decisions_are_those_of_http1(gateway, client, forger):
    headers = client.headers(client.host, "/page")
    assert client.answer(client.request(headers)).status == 401
    navigation = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("accept", "text/html")]
    challenge = client.answer(client.request(headers + navigation))
    assert challenge.status == 302 and challenge.header("set-cookie")
    alice = sign_in(gateway, forger)
    cookie = ("cookie", alice.cookie_header(gateway.url("/")))
    assert client.answer(client.request(headers + [cookie])).status == 200
    assert client.answer(client.request(client.headers("other.example.com"))).status == 421
    assert client.answer(client.request(client.headers(client.host, "/open/%2e%2e/page"))).status == 400
    assert client.answer(client.request(client.headers(client.host, "/_gatehouse/session") + [cookie])).status == 200


def test_streams_that_follow_each_other_know_nothing_of_each_other(gateway, client, forger, upstream):
    cookies = sign_in(gateway, forger).cookie_header(gateway.url("/"))

    def ask(path, *fields, method="GET", body=None):
        return client.request(client.headers(client.host, path, method) + list(fields), body)

    def asked(path):
        received = upstream.last(path)
        return {name: received.header(name) for name in ("X-Forwarded-User", "Cookie", "X-A")}

    for turn in range(3):
        upstream.forget()
        signed_in = ask(f"/optional/alice{turn}", ("cookie", f"{cookies}; own={turn}"), ("x-a", "1"))
        assert client.answer(signed_in).status == 200
        alice = asked(f"/optional/alice{turn}")
        assert alice["X-Forwarded-User"] and (alice["Cookie"], alice["X-A"]) == (f"own={turn}", "1")
        # What follows comes by the same connection, where a stream has just ended well, or in any other way.
        left = client.request(client.headers(client.host, "/open/left", "POST"), b"half", end=False)
        eventually(lambda: upstream.count("/open/left") == 1)
        client.connection.reset_stream(left)
        client.flush()
        assert client.answer(ask("/page", ("x-forwarded-user", "mallory"))).status == 401
        assert client.answer(ask(f"/open/echo{turn}", method="POST", body=[b"x" * 10_000] * 4)).status == 200
        streams = [ask(f"/optional/nobody{turn}-{number}") for number in range(10)]
        assert [client.answer(stream).status for stream in streams] == [200] * 10
        for number in range(10):
            assert set(asked(f"/optional/nobody{turn}-{number}").values()) == {None}


def test_many_streams_at_once_are_each_answered(client, upstream):
    streams = {client.request(client.headers(client.host, f"/open/{n}")): n for n in range(90)}
    for stream, number in streams.items():
        assert f"/open/{number}".encode() in client.answer(stream).body


@pytest.mark.parametrize(
    "fields",
    [
        [("connection", "close")], [("transfer-encoding", "chunked")], [("upgrade", "h2c")], [("te", "gzip")],
        [("keep-alive", "1")], [("proxy-connection", "x")], [("x-a", "1\r\nx-forwarded-user: mallory")],
        [("x-a", "1\nb: 2")], [("x-a", "1\0")], [("x-a: b", "1")], [("x a", "1")], [("X-A", "1")], [("", "1")],
        [("host", "other.example.com")], [("content-length", "5")], [("content-length", "-1")],
        [("content-length", "0"), ("content-length", "0")], [(":path", "/open/again")], [(":unknown", "1")],
        [("x-a", "1"), (":authority", "other")],
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(gateway, upstream, client, fields):
    upstream.forget()
    stream = client.request(client.headers(client.host, "/open/refused") + fields)
    assert client.answer(stream) is None
    assert client.resets.get(stream) == 1 or client.goaway is not None or client.closed
    assert upstream.count("/open/refused") == 0
    still_serves(gateway)


@pytest.mark.parametrize(
    "name, value",
    [(":path", "/open/x HTTP/1.1\r\nx: y"), (":path", "/open/x\r\n\r\nGET /private HTTP/1.1"), (":path", "/open/a b"),
     (":path", "open"), (":path", ""), (":path", "*"), (":method", "GET /private HTTP/1.1\r\n"), (":method", "G T"),
     (":scheme", "ftp"), (":authority", "a\r\nx: y"), (":authority", "user@127.0.0.1"), (":authority", "a,b")],
)
def test_a_pseudo_header_cannot_become_more_than_it_is(gateway, upstream, client, name, value):
    upstream.forget()
    headers = [(key, value if key == name else old) for key, old in client.headers(client.host, "/open/x")]
    answer = client.answer(client.request(headers))
    assert answer is None or answer.status in (400, 421)
    assert upstream.received == []
    still_serves(gateway)


def test_more_data_than_announced_never_becomes_a_request(gateway, upstream, client):
    upstream.forget()
    smuggled = request("/open/smuggled", client.host)
    headers = client.headers(client.host, "/open/short", "POST") + [("content-length", "4")]
    stream = client.connection.get_next_available_stream_id()
    client.connection.send_headers(stream, headers)
    client.flush()
    client.send_raw(frame(0, 1, stream, b"body" + smuggled))
    assert client.answer(stream) is None
    less = client.request(client.headers(client.host, "/open/long", "POST") + [("content-length", "40")], b"body")
    assert client.closed or client.answer(less) is None
    assert upstream.count("/open/smuggled") == 0
    assert not any(received.complete for received in upstream.received if received.path == "/open/long")
    still_serves(gateway)


def test_a_body_cannot_end_the_chunks(upstream, client):
    upstream.forget()
    body = b"0\r\n\r\nGET /open/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    assert client.answer(client.request(client.headers(client.host, "/open/chunks", "POST"), body)).status == 200
    assert upstream.last("/open/chunks").body == body
    assert upstream.count("/open/smuggled") == 0


def test_trailers_that_name_an_identity_are_refused(upstream, client):
    stream = client.request(
        client.headers(client.host, "/open/id", "POST"), b"x", trailers=[("x-forwarded-user", "mallory")])
    answer = client.answer(stream)
    assert answer is None or answer.status == 400


# Floods


def headers_block(host, path="/open", *more):
    encoder = hpack.Encoder()
    fields = [(":method", "GET"), (":scheme", "http"), (":authority", host), (":path", path), *more]
    return encoder.encode(fields, huffman=False)


def raw_connection(gateway):
    connection = RawConnection(gateway.port, timeout=20)
    connection.send(PREFACE + frame(4, 0, 0, b""))
    return connection


def flood(gateway, pieces):
    """Sends until cut off. True: it was."""
    with raw_connection(gateway) as connection:
        try:
            for piece in pieces:
                connection.send(piece)
            connection.rest()
            return True
        except (BrokenPipeError, ConnectionResetError):
            return True
        except TimeoutError:
            return False


def test_rapid_resets_are_cut_off(gateway, upstream):
    host = f"127.0.0.1:{gateway.port}"
    block = headers_block(host)

    def pieces():
        for stream in range(1, 20_001, 2):
            yield frame(1, 5, stream, block) + frame(3, 0, stream, struct.pack("!I", 8))

    before = refusals(gateway, "resets")
    assert flood(gateway, pieces())
    still_serves(gateway)
    assert refusals(gateway, "resets") == before + 1


@pytest.mark.parametrize("kind, payload", [(4, struct.pack("!HI", 3, 100)), (6, b"12345678"), (2, b"\0\0\0\0\x10")])
def test_control_frames_without_end_are_cut_off(gateway, kind, payload):
    stream = 1 if kind == 2 else 0
    before = refusals(gateway, "control-frames")
    assert flood(gateway, (frame(kind, 0, stream, payload) * 100 for _ in range(1000)))
    still_serves(gateway)
    assert refusals(gateway, "control-frames") == before + 1


def test_continuations_without_end_are_cut_off(gateway):
    def pieces():
        yield frame(1, 0, 1, headers_block(f"127.0.0.1:{gateway.port}"))
        for _ in range(10_000):
            yield frame(9, 0, 1, b"")

    before = refusals(gateway, "continuations")
    assert flood(gateway, pieces())
    still_serves(gateway)
    assert refusals(gateway, "continuations") == before + 1


def test_a_header_bomb_is_cut_off_before_it_unfolds(gateway):
    host = f"127.0.0.1:{gateway.port}"
    encoder = hpack.Encoder()
    big = encoder.encode([(":method", "GET"), (":scheme", "http"), (":authority", host), (":path", "/open"),
                          ("x-bomb", "x" * 3900)], huffman=False)
    # 3.9 kB for each byte.
    bomb = big + bytes([0x80 | 62]) * 12_000
    before = gateway.process.resident_kilobytes
    assert flood(gateway, [frame(1, 4 | 1, 1, bomb)])
    assert gateway.process.resident_kilobytes - before < 16_000
    still_serves(gateway)


def test_more_fields_than_allowed_are_answered_431(client):
    fields = [(f"x-{n}", "1") for n in range(150)]
    assert client.answer(client.request(client.headers(client.host, "/open") + fields)).status == 431


@pytest.mark.parametrize(
    "data",
    [frame(0, 0, 0, b"x"), frame(1, 4, 0, b"\x82"), frame(1, 4, 1, b"\xff\xff\xff\xff\xff\xff\xff"),
     frame(4, 0, 0, b"123"), frame(0, 0, 1, b"x" * 20_000), frame(8, 0, 0, b"\0\0\0\0"), frame(6, 0, 0, b"1"),
     b"\xff" * 100, frame(9, 4, 1, b""), frame(5, 4, 1, b"\0\0\0\2")],
)
def test_nonsense_ends_the_connection(gateway, data):
    assert flood(gateway, [data])
    still_serves(gateway)


def test_an_unused_connection_is_ended(stage):
    upstream = stage.upstream()
    gateway = stage.gateway(
        stage.forger(), upstream, {"timeouts": {"keep_alive": "300ms"}, "route": [
            {"path": "/", "upstream": upstream.url, "access": "anyone"}]})
    with HTTP2Client(gateway.port) as client:
        client.until_closed()
        assert client.goaway == 0
    with RawConnection(gateway.port) as half:
        half.send(PREFACE[:10])
        assert half.is_closed()


def test_prior_knowledge_can_be_switched_off(stage):
    gateway = stage.gateway(stage.forger(), stage.upstream(), {"server": {"http2": False}})
    with RawConnection(gateway.port) as connection:
        connection.send(PREFACE + frame(4, 0, 0, b""))
        assert b" 400 " in connection.rest()[:20]


def test_a_drain_says_goodbye_and_finishes_what_runs(stage):
    upstream = stage.upstream()
    release = []

    def slow(connection, received):
        eventually(lambda: release)
        connection.reply(b"late")

    upstream.on("/slow", slow)
    gateway = stage.gateway(
        stage.forger(), upstream, {"route": [{"path": "/", "upstream": upstream.url, "access": "anyone"}]})
    running = subprocess.Popen(["nghttp", "-v", gateway.url("/slow")], stdout=subprocess.PIPE, text=True)
    with HTTP2Client(gateway.port) as idle:
        idle.read()
        eventually(lambda: upstream.count("/slow"))
        gateway.process.signal(signal.SIGTERM)
        idle.until_closed()
        assert idle.goaway == 0
    release.append(True)
    output = running.communicate(timeout=20)[0]
    assert "recv GOAWAY" in output and ":status: 200" in output and "late" in output, output
    assert gateway.process.wait() == 0


# Programs that nobody here wrote


def test_curl_and_nghttp_speak_it(gateway):
    url = gateway.url("/open")
    answer = run("curl", "-sS", "--http2-prior-knowledge", "-o", "/dev/null", "-w", "%{http_version} %{http_code}", url)
    assert answer.stdout == "2 200", answer.stderr
    answer = run("nghttp", "-nv", url, gateway.url("/open/2"), gateway.url("/open/3"))
    assert answer.returncode == 0 and answer.stdout.count(":status: 200") == 3, answer.stdout


def test_h2load_loses_not_one_request(gateway):
    answer = run("h2load", "-n", "3000", "-c", "10", "-m", "20", gateway.url("/open"))
    assert "3000 succeeded, 0 failed, 0 errored" in answer.stdout, answer.stdout + answer.stderr


def test_large_answers_arrive_whole_though_they_stand_in_each_others_way(gateway, upstream):
    body = b"x" * 1_000_000
    upstream.on("/open/large", lambda connection, received: connection.reply(body))
    # Windows so wide that what holds the answers back is the connection itself.
    command = ["-n", "1200", "-c", "2", "-m", "20", "-w", "30", "-W", "30", "-p", "h2c"]
    ended = run("h2load", *command, f"http://127.0.0.1:{gateway.port}/open/large")
    assert "1200 done, 1200 succeeded, 0 failed, 0 errored" in ended.stdout, ended.stdout


def test_it_is_agreed_on_over_tls(stage):
    certificates, upstream = stage.certificates(), stage.upstream()
    settings = with_open_route(tls_settings([certificates.issue("app.example.com")]), upstream)
    gateway = stage.gateway(stage.forger(), upstream, settings)
    for offered, chosen in ((["h2", "http/1.1"], "h2"), (["http/1.1"], "http/1.1"), (["h2"], "h2"), (None, None)):
        raw = socket.create_connection(("127.0.0.1", gateway.port), timeout=10)
        with context(certificates, alpn=offered).wrap_socket(raw, server_hostname="app.example.com") as connection:
            assert connection.selected_alpn_protocol() == chosen
            if chosen == "h2":
                with HTTP2Client(gateway.port, connection) as client:
                    stream = client.request(client.headers("app.example.com", scheme="https"))
                    assert client.answer(stream).status == 200
    gateway.restart({"server": {"http2": False}})
    raw = socket.create_connection(("127.0.0.1", gateway.port), timeout=10)
    with context(certificates, alpn=["h2", "http/1.1"]).wrap_socket(raw, server_hostname="app.example.com") as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"
