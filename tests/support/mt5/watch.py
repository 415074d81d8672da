"""What the server does unasked with one account: pending orders, SL, TP, stop out, expiry, days.

Its own closings are market orders with a reason of SL, TP or SO, a comment of the server, and, as
the broker likes it, the magic of the position that they close.
"""

from __future__ import annotations

from support.mt5.constants import (
    GtcMode,
    OrderState,
    Reason,
    StopoutMode,
    TimeType,
)
from support.mt5.records import ZERO
from support.mt5.rollover import charge_swaps


def due_level(position, market):
    """Return (reason, level) of the stop that a position has met, or None."""
    price = market.close_price(is_buy=position.is_buy)
    if not price:
        return None
    side = 1 if position.is_buy else -1
    if position.sl and (price - position.sl) * side <= 0:
        return Reason.SL, position.sl
    if position.tp and (price - position.tp) * side >= 0:
        return Reason.TP, position.tp
    return None


class Watch:
    """Looks after one account."""

    def __init__(self, office, server):
        self._office = office
        self._server = server

    @property
    def _books(self):
        return self._office.books

    def on_market(self, symbol):
        """Do what new prices of a symbol make due, if it may be traded now."""
        rules = self._server.markets[symbol].rules
        if not rules.is_open(self._server.clock.server_ms()):
            return
        self._office.matcher.on_market(symbol)
        market = self._server.markets[symbol]
        for position in self._books.positions_of(symbol):
            due = due_level(position, market)
            if due is not None:
                reason, level = due
                self._close(position, reason, f"[{reason.name.lower()} {level}]")
        self.stop_out()

    def _close(self, position, reason, comment):
        magic = position.magic if self._server.stop_keeps_magic else 0
        return self._office.matcher.close(position, reason, comment, magic=magic)

    def stop_out(self):
        """Cancel what blocks margin, then close the worst position, until the level is enough."""
        while self._books.positions and self._short():
            for order in tuple(self._books.orders.values()):
                if order.type.is_pending and self._rate(order):
                    self._office.desk.finish(order, OrderState.CANCELED, "[so]")
            if not self._short():
                return
            level = self._office.account.worth().margin_level
            worst = min(self._books.positions.values(), key=self._floating)
            if not self._close(worst, Reason.SO, f"[so {level:.2f}%]"):
                return

    def _rate(self, order):
        return self._server.markets[order.symbol].rules.pending_rate

    def _floating(self, position):
        return self._office.account.profit(position)

    def _short(self):
        worth, terms = self._office.account.worth(), self._office.terms
        if terms.so_mode is StopoutMode.MONEY:
            return worth.equity <= terms.so_so
        return worth.margin > 0 and worth.margin_level <= terms.so_so

    def expire(self):
        """End the orders whose time is over."""
        now_s = self._server.clock.server_ms() // 1000
        for order in tuple(self._books.orders.values()):
            if order.time_expiration and order.time_expiration <= now_s:
                self._office.desk.finish(order, OrderState.EXPIRED)

    def new_day(self):
        """Charge swaps, end what lives a day only."""
        charge_swaps(self._office, self._server)
        for order in tuple(self._books.orders.values()):
            mode = self._server.markets[order.symbol].rules.gtc_mode
            if order.type_time is TimeType.DAY or (
                order.type_time is TimeType.GTC and mode is not GtcMode.GTC
            ):
                self._office.desk.finish(order, OrderState.EXPIRED)
        for position in tuple(self._books.positions.values()):
            mode = self._server.markets[position.symbol].rules.gtc_mode
            if mode is GtcMode.DAILY and (position.sl or position.tp):
                self._office.desk.move(position, sl=ZERO, tp=ZERO)


