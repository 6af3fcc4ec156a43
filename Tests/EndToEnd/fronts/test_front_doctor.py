"""`gatehouse doctor` against each front that `gatehouse emit` configures: it has nothing to say."""

import re

import pytest

from harness.front import FRONTS, sign_in_behind, start_front
from harness.gateway import run
from harness.ports import free_port


@pytest.mark.parametrize("kind", FRONTS, ids=lambda kind: kind.name)
def test_the_doctor_finds_nothing(stage, forger, upstream, tmp_path, kind):
    witness = f"127.0.0.1:{free_port()}"
    routes = [
        {
            "path": "/",
            "upstream": upstream.url,
            "assertion": "front",
            "preset": "siteminder",
            "headers": [{"name": "APP_ROLE", "claim": "name"}],
        },
        {"path": "/open", "upstream": upstream.url, "access": "anyone"},
        {"path": "/open/admin", "upstream": upstream.url},
        {"path": "/witness", "upstream": f"http://{witness}", "access": "anyone"},
    ]
    front = start_front(kind, stage, forger, upstream, routes)
    alice = sign_in_behind(front, forger)
    cookies = tmp_path / "cookies"
    cookies.write_text(alice.cookie_header(front.gateway.url("/")))
    arguments = ["--config", front.gateway.file, "--witness", witness, "--cookie-file", cookies, "--timeout", "3s"]
    result = run("doctor", f"http://127.0.0.1:{front.port}", *arguments, within=300)
    findings = [line for line in result.stdout.splitlines() if re.match("(CRITICAL|WARNING): ", line)]
    assert not findings and result.returncode == 0, result.stdout + result.stderr
    assert "the witness was reached" in result.stdout
    assert "the cookies of --cookie-file are a session's" in result.stdout
