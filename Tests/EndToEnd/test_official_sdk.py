"""Logto's guide for Flask twice, against one Logto: once with the official SDK in the application, once without any and
Gatehouse in front. What a user and the application see is compared step by step; where we differ, we say how."""

import base64
import json
import zlib
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from harness.user_agent import UserAgent

API = "https://api.example.com"
ORGANIZATION = "org_1"
PATHS = {
    "sign_in": "/sign-in",
    "register": "/sign-up",
    "callback": "/callback",
    "sign_out": "/sign-out",
    "signed_out": "/",
}
SDK_ID, SDK_SECRET = "flaskguidewithsdk0001", "FlaskGuideWithSDKFlaskGuide00001"


@pytest.fixture(scope="module")
def stand_in(shared_stage):
    op = shared_stage.stand_in()
    op.control("/resources", {"indicator": API, "scopes": {"reader": ["read"], "writer": ["read", "write"]}})
    op.control("/organization-scopes", {"scopes": {"staff": ["invite"]}})
    op.control(
        "/users",
        {
            "sub": op.subject,
            "avatar": "https://example.test/alice.png",
            "customData": {"plan": "gold"},
            "organizations": [{"id": ORGANIZATION, "roles": ["staff"]}, {"id": "org_2"}],
        },
    )
    return op


class Side:
    """One of the two, as a browser finds it."""

    def __init__(self, stand_in, origin, client_id):
        self.stand_in = stand_in
        self.origin = origin
        self.client_id = client_id

    def browser(self):
        return UserAgent()

    def page(self, agent, path):
        return agent.visit(self.origin + path)

    def sign_in(self, agent, path="/sign-in"):
        """The page that the browser stands at, having signed in."""
        answer = agent.get(self.origin + path)
        return agent.visit(self.stand_in.authenticate(agent, agent.location(answer)))


class WithSDK(Side):
    def userinfo(self, agent):
        return self.page(agent, "/userinfo").json()

    def sign_out(self, agent):
        return agent.get(self.origin + "/sign-out")


class WithGatehouse(Side):
    def userinfo(self, agent):
        return agent.fetch(self.origin + "/_gatehouse/session").json()["claims"]

    def sign_out(self, agent):
        """The link asks first: no other page may sign anybody out."""
        return agent.submit(agent.get(self.origin + "/sign-out"))


@pytest.fixture(scope="module")
def with_sdk(shared_stage, stand_in):
    arguments = (stand_in.base, SDK_ID, SDK_SECRET, API, ORGANIZATION)
    origin = shared_stage.flask("guide_with_sdk.py", *arguments)
    stand_in.control(
        "/clients",
        {
            "id": SDK_ID,
            "secret": SDK_SECRET,
            "type": "traditional",
            "redirectUris": [origin + "/callback"],
            "postLogoutRedirectUris": [origin + "/"],
        },
    )
    return WithSDK(stand_in, origin, SDK_ID)


@pytest.fixture(scope="module")
def with_gatehouse(shared_stage, stand_in):
    application = shared_stage.flask("guide_without_sdk.py")
    headers = [
        {"name": "X-Picture", "claim": "picture"},
        {"name": "X-Organizations", "claim": "organizations"},
        {"name": "X-Organization-Roles", "claim": "organization_roles"},
    ]

    def route(path, **more):
        return {"path": path, "upstream": application, **more}

    routes = [
        route("/", access="optional"),
        route("/claims", headers=headers),
        route("/resource", token={"resource": API}),
        route("/organization", token={"organization": ORGANIZATION}),
    ]
    scopes = ["openid", "offline_access", "profile", "email", "custom_data", "roles", "read", "invite"]
    scopes += ["urn:logto:scope:organizations", "urn:logto:scope:organization_roles"]
    gateway = shared_stage.gateway(
        stand_in, application, {"paths": PATHS, "provider": {"scopes": scopes}, "route": routes}
    )
    return WithGatehouse(stand_in, gateway.origin, stand_in.client_id)


@pytest.fixture(scope="module")
def both(with_sdk, with_gatehouse):
    return with_sdk, with_gatehouse


@pytest.fixture(scope="module")
def signed_in(both):
    """A browser for each side."""
    browsers = [side.browser() for side in both]
    for side, agent in zip(both, browsers):
        side.sign_in(agent)
    return list(zip(both, browsers))


def same(outcomes):
    """What both sides came to, being the same."""
    ours = list(outcomes)
    assert len(ours) == 2
    assert ours[0] == ours[1]
    return ours[0]


def test_nobody_is_signed_in_at_first(both):
    page = same(side.page(side.browser(), "/").text for side in both)
    assert page.startswith("Not authenticated") and "/sign-in" in page


def asked(side, path):
    """What Logto is asked by a sign-in link, less what differs from one application to the next."""
    answer = side.browser().get(side.origin + path)
    assert answer.status_code == 302
    location = urlsplit(answer.headers["Location"])
    query = {name: sorted(values) for name, values in parse_qs(location.query).items()}
    assert query.pop("client_id") == [side.client_id]
    assert query.pop("redirect_uri") == [side.origin + "/callback"]
    assert len(query.pop("state")[0]) >= 22 and len(query.pop("code_challenge")[0]) == 43
    query["scope"] = sorted(query["scope"][0].split())
    return location.path, query


def test_sign_in_asks_logto_for_the_same(both):
    (sdk_path, sdk), (path, ours) = [asked(side, "/sign-in") for side in both]
    assert sdk_path == path == "/oidc/auth"
    assert ours.pop("nonce"), "the SDK has none"
    assert ours == sdk


def first_page(side, agent, path):
    """Logto's page that a link ends on."""
    return agent.visit(side.origin + path)


