"""A store that fails is not an absent session: 503 with Retry-After, the cookie untouched, and recovery by itself."""


import pytest

from harness import gateway as program
from harness.operations import grant
from harness.raw_http import exchange, request
from harness.replicas import redis_settings
from harness.stage import session_of, sign_in
from harness.user_agent import UserAgent
from harness.waiting import eventually


@pytest.fixture
def server(stage):
    return stage.redis()


@pytest.fixture
def gateway(stage, forger, upstream, server):
    key = program.run("key").stdout.strip()
    return stage.gateway(
        forger,
        upstream,
        {
            "session": {"store": "redis", "keys": [key]},
            "redis": {"url": server.url, "command_timeout": "1s", "connect_timeout": "1s"},
            "route": [
                {"path": "/", "upstream": upstream.url},
                {"path": "/open", "upstream": upstream.url, "access": "anyone"},
                {"path": "/optional", "upstream": upstream.url, "access": "optional"},
            ],
        },
    )


@pytest.fixture
def alice(gateway, forger):
    return sign_in(gateway, forger)


def assert_unavailable(answer):
    assert answer.status_code == 503, answer.text[:500]
    assert int(answer.headers["Retry-After"]) > 0
    assert "Set-Cookie" not in answer.headers
    assert "no-store" in answer.headers["Cache-Control"]
    assert "edis" not in answer.text


def test_while_redis_is_down_cookie_holders_wait_and_afterwards_go_on(gateway, server, alice, upstream):
    server.kill()
    upstream.forget()
    assert_unavailable(alice.get(gateway.url("/")))
    assert_unavailable(alice.fetch(gateway.url("/")))
    assert_unavailable(alice.fetch(gateway.own("session")))
    assert upstream.received == []
    server.start()
    # This server came back empty: the session is gone, and that is a challenge.
    eventually(lambda: alice.get(gateway.url("/")).status_code == 302)


def test_a_pause_of_redis_costs_nobody_a_sign_in(gateway, server, alice):
    server.pause()
    assert_unavailable(alice.get(gateway.url("/")))
    server.resume()
    eventually(lambda: alice.get(gateway.url("/")).status_code == 200)
    assert session_of(gateway, alice)


def test_a_restart_of_redis_that_keeps_its_data_costs_nobody_a_sign_in(gateway, server, alice):
    saved = {key: server.client().dump(key) for key in server.keys()}
    server.kill()
    assert_unavailable(alice.get(gateway.url("/")))
    server.start()
    for key, value in saved.items():
        server.client().restore(key, 600_000, value, replace=True)
    eventually(lambda: alice.get(gateway.url("/")).status_code == 200)


def test_while_redis_is_down_what_needs_no_session_is_served(gateway, server, alice):
    server.kill()
    assert alice.get(gateway.url("/open/x")).status_code == 200
    assert UserAgent().get(gateway.url("/optional/x")).status_code == 200
    assert_unavailable(alice.get(gateway.url("/optional/x")))


def test_while_redis_is_down_a_sign_in_ends_at_a_page_and_not_in_a_loop(gateway, forger, server):
    agent = UserAgent()
    challenge = agent.get(gateway.url("/"))
    callback = forger.authenticate(agent, agent.location(challenge))
    server.kill()
    answer = agent.get(callback)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Content-Type"].startswith("text/html")


def test_while_redis_is_down_we_are_alive_but_not_ready_and_say_why(gateway, server):
    server.kill()
    assert gateway.admin("/healthz").status_code == 200
    eventually(lambda: gateway.admin("/readyz").status_code == 503)
    assert "store" in gateway.admin("/readyz").text
    server.start()
    eventually(lambda: gateway.admin("/readyz").status_code == 200)


def test_a_redis_that_is_down_at_the_start_is_waited_for(stage, forger, upstream, server, gateway):
    server.kill()
    gateway.restart()
    assert gateway.admin("/healthz").status_code == 200
    assert gateway.admin("/readyz").status_code == 503
    server.start()
    eventually(lambda: gateway.admin("/readyz").status_code == 200)
    assert session_of(gateway, sign_in(gateway, forger))


