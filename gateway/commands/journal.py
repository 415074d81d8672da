"""`portcullis journal`: look into the memory, check it, rebuild from it, mend it."""

from __future__ import annotations

import click

from gateway.commands import (
    journal_export,
    journal_repair,
    journal_replay,
    journal_tail,
    journal_verify,
)


@click.group("journal")
def command() -> None:
    """Work on a journal folder (usually var/journal). All but `repair` only read."""


for part in (journal_verify, journal_replay, journal_tail, journal_export, journal_repair):
    command.add_command(part.command)
