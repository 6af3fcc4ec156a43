"""Starting and ending: quickly up, and after SIGTERM not ready, what runs is finished, exit 0."""

import signal
import struct
import threading
import time
from contextlib import suppress

import pytest

from harness.http2_client import frame, read_frame
from harness.raw_http import Closed, RawConnection, exchange, request
from harness.stage import sign_in
from harness.user_agent import UserAgent
from harness.waiting import eventually, pause
from test_http2 import PREFACE, headers_block

RST_STREAM, GOAWAY = 3, 7


@pytest.fixture
def gateway(stage, forger, upstream):
    routes = [{"path": "/", "upstream": upstream.url, "access": "anyone"}]
    gateway = stage.gateway(forger, upstream, {"route": routes, "server": {"drain_timeout": "10m"}})
    gateway.host = f"127.0.0.1:{gateway.port}"
    return gateway


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_with_nothing_to_do_it_ends_at_once_and_well(gateway, number):
    gateway.process.signal(number)
    assert gateway.process.wait() == 0


def test_what_runs_is_finished(gateway, upstream):
    go_on = threading.Event()

    def slow(connection, _):
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nfirst")
        assert go_on.wait(10)
        connection.send("second")

    upstream.on("/slow", slow)
    with RawConnection(gateway.port) as connection:
        connection.send(request("/slow", gateway.host))
        head = connection.read_head()
        gateway.process.signal(signal.SIGTERM)
        eventually(lambda: not accepts(gateway))
        assert gateway.is_alive
        go_on.set()
        assert head.status == 200
        assert connection.exactly(11) == b"firstsecond"
        assert connection.is_closed()
    assert gateway.process.wait() == 0


def accepts(gateway):
    """Whether a new request is served."""
    try:
        answer = exchange(gateway.port, request("/new", gateway.host), timeout=2)
        return answer is not None and answer.status == 200
    except OSError:
        return False


def test_while_it_drains_it_is_alive_and_not_ready(gateway, upstream):
    go_on = threading.Event()
    upstream.on("/held", lambda c, _: (go_on.wait(10), c.reply(b"done")))
    with RawConnection(gateway.port) as connection:
        connection.send(request("/held", gateway.host))
        eventually(lambda: upstream.count("/held"))
        gateway.process.signal(signal.SIGTERM)
        eventually(lambda: gateway.admin("/readyz").status_code == 503)
        assert gateway.admin("/healthz").status_code == 200
        go_on.set()
        assert connection.read_response().body == b"done"
    assert gateway.process.wait() == 0


def test_an_upload_under_way_is_finished(gateway, upstream):
    with RawConnection(gateway.port) as connection:
        connection.send(request("/upload", gateway.host, "Content-Length: 10", method="PUT", body=b"first"))
        eventually(lambda: upstream.count("/upload"))
        gateway.process.signal(signal.SIGTERM)
        pause(0.3)
        connection.send(b"later")
        assert connection.read_response().status == 200
    assert upstream.last("/upload").body == b"firstlater"
    assert gateway.process.wait() == 0


def test_unused_connections_do_not_hold_it_up(gateway):
    with RawConnection(gateway.port) as used, RawConnection(gateway.port) as unused:
        used.send(request("/x", gateway.host))
        assert used.read_response().status == 200
        gateway.process.signal(signal.SIGTERM)
        assert gateway.process.wait() == 0
        assert used.is_closed() and unused.is_closed()


def test_what_never_ends_is_ended_at_the_limit(gateway, upstream):
    gateway.restart({"server": {"drain_timeout": "3s"}})
    upstream.on("/never", lambda c, _: pause(60))
    with RawConnection(gateway.port) as connection:
        connection.send(request("/never", gateway.host))
        eventually(lambda: upstream.count("/never"))
        started = time.monotonic()
        gateway.process.signal(signal.SIGTERM)
        assert gateway.process.wait(within=30) == 0
        assert time.monotonic() - started > 2


def test_a_sign_in_under_way_is_finished(stage, forger, upstream):
    gateway = stage.gateway(forger, upstream)
    go_on = threading.Event()
    forger.on("/me", lambda handler: (go_on.wait(10), handler.reply(200, forger.user_info())))
    try:
        forger.claims = {"name": None, "email": None}
        statuses = []
        worker = threading.Thread(target=lambda: statuses.append(status_of_a_sign_in(gateway, forger)))
        worker.start()
        eventually(lambda: any(entry["path"] in ("/token", "/me") for entry in forger.log))
        gateway.process.signal(signal.SIGTERM)
        go_on.set()
        worker.join(15)
        assert statuses == [303]
        assert gateway.process.wait() == 0
    finally:
        forger.on("/me", None)
        forger.claims = {}


