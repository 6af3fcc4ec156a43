"""A cluster of six nodes that is resharded, and loses a primary, under load."""

import time

import pytest

from harness import gateway as program
from harness.load import Load
from harness.operations import PATIENCE, grant, record
from harness.stage import session_of, sign_in
from harness.waiting import eventually


@pytest.fixture
def redis(stage):
    return stage.cluster()


@pytest.fixture
def gateway(stage, forger, upstream, redis):
    for server in redis.nodes:
        grant(server, "+cluster|slots", "+asking")
    settings = {
        "session": {"store": "redis", "keys": [program.run("key").stdout.strip()]},
        "redis": {"url": redis.url.replace("://", "://gatehouse:s3cret@")},
    }
    return stage.gateway(forger, upstream, settings)


@pytest.fixture
def agents(gateway, forger):
    return [sign_in(gateway, forger) for _ in range(40)]


@pytest.mark.timeout(300)
def test_resharding_and_the_loss_of_a_primary(gateway, agents, redis, forger):
    eventually(lambda: gateway.admin("/readyz").status_code == 200)
    assert redis.key_count() >= 40
    assert all(node.client().dbsize() for node in redis.primaries()), "sessions are spread over the nodes"
    with Load(gateway, agents) as load:
        eventually(load.is_well)
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
    redis = stage.cluster(certificates=certificates)
    settings = {
        "session": {"store": "redis", "keys": [program.run("key").stdout.strip()]},
        "redis": {"url": redis.tls_url, "ca_file": str(certificates.authority_file)},
    }
    gateway = stage.gateway(forger, upstream, settings)
    eventually(lambda: gateway.admin("/readyz").status_code == 200)
    for _ in range(3):
        assert session_of(gateway, sign_in(gateway, forger))
