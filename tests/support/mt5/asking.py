"""A request on the server's table: what it is about, looked up once for all checks."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from support.mt5.account import Account
from support.mt5.constants import Action, Execution, OrderType, Reason
from support.mt5.market import Market
from support.mt5.records import Order, Position, Request


@dataclass
class Asking:
    """A request, and what of the account and the market it is about."""

    request: Request
    account: Account
    markets: dict
    reason: Reason
    server_ms: int

    @property
    def books(self):
        """The account's books."""
        return self.account.books

    @property
    def action(self):
        """What is asked for, or None if the number says nothing."""
        try:
            return Action(self.request.action)
        except ValueError:
            return None

    @property
    def order(self) -> Order | None:
        """The open order that is to be changed."""
        return self.books.orders.get(self.request.order)

    @property
    def position(self) -> Position | None:
        """The position that the request names; on a netting account the symbol is enough."""
        named = self.books.positions.get(self.request.position)
        if named is not None or self.account.terms.is_hedging or self.action is not Action.SLTP:
            return named
        found = self.books.positions_of(self.request.symbol)
        return found[0] if found else None

    @property
    def opposite(self) -> Position | None:
        """The position to close by."""
        return self.books.positions.get(self.request.position_by)

    @property
    def symbol(self):
        """The symbol, from the request or from what it names."""
        if self.action in (Action.MODIFY, Action.REMOVE) and self.order is not None:
            return self.order.symbol
        if self.action in (Action.SLTP, Action.CLOSE_BY) and self.position is not None:
            return self.position.symbol
        return self.request.symbol

    @property
    def market(self) -> Market:
        """The market of the symbol."""
        return self.markets[self.symbol]

    @property
    def rules(self):
        """The rules of the symbol."""
        return self.market.rules

    @property
    def type(self):
        """The order type: of the order that is changed, or of the request; None if unknown."""
        if self.action in (Action.MODIFY, Action.REMOVE) and self.order is not None:
            return self.order.type
        try:
            return OrderType(self.request.type)
        except ValueError:
            return None

    @property
    def is_buy(self):
        """Whether the request buys."""
        return self.type is not None and self.type.is_buy

    @property
    def price_matters(self):
        """Whether a market order must say its price."""
        return self.rules.execution in (Execution.REQUEST, Execution.INSTANT)

    @property
    def held(self):
        """The position of the symbol on a netting account."""
        found = self.books.positions_of(self.symbol)
        return found[0] if found and not self.account.terms.is_hedging else None

    @property
    def closing(self) -> Decimal:
        """How much of what is held the request would close."""
        against = self.position if self.account.terms.is_hedging else self.held
        if against is None or against.is_buy == self.is_buy:
            return Decimal(0)
        return min(self.request.volume, against.volume)

    @property
    def opening(self) -> Decimal:
        """How much the request would add."""
        return self.request.volume - self.closing

    def points(self, distance):
        """Return a distance in prices as points."""
        return distance / self.rules.point
