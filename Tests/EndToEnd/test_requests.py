"""One request, one reading: paths, framing and hosts that two programs could read in two ways are refused."""

import random

import pytest

from harness.raw_http import Closed, RawConnection, exchange, request

PATHS = r"""
    /open/../secret /open/./secret /open/%2e%2e/secret /open/%2E%2E/secret /open/.%2e/secret /open/%2e./secret
    /open/..%2fsecret /open/..%2Fsecret /open%2f..%2fsecret /open/..%5csecret /open/%5c..%5csecret
    /open/..\secret /open\..\secret /open/\secret /open/%5csecret /open/%252e%252e/secret
    /open/%252e%252e%252fsecret /open/%25252e%25252e/secret /open/%252fsecret /open/%255csecret /open/..;/secret
    /open/.;/secret /open;/secret /open;a=b/secret /open/%3b/secret /open/x;jsessionid=1 /open/%253b/secret
    /open/%00 /open/x%00.html /open/%0a /open/%0d%0a /open/%09 /open/%7f /open/%1f /open/#secret /open/x#
    /open/% /open/%2 /open/%zz /open/%u002e /open/%c0%ae /open/%c0%ae%c0%ae/secret /open/%e0%80%ae
    /open/%f0%80%80%ae /open/%f5%80%80%80 /open/%c1%9c /.. /. /../ /%2e /%2e%2e /open/.. /open/. /open/%2e%2e
    /open/... /open/.../secret /.../open
    /open/x%2fy /open//..//secret /slashes/..%2fsecret /slashes/%2e%2e%2fsecret /slashes%2f..%2fsecret
    /slashes/a%252fb
""".split()
PATHS.append("/" + "a" * 20_000)


def host(gateway):
    return f"127.0.0.1:{gateway.port}"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:40])
def test_a_path_with_two_readings_is_refused_before_any_rule_is_asked(gateway, upstream, path):
    upstream.forget()
    answer = exchange(gateway.port, request(path, host(gateway)))
    assert answer.status in (400, 414, 431), answer.head
    assert upstream.received == []


@pytest.mark.parametrize("byte", [*range(0x00, 0x21), 0x7F])
def test_a_path_with_a_raw_control_byte_or_space_is_refused(gateway, upstream, byte):
    upstream.forget()
    answer = exchange(
        gateway.port, b"GET /open/a" + bytes([byte]) + b"b HTTP/1.1\r\nHost: " + host(gateway).encode() + b"\r\n\r\n"
    )
    assert answer is None or answer.status == 400
    assert upstream.received == []


@pytest.mark.parametrize(
    "path, forwarded",
    [
        ("/open/a%20b", "/open/a%20b"),
        ("/open/caf%C3%A9", "/open/caf%C3%A9"),
        ("/open/caf%c3%a9", "/open/caf%C3%A9"),
        ("/open/%E2%9C%93", "/open/%E2%9C%93"),
        ("/open/%7Euser/%61", "/open/~user/a"),
        ("/open/100%25", "/open/100%25"),
        ("/open/a+b,c=d&e:f@g!$'()*", "/open/a+b,c=d&e:f@g!$'()*"),
        ("/open/.well-known/x", "/open/.well-known/x"),
        ("/open/x?y=/../%2e%2e;", "/open/x?y=/../%2e%2e;"),
        ("/open/x?y=https://b/c&&=%zz", "/open/x?y=https://b/c&&=%zz"),
        ("/open/?", "/open/?"),
        ("/%6fpen/x", "/open/x"),
        ("/slashes/a%2Fb", "/slashes/a%2Fb"),
        ("/slashes/a%2fb", "/slashes/a%2Fb"),
    ],
    ids=str,
)
def test_an_honest_path_arrives_in_its_one_canonical_form(gateway, upstream, path, forwarded):
    answer = exchange(gateway.port, request(path, host(gateway)))
    assert answer.status == 200, answer.head
    assert upstream.last().target == forwarded


@pytest.mark.parametrize("path", [b"/open/caf\xc3\xa9", b"/open/caf\xe9", b"/open/x?y=\xc3\xa9", b"/op\xc0\xaeen/x"])
def test_a_target_with_raw_bytes_beyond_ascii_is_refused(gateway, upstream, path):
    upstream.forget()
    answer = exchange(gateway.port, b"GET " + path + f" HTTP/1.1\r\nHost: {host(gateway)}\r\n\r\n".encode())
    assert answer.status == 400
    assert upstream.received == []


@pytest.mark.parametrize(
    "path", ["/open/%2fsecret", "//open/x", "/open//x", "/Open/x", "/open.", "/openx", "/OPEN/x", "/open%20/x"]
)
def test_what_is_not_the_open_route_is_not_open(gateway, upstream, path):
    upstream.forget()
    answer = exchange(gateway.port, request(path, host(gateway)))
    assert answer.status in (400, 401) or upstream.last().path.startswith("/open//")


def test_the_query_decides_nothing(gateway, upstream):
    upstream.forget()
    for target in ("/secret?/open/", "/secret?path=/open", "/?/../open/x"):
        assert exchange(gateway.port, request(target, host(gateway))).status == 401
    assert upstream.received == []


