"""What the journal commands share: their folder, a progress bar, the position in the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gateway.commands.terminal import JOURNAL, err
from gateway.errors import CommandError
from journal import reader
from journal.format import Record

F = TypeVar("F", bound=Callable[..., Any])
EVERY = 1_000


def folder_argument(command: F) -> F:
    """Add the DIR argument."""
    return click.argument(
        "folder", metavar="DIR", type=click.Path(path_type=Path), default=Path("var/journal")
    )(command)


def records(folder: Path, *, from_seq: int = 1, to_seq: int | None = None) -> Iterator[Record]:
    """Read a journal's records; a missing folder is a sentence, not an empty journal."""
    if not folder.is_dir():
        msg = f"{folder} is not a journal folder; expected the `[journal] path` of a config"
        raise CommandError(msg, exit_code=JOURNAL)
    return iter(reader.read(folder, from_seq=from_seq, to_seq=to_seq))


@contextmanager
def progress(what: str) -> Iterator[Callable[[int], None]]:
    """Show how far a long reading has come, on stderr, when that is a terminal."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def advance(seq: int) -> None:
            if seq % EVERY == 0:
                bar.update(task, completed=seq)

        yield advance


def counted(found: Iterable[Record], advance: Callable[[int], None]) -> Iterator[Record]:
    """Pass records on and tell the progress bar."""
    for record in found:
        advance(record.seq)
        yield record
