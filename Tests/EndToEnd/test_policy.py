"""Who may do what: policies by role, organization, claim, address and sign-in, with the built program in front."""

import json
import re

import pytest

from harness.gateway import run
from harness.stage import sign_in
from harness.user_agent import UserAgent


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, upstream):
    def route(path, require=None, **more):
        return {"path": path, "name": path, "upstream": upstream.url, **({"require": require} if require else {}), **more}

    claim = [{"path": "custom_data.plan", "in": ["gold", "platinum"]}, {"path": "sites.0", "matches": "[a-z]+-[0-9]{2}"}]
    routes = [
        route("/"),
        route("/reader", {"roles": ["reader", "chief"]}),
        route("/admin", {"roles": ["admin"]}),
        route("/shadow", {"roles": ["admin"]}, mode="shadow"),
        route("/organization", {"organization_roles": ["acme:staff"], "not": {"organizations": ["evil"]}}),
        route("/claims", {"claims": claim}),
        route("/mail", {"email_domain": ["example.test"]}),
        route("/inside", {"network": ["127.0.0.0/8"]}, access="anyone"),
        route("/outside", {"network": ["192.0.2.0/24"]}, access="anyone"),
        route("/scopes", {"scopes": ["profile"]}),
        route("/notes", methods=["GET"]),
        {**route("/notes", {"roles": ["admin"]}, methods=["POST"]), "name": "notes-write"},
        route("/recent", {"max_age": "10m"}),
        route("/strong", {"acr": ["mfa"]}),
        route("/shop", access="optional"),
        route("/shop/api", {"roles": ["reader"]}),
        route("/shop/api/admin", {"roles": ["admin"]}),
    ]
    gateway = shared_stage.gateway(forger, upstream, {"route": routes})
    yield gateway
    assert gateway.is_alive


@pytest.fixture
def claims(forger):
    """Sets claims of the next sign-in."""
    yield forger.claims
    forger.claims.clear()


def status(agent, gateway, path, **options):
    return agent.fetch(gateway.url(path), **options).status_code


def test_a_page_for_everybody_greets_who_is_signed_in_and_its_api_needs_a_role(gateway, alice, upstream):
    stranger = UserAgent()
    assert stranger.get(gateway.url("/shop")).status_code == 200
    assert upstream.last("/shop").header("X-Forwarded-User") is None
    assert status(stranger, gateway, "/shop/api/cart") == 401
    assert alice.get(gateway.url("/shop")).status_code == 200
    assert upstream.last("/shop").header("X-Forwarded-User") == "alice"
    assert status(alice, gateway, "/shop/api/cart") == 200
    assert status(alice, gateway, "/shop/api/admin") == 403


def test_a_role_opens_its_route_and_no_other(gateway, alice, upstream):
    upstream.forget()
    assert status(alice, gateway, "/reader/x") == 200
    assert status(alice, gateway, "/admin/x") == 403
    assert upstream.count("/admin/x") == 0


def test_a_stranger_is_sent_to_sign_in_and_not_told_more(gateway):
    assert UserAgent().get(gateway.url("/admin")).status_code == 302
    assert status(UserAgent(), gateway, "/admin") == 401


def test_the_denied_page_names_a_decision_which_the_log_explains(gateway, alice):
    page = alice.get(gateway.url("/admin/page"))
    assert page.status_code == 403
    assert "You may not open this page" in page.text
    decision = re.search(r"Decision ([\w-]+)", page.text).group(1)
    line = gateway.process.wait_until(lambda: [line for line in gateway.log if line.get("decision_id") == decision])[0]
    assert line["message"] == "denied"
    assert line["route"] == "/admin"
    assert line["subject"] == "alice"
    assert line["reason"] == "requirement-not-met"
    assert line["unmet"] == 'roles has one of "admin"'


def test_a_script_gets_a_problem_with_the_decision(gateway, alice):
    answer = alice.fetch(gateway.url("/admin"))
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["decision_id"]
    assert "Location" not in answer.headers


def test_shadow_mode_lets_pass_and_says_who_would_not(gateway, alice, upstream):
    assert alice.get(gateway.url("/shadow/a")).status_code == 200
    assert upstream.last("/shadow/a").header("X-Forwarded-User") == "alice"
    lines = gateway.process.wait_until(lambda: [line for line in gateway.log if line["message"] == "would be denied"])
    assert lines[-1]["route"] == "/shadow"
    assert lines[-1]["unmet"] == 'roles has one of "admin"'
    assert UserAgent().get(gateway.url("/shadow/a")).status_code == 302


@pytest.mark.parametrize(
    "given, expected",
    [
        ({"organizations": ["acme"], "organization_roles": ["acme:staff"]}, 200),
        ({"organizations": ["acme", "evil"], "organization_roles": ["acme:staff"]}, 403),
        ({"organizations": ["acme"], "organization_roles": ["acme:guest"]}, 403),
        ({"organization_roles": ["acme:staff"]}, 403),
        ({"organizations": None, "organization_roles": ["acme:staff"]}, 403),
        ({"organizations": "acme", "organization_roles": ["acme:staff"]}, 403),
        ({"organizations": ["acme"], "organization_roles": "acme:staff"}, 403),
    ],
)
def test_organizations_and_what_is_missing_satisfies_nothing(gateway, forger, claims, given, expected):
    claims.update(given)
    assert status(sign_in(gateway, forger), gateway, "/organization") == expected


