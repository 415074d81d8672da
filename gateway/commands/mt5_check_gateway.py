"""The part of `portcullis mt5 check` that goes through a running gateway, as a strategy would."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from bridges.mt5.check.figures import spread
from bridges.mt5.check.steps import Finding, Verdict, judged
from engine.client import Client
from gateway.commands.curve import curve_for
from gateway.commands.listing import fetch
from gateway.commands.terminal import USAGE
from gateway.config import Config, Venue
from gateway.endpoints import to_connect
from gateway.errors import CommandError, GatewayError
from protocol.fields import ExecType, OrdStatus

MS_NS = 1_000_000
ANSWER_MS = 30_000
AWAY = Decimal("0.95")


def look_at(config_path: Path, venue: Venue) -> str:
    """Say in a line what a running gateway has of a venue; for who watches."""
    try:
        row = _row(config_path, venue)
    except GatewayError:
        return "the gateway does not answer"
    state = "up" if row["ready"] else f"down ({row['why']})"
    return f"{venue.id} is {state}, {row['open_orders']} open orders"


def see_demo(config_path: Path, venue: Venue, *, real_money: bool) -> str:
    """Return the account's kind by the bridge's word. Raises CommandError if it may not be used."""
    row = _row(config_path, venue)
    if not row["connected"]:
        msg = f"{venue.id} is down ({row['why'] or 'it has not logged on'}): nothing can be checked"
        raise CommandError(msg)
    if "DEMO" in row["capabilities"]:
        return "demo"
    if real_money:
        return "not a demo account"
    msg = (
        f"{venue.id} does not say that its account is a demo account: use one (with an Expert"
        " Advisor of this version), or say --real-money"
    )
    raise CommandError(msg, exit_code=USAGE)


def _row(config_path: Path, venue: Venue) -> dict[str, Any]:
    return next(one for one in fetch(config_path, "VENUES") if one["venue"] == venue.id)


def measured(
    config: Config, venue: Venue, symbol: str, rounds: int, strategy: str | None
) -> Iterator[Finding]:
    """Measure orders that rest and are cancelled, from a strategy to the server and back."""
    known = {one.id: one for one in config.strategy}
    name = strategy or next(iter(known), "")
    if name not in known:
        msg = f"received strategy {name!r}, expected one of the config's: {', '.join(known)}"
        raise CommandError(msg, exit_code=USAGE)
    token = known[name].token
    orders = to_connect(config.gateway.orders)
    terms: dict[str, Any] = {"token": token.read()} if token else {}
    with Client(name, orders, curve=curve_for(config, name, orders), **terms) as client:
        yield _delays(client, venue, symbol, rounds)


def _delays(client: Client, venue: Venue, symbol: str, rounds: int) -> Finding:
    rules = client.instruments().get(symbol)
    if rules is None:
        msg = f"{venue.id} tells no rules of {symbol}: is its bridge logged on?"
        raise CommandError(msg)
    quote = client.book(symbol, venue.id).quote
    if quote.bid is None:
        msg = f"{venue.id} tells no price of {symbol}: is its market open?"
        raise CommandError(msg)
    price = rules.price(quote.bid * AWAY)
    resting, canceling = [], []
    try:
        for _ in range(rounds):
            start_ns = time.monotonic_ns()
            order = client.buy(symbol, rules.min_qty, price=price, venue=venue.id)
            client.wait_for(order, exec_type=ExecType.NEW, timeout_ms=ANSWER_MS)
            resting.append((time.monotonic_ns() - start_ns) / MS_NS)
            start_ns = time.monotonic_ns()
            client.cancel(order)
            report = client.wait_for(order, final=True, timeout_ms=ANSWER_MS)
            canceling.append((time.monotonic_ns() - start_ns) / MS_NS)
            if report.ord_status is not OrdStatus.CANCELED:
                seen = f"a cancel ended with {report.ord_status.name}: {report.text}"
                return judged("delays", ok=False, seen=seen)
    finally:
        client.cancel_all()
    left = sum(one.symbol == symbol for one in client.open_orders())
    if left:
        return judged("delays", ok=False, seen=f"{left} orders are left")
    seen = f"order until 150=0 {spread(resting)}; cancel until 150=4 {spread(canceling)}"
    return Finding("delays", Verdict.SEEN, seen)
