"""Three accounts of one run, compared: the strategies' transcripts, the journal, the ledger.

None of the three is written by another. What they must agree on is said in one function each; every
one returns a list of what is wrong, so that a failing test shows all of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from typing import NamedTuple

import orjson

from bridges.paper import ledger
from engine import transcript
from gateway.oms.apply import apply, entry_of
from gateway.oms.book import Book
from journal import reader
from protocol import codec
from protocol.fields import ADMIN_TYPES, OrdStatus
from protocol.messages import Note

ENDS = {"canceled": OrdStatus.CANCELED, "expired": OrdStatus.EXPIRED}


class Replayed(NamedTuple):
    """The journal, read once."""

    book: Book
    wrong_digests: list[int]
    """Records where the living process noted another digest than replay has."""
    starts: list[dict]
    said: dict[str, dict[int, str]]
    """Session to (MsgSeqNum to MsgType) of what was said to it since its last reset."""
    heard: dict[str, set[str]]
    """Session to the ClOrdIDs of the D, F, G, q that it said."""
    records: int
    last_digest: tuple[int, str]
    """The last that the living process noted: the record, and its digest of the state there."""


class Told(NamedTuple):
    """One strategy's transcript."""

    asked: list[str]
    acknowledged: list[str]
    answered: set[str]
    heard: dict[int, str]
    """MsgSeqNum to MsgType of what came."""
    changed: list[int]
    """Numbers that came again with other content."""


def replay(journal, strategies):
    """Read the journal and rebuild the state from it."""
    book, wrong, starts, last = Book(), [], [], (0, "")
    said, heard, seq = defaultdict(dict), defaultdict(set), 0
    for record in reader.read(journal):
        entry = entry_of(record)
        if isinstance(entry.message, Note):
            body = orjson.loads(entry.message.note_body)
            if entry.message.note_kind == "START":
                starts.append(body)
            elif entry.message.note_kind == "DIGEST":
                assert body["seq"] == seq, (body, seq)
                last = (seq, body["digest"])
                if book.digest() != body["digest"]:
                    wrong.append(seq)
        elif record.session in strategies:
            peek = codec.peek(record.frame)
            if record.direction == 1:
                said[record.session][peek.msg_seq_num] = peek.msg_type
            elif peek.msg_type in "DFGq":
                heard[record.session].add(codec.decode(record.frame).cl_ord_id)
        apply(book, entry)
        seq = record.seq
    return Replayed(book, wrong, starts, said, heard, seq, last)


def listen(path):
    """Read one transcript, of a strategy that never reset its session."""
    told, content = Told([], [], set(), {}, []), {}
    for line in transcript.read(path):
        if line["direction"] == "NOTE":
            assert line["note"] != "RESET", line
            continue
        fields, number = line["fields"], line["msg_seq_num"]
        name = fields.get("11")
        if line["direction"] == "OUT":
            if line["msg_type"] in "DFGq":
                told.asked.append(name)
            continue
        if content.setdefault(number, fields) != fields:
            told.changed.append(number)
        told.heard[number] = line["msg_type"]
        told.answered.add(name)
        if fields.get("150") == "A":
            told.acknowledged.append(name)
    return told


def session_wrongs(name, told, replayed):
    """Every acknowledged order is in journal and state; everything said has come, once."""
    ids, orders = replayed.book.state.ids.get(name, {}), replayed.book.state.orders
    wrong = [f"acknowledged, not heard in the journal: {a}" for a in told.acknowledged
             if a not in replayed.heard[name]]  # fmt: skip
    wrong += [f"acknowledged, not in the recovered state: {a}" for a in told.acknowledged
              if ids.get(a) not in orders]  # fmt: skip
    wrong += [f"sent, never answered: {a}" for a in told.asked if a not in told.answered]
    wrong += [f"came again with other content: {n}" for n in told.changed]
    said = {n: kind for n, kind in replayed.said[name].items() if kind not in ADMIN_TYPES}
    last = max(told.heard, default=0)
    missed = [n for n in said if n <= last and n not in told.heard]
    invented = [n for n in told.heard if n not in said]
    wrong += [f"said, never came: {n} {said[n]}" for n in missed]
    wrong += [f"came, never said: {n}" for n in invented]
    return [f"{name}: {text}" for text in wrong]


