"""Browsers that go on asking, while something happens to what is behind the gateway."""

import http.client
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass

from harness.waiting import eventually


@dataclass
class Answer:
    began: float
    ended: float
    status: int
    sets_cookie: bool


class Load:
    """Asks for `/` with each of these browsers' sessions in turn, until it is left."""

    def __init__(self, gateway, agents, threads=3, port=None):
        self._port = port or gateway.port
        self._host = gateway.origin.split("//")[1]
        self._cookies = [agent.cookie_header(gateway.url("/")) for agent in agents]
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self.answers = []
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopped.set()
        for thread in self._threads:
            thread.join(timeout=15)

    def _run(self, number):
        connection = None
        while not self._stopped.wait(0.005):
            cookie = self._cookies[number % len(self._cookies)]
            number += 1
            began = time.monotonic()
            headers = {
                "Host": self._host, "Cookie": cookie, "Accept": "text/html", "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "document",
            }
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
                connection.request("GET", "/", headers=headers)
                response = connection.getresponse()
                response.read()
                answer = Answer(began, time.monotonic(), response.status, "Set-Cookie" in response.headers)
            except (OSError, http.client.HTTPException):
                connection = None
                answer = Answer(began, time.monotonic(), 0, False)
            with self._lock:
                self.answers.append(answer)

    @property
    def statuses(self):
        with self._lock:
            return Counter(answer.status for answer in self.answers)

    def since(self, moment):
        with self._lock:
            return [answer for answer in self.answers if answer.began >= moment]

    def is_well(self, answers=100):
        """Whether the last so many were all answered with 200."""
        with self._lock:
            last = self.answers[-answers:]
        return len(last) == answers and all(answer.status == 200 for answer in last)

    def trouble(self, after):
        """How long after this moment the last answer came that was not 200; 0 when there was none."""
        ends = [answer.ended for answer in self.since(after) if answer.status != 200]
        return max(ends, default=after) - after

    def slowest(self, after):
        return max((answer.ended - answer.began for answer in self.since(after)), default=0)

    def assert_nobody_was_signed_out(self):
        """Whatever went wrong, nobody was sent to a sign-in, and no cookie was touched."""
        assert set(self.statuses) <= {200, 503}, self.statuses
        assert not any(answer.sets_cookie for answer in self.answers)


@contextmanager
def steady_load(gateway, agents, **options):
    """A load that begins well."""
    with Load(gateway, agents, **options) as load:
        eventually(load.is_well)
        yield load
