"""The one mutator: `apply` moves the state by one journal record, live and on replay alike.

IN moves session numbers only. OUT moves the book: what we told an owner is the fact, and what we
asked of a venue is the pending request. NOTE is what is no message: a start, a lost link, a halt, a
baseline. `decide` never runs on replay, so a newer version with other rules rebuilds the same past.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import msgspec

from gateway.oms import orders, positions
from gateway.oms.book import Book, is_operator
from gateway.oms.state import Fill, Halt, PositionKey, Session, VenueRecord, fill_key
from protocol import codec
from protocol.errors import ProtocolError
from protocol.fields import Side, TradingState
from protocol.messages import (
    ExecutionReport,
    Logon,
    Logout,
    Message,
    NewOrderSingle,
    Note,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassCancelReport,
    SequenceReset,
)
from protocol.numbers import ZERO, parse_sum
from protocol.order_id import parse as parse_id
from protocol.timestamps import parse_utc

IN, OUT, NOTE = 0, 1, 2
SENT_INDEX_MAX = 4096
SENT_INDEX_EVERY = 64
"""One sent message in so many is remembered with its place in the journal."""

_MOVING_IN = frozenset("A4")
_MOVING_OUT = frozenset(("8", "9", "D", "F", "G", "r", "A", "5"))
_MOVING = {IN: _MOVING_IN, OUT: _MOVING_OUT, NOTE: None}
"""MsgTypes that are decoded on replay, by direction; None is all of them."""


class Entry(NamedTuple):
    """One journal record, decoded as far as the fold needs it."""

    seq: int
    time_ns: int
    direction: int
    session: str
    msg_seq_num: int
    message: Message | None


class RecordLike(Protocol):
    """A record as the journal hands it out: seq, time, direction, session, FIX bytes."""

    @property
    def seq(self) -> int: ...  # noqa: D102 - the class says it
    @property
    def time_ns(self) -> int: ...  # noqa: D102 - the class says it
    @property
    def direction(self) -> int: ...  # noqa: D102 - the class says it
    @property
    def session(self) -> str: ...  # noqa: D102 - the class says it
    @property
    def frame(self) -> bytes: ...  # noqa: D102 - the class says it


def entry_of(record: RecordLike) -> Entry:
    """Decode a journal record: whole when it moves the book, else only its number.

    A peer's frame that broke a rule took its number and did nothing else, now as then. What we
    wrote ourselves must be read, or the book would not be the one that we had: BrokenFold.
    """
    direction = int(record.direction)
    moving = _MOVING[direction]
    found = codec.peek(record.frame)
    message = None
    if moving is None or found.msg_type in moving:
        try:
            message = codec.decode(record.frame)
        except ProtocolError as problem:
            if direction != IN:
                text = f"record {record.seq} cannot be understood: {problem}"
                raise orders.BrokenFold(text) from problem
    number = 0 if direction == NOTE else found.msg_seq_num
    return Entry(record.seq, record.time_ns, direction, record.session, number, message)


def apply(book: Book, entry: Entry) -> None:
    """Move the state by one record. Raises BrokenFold when the record cannot follow from it."""
    state = book.state
    if state.seq and entry.seq != state.seq + 1:
        text = f"record {entry.seq} does not follow record {state.seq}"
        raise orders.BrokenFold(text)
    state.seq = entry.seq
    state.time_ns = max(state.time_ns, entry.time_ns)
    if entry.direction == NOTE:
        _note(book, entry)
        return
    session = book.session(entry.session)
    if entry.direction == IN:
        _heard(book, session, entry)
        return
    session.next_out = entry.msg_seq_num + 1
    _index_sent(session, entry)
    message = entry.message
    if message is not None:
        handler = _OUT.get(type(message))
        if handler:
            handler(book, entry, message)


def _index_sent(session: Session, entry: Entry) -> None:
    """Remember where in the journal one sent message in so many is; the list stays bounded."""
    index = session.sent_index
    if index and entry.msg_seq_num - index[-1][0] < SENT_INDEX_EVERY:
        return
    index.append((entry.msg_seq_num, entry.seq))
    if len(index) > SENT_INDEX_MAX:
        del index[1 : SENT_INDEX_MAX // 2 : 2]


def _heard(book: Book, session: Session, entry: Entry) -> None:
    before = session.next_in
    session.next_in = entry.msg_seq_num + 1
    message = entry.message
    if isinstance(message, Logon):
        if message.reset_seq_num_flag:
            session.next_out = 1
            session.sent_index.clear()
            session.reset_required = False
        book.index_session(entry.session, session)
    elif isinstance(message, SequenceReset):
        if message.gap_fill_flag:
            session.next_in = max(message.new_seq_no, session.next_in)
        else:  # a Reset has no number of its own; one that goes back is refused
            session.next_in = max(message.new_seq_no, before + (message.new_seq_no < before))


def _logged_on(book: Book, entry: Entry, message: Logon) -> None:
    """Our answer to a Logon: it repeats what was chosen, also when the Logon came too early."""
    session = book.session(entry.session)
    session.connected = True
    session.cod_type = int(message.cancel_on_disconnect_type or 0)
    session.cod_grace_ms = message.cod_timeout_window or 0
    session.cod_deadline_ns = 0
    book.index_session(entry.session, session)


def _logged_out(book: Book, entry: Entry, _message: Logout) -> None:
    session = book.session(entry.session)
    session.connected = False
    book.index_session(entry.session, session)


def _report(book: Book, entry: Entry, message: ExecutionReport) -> None:
    if message.copy_msg_indicator:
        book.state.execs += 1
        return
    if message.order_id not in book.state.orders:
        _note_id_used(book, message.order_id)
    orders.report(book, entry.session, message, entry.time_ns)


def _cancel_reject(book: Book, entry: Entry, message: OrderCancelReject) -> None:
    orders.cancel_reject(book, entry.session, message)


def _mass_cancel_report(book: Book, entry: Entry, message: OrderMassCancelReport) -> None:
    if message.cl_ord_id:
        book.note_id(entry.session, message.cl_ord_id, "")


def _sent_order(book: Book, _entry: Entry, message: NewOrderSingle) -> None:
    order = book.state.orders.get(message.cl_ord_id)
    if order is None:
        text = f"an order {message.cl_ord_id} was sent to a venue and never accepted"
        raise orders.BrokenFold(text)
    order.wire_ids.append(message.cl_ord_id)
    book.index(order)


def _sent_cancel(book: Book, entry: Entry, message: OrderCancelRequest) -> None:
    _note_id_used(book, message.cl_ord_id)
    order = book.order_on_wire(message.orig_cl_ord_id)
    if order is not None and order.cancel is not None:
        order.cancel.wire_id = message.cl_ord_id
        order.asked_ids += (message.cl_ord_id,)
        order.cancel.asked_ns = entry.time_ns
        order.cancel.in_doubt = False
        book.index(order)


def _sent_replace(book: Book, entry: Entry, message: OrderCancelReplaceRequest) -> None:
    _note_id_used(book, message.cl_ord_id)
    order = book.order_on_wire(message.orig_cl_ord_id)
    if order is not None and order.replace is not None:
        pending = order.replace
        pending.wire_id = message.cl_ord_id
        order.asked_ids += (message.cl_ord_id,)
        pending.asked_ns = entry.time_ns
        pending.order_qty = message.order_qty
        pending.price, pending.stop_px = message.price, message.stop_px
        pending.stop_loss_px = message.stop_loss_px
        pending.take_profit_px = message.take_profit_px
        pending.expires_ns = (
            parse_utc(message.expire_time) if message.expire_time else order.expires_ns
        )
        book.index(order)


def _note_id_used(book: Book, text: str) -> None:
    """Raise the id counter to any id of ours that is seen."""
    if len(text) == 13:  # noqa: PLR2004 - the length of an order id
        try:
            found = parse_id(text)
        except ValueError:
            return
        if found[0] == book.state.last_id[0] and tuple(found) > book.state.last_id:
            book.state.last_id = (found.instance, found.epoch, found.counter)


_OUT: dict[type[Message], Callable[[Book, Entry, Any], None]] = {
    Logon: _logged_on,
    Logout: _logged_out,
    ExecutionReport: _report,
    OrderCancelReject: _cancel_reject,
    OrderMassCancelReport: _mass_cancel_report,
    NewOrderSingle: _sent_order,
    OrderCancelRequest: _sent_cancel,
    OrderCancelReplaceRequest: _sent_replace,
}


def _note(book: Book, entry: Entry) -> None:
    message = entry.message
    if not isinstance(message, Note):
        text = f"record {entry.seq} is a NOTE without a note in it"
        raise orders.BrokenFold(text)
    handler = _NOTES.get(message.note_kind)
    if handler:
        handler(book, entry, msgspec.json.decode(message.note_body))


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


def _doubt(book: Book, order_id: str) -> None:
    """Mark what an order waits for as unknown."""
    order = book.state.orders[order_id]
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
        side=Side(body["side"]),
    )  # fmt: skip
    key = fill_key(fill.symbol, fill.side, body["trade_id"])
    positions.count(book, body["venue"], key, fill, body["currency"])


def _trading(book: Book, entry: Entry, body: dict[str, Any]) -> None:
    scope, wanted = body["scope"], TradingState(body["state"])
    if wanted is TradingState.ACTIVE:
        book.state.halts.pop(scope, None)
    else:
        book.state.halts[scope] = Halt(wanted, body["who"], body["reason"], entry.time_ns)


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


_NOTES: dict[str, Callable[[Book, Entry, dict[str, Any]], None]] = {
    "START": _start,
    "LINK_LOST": _link_lost,
    "COD_DONE": _cod_done,
    "IN_DOUBT": _in_doubt,
    "BASELINE": _baseline,
    "RECONCILED": _reconciled,
    "LEDGER": _ledger,
    "EXTERNAL_FILL": _external,
    "TRADING_STATE": _trading,
    "ARCHIVE": _archive,
    "CANCEL_REFUSED": _cancel_refused,
}
"""Notes that move the state. Others (DIGEST, SNAPSHOT, ALERT, ...) are for readers."""
