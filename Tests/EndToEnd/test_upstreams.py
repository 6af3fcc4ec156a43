"""Upstreams that are down, slow, broken or hostile: 502, 503 or 504 that say nothing of the inside."""

import socket
import struct
import threading

import pytest

from harness.ports import free_port
from harness.raw_http import Closed, RawConnection, exchange, request
from harness.stage import sign_in
from harness.upstream import Upstream
from harness.user_agent import UserAgent
from harness.waiting import eventually, pause


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, upstream):
    settings = {
        "timeouts": {"upstream_response": "1s", "idle_body": "2s", "upstream_connect": "1s"},
        "route": [
            {"path": "/", "upstream": upstream.url, "access": "anyone"},
            {"path": "/signed-in", "upstream": upstream.url},
            {"path": "/nobody", "upstream": f"http://127.0.0.1:{free_port()}", "access": "anyone"},
            {"path": "/unknown", "upstream": "http://no-such-host.invalid:9", "access": "anyone"},
        ],
    }
    gateway = shared_stage.gateway(forger, upstream, settings)
    gateway.host = f"127.0.0.1:{gateway.port}"
    yield gateway
    assert gateway.is_alive


def get(gateway, target, *fields, **options):
    return exchange(gateway.port, request(target, gateway.host, *fields, **options))


def assert_says_nothing(gateway, upstream, answer):
    text = (answer.head + answer.body).decode("latin-1")
    for inside in (str(upstream.port), "no-such-host", "192.0.2", "ECONN", "errno", "NIO", "swift", "Error("):
        assert inside not in text, inside
    assert "no-store" in answer.header("Cache-Control")
    assert answer.header("X-Request-Id")


@pytest.mark.parametrize("path", ["/nobody", "/unknown"])
def test_an_upstream_nobody_listens_at_is_502(gateway, upstream, path):
    answer = get(gateway, path, "Accept: text/html")
    assert answer.status == 502
    assert answer.header("Content-Type").startswith("text/html")
    assert_says_nothing(gateway, upstream, answer)


def test_an_upstream_that_does_not_answer_in_time_is_504(gateway, upstream):
    upstream.on("/slow", lambda c, _: pause(3))
    answer = get(gateway, "/slow")
    assert answer.status == 504
    assert_says_nothing(gateway, upstream, answer)


def test_an_upstream_that_is_down_comes_back_without_our_restart(stage, forger):
    upstream = stage.upstream()
    gateway = stage.gateway(forger, upstream)
    agent = sign_in(gateway, forger)
    upstream.stop()
    assert agent.get(gateway.url("/x")).status_code == 502
    stage.keep(Upstream(port=upstream.port))
    assert agent.get(gateway.url("/x")).status_code == 200


def test_what_a_burst_has_opened_serves_the_next_and_goes_when_nobody_wants_it(stage, forger):
    upstream = stage.upstream()
    settings = {
        "server": {"workers": 1},
        "limits": {"upstream_idle_connections": 1},
        "route": [{"path": "/", "upstream": upstream.url, "access": "anyone"}],
    }
    gateway = stage.gateway(forger, upstream, settings)
    all_are_there = threading.Barrier(8)

    def answer_together(connection, _):
        all_are_there.wait(timeout=20)
        connection.reply(b"together")

    upstream.on("/together", answer_together)

    def burst():
        clients = [RawConnection(gateway.port) for _ in range(8)]
        for client in clients:
            client.send(request("/together", f"127.0.0.1:{gateway.port}"))
        assert [client.read_response().status for client in clients] == [200] * 8
        for client in clients:
            client.close()

    burst()
    burst()
    assert upstream.connections == 8
    eventually(lambda: upstream.open_connections == 1)


def raw(data):
    def answer(connection, _):
        connection.send(data)
        connection.close()

    return answer


BROKEN = {
    "closes at once": b"",
    "closes inside the header": b"HTTP/1.1 200 OK\r\nContent-",
    "does not speak HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "speaks HTTP/2": b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "has a status that is no number": b"HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\nok",
    "has a status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok",
    "has a status below 100": b"HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok",
    "has a coding we cannot undo": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    ),
    "has two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
    "has a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
    "has both framings": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "folds a field": b"HTTP/1.1 200 OK\r\nX: a\r\n Content-Length: 3\r\nContent-Length: 2\r\n\r\nok",
    "has a NUL in a field": b"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 2\r\n\r\nok",
    "has a header without end": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000,
    "switches protocols unasked": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello",
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_an_answer_that_is_none_is_502(gateway, upstream, data):
    upstream.on("/broken", raw(data))
    answer = get(gateway, "/broken", "Content-Length: 0", method="POST")
    assert answer.status == 502, answer.head
    assert_says_nothing(gateway, upstream, answer)


