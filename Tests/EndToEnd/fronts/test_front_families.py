"""Names that are not the usual ones: whole families, and what folds into a field that a configuration sets."""

import pytest

from harness.front import CHECKING, FRONTS, sign_in_behind, start_front
from harness.raw_http import exchange, request

NAMES = """
    Oidc-Claim-Sub Oidc-Claim-Anything X-Oidc-Claim-Email X-Shib-User Shib-Eppn X-Okta-User Mellon-Uid Cas-User
    X-Saml-User X-Sso-User X-Identity-Sub X-Claim-Sub X-Openid-Sub Authelia-User X-Authelia-Groups Auth-Email
    X-Pomerium-Claim-Groups X-Vouch-Idp-Claims-Email X-Authentik-Entitlements X-Ms-Token-Aad-Access-Token
    Impersonate-Uid Impersonate-Extra-Scopes X-Forwarded-Sub X-Forwarded-Roles2 X-Forwarded-Port X-Forwarded-Ssl
    X-Forwarded-Scheme X-Forwarded-Server X-Forwarded X-Real-Ip X-True-Client-Ip Cf-Connecting-Ipv6
    X-Envoy-External-Address X-Gatehouse-Foo X-Assertion X-Token-Subject X-Authenticated X-Webauth
    X-Hasura-Allowed-Roles X-Hasura-Org-Id X-Remote-Role Remote-Role X-Auth-Role X-Role-Id X-User-Role X-User-Roles
    X-Email-Verified X-Jwt-Claims X-Ssl-Cert X-Client-Cert-Subject Ssl-Client-Cert-Foo X-Auth-Request-Roles
""".split()
# What honest clients, networks and proxies send must not make a request a bad one.
HONEST = """
    X-Forwarded-Port X-Forwarded-Ssl X-Forwarded-Scheme X-Forwarded-Server X-Real-Ip True-Client-Ip Cf-Connecting-Ip
    Cf-Connecting-Ipv6 Fastly-Client-Ip X-Client-Ip Client-Ip X-Cluster-Client-Ip Forwarded X-Original-Host
    X-User-Agent X-Auth-Token X-Amzn-Oidc-Data X-Goog-Iap-Jwt-Assertion Cf-Access-Jwt-Assertion X-Envoy-External-Address
    X-Ssl-Client-Verify X-Amzn-Trace-Id Cf-Ray X-Azure-Ref
""".split()


@pytest.fixture(scope="module", params=FRONTS, ids=lambda kind: kind.name)
def front(request, shared_stage, forger, upstream):
    routes = [
        {
            "path": "/",
            "upstream": upstream.url,
            "preset": "siteminder",
            "headers": [{"name": "APP_ROLE", "claim": "name"}, {"name": "X-Team", "claim": "email"}],
        },
        {"path": "/open", "upstream": upstream.url, "access": "anyone"},
    ]
    return start_front(request.param, shared_stage, forger, upstream, routes)


def ask(front, target, *fields):
    return exchange(front.port, request(target, f"127.0.0.1:{front.port}", *fields))


@pytest.mark.parametrize("name", NAMES)
def test_nobody_names_an_identity_by_an_unusual_name(front, upstream, name):
    for spelling in (name, name.lower(), name.replace("-", "_"), name.replace("-", ".")):
        upstream.forget()
        answer = ask(front, "/open/x", f"{spelling}: spoofed")
        assert answer is None or answer.status in (200, 400)
        for received in upstream.received:
            assert b"spoofed" not in received.head, received.head


@pytest.mark.parametrize("name", HONEST)
def test_what_networks_add_makes_no_request_a_bad_one(front, upstream, name):
    upstream.forget()
    assert ask(front, "/open/honest", f"{name}: 192.0.2.9").status == 200
    assert upstream.count("/open/honest")


FOLDED = """
    Sm-User SM-USER Sm_User sm.user Sm-Usergroups Sm-Usermail sm_usergroups Sm-User_groups SmUser SMUSER App-Role
    app_role App_Role App.Role app~role X_Team x_team X-team X.Team X-TEAM X~Team
""".split()


@pytest.mark.parametrize("name", FOLDED)
def test_nobody_folds_a_name_into_a_configured_one(front, alice, upstream, name):
    cookie = "Cookie: " + alice.cookie_header(front.gateway.url("/"))
    for target in ("/mine", "/open/mine"):
        upstream.forget()
        answer = ask(front, target, cookie, f"{name}: spoofed")
        assert answer is None or answer.status in (200, 400)
        for received in upstream.received:
            assert b"spoofed" not in received.head, received.head
            genuine = received.all("SM_USER")
            assert genuine == (["alice"] if target == "/mine" else [])


@pytest.mark.parametrize("kind", CHECKING, ids=lambda kind: kind.name)
def test_each_field_keeps_its_own_value(stage, forger, upstream, kind):
    """`User` is not `X-Forwarded-User`, whatever a front calls them in between."""
    routes = [
        {"path": "/", "upstream": upstream.url},
        {"path": "/legacy", "upstream": upstream.url, "headers": [{"name": "User", "claim": "name"}]},
    ]
    front = start_front(kind, stage, forger, upstream, routes)
    alice = sign_in_behind(front, forger)
    assert alice.fetch(front.gateway.url("/x")).status_code == 200
    received = upstream.last("/x")
    assert (received.all("X-Forwarded-User"), received.all("User")) == (["alice"], [])
    assert alice.fetch(front.gateway.url("/legacy/x")).status_code == 200
    received = upstream.last("/legacy/x")
    assert received.all("User") == ["Alice Liddell"]
    assert received.all("X-Forwarded-User") == ["alice"]
