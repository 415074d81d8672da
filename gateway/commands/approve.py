"""`portcullis approve`: let an order go that waits for a person."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.scope import change, scope_text
from gateway.commands.terminal import config_option, json_option


@click.command("approve")
@click.argument("order")
@click.option("--reason", required=True, help="Why; it is journaled with your name.")
@config_option
@json_option
def command(config_path: Path, *, order: str, reason: str, as_json: bool) -> None:
    """Let ORDER (its OrderID, 37) go to its venue, if every check still lets it.

    `portcullis reviews` lists the orders that wait.

    \b
    Exit codes: 0 done and journaled, 1 refused, or a check refuses it now, 2 config or
    arguments wrong, 3 the gateway does not answer.
    """
    change(
        config_path, "APPROVE", scope=scope_text(order=order), reason=reason, as_json=as_json
    )