TORN = {
    "a counted body": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
    "a chunked body": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "a broken chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
}


@pytest.mark.parametrize("data", TORN.values(), ids=TORN.keys())
def test_a_body_that_breaks_off_never_looks_complete(gateway, upstream, data):
    upstream.on("/torn", raw(data))
    with RawConnection(gateway.port) as connection:
        connection.send(request("/torn", gateway.host))
        try:
            answer = connection.read_response()
            assert answer.status == 502, answer.head + answer.body
        except Closed:
            pass


def reset_after(data):
    def answer(connection, _):
        connection.send(data)
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.alive = False
        # The file holds the descriptor, too.
        connection.file.close()
        connection.socket.close()

    return answer


def test_an_upstream_that_resets_is_502_or_a_body_that_breaks_off(gateway, upstream):
    upstream.on("/reset", reset_after(b""))
    assert get(gateway, "/reset", "Content-Length: 0", method="POST").status == 502
    upstream.on("/reset", reset_after(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"))
    with RawConnection(gateway.port) as connection:
        connection.send(request("/reset", gateway.host))
        try:
            assert connection.read_response().status == 502
        except Closed:
            """As good: it does not look complete."""
    assert get(gateway, "/x").status == 200


def test_a_body_that_stalls_does_not_hang_for_ever(gateway, upstream):
    def stalling(connection, _):
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
        pause(30)

    upstream.on("/stalling", stalling)
    with RawConnection(gateway.port, timeout=25) as connection:
        connection.send(request("/stalling", gateway.host))
        with pytest.raises(Closed):
            connection.read_response()


def test_bytes_after_an_answers_end_reach_no_other_request(gateway, upstream):
    planted = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nplanted"
    upstream.on("/twice", lambda c, _: c.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + planted))
    for number in range(8):
        assert get(gateway, "/twice").body == b"ok"
        assert b"planted" not in get(gateway, f"/next/{number}").body


def test_bytes_that_come_late_on_an_unused_connection_reach_no_other_request(gateway, upstream):
    planted = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nplanted"

    def late(connection, _):
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        pause(0.1)
        connection.send(planted)

    upstream.on("/late", late)
    assert get(gateway, "/late").body == b"ok"
    pause(0.3)
    for number in range(4):
        assert b"planted" not in get(gateway, f"/next/{number}").body


def test_a_kept_connection_that_the_upstream_closed_costs_a_get_nothing(gateway, upstream):
    for number in range(6):
        assert get(gateway, f"/closing/{number}").status == 200
        upstream.drop_connections()
        assert get(gateway, f"/again/{number}").status == 200


def test_a_post_is_not_sent_twice(gateway, upstream):
    upstream.on("/post", raw(b""))
    upstream.forget()
    assert get(gateway, "/post", "Content-Length: 3", method="POST", body=b"abc").status == 502
    assert upstream.count("/post") == 1


def test_interim_answers_do_not_confuse_the_final_one(gateway, upstream):
    hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    upstream.on("/hints", lambda c, _: c.send(hints + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    with RawConnection(gateway.port) as connection:
        for _ in range(2):
            connection.send(request("/hints", gateway.host))
            assert connection.read_response().body == b"ok"


def test_a_client_that_leaves_is_noticed_upstream(gateway, upstream):
    ended = []

    def endless(connection, _):
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                connection.send("5\r\nhello\r\n")
                pause(0.02)
        except OSError:
            ended.append(True)
            raise

    upstream.on("/endless", endless)
    with RawConnection(gateway.port) as connection:
        connection.send(request("/endless", gateway.host))
        connection.read_head()
    eventually(lambda: ended)


def test_an_early_answer_to_an_unfinished_upload_arrives(gateway, upstream):
    def refusing(connection, _):
        connection.reply(b"too large", "413 Content Too Large", "Connection: close")
        connection.close()

    upstream.on("/unread", refusing)
    with RawConnection(gateway.port) as connection:
        connection.send(request("/unread", gateway.host, "Content-Length: 100000000", method="PUT", body=b"x" * 1000))
        assert connection.read_response().status == 413


def test_faults_of_the_upstream_sign_nobody_out(gateway, forger, upstream):
    agent = sign_in(gateway, forger, "/signed-in")
    upstream.on("/signed-in/401", lambda c, _: c.reply(b"no", "401 Unauthorized", "WWW-Authenticate: Basic"))
    upstream.on("/signed-in/closed", raw(b""))
    assert agent.get(gateway.url("/signed-in/401")).status_code == 401
    assert agent.get(gateway.url("/signed-in/closed")).status_code == 502
    assert agent.get(gateway.url("/signed-in/still")).status_code == 200
    assert UserAgent().get(gateway.url("/signed-in/still")).status_code == 302
