"""`portcullis positions`: what each strategy holds."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.listing import list_rows
from gateway.commands.terminal import config_option, json_option

COLUMNS = (
    "owner", "venue", "account", "symbol", "qty", "avg_px", "realized", "currency",
)  # fmt: skip


@click.command("positions")
@config_option
@json_option
def command(config_path: Path, *, as_json: bool) -> None:
    """List positions per strategy, venue, account and symbol, with profit and fees.

    \b
    Exit codes: 0 answered, 1 refused, 2 config wrong, 3 the gateway does not answer.
    """
    list_rows(config_path, "POSITIONS", columns=COLUMNS, as_json=as_json)
