"""Sessions: in memory and in Redis, over restarts, replicas and key rotations, until their time is up."""

import re

import pytest

from harness.replicas import fresh_key, redis_settings, replica
from harness.stage import session_of, sign_in
from harness.user_agent import UserAgent
from harness.waiting import eventually, pause


@pytest.fixture(params=["memory", "tcp", "unix socket", "tls", "password", "user"])
def store(request, stage):
    """Settings for each way to keep sessions."""
    match request.param:
        case "memory":
            return {}
        case "tcp":
            return redis_settings(stage.redis().url)
        case "unix socket":
            return redis_settings(stage.redis().unix_url)
        case "tls":
            certificates = stage.certificates()
            server = stage.redis(certificates=certificates)
            return redis_settings(server.tls_url, ca_file=certificates.authority_file)
        case "password":
            return redis_settings(stage.redis(password="p@ss:w/rd").url, password="p@ss:w/rd")
        case "user":
            acl = ["gatehouse on >s3cret ~gatehouse:* +@read +@write +@connection +@scripting +@transaction"]
            server = stage.redis(password="admin", acl=acl)
            return redis_settings(server.url, user="gatehouse", password="s3cret")


def test_a_session_lives_in_every_store_and_ends_with_its_sign_out(stage, forger, upstream, store):
    gateway = stage.gateway(forger, upstream, store)
    assert gateway.admin("/readyz").status_code == 200
    agent = sign_in(gateway, forger, "/x")
    thief = agent.copy()
    for _ in range(5):
        assert agent.get(gateway.url("/again")).status_code == 200
    assert session_of(gateway, agent)["sub"] == "alice"
    assert agent.submit(agent.get(gateway.own("sign-out"))).status_code == 303
    assert thief.get(gateway.url("/x")).status_code == 302


def test_in_memory_sessions_end_with_the_process_and_this_is_said_at_the_start(stage, forger, upstream):
    gateway = stage.gateway(forger, upstream)
    assert any("memory" in str(line).lower() for line in gateway.log)
    agent = sign_in(gateway, forger)
    gateway.restart()
    assert agent.get(gateway.url("/")).status_code == 302


def test_in_redis_sessions_survive_a_restart(stage, forger, upstream):
    gateway = stage.gateway(forger, upstream, redis_settings(stage.redis().url))
    agent = sign_in(gateway, forger)
    gateway.restart()
    assert agent.get(gateway.url("/")).status_code == 200


def test_replicas_share_sessions_and_sign_outs(stage, forger, upstream):
    gateway = stage.gateway(forger, upstream, redis_settings(stage.redis().url))
    other, elsewhere = replica(stage, gateway, forger, upstream)
    agent = sign_in(gateway, forger)
    there = UserAgent(elsewhere)
    there.jar = agent.jar
    assert there.get(other.url("/")).status_code == 200
    assert agent.submit(agent.get(gateway.own("sign-out"))).status_code == 303
    there.jar = sign_in(gateway, forger).jar
    thief = there.copy()
    assert there.submit(there.get(other.own("sign-out"))).status_code == 303
    eventually(lambda: thief.get(gateway.url("/")).status_code == 302, within=1)


def test_a_sign_in_that_starts_at_one_replica_ends_at_another(stage, forger, upstream):
    gateway = stage.gateway(forger, upstream, redis_settings(stage.redis().url))
    other, elsewhere = replica(stage, gateway, forger, upstream)
    agent = UserAgent()
    callback = forger.authenticate(agent, agent.location(agent.get(gateway.url("/half"))))
    agent.elsewhere = elsewhere
    assert agent.visit(callback).address == gateway.url("/half")
    assert session_of(other, agent)


def test_one_callback_is_good_at_one_replica_only(stage, forger, upstream):
    gateway = stage.gateway(forger, upstream, redis_settings(stage.redis().url))
    _, elsewhere = replica(stage, gateway, forger, upstream)
    agent = UserAgent()
    callback = forger.authenticate(agent, agent.location(agent.get(gateway.url("/"))))
    thief = agent.copy()
    thief.elsewhere = elsewhere
    assert agent.get(callback).status_code == 303
    before = forger.count("/token")
    thief.get(callback)
    assert forger.count("/token") == before
    assert session_of(gateway, thief) is None


def test_rotating_the_keys_signs_nobody_out(stage, forger, upstream):
    old, new = fresh_key(), fresh_key()
    settings = redis_settings(stage.redis().url)
    gateway = stage.gateway(forger, upstream, settings | {"session": {"store": "redis", "keys": [old]}})
    early = sign_in(gateway, forger)
    gateway.restart({"session": {"keys": [new, old]}})
    assert session_of(gateway, early)
    late = sign_in(gateway, forger)
    gateway.restart({"session": {"keys": [new]}})
    assert session_of(gateway, late)


def test_rotating_the_keys_breaks_no_sign_in_under_way(stage, forger, upstream):
    old, new = fresh_key(), fresh_key()
    settings = redis_settings(stage.redis().url)
    gateway = stage.gateway(forger, upstream, settings | {"session": {"store": "redis", "keys": [old]}})
    agent = UserAgent()
    callback = forger.authenticate(agent, agent.location(agent.get(gateway.url("/slow-user"))))
    gateway.restart({"session": {"keys": [new, old]}})
    assert agent.visit(callback).address == gateway.url("/slow-user")


