"""Waiting for what must come, without ever sleeping for a guessed time."""

import threading
import time

_never = threading.Event()


def eventually(condition, within=30.0, every=0.02):
    """The first truthy value of `condition()`; an AssertionError when none comes `within` seconds.

    An OSError (which includes every error of `requests`) or an AssertionError counts as "not yet".
    """
    deadline = time.monotonic() + within
    while True:
        reason = None
        try:
            value = condition()
            if value:
                return value
        except (OSError, AssertionError) as error:
            reason = error
        if time.monotonic() >= deadline:
            raise AssertionError(f"did not come true within {within} s") from reason
        _never.wait(every)


def never(condition, during):
    """Watches `condition()` for `during` seconds and fails as soon as it is true."""
    deadline = time.monotonic() + during
    while time.monotonic() < deadline:
        assert not condition(), "came true, and must not"
        _never.wait(0.02)


def pause(seconds):
    """A pause that is part of a scenario (a slow client), never a wait for something to become true."""
    _never.wait(seconds)
