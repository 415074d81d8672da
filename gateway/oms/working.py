"""What open orders may still do: quantities per position, prices that rest, children of a parent.

All of it is derived from the orders: `index` is told of every order that has changed and costs the
same however many there are. It is no part of the state or its digest. What may still be executed is
the larger of the order's quantity and that of a replace on its way, less what was executed; an
order counts from the moment it is accepted, whatever is in doubt about it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from gateway.oms.state import Order, PositionKey
from protocol.closing_by import is_pair
from protocol.fields import OrdType, Side, TimeInForce
from protocol.numbers import ZERO

_BUY, _LIMIT = Side.BUY, OrdType.LIMIT
_NEVER_RESTS = (TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL)

Place = tuple[str, str, str, bool]
"""One side of one book as we know it: account, venue, symbol, whether it is the buying side."""


class Working(Struct):
    """What the open orders of one owner in one symbol may still execute, per side."""

    buys: Decimal = ZERO
    sells: Decimal = ZERO
    orders: int = 0


NOTHING = Working()
"""No open orders. Shared: never change it."""


class Resting(NamedTuple):
    """A limit order that rests, and the price at which it may be met.

    While a replace is pending that is the better of its two prices.
    """

    price: Decimal
    order: Order


class _Counted(Struct):
    """What an open order was counted as; `price` is None when it does not rest."""

    order: Order
    key: PositionKey
    place: Place
    qty: Decimal
    price: Decimal | None


def at_stake(order: Order) -> Decimal:
    """Return what an open order may still add to what is held, or take from it.

    What the venue itself made to protect a position ends with that position and adds nothing to it;
    neither does what closes one position by another.
    """
    protects = is_protective(order) or is_pair(order.position_id)
    return ZERO if protects else executable(order)


def executable(order: Order) -> Decimal:
    """Return what an open order may still execute: a replace on its way may have come through."""
    qty = order.order_qty
    replace = order.replace
    if replace is not None and replace.order_qty > qty:
        qty = replace.order_qty
    qty -= order.cum_qty
    return max(ZERO, qty)


def is_protective(order: Order) -> bool:
    """Whether the venue made it from an order of ours: a stop-loss, a take-profit."""
    return order.origin is not None and order.parent_order_id is not None


class WorkingIndex:
    """The derived figures of all open orders.

    `working` has the positions that have open orders; `touched` those whose open orders, or (True)
    whose holdings changed since somebody cleared it; `children` the orders of one owner with one
    parent, ended ones too, and `children_qty` what these have executed and may still execute.
    `open_orders`, `by_account` and `by_symbol` count what is open.
    """

    def __init__(self) -> None:
        self.working: dict[PositionKey, Working] = {}
        self.touched: dict[PositionKey, bool] = {}
        self.children: dict[tuple[str, str], dict[str, None]] = {}
        self.children_qty: dict[tuple[str, str], Decimal] = {}
        self.open_orders = 0
        self.by_account: dict[str, int] = {}
        self.by_symbol: dict[str, int] = {}
        self._resting: dict[Place, list[tuple[Decimal, str]]] = {}
        self._counted: dict[str, _Counted] = {}
        self._slices: dict[str, Decimal] = {}

    def qty(self, order: Order) -> Decimal:
        """Return what an order is counted as: 0 when it is not open."""
        counted = self._counted.get(order.order_id)
        return counted.qty if counted is not None else ZERO

    def index(self, order: Order) -> None:
        """Bring the figures up to date with an order that has changed."""
        counted = self._counted.get(order.order_id)
        is_open = order.is_open
        if not is_open:
            if counted is not None:
                self._leave(order.order_id, counted)
        elif counted is None:
            self._enter(order)
        else:
            self._change(order, counted)
        if order.parent_order_id is not None:
            self._slice(order, order.cum_qty + at_stake(order) if is_open else order.cum_qty)

    def drop(self, order: Order) -> None:
        """Forget an order that leaves memory."""
        counted = self._counted.get(order.order_id)
        if counted is not None:
            self._leave(order.order_id, counted)
        if order.parent_order_id is None:
            return
        family = (order.owner, order.parent_order_id)
        self._slice(order, ZERO)
        self._slices.pop(order.order_id, None)
        children = self.children[family]
        children.pop(order.order_id, None)
        if not children:
            del self.children[family]
            del self.children_qty[family]

    def resting(self, account: str, venue: str, symbol: str, side: Side) -> Iterator[Resting]:
        """Yield the orders of all owners that rest on one side, best price first."""
        place = (account, venue, symbol, side is _BUY)
        ladder = self._resting.get(place, ())
        for price, order_id in reversed(ladder) if place[3] else ladder:
            yield Resting(price, self._counted[order_id].order)

    def best_resting(self, account: str, venue: str, symbol: str, side: Side) -> Resting | None:
        """Return the order with the best price that rests on one side."""
        place = (account, venue, symbol, side is _BUY)
        ladder = self._resting.get(place)
        if not ladder:
            return None
        price, order_id = ladder[-1 if place[3] else 0]
        return Resting(price, self._counted[order_id].order)

    # How an order comes, changes, goes.

    def _enter(self, order: Order) -> None:
        key = PositionKey(order.owner, order.account, order.venue, order.symbol)
        place = (order.account, order.venue, order.symbol, order.side is _BUY)
        counted = _Counted(order, key, place, at_stake(order), _resting_price(order))
        self._counted[order.order_id] = counted
        working = self.working.get(key)
        if working is None:
            working = self.working[key] = Working()
        working.orders += 1
        self._count(order, 1)
        self._add(working, counted, counted.qty)
        self._rest(order.order_id, counted)

    def _change(self, order: Order, counted: _Counted) -> None:
        qty = at_stake(order)
        if qty != counted.qty:
            self._add(self.working[counted.key], counted, qty - counted.qty)
            counted.qty = qty
        price = _resting_price(order)
        if price != counted.price:
            self._unrest(order.order_id, counted)
            counted.price = price
            self._rest(order.order_id, counted)

    def _leave(self, order_id: str, counted: _Counted) -> None:
        del self._counted[order_id]
        working = self.working[counted.key]
        working.orders -= 1
        self._count(counted.order, -1)
        self._add(working, counted, -counted.qty)
        if not working.orders:
            del self.working[counted.key]
        self._unrest(order_id, counted)

    def _count(self, order: Order, more: int) -> None:
        """Count an order that has come, or (-1) gone."""
        self.open_orders += more
        for counts, name in ((self.by_account, order.account), (self.by_symbol, order.symbol)):
            now = counts.get(name, 0) + more
            if now:
                counts[name] = now
            else:
                del counts[name]

    def _add(self, working: Working, counted: _Counted, qty: Decimal) -> None:
        if counted.place[3]:
            working.buys += qty
        else:
            working.sells += qty
        self.touched.setdefault(counted.key, False)

    def _rest(self, order_id: str, counted: _Counted) -> None:
        if counted.price is not None:
            ladder = self._resting.get(counted.place)
            if ladder is None:
                ladder = self._resting[counted.place] = []
            insort(ladder, (counted.price, order_id))

    def _unrest(self, order_id: str, counted: _Counted) -> None:
        if counted.price is not None:
            ladder = self._resting[counted.place]
            del ladder[bisect_left(ladder, (counted.price, order_id))]
            if not ladder:
                del self._resting[counted.place]

    def _slice(self, order: Order, qty: Decimal) -> None:
        """Count a child in what its parent's children add up to."""
        family = (order.owner, order.parent_order_id or "")
        children = self.children.get(family)
        if children is None:
            children = self.children[family] = {}
            self.children_qty[family] = ZERO
        children[order.order_id] = None
        self.children_qty[family] += qty - self._slices.get(order.order_id, ZERO)
        self._slices[order.order_id] = qty


def _resting_price(order: Order) -> Decimal | None:
    """Return the price at which an order may be met, None when it does not rest.

    Only limit orders rest; one that is immediate or cancelled never waits for another.
    """
    price = order.price
    if order.ord_type is not _LIMIT or price is None or order.time_in_force in _NEVER_RESTS:
        return None
    replace = order.replace
    if replace is None or replace.price is None:
        return price
    return max(price, replace.price) if order.side is _BUY else min(price, replace.price)
