"""A real browser with a live WebSocket and an event stream, which end when its session is revoked."""

import pytest
from selenium.webdriver.common.by import By

from harness.waiting import eventually
from harness.websockets_server import WebSocketServer

PAGE = b"""<!doctype html><title>live</title><p id=socket></p><p id=events></p><script>
const show = (id, text) => { document.getElementById(id).textContent = text }
const socket = new WebSocket("ws://" + location.host + "/socket")
socket.onopen = () => socket.send("hello")
socket.onmessage = event => show("socket", "got " + event.data)
socket.onclose = event => show("socket", "closed " + event.code + " " + event.reason)
const events = new EventSource("/events")
events.onmessage = event => show("events", "got " + event.data)
events.onerror = () => { if (events.readyState == EventSource.CLOSED) show("events", "closed") }
</script>"""


def events(connection, _):
    connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    connection.send("1b\r\nretry: 200\ndata: an event\n\n\r\n")
    connection.socket.settimeout(30)
    connection.socket.recv(1)


@pytest.fixture
def gateway(stage):
    stand_in = stage.stand_in()
    upstream = stage.upstream()
    upstream.on("/", lambda c, _: c.reply(PAGE, "200 OK", "Content-Type: text/html"))
    upstream.on("/events", events)
    sockets = stage.keep(WebSocketServer())
    routes = [{"path": "/", "upstream": upstream.url}, {"path": "/socket", "upstream": sockets.url}]
    return stage.gateway(stand_in, upstream, {"server": {"public_url": "http://localhost:PORT"}, "route": routes})


def test_what_is_live_on_a_page_ends_with_the_session(gateway, chromium):
    def shows(name, text):
        return eventually(lambda: chromium.find_element(By.ID, name).text == text)

    chromium.get(gateway.url("/"))
    shows("socket", "got hello")
    shows("events", "got an event")
    chromium.execute_script("fetch('/_gatehouse/sign-out', {method: 'POST', redirect: 'manual'})")
    shows("socket", "closed 1008 session ended")
    # The browser tries again by itself, is told 401, and gives up.
    shows("events", "closed")
