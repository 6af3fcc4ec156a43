"""Where a sign-in may end: at our own origin and nowhere else, as browsers read URLs."""

from urllib.parse import quote, urlsplit

import pytest

from harness.raw_http import exchange, request
from harness.stage import session_of, sign_in
from harness.user_agent import UserAgent

ELSEWHERE = [
    "https://evil.example",
    "https://evil.example/path",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\x01//evil.example",
    "\u00a0//evil.example",
    "/\\/evil.example",
    "/./\\evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/x/..//evil.example",
    "http:evil.example",
    "http:/evil.example",
    "http:///evil.example",
    "HTTP://evil.example",
    "https:\\\\evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,hello",
    "vbscript:x",
    "mailto:a@b.c",
    "evil.example",
    ".evil.example",
    "@evil.example",
    ":80",
    "?//evil.example",
    "#//evil.example",
    "ORIGIN@evil.example",
    "ORIGIN.evil.example",
    "ORIGIN\\@evil.example",
    "ORIGIN/../..//evil.example",
    "ORIGINx",
    "http://user@HOST/",
    "http://user:password@HOST/",
    "http://evil.example\\@HOST/",
    "http://evil.example#@HOST/",
    "http://evil.example?@HOST/",
    "http://127.0.0.1",
    "http://127.0.0.1:1/",
    "https://HOST/",
    "//HOST@evil.example",
    "/%0d%0aLocation: https://evil.example",
    "/\r\nLocation: https://evil.example",
    "/\r\nSet-Cookie: gatehouse=x",
    "http://127\u30020\u30020\u30021:1/",
    "http://evil\u3002example/",
    "http://\uff45vil.example/",
    "/\u2028//evil.example",
    "",
    "/" + "a" * 20_000,
]

KEPT = [
    "/",
    "/a?u=https://b/c",
    "/a//b",
    "/a?b=//evil.example",
    "/a?b=%2F%2Fevil.example",
    "/caf%C3%A9?x=%20&y=+",
    "/a@b.c",
    "/a:80",
    "/x?rd=/y&rd=/z",
]


def location_after(gateway, forger, wanted):
    """Signs in through our own endpoint; the redirect that ends it."""
    agent = UserAgent()
    wanted = wanted.replace("ORIGIN", gateway.origin).replace("HOST", urlsplit(gateway.origin).netloc)
    challenge = agent.get(gateway.own("sign-in") + "?rd=" + quote(wanted, safe=""))
    if challenge.status_code != 302:
        assert challenge.status_code in (400, 414)
        return None
    answer = agent.get(forger.authenticate(agent, agent.location(challenge)))
    assert answer.status_code == 303
    assert session_of(gateway, agent)
    return answer.headers["Location"]


def assert_ours(gateway, location):
    rest = location.removeprefix(gateway.origin)
    assert rest.startswith("/") and not rest.startswith(("//", "/\\")), location
    assert all(" " < character < "\x7f" and character != "\\" for character in rest.split("?")[0]), location


@pytest.mark.parametrize("wanted", ELSEWHERE, ids=lambda text: repr(text[:40]))
def test_a_return_target_elsewhere_never_leaves_our_origin(gateway, forger, wanted):
    location = location_after(gateway, forger, wanted)
    if location is not None:
        assert_ours(gateway, location)


def test_a_browser_agrees_that_no_return_target_leaves_our_origin(gateway, forger, chromium):
    locations = [location_after(gateway, forger, wanted) for wanted in ELSEWHERE]
    locations = [location for location in locations if location is not None]
    assert locations
    script = "return arguments[0].map(text => new URL(text, arguments[1]).origin)"
    origins = chromium.execute_script(script, locations, gateway.own("callback"))
    assert dict(zip(locations, origins)) == {location: gateway.origin for location in locations}


@pytest.mark.parametrize("wanted", KEPT)
def test_a_legitimate_return_target_is_kept_whole(gateway, forger, wanted):
    assert location_after(gateway, forger, wanted).removeprefix(gateway.origin) == wanted


@pytest.mark.parametrize("wanted", KEPT)
def test_our_own_origin_written_out_is_as_good(gateway, forger, wanted):
    location = location_after(gateway, forger, gateway.origin + wanted)
    assert location.removeprefix(gateway.origin) == wanted


@pytest.mark.parametrize("own", ["sign-in", "sign-out", "callback"])
def test_a_return_target_is_never_one_of_our_own_endpoints(gateway, forger, own):
    location = location_after(gateway, forger, urlsplit(gateway.own(own)).path)
    assert location.removeprefix(gateway.origin) == "/"


def test_without_a_return_target_the_sign_in_ends_at_the_root(gateway, forger):
    agent = UserAgent()
    answer = agent.get(gateway.own("sign-in"))
    answer = agent.get(forger.authenticate(agent, agent.location(answer)))
    assert answer.headers["Location"].removeprefix(gateway.origin) == "/"


def test_a_doubled_return_target_does_not_smuggle_one(gateway, forger):
    agent = UserAgent()
    answer = agent.get(gateway.own("sign-in") + "?rd=/a&rd=//evil.example")
    if answer.status_code == 302:
        answer = agent.get(forger.authenticate(agent, agent.location(answer)))
        assert_ours(gateway, answer.headers["Location"])


@pytest.mark.parametrize("target", ["//evil.example/", "//evil.example/%2e%2e", "/\\evil.example", "///evil.example"])
def test_a_request_for_a_strange_path_does_not_come_back_to_another_site(gateway, forger, target):
    accept = "Accept: text/html"
    answer = exchange(gateway.port, request(target, urlsplit(gateway.origin).netloc, accept))
    if answer is None or answer.status != 302:
        return
    agent = UserAgent()
    name, value = answer.header("Set-Cookie").split(";")[0].split("=", 1)
    agent.get(gateway.own("signed-out"))
    callback = forger.authenticate(agent, answer.header("Location"))
    final = agent.get(callback, headers={"Cookie": f"{name}={value}"})
    assert final.status_code == 303
    assert_ours(gateway, final.headers["Location"])


def test_a_signed_in_user_who_follows_a_hostile_sign_in_link_stays_here(gateway, forger):
    agent = sign_in(gateway, forger)
    answer = agent.get(gateway.own("sign-in") + "?rd=https://evil.example/")
    while answer.status_code in (302, 303):
        location = agent.location(answer)
        assert location.startswith((gateway.origin + "/", forger.issuer + "/"))
        answer = agent.get(location)
