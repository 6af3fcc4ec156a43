"""Each test of this folder runs behind each front."""

import pytest

from harness.front import FRONTS, sign_in_behind, start_front


@pytest.fixture(scope="module", params=FRONTS, ids=lambda kind: kind.name)
def front(request, shared_stage, forger, upstream):
    front = start_front(request.param, shared_stage, forger, upstream)
    yield front
    assert front.gateway.is_alive, "no input may end the gateway"
    assert front.process.exit_code is None, "nor the front"


@pytest.fixture
def alice(front, forger, upstream):
    """A browser that is signed in."""
    return sign_in_behind(front, forger)
