"""Sentinels replace the primary under load: no session is lost, nobody is signed out."""

import time

import pytest

from harness import gateway as program
from harness.load import Load
from harness.operations import PATIENCE, grant, record
from harness.stage import session_of, sign_in
from harness.waiting import eventually


# The default: how soon all is well again depends on it.
DEADLINE = "50ms"


@pytest.fixture
def redis(stage):
    return stage.sentinels()


@pytest.fixture
def gateway(stage, forger, upstream, redis):
    for server in redis.servers:
        grant(server, "+role")
    settings = {
        "session": {"store": "redis", "keys": [program.run("key").stdout.strip()]},
        "redis": {"url": redis.url.replace("://", "://gatehouse:s3cret@"), "command_timeout": DEADLINE},
    }
    return stage.gateway(forger, upstream, settings)


@pytest.fixture
def agents(gateway, forger, redis):
    agents = [eventually(lambda: sign_in(gateway, forger)) for _ in range(10)]
    # The replicas have every session: what a failover loses before that is Redis' own promise, not ours.
    eventually(lambda: redis.primary().client().execute_command("WAIT", 2, 1000) == 2, within=PATIENCE)
    return agents


def fail_over(gateway, agents, redis, forger, how):
    """Seconds from the moment that there is a new primary until every request is served."""
    primary = redis.primary()
    with Load(gateway, agents) as load:
        eventually(load.is_well)
        how(primary)
        redis.wait_for_another_than(primary)
        replaced = time.monotonic()
        eventually(load.is_well, within=PATIENCE)
        load.assert_nobody_was_signed_out()
        seconds = load.trouble(replaced)
    for agent in agents:
        assert eventually(lambda: session_of(gateway, agent))
    assert eventually(lambda: session_of(gateway, sign_in(gateway, forger)))
    # The cache listens to the new primary.
    eventually(lambda: "gatehouse_session_caches_current 0" not in gateway.admin("/metrics").text)
    assert "NOPERM" not in gateway.process.output
    return seconds


UNTIL_ELECTED = "503 with `Retry-After` until the Sentinels have elected another; no session lost"


def test_the_primary_is_killed(gateway, agents, redis, forger):
    seconds = fail_over(gateway, agents, redis, forger, lambda primary: primary.kill())
    record("Sentinel: the primary is killed", UNTIL_ELECTED, seconds)


def test_the_primary_is_frozen(gateway, agents, redis, forger):
    frozen = redis.primary()
    seconds = fail_over(gateway, agents, redis, forger, lambda primary: primary.pause())
    frozen.resume()
    # The old primary comes back as what it was: whoever listened to it would lose what is written elsewhere.
    eventually(lambda: session_of(gateway, sign_in(gateway, forger)))
    record("Sentinel: the primary is frozen (kill -STOP)", UNTIL_ELECTED, seconds)


def test_an_operator_moves_the_primary(gateway, agents, redis, forger):
    seconds = fail_over(gateway, agents, redis, forger, lambda primary: redis.fail_over())
    record("Sentinel: an operator orders a failover", "503 for a moment; no session lost", seconds)


def test_a_sentinel_that_is_gone_and_one_that_is_frozen_are_not_missed(stage, gateway, agents, redis, forger):
    redis.sentinels[0].process.kill()
    gateway.restart()
    for agent in agents:
        assert eventually(lambda: session_of(gateway, agent))
    redis.sentinels[1].process.pause()
    gateway.restart()
    eventually(lambda: gateway.admin("/readyz").status_code == 200)
    redis.sentinels[1].process.resume()


def test_a_name_that_the_sentinels_do_not_know_is_said(stage, forger, upstream, redis):
    settings = {
        "session": {"store": "redis", "keys": [program.run("key").stdout.strip()]},
        "redis": {"url": redis.url.replace("mymaster", "nobody")},
    }
    gateway = stage.gateway(forger, upstream, settings)
    assert gateway.admin("/readyz").status_code == 503
    assert "No such master" in gateway.process.output


def test_all_of_it_with_tls(stage, forger, upstream):
    certificates = stage.certificates()
    redis = stage.sentinels(certificates=certificates)
    settings = {
        "session": {"store": "redis", "keys": [program.run("key").stdout.strip()]},
        "redis": {"url": redis.tls_url, "ca_file": str(certificates.authority_file)},
    }
    gateway = stage.gateway(forger, upstream, settings)
    eventually(lambda: gateway.admin("/readyz").status_code == 200)
    for _ in range(3):
        assert session_of(gateway, sign_in(gateway, forger))
