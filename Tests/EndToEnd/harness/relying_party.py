"""A small relying party of our own. It proves that a provider here is a provider, before the gateway is asked."""

import base64
import hashlib
import secrets
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import KeySet


class RelyingParty:
    def __init__(self, provider, redirect_uri):
        self.provider = provider
        self.redirect_uri = redirect_uri
        self.discovery = _json(
            requests.get(provider.issuer.rstrip("/") + "/.well-known/openid-configuration", timeout=10)
        )
        self.state = secrets.token_urlsafe(32)
        self.nonce = secrets.token_urlsafe(32)
        self.verifier = secrets.token_urlsafe(32)

    def authorization_url(self, scope="openid profile email"):
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scope,
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if self.provider.prompt:
            query["prompt"] = self.provider.prompt
        return self.discovery["authorization_endpoint"] + "?" + urlencode(query)

    def tokens(self, callback, verifier=None):
        """What the token endpoint gives for the code in `callback`."""
        assert callback.startswith(self.redirect_uri), callback
        query = parse_qs(urlsplit(callback).query)
        assert query["state"] == [self.state], callback
        if self.discovery.get("authorization_response_iss_parameter_supported"):
            assert query["iss"] == [self.provider.issuer], callback
        response = requests.post(
            self.discovery["token_endpoint"],
            auth=(quote(self.provider.client_id, safe=""), quote(self.provider.client_secret, safe="")),
            data={
                "grant_type": "authorization_code",
                "code": query["code"][0],
                "redirect_uri": self.redirect_uri,
                "code_verifier": verifier or self.verifier,
            },
            timeout=10,
        )
        return response

    def claims(self, id_token):
        """The ID token's claims, when it is genuine."""
        keys = KeySet.import_key_set(_json(requests.get(self.discovery["jwks_uri"], timeout=10)))
        token = jwt.decode(id_token, keys, algorithms=self.discovery["id_token_signing_alg_values_supported"])
        claims = token.claims
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        assert claims["iss"] == self.provider.issuer
        assert self.provider.client_id in audience
        assert claims["nonce"] == self.nonce
        return claims

    def userinfo(self, access_token):
        headers = {"Authorization": "Bearer " + access_token}
        return _json(requests.get(self.discovery["userinfo_endpoint"], headers=headers, timeout=10))


def _json(response):
    assert response.status_code == 200, f"{response.url}: {response.status_code} {response.text[:500]}"
    return response.json()
