"""Several providers, and several applications of one: by host and by path, each with its own client, scopes, sessions and
policy. Who is signed in with one is nobody to the routes of another."""

import base64
import json
import time

import pytest
import requests

from harness import mint
from harness.gateway import run
from harness.providers.forger import Forger
from harness.stage import session_of, sign_in
from harness.toml import merged, toml_text
from harness.user_agent import UserAgent

HOST = "partners.example.test"


class Partners(Forger):
    """Another provider, with other people."""

    subject = "paula"
    display_name = "Paula Partner"
    email = "paula@partner.test"
    client_id = "partners"
    client_secret = "partners-s3cret"
    scopes = ["openid", "offline_access", "profile"]


@pytest.fixture(scope="module")
def partners(shared_stage):
    return shared_stage.keep(Partners())


def settings_of(forger, partners, upstream, **more):
    def route(path, **more):
        return {"path": path, "upstream": upstream.url, **more}

    second = {**partners.settings, "name": "partners"}
    # Another application of the first one.
    console = {"client_id": "admin-console", "client_secret": "another-s3cret", "scopes": ["openid", "admin"]}
    third = {**forger.settings, **console, "name": "console"}
    routes = [
        route("/"),
        route("/open", access="anyone"),
        route("/greet", access="optional"),
        route("/partners", provider="partners"),
        route("/partners/greet", provider="partners", access="optional"),
        route("/partners/leads", provider="partners", require={"roles": ["lead"]}),
        route("/partners/api", provider="partners", bearer={"audiences": ["https://api.partner.test"]}),
        route("/partners/token", provider="partners", token="id"),
        route("/console", provider="console"),
        route("/api", bearer={"audiences": ["https://api.example.com"]}),
    ]
    return {"provider": [forger.settings, second, third], "route": routes, **more}


def start(stage, forger, partners, upstream, **more):
    return stage.gateway(forger, upstream, settings_of(forger, partners, upstream, **more))


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, partners, upstream):
    # The console's ID tokens are for the console.
    honest = forger.id_claims

    def id_claims(grant, drop=(), **changes):
        return honest(grant, drop, **{"aud": grant.query.get("client_id", forger.client_id), **changes})

    forger.id_claims = id_claims
    yield start(shared_stage, forger, partners, upstream)
    del forger.__dict__["id_claims"]


def test_a_route_leads_to_its_own_provider(gateway, forger, partners):
    first = UserAgent().get(gateway.url("/x"))
    second = UserAgent().get(gateway.url("/partners/x"))
    third = UserAgent().get(gateway.url("/console"))
    assert first.headers["Location"].startswith(forger.issuer + "/auth?")
    assert second.headers["Location"].startswith(partners.issuer + "/auth?")
    assert third.headers["Location"].startswith(forger.issuer + "/auth?")
    assert "client_id=gatehouse&" in first.headers["Location"]
    assert "client_id=partners&" in second.headers["Location"]
    assert "client_id=admin-console&" in third.headers["Location"]
    assert "scope=openid+admin&" in third.headers["Location"] or "scope=openid%20admin&" in third.headers["Location"]


def test_who_is_signed_in_with_one_is_nobody_to_another(gateway, forger, partners, upstream):
    agent = sign_in(gateway, forger, "/x")
    assert upstream.last("/x").header("X-Forwarded-User") == "alice"
    assert agent.get(gateway.url("/partners/x")).status_code == 302
    assert agent.get(gateway.url("/console")).status_code == 302
    assert agent.fetch(gateway.url("/partners/x")).status_code == 401
    assert agent.get(gateway.url("/partners/greet")).status_code == 200
    assert upstream.last("/partners/greet").header("X-Forwarded-User") is None


def test_one_browser_is_signed_in_with_all_of_them_at_once(gateway, forger, partners, upstream):
    agent = sign_in(gateway, forger, "/x")
    sign_in(gateway, partners, "/partners/x", agent)
    sign_in(gateway, forger, "/console", agent)
    for path, user in (("/x", "alice"), ("/partners/x", "paula"), ("/console", "alice"), ("/partners/greet", "paula")):
        assert agent.get(gateway.url(path)).status_code == 200
        assert upstream.last(path).header("X-Forwarded-User") == user
    assert session_of(gateway, agent)["sub"] == "alice"
    answer = agent.fetch(gateway.own("session") + "?provider=partners")
    assert (answer.json()["sub"], answer.json()["iss"]) == ("paula", partners.issuer)


def test_their_cookies_never_reach_an_application(gateway, forger, partners, upstream):
    agent = sign_in(gateway, forger, "/x")
    sign_in(gateway, partners, "/partners/x", agent)
    agent.get(gateway.url("/open/c"), headers={"Cookie": agent.cookie_header(gateway.url("/")) + "; own=1"})
    assert upstream.last("/open/c").header("Cookie") == "own=1"


