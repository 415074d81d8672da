"""`portcullis orders`: the open orders, as the gateway has them."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.listing import list_rows
from gateway.commands.terminal import config_option, json_option

COLUMNS = (
    "order_id", "owner", "venue", "symbol", "side", "order_qty", "cum_qty", "price",
    "ord_status", "in_doubt",
)  # fmt: skip
SHORT = {
    "order_id": "order_id", "owner": "owner", "venue": "venue", "symbol": "symbol",
    "side": "side", "order_qty": "qty", "leaves_qty": "leaves", "price": "price",
    "ord_status": "status",
}  # fmt: skip


@click.command("orders")
@config_option
@click.option("--wide", is_flag=True, help="Every column.")
@json_option
def command(config_path: Path, *, wide: bool, as_json: bool) -> None:
    """List the open orders: whose, where, how much, in which state.

    \b
    Exit codes: 0 answered, 1 refused, 2 config wrong, 3 the gateway does not answer.
    """
    short = None if wide else SHORT
    list_rows(config_path, "ORDERS", columns=COLUMNS, as_json=as_json, short=short)
