"""`portcullis journal replay DIR`: rebuild the state from nothing but the journal."""

from __future__ import annotations

import time
from pathlib import Path

import click

from gateway.commands.journal_folder import counted, folder_argument, progress, records
from gateway.commands.terminal import json_option, print_json, print_pairs
from gateway.errors import CommandError
from gateway.oms.apply import apply, entry_of
from gateway.oms.book import Book


@click.command("replay")
@folder_argument
@click.option("--at", "to_seq", type=click.IntRange(min=1), help="Stop after this record.")
@json_option
def command(folder: Path, *, to_seq: int | None, as_json: bool) -> None:
    """Rebuild the state of DIR and print its digest: equal digests, equal states.

    \b
    Exit codes: 0 rebuilt, 1 --at is past the end, 4 the journal cannot be read.
    """
    book = Book()
    started_ns = time.monotonic_ns()
    with progress("replaying") as advance:
        for record in counted(records(folder, to_seq=to_seq), advance):
            apply(book, entry_of(record))
    seconds = (time.monotonic_ns() - started_ns) / 1e9
    state = book.state
    if to_seq is not None and state.seq != to_seq:
        msg = f"received --at {to_seq}, but the journal ends at record {state.seq}"
        raise CommandError(msg)
    found = {
        "seq": state.seq,
        "digest": book.digest(),
        "orders": len(state.orders),
        "open_orders": len(book.open_orders()),
        "sessions": len(state.sessions),
        "seconds": round(seconds, 3),
        "records_per_second": round(state.seq / seconds) if seconds else 0,
    }
    if as_json:
        print_json(found)
    else:
        print_pairs(found)
