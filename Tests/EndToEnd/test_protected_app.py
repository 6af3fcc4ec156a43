"""Logto Cloud's Protected App, moved here: its paths, its header fields, its page rules, its sessions."""

import base64

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from harness.gateway import run
from harness.raw_http import exchange, request
from harness.stage import session_of, sign_in
from harness.toml import merged, toml_text
from harness.user_agent import UserAgent

RULES = ["^/(admin|privacy)/.*", r"^/files/(?!.*\.jpg$)"]


@pytest.fixture(scope="module")
def stand_in(shared_stage):
    op = shared_stage.stand_in()
    op.control("/users", {"sub": op.subject, "customData": {"plan": "gold"}})
    op.callback_paths = ("/sign-in-callback",)
    return op


def protected(shared_stage, stand_in, upstream, **options):
    settings = {"protected_app": {"enabled": True, **options.pop("app", {})}, **options}
    gateway = shared_stage.gateway(stand_in, upstream, settings)
    register(gateway, stand_in)
    return gateway


def register(gateway, stand_in):
    """What Logto has registered for a Protected App of this host."""
    registered = {"redirectUris": [gateway.origin + "/sign-in-callback"], "postLogoutRedirectUris": [gateway.origin]}
    stand_in.control("/clients", {"id": stand_in.client_id, **registered})


@pytest.fixture(scope="module")
def gateway(shared_stage, stand_in, upstream):
    app = {"page_rules": RULES, "session_duration": "3d", "additional_scopes": ["custom_data"]}
    return protected(shared_stage, stand_in, upstream, app=app)


@pytest.fixture(scope="module")
def agent(gateway, stand_in):
    return sign_in(gateway, stand_in, "/admin/x")


def basic(stand_in):
    pair = f"{stand_in.client_id}:{stand_in.client_secret}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def test_its_four_paths_are_ours(gateway, stand_in, upstream):
    upstream.forget()
    assert UserAgent().get(gateway.url("/sign-in")).status_code == 302
    registration = UserAgent().get(gateway.url("/register"))
    assert "first_screen=register" in registration.headers["Location"]
    assert "sign-in-callback" in registration.headers["Location"]
    assert UserAgent().get(gateway.url("/sign-in-callback")).status_code < 500
    assert UserAgent().get(gateway.url("/sign-out")).status_code == 200
    assert not upstream.received


def test_whoever_comes_through_us_brings_the_clients_credentials_and_the_host(gateway, stand_in, agent, upstream):
    for who in (UserAgent(), agent):
        assert who.get(gateway.url("/open"), headers={"Authorization": "Basic Zm9yZ2VkOmJ5IG1l"}).status_code == 200
        received = upstream.last("/open")
        assert received.all("Authorization") == [basic(stand_in)]
        assert received.all("Logto-Host") == [f"127.0.0.1:{gateway.port}"]
        assert received.all("X-Forwarded-Host") == [f"127.0.0.1:{gateway.port}"]


def test_who_is_signed_in_brings_a_genuine_id_token(gateway, stand_in, agent, upstream):
    assert agent.get(gateway.url("/admin/y")).status_code == 200
    (text,) = upstream.last("/admin/y").all("Logto-ID-Token")
    keys = KeySet.import_key_set(requests.get(stand_in.base + "/oidc/jwks", timeout=10).json())
    claims = jwt.decode(text, keys, algorithms=["ES384"]).claims
    assert (claims["sub"], claims["aud"], claims["iss"]) == (stand_in.subject, stand_in.client_id, stand_in.issuer)
    assert upstream.last("/admin/y").header("X-Forwarded-User") is None


@pytest.mark.parametrize("name", ["Logto-ID-Token", "logto_id_token", "Logto.ID.Token", "Logto-Host", "X-Forwarded-Host"])
def test_nobody_brings_these_fields(gateway, upstream, name):
    answer = exchange(gateway.port, request("/open/f", f"127.0.0.1:{gateway.port}", f"{name}: forged"))
    assert answer.status == 200
    assert b"forged" not in upstream.last("/open/f").head


@pytest.mark.parametrize(
    "path", ["/", "/admin", "/privacy", "/x/admin/y", "/files/a.jpg", "/files/b/c.jpg", "/favicon.ico", "/?/admin/x"]
)
def test_a_path_that_no_rule_matches_is_for_anyone(gateway, upstream, path):
    answer = UserAgent().get(gateway.url(path))
    assert answer.status_code == 200
    assert "Logto-ID-Token" not in upstream.last().head.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin/x",
        "/privacy/a/b",
        "/%61dmin/x",
        "//admin/x",
        "/admin//x",
        "/files/",
        "/files/a.png",
        "/files/a.jpg/b",
        "/files/a?.jpg",
        "/files/a%3F.jpg",
        "/files/a.jpg%20",
        "/files/a.JPG",
    ],
)
def test_one_that_does_needs_a_sign_in_however_it_is_spelt(gateway, upstream, path):
    upstream.forget()
    assert UserAgent().get(gateway.url(path)).status_code in (302, 400)
    assert not upstream.received


