"""The cache answers for Redis, and never for longer than a second after something has changed."""

import re
import time

import pytest

from harness import gateway as program
from harness.load import Load
from harness.operations import ACL, record
from harness.stage import session_of, sign_in
from harness.waiting import eventually, pause


@pytest.fixture
def server(stage):
    return stage.redis()


@pytest.fixture
def settings(server):
    return {
        "server": {"workers": 1},
        "session": {"store": "redis", "keys": [program.run("key").stdout.strip()]},
        "redis": {"url": server.url},
    }


@pytest.fixture
def gateway(stage, forger, upstream, settings):
    gateway = stage.gateway(forger, upstream, settings)
    eventually(lambda: metric(gateway, "gatehouse_session_caches_current") == 1)
    return gateway


@pytest.fixture
def alice(gateway, forger):
    return sign_in(gateway, forger)


def metric(gateway, name):
    return int(re.search(rf"^{re.escape(name)} (\d+)$", gateway.admin("/metrics").text, re.M)[1])


def gets(server):
    return server.client().info("commandstats").get("cmdstat_get", {"calls": 0})["calls"]


def session_keys(server):
    return [key for key in server.keys() if b":session:" in key]


def test_a_session_is_loaded_once_with_one_command(gateway, server, alice):
    assert alice.get(gateway.url("/")).status_code == 200
    before = gets(server)
    for _ in range(50):
        assert alice.get(gateway.url("/")).status_code == 200
    assert gets(server) == before
    server.client().execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    eventually(lambda: metric(gateway, "gatehouse_session_caches_current") == 0)


def test_a_record_that_changes_is_loaded_again(gateway, server, alice):
    (key,) = session_keys(server)
    good = server.client().get(key)
    assert alice.get(gateway.url("/")).status_code == 200
    server.client().set(key, good[:-1] + bytes([good[-1] ^ 1]), ex=600)
    eventually(lambda: alice.get(gateway.url("/")).status_code == 503)
    server.client().set(key, good, ex=600)
    eventually(lambda: alice.get(gateway.url("/")).status_code == 200)
    server.client().flushall()
    eventually(lambda: alice.get(gateway.url("/")).status_code == 302)


def test_a_dead_ticket_is_not_asked_for_again_and_again(gateway, server, alice):
    (key,) = session_keys(server)
    value = server.client().get(key)
    server.client().delete(key)
    eventually(lambda: alice.get(gateway.url("/")).status_code == 302)
    before = gets(server)
    for _ in range(30):
        assert alice.fetch(gateway.url("/")).status_code == 401
    assert gets(server) - before <= 2
    # A record that comes after all is news.
    server.client().set(key, value, ex=600)
    eventually(lambda: alice.get(gateway.url("/")).status_code == 200)


def test_an_idle_session_ends_also_when_it_is_cached(stage, forger, upstream, settings):
    settings["session"] |= {"idle": "4s"}
    gateway = stage.gateway(forger, upstream, settings)
    eventually(lambda: metric(gateway, "gatehouse_session_caches_current") == 1)
    agent = sign_in(gateway, forger)
    for _ in range(10):
        assert agent.get(gateway.url("/")).status_code == 200
        pause(0.5)
    pause(5)
    assert agent.get(gateway.url("/")).status_code == 302


def test_a_lifetime_holds_also_when_it_is_cached(stage, forger, upstream, settings):
    settings["session"] |= {"lifetime": "3s", "idle": "3s"}
    gateway = stage.gateway(forger, upstream, settings)
    agent = sign_in(gateway, forger)
    began = time.monotonic()
    served = [began]

    def is_over():
        asked = time.monotonic()
        if agent.get(gateway.url("/")).status_code == 302:
            return True
        served.append(asked)
        return False

    eventually(is_over)
    # Whole seconds are counted, and the last may be rounded up.
    assert served[-1] - began < 4


def test_a_cache_without_room_keeps_nothing_and_one_of_no_size_is_off(stage, forger, upstream, settings, server):
    for size in ("1KiB", "0B"):
        settings["session"] |= {"cache_size": size}
        gateway = stage.gateway(forger, upstream, settings)
        agent = sign_in(gateway, forger)
        before = gets(server)
        for _ in range(5):
            assert agent.get(gateway.url("/")).status_code == 200
        assert gets(server) - before >= 5
        assert metric(gateway, "gatehouse_session_cache_bytes") == 0


def test_a_user_of_redis_needs_these_permissions(stage, forger, upstream):
    """The rule that deploy/guides/operations.md gives."""
    rule = " ".join(["gatehouse on >s3cret", *ACL])
    guide = (program._REPOSITORY / "deploy" / "guides" / "operations.md").read_text()
    assert rule.replace(">s3cret", ">PASSWORD") in guide
    server = stage.redis(password="admin", acl=[rule])
    settings = {
        "session": {"store": "redis", "keys": [program.run("key").stdout.strip()]},
        "redis": {"url": server.url, "user": "gatehouse", "password": "s3cret"},
    }
    gateway = stage.gateway(forger, upstream, settings)
    eventually(lambda: metric(gateway, "gatehouse_session_caches_current") > 0)
    agent = sign_in(gateway, forger)
    assert session_of(gateway, agent)
    assert agent.submit(agent.get(gateway.own("sign-out"))).status_code == 303
    assert "NOPERM" not in gateway.process.output
    assert server.client().acl_log() == []


