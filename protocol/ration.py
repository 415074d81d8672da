"""How often people are told the same thing: the first few of a kind each minute, then a count.

Rules: pure; the caller brings the time and does the telling. What is held back is never forgotten:
its number comes with the next line of its kind.
"""

from __future__ import annotations

FIRST = 5
PERIOD_NS = 60_000_000_000


class Ration:
    """Says of each kind whether it may be told now."""

    def __init__(self, first: int = FIRST, period_ns: int = PERIOD_NS) -> None:
        self._first = first
        self._period_ns = period_ns
        self._kinds: dict[str, tuple[int, int]] = {}

    def allows(self, kind: str, now_ns: int) -> int | None:
        """Return how many of this kind were held back before this one; None: hold this one too."""
        began_ns, count = self._kinds.get(kind, (now_ns, 0))
        held = 0
        if now_ns - began_ns >= self._period_ns:
            held = max(0, count - self._first)
            began_ns, count = now_ns, 0
        self._kinds[kind] = began_ns, count + 1
        return held if count < self._first else None


def held_back(count: int) -> str:
    """Say how many were held back, nothing when none were."""
    return f" ({count} more of this kind were not shown)" if count else ""
