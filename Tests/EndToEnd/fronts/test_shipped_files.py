"""The files in deploy/, with nothing but addresses and certificates put in, over TLS."""

import socket
import ssl

import pytest

from harness.front import FRONTS
from harness.ports import free_port
from harness.process import ProcessEnded
from harness.raw_http import RawConnection
from harness.stage import sign_in
from harness.user_agent import UserAgent

ORIGIN = "https://app.example.com"


class TLSConnection(RawConnection):
    def __init__(self, port, authority_file):
        plain = socket.create_connection(("127.0.0.1", port), timeout=15)
        context = ssl.create_default_context(cafile=authority_file)
        self.socket = context.wrap_socket(plain, server_hostname="app.example.com")
        self.buffer = b""


@pytest.fixture(params=FRONTS, ids=lambda kind: kind.name)
def shipped(request, stage):
    certificates = stage.certificates()
    certificate = certificates.issue("app.example.com")
    both = certificates.directory / "both.pem"
    both.write_bytes(certificate.certificate_file.read_bytes() + certificate.key_file.read_bytes())
    provider, upstream = stage.forger(), stage.upstream()
    settings = {
        "server": {"public_url": ORIGIN, "trusted_proxies": ["127.0.0.1"]},
        "route": [{"path": "/", "upstream": upstream.url}],
    }
    gateway = stage.gateway(provider, upstream, settings)
    for attempt in range(3):
        port = free_port()
        front = request.param(gateway, port)
        front.replaced = {
            # First, for the names of files that are put in have digits of their own.
            "443": str(port),
            # Port 80 is not ours to take here.
            "# A Caddyfile.": "{\n\tauto_https disable_redirects\n}\n# A Caddyfile.",
            "/etc/ssl/gatehouse/app-example-com.pem": str(certificate.certificate_file),
            "/etc/ssl/gatehouse/app-example-com.key": str(certificate.key_file),
            "/etc/ssl/gatehouse/": str(both),
            "127.0.0.1:8080": f"127.0.0.1:{gateway.port}",
            "127.0.0.1:3000": f"127.0.0.1:{upstream.port}",
        }
        try:
            stage.keep(front).start()
            break
        except ProcessEnded:
            if attempt == 2:
                raise
    # On their port the browser would send it; the files are for 443, where it does not.
    agent = sign_in(gateway, provider, "/", UserAgent({ORIGIN: f"http://127.0.0.1:{gateway.port}"}))
    upstream.forget()

    def ask(path, *fields):
        # Traefik answers before it has read its routes.
        with TLSConnection(port, certificates.authority_file) as connection:
            connection.send("\r\n".join([f"GET {path} HTTP/1.1", "Host: app.example.com", *fields, "\r\n"]))
            return connection.read_response()

    front.process.wait_until(lambda: ask("/_gatehouse/session").status == 401)
    return front, upstream, agent, ask


def test_the_shipped_file_protects_the_application(shipped):
    front, upstream, agent, ask = shipped
    assert ask("/page", "Accept: application/json").status == 401
    stranger = ask("/page?a=b", "Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")
    assert stranger.status == 302
    if front.name != "apache":
        assert stranger.header("Location") == f"{ORIGIN}/_gatehouse/sign-in?rd=%2Fpage%3Fa%3Db"
    assert upstream.received == []
    cookie = f"Cookie: a=b; {agent.cookie_header(ORIGIN + '/')}"
    assert ask("/page?a=b", cookie, "X-Forwarded-User: spoofed").status == 200
    received = upstream.last("/page")
    assert received.header("X-Forwarded-User") == "alice"
    assert received.header("X-Forwarded-Proto") == "https"
    assert received.header("Host") == "app.example.com"
    assert received.header("Cookie") == "a=b"
