"""Sends a strategy out of a symbol for a time: after a stop-out, or too many losses in a row.

A stop-out is a fill of a stop order (or of one that the venue made of a stop) that closes a
position at a loss. A trip is from flat to flat; each time that so many in a row have ended with a
loss the symbol cools down. What a bust or a correction changes later is not judged again.
"""

from __future__ import annotations

from gateway.oms.book import Book
from gateway.oms.effects import Effects, Jot
from gateway.oms.fills import alert
from gateway.oms.state import Fill, Order, Position, PositionKey
from gateway.risk.checks.cooling import place_of
from gateway.risk.facts import Facts
from protocol.fields import OrdType

MS = 1_000_000
_STOPS = frozenset((OrdType.STOP, OrdType.STOP_LIMIT))


def cool_down(facts: Facts, order: Order, now_ns: int) -> Effects:
    """Judge the last fill of an order."""
    least = facts.limits.binding(order.owner, order.account, order.venue, order.symbol).least
    bound = least.get("cooling_ms")
    if bound is None or not bound.value:
        return
    key = PositionKey(order.owner, order.account, order.venue, order.symbol)
    position, last = facts.book.position(key), _last_fill(facts.book, order)
    if position is None or last is None:
        return
    losses = least.get("cooling_losses")
    why = _why(order, position, last, int(losses.value) if losses is not None else 0)
    if why:
        until_ns = now_ns + int(bound.value) * MS
        yield Jot("COOLING", {"where": place_of(key), "until_ns": until_ns, "why": why})
        yield alert(
            "COOLING", owner=order.owner, venue=order.venue, symbol=order.symbol, why=why,
            ms=bound.value,
        )  # fmt: skip


def _last_fill(book: Book, order: Order) -> Fill | None:
    if not order.trade_ids:
        return None
    return book.state.fills.get(order.venue, {}).get(order.trade_ids[-1])


def _why(order: Order, position: Position, last: Fill, most: int) -> str:
    held, _, realized = last.before
    if held * last.side.sign >= 0:
        return ""  # it closed nothing
    is_stop = order.ord_type in _STOPS or "STOP" in (order.origin or "")
    if is_stop and position.realized < realized:
        return f"stopped out by {order.order_id}"
    ended = position.qty * held <= 0
    if ended and most and position.losses and position.losses % most == 0:
        return f"losses in a row: {position.losses}, limit {most}"
    return ""
