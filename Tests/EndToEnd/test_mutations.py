"""Broken bytes from every stranger, seeded: they open nothing, and they never end the process."""

import json
import random
from urllib.parse import quote

import pytest

from harness import mint
from harness.raw_http import RawConnection, exchange, request
from harness.stage import session_of, sign_in, sign_in_answer
from harness.user_agent import UserAgent

ROUNDS = 60


def mutated(seeded, whole, most=5):
    data = bytearray(whole)
    for _ in range(seeded.randint(1, most)):
        place = seeded.randrange(len(data))
        match seeded.randrange(4):
            case 0:
                data[place] = seeded.randrange(256)
            case 1:
                data[place:place] = bytes(seeded.choices(range(256), k=seeded.randint(1, 9)))
            case 2:
                del data[place : place + seeded.randint(1, 9)]
            case _:
                data[place:place] = data[: seeded.randint(0, 40)]
        data = data or bytearray(b"x")
    return bytes(data)


@pytest.fixture
def seeded():
    return random.Random(20261121)


@pytest.fixture
def host(gateway):
    return f"127.0.0.1:{gateway.port}"


def send(port, data):
    with RawConnection(port, timeout=10) as connection:
        try:
            connection.send(data)
            connection.end_sending()
            return connection.rest()
        except OSError:
            return b""


def test_answers_of_an_upstream(gateway, upstream, host, seeded):
    whole = (
        b"HTTP/1.1 200 OK\r\nConnection: keep-alive, X\r\nX: y\r\nSet-Cookie: a=b; Path=/\r\nTransfer-Encoding: chunked"
        b"\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: u\r\n\r\n"
    )
    for _ in range(ROUNDS):
        data = mutated(seeded, whole)
        upstream.on("/open/mutated", lambda c, _, data=data: (c.send(data), c.close()))
        send(gateway.port, request("/open/mutated", host, "Connection: close"))
    assert exchange(gateway.port, request("/open/after", host)).status == 200


def test_cookies(gateway, alice, upstream, host, seeded):
    ours = alice.cookie_header(gateway.url("/")).encode()
    whole = b"a=1; " + ours + b"; gatehouse_tx_01234567=" + b"A" * 300 + b"; gatehouse_flow=AAAA; b=2"
    upstream.forget()
    for _ in range(ROUNDS):
        cookie = mutated(seeded, whole, 12).replace(b"\r", b"").replace(b"\n", b"")
        send(gateway.port, request("/x", host, "Connection: close", "Cookie: " + cookie.decode("latin-1")))
    ticket = ours.partition(b"=")[2]
    assert not [received for received in upstream.received if ticket in received.head]
    assert session_of(gateway, alice)


def test_callbacks(gateway, forger, seeded):
    agent = UserAgent()
    callback = forger.authenticate(agent, agent.location(agent.get(gateway.url("/"))))
    path, _, query = callback.removeprefix(gateway.origin).partition("?")
    cookie = "Cookie: " + agent.cookie_header(gateway.url("/"))
    before = forger.count("/token")
    for _ in range(ROUNDS):
        changed = mutated(seeded, query.encode())
        # Whatever is left of it, it is no longer the provider's answer.
        target = path + "?" + quote(changed, safe="%&=+") + "&state=x"
        answer = exchange(gateway.port, request(target, gateway.origin.removeprefix("http://"), cookie))
        assert answer.status < 500, (changed, answer.head)
        assert not [field for field in answer.all("Set-Cookie") if field.startswith("gatehouse=") and len(field) > 80]
    assert forger.count("/token") == before


def test_id_tokens(gateway, forger, seeded):
    seen = []

    def token(grant):
        whole = mint.genuine(forger.id_claims(grant), "ES384")
        changed = mutated(seeded, whole.encode(), 2).decode("latin-1")
        seen.append(changed == whole)
        return changed

    forger.id_token = token
    try:
        for _ in range(ROUNDS):
            answer = sign_in_answer(gateway, forger)
            assert answer.status_code in (400, 502, 503) or seen[-1]
    finally:
        del forger.id_token
    assert session_of(gateway, sign_in(gateway, forger))


@pytest.mark.parametrize("path", ["/token", "/jwks", "/me", "/.well-known/openid-configuration"])
def test_answers_of_a_provider(stage, upstream, seeded, path):
    for _ in range(6):
        forger = stage.forger()
        gateway = None

        def answer(handler, forger=forger):
            body = {
                "/token": lambda: forger.token_response(list(forger.grants.values())[-1]),
                "/jwks": lambda: {"keys": forger.keys},
                "/me": forger.user_info,
                "/.well-known/openid-configuration": forger.discovery,
            }[path]()
            handler.reply(200, mutated(seeded, json.dumps(body).encode()))

        forger.on(path, answer)
        gateway = stage.gateway(forger, upstream)
        agent = UserAgent()
        challenge = agent.get(gateway.url("/"))
        assert challenge.status_code in (302, 503)
        if challenge.status_code == 302 and challenge.headers["Location"].startswith(forger.issuer + "/auth?"):
            assert agent.get(forger.authenticate(agent, agent.location(challenge))).status_code != 500
        assert gateway.is_alive
        gateway.stop()


def test_requests_to_the_admin_listener(gateway, seeded):
    whole = f"GET /metrics?x=y HTTP/1.1\r\nHost: 127.0.0.1:{gateway.admin_port}\r\nAccept: */*\r\n\r\n".encode()
    for _ in range(ROUNDS):
        send(gateway.admin_port, mutated(seeded, whole))
    assert gateway.admin("/healthz").status_code == 200


def test_parameters_of_our_own_endpoints(gateway, host, seeded):
    for name in ("sign-in", "session", "sign-out", "signed-out", "callback", "nothing"):
        for _ in range(20):
            noise = quote(bytes(seeded.choices(range(256), k=seeded.randint(0, 60))), safe="%&=+/")
            target = f"/_gatehouse/{name}?rd={noise}&first_screen={noise}&state={noise}"
            answer = exchange(gateway.port, request(target, host, "Accept: text/html"))
            assert answer is not None and answer.status < 500, (target, answer and answer.head)
