"""The signed assertion: verified as an application would, with a library of somebody else's."""

import base64
import hashlib
import json
import time

import pytest
import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from harness.gateway import run
from harness.raw_http import exchange, request
from harness.stage import sign_in
from harness.user_agent import UserAgent

AUDIENCE = "https://notes.internal"


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, upstream):
    routes = [
        {"path": "/", "upstream": upstream.url, "assertion": AUDIENCE},
        {"path": "/other", "upstream": upstream.url, "assertion": "other"},
        {"path": "/none", "upstream": upstream.url},
        {"path": "/optional", "upstream": upstream.url, "access": "optional", "assertion": AUDIENCE},
        {"path": "/open", "upstream": upstream.url, "access": "anyone", "assertion": AUDIENCE},
    ]
    return shared_stage.gateway(forger, upstream, {"route": routes})


def assertion(agent, gateway, upstream, path="/a"):
    assert agent.fetch(gateway.url(path)).status_code == 200
    return upstream.last(path).header("X-Gatehouse-Assertion")


def keys(gateway):
    answer = requests.get(gateway.own("keys"), timeout=10)
    assert answer.headers["Content-Type"] == "application/jwk-set+json"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    return answer.json()


def verified(gateway, text):
    token = jwt.decode(text, KeySet.import_key_set(keys(gateway)), algorithms=["ES256"])
    assert token.header["alg"] == "ES256"
    return token.claims


def test_an_application_can_verify_who_is_signed_in(gateway, alice, upstream):
    claims = verified(gateway, assertion(alice, gateway, upstream))
    now = time.time()
    assert claims["iss"] == gateway.origin
    assert claims["aud"] == AUDIENCE
    assert claims["sub"] == "alice"
    assert claims["roles"] == ["reader", "writer"]
    assert now - 5 <= claims["iat"] <= now + 1
    assert 0 < claims["exp"] - claims["iat"] <= 60
    assert set(claims) == {"iss", "sub", "aud", "iat", "exp", "sid", "roles"}


def test_it_is_made_once_for_a_session_and_an_application(gateway, alice, upstream):
    first = assertion(alice, gateway, upstream)
    assert assertion(alice, gateway, upstream, "/b") == first
    other = assertion(alice, gateway, upstream, "/other")
    assert other != first
    assert verified(gateway, other)["aud"] == "other"
    assert verified(gateway, other)["sid"] == verified(gateway, first)["sid"]
    assert assertion(alice, gateway, upstream, "/none") is None


def test_the_session_is_named_by_what_opens_nothing(gateway, forger, alice, upstream):
    sid = verified(gateway, assertion(alice, gateway, upstream))["sid"]
    cookie = alice.cookies(gateway.origin)[gateway.cookie_name].value
    assert sid not in cookie
    again = sign_in(gateway, forger)
    assert verified(gateway, assertion(again, gateway, upstream))["sid"] != sid


def test_strangers_have_none_and_cannot_bring_one(gateway, alice, upstream):
    stolen = assertion(alice, gateway, upstream)
    for path in ("/optional/x", "/open/x"):
        fields = [f"{name}: {stolen}" for name in ("X-Gatehouse-Assertion", "x_gatehouse_assertion")]
        assert exchange(gateway.port, request(path, f"127.0.0.1:{gateway.port}", *fields)).status == 200
        assert stolen.encode() not in upstream.last(path).head


def test_what_is_changed_does_not_verify(gateway, alice, upstream):
    head, claims, signature = assertion(alice, gateway, upstream).split(".")
    changed = base64.urlsafe_b64encode(json.dumps({"sub": "admin"}).encode()).rstrip(b"=").decode()
    with pytest.raises(JoseError):
        verified(gateway, f"{head}.{changed}.{signature}")


def test_keys_are_public_numbers_named_by_their_thumbprint(gateway):
    for key in keys(gateway)["keys"]:
        assert set(key) == {"kty", "crv", "x", "y", "use", "alg", "kid"}
        members = {name: key[name] for name in ("crv", "kty", "x", "y")}
        text = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
        assert key["kid"] == base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode()
    assert requests.post(gateway.own("keys"), timeout=10).status_code == 405


def test_replicas_with_the_same_keys_sign_alike_and_rotation_is_announced(stage, forger, upstream):
    old, new = (run("key").stdout.strip() for _ in range(2))
    settings = {"route": [{"path": "/", "upstream": upstream.url, "assertion": AUDIENCE}]}
    one = stage.gateway(forger, upstream, {**settings, "session": {"keys": [old]}})
    two = stage.gateway(forger, upstream, {**settings, "session": {"keys": [old, new]}})
    assert keys(one)["keys"] == keys(two)["keys"][:1]
    agent = sign_in(two, forger)
    before = assertion(agent, two, upstream)
    assert verified(one, before)["sub"] == "alice"
    announced = KeySet.import_key_set(keys(two))
    two.restart({"session": {"keys": [new, old]}})
    agent = sign_in(two, forger)
    after = assertion(agent, two, upstream)
    assert jwt.decode(after, announced, algorithms=["ES256"]).claims["sub"] == "alice"
    assert verified(two, before)["sub"] == "alice"


def test_a_stranger_may_read_the_keys(gateway):
    assert UserAgent().get(gateway.own("keys")).status_code == 200
