"""Our view and the venue's snapshot in, the differences out. Pure, and the same twice over.

Rules: a trade is counted by its venue trade id, so doing this twice changes nothing. An order that
the snapshot shows is alive; one that it does not show is only *asked about*, since a list proves
no absence (design, "Proof of absence"). One that lives although it has ended here is cancelled,
since nobody watches it. What nobody owns goes to EXTERNAL and alerts; another instance's orders are
foreign and never touched. First contact journals a baseline: what happened before it is not
adopted.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from gateway.oms.book import Book
from gateway.oms.effects import Effects, Jot, To, in_parts
from gateway.oms.fills import VenueFill, alert, external_fill, is_foreign, tell_fill
from gateway.oms.market import Answers, Market
from gateway.oms.outcomes import (
    accepted,
    adopt,
    adopt_by_fill,
    replaced,
    replaced_if_named,
    shows_replace,
)
from gateway.oms.reporting import report
from gateway.oms.state import Order
from gateway.oms.wire import send_cancel
from protocol.fields import ExecType
from protocol.messages import ExecutionReport, PositionReport, TradeCaptureReport
from protocol.numbers import ZERO, format_decimal

OVERLAP_NS = 600_000_000_000
"""Fills are asked for again from this long before the last certain point.

The point is a moment of our clock and fills carry the venue's: the overlap is a multiple of the
120 s by which a session lets the two differ.
"""


def reconcile(
    book: Book, market: Market, where: tuple[str, str], answers: Answers, now_ns: int
) -> Effects:
    """Bring the book into line with a complete round of answers of a (venue, account)."""
    venue, account = where
    if venue not in book.state.venues:
        yield from _baseline(venue, account, answers)
    else:
        for captured in answers.trades:
            yield from _made_there(book, where, captured, answers, now_ns)
            currency = market.currency(venue, captured.symbol)
            yield from _trade(book, where, currency, captured, now_ns)
    yield from _orders(book, market, where, answers, now_ns)
    yield Jot("RECONCILED", {"venue": venue, "since_ns": answers.asked_ns})


def _baseline(venue: str, account: str, answers: Answers) -> Effects:
    """What the account held at first contact, and the trades that are already in it."""
    positions: dict[str, Decimal] = {}
    tickets: dict[str, tuple[str, str, str]] = {}
    for held in answers.positions:
        name = f"{held.account or account}|{held.symbol}"
        qty = signed_qty(held)
        positions[name] = positions.get(name, ZERO) + qty
        if held.position_id is not None and qty:
            px = format_decimal(held.settl_price or ZERO)
            tickets[held.position_id] = held.symbol or "", format_decimal(qty), px
    past = {
        "venue": venue,
        "positions": {name: format_decimal(qty) for name, qty in positions.items()},
        "since_ns": answers.asked_ns,
        "trades": [VenueFill.of_capture(captured).key for captured in answers.trades],
    }
    yield from in_parts("BASELINE", past, "positions", "trades")
    if tickets:
        named = {**past, "positions": {}, "trades": [], "tickets": tickets}
        yield from in_parts("BASELINE", named, "tickets")


def signed_qty(held: PositionReport) -> Decimal:
    """Read the signed quantity of a PositionReport: long minus short."""
    return sum(((qty.long_qty or ZERO) - (qty.short_qty or ZERO) for qty in held.positions), ZERO)


def _made_there(
    book: Book, where: tuple[str, str], captured: TradeCaptureReport, answers: Answers, now_ns: int
) -> Effects:
    """Adopt the order of a trade that the venue made from one of ours (5014) meanwhile."""
    fill = VenueFill.of_capture(captured)
    name = fill.cl_ord_id or fill.venue_order_id
    known = book.order_on_wire(name or "", where[0]) or book.fill_known(where[0], fill.key)
    if known or not fill.venue_order_id or fill.fault(None):
        return
    whole = sum(
        (one.last_qty for one in answers.trades if one.sides[0].order_id == fill.venue_order_id),
        ZERO,
    )
    yield from adopt_by_fill(book, where, captured, whole, now_ns)


def _trade(
    book: Book, where: tuple[str, str], currency: str, captured: TradeCaptureReport, now_ns: int
) -> Effects:
    venue, _ = where
    fill = VenueFill.of_capture(captured)
    order = book.order_on_wire(fill.cl_ord_id or fill.venue_order_id or "", venue)
    if order is not None and order.venue != venue:
        order = None
    fault = fill.fault(order)
    if fault:
        yield alert("BAD_FILL", venue=venue, report=captured.trade_report_id, fault=fault)
    elif order is None:
        yield from external_fill(book, where, fill, currency, now_ns)
    else:
        if fill.key not in book.state.fills.get(venue, ()):
            yield from replaced_if_named(book, order, fill.cl_ord_id, now_ns, None)
        doubt = True if order.in_doubt else None
        yield from tell_fill(book, order, fill, now_ns, in_doubt=doubt)


def _known(order_id: str) -> str | None:
    return None if order_id == "NONE" else order_id


def _orders(
    book: Book, market: Market, where: tuple[str, str], answers: Answers, now_ns: int
) -> Effects:
    venue, _ = where
    shown = dict(answers.orders)
    for order in book.open_orders(venue=venue):
        seen = [wire_id for wire_id in _ids(order) if wire_id in shown]
        if seen:
            listed = [shown.pop(wire_id) for wire_id in seen]
            yield from _alive(book, order, listed[0], now_ns)
        elif _settled_before(order, answers.asked_ns) and not order.in_doubt:
            yield To(
                order.owner,
                report(book, order, ExecType.ORDER_STATUS, now_ns, in_doubt=True),
            )
    for wire_id, found in shown.items():
        known = book.order_on_wire(wire_id, venue)
        if known is not None and shows_replace(known, found):
            yield from replaced(book, known, now_ns, found.order_qty)
        elif known is not None and known.ended_ns and known.ended_ns < answers.asked_ns:
            yield alert("ALIVE_AFTER_END", order=known.order_id, venue=venue, cl_ord_id=wire_id)
            yield from send_cancel(book, known, now_ns, market)
        elif known is None and not is_foreign(book, wire_id):
            yield from adopt(book, where, found, now_ns)


def _ids(order: Order) -> Iterator[str]:
    """Yield the ids under which the venue may list an order, the newest first."""
    if order.replace and order.replace.wire_id:
        yield order.replace.wire_id
    yield from reversed(order.wire_ids)


def _settled_before(order: Order, asked_ns: int) -> bool:
    """Whether the order was with the venue before the question, so that the answer is about it."""
    return max(order.created_ns, order.sent_ns) < asked_ns and bool(order.wire_ids)


def _alive(book: Book, order: Order, found: ExecutionReport, now_ns: int) -> Effects:
    """The venue lists the order: it has it, and the listing shows which version lives."""
    venue_order_id = _known(found.order_id)
    yield from accepted(book, order, now_ns, secondary_order_id=venue_order_id)
    if shows_replace(order, found):
        yield from replaced(book, order, now_ns, found.order_qty)


def position_alerts(
    book: Book,
    venue: str,
    answers: Answers,
    told: dict[tuple[str, str], tuple[Decimal, Decimal]],
) -> Effects:
    """Compare what the venue holds with what our fills say; a difference is for a person.

    `told` remembers (ours, the venue's) by account and symbol, so that each is alerted once.
    """
    theirs: dict[tuple[str, str], Decimal] = {}
    for held in answers.positions:
        key = (held.account, held.symbol or "")
        theirs[key] = theirs.get(key, ZERO) + signed_qty(held)
    ours: dict[tuple[str, str], Decimal] = {}
    for held_by_owner in book.state.positions.values():
        for name in held_by_owner:
            account, where, symbol = name.split("|", 2)
            if where == venue:
                ours[account, symbol] = book.account_qty(account, venue, symbol)
    for key in sorted(theirs.keys() | ours.keys()):
        mine = ours.get(key)
        if mine is None:
            mine = book.account_qty(key[0], venue, key[1])
        both = (mine, theirs.get(key, ZERO))
        if mine == both[1]:
            told.pop(key, None)
        elif told.get(key) != both:
            told[key] = both
            yield alert(
                "POSITION_MISMATCH", venue=venue, account=key[0], symbol=key[1],
                ours=format_decimal(mine), venues=format_decimal(both[1]),
            )  # fmt: skip