def venue_wrongs(path, book, venue="PAPER"):
    """Compare the venue's ledger with our book: ids, fills, fees, positions, how orders ended."""
    lines = ledger.read(path)
    wrong = [f"reached the venue {line['n']} times: {line['id']}" for line in lines
             if line["k"] == "received" and line["n"] > 1]  # fmt: skip
    orders = Counter(line["id"] for line in lines if line["k"] in {"order", "replaced"})
    wrong += [f"accepted {n} times: {name}" for name, n in orders.items() if n > 1]
    owned = Counter(
        book.by_wire_id.get(line["id"], f"unknown {line['id']}")
        for line in lines if line["k"] == "order"
    )  # fmt: skip
    wrong += [f"{n} venue orders for {name}" for name, n in owned.items() if n > 1]
    wrong += [f"the venue's order is not ours: {name}" for name in owned if "unknown" in name]
    fills = [line for line in lines if line["k"] == "fill"]
    ours = book.state.fills.get(venue, {})
    wrong += _fill_wrongs(fills, {key.rpartition("|")[2]: fill for key, fill in ours.items()})
    wrong += _sum_wrongs(fills, book.state.positions)
    wrong += _end_wrongs(lines, book)
    return wrong


def _fill_wrongs(lines, ours):
    theirs = {line["trade"]: line for line in lines}
    wrong = [f"the venue's fill is not ours: {key}" for key in theirs if key not in ours]
    wrong += [f"our fill is not the venue's: {key}" for key in ours if key not in theirs]
    for key in theirs.keys() & ours.keys():
        line, fill = theirs[key], ours[key]
        told = (Decimal(line["qty"]), Decimal(line["px"]), Decimal(line["fee"]), line["ccy"])
        have = (fill.last_qty, fill.last_px, fill.commission, fill.currency)
        if told != have:
            wrong.append(f"fill {key}: venue {told}, we {have}")
    return wrong


def _sum_wrongs(lines, positions):
    qty, fees = Counter(), Counter()
    for line in lines:
        sign = 1 if line["side"] == "1" else -1
        qty[line["strategy"], line["symbol"]] += sign * Decimal(line["qty"])
        fees[line["strategy"], line["symbol"], line["ccy"]] += Decimal(line["fee"])
    our_qty, our_fees = Counter(), Counter()
    for owner, held in positions.items():
        for key, position in held.items():
            symbol = key.split("|")[2]
            our_qty[owner, symbol] += position.qty
            for currency, fee in position.fees.items():
                our_fees[owner, symbol, currency] += fee
    wrong = [f"position {key}: venue {qty[key]}, we {our_qty[key]}"
             for key in qty.keys() | our_qty.keys() if qty[key] != our_qty[key]]  # fmt: skip
    wrong += [f"fees {key}: venue {fees[key]}, we {our_fees[key]}"
              for key in fees.keys() | our_fees.keys() if fees[key] != our_fees[key]]  # fmt: skip
    return wrong


def sum_wrongs(path, rows):
    """Compare the ledger's sums with the positions of a running gateway, as an operator sees."""
    qty = Counter()
    for line in ledger.read(path):
        if line["k"] == "fill":
            sign = 1 if line["side"] == "1" else -1
            qty[line["strategy"], line["symbol"]] += sign * Decimal(line["qty"])
    for row in rows:
        qty[row["owner"], row["symbol"]] -= Decimal(row["qty"])
    return [f"{key}: {left}" for key, left in qty.items() if left]


def _end_wrongs(lines, book):
    """Every order that ended at the venue ended the same with us, and none is left open."""
    wrong = []
    first = {line["oid"]: line["id"] for line in lines if line["k"] == "order"}
    cum = {line["oid"]: Decimal(line["cum"]) for line in lines if line["k"] == "fill"}
    ends = {line["oid"]: ENDS[line["k"]] for line in lines if line["k"] in ENDS}
    for oid, wire_id in first.items():
        order = book.order_on_wire(wire_id)
        if order is None:
            continue
        theirs = (cum.get(oid, Decimal(0)), ends.get(oid, OrdStatus.FILLED).name)
        ours = (order.cum_qty, order.venue_state.value)
        if theirs != ours:
            wrong.append(f"order {order.order_id} ({oid}): venue {theirs}, we {ours}")
    wrong += [f"still open: {order.order_id}" for order in book.open_orders()]
    wrong += [f"in doubt: {order.order_id}" for order in book.state.orders.values()
              if order.in_doubt]  # fmt: skip
    return wrong
