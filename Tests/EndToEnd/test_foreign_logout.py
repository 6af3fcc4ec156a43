"""Refresh and logout with a provider that is none of ours, and through a real browser."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

from harness.providers.glewlwyd_provider import Glewlwyd
from harness.stage import session_of, sign_in
from harness.user_agent import UserAgent
from harness.waiting import eventually, pause


def id_token_claims(gateway, agent):
    """From the hint of a sign-out by another browser with the same cookie; that sign-out is not carried out there."""
    answer = agent.submit(agent.get(gateway.own("sign-out")))
    hint = parse_qs(urlsplit(agent.location(answer)).query)["id_token_hint"][0]
    return json.loads(base64.urlsafe_b64decode(hint.split(".")[1] + "=="))


def audit(gateway, event):
    return [line for line in gateway.log if line.get("message") == "audit" and line["event"] == event]


def test_signing_out_at_glewlwyd_ends_the_session_here(stage, upstream):
    glewlwyd = stage.keep(Glewlwyd())
    gateway = stage.gateway(glewlwyd, upstream)
    agent = sign_in(gateway, glewlwyd)
    claims = id_token_claims(gateway, agent)
    sign_in(gateway, glewlwyd, agent=agent)
    assert session_of(gateway, agent)
    glewlwyd.sign_out(agent, claims)
    eventually(lambda: session_of(gateway, agent) is None)
    assert audit(gateway, "revoked")[0]["reason"] == "back-channel logout"


def test_glewlwyds_tokens_are_refreshed_and_its_rotated_refresh_token_is_kept(stage, upstream):
    glewlwyd = stage.keep(Glewlwyd(token_seconds=2))
    gateway = stage.gateway(glewlwyd, upstream)
    agent = sign_in(gateway, glewlwyd)
    for _ in range(3):
        pause(2.5)
        assert agent.fetch(gateway.url("/")).status_code == 200
    assert not audit(gateway, "refresh-failed")
    metrics = gateway.admin("/metrics").text
    assert 'gatehouse_refreshes_total{outcome="completed"} 3' in metrics


def test_signing_out_at_the_provider_in_chromium_ends_the_session_here(stage, upstream, chromium):
    logto = stage.stand_in()
    gateway = stage.gateway(logto, upstream)
    logto.tell_of_logouts(gateway)
    chromium.get(gateway.url("/"))
    eventually(lambda: chromium.current_url == gateway.url("/"))
    ticket = chromium.get_cookie(gateway.cookie_name)["value"]
    thief = UserAgent()
    cookie = {"Cookie": f"{gateway.cookie_name}={ticket}"}
    assert thief.fetch(gateway.own("session"), headers=cookie).status_code == 200
    chromium.get(f"{logto.base}/oidc/session/end?client_id={logto.client_id}")
    eventually(lambda: "signed out" in chromium.page_source.lower())
    assert thief.fetch(gateway.own("session"), headers=cookie).status_code == 401
    logto.sign_in_by_itself(None)
    chromium.get(gateway.url("/"))
    eventually(lambda: chromium.current_url.startswith(logto.base))
