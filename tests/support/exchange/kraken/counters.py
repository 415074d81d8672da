"""How often Kraken may be asked: a counter of the key for REST, one of each pair for orders.

Each goes up with what is asked and down with time. The key's does not count orders and cancels;
the pair's counts them by how young the order is that is changed: quick cancels are dear.
"""

from __future__ import annotations

from dataclasses import dataclass

from support.exchange.kraken.words import BUSY, refuse

SLOW = ("Ledgers", "QueryLedgers", "TradesHistory")
"""These count twice."""
TRADING = (
    "AddOrder", "AmendOrder", "EditOrder", "CancelOrder", "CancelOrderBatch",
)  # fmt: skip
AGES_S = (5, 10, 15, 45, 90, 300)
PENALTIES = {
    "amend": (3, 2, 1, 0, 0, 0), "edit": (6, 5, 4, 2, 1, 0), "cancel": (8, 6, 5, 4, 2, 1),
}  # fmt: skip
TRADING_BUSY = "EOrder:Rate limit exceeded"


@dataclass
class Counter:
    """One counter: it may not pass `most`, and loses `decay` a second."""

    most: float
    decay: float
    value: float = 0
    at_ms: int = 0

    def add(self, more, now_ms):
        """Count; return whether that is still allowed."""
        self.value = max(0, self.value - self.decay * (now_ms - self.at_ms) / 1000)
        self.at_ms = now_ms
        self.value += more
        return self.value <= self.most


class Counters:
    """All counters of one key. The limits are those of a tier; a test may lower them."""

    def __init__(self, *, rest, rest_decay, trading, trading_decay, orders):
        self.rest = Counter(rest, rest_decay)
        self.orders = orders
        """Open orders of one pair."""
        self.trading = trading
        self.peak = 0
        self._trading = (trading, trading_decay)
        self._pairs = {}

    def charge(self, method, now_ms):
        """Count a private request."""
        if method in TRADING:
            return
        allowed = self.rest.add(2 if method in SLOW else 1, now_ms)
        self.peak = max(self.peak, self.rest.value)
        if not allowed:
            refuse(BUSY)

    def charge_trading(self, wire, now_ms):
        """Count an order or a change of one; refuse it if there were too many."""
        if not self._pair(wire).add(1, now_ms):
            refuse(TRADING_BUSY)

    def penalize(self, wire, what, age_ms, now_ms):
        """Count how young an order was that is changed or cancelled; that refuses nothing."""
        for most_s, more in zip(AGES_S, PENALTIES[what], strict=True):
            if age_ms < most_s * 1000:
                self._pair(wire).add(more, now_ms)
                return

    def count_of(self, wire, now_ms):
        """Return a pair's counter as it is now."""
        self._pair(wire).add(0, now_ms)
        return self._pair(wire).value

    def _pair(self, wire):
        return self._pairs.setdefault(wire, Counter(*self._trading))
