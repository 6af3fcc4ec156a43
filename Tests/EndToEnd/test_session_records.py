"""Records that are not what they should be: refused, for that session alone, and left where they are."""

import pytest

from harness import gateway as program
from harness.operations import measured
from harness.records import PURPOSE, SealingKey, Ticket, multiply, packed, unpacked
from harness.stage import sign_in
from harness.user_agent import UserAgent
from harness.waiting import eventually


@pytest.fixture(scope="module")
def key_text():
    return program.run("key").stdout.strip()


@pytest.fixture(scope="module")
def server(shared_stage):
    return shared_stage.redis()


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, upstream, server, key_text):
    return shared_stage.gateway(
        forger, upstream, {"session": {"store": "redis", "keys": [key_text]}, "redis": {"url": server.url}}
    )


@pytest.fixture
def alice(gateway, forger):
    return sign_in(gateway, forger)


@pytest.fixture
def ticket(gateway, alice):
    return Ticket.read(alice.cookies(gateway.origin)[gateway.cookie_name].value)


@pytest.fixture
def plain(server, ticket, key_text):
    return SealingKey(key_text).open(unpacked(server.client().get(ticket.key)), ticket)


def assert_refused(gateway, server, alice, ticket, value):
    client = server.client()
    good = client.get(ticket.key)
    client.set(ticket.key, value, ex=600)
    eventually(lambda: alice.get(gateway.url("/")).status_code == 503, within=2)
    assert "Set-Cookie" not in alice.get(gateway.url("/")).headers
    assert client.get(ticket.key) == value, "nothing is cleared"
    client.set(ticket.key, good, ex=600)
    eventually(lambda: alice.get(gateway.url("/")).status_code == 200, within=2)


def test_what_another_implementation_seals_is_opened(gateway, server, alice, ticket, plain, key_text):
    server.client().set(ticket.key, packed(SealingKey(key_text).seal(plain, ticket)), ex=600)
    assert alice.get(gateway.url("/")).status_code == 200


def test_truncated_anywhere(gateway, server, alice, ticket):
    good = server.client().get(ticket.key)
    for length in (0, 1, 8, 9, 10, 20, 37, len(good) // 2, len(good) - 1):
        assert_refused(gateway, server, alice, ticket, good[:length])
    assert_refused(gateway, server, alice, ticket, good + b"\0")


def test_a_bit_flipped_anywhere_but_in_the_deadline(gateway, server, alice, ticket):
    good = server.client().get(ticket.key)
    for place in [0, *range(9, 40), len(good) // 2, len(good) - 1]:
        bad = bytearray(good)
        bad[place] ^= 0x10
        assert_refused(gateway, server, alice, ticket, bytes(bad))


def test_a_deadline_that_makes_no_sense_is_put_right(gateway, server, alice, ticket):
    """Redis' own clock decides what lives; the second in the record is a hint, and of no use to who forges it."""
    good = server.client().get(ticket.key)
    for seconds in (b"\0" * 8, b"\xff" * 8, b"\x7f" + b"\xff" * 7, b"\x80" + b"\0" * 7):
        server.client().set(ticket.key, good[:1] + seconds + good[9:], ex=600)
        assert alice.get(gateway.url("/")).status_code == 200
        eventually(lambda: alice.get(gateway.url("/")).status_code == 200)


def test_sealed_for_another_purpose(gateway, server, alice, ticket, plain, key_text):
    value = packed(SealingKey(key_text).seal(plain, ticket, purpose="sign-in"))
    assert_refused(gateway, server, alice, ticket, value)


def test_sealed_with_another_key(gateway, server, alice, ticket, plain):
    value = packed(SealingKey(program.run("key").stdout.strip()).seal(plain, ticket, PURPOSE))
    assert_refused(gateway, server, alice, ticket, value)


def test_sealed_for_another_ticket(gateway, server, alice, ticket, plain, key_text):
    value = packed(SealingKey(key_text).seal(plain, Ticket.make()))
    assert_refused(gateway, server, alice, ticket, value)


def test_of_an_older_or_a_later_version(gateway, server, alice, ticket, plain, key_text):
    for version in (0, 99):
        value = packed(SealingKey(key_text).seal(bytes([version]) + plain[1:], ticket))
        assert_refused(gateway, server, alice, ticket, value)


def test_sealed_well_and_cut_short_inside(gateway, server, alice, ticket, plain, key_text):
    for bad in (b"", plain[:1], plain[: len(plain) // 2], plain[:-1], plain + b"\0"):
        assert_refused(gateway, server, alice, ticket, packed(SealingKey(key_text).seal(bad, ticket)))


def test_of_another_host_is_nobodys_here(gateway, server, alice, ticket, plain, key_text):
    own = gateway.origin.split("//")[1].encode()
    assert own in plain
    value = packed(SealingKey(key_text).seal(plain.replace(own, own[:-1] + b"x"), ticket))
    server.client().set(ticket.key, value, ex=600)
    eventually(lambda: alice.get(gateway.url("/")).status_code == 302, within=2)
    assert server.client().get(ticket.key) == value


def test_ten_thousand_sessions_take_so_much_memory(gateway, server, alice, ticket, key_text):
    client = server.client(timeout=30)
    before = client.info("memory")["used_memory"]
    cookies = multiply(client, key_text, ticket.cookie_value, 10_000)
    each = (client.info("memory")["used_memory"] - before) / 10_000
    length = len(client.get(ticket.key))
    someone = UserAgent()
    answer = someone.get(gateway.url("/"), headers={"Cookie": f"{gateway.cookie_name}={cookies[4711]}"})
    assert answer.status_code == 200
    measured("bytes of a record", length)
    measured("bytes of Redis' memory for each session", each)
