"""The demo's account: three witnesses compared, after everything has stopped.

The witnesses are the strategies' own transcripts, the gateway's journal with the state that a
replay of it gives, and the venue's ledger; none of them is written by another. Rules:

- Lost is what one side of a conversation has and the other has not, number by number and field by
  field: said by the gateway and never come, come and never said, sent and never heard. A fill of
  the venue's that our state does not have is lost too.
- Doubled is what the venue received twice, or what the gateway told or counted twice.
- Fills, positions, fees and the ends of the orders must be the venue's own.

Each comparison returns sentences by kind, so that a red account says what, and not only how many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from bridges.paper.lines import Line
from gateway.commands.demo_witnesses import (
    ANSWER_TYPES,
    ORDER_TYPES,
    Journaled,
    Ledger,
    Told,
    Words,
    is_ack,
    read_journal,
    read_ledger,
    read_transcript,
)
from gateway.oms.book import Book
from gateway.oms.state import Fill
from protocol.fields import ExecType, OrdStatus, Side
from protocol.numbers import ZERO

Findings = dict[str, list[str]]
"""Kind to one sentence each; all empty is what must be."""

EVIDENCE = 3
"""Sentences of each kind that a red account quotes."""

ENDS = {
    "canceled": OrdStatus.CANCELED.name,
    "expired": OrdStatus.EXPIRED.name,
    "reject": OrdStatus.REJECTED.name,
}


class Witnesses(NamedTuple):
    """All that is compared."""

    told: dict[str, Told]
    journal: Journaled
    ledger: Ledger
    venue: str


def read_all(
    journal: Path, ledger: Path, transcripts: Mapping[str, Path], *, venue: str
) -> Witnesses:
    """Read the three witnesses of one run."""
    told = {name: read_transcript(path) for name, path in transcripts.items()}
    return Witnesses(told, read_journal(journal, told), read_ledger(ledger), venue)


def lost_of(found: Witnesses) -> Findings:
    """Compare each strategy's transcript with the journal, both ways, and fills with the state."""
    lost: Findings = {
        "reports_never_came": [], "reports_not_in_journal": [], "reports_differ": [],
        "orders_not_in_journal": [], "orders_not_in_transcript": [], "orders_differ": [],
        "orders_never_answered": [], "acknowledged_not_in_state": [], "sessions_reset": [],
    }  # fmt: skip
    for name, told in found.told.items():
        for kind, texts in _session(told, found.journal, name).items():
            lost[kind] += [f"{name}: {text}" for text in texts]
    resets = max(found.journal.resets, sum(told.resets for told in found.told.values()))
    lost["sessions_reset"] = ["numbers began at 1 again"] * resets
    ours = _by_trade_id(found)
    lost["venue_fills_not_in_state"] = [key for key in found.ledger.fills if key not in ours]
    return lost


def _session(told: Told, journal: Journaled, name: str) -> Findings:
    said, heard = journal.said[name], journal.heard[name]
    last = journal.due[name]
    last = max(told.came, default=0) if last is None else last
    due = {number: words for number, words in said.items() if number <= last}
    state = journal.book.state
    ids = state.ids.get(name, {})
    late = [words for number, words in said.items() if number > last]
    answered = {w[1].get("11") for w in (*told.came.values(), *late) if w[0] in ANSWER_TYPES}
    asked = [w[1].get("11") for w in told.said.values() if w[0] in ORDER_TYPES]
    acks = [words[1]["11"] for words in told.came.values() if is_ack(words)]
    return {
        "reports_never_came": _missing(due, told.came),
        "reports_not_in_journal": _missing(told.came, said),
        "reports_differ": [*_differing(told.came, said), *map(str, told.changed)],
        "orders_not_in_journal": _missing(told.said, heard),
        "orders_not_in_transcript": _missing(heard, told.said),
        "orders_differ": _differing(told.said, heard),
        "orders_never_answered": [str(one) for one in asked if one not in answered],
        "acknowledged_not_in_state": [a for a in acks if ids.get(a) not in state.orders],
    }


def _missing(of: Mapping[int, Words], among: Mapping[int, Words]) -> list[str]:
    return [f"number {n}, 35={of[n][0]} 11={of[n][1].get('11')}" for n in of if n not in among]


def _differing(one: Mapping[int, Words], other: Mapping[int, Words]) -> list[str]:
    return [f"number {n}: {one[n]}, {other[n]}" for n in one if n in other and one[n] != other[n]]


def duplicates_of(found: Witnesses) -> Findings:
    """Find what happened twice, or only with us."""
    reports: Counter[str] = Counter()
    trades: Counter[str] = Counter()
    for said in found.journal.said.values():
        for kind, fields in said.values():
            if kind == "8":
                reports[fields["17"]] += 1
                if fields["150"] == ExecType.TRADE and "527" in fields:
                    trades[fields["527"]] += 1
    ours = _by_trade_id(found)
    return {
        "at_venue": found.ledger.doubles,
        "reports_told_twice": [key for key, count in reports.items() if count > 1],
        "fills_told_twice": [key for key, count in trades.items() if count > 1],
        "fills_never_at_venue": [
            key for key in ours.keys() | trades.keys() if key not in found.ledger.fills
        ],
    }


