"""A strategy for two markets, whatever venue they are on: in at the price, out at the price, again.

In each symbol it buys at the offer and sells at the bid by turns, and keeps one post-only order far
below the market, which it moves now and then.
"""

from __future__ import annotations

from decimal import Decimal

from engine.strategy import Strategy
from protocol.fields import Side

SIZES = {"BTC/USDT": Decimal("0.01"), "ETH/USDT": Decimal("0.2")}
NEAR, FAR = Decimal("1.0005"), Decimal("0.97")
"""So far beyond the price is an order to take; so far below it the one that rests."""
PATIENCE = 20
"""Quotes after which an order at the price is given up, and anew."""


class TwoMarkets(Strategy):
    """Trades round after round until it is stopped."""

    id = "EXAMPLE"
    symbols = tuple(SIZES)

    def on_start(self):
        """Begin with nothing in the market."""
        self._taking = {}
        self._resting = {}
        self._waited = dict.fromkeys(SIZES, 0)
        for order in self.open_orders():
            self.cancel(order)

    def on_quote(self, quote):
        """Take, or give up what was not taken; keep the far order where it belongs."""
        if quote.bid is None or quote.ask is None:
            return
        symbol, order = quote.symbol, self._taking.get(quote.symbol)
        if order is None or not order.is_open:
            side = Side.SELL if self.position(symbol) > 0 else Side.BUY
            go, price = (
                (self.sell, quote.bid / NEAR) if side is Side.SELL else (self.buy, quote.ask * NEAR)
            )
            self._taking[symbol] = go(
                symbol, SIZES[symbol], price=self.instrument(symbol).price(price, side)
            )
            self._waited[symbol] = 0
        else:
            self._waited[symbol] += 1
            if self._waited[symbol] % PATIENCE == 0 and not order.is_busy:
                self.cancel(order)
        self._rest(quote)

    def _rest(self, quote):
        symbol, order = quote.symbol, self._resting.get(quote.symbol)
        price = self.instrument(symbol).price(quote.bid * FAR)
        if order is None or not order.is_open:
            self._resting[symbol] = self.buy(symbol, SIZES[symbol], price=price, post_only=True)
        elif not order.is_busy and abs(order.price - price) > price / 20_000:
            self.replace(order, price=price)

    def on_stop(self):
        """Leave nothing behind."""
        for order in self.open_orders():
            self.cancel(order)
