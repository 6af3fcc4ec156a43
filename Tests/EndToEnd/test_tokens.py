"""ID tokens, genuine and forged: a forged one signs nobody in, whatever it says and however it is signed."""

import json
import time

import pytest
from cryptography.hazmat.primitives import serialization

from harness import mint
from harness.providers.forger import Forger
from harness.stage import assert_no_session, session_of, sign_in, sign_in_answer


@pytest.fixture(autouse=True)
def honest_again(forger):
    yield
    for name in ("id_token", "token_response", "user_info"):
        forger.__dict__.pop(name, None)
    forger.claims = {}


@pytest.mark.parametrize("algorithm", mint.ALGORITHMS)
def test_a_genuine_token_of_every_algorithm_signs_in(gateway, forger, algorithm):
    forger.id_token = lambda grant: mint.genuine(forger.id_claims(grant), algorithm)
    assert session_of(gateway, sign_in(gateway, forger))["sub"] == "alice"


def test_a_key_without_kid_and_a_token_without_kid_fit_by_their_type(stage, upstream):
    forger = stage.forger()
    key = mint.key_for("RSA")
    forger.keys = [{name: value for name, value in mint.public(key).items() if name != "kid"}]
    forger.id_token = lambda grant: mint.signed({"alg": "RS256"}, forger.id_claims(grant), "RS256", key)
    gateway = stage.gateway(forger, upstream)
    assert session_of(gateway, sign_in(gateway, forger))


GENUINE = {
    "audience as a list of one": lambda f, g: f.id_claims(g, aud=[f.client_id]),
    "several audiences, and we are authorized": lambda f, g: f.id_claims(g, aud=["x", f.client_id], azp=f.client_id),
    "times with fractions": lambda f, g: f.id_claims(g, iat=time.time(), auth_time=time.time()),
    "a clock 30 s ahead": lambda f, g: f.id_claims(g, iat=int(time.time()) + 30),
    "just expired, within the tolerance": lambda f, g: f.id_claims(
        g, iat=int(time.time()) - 60, exp=int(time.time()) - 20
    ),
    "null claims": lambda f, g: f.id_claims(g, name=None, email=None, roles=None),
    "a subject of 255 characters": lambda f, g: f.id_claims(g, sub="s" * 255),
}


@pytest.mark.parametrize("claims", GENUINE.values(), ids=GENUINE.keys())
def test_claims_that_are_unusual_and_right_sign_in(gateway, forger, claims):
    forger.id_token = lambda grant: mint.genuine(claims(forger, grant), "ES384")
    forger.user_info = lambda: {"sub": "unknown"}
    assert session_of(gateway, sign_in(gateway, forger))


def test_a_header_with_typ_jwt_signs_in(gateway, forger):
    forger.id_token = lambda grant: mint.genuine(forger.id_claims(grant), "ES384", typ="JWT")
    assert session_of(gateway, sign_in(gateway, forger))


