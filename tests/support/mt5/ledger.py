"""The trade server's own account of what happened, apart from the books that it works with.

It hears the steps of the books and adds them up by itself: executions, commission, swap, money and
net volume. A test compares a bridge with it. `twice()` names every magic with which more than one
order was taken: the server's own closings (SL, TP, SO) carry their opener's magic and don't count,
and neither do the parts of an order where the broker splits (`Order.parent`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import Struct
from support.mt5.constants import DealType, Reason, TransactionType
from support.mt5.records import ZERO, Deal, Order, Request, Result

ASKED = (Reason.CLIENT, Reason.MOBILE, Reason.WEB, Reason.EXPERT)


class Arrival(Struct, frozen=True, kw_only=True):
    """A request that reached the server: whether it acted, and what it said, if anything."""

    login: int
    time_ms: int
    request: Request
    acted: bool
    result: Result | None


@dataclass
class Ledger:
    """What one account did, in the order in which it did it."""

    orders: dict[int, Order] = field(default_factory=dict)
    """Every order ever taken, as it was last."""
    deals: dict[int, Deal] = field(default_factory=dict)
    """Every deal by ticket, also what moved money without a trade."""
    moneys: dict = field(default_factory=dict)
    """Deal ticket to what the deal did to the balance when it was made."""
    swaps: dict = field(default_factory=dict)
    """Position identifier to the swap that is charged and not yet booked."""
    arrivals: list[Arrival] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """A line for each request and each step."""

    def hear(self, change):
        """Take one step of the books."""
        for table, ticket, record in change.puts:
            if table in ("orders", "history") and record is not None:
                self.orders[ticket] = record
            if table == "deals":
                self._deal(ticket, record)
            if table == "positions" and record is not None:
                self.swaps[record.identifier] = record.swap
        told = change.transaction
        if told is not None:
            self.told.append(_line(told))
            if told.type == TransactionType.DEAL_ADD:
                self._closed(change)

    def _deal(self, ticket, deal):
        if deal is None:
            self.deals.pop(ticket, None)
            self.moneys.pop(ticket, None)
        else:
            self.deals[ticket] = deal
            self.moneys.setdefault(ticket, ZERO if deal.type is DealType.CREDIT else deal.money)

    @property
    def executions(self):
        """Every trade, oldest first; a trade that was cancelled afterwards is none."""
        return [deal for deal in self.deals.values() if deal.signed]

    def _closed(self, change):
        kept = {r.identifier for table, _, r in change.puts if table == "positions" and r}
        for _, _, record in change.puts:
            if isinstance(record, Deal) and record.position_id not in kept:
                self.swaps.pop(record.position_id, None)

    def balance(self):
        """Return the balance: what all deals brought when they were made, credit aside.

        A deal that is cancelled later loses its profit in the history, and the money is taken
        back by a deal of its own: it must not be counted twice.
        """
        return sum(self.moneys.values(), ZERO)

    def total(self, name):
        """Return the sum of `commission`, `swap`, `fee` or `profit` over all trades."""
        return sum((getattr(deal, name) for deal in self.executions), ZERO)

    def net(self, symbol):
        """Return the signed volume that is held of a symbol."""
        return sum((deal.signed for deal in self.executions if deal.symbol == symbol), ZERO)

    def by_magic(self, magic):
        """Return the trades of the orders with a magic, the server's own closings aside."""
        return [d for d in self.executions if d.magic == magic and d.reason in ASKED]

    def orders_by_magic(self, magic):
        """Return the orders that were asked for with a magic."""
        return [
            order for order in self.orders.values()
            if order.magic == magic and order.reason in ASKED and not order.parent
        ]  # fmt: skip

    def filled(self, magic):
        """Return the volume that was traded for a magic: of a close-by what both positions lost."""
        sides = [ZERO, ZERO]
        for deal in self.by_magic(magic):
            sides[deal.type] += deal.volume
        return max(sides)

    def arrive(self, arrival):
        """Note a request that reached the server."""
        self.arrivals.append(arrival)
        asked, result = arrival.request, arrival.result
        self.told.append(
            f"{arrival.time_ms} request action={asked.action} {asked.symbol} type={asked.type}"
            f" {asked.volume} at {asked.price} magic={asked.magic} order={asked.order}"
            f" position={asked.position}: {'done' if arrival.acted else 'not done'}, said"
            f" {result.retcode if result else 'nothing'}"
        )

    def story(self):
        """Return what happened as text, in its order: requests, orders, deals, positions."""
        return "\n".join(self.told)

    def twice(self, ours=lambda magic: magic != 0):
        """Return {magic: tickets} of the magics that became more than one order."""
        found = {}
        for order in self.orders.values():
            if order.reason is Reason.EXPERT and ours(order.magic) and not order.parent:
                found.setdefault(order.magic, []).append(order.ticket)
        return {magic: tickets for magic, tickets in found.items() if len(tickets) > 1}


def _line(told):
    """Return a transaction as text: what is not zero."""
    fields = {
        name: getattr(told, name)
        for name in ("deal", "order", "symbol", "volume", "price", "position", "position_by")
    }
    shown = " ".join(f"{name}={value}" for name, value in fields.items() if value)
    return f"    {TransactionType(told.type).name} {shown}"