def disagreements_of(found: Witnesses) -> Findings:
    """Compare the recovered state with the venue's ledger: fills, positions, fees, ends."""
    book, fills = found.journal.book, found.ledger.fills
    ours = _by_trade_id(found)
    qty, fees = _sums_of_ledger(fills.values())
    our_qty, our_fees = _sums_of_state(book, found.venue)
    return {
        "fills_differ": [
            f"{key}: venue {_terms_of_line(fills[key])}, we {_terms_of_fill(ours[key])}"
            for key in fills.keys() & ours.keys()
            if _terms_of_line(fills[key]) != _terms_of_fill(ours[key])
        ],
        "positions_differ": _apart(qty, our_qty),
        "fees_differ": _apart(fees, our_fees),
        "orders_end_differently": _ends(found.ledger.lines, book),
        "orders_not_at_venue": _unknown_there(found),
        "ledger_incomplete": _unexplained(found.ledger.lines),
        "still_open": [order.order_id for order in book.open_orders()],
        "in_doubt": [one.order_id for one in book.state.orders.values() if one.in_doubt],
        "not_replayable": [found.journal.broken] if found.journal.broken else [],
        "digests_differ": [f"at record {seq}" for seq in found.journal.wrong_digests],
    }


Terms = tuple[Decimal, Decimal, Decimal, str, str, str]
Sums = dict[tuple[str, ...], Decimal]


def _terms_of_line(line: Line) -> Terms:
    qty, price, fee = Decimal(line["qty"]), Decimal(line["px"]), Decimal(line["fee"])
    return qty, price, fee, line["ccy"], line["symbol"], line["strategy"]


def _terms_of_fill(fill: Fill) -> Terms:
    return (
        fill.last_qty, fill.last_px, fill.commission, fill.currency, fill.symbol, fill.owner
    )  # fmt: skip


def _sums_of_ledger(fills: Iterable[Line]) -> tuple[Sums, Sums]:
    """Return net quantity by (strategy, symbol), and fees by (strategy, symbol, currency)."""
    qty: Sums = {}
    fees: Sums = {}
    for line in fills:
        key = (line["strategy"], line["symbol"])
        signed = Decimal(line["qty"]) * Side(line["side"]).sign
        qty[key] = qty.get(key, ZERO) + signed
        paid = (*key, line["ccy"])
        fees[paid] = fees.get(paid, ZERO) + Decimal(line["fee"])
    return qty, fees


def _sums_of_state(book: Book, venue: str) -> tuple[Sums, Sums]:
    qty: Sums = {}
    fees: Sums = {}
    for owner, held in book.state.positions.items():
        for key, position in held.items():
            _account, where, symbol = key.split("|")
            if where == venue:
                qty[owner, symbol] = qty.get((owner, symbol), ZERO) + position.qty
                for currency, fee in position.fees.items():
                    paid = (owner, symbol, currency)
                    fees[paid] = fees.get(paid, ZERO) + fee
    return qty, fees


def _apart(theirs: Sums, ours: Sums) -> list[str]:
    return [
        f"{' '.join(key)}: venue {theirs.get(key, ZERO)}, we {ours.get(key, ZERO)}"
        for key in sorted(theirs.keys() | ours.keys())
        if theirs.get(key, ZERO) != ours.get(key, ZERO)
    ]


def _ends(lines: Iterable[Line], book: Book) -> list[str]:
    """Compare how each of the venue's orders ended, how much was filled, and its last id."""
    names: dict[str, str] = {}
    cum: dict[str, Decimal] = {}
    ends: dict[str, str] = {}
    for line in lines:
        oid = line.get("oid", "")
        if line["k"] in {"order", "replaced", "reject"}:
            names[oid] = line["id"]
        if line["k"] == "fill":
            cum[oid] = Decimal(line["cum"])
            if not Decimal(line["leaves"]):
                ends[oid] = OrdStatus.FILLED.name
        elif line["k"] in ENDS:
            ends[oid] = ENDS[line["k"]]
    wrong = []
    for oid, wire_id in names.items():
        order = book.order_on_wire(wire_id)
        theirs = (wire_id, cum.get(oid, ZERO), ends.get(oid, "open"))
        ours = (order.wire_id, order.cum_qty, order.venue_state.value) if order else "nothing"
        if theirs != ours:
            wrong.append(f"{oid}: venue {theirs}, we {ours}")
    return wrong


def _unknown_there(found: Witnesses) -> list[str]:
    """Find orders of which we believe that the venue has taken them, and its ledger has not."""
    taken = {line["oid"] for line in found.ledger.lines if line["k"] == "order"}
    return [
        order.order_id
        for order in found.journal.book.state.orders.values()
        if order.venue == found.venue and order.venue_order_id and order.venue_state != "REJECTED"
        and order.venue_order_id not in taken
    ]  # fmt: skip


def _unexplained(lines: Iterable[Line]) -> list[str]:
    """Find ids that the venue received and said nothing of, or said something of out of nothing."""
    received: set[str] = set()
    explained: set[str] = set()
    for line in lines:
        if line["k"] == "received":
            received.add(line["id"])
        elif line["k"] in {"order", "replaced", "reject", "refused"}:
            explained.add(line["id"])
        elif line["k"] == "canceled" and line["by"]:
            explained.add(line["by"])
    return sorted(received ^ explained)


def evidence(findings: Iterable[Findings]) -> list[str]:
    """Return the first sentences of every kind that found anything."""
    return [
        f"{kind}: {text}"
        for kinds in findings
        for kind, texts in kinds.items()
        for text in texts[:EVIDENCE]
    ]


def percentile(samples: Iterable[int], part: Decimal) -> int | None:
    """Return a percentile of samples, None without any."""
    ordered = sorted(samples)
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def _by_trade_id(found: Witnesses) -> dict[str, Fill]:
    """Name our fills as the paper venue does: its trade ids differ over symbols and sides too."""
    ours = found.journal.book.state.fills.get(found.venue, {})
    return {key.rpartition("|")[2]: fill for key, fill in ours.items()}
