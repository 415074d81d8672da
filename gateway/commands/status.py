"""`portcullis status`: one page that says whether everything is well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gateway.commands.operator_session import OperatorSession
from gateway.commands.terminal import (
    config_option,
    json_option,
    print_json,
    print_pairs,
    print_rows,
    read_config,
)

HALTS = ("scope", "state", "cause", "who", "reason", "since_ns", "until_ns")
CHANGES = ("scope", "key", "value", "who", "second", "reason", "since_ns", "until_ns")


@click.command("status")
@config_option
@json_option
def command(config_path: Path, *, as_json: bool) -> None:
    """Say what is, now: state, venues, sessions, open orders, halts, changed limits, journal.

    \b
    Exit codes: 0 answered, 1 refused, 2 config wrong, 3 the gateway does not answer.
    """
    with OperatorSession(read_config(config_path)) as session:
        body = session.ask("STATUS")
    if as_json:
        print_json(body)
        return
    halts, changes = body.pop("halts"), body.pop("limits_changed")
    for row in changes:
        row["value"] = "none" if row["value"] is None else row["value"]
    body["flattening"] = " | ".join(body["flattening"]) or "nothing"
    print_pairs({**body, "halts": len(halts), "limits_changed": len(changes)})
    _table(halts, "halts", HALTS)
    _table(changes, "changed limits", CHANGES)


def _table(rows: list[dict[str, Any]], title: str, columns: tuple[str, ...]) -> None:
    if rows:
        print_rows(rows, title=f"\n{title}", columns=columns)
