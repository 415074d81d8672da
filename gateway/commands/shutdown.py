"""`portcullis shutdown`: end a running gateway in an orderly way."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.scope import change
from gateway.commands.terminal import config_option


@click.command("shutdown")
@click.option("--reason", required=True, help="Why; it is journaled with your name.")
@config_option
def command(config_path: Path, *, reason: str) -> None:
    """End the gateway: say Logout to everybody, commit, exit. Resting orders stay at the venues.

    \b
    Exit codes: 0 done, 1 refused, 2 config wrong, 3 the gateway does not answer.
    """
    change(config_path, "SHUTDOWN", scope="all", reason=reason)
