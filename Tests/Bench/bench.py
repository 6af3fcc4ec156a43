"""`make bench`: what a request costs, beside nginx on the same machine in the same run.

CPU microseconds per request are those of the measured server alone: all its processes' user and system time (from
/proc) divided by the requests wrk reports. The rows take turns, round by round, so that whatever else the machine does
falls on all of them. Bars are compared and shown, never asserted: the exit code says only whether everything ran.
"""

import argparse
import shutil
import statistics
import sys
from contextlib import ExitStack

from idle import Switching, allow_descriptors, kilobytes_each
from measure import MeasurementFailed, Row, start_up_milliseconds
from servers import (
    DEMO, GATEHOUSE, Apache, Certificates, Gateway, Redis, Secured, StandIn, nginx_answering, nginx_asking,
    nginx_proxying, nginx_securing,
)

from harness.records import multiply
from harness.waiting import pause
from lives import measure_lives
from sign_in import session_cookie

# The bars: a proxied request in CPU time of nginx' plain proxying, resident memory in MB, start-up in milliseconds.
PROXY_RATIO = 2.0
# The same over TLS, in CPU time of nginx' proxying over TLS.
SECURE_RATIO = 2.0
# A check in CPU time of nginx' static answer, with sessions in memory, in Redis and answered by the cache, and with a
# question to Redis for each.
ASKING = "Redis, asked each time"
CHECK_RATIO = {"memory": 2.0, "Redis": 1.8, ASKING: 3.0}
# mod_auth_openidc in CPU time of our check, both with a question to Redis for each; at least.
PEER_RATIO = 15
IDLE_MEGABYTES = 20
LOADED_MEGABYTES = 40
START_UP = 100
# A proxied body of so many bytes, in CPU time of nginx' plain proxying of the same.
BODIES = {"1 kB": 1_024, "1 MB": 1 << 20}
BODY_RATIO = {"1 kB": 2.0, "1 MB": 1.5}
# Connections on which nothing happens, and the kilobytes that each of them may cost.
IDLE_CONNECTIONS = 10_000
KILOBYTES_EACH = 12
IDLE_SOCKETS = 1_000
# Commands that Redis carries out for 1,000 requests of 1,000 sessions in turn.
COMMANDS = 5
MANY = [1, 1_000, 100_000]

SESSION = "/_gatehouse/session"
CHECK = "/_gatehouse/check"
# What the application answers: small, as most answers of an API are.
ANSWER = '200 "' + "a small answer, " * 8 + '"'


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each row is measured (3)")
    parser.add_argument("--seconds", type=int, default=5, help="how long each measurement takes (5)")
    parser.add_argument("--connections", type=int, default=64, help="how many connections wrk opens (64)")
    parser.add_argument("--access-log", action="store_true", help="let nginx and Gatehouse write access logs")
    parser.add_argument("--nginx-only", action="store_true", help="leave Gatehouse out")
    return parser.parse_args()


def require(names, files):
    missing = [name for name in names if not shutil.which(name)] + [str(path) for path in files if not path.exists()]
    if missing:
        raise MeasurementFailed(f"missing: {', '.join(missing)} (see `make test-deps` and `make build`)")


def rows_of_nginx(stack, settings):
    """The upstream everybody proxies to, and what we compare with."""

    def keep(server):
        stack.callback(server.close)
        return server

    bodies = {path_of(body): size for body, size in BODIES.items()}
    upstream = keep(nginx_answering("upstream", ANSWER, access_log=False, bodies=bodies))
    plain = keep(nginx_answering("nginx", "204", settings.access_log))
    proxy = keep(nginx_proxying("nginx-proxy", upstream, settings.access_log))
    certificates = Certificates()
    stack.callback(certificates.stop)
    pair = certificates.issue("127.0.0.1")
    secure = keep(nginx_securing("nginx-tls", upstream, pair, settings.access_log))
    return upstream, pair, [
        Row("nginx, return 204", plain), Row("nginx, plain proxy", proxy), Row("nginx, proxy over TLS", secure),
        Row("nginx, proxy over HTTP/2", secure, streams=10),
        *(Row(f"nginx, proxy, body of {body}", proxy, path_of(body)) for body in BODIES),
    ]


def path_of(body):
    return "/" + body.replace(" ", "")


def rows_of_gateway(stack, settings, upstream, pair, facts):
    """Gatehouse with each store, and once more without news from Redis; each with a session of its own."""
    redis = Redis()
    stack.callback(redis.close)
    memory = Gateway("gatehouse-memory", access_log=settings.access_log, pair=pair)
    shared = Gateway("gatehouse-redis", redis, access_log=settings.access_log)
    asking = Gateway("gatehouse-asking", redis, access_log=settings.access_log, told=False)
    apache = Apache("mod_auth_openidc", redis)
    stand_in = StandIn([memory.callback, shared.callback, asking.callback, apache.callback])
    stack.callback(stand_in.close)
    sockets = Switching()
    stack.callback(sockets.close)
    cookies = {}
    for gateway in (memory, shared, asking):
        gateway.configure(stand_in, upstream, sockets)
        stack.callback(gateway.close)
        facts.setdefault("start-up", []).append(start_up_milliseconds(gateway))
        gateway.start().wait()
        pause(1)  # Start-up is over when the provider has been asked once.
        facts.setdefault("idle", []).append(gateway.process.resident_kilobytes / 1024)
        cookies[gateway] = session_cookie(gateway)
    stack.callback(apache.close)
    peer = Row("mod_auth_openidc, session in Redis", apache.start(stand_in), cookie=session_cookie(apache))
    front = nginx_asking("nginx-asking", memory, settings.access_log)
    stack.callback(front.close)
    secure, host = Secured(memory, memory.secure_port), {"Host": f"127.0.0.1:{memory.port}"}
    return [
        *(
            Row(f"Gatehouse, check, session in {kind}", gateway, CHECK, cookies[gateway], fields=asked(gateway))
            for kind, gateway in (("memory", memory), ("Redis", shared), (ASKING, asking))
        ),
        peer,
        Row("nginx, asking Gatehouse", front, cookie=cookies[memory]),
        Row("Gatehouse, /_gatehouse/session", memory, SESSION, cookies[memory]),
        Row("Gatehouse, proxy, session in memory", memory, cookie=cookies[memory]),
        Row("Gatehouse, proxy over TLS", secure, cookie=cookies[memory], fields=host),
        Row("Gatehouse, proxy over HTTP/2", secure, cookie=cookies[memory], fields=host, streams=10),
        Row("Gatehouse, proxy, session in Redis", shared, cookie=cookies[shared]),
        *(Row(f"Gatehouse, proxy, body of {body}", memory, path_of(body), cookies[memory]) for body in BODIES),
        *[row_of_sessions(shared, redis, cookies[shared], count, facts) for count in MANY],
    ]


def row_of_sessions(gateway, redis, cookie, count, facts):
    """Checks of so many sessions in turn, which only Redis has in the beginning."""
    name, value = next(pair.split("=", 1) for pair in cookie.split("; ") if pair.startswith("gatehouse="))
    values = multiply(redis.client(), gateway.key, value, count)
    file = gateway.directory / f"cookies-{count}"
    file.write_text("".join(f"{name}={each}\n" for each in values))
    facts["cookie"] = cookie
    return Row(
        f"Gatehouse, check, {count:,} in Redis", gateway, CHECK, f"{name}={values[0]}", cookies=file, redis=redis,
        fields=asked(gateway),
    )


def asked(gateway):
    """What nginx says of the request it asks about."""
    return {
        "X-Original-Method": "GET",
        "X-Original-URI": "/",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": f"127.0.0.1:{gateway.port}",
    }


def measure_loaded(rows, settings, facts):
    """Memory while it proxies, before anything else has been asked of it: what has been used once may stay."""
    for row in rows:
        if row.name.startswith("Gatehouse, proxy, session in"):
            row.check()
            row.server.process.forget_peak()
            row.load(settings.connections, settings.seconds)
            facts.setdefault("loaded", []).append(row.server.process.peak_resident_kilobytes / 1024)


def measure(rows, settings, facts):
    measure_loaded(rows, settings, facts)
    for row in rows:
        row.check()
        row.load(settings.connections, 1)
    gateways = {row.server for row in rows if isinstance(row.server, Gateway)}
    for gateway in gateways:
        gateway.process.forget_peak()
    for number in range(1, settings.rounds + 1):
        for row in rows:
            show_progress(f"round {number} of {settings.rounds}: {row.name}")
            row.measure(settings.connections, settings.seconds)
        for row in rows:
            row.check()
    show_progress("")
    facts["most"] = [gateway.process.peak_resident_kilobytes / 1024 for gateway in gateways]
    many = rows[-1]
    if many.redis:
        show_progress("sessions that come and go")
        facts["lives"] = list(measure_lives(many, many.redis, facts["cookie"], settings))
        show_progress("")


def measure_waiting(rows, facts):
    """Each in a process of its own: memory that has been used once may stay there."""
    gateway = next(row.server for row in rows if row.name == "Gatehouse, proxy, session in memory")
    for name, count, upgrade in (("connection", IDLE_CONNECTIONS, False), ("socket", IDLE_SOCKETS, True)):
        show_progress(f"{count:,} idle {name}s")
        gateway.stop()
        gateway.start().wait()
        facts[name] = kilobytes_each(gateway, session_cookie(gateway), count, upgrade)
    show_progress("")


