"""Every breaker's eyes: is told what happens, and says what must be tripped.

Rules: nothing here is state: after a start it has seen nothing, halts themselves are remembered by
the book. It changes nothing: the caller journals a trip, tells it and raises the alert. While a
trip's own halt stands on its scope, nothing is counted for it; afterwards it needs fresh evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

from gateway.oms.market import Market
from gateway.oms.state import Order
from gateway.risk.breaker_rules import Rules
from protocol.fields import TradingState
from protocol.messages import ExecutionReport, OrderFields

Standing = Callable[[str, str], bool]
"""Whether a halt of this cause stands on this scope: (scope, cause)."""
Corrected = Callable[[str, int, int], int | None]
"""Age of a quote by its venue, its time and now, without the clocks' offset; None: unknown."""


class Trip(NamedTuple):
    """A scope that must stop: `cause` is the code, `detail` the numbers (`key=value …`).

    `cool_down_ms` is 0 for one that waits for a person.
    """

    scope: str
    state: TradingState
    cause: str
    detail: str
    cool_down_ms: int


class Warn(NamedTuple):
    """Something that a person should look at: an alert, and nothing stops."""

    kind: str
    body: dict[str, str]


class Watch:
    """Observes all breakers. Feed it, then ask `due` in the same turn.

    `standing` tells which halts stand, `corrected` the age of a quote without clock offsets.
    """

    def __init__(
        self,
        rules: Rules,
        market: Market,
        standing: Standing,
        corrected: Corrected | None = None,
    ) -> None:
        self.rules = rules

    def order_arrived(self, owner: str, venue: str, message: OrderFields, now_ns: int) -> None:
        """Hear a D or G of a strategy, whatever becomes of it."""

    def told(
        self, owner: str, report: ExecutionReport, order: Order | None, now_ns: int
    ) -> None:
        """Hear each report that an owner was told; `order` when the book has it."""

    def quote(self, venue: str, symbol: str, now_ns: int) -> None:
        """Look at the quote that the market has just taken in."""

    def venue_down(self, venue: str, now_ns: int) -> None:
        """Hear that a venue's link is lost; once more while it is down is nothing new."""

    def venue_up(self, venue: str, now_ns: int) -> None:
        """Hear that a venue is ready again."""

    def feed_lost(self, symbol: str, now_ns: int) -> None:
        """Hear that a symbol has no healthy feed."""

    def feed_back(self, symbol: str, now_ns: int) -> None:
        """Hear that a symbol has a healthy feed again."""

    def loop_lag(self, lag_ms: int, now_ns: int) -> None:
        """Hear how late the loop came to what it had to do."""

    def clock_step(self, step_ms: int, now_ns: int) -> None:
        """Hear that the wall clock was moved."""

    def loss(self, scope: str, code: str, value: Decimal, limit: Decimal, now_ns: int) -> None:
        """Hear a loss and its limit; beyond it the scope trips with `code` as its cause."""

    def due(self, now_ns: int) -> Iterator[Trip | Warn]:
        """Yield what has tripped since the last time, each once. Cheap when nothing has."""
        yield from ()
