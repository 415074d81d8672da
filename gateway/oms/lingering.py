"""Orders that stay in doubt: what they no longer stand in the way of, and when people are told.

No command ends a doubt, evidence does. A venue may never have any: it has forgotten the id, say. To
close the position of such an order by another is safe once the venue, asked for everything later
than the order can still appear there, shows that position as we count it, and the order nowhere:
it has done nothing, and whoever closes the position now closes no more of it than the venue has.
"""

from __future__ import annotations

from decimal import Decimal

from gateway.oms.book import Book
from gateway.oms.effects import Jot
from gateway.oms.fills import alert
from gateway.oms.market import Answers, VenueView
from gateway.oms.reconcile import signed_qty
from gateway.oms.state import Order
from gateway.risk.pacing import MS_NS
from protocol.closing_by import names_of
from protocol.numbers import ZERO


def quiet(book: Book, venue: str, view: VenueView, answers: Answers) -> set[str]:
    """Name the orders in doubt of which a complete round of answers shows that they do nothing.

    They close positions by name, were sent longer than `absence_after_ms` before the round was
    asked for, and each of their positions is at the venue what it is in our book.
    """
    held: dict[str, Decimal] = {}
    for one in answers.positions:
        if one.position_id is not None:
            held[one.position_id] = held.get(one.position_id, ZERO) + signed_qty(one)
    for name, ticket in book.state.tickets.get(venue, {}).items():
        held[name] = held.get(name, ZERO) - ticket.held.qty
    before_ns = answers.asked_ns - view.absence_after_ms * MS_NS
    return {
        order.order_id
        for order in book.open_orders(venue=venue)
        if order.in_doubt and order.replace is None and order.sent_ns < before_ns
        and (names := names_of(order.position_id))
        and not any(held.get(name) for name in names)
    }  # fmt: skip


def still_in_doubt(order: Order, asked: int) -> Jot:
    """Alert of an order of which nothing is known after so many questions: a person has to look."""
    return alert(
        "STILL_IN_DOUBT", order=order.order_id, owner=order.owner, venue=order.venue,
        symbol=order.symbol, position_id=order.position_id or "", asked=asked,
        text="look at the venue; no command ends it, evidence does (portcullis orders)",
    )  # fmt: skip


def is_doubtful(order: Order) -> bool:
    """Whether the order, its replace or its cancel waits for evidence."""
    replace, cancel = order.replace, order.cancel
    return (
        order.in_doubt
        or (replace is not None and replace.in_doubt)
        or (cancel is not None and (cancel.in_doubt or not cancel.wire_id))
    )
