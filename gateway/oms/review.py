"""Orders that were accepted and are held here: for a person's review, or for room at the venue.

A held order has no id on the bridge wire, so the venue cannot have it: nothing about it is ever in
doubt, and what ends it ends it at once. After a restart one that waits for a person goes on waiting
and any other was never sent and says so. A person's approval does not weaken a check: every one of
them runs again on the market of that moment.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.oms.book import Book
from gateway.oms.effects import Effects, Jot
from gateway.oms.fills import alert
from gateway.oms.order_states import VenueEvent
from gateway.oms.outcomes import ended
from gateway.oms.state import Order
from gateway.risk.facts import Facts, Intent, numbers
from protocol.fields import ExecType, OrdRejReason, RejectSource
from protocol.messages import NewOrderSingle
from protocol.timestamps import format_utc

NOT_SENT = "NOT_SENT: the gateway stopped before the order had left; it never will"
MS = 1_000_000


def review_needed(facts: Facts, intent: Intent) -> str:
    """Say why an order must wait for a person: the numbers, empty when it need not."""
    least = intent.binding(facts).least
    bound = least.get("review_qty")
    if bound is not None and intent.qty > bound.value:
        return numbers(qty=intent.qty, limit=bound.value, scope=bound.scope)
    bound = least.get("review_notional")
    if bound is not None:
        notional = intent.notional(facts)
        if notional is None or notional > bound.value:
            return numbers(notional=notional, limit=bound.value, scope=bound.scope)
    return ""


def hold_for_review(facts: Facts, intent: Intent, order: Order, why: str) -> Effects:
    """Put an accepted order before a person; it expires when nobody decides."""
    bound = intent.binding(facts).least.get("review_expires_ms")
    until_ns = intent.now_ns + (bound.value if bound is not None else 300_000) * MS
    yield Jot("REVIEW", {"order": order.order_id, "until_ns": until_ns, "why": why})
    yield alert("REVIEW", order=order.order_id, owner=order.owner, symbol=order.symbol, why=why)


def waiting_for_review(book: Book) -> list[Order]:
    """List what waits for a person, oldest first."""
    return [book.state.orders[key] for key in book.in_review]


def decline(
    book: Book, order: Order, now_ns: int, text: str, reason: OrdRejReason = OrdRejReason.BROKER
) -> Effects:
    """Refuse a held order: 150=8 with 5003=G."""
    yield from ended(
        book, order, now_ns, VenueEvent.REJECTED, ExecType.REJECTED,
        text=text, ord_rej_reason=reason, reject_source=RejectSource.GATEWAY,
    )  # fmt: skip


def drop_held(book: Book, order: Order, now_ns: int) -> Effects:
    """End a held order whose cancel was asked for: there is nobody to ask."""
    yield from ended(book, order, now_ns, VenueEvent.CANCELED, ExecType.CANCELED)


def after_restart(book: Book, now_ns: int) -> Effects:
    """Refuse what was accepted and had not left when the last process ended."""
    for order in book.open_orders():
        if order.is_held and not order.review_until_ns:
            if order.cancel is not None:
                yield from drop_held(book, order, now_ns)
            else:
                yield from decline(book, order, now_ns, NOT_SENT)


def expire_reviews(book: Book, now_ns: int) -> Effects:
    """Refuse what nobody has decided on in time."""
    for order in waiting_for_review(book):
        if order.review_until_ns <= now_ns:
            yield from decline(book, order, now_ns, "REVIEW_EXPIRED: nobody decided in time")


def as_asked(order: Order, now_ns: int) -> NewOrderSingle:
    """Write a held order as if it came this moment, so that it can be checked again."""
    return NewOrderSingle(
        cl_ord_id=order.cl_ord_id, symbol=order.symbol, side=order.side,
        transact_time=format_utc(now_ns), order_qty=order.order_qty, ord_type=order.ord_type,
        account=order.account, ex_destination=order.venue, price=order.price,
        stop_px=order.stop_px, time_in_force=order.time_in_force,
        expire_time=_expire_time(order), stop_loss_px=order.stop_loss_px,
        take_profit_px=order.take_profit_px, position_id=order.position_id,
        exec_inst=order.exec_inst, position_effect=order.position_effect,
        parent_order_id=order.parent_order_id, parent_qty=order.parent_qty,
    )  # fmt: skip


def _expire_time(order: Order) -> str | None:
    if order.expires_ns is None or order.time_in_force.value != "6":
        return None
    return format_utc(order.expires_ns)


Send = Callable[[Order, int], Effects]


def approve(
    facts: Facts, order: Order, now_ns: int, who: str, refusal_of: Callable[[Intent], str],
    send: Send,
) -> Effects:
    """Let an order go if every check still lets it, else refuse it with what stands in the way.

    `refusal_of` runs the checks, `send` hands the order on.
    """
    intent = Intent(
        order.owner, order.account, order.venue, as_asked(order, now_ns), now_ns, order
    )
    why = refusal_of(intent)
    yield Jot("REVIEW", {"order": order.order_id, "until_ns": 0, "who": who, "why": why})
    if why:
        yield from decline(facts.book, order, now_ns, why)
    else:
        yield from send(order, now_ns)