def test_a_user_who_may_not_listen_is_served_without_cache_and_the_log_says_why(stage, forger, upstream):
    rule = "gatehouse on >s3cret " + " ".join(word for word in ACL if word not in ("&__redis__:invalidate", "+subscribe"))
    server = stage.redis(password="admin", acl=[rule])
    settings = {
        "session": {"store": "redis", "keys": [program.run("key").stdout.strip()]},
        "redis": {"url": server.url, "user": "gatehouse", "password": "s3cret"},
    }
    gateway = stage.gateway(forger, upstream, settings)
    agent = sign_in(gateway, forger)
    before = gets(server)
    for _ in range(5):
        assert agent.get(gateway.url("/")).status_code == 200
    assert gets(server) - before == 5, "one command for each"
    eventually(lambda: "does not tell of changes" in gateway.process.output)


def test_tls_with_a_client_certificate(stage, forger, upstream):
    certificates = stage.certificates()
    server = stage.redis(certificates=certificates, clients_have_certificates=True)
    ours = certificates.issue("gatehouse.example.com")
    settings = {
        "session": {"store": "redis", "keys": [program.run("key").stdout.strip()]},
        "redis": {"url": server.tls_url, "ca_file": str(certificates.authority_file), "server_name": "localhost"},
    }
    stranger = stage.gateway(forger, upstream, settings)
    assert stranger.admin("/readyz").status_code == 503
    settings["redis"] |= {"certificate_file": str(ours.certificate_file), "key_file": str(ours.key_file)}
    gateway = stage.gateway(forger, upstream, settings)
    eventually(lambda: metric(gateway, "gatehouse_session_caches_current") > 0)
    assert session_of(gateway, sign_in(gateway, forger))


def test_a_revocation_is_known_to_all_within_a_second_under_load(stage, gateway, forger, upstream, server):
    """Sessions end at one gateway, while another serves them from its cache as fast as it can."""
    other_settings = {name: gateway.settings[name] for name in ("session", "redis")}
    other_settings["server"] = {"public_url": gateway.origin, "workers": 2}
    other = stage.gateway(forger, upstream, other_settings)
    eventually(lambda: metric(other, "gatehouse_session_caches_current") == 2)
    agents = [sign_in(gateway, forger) for _ in range(12)]
    loads = [Load(gateway, [agent], threads=1, port=other.port) for agent in agents]
    for load in loads:
        load.__enter__()
    eventually(lambda: all(load.is_well(20) for load in loads))
    ended = []
    try:
        for agent in agents:
            assert agent.submit(agent.get(gateway.own("sign-out"))).status_code == 303
            ended.append(time.monotonic())
        eventually(lambda: all(load.statuses[302] > 5 for load in loads))
    finally:
        for load in loads:
            load.__exit__()
    late = [
        max((answer.began for answer in load.answers if answer.status == 200), default=0) - moment
        for load, moment in zip(loads, ended)
    ]
    assert max(late) < 1, late
    assert metric_of_hits(other) > 100
    record("A session is ended at another gateway", "signed out here as well", max(0, *late))


def metric_of_hits(gateway):
    return metric(gateway, 'gatehouse_session_cache_total{result="hit"}')


def test_a_revocation_that_cannot_be_told_ends_the_cache_within_a_second(stage, forger, upstream, server, settings):
    """The network swallows what Redis tells: the cache stops answering by itself."""
    proxy = stage.tcp_proxy(server.port)
    settings["redis"] = {"url": f"redis://127.0.0.1:{proxy.port}/0"}
    gateway = stage.gateway(forger, upstream, settings)
    eventually(lambda: metric(gateway, "gatehouse_session_caches_current") == 1)
    agent = sign_in(gateway, forger)
    assert agent.get(gateway.url("/")).status_code == 200
    (key,) = session_keys(server)
    proxy.is_deaf = True
    server.client().delete(key)
    ended = time.monotonic()
    seen = []
    while time.monotonic() - ended < 1.5:
        moment = time.monotonic() - ended
        seen.append((moment, agent.get(gateway.url("/")).status_code))
    assert not [moment for moment, status in seen if status == 200 and moment > 1], seen
    assert seen[-1][1] == 503
    proxy.is_deaf = False
    eventually(lambda: agent.get(gateway.url("/")).status_code == 302)


def test_a_fill_that_a_revocation_overtakes_is_not_kept(gateway, server, forger):
    """Loads and removals of the same record chase each other; in the end no removal has been missed."""
    for _ in range(5):
        agent = sign_in(gateway, forger)
        key = max(session_keys(server), key=lambda name: server.client().pttl(name))
        value = server.client().get(key)
        with Load(gateway, [agent], threads=2) as load:
            client = server.client()
            for _ in range(50):
                client.delete(key)
                client.set(key, value, ex=86_000)
            client.delete(key)
            gone = time.monotonic()
            eventually(lambda: load.statuses[302] > 0)
            pause(1.3)
        assert not [answer for answer in load.since(gone + 1) if answer.status == 200]