CLAIMS = {
    "another issuer": lambda f, g: f.id_claims(g, iss="https://evil.example"),
    "our issuer with a slash": lambda f, g: f.id_claims(g, iss=f.issuer + "/"),
    "our issuer in capitals": lambda f, g: f.id_claims(g, iss=f.issuer.upper()),
    "no issuer": lambda f, g: f.id_claims(g, drop=["iss"]),
    "an issuer that is a list": lambda f, g: f.id_claims(g, iss=[f.issuer]),
    "another audience": lambda f, g: f.id_claims(g, aud="somebody-else"),
    "audiences without us": lambda f, g: f.id_claims(g, aud=["a", "b"]),
    "no audience": lambda f, g: f.id_claims(g, drop=["aud"]),
    "an empty list of audiences": lambda f, g: f.id_claims(g, aud=[]),
    "an audience that begins as ours": lambda f, g: f.id_claims(g, aud=f.client_id + "2"),
    "several audiences and no azp": lambda f, g: f.id_claims(g, aud=["x", f.client_id]),
    "several audiences, another azp": lambda f, g: f.id_claims(g, aud=["x", f.client_id], azp="x"),
    "one audience, another azp": lambda f, g: f.id_claims(g, azp="somebody-else"),
    "an azp that is a number": lambda f, g: f.id_claims(g, azp=1),
    "an expiry before its time of issue": lambda f, g: f.id_claims(g, exp=int(time.time()) - 20),
    "expired": lambda f, g: f.id_claims(g, exp=int(time.time()) - 3600),
    "no expiry": lambda f, g: f.id_claims(g, drop=["exp"]),
    "an expiry that is text": lambda f, g: f.id_claims(g, exp="4102444800"),
    "an expiry that is null": lambda f, g: f.id_claims(g, exp=None),
    "no time of issue": lambda f, g: f.id_claims(g, drop=["iat"]),
    "issued in the future": lambda f, g: f.id_claims(g, iat=int(time.time()) + 3600),
    "not valid yet": lambda f, g: f.id_claims(g, nbf=int(time.time()) + 3600),
    "a time of validity that is text": lambda f, g: f.id_claims(g, nbf="0"),
    "another nonce": lambda f, g: f.id_claims(g, nonce="A" * 43),
    "no nonce": lambda f, g: f.id_claims(g, drop=["nonce"]),
    "a nonce that is a list": lambda f, g: f.id_claims(g, nonce=[g.nonce]),
    "no subject": lambda f, g: f.id_claims(g, drop=["sub"]),
    "an empty subject": lambda f, g: f.id_claims(g, sub=""),
    "a subject that is a number": lambda f, g: f.id_claims(g, sub=1),
    "a subject that is too long": lambda f, g: f.id_claims(g, sub="s" * 5000),
}


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS.keys())
def test_claims_that_break_a_rule_sign_nobody_in(gateway, forger, claims):
    forger.id_token = lambda grant: mint.genuine(claims(forger, grant), "ES384")
    assert_no_session(gateway, sign_in_answer(gateway, forger))


def test_an_audience_that_only_looks_like_ours_is_another(stage, upstream):
    forger = stage.forger()
    forger.client_id = "gatehous\u00e9"
    gateway = stage.gateway(forger, upstream)
    assert session_of(gateway, sign_in(gateway, forger))
    forger.id_token = lambda grant: mint.genuine(forger.id_claims(grant, aud="gatehouse\u0301"), "ES384")
    assert_no_session(gateway, sign_in_answer(gateway, forger))


def with_number(forger, name, number):
    """Makes the forger write a number no JSON library of ours would."""

    def token(grant):
        text = json.dumps(forger.id_claims(grant, drop=[name]))
        return mint.signed(header("ES384"), f'{text[:-1]}, "{name}": {number}}}'.encode(), "ES384")

    forger.id_token = token


LARGE = ["9223372036854775807", "9223372036854775808", "1e300", "1e400", "1" * 400]
SMALL = ["-9223372036854775808", "-9223372036854775809", "-1e300", "-1", "0"]


@pytest.mark.parametrize("number", LARGE + SMALL)
@pytest.mark.parametrize("name", ["exp", "iat", "nbf", "auth_time"])
def test_no_number_in_a_token_ends_the_process(gateway, forger, name, number):
    with_number(forger, name, number)
    assert sign_in_answer(gateway, forger).status_code != 500
    assert gateway.is_alive


@pytest.mark.parametrize(
    "name, number", [("exp", n) for n in SMALL] + [("iat", n) for n in LARGE] + [("nbf", n) for n in LARGE]
)
def test_a_time_that_cannot_be_right_signs_nobody_in(gateway, forger, name, number):
    with_number(forger, name, number)
    assert_no_session(gateway, sign_in_answer(gateway, forger))


def header(algorithm, **changes):
    members = {"alg": algorithm, "kid": mint.key_for(algorithm).kid, **changes}
    return {name: value for name, value in members.items() if value is not None}


