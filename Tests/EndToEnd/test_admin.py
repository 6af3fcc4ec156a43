"""The admin listener: alive, ready, metrics; on its own address and nowhere else."""

import re

import pytest

from harness.raw_http import exchange, request
from harness.stage import sign_in
from harness.user_agent import UserAgent
from harness.waiting import eventually


def metrics(gateway):
    """name{labels} to value."""
    answer = gateway.admin("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    values = {}
    for line in answer.text.splitlines():
        if line.startswith("#"):
            assert re.match(r"# (HELP|TYPE) [a-z_:][a-z0-9_:]* \S", line), line
        else:
            match = re.fullmatch(r"([a-z_:][a-z0-9_:]*(?:\{[^}]*\})?) ([0-9.e+-]+|\+Inf|NaN)", line)
            assert match, line
            assert match[1] not in values, f"{match[1]} twice"
            values[match[1]] = float(match[2])
    return values


def total(values, name, **labels):
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    return sum(v for k, v in values.items() if k.split("{")[0] == name and all(label in k for label in wanted))


def test_it_says_that_it_is_alive_and_ready(gateway):
    for path in ("/healthz", "/readyz"):
        answer = gateway.admin(path)
        assert answer.status_code == 200, answer.text
        assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_none_of_this_is_on_the_public_listener(gateway, upstream, path):
    upstream.forget()
    assert UserAgent().fetch(gateway.url(path)).status_code == 401
    for prefix in ("/_gatehouse", "/open/../_gatehouse"):
        assert exchange(gateway.port, request(prefix + path, f"127.0.0.1:{gateway.port}")).status in (400, 401, 404)
    assert upstream.received == []


def test_the_admin_listener_serves_nothing_else(gateway, upstream):
    upstream.forget()
    assert gateway.admin("/").status_code == 404
    assert gateway.admin("/_gatehouse/session").status_code == 404
    assert gateway.admin("/open/x").status_code == 404
    assert upstream.received == []


def test_metrics_count_exchanges_decisions_and_sign_ins(stage, forger, upstream):
    routes = [
        {"name": "app", "path": "/", "upstream": upstream.url},
        {"name": "open door", "path": "/open", "upstream": upstream.url, "access": "anyone"},
    ]
    gateway = stage.gateway(forger, upstream, {"route": routes})
    before = metrics(gateway)
    agent = sign_in(gateway, forger)
    for _ in range(7):
        assert agent.get(gateway.url("/x")).status_code == 200
    assert UserAgent().fetch(gateway.url("/x")).status_code == 401
    assert UserAgent().get(gateway.url("/open/x")).status_code == 200

    def counted():
        now = metrics(gateway)

        def grown(name, **labels):
            return total(now, name, **labels) - total(before, name, **labels)

        assert grown("gatehouse_exchanges_total", route="app", status="200") == 8
        assert grown("gatehouse_exchanges_total", route="app", status="401") == 1
        assert grown("gatehouse_exchanges_total", route="open door", status="200") == 1
        assert grown("gatehouse_decisions_total", decision="challenge") == 2
        assert grown("gatehouse_decisions_total", decision="permit") == 9
        assert grown("gatehouse_sign_ins_total", outcome="started") == 1
        assert grown("gatehouse_sign_ins_total", outcome="completed") == 1
        return True

    eventually(counted)


def test_metrics_tell_latencies_and_upstream_connections(gateway, alice):
    alice.get(gateway.url("/x"))
    values = eventually(lambda: (found := metrics(gateway)).get("gatehouse_upstream_connections", 0) >= 1 and found)
    for name in ("gatehouse_store_seconds", "gatehouse_provider_seconds", "gatehouse_upstream_seconds"):
        assert total(values, name + "_count") >= 1
        buckets = [v for k, v in values.items() if k.startswith(name + "_bucket")]
        assert buckets == sorted(buckets)
        assert values[name + '_bucket{le="+Inf"}'] == values[name + "_count"]


def test_a_stranger_cannot_grow_the_metrics(gateway):
    def series():
        return len(metrics(gateway))

    UserAgent().get(gateway.url("/open/0"))
    exchange(gateway.port, request("/open/x", "evil.example"))
    exchange(gateway.port, request("/open/..", "evil.example"))
    eventually(lambda: total(metrics(gateway), "gatehouse_exchanges_total") > 0)
    before = series()
    for number in range(50):
        UserAgent().get(gateway.url(f"/open/{number}?x={number}"))
        exchange(gateway.port, request(f"/open/{number}", f"host{number}.example"))
    assert series() <= before + 4


def test_metrics_name_nobody(gateway, alice):
    alice.get(gateway.url("/private-path?private=query"))
    text = gateway.admin("/metrics").text
    for secret in ("alice", "private-path", alice.cookies(gateway.origin)["gatehouse"].value[:20]):
        assert secret not in text


def test_every_exchange_leaves_one_line_in_the_log(gateway, alice):
    alice.get(gateway.url("/logged?private=query"), headers={"X-Request-Id": "logged-once"})
    lines = eventually(lambda: [line for line in gateway.exchanges if line["request_id"] == "logged-once"])
    assert len(lines) == 1
    line = lines[0]
    assert (line["method"], line["path"], line["status"], line["subject"]) == ("GET", "/logged", 200, "alice")
    assert line["decision"] == "permit"
    assert "private" not in str(line)


def test_every_line_of_the_log_is_one_json_object(gateway):
    exchange(
        gateway.port, b'GET /open/"x\\\xff{ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-Request-Id: "}{\r\n\r\n' % gateway.port
    )
    UserAgent().get(gateway.url("/open/caf%C3%A9%22%5B"))
    eventually(lambda: any("caf" in str(line.get("path")) for line in gateway.exchanges))
    lines = gateway.process.stdout.splitlines()
    assert len(gateway.log) >= len(lines) - 1
    assert gateway.process.stderr == ""


def test_the_log_can_be_text_and_without_exchanges(stage, forger, upstream):
    gateway = stage.gateway(forger, upstream, {"log": {"format": "text", "access": False, "level": "info"}})
    UserAgent().get(gateway.url("/quiet"))
    assert gateway.process.json_lines == []
    assert gateway.process.stdout
    assert "/quiet" not in gateway.process.stdout
