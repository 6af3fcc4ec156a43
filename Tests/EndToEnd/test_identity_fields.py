"""Identity reaches the application from the gateway alone, whatever a client sends and however it spells it."""

from urllib.parse import unquote

import pytest

from harness import mint
from harness.raw_http import RawConnection, exchange, request
from harness.stage import session_of, sign_in, sign_in_answer

OURS = [
    "X-Forwarded-User",
    "X-Forwarded-Email",
    "X-Forwarded-Preferred-Username",
    "X-Forwarded-Name",
    "X-Forwarded-Groups",
]

FAMILY = (
    OURS
    + """
    X-Forwarded-Access-Token X-Forwarded-Id-Token X-Forwarded-Roles X-Forwarded-Uri X-Forwarded-Method
    X-Forwarded-Prefix X-Forwarded-Port X-Forwarded-Server Forwarded Remote-User Remote-Groups Remote-Email
    Remote-Name X-Remote-User X-Remote-Group X-Auth-Request-User X-Auth-Request-Email X-Auth-Request-Groups
    X-Auth-User X-Auth-Email X-Auth-Assertion X-Auth-Username X-Auth-Token X-Gatehouse-User Logto-ID-Token
    Logto-Host X-Logto-User X-WebAuth-User X-WebAuth-Groups X-Authenticated-User X-Authenticated-Groups
    X-Authenticated-Userid X-Authentik-Username X-Authentik-Groups X-Pomerium-Jwt-Assertion
    X-Pomerium-Claim-Email X-Vouch-User X-Vouch-Idp-Claims-Groups X-Goog-Authenticated-User-Email
    X-Goog-Iap-Jwt-Assertion X-Amzn-Oidc-Identity X-Amzn-Oidc-Data Cf-Access-Jwt-Assertion
    Cf-Access-Authenticated-User-Email X-Ms-Client-Principal X-Ms-Client-Principal-Name X-Ms-Token-Aad-Id-Token
    SM-User SM_USER SMUSER SM-Serversessionid iv-user iv-groups iv-creds OAM-Remote-User OAM_REMOTE_USER
    Osso-User-Dn Shib-Session-Id Shib-Identity-Provider eppn mail affiliation OIDC_CLAIM_sub OIDC-Claim-Email
    OIDC_access_token X-Oidc-Username X-OpenID-Sub X-Userinfo X-User X-User-Id X-User-Email X-Username X-Email
    X-Id-Token X-Access-Token X-Jwt-Assertion X-Consumer-Username X-Credential-Identifier X-Proxy-User
    Ssl-Client-Cert Ssl-Client-S-Dn X-Ssl-Client-Cert X-Client-Cert X-Client-Cert-Dn X-Original-Url
    X-Original-Uri X-Original-Method X-Rewrite-Url X-Real-Ip X-Client-Ip True-Client-Ip X-Cluster-Client-Ip
    Auth-User Impersonate-User Impersonate-Group Impersonate-Uid Impersonate-Extra-Scopes X-Appengine-User-Email
    X-Appengine-User-Id X-Appengine-User-Is-Admin X-Endpoint-Api-Userinfo X-Apigateway-Api-Userinfo
    Teleport-Jwt-Assertion Tailscale-User-Login Gap-Auth Client-Cert Client-Cert-Chain X-Arr-Clientcert
    X-Forwarded-Client-Cert X-Forwarded-Tls-Client-Cert X-Authelia-User X-Groups X-Roles X-Sub
""".split()
)


def spellings(name):
    yield name
    yield name.upper()
    yield name.lower()
    yield name.replace("-", "_")
    yield name.replace("-", ".").replace("_", ".")
    yield name.replace("-", "~", 1) if "-" in name else name
    yield name.replace("-", "_", 1)


def address(gateway):
    return f"127.0.0.1:{gateway.port}"


@pytest.mark.parametrize("name", FAMILY)
def test_a_client_cannot_name_an_identity_on_an_open_route_in_any_spelling(gateway, upstream, name):
    fields = [f"{spelling}: spoofed" for spelling in dict.fromkeys(spellings(name))]
    assert exchange(gateway.port, request("/open/fields", address(gateway), *fields)).status == 200
    received = upstream.last("/open/fields")
    assert "spoofed" not in received.head.decode("latin-1"), received.head


