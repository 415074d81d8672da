"""`portcullis sessions`: who is connected, and at which sequence numbers."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.listing import list_rows
from gateway.commands.terminal import config_option, json_option

COLUMNS = (
    "session", "connected", "next_in", "next_out",
)  # fmt: skip


@click.command("sessions")
@config_option
@json_option
def command(config_path: Path, *, as_json: bool) -> None:
    """List the sessions: who is connected, and the sequence numbers.

    \b
    Exit codes: 0 answered, 1 refused, 2 config wrong, 3 the gateway does not answer.
    """
    list_rows(config_path, "SESSIONS", columns=COLUMNS, as_json=as_json)
