"""The host a request is for: read strictly, routed exactly, and never taken from anywhere else."""

import pytest

from harness.raw_http import RawConnection, exchange, request
from harness.stage import session_of, sign_in
from harness.user_agent import UserAgent


@pytest.fixture(scope="module")
def port(gateway):
    return gateway.port


BAD_HOSTS = r"""
    user@127.0.0.1:PORT 127.0.0.1:PORT/x 127.0.0.1:PORT?x 127.0.0.1:PORT#x 127.0.0.1: 127.0.0.1:0
    127.0.0.1:99999 127.0.0.1:80x 127.0.0.1.:PORT [::1 ::1 [::1]x 127.0.0.1:PORT\x 127.0.0.1:PORT%00 .. a..b -
    http://127.0.0.1:PORT
""".split()
BAD_HOSTS += ["", " ", "a b", "127.0.0.1:PORT, evil.example", "127.0.0.1:PORT evil.example", "\u00e9.example"]


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_a_malformed_host_is_refused(gateway, upstream, port, host):
    upstream.forget()
    answer = exchange(port, request("/open/x", host.replace("PORT", str(port))))
    assert answer is None or answer.status in (400, 421)
    assert upstream.received == []


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost", "[::1]"])
def test_a_host_we_do_not_serve_is_misdirected(gateway, upstream, port, host):
    upstream.forget()
    assert exchange(port, request("/open/x", host)).status == 421
    assert upstream.received == []


def test_a_request_without_host_is_refused(gateway, upstream, port):
    upstream.forget()
    assert exchange(port, request("/open/x", None)).status == 400
    assert exchange(port, request("/open/x", None, version="HTTP/1.0")).status == 400
    assert upstream.received == []


@pytest.mark.parametrize("second", ["127.0.0.1:PORT", "evil.example"])
def test_a_request_with_two_hosts_is_refused(gateway, upstream, port, second):
    upstream.forget()
    field = "Host: " + second.replace("PORT", str(port))
    assert exchange(port, request("/open/x", f"127.0.0.1:{port}", field)).status == 400
    assert upstream.received == []


OTHER_TARGETS = """
    http://evil.example/open/x http://user@127.0.0.1:PORT/open/x https://127.0.0.1:PORT/open/x
    ftp://127.0.0.1:PORT/open/x http://127.0.0.1:PORT@evil.example/open/x http:///open/x http:/open/x
    127.0.0.1:PORT * open/x ?x
""".split()


@pytest.mark.parametrize("target", OTHER_TARGETS)
def test_an_absolute_target_that_names_another_host_is_refused(gateway, upstream, port, target):
    upstream.forget()
    answer = exchange(port, request(target.replace("PORT", str(port)), f"127.0.0.1:{port}"))
    assert answer is None or answer.status in (400, 421)
    assert upstream.received == []


def test_an_absolute_target_that_names_our_host_is_served_in_origin_form(gateway, upstream, port):
    answer = exchange(port, request(f"http://127.0.0.1:{port}/open/absolute?x=1", f"127.0.0.1:{port}"))
    assert answer.status == 200
    assert upstream.last().target == "/open/absolute?x=1"


@pytest.mark.parametrize("method", ["CONNECT", "TRACE"])
def test_methods_of_tunnels_and_mirrors_reach_no_upstream(gateway, upstream, port, method):
    upstream.forget()
    target = f"127.0.0.1:{upstream.port}" if method == "CONNECT" else "/open/x"
    answer = exchange(port, request(target, f"127.0.0.1:{port}", method=method), timeout=5)
    assert answer is None or answer.status in (400, 403, 404, 405, 501)
    assert not any(received.method == method for received in upstream.received)


FORWARDING = [
    "X-Forwarded-Host",
    "X-Host",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Forwarded-Uri",
    "Forwarded",
    "X-HTTP-Host-Override",
]


@pytest.mark.parametrize("name", FORWARDING)
def test_no_other_field_names_the_host_or_the_path(gateway, forger, port, name):
    value = {"Forwarded": "host=evil.example;proto=https", "X-Original-URL": "/open/x", "X-Rewrite-URL": "/open/x"}
    agent = UserAgent()
    answer = agent.get(gateway.url("/secret"), headers={name: value.get(name, "evil.example")})
    assert answer.status_code == 302
    assert "evil" not in answer.headers["Location"]
    assert f"127.0.0.1%3A{port}" in answer.headers["Location"]


