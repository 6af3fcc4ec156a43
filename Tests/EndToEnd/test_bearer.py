"""API clients: access tokens in place of a session, forged in every way, minted by a library of somebody else's."""

import json
import threading
import time

import pytest
import requests

from harness import mint
from harness.user_agent import UserAgent
from harness.waiting import pause

API = "https://api.example.com"


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, upstream):
    forger.metadata["introspection_endpoint"] = forger.issuer + "/introspect"
    bearer = {"audiences": [API], "opaque_clients": [forger.client_id], "personal_access_tokens": True}
    routes = [
        {"path": "/", "upstream": upstream.url},
        {"path": "/api", "upstream": upstream.url, "bearer": bearer},
        {"path": "/read", "upstream": upstream.url, "bearer": bearer, "require": {"scopes": ["read"]}},
        {"path": "/recent", "upstream": upstream.url, "bearer": bearer, "require": {"max_age": "10m"}},
        {"path": "/jwt", "upstream": upstream.url, "bearer": {"audiences": [API]}},
        {"path": "/other", "upstream": upstream.url, "bearer": {"audiences": ["https://other.example.com"]}},
        {"path": "/optional", "upstream": upstream.url, "access": "optional", "bearer": bearer},
    ]
    yield shared_stage.gateway(forger, upstream, {"server": {"workers": 2}, "route": routes})
    forger.metadata.clear()


