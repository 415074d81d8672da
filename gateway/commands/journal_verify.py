"""`portcullis journal verify DIR`: tell whether every byte is as it was written."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.journal_folder import folder_argument
from gateway.commands.terminal import JOURNAL, json_option, out, print_json
from gateway.errors import CommandError
from journal import verify


@click.command("verify")
@folder_argument
@json_option
def command(folder: Path, *, as_json: bool) -> None:
    """Check every checksum and the chain of hashes in DIR.

    \b
    Exit codes: 0 sound, 1 torn tail (the next start cuts it), 2 corrupt (a person must look),
    4 no journal there.
    """
    if not folder.is_dir():
        msg = f"{folder} is not a journal folder; expected the `[journal] path` of a config"
        raise CommandError(msg, exit_code=JOURNAL)
    verdict = verify.verify(folder)
    if as_json:
        print_json({"exit_code": verdict.exit_code, "text": verdict.text})
    else:
        out.print(verdict.text)
    click.get_current_context().exit(verdict.exit_code)
