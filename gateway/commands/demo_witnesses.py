"""The demo's three witnesses, each read once: transcripts, journal, ledger. None knows another.

Rules: messages are compared by number and by content, so they are kept whole: MsgType and fields,
as a transcript writes them. Administrative messages are nobody's loss. What the journal said to a
strategy is due until that strategy logged out; what was said after that, nobody was there to hear.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from bridges.paper import ledger
from bridges.paper.lines import Line
from engine import transcript
from gateway.oms.apply import apply, entry_of
from gateway.oms.book import Book
from gateway.oms.order_states import VenueState
from gateway.oms.orders import BrokenFold
from gateway.oms.state import Order
from journal import reader
from journal.format import Direction, Record
from protocol import codec
from protocol.fields import ADMIN_TYPES, ExecType
from protocol.messages import Logon, Logout, Note

ORDER_TYPES = frozenset("DFGq")
ANSWER_TYPES = frozenset("89r")
SECOND_LIFE = 2

Words = tuple[str, dict[str, Any]]
"""A message as it is compared: its MsgType and its fields, tag to wire value."""


class Told(NamedTuple):
    """What one strategy's transcript tells, by MsgSeqNum."""

    said: dict[int, Words]
    came: dict[int, Words]
    changed: list[int]
    """Numbers that came again with other content."""
    resets: int
    acks_us: list[int]
    """Order sent to 150=A received, in microseconds, where no cut lies between."""


def read_transcript(path: Path) -> Told:
    """Read one strategy's own account."""
    said: dict[int, Words] = {}
    came: dict[int, Words] = {}
    changed: list[int] = []
    acks_us: list[int] = []
    sent_ns: dict[str, int] = {}
    resets = 0
    for line in transcript.read(path):
        if line["direction"] == "NOTE":
            resets += line["note"] == "RESET"
            if line["note"] != "START":
                sent_ns.clear()
            continue
        words = (line["msg_type"], line["fields"])
        number, name = line["msg_seq_num"], str(line["fields"].get("11", ""))
        if line["direction"] == "OUT":
            said[number] = words
            if words[0] in ORDER_TYPES:
                sent_ns[name] = line["time_ns"]
            continue
        if came.setdefault(number, words) != words:
            changed.append(number)
        if is_ack(words) and name in sent_ns:
            acks_us.append((line["time_ns"] - sent_ns.pop(name)) // 1_000)
    return Told(said, came, changed, resets, acks_us)


def is_ack(words: Words) -> bool:
    """Say whether a message is the gateway's 150=A."""
    return words[0] == "8" and words[1].get("150") == ExecType.PENDING_NEW


class Journaled:
    """What the journal tells, and the state that a replay of it leads to. Give it every record."""

    def __init__(self, strategies: Iterable[str]) -> None:
        names = tuple(strategies)
        self.book = Book()
        self.said: dict[str, dict[int, Words]] = {name: {} for name in names}
        """Session to MsgSeqNum to what it was told."""
        self.due: dict[str, int | None] = dict.fromkeys(names)
        """The last number that had to come before the session's Logout; None without one."""
        self.heard: dict[str, dict[int, Words]] = {name: {} for name in names}
        self.resets = 0
        self.starts: list[tuple[int, int]] = []
        """Sequence and time of each START: one per life of the gateway."""
        self.digests: list[tuple[int, str]] = []
        """(seq, digest) that the living gateway noted, in order."""
        self.wrong_digests: list[int] = []
        """Records at which the replay has another digest than the living gateway noted."""
        self.recovered: dict[str, Any] = {}
        """What the second life says of its recovery, in its START note."""
        self.in_flight: list[str] = []
        """The orders without an answer when the second life began, by OrderID."""
        self.broken = ""
        """Why the journal cannot be replayed, if it cannot: something that came before is gone."""
        self._seq = 0

    def add(self, record: Record) -> None:
        """Take the next record."""
        if record.direction is Direction.NOTE:
            note = codec.decode(record.frame)
            assert isinstance(note, Note)
            self._note(record, note)
        elif record.session in self.said:
            self._message(record)
        if not self.broken:
            try:
                apply(self.book, entry_of(record))
            except BrokenFold as problem:
                self.broken = f"record {record.seq}: {problem}"
        self._seq = record.seq

    def _message(self, record: Record) -> None:
        name = record.session
        message = codec.decode(record.frame)
        said = self.said[name]
        if record.direction is Direction.IN and isinstance(message, Logout):
            self.due[name] = max(said, default=0)
        elif record.direction is Direction.IN and isinstance(message, Logon):
            self.due[name] = None
            self.resets += message.reset_seq_num_flag is True
        elif message.msg_type not in ADMIN_TYPES:
            fields = orjson.loads(orjson.dumps(transcript.fields_of(message)))
            kept = self.heard[name] if record.direction is Direction.IN else said
            kept[message.msg_seq_num] = (message.msg_type, fields)

    def _note(self, record: Record, note: Note) -> None:
        body = orjson.loads(note.note_body)
        if note.note_kind == "START":
            self.starts.append((record.seq, record.time_ns))
            if len(self.starts) == SECOND_LIFE:
                self.recovered = body
                self.in_flight = [
                    order.order_id
                    for order in self.book.open_orders()
                    if order.owner in self.said and is_unanswered(order)
                ]
        elif note.note_kind == "DIGEST":
            self.digests.append((body["seq"], body["digest"]))
            if (self._seq, self.book.digest()) != self.digests[-1]:
                self.wrong_digests.append(body["seq"])

    @property
    def restart_seq(self) -> int:
        """The record with which the second life began; 0 if there was none."""
        return self.starts[1][0] if len(self.starts) >= SECOND_LIFE else 0

    @property
    def unknown_fates(self) -> list[str]:
        """Those of the orders in flight of which nothing is known at the end of the journal."""
        orders = self.book.state.orders
        return [
            key for key in self.in_flight
            if key not in orders or orders[key].in_doubt or is_unanswered(orders[key])
        ]  # fmt: skip


def is_unanswered(order: Order) -> bool:
    """Say whether an order was given to the venue, which has said nothing of it."""
    return order.venue_state is VenueState.PENDING_NEW and bool(order.wire_ids)


def read_journal(path: Path, strategies: Iterable[str]) -> Journaled:
    """Read and replay the journal, once. Raises Corrupt."""
    found = Journaled(strategies)
    for record in reader.read(path):
        found.add(record)
    return found


class Ledger(NamedTuple):
    """What the venue tells."""

    lines: list[Line]
    fills: dict[str, Line]
    """By trade id."""
    doubles: list[str]
    """Ids that reached the venue more than once, and what it holds twice."""


def read_ledger(path: Path) -> Ledger:
    """Read the venue's own ledger."""
    lines = ledger.read(path)
    doubles = [line["id"] for line in lines if line["k"] == "received" and line["n"] > 1]
    orders = Counter(line["id"] for line in lines if line["k"] in {"order", "replaced"})
    fills = [line for line in lines if line["k"] == "fill"]
    trades = Counter(line["trade"] for line in fills)
    doubles += [key for counts in (orders, trades) for key, n in counts.items() if n > 1]
    return Ledger(lines, {line["trade"]: line for line in fills}, doubles)
