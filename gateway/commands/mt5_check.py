"""`portcullis mt5 check`: what is believed of MetaTrader, tried on the real terminal.

Rules: a venue of kind mt5_terminal is checked through the package, on the machine of the terminal;
one of kind mt5_ea through the running gateway, as a strategy would. A report is written.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import click
from rich.markup import escape

from bridges.errors import BridgeError
from bridges.mt5.checkup import Checkup, Finding, Verdict
from bridges.mt5_terminal import find_package
from engine.client import Client
from engine.errors import EngineError
from gateway.commands.curve import curve_for
from gateway.commands.terminal import (
    USAGE,
    config_option,
    err,
    json_option,
    out,
    print_json,
    print_rows,
    read_config,
)
from gateway.config import Config, Venue
from gateway.endpoints import to_connect
from gateway.errors import CommandError
from protocol.fields import ExecType, OrdStatus

MS_NS = 1_000_000
ANSWER_MS = 30_000
KINDS = ("mt5_terminal", "mt5_ea")


@click.command("check")
@click.argument("venue_id", metavar="VENUE")
@config_option
@click.option("--symbol", help="Ours, as in the config; the venue's first by default.")
@click.option("--rounds", default=10, show_default=True, help="Orders of which delays are taken.")
@click.option("--wait-for-stop", default=0, metavar="SECONDS",
              help="mt5_terminal: also open a position with a near stop-loss, and wait for it.")
@click.option("--strategy", help="mt5_ea: as whom to trade; the config's first by default.")
@click.option("--real-money", is_flag=True,
              help="Allow an account that is no demo account; mt5_ea: I have looked, go on.")
@click.option("--report", type=click.Path(path_type=Path),
              help="Where the report goes; var/mt5-check-VENUE.md by default.")
@json_option
def command(
    venue_id: str, config_path: Path, *, symbol: str | None, rounds: int, wait_for_stop: int,
    strategy: str | None, real_money: bool, report: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Try what Portcullis believes of MetaTrader 5 on VENUE's real terminal, on a demo account.

    Orders of the smallest size are placed far from the market and removed; one is bought and sold.
    Each line says what is believed and what was seen; figures are delays. The report is for
    docs/unverified.md: what does not hold there is worth an issue.

    \b
    Exit codes: 0 all that was checked holds, 1 something does not, or it could not be checked,
    2 used wrongly, or config wrong, 3 the gateway does not answer.
    """
    config = read_config(config_path)
    venue = _venue(config, venue_id)
    named = symbol or next(iter(venue.symbol_map))
    if named not in venue.symbol_map:
        msg = f"{named!r} is no symbol of {venue_id}: expected one of {', '.join(venue.symbol_map)}"
        raise CommandError(msg, exit_code=USAGE)
    try:
        if venue.kind == "mt5_terminal":
            found = _terminal(venue, named, rounds, wait_for_stop, real_money=real_money)
        else:
            _agree(venue, wait_for_stop, real_money=real_money)
            found = list(_through_gateway(config, venue, named, rounds, strategy))
    except (BridgeError, EngineError) as problem:
        raise CommandError(str(problem)) from None
    path = report or config.gateway.var / f"mt5-check-{venue_id}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_markdown(venue, named, found), encoding="utf-8")
    rows = [
        {"name": one.name, "verdict": one.verdict.value, "seen": one.seen, "believed": one.believed}
        for one in found
    ]  # fmt: skip
    if as_json:
        print_json({"venue": venue_id, "report": str(path), "findings": rows})
    else:
        print_rows(rows, title=f"{venue_id} {named}")
        err.print(f"report: {escape(str(path))}")
    failed = any(one.verdict is Verdict.FAILS for one in found)
    click.get_current_context().exit(1 if failed else 0)


def _venue(config: Config, venue_id: str) -> Venue:
    found = next((one for one in config.venue if one.id == venue_id), None)
    if found is None or found.kind not in KINDS:
        known = ", ".join(one.id for one in config.venue if one.kind in KINDS) or "none"
        msg = f"{venue_id!r} is no MetaTrader venue of the config: expected one of {known}"
        raise CommandError(msg, exit_code=USAGE)
    return found


