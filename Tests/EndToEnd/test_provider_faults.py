"""A provider that is down, slow or lying: a page that says so, sessions that go on, recovery by itself."""

import gzip
import json

import pytest

from harness import mint
from harness.ports import free_port
from harness.providers.forger import Forger
from harness.stage import assert_no_session, session_of, sign_in, sign_in_answer
from harness.user_agent import UserAgent
from harness.waiting import eventually, pause

DISCOVERY = "/.well-known/openid-configuration"
QUICK = {"provider": {"timeout": "2s", "max_response": "64KiB"}}


def assert_unavailable(answer):
    assert answer.status_code == 503, f"{answer.status_code}: {answer.text[:500]}"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "sign-in service is not available" in answer.text.lower()
    assert "no-store" in answer.headers["Cache-Control"]
    assert "<script" not in answer.text.lower()
    for inside in ("curl", "127.0.0.1:", "ECONN", "/token", "Error("):
        assert inside not in answer.text


def test_a_provider_that_is_down_at_the_start_is_waited_for(stage, upstream):
    forger = Forger()
    forger.stop()
    gateway = stage.gateway(forger, upstream, QUICK)
    assert gateway.admin("/healthz").status_code == 200
    agent = UserAgent()
    assert_unavailable(agent.get(gateway.url("/")))
    answer = agent.fetch(gateway.url("/"))
    assert answer.status_code in (401, 503)
    back = stage.keep(Forger(port=forger.port))
    eventually(lambda: agent.get(gateway.url("/")).status_code == 302, within=60)
    assert session_of(gateway, sign_in(gateway, back))


def test_sessions_go_on_while_the_provider_is_down(stage, upstream):
    forger = stage.forger()
    gateway = stage.gateway(forger, upstream, QUICK)
    agent = sign_in(gateway, forger)
    started = UserAgent()
    callback = forger.authenticate(started, started.location(started.get(gateway.url("/"))))
    forger.stop()
    assert agent.get(gateway.url("/")).status_code == 200
    assert session_of(gateway, agent)
    assert_unavailable(started.get(callback))


def test_a_slow_provider_holds_nobody_longer_than_its_timeout(stage, upstream):
    forger = stage.forger()
    gateway = stage.gateway(forger, upstream, QUICK)
    forger.on("/token", lambda handler: pause(30))
    assert_unavailable(sign_in_answer(gateway, forger))
    forger.on("/token", None)
    assert session_of(gateway, sign_in(gateway, forger))


def test_a_provider_that_drips_is_slow_too(stage, upstream):
    forger = stage.forger()
    gateway = stage.gateway(forger, upstream, QUICK)

    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(150):
            handler.wfile.write(b" ")
            pause(0.2)

    forger.on("/token", drip)
    assert_unavailable(sign_in_answer(gateway, forger))


def test_a_provider_that_hangs_at_discovery_delays_only_those_who_need_it(stage, upstream):
    forger = stage.forger()
    routes = [{"path": "/", "upstream": upstream.url}, {"path": "/open", "upstream": upstream.url, "access": "anyone"}]
    forger.on(DISCOVERY, lambda handler: pause(4))
    gateway = stage.gateway(forger, upstream, QUICK | {"route": routes})
    assert UserAgent().get(gateway.url("/open/x")).status_code == 200
    assert_unavailable(UserAgent().get(gateway.url("/")))


def says(status=200, body=b"", **headers):
    return lambda handler: handler.reply(status, body, **headers)


def with_metadata(**changes):
    def answer(handler):
        document = {**handler.provider.discovery(), **changes}
        handler.reply(200, json.dumps(document).replace("ISSUER", handler.provider.issuer).encode())

    return answer


BAD_DISCOVERIES = {
    "an error": says(500, b"oops"),
    "not found": says(404, b"{}"),
    "HTML": says(200, b"<html>maintenance</html>"),
    "nothing": says(200, b""),
    "a list": says(200, b"[]"),
    "cut JSON": says(200, b'{"issuer": "http'),
    "JSON without end": says(200, b"[" * 10_000),
    "too much": says(200, b'{"a": "' + b"x" * 100_000 + b'"}'),
    "a redirect": says(302, b"", Location="http://127.0.0.1:1/"),
    "another issuer": with_metadata(issuer="https://evil.example"),
    "an issuer with a slash": with_metadata(issuer="ISSUER/"),
    "no issuer": with_metadata(issuer=None),
    "no token endpoint": with_metadata(token_endpoint=None),
    "a token endpoint that is a number": with_metadata(token_endpoint=7),
    "a token endpoint that is a path": with_metadata(token_endpoint="/token"),
    "a token endpoint that is a file": with_metadata(token_endpoint="file:///etc/passwd"),
    "a token endpoint with a password": with_metadata(token_endpoint="http://a:b@127.0.0.1:1/token"),
    "an authorization endpoint that is a script": with_metadata(authorization_endpoint="javascript:alert(1)"),
    "an authorization endpoint with a line end": with_metadata(authorization_endpoint="http://127.0.0.1/\r\nX: y"),
    "plain http elsewhere": with_metadata(token_endpoint="http://provider.example.test/token"),
    "only algorithms we refuse": with_metadata(id_token_signing_alg_values_supported=["none", "HS256"]),
    "doubled members": says(200, b'{"issuer": "a", "issuer": "b"}'),
}