@pytest.mark.parametrize("path", ["/x/../admin/x", "/x/%2e%2e/admin/x", "/admin%2Fx", "/admin%5Cx", "/files/x;.jpg"])
def test_what_could_be_read_as_another_path_is_refused(gateway, upstream, path):
    upstream.forget()
    assert exchange(gateway.port, request(path, f"127.0.0.1:{gateway.port}")).status == 400
    assert not upstream.received


def test_without_rules_everything_needs_a_sign_in(stage, stand_in, upstream):
    gateway = protected(stage, stand_in, upstream)
    for path in ("/", "/a.jpg", "/favicon.ico"):
        assert UserAgent().get(gateway.url(path)).status_code == 302


def test_a_session_lasts_from_the_sign_in_as_long_as_it_says(gateway, agent):
    session = session_of(gateway, agent)
    assert session["expires_at"] - session["created_at"] == 3 * 86400


def test_additional_scopes_are_asked_for(gateway, agent):
    assert session_of(gateway, agent)["claims"]["custom_data"] == {"plan": "gold"}


def test_sign_out_ends_on_the_bare_origin_that_logto_has_registered(gateway, stand_in):
    register(gateway, stand_in)
    agent = sign_in(gateway, stand_in, "/admin/x")
    answer = agent.submit(agent.get(gateway.url("/sign-out")))
    assert answer.status_code == 303
    assert "post_logout_redirect_uri=" + gateway.origin.replace(":", "%3A").replace("/", "%2F") + "&" in (
        answer.headers["Location"] + "&"
    )
    page = agent.visit(agent.location(answer))
    while "<form" in page.text:
        page = agent.submit(page)
        page = agent.visit(agent.location(page)) if page.status_code in (302, 303) else page
    assert page.address.split("?")[0].rstrip("/") == gateway.origin
    assert agent.get(gateway.url("/admin/x")).status_code == 302


def test_the_clients_credentials_can_stay_here(stage, stand_in, upstream):
    gateway = protected(stage, stand_in, upstream, app={"authorization": False, "page_rules": ["^/never$"]})
    assert UserAgent().get(gateway.url("/own"), headers={"Authorization": "Basic b3duOm93bg=="}).status_code == 200
    assert upstream.last("/own").all("Authorization") == ["Basic b3duOm93bg=="]


def test_page_rules_are_for_any_route(stage, forger, upstream):
    routes = [{"path": "/", "upstream": upstream.url, "page_rules": ["^/account"], "require": {"roles": ["reader"]}}]
    gateway = stage.gateway(forger, upstream, {"route": routes})
    assert UserAgent().get(gateway.url("/shop")).status_code == 200
    assert UserAgent().get(gateway.url("/account")).status_code == 302
    agent = sign_in(gateway, forger, "/account")
    assert agent.page.status_code == 200
    assert upstream.last("/account").header("X-Forwarded-User") == "alice"
    assert agent.get(gateway.url("/shop")).status_code == 200
    assert upstream.last("/shop").header("X-Forwarded-User") is None


@pytest.mark.parametrize(
    "rule, advice",
    [
        ("^/(?<!x)a", "look-behind"),
        (r"^/(a)\1", "references to groups"),
        ("^/(?<name>a)", "names"),
        ("^/(a", '\\")\\" is missing'),
    ],
)
def test_a_rule_that_is_not_understood_stops_the_start_and_says_why(tmp_path, rule, advice):
    settings = {
        "server": {"listen": "127.0.0.1:8080", "public_url": "https://app.example.com"},
        "provider": {"issuer": "https://auth.example.com/oidc", "client_id": "id", "client_secret": "secret"},
        "protected_app": {"enabled": True, "page_rules": [rule]},
        "route": [{"path": "/", "upstream": "http://127.0.0.1:3000"}],
    }
    file = tmp_path / "gatehouse.toml"
    file.write_text(toml_text(merged(settings, {})))
    result = run("check", "--config", file)
    assert result.returncode == 78
    assert "protected_app.page_rules" in result.stderr
    assert advice.replace("\\", "") in result.stderr
