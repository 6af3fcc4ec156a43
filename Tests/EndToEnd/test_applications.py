"""Three applications that nobody has changed for us, in Flask, Node and PHP: each is protected, each shows who somebody
is, in which roles and organizations, and none can be told otherwise by a browser."""

import pytest

from harness.stage import sign_in
from harness.user_agent import UserAgent

ROLES = ["reader", "writer", "sales, north", "Größe 50%"]
ORGANIZATIONS = ["org_1", "org_2"]
PATHS = {"sign_in": "/sign-in", "callback": "/callback", "sign_out": "/sign-out", "signed_out": "/"}
SCOPES = ["openid", "offline_access", "profile", "roles", "urn:logto:scope:organizations"]


@pytest.fixture(scope="module")
def stand_in(shared_stage):
    op = shared_stage.stand_in()
    op.control(
        "/users",
        {"sub": op.subject, "roles": ROLES, "organizations": [{"id": name} for name in ORGANIZATIONS]},
    )
    return op


@pytest.fixture(scope="module", params=["flask", "node", "php"])
def gateway(request, shared_stage, stand_in):
    application = getattr(shared_stage, request.param)()

    def route(path, **more):
        # In ASCII: Node and WSGI read one byte of a field as one letter.
        headers = [
            {"name": "X-Roles", "claim": "roles", "encoding": "percent"},
            {"name": "X-Organizations", "claim": "organizations", "encoding": "percent"},
        ]
        return {"path": path, "upstream": application, "headers": headers, **more}

    routes = [
        route("/", access="optional"),
        route("/me"),
        route("/me", methods=["POST"], require={"roles": ["admin"]}),
        route("/admin", require={"roles": ["admin"]}),
        route("/north", require={"roles": ["sales, north"], "organizations": ["org_2"]}),
    ]
    return shared_stage.gateway(stand_in, application, {"paths": PATHS, "provider": {"scopes": SCOPES}, "route": routes})


@pytest.fixture(scope="module")
def agent(gateway, stand_in):
    return sign_in(gateway, stand_in, "/me")


def test_a_stranger_sees_the_open_page_and_has_to_sign_in_for_the_rest(gateway):
    assert "Sign in" in UserAgent().get(gateway.url("/")).text
    assert UserAgent().get(gateway.url("/me")).status_code == 302
    assert UserAgent().fetch(gateway.url("/me")).status_code == 401


def test_it_shows_who_is_signed_in_with_roles_and_organizations(gateway, stand_in, agent):
    me = {"user": stand_in.subject, "roles": ROLES, "organizations": ORGANIZATIONS}
    assert agent.page.json() == me
    assert agent.fetch(gateway.url("/me")).json() == me
    assert stand_in.subject in agent.get(gateway.url("/")).text


NAMES = ["X-Forwarded-User", "X_Forwarded_User", "x.forwarded.user", "X-FORWARDED_USER", "Http-X-Forwarded-User"]


@pytest.mark.parametrize("name", NAMES)
def test_nobody_becomes_somebody_else_by_a_field(gateway, agent, name):
    page = UserAgent().get(gateway.url("/"), headers={name: "admin"})
    assert "Sign in" in page.text and "admin" not in page.text
    assert "admin" not in agent.fetch(gateway.url("/me"), headers={name: "admin"}).text


@pytest.mark.parametrize("name", ["X-Roles", "X_ROLES", "x.roles", "X_Organizations", "x.organizations"])
def test_nobody_gets_a_role_or_an_organization_by_a_field(gateway, agent, name):
    assert "admin" not in agent.fetch(gateway.url("/me"), headers={name: "admin"}).text


def test_a_page_for_another_role_is_denied(gateway, agent):
    answer = agent.get(gateway.url("/admin"))
    assert answer.status_code == 403
    assert "Hello" not in answer.text
    assert agent.fetch(gateway.url("/me"), method="POST").status_code == 403


def test_a_page_for_a_role_with_a_comma_and_an_organization_is_not(gateway, agent):
    assert agent.get(gateway.url("/north")).status_code in (200, 404), "the application's own answer"


def test_its_link_signs_out(gateway, stand_in):
    agent = sign_in(gateway, stand_in, "/me")
    assert agent.submit(agent.get(gateway.url("/sign-out"))).status_code == 303
    assert "Sign in" in agent.get(gateway.url("/")).text
    assert agent.fetch(gateway.url("/me")).status_code == 401
