"""What who-may-what costs: bearer tokens beside sessions, a thousand routes beside one, the first look at a token.

Checks are asked (`/_gatehouse/check`), so that nothing but the decision and its answer is measured. Bars are compared
and shown, never asserted.
"""

import argparse
import http.client
import sys
import time
from contextlib import ExitStack

from bench import ANSWER, asked, print_bar, require, show_progress
from measure import MeasurementFailed, Row, cpu_seconds
from servers import GATEHOUSE, Gateway, nginx_answering, toml_text
from sign_in import session_cookie

from harness import mint
from harness.providers.forger import Forger

BEARER_RATIO = 1.3
ROUTES_RATIO = 2.0
ROUTES = 1000
GROUPS = [f"group-{number}" for number in range(300)]
API = "https://api.example.com"
FIRST = 2000


def gateway(stack, forger, upstream, name, routes):
    """One worker's worth of policy: routes with these requirements, known to the forger."""
    server = Gateway(name)
    server.settings["provider"] = forger.settings
    server.settings["route"] = [{"upstream": upstream.url(""), **route} for route in routes]
    server.file.write_text(toml_text(server.settings))
    stack.callback(server.close)
    return server.start().wait()


def tokens(forger, count):
    """Access tokens, each of another person."""
    now = int(time.time())
    claims = {"iss": forger.issuer, "aud": API, "iat": now, "exp": now + 3600, "client_id": "bench", "scope": "read"}
    for number in range(count):
        yield mint.genuine({**claims, "sub": f"client-{number}"}, "ES384", forger.signing_key, typ="at+jwt")


def check(server, path, cookie=None, bearer=None):
    fields = {**asked(server), "X-Original-URI": path}
    if bearer:
        fields["Authorization"] = "Bearer " + bearer
    return Row(f"check {path}, {'bearer token' if bearer else 'session'}", server, "/_gatehouse/check", cookie, fields=fields)


def first_looks(server, texts):
    """CPU microseconds for each token that has not been seen before, and for each once it has."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    costs = []
    for _ in range(2):
        before = cpu_seconds(server.pids())
        for text in texts:
            fields = {**asked(server), "X-Original-URI": "/api", "Authorization": "Bearer " + text}
            connection.request("GET", "/_gatehouse/check", headers=fields)
            response = connection.getresponse()
            response.read()
            if response.status != 200:
                raise MeasurementFailed(f"a token was answered with {response.status}")
        costs.append((cpu_seconds(server.pids()) - before) * 1e6 / len(texts))
    connection.close()
    return costs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each row is measured (5)")
    parser.add_argument("--seconds", type=int, default=3, help="how long each measurement takes (3)")
    parser.add_argument("--connections", type=int, default=64, help="how many connections wrk opens (64)")
    settings = parser.parse_args()
    try:
        require(["wrk", "nginx"], [GATEHOUSE])
        with ExitStack() as stack:
            run(stack, settings)
    except MeasurementFailed as failure:
        sys.exit(f"bench: {failure}")


def run(stack, settings):
    forger = Forger()
    stack.callback(forger.stop)
    bearer = {"audiences": [API]}
    upstream = nginx_answering("upstream", ANSWER, access_log=False)
    stack.callback(upstream.close)
    api = gateway(stack, forger, upstream, "gatehouse-api", [{"path": "/"}, {"path": "/api", "bearer": bearer}])
    rows = [check(api, "/api", session_cookie(api)), check(api, "/api", bearer=next(tokens(forger, 1)))]
    forger.claims["roles"] = GROUPS

    def requiring(number):
        return {"roles": [GROUPS[number % len(GROUPS)]], "claims": {"path": "sub", "equals": "alice"}}

    for count in (1, ROUTES):
        routes = [{"path": f"/area-{number}", "require": requiring(number)} for number in range(count)]
        server = gateway(stack, forger, upstream, f"gatehouse-{count}", [{"path": "/", "require": requiring(0)}, *routes])
        rows.append(check(server, f"/area-{count - 1}/page", session_cookie(server)))
        rows[-1].name = f"check, {count:,} route{'s' * (count > 1)}, {len(GROUPS)} groups"
    for row in rows:
        row.check()
        row.load(settings.connections, 1)
    for number in range(1, settings.rounds + 1):
        for row in rows:
            show_progress(f"round {number} of {settings.rounds}: {row.name}")
            row.measure(settings.connections, settings.seconds)
    show_progress("")
    print(f"\n{'':43}{'CPU us/request':>16}{'':>18}{'requests/s':>12}")
    for row in rows:
        spread = f"({min(row.cpu):.1f} to {max(row.cpu):.1f})"
        print(f"{row.name:43}{row.microseconds:16.1f}{spread:>18}{row.requests_per_second:12,.0f}")
    first, again = first_looks(api, list(tokens(forger, FIRST)))
    print(f"{'ES384, first look at a token':43}{first:16.1f}")
    print(f"{'ES384, every further one':43}{again:16.1f}{'(one connection)':>18}")
    print(f"\n{'':43}{'found':>11}{'bar':>16}")
    session, token, one, many = rows
    print_bar("bearer token / session", token.microseconds / session.microseconds, BEARER_RATIO, "{:.2f}")
    print_bar(f"{ROUTES:,} routes / one", many.microseconds / one.microseconds, ROUTES_RATIO, "{:.2f}")


if __name__ == "__main__":
    main()
