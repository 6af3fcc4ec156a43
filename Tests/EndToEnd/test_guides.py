"""The guides hold: their configurations are read by the program, their verifier runs behind it, their routes lead where
they say."""

import re
import sys
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from harness.gateway import run
from harness.ports import free_port
from harness.process import Process
from harness.raw_http import RawConnection
from harness.stage import sign_in
from harness.toml import merged, toml_text
from harness.user_agent import UserAgent

GUIDES = Path(__file__).resolve().parents[2] / "deploy" / "guides"

LEAST = {
    "server": {"listen": "127.0.0.1:8080", "public_url": "https://app.example.com"},
    "provider": {"issuer": "https://auth.example.com/oidc", "client_id": "id", "client_secret": "secret"},
    "route": [{"path": "/", "upstream": "http://127.0.0.1:3000"}],
}


def blocks(file, language):
    return re.findall(rf"```{language}\n(.*?)```", (GUIDES / file).read_text(), re.DOTALL)


def configuration(text):
    """What a guide shows, completed with what every configuration must have."""
    settings = merged(LEAST, tomllib.loads(text))
    providers = settings["provider"] if isinstance(settings["provider"], list) else [settings["provider"]]
    for provider in providers:
        if provider.pop("client_secret_file", None):
            provider["client_secret"] = "secret"
    return settings


CONFIGURATIONS = [
    pytest.param(text, id=f"{file.name}-{number}")
    for file in sorted(GUIDES.glob("*.md"))
    for number, text in enumerate(blocks(file.name, "toml"))
]


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_each_configuration_is_read_without_problem_or_warning(tmp_path, text):
    file = tmp_path / "gatehouse.toml"
    file.write_text(toml_text(configuration(text)))
    result = run("check", "--config", file)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""


@pytest.fixture(scope="module")
def stand_in(shared_stage):
    return shared_stage.stand_in()


@pytest.mark.parametrize(
    "guide, page",
    [
        ("flask-wechat.md", "/direct/social/wechat"),
        ("authjs-wechat.md", "/direct/social/wechat"),
        ("flask-alipay.md", "/direct/social/alipay"),
        ("flask-x.md", "/direct/social/x"),
        ("flask-tencent-sms.md", "/identifier-sign-in"),
    ],
)
def test_each_story_leads_to_its_connector_and_back_to_the_application(stage, stand_in, guide, page):
    application = stage.flask()
    settings = configuration(blocks(guide, "toml")[0])
    route = {**settings["route"][0], "upstream": application}
    scopes = settings["provider"].get("scopes")
    provider = {"provider": {"scopes": scopes}} if scopes else {}
    gateway = stage.gateway(stand_in, application, {"paths": settings["paths"], "route": [route], **provider})
    stand_in.callback_paths = (settings["paths"]["callback"],)

    agent = UserAgent()
    assert "Sign in" in agent.get(gateway.url("/")).text
    challenge = agent.get(gateway.url("/sign-in"))
    first = urlsplit(agent.get(agent.location(challenge)).headers["Location"])
    assert first.path == page
    if page == "/identifier-sign-in":
        assert parse_qs(first.query)["identifier"] == ["phone"]
    home = agent.visit(stand_in.authenticate(agent, agent.location(agent.get(gateway.url("/sign-in")))))
    assert home.address == gateway.url("/")
    assert f"signed in as {stand_in.subject}" in home.text
    assert agent.submit(agent.get(gateway.url("/sign-out"))).status_code == 303
    assert "Sign in" in agent.get(gateway.url("/")).text


@pytest.fixture(scope="module")
def notes(shared_stage, forger, tmp_path_factory):
    """The verifier of the guide, behind a gateway and reachable around it."""
    port = free_port()
    script = tmp_path_factory.mktemp("notes") / "application.py"
    script.write_text(blocks("assertion.md", "python")[0] + f"\napp.run(port={port})\n")
    address = f"http://127.0.0.1:{port}"
    gateway = shared_stage.gateway(
        forger,
        address,
        {
            "route": [
                {"path": "/notes", "upstream": address, "assertion": "https://notes.internal"},
                {"path": "/", "upstream": address, "assertion": "https://other.internal"},
            ]
        },
    )
    environment = {
        "GATEHOUSE_ISSUER": gateway.origin,
        "GATEHOUSE_AUDIENCE": "https://notes.internal",
        "GATEHOUSE_KEYS": gateway.own("keys"),
    }
    process = shared_stage.keep(Process("notes", [sys.executable, script], env=environment))

    def accepts():
        with RawConnection(port):
            return True

    process.wait_until(accepts)
    return gateway, address


def test_the_flask_verifier_lets_in_who_comes_through_us(notes, forger):
    gateway, _ = notes
    agent = sign_in(gateway, forger, "/notes")
    assert agent.page.json() == {"user": "alice", "roles": ["reader", "writer"]}


def test_the_flask_verifier_refuses_who_comes_around_us(notes, forger):
    gateway, address = notes
    assert requests.get(address + "/notes", headers={"X-Forwarded-User": "admin"}, timeout=10).status_code == 401
    assert requests.get(address + "/notes", headers={"X-Gatehouse-Assertion": "a.b.c"}, timeout=10).status_code == 401


def test_the_flask_verifier_refuses_what_is_for_another_application(notes, forger):
    gateway, _ = notes
    agent = sign_in(gateway, forger, "/notes")
    assert agent.get(gateway.url("/elsewhere")).status_code == 401


def promises():
    """The rows of the README's table of what the guides promise, each with the tests it names."""
    text = (GUIDES.parents[1] / "README.md").read_text()
    table = text.split("## What Logto's guides promise")[1].split("\n## ")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| ")][2:]
    return [pytest.param(re.findall(r"`(test_\w+\.py)`", row[3]), id=row[1].strip()) for row in rows]


@pytest.mark.parametrize("files", promises())
def test_every_promise_names_tests_that_are_there(files):
    assert files
    for name in files:
        assert "\ndef test_" in (Path(__file__).parent / name).read_text()
