"""When an order trades, and what becomes of the volume that cannot.

- Market, limit: against the levels of the market; FOK all or nothing, IOC what there is, RETURN
  lets the rest wait in the book, BOC never takes.
- A stop turns into a market order, a stop limit into a limit with the same ticket, when the price
  touches it: the ask for buyers, the bid for sellers; on an exchange the last trade, if any.
- A resting order trades at what the market gives, which may be better than its own price.
"""

from __future__ import annotations

from msgspec.structs import replace
from support.mt5.constants import Execution, Filling, OrderState, OrderType, Reason
from support.mt5.records import ZERO, Order

RESTS = {
    OrderType.BUY_STOP_LIMIT: OrderType.BUY_LIMIT,
    OrderType.SELL_STOP_LIMIT: OrderType.SELL_LIMIT,
}


def touch_price(market, *, buys):
    """Return the price that stops look at."""
    if market.rules.execution is Execution.EXCHANGE and market.last:
        return market.last
    return market.price(buys=buys)


def is_touched(order, market):
    """Say whether a stop or stop-limit order is due."""
    price = touch_price(market, buys=order.type.is_buy)
    if not price:
        return False
    return price >= order.price_open if order.type.is_buy else price <= order.price_open


def is_marketable(order, market):
    """Say whether a limit order can trade now."""
    price = market.price(buys=order.type.is_buy)
    if not price:
        return False
    return price <= order.price_open if order.type.is_buy else price >= order.price_open


class Matcher:
    """Works the orders of one account through its desk."""

    def __init__(self, desk, markets):
        self.desk = desk
        self._markets = markets
        self.ioc_end = OrderState.CANCELED
        """How an order ends whose rest was cancelled at once; some brokers say FILLED."""
        self.affords = lambda _order: True
        """Whether the account can pay for an order that is due."""
        self.hold_ms = 0
        """How long a new order stands unconfirmed, STARTED or REQUEST_ADD, before it is worked."""
        self.confirms = True
        """Whether it is taken then; otherwise it is rejected."""
        self.held = set()
        """Orders that stand unconfirmed, and the positions that they close."""

    def enter(self, order):
        """Take a new market or pending order; return (the order after, its deals)."""
        order = self.desk.open(order)
        if not self.hold_ms:
            return self._begin(order)
        keys, confirms = {order.ticket, order.position_id} - {0}, self.confirms
        self.held |= keys

        def decide():
            self.held -= keys
            if order.ticket not in self.desk.books.orders:
                return
            if confirms:
                self._begin(order)
            else:
                self.desk.finish(order, OrderState.REJECTED, "rejected by the exchange")

        self.desk.clock.after(self.hold_ms, decide)
        return order, []

    def _begin(self, order):
        """Work an order for the first time."""
        market = self._markets[order.symbol]
        if order.type.is_market:
            return self.fill(order)
        order = self.desk.update(order, state=OrderState.PLACED)
        passive = order.type_filling is Filling.BOC and order.type.is_limit
        if passive and is_marketable(order, market):
            return self.desk.finish(order, OrderState.CANCELED), []
        return self.work(order)

    def work(self, order):
        """Let an open order do what the market allows now; return (the order after, deals)."""
        market = self._markets[order.symbol]
        if order.type.is_stop_limit and is_touched(order, market):
            order = self.desk.update(
                order, type=RESTS[order.type], price_open=order.price_stoplimit,
                price_stoplimit=ZERO,
            )  # fmt: skip
        if not self._is_due(order, market):
            return order, []
        if order.type.is_pending and not self.affords(order):
            return self.desk.finish(order, OrderState.REJECTED, "no money"), []
        return self.fill(order, order.price_open if order.type.is_limit else ZERO)

    def _is_due(self, order, market):
        """Say whether an open order shall trade now."""
        if order.type.is_limit:
            return is_marketable(order, market)
        if order.type.is_stop:
            return is_touched(order, market)
        return order.type.is_market

    def fill(self, order, limit=ZERO):
        """Trade what can be traded; what is left rests, is cancelled, or nothing happens at all."""
        market, buys = self._markets[order.symbol], order.type.is_buy
        there = market.available(buys=buys, limit=limit)
        enough = there is None or there >= order.volume_current
        if order.type_filling is Filling.FOK and not enough:
            return (order, []) if order.type.is_pending else (
                self.desk.finish(order, OrderState.CANCELED), []
            )  # fmt: skip
        fills = market.take(order.volume_current, buys=buys, limit=limit)
        order, deals = self.desk.execute(order, fills)
        if not order.volume_current:
            order = self.desk.finish(order, OrderState.FILLED)
        elif order.type_filling is Filling.IOC and not order.type.is_pending:
            order = self.desk.finish(order, self.ioc_end if deals else OrderState.CANCELED)
        return order, deals

    def fill_resting(self, ticket, volume, price=None):
        """Let the exchange fill part of a resting order, unasked by any level of the book."""
        order = self.desk.books.orders[ticket]
        order, deals = self.desk.execute(order, [(price or order.price_open, volume)])
        if not order.volume_current:
            self.desk.finish(order, OrderState.FILLED)
        return deals

    def on_market(self, symbol):
        """Work every open order of a symbol, oldest first."""
        for ticket, order in tuple(self.desk.books.orders.items()):
            there = ticket in self.desk.books.orders and ticket not in self.held
            if order.symbol == symbol and there:
                self.work(self.desk.books.orders[ticket])

    def close(self, position, reason, comment, *, magic):
        """Close a position by the server itself: stop loss, take profit, stop out."""
        books, market = self.desk.books, self._markets[position.symbol]
        busy = [o for o in books.orders.values() if o.position_id == position.identifier]
        if busy or not market.price(buys=not position.is_buy):
            return []
        made = replace(
            _closing(position, self.desk), reason=reason, comment=comment, magic=magic
        )
        return self.enter(made)[1]


def _closing(position, desk):
    return Order(
        ticket=next(desk.tickets.orders), symbol=position.symbol,
        type=OrderType.SELL if position.is_buy else OrderType.BUY, state=OrderState.STARTED,
        reason=Reason.SL, volume_initial=position.volume, volume_current=position.volume,
        time_setup_msc=desk.clock.server_ms(), position_id=position.identifier,
        type_filling=Filling.RETURN,
    )  # fmt: skip
