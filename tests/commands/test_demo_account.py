"""The demo's account is not blind: one line of one witness taken away or changed, and it is red."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import msgspec
import orjson
import pytest

from gateway.commands import demo_account
from gateway.commands.demo_system import STRATEGIES, VENUE
from gateway.commands.demo_witnesses import read_journal
from journal import reader
from journal.format import Direction
from journal.writer import JournalWriter
from protocol import codec

NAME = "PRESSURE"
"""The strategy whose transcript is changed: it has orders, cancels and fills."""


class Places(NamedTuple):
    """Where the three witnesses are."""

    journal: object
    ledger: object
    transcripts: dict


@pytest.fixture(scope="module")
def places(demo_run):
    """Return what the demo left; it is changed in copies only."""
    done, folder = demo_run
    assert done.returncode == 0, done.stdout + done.stderr
    transcripts = {n: folder / "var/strategies" / n / "transcript.jsonl" for n in STRATEGIES}
    ledger = folder / "var/bridges" / VENUE / "ledger.jsonl"
    return Places(folder / "var/journal", ledger, transcripts)


def findings(places):
    """Return the kinds of what the account finds wrong."""
    found = demo_account.read_all(*places, venue=VENUE)
    kinds = (
        demo_account.lost_of(found), demo_account.duplicates_of(found),
        demo_account.disagreements_of(found),
    )  # fmt: skip
    red = {kind for one in kinds for kind, texts in one.items() if texts}
    assert bool(demo_account.evidence(kinds)) == bool(red)
    return red


def rewritten(path, to, change):
    """Write JSON lines anew; `change` is given number and line, and returns the lines instead."""
    lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    changed = [new for number, line in enumerate(lines) for new in change(number, line)]
    assert changed != lines
    to.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in changed))
    return to


def first(wanted, instead):
    """Return a change of the first line only that is wanted."""
    hit = []

    def change(number, line):
        if hit or not wanted(line):
            return [line]
        hit.append(number)
        return instead(line)

    return change


def removed(line):
    """Leave the line out."""
    return []


def with_fields(**fields):
    """Return the change of a transcript line's fields, tags written `t37`."""
    return lambda line: [
        {**line, "fields": {**line["fields"], **{k[1:]: v for k, v in fields.items()}}}
    ]


def message(direction, msg_type, **fields):
    """Return what recognises a transcript line."""
    return lambda line: (
        line["direction"] == direction and line.get("msg_type") == msg_type
        and all(line["fields"].get(tag[1:]) == value for tag, value in fields.items())
    )  # fmt: skip


def kind(name):
    """Return what recognises a ledger line."""
    return lambda line: line["k"] == name


@pytest.mark.budget(90)
def test_an_untouched_run_is_green(places):
    """The three witnesses of a true run agree on everything."""
    assert findings(places) == set()


@pytest.mark.parametrize(
    ("wanted", "instead", "expected"),
    [
        (message("IN", "8", t150="F"), removed, "reports_never_came"),
        (message("IN", "8", t150="A"), removed, "reports_never_came"),
        (message("IN", "8", t150="4"), removed, "reports_never_came"),
        (message("IN", "8", t150="F"), with_fields(t32="7"), "reports_differ"),
        (message("IN", "8", t150="A"), with_fields(t11="GHOST"), "acknowledged_not_in_state"),
        (message("IN", "8"), lambda one: [{**one, "msg_seq_num": 999_999}],
         "reports_not_in_journal"),
        (message("IN", "8"), lambda one: [one, *with_fields(t14="7")(one)], "reports_differ"),
        (message("OUT", "D"), removed, "orders_not_in_transcript"),
        (message("OUT", "F"), removed, "orders_not_in_transcript"),
        (message("OUT", "D"), with_fields(t38="7"), "orders_differ"),
        (message("OUT", "D"), lambda one: [one, {**one, "msg_seq_num": 999_999}],
         "orders_not_in_journal"),
        (message("OUT", "D"), with_fields(t11="GHOST"), "orders_never_answered"),
        (message("OUT", "D"), lambda one: [{"direction": "NOTE", "note": "RESET", "text": ""}, one],
         "sessions_reset"),
    ],
)  # fmt: skip
def test_a_changed_transcript_is_seen(places, tmp_path, wanted, instead, expected):
    """One message that a strategy did not hear, heard otherwise, did not send or sent otherwise."""
    told = rewritten(places.transcripts[NAME], tmp_path / "told", first(wanted, instead))
    transcripts = {**places.transcripts, NAME: told}
    assert expected in findings(places._replace(transcripts=transcripts))


def test_the_last_report_counts_too(places, tmp_path):
    """A transcript that ends one report early is noticed: the journal knows what was due.

    What was said while the Logout was on its way may be heard, or not: it was not due.
    """
    lines = [orjson.loads(line) for line in places.transcripts[NAME].read_bytes().splitlines()]
    is_report = message("IN", "8")
    due = read_journal(places.journal, STRATEGIES).due[NAME]
    assert due is not None, "the strategy has logged out"
    last = max(
        n for n, line in enumerate(lines) if is_report(line) and line["msg_seq_num"] <= due
    )
    told = rewritten(
        places.transcripts[NAME], tmp_path / "told",
        lambda number, line: [] if number == last else [line],
    )  # fmt: skip
    transcripts = {**places.transcripts, NAME: told}
    assert "reports_never_came" in findings(places._replace(transcripts=transcripts))


