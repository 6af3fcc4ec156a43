"""Sign-in against the Logto stand-in: what goes to the provider, what comes back, what the application sees."""

import base64
import hashlib
import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from harness.stage import session_of, sign_in
from harness.user_agent import UserAgent


@pytest.fixture(scope="module")
def stand_in(shared_stage):
    return shared_stage.stand_in()


@pytest.fixture(scope="module")
def gateway(shared_stage, stand_in, upstream):
    return shared_stage.gateway(stand_in, upstream, {"log": {"level": "trace"}})


def query_of(url):
    return parse_qs(urlsplit(url).query, keep_blank_values=True)


def test_a_stranger_signs_in_and_comes_back_to_the_very_url_it_asked_for(gateway, stand_in, upstream):
    target = "/reports/caf%C3%A9/a%20b?u=https://b/c&x=%2F..%2F&y=+1"
    agent = sign_in(gateway, stand_in, target)
    assert agent.page.address == gateway.url(target)
    assert agent.page.json()["target"] == target


def test_the_application_learns_who_it_is_from_headers(gateway, stand_in, upstream):
    sign_in(gateway, stand_in, "/who")
    received = upstream.last("/who")
    assert received.header("X-Forwarded-User") == stand_in.subject
    assert received.header("X-Forwarded-Name") == "Alice Liddell"
    assert received.header("X-Forwarded-Email") == "alice@example.test"
    assert received.header("X-Forwarded-Preferred-Username") == "alice"
    assert received.header("X-Forwarded-Groups") == "reader,writer"


def test_the_authorization_request_says_everything_logto_needs(gateway, stand_in):
    agent = UserAgent()
    challenge = agent.get(gateway.url("/"))
    assert challenge.status_code == 302
    assert "no-store" in challenge.headers["Cache-Control"]
    location = challenge.headers["Location"]
    assert location.split("?")[0] == stand_in.base + "/oidc/auth"
    query = query_of(location)
    assert query["response_type"] == ["code"]
    assert query["client_id"] == [stand_in.client_id]
    assert query["redirect_uri"] == [gateway.own("callback")]
    assert set(query["scope"][0].split()) == {"openid", "offline_access", "profile", "email", "roles"}
    assert query["prompt"] == ["consent"]
    assert query["code_challenge_method"] == ["S256"]
    for name in ("state", "nonce", "code_challenge"):
        assert re.fullmatch(r"[A-Za-z0-9_-]{43}", query[name][0]), name
    assert len({query[name][0] for name in ("state", "nonce", "code_challenge")}) == 3


def test_no_two_sign_ins_share_state_nonce_or_challenge(gateway):
    queries = [query_of(UserAgent().get(gateway.url("/")).headers["Location"]) for _ in range(3)]
    for name in ("state", "nonce", "code_challenge"):
        assert len({query[name][0] for query in queries}) == 3


def test_the_transaction_cookie_is_small_guarded_and_gone_after_the_callback(gateway, stand_in):
    agent = UserAgent()
    challenge = agent.get(gateway.url("/some/path"))
    (cookie,) = agent.cookies(gateway.origin).values()
    assert re.fullmatch(r"gatehouse_tx_[0-9a-f]{8}", cookie.name)
    assert cookie.http_only and cookie.same_site == "lax" and cookie.path == "/" and cookie.domain is None
    # Longer than a sign-in may take: a late callback starts over and still knows where the user wanted to go.
    assert 0 < cookie.max_age <= 3600
    assert len(cookie.value) <= 350 + len("/some/path") * 2
    state = query_of(challenge.headers["Location"])["state"][0]
    assert hashlib.sha256(state.encode()).hexdigest()[:8] == cookie.name[-8:]

    agent.get(stand_in.authenticate(agent, agent.location(challenge)))
    assert cookie.name not in agent.cookies(gateway.origin)


