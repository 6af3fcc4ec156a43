"""The application is told what the configuration says, in the words it knows, and by nobody else."""

import pytest

from harness.raw_http import exchange, request
from harness.stage import sign_in
from harness.user_agent import UserAgent

CLAIMS = {
    "name": "Zoë",
    "custom_data": {"team": "blue", "sites": ["a,b", "c"], "none": None},
    "organizations": ["o1"],
}


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, upstream):
    def route(path, **more):
        return {"path": path, "upstream": upstream.url, **more}

    team = {"name": "X-Team", "claim": "custom_data.team"}
    routes = [
        route("/"),
        route("/open", access="anyone"),
        route("/team", headers=[team, {"name": "Sites", "claim": "custom_data.sites", "separator": "|"}]),
        route("/only", preset="none", headers=[team]),
        route("/needs", headers=[{"name": "X-None", "claim": "custom_data.none", "required": True}]),
        route("/latin1", preset="none", headers=[{"name": "X-Named", "claim": "name", "encoding": "latin1"}]),
        route("/grafana", preset="grafana", user_claim="username"),
        route("/mail", preset="remote-user", user_claim="email"),
        route("/protected", preset="protected-app"),
    ]
    forger.claims.update(CLAIMS)
    yield shared_stage.gateway(forger, upstream, {"route": routes, "limits": {"identity_size": "4KiB"}})
    forger.claims.clear()


def test_claims_from_deep_inside_stand_beside_the_usual_fields(gateway, alice, upstream):
    assert alice.get(gateway.url("/team/x")).status_code == 200
    received = upstream.last("/team/x")
    assert received.header("X-Team") == "blue"
    assert received.header("Sites") == "a,b|c"
    assert received.header("X-Forwarded-User") == "alice"


def test_only_what_is_configured(gateway, alice, upstream):
    alice.get(gateway.url("/only/x"))
    received = upstream.last("/only/x")
    assert received.header("X-Team") == "blue"
    assert received.header("X-Forwarded-User") is None


def test_without_a_required_value_nobody_passes(gateway, alice, upstream):
    upstream.forget()
    assert alice.get(gateway.url("/needs/x")).status_code == 403
    assert upstream.count("/needs/x") == 0
    gateway.process.wait_until(lambda: [line for line in gateway.log if "X-None" in str(line.get("detail"))])


def test_an_old_application_reads_one_byte_for_each_letter(gateway, alice, upstream):
    alice.get(gateway.url("/latin1/x"))
    assert b"X-Named: Zo\xeb\r\n" in upstream.last("/latin1/x").head


def test_presets(gateway, alice, upstream):
    alice.get(gateway.url("/grafana/x"))
    received = upstream.last("/grafana/x")
    assert received.header("X-WEBAUTH-USER") == "alice"
    assert received.header("X-WEBAUTH-GROUPS") == "reader,writer"
    alice.get(gateway.url("/mail/x"))
    assert upstream.last("/mail/x").header("Remote-User") == "alice@example.test"
    alice.get(gateway.url("/protected/x"))
    received = upstream.last("/protected/x")
    assert received.header("Logto-ID-Token").count(".") == 2
    assert received.header("Logto-Host") == f"127.0.0.1:{gateway.port}"


def test_an_unverified_address_names_nobody(gateway, forger, upstream):
    forger.claims["email_verified"] = False
    try:
        agent = sign_in(gateway, forger)
        assert agent.get(gateway.url("/mail/x")).status_code == 403
    finally:
        del forger.claims["email_verified"]


@pytest.mark.parametrize("name", ["X-Team", "X_TEAM", "x.team", "Sites", "X-None", "X_Named"])
@pytest.mark.parametrize("path", ["/open/a", "/a"])
def test_a_configured_name_is_removed_from_requests_on_every_route(gateway, alice, upstream, name, path):
    cookie = "Cookie: " + alice.cookie_header(gateway.url("/"))
    assert exchange(gateway.port, request(path, f"127.0.0.1:{gateway.port}", f"{name}: spoofed", cookie)).status == 200
    assert b"spoofed" not in upstream.last(path).head


def test_a_stranger_brings_no_header(gateway, upstream):
    assert UserAgent().get(gateway.url("/open/b"), headers={"X-Team": "red"}).status_code == 200
    assert upstream.last("/open/b").header("X-Team") is None


def test_size_is_limited_as_configured(gateway, forger, upstream):
    forger.claims["roles"] = [f"role-{number:04}" for number in range(600)]
    try:
        agent = sign_in(gateway, forger, path="/only")
        assert agent.get(gateway.url("/only")).status_code == 200
        assert agent.get(gateway.url("/")).status_code == 403
    finally:
        del forger.claims["roles"]
