"""WebSockets as streams of HTTP/2 (RFC 8441): the same decision, the same end, and no tunnel by mistake."""

import pytest
from selenium.webdriver.common.by import By
from websockets.frames import Close, Frame, Opcode

from harness.chromium import start_chromium
from harness.http2_client import HTTP2Client
from harness.user_agent import UserAgent
from harness.waiting import eventually
from harness.websockets_server import WebSocketServer
from test_live_pages import PAGE, events
from test_websockets import sign_out


@pytest.fixture(scope="module")
def sockets(shared_stage):
    return shared_stage.keep(WebSocketServer())


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, upstream, sockets):
    routes = [
        {"path": "/", "upstream": sockets.url},
        {"path": "/open", "upstream": upstream.url, "access": "anyone"},
        {"path": "/open/none", "upstream": upstream.url, "access": "anyone", "upgrades": []},
    ]
    gateway = shared_stage.gateway(forger, upstream, {"route": routes})
    gateway.host = f"127.0.0.1:{gateway.port}"
    yield gateway
    assert gateway.is_alive


@pytest.fixture
def client(gateway):
    with HTTP2Client(gateway.port) as client:
        client.host = gateway.host
        # Nobody may ask before they have been told (RFC 8441, 3).
        while not client.connection.remote_settings.enable_connect_protocol:
            assert client.read()
        yield client


def open_tunnel(client, path, *fields, protocol="websocket"):
    head = [(":method", "CONNECT"), (":protocol", protocol), (":scheme", "http"), (":path", path)]
    head += [(":authority", client.host), ("sec-websocket-version", "13"), *fields]
    stream = client.request(head, end=False)
    while stream not in client.resets and not (stream in client.answers and client.answers[stream].headers):
        assert client.read()
    return stream


def say(client, stream, opcode, data, end=False):
    client.connection.send_data(stream, Frame(opcode, data).serialize(mask=True), end_stream=end)
    client.flush()


def hear(client, stream):
    """The next frame of a few bytes."""
    answer = client.answers[stream]
    while len(answer.body) < 2 or len(answer.body) < 2 + answer.body[1]:
        assert client.read() and stream not in client.resets
    length = answer.body[1]
    opcode, data = answer.body[0] & 15, answer.body[2 : 2 + length]
    answer.body = answer.body[2 + length :]
    return opcode, data


def cookie(gateway, agent):
    return ("cookie", agent.cookie_header(gateway.url("/")))


def test_messages_pass_both_ways_beside_other_requests(gateway, client, sockets, forger):
    alice = signed_in(gateway, forger)
    stream = open_tunnel(client, "/chat?x=1", cookie(gateway, alice), ("origin", gateway.origin))
    answer = client.answers[stream]
    assert answer.status == 200
    for name in ("sec-websocket-accept", "upgrade", "connection", "content-length"):
        assert answer.header(name) is None
    for message in (b"hello", b"x" * 100):
        say(client, stream, Opcode.TEXT, message)
        assert hear(client, stream) == (Opcode.TEXT, message)
    other = client.request(client.headers(client.host, "/open/x"))
    assert client.answer(other).status == 200
    received = sockets.requests[-1]
    assert received.path == "/chat?x=1"
    assert received.headers["X-Forwarded-User"] == "alice"
    assert received.headers["Upgrade"] == "websocket"
    say(client, stream, Opcode.CLOSE, Close(4001, "leaving").serialize())
    assert hear(client, stream)[0] == Opcode.CLOSE
    client.connection.end_stream(stream)
    client.flush()
    assert client.answer(stream).complete
    eventually(lambda: (4001, "leaving") in sockets.closed)


def test_a_socket_ends_with_its_session_and_the_connection_goes_on(gateway, client, forger):
    agent = signed_in(gateway, forger)
    stream = open_tunnel(client, "/chat", cookie(gateway, agent))
    say(client, stream, Opcode.TEXT, b"hello")
    assert hear(client, stream) == (Opcode.TEXT, b"hello")
    sign_out(gateway, agent)
    opcode, data = hear(client, stream)
    assert (opcode, Close.parse(data)) == (Opcode.CLOSE, Close(1008, "session ended"))
    other = client.request(client.headers(client.host, "/open/x"))
    assert client.answer(other).status == 200


def signed_in(gateway, forger):
    agent = UserAgent()
    challenge = agent.get(gateway.url("/chat"))
    assert agent.get(forger.authenticate(agent, agent.location(challenge))).status_code == 303
    return agent


def test_strangers_and_pages_of_others_get_no_tunnel(gateway, client, sockets, forger):
    before = len(sockets.requests)
    assert client.answers[open_tunnel(client, "/chat")].status == 401
    agent = signed_in(gateway, forger)
    foreign = open_tunnel(client, "/chat", cookie(gateway, agent), ("origin", "https://evil.example"))
    assert client.answers[foreign].status == 403
    assert len(sockets.requests) == before


@pytest.mark.parametrize("path", ["/open/none/x", "/_gatehouse/session", "/_gatehouse/check"])
def test_no_answer_of_success_says_that_there_is_a_tunnel_where_none_may_be(gateway, client, upstream, path):
    upstream.forget()
    stream = open_tunnel(client, path)
    assert client.answers[stream].status >= 400
    assert upstream.received == []


def test_an_application_that_answers_without_switching_is_broken(gateway, client, upstream):
    upstream.on("/open/plain", lambda c, _: c.reply(b"not a tunnel"))
    assert client.answers[open_tunnel(client, "/open/plain")].status == 502
    upstream.on("/open/refusing", lambda c, _: c.reply(b"no", "426 Upgrade Required"))
    assert client.answers[open_tunnel(client, "/open/refusing")].status == 426


@pytest.mark.parametrize("protocol", ["h2c", "connect-udp"])
def test_other_protocols_are_refused(gateway, client, upstream, protocol):
    upstream.forget()
    assert client.answers[open_tunnel(client, "/open/x", protocol=protocol)].status == 501
    assert upstream.received == []


def test_a_page_over_http2_with_a_socket_and_events_ends_with_its_session(stage, tmp_path):
    stand_in = stage.stand_in()
    upstream = stage.upstream()
    page = PAGE.replace(b"ws://", b"wss://")
    upstream.on("/", lambda c, _: c.reply(page, "200 OK", "Content-Type: text/html"))
    upstream.on("/events", events)
    sockets = stage.keep(WebSocketServer())
    pair = stage.certificates().issue("localhost", "127.0.0.1")
    settings = {
        "server": {"listen": ["https://127.0.0.1:PORT"], "public_url": "https://localhost:PORT"},
        "tls": {"certificate_files": [str(pair.certificate_file)], "key_files": [str(pair.key_file)]},
        "route": [{"path": "/", "upstream": upstream.url}, {"path": "/socket", "upstream": sockets.url}],
    }
    gateway = stage.gateway(stand_in, upstream, settings)
    browser = start_chromium(tmp_path / "chromium", any_certificate=True)
    try:
        browser.get(gateway.url("/"))

        def shows(name, text):
            return eventually(lambda: browser.find_element(By.ID, name).text == text)

        shows("socket", "got hello")
        shows("events", "got an event")
        spoken = "return performance.getEntriesByType('navigation')[0].nextHopProtocol"
        assert browser.execute_script(spoken) == "h2"
        browser.execute_script("fetch('/_gatehouse/sign-out', {method: 'POST', redirect: 'manual'})")
        shows("socket", "closed 1008 session ended")
        shows("events", "closed")
    finally:
        browser.quit()
