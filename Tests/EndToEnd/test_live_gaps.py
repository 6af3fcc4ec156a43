"""What is live ends with its session also where nobody tells of the end, or nobody did in that moment."""

import time

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from harness.operations import record
from harness.replicas import redis_settings
from harness.stage import sign_in
from harness.waiting import eventually, pause
from harness.websockets_server import WebSocketServer


@pytest.fixture
def redis(stage):
    return stage.redis()


def opened(gateway, agent):
    """A WebSocket that has long been permitted."""
    headers = {"Cookie": agent.cookie_header(gateway.url("/"))}
    url = gateway.url("/chat").replace("http", "ws", 1)
    socket = connect(url, additional_headers=headers, origin=gateway.origin, compression=None)
    socket.send("hello")
    assert socket.recv(timeout=10) == "hello"
    # It is asked for once when it opens.
    pause(1)
    return socket


def seconds_until_it_ends(socket, within):
    began = time.monotonic()
    with pytest.raises(ConnectionClosed):
        socket.recv(timeout=within)
    assert (socket.close_code, socket.close_reason) == (1008, "session ended")
    return time.monotonic() - began


def test_a_socket_ends_with_a_session_that_ended_while_nobody_could_tell(stage, forger, redis):
    gateway = stage.gateway(forger, stage.keep(WebSocketServer()).url, redis_settings(redis.url))
    agent = sign_in(gateway, forger)
    client = redis.client()
    eventually(lambda: "gatehouse_session_caches_current 0" not in gateway.admin("/metrics").text)
    with opened(gateway, agent) as socket:
        (key,) = client.keys("gatehouse:session:*")
        listening = [each["id"] for each in client.client_list() if int(each["sub"]) > 0 or "t" in each["flags"]]
        assert listening
        # In one transaction: whoever comes back to listen comes too late to be told.
        transaction = client.pipeline(transaction=True)
        for name in listening:
            transaction.execute_command("CLIENT", "KILL", "ID", name)
        transaction.delete(key)
        transaction.execute()
        seconds = seconds_until_it_ends(socket, within=20)
    record("A session ends while the news of changes is cut off", "its WebSockets end", seconds)


def test_a_socket_ends_soon_where_nobody_tells(stage, forger, redis):
    settings = redis_settings(redis.url)
    settings["session"]["cache_size"] = "0B"
    gateway = stage.gateway(forger, stage.keep(WebSocketServer()).url, settings)
    agent = sign_in(gateway, forger)
    with opened(gateway, agent) as socket:
        redis.client().delete(*redis.client().keys("gatehouse:session:*"))
        assert seconds_until_it_ends(socket, within=30) < 20
