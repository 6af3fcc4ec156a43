"""Users, strangers and an operator at once, for long: everything behind the gateway is restarted, the configuration is
replaced, sessions end amid their streams. At the end memory is flat, no descriptor is left open, and whatever went wrong
happened while something was down.

SOAK_SECONDS says how long; `make soak` takes an hour.
"""

import os
import random
import threading
import time
from collections import Counter
from contextlib import contextmanager
from statistics import median

import pytest
import requests
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import connect

from harness.raw_http import Closed, RawConnection, request
from harness.replicas import redis_settings
from harness.stage import sign_in
from harness.upstream import Upstream
from harness.user_agent import NAVIGATION, UserAgent
from harness.waiting import eventually, pause
from harness.websockets_server import WebSocketServer

DURATION = float(os.environ.get("SOAK_SECONDS", "60"))
# What a program of this kind may grow by from its second quarter to its last, beside a tenth.
SLACK_KILOBYTES = 4 << 10


def events(connection, _):
    connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.send("d\r\ndata: event\n\n\r\n")
        pause(0.05)


def large(connection, _):
    connection.reply(b"x" * (1 << 20))


class Incidents:
    """When something was down, and what went wrong meanwhile, and what went wrong without."""

    def __init__(self):
        self._lock = threading.Lock()
        self._spans = []
        self.done = Counter()
        self.explained = Counter()
        self.unexplained = []

    @contextmanager
    def span(self, what):
        span = [what, time.monotonic(), None]
        with self._lock:
            self._spans.append(span)
        yield
        span[2] = time.monotonic()
        self.done[what] += 1

    def _explains(self, began):
        with self._lock:
            return any(ended is None or ended >= began for _, _, ended in self._spans)

    def attempt(self, what, action):
        began = time.monotonic()
        try:
            action()
        except (AssertionError, OSError, Closed, WebSocketException) as error:
            if self._explains(began):
                self.explained[what] += 1
            else:
                self.unexplained.append(f"{what}: {type(error).__name__}: {str(error)[:300]}")
        else:
            self.done[what] += 1