def test_a_ticket_is_good_for_its_own_provider_alone(gateway, forger, partners, upstream):
    """Whoever puts the value of one cookie into another is signed in with neither more nor less."""
    upstream.forget()
    agent = sign_in(gateway, forger, "/x")
    value = agent.cookies(gateway.origin)["gatehouse"].value
    for path, name in (("/partners/x", "gatehouse_at_partners"), ("/console/x", "gatehouse_at_console")):
        answer = UserAgent().fetch(gateway.url(path), headers={"Cookie": f"{name}={value}"})
        assert answer.status_code == 401
        assert upstream.count(path) == 0
    paula = sign_in(gateway, partners, "/partners/y")
    value = paula.cookies(gateway.origin)["gatehouse_at_partners"].value
    assert UserAgent().fetch(gateway.url("/z"), headers={"Cookie": f"gatehouse={value}"}).status_code == 401


def test_a_callback_is_judged_by_the_provider_it_was_begun_with(gateway, forger, partners):
    agent = UserAgent()
    agent.get(gateway.url("/partners/x"))
    # The other provider's code and issuer, with this one's state.
    location = agent.get(gateway.url("/partners/x")).headers["Location"]
    state = location.split("state=")[1].split("&")[0]
    other = UserAgent()
    stolen = forger.authenticate(other, other.location(other.get(gateway.url("/x"))))
    code = stolen.split("code=")[1].split("&")[0]
    answer = agent.get(gateway.own("callback") + f"?code={code}&state={state}&iss={forger.issuer}")
    assert answer.status_code == 400
    assert session_of(gateway, agent) is None
    assert agent.fetch(gateway.url("/partners/x")).status_code == 401


def test_several_tabs_with_several_providers_all_succeed(gateway, forger, partners):
    agent = UserAgent()
    first = agent.location(agent.get(gateway.url("/x")))
    second = agent.location(agent.get(gateway.url("/partners/x")))
    third = agent.location(agent.get(gateway.url("/console/x")))
    assert agent.visit(partners.authenticate(agent, second)).address == gateway.url("/partners/x")
    assert agent.visit(forger.authenticate(agent, third)).address == gateway.url("/console/x")
    assert agent.visit(forger.authenticate(agent, first)).address == gateway.url("/x")


def test_each_has_a_policy_of_its_own(gateway, partners, forger, upstream):
    paula = sign_in(gateway, partners, "/partners/x")
    assert paula.fetch(gateway.url("/partners/leads")).status_code == 403
    partners.claims["roles"] = ["lead"]
    try:
        lead = sign_in(gateway, partners, "/partners/x")
        assert lead.fetch(gateway.url("/partners/leads")).status_code == 200
    finally:
        partners.claims.clear()
    forger.claims["roles"] = ["lead"]
    try:
        alice = sign_in(gateway, forger, "/x")
        assert alice.fetch(gateway.url("/partners/leads")).status_code == 401
    finally:
        forger.claims.clear()


def test_the_sign_in_link_goes_by_where_it_leads_or_by_name(gateway, forger, partners):
    def issuer(query):
        return UserAgent().get(gateway.own("sign-in") + query).headers["Location"].split("/auth?")[0]

    assert issuer("") == forger.issuer
    assert issuer("?rd=/x") == forger.issuer
    assert issuer("?rd=/partners/x") == partners.issuer
    assert issuer("?provider=partners") == partners.issuer
    for name in ("nobody", "Partners", "partners%00"):
        assert UserAgent().get(gateway.own("sign-in") + f"?provider={name}").status_code == 400


def test_who_cannot_be_redirected_is_told_which_sign_in(gateway, partners):
    answer = UserAgent().fetch(gateway.url("/partners/x"))
    assert answer.json()["sign_in_url"] == gateway.own("sign-in") + "?provider=partners"
    assert UserAgent().get(answer.json()["sign_in_url"]).headers["Location"].startswith(partners.issuer)


def test_sign_out_ends_all_of_them(gateway, forger, partners):
    agent = sign_in(gateway, forger, "/x")
    sign_in(gateway, partners, "/partners/x", agent)
    thief = agent.copy()
    before = {op: op.count("/token/revocation") for op in (forger, partners)}
    answer = agent.submit(agent.get(gateway.own("sign-out")))
    assert answer.status_code == 303
    for who in (agent, thief):
        assert who.fetch(gateway.url("/x")).status_code == 401
        assert who.fetch(gateway.url("/partners/x")).status_code == 401
    assert not [name for name in agent.cookies(gateway.origin) if name in ("gatehouse", "gatehouse_at_partners")]
    for op in (forger, partners):
        gateway.process.wait_until(lambda op=op: op.count("/token/revocation") > before[op])