@pytest.mark.parametrize("name", ["X-Request-Id", "X-Forwarded-For", "Content-Length", "Transfer-Encoding"])
def test_no_other_spelling_of_what_we_set_ourselves_goes_through(gateway, upstream, name):
    """CGI and WSGI make one variable of X-Request-Id and X_Request_Id."""
    upstream.forget()
    others = dict.fromkeys([name.replace("-", "_"), name.replace("-", "."), name.replace("-", "_", 1)])
    fields = [f"{spelling}: spoofed" for spelling in others]
    assert exchange(gateway.port, request("/open/ours", address(gateway), *fields)).status in (200, 400)
    assert not [received.head for received in upstream.received if b"spoofed" in received.head]


@pytest.mark.parametrize("name", OURS)
def test_a_client_cannot_add_to_its_own_identity(gateway, alice, upstream, name):
    cookie = "Cookie: " + alice.cookie_header(gateway.url("/"))
    fields = [f"{spelling}: spoofed" for spelling in dict.fromkeys(spellings(name))]
    assert exchange(gateway.port, request("/fields", address(gateway), cookie, *fields)).status == 200
    received = upstream.last("/fields")
    assert "spoofed" not in received.head.decode("latin-1")
    assert len(received.all(name)) == 1


@pytest.mark.parametrize("name", OURS + ["X_Forwarded_User", "x-forwarded-for", "Host", "Cookie"])
def test_a_client_cannot_name_our_fields_away(gateway, alice, upstream, name):
    cookie = "Cookie: a=b; " + alice.cookie_header(gateway.url("/"))
    fields = [f"Connection: {name}", f"Connection: keep-alive, {name.lower()}"]
    assert exchange(gateway.port, request("/connection", address(gateway), cookie, *fields)).status == 200
    received = upstream.last("/connection")
    assert received.header("X-Forwarded-User") == "alice"
    assert received.header("X-Forwarded-For") == "127.0.0.1"
    assert received.header("Host") == address(gateway)


def test_an_identity_in_a_trailer_goes_no_further(gateway, upstream):
    body = b"3\r\nabc\r\n0\r\nX-Forwarded-User: spoofed\r\nX_Remote_User: spoofed\r\nX-Checksum: 1\r\n\r\n"
    data = request("/open/trailers", address(gateway), "Transfer-Encoding: chunked", method="POST", body=body)
    with RawConnection(gateway.port) as connection:
        connection.send(data)
        answer = connection.read_response()
    assert answer.status in (200, 400)
    if answer.status == 200:
        received = upstream.last("/open/trailers")
        assert received.body == b"abc"
        assert not any("spoofed" in trailer for trailer in received.trailers)


def test_our_cookies_stay_with_us_and_all_others_pass(gateway, alice, upstream):
    ours = alice.cookie_header(gateway.url("/"))
    cookie = f'Cookie: a=1; {ours}; gatehouse_tx_01234567=x; b="2; c"; gatehouse2=3; xgatehouse=4'
    second = f"Cookie: {ours}; d=5"
    assert exchange(gateway.port, request("/cookies", address(gateway), cookie, second)).status == 200
    sent = "; ".join(upstream.last("/cookies").all("Cookie"))
    assert [part.strip() for part in sent.split(";")] == ["a=1", 'b="2', 'c"', "gatehouse2=3", "xgatehouse=4", "d=5"]
    assert ours.split("=")[1] not in upstream.last("/cookies").head.decode("latin-1")


@pytest.mark.parametrize("path", ["/open/cookies", "/optional/cookies", "/cookies"])
def test_a_cookie_field_with_nothing_left_is_not_sent(gateway, alice, upstream, path):
    cookie = "Cookie: " + alice.cookie_header(gateway.url("/"))
    assert exchange(gateway.port, request(path, address(gateway), cookie)).status == 200
    assert upstream.last(path).all("Cookie") == []


