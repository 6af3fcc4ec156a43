"""Holes that a review has found in refreshes, tokens for upstreams, logouts and live exchanges: each with its test."""

import hashlib
import hmac
import json
import threading
import time
from urllib.parse import urlencode

import pytest
import requests

from harness.raw_http import RawConnection, request
from harness.replicas import redis_settings
from harness.stage import session_of, sign_in
from harness.user_agent import UserAgent
from harness.waiting import eventually, pause

API = "https://api.example.com"
WEBHOOK_KEY = "webhook-signing-key"
ADMIN_TOKEN = "an-admin-token-of-some-length"


def on_refresh(forger, reply):
    """Lets `reply(handler, form)` answer whoever presents a refresh token."""
    honest = forger.answer

    def answer(handler, path, query, form):
        if path == "/token" and form.get("grant_type") == "refresh_token":
            reply(handler, form)
        else:
            honest(handler, path, query, form)

    forger.answer = answer


def tokens_of(forger, seconds):
    """Those of a sign-in live for so long."""

    def token_response(grant):
        return type(forger).token_response(forger, grant) | {"expires_in": seconds}

    forger.token_response = token_response


def fresh(number=0):
    return {"access_token": f"new-{number}", "token_type": "Bearer", "expires_in": 600, "refresh_token": f"r-{number}"}


def webhook(gateway, event, **more):
    body = json.dumps({"event": event, **more}).encode()
    signature = hmac.new(WEBHOOK_KEY.encode(), body, hashlib.sha256).hexdigest()
    fields = {"Content-Type": "application/json", "logto-signature-sha-256": signature}
    answer = requests.post(gateway.own("webhook"), data=body, headers=fields, timeout=10)
    assert answer.status_code in (200, 204), answer.text


def page_token(gateway, agent, **query):
    url = gateway.own("token") + "?" + urlencode(query)
    return agent.fetch(url, headers={"Sec-Fetch-Site": "same-origin"})


# A store that stalls


def test_a_stall_of_redis_loses_no_refresh_token(stage, upstream):
    """A note whose writing was carried out and not answered: the token was never presented, and is as good as before."""
    redis, forger = stage.redis(), stage.forger()
    tokens_of(forger, 8)
    presented = []
    on_refresh(forger, lambda handler, form: (presented.append(1), handler.reply(200, fresh())))
    settings = redis_settings(redis.url, command_timeout="50ms") | {"server": {"workers": 1}}
    gateway = stage.gateway(forger, upstream, settings)
    agent = sign_in(gateway, forger)
    pause(8.2)
    assert session_of(gateway, agent), "known, so that Redis is asked for nothing but the note"
    stall = threading.Thread(target=lambda: redis.client().execute_command("DEBUG", "SLEEP", "0.6"))
    stall.start()
    pause(0.1)
    assert agent.fetch(gateway.url("/")).status_code == 503
    stall.join()
    # Longer than a note of a dead holder is waited for, and than the provider lets a token be presented again.
    pause(4)
    eventually(lambda: agent.fetch(gateway.url("/")).status_code == 200, within=15)
    assert presented == [1]


def test_a_redis_that_takes_no_writes_lets_go_of_sessions(stage, upstream):
    redis, forger = stage.redis(lines=["maxmemory-policy noeviction"]), stage.forger()
    settings = redis_settings(redis.url) | {"admin": {"token": ADMIN_TOKEN}}
    gateway = stage.gateway(forger, upstream, settings)
    agent = sign_in(gateway, forger)
    redis.client().config_set("maxmemory", 1)
    answer = requests.post(
        f"http://127.0.0.1:{gateway.admin_port}/sessions/revoke?user=alice",
        headers={"Authorization": f"Bearer {ADMIN_TOKEN}"},
        timeout=10,
    )
    assert answer.status_code == 503, "what was just being saved may have slipped through"
    eventually(lambda: agent.fetch(gateway.url("/")).status_code == 401)


def test_strangers_leave_nothing_in_redis(stage, upstream):
    redis, forger = stage.redis(), stage.forger()
    gateway = stage.gateway(forger, upstream, redis_settings(redis.url))
    before = redis.client().dbsize()
    for number in range(50):
        query = {"iss": forger.issuer, "sid": f"nobody-{number}"}
        answer = requests.get(gateway.own("frontchannel-logout"), params=query, timeout=10)
        assert answer.status_code == 200
    assert redis.client().dbsize() == before


# Logout


