"""Logouts and webhooks that come while Redis fails, or for more people than anybody expects. Logto sends each once."""

import hashlib
import hmac
import json
import time

import pytest
import requests

from harness.operations import record
from harness.replicas import redis_settings
from harness.stage import session_of, sign_in
from harness.waiting import eventually

KEY = "webhook-signing-key"


@pytest.fixture
def logto(stage):
    return stage.stand_in()


@pytest.fixture
def redis(stage):
    return stage.redis(lines=["maxmemory-policy noeviction"])


@pytest.fixture
def gateway(stage, logto, upstream, redis):
    settings = redis_settings(redis.url, command_timeout="50ms") | {"provider": {"webhook_key": KEY}}
    return stage.gateway(logto, upstream, settings)


@pytest.fixture
def agent(gateway, logto):
    return eventually(lambda: sign_in(gateway, logto))


def logout_token(logto):
    members = {"kind": "logout_token", "client": logto.client_id, "user": "alice"}
    return logto.control("/mint", members)["token"]


def deliver(gateway, token):
    return requests.post(gateway.own("backchannel-logout"), data={"logout_token": token}, timeout=10)


def is_out(gateway, agent):
    return agent.fetch(gateway.own("session")).status_code == 401


def test_a_logout_that_comes_while_redis_stalls_is_carried_out(gateway, logto, agent, redis):
    """The claim on its token is carried out, and its answer is lost: that claim is our own."""
    token = logout_token(logto)
    redis.pause()
    assert deliver(gateway, token).status_code == 503
    redis.resume()
    began = time.monotonic()
    eventually(lambda: is_out(gateway, agent), within=10)
    seconds = time.monotonic() - began
    assert deliver(gateway, token).status_code == 400, "it has been used"
    record("A logout of the provider's comes while Redis is frozen", "signed out when Redis is back", seconds)


def test_a_logout_whose_sessions_cannot_be_found_just_now_is_carried_out(gateway, logto, agent, redis):
    token = logout_token(logto)
    redis.client().execute_command("ACL", "SETUSER", "default", "-zrangebyscore")
    assert deliver(gateway, token).status_code == 503
    redis.client().execute_command("ACL", "SETUSER", "default", "+@all")
    eventually(lambda: is_out(gateway, agent), within=10)


def test_a_logout_ends_sessions_in_a_redis_that_is_full(gateway, logto, agent, redis):
    redis.client().config_set("maxmemory", 1)
    assert deliver(gateway, logout_token(logto)).status_code == 503, "what was just being saved may have slipped through"
    eventually(lambda: is_out(gateway, agent))
    record("A logout of the provider's comes while Redis is full (OOM)", "signed out; the provider is told 503", 0)


def test_the_operator_ends_all_sessions_in_a_redis_that_is_full(stage, forger, upstream, redis):
    token = "an-admin-token-of-some-length"
    gateway = stage.gateway(forger, upstream, redis_settings(redis.url) | {"admin": {"token": token}})
    agents = [sign_in(gateway, forger) for _ in range(5)]
    redis.client().config_set("maxmemory", 1)
    answer = requests.post(
        f"http://127.0.0.1:{gateway.admin_port}/sessions/revoke?all=true",
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )
    assert answer.status_code == 503
    eventually(lambda: all(is_out(gateway, agent) for agent in agents))


def webhook(gateway, event, **members):
    body = json.dumps({"event": event} | members).encode()
    signature = hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()
    fields = {"Content-Type": "application/json", "logto-signature-sha-256": signature}
    return requests.post(gateway.own("webhook"), data=body, headers=fields, timeout=60)


def test_a_webhook_that_comes_while_redis_fails_is_refused_and_made_up_for_later(gateway, logto, agent, redis):
    redis.pause()
    answer = webhook(gateway, "User.Deleted", params={"userId": logto.subject})
    assert answer.status_code == 503
    redis.resume()
    eventually(lambda: session_of(gateway, agent))
    record("A webhook comes while Redis is frozen", "nothing until the next refresh; Logto is told 503", 0)


@pytest.mark.parametrize("store", ["memory", "redis"])
def test_a_webhook_may_name_ten_thousand_people(stage, logto, upstream, store, redis):
    settings = redis_settings(redis.url, command_timeout="10s") if store == "redis" else {}
    gateway = stage.gateway(logto, upstream, settings | {"provider": {"webhook_key": KEY}})
    agent = sign_in(gateway, logto)
    before = len(logto.requests("/oidc/token"))
    people = [f"u{number:011d}" for number in range(9_999)] + [logto.subject]
    assert webhook(gateway, "Organization.Membership.Updated", addedUserIds=people).status_code == 204
    assert agent.fetch(gateway.url("/")).status_code == 200
    assert len(logto.requests("/oidc/token")) == before + 1, "the last one's claims have been read anew"
    answer = webhook(gateway, "Organization.Membership.Updated", addedUserIds=["one too many", *people])
    assert answer.status_code == 413
    eventually(lambda: any("names more people" in line.get("message", "") for line in gateway.log))
    assert gateway.is_alive
