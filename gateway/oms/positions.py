"""What fills add up to: quantity, average price, realised profit, fees, funding.

Average cost method: a fill in the direction of the position adds to its cost; one against it
realises profit on the part that it closes; one that goes through zero closes all and opens the rest
at its own price. Profit is in the quote currency, fees stay in the currency they were paid in. The
two fills that close one position of an account by another (`Fill.moves`) cost their fees, and leave
the rest as it is.
"""

from __future__ import annotations

from decimal import Decimal

from gateway.oms.book import Book
from gateway.oms.state import Fill, Position, PositionKey
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


def count(book: Book, venue: str, trade_id: str, new: Fill, currency: str) -> None:
    """Count a new fill of a venue, once and for all, in the position of its owner."""
    key = PositionKey(new.owner, new.account, venue, new.symbol)
    position = open_position(book, key, currency)
    position.count += 1
    new.number = position.count
    new.before = (position.qty, position.cost, position.realized)
    if new.moves:
        fill(position, new.side, new.last_qty, new.last_px)
    _end_trip(position, new.before)
    pay(position, new.commission, new.currency)
    book.note_fill(venue, trade_id, new)


def _end_trip(position: Position, before: tuple[Decimal, Decimal, Decimal]) -> None:
    """Judge the trip that a fill has ended, by what prices made of it, and begin anew."""
    held, _, realized = before
    if not held:
        position.since = realized
    if not held or position.qty * held > 0:
        return
    lost = position.realized < position.since
    position.losses = position.losses + 1 if lost else 0
    position.since = position.realized


def recount(book: Book, venue: str, trade_id: str, *, qty: Decimal, px: Decimal) -> None:
    """Change a fill that was counted (quantity 0: take it back), as if it had been so at once.

    The average cost of what came later depends on it, so the position is counted again from there;
    if some of that has left memory, the fill is taken back as a trade the other way: the quantity
    and the total profit are right, the part of it that is realised is not exactly so.

    The losses in a row stay as they were judged when they were made; a trip that is open is judged
    by what it realises from here on.
    """
    fills = book.state.fills[venue]
    changed = fills[trade_id]
    key = PositionKey(changed.owner, changed.account, venue, changed.symbol)
    position = open_position(book, key, changed.currency)
    where = (key.owner, key.account, key.symbol)
    later = [
        (name, one) for name, one in fills.items()
        if one.number >= changed.number and (one.owner, one.account, one.symbol) == where
    ]  # fmt: skip
    old_qty, old_px = changed.last_qty, changed.last_px
    book.forget_fill(venue, trade_id)
    changed.last_qty, changed.last_px = qty, px
    book.note_fill(venue, trade_id, changed)
    if len(later) != position.count - changed.number + 1:
        if changed.moves:
            fill(position, changed.side.opposite, old_qty, old_px)
        if qty and changed.moves:
            fill(position, changed.side, qty, px)
        position.since = position.realized
        return
    position.qty, position.cost, position.realized = changed.before
    for name, one in later:
        book.forget_fill(venue, name)
        one.before = (position.qty, position.cost, position.realized)
        book.note_fill(venue, name, one)
        if one.last_qty and one.moves:
            fill(position, one.side, one.last_qty, one.last_px)
    position.since = position.realized


def pay(position: Position, amount: Decimal, currency: str) -> None:
    """Add a fee: positive when paid, negative for a rebate."""
    if amount:
        position.fees[currency] = position.fees.get(currency, ZERO) + amount


def fund(position: Position, amount: Decimal, currency: str) -> None:
    """Add funding or swap: positive when received."""
    position.funding[currency] = position.funding.get(currency, ZERO) + amount


def open_position(book: Book, key: PositionKey, currency: str) -> Position:
    """Find a position that is about to change, making it when it is the first of its kind."""
    book.touched_cells[key] = True
    held = book.state.positions.setdefault(key.owner, {})
    name = "|".join(key[1:])
    position = held.get(name)
    if position is None:
        position = held[name] = Position(currency)
    return position


def share_out(
    book: Book, where: tuple[str, str, str], amount: Decimal, *, signed: bool = False
) -> dict[str, Decimal]:
    """Share an amount of (account, venue, symbol) among owners by the size of their positions.

    Funding is `signed`: the account paid it for its net position, so that who is long and who is
    short stand on different sides of it (unless the net is nothing).

    The last owner takes the rest, so that the shares add up exactly; without a position it is
    EXTERNAL's.
    """
    name = "|".join(where)
    held = {
        owner: positions[name].qty
        for owner, positions in sorted(book.state.positions.items())
        if name in positions and positions[name].qty
    }
    if not held:
        return {EXTERNAL: amount}
    total = sum(held.values(), ZERO)
    if not signed or not total:
        held = {owner: abs(qty) for owner, qty in held.items()}
        total = sum(held.values(), ZERO)
    shares: dict[str, Decimal] = {}
    rest = amount
    for owner, qty in held.items():
        share = round(amount * qty / total, SHARE_PLACES)
        shares[owner] = share
        rest -= share
    shares[next(reversed(shares))] += rest
    return shares