def test_a_logout_between_code_and_callback_ends_the_sign_in(stage, upstream):
    logto = stage.stand_in()
    gateway = stage.gateway(logto, upstream)
    logto.tell_of_logouts(gateway)
    agent = UserAgent()
    challenge = agent.get(gateway.url("/page"))
    pause(1.1)
    callback = logto.authenticate(agent, agent.location(challenge))
    agent.submit(agent.get(f"{logto.base}/oidc/session/end?client_id={logto.client_id}"), logout="yes")
    assert logto.control("/events?event=backchannel_logout")
    answer = agent.get(callback)
    assert answer.status_code in (302, 303) and "/oidc/auth?" in answer.headers["Location"], "it starts over"
    assert session_of(gateway, agent) is None


# Tokens for upstreams


def with_tokens(stage, forger, upstream, *routes, **settings):
    everything = [{"path": "/", "upstream": upstream.url}, *({"upstream": upstream.url, **route} for route in routes)]
    return stage.gateway(forger, upstream, {"route": everything, **settings})


@pytest.mark.parametrize("store", ["memory", "redis"])
def test_an_access_token_that_lasts_is_given_while_another_worker_refreshes(stage, upstream, store):
    forger = stage.forger()
    tokens_of(forger, 12)
    on_refresh(forger, lambda handler, form: (pause(1.5), handler.reply(200, fresh())))
    settings = {"server": {"workers": 2}} | (redis_settings(stage.redis().url) if store == "redis" else {})
    gateway = with_tokens(stage, forger, upstream, {"path": "/access", "token": "access"}, **settings)
    agent = sign_in(gateway, forger)
    pause(9.5)
    statuses = []

    def ask(path):
        statuses.append(agent.copy().fetch(gateway.url(path)).status_code)

    for path in ["/x"] * 6 + ["/access/x"] * 10:
        thread = threading.Thread(target=ask, args=(path,))
        thread.start()
        pause(0.02)
    eventually(lambda: len(statuses) == 16)
    assert set(statuses) == {200}


def test_an_access_token_that_lasts_is_given_while_the_provider_is_down(stage, upstream):
    forger = stage.forger()
    tokens_of(forger, 12)
    on_refresh(forger, lambda handler, form: handler.reply(503, {"error": "temporarily_unavailable"}))
    gateway = with_tokens(stage, forger, upstream, {"path": "/access", "token": "access"})
    agent = sign_in(gateway, forger)
    pause(9.5)
    assert [agent.fetch(gateway.url(path)).status_code for path in ("/x", "/access/x", "/access/x")] == [200] * 3


def test_organizations_that_only_look_the_same_are_two(stage, upstream):
    forger = stage.forger()
    names = ["caf\u00e9", "cafe\u0301"]
    forger.claims["organizations"] = names

    def reply(handler, form):
        token = "for-" + form["organization_id"].encode().hex()
        handler.reply(200, {"access_token": token, "token_type": "Bearer", "expires_in": 600})

    on_refresh(forger, reply)
    gateway = with_tokens(stage, forger, upstream, session={"organization_tokens": True})
    agent = sign_in(gateway, forger)
    for name in names:
        assert page_token(gateway, agent, organization_id=name).json()["access_token"] == "for-" + name.encode().hex()


@pytest.mark.parametrize(
    "status, code, found",
    [(401, "invalid_client", 503), (400, "temporarily_unavailable", 503), (403, "access_denied", 403),
     (400, "invalid_target", 403)],
)
def test_only_a_refusal_is_a_refusal(stage, upstream, status, code, found):
    forger = stage.forger()
    asked = []
    on_refresh(forger, lambda handler, form: (asked.append(1), handler.reply(status, {"error": code})))
    gateway = with_tokens(stage, forger, upstream, {"path": "/api", "token": {"resource": API}})
    agent = sign_in(gateway, forger)
    assert [agent.fetch(gateway.url("/api/x")).status_code for _ in range(4)] == [found] * 4
    assert len(asked) == 4 if found == 403 else len(asked) < 4, "who has just failed is not asked again at once"


def test_a_grant_that_is_over_ends_the_session_whoever_learns_of_it(stage, upstream):
    forger = stage.forger()
    asked = []
    on_refresh(forger, lambda handler, form: (asked.append(1), handler.reply(400, {"error": "invalid_grant"})))
    gateway = with_tokens(stage, forger, upstream, {"path": "/api", "token": {"resource": API}})
    agent = sign_in(gateway, forger)
    assert agent.fetch(gateway.url("/api/x")).status_code == 401
    assert agent.get(gateway.url("/page")).status_code == 302, "to a new sign-in"
    assert session_of(gateway, agent) is None
    assert len(asked) == 2, "once for the token, once for the session"


