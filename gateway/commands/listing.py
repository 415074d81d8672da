"""What the listing commands share: ask the gateway, print rows or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gateway.commands.operator_session import OperatorSession
from gateway.commands.terminal import print_json, print_rows, read_config


def fetch(config_path: Path, what: str) -> dict[str, Any]:
    """Ask a running gateway for one of its listings and return the answer's JSON."""
    with OperatorSession(read_config(config_path)) as session:
        return session.ask(what)


def rows_of(body: dict[str, Any], what: str) -> list[dict[str, Any]]:
    """Return the rows of an answer: the list that stands under the listing's name."""
    found = body.get(what.lower(), body.get("rows", []))
    return found if isinstance(found, list) else []


def list_rows(config_path: Path, what: str, *, columns: Sequence[str], as_json: bool) -> None:
    """Print one listing of a running gateway."""
    rows = rows_of(fetch(config_path, what), what)
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, title=what.lower(), columns=columns)
