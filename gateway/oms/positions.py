"""What fills add up to: quantity, average price, realised profit, fees, funding.

Average cost method: a fill in the direction of the position adds to its cost; one against it
realises profit on the part that it closes; one that goes through zero closes all and opens the rest
at its own price. Profit is in the quote currency, fees stay in the currency they were paid in.
"""

from __future__ import annotations

from decimal import Decimal

from gateway.oms.book import Book
from gateway.oms.state import Position, PositionKey
from protocol.fields import EXTERNAL, Side
from protocol.numbers import ZERO

SHARE_PLACES = 12


def fill(position: Position, side: Side, qty: Decimal, px: Decimal) -> None:
    """Add one fill. `qty` is positive, in units of the underlying; `px` is per unit."""
    signed = qty * side.sign
    if position.qty * signed >= 0:
        position.qty += signed
        position.cost += signed * px
        return
    closing = min(abs(signed), abs(position.qty)) * side.sign
    released = position.cost * (-closing) / position.qty
    position.realized += -closing * px - released
    position.cost -= released
    position.qty += closing
    if not position.qty:
        position.cost = ZERO
    opening = signed - closing
    if opening:
        position.qty = opening
        position.cost = opening * px


def unfill(position: Position, side: Side, qty: Decimal, px: Decimal) -> None:
    """Take back a fill that the venue has busted: the same trade the other way, at its price."""
    fill(position, side.opposite, qty, px)


def pay(position: Position, amount: Decimal, currency: str) -> None:
    """Add a fee: positive when paid, negative for a rebate."""
    if amount:
        position.fees[currency] = position.fees.get(currency, ZERO) + amount


def fund(position: Position, amount: Decimal, currency: str) -> None:
    """Add funding or swap: positive when received."""
    position.funding[currency] = position.funding.get(currency, ZERO) + amount


def open_position(book: Book, key: PositionKey, currency: str) -> Position:
    """Find a position, making it when it is the first of its kind."""
    held = book.state.positions.setdefault(key.owner, {})
    name = "|".join(key[1:])
    position = held.get(name)
    if position is None:
        position = held[name] = Position(currency)
    return position


def share_out(book: Book, where: tuple[str, str, str], amount: Decimal) -> dict[str, Decimal]:
    """Share an amount of (account, venue, symbol) among owners by the size of their positions.

    The last owner takes the rest, so that the shares add up exactly; without a position it is
    EXTERNAL's.
    """
    name = "|".join(where)
    held = {
        owner: abs(positions[name].qty)
        for owner, positions in sorted(book.state.positions.items())
        if name in positions and positions[name].qty
    }
    if not held:
        return {EXTERNAL: amount}
    total = sum(held.values(), ZERO)
    shares: dict[str, Decimal] = {}
    rest = amount
    for owner, qty in held.items():
        share = round(amount * qty / total, SHARE_PLACES)
        shares[owner] = share
        rest -= share
    shares[next(reversed(shares))] += rest
    return shares
