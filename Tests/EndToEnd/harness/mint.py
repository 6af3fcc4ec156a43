"""Tokens, minted by joserfc: genuine ones through its API, forged ones with its signatures over bytes of our choice."""

import base64
import functools
import hashlib
import hmac
import json

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

ALGORITHMS = ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"]


def key_for(algorithm, number=0):
    """A key that fits; another `number` is another key. Made once per run; all RSA algorithms share theirs."""
    return _key("RSA" if algorithm[:2] in ("RS", "PS") else algorithm, number)


@functools.cache
def _key(kind, number):
    match kind:
        case "ES256":
            return ECKey.generate_key("P-256", auto_kid=True)
        case "ES384":
            return ECKey.generate_key("P-384", auto_kid=True)
        case "ES512":
            return ECKey.generate_key("P-521", auto_kid=True)
        case "EdDSA":
            return OKPKey.generate_key("Ed25519", auto_kid=True)
        case "RSA":
            return RSAKey.generate_key(2048, auto_kid=True)
    raise ValueError(kind)


def public(key, **members):
    """The key as a member of a JWKS."""
    return {**key.as_dict(private=False), "use": "sig", **members}


def genuine(claims, algorithm, key=None, **header):
    """A token as every honest provider makes it."""
    key = key or key_for(algorithm)
    return jwt.encode({"alg": algorithm, "kid": key.kid, **header}, claims, key, algorithms=[algorithm])


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(part):
    return part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()


def signed(header, payload, algorithm, key=None):
    """A signature that holds, over a header and a payload no library would let pass (dicts, or exact bytes)."""
    key = key or key_for(algorithm)
    message = f"{encode(_bytes(header))}.{encode(_bytes(payload))}"
    signature = JWSRegistry.algorithms[algorithm].sign(message.encode(), key)
    return f"{message}.{encode(signature)}"


def unsigned(header, payload, signature=b""):
    """Any bytes as signature."""
    return f"{encode(_bytes(header))}.{encode(_bytes(payload))}.{encode(signature)}"


def with_hmac(header, payload, secret, algorithm="HS256"):
    """Signed with a secret: a public key's text, or the client's secret."""
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    message = f"{encode(_bytes(header))}.{encode(_bytes(payload))}"
    return f"{message}.{encode(hmac.digest(secret, message.encode(), digest))}"
