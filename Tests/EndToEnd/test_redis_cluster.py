"""A cluster of six nodes that is resharded, and loses a primary, under load."""

import time

import pytest

from harness.load import Load, steady_load
from harness.operations import PATIENCE, grant, record
from harness.replicas import assert_serves_over_tls, redis_settings, replica
from harness.stage import session_of, sign_in
from harness.waiting import eventually


@pytest.fixture
def redis(stage):
    return stage.cluster()


@pytest.fixture
def gateway(stage, forger, upstream, redis):
    for server in redis.nodes:
        grant(server, "+cluster|slots", "+asking")
    return stage.gateway(forger, upstream, redis_settings(redis.url.replace("://", "://gatehouse:s3cret@")))


@pytest.fixture
def agents(gateway, forger):
    return [sign_in(gateway, forger) for _ in range(40)]


@pytest.mark.timeout(300)
def test_resharding_and_the_loss_of_a_primary(gateway, agents, redis, forger):
    eventually(lambda: gateway.admin("/readyz").status_code == 200)
    assert redis.key_count() >= 40
    assert all(node.client().dbsize() for node in redis.primaries()), "sessions are spread over the nodes"
    with steady_load(gateway, agents) as load:
        one, other, _ = redis.primaries()
        began = time.monotonic()
        redis.reshard(one, other, 2000)
        redis.reshard(other, one, 2000)
        eventually(load.is_well)
        load.assert_nobody_was_signed_out()
        assert load.statuses[503] == 0, load.statuses
        record("Cluster: 4,000 slots are resharded", "nothing", load.trouble(began))
        victim = one
        # Its replica has every session: what a failover loses before that is Redis' own promise, not ours.
        eventually(lambda: victim.client().execute_command("WAIT", 1, 1000) == 1, within=PATIENCE)
        victim.kill()
        eventually(lambda: len(redis.primaries()) == 3 and redis.is_whole(), within=PATIENCE)
        replaced = time.monotonic()
        eventually(load.is_well, within=PATIENCE)
        load.assert_nobody_was_signed_out()
        seconds = load.trouble(replaced)
    for agent in agents:
        assert session_of(gateway, agent)
    assert session_of(gateway, sign_in(gateway, forger))
    record(
        "Cluster: a primary is killed",
        "503 for sessions of its slots until the cluster has replaced it; no session lost",
        seconds,
    )
    assert "NOPERM" not in gateway.process.output
    assert "gatehouse_session_caches_current 0" in gateway.admin("/metrics").text


def test_all_of_it_with_tls(stage, forger, upstream):
    certificates = stage.certificates()
    assert_serves_over_tls(stage, forger, upstream, stage.cluster(certificates=certificates), certificates)


def test_refreshes_amid_resharding_present_each_token_once(stage, upstream, redis):
    logto = stage.stand_in()
    # Whoever presents a token twice loses the whole grant.
    logto.control("/knobs", {"rotation": "always", "reuseLeewayS": 0, "accessTokenTtl": 3, "idTokenTtl": 3})
    settings = redis_settings(redis.url)
    gateway = stage.gateway(logto, upstream, settings)
    other, _ = replica(stage, gateway, logto, upstream)
    agents = [sign_in(gateway, logto) for _ in range(10)]
    with Load(gateway, agents) as here, Load(gateway, agents, port=other.port) as there:
        eventually(lambda: here.is_well() and there.is_well() and len(logto.presented()) >= 10)
        one, another, _ = redis.primaries()
        redis.reshard(one, another, 1000)
        redis.reshard(another, one, 1000)
        seen = len(logto.presented())
        eventually(lambda: here.is_well() and there.is_well() and len(logto.presented()) >= seen + 10)
    assert set(here.statuses) | set(there.statuses) == {200}
    assert set(logto.presented().values()) == {1}
