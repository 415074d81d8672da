"""The demo's third strategy: it keeps orders on their way, so that the kill has something to hit.

It is no trading idea. It rests small orders on both sides of the best prices, most of them out of
reach and one at the touch, and takes the oldest off again, as fast as its timer allows.
"""

from __future__ import annotations

from decimal import Decimal

from engine.market import Quote
from engine.strategy import Strategy
from protocol.fields import OrdStatus, Side

REST = 16
OPEN_MAX = 40
BUSY_MAX = 3
AWAY = (1, 40, 80, 0)
"""Distances from the best price in parts of a hundred thousand: some at the touch, some far."""


class Pressure(Strategy):
    """Places and cancels on its timer."""

    id = "PRESSURE"
    timer_ms = 30
    cancel_on_stop = True

    count = 0

    def on_timer(self, now_ns: int) -> None:  # noqa: ARG002 - the port's own argument
        """Place one order, and take off the oldest of those that rest undisturbed."""
        quote = self.quote(self.symbols[0])
        if quote is None or quote.bid is None or quote.ask is None:
            return
        mine = self.open_orders()
        if len(mine) < OPEN_MAX:
            self._place(quote)
        calm = [order for order in mine if order.status is OrdStatus.NEW and not order.is_busy]
        busy = sum(1 for order in mine if order.is_busy)
        if len(calm) > REST and busy < BUSY_MAX:
            self.cancel(calm[0])

    def _place(self, quote: Quote) -> None:
        self.count += 1
        side = Side.BUY if self.count % 2 else Side.SELL
        away = Decimal(AWAY[(self.count // 2) % len(AWAY)]) / 100_000
        best = quote.bid if side is Side.BUY else quote.ask
        assert best is not None
        instrument = self.instrument(quote.symbol)
        price = instrument.price(best * (1 - side.sign * away), side)
        qty = max(instrument.qty(20 / best), instrument.min_qty)
        send = self.buy if side is Side.BUY else self.sell
        send(quote.symbol, qty, price=price, post_only=True)
