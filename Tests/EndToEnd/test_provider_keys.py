"""Key sets from a provider that fails, lies or was taken over: no key in them opens anything, none ends the process."""

import json

import pytest

from harness import mint
from harness.stage import assert_no_session, session_of, sign_in, sign_in_answer
from harness.user_agent import UserAgent

KEY = mint.public(mint.key_for("ES384"))
RSA = mint.public(mint.key_for("RSA"))


def keys(*members):
    return 200, json.dumps({"keys": list(members)}).encode()


def rsa(**members):
    return keys({**RSA, "kid": KEY["kid"], **members})


def elliptic(**members):
    return keys({**KEY, **members})


USELESS = {
    "an error": (500, b"oops"),
    "a redirect": (302, b""),
    "HTML": (200, b"<html></html>"),
    "nothing": (200, b""),
    "a list": (200, json.dumps([KEY]).encode()),
    "keys that are no list": (200, json.dumps({"keys": KEY}).encode()),
    "keys doubled": (200, b'{"keys": [], "keys": [' + json.dumps(KEY).encode() + b"]}"),
    "bytes after the end": (200, keys(KEY)[1] + b"{}"),
    "no keys": keys(),
    "keys that are no objects": keys(None, 7, "x", [], True),
    "nesting without end": (200, b'{"keys":' + b"[" * 5000 + b"]" * 5000 + b"}"),
    "too many keys": keys(*[dict(KEY, kid=f"stranger-{n}") for n in range(2000)], KEY),
    "more than may come": (200, b" " * 3_000_000 + keys(KEY)[1]),
    "another key under its kid": keys({**mint.public(mint.key_for("ES384", 7)), "kid": KEY["kid"]}),
    "an encryption key": elliptic(use="enc"),
    "a key for another algorithm": elliptic(alg="ES512"),
    "a key for encryption only": elliptic(key_ops=["encrypt"]),
    "a secret key": keys({"kty": "oct", "kid": KEY["kid"], "k": "AAAA"}),
    "an unknown type": elliptic(kty="XX"),
    "a type in small letters": elliptic(kty="ec"),
    "an unknown curve": elliptic(crv="P-999"),
    "another curve's name": elliptic(crv="P-256"),
    "secp256k1": elliptic(crv="secp256k1"),
    "a point off its curve": elliptic(x=KEY["y"], y=KEY["x"]),
    "the point at zero": elliptic(x=mint.encode(bytes(48)), y=mint.encode(bytes(48))),
    "coordinates that are too short": elliptic(x=KEY["x"][:8]),
    "coordinates that are too long": elliptic(x=KEY["x"] * 300),
    "coordinates that are numbers": elliptic(x=7, y=7),
    "coordinates with padding": elliptic(x=KEY["x"] + "="),
    "no coordinates": elliptic(x=None, y=None),
    "a kid that is a number": elliptic(kid=7),
    "a small modulus": rsa(n=mint.encode(b"\xff" * 64)),
    "a vast modulus": rsa(n=mint.encode(b"\xff" * 8192)),
    "a modulus of zero": rsa(n="AA"),
    "an empty modulus": rsa(n=""),
    "an exponent of one": rsa(e="AQ"),
    "an exponent of zero": rsa(e="AA"),
    "an even exponent": rsa(e="AQAA"),
    "a vast exponent": rsa(e=RSA["n"]),
    "an empty exponent": rsa(e=""),
}


@pytest.mark.parametrize("status, body", USELESS.values(), ids=USELESS.keys())
def test_a_key_set_that_is_none_signs_nobody_in(stage, upstream, status, body):
    forger = stage.forger()
    fields = {"Location": "/keys"} if status == 302 else {}
    forger.on("/jwks", lambda handler: handler.reply(status, body, **fields))
    forger.on("/keys", lambda handler: handler.reply(*keys(KEY)))
    gateway = stage.gateway(forger, upstream)
    agent = UserAgent()
    challenge = agent.get(gateway.url("/"))
    # Nobody has to be sent to a provider whose tokens could not be judged.
    answer = agent.get(forger.authenticate(agent, agent.location(challenge))) if challenge.ok else challenge
    answer.agent = agent
    assert_no_session(gateway, answer)
    assert forger.count("/keys") == 0
    assert gateway.is_alive


ODD = {
    "fifty strangers before ours": [dict(KEY, kid=f"stranger-{n}") for n in range(50)] + [KEY],
    "nonsense before ours": [None, 7, {}, {"kty": "EC"}, {"kty": "RSA", "n": "%%", "e": 1}, dict(KEY, crv=None), KEY],
    "another key of its kid before ours": [dict(mint.public(mint.key_for("ES384", 7)), kid=KEY["kid"]), KEY],
    "members nobody knows": [dict(KEY, **{"x5t": "x", "x5c": ["x"], "x-own": {"a": [1]}})],
    "a key without use": [{name: value for name, value in KEY.items() if name != "use"}],
}


@pytest.mark.parametrize("members", ODD.values(), ids=ODD.keys())
def test_a_key_set_that_is_odd_and_honest_is_used(stage, upstream, members):
    forger = stage.forger()
    forger.on("/jwks", lambda handler: handler.reply(*keys(*members)))
    gateway = stage.gateway(forger, upstream)
    assert session_of(gateway, sign_in(gateway, forger))


def test_a_stranger_who_fails_keeps_nobody_from_a_rotated_key_for_long(stage, upstream):
    """Unknown kids refetch once in 30 s; a forger of kids cannot make us forget the keys we have."""
    forger = stage.forger()
    gateway = stage.gateway(forger, upstream)
    forger.id_token = lambda grant: mint.genuine(forger.id_claims(grant), "ES384", kid="unknown")
    assert_no_session(gateway, sign_in_answer(gateway, forger))
    del forger.id_token
    forger.on("/jwks", lambda handler: handler.reply(500, b"oops"))
    assert session_of(gateway, sign_in(gateway, forger))
