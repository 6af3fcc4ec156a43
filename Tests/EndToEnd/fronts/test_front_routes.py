"""Routes to different applications: the front takes each request where the gateway has judged it to go, or nowhere."""

import pytest

from harness.front import CHECKING, FRONTS, start_front
from harness.gateway import run
from harness.raw_http import exchange, request
from harness.user_agent import UserAgent

ROLE = {"require": {"roles": ["admin"]}}


@pytest.fixture(scope="module", params=FRONTS, ids=lambda kind: kind.name)
def front(request, shared_stage, forger, upstream):
    """Two applications: the second one is open below one path, and for one role below another."""
    other = shared_stage.upstream()
    routes = [
        {"path": "/", "upstream": upstream.url, "assertion": "front"},
        {"path": "/open", "upstream": other.url, "access": "anyone"},
        {"path": "/admin", "upstream": other.url, **ROLE},
        {"path": "/theirs", "upstream": other.url},
        {"path": "/tokens", "upstream": upstream.url, "bearer": {"audiences": ["https://api.example.test"]}},
    ]
    settings = {"paths": {"register": "/signup"}}
    front = start_front(request.param, shared_stage, forger, upstream, routes, settings)
    front.other = other
    yield front
    assert front.gateway.is_alive


def ask(front, target, *fields, method="GET"):
    host = f"127.0.0.1:{front.port}"
    return exchange(front.port, request(target, host, *fields, method=method), method=method)


def cookie(front, agent):
    return "Cookie: " + agent.cookie_header(front.gateway.url("/"))


SPELLINGS = """
    /ADMIN/x /Admin /%61dmin/x /admiN/x //admin/x /admin%2fx /%41DMIN/x /OPEN/x /%6fpen/x /open%2fx //open/x /open//x
    /x/../admin /Theirs/x /%74heirs/x //theirs/x /theirs%2fx /theirs./x
""".split()


@pytest.mark.parametrize("target", SPELLINGS)
def test_no_spelling_leads_to_another_application_than_was_judged(front, alice, upstream, target):
    """She lacks the role. What she reaches is what the application it reaches reads as open, or as hers."""
    for fields in ([], [cookie(front, alice)]):
        upstream.forget()
        front.other.forget()
        ask(front, target, *fields)
        for received in front.other.received:
            own = ("/open", "/theirs") if fields else ("/open",)
            assert received.target.startswith(own), received.target
        for received in upstream.received:
            assert fields, "a stranger reaches nothing here"
            assert received.header("X-Forwarded-User") == "alice"
            # The first application has no such paths; a second that reads them so would be another's.
            assert not received.target.startswith(("/open/", "/admin/", "/theirs/")), received.target


def test_the_honest_spellings_lead_there(front, alice, upstream):
    front.other.forget()
    for target in ("/open/x", "/open", "/theirs/x?y=%2F", "/theirs/%C3%BC%20x"):
        assert ask(front, target, cookie(front, alice)).status == 200
        assert front.other.received[-1].target == target
    assert ask(front, "/admin/x", cookie(front, alice)).status == 403
    assert ask(front, "/x/%C3%BC", cookie(front, alice)).status == 200


def test_a_registration_elsewhere_begins_there(front):
    answer = UserAgent().get(front.gateway.url("/signup"))
    assert answer.status_code in (302, 303)
    assert "first_screen=register" in answer.headers["Location"]


def test_a_route_that_takes_tokens_says_so(front):
    plain = ask(front, "/x").all("WWW-Authenticate")
    assert len(plain) == 1 and plain[0].startswith("Gatehouse "), plain
    offered = ", ".join(ask(front, "/tokens/x").all("WWW-Authenticate"))
    assert offered.startswith("Gatehouse ")
    # nginx before 1.23 takes one such field over.
    assert "Bearer realm=" in offered or front.name == "nginx"
    refused = ask(front, "/tokens/x", "Authorization: Bearer forged")
    assert refused.status == 401 and 'error="invalid_token"' in ", ".join(refused.all("WWW-Authenticate"))


def asked_by_browsers(front):
    """All that a front could say, said by a browser."""
    host = f"127.0.0.1:{front.port}"
    nginx = ["X-Forwarded-Proto: http", f"X-Forwarded-Host: {host}", "X-Original-Method: GET", "X-Original-URI: /x"]
    traefik = ["X-Forwarded-Proto: http", f"X-Forwarded-Host: {host}", "X-Forwarded-Method: GET", "X-Forwarded-Uri: /x"]
    for path in (
        "check", "check?x", "forward-auth", "forward-auth?x=1", "ext-authz/x", "ext-authz/", "/check", "/ext-authz/x",
        "x/../check", "%63heck", "ext-authz/../sign-in", "ext-authz%2fx", "./check", "EXT-AUTHZ/x",
    ):  # fmt: skip
        for fields in ([], ["X-Forwarded-Proto: http"], nginx, traefik):
            yield f"/_gatehouse/{path}", fields


def test_no_browser_asks_a_check_itself(front, alice):
    """Its answer would have cookies that no script may read, and the signed assertion."""
    for target, fields in asked_by_browsers(front):
        answer = ask(front, target, cookie(front, alice) + "; theirs=secret", *fields)
        shown = (target, fields, answer)
        assert answer is None or answer.status != 200 or not target.startswith("/_gatehouse"), shown
        for name, value in answer.headers if answer else []:
            assert "secret" not in value, shown
            assert name.lower() not in ("x-forwarded-user", "x-auth-request-user", "x-gatehouse-assertion"), shown


@pytest.fixture(scope="module", params=CHECKING, ids=lambda kind: kind.name)
def methodical_front(request, shared_stage, forger, upstream):
    routes = [
        {"path": "/", "upstream": upstream.url},
        {"path": "/api", "upstream": upstream.url},
        {"path": "/api", "methods": ["GET"], "access": "anyone", "upstream": upstream.url},
    ]
    return start_front(request.param, shared_stage, forger, upstream, routes)


def test_routes_for_methods_have_one_application(methodical_front, upstream):
    front = methodical_front
    assert ask(front, "/api/x").status == 200
    upstream.forget()
    assert ask(front, "/api/x", method="DELETE").status == 401
    assert ask(front, "/x").status == 401
    assert upstream.received == []


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X_HTTP_Method_Override"])
def test_no_application_is_told_another_method(methodical_front, upstream, name):
    upstream.forget()
    assert ask(methodical_front, "/api/x", f"{name}: DELETE").status in (200, 400)
    for received in upstream.received:
        assert b"DELETE" not in received.head, received.head


@pytest.mark.parametrize("name", [kind.name for kind in CHECKING])
def test_what_no_front_can_tell_apart_is_not_printed(stage, forger, upstream, name):
    other = stage.upstream()
    routes = [
        {"path": "/", "upstream": upstream.url},
        {"path": "/api", "name": "reading", "methods": ["GET"], "upstream": upstream.url},
        {"path": "/api", "name": "writing", "methods": ["POST"], "upstream": other.url},
    ]
    gateway = stage.gateway(forger, upstream, {"route": routes})
    printed = run("emit", name, "--config", gateway.file)
    assert printed.returncode == 78
    assert "reading" in printed.stderr and "writing" in printed.stderr
