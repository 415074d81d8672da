"""`portcullis kill`: drop the gate: nothing new, and what rests is cancelled."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.scope import change, scope_options, scope_text
from gateway.commands.terminal import config_option, json_option


@click.command("kill")
@scope_options
@config_option
@json_option
def command(
    config_path: Path,
    *,
    strategy: str | None,
    venue: str | None,
    symbol: str | None,
    reason: str,
    as_json: bool,
) -> None:
    """Halt: refuse new orders in the scope and cancel what rests in it.

    \b
    Exit codes: 0 done and journaled, 1 refused, 2 config or scope wrong,
    3 the gateway does not answer.
    """
    scope = scope_text(strategy=strategy, venue=venue, symbol=symbol)
    change(config_path, "KILL", scope=scope, reason=reason, as_json=as_json)
