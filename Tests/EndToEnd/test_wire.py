"""The bytes themselves, in whatever pieces and with whatever damage: the process lives, and nobody gets what is not theirs."""

import random
import socket
import threading

import pytest

from harness.raw_http import Closed, RawConnection, request

PIECES = [
    b"GET / HTTP/1.1\r\n", b"POST /open HTTP/1.1\r\n", b"HEAD /optional HTTP/1.0\r\n", b"GET /open/a?b HTTP/1.1\r\n",
    b"Host: HOST\r\n", b"Host: HOST\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"\r\n", b"\r\n",
    b"hello", b"5\r\nhello\r\n", b"0\r\n\r\n", b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"\n", b"\r",
    b"Upgrade: websocket\r\nConnection: Upgrade\r\n", b"Cookie: __Host-gatehouse=x\r\n", b"X: " + b"y" * 3000 + b"\r\n",
    b"\x00", b"\xff" * 10, b"\x16\x03\x01\x02\x00", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b" folded\r\n", b"Trailer: x\r\n",
]  # fmt: skip


def host(gateway):
    return f"127.0.0.1:{gateway.port}"


@pytest.mark.parametrize("seed", range(8))
def test_no_bytes_end_the_process_or_the_next_ones_answer(gateway, seed):
    chance = random.Random(seed)
    for _ in range(60):
        wire = b"".join(chance.choice(PIECES) for _ in range(chance.randint(1, 12)))
        wire = bytearray(wire.replace(b"HOST", host(gateway).encode()))
        for _ in range(chance.choice([0, 0, 1, 3])):
            wire[chance.randrange(len(wire))] = chance.randrange(256)
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
            try:
                position = 0
                while position < len(wire):
                    end = position + chance.choice([1, 7, 100, 10_000])
                    connection.sendall(wire[position:end])
                    position = end
                if chance.random() < 0.5:
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass
            except OSError:
                """Closed already."""
    with RawConnection(gateway.port) as connection:
        connection.send(request("/open/fine", host(gateway)))
        assert connection.read_response().status == 200


def test_a_request_reads_the_same_in_any_two_pieces(gateway, upstream):
    body = b"5;x=y\r\nhello\r\n3\r\n, a\r\n0\r\nX-Trailer: t\r\n\r\n"
    wire = request("/open/pieces", host(gateway), "Transfer-Encoding: chunked", "X-Custom:  a b ", method="POST") + body
    with RawConnection(gateway.port) as connection:
        for index in range(1, len(wire), 3):
            upstream.forget()
            connection.send(wire[:index])
            connection.send(wire[index:])
            assert connection.read_response().status == 200
            assert len(upstream.received) == 1
            received = upstream.received[0]
            assert (received.path, received.body, received.header("X-Custom")) == ("/open/pieces", b"hello, a", "a b")


def test_a_long_pipeline_is_answered_in_order_and_held_back(gateway, upstream):
    upstream.forget()
    count = 400
    with RawConnection(gateway.port) as connection:
        wire = b"".join(request(f"/open/{number}", host(gateway)) for number in range(count))
        sender = threading.Thread(target=connection.send, args=(wire,))
        sender.start()
        for _ in range(count):
            assert connection.read_response().status == 200
        sender.join()
    assert [received.path for received in upstream.received] == [f"/open/{number}" for number in range(count)]


def test_nothing_behind_a_broken_message_is_answered(gateway, upstream):
    upstream.forget()
    good = request("/open/behind", host(gateway))
    for broken in [b"GET /open HTTP/1.1\r\nHost : x\r\n\r\n", b"\x00\x01\x02\r\n\r\n"]:
        with RawConnection(gateway.port) as connection:
            connection.send(broken + good)
            assert connection.read_response().status == 400
            with pytest.raises(Closed):
                connection.read_response()
    chunked = request("/open/before", host(gateway), "Transfer-Encoding: chunked", method="POST")
    with RawConnection(gateway.port) as connection:
        connection.send(chunked + b"5\r\nhelloo\r\n0\r\n\r\n" + good)
        assert connection.read_response().status in (400, 502)
        with pytest.raises(Closed):
            connection.read_response()
    assert all(received.path != "/open/behind" for received in upstream.received)
