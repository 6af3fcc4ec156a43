"""What becomes of claims, tokens and sessions when a refresh takes something away, is lost, or is overtaken."""

import threading

import pytest

from harness import mint
from harness.stage import session_of, sign_in
from harness.waiting import eventually, pause


class Refreshing:
    """A provider whose first tokens live for two seconds, and that says what it has when they are refreshed."""

    def __init__(self, forger):
        self.forger = forger
        # Claims that a refreshed ID token leaves out.
        self.drop = ()
        # Answers to the next refreshes, in place of tokens.
        self.answers = []
        self.delay = 0
        self.presented = []
        honest, signed = forger.answer, type(forger).id_token

        def answer(handler, path, query, form):
            if path == "/token" and form.get("grant_type") == "refresh_token":
                self.presented.append(form["refresh_token"])
                self.reply(handler)
            else:
                honest(handler, path, query, form)

        def id_token(grant):
            self.grant = grant
            return signed(forger, grant)

        forger.answer, forger.id_token = answer, id_token
        forger.token_response = lambda grant: type(forger).token_response(forger, grant) | {"expires_in": 2}

    def reply(self, handler):
        claims = self.forger.id_claims(self.grant, drop=self.drop)
        pause(self.delay)
        if self.answers:
            return handler.reply(*self.answers.pop(0))
        tokens = {"access_token": "new", "token_type": "Bearer", "expires_in": 600, "refresh_token": "rotated"}
        handler.reply(200, tokens | {"id_token": mint.genuine(claims, "ES384", self.forger.signing_key)})


@pytest.fixture
def provider(stage):
    return stage.forger()


@pytest.fixture
def refreshing(provider):
    return Refreshing(provider)


def expired(gateway, provider):
    agent = sign_in(gateway, provider)
    pause(2.5)
    return agent


# What somebody may no longer


@pytest.mark.parametrize("asks", ["not asked", "nobody to ask", "refuses"])
def test_what_a_new_id_token_leaves_out_is_taken_away(stage, provider, refreshing, upstream, asks):
    """Whatever keeps userinfo from saying anything: nothing that the last ID token said is put back."""
    provider.claims = {"groups": ["admins"]}
    refreshing.drop = ("groups",) if asks == "not asked" else ("groups", "roles")
    if asks == "nobody to ask":
        provider.metadata = {"userinfo_endpoint": None}
    routes = [
        {"path": "/", "upstream": upstream.url},
        {"path": "/admin", "upstream": upstream.url, "require": {"claims": [{"path": "groups", "equals": "admins"}]}},
    ]
    gateway = stage.gateway(provider, upstream, {"route": routes})
    agent = sign_in(gateway, provider)
    assert agent.fetch(gateway.url("/admin")).status_code == 200
    provider.claims = {}
    if asks == "refuses":
        provider.on("/me", lambda handler, *_: handler.reply(401, {"error": "invalid_token"}))
    pause(2.5)
    assert agent.fetch(gateway.url("/admin")).status_code == 403
    session = session_of(gateway, agent)
    assert "groups" not in session["claims"]
    assert session["roles"] == (["reader", "writer"] if asks == "not asked" else [])


def test_while_userinfo_is_down_only_what_it_had_said_stands(stage, provider, refreshing, upstream):
    provider.claims = {"groups": ["admins"]}
    refreshing.drop = ("groups", "roles")
    gateway = stage.gateway(provider, upstream)
    agent = sign_in(gateway, provider)
    provider.on("/me", lambda handler, *_: handler.reply(503, b"down"))
    pause(2.5)
    session = session_of(gateway, agent)
    assert refreshing.presented and session["roles"] == [] and "groups" not in session["claims"]


# What is lost


@pytest.mark.parametrize("status, body", [(502, b"<h1>Bad Gateway</h1>"), (500, b"oops"), (504, b"")])
def test_a_token_that_a_front_of_the_provider_has_lost_is_not_presented_again(
    stage, provider, refreshing, upstream, status, body
):
    """The provider may have used it: presented a second time it would end the grant."""
    gateway = stage.gateway(provider, upstream, {"provider": {"refresh_retry": "0s"}})
    agent = expired(gateway, provider)
    refreshing.answers = [(status, body), (400, {"error": "invalid_grant"})]
    for _ in range(3):
        assert agent.fetch(gateway.url("/script")).status_code == 200
    page = agent.visit(gateway.url("/page"))
    assert page.status_code == 200 and len(page.steps) > 1, "the browser has made its trip"
    assert len(refreshing.presented) == 1


def test_within_the_providers_window_it_is_presented_again(stage, provider, refreshing, upstream):
    gateway = stage.gateway(provider, upstream, {"provider": {"refresh_retry": "20s"}})
    agent = expired(gateway, provider)
    refreshing.answers = [(502, b"")]
    assert agent.fetch(gateway.url("/")).status_code == 200
    assert len(refreshing.presented) == 2 and session_of(gateway, agent)


# What is overtaken


def amid_a_refresh(gateway, agent, refreshing, act):
    """Acts while the token is out; returns what the request that waits for it gets."""
    refreshing.delay = 2
    statuses = []
    waiting = threading.Thread(target=lambda: statuses.append(agent.copy().fetch(gateway.url("/")).status_code))
    waiting.start()
    eventually(lambda: refreshing.presented)
    act()
    waiting.join()
    return statuses[0]


def revoked(provider):
    return [entry["form"].get("token") for entry in provider.log if entry["path"] == "/token/revocation"]


def test_who_signs_out_amid_a_refresh_leaves_no_token_alive(stage, provider, refreshing, upstream):
    gateway = stage.gateway(provider, upstream)
    agent = expired(gateway, provider)
    page = agent.get(gateway.own("sign-out"))

    def sign_out():
        assert agent.submit(page).status_code == 303

    assert amid_a_refresh(gateway, agent, refreshing, sign_out) == 401
    eventually(lambda: revoked(provider)[1:] == ["rotated"])


def test_who_signs_in_anew_amid_a_refresh_keeps_the_grant(stage, provider, refreshing, upstream):
    """Logto gives both sign-ins one grant, and who revokes one of its tokens ends all of it."""
    gateway = stage.gateway(provider, upstream)
    agent = expired(gateway, provider)

    def sign_in_again():
        challenge = agent.get(gateway.own("sign-in"))
        assert agent.get(provider.authenticate(agent, agent.location(challenge))).status_code == 303

    assert amid_a_refresh(gateway, agent, refreshing, sign_in_again) == 401
    pause(1)
    assert revoked(provider) == []


# Who asks


def test_a_page_that_only_asks_who_is_signed_in_learns_that_it_is_over(stage, provider, refreshing, upstream):
    gateway = stage.gateway(provider, upstream)
    agent = expired(gateway, provider)
    refreshing.answers = [(400, {"error": "invalid_grant"})]
    assert agent.fetch(gateway.own("session")).status_code == 401
    assert len(refreshing.presented) == 1


def test_a_page_that_only_asks_who_is_signed_in_goes_on(stage, provider, refreshing, upstream):
    gateway = stage.gateway(provider, upstream)
    agent = expired(gateway, provider)
    assert session_of(gateway, agent)
    assert len(refreshing.presented) == 1
