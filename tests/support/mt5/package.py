"""The MetaTrader5 package for Python, on a simulated terminal: 32 functions and the constants.

    mt5 = Package(terminal)          # stands where `import MetaTrader5 as mt5` stands
    mt5.initialize()
    mt5.positions_get(symbol="EURUSD")

Signatures, results and error codes are those of the documentation ("MetaTrader module for
integration with Python"). Floats exist here and no deeper. `mt5.trouble(name, (code, text))` lets
the next call of a function fail. Calls that block let the terminal's time pass.
"""

from __future__ import annotations

from datetime import datetime

from support.mt5.constants import MarginMode, OrderType
from support.mt5.package_constants import constants
from support.mt5.package_forms import (
    WrongArgumentError,
    check_of,
    deal_of,
    matches,
    order_of,
    position_of,
    request_of,
    result_of,
)
from support.mt5.package_link import (
    CALL_FAILED,
    DISABLED,
    RECEIVE_FAILED,
    TIMEOUT,
    Connection,
)
from support.mt5.package_market import MarketCalls
from support.mt5.package_tuples import AccountInfo
from support.mt5.records import number


def api(function):
    """Make a function of the package: it has a connection, it may fail, it leaves an error."""

    def called(self, *args, **named):
        return self.call(function, args, named)

    called.__name__ = function.__name__
    called.__doc__ = function.__doc__
    called.__wrapped__ = function
    return called


class Package(Connection, MarketCalls):
    """One import of the package: one connection to one terminal."""

    @api
    def account_info(self):
        """Return an AccountInfo, or None."""
        if self.terminal.books.funds is None:
            return self.error(CALL_FAILED)
        terms, worth = self.terminal.terms, self.terminal.worth()
        funds = self.terminal.books.funds
        names = ("balance", "credit", "profit", "equity", "margin", "margin_free", "margin_level")
        return AccountInfo(
            login=terms.login, trade_mode=int(terms.trade_mode), leverage=terms.leverage,
            limit_orders=terms.limit_orders, margin_so_mode=int(terms.so_mode),
            trade_allowed=funds.trade_allowed, trade_expert=funds.trade_expert,
            margin_mode=int(terms.kind), currency_digits=terms.digits,
            fifo_close=terms.fifo_close and terms.kind is MarginMode.RETAIL_HEDGING,
            **{name: float(getattr(worth, name)) for name in names},
            margin_so_call=float(terms.so_call), margin_so_so=float(terms.so_so),
            margin_initial=float(worth.margin_initial),
            margin_maintenance=float(worth.margin_maintenance), assets=0.0, liabilities=0.0,
            commission_blocked=0.0, name=terms.name, server=self.terminal.server.name,
            currency=terms.currency, company=self.terminal.server.company,
        )  # fmt: skip

    # Open orders and positions.

    @api
    def orders_total(self):
        """Return the number of open orders."""
        return len(self.terminal.books.orders)

    @api
    def orders_get(self, *, symbol=None, group=None, ticket=None):
        """Return the open orders, all or filtered."""
        return tuple(
            self._order(order)
            for order in _chosen(self.terminal.books.orders.values(), symbol, group, ticket)
        )

    def _order(self, order):
        seen = self.terminal.markets[order.symbol]
        return order_of(order, seen.price(buys=order.type.is_buy))

    @api
    def positions_total(self):
        """Return the number of open positions."""
        return len(self.terminal.books.positions)

    @api
    def positions_get(self, *, symbol=None, group=None, ticket=None):
        """Return the open positions, all or filtered."""
        return tuple(
            self._position(position)
            for position in _chosen(self.terminal.books.positions.values(), symbol, group, ticket)
        )

    def _position(self, position):
        seen = self.terminal.markets[position.symbol]
        return position_of(
            position, seen.close_price(is_buy=position.is_buy), self.terminal.profit(position)
        )

    # History.

    @api
    def history_orders_total(self, date_from, date_to):
        """Return the number of orders that were done in a span of server time."""
        return len(self._span(date_from, date_to)[0])

    @api
    def history_orders_get(
        self, date_from=None, date_to=None, *, group=None, ticket=None, position=None
    ):
        """Return orders of the history: of a span of server time, a ticket, or a position."""
        if date_from is None:
            found = [
                order for order in self.terminal.books.history.values()
                if ticket in (None, order.ticket) and position in (None, order.position_id)
            ]  # fmt: skip
        else:
            found = self._span(date_from, date_to)[0]
        return tuple(order_of(order) for order in _grouped(found, group))

    @api
    def history_deals_total(self, date_from, date_to):
        """Return the number of deals in a span of server time."""
        return len(self._span(date_from, date_to)[1])

    @api
    def history_deals_get(
        self, date_from=None, date_to=None, *, group=None, ticket=None, position=None
    ):
        """Return deals: of a span of server time, of an order's ticket, or of a position."""
        if date_from is None:
            found = [
                deal for deal in self.terminal.books.deals.values()
                if ticket in (None, deal.order) and position in (None, deal.position_id)
            ]  # fmt: skip
        else:
            found = self._span(date_from, date_to)[1]
        return tuple(deal_of(deal) for deal in _grouped(found, group))

    def _span(self, date_from, date_to):
        return self.terminal.books.history_between(seconds(date_from), seconds(date_to))

    # Trading.

    @api
    def order_calc_margin(self, action, symbol, volume, price):
        """Return the margin of an order in the account's currency."""
        if symbol not in self.terminal.markets or action not in tuple(OrderType):
            return self.error(CALL_FAILED)
        return float(self.terminal.calc_margin(symbol, number(volume), number(price)))

    @api
    def order_calc_profit(self, action, symbol, volume, price_open, price_close):
        """Return the profit of a trade in the account's currency."""
        if symbol not in self.terminal.markets or action not in (0, 1):
            return self.error(CALL_FAILED)
        return float(
            self.terminal.calc_profit(
                symbol, number(volume), number(price_open), number(price_close),
                is_buy=action == OrderType.BUY,
            )
        )  # fmt: skip

    @api
    def order_check(self, request):
        """Return an OrderCheckResult without asking the server."""
        asked = request_of(request)
        return check_of(self.terminal.order_check(asked), asked)

    @api
    def order_send(self, request):
        """Return an OrderSendResult when the server has answered, or None."""
        asked = request_of(request)
        if self.terminal.api_disabled:
            return self.error(DISABLED)
        terminal = self.terminal
        call = terminal.order_send(asked)
        if not terminal.running:
            return self.error(RECEIVE_FAILED)
        if call.failed:
            return self.error(TIMEOUT)
        return result_of(call.result, asked)


def _chosen(records, symbol, group, ticket):
    """Filter as documented: a symbol makes the ticket ignored; a ticket is one at most."""
    if symbol is not None:
        return [record for record in records if record.symbol == symbol]
    if ticket is not None:
        return [record for record in records if record.ticket == ticket]
    return _grouped(records, group)


def _grouped(records, group):
    if group is None:
        return list(records)
    fits = matches(group)
    return [record for record in records if fits(record.symbol)]


def seconds(date):
    """Return the seconds of a date; a datetime without a zone is in the machine's own, as there."""
    if isinstance(date, datetime):
        return int(date.timestamp())
    if isinstance(date, bool) or not isinstance(date, int | float):
        msg = "Invalid arguments"
        raise WrongArgumentError(msg)
    return int(date)


for _name, _value in constants().items():
    setattr(Package, _name, _value)
