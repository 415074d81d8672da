"""`portcullis resume`: lift a halt or a reduction."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.scope import change, scope_options, scope_text
from gateway.commands.terminal import config_option, json_option


@click.command("resume")
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
    """Trade again in the scope after kill or reduce.

    \b
    Exit codes: 0 done and journaled, 1 refused, 2 config or scope wrong,
    3 the gateway does not answer.
    """
    scope = scope_text(strategy=strategy, venue=venue, symbol=symbol)
    change(config_path, "RESUME", scope=scope, reason=reason, as_json=as_json)