def _agree(venue: Venue, wait_s: int, *, real_money: bool) -> None:
    """Refuse what cannot be checked, or not without a word: the account's kind is not told."""
    if wait_s:
        msg = "--wait-for-stop goes with a venue of kind mt5_terminal only"
        raise CommandError(msg, exit_code=USAGE)
    if not real_money:
        msg = (
            f"{venue.id} is an Expert Advisor, and whether its account is a demo account is not"
            " known here: look in the terminal's title, then say --real-money"
        )
        raise CommandError(msg, exit_code=USAGE)


def _terminal(
    venue: Venue, symbol: str, rounds: int, wait_s: int, *, real_money: bool
) -> list[Finding]:
    """Check through the package."""
    account = venue.mt5
    assert account is not None, "the config's checks see to that"
    package = find_package()
    named = {"path": account.path} if account.path else {}
    if not package.initialize(**named, login=account.login, server=account.server):
        msg = f"the terminal does not answer: {package.last_error()}"
        raise BridgeError(msg)
    checkup = Checkup(
        package, venue.symbol_map[symbol], now_ns=time.time_ns,
        sleep_ms=lambda ms: time.sleep(ms / 1000), rounds=rounds,
    )  # fmt: skip
    return checked(checkup, real_money=real_money, wait_ms=wait_s * 1000, done=package.shutdown)


def checked(checkup: Checkup, *, real_money: bool, wait_ms: int, done: object) -> list[Finding]:
    """Run a checkup and clean up after it, whatever happens."""
    found: list[Finding] = []
    try:
        for one in checkup.run(real_money=real_money, waits_for_stop_ms=wait_ms):
            out.print(f"{one.verdict.value:>14}  {escape(one.name)}: {escape(one.seen)}")
            found.append(one)
    finally:
        if found:
            found.append(checkup.clean_up())
        if callable(done):
            done()
    return found


def _through_gateway(
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
    client = Client(name, orders, curve=curve_for(config, name, orders), **terms)
    with client:
        rules = client.instruments().get(symbol)
        if rules is None:
            msg = f"{venue.id} tells no rules of {symbol}: is the Expert Advisor logged on?"
            raise CommandError(msg)
        quote = client.book(symbol, venue.id).quote
        if quote.bid is None:
            msg = f"{venue.id} tells no price of {symbol}: is its market open?"
            raise CommandError(msg)
        price = rules.price(quote.bid * Decimal("0.95"))
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
                    text = f"{report.ord_status.name}: {report.text}"
                    yield Finding("cancel", "what rests is cancelled", text, Verdict.FAILS)
                    return
        finally:
            client.cancel_all()
        left = [one for one in client.open_orders() if one.symbol == symbol]
    yield Finding("cancel", "what rests is cancelled", f"{rounds} of {rounds}", Verdict.HOLDS)
    for what, found in (("order until 150=0", resting), ("cancel until 150=4", canceling)):
        text = f"{min(found):.1f} / {median(found):.1f} / {max(found):.1f} ms (least, median, most)"
        yield Finding(what, "a delay: gateway, the EA's reader, the server", text, Verdict.SEEN)
    verdict = Verdict.FAILS if left else Verdict.HOLDS
    yield Finding("clean-up", "nothing of ours is left", f"{len(left)} orders", verdict)


def as_markdown(venue: Venue, symbol: str, found: Iterable[Finding]) -> str:
    """Return the report."""
    head = f"# {venue.id} ({venue.kind}), {symbol}, {time.strftime('%Y-%m-%d %H:%M:%S')}\n\n"
    lines = ["| | believed | seen | |", "|---|---|---|---|"]
    lines += [
        f"| {one.name} | {one.believed} | {one.seen.replace('|', '/')} | {one.verdict.value} |"
        for one in found
    ]  # fmt: skip
    return head + "\n".join(lines) + "\n"
