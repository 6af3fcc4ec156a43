"""What a configuration tells applications beyond the usual fields reaches them through each front, and only so."""

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from harness.front import FRONTS, sign_in_behind, start_front
from harness.raw_http import exchange, request

ASSERTION = "X-Gatehouse-Assertion"
FIELD = "X-Mailbox"


@pytest.fixture(scope="module", params=FRONTS, ids=lambda kind: kind.name)
def front(request, shared_stage, forger, upstream):
    routes = [
        {
            "path": "/",
            "upstream": upstream.url,
            "assertion": "front",
            "headers": [{"name": FIELD, "claim": "email"}],
        },
        {"path": "/open", "upstream": upstream.url, "access": "anyone"},
    ]
    return start_front(request.param, shared_stage, forger, upstream, routes)


def ask(front, target, *fields):
    answer = exchange(front.port, request(target, f"127.0.0.1:{front.port}", *fields))
    return answer.status


def test_they_reach_the_application(front, alice, upstream):
    assert alice.fetch(front.gateway.url("/fields")).status_code == 200
    received = upstream.last("/fields")
    assert received.all(FIELD) == ["alice@example.test"]
    assert received.all("X-Forwarded-User") == ["alice"]
    keys = KeySet.import_key_set(alice.fetch(front.gateway.url("/_gatehouse/keys")).json())
    (assertion,) = received.all(ASSERTION)
    claims = jwt.decode(assertion, keys, algorithms=["ES256"]).claims
    assert (claims["sub"], claims["aud"]) == ("alice", "front")


@pytest.mark.parametrize("name", [ASSERTION, FIELD])
def test_nobody_else_says_them(front, alice, upstream, name):
    cookie = "Cookie: " + alice.cookie_header(front.gateway.url("/"))
    for spelling in (name, name.lower(), name.replace("-", "_")):
        upstream.forget()
        assert ask(front, "/own", cookie, f"{spelling}: spoofed") in (200, 400)
        assert ask(front, "/open/own", f"{spelling}: spoofed") in (200, 400)
        for received in upstream.received:
            assert b"spoofed" not in received.head, received.head
