"""The one mutator: `apply` moves the state by one journal record, live and on replay alike.

IN moves session numbers only. OUT moves the book: what we told an owner is the fact, and what we
asked of a venue is the pending request. NOTE is what is no message: a start, a lost link, a halt, a
baseline. `decide` never runs on replay, so a newer version with other rules rebuilds the same past.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import msgspec

from gateway.oms import levels, orders
from gateway.oms.book import Book
from gateway.oms.notes import NOTES
from gateway.oms.state import Session
from protocol import codec
from protocol.errors import ProtocolError
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
    PositionMaintenanceReport,
    PositionMaintenanceRequest,
    SequenceReset,
)
from protocol.order_id import parse as parse_id
from protocol.timestamps import parse_utc

IN, OUT, NOTE = 0, 1, 2
SENT_INDEX_MAX = 4096
SENT_INDEX_EVERY = 64
"""One sent message in so many is remembered with its place in the journal."""

_MOVING_IN = frozenset("A4")
_MOVING_OUT = frozenset(("8", "9", "D", "F", "G", "r", "A", "5", "AL", "AM"))
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


def _levels_told(book: Book, entry: Entry, message: PositionMaintenanceReport) -> None:
    levels.told(book, entry.session, message, entry.time_ns)


def _levels_sent(book: Book, entry: Entry, message: PositionMaintenanceRequest) -> None:
    _note_id_used(book, message.pos_req_id)
    levels.sent(book, entry.session, message, entry.time_ns)


def _sent_order(book: Book, entry: Entry, message: NewOrderSingle) -> None:
    order = book.state.orders.get(message.cl_ord_id)
    if order is None:
        text = f"an order {message.cl_ord_id} was sent to a venue and never accepted"
        raise orders.BrokenFold(text)
    order.wire_ids.append(message.cl_ord_id)
    order.sent_ns = entry.time_ns
    order.position_id = message.position_id
    book.index(order)


def _sent_cancel(book: Book, entry: Entry, message: OrderCancelRequest) -> None:
    _note_id_used(book, message.cl_ord_id)
    order = book.order_on_wire(message.orig_cl_ord_id, entry.session)
    if order is not None and order.cancel is not None:
        order.cancel.wire_id = message.cl_ord_id
        order.asked_ids += (message.cl_ord_id,)
        order.cancel.asked_ns = entry.time_ns
        order.cancel.in_doubt = False
        book.index(order)


def _sent_replace(book: Book, entry: Entry, message: OrderCancelReplaceRequest) -> None:
    _note_id_used(book, message.cl_ord_id)
    order = book.order_on_wire(message.orig_cl_ord_id, entry.session)
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
    PositionMaintenanceReport: _levels_told,
    PositionMaintenanceRequest: _levels_sent,
}


def _note(book: Book, entry: Entry) -> None:
    message = entry.message
    if not isinstance(message, Note):
        text = f"record {entry.seq} is a NOTE without a note in it"
        raise orders.BrokenFold(text)
    handler = NOTES.get(message.note_kind)
    if handler:
        handler(book, entry, msgspec.json.decode(message.note_body))
