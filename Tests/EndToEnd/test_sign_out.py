"""Sign-out: only when the user meant it; then the record, the cookie, the token and the provider's session end."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from harness.forms import forms_in
from harness.providers.forger import Forger
from harness.stage import session_of, sign_in
from harness.user_agent import NAVIGATION, UserAgent
from harness.waiting import eventually


@pytest.fixture
def alice(gateway, forger):
    return sign_in(gateway, forger)


def post(agent, gateway, **headers):
    return agent.request("POST", gateway.own("sign-out"), headers={**NAVIGATION, **headers})


def same_origin(gateway):
    return {"Origin": gateway.origin, "Sec-Fetch-Site": "same-origin"}


def test_a_get_shows_a_confirmation_and_changes_nothing(gateway, alice):
    page = alice.get(gateway.own("sign-out"))
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert "<script" not in page.text.lower()
    (form,) = forms_in(page.text)
    assert form.method == "POST"
    assert session_of(gateway, alice)


def test_confirming_ends_the_session_for_everybody_who_holds_its_cookie(gateway, alice):
    thief = alice.copy()
    answer = alice.submit(alice.get(gateway.own("sign-out")))
    assert answer.status_code == 303
    assert "gatehouse" not in alice.cookies(gateway.origin)
    assert session_of(gateway, thief) is None
    assert thief.get(gateway.url("/")).status_code == 302


def test_the_provider_is_asked_to_end_its_session_too(gateway, forger, alice):
    answer = post(alice, gateway, **same_origin(gateway))
    location = urlsplit(alice.location(answer))
    assert f"{location.scheme}://{location.netloc}{location.path}" == forger.issuer + "/session/end"
    query = parse_qs(location.query)
    assert query["client_id"] == [forger.client_id]
    assert query["post_logout_redirect_uri"] == [gateway.own("signed-out")]
    assert query["state"][0]
    claims = query["id_token_hint"][0].split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(claims + "=="))["sub"] == "alice"


def test_the_browser_lands_on_a_page_that_says_so(gateway, alice):
    answer = post(alice, gateway, **same_origin(gateway))
    page = alice.visit(alice.location(answer))
    assert page.address.split("?")[0] == gateway.own("signed-out")
    assert page.status_code == 200
    assert "signed out" in page.text.lower()
    assert "<script" not in page.text.lower()


def test_the_refresh_token_is_revoked(gateway, forger):
    given = []
    response = Forger.token_response

    def remembering(grant):
        given.append(response(forger, grant))
        return given[-1]

    forger.token_response = remembering
    try:
        agent = sign_in(gateway, forger)
    finally:
        del forger.token_response
    post(agent, gateway, **same_origin(gateway))
    wanted = ("/token/revocation", given[0]["refresh_token"])
    eventually(lambda: wanted in [(entry["path"], entry["form"].get("token")) for entry in forger.log], within=5)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://sister.example"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": None},
        {"Origin": "null", "Sec-Fetch-Site": None},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site, same-origin"},
        {"Sec-Fetch-Site": "Same-Origin"},
        {"Sec-Fetch-Site": None},
    ],
    ids=str,
)
def test_a_post_without_evidence_of_our_own_origin_is_refused(gateway, alice, headers):
    fields = {name: value for name, value in {**NAVIGATION, **headers}.items() if value is not None}
    answer = alice.request("POST", gateway.own("sign-out"), headers=fields)
    assert answer.status_code == 403
    assert session_of(gateway, alice)


@pytest.mark.parametrize("neighbour", ["http://127.0.0.1:1", "https://127.0.0.1", "http://127.0.0.1"])
def test_another_port_or_scheme_of_our_host_is_another_origin(gateway, alice, neighbour):
    fields = {name: value for name, value in NAVIGATION.items() if name != "Sec-Fetch-Site"}
    answer = alice.request("POST", gateway.own("sign-out"), headers={**fields, "Origin": neighbour})
    assert answer.status_code == 403
    assert session_of(gateway, alice)


def test_signing_out_without_a_session_is_no_error(gateway):
    answer = post(UserAgent(), gateway, **same_origin(gateway))
    assert answer.status_code == 303


def test_only_the_session_of_this_browser_ends(gateway, forger, alice):
    other = sign_in(gateway, forger)
    post(alice, gateway, **same_origin(gateway))
    assert session_of(gateway, alice) is None
    assert session_of(gateway, other)


def test_a_large_id_token_is_not_put_into_the_url(stage, upstream):
    forger = stage.forger()
    gateway = stage.gateway(forger, upstream)
    forger.claims = {"custom_data": "x" * 6000}
    agent = sign_in(gateway, forger)
    query = parse_qs(urlsplit(agent.location(post(agent, gateway, **same_origin(gateway)))).query)
    assert "id_token_hint" not in query
    assert query["client_id"] == [forger.client_id]


def test_a_provider_without_end_session_leads_straight_to_our_own_page(stage, upstream):
    forger = stage.forger()
    forger.metadata = {"end_session_endpoint": None, "revocation_endpoint": None}
    gateway = stage.gateway(forger, upstream)
    agent = sign_in(gateway, forger)
    answer = post(agent, gateway, **same_origin(gateway))
    assert agent.location(answer).split("?")[0] == gateway.own("signed-out")
    assert session_of(gateway, agent) is None


def test_a_provider_that_is_down_cannot_hold_the_user_back(stage, upstream):
    forger = stage.forger()
    gateway = stage.gateway(forger, upstream, {"provider": {"timeout": "1s"}})
    agent = sign_in(gateway, forger)
    thief = agent.copy()
    forger.stop()
    answer = post(agent, gateway, **same_origin(gateway))
    assert answer.status_code == 303
    assert session_of(gateway, thief) is None


def test_the_stand_in_signs_the_user_out_and_sends_the_browser_back(stage, upstream):
    stand_in = stage.stand_in()
    gateway = stage.gateway(stand_in, upstream)
    agent = sign_in(gateway, stand_in)
    answer = post(agent, gateway, **same_origin(gateway))
    page = agent.follow(answer)
    assert page.status_code == 200
    answer = agent.submit(page, logout="yes")
    assert agent.location(answer).split("?")[0] == gateway.own("signed-out")
    assert agent.follow(answer).status_code == 200
    left = stand_in.control("/sessions?user=alice")
    assert left["sessions"] == []
    assert not any(grant["refresh_tokens"] for grant in left["grants"])