def test_an_upstream_cannot_set_or_clear_our_cookies(gateway, alice, upstream):
    fields = [
        "gatehouse=planted; Path=/",
        "theirs=1; Path=/",
        "gatehouse=; Max-Age=0",
        "gatehouse_tx_01234567=x",
        " gatehouse =x",
        "more=2",
    ]
    upstream.on("/planted", lambda c, _: c.reply(b"", "200 OK", *[f"Set-Cookie: {field}" for field in fields]))
    answer = alice.get(gateway.url("/planted"))
    assert answer.raw.headers.getlist("Set-Cookie") == ["theirs=1; Path=/", "more=2"]


@pytest.fixture
def profile(forger):
    """Sets claims of the next ID token."""

    def change(**claims):
        forger.id_token = lambda grant: mint.genuine(forger.id_claims(grant, **claims), "ES384")
        forger.user_info = lambda: {"sub": claims.get("sub", "alice")}

    yield change
    for name in ("id_token", "user_info"):
        forger.__dict__.pop(name, None)


HOSTILE = [
    "a\r\nX-Admin: 1",
    "a\nX-Admin: 1",
    "a\rX-Admin: 1",
    "a\0b",
    "a\x0bb",
    "a\x7fb",
    "\u0085X-Admin: 1",
    " a ",
    "caf\u00e9",
    "\u2713",
]


@pytest.mark.parametrize("name", HOSTILE, ids=repr)
def test_a_claim_is_one_value_whatever_it_contains(gateway, forger, upstream, profile, name):
    profile(name=name)
    sign_in(gateway, forger, "/hostile")
    received = upstream.last("/hostile")
    assert received.header("X-Admin") is None
    value = received.header("X-Forwarded-Name").encode("latin-1")
    assert all(byte >= 0x20 and byte != 0x7F for byte in value)
    assert unquote(value.decode()).strip() == name.strip()


def test_a_group_cannot_pretend_to_be_two(gateway, forger, upstream, profile):
    profile(roles=["x,admin", "a%2Cb", "plain"])
    sign_in(gateway, forger, "/groups")
    groups = upstream.last("/groups").header("X-Forwarded-Groups").split(",")
    assert len(groups) == 3
    assert [unquote(group) for group in groups] == ["x,admin", "a%2Cb", "plain"]


@pytest.mark.parametrize("nothing", [None, "", 7, True, ["a"], {"a": 1}], ids=repr)
def test_a_claim_of_another_type_becomes_no_field_at_all(gateway, forger, upstream, profile, nothing):
    profile(
        name=nothing,
        email=nothing,
        username=nothing,
        preferred_username=nothing,
        roles=nothing if nothing != ["a"] else 7,
    )
    sign_in(gateway, forger, "/nothing")
    received = upstream.last("/nothing")
    assert received.header("X-Forwarded-User") == "alice"
    for name in OURS[1:]:
        assert not received.header(name), name


def test_roles_that_are_not_all_text_never_become_other_roles(gateway, forger, upstream, profile):
    profile(roles=["reader", None, 7, ["admin"], {"a": "admin"}])
    sign_in(gateway, forger, "/mixed")
    assert "admin" not in (upstream.last("/mixed").header("X-Forwarded-Groups") or "")


def test_an_identity_too_large_for_a_header_is_denied_and_not_cut(gateway, forger, upstream, profile):
    upstream.forget()
    profile(roles=[f"role-{number:06}" for number in range(3000)])
    answer = sign_in_answer(gateway, forger, path="/large")
    page = answer.agent.follow(answer) if answer.status_code == 303 else answer
    assert page.status_code == 403
    assert upstream.count("/large") == 0


def test_the_subject_is_kept_byte_for_byte(gateway, forger, upstream, profile):
    profile(sub="google-oauth2|123@x/y z")
    agent = sign_in(gateway, forger, "/subject")
    assert upstream.last("/subject").header("X-Forwarded-User") == "google-oauth2|123@x/y z"
    assert session_of(gateway, agent)["sub"] == "google-oauth2|123@x/y z"


def test_the_session_endpoint_shows_hostile_claims_as_plain_json(gateway, forger, profile):
    profile(name="</script><script>alert(1)</script>\r\n\u2028")
    agent = sign_in(gateway, forger)
    response = agent.fetch(gateway.own("session"))
    assert response.json()["name"] == "</script><script>alert(1)</script>\r\n\u2028"
    assert "<" not in response.text
    assert response.headers["X-Content-Type-Options"] == "nosniff"
