"""What the exchange knows, and the steps by which that changes.

Live, the rules (exchange.py) decide that a step is taken; after a restart the ledger (lines.py)
says that it was. Both take the same steps here, so both arrive at the same state.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bridges.instrument import Instrument
from bridges.paper.account import Account
from bridges.paper.book import MarketBook
from bridges.paper.grid import Grid
from bridges.paper.matching import Matcher, Trader
from bridges.paper.orders import AT_ONCE, Order
from bridges.paper.stops import StopBook
from bridges.port import Event, Fill, LedgerEntry, OrderRequest, VenueOrder
from protocol.fields import OrdStatus, TimeInForce

if TYPE_CHECKING:
    from bridges.paper.lines import Line

DayEnd = Callable[[int], int]


class Pit:
    """Where one symbol trades."""

    __slots__ = ("book", "funding_ns", "grid", "matcher", "reducing", "stops")

    def __init__(self, instrument: Instrument, trader: Trader) -> None:
        self.grid = Grid(instrument)
        self.book = MarketBook()
        self.matcher = Matcher(self.book, trader)
        self.stops = StopBook()
        self.reducing: set[str] = set()
        self.funding_ns = 0


class Records(Trader):
    """All orders, fills and money of one account."""

    def __init__(self, instruments: Sequence[Instrument], *, day_end: DayEnd) -> None:
        self.events: list[Event] = []
        self.lines: list[Line] = []
        self.account = Account()
        self.fills: list[Fill] = []
        self.entries: list[LedgerEntry] = []
        self.pits = {one.symbol: Pit(one, self) for one in instruments}
        self._funded = [
            pit for pit in self.pits.values() if pit.grid.instrument.funding_interval_ms
        ]
        self._day_end = day_end
        self.orders: dict[str, Order] = {}
        self.by_cl_ord_id: dict[str, Order | VenueOrder] = {}
        self.received: dict[str, int] = {}
        self._open: dict[str, Order] = {}
        self._expiries: list[tuple[int, str]] = []
        self._order_count = 0
        self._now_ns = 0

    # What can be asked.

    def find(self, cl_ord_id: str) -> VenueOrder | None:
        """Return the order that has or had this client id."""
        order = self.by_cl_ord_id.get(cl_ord_id)
        return order.image() if isinstance(order, Order) else order

    def open_orders(self) -> tuple[VenueOrder, ...]:
        """Return all open orders in the order of their entry."""
        return tuple(order.image() for order in self._open.values())

    def fills_since(self, since_ns: int) -> tuple[Fill, ...]:
        """Return the fills at or after a moment, oldest first."""
        at = len(self.fills)
        while at and self.fills[at - 1].transact_ns >= since_ns:
            at -= 1
        return tuple(self.fills[at:])

    # The steps.

    def set_time(self, now_ns: int) -> None:
        """Move the exchange's clock."""
        self._now_ns = now_ns

    def count_order(self, order_id: str) -> None:
        """Note that an order number was used."""
        self._order_count = max(self._order_count, int(order_id[1:]))

    def count_execution(self, order: Order, price: int, qty: int) -> None:
        """Move an order by one execution."""
        order.cum += qty
        order.paid += price * qty
        order.transact_ns = self._now_ns
        order.status = OrdStatus.PARTIALLY_FILLED
        if order.cum == order.qty:
            self.end(order, OrdStatus.FILLED)

    def re_enter(self) -> None:
        """Put every open order back where it waits, at the end of the queue there."""
        for order in self._open.values():
            pit, limit = self.pits[order.request.symbol], order.limit
            side = order.request.side
            if order.waits:
                pit.stops.add(order.order_id, side, order.stop)
            elif limit is not None and order.request.time_in_force not in AT_ONCE:
                pit.matcher.rest(order.order_id, side, limit, order.leaves)

    def book_fill(self, fill: Fill, rules: Instrument) -> None:
        """Book a fill to the account."""
        self.fills.append(fill)
        self.account.fill(rules, fill.side, fill.last_qty, fill.last_px, fill.commission)

    def book_entry(self, entry: LedgerEntry) -> None:
        """Move money without a trade."""
        self.entries.append(entry)
        self.account.move(entry.currency, entry.amount)

    def admit(self, order: Order) -> None:
        """Take an order among the open ones."""
        self.orders[order.order_id] = order
        self.by_cl_ord_id[order.request.cl_ord_id] = order
        self._open[order.order_id] = order
        if order.request.reduce_only:
            self.pits[order.request.symbol].reducing.add(order.order_id)
        if order.expire_ns is not None:
            heapq.heappush(self._expiries, (order.expire_ns, order.order_id))

    def end(self, order: Order, status: OrdStatus) -> None:
        """Take an order from among the open ones."""
        order.status = status
        order.transact_ns = self._now_ns
        del self._open[order.order_id]
        pit = self.pits[order.request.symbol]
        pit.reducing.discard(order.order_id)
        pit.stops.remove(order.order_id)
        pit.matcher.remove(order.order_id)

    def take_over(self, order: Order, request: OrderRequest) -> bool:
        """Let a replacement's words be the order's; say whether it keeps its place."""
        old = order.request
        qty = order.grid.steps(request.order_qty) or 0
        pit = self.pits[request.symbol]
        keeps_place = (
            request.price == old.price
            and qty <= order.qty
            and request.post_only == old.post_only
            and order.order_id in pit.matcher
        )
        order.request = request
        order.qty = qty
        order.chain.append(request.cl_ord_id)
        order.transact_ns = self._now_ns
        self.by_cl_ord_id[request.cl_ord_id] = order
        order.expire_ns = request.expire_ns
        if request.time_in_force is TimeInForce.DAY:
            order.expire_ns = self._day_end(self._now_ns)
        if order.expire_ns is not None:
            heapq.heappush(self._expiries, (order.expire_ns, order.order_id))
        pit.reducing.discard(order.order_id)
        if request.reduce_only:
            pit.reducing.add(order.order_id)
        return keeps_place
