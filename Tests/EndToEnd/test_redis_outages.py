"""Redis fails in every way there is, under load: nobody is signed out, and all is well again soon after it is."""

import time

import pytest

from harness.load import steady_load
from harness.operations import PATIENCE, record
from harness.replicas import redis_settings
from harness.stage import sign_in, sign_in_answer
from harness.waiting import eventually, pause

LONG = 1.0

# The default: what is written down depends on it.
DEADLINE = "50ms"
# Where no answer may be bad, however busy the machine is.
PATIENT = {"redis": {"command_timeout": "10s"}}


@pytest.fixture
def server(stage):
    return stage.redis(lines=["appendonly yes", "appendfsync always"])


@pytest.fixture
def proxy(stage, server):
    return stage.tcp_proxy(server.port)


@pytest.fixture
def gateway(stage, forger, upstream, proxy):
    settings = redis_settings(f"redis://127.0.0.1:{proxy.port}/0", command_timeout=DEADLINE)
    return stage.gateway(forger, upstream, settings | {"server": {"workers": 2}})


@pytest.fixture
def agents(gateway, forger):
    return [eventually(lambda: sign_in(gateway, forger)) for _ in range(5)]


def recovery(load):
    """Seconds from now until no answer is bad any more."""
    healed = time.monotonic()
    eventually(load.is_well, within=PATIENCE)
    load.assert_nobody_was_signed_out()
    return load.trouble(healed)


UNAVAILABLE = "503 with `Retry-After`, at once; still signed in afterwards"


def test_killed_and_started_again(gateway, agents, server):
    with steady_load(gateway, agents) as load:
        server.kill()
        pause(2 * LONG)
        server.start()
        seconds = recovery(load)
    assert load.statuses[503] > 0
    record("Redis is killed and comes back with its data", UNAVAILABLE, seconds)


def test_nobody_waits_for_a_redis_that_is_known_to_be_gone(gateway, agents, server):
    """Whatever `redis.command_timeout` is: 503 comes at once."""
    gateway.restart({"redis": {"command_timeout": "60s"}})
    with steady_load(gateway, agents) as load:
        server.kill()
        eventually(lambda: load.statuses[503] > 100)
    load.assert_nobody_was_signed_out()


def test_frozen_and_thawed(gateway, agents, server):
    with steady_load(gateway, agents) as load:
        server.pause()
        pause(3 * LONG)
        server.resume()
        seconds = recovery(load)
    assert load.statuses[503] > 0
    record(
        "Redis is frozen for 3 s (kill -STOP)",
        "served from the cache for at most 0.8 s, then 503 within 0.1 s; still signed in afterwards",
        seconds,
    )


def test_a_short_freeze_is_not_seen_by_who_is_cached(gateway, agents, server):
    gateway.restart(PATIENT)
    eventually(lambda: "gatehouse_session_caches_current 2" in gateway.admin("/metrics").text)
    with steady_load(gateway, agents) as load:
        server.pause()
        frozen = time.monotonic()
        pause(0.3)
        eventually(lambda: load.since(frozen), within=5)
        server.resume()
        seconds = recovery(load)
    assert set(load.statuses) == {200}
    record("Redis is frozen for 0.3 s", "nothing, while the cache knows the session", seconds)


def test_slow(gateway, agents, proxy):
    with steady_load(gateway, agents) as load:
        proxy.delay = 0.1
        pause(3 * LONG)
        proxy.delay = 0
        seconds = recovery(load)
    record(
        "Redis answers after 0.1 s, twice redis.command_timeout",
        "nothing, or 503 where the cache does not know the session; nobody waits longer",
        seconds,
    )


def test_connections_are_cut(gateway, agents, proxy):
    with steady_load(gateway, agents) as load:
        for _ in range(5):
            proxy.cut()
            pause(0.2)
        seconds = recovery(load)
    record(
        "Connections to Redis are reset, again and again",
        "503 for who asks in that moment; still signed in afterwards",
        seconds,
    )