def test_a_redis_that_lost_its_mind_is_a_fault_and_not_a_stranger(gateway, server, alice):
    client = server.client()
    (key,) = [key for key, value in server.everything().items() if len(value) > 200]
    good = client.get(key)
    for bad in (b"", b"x", good[:-1], good + b"x", bytes([3]) + good[1:], good[:30] + b"\0" + good[31:]):
        client.set(key, bad, ex=600)
        assert_unavailable(alice.get(gateway.url("/")))
    client.delete(key)
    client.lpush(key, "a list")
    assert_unavailable(alice.get(gateway.url("/")))
    client.delete(key)
    client.set(key, good, ex=600)
    eventually(lambda: alice.get(gateway.url("/")).status_code == 200)


def test_a_record_of_somebody_else_under_our_key_opens_nothing(gateway, forger, server, alice):
    client = server.client()
    (mine,) = [key for key, value in server.everything().items() if len(value) > 200]
    sign_in(gateway, forger)
    (other,) = [key for key, value in server.everything().items() if len(value) > 200 and key != mine]
    client.set(mine, client.get(other), ex=600)
    assert_unavailable(alice.get(gateway.url("/")))


def test_a_record_beyond_every_limit_is_a_fault_of_its_own(gateway, forger, server, alice):
    """What is longer than any answer may be ends the connection; the others' sessions go on."""
    client = server.client(timeout=30)
    (mine,) = [key for key, value in server.everything().items() if len(value) > 200]
    good = client.get(mine)
    bob = sign_in(gateway, forger)
    client.set(mine, bytes(20 << 20), ex=600)
    assert_unavailable(alice.get(gateway.url("/")))
    eventually(lambda: bob.get(gateway.url("/")).status_code == 200)
    assert gateway.process.peak_resident_kilobytes < 100_000
    client.set(mine, good, ex=600)
    eventually(lambda: alice.get(gateway.url("/")).status_code == 200)


def test_a_script_that_redis_refuses_is_a_fault_and_ends_nothing(gateway, forger, server, alice):
    client = server.client()
    client.execute_command("ACL", "SETUSER", "default", "-eval")
    agent = UserAgent()
    callback = forger.authenticate(agent, agent.location(agent.get(gateway.url("/"))))
    assert agent.get(callback).status_code == 503
    assert session_of(gateway, alice)
    eventually(lambda: "NOPERM" in gateway.process.output)
    client.execute_command("ACL", "SETUSER", "default", "+eval")
    assert session_of(gateway, sign_in(gateway, forger))


def test_a_read_only_replica_still_serves_sessions_and_refuses_sign_ins(gateway, forger, server, alice, stage):
    primary = stage.redis()
    primary.client().config_set("repl-diskless-sync-delay", 0)
    server.client().config_set("replica-read-only", "yes")
    agent = UserAgent()
    callback = forger.authenticate(agent, agent.location(agent.get(gateway.url("/"))))
    # Towards a port nobody listens at: it keeps its data and takes no writes.
    server.client().execute_command("REPLICAOF", "127.0.0.1", "1")
    answer = agent.get(callback)
    assert answer.status_code == 503
    assert alice.get(gateway.url("/")).status_code in (200, 503)
    server.client().execute_command("REPLICAOF", "NO", "ONE")
    eventually(lambda: alice.get(gateway.url("/")).status_code == 200)


def test_a_full_redis_refuses_sign_ins_and_keeps_sessions(gateway, forger, server, alice):
    agent = UserAgent()
    callback = forger.authenticate(agent, agent.location(agent.get(gateway.url("/"))))
    server.client().config_set("maxmemory", "1")
    assert agent.get(callback).status_code == 503
    assert alice.get(gateway.url("/")).status_code in (200, 503)
    server.client().config_set("maxmemory", "0")
    eventually(lambda: alice.get(gateway.url("/")).status_code == 200)


