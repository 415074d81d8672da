"""The journal as an SQLite file for people: made to be opened in Datasette.

Rules: the journal is the truth and is only read; the file is built anew each time. Numbers stay
the exact text that was journaled (SQLite's REAL would round them); sort them by `CAST(x AS REAL)`.
Times are UTC text. Full-text search is over `messages.text`. `operator_actions` is what people did,
not what they only asked, and `trips` is each change of a trading state, by whomever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import orjson
import sqlite_utils

from gateway.oms.apply import apply, entry_of
from gateway.oms.book import Book
from gateway.oms.questions import QUESTIONS, person_of
from gateway.oms.state import PERSON
from journal.format import Direction, Record
from protocol import codec
from protocol.errors import GarbledMessage, InvalidMessage
from protocol.fields import ExecType, PosMaintStatus, TradingState, describe
from protocol.messages import (
    BusinessMessageReject,
    ExecutionReport,
    MarketDataRequestReject,
    Message,
    Note,
    OperatorCommand,
    OrderCancelReject,
    PositionMaintenanceReport,
    Reject,
)
from protocol.numbers import format_decimal
from protocol.timestamps import format_utc

BATCH = 5_000
Row = dict[str, Any]


class Audit:
    """Collects rows by table while the journal is read; `finish` writes what is left."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite_utils.Database(path)
        self._db.conn.execute("PRAGMA synchronous = OFF")
        self._rows: dict[str, list[Row]] = {}
        self._orders: dict[str, Row] = {}
        self._actions: dict[str, Row] = {}
        self._book = Book()

    def add(self, record: Record) -> None:
        """Take one record into every table that it belongs to."""
        time = format_utc(record.time_ns)
        message = _decoded(record.frame)
        self._put("messages", _message_row(record, message, time))
        if isinstance(message, Note):
            row = {"seq": record.seq, "time": time, "kind": message.note_kind}
            self._put("notes", {**row, "body": message.note_body})
            if message.note_kind == "TRADING_STATE":
                self._put("trips", {"seq": record.seq, "time": time, **_trip_row(message)})
        elif isinstance(message, OperatorCommand):
            self._operator(record, message, time)
        elif message is not None and record.direction is Direction.OUT:
            self._said(record, message, time)
        apply(self._book, entry_of(record))

    def finish(self) -> dict[str, int]:
        """Write everything, the positions and the search index; return the rows per table."""
        for row in self._orders.values():
            self._put("orders", row)
        for row in self._actions.values():
            self._put("operator_actions", row)
        for row in _positions(self._book):
            self._put("positions", row)
        for table in tuple(self._rows):
            self._flush(table)
        if self._db["messages"].exists():
            self._db.table("messages").enable_fts(["text"], tokenize="unicode61")
        for table in ("executions", "refusals"):
            if self._db[table].exists():
                self._db.table(table).create_index(["order_id"], if_not_exists=True)
        counts = {name: self._db[name].count for name in TABLES if self._db[name].exists()}
        self._db.close()
        return {name: counts.get(name, 0) for name in TABLES}

    def _said(self, record: Record, message: Message, time: str) -> None:
        """Take what the gateway said to a strategy; drop copies are left to their original."""
        base = {"seq": record.seq, "time": time, "session": record.session}
        if isinstance(message, ExecutionReport):
            if message.copy_msg_indicator:
                return
            self._orders[message.order_id] = _order_row(message, record.session, time, self._orders)
            if message.exec_type in {ExecType.TRADE, ExecType.TRADE_CANCEL, ExecType.TRADE_CORRECT}:
                self._put("executions", base | _execution_row(message))
            if message.exec_type is ExecType.REJECTED:
                self._put("refusals", base | _refusal_row(message, message.ord_rej_reason))
        elif isinstance(message, OrderCancelReject):
            self._put("refusals", base | _refusal_row(message, message.cxl_rej_reason))
        elif isinstance(message, PositionMaintenanceReport):
            if message.pos_maint_status is PosMaintStatus.REJECTED:
                self._put("refusals", base | _refusal_row(message, None))
        elif isinstance(message, (BusinessMessageReject, Reject, MarketDataRequestReject)):
            reason = getattr(message, "business_reject_reason", None)
            self._put("refusals", base | _refusal_row(message, reason))

    def _operator(self, record: Record, message: OperatorCommand, time: str) -> None:
        if message.command in QUESTIONS:
            return
        key = f"{record.session} {message.cl_ord_id}"
        if record.direction is Direction.IN:
            self._actions[key] = {
                "seq": record.seq, "time": time, "who": person_of(record.session),
                "command": message.command, "scope": message.scope, "reason": message.reason,
                "outcome": None, "answer": None,
            }  # fmt: skip
        elif key in self._actions:
            self._actions[key] |= {"outcome": message.outcome, "answer": message.text}

    def _put(self, table: str, row: Row) -> None:
        rows = self._rows.setdefault(table, [])
        rows.append(row)
        if len(rows) >= BATCH:
            self._flush(table)

    def _flush(self, table: str) -> None:
        rows = self._rows.pop(table, [])
        if rows:
            self._db.table(table).insert_all(rows, pk=TABLES[table], batch_size=BATCH)


