"""`portcullis kill`: drop the gate: nothing new, and what rests is cancelled."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.scope import change, scope_options, scope_text
from gateway.commands.terminal import config_option, json_option


@click.command("kill")
@click.option(
    "--flatten", is_flag=True,
    help="Then close every position in the scope, with reduce-only orders at the market.",
)
@scope_options
@config_option
@json_option
def command(
    config_path: Path, *, flatten: bool, reason: str, as_json: bool, **terms: str | None
) -> None:
    """Halt: refuse new orders in the scope and cancel what rests in it, at every venue.

    A venue that is away is dealt with when it is back. Without this program: a file named STOP in
    the gateway's var folder does the same (its first line may hold a scope), and so does SIGUSR1.

    \b
    Exit codes: 0 done and journaled, 1 refused, 2 config or scope wrong,
    3 the gateway does not answer.
    """
    change(
        config_path, "KILL", scope=scope_text(**terms), reason=reason, as_json=as_json,
        body={"flatten": True} if flatten else None,
    )  # fmt: skip
