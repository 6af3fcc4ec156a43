"""Ways to an application: several addresses, TLS, sockets, rewritten paths, quirks, health, answers without one."""

import http.server
import os
import socket
import ssl
import subprocess
import threading

import pytest
import requests

from harness.ports import free_port
from harness.process import Process
from harness.raw_http import RawConnection, exchange, request
from harness.stage import sign_in
from harness.upstream import Upstream
from harness.waiting import eventually, pause


def gateway_with(stage, forger, routes, **settings):
    routes = [{"access": "anyone", **route} for route in routes]
    gateway = stage.gateway(forger, "http://127.0.0.1:9", {"server": {"workers": 1}, "route": routes, **settings})
    gateway.host = f"127.0.0.1:{gateway.port}"
    return gateway


def get(gateway, path, *fields, **options):
    return exchange(gateway.port, request(path, gateway.host, *fields, **options))


def named(stage, name):
    upstream = stage.upstream()
    upstream.on("/who", lambda connection, _: connection.reply(name.encode()))
    return upstream


def who(gateway, count=12):
    return [get(gateway, "/who").body.decode() for _ in range(count)]


# Several addresses


def test_requests_take_turns(stage, forger):
    a, b = named(stage, "a"), named(stage, "b")
    gateway = gateway_with(stage, forger, [{"path": "/", "upstream": [a.url, b.url]}])
    answers = who(gateway)
    assert answers.count("a") == answers.count("b") == 6


def test_the_least_busy_gets_the_next_one(stage, forger):
    a, b = named(stage, "a"), named(stage, "b")
    done = threading.Event()
    for upstream in (a, b):
        upstream.on("/slow", lambda connection, _: (done.wait(10), connection.reply(b"slow")))
    gateway = gateway_with(stage, forger, [{"path": "/", "upstream": [a.url, b.url], "balance": "least-busy"}])
    with RawConnection(gateway.port) as slow:
        slow.send(request("/slow", gateway.host))
        busy = eventually(lambda: a if a.count("/slow") else b if b.count("/slow") else None)
        assert set(who(gateway)) == {"b" if busy is a else "a"}
        done.set()
        assert slow.read_response().body == b"slow"


def test_a_session_stays_where_it_is_until_that_one_goes(stage, forger):
    upstreams = [stage.upstream() for _ in range(3)]
    for upstream in upstreams:
        upstream.on("/who", lambda connection, _: connection.reply(str(connection.upstream.port).encode()))
    route = {"path": "/", "upstream": [u.url for u in upstreams], "balance": "sticky", "access": "signed-in"}
    gateway = gateway_with(stage, forger, [route])
    agents = [sign_in(gateway, forger) for _ in range(8)]
    homes = {agent: {agent.fetch(gateway.url("/who")).text for _ in range(5)} for agent in agents}
    assert all(len(home) == 1 for home in homes.values()), homes
    assert len(set.union(*homes.values())) > 1, "eight sessions on one of three"
    gone = next(u for u in upstreams if {str(u.port)} in homes.values())
    gone.stop()
    for agent, home in homes.items():
        answer = agent.fetch(gateway.url("/who"))
        assert answer.status_code == 200
        assert home == {str(gone.port)} or {answer.text} == home


def test_an_address_that_is_gone_costs_nobody_an_error_and_is_found_again(stage, forger):
    a, b = named(stage, "a"), named(stage, "b")
    gateway = gateway_with(stage, forger, [{"path": "/", "upstream": [a.url, b.url]}])
    assert set(who(gateway)) == {"a", "b"}
    a.stop()
    assert {get(gateway, "/who").status for _ in range(30)} == {200}
    assert "gatehouse_upstream_resting_workers" in gateway.admin("/metrics").text
    again = stage.keep(Upstream(port=a.port))
    again.on("/who", lambda connection, _: connection.reply(b"a"))
    eventually(lambda: "a" in who(gateway, 2), within=40)


