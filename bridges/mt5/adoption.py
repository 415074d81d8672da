"""Orders that this life of the bridge has not sent: whose they are, and what they look like.

Rules: the magic says whose an order is, and the reason stands beside it. What the server has made
(a stop, a take-profit, a stop-out) may carry its opener's magic: it is made from that order, and is
not that order. What a person has done with a position of ours may carry it too: it is theirs, and
so is a second order with a magic that another order has already.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from bridges.mt5.constants import DealType, OrderState
from bridges.mt5.expiry import expiry_s
from bridges.mt5.jobs import Snapshot
from bridges.mt5.orders import UNDECIDED, Order, id_of, is_other_half, request_of, row_terms
from bridges.mt5.recall import by_ticket
from bridges.mt5.records import DealRow, OrderRow
from bridges.mt5.tables import BY_HAND, ORIGINS, TRADE_SIDES
from bridges.mt5.units import units_of
from protocol.fields import Side
from protocol.numbers import ZERO

if TYPE_CHECKING:
    from bridges.mt5.core import Core

TRADES = frozenset((DealType.BUY, DealType.SELL))


def source_of(core: Core, row: OrderRow) -> tuple[str, str, str]:
    """Say whose an order is: its id; or, of what the server made, its parent and its origin."""
    name = id_of(row.magic)
    if row.reason in ORIGINS:
        parent = name or core.openers.get(row.position_id, "")
        return "", parent, ORIGINS[row.reason] if parent else ""
    known = core.roots.get(name)
    if row.reason in BY_HAND or (known is not None and known.ticket not in {0, row.ticket}):
        return "", "", ""
    return name, "", ""


def record(
    core: Core, row: OrderRow, snapshot: Snapshot, *, told: Callable[[DealRow], bool]
) -> Order | None:
    """Write down an order as the server shows it, with the deals that count as told.

    None if its symbol is not one of ours.
    """
    symbol = core.rules.get(row.symbol)
    if symbol is None:
        return None
    name, parent, origin = source_of(core, row)
    ends_s = expiry_s(row.type_time, row.expiration_s)
    expire_ns = core.clock.utc_ns(ends_s * 1000, core.now_ns)
    closes = _closing_side(row, snapshot)
    request = request_of(row, core.ours[row.symbol], symbol, expire_ns, name, closes)
    order = Order(request, symbol.contract_size, core.clock.utc_ns(row.setup_msc, core.now_ns))
    order.ticket, order.row = row.ticket, row
    order.parent_id, order.origin = parent, origin
    order.accepted = not name or row.done_msc > 0 or row.state not in UNDECIDED
    for deal in snapshot.deals:
        if deal.order != row.ticket or deal.type not in TRADES:
            continue
        if told(deal) and not is_other_half(deal, request.side):
            ns = core.clock.utc_ns(deal.time_msc, core.now_ns)
            order.book(deal.ticket, units_of(deal.volume, symbol), deal.price, ns)
    if name:
        _chain(core, order, snapshot)
    return order


def _closing_side(row: OrderRow, snapshot: Snapshot) -> Side:
    """Return the side that closes the position of an order, by its deals or the position itself."""
    for deal in snapshot.deals:
        if (deal.order, deal.position_id) == (row.ticket, row.position_id) and deal.type in TRADES:
            return TRADE_SIDES[deal.type]
    held = (one.lots < 0 for one in snapshot.positions if one.identifier == row.position_id)
    return Side.BUY if next(held, True) else Side.SELL


def _chain(core: Core, order: Order, snapshot: Snapshot) -> None:
    """Give an order its present name, and what the orders before it in its chain had executed."""
    rows = {id_of(one.magic): one for one in (*snapshot.orders, *snapshot.done)}
    order.previous = name = core.notes.previous_of(order.root)
    seen = {order.root}
    while name and name not in seen:
        seen.add(name)
        ticket = rows[name].ticket if name in rows else 0
        for deal in snapshot.deals if ticket else ():
            if deal.order == ticket and deal.type in TRADES:
                order.base += deal.volume * order.size
                order.base_paid += deal.volume * order.size * deal.price
        name = core.notes.previous_of(name)
    if order.row is not None:
        terms = row_terms(order.row, order.base + order.qty, order.request)
        order.name = core.notes.name_of(order.root, terms)
        if core.notes.ends_of(order.name) and core.notes.terms_of(order.name) == terms:
            order.request = replace(order.request, expire_ns=core.notes.ends_of(order.name))
    if order.name != order.root:
        order.previous = core.notes.previous_of(order.name)


def find(core: Core, name: str, snapshot: Snapshot) -> Order | None:
    """Find the order that an id has named: in memory, or as it stands in a snapshot.

    One that is not in memory is written down and not kept: it has ended.
    """
    known = core.newest(name)
    if known is not None:
        return known
    over = {row.ticket for row in snapshot.done}
    chain = core.notes.chain_from(name)
    while name := core.notes.previous_of(name):
        chain.append(name)
    rows = sorted(
        (*snapshot.done, *(row for row in snapshot.orders if row.ticket not in over)),
        key=lambda row: (row.setup_msc, row.ticket),
    )
    for one in chain:
        for row in rows:
            order = record(core, row, snapshot, told=_any) if id_of(row.magic) == one else None
            if order is not None and order.root == one:
                order.is_over = order.ended = row.ticket in over
                return order
    return _known_by_ticket(core, chain[-1], snapshot)


def _known_by_ticket(core: Core, name: str, snapshot: Snapshot) -> Order | None:
    """Find the order of an id that no order had, by the ticket under which the gateway knows it."""
    row, is_over = by_ticket(core, name, snapshot) or (None, False)
    if row is None:
        return None
    order = core.orders.get(row.ticket) or record(core, row, snapshot, told=_any)
    if order is None or not order.root:
        return None
    if row.ticket not in core.orders:
        order.is_over = order.ended = is_over
    return order


def _any(_deal: DealRow) -> bool:
    return True


def row_by(deal: DealRow) -> OrderRow:
    """Write the order that a deal must have had, when the history does not show it."""
    return OrderRow(
        ticket=deal.order, magic=deal.magic, symbol=deal.symbol,
        type=0 if deal.type in {DealType.BUY, DealType.BUY_CANCELED} else 1,
        state=OrderState.FILLED, reason=deal.reason, type_time=0, type_filling=0,
        setup_msc=deal.time_msc, done_msc=deal.time_msc, expiration_s=0,
        volume_initial=deal.volume, volume_current=ZERO, price_open=deal.price,
        price_stoplimit=ZERO, sl=ZERO, tp=ZERO, position_id=deal.position_id, comment=deal.comment,
    )  # fmt: skip