def test_an_end_amid_a_call_to_the_provider_is_quiet(stage, upstream):
    """What comes back finds nobody who waits, and a loop that is still there."""
    forger = stage.forger()
    gateway = stage.gateway(forger, upstream, {"server": {"drain_timeout": "1s"}})
    forger.on("/token", lambda handler: pause(30))

    def sign_in_in_vain():
        with suppress(OSError):
            status_of_a_sign_in(gateway, forger)

    threads = [threading.Thread(target=sign_in_in_vain, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    eventually(lambda: forger.count("/token") == 8)
    gateway.process.signal(signal.SIGTERM)
    assert gateway.process.wait() == 0
    assert gateway.process.stderr == ""


def status_of_a_sign_in(gateway, forger):
    """That of the callback's answer; whoever comes after it finds the door closed."""
    agent = UserAgent()
    callback = forger.authenticate(agent, agent.location(agent.get(gateway.url("/"))))
    return agent.get(callback).status_code


def test_a_second_signal_ends_it_at_once(gateway, upstream):
    upstream.on("/never", lambda c, _: pause(60))
    with RawConnection(gateway.port) as connection:
        connection.send(request("/never", gateway.host))
        eventually(lambda: upstream.count("/never"))
        gateway.process.signal(signal.SIGTERM)
        eventually(lambda: not accepts(gateway))
        gateway.process.signal(signal.SIGTERM)
        gateway.process.wait()


def test_hanging_up_on_the_terminal_or_a_broken_pipe_does_not_kill_it(gateway):
    gateway.process.signal(signal.SIGPIPE)
    pause(0.1)
    assert accepts(gateway)


def test_it_answers_soon_after_its_start(stage, forger, upstream):
    times = []
    for _ in range(3):
        started = time.monotonic()
        gateway = stage.gateway(forger, upstream)
        times.append(time.monotonic() - started)
        assert gateway.is_alive
    assert min(times) < 5, times
    assert sign_in(gateway, forger).page.status_code == 200


def test_idle_it_is_small(gateway):
    assert accepts(gateway)
    # What start-up needed goes back once the provider has been asked.
    eventually(lambda: gateway.process.resident_kilobytes < 20 * 1024)


def test_new_requests_are_served_until_the_load_balancer_has_noticed(stage, forger, upstream):
    routes = [{"path": "/", "upstream": upstream.url, "access": "anyone"}]
    gateway = stage.gateway(forger, upstream, {"route": routes, "server": {"drain_delay": "2s"}})
    gateway.host = f"127.0.0.1:{gateway.port}"
    eventually(lambda: gateway.admin("/readyz").status_code == 200)
    gateway.process.signal(signal.SIGTERM)
    eventually(lambda: gateway.admin("/readyz").status_code == 503)
    assert accepts(gateway)
    eventually(lambda: not accepts(gateway))
    assert gateway.process.wait() == 0


def test_before_it_drains_each_answer_is_its_connections_last(stage, forger, upstream):
    """A balancer lets go of its connections by and by, instead of finding one closed under a request."""
    routes = [{"path": "/", "upstream": upstream.url, "access": "anyone"}]
    gateway = stage.gateway(forger, upstream, {"route": routes, "server": {"drain_delay": "10s"}})
    host = f"127.0.0.1:{gateway.port}"
    with RawConnection(gateway.port) as connection:
        connection.send(request("/", host))
        assert connection.read_response().header("Connection") != "close"
        gateway.process.signal(signal.SIGTERM)
        eventually(lambda: gateway.admin("/readyz").status_code == 503)
        connection.send(request("/", host))
        answer = connection.read_response()
        assert answer.status == 200 and answer.header("Connection") == "close"
        assert connection.is_closed()
    assert accepts_from(gateway.port, host)


def test_a_client_of_http2_hears_of_the_end_and_what_it_has_on_its_way_is_served(stage, forger, upstream):
    """RFC 9113, 6.8: first that the end is near, and at the end which stream was the last, so that all others are safe
    to send again."""
    routes = [{"path": "/", "upstream": upstream.url, "access": "anyone"}]
    gateway = stage.gateway(forger, upstream, {"route": routes, "server": {"drain_delay": "2s"}})
    host = f"127.0.0.1:{gateway.port}"
    frames = []
    with RawConnection(gateway.port) as connection:
        # Raw, for no library opens a stream once it knows.
        connection.send(PREFACE + frame(4, 0, 0, b"") + frame(4, 1, 0, b""))

        def ask(stream):
            connection.send(frame(1, 5, stream, headers_block(host, "/")))
            while not any(number == stream and flags & 1 for _, flags, number, _ in frames):
                frames.append(read_frame(connection))

        ask(1)
        gateway.process.signal(signal.SIGTERM)
        while not (goaways := [payload for kind, _, _, payload in frames if kind == GOAWAY]):
            frames.append(read_frame(connection))
        ask(3)
        pause(0.5)
        ask(5)
        with pytest.raises(Closed):
            while True:
                frames.append(read_frame(connection))
    goaways = [payload for kind, _, _, payload in frames if kind == GOAWAY]
    assert goaways == [struct.pack("!II", 2**31 - 1, 0), struct.pack("!II", 5, 0)]
    assert not [kind for kind, _, _, _ in frames if kind == RST_STREAM]
    assert gateway.process.wait() == 0


def accepts_from(port, host):
    return exchange(port, request("/", host)).status == 200
