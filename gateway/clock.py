"""The gateway's time: where it started plus what has elapsed, so that it never runs back.

Rules: our time reads the wall clock once, at the start; one that somebody sets does not move us,
but it is noticed (`step_ns`).
A start never lies before the last time in the journal, so time does not run back across restarts
either (law 5); a wall clock that lies behind it was set back while we were away, which is noticed
as a step too. Everything that needs the time is handed `now_ns`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

STEP_NS = 20_000_000
"""Less than this is no step: clocks differ by a little, and are slowly corrected."""
READING_NS = 2_000_000


class Clock:
    """Nanoseconds since the epoch that only grow."""

    def __init__(
        self,
        floor_ns: int = 0,
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._offset_ns = max(wall_ns(), floor_ns) - monotonic_ns()
        self._ahead_ns = 0

    def now_ns(self) -> int:
        """Return the present time in ns since the epoch."""
        return self._monotonic_ns() + self._offset_ns

    def step_ns(self) -> int:
        """Return how far the wall clock was moved since this was asked last; 0 for a little.

        Little by little, as time daemons do it, it is told when it has become more.
        """
        before_ns = self.now_ns()
        wall_ns = self._wall_ns()
        if self.now_ns() - before_ns > READING_NS:
            return 0  # we were held up between the two clocks: the next look is better
        step_ns = wall_ns - before_ns - self._ahead_ns
        if abs(step_ns) < STEP_NS:
            return 0
        self._ahead_ns += step_ns
        return step_ns
