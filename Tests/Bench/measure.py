"""What is measured: CPU time, memory, start-up."""

import http.client
import os
import re
import ssl
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

_TURNS = Path(__file__).with_name("turns.lua")
_TICKS = os.sysconf("SC_CLK_TCK")


class MeasurementFailed(Exception):
    """A number that would be wrong: requests failed, or a program did."""


@dataclass
class Row:
    """One line of the table: a server, and what it is asked."""

    name: str
    server: object
    path: str = "/"
    cookie: str | None = None
    # A file with a cookie in each line: the requests take turns with them.
    cookies: Path | None = None
    # The Redis whose commands are counted.
    redis: object = None
    # Further request fields.
    fields: dict = field(default_factory=dict)
    # In HTTP/2, with so many requests of a connection under way; 0: in HTTP/1.1.
    streams: int = 0
    # One entry for each round.
    commands: list = field(default_factory=list)
    cpu: list = field(default_factory=list)
    rate: list = field(default_factory=list)
    latency: list = field(default_factory=list)
    median: list = field(default_factory=list)

    @property
    def microseconds(self):
        return statistics.median(self.cpu)

    @property
    def requests_per_second(self):
        return statistics.median(self.rate)

    @property
    def half(self):
        """Latency of half of the requests, in milliseconds."""
        return statistics.median(self.median or [0])

    @property
    def slowest_percent(self):
        """Latency of the slowest hundredth, in milliseconds."""
        return statistics.median(self.latency) if self.latency else float("nan")

    def check(self):
        """Fails unless the answer is the one that is to be measured: wrk takes a redirect for success."""
        if self.server.scheme == "https":
            # Who it is, is not the question here.
            anybody = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection("127.0.0.1", self.server.port, timeout=10, context=anybody)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        try:
            cookie = {"Cookie": self.cookie} if self.cookie else {}
            connection.request("GET", self.path, headers={**self.fields, **cookie})
            status = connection.getresponse().status
        finally:
            connection.close()
        if status not in (200, 204):
            raise MeasurementFailed(f"{self.name}: answered with {status}")

    def load(self, connections, seconds):
        """Runs wrk or h2load: its report, and how many requests were answered."""
        if self.streams:
            return self.load_streams(connections, seconds)
        command = ["wrk", "--latency", "-t", "2", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "10s"]
        for name, value in self.fields.items():
            command += ["-H", f"{name}: {value}"]
        if self.cookies:
            command += ["-s", str(_TURNS)]
        elif self.cookie:
            command += ["-H", f"Cookie: {self.cookie}"]
        arguments = ["--", str(self.cookies)] if self.cookies else []
        ended = subprocess.run([*command, self.server.url(self.path), *arguments], capture_output=True, text=True)
        report = ended.stdout
        found = re.search(r"(\d+) requests in", report)
        if ended.returncode or not found or int(found[1]) == 0:
            raise MeasurementFailed(f"{self.name}: wrk failed\n{report}{ended.stderr}")
        # wrk counts an answer of 400 and above as an error and says so in a line of its own; errors of sockets as well.
        for trouble in ("Non-2xx", "Socket errors"):
            if trouble in report:
                raise MeasurementFailed(f"{self.name}: not all requests were answered well\n{report}")
        return report, int(found[1])

    def load_streams(self, connections, seconds):
        command = ["h2load", "-c", str(connections), "-m", str(self.streams), "-t", "2", "-D", str(seconds)]
        for name, value in self.fields.items():
            # The authority is a field like others to h2load.
            command += ["-H", f"{':authority' if name == 'Host' else name.lower()}: {value}"]
        if self.cookie:
            command += ["-H", f"cookie: {self.cookie}"]
        ended = subprocess.run([*command, self.server.url(self.path)], capture_output=True, text=True)
        report = ended.stdout
        found = re.search(r"requests: \d+ total, \d+ started, \d+ done, (\d+) succeeded, (\d+) failed", report)
        if ended.returncode or not found or int(found[1]) == 0 or int(found[2]):
            raise MeasurementFailed(f"{self.name}: h2load failed\n{report}{ended.stderr}")
        return report, int(found[1])

    def measure(self, connections, seconds):
        """One round."""
        if self.redis:
            # The rows before have filled the cache with theirs; what is hot is what is asked for again and again.
            self.load(connections, 1)
        pids = self.server.pids()
        asked = self.redis.commands() if self.redis else 0
        before = cpu_seconds(pids)
        report, requests = self.load(connections, seconds)
        if self.server.pids() != pids:
            raise MeasurementFailed(f"{self.name}: a process came or went during the run")
        self.cpu.append((cpu_seconds(pids) - before) * 1e6 / requests)
        if self.redis:
            self.commands.append((self.redis.commands() - asked) * 1000 / requests)
        if self.streams:
            self.rate.append(requests / seconds)
            return
        self.rate.append(float(re.search(r"Requests/sec:\s+([\d.]+)", report)[1]))
        self.median.append(milliseconds_of(report, 50))
        self.latency.append(milliseconds_of(report, 99))


def milliseconds_of(report, percent):
    """Within which so much of the requests were answered, as wrk reports it."""
    match = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", report)
    return float(match[1]) * {"us": 0.001, "ms": 1, "s": 1000}[match[2]]


def cpu_seconds(pids):
    """User and system time all threads of these processes have used so far."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        # utime and stime are fields 14 and 15 of the whole line (proc(5)); the first of these is field 3.
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS


def start_up_milliseconds(gateway, times=5):
    """From the start of the process to its first answer; the median."""
    found = []
    for _ in range(times):
        begin = time.monotonic()
        gateway.start()
        while not _try(gateway.answers):
            if gateway.process.exit_code is not None:
                raise MeasurementFailed(f"{gateway.name} ended:\n{gateway.process.output}")
        found.append((time.monotonic() - begin) * 1000)
        gateway.stop()
    return statistics.median(found)


def _try(condition):
    try:
        return condition()
    except OSError:
        return False