def test_who_is_asked_for_health_and_says_no_gets_nothing(stage, forger):
    a, b = named(stage, "a"), named(stage, "b")
    well = {"a": True, "b": True}
    for name, upstream in (("a", a), ("b", b)):
        upstream.on(
            "/up", lambda c, _, name=name: c.reply(b"", "200 OK" if well[name] else "503 Service Unavailable")
        )
    route = {"path": "/", "upstream": [a.url, b.url], "health_path": "/up", "health_interval": "200ms"}
    gateway = gateway_with(stage, forger, [route])
    eventually(lambda: set(who(gateway, 4)) == {"a", "b"})
    well["a"] = False
    eventually(lambda: set(who(gateway, 8)) == {"b"})
    well["a"] = True
    eventually(lambda: set(who(gateway, 8)) == {"a", "b"})


def test_an_address_is_asked_at_the_path_of_each_route_and_counts_for_that_route(stage, forger):
    a, b = named(stage, "a"), named(stage, "b")
    for upstream in (a, b):
        upstream.on("/b/who", upstream.answers["/who"])
        upstream.on("/up", lambda c, _, status="503 No" if upstream is a else "200 OK": c.reply(b"", status))
    checked = {"upstream": [a.url, b.url], "health_interval": "200ms"}
    routes = [{"path": "/", "health_path": "/up", **checked}, {"path": "/b", "health_path": "/b/who", **checked}]
    gateway = gateway_with(stage, forger, routes)
    eventually(lambda: set(who(gateway, 8)) == {"b"})
    eventually(lambda: a.count("/b/who") > 1)
    assert {get(gateway, "/b/who").body for _ in range(8)} == {b"a", b"b"}


def test_what_a_check_found_is_forgotten_when_nobody_asks_any_more(stage, forger):
    a, b = named(stage, "a"), named(stage, "b")
    a.on("/up", lambda c, _: c.reply(b"", "503 Service Unavailable"))
    route = {"path": "/", "upstream": [a.url, b.url], "access": "anyone"}
    checked = {**route, "health_path": "/up", "health_interval": "200ms"}
    gateway = gateway_with(stage, forger, [checked])
    eventually(lambda: set(who(gateway, 8)) == {"b"})
    gateway.reload({"route": [route]})
    assert set(who(gateway, 8)) == {"a", "b"}


def test_an_application_of_http2_is_asked_for_health_too(stage, forger, tmp_path):
    ports = {name: free_port() for name in "ab"}
    servers = "".join(
        f"""server {{ listen 127.0.0.1:{port} http2; location = /who {{ return 200 {name}; }}
        location = /up {{ if (-f {tmp_path}/{name}-is-down) {{ return 503; }} return 200; }} }}"""
        for name, port in ports.items()
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; {user} events {{}} http {{ access_log off; {servers} }}"
    )
    nginx = stage.keep(Process("nginx", ["nginx", "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-e", "stderr"]))
    nginx.wait_until(lambda: [socket.create_connection(("127.0.0.1", port)).close() for port in ports.values()])
    urls = [f"http://127.0.0.1:{port}" for port in ports.values()]
    route = {
        "path": "/", "upstream": urls, "upstream_protocol": "h2c", "health_path": "/up", "health_interval": "200ms"
    }
    gateway = gateway_with(stage, forger, [route])
    eventually(lambda: set(who(gateway, 4)) == {"a", "b"})
    (tmp_path / "a-is-down").touch()
    eventually(lambda: set(who(gateway, 8)) == {"b"})
    (tmp_path / "a-is-down").unlink()
    eventually(lambda: set(who(gateway, 8)) == {"a", "b"})


