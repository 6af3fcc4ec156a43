"""A stranger in front of a front proxy: whatever is sent, the application sees nothing, or exactly our value once."""

import pytest

from harness.raw_http import exchange, request
from harness.front import start_front
from harness.user_agent import UserAgent

ANSWERED = [
    "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Preferred-Username", "X-Forwarded-Name", "X-Forwarded-Groups",
]  # fmt: skip
OTHERS = """
    X-Auth-Request-User X-Auth-Request-Email X-Auth-Request-Groups X-Auth-User Remote-User X-Remote-User
    X-Webauth-User X-Authenticated-User X-Authentik-Username X-Goog-Authenticated-User-Email X-Amzn-Oidc-Data
    Cf-Access-Jwt-Assertion X-Ms-Client-Principal Sm-User Iv-User Oam-Remote-User Ssl-Client-Cert Client-Cert
    X-Forwarded-Client-Cert X-Client-Cert X-User X-User-Id X-Email X-Groups X-Roles X-Jwt X-Gatehouse-Assertion
    Logto-Id-Token Tailscale-User-Login X-Pomerium-Jwt-Assertion X-Consumer-Username X-Original-Url X-Original-Uri
    X-Rewrite-Url X-Forwarded-Uri X-Forwarded-Method Forwarded Impersonate-User X-Hasura-Role Eppn Proxy
""".split()


def spellings(name):
    return dict.fromkeys(
        [
            name, name.lower(), name.upper(), name.replace("-", "_"), name.replace("-", "_", 1),
            name.replace("-", "_").upper(), name.replace("-", "."), name.replace("-", "~", 1),
        ]
    )  # fmt: skip


def ask(front, target, *fields, host=None, **options):
    return exchange(front.port, request(target, host or f"127.0.0.1:{front.port}", *fields, **options))


def cookie(front, agent):
    return "Cookie: " + agent.cookie_header(front.gateway.url("/"))


@pytest.mark.parametrize("name", ANSWERED + OTHERS)
def test_nobody_names_an_identity(front, upstream, name):
    upstream.forget()
    for spelling in spellings(name):
        ask(front, "/open/spoof", f"{spelling}: spoofed")
        ask(front, "/open/spoof", f"{spelling}: spoofed", f"{spelling}: spoofed again")
    assert upstream.received, "the genuine spelling is no attack, and is taken away in silence"
    for received in upstream.received:
        assert b"spoofed" not in received.head, received.head


@pytest.mark.parametrize("name", ANSWERED)
def test_nobody_adds_to_their_own_identity(front, alice, upstream, name):
    upstream.forget()
    expected = None
    assert ask(front, "/own", cookie(front, alice)).status == 200
    expected = upstream.last("/own").all(name)
    assert len(expected) == 1
    for spelling in spellings(name):
        upstream.forget()
        answer = ask(front, "/own", cookie(front, alice), f"{spelling}: spoofed")
        assert answer is None or answer.status in (200, 400)
        for received in upstream.received:
            assert b"spoofed" not in received.head, received.head
            assert received.all(name) == expected


@pytest.mark.parametrize("named", ["X-Forwarded-User", "x-forwarded-user", "Cookie", "X-Forwarded-Host", "Host"])
@pytest.mark.parametrize("prefix", ["", "keep-alive, ", "close, ", "upgrade, "])
def test_nobody_names_our_fields_away(front, alice, upstream, named, prefix):
    upstream.forget()
    answer = ask(front, "/named", cookie(front, alice) + "; other=1", f"Connection: {prefix}{named}")
    assert answer is None or answer.status in (200, 302, 400, 401)
    for received in upstream.received:
        assert received.all("X-Forwarded-User") == ["alice"]
        assert b"gatehouse=" not in received.head


PATHS = r"""
    /open/../private /open/%2e%2e/private /open/..%2fprivate /open%2f..%2fprivate /open/.%2e/private //private
    /open/..;/private /open;/../private /open/%252e%252e/private /open/..\private /open/..%5cprivate /./private
    /open/%2e%2e%2fprivate /private%2f /private/. /private;a=b /private%3b /%70rivate /private%00 /private%0a
    /open/../../private /open//../private /open/x/..//../private /private%20 /private%09 /PRIVATE /open%23/../private
    /open?/../private /private?/open /private#/open /private%23/open /open%3f/../private /open/%c0%ae%c0%ae/private
    /_gatehouse/../private /_gatehouse/..%2fprivate /_gatehouse/%2e%2e/private /_gatehouse//../private
    /_gatehouse/check/../../private /_gatehouse/ext-authz/private /_gatehouse;/private /_gatehouse%2f..%2fprivate
    /_gatehouse/sign-in/../../private //127.0.0.1/private http:/private /open/..%00/private /open/%u002e%u002e/private
""".split()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_path_leads_a_stranger_past_the_check(front, upstream, path, method):
    """What is open is what the application reads as open, and not what the front or the gateway alone does."""
    upstream.forget()
    ask(front, path, method=method)
    for received in upstream.received:
        seen = received.target.split("?")[0]
        assert seen.startswith(("/open", "/optional")), received.head
        assert ".." not in seen and "%2e" not in seen.lower() and "\\" not in seen and "%5c" not in seen.lower()


