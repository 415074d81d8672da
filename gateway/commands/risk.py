"""`portcullis risk explain`: which limits bind, and what a given order would meet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gateway.commands.operator_session import OperatorSession
from gateway.commands.terminal import (
    USAGE,
    config_option,
    json_option,
    out,
    print_json,
    print_rows,
    read_config,
)
from gateway.errors import CommandError
from gateway.oms.explain import TIMES, TYPES

NEEDED = ("strategy", "symbol", "side", "qty")
LIMIT_COLUMNS = ("key", "value", "scope", "tightest", "from", "who", "reason", "until_ns")
CHECK_COLUMNS = ("check", "verdict", "says")


@click.group("risk")
def command() -> None:
    """Look at the checks before an order leaves."""


@command.command("explain")
@click.argument("scope", required=False)
@click.option("--strategy", metavar="S", help="Whose order it would be.")
@click.option("--symbol", metavar="X")
@click.option("--side", type=click.Choice(["buy", "sell"]))
@click.option("--qty", metavar="Q", help="In units of the underlying.")
@click.option("--type", type=click.Choice(list(TYPES)), help="limit, unless --price is missing.")
@click.option("--price", metavar="P")
@click.option("--stop-px", metavar="P")
@click.option("--venue", metavar="V", help="Without it the routing rules decide.")
@click.option("--account", metavar="A")
@click.option("--time-in-force", type=click.Choice(list(TIMES)))
@click.option("--post-only", is_flag=True, default=None)
@click.option("--reduce-only", is_flag=True, default=None)
@click.option("--stop-loss-px", metavar="P", help="The stop of the position (5001).")
@click.option("--expected-edge", metavar="BPS", help="5005, basis points of the notional.")
@click.option("--holding-ms", type=int, help="5040, how long it would be held.")
@config_option
@json_option
def explain(
    config_path: Path, *, scope: str | None, as_json: bool, **asked: Any
) -> None:
    """Show the limits of SCOPE; or, of an order, its limits and what every check says to it.

    The order is judged on the market of this moment, and not sent: --strategy, --symbol, --side
    and --qty describe it, the others complete it.

    \b
    Exit codes: 0 the order would be sent (or the scope was shown), 1 it would be refused or wait
    for a person, 2 config or arguments wrong, 3 the gateway does not answer.
    """
    order = {name: value for name, value in asked.items() if value is not None}
    missing = [name for name in NEEDED if name not in order]
    if order and (missing or scope is not None):
        problem = f"is described without --{missing[0]}" if missing else "and a SCOPE are asked for"
        msg = f"an order {problem}; expected a SCOPE alone, or --{' --'.join(NEEDED)} and more"
        raise CommandError(msg, exit_code=USAGE)
    if order and "type" not in order and "price" not in order:
        order["type"] = "stop" if "stop_px" in order else "market"
    with OperatorSession(read_config(config_path)) as session:
        body = session.ask("EXPLAIN", scope=None if order else scope or "all", body=order or None)
    passes = not order or all(row["verdict"] == "passes" for row in body["checks"])
    if as_json:
        print_json(body)
    else:
        if not order and not body["limits"]:
            where = scope or "all"
            out.print(f"no limits are set on {where} itself; `portcullis limits show` lists all")
        else:
            print_rows(body["limits"], title="limits", columns=LIMIT_COLUMNS)
        if order:
            rows = [{name: row[name] for name in CHECK_COLUMNS} for row in body["checks"]]
            print_rows(rows, title="checks", columns=CHECK_COLUMNS)
            out.print(body["verdict"], markup=False)
    click.get_current_context().exit(0 if passes else 1)
