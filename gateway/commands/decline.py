"""`portcullis decline`: refuse an order that waits for a person."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.scope import change, scope_text
from gateway.commands.terminal import config_option, json_option


@click.command("decline")
@click.argument("order")
@click.option("--reason", required=True, help="Why; it is journaled with your name.")
@config_option
@json_option
def command(config_path: Path, *, order: str, reason: str, as_json: bool) -> None:
    """Refuse ORDER (its OrderID, 37): it is never sent, and its owner is told why.

    `portcullis reviews` lists the orders that wait.

    \b
    Exit codes: 0 done and journaled, 1 refused, 2 config or
    arguments wrong, 3 the gateway does not answer.
    """
    change(
        config_path, "DECLINE", scope=scope_text(order=order), reason=reason, as_json=as_json
    )