CHUNKED = "Transfer-Encoding: chunked"
BODY = b"5\r\nhello\r\n0\r\n\r\n"
SMUGGLED = b"GET /open/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
FRAMINGS = {
    "both lengths": (["Content-Length: 5", CHUNKED], BODY),
    "both lengths, other order": ([CHUNKED, "Content-Length: 5"], BODY),
    "two lengths": (["Content-Length: 5", "Content-Length: 6"], b"hello!"),
    "two equal lengths": (["Content-Length: 5", "Content-Length: 5"], b"hello"),
    "a list of lengths": (["Content-Length: 5, 5"], b"hello"),
    "a length with a sign": (["Content-Length: +5"], b"hello"),
    "a negative length": (["Content-Length: -5"], b"hello"),
    "a length in hexadecimal": (["Content-Length: 0x5"], b"hello"),
    "a length with a point": (["Content-Length: 5.0"], b"hello"),
    "a length past all numbers": (["Content-Length: 99999999999999999999999"], b"hello"),
    "an empty length": (["Content-Length:"], b"hello"),
    "an empty coding": (["Transfer-Encoding:"], b"hello"),
    "a list of codings": (["Transfer-Encoding: gzip, chunked"], BODY),
    "chunked and identity": (["Transfer-Encoding: chunked, identity"], BODY),
    "chunked twice": (["Transfer-Encoding: chunked, chunked"], BODY),
    "two fields of codings": ([CHUNKED, "Transfer-Encoding: identity"], BODY),
    "identity": (["Transfer-Encoding: identity"], BODY),
    "an unknown coding": (["Transfer-Encoding: xchunked"], BODY),
    "a coding in quotes": (['Transfer-Encoding: "chunked"'], BODY),
    "a coding with a control byte": (["Transfer-Encoding: \x0bchunked"], BODY),
    "a space before the colon": (["Transfer-Encoding : chunked"], BODY),
    "a tab before the colon": (["Content-Length\t: 5"], b"hello"),
    "a folded field": (["X: y", " Transfer-Encoding: chunked"], BODY),
    "a field without a colon": (["Nonsense"], b""),
    "a field without a name": ([": x"], b""),
    "a name with a bracket": (["X(y): z"], b""),
    "a NUL in a value": (["X: a\x00b"], b""),
    "a lone CR in a value": (["X: a\rY: b"], b""),
    "a lone LF in a value": (["X: a\nTransfer-Encoding: chunked"], BODY),
    "a chunk size with a sign": ([CHUNKED], b"+5\r\nhello\r\n0\r\n\r\n"),
    "a chunk size with 0x": ([CHUNKED], b"0x5\r\nhello\r\n0\r\n\r\n"),
    "a chunk size past all numbers": ([CHUNKED], b"fffffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    "an empty chunk size": ([CHUNKED], b"\r\nhello\r\n0\r\n\r\n"),
    "a chunk that is longer than it says": ([CHUNKED], b"2\r\nhello\r\n0\r\n\r\n"),
    "a chunk that ends in LF": ([CHUNKED], b"5\r\nhello\n0\r\n\r\n"),
}


@pytest.mark.parametrize("fields, body", FRAMINGS.values(), ids=FRAMINGS.keys())
def test_a_request_framed_in_two_ways_is_refused_and_nothing_follows_it(gateway, upstream, fields, body):
    upstream.forget()
    with RawConnection(gateway.port, timeout=5) as connection:
        connection.send(request("/open/framing", host(gateway), *fields, method="POST", body=body + SMUGGLED))
        try:
            answer = connection.read_response()
            assert answer.status in (400, 501), answer.head
            assert connection.is_closed()
        except Closed:
            pass
    assert not any(received.path == "/open/smuggled" or received.complete for received in upstream.received)


VERSIONS = [
    "HTTP/0.9",
    "HTTP/2.0",
    "HTTP/3.0",
    "HTTP/1.2",
    "HTTP/1.10",
    "http/1.1",
    "HTTP/1",
    "HTTPS/1.1",
    "ICE/1.0",
    "SOURCE",
    "",
]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_we_do_not_speak_is_refused(gateway, upstream, version):
    upstream.forget()
    answer = exchange(gateway.port, request("/open/version", host(gateway), version=version), timeout=5)
    assert answer is None or answer.status in (400, 505), answer.head
    assert upstream.received == []


def test_a_method_that_is_icecasts_own_is_refused(gateway, upstream):
    upstream.forget()
    answer = exchange(gateway.port, f"SOURCE /open/x ICE/1.0\r\nHost: {host(gateway)}\r\n\r\n".encode(), timeout=5)
    assert answer is None or answer.status in (400, 501, 505)
    assert upstream.received == []


def test_http_1_0_with_a_transfer_encoding_is_refused(gateway, upstream):
    upstream.forget()
    data = request("/open/x", host(gateway), CHUNKED, method="POST", version="HTTP/1.0", body=BODY)
    assert exchange(gateway.port, data).status == 400
    assert upstream.received == []


def test_random_bytes_and_broken_requests_never_end_the_process(gateway, upstream):
    seeded = random.Random(20260821)
    whole = request(
        "/open/fuzz?x=%20", host(gateway), CHUNKED, "Cookie: gatehouse=x; a=b", "Accept: text/html", body=BODY
    )
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(seeded.randint(1, 6)):
            data[seeded.randrange(len(data))] = seeded.randrange(256)
        with RawConnection(gateway.port) as connection:
            try:
                connection.send(bytes(data[: seeded.randint(1, len(data))]))
                connection.end_sending()
                connection.rest()
            except (TimeoutError, OSError):
                pass
    assert gateway.is_alive
    assert exchange(gateway.port, request("/open/after", host(gateway))).status == 200
