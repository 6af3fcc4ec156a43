"""nginx and the gateway on one machine: checks go over a unix socket that nobody else can reach."""

from harness.front import Nginx, sign_in_behind, start_front
from harness.raw_http import exchange


def test_nginx_asks_over_a_unix_socket(stage, forger, upstream, tmp_path):
    settings = {"check": {"listen": f"unix:{tmp_path}/check.sock"}}
    front = start_front(Nginx, stage, forger, upstream, settings=settings, trusted=["unix", "127.0.0.1"])
    agent = sign_in_behind(front, forger, "/socket?x=1")
    assert agent.page.status_code == 200
    assert upstream.last("/socket").header("X-Forwarded-User") == "alice"
    # Beside it, the port that browsers' sign-ins come through answers no checks.
    fields = [
        "X-Original-Method: GET", "X-Original-URI: /open", "X-Forwarded-Proto: http",
        f"X-Forwarded-Host: 127.0.0.1:{front.port}",
    ]  # fmt: skip
    lines = ["GET /_gatehouse/check HTTP/1.0", "Host: x", *fields, "\r\n"]
    assert exchange(front.gateway.port, "\r\n".join(lines).encode()).status == 403
