"""Debian's `glewlwyd`: its daemon on a fresh database, set up through its REST API as its administrator would."""

import gzip
import json
import shutil
import sqlite3
import tempfile
from pathlib import Path

import requests
from joserfc.jwk import ECKey

from harness.ports import free_port
from harness.process import Process
from harness.providers.provider import Provider

_SCHEMAS = [
    Path("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3"),
    Path("/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz"),
]

_CONFIGURATION = """
port={port}
bind_address="127.0.0.1"
external_url="http://127.0.0.1:{port}"
login_url="login.html"
api_prefix="api"
static_files_path="/usr/share/glewlwyd/webapp/"
log_mode="console"
log_level="INFO"
cookie_domain="127.0.0.1"
cookie_secure=0
session_expiration=2419200
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
user_middleware_module_path="{directory}"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
use_secure_connection=false
secure_connection_key_file="unused, but must be here"
secure_connection_pem_file="unused, but must be here"
hash_algorithm="SHA512"
database = {{ type = "sqlite3" path = "{database}" }};
static_files_mime_types = ( {{ extension = ".html" mime_type = "text/html" }} )
"""


class Glewlwyd(Provider):
    name = "glewlwyd"
    display_name = "Alice Liddell"
    email = "alice@example.test"
    client_id = "gatehouse"
    client_secret = "glewlwyd-s3cret"
    scopes = ["openid", "profile", "email"]

    def __init__(self, token_seconds=3600):
        self.token_seconds = token_seconds
        self.redirect_uris = []
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.issuer = self.base + "/api/oidc"
        directory = self.directory = Path(tempfile.mkdtemp(prefix="glewlwyd-data-"))
        database = directory / "glewlwyd.db"
        _make_database(database)
        configuration = directory / "glewlwyd.conf"
        configuration.write_text(_CONFIGURATION.format(port=port, database=database, directory=directory))
        self.process = Process(self.name, ["/usr/bin/glewlwyd", f"--config-file={configuration}"], directory=directory)
        self.processes = [self.process]
        self.process.wait_until(lambda: requests.get(self.base + "/config", timeout=5).ok)
        self.admin = requests.Session()
        self._api("POST", "/auth/", {"username": "admin", "password": "password"})
        self._set_up()

    def _api(self, method, path, body):
        response = self.admin.request(method, self.base + "/api" + path, json=body, timeout=10)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text}"

    def _set_up(self):
        for scope in ("profile", "email"):
            settings = {"name": scope, "display_name": scope, "password_required": False, "scheme": {}}
            self._api("POST", "/scope/", settings)
        self._api(
            "POST",
            "/mod/plugin/",
            {
                "module": "oidc",
                "name": "oidc",
                "display_name": "OpenID Connect",
                "parameters": {
                    "iss": self.issuer,
                    "jwks-private": json.dumps({"keys": [_private_key()]}),
                    "jwks-show": True,
                    "access-token-duration": self.token_seconds,
                    "refresh-token-duration": 1209600,
                    "code-duration": 600,
                    "refresh-token-rolling": True,
                    "allow-non-oidc": False,
                    "auth-type-code-enabled": True,
                    "auth-type-code-revoke-replayed": True,
                    "auth-type-token-enabled": False,
                    "auth-type-id-token-enabled": True,
                    "auth-type-password-enabled": False,
                    "auth-type-client-enabled": False,
                    "auth-type-device-enabled": False,
                    "auth-type-refresh-enabled": True,
                    "pkce-allowed": True,
                    "pkce-required": True,
                    "pkce-method-plain-allowed": False,
                    "subject-type": "public",
                    "name-claim": "mandatory",
                    "email-claim": "mandatory",
                    "scope-claim": "no",
                    "allowed-scope": ["openid", "profile", "email"],
                    "session-management-allowed": True,
                    "session-cookie-name": "GLEWLWYD2_OIDC_SID",
                    "session-cookie-expiration": 86400,
                    "back-channel-logout-allowed": True,
                    "front-channel-logout-allowed": True,
                },
            },
        )
        self._api(
            "POST",
            "/user/",
            {
                "username": "alice",
                "name": self.display_name,
                "email": self.email,
                "password": "wonderland",
                "enabled": True,
                "scope": ["openid", "profile", "email", "g_profile"],
            },
        )

    def register(self, redirect_uri, sign_out_uri):
        self.redirect_uris.append(redirect_uri)
        is_new = len(self.redirect_uris) == 1
        self._api(
            "POST" if is_new else "PUT",
            "/client/" + ("" if is_new else self.client_id),
            {
                "client_id": self.client_id,
                "name": "Gatehouse",
                "client_secret": self.client_secret,
                "confidential": True,
                "enabled": True,
                "authorization_type": ["code", "refresh_token"],
                "redirect_uri": self.redirect_uris,
                "post_logout_redirect_uri": sign_out_uri,
                "backchannel_logout_uri": sign_out_uri.replace("signed-out", "backchannel-logout"),
                "token_endpoint_auth_method": ["client_secret_basic"],
                "scope": [],
            },
        )

    def authenticate(self, agent, url):
        """Its own pages are a script; what that script sends, we send."""
        agent.get(url)
        credentials = {"username": "alice", "password": "wonderland"}
        assert agent.fetch(self.base + "/api/auth/", "POST", json=credentials).ok
        grant = {"scope": " ".join(self.scopes)}
        assert agent.fetch(f"{self.base}/api/auth/grant/{self.client_id}", "PUT", json=grant).ok
        return agent.location(agent.get(url + "&g_continue"))

    def sign_out(self, agent, claims):
        """What its page for the sign-out sends."""
        assert agent.fetch(f"{self.issuer}/session/{claims['sid']}", "DELETE").ok

    def stop(self):
        super().stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def _make_database(path):
    schema = next(path for path in _SCHEMAS if path.exists())
    text = gzip.decompress(schema.read_bytes()).decode() if schema.suffix == ".gz" else schema.read_text()
    connection = sqlite3.connect(path)
    connection.executescript(text)
    connection.close()


def _private_key():
    return {**ECKey.generate_key("P-384").as_dict(private=True), "kid": "signing-key", "alg": "ES384", "use": "sig"}