def test_sign_out_of_one_alone_goes_to_its_provider(gateway, partners):
    agent = sign_in(gateway, partners, "/partners/x")
    answer = agent.submit(agent.get(gateway.own("sign-out")))
    assert agent.location(answer).startswith(partners.issuer + "/session/end?")
    assert "client_id=partners" in agent.location(answer)


def access_token(op, audience):
    now = int(time.time())
    claims = {"iss": op.issuer, "sub": "robot", "aud": audience, "iat": now, "exp": now + 600, "client_id": "c"}
    return mint.genuine(claims, "ES384", op.signing_key, typ="at+jwt")


def test_a_bearer_token_is_judged_by_its_routes_provider(gateway, forger, partners):
    def call(path, token):
        headers = {"Authorization": "Bearer " + token}
        return requests.get(gateway.url(path), headers=headers, timeout=10).status_code

    assert call("/partners/api", access_token(partners, "https://api.partner.test")) == 200
    assert call("/partners/api", access_token(forger, "https://api.partner.test")) == 401
    assert call("/api", access_token(forger, "https://api.example.com")) == 200
    assert call("/api", access_token(partners, "https://api.example.com")) == 401


def test_an_upstream_gets_its_own_providers_token(gateway, partners, upstream):
    sign_in(gateway, partners, "/partners/token")
    token = upstream.last("/partners/token").header("Authorization").removeprefix("Bearer ")
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert (claims["iss"], claims["aud"]) == (partners.issuer, "partners")


def test_back_channel_logout_comes_from_each(gateway, forger, partners):
    def logout(op, client):
        now = int(time.time())
        events = {"http://schemas.openid.net/event/backchannel-logout": {}}
        claims = {"iss": op.issuer, "aud": client, "iat": now, "exp": now + 120, "jti": f"{time.time_ns()}"}
        token = mint.genuine({**claims, "sub": op.subject, "events": events}, "ES384", op.signing_key, typ="logout+jwt")
        return requests.post(gateway.own("backchannel-logout"), data={"logout_token": token}, timeout=10).status_code

    agent = sign_in(gateway, forger, "/x")
    sign_in(gateway, partners, "/partners/x", agent)
    assert logout(partners, "nobody") == 400
    assert logout(partners, "partners") == 200
    assert agent.fetch(gateway.url("/partners/x")).status_code == 401
    assert agent.fetch(gateway.url("/x")).status_code == 200
    assert logout(forger, "gatehouse") == 200
    assert agent.fetch(gateway.url("/x")).status_code == 401


def test_by_host(stage, forger, partners, upstream):
    routes = [
        {"path": "/", "upstream": upstream.url},
        {"path": "/", "host": HOST, "upstream": upstream.url, "provider": "partners"},
    ]
    gateway = start(stage, forger, partners, upstream, route=routes)
    origin = f"http://{HOST}:{gateway.port}"
    agent = UserAgent(elsewhere={origin: f"http://127.0.0.1:{gateway.port}"})
    answer = agent.request("GET", gateway.url("/"), headers={"Host": HOST, "Accept": "text/html", "Sec-Fetch-Mode": "navigate"})
    assert answer.headers["Location"].startswith(partners.issuer)
    assert f"redirect_uri=http%3A%2F%2F{HOST}%2F" in answer.headers["Location"]
    link = agent.request("GET", gateway.own("sign-in"), headers={"Host": HOST})
    assert link.headers["Location"].startswith(partners.issuer)


def test_a_provider_that_is_down_is_nobody_elses_trouble(stage, forger, upstream):
    gone = Partners()
    gone.stop()
    gateway = start(stage, forger, gone, upstream)
    agent = sign_in(gateway, forger, "/x")
    assert agent.page.status_code == 200
    assert UserAgent().get(gateway.url("/partners/x")).status_code == 503


@pytest.mark.parametrize(
    "change, problem",
    [
        (lambda s: s["provider"][1].pop("name"), "provider.name: found nothing"),
        (lambda s: s["provider"][2].update(name="partners"), '"partners" twice'),
        (lambda s: s["provider"][1].update(name="Our Partners"), "provider.name: found"),
        (lambda s: s["route"][3].update(provider="partner"), "route.provider: found"),
        (lambda s: s["provider"][1].pop("issuer"), "provider.issuer: found nothing"),
        (lambda s: s["provider"][1].update(isuer="x"), "provider.isuer"),
    ],
)
def test_what_is_wrong_stops_the_start(tmp_path, forger, partners, upstream, change, problem):
    settings = settings_of(forger, partners, upstream)
    settings["server"] = {"listen": "127.0.0.1:8080", "public_url": "https://app.example.com"}
    change(settings)
    file = tmp_path / "gatehouse.toml"
    file.write_text(toml_text(merged(settings, {})))
    result = run("check", "--config", file)
    assert result.returncode == 78
    assert problem in result.stderr, result.stderr
