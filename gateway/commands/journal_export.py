"""`portcullis journal export DIR`: the journal as an SQLite file for auditors."""

from __future__ import annotations

from pathlib import Path

import click

from gateway import audit
from gateway.commands.journal_folder import folder_argument, progress, records
from gateway.commands.terminal import USAGE, json_option, out, print_json
from gateway.errors import CommandError


@click.command("export")
@folder_argument
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=Path("audit.db"), show_default=True
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@json_option
def command(folder: Path, *, output: Path, force: bool, as_json: bool) -> None:
    """Write DIR as SQLite: messages, orders, executions, positions, refusals, actions, trips.

    Open it with `datasette audit.db`; full-text search is on messages. `operator_actions` is what
    people did, `trips` each change of a trading state: its cause, by whom, why and until when.

    \b
    Exit codes: 0 written, 2 the file is already there or cannot be written,
    4 the journal cannot be read.
    """
    if output.exists() and not force:
        msg = f"{output} is already there; --force replaces it, --output FILE names another"
        raise CommandError(msg, exit_code=USAGE)
    found = records(folder)
    try:
        output.unlink(missing_ok=True)
        with output.open("xb"):
            pass
    except OSError as problem:
        msg = f"{output} cannot be written: {problem.strerror or problem}"
        raise CommandError(msg, exit_code=USAGE) from None
    with progress("exporting") as advance:
        counts = audit.export(found, output, progress=advance)
    if as_json:
        print_json({"output": str(output), "rows": counts})
        return
    out.print(f"wrote {output}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