def test_connections_are_kept_and_not_made_for_each_request(stage, forger):
    upstream = stage.upstream()
    gateway = gateway_with(stage, forger, [{"path": "/", "upstream": upstream.url}], server={"workers": 2})

    def many():
        with RawConnection(gateway.port) as connection:
            for _ in range(63):
                connection.send(request("/x", gateway.host))
                assert connection.read_response().status == 200

    threads = [threading.Thread(target=many) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert upstream.connections <= 40


# TLS and sockets


class TLSApplication:
    """Python's own server behind TLS."""

    def __init__(self, pair, authority=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate_file, pair.key_file)
        if authority:
            context.load_verify_locations(authority)
            context.verify_mode = ssl.CERT_REQUIRED

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                shown = dict(entry[0] for entry in self.connection.getpeercert().get("subject", ())) if authority else {}
                body = f"{self.headers['Host']} {shown.get('commonName', '')}".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_address[1]}"
        self.address = f"https://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def test_tls_to_an_application_is_verified(stage, forger):
    ours, strangers = stage.certificates(), stage.certificates()
    application = stage.keep(TLSApplication(ours.issue("localhost", "127.0.0.1")))
    ca = {"upstream_ca_file": ours.authority_file}
    gateway = gateway_with(
        stage,
        forger,
        [
            {"path": "/", "upstream": application.url, **ca},
            {"path": "/address", "upstream": application.address, **ca},
            {"path": "/stranger", "upstream": application.url, "upstream_ca_file": strangers.authority_file},
            {"path": "/system", "upstream": application.url},
            {"path": "/name", "upstream": application.url, "upstream_server_name": "other.example.com", **ca},
            {"path": "/insecure", "upstream": application.url, "insecure_upstream_tls": True},
        ],
    )
    for path in ("/", "/address", "/insecure"):
        assert get(gateway, path).status == 200, path
    for path in ("/stranger", "/system", "/name"):
        assert get(gateway, path).status == 502, path


def test_we_show_our_certificate_to_who_asks_for_it(stage, forger):
    ours = stage.certificates()
    application = stage.keep(TLSApplication(ours.issue("localhost"), ours.authority_file))
    client = ours.issue("gatehouse")
    tls = {"upstream_ca_file": ours.authority_file}
    shown = {"upstream_certificate_file": client.certificate_file, "upstream_key_file": client.key_file}
    gateway = gateway_with(
        stage,
        forger,
        [{"path": "/", "upstream": application.url, **tls, **shown}, {"path": "/none", "upstream": application.url, **tls}],
    )
    assert get(gateway, "/").status == 200
    assert get(gateway, "/none").status == 502


def test_an_application_on_a_socket_is_served(stage, forger, tmp_path):
    path = tmp_path / "app.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve():
        while True:
            connection, _ = listener.accept()
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsocket")
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    gateway = gateway_with(stage, forger, [{"path": "/", "upstream": f"unix:{path}"}])
    for _ in range(3):
        assert get(gateway, "/").body == b"socket"
    listener.close()


# Paths, hosts, times


def test_paths_are_rewritten_after_the_decision(stage, forger):
    upstream = stage.upstream()
    gateway = gateway_with(
        stage,
        forger,
        [
            {"path": "/api", "upstream": upstream.url, "strip_prefix": "/api"},
            {"path": "/api/v1", "upstream": upstream.url, "strip_prefix": "/api", "add_prefix": "/old"},
            {"path": "/app", "upstream": upstream.url, "add_prefix": "/base", "host_header": "app.internal"},
        ],
    )
    for asked, seen in {
        "/api": "/",
        "/api?x=/api": "/?x=/api",
        "/api/": "/",
        "/api/a%20b/api?q": "/a%20b/api?q",
        "/%61pi/x": "/x",
        "/api/v1": "/old/v1",
        "/api/v1/x": "/old/v1/x",
        "/app/x": "/base/app/x",
    }.items():
        assert get(gateway, asked).status == 200, asked
        assert upstream.last().target == seen, asked
    assert upstream.last().header("Host") == "app.internal"
    get(gateway, "/api/x", "X-Forwarded-Prefix: /mallory")
    assert upstream.last().header("X-Forwarded-Prefix") == "/api"


def test_each_route_has_its_own_patience(stage, forger):
    upstream = stage.upstream()
    for path in ("/slow", "/quick"):
        upstream.on(path, lambda connection, _: (pause(1.5), connection.reply(b"late")))
    gateway = gateway_with(
        stage,
        forger,
        [{"path": "/", "upstream": upstream.url}, {"path": "/quick", "upstream": upstream.url, "response_timeout": "300ms"}],
    )
    assert get(gateway, "/slow").status == 200
    assert get(gateway, "/quick").status == 504


# Quirks

QUIRKS = {
    "bare-lf": b"HTTP/1.1 200 OK\nX-A: b\nContent-Length: 2\n\nok",
    "folded-fields": b"HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
    "repeated-length": b"HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
}
NEVER = {
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
    "both framings": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a lone CR": b"HTTP/1.1 200 OK\r\nX-A: a\rb\r\nContent-Length: 2\r\n\r\nok",
}


