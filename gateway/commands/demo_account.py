"""The demo's account: three witnesses compared, after everything has stopped.

The witnesses are the strategies' own transcripts, the gateway's journal, and the venue's ledger;
none of them is written by another. Rules: what a strategy said or was told and the journal does
not have is lost, and so is a fill of the venue's that the gateway does not have. What the venue
received twice, or the gateway counted twice, is a duplicate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from bridges.paper import ledger
from engine import transcript
from gateway.oms.apply import apply, entry_of
from gateway.oms.book import Book
from gateway.oms.order_states import VenueState
from journal import reader
from journal.format import Direction, Record
from protocol import codec
from protocol.fields import ExecType
from protocol.messages import ExecutionReport, Note

ORDER_TYPES = frozenset("DFGq")
SECOND_LIFE = 2


class Witness(NamedTuple):
    """What the journal tells, read once."""

    heard: set[tuple[str, str, str]]
    """Session, MsgType and ClOrdID of every order message that was heard."""
    told: set[tuple[str, str]]
    """Session and ExecID of every report that was told."""
    trades: Counter[str]
    """Venue trade ids of the fills that were told, and how often."""
    orders: int
    starts: list[int]
    """Sequences of the START notes: one per life of the gateway."""
    start_times_ns: list[int]
    digests: list[tuple[int, str]]
    """(seq, digest) that the living gateway noted, in order."""
    recovered: dict[str, Any]
    """What the second life says of its recovery, in its START note."""


def read_journal(path: Path, strategies: Iterable[str]) -> Witness:
    """Read the journal once and keep what is compared."""
    names = frozenset(strategies)
    found = Witness(set(), set(), Counter(), 0, [], [], [], {})
    orders = 0
    for record in reader.read(path):
        message = _decoded(record)
        if isinstance(message, Note):
            _note(found, record, message)
        elif record.session in names and message is not None:
            if record.direction is Direction.IN and message.msg_type in ORDER_TYPES:
                orders += message.msg_type == "D"
                found.heard.add((record.session, message.msg_type, message.cl_ord_id))
            elif isinstance(message, ExecutionReport):
                found.told.add((record.session, message.exec_id))
                if message.exec_type is ExecType.TRADE and message.secondary_exec_id:
                    found.trades[message.secondary_exec_id] += 1
    return found._replace(orders=orders)


def _decoded(record: Record) -> Any:
    kind = codec.peek(record.frame).msg_type
    return codec.decode(record.frame) if kind in ORDER_TYPES or kind in {"8", "U2"} else None


def _note(found: Witness, record: Record, note: Note) -> None:
    body = orjson.loads(note.note_body)
    if note.note_kind == "START":
        found.starts.append(record.seq)
        found.start_times_ns.append(record.time_ns)
        if len(found.starts) == SECOND_LIFE:
            found.recovered.update(body)
    elif note.note_kind == "DIGEST":
        found.digests.append((body["seq"], body["digest"]))


class Killed(NamedTuple):
    """What the dead gateway left behind: the orders without an answer, by OrderID."""

    in_flight: list[str]
    doubtful_after: list[str]
    """Those of them whose fate is still not known at the end of the journal."""


def fate_of_in_flight(path: Path, kill_seq: int, strategies: Iterable[str]) -> Killed:
    """Replay the journal: which orders had no answer at the kill, and which have none now."""
    names = frozenset(strategies)
    book = Book()
    in_flight: list[str] = []
    for record in reader.read(path):
        apply(book, entry_of(record))
        if record.seq == kill_seq:
            in_flight = [o.order_id for o in book.open_orders() if o.owner in names and _asked(o)]
    orders = book.state.orders
    left = [key for key in in_flight if orders[key].in_doubt or _asked(orders[key])]
    return Killed(in_flight, left)


def _asked(order: Any) -> bool:
    return order.venue_state is VenueState.PENDING_NEW and bool(order.wire_ids)


class Ledger(NamedTuple):
    """What the venue tells."""

    doubles: int
    """Ids that reached the venue more than once, and orders that it holds twice."""
    trades: dict[str, int]
    """Trade id to time, of the strategies' fills."""


def read_ledger(path: Path) -> Ledger:
    """Read the venue's own ledger."""
    lines = ledger.read(path)
    doubles = sum(1 for line in lines if line["k"] == "received" and line["n"] > 1)
    accepted = Counter(line["id"] for line in lines if line["k"] == "order")
    doubles += sum(count - 1 for count in accepted.values())
    trades = [(line["trade"], line["t"]) for line in lines if line["k"] == "fill"]
    doubles += len(trades) - len(dict(trades))
    return Ledger(doubles, dict(trades))


class Said(NamedTuple):
    """What one strategy's transcript tells."""

    asked: list[tuple[str, str]]
    """MsgType and ClOrdID of every order message that left."""
    reports: list[str]
    """ExecIDs of the reports that came."""
    answered: set[str]
    """ClOrdIDs that were answered by anything."""
    acks_us: list[int]
    """Order to 150=A, in microseconds, where no cut lies between."""


def read_transcript(path: Path) -> Said:
    """Read one strategy's own account."""
    said = Said([], [], set(), [])
    sent_ns: dict[str, int] = {}
    for line in transcript.read(path):
        if line["direction"] == "NOTE":
            if line["note"] != "START":
                sent_ns.clear()
            continue
        fields = line["fields"]
        name = str(fields.get("11", ""))
        if line["direction"] == "OUT" and line["msg_type"] in ORDER_TYPES:
            if not line["poss_dup"]:
                said.asked.append((line["msg_type"], name))
                sent_ns[name] = line["time_ns"]
        elif line["direction"] == "IN" and line["msg_type"] in {"8", "9", "r"}:
            said.answered.add(name)
            if line["msg_type"] == "8":
                said.reports.append(str(fields["17"]))
                if fields["150"] == ExecType.PENDING_NEW and name in sent_ns:
                    said.acks_us.append((line["time_ns"] - sent_ns.pop(name)) // 1_000)
    return said


def lost_of(said: dict[str, Said], journal: Witness, venue: Ledger) -> dict[str, int]:
    """Count what is missing, by kind; all zero is what must be."""
    asked = [(name, *one) for name, one_said in said.items() for one in one_said.asked]
    told = [(name, one) for name, one_said in said.items() for one in one_said.reports]
    unanswered = [one for one in asked if one[2] not in said[one[0]].answered]
    return {
        "orders_not_in_journal": sum(1 for one in asked if one not in journal.heard),
        "orders_never_answered": len(unanswered),
        "reports_not_in_journal": sum(1 for one in told if one not in journal.told),
        "venue_fills_not_in_journal": sum(1 for t in venue.trades if t not in journal.trades),
    }


def duplicates_of(journal: Witness, venue: Ledger) -> dict[str, int]:
    """Count what happened twice, by kind; all zero is what must be."""
    return {
        "at_venue": venue.doubles,
        "fills_counted_twice": sum(count - 1 for count in journal.trades.values()),
        "fills_never_at_venue": sum(1 for t in journal.trades if t not in venue.trades),
    }


def percentile(samples: list[int], part: Decimal) -> int | None:
    """Return a percentile of samples, None without any."""
    if not samples:
        return None
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]

