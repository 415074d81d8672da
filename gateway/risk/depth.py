"""What an order that takes would find in the known book of its venue. Pure.

The book is the last quote of the order's own venue while that feed is healthy: up to five levels a
side. A venue that tells no sizes is believed to have enough at its best price, as nothing else is
known of it; where sizes are told, what lies beyond the last level is not there.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from gateway.oms.market import Level
from gateway.oms.rules import SENSE_MAX
from gateway.risk.feeds import Reference
from protocol.fields import MDEntryType, Side
from protocol.numbers import ZERO


class Walk(NamedTuple):
    """What was found: the quantity, what it costs, and its worst price (None: nothing)."""

    qty: Decimal
    value: Decimal
    worst: Decimal | None



def walk(
    found: Reference, side: Side, qty: Decimal, limit_price: Decimal | None = None
) -> Walk:
    """Take a quantity out of the book, no further than a limit price; nothing without a book."""
    buys = side is Side.BUY
    left, value, worst = qty, ZERO, None
    if limit_price is not None and found.book is not None:
        best = found.book.offer if buys else found.book.bid
        if best is None or (best > limit_price if buys else best < limit_price):
            return Walk(ZERO, ZERO, None)
    for price, size in _levels(found, buys=buys):
        if left <= ZERO:
            break
        if limit_price is not None and (price > limit_price if buys else price < limit_price):
            break
        taken = min(left, size)
        left -= taken
        value += taken * price
        worst = price
    return Walk(qty - left, value, worst)


def _levels(found: Reference, *, buys: bool) -> tuple[Level, ...]:
    """Return the side of the book that an order would be matched with."""
    book = found.book
    if book is None:
        return ()
    kind = MDEntryType.OFFER if buys else MDEntryType.BID
    levels = book.levels(kind)
    best = book.offer if buys else book.bid
    if levels or best is None:
        return levels
    first = next(entry for entry in book.message.md_entries if entry.md_entry_type is kind)
    return (Level(best, SENSE_MAX),) if first.md_entry_size is None else ()
