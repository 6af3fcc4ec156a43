"""Applications that speak HTTP/2: what they refuse unseen is asked again, and what they allow is kept to."""

import pytest

from harness.http2_client import HTTP2Client
from harness.http2_upstream import HTTP2Upstream
from harness.raw_http import RawConnection, exchange, request
from harness.waiting import eventually

REFUSED_STREAM = 7


@pytest.fixture
def upstream(stage):
    return stage.keep(HTTP2Upstream(most_streams=3))


@pytest.fixture
def gateway(stage, forger, upstream):
    gateway = stage.gateway(forger, upstream, {"server": {"workers": 1}, "route": [route(upstream)]})
    gateway.host = f"127.0.0.1:{gateway.port}"
    return gateway


def route(upstream):
    return {"path": "/", "upstream": upstream.url, "upstream_protocol": "h2c", "access": "anyone"}


def ask(gateway, path, method="GET", *fields, body=b""):
    return exchange(gateway.port, request(path, gateway.host, *fields, method=method, body=body))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stream_that_is_refused_unseen_is_asked_for_again(gateway, upstream, method):
    def refuse_once(served, stream):
        if upstream.count("/refused") == 1:
            served.http2.reset_stream(stream, REFUSED_STREAM)
        else:
            served.reply(stream, b"again")

    upstream.on("/refused", refuse_once)
    answer = ask(gateway, "/refused", method, *(["Content-Length: 0"] if method == "POST" else []))
    assert (answer.status, answer.body) == (200, b"again")


def test_a_stream_that_is_refused_twice_is_502(gateway, upstream):
    upstream.on("/refused", lambda served, stream: served.http2.reset_stream(stream, REFUSED_STREAM))
    assert ask(gateway, "/refused").status == 502
    assert upstream.count("/refused") == 2
    assert ask(gateway, "/other").status == 200


def test_who_leaves_without_looking_at_a_stream_is_asked_on_another_connection(gateway, upstream):
    def leave(served, stream):
        if served.number > 1:
            return served.reply(stream, b"%d" % served.number)
        served.http2.close_connection(last_stream_id=0)
        served.flush()
        served.close()

    upstream.on("/left", leave)
    for method in ("GET", "POST"):
        answer = ask(gateway, "/left", method)
        assert (answer.status, answer.body) == (200, b"2"), method


def test_refusals_do_not_make_an_address_rest(gateway, upstream):
    upstream.on("/refused", lambda served, stream: served.http2.reset_stream(stream, REFUSED_STREAM))
    for _ in range(4):
        assert ask(gateway, "/refused").status == 502
    resting = [line for line in gateway.admin("/metrics").text.splitlines() if "resting_workers{" in line]
    assert [line.split()[-1] for line in resting] == ["0"]


def test_more_streams_than_the_application_allows_get_another_connection(gateway, upstream):
    upstream.on("/held", lambda served, stream: served.begin(stream))
    assert ask(gateway, "/first").body == b"1"
    held = [RawConnection(gateway.port) for _ in range(3)]
    try:
        for connection in held:
            connection.send(request("/held", gateway.host))
            assert connection.read_head().status == 200
        assert len(upstream.connections) == 1
        answer = exchange(gateway.port, request("/fourth", gateway.host), timeout=5)
        assert (answer.status, answer.body) == (200, b"2")
    finally:
        for connection in held:
            connection.close()


def test_trailers_pass_though_the_length_is_known(gateway, upstream):
    fields = [("content-length", "2"), ("content-type", "text/plain")]
    upstream.on("/counted", lambda served, stream: served.reply(stream, b"ok", *fields, trailers=[("x-check", "1")]))
    with HTTP2Client(gateway.port) as client:
        answer = client.answer(client.request(client.headers(gateway.host, "/counted")))
        assert (answer.body, answer.header("content-length"), answer.trailers) == (b"ok", "2", [("x-check", "1")])
    answer = ask(gateway, "/counted")
    assert (answer.body, answer.header("Content-Length"), answer.header("Transfer-Encoding")) == (b"ok", "2", None)


@pytest.mark.parametrize("length", ["1", "3"])
def test_a_body_of_another_length_than_announced_is_not_made_whole(gateway, upstream, length):
    upstream.on("/wrong", lambda served, stream: served.reply(stream, b"ok", ("content-length", length)))
    with HTTP2Client(gateway.port) as client:
        assert client.answer(client.request(client.headers(gateway.host, "/wrong"))) is None


def test_a_connection_to_an_address_that_is_given_up_ends_with_its_last_stream(stage, gateway, upstream):
    upstream.on("/held", lambda served, stream: (served.begin(stream), held.append((served, stream))))
    held = []
    other = stage.keep(HTTP2Upstream())
    with RawConnection(gateway.port) as connection:
        connection.send(request("/held", gateway.host))
        eventually(lambda: held)
        gateway.reload({"route": [route(other)]})
        ((served, stream),) = held
        served.finish(stream)
        connection.until(b"ended")
        eventually(lambda: upstream.open_connections == 0)
    assert ask(gateway, "/").status == 200
    assert len(other.connections) == 1
