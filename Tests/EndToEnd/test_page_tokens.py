"""Tokens for scripts of our own pages, as the SDKs' getAccessToken and getOrganizationToken give them: only what is
configured, only to pages of our origin, only of the user's own."""

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from harness.stage import sign_in
from harness.user_agent import UserAgent

API = "https://api.example.com"
OTHER = "https://other.example.com"
SCOPES = ["openid", "offline_access", "profile", "roles", "urn:logto:scope:organizations", "read", "invite"]


@pytest.fixture(scope="module")
def stand_in(shared_stage):
    op = shared_stage.stand_in()
    for indicator in (API, OTHER):
        op.control("/resources", {"indicator": indicator, "scopes": {"reader": ["read"]}, "accessTokenTtl": 900})
    op.control("/organization-scopes", {"scopes": {"staff": ["invite"]}})
    organizations = [{"id": "org_1", "roles": ["staff"]}, {"id": "org_2"}]
    op.control("/users", {"sub": op.subject, "organizations": organizations})
    return op


@pytest.fixture(scope="module")
def gateway(shared_stage, stand_in, upstream):
    session = {"token_resources": [API], "organization_tokens": True}
    settings = {"session": session, "provider": {"scopes": SCOPES}, "server": {"workers": 2}}
    return shared_stage.gateway(stand_in, upstream, settings)


@pytest.fixture(scope="module")
def agent(gateway, stand_in):
    return sign_in(gateway, stand_in)


def ask(gateway, agent, query, **options):
    return agent.fetch(gateway.own("token") + "?" + query, **options)


def claims(stand_in, answer):
    assert answer.status_code == 200, answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    body = answer.json()
    assert body["token_type"] == "Bearer"
    assert 0 < body["expires_in"] <= 3600
    keys = KeySet.import_key_set(requests.get(stand_in.base + "/oidc/jwks", timeout=10).json())
    return jwt.decode(body["access_token"], keys, algorithms=["ES384"]).claims


@pytest.mark.parametrize(
    "query, audience, scope, organization",
    [
        (f"resource={API}", API, "read", None),
        ("organization_id=org_1", "urn:logto:organization:org_1", "invite", None),
        (f"resource={API}&organization_id=org_1", API, None, "org_1"),
    ],
)
def test_a_page_of_ours_gets_what_the_user_may(gateway, stand_in, agent, query, audience, scope, organization):
    found = claims(stand_in, ask(gateway, agent, query))
    assert (found["aud"], found["sub"], found.get("organization_id")) == (audience, stand_in.subject, organization)
    if scope:
        assert found["scope"] == scope


def test_it_is_asked_for_once(gateway, stand_in):
    agent = sign_in(gateway, stand_in)
    before = len(stand_in.requests("/oidc/token"))
    tokens = {ask(gateway, agent, f"resource={API}").json()["access_token"] for _ in range(4)}
    assert len(tokens) <= 2, "once for each worker"
    assert len(stand_in.requests("/oidc/token")) - before == len(tokens)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.test"},
        {"Origin": "null"},
        {},
    ],
)
def test_nobody_else_does(gateway, agent, headers):
    answer = agent.request("GET", gateway.own("token") + f"?resource={API}", headers=headers)
    assert answer.status_code == 403
    assert "access_token" not in answer.text
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "query, status",
    [
        ("", 400),
        ("resource=", 400),
        (f"resource={API}&resource={API}", 400),
        ("organization_id=org_1&organization_id=org_2", 400),
        ("resource=%FF", 400),
        (f"resource={OTHER}", 403),
        (f"resource={API}%00", 403),
        (f"resource={API}/", 403),
        ("resource=urn:logto:resource:organizations", 403),
        ("organization_id=org_3", 403),
        ("organization_id=ORG_1", 403),
    ],
)
def test_what_is_not_configured_or_not_the_users_is_refused_and_logto_does_not_hear_of_it(
    gateway, stand_in, agent, query, status
):
    before = len(stand_in.requests("/oidc/token"))
    answer = ask(gateway, agent, query)
    assert answer.status_code == status
    assert "access_token" not in answer.text
    assert len(stand_in.requests("/oidc/token")) == before


def test_a_stranger_is_told_to_sign_in(gateway):
    answer = ask(gateway, UserAgent(), f"resource={API}")
    assert answer.status_code == 401
    assert answer.json()["sign_in_url"] == gateway.own("sign-in")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_get_nothing(gateway, agent, method):
    assert ask(gateway, agent, f"resource={API}", method=method).status_code == 405


def test_by_default_it_is_not_there(stage, stand_in, upstream):
    gateway = stage.gateway(stand_in, upstream)
    assert ask(gateway, sign_in(gateway, stand_in), f"resource={API}").status_code == 404


def test_apis_alone_are_no_organizations(stage, stand_in, upstream):
    session = {"token_resources": [API]}
    gateway = stage.gateway(stand_in, upstream, {"session": session, "provider": {"scopes": SCOPES}})
    agent = sign_in(gateway, stand_in)
    assert ask(gateway, agent, f"resource={API}").status_code == 200
    assert ask(gateway, agent, "organization_id=org_1").status_code == 403


def test_no_token_is_in_the_logs(gateway, agent):
    token = ask(gateway, agent, f"resource={API}").json()["access_token"]
    assert token not in gateway.process.output
