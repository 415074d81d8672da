"""`portcullis venues`: the venues and their links."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.listing import list_rows
from gateway.commands.terminal import config_option, json_option

COLUMNS = (
    "venue", "account", "linked", "connected", "ready", "why", "open_orders", "rates", "symbols",
    "capabilities", "balances",
)  # fmt: skip


@click.command("venues")
@config_option
@json_option
def command(config_path: Path, *, as_json: bool) -> None:
    """List the venues: bridge connected, venue up, open orders, room in its rate limits.

    \b
    Exit codes: 0 answered, 1 refused, 2 config wrong, 3 the gateway does not answer.
    """
    list_rows(
        config_path, "VENUES", columns=COLUMNS, as_json=as_json,
        short={name: name for name in COLUMNS},
    )  # fmt: skip