def test_all_fills_gone_from_all_transcripts_are_seen(places, tmp_path):
    """Strategies that heard of no fill at all have lost every one of them."""
    fill = message("IN", "8", t150="F")
    transcripts = {
        name: rewritten(path, tmp_path / name, lambda _, line: [] if fill(line) else [line])
        if any(fill(orjson.loads(line)) for line in path.read_bytes().splitlines()) else path
        for name, path in places.transcripts.items()
    }  # fmt: skip
    found = demo_account.read_all(places.journal, places.ledger, transcripts, venue=VENUE)
    lost = demo_account.lost_of(found)["reports_never_came"]
    assert len(lost) == len(found.ledger.fills)


@pytest.mark.parametrize(
    ("wanted", "instead", "expected"),
    [
        ("fill", removed, {"fills_never_at_venue", "positions_differ"}),
        ("fill", lambda one: [one, one], {"at_venue"}),
        ("fill", lambda one: [{**one, "trade": "T9999"}], {"venue_fills_not_in_state"}),
        ("fill", lambda one: [{**one, "qty": "7"}], {"fills_differ", "positions_differ"}),
        ("fill", lambda one: [{**one, "px": "7"}], {"fills_differ"}),
        ("fill", lambda one: [{**one, "fee": "7"}], {"fills_differ", "fees_differ"}),
        ("fill", lambda one: [{**one, "cum": "7", "leaves": "0"}], {"orders_end_differently"}),
        ("order", removed, {"orders_not_at_venue", "ledger_incomplete"}),
        ("order", lambda one: [one, one], {"at_venue"}),
        ("order", lambda one: [{**one, "id": "0000000000001"}], {"ledger_incomplete"}),
        ("received", removed, {"ledger_incomplete"}),
        ("received", lambda one: [{**one, "n": 2}], {"at_venue"}),
        ("canceled", removed, {"orders_end_differently"}),
        ("replaced", removed, {"ledger_incomplete"}),
    ],
)  # fmt: skip
def test_a_changed_ledger_is_seen(places, tmp_path, wanted, instead, expected):
    """One line of the venue's own book that is missing, doubled or says something else."""
    ledger = rewritten(places.ledger, tmp_path / "ledger", first(kind(wanted), instead))
    assert expected <= findings(places._replace(ledger=ledger))


def journal_without(places, tmp_path, wanted, instead=None):
    """Write the journal anew, sound in itself, its first wanted record left out or replaced."""
    hit = []
    path = tmp_path / "journal"
    writer = JournalWriter.open(path, durability="os", epoch=1)
    for record in reader.read(places.journal):
        frame = record.frame
        if not hit and wanted(record):
            hit.append(record)
            if instead is None:
                continue
            frame = instead(frame)
        writer.append(record.time_ns, record.direction, record.session, frame)
    writer.commit()
    writer.close()
    assert hit
    return places._replace(journal=path)


def of_type(direction, *marks):
    """Return what recognises a record of the strategy's session."""
    return lambda record: (
        record.session == NAME and record.direction is direction
        and all(b"\x01" + mark + b"\x01" in record.frame for mark in marks)
    )  # fmt: skip


def altered(**changes):
    """Return the change of a frame that says something else, and is valid."""

    def change(frame):
        message = codec.decode(frame)
        return codec.encode(
            msgspec.structs.replace(message, **changes),
            sender_comp_id=message.sender_comp_id, target_comp_id=message.target_comp_id,
            msg_seq_num=message.msg_seq_num, sending_time=message.sending_time,
        )  # fmt: skip

    return change


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (of_type(Direction.OUT, b"35=8", b"150=F"), "reports_not_in_journal"),
        (of_type(Direction.OUT, b"35=8", b"150=A"), "reports_not_in_journal"),
        (of_type(Direction.IN, b"35=D"), "orders_not_in_journal"),
        (of_type(Direction.IN, b"35=F"), "orders_not_in_journal"),
    ],
)
def test_a_record_gone_from_the_journal_is_seen(places, tmp_path, wanted, expected):
    """One record less, in a journal that is sound in itself: transcripts and digests tell."""
    found = findings(journal_without(places, tmp_path, wanted))
    assert {expected, "digests_differ"} <= found


def test_a_journal_that_does_not_fold_is_a_finding(places, tmp_path):
    """An order sent to the venue of which no acceptance is left: said, and not a traceback."""
    wanted = of_type(Direction.OUT, b"35=8", b"150=A")
    assert "not_replayable" in findings(journal_without(places, tmp_path, wanted))


def test_a_fill_gone_from_the_journal_is_missing_from_the_state(places, tmp_path):
    """A fill that the journal does not hold is not in the state, and the venue's ledger has it."""
    wanted = of_type(Direction.OUT, b"35=8", b"150=F")
    found = findings(journal_without(places, tmp_path, wanted))
    assert {"venue_fills_not_in_state", "positions_differ"} <= found


@pytest.mark.parametrize(
    ("wanted", "instead", "expected"),
    [
        (of_type(Direction.OUT, b"35=8", b"150=F"), altered(last_px=Decimal(7)),
         {"reports_differ", "fills_differ"}),
        (of_type(Direction.OUT, b"35=8", b"150=F"), altered(commission=Decimal(7)),
         {"reports_differ", "fills_differ", "fees_differ"}),
        (of_type(Direction.OUT, b"35=8", b"150=A"), altered(text="other"), {"reports_differ"}),
        (of_type(Direction.IN, b"35=D"), altered(order_qty=Decimal(9)), {"orders_differ"}),
    ],
)  # fmt: skip
def test_a_changed_record_is_seen(places, tmp_path, wanted, instead, expected):
    """One record that says something else, in a journal that is sound in itself."""
    assert expected <= findings(journal_without(places, tmp_path, wanted, instead))