def test_quirks_are_502_unless_a_route_tolerates_them(stage, forger):
    upstream = stage.upstream()
    routes = [{"path": "/", "upstream": upstream.url}, {"path": "/all", "upstream": upstream.url, "tolerate": list(QUIRKS)}]
    routes += [{"path": f"/{quirk}", "upstream": upstream.url, "tolerate": [quirk]} for quirk in QUIRKS]
    gateway = gateway_with(stage, forger, routes)
    for sent, data in QUIRKS.items():
        for path in ("/x", "/all", *(f"/{quirk}" for quirk in QUIRKS)):
            upstream.on(path, lambda connection, _, data=data: connection.send(data))
            answer = get(gateway, path)
            assert answer.status == (200 if path in ("/all", f"/{sent}") else 502), (sent, path)
            if answer.status == 200:
                assert answer.body == b"ok"
                assert answer.header("X-A") in ("b", "a b")
    for sent, data in NEVER.items():
        upstream.on("/all", lambda connection, _, data=data: connection.send(data))
        assert get(gateway, "/all").status == 502, sent


# Answers without an application


def test_a_directory_and_a_page_are_served_without_an_application(stage, forger, tmp_path):
    (tmp_path / "site/css").mkdir(parents=True)
    (tmp_path / "site/index.html").write_text("<h1>welcome</h1>")
    (tmp_path / "site/css/a b.css").write_text("p {}")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "closed.html").write_text("closed until tomorrow")
    gateway = gateway_with(
        stage,
        forger,
        [
            {"path": "/landing", "files": tmp_path / "site"},
            {"path": "/closed", "answer_file": tmp_path / "closed.html", "answer_status": 503},
            {"path": "/members", "files": tmp_path / "site", "access": "signed-in"},
        ],
    )
    for path in ("/landing", "/landing/", "/landing/index.html"):
        answer = get(gateway, path)
        assert (answer.status, answer.body) == (200, b"<h1>welcome</h1>")
        assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert get(gateway, "/landing/css/a%20b.css").header("Content-Type") == "text/css; charset=utf-8"
    for path in ("/landing/secret", "/landing/css", "/landing/..%2fsecret", "/landing/../secret", "/landing/css/"):
        assert get(gateway, path).status in (400, 404), path
    for path in ("/closed", "/closed/whatever?x"):
        answer = get(gateway, path)
        assert (answer.status, answer.body) == (503, b"closed until tomorrow")
    assert get(gateway, "/landing/", method="POST").status == 405
    assert get(gateway, "/members/").status == 401
    assert sign_in(gateway, forger, "/members/").page.text == "<h1>welcome</h1>"


# Real ones


def test_nginx_behind_us_serves_ranges_and_heads(stage, forger, tmp_path):
    port = free_port()
    (tmp_path / "data").write_bytes(bytes(range(256)) * 64)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(
        f"daemon off; pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; "
        f"server {{ listen 127.0.0.1:{port}; root {tmp_path}; }} }}"
    )
    nginx = stage.keep(Process("nginx", ["nginx", "-c", configuration, "-p", tmp_path]))
    nginx.wait_until(lambda: requests.get(f"http://127.0.0.1:{port}/data", timeout=5).ok)
    gateway = gateway_with(stage, forger, [{"path": "/", "upstream": f"http://127.0.0.1:{port}"}])
    part = get(gateway, "/data", "Range: bytes=10-19")
    assert (part.status, part.body) == (206, bytes(range(10, 20)))
    assert part.header("Content-Range") == "bytes 10-19/16384"
    assert get(gateway, "/data", "Range: bytes=99999-").status == 416
    with RawConnection(gateway.port) as connection:
        for _ in range(2):
            connection.send(request("/data", gateway.host, method="HEAD"))
            head = connection.read_response("HEAD")
            assert (head.status, head.header("Content-Length")) == (200, "16384")
    assert get(gateway, "/data", f"If-None-Match: {head.header('ETag')}").status == 304


