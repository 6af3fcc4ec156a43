"""What /session tells a page: all that the SDKs' getContext gives, to pages of our origin and of the allow-list."""

import pytest

from harness.user_agent import UserAgent

SPA = "https://spa.example.com"


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, upstream):
    forger.claims.update(organizations=["o1"], organization_roles=["o1:admin"], custom_data={"plan": "gold"})
    settings = {"session": {"cors_origins": [SPA]}, "route": [{"path": "/", "upstream": upstream.url}]}
    yield shared_stage.gateway(forger, upstream, settings)
    forger.claims.clear()


def test_it_gives_claims_roles_organizations_scopes_and_expiry(gateway, alice):
    context = alice.fetch(gateway.own("session")).json()
    assert context["is_authenticated"] is True
    assert context["claims"]["sub"] == "alice"
    assert context["claims"]["custom_data"] == {"plan": "gold"}
    assert context["roles"] == ["reader", "writer"]
    assert context["organizations"] == ["o1"]
    assert context["organization_roles"] == ["o1:admin"]
    assert "openid" in context["scopes"]
    assert context["expires_at"] > context["created_at"]


def test_no_token_is_in_it(gateway, alice, forger):
    text = alice.fetch(gateway.own("session")).text
    assert "token" not in text
    assert "eyJ" not in text


@pytest.mark.parametrize(
    "headers, status",
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": SPA + ".evil.test"}, 403),
        ({"Origin": "http://spa.example.com"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": SPA}, 200),
    ],
)
def test_only_pages_of_ours_and_of_the_list_may_ask(gateway, alice, headers, status):
    answer = alice.request("GET", gateway.own("session"), headers=headers)
    assert answer.status_code == status
    allowed = answer.headers.get("Access-Control-Allow-Origin")
    assert allowed == (SPA if headers.get("Origin") == SPA else None)
    if status == 403:
        assert "alice" not in answer.text
    else:
        assert answer.headers["Vary"] == "Origin"


def test_a_stranger_on_the_list_is_told_so_readably(gateway):
    answer = UserAgent().request("GET", gateway.own("session"), headers={"Origin": SPA})
    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == SPA
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"


def test_without_a_list_nobody_else_may(stage, forger, upstream):
    gateway = stage.gateway(forger, upstream)
    answer = UserAgent().request("GET", gateway.own("session"), headers={"Origin": SPA})
    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers
