"""The questions of front proxies, byte for byte, and what the operator is told when they are wrong."""

import socket

import pytest

from harness.gateway import run
from harness.raw_http import RawConnection, exchange
from harness.user_agent import UserAgent
from harness.waiting import eventually

ROUTES = [{"path": "/"}, {"path": "/open", "access": "anyone"}, {"path": "/optional", "access": "optional"}]


@pytest.fixture(scope="module")
def gateway(shared_stage, forger):
    """It knows no application: only fronts ask it. One route forwards, so that somebody can sign in."""
    routes = [*ROUTES, {"path": "/app", "upstream": "http://127.0.0.1:9", "access": "optional"}]
    server = {"trusted_proxies": ["127.0.0.1"]}
    gateway = shared_stage.gateway(forger, "http://127.0.0.1:9", {"server": server, "route": routes})
    yield gateway
    assert gateway.is_alive


@pytest.fixture(scope="module")
def cookie(gateway, forger):
    agent = UserAgent()
    redirect = agent.get(gateway.own("sign-in"))
    answer = agent.get(forger.authenticate(agent, agent.location(redirect)))
    assert answer.status_code == 303
    return agent.cookie_header(gateway.url("/"))


def nginx(gateway, **changes):
    fields = {
        "X-Original-Method": "GET",
        "X-Original-URI": "/page?x=1",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": f"127.0.0.1:{gateway.port}",
    }
    return _lines(fields, changes)


def traefik(gateway, **changes):
    fields = {
        "X-Forwarded-Method": "GET",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": f"127.0.0.1:{gateway.port}",
        "X-Forwarded-Uri": "/page?x=1",
        "X-Forwarded-For": "192.0.2.7",
    }
    return _lines(fields, changes)


