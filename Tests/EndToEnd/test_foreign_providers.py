"""Three providers nobody here wrote: each is proven to be one by a small relying party, then the gateway uses it."""

import pytest

from harness.providers.canaille_provider import Canaille
from harness.providers.glewlwyd_provider import Glewlwyd
from harness.providers.mock_provider import OIDCProviderMock
from harness.relying_party import RelyingParty
from harness.stage import session_of, sign_in
from harness.user_agent import UserAgent

REDIRECT_URI = "http://127.0.0.1:9/callback"


@pytest.fixture(scope="module", params=[OIDCProviderMock, Canaille, Glewlwyd], ids=lambda kind: kind.name)
def provider(request, shared_stage):
    return shared_stage.keep(request.param())


def test_the_provider_is_one_a_code_flow_with_pkce_gives_a_genuine_id_token(provider):
    provider.register(REDIRECT_URI, REDIRECT_URI)
    party = RelyingParty(provider, REDIRECT_URI)
    callback = provider.authenticate(UserAgent(), party.authorization_url())
    tokens = party.tokens(callback).json()
    claims = party.claims(tokens["id_token"])
    user = party.userinfo(tokens["access_token"])
    assert user["sub"] == claims["sub"]
    assert user["name"] == provider.display_name
    assert user["email"] == provider.email


def test_a_browser_signs_in_and_the_application_learns_who_it_is(provider, stage):
    upstream = stage.upstream()
    gateway = stage.gateway(provider, upstream)
    agent = sign_in(gateway, provider, "/reports/2026?quarter=3&x=%20")

    assert agent.page.status_code == 200
    assert agent.page.json()["target"] == "/reports/2026?quarter=3&x=%20"
    received = upstream.last("/reports/2026")
    assert received.header("X-Forwarded-Name") == provider.display_name
    assert received.header("X-Forwarded-Email") == provider.email
    session = session_of(gateway, agent)
    assert session["sub"] == received.header("X-Forwarded-User")
    assert session["name"] == provider.display_name


def test_two_tabs_that_sign_in_at_once_both_arrive(provider, stage):
    gateway = stage.gateway(provider, stage.upstream())
    agent = UserAgent()
    first = agent.location(agent.get(gateway.url("/first")))
    second = agent.location(agent.get(gateway.url("/second")))
    # The provider's own cookies are kept elsewhere, so that its pages ask both times.
    back_from_second, back_from_first = [provider.authenticate(UserAgent(), url) for url in (second, first)]
    assert agent.visit(back_from_second).steps[-1] == gateway.url("/second")
    assert agent.visit(back_from_first).steps[-1] == gateway.url("/first")


def test_signing_out_ends_the_session_and_leads_to_the_provider(provider, stage):
    gateway = stage.gateway(provider, stage.upstream())
    agent = sign_in(gateway, provider)
    thief = agent.copy()
    page = agent.get(gateway.own("sign-out"))
    assert page.status_code == 200
    answer = agent.submit(page)
    assert answer.status_code == 303
    assert agent.location(answer).startswith(RelyingParty(provider, REDIRECT_URI).discovery["end_session_endpoint"])
    assert session_of(gateway, agent) is None
    assert session_of(gateway, thief) is None
