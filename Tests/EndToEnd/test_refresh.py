"""Refresh: ahead of time, once, whoever asks and wherever; nothing that a provider or a replica does signs anybody out."""

import json
import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.raw_http import RawConnection, request
from harness.replicas import redis_settings, replica
from harness.stage import session_of, sign_in
from harness.waiting import eventually, never, pause

SHORT = 2


@pytest.fixture
def logto(stage):
    """Logto with tokens that live for two seconds at first, and rotates every refresh token."""
    provider = stage.stand_in()
    provider.control("/knobs", {"rotation": "always", "reuseLeewayS": 3})
    return provider


def expire_soon(logto, seconds=SHORT):
    logto.control("/knobs", {"accessTokenTtl": seconds, "idTokenTtl": seconds})


def live_long(logto):
    logto.control("/knobs", {"accessTokenTtl": 3600, "idTokenTtl": 3600})


def expired(gateway, logto, agent=None):
    """A browser whose tokens have expired; those of the next refresh live long."""
    expire_soon(logto)
    agent = sign_in(gateway, logto, agent=agent)
    live_long(logto)
    pause(SHORT + 0.5)
    return agent


def in_parallel(count, call):
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(call, range(count)))


def audit(gateway, event):
    return [line for line in gateway.log if line.get("message") == "audit" and line["event"] == event]


def test_every_refresh_reads_roles_anew(stage, logto, upstream):
    gateway = stage.gateway(logto, upstream)
    agent = expired(gateway, logto)
    logto.control("/roles", {"user": "alice", "roles": ["auditor"]})
    assert agent.fetch(gateway.url("/roles")).status_code == 200
    assert upstream.last("/roles").header("X-Forwarded-Groups") == "auditor"
    assert sum(logto.presented().values()) == 1


def test_what_only_userinfo_says_is_read_anew_too(stage, logto, upstream):
    logto.control("/knobs", {"extendedClaims": {"roles": False}})
    gateway = stage.gateway(logto, upstream)
    agent = expired(gateway, logto)
    logto.control("/roles", {"user": "alice", "roles": ["auditor"]})
    assert agent.fetch(gateway.url("/roles")).status_code == 200
    assert upstream.last("/roles").header("X-Forwarded-Groups") == "auditor"


def test_a_userinfo_endpoint_that_is_down_takes_nobodys_roles_away(stage, logto, upstream):
    logto.control("/knobs", {"extendedClaims": {"roles": False}})
    gateway = stage.gateway(logto, upstream)
    agent = expired(gateway, logto)
    logto.control("/fault", {"route": "me", "n": -1, "status": 500})
    assert agent.fetch(gateway.url("/roles")).status_code == 200
    assert upstream.last("/roles").header("X-Forwarded-Groups") == "reader,writer"


def test_tokens_are_refreshed_ahead_of_time_beside_the_requests(stage, logto, upstream):
    gateway = stage.gateway(logto, upstream)
    expire_soon(logto, 20)
    agent = sign_in(gateway, logto)
    live_long(logto)
    logto.control("/fault", {"route": "token", "grantType": "refresh_token", "n": 1, "delayMs": 2000})

    def served_and_presented():
        assert agent.fetch(gateway.url("/")).status_code == 200
        return logto.presented()

    def refreshed():
        assert agent.fetch(gateway.url("/")).status_code == 200
        return 'gatehouse_refreshes_total{outcome="completed"} 1' in gateway.admin("/metrics").text

    eventually(served_and_presented, within=30, every=0.2)
    assert not refreshed(), "a request has waited for a refresh that was not urgent"
    eventually(refreshed, every=0.2)
    never(lambda: not refreshed(), during=1)
    assert list(logto.presented().values()) == [1]


