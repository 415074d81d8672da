"""Every breaker's eyes: is told what happens, and says what must be tripped.

Rules: nothing here is state: after a start it has seen nothing, halts themselves are remembered by
the book. It changes nothing: the caller journals a trip, tells it and raises the alert. While a
trip's own halt stands on its scope nothing counts for it; afterwards it needs fresh evidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from gateway.oms.market import Market
from gateway.oms.state import Order
from gateway.risk.breaker_rules import BreakerRules
from gateway.risk.breakers import MS, Losses, Missing, Slow
from gateway.risk.order_watch import OrderWatch
from gateway.risk.price_watch import PriceWatch
from gateway.risk.trips import Standing, Trip, Trips, Warn
from protocol.fields import ExecType
from protocol.messages import ExecutionReport, OrderFields
from protocol.numbers import format_decimal

__all__ = ["Trip", "Warn", "Watch"]

LOOK_EVERY_NS = MS
"""How often it is looked at what is waited for or away, at most."""


class Watch:
    """Observes all breakers. Feed it, then ask `due` in the same turn; ask on each tick too.

    `standing` tells whether a halt of a cause stands on a scope.
    """

    def __init__(self, rules: BreakerRules, market: Market, standing: Standing) -> None:
        self.rules = rules
        self._trips = Trips(standing)
        self._prices = PriceWatch(rules, self._trips, market)
        self._orders = OrderWatch(rules, self._trips, self._prices.mid_at)
        self._lag = Slow(rules.loop_lag)
        self._losses = defaultdict[str, Losses](lambda: Losses(rules.disconnect))
        self._links = Missing(rules.disconnect.down_ms)
        self._feeds = Missing(rules.stale_feed.after_ms)
        self._look_ns = 0

    def order_arrived(
        self,
        owner: str,
        venue: str,
        message: OrderFields,
        now_ns: int,
        quote_age_ns: int | None = None,
    ) -> None:
        """Hear a D or G of a strategy, whatever becomes of it.

        `quote_age_ns` is how old its quote (5039) is without the offset of the clocks, where that
        is known; else the times are compared as they are, and one from the future says nothing.
        """
        if message.quote_time is not None:
            self._orders.arrived(owner, venue, message, now_ns, quote_age_ns)

    def told(
        self, owner: str, report: ExecutionReport, order: Order | None, now_ns: int
    ) -> None:
        """Hear each report that an owner was told; `order` when the book has it."""
        if order is not None or report.exec_type is not ExecType.PENDING_NEW:
            self._orders.told(owner, report, now_ns)  # what could not be said did not happen

    def sent(self, order_id: str, now_ns: int) -> None:
        """Hear that an order is handed to its venue."""
        self._orders.sent(order_id, now_ns)

    def quote(self, venue: str, symbol: str, now_ns: int) -> None:
        """Look at the quote that the market has just taken in."""
        self._prices.quote(venue, symbol, now_ns)

    def venue_down(self, venue: str, now_ns: int) -> None:
        """Hear that a venue's link is lost; once more while it is down is nothing new."""
        if venue in self._links:
            return
        self._links.lost(venue, now_ns)
        self._orders.link_lost(venue)
        losses = self._losses[venue]
        if why := losses.add(now_ns):
            rules = self.rules.disconnect
            self._trips.fire(f"venue:{venue}", rules, "LINK_LOSSES", why, losses.forget)

    def venue_up(self, venue: str, _now_ns: int) -> None:
        """Hear that a venue is ready again."""
        self._links.back(venue)

    def feed_lost(self, scope: str, now_ns: int) -> None:
        """Hear that a symbol, everywhere or at one venue, has no healthy feed."""
        self._feeds.lost(scope, now_ns)

    def feed_back(self, scope: str, _now_ns: int) -> None:
        """Hear that it has a healthy feed again."""
        self._feeds.back(scope)

    def loop_lag(self, lag_ms: int, now_ns: int) -> None:
        """Hear how late the loop came to what it had to do."""
        if why := self._lag.add(now_ns, lag_ms * MS):
            self._trips.fire("all", self.rules.loop_lag, "LOOP_LAG", why, self._lag.forget)

    def clock_step(self, step_ms: int, _now_ns: int) -> None:
        """Hear that the wall clock was moved, forward or back."""
        rules = self.rules.clock_step
        if abs(step_ms) > rules.level_ms:
            detail = f"step_ms={step_ms} limit_ms={rules.level_ms}"
            self._trips.fire("all", rules, "CLOCK_STEP", detail)

    def loss(
        self, scope: str, code: str, value: Decimal, limit: Decimal, _now_ns: int
    ) -> None:
        """Hear a loss (above 0) and its limit; beyond it the scope trips with `code` as cause.

        A person who resumes while it is still beyond its limit will see it trip again.
        """
        if value > limit:
            detail = f"loss={format_decimal(value)} limit={format_decimal(limit)}"
            self._trips.fire(scope, self.rules.loss, code, detail)

    def lasts(self, scope: str, cause: str) -> bool:
        """Whether what a halt stands for is still so: a link or a feed that is still away."""
        if cause == "STALE_FEED":
            return scope in self._feeds
        return cause == "LINK_DOWN" and scope.removeprefix("venue:") in self._links

    def due(self, now_ns: int) -> Iterator[Trip | Warn]:
        """Yield what has tripped since the last time, each once. Cheap when nothing has."""
        if now_ns >= self._look_ns:
            self._look_ns = now_ns + LOOK_EVERY_NS
            self._look(now_ns)
        if not self._trips.idle:
            yield from self._trips.due()

    def _look(self, now_ns: int) -> None:
        """Look at what should have come and has not."""
        self._orders.look(now_ns)
        rules = self.rules
        for venue, why in self._links.look(now_ns):
            forget = partial(self._links.forget, venue)
            self._trips.fire(f"venue:{venue}", rules.disconnect, "LINK_DOWN", why, forget)
        for scope, why in self._feeds.look(now_ns):
            forget = partial(self._feeds.forget, scope)
            self._trips.fire(scope, rules.stale_feed, "STALE_FEED", why, forget)