def test_the_ticket_cookie_is_opaque_and_guarded(gateway, stand_in):
    agent = sign_in(gateway, stand_in)
    cookie = agent.cookies(gateway.origin)["gatehouse"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{86}", cookie.value)
    assert cookie.http_only and cookie.same_site == "lax" and cookie.path == "/" and cookie.domain is None


def test_the_code_is_redeemed_once_with_the_verifier_and_the_secret_in_basic_form(gateway, stand_in):
    agent = UserAgent()
    challenge = agent.get(gateway.url("/"))
    callback = stand_in.authenticate(agent, agent.location(challenge))
    agent.get(callback)
    code = query_of(callback)["code"][0]
    redeemed = [entry for entry in stand_in.requests("/oidc/token") if code in entry["body"]]
    assert len(redeemed) == 1
    form = parse_qs(redeemed[0]["body"])
    assert form["grant_type"] == ["authorization_code"]
    assert form["redirect_uri"] == [gateway.own("callback")]
    digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
    challenge_sent = query_of(challenge.headers["Location"])["code_challenge"][0]
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge_sent
    assert "client_secret" not in form


def test_the_session_endpoint_says_who_is_there_and_shows_no_token(gateway, stand_in):
    agent = sign_in(gateway, stand_in)
    response = agent.fetch(gateway.own("session"))
    assert response.headers["Content-Type"].startswith("application/json")
    assert "no-store" in response.headers["Cache-Control"]
    session = response.json()
    assert set(session) >= {"sub", "email", "name", "preferred_username", "roles", "expires_at"}
    assert not [name for name in session if "token" in name]
    assert "eyJ" not in response.text
    asked = [dict(entry["headers"]) for entry in stand_in.requests("/oidc/me")]
    for name, value in [field for fields in asked for field in fields.items()]:
        assert name.lower() != "authorization" or value.split()[-1] not in response.text
    assert session["sub"] == stand_in.subject
    assert session["roles"] == ["reader", "writer"]
    assert session["preferred_username"] == "alice"


def test_every_sign_in_gets_a_new_ticket_and_the_old_one_is_worthless(gateway, stand_in):
    agent = sign_in(gateway, stand_in)
    thief = agent.copy()
    answer = agent.get(gateway.own("sign-in") + "?rd=/again")
    assert answer.status_code == 302
    agent.visit(stand_in.authenticate(agent, agent.location(answer)))
    assert agent.cookies(gateway.origin)["gatehouse"].value != thief.cookies(gateway.origin)["gatehouse"].value
    assert session_of(gateway, agent)
    assert session_of(gateway, thief) is None


def test_nothing_a_browser_brings_along_is_adopted_as_its_session(gateway, stand_in):
    agent = UserAgent()
    planted = "A" * 86
    agent.get(gateway.url("/"), headers={"Cookie": f"gatehouse={planted}"})
    agent.get(stand_in.authenticate(agent, agent.location(agent.get(gateway.url("/")))))
    assert agent.cookies(gateway.origin)["gatehouse"].value != planted
    answer = UserAgent().get(gateway.url("/"), headers={"Cookie": f"gatehouse={planted}"})
    assert answer.status_code == 302


def test_a_stale_cookie_of_our_name_does_not_shadow_a_good_one(gateway, stand_in):
    good = sign_in(gateway, stand_in).cookies(gateway.origin)["gatehouse"].value
    for cookies in (f"gatehouse={'B' * 86}; gatehouse={good}", f"gatehouse={good}; gatehouse=x; other=1"):
        assert UserAgent().get(gateway.own("session"), headers={"Cookie": cookies}).status_code == 200


def test_tokens_codes_cookies_and_state_stay_out_of_the_log(gateway, stand_in):
    agent = UserAgent()
    challenge = agent.get(gateway.url("/private?secret=query-secret"))
    transaction = next(iter(agent.cookies(gateway.origin).values())).value
    callback = stand_in.authenticate(agent, agent.location(challenge))
    agent.visit(callback)
    ticket = agent.cookies(gateway.origin)["gatehouse"].value
    agent.get(gateway.url("/private"), headers={"Authorization": "Bearer bearer-secret"})
    secrets = [transaction, ticket, ticket[:43], query_of(callback)["code"][0], query_of(callback)["state"][0]]
    secrets += [
        stand_in.client_secret,
        "bearer-secret",
        "query-secret",
        query_of(challenge.headers["Location"])["nonce"][0],
    ]
    # Any signed token begins with these characters.
    secrets.append("eyJ")
    for secret in secrets:
        assert secret not in gateway.process.output
        assert quote(secret, safe="") not in gateway.process.output


def test_logtos_parameters_from_the_configuration_reach_its_first_page(stage, upstream):
    stand_in = stage.stand_in()
    gateway = stage.gateway(
        stand_in,
        upstream,
        {
            "sign_in": {
                "first_screen": "identifier:register",
                "identifier": ["email", "phone"],
                "login_hint": "a@b.c",
                "direct_sign_in": "social:wechat",
                "ui_locales": ["ja", "en"],
                "organization_id": "org_1",
            }
        },
    )
    agent = UserAgent()
    location = agent.location(agent.get(gateway.url("/")))
    query = query_of(location)
    assert query["first_screen"] == ["identifier:register"]
    assert query["identifier"] == ["email phone"]
    assert query["ui_locales"] == ["ja en"]
    page = agent.location(agent.get(location))
    assert urlsplit(page).path == "/direct/social/wechat"
    shown = query_of(page)
    assert shown["fallback"] == ["identifier-register"]
    assert shown["organization_id"] == ["org_1"]
    assert shown["login_hint"] == ["a@b.c"]
    assert shown["ui_locales"] == ["ja en"]
