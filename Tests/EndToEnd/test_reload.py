"""A changed configuration: taken over between requests and whole, or refused and whole."""

import http.client
import json
import shutil
import signal
import ssl
import threading

import pytest

from harness.gateway import run
from harness.http2_client import HTTP2Client
from harness.raw_http import RawConnection, request
from harness.stage import session_of, sign_in
from harness.user_agent import UserAgent
from harness.waiting import eventually

from test_tls import connect, context, tls_settings


class Named:
    """An upstream that answers with its name and what it was told of the user."""

    def __init__(self, stage, name):
        self.upstream = stage.upstream()
        self.url = self.upstream.url
        self.name = name
        for path in ("/", "/a", "/b", "/open"):
            self.upstream.on(path, self.answer)

    def answer(self, connection, received):
        user = received.header("X-Forwarded-User") or "nobody"
        connection.reply(f"{self.name} {user}".encode())


def route(upstream, path="/", access="anyone", **more):
    return {"path": path, "upstream": upstream.url, "access": access, **more}


@pytest.fixture
def first(stage):
    return Named(stage, "first")


@pytest.fixture
def second(stage):
    return Named(stage, "second")


@pytest.fixture
def gateway(stage, forger, first):
    gateway = stage.gateway(forger, first.url, {"route": [route(first)], "server": {"reload_interval": "0s"}})
    gateway.host = f"127.0.0.1:{gateway.port}"
    return gateway


def ask(connection, gateway, path="/", *fields):
    connection.send(request(path, gateway.host, *fields))
    return connection.read_response()


def metric(gateway, name):
    for line in gateway.admin("/metrics").text.splitlines():
        if line.startswith(f"{name} "):
            return int(line.rsplit(" ", 1)[1])
    raise AssertionError(f"no {name}")


APPLIED = 'gatehouse_reloads_total{of="configuration",result="applied"}'
REFUSED = 'gatehouse_reloads_total{of="configuration",result="refused"}'


def test_the_next_request_of_a_connection_goes_by_the_new_configuration(gateway, second):
    with RawConnection(gateway.port) as connection:
        assert ask(connection, gateway).body == b"first nobody"
        gateway.reload({"route": [route(second)]})
        assert ask(connection, gateway).body == b"second nobody"
        gateway.reload({"route": [route(second, "/a")]})
        assert ask(connection, gateway, "/a").body == b"second nobody"
        gateway.reload({"limits": {"header_size": "1KiB"}})
        assert ask(connection, gateway, "/a", "X-Long: " + "a" * 2000).status == 431
    with RawConnection(gateway.port) as connection:
        assert ask(connection, gateway).status == 404
    assert metric(gateway, APPLIED) == 3 and metric(gateway, REFUSED) == 0


def test_a_changed_file_is_noticed(stage, forger, first, second):
    gateway = stage.gateway(
        forger, first.url, {"route": [route(first)], "server": {"reload_interval": "50ms"}})
    gateway.host = f"127.0.0.1:{gateway.port}"
    with RawConnection(gateway.port) as connection:
        assert ask(connection, gateway).body == b"first nobody"
        gateway.write({"route": [route(second)]})
        eventually(lambda: ask(connection, gateway).body == b"second nobody")
    assert gateway.logged("configuration taken over") == 1
    line = next(line for line in gateway.log if line["message"] == "configuration taken over")
    assert line["reason"] == "a file has changed"


