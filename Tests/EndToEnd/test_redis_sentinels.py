"""Sentinels replace the primary under load: no session is lost, nobody is signed out."""

import time

import pytest

from harness import gateway as program
from harness.load import Load, steady_load
from harness.operations import PATIENCE, SENTINEL_ACL, grant, record
from harness.replicas import assert_serves_over_tls, redis_settings
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
    url = redis.url.replace("://", "://gatehouse:s3cret@")
    return stage.gateway(forger, upstream, redis_settings(url, command_timeout=DEADLINE))


@pytest.fixture
def agents(gateway, forger, redis):
    agents = [eventually(lambda: sign_in(gateway, forger)) for _ in range(10)]
    # The replicas have every session: what a failover loses before that is Redis' own promise, not ours.
    eventually(lambda: redis.primary().client().execute_command("WAIT", 2, 1000) == 2, within=PATIENCE)
    return agents


def fail_over(gateway, agents, redis, forger, how):
    """Seconds from the moment that there is a new primary until every request is served."""
    primary = redis.primary()
    with steady_load(gateway, agents) as load:
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
    gateway = stage.gateway(forger, upstream, redis_settings(redis.url.replace("mymaster", "nobody")))
    assert gateway.admin("/readyz").status_code == 503
    assert "No such master" in gateway.process.output


def test_all_of_it_with_tls(stage, forger, upstream):
    certificates = stage.certificates()
    assert_serves_over_tls(stage, forger, upstream, stage.sentinels(certificates=certificates), certificates)


@pytest.fixture
def guarded(stage):
    """Sentinels that know a user who may ask for the primary, and nothing else."""
    return stage.sentinels(password="admin", acl=[" ".join(["gatehouse", "on", ">asks", *SENTINEL_ACL])])


def guarded_settings(redis, **more):
    ours = {"sentinel_user": "gatehouse", "sentinel_password": "asks"} | more
    return redis_settings(redis.url, **{name: value for name, value in ours.items() if value})


def test_sentinels_that_ask_who_we_are(stage, guarded, forger, upstream):
    """The rule that deploy/guides/operations.md gives, and a failover with it."""
    guide = (program._REPOSITORY / "deploy" / "guides" / "operations.md").read_text()
    assert " ".join(["user gatehouse on >PASSWORD", *SENTINEL_ACL]) in guide
    gateway = stage.gateway(forger, upstream, guarded_settings(guarded))
    eventually(lambda: gateway.admin("/readyz").status_code == 200)
    agent = sign_in(gateway, forger)
    primary = guarded.primary()
    eventually(lambda: primary.client().execute_command("WAIT", 2, 1000) == 2, within=PATIENCE)
    primary.kill()
    guarded.wait_for_another_than(primary)
    assert eventually(lambda: session_of(gateway, agent), within=PATIENCE)


@pytest.mark.parametrize(
    "wrong", [{"sentinel_password": "guessed"}, {"sentinel_user": "nobody"}, {"sentinel_user": "", "sentinel_password": ""}]
)
def test_a_wrong_password_for_the_sentinels_is_said(stage, guarded, forger, upstream, wrong):
    gateway = stage.gateway(forger, upstream, guarded_settings(guarded, **wrong))
    assert gateway.admin("/readyz").status_code == 503
    eventually(lambda: "no Sentinel names the primary" in gateway.process.output)
    assert "guessed" not in gateway.process.output and "asks" not in gateway.process.output


def test_refreshes_amid_a_failover_sign_nobody_out(stage, upstream, redis):
    """Tokens of three seconds, and a provider that lets the last one be presented again: what the old primary had not
    replicated is lost."""
    logto = stage.stand_in()
    logto.control("/knobs", {"rotation": "always", "reuseLeewayS": 60, "accessTokenTtl": 3, "idTokenTtl": 3})
    settings = redis_settings(redis.url) | {"provider": {"refresh_retry": "60s"}}
    gateway = stage.gateway(logto, upstream, settings)
    agents = [sign_in(gateway, logto) for _ in range(5)]
    eventually(lambda: redis.primary().client().execute_command("WAIT", 2, 1000) == 2, within=PATIENCE)
    with Load(gateway, agents) as load:
        eventually(lambda: load.is_well() and len(logto.presented()) >= 5)
        primary = redis.primary()
        primary.kill()
        redis.wait_for_another_than(primary)
        eventually(load.is_well, within=PATIENCE)
        seen = len(logto.presented())
        eventually(lambda: load.is_well() and len(logto.presented()) >= seen + 5, within=PATIENCE)
        load.assert_nobody_was_signed_out()
    for agent in agents:
        assert session_of(gateway, agent)
