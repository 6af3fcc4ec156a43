"""Answers arrive whole, however slowly they are taken; requests are answered that have come whole, and none is made up."""

import signal
import struct

import pytest

from harness.http2_client import frame, read_frame
from harness.raw_http import RawConnection, exchange, request
from harness.waiting import eventually, pause
from test_http2 import PREFACE, headers_block

PAGE = b"x" * 300_000
LARGE = b"x" * (1 << 20)
DATA, RST_STREAM, GOAWAY = 0, 3, 7


@pytest.fixture
def start(stage, forger, upstream, tmp_path):
    """`start(timeouts, server)`: a gateway with one worker, an application for anyone, and large pages of ours."""
    (tmp_path / "page.html").write_bytes(PAGE)
    (tmp_path / "large.html").write_bytes(LARGE)

    def start(timeouts=None, **server):
        routes = [
            {"path": "/", "upstream": upstream.url, "access": "anyone"},
            {"path": "/page", "answer_file": str(tmp_path / "page.html"), "access": "anyone"},
            {"path": "/large", "answer_file": str(tmp_path / "large.html"), "access": "anyone"},
        ]
        server = {"workers": 1, "drain_timeout": "20s", **server}
        settings = {"server": server, "route": routes, "timeouts": timeouts or {}}
        gateway = stage.gateway(forger, upstream, settings)
        gateway.host = f"127.0.0.1:{gateway.port}"
        return gateway

    return start


def taken_slowly(connection, count, rate):
    """Reads so many bytes, and no more than `rate` in a second. Whether they came."""
    for begin in range(0, count, 10_000):
        piece = connection.exactly(min(10_000, count - begin))
        pause(len(piece) / rate)
    return True


# Who asks and does not read


@pytest.mark.parametrize("path", ["/_gatehouse/nothing", "/page"])
def test_who_asks_without_reading_is_held_back_and_then_answered(start, path):
    gateway = start()
    assert exchange(gateway.port, request(path, gateway.host)).status in (200, 404)
    gateway.process.forget_peak()
    pipeline = request(path, gateway.host) * 2000
    with RawConnection(gateway.port, receive_buffer=4096) as connection:
        connection.socket.settimeout(2)
        sent = 0
        try:
            # As many as the kernel takes.
            while sent < 300 * len(pipeline):
                sent += connection.socket.send(pipeline[sent % len(pipeline):])
        except TimeoutError:
            pass
        assert sent < 300 * len(pipeline)
        pause(1)
        assert gateway.process.peak_resident_kilobytes < 64 << 10
        connection.socket.settimeout(15)
        for _ in range(20):
            assert connection.read_response().status in (200, 404)


def test_who_opens_streams_without_reading_is_held_back(start):
    gateway = start()
    block = headers_block(gateway.host, "/_gatehouse/nothing")
    gateway.process.forget_peak()
    with RawConnection(gateway.port, receive_buffer=4096) as connection:
        connection.send(PREFACE + frame(4, 0, 0, b""))
        connection.socket.settimeout(2)
        # Held back, or cut off: that many streams are not allowed at once.
        with pytest.raises(OSError):
            for stream in range(1, 1_000_001, 2):
                connection.send(frame(1, 5, stream, block))
        assert gateway.process.peak_resident_kilobytes < 64 << 10
    assert exchange(gateway.port, request("/", gateway.host)).status == 200


# Who reads slowly


def fill(gateway, connection, path):
    """Asks until nothing more fits between the gateway and who does not read; how many have been answered."""
    for answered in range(100):
        connection.send(request(path, gateway.host))
        try:
            eventually(lambda: len(gateway.exchanges) > answered, within=1.5)
        except AssertionError:
            return answered
    raise AssertionError("all of it went somewhere")


def test_what_is_on_its_way_at_the_end_arrives(start):
    """All of it has been written, and the connection waits for its next request."""
    gateway = start()
    with RawConnection(gateway.port, receive_buffer=4096) as connection:
        answered = fill(gateway, connection, "/large")
        gateway.process.signal(signal.SIGTERM)
        pause(5)
        assert gateway.is_alive
        for _ in range(answered):
            assert connection.read_response().body == LARGE
        assert connection.is_closed()
    assert gateway.process.wait() == 0


def test_no_timer_cuts_answers_that_are_still_taken(start):
    gateway = start({"keep_alive": "1s"})
    with RawConnection(gateway.port, receive_buffer=4096, timeout=30) as connection:
        answered = fill(gateway, connection, "/large")
        pause(3)
        for _ in range(answered):
            assert connection.read_head().status == 200
            assert taken_slowly(connection, len(LARGE), 1_000_000)


@pytest.mark.parametrize("ended_by", ["the last request", "the client's half"])
def test_the_last_word_waits_for_the_last_byte(start, ended_by):
    """However much longer that takes than we wait for anybody to notice that it is over."""
    gateway = start()
    with RawConnection(gateway.port, receive_buffer=4096, timeout=30) as connection:
        connection.send(request("/large", gateway.host) * 5)
        if ended_by == "the last request":
            connection.send(request("/large", gateway.host, "Connection: close"))
        else:
            connection.send(request("/large", gateway.host))
            connection.end_sending()
        for _ in range(6):
            assert connection.read_head().status == 200
            assert taken_slowly(connection, len(LARGE), 500_000)
        assert connection.is_closed()


def test_a_stream_with_a_narrow_window_is_not_cut_at_the_end(start):
    gateway = start({"keep_alive": "1s"})
    with RawConnection(gateway.port) as connection:
        # Raw, for the library takes nothing more once it knows that the end is near.
        connection.send(PREFACE + frame(4, 0, 0, struct.pack("!HI", 4, 20_000)) + frame(4, 1, 0, b""))
        connection.send(frame(1, 5, 1, headers_block(gateway.host, "/page")))
        eventually(lambda: gateway.exchanges)
        gateway.process.signal(signal.SIGTERM)
        pause(3)
        kinds, taken, flags = [], 0, 0
        while kinds[-1:] != [DATA] or not flags & 1:
            kind, flags, stream, payload = read_frame(connection)
            kinds.append(kind)
            if kind == DATA:
                taken += len(payload)
                for window in (0, stream):
                    connection.send(frame(8, 0, window, struct.pack("!I", max(len(payload), 1))))
        assert taken == len(PAGE) and RST_STREAM not in kinds
        kind, _, _, payload = read_frame(connection)
        assert (kind, payload) == (GOAWAY, struct.pack("!II", 1, 0))
        assert connection.is_closed()
    assert gateway.process.wait() == 0


def test_who_does_not_take_a_stream_is_given_up_whatever_room_it_makes_for_others(start):
    gateway = start({"keep_alive": "1s", "idle_body": "1s"})
    with RawConnection(gateway.port) as connection:
        # No room in the stream, and more and more of it in the connection.
        connection.send(PREFACE + frame(4, 0, 0, struct.pack("!HI", 4, 0)) + frame(4, 1, 0, b""))
        connection.send(frame(1, 5, 1, headers_block(gateway.host, "/page")))
        kinds = []
        connection.socket.settimeout(0.3)
        for _ in range(40):
            connection.send(frame(8, 0, 0, struct.pack("!I", 1)))
            try:
                kinds.append(read_frame(connection)[0])
            except TimeoutError:
                continue
            if kinds[-1] == RST_STREAM:
                break
        assert kinds[-1] == RST_STREAM and DATA not in kinds


def test_who_does_not_read_its_answer_is_the_one_to_blame(start, upstream):
    gateway = start({"idle_body": "1s"})
    upstream.on("/unread-answer", lambda served, _: served.reply(b"x" * (64 << 20)))
    with RawConnection(gateway.port, receive_buffer=4096) as connection:
        connection.send(request("/unread-answer", gateway.host))
        eventually(lambda: gateway.exchanges, within=30)
        (line,) = gateway.exchanges
        assert (line["fault"], line["reason"]) == ("downstream", "the browser did not take its answer in time")


# Who is just arriving when it ends


def test_a_request_half_of_whose_header_is_here_is_answered(start):
    gateway = start()
    begun, fresh = RawConnection(gateway.port), RawConnection(gateway.port)
    with begun, fresh:
        begun.send(f"GET /begun HTTP/1.1\r\nHost: {gateway.host}\r\nX: ")
        pause(0.3)
        gateway.process.signal(signal.SIGTERM)
        pause(0.3)
        begun.send("y\r\n\r\n")
        fresh.send(request("/fresh", gateway.host))
        for connection in (begun, fresh):
            answer = connection.read_response()
            assert (answer.status, answer.header("Connection")) == (200, "close")
    assert gateway.process.wait() == 0


# What is a request


def test_all_that_came_whole_is_answered_though_nothing_more_can_come(start, upstream):
    gateway = start()
    post = request("/post", gateway.host, "Content-Length: 5", method="POST", body=b"hello")
    with RawConnection(gateway.port) as connection:
        connection.send(post * 3 + post[:-1])
        connection.end_sending()
        for _ in range(3):
            assert connection.read_response().status == 200
        assert connection.is_closed()
    assert len([received for received in upstream.received if received.path == "/post" and received.complete]) == 3


def test_an_empty_line_behind_a_body_is_no_request(start):
    gateway = start({"request_header": "500ms"})
    with RawConnection(gateway.port) as connection:
        connection.send(request("/x", gateway.host, "Content-Length: 5", method="POST", body=b"hello\r\n"))
        assert connection.read_response().status == 200
        assert not connection.is_closed(within=1.5) and connection.buffer == b""
        connection.send(request("/y", gateway.host))
        assert connection.read_response().status == 200


def test_http10_is_told_that_its_connection_is_kept_and_nothing_it_does_not_know(start, upstream):
    gateway = start()
    upstream.on("/ten", lambda served, _: served.reply(b"ok"))
    fields = ["Connection: keep-alive", "Expect: 100-continue", "Content-Length: 5"]
    with RawConnection(gateway.port) as connection:
        for path in ("/ten", "/_gatehouse/nothing", "/ten"):
            data = request(path, gateway.host, *fields, method="POST", version="HTTP/1.0", body=b"hello")
            connection.send(data)
            answer = connection.read_head()
            assert answer.status == (200 if path == "/ten" else 404)
            assert answer.header("Connection") == "keep-alive"
            connection.exactly(int(answer.header("Content-Length")))
