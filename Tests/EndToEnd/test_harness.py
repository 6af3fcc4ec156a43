"""The ground the other tests stand on: each part shows here that it does what they rely on."""

import tomllib
import zlib

import pytest
import redis
import requests
from joserfc import jwt
from joserfc.errors import JoseError

from harness import mint
from harness.process import Process, ProcessEnded
from harness.raw_http import RawConnection, exchange, request
from harness.relying_party import RelyingParty
from harness.toml import merged, toml_text
from harness.user_agent import UserAgent

REDIRECT_URI = "http://127.0.0.1:9/callback"


def test_the_forging_provider_is_honest_until_it_is_told_otherwise(stage):
    forger = stage.forger()
    party = RelyingParty(forger, REDIRECT_URI)
    tokens = party.tokens(forger.authenticate(UserAgent(), party.authorization_url())).json()
    assert party.claims(tokens["id_token"])["sub"] == "alice"
    assert party.userinfo(tokens["access_token"])["name"] == "Alice Liddell"


def test_the_forging_provider_speaks_tls_with_a_certificate_of_its_own_authority(stage):
    certificates = stage.certificates()
    forger = stage.forger(certificate=certificates.issue("localhost"), host="localhost")
    url = forger.issuer + "/.well-known/openid-configuration"
    assert requests.get(url, verify=certificates.authority_file, timeout=5).json()["issuer"] == forger.issuer
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(url, timeout=5)


@pytest.mark.parametrize("algorithm", mint.ALGORITHMS)
def test_a_minted_token_holds_and_a_changed_one_does_not(algorithm):
    key = mint.key_for(algorithm)
    for token in (mint.genuine({"sub": "a"}, algorithm), mint.signed({"alg": algorithm}, {"sub": "a"}, algorithm)):
        assert jwt.decode(token, key, algorithms=[algorithm]).claims == {"sub": "a"}
        head, _, signature = token.split(".")
        with pytest.raises(JoseError):
            jwt.decode(f"{head}.{mint.encode(b'{}')}.{signature}", key, algorithms=[algorithm])


def test_the_upstream_records_every_byte_it_is_sent(stage):
    upstream = stage.upstream()
    sent = request("/a%2fB?c=d", "x", "X-One: 1", "x-one:  2", "Content-Length: 5", method="POST", body=b"hello")
    answer = exchange(upstream.port, sent)
    received = upstream.last()
    assert received.head + b"\r\n" + received.raw_body == sent
    assert received.all("X-One") == ["1", "2"]
    assert answer.status == 200
    assert received.checksum == zlib.crc32(b"hello")


def test_the_upstream_reads_chunks_and_trailers(stage):
    upstream = stage.upstream()
    body = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Late: yes\r\n\r\n"
    with RawConnection(upstream.port) as connection:
        for _ in range(2):
            connection.send(request("/", "x", "Transfer-Encoding: chunked", method="POST", body=body))
            assert connection.read_response().status == 200
    received = upstream.last()
    assert (received.body, received.trailers) == (b"abcde", ["X-Late: yes"])
    assert upstream.connections == 1


def test_the_raw_client_reads_chunked_counted_and_closing_answers(stage):
    upstream = stage.upstream()
    upstream.on(
        "/chunked", lambda c, _: c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    )
    upstream.on("/counted", lambda c, _: c.reply(b"abc"))

    def closing(connection, _):
        connection.send("HTTP/1.1 200 OK\r\n\r\nabc")
        connection.close()

    upstream.on("/closing", closing)
    with RawConnection(upstream.port) as connection:
        for path in ("/chunked", "/counted", "/closing"):
            connection.send(request(path))
            assert connection.read_response().body == b"abc"


def test_redis_can_be_paused_killed_and_brought_back(stage):
    server = stage.redis(password="s3cret")
    assert server.client().ping()
    server.pause()
    with pytest.raises(redis.TimeoutError):
        server.client(timeout=0.2).ping()
    server.resume()
    assert server.client().ping()
    server.kill()
    with pytest.raises(redis.ConnectionError):
        server.client().ping()
    server.start()
    assert server.client().ping()


def test_redis_speaks_tls_and_listens_on_a_unix_socket(stage):
    certificates = stage.certificates()
    server = stage.redis(certificates=certificates)
    assert redis.Redis.from_url(server.tls_url, ssl_ca_certs=str(certificates.authority_file)).ping()
    assert redis.Redis(unix_socket_path=str(server.socket)).ping()


def test_the_flask_application_knows_nothing_but_a_header(stage):
    address = stage.flask()
    assert "Sign in" in requests.get(address, timeout=5).text
    assert "signed in as alice" in requests.get(address, headers={"X-Forwarded-User": "alice"}, timeout=5).text


def test_chromium_opens_a_page(stage, chromium):
    chromium.get(stage.flask())
    assert chromium.find_element("tag name", "a").text == "Sign in"


def test_a_program_that_ends_is_noticed_at_once():
    process = Process("false", ["false"])
    with pytest.raises(ProcessEnded):
        process.wait_until(lambda: False)
    process.stop()


def test_a_program_that_ignores_the_request_to_end_is_made_to():
    process = Process("stubborn", ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 60; done"])
    process.wait_until(lambda: "ready" in process.stdout)
    process.stop(within=0.3)
    assert process.exit_code is not None


def test_configurations_are_written_as_toml():
    settings = {
        "a": {"text": 'q"\\ü\n', "list": ["x", "y"], "flag": True, "n": 3},
        "route": [{"path": "/"}, {"path": "/b"}],
    }
    assert tomllib.loads(toml_text(settings)) == settings
    assert merged(settings, {"a": {"n": 4, "flag": None}})["a"] == {"text": 'q"\\ü\n', "list": ["x", "y"], "n": 4}
