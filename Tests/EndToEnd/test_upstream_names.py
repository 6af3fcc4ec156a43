"""Upstreams that are given by name follow DNS, as soon as it says so."""

import os
import subprocess
import time

import pytest

from harness.gateway import Gateway
from harness.name_server import NameServer
from harness.ports import free_port
from harness.upstream import Upstream
from harness.user_agent import UserAgent
from harness.waiting import eventually, pause

NAME = "application.gatehouse.test"


def may_mount():
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not may_mount(), reason="a name server of one's own takes root")


@pytest.fixture
def applications(stage):
    """Two of them, on the same port of two addresses."""
    port = free_port()
    return [stage.keep(Upstream(port, host)) for host in ("127.0.0.21", "127.0.0.22")]


@pytest.fixture
def started(stage, applications):
    """Starts a gateway before the first application, whose name is good for so long."""

    def start(life, settings=None):
        names = stage.keep(NameServer("127.0.0.21", life))
        upstream = f"http://{NAME}:{applications[0].port}"
        own = {"route": [{"path": "/", "upstream": upstream, "access": "anyone"}], "server": {"workers": 1}}
        gateway = stage.keep(Gateway(stage.stand_in(), upstream, {**own, **(settings or {})}))
        gateway.wrapper = names.wrapper
        return gateway.start(), names

    return start


def asks(gateway):
    assert UserAgent().fetch(gateway.url("/")).status_code == 200


def test_a_name_that_moves_is_followed_when_its_time_is_over(started, applications):
    first, second = applications
    gateway, names = started(life=2)
    asks(gateway)
    assert first.received and not second.received
    names.address = "127.0.0.22"
    moved = time.monotonic()

    def is_followed():
        asks(gateway)
        return second.received

    eventually(is_followed)
    # Not with each request, but long before timeouts.upstream_name.
    assert 1 < time.monotonic() - moved < 10


def test_a_name_without_a_time_costs_no_connection_for_each_request(started, applications):
    gateway, names = started(life=0)
    asks(gateway)
    eventually(lambda: len(names.questions) > 2)
    for _ in range(50):
        asks(gateway)
    assert applications[0].connections < 25


def test_a_name_that_is_good_for_long_is_looked_up_as_often_as_configured(started, applications):
    first, second = applications
    gateway, names = started(life=86_400, settings={"timeouts": {"upstream_name": "1s"}})
    asks(gateway)
    names.address = "127.0.0.22"
    pause(1.2)
    asks(gateway)
    assert second.received