@pytest.mark.parametrize("delay", [0.1, 3, 10])
def test_fifty_requests_at_two_replicas_present_a_token_once(stage, logto, upstream, delay):
    gateway = stage.gateway(logto, upstream, redis_settings(stage.redis().url))
    other, elsewhere = replica(stage, gateway, logto, upstream)
    agent = expired(gateway, logto)
    logto.control(
        "/fault", {"route": "token", "grantType": "refresh_token", "n": -1, "delayMs": int(delay * 1000)}
    )
    agents = [agent.copy() for _ in range(50)]
    for number, copy in enumerate(agents):
        copy.elsewhere = elsewhere if number % 2 else {}
        copy.timeout = 40
    answers = in_parallel(50, lambda number: agents[number].fetch(gateway.url("/")))
    assert Counter(answer.status_code for answer in answers) == {200: 50}
    assert list(logto.presented().values()) == [1]
    assert session_of(gateway, agent) and session_of(other, agent)


@pytest.mark.parametrize("delay", [0.1, 3, 10])
def test_the_holder_is_killed_and_nobody_is_signed_out(stage, logto, upstream, delay):
    """Its token is lost with it. It is presented again only as long as the provider allows that."""
    settings = redis_settings(stage.redis().url) | {"provider": {"refresh_retry": "0s"}}
    gateway = stage.gateway(logto, upstream, settings)
    other, elsewhere = replica(stage, gateway, logto, upstream, {"provider": {"refresh_retry": "0s"}})
    agent = expired(gateway, logto)
    logto.control(
        "/fault", {"route": "token", "grantType": "refresh_token", "n": -1, "delayMs": int(delay * 1000)}
    )
    first = agent.copy()
    killed = threading.Thread(target=lambda: _ignore(lambda: first.fetch(gateway.url("/"))))
    killed.start()
    eventually(lambda: logto.presented(), every=0.002)
    gateway.process.kill()
    killed.join()
    agents = [agent.copy() for _ in range(50)]
    for copy in agents:
        copy.elsewhere, copy.timeout = elsewhere, 40
    answers = in_parallel(50, lambda number: agents[number].fetch(gateway.url("/")))
    assert Counter(answer.status_code for answer in answers) == {200: 50}
    assert list(logto.presented().values()) == [1]
    page = agents[0].visit(gateway.url("/later"))
    assert page.status_code == 200 and page.address == gateway.url("/later")
    # In time, that is before the kill, the answer may have been stored: then there was nothing to mend.
    lost = [line for line in audit(other, "refresh-failed") if "lost" in line["reason"]]
    assert (len(page.steps) > 1) == bool(lost)


def _ignore(call):
    try:
        call()
    except OSError:
        """The program has been killed."""


def test_the_holder_is_killed_and_the_provider_allows_a_retry(stage, logto, upstream):
    logto.control("/knobs", {"reuseLeewayS": 60})
    settings = redis_settings(stage.redis().url)
    gateway = stage.gateway(logto, upstream, settings | {"provider": {"refresh_retry": "60s"}})
    other, elsewhere = replica(stage, gateway, logto, upstream, {"provider": {"refresh_retry": "60s"}})
    agent = expired(gateway, logto)
    logto.control("/fault", {"route": "token", "grantType": "refresh_token", "n": 1, "delayMs": 10_000})
    first = agent.copy()
    killed = threading.Thread(target=lambda: _ignore(lambda: first.fetch(gateway.url("/"))))
    killed.start()
    eventually(lambda: logto.presented())
    gateway.process.kill()
    killed.join()
    agent.elsewhere = elsewhere
    assert agent.get(gateway.url("/")).status_code == 200
    assert list(logto.presented().values()) == [2]
    assert not audit(other, "refresh-failed")


def test_an_answer_that_is_lost_is_asked_for_again_and_stored(stage, logto, upstream):
    gateway = stage.gateway(logto, upstream)
    agent = expired(gateway, logto)
    expire_soon(logto)
    logto.control("/fault", {"route": "token", "grantType": "refresh_token", "n": 1, "drop": True})
    assert agent.fetch(gateway.url("/")).status_code == 200
    assert list(logto.presented().values()) == [2]
    pause(SHORT + 0.5)
    # The rotated one is the one that was kept: the old one is dead by now.
    assert agent.fetch(gateway.url("/")).status_code == 200
    assert sorted(logto.presented().values()) == [1, 2]