@pytest.mark.parametrize(
    "given, expected",
    [
        ({"custom_data": {"plan": "gold"}, "sites": ["shop-01", "x"]}, 200),
        ({"custom_data": {"plan": "silver"}, "sites": ["shop-01"]}, 403),
        ({"custom_data": {"plan": "gold"}, "sites": ["shop-001"]}, 403),
        ({"custom_data": {"plan": ["gold"]}, "sites": "shop-01"}, 403),
        ({"custom_data": "gold", "sites": ["shop-01"]}, 403),
        ({"custom_data": {"plan": "gold"}, "sites": [7]}, 403),
    ],
)
def test_claims_deep_inside(gateway, forger, claims, given, expected):
    claims.update(given)
    assert status(sign_in(gateway, forger), gateway, "/claims") == expected


@pytest.mark.parametrize(
    "given, expected",
    [({}, 200), ({"email_verified": False}, 403), ({"email_verified": "true"}, 403), ({"email": "a@b.test"}, 403)],
)
def test_only_a_verified_address_counts(gateway, forger, claims, given, expected):
    claims.update(given)
    assert status(sign_in(gateway, forger), gateway, "/mail") == expected


def test_an_address_is_the_connections_and_not_what_a_field_says(gateway):
    stranger = UserAgent()
    assert status(stranger, gateway, "/inside") == 200
    assert status(stranger, gateway, "/outside") == 403
    assert status(stranger, gateway, "/outside", headers={"X-Forwarded-For": "192.0.2.7"}) == 403


def test_scopes_are_what_the_token_endpoint_granted(gateway, alice):
    assert status(alice, gateway, "/scopes") == 200


def test_the_method_decides_and_an_unnamed_one_is_405(gateway, alice, upstream):
    assert status(alice, gateway, "/notes/1") == 200
    assert status(alice, gateway, "/notes/1", method="HEAD") == 200
    assert status(alice, gateway, "/notes/1", method="POST") == 403
    upstream.forget()
    assert status(alice, gateway, "/notes/1", method="DELETE") == 405
    assert upstream.count("/notes/1") == 0


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "x_http_method_override", "X-HTTP-Method", "X-Method-Override"])
def test_no_field_tells_the_application_of_another_method(gateway, alice, upstream, name):
    assert status(alice, gateway, "/notes/2", headers={name: "POST"}) == 200
    assert name.lower() not in upstream.last("/notes/2").head.decode("latin-1").lower()


def with_auth_time(forger, monkeypatch, time):
    """The provider signs in anew, and says when, for who asks for it."""
    honest = type(forger).id_claims

    def id_claims(grant, **changes):
        if "max_age" in grant.query:
            changes["auth_time"] = time()
        return honest(forger, grant, **changes)

    monkeypatch.setattr(forger, "id_claims", id_claims, raising=False)


def test_a_route_for_the_recently_signed_in_asks_for_it_once(gateway, forger, alice, monkeypatch):
    import time

    with_auth_time(forger, monkeypatch, lambda: int(time.time()))
    challenge = alice.get(gateway.url("/recent?q=1"))
    assert challenge.status_code == 302
    assert "max_age=600" in challenge.headers["Location"]
    before = alice.cookies(gateway.origin)[gateway.cookie_name].value
    page = alice.visit(forger.authenticate(alice, alice.location(challenge)))
    assert page.status_code == 200
    assert page.address == gateway.url("/recent?q=1")
    assert alice.cookies(gateway.origin)[gateway.cookie_name].value != before
    assert status(alice, gateway, "/recent") == 200


def test_a_script_that_needs_a_recent_sign_in_gets_401(gateway, alice):
    answer = alice.fetch(gateway.url("/recent"))
    assert answer.status_code == 401
    assert answer.json()["sign_in_url"]


@pytest.mark.parametrize("path, text", [("/recent", "max_age=600"), ("/strong", "acr_values=mfa")])
def test_a_provider_that_ignores_the_wish_ends_in_a_page_and_no_circle(gateway, forger, alice, path, text):
    challenge = alice.get(gateway.url(path))
    assert text in challenge.headers["Location"]
    before = alice.cookies(gateway.origin)[gateway.cookie_name].value
    page = alice.get(forger.authenticate(alice, alice.location(challenge)))
    assert page.status_code == 403
    assert "needs another sign-in" in page.text
    assert alice.cookies(gateway.origin)[gateway.cookie_name].value == before
    assert status(alice, gateway, "/") == 200


def test_a_stronger_sign_in_opens_the_route(gateway, forger, claims):
    claims["acr"] = "mfa"
    agent = sign_in(gateway, forger, path="/strong")
    assert agent.page.status_code == 200


def test_the_sign_in_endpoint_knows_what_its_target_asks_for(gateway):
    answer = UserAgent().get(gateway.own("sign-in") + "?rd=/recent")
    assert "max_age=600" in answer.headers["Location"]


def test_explain_says_the_same_as_the_gateway(gateway, tmp_path):
    def explain(*arguments):
        result = run("explain", "--config", gateway.file, *arguments)
        assert result.returncode == 0, result.stderr
        return result.stdout

    url = gateway.url("/admin/x")
    assert "challenge: sign in first" in explain("--url", url)
    assert "deny, 403" in explain("--url", url, "--as", "alice")
    file = tmp_path / "claims.json"
    file.write_text(json.dumps({"sub": "alice", "roles": ["admin"]}))
    text = explain("--url", url, "--claims", file)
    assert "route     /admin:" in text
    assert 'yes     roles has one of "admin"' in text
    assert "decision  permit" in text
    assert "notes-write" in explain("--url", gateway.url("/notes"), "--method", "POST")


@pytest.mark.parametrize("text", ["{not json", "[]", '{"sub": 5}', ""])
def test_explain_refuses_claims_that_are_none(gateway, tmp_path, text):
    file = tmp_path / "claims.json"
    file.write_text(text)
    result = run("explain", "--config", gateway.file, "--url", gateway.url("/"), "--claims", file)
    assert result.returncode == 64
    assert "no JSON object" in result.stderr
