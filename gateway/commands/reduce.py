"""`portcullis reduce`: only orders that reduce a position pass."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.scope import change, scope_options, scope_text
from gateway.commands.terminal import config_option, json_option


@click.command("reduce")
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
    """Let through only what reduces a position in the scope.

    \b
    Exit codes: 0 done and journaled, 1 refused, 2 config or scope wrong,
    3 the gateway does not answer.
    """
    scope = scope_text(strategy=strategy, venue=venue, symbol=symbol)
    change(config_path, "REDUCE", scope=scope, reason=reason, as_json=as_json)
