"""`portcullis journal tail DIR`: the last records, for a person's eye; with --follow, the next."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path

import click

from gateway.audit import describe_frame
from gateway.commands.journal_folder import folder_argument, records
from gateway.commands.terminal import out, print_json_line
from journal.format import Direction, Record
from journal.reader import Tail
from protocol import codec
from protocol.timestamps import format_utc

_ARROWS = {Direction.IN: "[green]→[/]", Direction.OUT: "[cyan]←[/]", Direction.NOTE: "[dim]·[/]"}
PERIOD_S = 0.25
HEAD = 40
"""The type of a message stands within so many bytes."""


@click.command("tail")
@folder_argument
@click.option("-n", "--lines", type=click.IntRange(min=1), default=20, show_default=True)
@click.option("--session", "name", help="Only this session (a CompID, a venue, OPERATOR/…).")
@click.option("--quotes", is_flag=True, help="The venues' quotes (W) too; else they are left out.")
@click.option("-f", "--follow", is_flag=True, help="Go on as the journal grows; Ctrl-C ends.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def command(
    folder: Path, *, lines: int, name: str | None, quotes: bool, follow: bool, as_json: bool
) -> None:
    """Print the last records of DIR: → heard, ← said, · noted.

    What happened to an order or a limit would drown in the venues' quotes: they are left out.

    \b
    Exit codes: 0 printed, 4 the journal cannot be read.
    """
    last: deque[Record] = deque(maxlen=lines)
    seq = 0
    for record in records(folder):
        seq = record.seq
        if is_wanted(record, name, quotes=quotes):
            last.append(record)
    for record in last:
        show(record, as_json=as_json)
    growing = Tail(folder, seq + 1)
    while follow:
        time.sleep(PERIOD_S)
        for record in growing.poll():
            if is_wanted(record, name, quotes=quotes):
                show(record, as_json=as_json)


def is_wanted(record: Record, name: str | None, *, quotes: bool) -> bool:
    """Whether a record is of the session that was asked for, and no quote unless those were."""
    if name is not None and record.session != name:
        return False
    return quotes or b"\x0135=W\x01" not in record.frame[:HEAD]


def show(record: Record, *, as_json: bool) -> None:
    """Print one record."""
    found = codec.peek(record.frame)
    text = describe_frame(record.frame)
    time_text = format_utc(record.time_ns)
    if as_json:
        print_json_line(
            {
                "seq": record.seq, "time": time_text, "direction": record.direction.name,
                "session": record.session, "msg_type": found.msg_type, "text": text,
            }
        )  # fmt: skip
        return
    safe = text.replace("[", "\\[")
    out.print(
        f"[dim]{record.seq:>8} {time_text[9:]}[/] {_ARROWS[record.direction]}"
        f" {record.session or '-':<12} [bold]{found.msg_type:<2}[/] {safe}"
    )
