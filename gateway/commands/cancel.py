"""`portcullis cancel`: take orders off the venue, one or all in a scope."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.scope import change, scope_options, scope_text
from gateway.commands.terminal import USAGE, config_option, json_option
from gateway.errors import CommandError


@click.command("cancel")
@click.argument("order", required=False)
@click.option("--all", "everything", is_flag=True, help="Every open order in the scope.")
@scope_options
@config_option
@json_option
def command(
    config_path: Path,
    *,
    order: str | None,
    everything: bool,
    reason: str,
    as_json: bool,
    **terms: str | None,
) -> None:
    """Cancel ORDER (its OrderID, 37), or with --all everything in the scope.

    \b
    Exit codes: 0 the cancels are on their way, 1 refused, 2 used wrongly,
    3 the gateway does not answer.
    """
    if (order is None) != everything:
        msg = "expected either an order id or --all, and not both"
        raise CommandError(msg, exit_code=USAGE)
    scope = scope_text(order=order, **terms)
    change(config_path, "CANCEL", scope=scope, reason=reason, as_json=as_json)
