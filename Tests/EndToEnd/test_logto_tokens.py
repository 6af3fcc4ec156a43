"""APIs and organizations as Logto has them: the stand-in grants what roles permit, and the gateway brings it to upstreams
and takes it from API clients."""

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from harness.raw_http import exchange, request
from harness.stage import sign_in

API = "https://api.example.com"
SCOPES = [
    "openid",
    "offline_access",
    "profile",
    "roles",
    "urn:logto:scope:organizations",
    "urn:logto:scope:organization_roles",
    "read",
    "write",
    "invite",
]


@pytest.fixture(scope="module")
def stand_in(shared_stage):
    op = shared_stage.stand_in()
    op.control("/resources", {
        "indicator": API,
        "scopes": {"reader": ["read"], "writer": ["read", "write"], "owner": ["delete"]},
        "organizationScopes": {"staff": ["read"]},
        "machineScopes": ["read"],
        "accessTokenTtl": 900,
    })
    op.control("/organization-scopes", {"scopes": {"staff": ["invite", "expel"]}})
    op.control("/users", {"sub": op.subject, "organizations": [{"id": "org_1", "roles": ["staff"]}]})
    return op


@pytest.fixture(scope="module")
def gateway(shared_stage, stand_in, upstream):
    def route(path, token):
        return {"path": path, "upstream": upstream.url, "token": token}

    bearer = {"audiences": [API], "opaque_clients": [stand_in.client_id], "personal_access_tokens": True}
    routes = [
        route("/", {"resource": API}),
        route("/organization", {"organization": "org_1"}),
        route("/only", {"only_organization": True}),
        route("/both", {"resource": API, "organization": "org_1"}),
        route("/stranger", {"organization": "org_2"}),
        route("/of", {"organization_segment": 2}),
        route("/by-field", {"resource": API, "organization_header": "X-Organization"}),
        {"path": "/api", "upstream": upstream.url, "bearer": bearer, "require": {"scopes": ["read"]}},
    ]
    gateway = shared_stage.gateway(stand_in, upstream, {"provider": {"scopes": SCOPES}, "route": routes})
    stand_in.control("/clients", {"id": stand_in.client_id, "allowTokenExchange": True})
    stand_in.control("/clients", {"id": "machine", "type": "m2m", "secret": "machine-secret"})
    return gateway


@pytest.fixture(scope="module")
def agent(gateway, stand_in):
    return sign_in(gateway, stand_in)


def claims(stand_in, text):
    """The token's claims, when it is genuine."""
    keys = KeySet.import_key_set(requests.get(stand_in.base + "/oidc/jwks", timeout=10).json())
    token = jwt.decode(text, keys, algorithms=["ES384"])
    assert token.header["typ"] == "at+jwt"
    assert token.claims["iss"] == stand_in.issuer
    return token.claims


@pytest.mark.parametrize(
    "path, audience, scope, organization",
    [
        ("/", API, "read write", None),
        ("/organization", "urn:logto:organization:org_1", "invite", None),
        ("/only", "urn:logto:organization:org_1", "invite", None),
        ("/both", API, "read", "org_1"),
    ],
)
def test_an_upstream_gets_a_token_with_the_users_rights(gateway, stand_in, agent, upstream, path, audience, scope, organization):
    assert agent.fetch(gateway.url(path)).status_code == 200
    found = claims(stand_in, upstream.last(path).header("Authorization").removeprefix("Bearer "))
    assert found["aud"] == audience
    assert found["scope"] == scope
    assert found["sub"] == stand_in.subject
    assert found["client_id"] == stand_in.client_id
    assert found.get("organization_id") == organization


def test_who_is_no_member_gets_no_token_and_stays_signed_in(gateway, agent):
    assert agent.fetch(gateway.url("/stranger")).status_code == 403
    assert agent.fetch(gateway.own("session")).status_code == 200


def test_the_path_names_the_organization(gateway, stand_in, agent, upstream):
    for path in ("/of/org_1", "/of/org_1/members?x=/of/org_3/", "/of/%6Frg_1/a"):
        upstream.forget()
        assert agent.fetch(gateway.url(path)).status_code == 200
        sent = upstream.last().header("Authorization").removeprefix("Bearer ")
        assert claims(stand_in, sent)["aud"] == "urn:logto:organization:org_1"


