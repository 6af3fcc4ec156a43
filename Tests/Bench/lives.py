"""Sessions that come and go: sign-ins from end to end, records that are opened, and revocations amid requests."""

import multiprocessing
import re
import threading
import time
from dataclasses import dataclass

import requests
from measure import MeasurementFailed, Row, cpu_seconds, milliseconds_of
from sign_in import session_cookie

from harness.records import Ticket, multiply

# Browsers at once: one Python is slower than a gateway.
BROWSERS = 4
HOT = 1_000
MANY = 100_000
# How much of the hot sessions goes in each second.
REVOKED = 0.01


@dataclass
class Address:
    """Where a gateway is, for another process."""

    origin: str

    def url(self, path="/"):
        return self.origin + path


def _sign_in_until(origin, end, count):
    done = 0
    while time.monotonic() < end:
        session_cookie(Address(origin))
        done += 1
    count.put(done)


def sign_ins(gateway, seconds):
    """Each of them: to the provider and back, code, tokens, ID token, session, and the application's first answer."""
    context = multiprocessing.get_context("fork")
    count = context.Queue()
    began, before = time.monotonic(), cpu_seconds(gateway.pids())
    arguments = (gateway.url(""), began + seconds, count)
    browsers = [context.Process(target=_sign_in_until, args=arguments, daemon=True) for _ in range(BROWSERS)]
    for browser in browsers:
        browser.start()
    for browser in browsers:
        browser.join()
    if any(browser.exitcode for browser in browsers):
        raise MeasurementFailed("a sign-in failed")
    done = sum(count.get() for _ in browsers)
    spent = cpu_seconds(gateway.pids()) - before
    return done / (time.monotonic() - began), spent / done * 1000


def _openings(gateway):
    text = requests.get(f"http://{gateway.settings['admin']['listen']}/metrics", timeout=10).text
    return int(re.search(r'^gatehouse_openings_total\{cached="false"\} (\d+)$', text, re.M)[1])


def opened(row, connections, seconds):
    """Records that are fetched and opened: those of more sessions in turn than any cache holds."""
    row.load(connections, 1)
    before, spent = _openings(row.server), cpu_seconds(row.server.pids())
    row.load(connections, seconds)
    number = _openings(row.server) - before
    return number / seconds, (cpu_seconds(row.server.pids()) - spent) * 1e6 / number


def among_revocations(gateway, redis, cookie, path, fields, connections, seconds):
    """99 % of requests are answered within so many milliseconds: when nothing happens, and while sessions end."""
    name, value = next(pair.split("=", 1) for pair in cookie.split("; ") if pair.startswith("gatehouse="))
    client = redis.client()
    doomed = int(HOT * REVOKED * seconds)
    values = multiply(client, gateway.key, value, HOT + doomed)
    file = gateway.directory / "cookies-hot"
    row = Row("revocations", gateway, path, f"{name}={values[0]}", cookies=file, fields=fields)
    file.write_text("".join(f"{name}={each}\n" for each in values))
    row.load(connections, 1)
    # Those that end are known to the cache, and asked for by nobody any more: wrk would take 401 for a failure.
    file.write_text("".join(f"{name}={each}\n" for each in values[:HOT]))
    quiet, _ = row.load(connections, seconds)
    over = threading.Event()

    def revoke():
        for each in values[HOT:]:
            if over.wait(1 / (HOT * REVOKED)):
                return
            client.delete(Ticket.read(each).key)

    revoking = threading.Thread(target=revoke)
    revoking.start()
    busy, _ = row.load(connections, seconds)
    over.set()
    revoking.join()
    return [milliseconds_of(report, 99) for report in (quiet, busy)]


def measure_lives(row, redis, cookie, settings):
    """Lines for the report. `row` asks for more sessions than fit."""
    rate, cost = sign_ins(row.server, settings.seconds)
    yield "sign-ins from end to end", f"{rate:,.0f} a second", f"{cost:.1f} ms of CPU each"
    rate, cost = opened(row, settings.connections, settings.seconds)
    yield "sessions opened", f"{rate:,.0f} a second", f"{cost:.0f} us of CPU each"
    quiet, busy = among_revocations(
        row.server, redis, cookie, row.path, row.fields, settings.connections, settings.seconds
    )
    yield f"99 % below, {HOT:,} sessions", f"{quiet:.1f} ms", ""
    yield "the same while 1 % of them end each second", f"{busy:.1f} ms", ""