def test_pythons_own_server_behind_us(stage, forger, tmp_path):
    (tmp_path / "page.html").write_text("from python")
    port = free_port()
    server = stage.keep(Process("http.server", ["python3", "-m", "http.server", port, "--bind", "127.0.0.1", "-d", tmp_path]))
    server.wait_until(lambda: requests.get(f"http://127.0.0.1:{port}/", timeout=5).ok)
    gateway = gateway_with(stage, forger, [{"path": "/", "upstream": f"http://127.0.0.1:{port}"}])
    with RawConnection(gateway.port) as connection:
        for _ in range(3):
            connection.send(request("/page.html", gateway.host))
            assert connection.read_response().body == b"from python"


def test_early_hints_pass_and_the_final_answer_follows(stage, forger):
    upstream = stage.upstream()
    hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nConnection: X-B\r\nX-B: 1\r\n\r\n"
    upstream.on("/hints", lambda c, _: c.send(hints * 2 + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    gateway = gateway_with(stage, forger, [{"path": "/", "upstream": upstream.url}])
    with RawConnection(gateway.port) as connection:
        for _ in range(2):
            connection.send(request("/hints", gateway.host))
            for _ in range(2):
                early = connection.read_head()
                assert (early.status, early.headers) == (103, [("Link", "</a.css>; rel=preload")])
            assert connection.read_response().body == b"ok"
    old = exchange(gateway.port, request("/hints", gateway.host, version="HTTP/1.0"))
    assert old.status == 200 and b"103" not in old.head


# Limits


def test_a_body_larger_than_the_limit_is_413_however_it_is_framed(stage, forger):
    upstream = stage.upstream()
    gateway = gateway_with(
        stage,
        forger,
        [{"path": "/", "upstream": upstream.url}, {"path": "/large", "upstream": upstream.url, "body_size": "1MiB"}],
        limits={"body_size": "1KiB"},
    )
    small, large = b"x" * 1024, b"x" * 1025
    chunked = b"%x\r\n%s\r\n0\r\n\r\n"
    assert get(gateway, "/x", "Content-Length: 1024", method="POST", body=small).status == 200
    assert get(gateway, "/x", "Content-Length: 1025", method="POST", body=large).status == 413
    coding = "Transfer-Encoding: chunked"
    assert get(gateway, "/x", coding, method="POST", body=chunked % (1024, small)).status == 200
    assert get(gateway, "/x", coding, method="POST", body=chunked % (1025, large)).status == 413
    assert get(gateway, "/large", "Content-Length: 1025", method="POST", body=large).status == 200
    assert 'gatehouse_refusals_total{limit="body"} 2' in gateway.admin("/metrics").text


def test_one_connection_too_many_is_told_so(stage, forger):
    upstream = stage.upstream()
    route = [{"path": "/", "upstream": upstream.url}]
    for limit in ("connections", "connections_per_address"):
        gateway = gateway_with(stage, forger, route, limits={limit: 4})
        eventually(lambda gateway=gateway: "connections 0" in gateway.admin("/metrics").text)
        held = [RawConnection(gateway.port) for _ in range(4)]
        for connection in held:
            connection.send(request("/x", gateway.host))
            assert connection.read_response().status == 200
        with RawConnection(gateway.port) as connection:
            refused = connection.read_response()
            assert refused.status == 429
            assert refused.header("Retry-After")
            assert connection.is_closed()
        for connection in held:
            connection.send(request("/x", gateway.host))
            assert connection.read_response().status == 200
            connection.close()
        eventually(lambda gateway=gateway: get(gateway, "/x").status == 200)
        assert f'gatehouse_refusals_total{{limit="{limit.replace("_", "-")}"}} 1' in gateway.admin("/metrics").text


def test_sign_ins_of_one_address_are_limited(stage, forger):
    upstream = stage.upstream()
    gateway = gateway_with(
        stage, forger, [{"path": "/", "upstream": upstream.url, "access": "signed-in"}], limits={"sign_ins_per_minute": 5}
    )
    navigation = ("Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")
    answers = [get(gateway, "/", *navigation) for _ in range(6)]
    assert [answer.status for answer in answers] == [302] * 5 + [429]
    assert answers[-1].header("Retry-After")
    assert get(gateway, "/").status == 401
    assert 'gatehouse_refusals_total{limit="sign-ins"} 1' in gateway.admin("/metrics").text
