"""The log: one line for one event, whatever strangers write into what is logged."""

import pytest

from harness import mint
from harness.raw_http import exchange, request
from harness.stage import sign_in, sign_in_answer
from harness.waiting import eventually, pause

HOSTILE = "alice\n2026-01-01 level=error message=forged\r\nforged \x1b[31mred\u2028forged\u0085forged"


@pytest.fixture(scope="module", params=["json", "text"])
def gateway(request, shared_stage, forger, upstream):
    settings = {"log": {"format": request.param}, "route": [{"path": "/", "upstream": upstream.url}]}
    settings["route"].append({"path": "/open", "upstream": upstream.url, "access": "anyone"})
    return shared_stage.gateway(forger, upstream, settings)


@pytest.fixture(autouse=True)
def honest_again(forger):
    yield
    for name in ("id_token", "callback", "user_info"):
        forger.__dict__.pop(name, None)
    forger.on("/token", None)


def assert_no_forged_line(gateway, mark):
    eventually(lambda: mark in gateway.process.output)
    for line in gateway.process.output.splitlines():
        assert not line.startswith("forged") and not line.startswith("2026-01-01"), line
    for byte in "\x1b\x00\x07\x7f\u2028\u0085":
        assert byte not in gateway.process.output, repr(byte)


def test_a_subject_forges_no_line(gateway, forger):
    forger.id_token = lambda grant: mint.genuine(forger.id_claims(grant, sub=HOSTILE), "ES384")
    forger.user_info = lambda: {"sub": HOSTILE}
    sign_in_answer(gateway, forger)
    assert_no_forged_line(gateway, "callback")


def test_a_printable_subject_stays_in_its_place(gateway, forger):
    subject = 'marked "subject=mallory level=error\\'
    forger.id_token = lambda grant: mint.genuine(forger.id_claims(grant, sub=subject), "ES384")
    forger.user_info = lambda: {"sub": subject}
    sign_in(gateway, forger, "/printable")
    assert_no_forged_line(gateway, "/printable")
    lines = [line for line in gateway.process.output.splitlines() if "marked" in line]
    assert lines
    # In quotes, or it could be taken for other words of its line.
    assert not [line for line in lines if " level=error" in line and '"marked' not in line], lines


def test_a_line_tells_what_the_upstream_took(gateway, upstream):
    upstream.on("/open/slow", lambda connection, _: (pause(0.3), connection.reply(b"slow")))
    host = f"127.0.0.1:{gateway.port}"
    for path in ("/open/slow", "/closed"):
        assert exchange(gateway.port, request(path, host)).status in (200, 401)
    eventually(lambda: "/closed" in gateway.process.output)
    if gateway.settings["log"]["format"] == "json":
        (slow,) = [line for line in gateway.exchanges if line["path"] == "/open/slow"]
        assert 300 <= slow["upstream_ms"] <= slow["duration_ms"]
        assert "upstream_ms" not in next(line for line in gateway.exchanges if line["path"] == "/closed")


def test_a_refusal_forges_no_line(gateway, forger):
    forger.callback = lambda grant: {
        "error": "marked\nforged",
        "error_description": HOSTILE,
        "state": grant.query["state"],
        "iss": forger.issuer,
    }
    sign_in_answer(gateway, forger)
    assert_no_forged_line(gateway, "callback")


def test_an_answer_of_the_token_endpoint_forges_no_line(gateway, forger):
    forger.on("/token", lambda handler: handler.reply(400, {"error": "marked2\nforged", "error_description": HOSTILE}))
    sign_in_answer(gateway, forger)
    assert_no_forged_line(gateway, "callback")


def test_a_request_forges_no_line(gateway):
    host = f"127.0.0.1:{gateway.port}"
    targets = ["/open/%22%0aforged", '/open/"forged"', "/open/%E2%80%A8forged", "/open/%C2%85forged", "/open/%1b%5b"]
    for target in targets:
        exchange(gateway.port, request(target, host, "X-Request-Id: a forged", "User-Agent: x\xc2\x85forged"))
    for field in ("X-Request-Id: a\x1bforged", "User-Agent: x\x1b[31m"):
        exchange(gateway.port, request("/open/escape", host, field))
    exchange(gateway.port, request("/open/last", "evil.example\x1b[31m"))
    exchange(gateway.port, request("/open/last", host, method="FORGED"))
    assert_no_forged_line(gateway, "/open/")


def test_what_a_broken_upstream_says_forges_no_line(gateway, forger, upstream):
    upstream.on("/odd", lambda c, _: (c.send(b"HTTP/1.1 200 O\x1b[31mK\r\nX: y\x1b\r\n\r\n"), c.close()))
    sign_in(gateway, forger, "/odd")
    assert_no_forged_line(gateway, "/odd")
