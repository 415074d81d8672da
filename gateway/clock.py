"""The gateway's time: where it started plus what has elapsed, so that it never runs back.

Rules: the wall clock is read once, at the start; a wall clock that somebody sets does not move us.
A start never lies before the last time in the journal, so time does not run back across restarts
either (law 5). Everything that needs the time is handed `now_ns`.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Nanoseconds since the epoch that only grow."""

    def __init__(
        self,
        floor_ns: int = 0,
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._monotonic_ns = monotonic_ns
        self._offset_ns = max(wall_ns(), floor_ns) - monotonic_ns()

    def now_ns(self) -> int:
        """Return the present time in ns since the epoch."""
        return self._monotonic_ns() + self._offset_ns