def claims(forger, **changes):
    now = int(time.time())
    given = {
        "iss": forger.issuer,
        "aud": API,
        "sub": "robot",
        "client_id": "m2m-app",
        "scope": "read write",
        "iat": now,
        "exp": now + 600,
        "jti": f"{time.time_ns()}",
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


def token(forger, typ="at+jwt", algorithm="ES384", **changes):
    return mint.genuine(claims(forger, **changes), algorithm, typ=typ)


def call(gateway, text, path="/api/x", **headers):
    headers = {"Authorization": f"Bearer {text}", "Accept": "*/*", **headers}
    return requests.get(gateway.url(path), headers=headers, timeout=10, allow_redirects=False)


def refused(answer, error="invalid_token", status=401):
    assert answer.status_code == status, answer.text
    assert "Location" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert f'error="{error}"' in answer.headers["WWW-Authenticate"]
    return answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("algorithm", ["ES384", "ES256", "RS256", "PS256", "EdDSA"])
def test_a_genuine_token_opens_the_route_and_names_its_subject(gateway, forger, upstream, algorithm):
    text = token(forger, algorithm=algorithm, roles=["bot"])
    answer = call(gateway, text)
    assert answer.status_code == 200
    received = upstream.last("/api/x")
    assert received.header("X-Forwarded-User") == "robot"
    assert received.header("X-Forwarded-Groups") == "bot"
    assert received.header("Authorization") == f"Bearer {text}"


def forgeries(forger):
    """Each with the words that say why."""
    now = int(time.time())
    genuine = token(forger)
    head, body, signature = genuine.split(".")
    key = mint.key_for("ES384")
    header = {"alg": "ES384", "typ": "at+jwt", "kid": key.kid}
    public = json.dumps(mint.public(key)).encode()
    return {
        "an ID token": (token(forger, typ="JWT", aud="gatehouse"), "no access token"),
        "no type": (mint.genuine(claims(forger), "ES384"), "no access token"),
        "a logout token": (token(forger, typ="logout+jwt"), "no access token"),
        "another audience": (token(forger, aud="https://other"), "another audience"),
        "no audience": (token(forger, aud=None), "another audience"),
        "an audience that is no text": (token(forger, aud=[7, None]), "another audience"),
        "an audience that only looks alike": (token(forger, aud=API + "/"), "another audience"),
        "another issuer": (token(forger, iss="https://evil.test"), "another issuer"),
        "expired": (token(forger, exp=now - 120), "expired"),
        "expiry beyond all numbers": (mint.signed(header, claims(forger, exp=1e300), "ES384"), "lacks"),
        "expiry as text": (mint.signed(header, claims(forger, exp="never"), "ES384"), "lacks"),
        "no expiry": (token(forger, exp=None), "lacks"),
        "no client": (token(forger, client_id=None), "lacks"),
        "no subject": (token(forger, sub=None), "lacks"),
        "not yet": (token(forger, nbf=now + 600), "not valid yet"),
        "from the future": (token(forger, iat=now + 600), "not valid yet"),
        "a changed body": (f"{head}.{mint.encode(json.dumps(claims(forger, sub='admin')).encode())}.{signature}", "signature"),
        "another's key": (mint.genuine(claims(forger), "ES384", mint.key_for("ES384", 1), typ="at+jwt"), "key is unknown"),
        "none": (mint.unsigned({"alg": "none", "typ": "at+jwt"}, claims(forger)), "algorithm"),
        "HMAC with the public key": (mint.with_hmac({**header, "alg": "HS256"}, claims(forger), public), "algorithm"),
        "a key of its own": (mint.signed({**header, "jwk": mint.public(key)}, claims(forger), "ES384"), "cannot be read"),
        "critical": (mint.signed({**header, "crit": ["x"], "x": 1}, claims(forger), "ES384"), "cannot be read"),
        "doubled members": (mint.signed(header, b'{"sub":"a","sub":"b"}', "ES384"), "cannot be read"),
        "three dots": (genuine + ".x", "cannot be read"),
        "dots alone": ("..", "cannot be read"),
    }


FORGERIES = [
    "an ID token", "no type", "a logout token", "another audience", "no audience", "an audience that is no text",
    "an audience that only looks alike", "another issuer", "expired", "expiry beyond all numbers", "expiry as text",
    "no expiry", "no client", "no subject", "not yet", "from the future", "a changed body", "another's key", "none",
    "HMAC with the public key", "a key of its own", "critical", "doubled members", "three dots", "dots alone",
]


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused_with_its_reason_and_never_redirected(gateway, forger, upstream, name):
    upstream.forget()
    text, words = forgeries(forger)[name]
    assert words in refused(call(gateway, text, Accept="text/html"))
    assert upstream.count("/api/x") == 0
    assert text not in gateway.process.output


def test_a_token_for_one_application_is_none_for_another(gateway, forger):
    text = token(forger)
    assert call(gateway, text).status_code == 200
    assert "another audience" in refused(call(gateway, text, "/other/x"))


def test_a_token_is_judged_once_and_keys_are_fetched_once(gateway, forger):
    text = token(forger)
    fetched = forger.count("/jwks")
    for _ in range(20):
        assert call(gateway, text).status_code == 200
    assert forger.count("/jwks") == fetched


def test_rules_ask_for_scopes_and_say_so(gateway, forger):
    assert call(gateway, token(forger), "/read/x").status_code == 200
    answer = call(gateway, token(forger, scope="write"), "/read/x", Accept="text/html")
    refused(answer, "insufficient_scope", 403)
    assert answer.json()["decision_id"]


def test_step_up_is_said_in_the_words_of_the_standard(gateway, forger):
    refused(call(gateway, token(forger), "/recent/x"), "insufficient_user_authentication")
    assert call(gateway, token(forger, auth_time=int(time.time())), "/recent/x").status_code == 200


def test_no_token_is_a_challenge_that_names_both_ways(gateway):
    answer = requests.get(gateway.url("/api/x"), timeout=10, allow_redirects=False)
    assert answer.status_code == 401
    assert "Bearer realm=" in answer.headers["WWW-Authenticate"]
    assert UserAgent().get(gateway.url("/api/x")).status_code == 302
    assert requests.get(gateway.url("/optional/x"), timeout=10).status_code == 200


def test_a_bad_token_is_no_stranger_on_an_optional_route(gateway):
    refused(call(gateway, "nonsense.no.token", "/optional/x"))


def test_a_session_still_opens_the_route(gateway, alice, upstream):
    assert alice.fetch(gateway.url("/api/x")).status_code == 200
    assert upstream.last("/api/x").header("X-Forwarded-User") == "alice"


def test_elsewhere_authorization_is_the_applications_own(gateway, forger, alice, upstream):
    assert alice.fetch(gateway.url("/x"), headers={"Authorization": "Bearer mine"}).status_code == 200
    assert upstream.last("/x").header("Authorization") == "Bearer mine"
    assert call(gateway, token(forger), "/x").status_code == 401


@pytest.fixture
def introspection(forger):
    """What the provider says of opaque tokens, by token."""
    answers = {}

    def answer(handler):
        form = forger.last("/introspect")["form"]
        handler.reply(200, answers.get(form["token"], {"active": False}))

    forger.on("/introspect", answer)
    yield answers
    forger.on("/introspect", None)


def active(forger, **changes):
    now = int(time.time())
    return {
        "active": True, "sub": "alice", "client_id": forger.client_id, "iss": forger.issuer, "exp": now + 600,
        "token_type": "Bearer", "scope": "read", **changes,
    }


def test_an_opaque_token_is_asked_about_once(gateway, forger, introspection, upstream):
    introspection["opaque-1"] = active(forger)
    before = forger.count("/introspect")
    for _ in range(5):
        assert call(gateway, "opaque-1").status_code == 200
    # Once for each of the two workers.
    assert 1 <= forger.count("/introspect") - before <= 2
    assert upstream.last("/api/x").header("X-Forwarded-User") == "alice"
    assert "Authorization" in forger.last("/introspect")["headers"]


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"active": False}, "not active"),
        ({"active": "true"}, "not active"),
        ({"client_id": "another-app"}, "another application"),
        ({"token_type": None}, "no access token"),
        ({"iss": "https://evil.test"}, "another issuer"),
        ({"exp": 1}, "expired"),
        ({"exp": 1e300}, "lacks"),
        ({"sub": None}, "lacks"),
    ],
)
def test_an_opaque_token_of_no_use_is_refused(gateway, forger, introspection, changes, words):
    text = f"opaque-{time.time_ns()}"
    introspection[text] = active(forger, **changes)
    assert words in refused(call(gateway, text))