def test_under_load_not_one_request_is_lost_or_wrong(stage, forger, first, second):
    gateway = stage.gateway(
        forger, first.url, {"route": [route(first, access="signed-in")], "server": {"reload_interval": "0s"}})
    agent = sign_in(gateway, forger)
    cookie = agent.cookie_header(gateway.url("/"))
    stop, answers, trouble = threading.Event(), [], []

    def browse():
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=15)
        try:
            while not stop.is_set():
                connection.request("GET", "/", headers={"Cookie": cookie})
                answer = connection.getresponse()
                answers.append((answer.status, answer.read()))
        except Exception as error:
            trouble.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=browse) for _ in range(8)]
    for thread in threads:
        thread.start()
    for number in range(20):
        before = len(answers)
        gateway.reload({"route": [route((second, first)[number % 2], access="signed-in")]})
        eventually(lambda: len(answers) > before + 20)
    stop.set()
    for thread in threads:
        thread.join()
    assert not trouble
    assert {status for status, _ in answers} == {200}
    # Each from one of the two, and each with the one person who is signed in.
    names = {body.split(b" ")[0] for _, body in answers}
    users = {body.split(b" ")[1] for _, body in answers}
    assert names == {b"first", b"second"} and len(users) == 1 and users != {b"nobody"}
    assert metric(gateway, APPLIED) == 20
    counted = sum(
        int(line.rsplit(" ", 1)[1]) for line in gateway.admin("/metrics").text.splitlines()
        if line.startswith("gatehouse_exchanges_total{") and 'status="200"' in line
    )
    assert counted >= len(answers), "what was counted before a reload stays counted"


def test_what_has_begun_ends_where_it_began(gateway, first, second):
    go_on = threading.Event()

    def slow(connection, _):
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nfirst")
        assert go_on.wait(15)
        connection.send("second")

    first.upstream.on("/slow", slow)
    with RawConnection(gateway.port) as streaming, RawConnection(gateway.port) as sending:
        streaming.send(request("/slow", gateway.host))
        assert streaming.read_head().status == 200
        sending.send(f"POST /a HTTP/1.1\r\nHost: {gateway.host}\r\nContent-Length: 6\r\n\r\nabc")
        eventually(lambda: first.upstream.count("/a"))
        gateway.reload({"route": [route(second)]})
        with RawConnection(gateway.port) as other:
            assert ask(other, gateway).body == b"second nobody"
        sending.send("def")
        assert sending.read_response().body == b"first nobody"
        assert first.upstream.last("/a").body == b"abcdef"
        go_on.set()
        assert streaming.exactly(11) == b"firstsecond"
        # ... and what comes after it goes by the new one.
        assert ask(streaming, gateway).body == b"second nobody"
        assert ask(sending, gateway).body == b"second nobody"
    eventually(lambda: first.upstream.open_connections == 0)


def test_streams_of_one_http2_connection_part(gateway, first, second):
    go_on = threading.Event()

    def slow(connection, _):
        assert go_on.wait(15)
        connection.reply(b"first at last")

    first.upstream.on("/slow", slow)
    with HTTP2Client(gateway.port) as client:
        running = client.request(client.headers(gateway.host, "/slow"))
        eventually(lambda: first.upstream.count("/slow"))
        gateway.reload({"route": [route(second)]})
        assert client.answer(client.request(client.headers(gateway.host))).body == b"second nobody"
        go_on.set()
        assert client.answer(running).body == b"first at last"


def test_a_wrong_file_is_refused_whole(gateway, second):
    with RawConnection(gateway.port) as connection:
        good = gateway.settings
        for changes, key in [
            ({"route": [route(second, acess="anyone")]}, "route.acess"),
            ({"route": [route(second)], "session": {"lifetime": "soon"}}, "session.lifetime"),
            ({"route": [route(second), route(second)]}, "route"),
            ({"route": [route(second)], "session": {"keys_file": "/nonexistent"}}, "session.keys_file"),
        ]:
            before = metric(gateway, REFUSED)
            gateway.write(changes)
            gateway.process.signal(signal.SIGHUP)
            eventually(lambda: metric(gateway, REFUSED) == before + 1)
            line = [line for line in gateway.log if line["message"].startswith("configuration refused")][-1]
            assert line["level"] == "error" and key in line["problem"] and "gatehouse.toml" in line["problem"], line
            assert ask(connection, gateway).body == b"first nobody"
            gateway.settings = good
        gateway.file.write_text("[server")
        gateway.process.signal(signal.SIGHUP)
        eventually(lambda: "not TOML" in str(gateway.log))
        assert ask(connection, gateway).body == b"first nobody"
        gateway.reload({"route": [route(second)]})
        assert ask(connection, gateway).body == b"second nobody"