FORGED = [
    ["X-Original-URI: /open"],
    ["X-Original-URL: http://127.0.0.1:PORT/open"],
    ["X-Original-Method: OPTIONS"],
    ["X-Original-URI: /open", "X-Original-URL: http://127.0.0.1:PORT/open", "X-Original-Method: GET"],
    ["X-Forwarded-Uri: /open"],
    ["X-Forwarded-Uri: /open", "X-Forwarded-Method: GET", "X-Forwarded-Proto: http", "X-Forwarded-Host: 127.0.0.1:PORT"],
    ["X-Forwarded-Host: evil.example"],
    ["X-Forwarded-Proto: https"],
    ["X-Forwarded-Prefix: /open"],
    ["X-Rewrite-URL: /open"],
    ["Forwarded: for=1.2.3.4;host=evil.example;proto=https"],
    ["X_Original_URI: /open", "X_Forwarded_Uri: /open"],
    ["X-HTTP-Method-Override: OPTIONS"],
    ["X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "True-Client-IP: 127.0.0.1"],
    ["Connection: X-Original-URI, X-Forwarded-Uri, X-Forwarded-Host, X-Original-Method, Cookie"],
    ["User-Agent: kube-probe/1.0"],
]


@pytest.mark.parametrize("fields", FORGED, ids=lambda fields: fields[0].split(":")[0])
def test_no_field_leads_a_stranger_past_the_check(front, upstream, fields):
    upstream.forget()
    fields = [field.replace("PORT", str(front.port)) for field in fields]
    for method in ("GET", "POST", "OPTIONS", "HEAD", "PROPFIND"):
        answer = exchange(
            front.port, request("/private", f"127.0.0.1:{front.port}", *fields, method=method), method=method
        )
        assert answer is None or answer.status in (302, 400, 401, 403, 405), answer
    assert upstream.received == []


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "TRACK", "get", "GET,POST"])
def test_no_method_leads_a_stranger_past_the_check(front, upstream, method):
    upstream.forget()
    answer = exchange(
        front.port, request("/private", f"127.0.0.1:{front.port}", method=method), timeout=8
    )
    assert answer is None or answer.status >= 300
    assert upstream.received == []


HOSTS = ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost:PORT", "127.0.0.1:PORT, evil.example", "u@127.0.0.1:PORT"]


@pytest.mark.parametrize("host", HOSTS)
def test_another_host_reaches_no_application(front, alice, upstream, host):
    upstream.forget()
    host = host.replace("PORT", str(front.port))
    answer = ask(front, "/open/x", cookie(front, alice), host=host)
    # Some fronts compare hosts without their ports; what the application sees is then what it is told, and ours.
    for received in upstream.received:
        assert received.all("Host") == [f"127.0.0.1:{front.port}"], received.head
    # Caddy says 200 to a host that it does not know, and nothing else.
    assert answer is None or answer.status >= 400 or upstream.received or not answer.body


def test_two_hosts_reach_no_application(front, upstream):
    upstream.forget()
    ask(front, "/open/x", "Host: evil.example")
    for received in upstream.received:
        assert received.all("Host") == [f"127.0.0.1:{front.port}"], received.head


@pytest.mark.parametrize("target", ["http://evil.example/open/x", "http://127.0.0.1:PORT/private", "http://evil.example/private"])
def test_an_absolute_target_is_no_way_around(front, upstream, target):
    upstream.forget()
    ask(front, target.replace("PORT", str(front.port)))
    for received in upstream.received:
        assert received.target.startswith("/open")
        assert received.all("Host") == [f"127.0.0.1:{front.port}"], received.head


def test_the_checks_themselves_tell_a_stranger_nothing(front, upstream):
    upstream.forget()
    told = [
        "X-Original-URI: /open", "X-Original-Method: GET", "X-Forwarded-Proto: http", "X-Forwarded-Uri: /open",
        f"X-Forwarded-Host: 127.0.0.1:{front.port}", "X-Forwarded-Method: GET",
    ]  # fmt: skip
    for path in ("check", "forward-auth", "ext-authz/open"):
        answer = ask(front, f"/_gatehouse/{path}", *told)
        assert answer is None or "X-Auth-Request-User" not in dict(answer.headers)
    assert upstream.received == []


def test_nobody_passes_while_the_gateway_is_down(request, stage, front, forger, upstream):
    other = start_front(type(front), stage, forger, upstream)
    upstream.forget()
    other.gateway.process.kill()
    for path in ("/private", "/open"):
        answer = UserAgent().get(other.gateway.url(path))
        assert 500 <= answer.status_code < 600
    assert upstream.received == []