def test_a_field_names_the_organization(gateway, stand_in, agent, upstream):
    assert agent.fetch(gateway.url("/by-field/x"), headers={"X-Organization": "org_1"}).status_code == 200
    sent = upstream.last("/by-field/x").header("Authorization").removeprefix("Bearer ")
    found = claims(stand_in, sent)
    assert (found["aud"], found["organization_id"]) == (API, "org_1")


@pytest.mark.parametrize("path", ["/of", "/of/", "/of/org_2", "/of/org_1x", "/of/ORG_1", "/of//org_1", "/of/x/org_1"])
def test_a_path_that_names_none_of_the_users_organizations_does_not_pass(gateway, stand_in, agent, upstream, path):
    upstream.forget()
    before = len(stand_in.requests("/oidc/token"))
    assert agent.fetch(gateway.url(path)).status_code in (400, 403)
    assert upstream.count(path) == 0
    assert len(stand_in.requests("/oidc/token")) == before, "Logto was asked for what nobody may have"


@pytest.mark.parametrize("value", [None, "", "org_2", "org_1,org_2", "org_1 "])
def test_nor_does_a_field(gateway, agent, upstream, value):
    upstream.forget()
    headers = {} if value is None else {"X-Organization": value}
    expected = 200 if value == "org_1 " else 403
    assert agent.fetch(gateway.url("/by-field/y"), headers=headers).status_code == expected
    assert upstream.count("/by-field/y") == (expected == 200)


def test_nor_do_two_fields(gateway, agent):
    cookie = "Cookie: " + agent.cookie_header(gateway.url("/"))
    fields = ["X-Organization: org_1", "x-organization: org_1", cookie]
    assert exchange(gateway.port, request("/by-field", f"127.0.0.1:{gateway.port}", *fields)).status == 400


def call(gateway, text):
    return requests.get(gateway.url("/api"), headers={"Authorization": "Bearer " + text}, timeout=10)


def test_the_token_an_upstream_got_is_taken_as_a_bearer_token(gateway, agent, upstream):
    agent.fetch(gateway.url("/"))
    text = upstream.last("/").header("Authorization").removeprefix("Bearer ")
    assert call(gateway, text).status_code == 200


def test_an_organization_token_is_for_its_organization_alone(gateway, agent, upstream):
    agent.fetch(gateway.url("/organization"))
    text = upstream.last("/organization").header("Authorization").removeprefix("Bearer ")
    answer = call(gateway, text)
    assert answer.status_code == 401
    assert "another audience" in answer.headers["WWW-Authenticate"]


def test_a_machine_passes_with_its_own_token(gateway, stand_in, upstream):
    response = requests.post(
        stand_in.base + "/oidc/token",
        auth=("machine", "machine-secret"),
        data={"grant_type": "client_credentials", "resource": API, "scope": "read"},
        timeout=10,
    ).json()
    assert call(gateway, response["access_token"]).status_code == 200
    assert upstream.last("/api").header("X-Forwarded-User") == "machine"


def test_a_personal_access_token_passes_as_its_owner(gateway, stand_in, upstream):
    token = stand_in.control("/personal-access-tokens", {"user": "alice"})["value"]
    assert call(gateway, token).status_code == 200
    assert upstream.last("/api").header("X-Forwarded-User") == stand_in.subject
    assert call(gateway, "pat_unknown").status_code == 401


def test_an_opaque_token_of_ours_is_active_until_it_is_revoked(gateway, stand_in):
    """It carries no permission of the API, so the route says 403; a revoked one is 401."""
    text = stand_in.control("/sessions")["grants"][0]["access_tokens"][0]
    assert call(gateway, text).status_code == 403
    requests.post(
        stand_in.base + "/oidc/token/revocation",
        auth=(stand_in.client_id, stand_in.client_secret),
        data={"token": text},
        timeout=10,
    )
    other = text[:-1] + ("A" if text[-1] != "A" else "B")
    assert call(gateway, other).status_code == 401


def test_a_role_taken_away_takes_its_permission_along(gateway, stand_in, upstream):
    # No route with a token on the way: it would be kept.
    agent = sign_in(gateway, stand_in, "/api")
    stand_in.control("/roles", {"user": "alice", "roles": ["reader"]})
    try:
        agent.fetch(gateway.url("/"))
        found = claims(stand_in, upstream.last("/").header("Authorization").removeprefix("Bearer "))
        assert found["scope"] == "read"
    finally:
        stand_in.control("/roles", {"user": "alice", "roles": ["reader", "writer"]})
