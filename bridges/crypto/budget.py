"""How often the exchange may be asked, by its own stated limits, and what of that is left.

Rules: a window slides, and is counted longer by `SLACK_NS` since journeys differ; so no window of
the exchange, wherever it begins, holds more than its limit. Questions may use `QUERY_PART` of each
limit and wait beyond it; new orders may use `ORDER_PART` and are refused beyond it; what is left is
for cancels, which never wait. What others use on the same limit is learnt from the answers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from bridges.crypto.effects import Call

MS_NS = 1_000_000
SLACK_NS = 250 * MS_NS
QUERY_PART = 0.6
ORDER_PART = 0.85


class Limit(NamedTuple):
    """At most so much in a time: of the weight of all `calls`, or of `orders`."""

    most: int
    window_ms: int
    counts: str = "calls"


class Cost(NamedTuple):
    """What a call takes of the limits."""

    calls: int = 1
    orders: int = 0


class _Window:
    """One limit, and what was spent in its time."""

    __slots__ = ("limit", "span_ns", "spent", "used")

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.span_ns = limit.window_ms * MS_NS + SLACK_NS
        self.spent: deque[tuple[int, int]] = deque()
        self.used = 0

    def take(self, amount: int, now_ns: int) -> None:
        if amount > 0:
            self.spent.append((now_ns, amount))
            self.used += amount

    def free_ns(self, amount: int, part: float, now_ns: int) -> int:
        """Return from when on so much may be taken of a part of the limit."""
        while self.spent and self.spent[0][0] + self.span_ns <= now_ns:
            self.used -= self.spent.popleft()[1]
        over = self.used + amount - max(int(self.limit.most * part), amount)
        if not amount or over <= 0:
            return now_ns
        for at_ns, spent in self.spent:
            over -= spent
            if over <= 0:
                return at_ns + self.span_ns
        return now_ns + self.span_ns


class Budget:
    """All limits of one account at one exchange."""

    def __init__(self, limits: Sequence[Limit]) -> None:
        self._windows = [_Window(limit) for limit in limits]

    def spend(self, cost: Cost, now_ns: int) -> None:
        """Count a call that is made."""
        for window in self._windows:
            window.take(getattr(cost, window.limit.counts), now_ns)

    def free_ns(self, cost: Cost, part: float, now_ns: int) -> int:
        """Return from when on a call fits into a part of each limit; now if it does already."""
        return max(
            (
                window.free_ns(getattr(cost, window.limit.counts), part, now_ns)
                for window in self._windows
            ),
            default=now_ns,
        )

    def learn(self, used: int, now_ns: int) -> None:
        """Hear what the exchange has counted on the first limit of calls: others may use it too."""
        for window in self._windows:
            if window.limit.counts == "calls":
                window.take(used - window.used, now_ns)
                return


class Gate:
    """Which of our questions may be asked now (flows.Gate): room in the limits, and patience."""

    def __init__(self, limits: Sequence[Limit], cost: Callable[[Call], Cost]) -> None:
        self.budget = Budget(limits)
        self._cost = cost
        self.quiet_until_ns = 0
        """The exchange wants to hear nothing but orders and cancels until then."""

    def free_ns(self, call: Call, now_ns: int) -> int:
        """Return from when on a question may be asked."""
        free_ns = self.budget.free_ns(self._cost(call), QUERY_PART, now_ns)
        return max(free_ns, self.quiet_until_ns)

    def made(self, call: Call, now_ns: int) -> None:
        """Count a call."""
        self.budget.spend(self._cost(call), now_ns)

    def order_wait_ns(self, call: Call, now_ns: int) -> int:
        """Return how long a new order would have to wait for its part of the limits."""
        return self.budget.free_ns(self._cost(call), ORDER_PART, now_ns) - now_ns
