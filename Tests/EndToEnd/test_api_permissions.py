"""What Logto's APIs permit a user, as a requirement for sessions and for bearer tokens."""

import json

import pytest
import requests

from harness.gateway import run
from harness.stage import sign_in
from harness.toml import merged, toml_text
from harness.waiting import eventually

API = "https://api.example.com"
OTHER = "https://other.example.com"
SCOPES = ["openid", "offline_access", "profile", "roles", "urn:logto:scope:organizations", "read", "write", "invite"]


@pytest.fixture(scope="module")
def stand_in(shared_stage):
    op = shared_stage.stand_in()
    scopes = {"reader": ["read"], "writer": ["read", "write"]}
    op.control("/resources", {"indicator": API, "scopes": scopes, "organizationScopes": {"staff": ["write"]}})
    op.control("/resources", {"indicator": OTHER, "scopes": {}})
    op.control("/organization-scopes", {"scopes": {"staff": ["invite"]}})
    op.control("/users", {"sub": op.subject, "roles": ["reader"], "organizations": [{"id": "org_1", "roles": ["staff"]}]})
    return op


def api(permission, **where):
    return {"api": {"permissions": [permission], **(where or {"resource": API})}}


@pytest.fixture(scope="module")
def gateway(shared_stage, stand_in, upstream):
    def route(path, require=None, **more):
        return {"path": path, "upstream": upstream.url, **({"require": require} if require else {}), **more}

    routes = [
        route("/"),
        route("/read", api("read")),
        route("/write", api("write")),
        route("/other", api("read", resource=OTHER)),
        route("/members", api("invite", organization="org_1")),
        route("/within", api("write", resource=API, organization="org_1")),
        route("/stranger", api("invite", organization="org_9")),
        route("/either", {"any": [api("write"), {"roles": ["reader"]}]}),
        route("/not", {"not": api("write")}),
        route("/shadow", api("write"), mode="shadow"),
        route("/client", api("read"), bearer={"audiences": [API]}),
        route("/both", api("read"), bearer={"audiences": [API, OTHER]}),
    ]
    settings = {"provider": {"scopes": SCOPES}, "server": {"workers": 1}, "route": routes}
    return shared_stage.gateway(stand_in, upstream, settings)


@pytest.fixture
def agent(gateway, stand_in):
    return sign_in(gateway, stand_in)


@pytest.mark.parametrize(
    "path, status",
    [
        ("/read", 200),
        ("/write", 403),
        ("/other", 403),
        ("/members", 200),
        ("/within", 200),
        ("/stranger", 403),
        ("/either", 200),
        ("/not", 200),
        ("/shadow", 200),
    ],
)
def test_a_session_passes_with_what_logto_permits(gateway, agent, upstream, path, status):
    upstream.forget()
    assert agent.fetch(gateway.url(path)).status_code == status
    assert upstream.count(path) == (status == 200)


def test_logto_is_asked_once(gateway, stand_in, agent):
    before = len(stand_in.requests("/oidc/token"))
    for _ in range(5):
        assert agent.fetch(gateway.url("/read")).status_code == 200
        assert agent.fetch(gateway.url("/write")).status_code == 403
        assert agent.fetch(gateway.url("/stranger")).status_code == 403
    assert len(stand_in.requests("/oidc/token")) - before == 2, "one for the API, one for the organization"


def test_routes_without_such_a_requirement_ask_nobody(gateway, stand_in, agent):
    before = len(stand_in.requests("/oidc/token"))
    assert agent.fetch(gateway.url("/x")).status_code == 200
    assert len(stand_in.requests("/oidc/token")) == before


def test_the_log_names_what_was_missing(gateway, agent):
    decision = agent.fetch(gateway.url("/write")).json()["decision_id"]
    (line,) = eventually(lambda: [line for line in gateway.log if line.get("decision_id") == decision])
    assert line["unmet"] == f'{API} permits one of "write"'


def test_a_role_that_is_taken_away_counts_from_the_next_token(gateway, stand_in):
    stand_in.control("/roles", {"user": "alice", "roles": ["reader", "writer"]})
    try:
        assert sign_in(gateway, stand_in).fetch(gateway.url("/write")).status_code == 200
    finally:
        stand_in.control("/roles", {"user": "alice", "roles": ["reader"]})
    assert sign_in(gateway, stand_in).fetch(gateway.url("/write")).status_code == 403


def test_a_provider_that_fails_is_no_answer(gateway, stand_in, agent):
    stand_in.control("/fault", {"route": "token", "n": -1, "status": 503})
    try:
        assert agent.fetch(gateway.url("/read")).status_code == 503
        assert agent.fetch(gateway.url("/x")).status_code == 200
    finally:
        stand_in.control("/reset", {"what": ["faults"]})
    # Who has just failed is left alone for a moment.
    eventually(lambda: agent.fetch(gateway.url("/read")).status_code == 200)


def machine_token(stand_in, resource, scope):
    stand_in.control("/clients", {"id": "machine", "type": "m2m", "secret": "machine-secret"})
    stand_in.control("/resources", {"indicator": resource, "machineScopes": [scope] if scope else []})
    response = requests.post(
        stand_in.base + "/oidc/token",
        auth=("machine", "machine-secret"),
        data={"grant_type": "client_credentials", "resource": resource, "scope": scope or ""},
        timeout=10,
    )
    return response.json()["access_token"]


@pytest.mark.parametrize(
    "path, resource, scope, status",
    [
        ("/client", API, "read", 200),
        ("/client", API, None, 403),
        # Good for another API, and so for the route, but not for what it requires.
        ("/both", OTHER, "read", 403),
        ("/client", OTHER, "read", 401),
    ],
)
def test_a_bearer_token_passes_with_its_own_scope_for_this_api(gateway, stand_in, path, resource, scope, status):
    headers = {"Authorization": "Bearer " + machine_token(stand_in, resource, scope)}
    assert requests.get(gateway.url(path), headers=headers, timeout=10).status_code == status


@pytest.mark.parametrize(
    "require, problem",
    [
        ({"api": {"permissions": ["read"]}}, "found no API"),
        ({"api": {"resource": API}}, "route.require.api.permissions: found nothing"),
        ({"api": {"resource": "api", "permissions": ["read"]}}, "route.require.api.resource"),
        ({"api": {"resource": API, "permissions": []}}, "an empty list"),
        ({"api": {"resource": API, "permission": ["read"], "permissions": ["x"]}}, "permission"),
    ],
)
def test_what_is_wrong_stops_the_start(tmp_path, gateway, require, problem):
    file = tmp_path / "gatehouse.toml"
    route = {"path": "/", "upstream": "http://127.0.0.1:1", "require": require}
    file.write_text(toml_text(merged(gateway.settings, {"route": [route]})))
    result = run("check", "--config", file)
    assert result.returncode == 78
    assert problem in result.stderr


def test_explain_takes_what_is_permitted_as_given(tmp_path, gateway):
    claims = tmp_path / "alice.json"
    claims.write_text(json.dumps({"sub": "alice"}))
    command = ["explain", "--config", gateway.file, "--url", gateway.url("/write"), "--claims", claims]
    assert "unknown" in run(*command).stdout
    assert "deny" in run(*command, "--scope", "read").stdout
    assert "permit" in run(*command, "--scope", "read write").stdout
