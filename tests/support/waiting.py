"""Waiting in tests: on a condition, never for a time."""

from __future__ import annotations

import time

POLL_S = 0.02


def breathe(ms):
    """Give other threads the machine for a moment, between two looks at a condition."""
    time.sleep(ms / 1000)


def wait_for(condition, *, timeout_s=10.0, what="the condition", poll_s=POLL_S):
    """Return the condition's first true value; fail the test after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not come within {timeout_s} s"
        time.sleep(poll_s)
