"""Each route begins its own sign-in: the five stories of the guides, languages, magic links, sign-up."""

from urllib.parse import parse_qs, urlsplit

import pytest

from harness.stage import session_of
from harness.user_agent import UserAgent


@pytest.fixture(scope="module")
def stand_in(shared_stage):
    return shared_stage.stand_in()


@pytest.fixture(scope="module")
def gateway(shared_stage, stand_in, upstream):
    def route(path, **sign_in):
        return {"path": path, "upstream": upstream.url, **({"sign_in": sign_in} if sign_in else {})}

    routes = [
        route("/"),
        route("/wechat", direct_sign_in="social:wechat"),
        route("/alipay", direct_sign_in="social:alipay"),
        route("/x", direct_sign_in="social:x"),
        route("/sms", first_screen="identifier:sign_in", identifier=["phone"]),
        route("/company", direct_sign_in="sso:abc123", organization_id="org_1"),
        route("/again", prompt="login consent"),
        route("/japanese", ui_locales=["ja"]),
    ]
    settings = {"route": routes, "sign_in": {"browser_language": True, "one_time_tokens": True}}
    return shared_stage.gateway(stand_in, upstream, settings)


def first_page(gateway, target, headers=None):
    """Where Logto sends the browser to, and what we had sent."""
    agent = UserAgent()
    challenge = agent.get(target if target.startswith("http") else gateway.url(target), headers=headers)
    assert challenge.status_code == 302, challenge.text[:500]
    sent = {name: values[0] for name, values in parse_qs(urlsplit(challenge.headers["Location"]).query).items()}
    page = urlsplit(agent.get(agent.location(challenge)).headers["Location"])
    return page.path, {name: values[0] for name, values in parse_qs(page.query).items()}, sent


@pytest.mark.parametrize(
    "path, page, shown",
    [
        ("/", "/sign-in", {}),
        ("/wechat/a", "/direct/social/wechat", {"fallback": "sign-in"}),
        ("/alipay", "/direct/social/alipay", {"fallback": "sign-in"}),
        ("/x", "/direct/social/x", {"fallback": "sign-in"}),
        ("/sms", "/identifier-sign-in", {"identifier": "phone"}),
        ("/company", "/direct/sso/abc123", {"organization_id": "org_1", "fallback": "sign-in"}),
        ("/japanese", "/sign-in", {"ui_locales": "ja"}),
    ],
)
def test_a_route_leads_to_its_own_first_page(gateway, stand_in, path, page, shown):
    found, parameters, _ = first_page(gateway, path)
    assert found == page
    parameters.pop("app_id")
    assert parameters == shown


def test_the_sign_in_link_goes_by_where_it_leads(gateway):
    assert first_page(gateway, gateway.own("sign-in") + "?rd=/wechat/a")[0] == "/direct/social/wechat"
    assert first_page(gateway, gateway.own("sign-in") + "?rd=/")[0] == "/sign-in"


def test_a_link_may_say_otherwise(gateway):
    link = gateway.own("sign-in") + "?rd=/wechat&direct_sign_in=social:x"
    assert first_page(gateway, link)[0] == "/direct/social/x"


def test_a_route_may_ask_anew(gateway):
    assert first_page(gateway, "/again")[2]["prompt"] == "login consent"
    assert first_page(gateway, "/")[2]["prompt"] == "consent"


@pytest.mark.parametrize(
    "field, locales",
    [("zh-CN,zh;q=0.9,en;q=0.5", "zh-CN zh en"), ("*", None), ("'\"<>,xx yy", None), ("fr;q=0, it", "it")],
)
def test_pages_come_in_the_browsers_language(gateway, field, locales):
    _, shown, sent = first_page(gateway, "/", {"Accept-Language": field})
    assert sent.get("ui_locales") == locales
    assert shown.get("ui_locales") == locales


def test_a_route_with_a_language_of_its_own_keeps_it(gateway):
    assert first_page(gateway, "/japanese", {"Accept-Language": "fr"})[2]["ui_locales"] == "ja"


def test_sign_up_begins_with_the_registration_page_also_where_a_connector_is_configured(gateway):
    assert first_page(gateway, gateway.own("register"))[0] == "/register"
    assert first_page(gateway, gateway.own("register") + "?rd=/wechat")[0] == "/register"
    assert first_page(gateway, gateway.own("register") + "?rd=/sms")[:1] == ("/identifier-register",)


def test_a_sign_up_ends_signed_in_where_it_was_meant_to(gateway, stand_in):
    agent = UserAgent()
    answer = agent.get(gateway.own("register") + "?rd=/x/welcome")
    page = agent.visit(stand_in.authenticate(agent, agent.location(answer)))
    assert page.address == gateway.url("/x/welcome")
    assert session_of(gateway, agent)["sub"] == stand_in.subject


def test_a_magic_link_carries_its_token_and_address(gateway):
    link = gateway.own("sign-in") + "?one_time_token=ott-123&login_hint=a%40b.c&rd=/"
    page, shown, sent = first_page(gateway, link)
    assert (page, shown["one_time_token"], shown["login_hint"]) == ("/sign-in", "ott-123", "a@b.c")
    assert sent["prompt"] == "login consent"
    assert gateway.exchanges == [line for line in gateway.exchanges if "ott-123" not in str(line)]


def test_a_token_without_an_address_is_refused(gateway):
    assert UserAgent().get(gateway.own("sign-in") + "?one_time_token=ott").status_code == 400


def test_magic_links_are_off_by_default(stage, stand_in, upstream):
    gateway = stage.gateway(stand_in, upstream)
    _, shown, sent = first_page(gateway, gateway.own("sign-in") + "?one_time_token=ott&login_hint=a%40b.c")
    assert "one_time_token" not in sent and "one_time_token" not in shown
    assert "ui_locales" not in first_page(gateway, "/", {"Accept-Language": "fr"})[2]


def test_the_registration_path_can_be_the_applications_own(stage, stand_in, upstream):
    gateway = stage.gateway(stand_in, upstream, {"paths": {"register": "/register"}})
    assert first_page(gateway, "/register?rd=/")[0] == "/register"
    assert UserAgent().fetch(gateway.url("/_gatehouse/register")).status_code == 404


def test_a_post_registers_nobody(gateway):
    assert UserAgent().fetch(gateway.own("register"), method="POST").status_code == 405