def _lines(fields, changes):
    fields = {**fields, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return [f"{name}: {value}" for name, value in fields.items() if value is not None]


def ask(port, path, *fields, method="GET", host="gatehouse", version="HTTP/1.0"):
    lines = [f"{method} /_gatehouse/{path} {version}", f"Host: {host}", *fields, "\r\n"]
    return exchange(port, "\r\n".join(lines).encode("latin-1"), method)


MODES = [("check", nginx), ("forward-auth", traefik)]


@pytest.mark.parametrize("path, fields", MODES)
def test_who_is_signed_in_passes_by_name(gateway, cookie, path, fields):
    answer = ask(gateway.port, path, *fields(gateway), f"Cookie: a=b; {cookie}")
    assert (answer.status, answer.body) == (200, b"")
    for family in ("X-Forwarded", "X-Auth-Request"):
        assert answer.header(f"{family}-User") == "alice"
        assert answer.header(f"{family}-Email") == "alice@example.test"
        assert answer.header(f"{family}-Preferred-Username") == "alice"
        assert answer.header(f"{family}-Name") == "Alice Liddell"
        assert answer.header(f"{family}-Groups") == "reader,writer"
    assert answer.header("Cookie") == "a=b"
    assert answer.header("Set-Cookie") is None


def test_one_connection_serves_many_checks(gateway, cookie):
    with RawConnection(gateway.port) as connection:
        for number in range(50):
            fields = nginx(gateway, X_Original_URI=f"/page/{number}" if number % 2 else "/open")
            head = ["GET /_gatehouse/check HTTP/1.1", "Host: gatehouse", *fields]
            mine = [f"Cookie: {cookie}"] if number % 3 else []
            connection.send("\r\n".join([*head, *mine, "\r\n"]))
            answer = connection.read_response()
            assert answer.status == (200 if number % 2 == 0 or mine else 401)
            assert answer.header("X-Auth-Request-User") == ("alice" if mine and number % 2 else None)


def test_envoys_check_has_the_original_method_host_and_path(gateway, cookie):
    """As its documentation has it: the path behind the prefix, Content-Length 0, names in lower case."""

    def envoy(method, target, *fields, host=None):
        lines = [
            f"{method} /_gatehouse/ext-authz{target} HTTP/1.1",
            f"host: {host or gateway.origin.removeprefix('http://')}",
            "content-length: 0",
            "x-forwarded-proto: http",
            "x-forwarded-for: 192.0.2.7,127.0.0.1",
            "x-envoy-internal: true",
            "x-envoy-expected-rq-timeout-ms: 10000",
            *fields,
        ]
        return exchange(gateway.port, ("\r\n".join(lines) + "\r\n\r\n").encode(), method)

    for method in ("GET", "POST", "HEAD", "DELETE", "OPTIONS"):
        assert envoy(method, "/page?x=1").status == 401
        assert envoy(method, "/page?x=1", f"cookie: {cookie}").status == 200
        assert envoy(method, "/open/x").status == 200
    answer = envoy("GET", "/page", f"cookie: {cookie}")
    assert answer.header("X-Forwarded-User") == "alice"
    assert answer.header("Cookie") == "", "or else Envoy would leave the ticket where it is"
    page = envoy("GET", "/page?x=1", "accept: text/html", "sec-fetch-mode: navigate", "sec-fetch-dest: document")
    assert page.status == 302
    assert page.header("Location") == gateway.own("sign-in") + "?rd=%2Fpage%3Fx%3D1"
    assert envoy("GET", "/open/../page").status == 400
    assert envoy("GET", "/page", host="evil.example").status == 421
    assert ask(gateway.port, "ext-authz/open", host=f"127.0.0.1:{gateway.port}").status == 400


@pytest.mark.parametrize("path, fields", MODES)
def test_whatever_is_missing_is_named_in_the_log(gateway, path, fields):
    whole = fields(gateway)
    for line in whole:
        name = line.split(":")[0]
        if name == "X-Forwarded-For":
            continue
        answer = ask(gateway.port, path, *[other for other in whole if other is not line])
        assert answer.status == 400
        eventually(lambda: [entry for entry in gateway.exchanges if name in entry.get("detail", "")])
        assert ask(gateway.port, path, *whole, line).status == 400, "twice is not once"
    warnings = [entry for entry in gateway.log if entry.get("message") == "a check was refused"]
    assert warnings and all(entry["fix"] for entry in warnings)


BAD = [
    {"X_Forwarded_Proto": "http, https"},
    {"X_Forwarded_Proto": "https"},
    {"X_Forwarded_Host": "evil.example, 127.0.0.1"},
    {"X_Forwarded_Host": "user@127.0.0.1"},
    {"X_Forwarded_Host": "\u00ff.example"},
    {"X_Original_Method": "GET, POST", "X_Forwarded_Method": "GET, POST"},
    {"X_Original_Method": "G\u00ffT", "X_Forwarded_Method": "G\u00ffT"},
    {"X_Original_URI": "/\u00ff", "X_Forwarded_Uri": "/\u00ff"},
    {"X_Original_URI": "/a/../b", "X_Forwarded_Uri": "/a/../b"},
    {"X_Original_URI": "/a;b", "X_Forwarded_Uri": "/a;b"},
    {"X_Original_URI": "/" + "a" * 20_000, "X_Forwarded_Uri": "/" + "a" * 20_000},
    {"X_Original_URI": "page", "X_Forwarded_Uri": "page"},
    {"X_Original_URI": "/page", "X_Forwarded_Uri": "/open"},
    {"X_Original_Method": "GET", "X_Forwarded_Method": "POST"},
    {"X_Original_URL": "http://127.0.0.1/page?x=1"},
    {"X_Original_URL": "http://evil.example/page"},
]


@pytest.mark.parametrize("path, fields", MODES)
@pytest.mark.parametrize("changes", BAD, ids=lambda changes: next(iter(changes)))
def test_what_can_be_read_in_two_ways_is_refused(gateway, cookie, path, fields, changes):
    answer = ask(gateway.port, path, *fields(gateway, **changes), f"Cookie: {cookie}")
    assert answer.status in (400, 431)
    assert answer.header("X-Auth-Request-User") is None


@pytest.mark.parametrize("name", ["X_Forwarded_User", "x_auth_request_user", "Remote_User", "X.Forwarded.User"])
@pytest.mark.parametrize("path, fields", MODES)
def test_a_field_that_the_application_would_believe_is_refused(gateway, cookie, path, fields, name):
    assert ask(gateway.port, path, *fields(gateway), f"Cookie: {cookie}", f"{name}: admin").status == 400


@pytest.mark.parametrize("query", ["?X-Original-URI=/open", "?rd=/open", "?access=anyone", "?allowed_groups=reader"])
def test_the_query_of_the_check_is_no_policy(gateway, query):
    assert ask(gateway.port, f"check{query}", *nginx(gateway)).status == 401


@pytest.mark.parametrize("path, fields", MODES)
def test_strangers_are_not_answered(stage, forger, path, fields):
    gateway = stage.gateway(forger, "http://127.0.0.1:9", {"route": ROUTES})
    answer = ask(gateway.port, path, *fields(gateway))
    assert answer.status == 403
    assert "trusted_proxies" not in answer.body.decode()
    entry = eventually(lambda: [line for line in gateway.log if line.get("message") == "a check was refused"])[0]
    assert "server.trusted_proxies" in entry["fix"] and "127.0.0.1" in entry["fix"]


def test_a_check_of_a_route_that_takes_tokens_says_so(stage, forger):
    routes = [*ROUTES, {"path": "/api", "bearer": {"audiences": ["https://api.example.test"]}}]
    settings = {"server": {"trusted_proxies": ["127.0.0.1"]}, "route": routes}
    gateway = stage.gateway(forger, "http://127.0.0.1:9", settings)
    for path, fields in MODES:
        asked = fields(gateway, **{"X_Original_URI" if path == "check" else "X_Forwarded_Uri": "/api"})
        answer = ask(gateway.port, path, *asked)
        assert answer.status == 401
        assert [value.split()[0] for value in answer.all("WWW-Authenticate")] == ["Gatehouse", "Bearer"]
        assert len(ask(gateway.port, path, *fields(gateway)).all("WWW-Authenticate")) == 1


@pytest.mark.parametrize("path, fields", MODES)
def test_a_field_that_no_front_removes_is_refused_and_named(gateway, cookie, path, fields):
    for name in ("X-Auth-Anything", "Oidc-Claim-Anything", "X-Forwarded-Sub", "X.Team.User_X-User"):
        answer = ask(gateway.port, path, *fields(gateway), f"Cookie: {cookie}", f"{name}: x")
        if name.startswith("X.Team"):
            assert answer.status == 200, "nobody reads this as an identity"
            continue
        assert answer.status == 400
        eventually(lambda: [entry for entry in gateway.exchanges if name in entry.get("detail", "")])
    for name in ("X-Auth-Request-User", "Oidc-Claim-Sub", "X-Real-Ip", "X-Forwarded-Port", "X-User-Agent"):
        assert ask(gateway.port, path, *fields(gateway), f"Cookie: {cookie}", f"{name}: x").status == 200


@pytest.mark.parametrize("path, fields", MODES)
def test_an_escape_that_a_front_could_read_as_another_route_is_refused(gateway, cookie, path, fields):
    name = "X_Original_URI" if path == "check" else "X_Forwarded_Uri"
    for target, status in (("/%6fpen/x", 400), ("/open/%78", 200), ("/op%65n", 400), ("/%78", 200), ("/open/%C3%BC", 200)):
        assert ask(gateway.port, path, *fields(gateway, **{name: target}), f"Cookie: {cookie}").status == status


def test_a_route_without_an_upstream_forwards_nothing(gateway):
    answer = exchange(gateway.port, f"GET /open HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\n\r\n".encode())
    assert answer.status == 404


def test_checks_on_a_socket_of_their_own(stage, forger, tmp_path):
    path = tmp_path / "check.sock"
    settings = {
        "server": {"trusted_proxies": ["unix", "127.0.0.1"]},
        "check": {"listen": f"unix:{path}"},
        "route": ROUTES,
    }
    gateway = stage.gateway(forger, "http://127.0.0.1:9", settings)
    assert ask(gateway.port, "check", *nginx(gateway)).status == 403
    entry = eventually(lambda: [line for line in gateway.log if line.get("message") == "a check was refused"])[0]
    assert "check.listen" in entry["fix"]

    def over_socket(target, *fields):
        connection = RawConnection.__new__(RawConnection)
        connection.socket = socket.socket(socket.AF_UNIX)
        connection.socket.settimeout(10)
        connection.socket.connect(str(path))
        connection.buffer = b""
        with connection:
            connection.send("\r\n".join([f"GET {target} HTTP/1.1", "Host: gatehouse", *fields, "\r\n"]))
            return connection.read_response()

    assert over_socket("/_gatehouse/check", *nginx(gateway)).status == 401
    assert over_socket("/_gatehouse/check", *nginx(gateway, X_Original_URI="/open")).status == 200
    assert over_socket("/_gatehouse/sign-in").status == 404
    assert over_socket("/open").status == 404


def test_a_socket_is_not_trusted_unasked(stage, forger, tmp_path):
    path = tmp_path / "check.sock"
    gateway = stage.gateway(forger, "http://127.0.0.1:9", {"check": {"listen": f"unix:{path}"}, "route": ROUTES})
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        lines = ["GET /_gatehouse/check HTTP/1.0", "Host: x", *nginx(gateway), "\r\n"]
        connection.sendall("\r\n".join(lines).encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 403 ")


def test_a_store_that_fails_is_no_challenge(stage, forger):
    redis = stage.redis()
    key = run("key").stdout.strip()
    settings = {
        "server": {"trusted_proxies": ["127.0.0.1"]},
        "session": {"store": "redis", "keys": [key]},
        "redis": {"url": redis.url},
        "route": [*ROUTES, {"path": "/app", "upstream": "http://127.0.0.1:9", "access": "optional"}],
    }
    gateway = stage.gateway(forger, "http://127.0.0.1:9", settings)
    agent = UserAgent()
    redirect = agent.get(gateway.own("sign-in"))
    agent.get(forger.authenticate(agent, agent.location(redirect)))
    cookie = "Cookie: " + agent.cookie_header(gateway.url("/"))
    for path, fields in MODES:
        assert ask(gateway.port, path, *fields(gateway), cookie).status == 200
    redis.kill()
    for path, fields in MODES:
        answer = ask(gateway.port, path, *fields(gateway), cookie)
        assert answer.status == 503
        assert answer.header("Retry-After")
        assert answer.header("Set-Cookie") is None
        assert ask(gateway.port, path, *fields(gateway)).status == 401