def forged(build):
    """`build(claims)` as a token of the forger."""
    return lambda forger, grant: build(forger.id_claims(grant))


def pem(key):
    public = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key.public_bytes(*public)


def flip(token, part, position=10):
    parts = token.split(".")
    text = parts[part]
    parts[part] = text[:position] + ("A" if text[position] != "A" else "B") + text[position + 1 :]
    return ".".join(parts)


def doubled(claims, name, value):
    return json.dumps(claims)[:-1].encode() + f', "{name}": {json.dumps(value)}}}'.encode()


OTHER = mint.key_for("ES384", 1)
RSA = mint.key_for("RSA")
EVIL = {"jwk": OTHER.as_dict(private=False)}
SIGNATURES = {
    "no algorithm": forged(lambda c: mint.unsigned({"alg": "none"}, c)),
    "no algorithm, in capitals": forged(lambda c: mint.unsigned({"alg": "NONE", "kid": RSA.kid}, c)),
    "no alg member": forged(lambda c: mint.signed(header("ES384", alg=None), c, "ES384")),
    "a signature that is empty": forged(lambda c: mint.unsigned(header("ES384"), c)),
    "a signature of zeros": forged(lambda c: mint.unsigned(header("ES384"), c, bytes(96))),
    "a signature in DER form": forged(lambda c: mint.unsigned(header("ES384"), c, bytes.fromhex("3006020101020101"))),
    "a changed signature": forged(lambda c: flip(mint.genuine(c, "ES384"), 2)),
    "a changed payload": forged(lambda c: flip(mint.genuine(c, "ES384"), 1, 30)),
    "an unknown algorithm": forged(lambda c: mint.signed(header("ES384", alg="ES999"), c, "ES384")),
    "an algorithm in small letters": forged(lambda c: mint.signed(header("ES384", alg="es384"), c, "ES384")),
    "another algorithm's name": forged(lambda c: mint.signed(header("ES384", alg="ES256"), c, "ES384")),
    "an algorithm for another key type": forged(lambda c: mint.signed(header("ES384", alg="RS256"), c, "ES384")),
    "another key under a known kid": forged(lambda c: mint.signed(header("ES384"), c, "ES384", OTHER)),
    "an unknown kid": forged(lambda c: mint.signed(header("ES384", kid="unknown"), c, "ES384", OTHER)),
    "a kid that is a number": forged(lambda c: mint.signed(header("ES384", kid=7), c, "ES384")),
    "HMAC with our secret": lambda f, g: mint.with_hmac({"alg": "HS256"}, f.id_claims(g), f.client_secret.encode()),
    "HMAC with the public key": forged(lambda c: mint.with_hmac({"alg": "HS256", "kid": RSA.kid}, c, pem(RSA))),
    "HMAC called RS256": forged(lambda c: mint.with_hmac({"alg": "RS256", "kid": RSA.kid}, c, pem(RSA))),
    "a critical extension": forged(lambda c: mint.signed(header("ES384", crit=["exp"], exp=1), c, "ES384")),
    "an empty crit": forged(lambda c: mint.signed(header("ES384", crit=[]), c, "ES384")),
    "an unencoded payload": forged(lambda c: mint.signed(header("ES384", b64=False, crit=["b64"]), c, "ES384")),
    "its own key": forged(lambda c: mint.signed(header("ES384", kid=None, **EVIL), c, "ES384", OTHER)),
    "its own key under a known kid": forged(lambda c: mint.signed(header("ES384", **EVIL), c, "ES384", OTHER)),
    "its own key's address": forged(
        lambda c: mint.signed(header("ES384", jku="http://127.0.0.1:1/"), c, "ES384", OTHER)
    ),
    "its own certificate's address": forged(
        lambda c: mint.signed(header("ES384", x5u="http://127.0.0.1:1/"), c, "ES384", OTHER)
    ),
    "the type of an access token": forged(lambda c: mint.signed(header("ES384", typ="at+jwt"), c, "ES384")),
    "the type of a logout token": forged(lambda c: mint.signed(header("ES384", typ="logout+jwt"), c, "ES384")),
    "a doubled subject": forged(lambda c: mint.signed(header("ES384"), doubled(c, "sub", "admin"), "ES384")),
    "a subject doubled by an escape": forged(
        lambda c: mint.signed(header("ES384"), doubled(c, "s\\u0075b", "x"), "ES384")
    ),
    "a doubled header member": forged(lambda c: mint.signed(b'{"alg":"ES384","alg":"none"}', c, "ES384")),
    "a payload that is a list": forged(lambda c: mint.signed(header("ES384"), b"[]", "ES384")),
    "a payload that is no JSON": forged(lambda c: mint.signed(header("ES384"), b"{", "ES384")),
    "a payload with bytes after it": forged(
        lambda c: mint.signed(header("ES384"), json.dumps(c).encode() + b"{}", "ES384")
    ),
    "a payload that is no UTF-8": forged(lambda c: mint.signed(header("ES384"), b'{"sub":"\xff"}', "ES384")),
    "a header that is no JSON": forged(lambda c: mint.signed(b"{", c, "ES384")),
    "four parts": forged(lambda c: mint.genuine(c, "ES384") + ".e30"),
    "two parts": forged(lambda c: mint.genuine(c, "ES384").rsplit(".", 1)[0]),
    "padding": forged(lambda c: mint.genuine(c, "ES384") + "="),
    "white space": forged(lambda c: " " + mint.genuine(c, "ES384")),
    "a line end inside": forged(lambda c: mint.genuine(c, "ES384").replace(".", ".\n", 1)),
    "an encrypted token's five parts": lambda f, g: "a.b.c.d.e",
    "nothing": lambda f, g: "",
    "a number": lambda f, g: 7,
    "null": lambda f, g: None,
    "a list": lambda f, g: ["x"],
    "200 kB": lambda f, g: mint.genuine(f.id_claims(g, custom="x" * 200_000), "ES384"),
}


