"""The guide's Flask sample without its SDK: the application reads one header, its old links belong to the gateway."""

import pytest

from harness.user_agent import UserAgent

PATHS = {"sign_in": "/sign-in", "callback": "/callback", "sign_out": "/sign-out"}


@pytest.fixture(scope="module")
def stand_in(shared_stage):
    return shared_stage.stand_in()


@pytest.fixture(scope="module")
def application(shared_stage):
    return shared_stage.flask()


@pytest.fixture(scope="module")
def gateway(shared_stage, stand_in, application):
    routes = [
        {"path": "/", "upstream": application, "access": "optional"},
        {"path": "/protected", "upstream": application},
    ]
    return shared_stage.gateway(stand_in, application, {"paths": PATHS, "route": routes})


def signed_in(gateway, stand_in):
    agent = UserAgent()
    answer = agent.get(gateway.url("/sign-in"))
    agent.page = agent.visit(stand_in.authenticate(agent, agent.location(answer)))
    return agent


def test_a_stranger_sees_the_open_page_with_its_link(gateway):
    page = UserAgent().visit(gateway.url("/"))
    assert page.status_code == 200
    assert "<a href='/sign-in'>" in page.text


def test_the_link_signs_in_and_the_application_greets_by_subject(gateway, stand_in):
    agent = signed_in(gateway, stand_in)
    assert agent.page.address == gateway.url("/")
    assert f"signed in as {stand_in.subject}" in agent.page.text


def test_the_registered_callback_is_the_applications_old_one(gateway, stand_in):
    answer = UserAgent().get(gateway.url("/sign-in"))
    assert f"127.0.0.1%3A{gateway.port}%2Fcallback" in answer.headers["Location"]


def test_the_applications_sign_out_link_signs_out(gateway, stand_in):
    agent = signed_in(gateway, stand_in)
    page = agent.get(gateway.url("/sign-out"))
    assert page.status_code == 200
    answer = agent.submit(page)
    assert answer.status_code == 303
    assert "Sign in" in agent.get(gateway.url("/")).text


def test_a_page_behind_sign_in_comes_up_after_it_with_the_name(gateway, stand_in):
    agent = UserAgent()
    challenge = agent.get(gateway.url("/protected"))
    assert challenge.status_code == 302
    page = agent.visit(stand_in.authenticate(agent, agent.location(challenge)))
    assert page.address == gateway.url("/protected")
    assert "Hello, Alice Liddell." in page.text


def test_nobody_becomes_somebody_by_sending_the_header(gateway):
    for name in ("X-Forwarded-User", "x_forwarded_user", "X-Forwarded_User", "X.Forwarded.User"):
        page = UserAgent().get(gateway.url("/"), headers={name: "admin"})
        assert "admin" not in page.text, name


def test_the_old_paths_below_the_prefix_are_no_longer_ours(gateway):
    answer = UserAgent().get(gateway.url("/_gatehouse/sign-in"))
    assert answer.status_code == 404
    assert UserAgent().fetch(gateway.url("/_gatehouse/session")).status_code == 401


def test_another_prefix_moves_all_endpoints(stage, stand_in, application):
    gateway = stage.gateway(stand_in, application, {"paths": {"prefix": "/auth"}})
    agent = UserAgent()
    challenge = agent.get(gateway.url("/auth/sign-in?rd=/protected"))
    assert agent.visit(stand_in.authenticate(agent, agent.location(challenge))).address == gateway.url("/protected")
    assert agent.fetch(gateway.url("/auth/session")).json()["sub"] == stand_in.subject
