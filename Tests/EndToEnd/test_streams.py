"""Bodies flow through and do not gather: streaming, back-pressure, slow clients, two gigabytes each way."""

import os
import socket
import threading
import zlib

import pytest

from harness.raw_http import RawConnection, request
from harness.stage import sign_in
from harness.waiting import eventually, pause

SIZE = int(os.environ.get("GATEHOUSE_TRANSFER_BYTES", 2 << 30))
MEMORY_LIMIT = 80 * 1024
BLOCK = memoryview(bytes(range(256)) * 4096)


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, upstream):
    routes = [
        {"path": "/", "upstream": upstream.url, "access": "anyone"},
        {"path": "/signed-in", "upstream": upstream.url},
    ]
    gateway = shared_stage.gateway(forger, upstream, {"route": routes})
    gateway.host = f"127.0.0.1:{gateway.port}"
    gateway.process.forget_peak()
    yield gateway
    assert gateway.is_alive


@pytest.fixture
def connection(gateway):
    with RawConnection(gateway.port, timeout=60) as connection:
        yield connection


def endless(sent):
    """Sends until nobody takes any more; `sent[0]` counts."""

    def answer(connection, _):
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
        while True:
            connection.send(BLOCK)
            sent[0] += len(BLOCK)

    return answer


def test_the_first_part_of_an_answer_arrives_before_the_last_is_sent(gateway, upstream, connection):
    go_on = threading.Event()

    def events(served, _):
        served.send(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            "Transfer-Encoding: chunked\r\n\r\nd\r\ndata: first\n\n\r\n"
        )
        assert go_on.wait(10)
        served.send("e\r\ndata: second\n\n\r\n0\r\n\r\n")

    upstream.on("/events", events)
    connection.send(request("/events", gateway.host))
    assert connection.read_head().status == 200
    assert b"data: first" in connection.until(b"\n\n")
    go_on.set()
    assert b"data: second" in connection.until(b"\n\n")


def test_the_first_part_of_an_upload_arrives_before_the_last_is_sent(gateway, upstream, connection):
    first = threading.Event()

    def reading(served, received):
        assert served.file.read(5) == b"first"
        first.set()
        assert served.file.read(6) == b"second"
        served.reply(b"done")

    upstream.on("/unread", reading)
    connection.send(request("/unread", gateway.host, "Content-Length: 11", method="PUT", body=b"first"))
    assert first.wait(10)
    connection.send("second")
    assert connection.read_response().body == b"done"


def test_an_upstream_is_held_back_while_its_client_does_not_read(gateway, upstream):
    sent = [0]
    upstream.on("/endless", endless(sent))
    with RawConnection(gateway.port, receive_buffer=1 << 16) as connection:
        connection.send(request("/endless", gateway.host))
        connection.read_head()
        settled = stable(lambda: sent[0])
        assert settled < 32 << 20
        assert gateway.process.resident_kilobytes < MEMORY_LIMIT
        for _ in range(64):
            connection.more()
            connection.buffer = b""
        eventually(lambda: sent[0] >= settled)


def test_a_client_is_held_back_while_the_upstream_does_not_read(gateway, upstream):
    done = threading.Event()
    upstream.on("/unread", lambda served, _: done.wait(30))
    sent = 0
    with RawConnection(gateway.port, timeout=1) as connection:
        connection.send(request("/unread", gateway.host, "Content-Length: 1000000000000", method="PUT"))
        try:
            while sent < 1 << 30:
                sent += connection.socket.send(BLOCK)
        except TimeoutError:
            pass
    done.set()
    assert sent < 32 << 20
    assert gateway.process.resident_kilobytes < MEMORY_LIMIT


def stable(number):
    """The value of `number()` once it has stopped changing."""
    last = [None, 0]

    def unchanged():
        now = number()
        last[1] = last[1] + 1 if now == last[0] else 0
        last[0] = now
        return last[1] >= 25

    eventually(unchanged, within=20)
    return last[0]


