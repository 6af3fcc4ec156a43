"""`oidc-provider-mock` from PyPI, as its command starts it."""

import json
import sys

import requests

from harness.ports import free_port
from harness.process import Process
from harness.providers.provider import Provider

_ALICE = {
    "sub": "alice",
    "name": "Alice Liddell",
    "preferred_username": "alice",
    "email": "alice@example.test",
    "email_verified": True,
}


class OIDCProviderMock(Provider):
    name = "oidc-provider-mock"
    subject = "alice"
    display_name = "Alice Liddell"
    email = "alice@example.test"
    # A space has to go as %20, as every decoder reads it: this provider takes a "+" in Basic credentials for a plus.
    client_id = "an application & more"
    client_secret = "s:e%c/r+e t"

    def __init__(self):
        port = free_port()
        self.issuer = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", port]
        self.process = Process(self.name, [*command, "--user-claims", json.dumps(_ALICE)])
        self.processes = [self.process]
        discovery = self.issuer + "/.well-known/openid-configuration"
        self.process.wait_until(lambda: requests.get(discovery, timeout=5).ok)

    def register(self, redirect_uri, sign_out_uri):
        """Any client is welcome there."""

    def authenticate(self, agent, url):
        page = agent.get(url)
        return agent.location(agent.submit(page, sub="alice"))