def test_a_token_whose_answer_is_lost_for_good_is_not_presented_again(stage, logto, upstream):
    gateway = stage.gateway(logto, upstream, {"provider": {"refresh_retry": "0s"}})
    agent = expired(gateway, logto)
    logto.control("/fault", {"route": "token", "grantType": "refresh_token", "n": -1, "drop": True})
    for _ in range(3):
        assert agent.fetch(gateway.url("/script")).status_code == 200
    assert list(logto.presented().values()) == [1]
    page = agent.visit(gateway.url("/page?x=1"))
    assert page.status_code == 200 and page.address == gateway.url("/page?x=1")
    assert len(page.steps) > 1, "the browser has made its trip"
    assert agent.get(gateway.url("/")).status_code == 200


def test_the_tokens_are_stored_although_the_browser_has_left(stage, logto, upstream):
    gateway = stage.gateway(logto, upstream)
    agent = expired(gateway, logto)
    logto.control("/fault", {"route": "token", "grantType": "refresh_token", "n": 1, "delayMs": 1000})
    cookie = agent.cookie_header(gateway.url("/"))
    with RawConnection(gateway.port) as connection:
        connection.send(request("/", f"127.0.0.1:{gateway.port}", f"Cookie: {cookie}"))
        eventually(lambda: logto.presented())
    pause(1.5)
    assert agent.fetch(gateway.url("/")).status_code == 200
    assert list(logto.presented().values()) == [1]


def test_a_refresh_under_way_is_finished_before_the_gateway_ends(stage, logto, upstream):
    gateway = stage.gateway(logto, upstream, redis_settings(stage.redis().url))
    agent = expired(gateway, logto)
    logto.control("/fault", {"route": "token", "grantType": "refresh_token", "n": 1, "delayMs": 2000})
    left = agent.copy()
    waiting = threading.Thread(target=lambda: _ignore(lambda: left.fetch(gateway.url("/"))))
    waiting.start()
    eventually(lambda: logto.presented())
    gateway.process.signal(signal.SIGTERM)
    assert gateway.process.wait() == 0
    waiting.join()
    gateway.start()
    assert agent.fetch(gateway.url("/")).status_code == 200
    assert list(logto.presented().values()) == [1]


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503, "body": "<h1>down</h1>"},
        {"status": 429, "body": "{}"},
        {"status": 401, "body": json.dumps({"error": "invalid_client"}), "headers": {"Content-Type": "application/json"}},
        {"status": 400, "body": "oops"},
    ],
    ids=lambda fault: f"{fault['status']} {fault['body'][:8]}",
)
def test_a_provider_that_cannot_answer_ends_no_session(stage, logto, upstream, fault):
    gateway = stage.gateway(logto, upstream)
    expire_soon(logto, 8)
    agent = sign_in(gateway, logto)
    live_long(logto)
    logto.control("/fault", {"route": "token", "grantType": "refresh_token", "n": -1, **fault})
    # While the tokens are good nobody notices.
    eventually(lambda: agent.fetch(gateway.url("/")).status_code == 200 and logto.presented(), within=30, every=0.2)
    # A response of 503 is false to Python.
    (answer,) = eventually(
        lambda: [a for a in [agent.fetch(gateway.url("/"))] if a.status_code == 503], within=30, every=0.2
    )
    assert answer.headers["Retry-After"] and "Set-Cookie" not in answer.headers
    assert agent.get(gateway.url("/")).status_code == 503
    logto.control("/reset", {"what": ["faults"]})
    eventually(lambda: agent.get(gateway.url("/")).status_code == 200, within=30, every=0.2)
    assert audit(gateway, "refresh-failed")


