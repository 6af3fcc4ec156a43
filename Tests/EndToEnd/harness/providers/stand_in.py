"""The Logto stand-in of this repository, and its control port."""

import json
from collections import Counter
from urllib.parse import parse_qs

import requests

from harness.gateway import DEMO_BINARY, program
from harness.process import Process
from harness.providers.provider import Provider

_ALICE = {
    "sub": "alice0000001",
    "username": "alice",
    "email": "alice@example.test",
    "name": "Alice Liddell",
    "roles": ["reader", "writer"],
}


class StandIn(Provider):
    name = "stand-in"
    subject = "alice0000001"
    display_name = "Alice Liddell"
    email = "alice@example.test"
    client_id = "gatehouseendtoend0001"
    client_secret = "EndToEndSecretEndToEndSecret0001"
    prompt = "consent"
    scopes = ["openid", "offline_access", "profile", "email", "roles"]

    def __init__(self, issuer=None):
        command = [program(DEMO_BINARY), "stand-in", "--port", 0, "--control-port", 0]
        self.process = Process("stand-in", command + (["--issuer", issuer] if issuer else []))
        self.processes = [self.process]
        ready = self.process.wait_until(lambda: [line for line in self.process.json_lines if "issuer" in line])[0]
        self.issuer = ready["issuer"]
        self.port = ready["port"]
        self.base = self.issuer.removesuffix("/oidc")
        self.control_url = f"http://127.0.0.1:{ready['control_port']}"
        self.control("/users", _ALICE)
        self.sign_in_by_itself("alice")

    def control(self, path, body=None, method=None):
        """One call of the control port; its JSON."""
        method = method or ("GET" if body is None else "POST")
        response = requests.request(method, self.control_url + path, json=body, timeout=10)
        assert response.ok, f"{method} {path} {json.dumps(body)}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def sign_in_by_itself(self, user):
        """Whom its pages sign in without asking; None: they ask."""
        self.control("/knobs", {"auto": user})

    def register(self, redirect_uri, sign_out_uri):
        self.control(
            "/clients",
            {
                "id": self.client_id,
                "secret": self.client_secret,
                "type": "traditional",
                "redirectUris": [redirect_uri],
                "postLogoutRedirectUris": [sign_out_uri],
            },
        )

    def tell_of_logouts(self, gateway, session_required=True):
        """Registers the gateway's receiver, as an operator does in Logto's console."""
        self.control(
            "/clients",
            {
                "id": self.client_id,
                "backchannelLogoutUri": gateway.own("backchannel-logout"),
                "backchannelLogoutSessionRequired": session_required,
            },
        )

    def requests(self, path):
        """What it was asked on one path, oldest first."""
        return self.control(f"/log?path={path}")

    def presented(self):
        """How often each refresh token was presented."""
        forms = [parse_qs(entry["body"]) for entry in self.requests("/oidc/token")]
        return Counter(form["refresh_token"][0] for form in forms if form.get("grant_type") == ["refresh_token"])

    def authenticate(self, agent, url):
        """Its pages sign Alice in by themselves; no script is needed on the way."""
        steps = 0
        while not (url := agent.location(agent.get(url))).split("?")[0].endswith(self.callback_paths):
            steps += 1
            assert steps < 8, f"the stand-in never came back: {url}"
        return url

    callback_paths = ("/callback",)