@pytest.mark.parametrize("discovery", BAD_DISCOVERIES.values(), ids=BAD_DISCOVERIES.keys())
def test_a_discovery_document_that_lies_is_not_used(stage, upstream, discovery):
    forger = stage.forger()
    # Before the start: the gateway fetches ahead.
    forger.on(DISCOVERY, discovery)
    gateway = stage.gateway(forger, upstream, QUICK)
    assert_unavailable(UserAgent().get(gateway.url("/")))
    assert gateway.is_alive


def test_after_a_lie_the_truth_is_accepted_without_a_restart(stage, upstream):
    forger = stage.forger()
    forger.on(DISCOVERY, says(500, b"oops"))
    gateway = stage.gateway(forger, upstream, QUICK)
    assert_unavailable(UserAgent().get(gateway.url("/")))
    forger.on(DISCOVERY, None)
    eventually(lambda: UserAgent().get(gateway.url("/")).status_code == 302, within=60)


def test_a_provider_that_is_down_is_not_asked_by_every_request(stage, upstream):
    forger = stage.forger()
    forger.on(DISCOVERY, says(500, b"oops"))
    gateway = stage.gateway(forger, upstream, QUICK)
    for _ in range(50):
        assert_unavailable(UserAgent().get(gateway.url("/")))
    assert forger.count(DISCOVERY) <= 10


BAD_TOKENS = {
    "an error": (503, says(500, b"oops")),
    "HTML with 200": (503, says(200, b"<html></html>")),
    "too many requests": (503, says(429, b"{}", Retry_After="5")),
    "a redirect": (503, says(307, b"", Location="/token2")),
    "nothing": (503, says(200, b"")),
    "too much": (503, says(200, b'{"a": "' + b"x" * 100_000 + b'"}')),
    "a small answer that unpacks to a large one": (
        503,
        says(200, gzip.compress(b" " * 50_000_000), Content_Encoding="gzip"),
    ),
    "a refusal": (None, says(400, {"error": "invalid_grant"})),
    "a refusal of our secret": (None, says(401, {"error": "invalid_client"})),
    "no ID token": (None, says(200, {"access_token": "a", "token_type": "Bearer"})),
    "an ID token that is a list": (None, says(200, {"access_token": "a", "token_type": "Bearer", "id_token": ["x"]})),
    "another token type": (None, says(200, {"access_token": "a", "token_type": "mac", "id_token": "x"})),
    "an absurd lifetime": (
        None,
        says(200, b'{"access_token":"a","token_type":"Bearer","expires_in":1e300,"id_token":"x"}'),
    ),
}


@pytest.fixture(scope="module")
def honest(shared_stage, upstream):
    forger = shared_stage.forger()
    gateway = shared_stage.gateway(forger, upstream, QUICK)
    yield gateway, forger
    assert gateway.is_alive


@pytest.mark.parametrize("status, answer", BAD_TOKENS.values(), ids=BAD_TOKENS.keys())
def test_a_token_endpoint_that_misbehaves_signs_nobody_in(honest, status, answer):
    gateway, forger = honest
    forger.on("/token", answer)
    try:
        page = sign_in_answer(gateway, forger)
    finally:
        forger.on("/token", None)
    assert_no_session(gateway, page)
    assert status is None or page.status_code == status
    assert forger.count("/token2") == 0
    assert session_of(gateway, sign_in(gateway, forger))


@pytest.mark.parametrize("lifetime", ["1e300", "-1", "null", '"3600"', "9223372036854775807"])
def test_an_odd_lifetime_of_the_access_token_ends_no_process(honest, lifetime):
    gateway, forger = honest

    def token(handler):
        grant = list(forger.grants.values())[-1]
        text = json.dumps({k: v for k, v in forger.token_response(grant).items() if k != "expires_in"})
        handler.reply(200, f'{text[:-1]}, "expires_in": {lifetime}}}'.encode())

    forger.on("/token", token)
    try:
        assert sign_in_answer(gateway, forger).status_code in (303, 400, 502, 503)
    finally:
        forger.on("/token", None)


def test_a_rotated_key_is_fetched_when_it_is_first_seen(stage, upstream):
    forger = stage.forger()
    gateway = stage.gateway(forger, upstream)
    sign_in(gateway, forger)
    before = forger.count("/jwks")
    forger.signing_key = mint.key_for("ES384", 2)
    forger.keys = [mint.public(forger.signing_key)]
    assert session_of(gateway, sign_in(gateway, forger))
    assert forger.count("/jwks") == before + 1


def test_unknown_keys_do_not_make_us_ask_for_ever(stage, upstream):
    forger = stage.forger()
    gateway = stage.gateway(forger, upstream)
    sign_in(gateway, forger)
    before = forger.count("/jwks")
    for number in range(6):
        forger.id_token = lambda grant, n=number: mint.genuine(forger.id_claims(grant), "ES384", kid=f"unknown-{n}")
        assert_no_session(gateway, sign_in_answer(gateway, forger))
    assert forger.count("/jwks") <= before + 1
    del forger.id_token
    assert session_of(gateway, sign_in(gateway, forger))


def test_a_userinfo_endpoint_that_fails_does_not_lock_out_who_needs_it_not(honest):
    gateway, forger = honest
    forger.on("/me", says(500, b"oops"))
    try:
        assert session_of(gateway, sign_in(gateway, forger))
    finally:
        forger.on("/me", None)


def test_the_environments_proxies_are_not_asked(stage, upstream):
    forger = stage.forger()
    proxy = f"http://127.0.0.1:{free_port()}"
    environment = {name: proxy for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")}
    gateway = stage.gateway(forger, upstream, env=environment)
    assert session_of(gateway, sign_in(gateway, forger))