def test_a_provider_that_is_gone_ends_no_session(stage, logto, upstream):
    gateway = stage.gateway(logto, upstream)
    agent = expired(gateway, logto)
    logto.process.pause()
    logto.process.kill()
    assert agent.fetch(gateway.url("/")).status_code == 503
    assert agent.get(gateway.url("/")).status_code == 503
    assert gateway.cookie_name in agent.cookies(gateway.origin)


def test_invalid_grant_ends_the_session(stage, logto, upstream):
    gateway = stage.gateway(logto, upstream, redis_settings(stage.redis().url))
    agent = expired(gateway, logto)
    logto.control("/suspend", {"user": "alice"})
    assert agent.fetch(gateway.url("/")).status_code == 401
    assert agent.get(gateway.url("/")).status_code == 302
    assert session_of(gateway, agent) is None
    assert sum(logto.presented().values()) == 1
    assert audit(gateway, "revoked")


def test_a_refreshed_id_token_about_somebody_else_is_not_accepted(stage, logto, upstream):
    gateway = stage.gateway(logto, upstream)
    agent = expired(gateway, logto)
    logto.control("/mutate", {"grantType": "refresh_token", "n": 1, "claims": {"sub": "mallory00001"}})
    assert agent.fetch(gateway.url("/")).status_code == 503
    # Its refresh token was kept all the same: the next attempt presents that one.
    eventually(lambda: agent.fetch(gateway.url("/")).status_code == 200, within=30, every=0.5)
    assert sorted(logto.presented().values()) == [1, 1]
    assert session_of(gateway, agent)["sub"] == logto.subject


def test_an_unknown_key_of_a_refreshed_id_token_is_fetched(stage, logto, upstream):
    gateway = stage.gateway(logto, upstream)
    agent = expired(gateway, logto)
    logto.control("/rotate", {"alg": "EC", "mode": "now"})
    assert agent.fetch(gateway.url("/")).status_code == 200


def test_a_session_without_a_refresh_token_makes_one_silent_trip(stage, forger, upstream):
    forger.token_response = lambda grant: {
        name: value for name, value in type(forger).token_response(forger, grant).items() if name != "refresh_token"
    }
    try:
        gateway = stage.gateway(forger, upstream, {"session": {"revalidate_after": "2s"}})
        agent = sign_in(gateway, forger)
        assert agent.get(gateway.url("/")).status_code == 200
        pause(2.5)
        assert agent.fetch(gateway.url("/script")).status_code == 200, "a script goes on"
        page = agent.visit(gateway.url("/page?a=b"))
        assert page.status_code == 200 and page.address == gateway.url("/page?a=b") and len(page.steps) > 1
        assert agent.get(gateway.url("/")).status_code == 200, "one trip, not one for each page"
        pause(4.5)
        assert agent.fetch(gateway.url("/script")).status_code == 401, "not for ever"
    finally:
        del forger.token_response


def test_a_rolling_restart_amid_refreshes_signs_nobody_out(stage, logto, upstream):
    gateway = stage.gateway(logto, upstream, redis_settings(stage.redis().url))
    other, elsewhere = replica(stage, gateway, logto, upstream)
    expire_soon(logto, 3)
    agents = [sign_in(gateway, logto) for _ in range(4)]
    stopped = threading.Event()
    bad = []

    def browse(agent, places):
        """Like a browser behind a balancer: who is not reached is not asked twice."""
        while not stopped.is_set():
            for place in places:
                agent.elsewhere = place
                try:
                    status = agent.fetch(gateway.url("/")).status_code
                except OSError:
                    continue
                if status != 200:
                    bad.append(status)
            stopped.wait(0.1)

    threads = [threading.Thread(target=browse, args=(agent, [{}, elsewhere])) for agent in agents]
    for thread in threads:
        thread.start()
    for each in (gateway, other, gateway):
        pause(2)
        each.restart()
    pause(2)
    stopped.set()
    for thread in threads:
        thread.join()
    assert not bad
    assert set(logto.presented().values()) == {1}