def test_a_wrong_password_is_not_ready_and_never_open(stage, forger, upstream):
    server = stage.redis(password="right")
    key = program.run("key").stdout.strip()
    settings = {"session": {"store": "redis", "keys": [key]}, "redis": {"url": server.url, "password": "wr0ng-s3cret"}}
    gateway = stage.gateway(forger, upstream, settings)
    assert gateway.admin("/readyz").status_code == 503
    assert "wr0ng-s3cret" not in gateway.process.output
    answer = UserAgent().get(gateway.url("/"), headers={"Cookie": "gatehouse=" + "A" * 86})
    assert answer.status_code == 503


def test_tls_to_redis_is_verified(stage, forger, upstream):
    certificates, strangers = stage.certificates(), stage.certificates()
    server = stage.redis(certificates=certificates)
    key = program.run("key").stdout.strip()
    settings = {
        "session": {"store": "redis", "keys": [key]},
        "redis": {"url": server.tls_url, "ca_file": strangers.authority_file},
    }
    gateway = stage.gateway(forger, upstream, settings)
    assert gateway.admin("/readyz").status_code == 503


def test_many_requests_during_an_outage_are_all_answered_soon(gateway, server, alice):
    server.pause()
    cookie = "Cookie: " + alice.cookie_header(gateway.url("/"))
    for _ in range(5):
        answer = exchange(gateway.port, request("/", f"127.0.0.1:{gateway.port}", cookie))
        assert answer.status == 503
    server.resume()
    eventually(lambda: alice.get(gateway.url("/")).status_code == 200)
    assert gateway.is_alive


def spoil(server):
    """Makes the one record one that no key opens."""
    client = server.client()
    (key,) = client.keys("gatehouse:session:*")
    record = bytearray(client.get(key))
    record[-1] ^= 1
    client.set(key, bytes(record), keepttl=True)


def test_a_record_that_cannot_be_opened_is_no_dead_end(gateway, forger, server, alice, upstream):
    spoil(server)
    page = eventually(lambda: [answer for answer in [alice.get(gateway.url("/x?y=1"))] if answer.status_code == 503])[0]
    assert_unavailable(page)
    assert "sign-in?rd=%2Fx%3Fy%3D1" in page.text and "still signed in" not in page.text
    challenge = alice.get(gateway.own("sign-in") + "?rd=%2Fx%3Fy%3D1")
    arrived = alice.get(forger.authenticate(alice, alice.location(challenge)))
    assert alice.location(arrived) == gateway.url("/x?y=1")
    assert alice.get(gateway.url("/x")).status_code == 200
    assert len(server.client().keys("gatehouse:session:*")) == 1, "the old record has gone"


def test_who_cannot_be_read_can_sign_out(gateway, server, alice):
    spoil(server)
    eventually(lambda: alice.get(gateway.url("/")).status_code == 503)
    assert alice.submit(alice.get(gateway.own("sign-out"))).status_code == 303
    assert not server.client().keys("gatehouse:session:*")
    assert alice.get(gateway.url("/")).status_code == 302


@pytest.mark.parametrize("database", [0, 1])
def test_our_user_may_do_what_we_need_and_no_more(stage, forger, upstream, server, database):
    """As the guide says it. Where it does, a session is begun, refreshed, listed and ended."""
    grant(server, *(["+select"] if database else []))
    settings = redis_settings(f"redis://gatehouse:s3cret@127.0.0.1:{server.port}/{database}")
    gateway = stage.gateway(forger, upstream, settings | {"admin": {"token": "an-admin-token-of-some-length"}})
    eventually(lambda: gateway.admin("/readyz").status_code == 200)
    agent = sign_in(gateway, forger)
    assert session_of(gateway, agent)
    eventually(lambda: "gatehouse_session_caches_current 0" not in gateway.admin("/metrics").text)
    assert agent.submit(agent.get(gateway.own("sign-out"))).status_code == 303
    assert agent.get(gateway.url("/")).status_code == 302
    assert "NOPERM" not in gateway.process.output
