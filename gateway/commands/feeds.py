"""`portcullis feeds`: which feeds give the prices, which are not believed, and how long data takes.

The JSON is one list: rows with `"kind": "feed"`, then rows with `"kind": "hop"`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from gateway.commands.listing import fetch
from gateway.commands.terminal import config_option, json_option, print_json, print_rows

FEED_COLUMNS = (
    "symbol", "venue", "place", "serving", "healthy", "code", "detail", "bid", "offer", "age_ms",
    "exchange_offset_ms", "bridge_offset_ms",
)  # fmt: skip
HOP_COLUMNS = ("hop", "who", "venue", "count", "offset_ms", "last_ms", "median_ms")


@click.command("feeds")
@config_option
@json_option
def command(config_path: Path, *, as_json: bool) -> None:
    """List the feeds of each symbol and their health, then each hop with its clock offset.

    An offset is how far the clock of the receiver is ahead of the sender's, by the quickest
    passage of the last minute; a hop's times are what is above it.

    \b
    Exit codes: 0 answered, 1 refused, 2 config wrong, 3 the gateway does not answer.
    """
    rows = fetch(config_path, "FEEDS")
    if as_json:
        print_json(rows)
        return
    print_rows(_of(rows, "feed"), title="feeds", columns=FEED_COLUMNS)
    print_rows(_of(rows, "hop"), title="hops", columns=HOP_COLUMNS)


def _of(rows: list[dict[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    """Pick the rows of one kind, without the kind."""
    return [
        {name: value for name, value in row.items() if name != "kind"}
        for row in rows
        if row["kind"] == kind
    ]