@pytest.fixture(scope="module")
def two_hosts(shared_stage, forger):
    """Two hosts behind one gateway, as behind a proxy that ends TLS."""
    first, second = shared_stage.upstream(), shared_stage.upstream()
    routes = [
        {"path": "/", "upstream": first.url, "host": "a.example.test"},
        {"path": "/", "upstream": second.url, "host": "b.example.test"},
        {"path": "/deep", "upstream": second.url, "host": "a.example.test", "access": "anyone"},
        {"path": "/deep/deeper", "upstream": first.url, "host": "a.example.test"},
    ]
    gateway = shared_stage.gateway(forger, first, {"server": {"public_url": "https://a.example.test"}, "route": routes})
    gateway.elsewhere = {f"https://{name}.example.test": f"http://127.0.0.1:{gateway.port}" for name in "ab"}
    gateway.first, gateway.second = first, second
    return gateway


def test_a_cookie_of_one_host_is_useless_on_another(two_hosts, forger):
    agent = sign_in(two_hosts, forger, agent=UserAgent(two_hosts.elsewhere))
    assert session_of(two_hosts, agent)
    ticket = agent.cookies("https://a.example.test")["__Host-gatehouse"].value
    stolen = {"Cookie": f"__Host-gatehouse={ticket}"}
    answer = UserAgent(two_hosts.elsewhere).get("https://b.example.test/", headers=stolen)
    assert answer.status_code == 302
    assert two_hosts.second.received == []


def test_a_sign_in_of_one_host_does_not_end_at_another(two_hosts, forger):
    agent = UserAgent(two_hosts.elsewhere)
    callback = forger.authenticate(agent, agent.location(agent.get("https://a.example.test/")))
    started = {"Cookie": agent.cookie_header("https://a.example.test/")}
    before = forger.count("/token")
    other = UserAgent(two_hosts.elsewhere)
    other.get(callback.replace("//a.example.test", "//b.example.test"), headers=started)
    assert "__Host-gatehouse" not in other.cookies("https://b.example.test")
    assert forger.count("/token") == before


def test_cookies_of_an_https_host_have_the_host_prefix_and_are_secure(two_hosts, forger):
    agent = UserAgent(two_hosts.elsewhere)
    agent.get("https://a.example.test/")
    (transaction,) = agent.cookies("https://a.example.test").values()
    assert transaction.name.startswith("__Host-gatehouse_tx_") and transaction.secure
    sign_in(two_hosts, forger, agent=agent)
    ticket = agent.cookies("https://a.example.test")["__Host-gatehouse"]
    assert ticket.secure and ticket.http_only and ticket.domain is None and ticket.path == "/"


def test_a_cookie_without_the_prefix_is_not_ours(two_hosts, forger):
    agent = sign_in(two_hosts, forger, agent=UserAgent(two_hosts.elsewhere))
    ticket = agent.cookies("https://a.example.test")["__Host-gatehouse"].value
    answer = UserAgent(two_hosts.elsewhere).get("https://a.example.test/", headers={"Cookie": f"gatehouse={ticket}"})
    assert answer.status_code == 302


def test_the_longest_path_that_matches_on_whole_segments_wins(two_hosts):
    agent = UserAgent(two_hosts.elsewhere)
    for path, status in {
        "/deep": 200,
        "/deep/x": 200,
        "/deep/deeper": 302,
        "/deep/deeper/x": 302,
        "/deeper": 302,
    }.items():
        assert agent.get("https://a.example.test" + path).status_code == status, path


def test_host_names_are_compared_without_regard_to_case(two_hosts):
    for name in ("A.EXAMPLE.TEST", "a.example.test:443"):
        assert exchange(two_hosts.port, request("/deep", name)).status == 200, name
    assert exchange(two_hosts.port, request("/deep", "a.example.test:80")).status == 421


def test_a_request_is_judged_anew_on_each_connection(two_hosts):
    with RawConnection(two_hosts.port) as connection:
        for host, status in [
            ("a.example.test", 200),
            ("b.example.test", 401),
            ("a.example.test", 200),
            ("c.example.test", 421),
        ]:
            connection.send(request("/deep", host))
            assert connection.read_response().status == status, host