def test_what_takes_a_restart_is_named(gateway, second):
    good = gateway.settings
    for section, key, value in [
        ("server", "workers", 3), ("server", "listen", "127.0.0.1:1"), ("admin", "listen", "127.0.0.1:1"),
        ("session", "max_in_memory", 5), ("log", "format", "text"),
    ]:
        before = metric(gateway, REFUSED)
        gateway.write({"route": [route(second)], section: {key: value}})
        gateway.process.signal(signal.SIGHUP)
        eventually(lambda: metric(gateway, REFUSED) == before + 1)
        line = [line for line in gateway.log if line["message"].startswith("configuration refused")][-1]
        assert line["problem"] == f"{section}.{key}: this takes a restart"
        gateway.settings = good
    with RawConnection(gateway.port) as connection:
        assert ask(connection, gateway).body == b"first nobody"


def test_keys_are_rotated_without_signing_anybody_out(stage, forger, first, tmp_path):
    old, new = (run("key").stdout.strip() for _ in range(2))
    ring = tmp_path / "ring"
    ring.write_text(old + "\n")
    redis = stage.redis()
    gateway = stage.gateway(forger, first.url, {
        "server": {"reload_interval": "50ms"},
        "session": {"store": "redis", "keys_file": str(ring)}, "redis": {"url": redis.url},
    })

    def rotate(*keys):
        before = gateway.logged("configuration taken over")
        copy = ring.with_suffix(".new")
        copy.write_text("".join(key + "\n" for key in keys))
        copy.replace(ring)
        eventually(lambda: gateway.logged("configuration taken over") > before)

    early = sign_in(gateway, forger)
    rotate(new, old)
    late = sign_in(gateway, forger)
    assert session_of(gateway, early) and session_of(gateway, late)
    rotate(new)
    assert session_of(gateway, late)
    # Nobody can open what only the old key opens: that is a fault and no sign-out.
    assert early.fetch(gateway.url("/")).status_code == 503


def test_a_key_nobody_configured_stays(gateway, forger, first):
    gateway.reload({"route": [route(first, access="signed-in")]})
    alice = sign_in(gateway, forger)
    gateway.reload({"log": {"level": "info"}})
    assert session_of(gateway, alice)


def test_a_revoked_session_is_gone_after_a_reload_too(stage, forger, first):
    """The caches of the new configuration hear what the store tells."""
    redis = stage.redis()
    gateway = stage.gateway(forger, first.url, {
        "server": {"reload_interval": "0s"}, "admin": {"token": "t" * 20},
        "session": {"store": "redis", "keys": [run("key").stdout.strip()]}, "redis": {"url": redis.url},
    })
    alice = sign_in(gateway, forger)
    gateway.reload({"limits": {"header_fields": 90}})
    assert alice.fetch(gateway.url("/")).status_code == 200
    hits = metric(gateway, 'gatehouse_session_cache_total{result="hit"}')
    assert alice.fetch(gateway.url("/")).status_code == 200
    eventually(lambda: alice.fetch(gateway.url("/")).status_code == 200
               and metric(gateway, 'gatehouse_session_cache_total{result="hit"}') > hits)
    for name in redis.client().keys("gatehouse:*session*") or redis.client().keys("gatehouse:*"):
        redis.client().delete(name)
    eventually(lambda: alice.fetch(gateway.url("/")).status_code == 401, within=3)