@pytest.mark.parametrize("path, page", [("/sign-in", "/sign-in"), ("/sign-up", "/register")])
def test_the_links_lead_to_the_same_page_of_logto(both, stand_in, path, page):
    stand_in.sign_in_by_itself(None)
    try:
        assert same(urlsplit(first_page(side, side.browser(), path).address).path for side in both) == page
    finally:
        stand_in.sign_in_by_itself("alice")


def test_sign_up_makes_an_account_and_ends_signed_in(both, stand_in):
    stand_in.sign_in_by_itself(None)
    try:
        for number, side in enumerate(both):
            agent = side.browser()
            page = first_page(side, agent, "/sign-up")
            forms = page.text.split("<form")
            place = next(index for index, form in enumerate(forms) if 'id="user"' in form) - 1
            home = agent.submit(page, place, user=f"newcomer{number}")
            while home.status_code in (302, 303):
                home = agent.follow(home)
            users = {user["username"]: user["sub"] for user in stand_in.control("/users")}
            assert home.address == side.origin + "/"
            assert home.text.startswith(f"Authenticated as {users[f'newcomer{number}']}")
    finally:
        stand_in.sign_in_by_itself("alice")


def test_the_callback_ends_at_home(both):
    for side in both:
        home = side.sign_in(side.browser())
        assert home.address == side.origin + "/"
        assert home.status_code == 200


def test_a_callback_that_was_not_asked_for_signs_nobody_in(both):
    for side in both:
        agent = side.browser()
        answer = agent.get(side.origin + "/callback?code=stolen&state=stolen")
        assert 300 <= answer.status_code < 500
        assert side.page(agent, "/").text.startswith("Not authenticated")


def test_is_signed_in(signed_in, stand_in):
    page = same(side.page(agent, "/").text for side, agent in signed_in)
    assert page == f"Authenticated as {stand_in.subject} <a href='/sign-out'>Sign out</a>"


def test_the_application_gets_the_same_claims(signed_in, stand_in):
    (sdk, agent), (ours, our_agent) = signed_in
    claims = ours.page(our_agent, "/claims").json()
    theirs = sdk.page(agent, "/claims").json()
    assert claims == {name: theirs[name] for name in claims}
    assert claims["roles"] == ["reader", "writer"]
    assert claims["organizations"] == [ORGANIZATION, "org_2"]
    assert claims["organization_roles"] == [f"{ORGANIZATION}:staff"]
    assert claims["picture"] == "https://example.test/alice.png"


def test_userinfo_is_the_same(signed_in):
    (sdk, agent), (ours, our_agent) = signed_in
    theirs = {name: value for name, value in sdk.userinfo(agent).items() if value is not None}
    claims = ours.userinfo(our_agent)
    assert theirs == {name: claims[name] for name in theirs}
    assert theirs["custom_data"] == {"plan": "gold"}


def token_claims(side, agent, path):
    """What the API or the organization would read, the token being genuine."""
    keys = KeySet.import_key_set(requests.get(side.stand_in.base + "/oidc/jwks", timeout=10).json())
    claims = jwt.decode(side.page(agent, path).json()["token"], keys, algorithms=["ES384"]).claims
    assert claims["client_id"] == side.client_id
    return {name: claims.get(name) for name in ("iss", "sub", "aud", "scope", "organization_id")}


def test_the_resource_token_permits_the_same(signed_in, stand_in):
    claims = same(token_claims(side, agent, "/resource") for side, agent in signed_in)
    assert (claims["aud"], claims["scope"], claims["sub"]) == (API, "read", stand_in.subject)


def test_the_organization_token_permits_the_same(signed_in):
    claims = same(token_claims(side, agent, "/organization") for side, agent in signed_in)
    assert (claims["aud"], claims["scope"]) == (f"urn:logto:organization:{ORGANIZATION}", "invite")


def test_sign_out_ends_it_here_and_at_logto(both):
    for side in both:
        agent = side.browser()
        side.sign_in(agent)
        answer = side.sign_out(agent)
        location = urlsplit(agent.location(answer))
        query = parse_qs(location.query)
        assert location.path == "/oidc/session/end"
        assert query["client_id"] == [side.client_id]
        assert query["post_logout_redirect_uri"] == [side.origin + "/"]
        home = agent.visit(agent.location(answer))
        while "<form" in home.text:
            home = agent.submit(home)
            home = agent.visit(agent.location(home)) if home.status_code in (302, 303) else home
        assert home.address.split("?")[0] == side.origin + "/"
        assert home.text.startswith("Not authenticated")
        # Logto has forgotten this browser, too: the next sign-in asks who it is.
        side.stand_in.sign_in_by_itself(None)
        try:
            assert urlsplit(first_page(side, agent, "/sign-in").address).path == "/sign-in"
        finally:
            side.stand_in.sign_in_by_itself("alice")


# Where the two differ, to our advantage.


def test_the_sdks_cookie_tells_the_tokens_to_whoever_reads_it_and_ours_does_not(signed_in):
    (sdk, agent), (ours, our_agent) = signed_in
    payload = agent.cookies(sdk.origin)["session"].value.strip(".").split(".")[0]
    readable = zlib.decompress(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert {"idToken", "refreshToken", "accessTokenMap"} <= set(json.loads(readable))
    assert len(our_agent.cookies(ours.origin)["gatehouse"].value) <= 120, "an id and a secret"


def test_a_cookie_kept_from_before_the_sign_out_is_good_with_the_sdk_and_not_with_us(both):
    outcomes = []
    for side in both:
        agent = side.browser()
        side.sign_in(agent)
        thief = agent.copy()
        side.sign_out(agent)
        outcomes.append(side.page(thief, "/").text.startswith("Authenticated"))
    assert outcomes == [True, False]
