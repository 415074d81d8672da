"""What the commands that change something share: a scope, a reason, one U1 to the gateway.

A scope is what is named, all of it at once: `--strategy MM --venue PAPER` means MM's orders at
PAPER. Nothing named means everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.commands.operator_session import OperatorSession
from gateway.commands.terminal import (
    USAGE,
    config_option,
    json_option,
    out,
    print_json,
    read_config,
)
from gateway.errors import CommandError
from protocol.timestamps import format_utc

F = TypeVar("F", bound=Callable[..., Any])
_EXIT_CODES = """\b
Exit codes: 0 done and journaled, 1 refused, 2 config or scope wrong,
3 the gateway does not answer."""
REASON_MAX = 2_000
_is_name = re.compile(r"[!-9;-<>-~]{1,64}", re.ASCII).fullmatch


def scope_options(command: F) -> F:
    """Add --strategy, --account, --venue, --symbol and --reason."""
    for option in (
        click.option("--reason", required=True, help="Why; it is journaled with your name."),
        click.option("--symbol", metavar="X", help="Only this symbol."),
        click.option("--venue", metavar="V", help="Only this venue."),
        click.option("--account", metavar="A", help="Only this account."),
        click.option("--strategy", metavar="S", help="Only this strategy."),
    ):
        command = option(command)
    return command


def scope_text(**terms: str | None) -> str:
    """Write a scope as it goes on the wire: `strategy:MM venue:PAPER`, or `all`."""
    for kind, name in terms.items():
        if name is not None and not _is_name(name):
            msg = f"--{kind}: received {name!r}, expected a name without blanks, `:` or `=`"
            raise CommandError(msg, exit_code=USAGE)
    return " ".join(f"{kind}:{name}" for kind, name in terms.items() if name) or "all"


def check_reason(reason: str) -> None:
    """Refuse a reason that says nothing, or that does not go on the wire."""
    expected = f"expected 1 to {REASON_MAX} printable characters on one line"
    if not reason.strip():
        msg = f"--reason: received {reason!r}, {expected}"
    elif len(reason) > REASON_MAX:
        msg = f"--reason: received {len(reason)} characters, {expected}"
    elif not reason.isprintable():
        wrong = next(letter for letter in reason if not letter.isprintable())
        msg = f"--reason: received the character {wrong!a}, {expected}"
    else:
        return
    raise CommandError(msg, exit_code=USAGE)


def state_command(name: str, what: str) -> click.Command:
    """Make the command that sets the trading state of a scope; `what` is its help."""

    @click.command(name, help=f"{what}\n\n{_EXIT_CODES}")
    @scope_options
    @config_option
    @json_option
    def command(
        config_path: Path,
        *,
        reason: str,
        as_json: bool,
        **terms: str | None,
    ) -> None:
        scope = scope_text(**terms)
        change(config_path, name.upper(), scope=scope, reason=reason, as_json=as_json)

    return command


def change(
    config_path: Path,
    command: str,
    *,
    scope: str,
    reason: str,
    as_json: bool = False,
    body: dict[str, Any] | None = None,
) -> None:
    """Send one change to a running gateway and say what came of it."""
    check_reason(reason)
    with OperatorSession(read_config(config_path)) as session:
        answer = session.ask(command, scope=scope, reason=reason, body=body)
    say_done(command, scope, answer, as_json=as_json)


def say_done(command: str, scope: str, body: dict[str, Any], *, as_json: bool) -> None:
    """Print what came of a change."""
    if as_json:
        print_json({"command": command, "scope": scope, "outcome": "DONE", **body})
        return
    until_ns = body.get("until_ns")
    until = f"; until {format_utc(until_ns)} UTC" if until_ns else ""
    text = body.get("text", "")
    said = f"{command} {scope}: done{f'; {text}' if text else ''}{until}"
    out.print(said, markup=False, soft_wrap=True)
