"""`canaille` from PyPI, its own application on an SQLite file, served by werkzeug."""

import json
import sys
from pathlib import Path

import requests

from harness.ports import free_port
from harness.process import Process
from harness.providers.provider import Provider


class Canaille(Provider):
    name = "canaille"
    subject = "alice"
    display_name = "Alice Liddell"
    email = "alice@example.test"
    prompt = "consent"

    def __init__(self):
        port = free_port()
        # Its issuer ends in a slash, and so does the `iss` of its tokens.
        self.issuer = f"http://127.0.0.1:{port}/"
        script = Path(__file__).with_name("canaille_server.py")
        self.process = Process(self.name, [sys.executable, "-W", "ignore", script, port])
        self.processes = [self.process]
        discovery = self.issuer + ".well-known/openid-configuration"
        self.process.wait_until(lambda: requests.get(discovery, timeout=5).ok, within=30)

    def register(self, redirect_uri, sign_out_uri):
        """RFC 7591, as canaille offers it."""
        response = requests.post(
            self.issuer + "oauth/register",
            json={
                "client_name": "Gatehouse",
                "redirect_uris": [redirect_uri],
                "post_logout_redirect_uris": [sign_out_uri],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "scope": " ".join(self.scopes),
                "token_endpoint_auth_method": "client_secret_basic",
                # With RS256 its access tokens of one second are all the same, and its own database refuses the second.
                "id_token_signed_response_alg": "ES256",
            },
            timeout=10,
        )
        assert response.status_code == 201, response.text
        client = json.loads(response.text)
        self.client_id, self.client_secret = client["client_id"], client["client_secret"]

    def authenticate(self, agent, url):
        page = agent.visit(url)
        page = agent.visit(agent.location(agent.submit(page, login="alice")))
        page = agent.submit(page, password="correct horse battery staple")
        # Signed in; back to the authorization endpoint, which asks for consent.
        consent = agent.follow(page)
        if consent.status_code == 200:
            consent = agent.submit(consent, answer="accept")
        return agent.location(consent)
