"""Orders, positions and history of the simulated terminal under MQL5's names.

Selections are the program's own, as in MQL5: OrderSelect and OrderGetTicket copy an order,
HistorySelect copies lists of tickets.
"""

from __future__ import annotations

from typing import Any

from support.mt5.ea_calls import MqlError

INVALID_PARAMETER, ORDER_MISSING, POSITION_MISSING, DEAL_MISSING = 4003, 4754, 4753, 4755


def plain(value: Any) -> Any:
    """Return a value as MQL5 has it: whole numbers, doubles, texts, False and True as 0 and 1."""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return int(value)
    return float(value)


def property_of(record: Any, name: str) -> Any:
    """Read ORDER_TIME_DONE as `time_done`, or from `time_done_msc`."""
    field = name.partition("_")[2].lower()
    if hasattr(record, field):
        return plain(getattr(record, field))
    if hasattr(record, f"{field}_msc"):
        return getattr(record, f"{field}_msc") // 1000
    raise MqlError(INVALID_PARAMETER)


class BooksFace:
    """What a program may ask of the books."""

    terminal: Any

    def __init__(self) -> None:
        self._order: Any = None
        self._position: Any = None
        self._history: list[int] = []
        self._deals: list[int] = []

    # Open orders.

    def OrdersTotal(self) -> int:
        """Count the open orders."""
        return len(self.terminal.books.orders)

    def OrderGetTicket(self, at: int) -> int:
        """Return a ticket by its place, and select the order; 0 if there is none."""
        tickets = list(self.terminal.books.orders)
        return tickets[at] if at < len(tickets) and self.OrderSelect(tickets[at]) else 0

    def OrderSelect(self, ticket: int) -> bool:
        """Select an open order."""
        self._order = self.terminal.books.orders.get(ticket)
        if self._order is None:
            raise MqlError(ORDER_MISSING)
        return True

    def _order_property(self, name: str) -> Any:
        if self._order is None:
            raise MqlError(ORDER_MISSING)
        return property_of(self._order, name)

    OrderGetInteger = OrderGetDouble = OrderGetString = _order_property

    # Positions.

    def PositionsTotal(self) -> int:
        """Count the positions."""
        return len(self.terminal.books.positions)

    def PositionGetTicket(self, at: int) -> int:
        """Return a ticket by its place, and select the position; 0 if there is none."""
        tickets = list(self.terminal.books.positions)
        found = at < len(tickets) and self.PositionSelectByTicket(tickets[at])
        return tickets[at] if found else 0

    def PositionGetSymbol(self, at: int) -> str:
        """Return a symbol by its place, and select the position."""
        return self._position.symbol if self.PositionGetTicket(at) else ""

    def PositionSelect(self, symbol: str) -> bool:
        """Select the position of a symbol, the oldest of several."""
        found = sorted(self.terminal.books.positions_of(symbol), key=lambda one: one.ticket)
        return self.PositionSelectByTicket(found[0].ticket if found else 0)

    def PositionSelectByTicket(self, ticket: int) -> bool:
        """Select a position."""
        self._position = self.terminal.books.positions.get(ticket)
        if self._position is None:
            raise MqlError(POSITION_MISSING)
        return True

    def _position_property(self, name: str) -> Any:
        if self._position is None:
            raise MqlError(POSITION_MISSING)
        if name == "POSITION_PROFIT":
            return float(self.terminal.profit(self._position))
        if name == "POSITION_PRICE_CURRENT":
            seen = self.terminal.seen(self._position.symbol)
            return float(seen.bid if self._position.is_buy else seen.ask)
        return property_of(self._position, name)

    PositionGetInteger = PositionGetDouble = PositionGetString = _position_property

    # History.

    def HistorySelect(self, from_s: int, to_s: int) -> bool:
        """Select the orders by their done time and the deals of a span of server time."""
        orders, deals = self.terminal.books.history_between(max(from_s, 0), min(to_s, 1 << 40))
        self._history = [order.ticket for order in orders]
        self._deals = [deal.ticket for deal in deals]
        return True

    def HistorySelectByPosition(self, identifier: int) -> bool:
        """Select what belongs to a position."""
        books = self.terminal.books
        self._history = [t for t, one in books.history.items() if one.position_id == identifier]
        self._deals = [t for t, one in books.deals.items() if one.position_id == identifier]
        return True

    def HistoryOrderSelect(self, ticket: int) -> bool:
        """Select one order, and nothing else."""
        found = ticket in self.terminal.books.history
        self._history = [ticket] if found else []
        if not found:
            raise MqlError(ORDER_MISSING)
        return True

    def HistoryDealSelect(self, ticket: int) -> bool:
        """Select one deal, and nothing else."""
        found = ticket in self.terminal.books.deals
        self._deals = [ticket] if found else []
        if not found:
            raise MqlError(DEAL_MISSING)
        return True

    def HistoryOrdersTotal(self) -> int:
        """Count the selected orders."""
        return len(self._history)

    def HistoryDealsTotal(self) -> int:
        """Count the selected deals."""
        return len(self._deals)

    def HistoryOrderGetTicket(self, at: int) -> int:
        """Return the ticket of a selected order."""
        return self._history[at] if at < len(self._history) else 0

    def HistoryDealGetTicket(self, at: int) -> int:
        """Return the ticket of a selected deal."""
        return self._deals[at] if at < len(self._deals) else 0

    def _history_order(self, ticket: int, name: str) -> Any:
        if ticket not in self._history or ticket not in self.terminal.books.history:
            raise MqlError(ORDER_MISSING)
        return property_of(self.terminal.books.history[ticket], name)

    HistoryOrderGetInteger = HistoryOrderGetDouble = HistoryOrderGetString = _history_order

    def _history_deal(self, ticket: int, name: str) -> Any:
        if ticket not in self._deals or ticket not in self.terminal.books.deals:
            raise MqlError(DEAL_MISSING)
        return property_of(self.terminal.books.deals[ticket], name)

    HistoryDealGetInteger = HistoryDealGetDouble = HistoryDealGetString = _history_deal