TABLES: dict[str, str | tuple[str, ...]] = {
    "messages": "seq",
    "orders": "order_id",
    "executions": "seq",
    "positions": ("owner", "account", "venue", "symbol"),
    "refusals": "seq",
    "operator_actions": "seq",
    "trips": "seq",
    "notes": "seq",
}


def export(
    records: Iterable[Record], path: Path, *, progress: Callable[[int], None] | None = None
) -> dict[str, int]:
    """Build the file at `path` from a journal's records; return the rows per table."""
    audit = Audit(path)
    for record in records:
        audit.add(record)
        if progress is not None:
            progress(record.seq)
    return audit.finish()


def describe_frame(frame: bytes) -> str:
    """Write a frame for a person: `NewOrderSingle ClOrdID=… Symbol=…`, header left out."""
    text = frame.decode(errors="replace")
    parts = [part.partition("=") for part in text.split("\x01") if part]
    shown = [f"{_tag_name(tag)}={value}" for tag, _, value in parts if tag not in _ENVELOPE]
    return " ".join(shown)


_ENVELOPE = frozenset(("8", "9", "10", "34", "35", "49", "52", "56"))


def _tag_name(tag: str) -> str:
    return describe(int(tag)).partition("(")[0] if tag.isascii() and tag.isdigit() else tag


def _decoded(frame: bytes) -> Message | None:
    """Decode what can be decoded: an invalid message is journaled too, since it took a number."""
    try:
        return codec.decode(frame)
    except (GarbledMessage, InvalidMessage):
        return None


def _message_row(record: Record, message: Message | None, time: str) -> Row:
    found = codec.peek(record.frame)
    return {
        "seq": record.seq,
        "time": time,
        "direction": record.direction.name,
        "session": record.session,
        "msg_type": found.msg_type,
        "name": type(message).__name__ if message is not None else "invalid",
        "msg_seq_num": found.msg_seq_num,
        "text": describe_frame(record.frame),
        "fix": record.frame.decode(errors="replace").replace("\x01", "|"),
    }


def _plain_fields(message: Message, names: tuple[str, ...]) -> Row:
    values = ((name, getattr(message, name, None)) for name in names)
    return {name: None if value is None else _text(value) for name, value in values}


def _text(value: Any) -> str:
    return format_decimal(value) if hasattr(value, "quantize") else str(value)


_ORDER = (
    "cl_ord_id", "account", "security_exchange", "symbol", "side", "ord_type", "order_qty", "price",
    "stop_px", "time_in_force", "ord_status", "cum_qty", "leaves_qty", "avg_px", "in_doubt",
)  # fmt: skip


def _order_row(message: ExecutionReport, session: str, time: str, known: dict[str, Row]) -> Row:
    old = known.get(message.order_id, {"order_id": message.order_id, "created": time})
    fresh = {name: text for name, text in _plain_fields(message, _ORDER).items() if text}
    empty: Row = dict.fromkeys(_ORDER)
    return {**empty, **old, "strategy": session, **fresh, "updated": time}


def _execution_row(message: ExecutionReport) -> Row:
    return _plain_fields(
        message,
        ("order_id", "cl_ord_id", "exec_id", "exec_type", "secondary_exec_id", "symbol", "side",
         "last_qty", "last_px", "commission", "comm_currency", "last_liquidity_ind", "account",
         "security_exchange"),
    )  # fmt: skip


def _refusal_row(message: Message, reason: object) -> Row:
    text = getattr(message, "text", None) or ""
    return {
        "order_id": getattr(message, "order_id", None),
        "cl_ord_id": getattr(message, "cl_ord_id", None),
        "name": type(message).__name__,
        "source": _text(getattr(message, "reject_source", None) or ""),
        "reason": getattr(reason, "name", None),
        "code": text.partition(":")[0] if ":" in text else text,
        "text": text,
    }


def _trip_row(note: Note) -> Row:
    body = orjson.loads(note.note_body)
    until_ns = body.get("until_ns", 0)
    return {
        "scope": body["scope"], "state": TradingState(body["state"]).name,
        "cause": body.get("cause", PERSON), "who": body["who"], "reason": body["reason"],
        "until": format_utc(until_ns) if until_ns else None, "kills": bool(body.get("kills")),
    }  # fmt: skip


def _positions(book: Book) -> Iterator[Row]:
    for owner, held in book.state.positions.items():
        for name, position in held.items():
            account, venue, symbol = name.split("|", 2)
            row = {"owner": owner, "account": account, "venue": venue, "symbol": symbol}
            for field, value in msgspec.structs.asdict(position).items():
                row[field] = (
                    orjson.dumps(value, default=_text).decode()
                    if isinstance(value, dict)
                    else _text(value)
                )
            yield {**row, "avg_px": _text(position.avg_px)}