def show_progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def print_table(rows, settings, facts):
    base = next(row for row in rows if row.name == "nginx, plain proxy").microseconds
    logs = "with access logs" if settings.access_log else "without access logs"
    runs = f"{settings.connections} connections, {settings.rounds} rounds of {settings.seconds} s, interleaved, {logs}"
    print(f"wrk, {runs}; medians, lowest and highest\n")
    print(f"{'':52}{'CPU us/request':>16}{'':>18}{'/ nginx proxy':>16}{'requests/s':>12}{'half below':>12}{'99 % below':>12}")
    for row in rows:
        spread = f"({min(row.cpu):.1f} to {max(row.cpu):.1f})"
        print(
            f"{row.name:52}{row.microseconds:16.1f}{spread:>18}{row.microseconds / base:16.2f}"
            f"{row.requests_per_second:12,.0f}{row.half:9.1f} ms{row.slowest_percent:9.1f} ms"
        )
    print_added_latency(rows)
    print(f"\n{'Redis commands for 1,000 requests':52}")
    for row in rows:
        if row.redis:
            print(f"{row.name:52}{statistics.median(row.commands):16.1f}")
    print()
    for name, number, cost in facts.get("lives", []):
        print(f"{name:59}{number:>16}   {cost}")


def print_added_latency(rows):
    alone = next(row for row in rows if row.name == "nginx, plain proxy")
    asking = next((row for row in rows if row.name == "nginx, asking Gatehouse"), None)
    if asking:
        half, slowest = asking.half - alone.half, asking.slowest_percent - alone.slowest_percent
        print(f"\nnginx that asks Gatehouse, beside nginx alone: {half:+.1f} ms for half, {slowest:+.1f} ms for 99 %")


def print_bars(rows, facts):
    base = next(row for row in rows if row.name == "nginx, plain proxy").microseconds
    proxied = [row for row in rows if row.name.startswith("Gatehouse, proxy, session")]
    print(f"\n{'':54}{'found':>16}{'bar':>16}")
    for row in proxied:
        print_bar(row.name + ", ratio", row.microseconds / base, PROXY_RATIO, "{:.2f}")
    for way in ("over TLS", "over HTTP/2"):
        ours, theirs = (next(row for row in rows if row.name == f"{who}, proxy {way}") for who in ("Gatehouse", "nginx"))
        print_bar(ours.name + ", ratio", ours.microseconds / theirs.microseconds, SECURE_RATIO, "{:.2f}")
    for body, bar in BODY_RATIO.items():
        ours, theirs = (
            next(row for row in rows if row.name == f"{who}, proxy, body of {body}") for who in ("Gatehouse", "nginx")
        )
        print_bar(ours.name + ", ratio", ours.microseconds / theirs.microseconds, bar, "{:.2f}")
    static = next(row for row in rows if row.name == "nginx, return 204").microseconds
    for kind, bar in CHECK_RATIO.items():
        row = next(row for row in rows if row.name == f"Gatehouse, check, session in {kind}")
        print_bar(row.name + ", ratio", row.microseconds / static, bar, "{:.2f}")
    asking = next(row for row in rows if row.name.endswith(ASKING))
    peer = next(row for row in rows if row.name.startswith("mod_auth_openidc"))
    print_bar("mod_auth_openidc / check, Redis, at least", -peer.microseconds / asking.microseconds, -PEER_RATIO, "{:.1f}")
    # Each is the worst of the gateways.
    print_bar("resident memory, idle", max(facts["idle"]), IDLE_MEGABYTES, "{:.1f} MB")
    print_bar("resident memory, proxying", max(facts["loaded"]), LOADED_MEGABYTES, "{:.1f} MB")
    print(f"{'resident memory, most in this run':59}{max(facts['most']):>8.1f} MB")
    print_bar(f"{IDLE_CONNECTIONS:,} idle connections, each", facts["connection"], KILOBYTES_EACH, "{:.1f} kB")
    # Two connections each, and what is known of a session that may end; there is no bar.
    print(f"{f'{IDLE_SOCKETS:,} idle WebSockets, each':59}{facts['socket']:>8.1f} kB")
    for row in rows:
        if row.redis and "1,000 in" in row.name:
            print_bar(row.name + ", commands", statistics.median(row.commands), COMMANDS, "{:.1f}")
    print_bar("start to first answer", max(facts["start-up"]), START_UP, "{:.0f} ms")


def print_bar(name, found, bar, form):
    verdict = "met" if found <= bar else "NOT MET"
    print(f"{name:59}{form.format(abs(found)):>11}{form.format(abs(bar)):>16}   {verdict}")


def main():
    settings = options()
    facts = {}
    try:
        require(["wrk", "h2load", "nginx"], [])
        with ExitStack() as stack:
            upstream, pair, rows = rows_of_nginx(stack, settings)
            if not settings.nginx_only:
                require(["redis-server"], [GATEHOUSE, DEMO])
                allow_descriptors(IDLE_CONNECTIONS + 1_000)
                rows += rows_of_gateway(stack, settings, upstream, pair, facts)
            measure(rows, settings, facts)
            print_table(rows, settings, facts)
            if not settings.nginx_only:
                measure_waiting(rows, facts)
                print_bars(rows, facts)
    except MeasurementFailed as failure:
        sys.exit(f"bench: {failure}")


if __name__ == "__main__":
    main()
