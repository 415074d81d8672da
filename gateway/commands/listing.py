"""What the listing commands share: ask the gateway page by page, print rows or JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.commands.operator_session import OperatorSession
from gateway.commands.terminal import print_json, print_rows, read_config


def rows_of(
    session: OperatorSession, what: str, *, scope: str | None = None
) -> list[dict[str, Any]]:
    """Fetch a whole listing: pages are asked for until there are no more."""
    rows: list[dict[str, Any]] = []
    while True:
        body = session.ask(what, scope=scope, body={"offset": len(rows)})
        rows += body["rows"]
        if not body["rows"] or len(rows) >= body["total"]:
            return rows


def fetch(config_path: Path, what: str) -> list[dict[str, Any]]:
    """Ask a running gateway for one of its listings."""
    with OperatorSession(read_config(config_path)) as session:
        return rows_of(session, what)


def list_rows(
    config_path: Path,
    what: str,
    *,
    columns: Sequence[str],
    as_json: bool,
    short: Mapping[str, str] | None = None,
) -> None:
    """Print one listing of a running gateway.

    `short` makes the table one of these columns only: their names in the rows, and their titles.
    """
    rows = fetch(config_path, what)
    if as_json:
        print_json(rows)
    elif short is not None:
        brief = [{title: row.get(name) for name, title in short.items()} for row in rows]
        print_rows(brief, title=what.lower(), columns=tuple(short.values()))
    else:
        print_rows(rows, title=what.lower(), columns=columns)
