"""Positions of accounts that hold several of one symbol, by PositionID (5004): whose, and how much.

One that was there before first contact is nobody's until a fill of somebody's moves it. It is a
strategy's as long as its own fills there add up to something: who has closed its part of a shared
one has none of it, though it may have moved the levels. One that is flat has ended: its id never
comes again, unless the fill that closed it is taken back.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from gateway.oms import positions
from gateway.oms.book import Book
from gateway.oms.levels import level_key
from gateway.oms.market import VenueView
from gateway.oms.state import Fill, Order, Position, Ticket
from gateway.oms.working import executable
from protocol.closing_by import names_of
from protocol.fields import Side
from protocol.numbers import ZERO


def seed(book: Book, venue: str, position_id: str, symbol: str, qty: Decimal, px: Decimal) -> None:
    """Take over a position that was there before first contact: signed quantity, average price."""
    held = Position("", qty=qty, cost=qty * px)
    book.state.tickets.setdefault(venue, {})[position_id] = Ticket(symbol, held)


def move(book: Book, venue: str, fill: Fill) -> None:
    """Count a fill in the position that it moved."""
    if fill.position_id is None:
        return
    tickets = book.state.tickets.setdefault(venue, {})
    ticket = tickets.setdefault(fill.position_id, Ticket(fill.symbol, Position("")))
    _add(ticket, fill.owner, fill.side, fill.last_qty, fill.last_px)
    if not ticket.held.qty:
        del tickets[fill.position_id]
        key = level_key(venue, fill.symbol, fill.position_id)
        asked = book.state.protections.get(key)
        if asked is not None and asked.is_pending:
            asked.closed = True
        elif asked is not None:
            del book.state.protections[key]


def to_close(book: Book, view: VenueView, order: Order) -> str | None:
    """Name the position of its owner's that an order to reduce closes: it fits, or is the largest.

    Not named is what others have moved too, as long as there is another; nor what orders that are
    under way already close. None: there is nothing that the order may close.
    """
    taken = under_way(book, view, order.venue, order)
    found = []
    for name, ticket in owned(book, order.owner, order.venue, order.symbol):
        left = -ticket.held.qty * order.side.sign - taken.get(name, ZERO)
        if left > ZERO:
            missing = max(order.order_qty - left, ZERO)
            found.append((len(ticket.owners) > 1, missing, left, name))
    return min(found)[-1] if found else None


def owned(book: Book, owner: str, venue: str, symbol: str) -> Iterator[tuple[str, Ticket]]:
    """Yield the positions of a symbol in which an owner has a part, by their names."""
    for name, ticket in book.state.tickets.get(venue, {}).items():
        if ticket.symbol == symbol and owner in ticket.owners:
            yield name, ticket


def under_way(
    book: Book, view: VenueView, venue: str, apart: Order | None
) -> dict[str, Decimal]:
    """Add up what open orders, all but one, may still close of each position that they name.

    What is in doubt for ever and does nothing is left out: a position has to be closed some day.
    """
    taken: dict[str, Decimal] = {}
    for one in book.open_orders(venue=venue):
        if one is apart or view.is_quiet(one):
            continue
        for name in names_of(one.position_id):
            taken[name] = taken.get(name, ZERO) + executable(one)
    return taken


def recount(book: Book, venue: str, fill: Fill, was: tuple[Decimal, Decimal]) -> None:
    """Count a position again after a fill of quantity and price `was` has been changed.

    If some of it has left memory, or was there before first contact, the fill is taken back as a
    trade the other way: the quantity is right, the average price is not exactly so.
    """
    if fill.position_id is None:
        return
    tickets = book.state.tickets.setdefault(venue, {})
    ticket = tickets.pop(fill.position_id, None) or Ticket(fill.symbol, Position(""))
    fills = [
        one for one in book.state.fills[venue].values() if one.position_id == fill.position_id
    ]
    before = ticket.held.qty - was[0] * fill.side.sign
    if before == sum((one.last_qty * one.side.sign for one in fills if one is not fill), ZERO):
        ticket = Ticket(fill.symbol, Position(""))
        for one in fills:
            _add(ticket, one.owner, one.side, one.last_qty, one.last_px)
    else:
        _add(ticket, fill.owner, fill.side.opposite, *was)
        _add(ticket, fill.owner, fill.side, fill.last_qty, fill.last_px)
    if ticket.held.qty:
        tickets[fill.position_id] = ticket


def _add(ticket: Ticket, owner: str, side: Side, qty: Decimal, px: Decimal) -> None:
    if qty:
        positions.fill(ticket.held, side, qty, px)
        own = ticket.owners.pop(owner, ZERO) + qty * side.sign
        if own:
            ticket.owners[owner] = own