def test_a_new_secret_is_used_for_the_next_sign_in(stage, first, tmp_path):
    provider = stage.forger()
    secret = tmp_path / "secret"
    secret.write_text(provider.client_secret)
    gateway = stage.gateway(provider, first.url, {
        "server": {"reload_interval": "50ms"},
        "provider": {"client_secret": "", "client_secret_file": str(secret),
                     "client_authentication": "client_secret_post"},
    })
    alice = sign_in(gateway, provider)
    assert provider.last("/token")["form"]["client_secret"] == provider.client_secret
    provider.client_secret = "another-s3cret"
    secret.write_text("another-s3cret")
    eventually(lambda: gateway.logged("configuration taken over"))
    sign_in(gateway, provider)
    assert provider.last("/token")["form"]["client_secret"] == "another-s3cret"
    assert session_of(gateway, alice)
    assert gateway.logged("the provider cannot be discovered") == 0


def test_connections_to_upstreams_are_kept(gateway, first, second):
    with RawConnection(gateway.port) as connection:
        for number in range(5):
            assert ask(connection, gateway).body == b"first nobody"
            gateway.reload({"route": [route(second, "/b"), route(first)], "limits": {"header_fields": 80 + number}})
    assert first.upstream.connections == 1
    gateway.reload({"route": [route(second)]})
    eventually(lambda: first.upstream.open_connections == 0)
    assert metric(gateway, "gatehouse_upstream_connections_made_total") == 1


def test_nothing_is_left_of_what_was_before(gateway, first, second):
    """A hundred reloads with connections, streams and a provider that changes cost no descriptor and little memory."""

    def round(number):
        with RawConnection(gateway.port) as connection:
            ask(connection, gateway)
            gateway.reload({"route": [route((first, second)[number % 2])],
                            "provider": {"timeout": f"{5 + number % 3}s"}})
            ask(connection, gateway)

    for number in range(10):
        round(number)
    eventually(lambda: metric(gateway, "gatehouse_downstream_connections") == 0)
    descriptors, memory = gateway.process.open_descriptors, gateway.process.resident_kilobytes
    for number in range(60):
        round(number)
    eventually(lambda: gateway.process.open_descriptors <= descriptors + 2)
    assert gateway.process.resident_kilobytes < memory + 6_000


def test_sigterm_ends_it_well_while_something_old_still_runs(gateway, first, second):
    go_on = threading.Event()

    def slow(connection, _):
        assert go_on.wait(15)
        connection.reply(b"late")

    first.upstream.on("/slow", slow)
    with RawConnection(gateway.port) as connection:
        connection.send(request("/slow", gateway.host))
        eventually(lambda: first.upstream.count("/slow"))
        gateway.reload({"route": [route(second)]})
        gateway.process.signal(signal.SIGTERM)
        eventually(lambda: gateway.logged("draining"))
        go_on.set()
        assert connection.read_response().body == b"late"
    assert gateway.process.wait() == 0


def test_certificates_are_named_anew_and_their_end_is_told(stage, forger, first):
    certificates = stage.certificates()
    old, new = (certificates.issue("app.example.com") for _ in range(2))
    settings = tls_settings([old], check_interval="1h")
    gateway = stage.gateway(forger, first.url, {**settings, "route": [route(first)]})
    trusting = context(certificates)

    def shown():
        with connect(gateway, trusting) as connection:
            return connection.getpeercert()

    serial = shown()["serialNumber"]
    expiry = 'gatehouse_tls_certificate_expiry_timestamp_seconds{certificate="1"}'
    assert metric(gateway, expiry) == ssl.cert_time_to_seconds(shown()["notAfter"])
    gateway.reload({"tls": {"certificate_files": [str(new.certificate_file)], "key_files": [str(new.key_file)]}})
    assert shown()["serialNumber"] != serial
    good = gateway.settings
    gateway.write({"tls": {"key_files": [str(old.key_file)]}})
    gateway.process.signal(signal.SIGHUP)
    eventually(lambda: metric(gateway, REFUSED) == 1)
    gateway.settings = good
    assert shown()["serialNumber"] != serial
