"""How a NOTE moves the state: what is no message and must survive, one handler a kind.

Others than these (DIGEST, SNAPSHOT, ALERT, …) are for readers and move nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gateway.oms import positions, tickets
from gateway.oms.book import Book, is_operator
from gateway.oms.levels import doubt, moved
from gateway.oms.state import (
    PERSON,
    Fill,
    Flattening,
    Halt,
    Mark,
    Override,
    PositionKey,
    VenueRecord,
    fill_key,
)
from protocol.closing_by import CLOSE_BY
from protocol.fields import Side, TradingState
from protocol.numbers import ZERO, parse_sum

if TYPE_CHECKING:
    from gateway.oms.apply import Entry


def _start(book: Book, entry: Entry, body: dict[str, Any]) -> None:
    """START: nobody is connected, graces begin, every unanswered request is in doubt."""
    state = book.state
    # An id's epoch may have run ahead of the journal's when a counter ran out.
    state.last_id = (body["instance"], max(body["epoch"], state.last_id[1] + 1), 0)
    state.execs = 0
    book.operators.clear()
    lost = body.get("released_lost", False)
    for name, session in list(state.sessions.items()):
        if is_operator(name):
            del state.sessions[name]
            continue
        # The grace begins anew: nobody could come back while there was no gateway.
        due = session.cod_deadline_ns or (session.connected and session.cod_type in {1, 3})
        session.connected = False
        if lost:
            session.reset_required = True
        if due:
            session.cod_deadline_ns = entry.time_ns + session.cod_grace_ms * 1_000_000
        book.index_session(name, session)
    for waiting in list(book.waiting.values()):
        for order_id in list(waiting):
            _doubt(book, order_id)
    doubt(book)


def _doubt(book: Book, order_id: str) -> None:
    """Mark what an order waits for as unknown."""
    order = book.state.orders[order_id]
    if order.is_held:
        return  # it never left: nothing about it is unknown
    order.in_doubt = order.in_doubt or order.venue_state == "PENDING_NEW"
    for pending in (order.replace, order.cancel):
        if pending:
            pending.in_doubt = True
    book.index(order)


def _link_lost(book: Book, entry: Entry, body: dict[str, Any]) -> None:
    session = book.session(entry.session)
    session.connected = False
    session.cod_deadline_ns = body.get("cod_deadline_ns", 0)
    book.index_session(entry.session, session)
    if is_operator(entry.session):
        del book.state.sessions[entry.session]  # they always begin at 1: nothing to go on with


def _cod_done(book: Book, entry: Entry, _body: dict[str, Any]) -> None:
    session = book.session(entry.session)
    session.cod_deadline_ns = 0
    book.index_session(entry.session, session)


def _in_doubt(book: Book, _entry: Entry, body: dict[str, Any]) -> None:
    for order_id in body["orders"]:
        _doubt(book, order_id)


def _baseline(book: Book, _entry: Entry, body: dict[str, Any]) -> None:
    record = book.state.venues.setdefault(body["venue"], VenueRecord())
    record.baseline |= {name: parse_sum(qty) for name, qty in body["positions"].items()}
    record.since_ns = body["since_ns"]
    for position_id, (symbol, qty, px) in body.get("tickets", {}).items():
        tickets.seed(book, body["venue"], position_id, symbol, parse_sum(qty), parse_sum(px))
    for trade_id in body["trades"]:
        book.note_fill(body["venue"], trade_id, Fill("", "", ZERO, ZERO))


def _reconciled(book: Book, _entry: Entry, body: dict[str, Any]) -> None:
    book.state.venues.setdefault(body["venue"], VenueRecord()).since_ns = body["since_ns"]


def _ledger(book: Book, _entry: Entry, body: dict[str, Any]) -> None:
    """LEDGER: funding, swap or a fee that belongs to no order, shared out among owners.

    Other entries (a deposit, a transfer) are cash of the account and nobody's profit.
    """
    book.note_ledger(body["venue"], body["id"])
    if body["kind"] not in {"FUNDING", "SWAP", "FEE"}:
        return
    for owner, amount in body["shares"].items():
        key = PositionKey(owner, body["account"], body["venue"], body["symbol"])
        position = positions.open_position(book, key, body["currency"])
        value = parse_sum(amount)
        if body["kind"] in {"FUNDING", "SWAP"}:
            positions.fund(position, value, body["currency"])
        else:
            positions.pay(position, -value, body["currency"])


def _external(book: Book, entry: Entry, body: dict[str, Any]) -> None:
    """EXTERNAL_FILL: a trade that nobody here ordered; it belongs to the owner EXTERNAL."""
    fill = Fill(
        "", f"X{entry.seq}", parse_sum(body["qty"]), parse_sum(body["px"]),
        commission=parse_sum(body["commission"]), currency=body["comm_currency"],
        owner=body["owner"], account=body["account"], symbol=body["symbol"],
        side=Side(body["side"]), moves=body.get("origin") != CLOSE_BY,
        position_id=body.get("position_id"),
    )  # fmt: skip
    key = fill_key(fill.symbol, fill.side, body["trade_id"])
    positions.count(book, body["venue"], key, fill, body["currency"])
    tickets.move(book, body["venue"], fill)
    moved(book, body["venue"], fill)


def _trading(book: Book, entry: Entry, body: dict[str, Any]) -> None:
    """TRADING_STATE: a person's ACTIVE lifts every halt of the scope, a breaker's its own."""
    halts, scope = book.state.halts, body["scope"]
    wanted, cause = TradingState(body["state"]), body.get("cause", PERSON)
    causes = halts.setdefault(scope, {})
    if wanted is not TradingState.ACTIVE:
        causes[cause] = Halt(
            wanted, body["who"], body["reason"], entry.time_ns, body.get("until_ns", 0),
            body.get("kills", False),
        )
    elif cause == PERSON:
        causes.clear()
    else:
        causes.pop(cause, None)
    if not causes:
        del halts[scope]


def _limit(book: Book, entry: Entry, body: dict[str, Any]) -> None:
    """LIMIT: a person has changed a limit (value null: as configured again), or (over) its end."""
    overrides, name = book.state.overrides, f"{body['scope']} {body['key']}"
    known, until_ns = overrides.get(name), body.get("until_ns", 0)
    found: Override | None = None
    if body.get("over"):
        found = known.lasting(entry.time_ns) if known else None
    elif body["value"] is not None:
        found = Override(
            body["value"], body["who"], body["reason"], entry.time_ns, body.get("second", ""),
            until_ns, known.lasting(until_ns) if known and until_ns else None,
        )  # fmt: skip
    if found is None:
        overrides.pop(name, None)
    else:
        overrides[name] = found


def _marks(book: Book, _entry: Entry, body: dict[str, Any]) -> None:
    """MARKS: where profit stood when the day began (`day_ends_ns` is new), and at its highest."""
    ends_ns = book.state.day_ends_ns = body["day_ends_ns"]
    for scope, (day_start, high) in body["marks"].items():
        book.state.marks[scope] = Mark(parse_sum(day_start), parse_sum(high), ends_ns)


def _cooling(book: Book, entry: Entry, body: dict[str, Any]) -> None:
    """COOLING: no re-entry of "owner|venue|symbol" before a time; what is over is forgotten."""
    cooling = book.state.cooling
    for name in [name for name, until_ns in cooling.items() if until_ns <= entry.time_ns]:
        del cooling[name]
    cooling[body["where"]] = body["until_ns"]


def _review(book: Book, _entry: Entry, body: dict[str, Any]) -> None:
    """REVIEW: an order waits for a person until a time, or (0) waits no more."""
    order = book.state.orders[body["order"]]
    order.review_until_ns = body["until_ns"]
    book.index(order)


def _flatten(book: Book, _entry: Entry, body: dict[str, Any]) -> None:
    """FLATTEN: somebody wants a scope's positions closed; so many tries; or (done) it is over."""
    flattening, scope = book.state.flattening, body["scope"]
    if body.get("done"):
        flattening.pop(scope, None)
    else:
        flattening[scope] = Flattening(body["who"], body["reason"], body["tries"])


def _cancel_refused(book: Book, _entry: Entry, body: dict[str, Any]) -> None:
    """CANCEL_REFUSED: the venue refused what the gateway itself had asked."""
    order = book.state.orders[body["order"]]
    if body["replace"]:
        order.replace = None
    else:
        order.cancel = None
    book.index(order)


def _archive(book: Book, _entry: Entry, body: dict[str, Any]) -> None:
    """ARCHIVE: what ended before a time leaves memory; its ids are in the index already."""
    book.archive_before(body["before_ns"])


NOTES: dict[str, Callable[[Book, Entry, dict[str, Any]], None]] = {
    "START": _start,
    "LINK_LOST": _link_lost,
    "COD_DONE": _cod_done,
    "IN_DOUBT": _in_doubt,
    "BASELINE": _baseline,
    "RECONCILED": _reconciled,
    "LEDGER": _ledger,
    "EXTERNAL_FILL": _external,
    "TRADING_STATE": _trading,
    "LIMIT": _limit,
    "MARKS": _marks,
    "COOLING": _cooling,
    "REVIEW": _review,
    "FLATTEN": _flatten,
    "ARCHIVE": _archive,
    "CANCEL_REFUSED": _cancel_refused,
}
