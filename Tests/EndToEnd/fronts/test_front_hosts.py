"""Several hosts behind one front and one gateway: each has its own sign-in, and Logto makes it one."""

import pytest

from harness.front import Nginx, sign_in_behind
from harness.ports import free_port
from harness.process import ProcessEnded
from harness.stage import Stage
from harness.user_agent import UserAgent


@pytest.fixture(scope="module")
def hosts():
    """Two hosts with an application each, behind nginx."""
    stage = Stage()
    provider = stage.stand_in()
    first, second = stage.upstream(), stage.upstream()
    for attempt in range(3):
        port = free_port()
        origins = [f"http://{name}.example.test:{port}" for name in ("first", "second")]
        for origin in origins:
            provider.register(f"{origin}/_gatehouse/callback", f"{origin}/_gatehouse/signed-out")
        server = {"public_url": origins[0], "insecure_http": True, "trusted_proxies": ["127.0.0.1"]}
        routes = [
            {"host": f"first.example.test:{port}", "path": "/", "upstream": first.url},
            {"host": f"second.example.test:{port}", "path": "/", "upstream": second.url},
        ]
        gateway = stage.gateway(provider, first, {"server": server, "route": routes})
        # What the harness registers is the first host's alone.
        uris = [f"{origin}/_gatehouse/" for origin in origins]
        provider.control(
            "/clients",
            {
                "id": provider.client_id,
                "secret": provider.client_secret,
                "type": "traditional",
                "redirectUris": [uri + "callback" for uri in uris],
                "postLogoutRedirectUris": [uri + "signed-out" for uri in uris],
            },
        )
        try:
            front = stage.keep(Nginx(gateway, port)).start()
            break
        except ProcessEnded:
            assert attempt < 2
    elsewhere = {origin: f"http://127.0.0.1:{port}" for origin in origins}
    yield provider, front, origins, (first, second), elsewhere
    stage.close()


def test_one_sign_in_is_enough_for_both_hosts(hosts):
    provider, front, origins, applications, elsewhere = hosts
    agent = sign_in_behind(front, provider, "/one", UserAgent(elsewhere))
    assert applications[0].last("/one").header("X-Forwarded-User") == provider.subject
    # Nobody would fill in a form now: whatever the provider does, it does in silence.
    provider.sign_in_by_itself(None)
    try:
        page = agent.visit(origins[1] + "/two?x=1")
        assert page.status_code == 200, page.steps
        assert len([step for step in page.steps if step.startswith(provider.base)]) <= 3
    finally:
        provider.sign_in_by_itself("alice")
    received = applications[1].last("/two")
    assert received.target == "/two?x=1"
    assert received.header("X-Forwarded-User") == provider.subject
    assert not applications[0].count("/two")


def test_a_session_of_one_host_is_worth_nothing_on_the_other(hosts):
    provider, front, origins, applications, elsewhere = hosts
    agent = sign_in_behind(front, provider, "/mine", UserAgent(elsewhere))
    stolen = agent.cookie_header(origins[0] + "/")
    for application in applications:
        application.forget()
    answer = UserAgent(elsewhere).fetch(origins[1] + "/stolen", headers={"Cookie": stolen})
    assert answer.status_code == 401
    assert answer.json()["sign_in_url"].startswith(origins[1])
    assert not applications[1].received


def test_a_callback_of_one_host_is_worth_nothing_on_the_other(hosts):
    provider, front, origins, applications, elsewhere = hosts
    agent = UserAgent(elsewhere)
    first = agent.follow(agent.get(origins[0] + "/x"))
    callback = provider.authenticate(agent, agent.location(first))
    other = callback.replace(origins[0], origins[1])
    answer = agent.get(other, headers={"Cookie": agent.cookie_header(callback)})
    assert "gatehouse" not in agent.cookies(origins[1])
    assert answer.status_code in (302, 400)