class Soak:
    def __init__(self, stage):
        self.stage = stage
        self.incidents = Incidents()
        self.over = threading.Event()
        self.redis = stage.redis()
        self.provider = stage.stand_in()
        # Each refresh token is good once, and sessions need one every few seconds.
        self.provider.control("/knobs", {"accessTokenTtl": 4, "idTokenTtl": 4, "rotation": "always", "reuseLeewayS": 3})
        self.sockets = stage.keep(WebSocketServer())
        self.upstream = self.start_upstream()
        self.routes = [
            {"path": "/", "upstream": self.upstream.url},
            {"path": "/socket", "upstream": self.sockets.url},
            {"path": "/open", "upstream": self.upstream.url, "access": "anyone"},
        ]
        settings = redis_settings(self.redis.url) | {
            "route": self.routes,
            "log": {"level": "info", "access": False},
            "session": {**redis_settings("")["session"], "live_grace": "0s"},
        }
        self.gateway = stage.gateway(self.provider, self.upstream, settings)

    def start_upstream(self, port=0):
        upstream = self.stage.keep(Upstream(port))
        upstream.on("/events", events)
        upstream.on("/large", large)
        return upstream

    # Users

    def use(self):
        """Signs in, reads and writes, signs out, and is nobody then."""
        agent = sign_in(self.gateway, self.provider)
        for _ in range(random.randrange(20, 80)):
            path = random.choice(["/page", "/page?q=a%2Fb", "/large", "/open/page"])
            answer = agent.get(self.gateway.url(path))
            assert answer.status_code == 200, f"{path}: {answer.status_code}"
            body = random.randbytes(random.choice([0, 10, 100_000, 300_000]))
            answer = agent.fetch(self.gateway.url("/form"), "POST", data=body)
            assert answer.status_code == 200, f"POST of {len(body)}: {answer.status_code}"
        self.sign_out(agent)
        answer = agent.get(self.gateway.url("/page"))
        assert answer.status_code == 302, f"signed out: {answer.status_code}"

    def sign_out(self, agent):
        answer = agent.request("POST", self.gateway.own("sign-out"), headers={**NAVIGATION, "Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 303, f"sign-out: {answer.status_code}"

    def stay(self):
        """Lives on refreshes, as several tabs do."""
        agent = sign_in(self.gateway, self.provider)
        leaving = time.monotonic() + random.uniform(5, 20)
        while time.monotonic() < leaving:
            answer = agent.get(self.gateway.url("/page"))
            assert answer.status_code == 200, f"amid refreshes: {answer.status_code}"
            pause(0.05)
        self.sign_out(agent)

    def listen(self):
        """Hears events until leaving, or until signed out."""
        agent = sign_in(self.gateway, self.provider)
        headers = {"Host": self.gateway.origin.split("//")[1], "Cookie": agent.cookie_header(self.gateway.url("/"))}
        with requests.get(self.gateway.url("/events"), headers=headers, stream=True, timeout=20) as answer:
            assert answer.status_code == 200, f"/events: {answer.status_code}"
            pieces = answer.iter_content(64)
            leaving = time.monotonic() + random.uniform(0.2, 4)
            while time.monotonic() < leaving:
                assert b"data: event" in next(pieces, b""), "the stream ended"
            if random.random() < 0.5:
                return
            self.sign_out(agent)
            signed_out = time.monotonic()
            while next(pieces, b""):
                assert time.monotonic() - signed_out < 10, "the stream outlives its session"

    def talk(self):
        """The same over a WebSocket."""
        agent = sign_in(self.gateway, self.provider)
        with connect(
            self.gateway.url("/socket").replace("http:", "ws:"),
            origin=self.gateway.origin,
            additional_headers={"Cookie": agent.cookie_header(self.gateway.url("/"))},
            close_timeout=2,
        ) as socket:
            for number in range(random.randrange(1, 200)):
                socket.send(f"{number} " + "x" * random.randrange(2000))
                assert socket.recv(timeout=10).split()[0] == str(number)
            if random.random() < 0.5:
                return
            self.sign_out(agent)
            try:
                socket.recv(timeout=10)
            except ConnectionClosed as closed:
                assert closed.rcvd and closed.rcvd.code == 1008, f"closed otherwise: {closed}"
            else:
                raise AssertionError("the socket outlives its session")

    # Strangers

    def trouble(self):
        """Whatever is sent, the answer is the client's fault, or none."""
        host = f"127.0.0.1:{self.gateway.port}"
        data = random.choice(
            [
                request("/page", host, "Content-Length: 5", "Transfer-Encoding: chunked", method="POST", body=b"hello"),
                request("/open/%2e%2e/page", host),
                request("/page", "elsewhere.example"),
                request("/page", host, "X-Forwarded-User: root", "X_Forwarded_User: root"),
                request("/page", host, "Cookie: gatehouse=" + "A" * 3000),
                request("/open", host, *[f"X-{n}: {'y' * 200}" for n in range(300)]),
                request("/_gatehouse/callback?code=x&state=y", host),
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + random.randbytes(200),
                random.randbytes(2000) + b"\r\n\r\n",
            ]
        )
        with RawConnection(self.gateway.port) as connection:
            connection.send(data[: random.choice([len(data), len(data), len(data) // 2])])
            if random.random() < 0.3:
                return
            try:
                connection.end_sending()
                answer = connection.read_head()
            except (Closed, OSError):
                return
            assert 300 <= answer.status < 500, f"{answer.status} for {data[:100]}"

    # The operator

    def operate(self, turn):
        acts = [self.reload, self.refuse_a_reload, self.restart_upstream, self.restart_redis, self.reload]
        acts[turn % len(acts)]()
        metrics = self.gateway.admin("/metrics")
        assert metrics.ok and "gatehouse_" in metrics.text

    def reload(self):
        self.gateway.reload({"timeouts": {"keep_alive": f"{random.randrange(5, 20)}s"}})
        self.incidents.done["reload"] += 1

    def refuse_a_reload(self):
        refused = self.gateway.logged("configuration refused, the old one stays")
        self.gateway.write({"route": [{"path": "/", "upstream": "nowhere"}]})
        self.gateway.process.signal(1)
        eventually(lambda: self.gateway.logged("configuration refused, the old one stays") > refused)
        self.gateway.write({"route": [*self.routes]})
        self.incidents.done["refused reload"] += 1

    def restart_upstream(self):
        with self.incidents.span("upstream restart"):
            port = self.upstream.port
            self.upstream.stop()
            pause(0.5)
            self.upstream = eventually(lambda: self.start_upstream(port))
            self.is_well()

    def restart_redis(self):
        with self.incidents.span("redis restart"):
            self.redis.client().save()
            self.redis.kill()
            pause(0.5)
            self.redis.start()
            self.is_well()

    def is_well(self):
        """Every worker has its store again, and somebody can sign in and be served."""
        eventually(lambda: self.gateway.admin("/readyz").status_code == 200, within=40)
        eventually(lambda: sign_in(self.gateway, self.provider, "/page").page.status_code == 200, within=40)

    def refreshes(self):
        lines = self.gateway.admin("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith('gatehouse_refreshes_total{outcome="completed"'))

    # All of it

    def repeat(self, what, action):
        while not self.over.is_set():
            self.incidents.attempt(what, action)
            pause(0.02)

    def run(self):
        self.is_well()
        actors = {
            "use": self.use, "stay": self.stay, "listen": self.listen, "talk": self.talk, "trouble": self.trouble,
        }
        threads = [
            threading.Thread(target=self.repeat, args=item, daemon=True)
            for item in [*actors.items(), ("use", self.use), ("stay", self.stay), ("trouble", self.trouble)]
        ]
        for thread in threads:
            thread.start()
        began = time.monotonic()
        samples, turn = [], 0
        while (elapsed := time.monotonic() - began) < DURATION:
            samples.append((elapsed, self.gateway.process.resident_kilobytes))
            if elapsed > (turn + 1) * max(DURATION / 40, 3):
                self.operate(turn)
                turn += 1
            self.upstream.forget()
            pause(min(1, DURATION / 60))
        self.over.set()
        for thread in threads:
            thread.join(timeout=60)
            assert not thread.is_alive(), "an actor hangs"
        return samples


@pytest.mark.timeout(DURATION + 240)
def test_it_runs_for_long(stage):
    soak = Soak(stage)
    process = soak.gateway.process
    soak.is_well()
    samples = soak.run()

    print(f"\ndone: {dict(soak.incidents.done)}\nwhile something was down: {dict(soak.incidents.explained)}")
    assert soak.gateway.is_alive
    assert not soak.incidents.unexplained, "\n".join(soak.incidents.unexplained[:20])
    assert soak.refreshes() > 0
    for what in ["use", "stay", "listen", "talk", "trouble", "reload", "upstream restart", "redis restart"]:
        assert soak.incidents.done[what] > 0, f"nobody got to {what}"

    quarter = [[kilobytes for at, kilobytes in samples if DURATION * n / 4 <= at < DURATION * (n + 1) / 4] for n in range(4)]
    second, last = median(quarter[1]), median(quarter[3])
    print(f"resident: {second:.0f} kB in the second quarter, {last:.0f} kB in the last")
    assert last <= second * 1.1 + SLACK_KILOBYTES, quarter

    # Once the upstream is gone too, there is nothing left but Redis, and connections to the provider, which are kept.
    soak.upstream.stop()
    settings = soak.gateway.settings | {"server": {}, "admin": {}, "provider": {}}
    at_rest = stage.gateway(soak.provider, soak.upstream.url, settings).process.open_descriptors
    eventually(lambda: process.open_descriptors - process.connections_to(soak.provider.port) <= at_rest + 2, within=60)
