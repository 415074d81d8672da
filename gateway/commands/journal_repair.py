"""`portcullis journal repair DIR`: cut a corrupt journal back to its last good batch."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.journal_folder import folder_argument
from gateway.commands.terminal import JOURNAL, out
from gateway.errors import CommandError
from journal import repair


@click.command("repair")
@folder_argument
@click.option("--yes", is_flag=True, help="Do it without asking.")
def command(folder: Path, *, yes: bool) -> None:
    """Copy DIR, then cut it after the last batch that is as it was written.

    What is cut off is lost to the gateway, though not to you: the copy stays beside DIR. The next
    start asks every venue what became of the orders. Stop the gateway first.

    \b
    Exit codes: 0 repaired or nothing to do, 1 not wanted, 4 the journal cannot be repaired.
    """
    if not folder.is_dir():
        msg = f"{folder} is not a journal folder; expected the `[journal] path` of a config"
        raise CommandError(msg, exit_code=JOURNAL)
    if not yes:
        click.confirm(f"Copy {folder} and cut it after its last good batch?", abort=True)
    out.print(str(repair.repair(folder)))
