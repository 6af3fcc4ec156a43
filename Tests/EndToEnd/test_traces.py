"""What ties an exchange to what happened before and behind it: trace context, Forwarded, the combined log."""

import re

from harness.raw_http import exchange, request

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
ROUTES = [{"path": "/", "access": "anyone"}]


def start(stage, forger, upstream, **settings):
    routes = [{"path": "/", "upstream": upstream.url, "access": "anyone"}]
    gateway = stage.gateway(forger, upstream, {"route": routes, **settings})
    gateway.host = f"127.0.0.1:{gateway.port}"
    return gateway


def forwarded(gateway, upstream, *fields):
    upstream.forget()
    assert exchange(gateway.port, request("/traced?secret=1", gateway.host, *fields)).status == 200
    return upstream.received[0]


def test_a_trace_is_continued_and_one_step_longer(stage, forger, upstream):
    gateway = start(stage, forger, upstream, log={"trace": True, "format": "json"})
    received = forwarded(gateway, upstream, f"traceparent: {PARENT}", "tracestate: a=b")
    version, trace, span, flags = received.header("traceparent").split("-")
    assert (version, trace, flags) == ("00", PARENT.split("-")[1], "01")
    assert span != PARENT.split("-")[2]
    assert received.header("tracestate") == "a=b"
    lines = gateway.process.wait_until(
        lambda: [line for line in gateway.process.json_lines if line.get("message") == "exchange"]
    )
    assert (lines[-1]["trace_id"], lines[-1]["span_id"]) == (trace, span)


def test_a_trace_begins_here_when_none_can_be_read(stage, forger, upstream):
    gateway = start(stage, forger, upstream, log={"trace": True})
    for fields in [[], ["traceparent: nonsense", "tracestate: a=b"], [f"traceparent: {PARENT}"] * 2]:
        received = forwarded(gateway, upstream, *fields)
        assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-00", received.header("traceparent"))
        assert received.header("tracestate") is None


def test_without_the_option_traces_pass_by(stage, forger, upstream):
    gateway = start(stage, forger, upstream)
    assert forwarded(gateway, upstream, f"traceparent: {PARENT}").header("traceparent") == PARENT
    assert forwarded(gateway, upstream).header("traceparent") is None


def test_forwarded_says_what_x_forwarded_says(stage, forger, upstream):
    gateway = start(stage, forger, upstream, server={"send_forwarded": True, "trusted_proxies": ["127.0.0.0/8"]})
    host = gateway.host
    received = forwarded(gateway, upstream, "Forwarded: for=1.2.3.4", "X-Forwarded-For: 203.0.113.9, 2001:db8::1")
    # The rightmost address that is not a trusted proxy's is the last that is believed.
    assert received.header("Forwarded") == f'for="[2001:db8::1]", for=127.0.0.1;host="{host}";proto=http'


def test_the_combined_log_is_one_line_without_query(stage, forger, upstream):
    gateway = start(stage, forger, upstream, log={"access_format": "combined"})
    forwarded(gateway, upstream, 'User-Agent: a "quoted" \\ agent')
    pattern = (
        r'127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET /traced HTTP/1\.1" 200 \d+ "-" '
        r'"a__quoted____agent"'
    )
    assert gateway.process.wait_until(lambda: re.search(pattern, gateway.process.output))
    assert "secret" not in gateway.process.output