def test_a_page_gets_no_token_of_a_session_that_is_over(stage, upstream):
    forger = stage.forger()
    answers = [(200, {"access_token": "kept", "token_type": "Bearer", "expires_in": 3600})]
    on_refresh(forger, lambda handler, form: handler.reply(*answers[-1]))
    gateway = with_tokens(
        stage, forger, upstream, provider={"webhook_key": WEBHOOK_KEY}, session={"token_resources": [API]}
    )
    agent = sign_in(gateway, forger)
    assert page_token(gateway, agent, resource=API).status_code == 200
    answers.append((400, {"error": "invalid_grant"}))
    webhook(gateway, "User.Data.Updated", data={"id": "alice"})
    assert page_token(gateway, agent, resource=API).status_code == 401
    assert session_of(gateway, agent) is None


def test_a_record_grows_no_further(stage, upstream):
    redis, forger = stage.redis(), stage.forger()
    forger.claims["organizations"] = [f"o{number}" for number in range(60)]
    token = {"access_token": "t" * 2000, "token_type": "Bearer", "expires_in": 3600}
    on_refresh(forger, lambda handler, form: handler.reply(200, token))
    settings = redis_settings(redis.url)
    settings["session"]["organization_tokens"] = True
    gateway = with_tokens(stage, forger, upstream, **settings)
    agent = sign_in(gateway, forger)
    for number in range(60):
        assert page_token(gateway, agent, organization_id=f"o{number}").status_code == 200
    assert sum(redis.client().strlen(key) for key in redis.client().keys("*session:*")) < 50_000


# Marks


def test_a_change_amid_a_refresh_is_read_by_the_next(stage, upstream):
    forger = stage.forger()
    tokens_of(forger, 2)
    forger.claims["roles"] = ["reader", "writer"]
    on_refresh(forger, lambda handler, form: handler.reply(200, fresh()))
    gateway = stage.gateway(forger, upstream, {"provider": {"webhook_key": WEBHOOK_KEY}})
    agent = sign_in(gateway, forger)
    pause(2.2)
    asked, go_on = threading.Event(), threading.Event()
    before = {"sub": "alice", **forger.profile, "roles": ["reader", "writer"]}

    def me(handler):
        asked.set()
        go_on.wait(10)
        handler.reply(200, before)

    forger.on("/me", me)
    slow = threading.Thread(target=lambda: agent.copy().fetch(gateway.url("/one")))
    slow.start()
    assert asked.wait(10)
    webhook(gateway, "Organization.Membership.Updated", removedUserIds=["alice"], addedUserIds=[])
    go_on.set()
    slow.join()
    forger.on("/me", lambda handler: handler.reply(200, {**before, "roles": ["reader"]}))
    assert agent.fetch(gateway.url("/two")).status_code == 200
    assert upstream.last("/two").header("X-Forwarded-Groups") == "reader"


# Live exchanges


def test_what_comes_after_on_the_connection_is_not_cut_with_what_lost_its_role(stage, upstream):
    logto = stage.stand_in()
    go_on = threading.Event()
    begin = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"

    def until_told(served, _):
        served.send(begin)
        go_on.wait(15)
        served.send("0\r\n\r\n")

    def for_long(served, _):
        served.send(begin)
        for _ in range(16):
            pause(0.25)
            served.send("1\r\nx\r\n")
        served.send("0\r\n\r\n")

    upstream.on("/write/a", until_told)
    upstream.on("/chat/b", for_long)
    routes = [
        {"path": "/", "upstream": upstream.url},
        {"path": "/write", "upstream": upstream.url, "require": {"roles": ["writer"]}},
        {"path": "/chat", "upstream": upstream.url},
    ]
    gateway = stage.gateway(logto, upstream, {"route": routes, "session": {"live_grace": "2s"}})
    logto.control("/knobs", {"accessTokenTtl": 2, "idTokenTtl": 2})
    agent = sign_in(gateway, logto)
    logto.control("/knobs", {"accessTokenTtl": 3600, "idTokenTtl": 3600})
    cookie, host = "Cookie: " + agent.cookie_header(gateway.url("/")), f"127.0.0.1:{gateway.port}"
    with RawConnection(gateway.port, timeout=20) as connection:
        connection.send(request("/write/a", host, cookie))
        connection.until(b"first")
        pause(2.5)
        logto.control("/roles", {"user": "alice", "roles": ["reader"]})
        assert agent.fetch(gateway.url("/refresh")).status_code == 200
        go_on.set()
        connection.until(b"0\r\n\r\n")
        began = time.monotonic()
        connection.send(request("/chat/b", host, cookie))
        connection.until(b"\r\n0\r\n\r\n")
        assert time.monotonic() - began > 3, "longer than the grace"