def test_opaque_tokens_are_taken_only_where_it_says_so(gateway, forger, introspection):
    introspection["opaque-2"] = active(forger)
    before = forger.count("/introspect")
    assert "cannot be read" in refused(call(gateway, "opaque-2", "/jwt/x"))
    assert forger.count("/introspect") == before


def test_a_provider_that_fails_is_no_bad_token(gateway, forger):
    forger.on("/introspect", lambda handler: handler.reply(500, {"error": "server_error"}))
    try:
        assert call(gateway, "opaque-3").status_code == 503
    finally:
        forger.on("/introspect", None)


def test_many_at_once_ask_once(gateway, forger, introspection):
    introspection["opaque-4"] = active(forger)
    slow = forger.answers["/introspect"]

    def answer(handler):
        pause(0.3)
        slow(handler)

    forger.on("/introspect", answer)
    before = forger.count("/introspect")
    results = []
    threads = [threading.Thread(target=lambda: results.append(call(gateway, "opaque-4").status_code)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [200] * 8
    # Once for each of the two workers.
    assert forger.count("/introspect") - before <= 2


@pytest.fixture
def exchange(forger):
    """Personal access tokens and what they are exchanged for."""
    answers = {}

    def answer(handler):
        form = forger.last("/token")["form"]
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange"
        assert form["subject_token_type"] == "urn:logto:token-type:personal_access_token"
        assert form["resource"] == API
        found = answers.get(form["subject_token"])
        if found:
            handler.reply(200, {"access_token": found, "token_type": "Bearer", "expires_in": 600, "scope": "read"})
        else:
            handler.reply(400, {"error": "invalid_grant"})

    forger.on("/token", answer)
    yield answers
    forger.on("/token", None)


def test_a_personal_access_token_is_exchanged_once(gateway, forger, exchange, upstream):
    exchange["pat_abc"] = token(forger, sub="alice")
    before = forger.count("/token")
    for _ in range(3):
        assert call(gateway, "pat_abc").status_code == 200
    assert upstream.last("/api/x").header("X-Forwarded-User") == "alice"
    assert forger.count("/token") <= before + 2


def test_a_personal_access_token_that_is_revoked_is_refused(gateway, exchange):
    assert "not active" in refused(call(gateway, "pat_gone"))


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Basic YTpi", "bearer", "Token x"])
def test_what_is_no_bearer_token_counts_as_none(gateway, value):
    answer = requests.get(gateway.url("/api/x"), headers={"Authorization": value}, timeout=10, allow_redirects=False)
    assert answer.status_code == 401
    assert "invalid_token" not in answer.headers["WWW-Authenticate"]


def test_two_authorizations_are_refused(gateway, forger):
    from harness.raw_http import exchange as raw
    from harness.raw_http import request

    fields = [f"Authorization: Bearer {token(forger)}", "Authorization: Bearer x"]
    assert raw(gateway.port, request("/api/x", f"127.0.0.1:{gateway.port}", *fields)).status == 400


def test_on_one_connection_each_request_is_its_own_tokens(gateway, forger, upstream):
    """What was accepted before on this connection says nothing of another token, another route or none."""
    texts = {name: token(forger, sub=name) for name in ("robot-1", "robot-2")}
    with requests.Session() as connection:

        def ask(path, text):
            headers = {"Accept": "*/*", **({"Authorization": f"Bearer {text}"} if text else {})}
            return connection.get(gateway.url(path), headers=headers, timeout=10, allow_redirects=False).status_code

        for name in ("robot-1", "robot-1", "robot-2", "robot-1", "robot-2"):
            assert ask("/api/x", texts[name]) == 200
            assert upstream.last("/api/x").header("X-Forwarded-User") == name
        good = texts["robot-2"]
        assert ask("/api/x", good[:-1] + ("A" if good[-1] != "A" else "B")) == 401
        assert ask("/api/x", good[:-1]) == 401
        assert ask("/api/x", None) == 401
        assert ask("/other/x", good) == 401
        assert ask("/api/x", good) == 200
