"""An OpenID provider that signs everybody in at once and says whatever a test tells it to."""

import json
import secrets
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

from harness import mint
from harness.providers.provider import Provider


@dataclass
class Grant:
    """What one authorization request asked for."""

    code: str
    query: dict
    form: dict = field(default_factory=dict)

    @property
    def nonce(self):
        return self.query.get("nonce")


class Forger(Provider):
    """Honest until told otherwise: replace `id_token`, `token_response`, `callback`, `user_info`, or `on(path, …)`."""

    name = "forger"
    subject = "alice"
    display_name = "Alice Liddell"
    email = "alice@example.test"
    client_id = "gatehouse"
    client_secret = "forger-s3cret"
    prompt = "consent"
    scopes = ["openid", "offline_access", "profile", "email", "roles"]

    def __init__(self, certificate=None, host="127.0.0.1", port=0):
        self.log = []
        self.answers = {}
        self.grants = {}
        self.metadata = {}
        self.claims = {}
        self.signing_key = mint.key_for("ES384")
        self.keys = [mint.public(mint.key_for(name)) for name in ("ES384", "ES256", "ES512", "RSA", "EdDSA")]
        self.server = _Server(("127.0.0.1", port), _handler(self))
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate_file, certificate.key_file)
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self.server.server_address[1]
        self.issuer = f"{'https' if certificate else 'http'}://{host}:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.server.drop_connections()

    # What it says. Tests replace these.

    def id_token(self, grant):
        return mint.genuine(self.id_claims(grant), "ES384", self.signing_key)

    def token_response(self, grant):
        return {
            "access_token": secrets.token_urlsafe(32),
            "refresh_token": secrets.token_urlsafe(32),
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": grant.query.get("scope", ""),
            "id_token": self.id_token(grant),
        }

    def callback(self, grant):
        """The query of the callback."""
        return {"code": grant.code, "state": grant.query.get("state", ""), "iss": self.issuer}

    def user_info(self):
        return {"sub": self.subject, **self.profile}

    # What tests build their forgeries from.

    @property
    def profile(self):
        return {
            "name": self.display_name,
            "email": self.email,
            "email_verified": True,
            "username": "alice",
            "roles": ["reader", "writer"],
            **self.claims,
        }

    def id_claims(self, grant, drop=(), **changes):
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": self.client_id,
            "exp": now + 3600,
            "iat": now,
            "nonce": grant.nonce,
            **self.profile,
            **changes,
        }
        return {name: value for name, value in claims.items() if name not in drop}

    def discovery(self):
        metadata = {
            "issuer": self.issuer,
            "authorization_endpoint": self.issuer + "/auth",
            "token_endpoint": self.issuer + "/token",
            "jwks_uri": self.issuer + "/jwks",
            "userinfo_endpoint": self.issuer + "/me",
            "end_session_endpoint": self.issuer + "/session/end",
            "revocation_endpoint": self.issuer + "/token/revocation",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": mint.ALGORITHMS,
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }
        return {name: value for name, value in metadata.items() if value is not None}

    # Requests

    def on(self, path, answer):
        """`answer(handler)` writes the answer itself; None: as usual again."""
        self.answers[path] = answer

    def count(self, path):
        return sum(1 for entry in self.log if entry["path"] == path)

    def last(self, path):
        return [entry for entry in self.log if entry["path"] == path][-1]

    def register(self, redirect_uri, sign_out_uri):
        """Any redirect URI is good."""

    def authenticate(self, agent, url):
        return agent.location(agent.get(url))

    def answer(self, handler, path, query, form):
        match path:
            case "/.well-known/openid-configuration":
                handler.reply(200, self.discovery())
            case "/jwks":
                handler.reply(200, {"keys": self.keys})
            case "/auth":
                grant = Grant(secrets.token_urlsafe(32), query)
                self.grants[grant.code] = grant
                separator = "&" if "?" in query["redirect_uri"] else "?"
                handler.redirect(query["redirect_uri"] + separator + urlencode(self.callback(grant)))
            case "/token":
                grant = self.grants.pop(form.get("code", ""), None)
                if grant is None:
                    handler.reply(400, {"error": "invalid_grant"})
                else:
                    grant.form = form
                    response = self.token_response(grant)
                    handler.reply(200, response)
            case "/me":
                handler.reply(200, self.user_info())
            case "/token/revocation":
                handler.reply(200, {})
            case "/session/end":
                target = query.get("post_logout_redirect_uri")
                state = "?" + urlencode({"state": query["state"]}) if "state" in query else ""
                handler.redirect(target + state) if target else handler.reply(200, {"signed_out": True})
            case _:
                handler.reply(404, {"error": "not_found"})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *arguments):
        self._kept = set()
        super().__init__(*arguments)

    def process_request(self, request, client_address):
        self._kept.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self._kept.discard(request)
        super().shutdown_request(request)

    def drop_connections(self):
        """Cuts the connections that clients keep open."""
        for connection in list(self._kept):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                """Already gone."""

    def handle_error(self, request, client_address):
        """A peer that refuses our certificate or hangs up is part of the tests."""


def _handler(forger):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        provider = forger

        def do_GET(self):
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            query, form = dict(parse_qsl(parts.query, True)), dict(parse_qsl(body.decode(), True))
            forger.log.append(
                {
                    "method": self.command,
                    "path": parts.path,
                    "query": query,
                    "form": form,
                    "headers": dict(self.headers),
                }
            )
            answer = forger.answers.get(parts.path)
            if answer:
                answer(self)
            else:
                forger.answer(self, parts.path, query, form)

        do_POST = do_GET

        def reply(self, status, body, **headers):
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(data)

        def redirect(self, location):
            self.reply(303, b"", Location=location)

        def log_message(self, *_):
            pass

    return Handler
