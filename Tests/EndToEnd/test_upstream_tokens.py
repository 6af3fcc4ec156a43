"""Tokens for upstreams: obtained with the session's refresh token, kept, and sent in place of the client's own."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest

from harness.replicas import redis_settings, replica
from harness.stage import session_of, sign_in
from harness.user_agent import UserAgent
from harness.waiting import pause

API = "https://api.example.com"


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, upstream):
    forger.claims["organizations"] = ["o1"]

    def route(path, token, **more):
        return {"path": path, "upstream": upstream.url, "token": token, **more}

    routes = [
        {"path": "/", "upstream": upstream.url},
        route("/id", "id"),
        route("/access", "access"),
        route("/resource", {"resource": API}),
        route("/organization", {"organization": "o1"}),
        route("/only", {"only_organization": True}),
        route("/both", {"resource": API, "organization": "o2"}),
        route("/optional", {"resource": API}, access="optional"),
    ]
    yield shared_stage.gateway(forger, upstream, {"server": {"workers": 2}, "route": routes})
    forger.claims.clear()


@pytest.fixture
def refresh(forger):
    """What the token endpoint answers to refresh tokens: a function of the form, giving status and body."""
    usual = {"answer": lambda form: (200, {"access_token": f"at-{time.time_ns()}", "token_type": "Bearer", "expires_in": 600})}
    honest = forger.answer

    def answer(handler, path, query, form):
        if path == "/token" and form.get("grant_type") == "refresh_token":
            handler.reply(*usual["answer"](form))
        else:
            honest(handler, path, query, form)

    forger.answer = answer
    yield usual
    del forger.__dict__["answer"]


def sent(agent, gateway, upstream, path):
    answer = agent.fetch(gateway.url(path), headers={"Authorization": "Bearer the-clients-own"})
    assert answer.status_code == 200, answer.text
    fields = upstream.last(path).all("Authorization")
    assert len(fields) == 1
    return fields[0].removeprefix("Bearer ")


def test_the_sign_in_asks_for_what_routes_will_need(gateway):
    challenge = UserAgent().get(gateway.url("/"))
    query = parse_qs(urlsplit(challenge.headers["Location"]).query)
    assert query["resource"] == [API, "urn:logto:resource:organizations"]


def test_the_tokens_of_the_sign_in(gateway, forger, upstream):
    given = {}
    honest = type(forger).token_response

    def token_response(grant):
        given.update(honest(forger, grant))
        return given

    forger.token_response = token_response
    try:
        agent = sign_in(gateway, forger)
    finally:
        del forger.__dict__["token_response"]
    assert sent(agent, gateway, upstream, "/id/x") == given["id_token"]
    assert sent(agent, gateway, upstream, "/access/x") == given["access_token"]
    assert agent.fetch(gateway.url("/x"), headers={"Authorization": "Bearer mine"}).status_code == 200
    assert upstream.last("/x").header("Authorization") == "Bearer mine"


@pytest.mark.parametrize(
    "path, resource, organization",
    [("/resource", API, None), ("/organization", None, "o1"), ("/only", None, "o1"), ("/both", API, "o2")],
)
def test_a_token_is_obtained_once_for_what_the_route_says(gateway, forger, alice, upstream, refresh, path, resource, organization):
    forms = []

    def answer(form):
        forms.append(form)
        return 200, {"access_token": f"for-{path}", "token_type": "Bearer", "expires_in": 600}

    refresh["answer"] = answer
    for _ in range(3):
        assert sent(alice, gateway, upstream, path + "/x") == f"for-{path}"
    assert len(forms) == 1
    assert forms[0].get("resource") == resource
    assert forms[0].get("organization_id") == organization


def test_a_token_close_to_its_end_is_replaced(gateway, alice, upstream, refresh):
    answers = iter(range(100))
    refresh["answer"] = lambda form: (
        200, {"access_token": f"at-{next(answers)}", "token_type": "Bearer", "expires_in": 12})
    first = sent(alice, gateway, upstream, "/resource/a")
    assert sent(alice, gateway, upstream, "/resource/b") == first
    # A quarter of its life is its margin.
    pause(9.5)
    assert sent(alice, gateway, upstream, "/resource/c") != first


def test_many_at_once_ask_once(gateway, alice, upstream, refresh):
    asked = []

    def answer(form):
        asked.append(form)
        pause(0.3)
        return 200, {"access_token": "shared", "token_type": "Bearer", "expires_in": 600}

    refresh["answer"] = answer
    results = []
    agents = [alice.copy() for _ in range(8)]
    threads = [
        threading.Thread(target=lambda agent=agent: results.append(agent.fetch(gateway.url("/resource/m")).status_code))
        for agent in agents
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [200] * 8
    assert len(asked) == 1


def test_a_replaced_refresh_token_is_the_one_used_next(gateway, forger, alice, upstream, refresh):
    seen = []

    def answer(form):
        seen.append(form["refresh_token"])
        return 200, {
            "access_token": f"at-{len(seen)}", "token_type": "Bearer", "expires_in": 600, "refresh_token": f"rt-{len(seen)}",
        }

    refresh["answer"] = answer
    for path in ["/resource/r", "/organization/r", "/both/r"]:
        sent(alice, gateway, upstream, path)
    assert seen[1:] == ["rt-1", "rt-2"]


@pytest.mark.parametrize(
    "status, body, expected",
    [
        (403, {"error": "access_denied", "error_description": "user is not a member of the organization"}, 403),
        (403, {"error": "insufficient_scope"}, 403),
        (400, {"error": "invalid_target"}, 403),
        (400, {"error": "invalid_grant"}, 401),
        (500, {"error": "server_error"}, 503),
        (200, {"nonsense": True}, 503),
        (429, {"error": "slow_down"}, 503),
    ],
)
def test_without_a_token_the_upstream_is_not_asked(gateway, forger, alice, upstream, refresh, status, body, expected):
    upstream.forget()
    refresh["answer"] = lambda form: (status, body)
    answer = alice.fetch(gateway.url("/organization/n"))
    assert answer.status_code == expected
    assert upstream.count("/organization/n") == 0
    is_over = body.get("error") == "invalid_grant"
    assert alice.fetch(gateway.url("/")).status_code == (401 if is_over else 200), "else the session goes on"


def test_who_is_in_several_organizations_has_no_only_one(gateway, forger, upstream, refresh):
    forger.claims["organizations"] = ["o1", "o2"]
    try:
        agent = sign_in(gateway, forger)
        assert agent.fetch(gateway.url("/only/x")).status_code == 403
    finally:
        forger.claims["organizations"] = ["o1"]


def test_a_stranger_brings_no_token_of_its_own(gateway, upstream):
    answer = UserAgent().fetch(gateway.url("/optional/x"), headers={"Authorization": "Bearer forged"})
    assert answer.status_code == 200
    assert upstream.last("/optional/x").header("Authorization") is None


def test_no_token_is_in_the_logs(gateway, alice, upstream, refresh):
    refresh["answer"] = lambda form: (200, {"access_token": "s3cr3t-at", "token_type": "Bearer", "expires_in": 600})
    sent(alice, gateway, upstream, "/both/x")
    assert "s3cr3t-at" not in gateway.process.output


def test_an_answer_that_makes_no_sense_costs_the_token_and_the_browser_makes_a_trip(gateway, forger, alice, upstream, refresh):
    refresh["answer"] = lambda form: (200, {"nonsense": True})
    assert alice.fetch(gateway.url("/resource/l")).status_code == 503
    # What came of the refresh token is unknown: it is not presented again.
    assert alice.fetch(gateway.url("/resource/l")).status_code == 401
    assert alice.get(gateway.url("/resource/l")).status_code == 302


OTHER = "https://other.example.com"


@pytest.mark.parametrize("delay", [0, 1.5])
def test_each_refresh_token_is_presented_once_by_tabs_workers_and_replicas(stage, upstream, delay):
    """Sixty requests on a session that has expired, for two APIs, at two replicas of two workers each."""
    logto = stage.stand_in()
    # Whoever presents a token twice loses the whole grant.
    logto.control("/knobs", {"rotation": "always", "reuseLeewayS": 0, "accessTokenTtl": 2, "idTokenTtl": 2})
    for resource in (API, OTHER):
        logto.control("/resources", {"indicator": resource, "scopes": {"reader": ["read"]}, "accessTokenTtl": 600})
    route = [
        {"path": "/", "upstream": upstream.url},
        {"path": "/api", "upstream": upstream.url, "token": {"resource": API}},
        {"path": "/other", "upstream": upstream.url, "token": {"resource": OTHER}},
    ]
    settings = redis_settings(stage.redis().url) | {"route": route}
    gateway = stage.gateway(logto, upstream, settings | {"server": {"workers": 2}})
    other, elsewhere = replica(stage, gateway, logto, upstream, {"route": route})
    agent = sign_in(gateway, logto)
    logto.control("/knobs", {"accessTokenTtl": 3600, "idTokenTtl": 3600})
    pause(2.5)
    logto.control(
        "/fault", {"route": "token", "grantType": "refresh_token", "n": -1, "delayMs": int(delay * 1000)}
    )
    upstream.forget()
    agents = [agent.copy() for _ in range(60)]
    for number, copy in enumerate(agents):
        copy.elsewhere, copy.timeout = (elsewhere if number % 2 else {}), 60
    paths = ["/", "/api/x", "/other/x"]
    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(lambda number: agents[number].fetch(gateway.url(paths[number % 3])), range(60)))
    assert {answer.status_code for answer in answers} == {200}
    assert list(logto.presented().values()) == [1, 1, 1], "the session's own, and one for each API"
    for path in ("/api/x", "/other/x"):
        tokens = {received.header("Authorization") for received in upstream.received if received.target == path}
        assert len(tokens) == 1 and None not in tokens
    for place in (gateway, other):
        assert session_of(place, agent if place is gateway else agents[1])
    assert list(logto.presented().values()) == [1, 1, 1]
