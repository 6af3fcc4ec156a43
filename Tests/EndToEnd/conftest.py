"""Fixtures. What they stand on is in `harness`."""

import pytest

from harness.chromium import start_chromium
from harness.process import Process
from harness.stage import Stage, sign_in


@pytest.fixture
def stage():
    """What one test puts up for itself."""
    stage = Stage()
    yield stage
    stage.close()


@pytest.fixture(scope="module")
def shared_stage():
    """What the tests of one file share."""
    stage = Stage()
    yield stage
    stage.close()


@pytest.fixture(scope="module")
def upstream(shared_stage):
    return shared_stage.upstream()


@pytest.fixture(scope="module")
def forger(shared_stage):
    return shared_stage.forger()


@pytest.fixture(scope="module")
def gateway(shared_stage, forger, upstream):
    """One for the whole file: "/" for who is signed in, "/open" for anyone, "/optional" for both."""
    routes = [
        {"path": "/", "upstream": upstream.url},
        {"path": "/open", "upstream": upstream.url, "access": "anyone"},
        {"path": "/optional", "upstream": upstream.url, "access": "optional"},
        {"path": "/slashes", "upstream": upstream.url, "access": "anyone", "allow_encoded_slashes": True},
    ]
    gateway = shared_stage.gateway(forger, upstream, {"route": routes})
    yield gateway
    assert gateway.is_alive, "no input may end the process"


@pytest.fixture
def alice(gateway, forger):
    """A browser that is signed in at `gateway`."""
    return sign_in(gateway, forger)


@pytest.fixture
def chromium(tmp_path):
    """A fresh headless browser."""
    driver = start_chromium(tmp_path / "chromium")
    yield driver
    driver.quit()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failing test prints the end of what every running program has written."""
    report = yield
    if report.failed:
        for process in Process.running:
            report.sections.append((f"{process.name} {process.pid}", process.output[-4000:]))
    return report


def pytest_sessionfinish():
    for process in list(Process.running):
        process.stop(within=2)
