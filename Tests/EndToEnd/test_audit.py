"""The audit lines of the log: each denial, whichever door it came through, and each session by its own name."""

import time

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from harness import mint
from harness.stage import sign_in
from harness.user_agent import UserAgent
from harness.waiting import eventually, pause
from harness.websockets_server import WebSocketServer

API = "https://api.example.com"


@pytest.fixture
def gateway(stage, forger, upstream):
    bearer = {"audiences": [API]}
    routes = [
        {"path": "/", "upstream": upstream.url},
        {"path": "/admin", "upstream": upstream.url, "require": {"roles": ["admin"]}},
        {"path": "/api", "upstream": upstream.url, "bearer": bearer, "require": {"scopes": ["write"]}},
        {"path": "/recent", "upstream": upstream.url, "bearer": bearer, "require": {"max_age": "10m"}},
    ]
    settings = {"server": {"trusted_proxies": ["127.0.0.1"]}, "log": {"level": "critical"}, "route": routes}
    return stage.gateway(forger, upstream, settings)


def audit(gateway, event):
    """Its only line of this kind."""
    lines = eventually(
        lambda: [line for line in gateway.log if line.get("message") == "audit" and line["event"] == event]
    )
    pause(0.2)
    assert len(lines) == 1, lines
    return lines[0]


def asked_by_nginx(gateway):
    return gateway.own("check"), {"X-Original-Method": "GET", "X-Original-URL": gateway.url("/admin")}


def asked_by_traefik(gateway):
    host = gateway.origin.split("//")[1]
    forwarded = {"Method": "GET", "Proto": "http", "Host": host, "Uri": "/admin"}
    return gateway.own("forward-auth"), {f"X-Forwarded-{name}": value for name, value in forwarded.items()}


@pytest.mark.parametrize("asked", [lambda gateway: (gateway.url("/admin"), {}), asked_by_nginx, asked_by_traefik])
def test_a_denial_is_one_line_whichever_door_it_came_through(gateway, forger, asked):
    agent = sign_in(gateway, forger)
    url, headers = asked(gateway)
    assert agent.fetch(url, headers=headers).status_code == 403
    denied = audit(gateway, "denied")
    assert denied["subject"] == "alice" and denied["reason"] and denied["request_id"]
    assert denied["session"] == audit(gateway, "signed-in")["session"]


def token(forger, **claims):
    now = int(time.time())
    usual = {"iss": forger.issuer, "aud": API, "sub": "robot", "client_id": "m2m", "iat": now, "exp": now + 60}
    return {"Authorization": "Bearer " + mint.genuine(usual | claims, "ES384", forger.signing_key, typ="at+jwt")}


@pytest.mark.parametrize("path, status", [("/api", 403), ("/recent", 401)])
def test_who_brings_a_token_has_no_session_to_be_named_by(gateway, forger, path, status):
    assert UserAgent().fetch(gateway.url(path), headers=token(forger)).status_code == status
    denied = audit(gateway, "denied")
    assert denied["subject"] == "robot" and "session" not in denied


def test_who_signs_out_is_named_by_the_same_session(gateway, forger):
    agent = sign_in(gateway, forger)
    agent.submit(agent.get(gateway.own("sign-out")))
    assert audit(gateway, "signed-out")["session"] == audit(gateway, "signed-in")["session"]


def test_what_ends_because_a_role_is_gone_is_a_denial(stage, upstream):
    logto, sockets = stage.stand_in(), stage.keep(WebSocketServer())
    routes = [
        {"path": "/", "upstream": upstream.url},
        {"path": "/write", "upstream": sockets.url, "require": {"roles": ["writer"]}},
    ]
    gateway = stage.gateway(logto, sockets.url, {"route": routes})
    logto.control("/knobs", {"accessTokenTtl": 2, "idTokenTtl": 2})
    agent = sign_in(gateway, logto)
    logto.control("/knobs", {"accessTokenTtl": 3600, "idTokenTtl": 3600})
    headers = {"Cookie": agent.cookie_header(gateway.url("/"))}
    url = gateway.url("/write").replace("http", "ws", 1)
    with connect(url, additional_headers=headers, origin=gateway.origin) as socket:
        logto.control("/roles", {"user": "alice", "roles": ["reader"]})
        pause(2.5)
        assert agent.fetch(gateway.url("/refresh")).status_code == 200
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)
    assert audit(gateway, "denied")["session"] == audit(gateway, "signed-in")["session"]