def test_connections_are_half_closed(gateway, agents, proxy):
    with steady_load(gateway, agents) as load:
        proxy.half_close()
        seconds = recovery(load)
    record("Redis half-closes its connections", "nothing, or 503 for who asks in that moment", seconds)


def test_the_network_swallows_everything(gateway, agents, proxy):
    with steady_load(gateway, agents) as load:
        proxy.is_deaf = True
        pause(3 * LONG)
        proxy.is_deaf = False
        proxy.cut()
        seconds = recovery(load)
    assert load.statuses[503] > 0
    record("Nothing gets through to Redis for 3 s, and nothing says so", UNAVAILABLE, seconds)


def test_full(gateway, agents, server, forger):
    gateway.restart(PATIENT)
    with steady_load(gateway, agents) as load:
        server.client().config_set("maxmemory", "1")
        pause(LONG)
        assert sign_in_answer(gateway, forger).status_code == 503
        assert set(load.statuses) == {200}
        server.client().config_set("maxmemory", "0")
        seconds = recovery(load)
    record("Redis is full (OOM)", "nothing; sign-ins get a page with 503", seconds)


def test_loading(stage, forger, upstream):
    """It has been restarted, and reads what it had: connections are taken, commands are not."""
    slowly = ["key-load-delay 10000", "loading-process-events-interval-bytes 1024"]
    server = stage.redis(lines=slowly)
    gateway = stage.gateway(forger, upstream, redis_settings(server.url, command_timeout=DEADLINE))
    agents = [eventually(lambda: sign_in(gateway, forger)) for _ in range(5)]
    client = server.client()
    client.mset({f"another:{number}": "x" * 100 for number in range(300)})
    client.save()
    with steady_load(gateway, agents) as load:
        server.kill()
        # Returns when it has read everything, some three seconds later.
        server.start()
        seconds = recovery(load)
    assert load.statuses[503] > 0
    eventually(lambda: "LOADING" in gateway.process.output)
    record("Redis reads its data after a restart (LOADING)", UNAVAILABLE, seconds)


def test_read_only(gateway, agents, server, forger):
    gateway.restart(PATIENT)
    with steady_load(gateway, agents) as load:
        server.client().execute_command("REPLICAOF", "127.0.0.1", "1")
        assert sign_in_answer(gateway, forger).status_code == 503
        pause(LONG)
        server.client().execute_command("REPLICAOF", "NO", "ONE")
        seconds = recovery(load)
    assert set(load.statuses) == {200}
    record("Redis is a replica for 1 s (READONLY)", "nothing; sign-ins get a page with 503", seconds)


def test_the_password_changes(stage, forger, upstream):
    server = stage.redis(password="first")
    certificates = stage.certificates()
    file = certificates.directory / "password"
    file.write_text("first\n")
    settings = redis_settings(server.url, password_file=str(file), command_timeout=DEADLINE)
    gateway = stage.gateway(forger, upstream, settings)
    agents = [eventually(lambda: sign_in(gateway, forger))]
    with steady_load(gateway, agents) as load:
        client = server.client()
        client.config_set("requirepass", "second")
        server.password = "second"
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        pause(LONG)
        assert "second" not in gateway.process.output
        assert "redis.password" in gateway.process.output, "the log says whose configuration is wrong"
        file.write_text("second\n")
        seconds = recovery(load)
    record(
        "The password of Redis changes before redis.password_file does",
        "503, and a log line that names redis.password; still signed in afterwards",
        seconds,
    )


def test_nonsense(stage, forger, upstream):
    """Something else listens where Redis should: 503, alive, and the log says it."""
    elsewhere = stage.upstream()
    port = int(elsewhere.url.rsplit(":", 1)[1])
    gateway = stage.gateway(forger, upstream, redis_settings(f"redis://127.0.0.1:{port}/0"))
    assert gateway.admin("/readyz").status_code == 503
    assert gateway.is_alive
