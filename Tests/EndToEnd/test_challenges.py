"""Who is sent to sign in, and who is told 401: navigations and everything else. And what becomes of bad callbacks."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from harness.stage import assert_no_session, session_of, sign_in, sign_in_answer
from harness.user_agent import XHR, UserAgent

NAVIGATIONS = {
    "a click": {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Accept": "*/*"},
    "a frame": {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe", "Accept": "text/html"},
    "an old browser": {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"},
}
OTHERS = {
    "a script": XHR,
    "a script that wants html": {**XHR, "Accept": "text/html"},
    "an image": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image", "Accept": "image/*,*/*"},
    "a stylesheet": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "style", "Accept": "text/css"},
    "a service worker": {"Sec-Fetch-Mode": "same-origin", "Sec-Fetch-Dest": "serviceworker", "Accept": "*/*"},
    "a prefetch": {**NAVIGATIONS["a click"], "Sec-Purpose": "prefetch"},
    "an old prefetch": {"Accept": "text/html", "Purpose": "prefetch"},
    "curl": {"Accept": "*/*"},
    "nothing said": {},
    "an old script": {"Accept": "text/html, */*", "X-Requested-With": "XMLHttpRequest"},
    "a websocket": {"Accept": "text/html", "Upgrade": "websocket", "Connection": "Upgrade"},
}


@pytest.mark.parametrize("headers", NAVIGATIONS.values(), ids=NAVIGATIONS.keys())
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_navigation_is_sent_to_sign_in(gateway, forger, headers, method):
    answer = UserAgent().request(method, gateway.url("/x"), headers=headers)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(forger.issuer + "/auth?")


@pytest.mark.parametrize("headers", OTHERS.values(), ids=OTHERS.keys())
def test_anything_else_gets_401_with_a_problem_and_no_cookie(gateway, headers, upstream):
    answer = UserAgent().request("GET", gateway.url("/other"), headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"]
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    problem = answer.json()
    assert set(problem) >= {"type", "title", "status", "sign_in_url", "request_id"}
    assert problem["status"] == 401
    assert problem["sign_in_url"].startswith((gateway.own("sign-in"), "/_gatehouse/sign-in"))
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert upstream.count("/other") == 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_method_that_changes_things_is_never_redirected(gateway, method):
    answer = UserAgent().request(method, gateway.url("/x"), headers=NAVIGATIONS["a click"])
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers


def test_an_optional_route_serves_both_and_names_only_who_is_signed_in(gateway, forger, upstream):
    assert UserAgent().get(gateway.url("/optional/stranger")).status_code == 200
    assert upstream.last("/optional/stranger").header("X-Forwarded-User") is None
    agent = sign_in(gateway, forger)
    assert agent.get(gateway.url("/optional/alice")).status_code == 200
    assert upstream.last("/optional/alice").header("X-Forwarded-User") == "alice"


def test_a_route_for_anyone_looks_nobody_up(gateway, alice, upstream):
    assert alice.get(gateway.url("/open/x")).status_code == 200
    assert upstream.last("/open/x").header("X-Forwarded-User") is None


def test_many_open_tabs_keep_few_transaction_cookies(gateway):
    agent = UserAgent()
    for number in range(12):
        agent.get(gateway.url(f"/tab/{number}"))
    cookies = [name for name in agent.cookies(gateway.origin) if name.startswith("gatehouse_tx_")]
    assert 1 <= len(cookies) <= 5


def test_five_tabs_at_once_all_arrive_where_they_wanted(gateway, forger):
    agent = UserAgent()
    started = {f"/tab/{number}": agent.location(agent.get(gateway.url(f"/tab/{number}"))) for number in range(5)}
    for path, url in reversed(started.items()):
        assert agent.visit(forger.authenticate(agent, url)).steps[-1] == gateway.url(path)


INJECTED = {
    "client_id": "evil",
    "redirect_uri": "https://evil.example/",
    "response_type": "token",
    "response_mode": "form_post",
    "scope": "openid admin",
    "resource": "https://evil.example/",
    "state": "A" * 43,
    "nonce": "B" * 43,
    "code_challenge": "C" * 43,
    "code_challenge_method": "plain",
    "request": "eyJhbGciOiJub25lIn0.e30.",
    "request_uri": "https://evil.example/",
    "iss": "https://evil.example",
    "prompt": "none",
}


@pytest.mark.parametrize("name, value", INJECTED.items(), ids=INJECTED.keys())
def test_a_link_to_our_sign_in_says_nothing_that_only_we_may_say(gateway, name, value):
    answer = UserAgent().get(gateway.own("sign-in") + "?" + urlencode({"rd": "/x", name: value}))
    assert answer.status_code in (302, 400)
    if answer.status_code == 302:
        sent = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert sent.get(name) != [value]
        assert all(len(values) == 1 for values in sent.values())


def changed(callback, **changes):
    parts = urlsplit(callback)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    query.update(changes)
    return parts._replace(query=urlencode({k: v for k, v in query.items() if v is not None})).geturl()


def start(gateway, forger):
    agent = UserAgent()
    return agent, forger.authenticate(agent, agent.location(agent.get(gateway.url("/x"))))


@pytest.mark.parametrize(
    "changes",
    [
        {"state": None},
        {"state": ""},
        {"state": "A" * 43},
        {"iss": None},
        {"iss": "https://evil.example"},
        {"code": None},
        {"code": ""},
    ],
    ids=str,
)
def test_a_callback_that_does_not_fit_signs_nobody_in_and_redeems_nothing(gateway, forger, changes):
    agent, callback = start(gateway, forger)
    before = forger.count("/token")
    answer = agent.get(changed(callback, **changes))
    assert answer.status_code != 500
    assert "gatehouse" not in agent.cookies(gateway.origin)
    assert session_of(gateway, agent) is None
    assert forger.count("/token") == before


@pytest.mark.parametrize("name", ["state", "code", "iss"])
def test_a_callback_with_a_doubled_parameter_is_refused(gateway, forger, name):
    agent, callback = start(gateway, forger)
    value = parse_qs(urlsplit(callback).query)[name][0]
    before = forger.count("/token")
    agent.get(callback + "&" + urlencode({name: value}))
    assert session_of(gateway, agent) is None
    assert forger.count("/token") == before


def test_a_callback_in_another_browser_signs_nobody_in(gateway, forger):
    _, callback = start(gateway, forger)
    before = forger.count("/token")
    victim = UserAgent()
    victim.get(callback)
    assert session_of(gateway, victim) is None
    assert forger.count("/token") == before


def test_a_callback_opened_twice_redeems_once_and_is_no_dead_end(gateway, forger):
    agent, callback = start(gateway, forger)
    thief = agent.copy()
    assert agent.get(callback).status_code == 303
    assert agent.visit(callback).status_code == 200
    thief.get(callback)
    assert session_of(gateway, thief) is None
    code = parse_qs(urlsplit(callback).query)["code"][0]
    assert [entry["form"].get("code") for entry in forger.log if entry["path"] == "/token"].count(code) == 1


def test_a_refusal_by_the_provider_is_a_page_that_repeats_no_markup(gateway, stage, upstream):
    forger = stage.forger()
    own = stage.gateway(forger, upstream)
    forger.callback = lambda grant: {
        "error": "access_denied",
        "error_description": "<script>alert(1)</script>",
        "state": grant.query["state"],
        "iss": forger.issuer,
    }
    answer = sign_in_answer(own, forger)
    assert_no_session(own, answer)
    assert "<script" not in answer.text.lower()


def test_a_browser_that_keeps_no_cookies_ends_at_a_page_and_not_in_a_loop(gateway, forger):
    agent = UserAgent()
    url = gateway.url("/x")
    for _ in range(15):
        agent.jar.clear()
        answer = agent.get(url)
        if answer.status_code not in (302, 303):
            break
        url = agent.location(answer)
    assert answer.status_code not in (302, 303), "still redirecting"
    assert "<script" not in answer.text.lower()
