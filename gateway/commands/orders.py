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


@click.command("orders")
@config_option
@json_option
def command(config_path: Path, *, as_json: bool) -> None:
    """List the open orders: whose, where, how much, in which state.

    \b
    Exit codes: 0 answered, 1 refused, 2 config wrong, 3 the gateway does not answer.
    """
    list_rows(config_path, "ORDERS", columns=COLUMNS, as_json=as_json)
