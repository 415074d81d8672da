"""A slice of a larger order: all the slices together are never larger than the whole.

Rules: who names a parent (5014) says how large it is (5041), and says the same each time. What
counts of a slice is what it has executed and may still execute, from the moment it is accepted,
ended ones too. Orders that the venue made from ours name their parent as well and no quantity:
they slice nothing.
"""

from __future__ import annotations

from decimal import Decimal

from gateway.oms.book import Book
from gateway.oms.state import Order
from gateway.risk.facts import Facts, Intent, Refusal, refuse
from protocol.fields import OrdRejReason
from protocol.messages import NewOrderSingle
from protocol.numbers import ZERO


def child_of_parent(facts: Facts, intent: Intent) -> Refusal | None:
    """A loop that slices an order again and again ends at the order's own quantity."""
    source = intent.existing or intent.message
    if not isinstance(source, (Order, NewOrderSingle)):
        return None
    parent, whole = source.parent_order_id, source.parent_qty
    if parent is None or whole is None:
        return None if intent.existing is not None else _both_or_neither(parent, whole)
    book = facts.book
    said = _said_before(book, intent.owner, parent)
    if said is not None and said != whole:
        return refuse(
            "PARENT_CHANGED", OrdRejReason.OTHER, parent=parent, parent_qty=whole, first=said
        )
    others = book.children_qty.get((intent.owner, parent), ZERO)
    if intent.existing is not None:
        others -= book.working_qty(intent.existing)
    total = others + intent.at_stake
    if total > whole:
        return refuse(
            "CHILD_EXCEEDS_PARENT", OrdRejReason.EXCEEDS_LIMIT, parent=parent, children=total,
            parent_qty=whole,
        )  # fmt: skip
    return None


def _both_or_neither(parent: str | None, whole: Decimal | None) -> Refusal | None:
    if parent is None and whole is None:
        return None
    bad = "ParentOrderID(5014)" if parent is None else "ParentQty(5041)"
    return refuse("FIELDS_DISAGREE", OrdRejReason.OTHER, missing=bad)


def _said_before(book: Book, owner: str, parent: str) -> Decimal | None:
    """Return the quantity that the parent's first slice has named, None when this is the first."""
    for order_id in book.children.get((owner, parent), ()):
        said = book.state.orders[order_id].parent_qty
        if said is not None:
            return said
    return None
