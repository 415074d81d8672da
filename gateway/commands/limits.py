"""`portcullis limits`: what binds each scope, where it comes from, and how to change it."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import click

from gateway.commands.listing import rows_of
from gateway.commands.operator_session import OperatorSession
from gateway.commands.scope import change, check_reason, say_done
from gateway.commands.terminal import (
    USAGE,
    config_option,
    json_option,
    print_json,
    print_rows,
    read_config,
)
from gateway.errors import CommandError
from gateway.oms.limit_changes import Change, consent_text, signature
from protocol.timestamps import format_utc

COLUMNS = ("scope", "key", "value", "from", "configured", "who", "second", "until_ns", "reason")
UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_duration = re.compile(r"([0-9]{1,12})(ms|s|m|h|d)", re.ASCII).fullmatch
reason_option = click.option(
    "--reason", required=True, help="Why; it is journaled with your name."
)


@click.group("limits")
def command() -> None:
    """Show and change limits. A SCOPE is `all` or one of strategy:S account:A venue:V symbol:X."""


@command.command("show")
@click.argument("scope", required=False)
@config_option
@json_option
def show(config_path: Path, *, scope: str | None, as_json: bool) -> None:
    """List the limits of SCOPE, or of every scope that has any, and where each comes from.

    \b
    Exit codes: 0 answered, 1 refused, 2 config wrong, 3 the gateway does not answer.
    """
    with OperatorSession(read_config(config_path)) as session:
        rows = rows_of(session, "LIMITS", scope=scope)
    if as_json:
        print_json(rows)
        return
    shown = [{name: row.get(name) for name in COLUMNS} for row in rows]
    used = [name for name in COLUMNS if any(row[name] for row in shown)]
    print_rows([{name: row[name] for name in used} for row in shown], title="limits", columns=used)


@command.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("scope")
@click.argument("key")
@click.argument("value")
@reason_option
@click.option("--for", "duration", metavar="TIME", help="Only for so long: 90s, 30m, 4h, 2d.")
@click.option(
    "--token-file", type=click.Path(path_type=Path), metavar="FILE",
    help="Your own token, beyond a ceiling; the [[person]] of the config has your login's name.",
)
@click.option("--second", metavar="NAME", help="Who else agrees, beyond a ceiling.")
@click.option(
    "--second-token-file", type=click.Path(path_type=Path), metavar="FILE",
    help="The token of who else agrees; both sign this change and do not leave this machine.",
)
@config_option
@json_option
def set_(
    config_path: Path,
    *,
    scope: str,
    key: str,
    value: str,
    reason: str,
    duration: str | None,
    token_file: Path | None,
    second: str | None,
    second_token_file: Path | None,
    as_json: bool,
) -> None:
    """Set the limit KEY of SCOPE to VALUE: a number, `none`, or `on` and `off`.

    It binds the next order. Beyond the ceiling of [ceilings] you and a second person of the config
    sign it, each with a token of their own, and --for is required.

    \b
    Exit codes: 0 done and journaled, 1 refused, 2 config or arguments wrong,
    3 the gateway does not answer.
    """
    check_reason(reason)
    if (second is None) != (second_token_file is None):
        msg = "--second and --second-token-file belong together; one of them is missing"
        raise CommandError(msg, exit_code=USAGE)
    wanted = Change(
        key=key, value={"none": False, "off": False, "on": True}.get(value, value),
        for_ms=parse_duration(duration) if duration is not None else None,
    )  # fmt: skip
    body: dict[str, Any] = {"key": key, "value": wanted.value}
    if wanted.for_ms is not None:
        body["for_ms"] = wanted.for_ms
    own_token = read_token("--token-file", token_file)
    second_token = read_token("--second-token-file", second_token_file)
    with OperatorSession(read_config(config_path)) as session:
        cl_ord_id, who = session.next_id(), session.person.partition("/")[0]
        if own_token is not None:
            body["first"] = sign(wanted, scope, who, cl_ord_id, who, own_token)
        if second is not None and second_token is not None:
            body["second"] = sign(wanted, scope, who, cl_ord_id, second, second_token)
        answer = session.ask("LIMIT", scope=scope, reason=reason, body=body, cl_ord_id=cl_ord_id)
    say_done("LIMIT", scope, answer, as_json=as_json)


@command.command("reset")
@click.argument("scope")
@click.argument("key")
@reason_option
@config_option
@json_option
def reset(config_path: Path, *, scope: str, key: str, reason: str, as_json: bool) -> None:
    """Make the limit KEY of SCOPE what the config says.

    \b
    Exit codes: 0 done and journaled, 1 refused, 2 config or arguments wrong,
    3 the gateway does not answer.
    """
    change(
        config_path, "LIMIT", scope=scope, reason=reason, as_json=as_json,
        body={"key": key, "value": None},
    )  # fmt: skip


def parse_duration(text: str) -> int:
    """Read `30m` as ms. Raises CommandError that says what was expected."""
    found = _duration(text)
    if found is None:
        msg = f"--for: received {text!r}, expected a time such as 500ms, 90s, 30m, 4h or 2d"
        raise CommandError(msg, exit_code=USAGE)
    return int(found[1]) * UNITS_MS[found[2]]


def read_token(option: str, path: Path | None) -> bytes | None:
    """Read a person's token, if one is given. Raises CommandError that names the option."""
    if path is None:
        return None
    try:
        token = path.read_text(encoding="utf-8").strip().encode()
    except (OSError, UnicodeDecodeError) as problem:
        msg = f"{option}: {path} cannot be read: {problem}"
        raise CommandError(msg, exit_code=USAGE) from None
    if not token:
        msg = f"{option}: {path} is empty, expected a token"
        raise CommandError(msg, exit_code=USAGE)
    return token


def sign(
    wanted: Change, scope: str, who: str, cl_ord_id: str, name: str, token: bytes
) -> dict[str, str]:
    """Let a person's token sign this change, for which `who` asks."""
    signed_at = format_utc(time.time_ns())
    mac = signature(token, consent_text(scope, wanted, who, cl_ord_id, signed_at))
    return {"name": name, "time": signed_at, "mac": mac}
