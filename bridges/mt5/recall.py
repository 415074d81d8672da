"""Orders of ours that our notes do not have, since these were lost: found in the account again.

An order is found by the id that is its magic; else by the ticket (37) under which the gateway knows
it, since a change of prices leaves no trace of its id. What was filled before a change of the
quantity stood in the notes: where there may have been such a change the order is only cancelled,
never replaced, since nobody knows what is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridges.mt5.clock import DAY_S, SECOND_NS, WEST_S
from bridges.mt5.flows import Flow, pauses, read
from bridges.mt5.jobs import Snapshot
from bridges.mt5.orders import Order, id_of, row_terms
from bridges.mt5.records import OrderRow
from protocol.order_id import parse, to_number

if TYPE_CHECKING:
    from bridges.mt5.core import Core

REST = "rest"
"""The terms that are noted of an order which may be the rest of another."""


class Recall:
    """What the account shows of the gateways that use it, and how ours calls its orders."""

    def __init__(self) -> None:
        self.instance: int | None = None
        """Which ids are our gateway's; None while it has not said so."""
        self.tickets: dict[str, int] = {}
        """By id: the ticket under which the gateway knows its order."""
        self._instances: set[int] = set()
        self._since_ns = 0

    def begin(self, since_ns: int) -> None:
        """Note since when the account was read whole."""
        self._since_ns = since_ns

    def see(self, snapshot: Snapshot) -> None:
        """Note which gateways have left traces."""
        magics = [one.magic for one in (*snapshot.orders, *snapshot.done)]
        for name in map(id_of, [*magics, *(one.magic for one in snapshot.deals)]):
            if name:
                self._instances.add(parse(name).instance)

    def is_ours(self, name: str) -> bool:
        """Whether our gateway has given an id, as far as it has said which are its own."""
        return bool(name) and parse(name).instance == self.instance

    def may_know(self, name: str, order_id: str) -> bool:
        """Whether the account may have an order of an id that is not noted."""
        try:
            number = parse(name)
        except ValueError:
            return False
        if order_id.isdecimal():
            self.tickets[name] = int(order_id)
        was_read = 0 < self._since_ns <= (number.epoch + WEST_S) * SECOND_NS
        return name in self.tickets or not was_read or number.instance in self._instances


def epoch_ns(name: str) -> int:
    """Return a moment before which no order can have had an id: a day before its gateway began."""
    return (parse(name).epoch - DAY_S) * SECOND_NS


def knows(core: Core, order: Order) -> bool:
    """Whether an order is our gateway's: it is noted, or the gateway has said which are its own."""
    return bool(core.notes.symbol_of(order.root)) or core.recall.is_ours(order.root)


def claim(core: Core, order: Order) -> None:
    """Note an order of our gateway's that is not noted, when its history is read."""
    if core.recall.is_ours(order.root) and not core.notes.symbol_of(order.root):
        core.start(_claim(core, order))


def _claim(core: Core, order: Order) -> Flow:
    for pause in pauses():
        snapshot = yield from read(core.read(epoch_ns(order.root)))
        if snapshot.clean:
            own(core, order, snapshot)
            return
        yield pause


def by_ticket(core: Core, name: str, snapshot: Snapshot) -> tuple[OrderRow, bool] | None:
    """Return the row of the order that the gateway knows by a ticket, and whether it is over."""
    ticket = core.recall.tickets.get(name)
    for rows, is_over in ((snapshot.orders, False), (snapshot.done, True)):
        for row in rows:
            root = id_of(row.magic)
            if row.ticket == ticket and root and parse(root).instance == parse(name).instance:
                return row, is_over
    return None


def own(core: Core, order: Order, snapshot: Snapshot) -> None:
    """Note an order that the gateway has named, if it is not noted: it is ours."""
    if core.notes.symbol_of(order.root) or order.row is None or not order.root:
        return
    terms = row_terms(order.row, order.base + order.qty, order.request)
    is_rest = _may_be_rest(order.root, order.row, snapshot)
    core.notes.add(order.root, order.request.symbol, "", REST if is_rest else terms)


def call(core: Core, order: Order, name: str) -> None:
    """Call an order by the id by which the gateway calls it now."""
    if order.row is not None and order.name != name:
        order.previous, order.name = order.name, name
        terms = row_terms(order.row, order.base + order.qty, order.request)
        core.notes.add(name, order.request.symbol, order.previous, terms)
        core.names[name] = order


def is_rest(core: Core, order: Order) -> bool:
    """Whether an order may be the rest of one of which nothing is noted."""
    return core.notes.terms_of(order.root) == REST


def _may_be_rest(root: str, row: OrderRow, snapshot: Snapshot) -> bool:
    """Whether it may stand for the rest of another, of which a part had been filled."""
    number, instance = to_number(root), parse(root).instance
    return any(
        one.ticket != row.ticket and one.symbol == row.symbol and one.magic < number
        and one.executed > 0 and one.volume_current > 0 and one.done_msc <= row.setup_msc + 1_000
        and (name := id_of(one.magic)) and parse(name).instance == instance
        and one.type % 2 == row.type % 2
        for one in snapshot.done
    )  # fmt: skip
