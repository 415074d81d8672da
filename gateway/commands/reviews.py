"""`portcullis reviews`: the orders that wait for a person."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.listing import list_rows
from gateway.commands.terminal import config_option, json_option

COLUMNS = (
    "order_id", "owner", "venue", "symbol", "side", "order_qty", "price", "why", "review_until_ns",
)  # fmt: skip
SHORT = {
    "order_id": "order_id", "owner": "owner", "venue": "venue", "symbol": "symbol",
    "side": "side", "order_qty": "qty", "price": "price", "why": "why",
    "review_until_ns": "until_ns",
}  # fmt: skip


@click.command("reviews")
@config_option
@json_option
def command(config_path: Path, *, as_json: bool) -> None:
    """List the orders that wait for `portcullis approve` or `decline`, and until when.

    \b
    Exit codes: 0 answered, 1 refused, 2 config wrong, 3 the gateway does not answer.
    """
    list_rows(config_path, "REVIEWS", columns=COLUMNS, as_json=as_json, short=SHORT)
