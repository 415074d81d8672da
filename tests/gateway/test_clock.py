"""The clock: start plus elapsed, never back."""

from __future__ import annotations

import time

from gateway.clock import Clock


def test_time_is_start_plus_elapsed():
    """The wall is read once; after that only monotonic time counts."""
    walls, elapsed = iter([1_000]), [50]
    clock = Clock(wall_ns=lambda: next(walls), monotonic_ns=lambda: elapsed[0])
    assert clock.now_ns() == 1_000
    elapsed[0] = 75
    assert clock.now_ns() == 1_025


def test_time_never_starts_below_the_journal():
    """A wall clock that was set back does not move us before the last record."""
    clock = Clock(5_000, wall_ns=lambda: 1_000, monotonic_ns=lambda: 7)
    assert clock.now_ns() == 5_000


def test_a_clock_that_was_set_back_while_we_were_away_is_a_step():
    """What the wall lacks to the journal's last time is told at the first look, and once."""
    clock = Clock(5_000_000_000, wall_ns=lambda: 1_000_000_000, monotonic_ns=lambda: 7)
    assert clock.step_ns() == -4_000_000_000
    assert clock.step_ns() == 0
    assert Clock(5, wall_ns=lambda: 1_000_000_000, monotonic_ns=lambda: 7).step_ns() == 0


def test_time_is_the_wall_clock_when_nothing_is_wrong():
    """With a sound wall clock, time is what everybody's is."""
    clock = Clock()
    assert abs(clock.now_ns() - time.time_ns()) < 100_000_000
    assert clock.now_ns() <= clock.now_ns()
