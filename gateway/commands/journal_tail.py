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


@click.command("tail")
@folder_argument
@click.option("-n", "--lines", type=click.IntRange(min=1), default=20, show_default=True)
@click.option("--session", "name", help="Only this session (a CompID, a venue, OPERATOR/…).")
@click.option("-f", "--follow", is_flag=True, help="Go on as the journal grows; Ctrl-C ends.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def command(folder: Path, *, lines: int, name: str | None, follow: bool, as_json: bool) -> None:
    """Print the last records of DIR: → heard, ← said, · noted.

    \b
    Exit codes: 0 printed, 4 the journal cannot be read.
    """
    last: deque[Record] = deque(maxlen=lines)
    seq = 0
    for record in records(folder):
        seq = record.seq
        if name is None or record.session == name:
            last.append(record)
    for record in last:
        show(record, as_json=as_json)
    growing = Tail(folder, seq + 1)
    while follow:
        time.sleep(PERIOD_S)
        for record in growing.poll():
            if name is None or record.session == name:
                show(record, as_json=as_json)


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