def test_a_large_download_arrives_whole_in_little_memory(gateway, forger, upstream, connection):
    agent = sign_in(gateway, forger, "/signed-in")
    gateway.process.forget_peak()

    def large(served, _):
        served.send(f"HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n")
        left = SIZE
        while left:
            part = BLOCK[: min(left, len(BLOCK))]
            served.send(part)
            left -= len(part)

    upstream.on("/signed-in/large", large)
    connection.send(request("/signed-in/large", gateway.host, "Cookie: " + agent.cookie_header(gateway.url("/"))))
    assert connection.read_head().header("Content-Length") == str(SIZE)
    got, checksum = len(connection.buffer), zlib.crc32(connection.buffer)
    buffer = bytearray(1 << 20)
    view = memoryview(buffer)
    while got < SIZE:
        count = connection.socket.recv_into(buffer)
        assert count, f"broke off after {got} bytes"
        checksum = zlib.crc32(view[:count], checksum)
        got += count
    assert got == SIZE
    assert checksum == expected_checksum(SIZE)
    assert gateway.process.peak_resident_kilobytes < MEMORY_LIMIT


@pytest.mark.parametrize("framing", ["counted", "chunked"])
def test_a_large_upload_arrives_whole_in_little_memory(gateway, forger, upstream, connection, framing):
    size = SIZE if framing == "counted" else SIZE // 8
    agent = sign_in(gateway, forger, "/signed-in")
    gateway.process.forget_peak()
    field = f"Content-Length: {size}" if framing == "counted" else "Transfer-Encoding: chunked"
    cookie = "Cookie: " + agent.cookie_header(gateway.url("/"))
    connection.send(request("/signed-in/upload", gateway.host, cookie, field, method="PUT"))
    left = size
    while left:
        part = BLOCK[: min(left, len(BLOCK))]
        if framing == "chunked":
            connection.send(f"{len(part):x}\r\n")
        connection.socket.sendall(part)
        if framing == "chunked":
            connection.send("\r\n")
        left -= len(part)
    if framing == "chunked":
        connection.send("0\r\n\r\n")
    assert connection.read_response().status == 200
    received = upstream.last("/signed-in/upload")
    assert received.length == size
    assert received.checksum == expected_checksum(size)
    assert gateway.process.peak_resident_kilobytes < MEMORY_LIMIT


def expected_checksum(size):
    checksum, left = 0, size
    while left:
        part = BLOCK[: min(left, len(BLOCK))]
        checksum = zlib.crc32(part, checksum)
        left -= len(part)
    return checksum


def test_64_slow_clients_of_large_answers_hold_little_memory_and_delay_nobody(gateway, upstream):
    upstream.on("/endless", endless([0]))
    gateway.process.forget_peak()
    clients = []
    try:
        for _ in range(64):
            client = RawConnection(gateway.port, receive_buffer=4096)
            client.send(request("/endless", gateway.host))
            clients.append(client)
        for _ in range(4):
            for client in clients:
                assert client.socket.recv(1)
            with RawConnection(gateway.port, timeout=30) as quick:
                quick.send(request("/quick", gateway.host))
                assert quick.read_response().status == 200
            pause(1)
        assert gateway.process.peak_resident_kilobytes < MEMORY_LIMIT
    finally:
        for client in clients:
            client.close()
    eventually(lambda: upstream.open_connections < 64)


def test_64_clients_that_send_one_byte_a_second_hold_little_memory_and_delay_nobody(gateway, upstream):
    gateway.process.forget_peak()
    clients = [RawConnection(gateway.port) for _ in range(64)]
    try:
        for client in clients:
            client.send(request("/dripping", gateway.host, "Content-Length: 4", method="POST"))
        for _ in range(4):
            for client in clients:
                client.send("x")
            with RawConnection(gateway.port, timeout=30) as quick:
                quick.send(request("/quick", gateway.host))
                assert quick.read_response().status == 200
            pause(1)
        assert all(client.read_response().status == 200 for client in clients)
        assert gateway.process.peak_resident_kilobytes < MEMORY_LIMIT
    finally:
        for client in clients:
            client.close()


