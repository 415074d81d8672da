"""The books of one account: what is open, what was, what it is worth; and how they change.

One `Change` is one step: some records that are put in, and the transaction that tells of it.
The server applies it to the truth, a terminal to its replica when it arrives, so that the two can
differ in time and in nothing else.
"""

from __future__ import annotations

from msgspec import Struct
from support.mt5.records import Deal, Funds, Order, Position, Transaction

TABLES = ("orders", "history", "deals", "positions")


class Change(Struct, frozen=True, kw_only=True):
    """One step of the books: (table, ticket, record or None to remove), and what is said of it."""

    puts: tuple = ()
    funds: Funds | None = None
    transaction: Transaction | None = None


class Books:
    """Orders, history, deals and positions by ticket, each in the order in which it came."""

    def __init__(self):
        self.orders: dict[int, Order] = {}
        self.history: dict[int, Order] = {}
        self.deals: dict[int, Deal] = {}
        self.positions: dict[int, Position] = {}
        self.funds: Funds | None = None

    def apply(self, change):
        """Take one step."""
        for table, ticket, record in change.puts:
            rows = getattr(self, table)
            if record is None:
                rows.pop(ticket, None)
            else:
                rows[ticket] = record
        if change.funds is not None:
            self.funds = change.funds

    def copy(self, tables=TABLES):
        """Return books of their own with some of the tables; records never change."""
        made = Books()
        for table in tables:
            setattr(made, table, dict(getattr(self, table)))
        made.funds = self.funds
        return made

    def positions_of(self, symbol):
        """Return the positions of a symbol, oldest first."""
        return [position for position in self.positions.values() if position.symbol == symbol]

    def by_identifier(self, identifier):
        """Return the position with an identifier, which outlives its ticket; or None."""
        for position in self.positions.values():
            if position.identifier == identifier:
                return position
        return None

    def history_of(self, identifier):
        """Return (orders, deals) of a position, as HistorySelectByPosition finds them.

        The order that closed it by another position is found by the first of the two only.
        """
        return (
            [order for order in self.history.values() if order.position_id == identifier],
            [deal for deal in self.deals.values() if deal.position_id == identifier],
        )

    def history_between(self, from_s, to_s):
        """Return (orders by their done time, deals by their time) of a span of server seconds."""
        low, high = from_s * 1000, to_s * 1000 + 999
        return (
            [order for order in self.history.values() if low <= order.time_done_msc <= high],
            [deal for deal in self.deals.values() if low <= deal.time_msc <= high],
        )