def test_keys_from_a_file_are_as_good(stage, forger, upstream, tmp_path):
    file = tmp_path / "keys"
    file.write_text(fresh_key() + "\n" + fresh_key() + "\n")
    session = {"store": "redis", "keys_file": file}
    gateway = stage.gateway(forger, upstream, {"session": session, "redis": {"url": stage.redis().url}})
    assert session_of(gateway, sign_in(gateway, forger))


def test_a_dump_of_redis_is_useless(stage, forger, upstream):
    server = stage.redis()
    gateway = stage.gateway(forger, upstream, redis_settings(server.url, key_prefix="mine:"))
    agent = sign_in(gateway, forger)
    ticket = agent.cookies(gateway.origin)["gatehouse"].value
    dump = server.everything()
    assert dump
    for key, value in dump.items():
        assert key.startswith(b"mine:")
        assert server.client().ttl(key) > 0, f"{key} would stay for ever"
        for secret in (ticket[:43], ticket[43:], "alice", "Alice", "eyJ", forger.client_secret):
            assert secret.encode() not in key + b" " + value
    assert not any(re.search(rb"eyJ|alice", value) for value in dump.values())


def test_signing_out_leaves_nothing_of_the_session_in_redis(stage, forger, upstream):
    server = stage.redis()
    gateway = stage.gateway(forger, upstream, redis_settings(server.url))
    agent = sign_in(gateway, forger)
    largest = max(server.everything().values(), key=len)
    agent.submit(agent.get(gateway.own("sign-out")))
    eventually(lambda: largest not in server.everything().values())


@pytest.mark.parametrize("store_kind", ["memory", "redis"])
def test_a_session_without_requests_ends_after_its_idle_time_and_one_in_use_does_not(
    stage, forger, upstream, store_kind
):
    settings = redis_settings(stage.redis().url) if store_kind == "redis" else {"session": {}}
    settings["session"] |= {"idle": "4s", "lifetime": "1h"}
    gateway = stage.gateway(forger, upstream, settings)
    busy, idle = sign_in(gateway, forger), sign_in(gateway, forger)
    for _ in range(12):
        assert busy.get(gateway.url("/")).status_code == 200
        pause(0.5)
    assert idle.get(gateway.url("/")).status_code == 302
    assert busy.get(gateway.url("/")).status_code == 200


@pytest.mark.parametrize("store_kind", ["memory", "redis"])
def test_a_session_ends_with_its_lifetime_however_busy_it_is(stage, forger, upstream, store_kind):
    settings = redis_settings(stage.redis().url) if store_kind == "redis" else {"session": {}}
    settings["session"] |= {"idle": "3s", "lifetime": "3s"}
    gateway = stage.gateway(forger, upstream, settings)
    agent = sign_in(gateway, forger)
    eventually(lambda: agent.get(gateway.url("/")).status_code == 302, every=0.2)


def test_the_memory_store_is_bounded_and_the_longest_idle_goes_first(stage, forger, upstream):
    gateway = stage.gateway(forger, upstream, {"session": {"max_in_memory": 3}})
    agents = [sign_in(gateway, forger) for _ in range(3)]
    assert session_of(gateway, agents[0])
    agents.append(sign_in(gateway, forger))
    alive = [session_of(gateway, agent) is not None for agent in agents]
    assert alive[3] and alive[0] and sum(alive) == 3


@pytest.mark.parametrize(
    "cookie",
    ["", "x", "A" * 85, "A" * 87, "A" * 86, "A" * 85 + "=", "\u00e9" * 43, "A" * 5000, "%00", '"' + "A" * 86 + '"'],
)
def test_a_cookie_that_is_none_of_ours_is_a_stranger_and_no_error(gateway, cookie):
    answer = UserAgent().get(gateway.url("/"), headers={"Cookie": f"gatehouse={cookie}".encode()})
    assert answer.status_code == 302


def test_a_changed_cookie_opens_nothing(gateway, alice):
    ticket = alice.cookies(gateway.origin)["gatehouse"].value
    for position in (0, 20, 42, 43, 60, 84):
        changed = ticket[:position] + ("A" if ticket[position] != "A" else "B") + ticket[position + 1 :]
        answer = UserAgent().get(gateway.url("/"), headers={"Cookie": f"gatehouse={changed}"})
        assert answer.status_code in (302, 503), position
        assert "Set-Cookie" not in answer.headers or "gatehouse_tx_" in answer.headers["Set-Cookie"]


def test_a_renamed_cookie_keeps_its_guards(stage, forger, upstream):
    gateway = stage.gateway(forger, upstream, {"cookie": {"name": "portal", "same_site": "strict"}})
    agent = sign_in(gateway, forger)
    cookie = agent.cookies(gateway.origin)["portal"]
    assert cookie.same_site == "strict" and cookie.http_only
    assert session_of(gateway, agent)