def test_connections_that_are_dropped_leave_nothing_behind(gateway, upstream):
    eventually(lambda: gateway.process.open_descriptors < 200)
    before = gateway.process.open_descriptors
    reset = b"\x01\0\0\0\0\0\0\0"
    for number in range(200):
        with RawConnection(gateway.port) as connection:
            connection.send(
                request("/dropped", gateway.host, "Content-Length: 9", method="POST", body=b"x" * (number % 3))
            )
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
    eventually(lambda: gateway.process.open_descriptors <= before + 8)


def test_a_client_that_has_said_all_it_will_say_still_gets_its_answer(gateway, upstream):
    """Half-closed connections: the end of the requests is not the end of the answers."""
    go_on = threading.Event()
    upstream.on("/late", lambda served, _: (go_on.wait(10), served.reply(b"late")))
    with RawConnection(gateway.port) as connection:
        connection.send(request("/late", gateway.host, "Content-Length: 5", method="POST", body=b"hello"))
        connection.end_sending()
        eventually(lambda: upstream.count("/late"))
        go_on.set()
        assert connection.read_response().body == b"late"
        assert connection.is_closed()


def test_a_client_that_ends_amid_its_body_is_gone(gateway, upstream):
    with RawConnection(gateway.port) as connection:
        connection.send(request("/amid", gateway.host, "Content-Length: 5", method="POST", body=b"he"))
        # Whoever leaves sooner may never be heard of by the application.
        eventually(lambda: upstream.count("/amid"))
        connection.end_sending()
        assert connection.is_closed()
    assert not next(received for received in upstream.received if received.path == "/amid").complete


def test_events_arrive_one_by_one(gateway, upstream, connection):
    said = threading.Semaphore(0)

    def events(served, _):
        served.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(20):
            assert said.acquire(timeout=10)
            event = f"id: {number}\ndata: {number}\n\n"
            served.send(f"{len(event):x}\r\n{event}\r\n")
        served.send("0\r\n\r\n")

    upstream.on("/events", events)
    connection.send(request("/events", gateway.host, "Accept: text/event-stream"))
    assert connection.read_head().header("Content-Type") == "text/event-stream"
    for heard in range(20):
        said.release()
        assert f"data: {heard}\n\n".encode() in connection.until(b"\n\n\r\n") + b"\n\n"
    assert connection.exactly(5) == b"0\r\n\r\n"


def test_trailers_arrive_both_ways(gateway, upstream, connection):
    def answer(served, _):
        served.send("HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n")

    upstream.on("/trailers", answer)
    body = b"5\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n"
    fields = ["Transfer-Encoding: chunked", "Trailer: X-Sum", "TE: trailers"]
    connection.send(request("/trailers", gateway.host, *fields, method="POST", body=body))
    assert connection.read_head().header("Trailer") == "X-Sum"
    assert connection.until(b"\r\n\r\n") == b"2\r\nok\r\n0\r\nX-Sum: 7"
    assert upstream.last("/trailers").trailers == ["X-Sum: 5"]


def test_a_client_that_pauses_amid_a_large_transfer_costs_no_memory(gateway, forger, upstream):
    """Each way: first it does not read for a while, then it does not write."""
    size = SIZE // 8
    gateway.process.forget_peak()

    def large(served, _):
        served.send(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n")
        for _ in range(size // len(BLOCK)):
            served.send(BLOCK)

    upstream.on("/paused-download", large)
    with RawConnection(gateway.port, timeout=60) as connection:
        connection.send(request("/paused-download", gateway.host))
        connection.read_head()
        pause(3)
        got = len(connection.buffer)
        while data := connection.socket.recv(1 << 20):
            got += len(data)
            if got >= size:
                break
        assert got == size
    with RawConnection(gateway.port, timeout=60) as connection:
        connection.send(request("/paused-upload", gateway.host, f"Content-Length: {size}", method="PUT"))
        for number in range(size // len(BLOCK)):
            connection.socket.sendall(BLOCK)
            if number == 20:
                pause(3)
        assert connection.read_response().status == 200
    assert upstream.last("/paused-upload").length == size
    assert gateway.process.peak_resident_kilobytes < MEMORY_LIMIT
