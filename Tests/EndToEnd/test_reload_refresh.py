"""A worker that a reload has retired is told by a refresh which was begun after that."""

import socket
import struct
import time

from harness.raw_http import RawConnection, request
from harness.replicas import redis_settings
from harness.waiting import never, pause
from test_refresh import SHORT, expire_soon, live_long
from harness.stage import sign_in, session_of


def test_a_refresh_that_begins_after_a_reload_ends_nothing(stage, upstream):
    logto = stage.stand_in()
    redis = stage.redis()
    proxy = stage.tcp_proxy(redis.port)
    settings = redis_settings(f"redis://127.0.0.1:{proxy.port}")
    settings["session"]["cache_size"] = "0B"
    settings["server"] = {"reload_interval": "0s", "workers": 1}
    gateway = stage.gateway(logto, upstream, settings)
    expire_soon(logto, 16)
    agent = sign_in(gateway, logto)
    live_long(logto)
    signed_in = time.monotonic()
    logto.control("/fault", {"route": "token", "grantType": "refresh_token", "n": 1, "delayMs": 1000})
    pause(14.1 - (time.monotonic() - signed_in))
    # The record is being loaded when the browser leaves and the configuration changes.
    proxy.is_deaf = True
    with RawConnection(gateway.port) as connection:
        cookie = "Cookie: " + agent.cookie_header(gateway.url("/"))
        connection.send(request("/", f"127.0.0.1:{gateway.port}", cookie))
        pause(0.15)
        # It leaves for good: a half that is closed is waited for.
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    pause(0.15)
    gateway.reload({"limits": {"header_fields": 90}})
    pause(0.3)
    proxy.is_deaf = False
    never(lambda: not gateway.is_alive, during=3)
    assert session_of(gateway, agent)