@pytest.mark.parametrize("token", SIGNATURES.values(), ids=SIGNATURES.keys())
def test_a_forged_token_signs_nobody_in(gateway, forger, token):
    forger.id_token = lambda grant: token(forger, grant)
    assert_no_session(gateway, sign_in_answer(gateway, forger))
    assert gateway.is_alive


def test_a_token_from_an_earlier_sign_in_is_refused(gateway, forger):
    tokens = []

    def remember(grant):
        tokens.append(Forger.id_token(forger, grant))
        return tokens[0]

    forger.id_token = remember
    sign_in(gateway, forger)
    assert_no_session(gateway, sign_in_answer(gateway, forger))


def test_userinfo_fills_in_what_the_token_lacks_when_it_is_about_the_same_user(gateway, forger):
    forger.id_token = lambda grant: mint.genuine(forger.id_claims(grant, drop=["name", "email", "roles"]), "ES384")
    forger.user_info = lambda: {"sub": "alice", "name": "From Userinfo", "roles": ["a", "b"]}
    session = session_of(gateway, sign_in(gateway, forger))
    assert (session["name"], session["roles"]) == ("From Userinfo", ["a", "b"])


@pytest.mark.parametrize("subject", ["mallory", "", None, 7, ["alice"]], ids=str)
def test_userinfo_about_somebody_else_counts_for_nothing(gateway, forger, subject):
    forger.id_token = lambda grant: mint.genuine(forger.id_claims(grant, drop=["name", "email", "roles"]), "ES384")
    forger.user_info = lambda: {"sub": subject, "name": "Mallory", "roles": ["admin"]}
    answer = sign_in_answer(gateway, forger)
    session = session_of(gateway, answer.agent)
    assert session is None or (session["sub"] == "alice" and "Mallory" not in str(session) and not session["roles"])
