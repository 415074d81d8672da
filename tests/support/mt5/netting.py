"""How one deal changes one position: pure, exact, the same for every kind of account.

A netting account has one position a symbol and gives it here, whatever the side. A hedging account
gives the position that the request names, or none. Source: MQL5 reference, "Position Properties".

- A deal of the position's side adds to it: the price is the average by volume.
- A smaller deal of the other side takes from it, the price stays.
- A larger one reverses it: entry INOUT, the identifier stays, the ticket becomes the order's.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace
from support.mt5.constants import Entry, Reason
from support.mt5.records import ZERO, Order, Position


class Step(Struct, frozen=True, kw_only=True):
    """What a deal did: the position after it (None: gone), and the part that it closed."""

    position: Position | None
    entry: Entry
    closed: Decimal = ZERO
    swap: Decimal = ZERO


def opened(order: Order, *, is_buy, volume, price, time_msc):
    """Return the position that a deal of an order opens: of a rollover, the old one again."""
    return Position(
        ticket=order.parent or order.ticket,
        identifier=order.position_id or order.parent or order.ticket,
        symbol=order.symbol, is_buy=is_buy, volume=volume, price_open=price, time_msc=time_msc,
        time_update_msc=time_msc, magic=order.magic,
        reason=Reason(min(order.reason, Reason.EXPERT)), sl=order.sl, tp=order.tp,
        comment=order.comment,
    )  # fmt: skip


def added(position: Position, order: Order, *, volume, price, time_msc):
    """Return the position after a deal of its own side; new levels replace the old ones."""
    total = position.volume + volume
    average = (position.price_open * position.volume + price * volume) / total
    return replace(
        position, volume=total, price_open=average, time_update_msc=time_msc, magic=order.magic,
        comment=order.comment, sl=order.sl or position.sl, tp=order.tp or position.tp,
    )  # fmt: skip


def swap_share(position: Position, closed, cent):
    """Return the swap that goes with the closed part, rounded to the account's digits."""
    if closed == position.volume:
        return position.swap
    return (position.swap * closed / position.volume).quantize(cent)


def step(position, order: Order, *, is_buy, volume, price, time_msc, cent):
    """Return what a deal of an order makes of a position (None: there is none yet)."""
    if position is None:
        made = opened(order, is_buy=is_buy, volume=volume, price=price, time_msc=time_msc)
        return Step(position=made, entry=Entry.IN)
    if position.is_buy == is_buy:
        made = added(position, order, volume=volume, price=price, time_msc=time_msc)
        return Step(position=made, entry=Entry.IN)
    closed = min(volume, position.volume)
    swap = swap_share(position, closed, cent)
    if volume < position.volume:
        made = replace(
            position, volume=position.volume - volume, time_update_msc=time_msc,
            swap=position.swap - swap,
        )  # fmt: skip
        return Step(position=made, entry=Entry.OUT, closed=closed, swap=swap)
    if volume == position.volume:
        return Step(position=None, entry=Entry.OUT, closed=closed, swap=swap)
    made = replace(
        opened(order, is_buy=is_buy, volume=volume - closed, price=price, time_msc=time_msc),
        identifier=position.identifier,
    )
    return Step(position=made, entry=Entry.INOUT, closed=closed, swap=swap)
