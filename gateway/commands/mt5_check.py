"""`portcullis mt5 check`: what is believed of MetaTrader, tried on the real terminal.

Rules: each belief of docs/unverified.md is a step (bridges/mt5/check/steps.py) and is tried in the
ways that the venue has: through the package, by the self-check Expert Advisor, through the running
gateway, or by the user's hand. The report keeps what earlier runs have seen.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import Struct
from rich.markup import escape

from bridges.errors import BridgeError
from bridges.mt5.check import checkup
from bridges.mt5.check.report import Report, json_of, load, save
from bridges.mt5.check.stand import Stand
from bridges.mt5.check.steps import STEPS, Finding, Step, Verdict, Way, opened
from bridges.mt5_terminal import find_package
from engine.errors import EngineError
from gateway.commands.mt5_check_expert import Terminal, of_file
from gateway.commands.mt5_check_gateway import look_at, measured, see_demo
from gateway.commands.mt5_check_hand import User, show
from gateway.commands.mt5_check_peer import PORT
from gateway.commands.terminal import (
    NO_ANSWER,
    USAGE,
    config_option,
    err,
    json_option,
    out,
    print_json,
    read_config,
)
from gateway.config import Config, Venue
from gateway.errors import CommandError

KINDS = ("mt5_terminal", "mt5_ea")
NEEDS_EXPERT = "attach PortcullisCheck, and say --terminal DIR or --findings FILE"
BY_HAND = "it needs your hand: {}"
CUT_S = 300
"""How long the Expert Advisor waits for a cut of the network."""
NEEDS_PACKAGE = "a venue of kind mt5_terminal on the same account can try it"


class Wish(Struct, frozen=True):
    """What the user asked for."""

    venue: Venue
    config: Config
    config_path: Path
    symbol: str
    names: frozenset[str]
    rounds: int
    stop_s: int
    strategy: str | None
    findings: Path | None
    terminal: Path | None
    peer_port: int
    real_money: bool
    attended: bool
    quiet: bool

    @property
    def is_terminal(self) -> bool:
        """Whether the package can be asked."""
        return self.venue.kind == "mt5_terminal"

    def steps(self, *ways: Way) -> list[Step]:
        """Return the wanted steps that one of these ways tries."""
        return [one for one in STEPS if one.name in self.names and {*ways} & {*one.ways}]


@click.command("check")
@click.argument("venue_id", metavar="VENUE")
@config_option
@click.option("--only", multiple=True, metavar="NAME",
              help="Try this belief alone, by its name; may be said again.")
@click.option("--unattended", is_flag=True, help="Leave out what needs your hands.")
@click.option("--terminal", type=click.Path(path_type=Path), metavar="DIR",
              help="Data folder of the terminal: wait for PortcullisCheck there, and take what it"
              " finds.")
@click.option("--findings", "findings_path", type=click.Path(path_type=Path), metavar="FILE",
              help="Take what PortcullisCheck has written before (MQL5/Files/portcullis-check.txt);"
              " nothing else is tried.")
@click.option("--symbol", help="Ours, as in the config; the venue's first by default.")
@click.option("--rounds", default=10, show_default=True, type=click.IntRange(1),
              help="Orders of which delays are taken.")
@click.option("--wait-for-stop", default=0, metavar="SECONDS", type=click.IntRange(0),
              help="Also open a position with a near stop-loss, and wait so long for it.")
@click.option("--strategy", help="mt5_ea: as whom to trade; the config's first by default.")
@click.option("--peer-port", default=PORT, show_default=True, type=click.IntRange(0, 65_535),
              help="Port on 127.0.0.1 for PortcullisCheck's tries of sockets.")
@click.option("--real-money", is_flag=True,
              help="Allow an account that is not known to be a demo account.")
@click.option("--report", type=click.Path(path_type=Path),
              help="Where the report goes; var/mt5-check-VENUE.md by default.")
@json_option
def command(  # noqa: PLR0913 - one for each option
    venue_id: str, config_path: Path, *, only: tuple[str, ...], unattended: bool,
    terminal: Path | None, findings_path: Path | None, symbol: str | None, rounds: int,
    wait_for_stop: int, strategy: str | None, peer_port: int, real_money: bool,
    report: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Try what Portcullis believes of MetaTrader 5 on VENUE's real terminal, on a demo account.

    Orders of the smallest size are placed far from the market and removed; a few are bought and
    sold. Each line is a belief of docs/unverified.md by its name, and what was seen. Where your
    hands are needed you are told what to do, and asked what you saw; --unattended leaves that out.

    The report holds what every run has seen so far: stop with Ctrl+C, and go on with --only
    whenever you like. It has no login and no names: please send it as an issue if something does
    not hold.

    \b
    Exit codes: 0 nothing that was tried fails, 1 something does not hold, or it could not be tried,
    2 used wrongly, or config wrong, 3 the gateway does not answer.
    """
    config = read_config(config_path)
    venue = _venue(config, venue_id)
    wish = Wish(
        venue=venue, config=config, config_path=config_path, symbol=_symbol(venue, symbol),
        names=_names(only), rounds=rounds, stop_s=wait_for_stop, strategy=strategy,
        findings=findings_path, terminal=terminal, peer_port=peer_port, real_money=real_money,
        attended=not unattended and not as_json and sys.stdin.isatty(), quiet=as_json,
    )  # fmt: skip
    path = report or config.gateway.var / f"mt5-check-{venue_id}.md"
    try:
        known = load(json_of(path))
        found = _tried(wish, known, path)
    except (BridgeError, EngineError) as problem:
        raise CommandError(str(problem)) from None
    _close(known, found, path, as_json=as_json)


def _close(known: Report, found: list[Finding], path: Path, *, as_json: bool) -> None:
    if as_json:
        rows = [msgspec.to_builtins(one) for one in found]
        print_json({"report": str(path), "findings": rows, "so far": known.counts()})
    else:
        counts = ", ".join(f"{count} {verdict}" for verdict, count in known.counts().items())
        out.print(f"so far, of {len(STEPS)} beliefs: {counts}")
        err.print(f"report: {escape(str(path))}")
    failed = any(one.verdict is Verdict.FAILS for one in found)
    click.get_current_context().exit(1 if failed else 0)


def _tried(wish: Wish, known: Report, path: Path) -> list[Finding]:
    """Try what is wanted; each finding is in the report on the disk before the next is tried."""
    known.facts |= {"Portcullis": version("portcullis-gateway"), "venue kind": wish.venue.kind}
    every: list[Finding] = []
    try:
        with closing(_walk(wish, known)) as walk:  # however it ends, it takes its orders away
            for way, one in walk:
                if not wish.quiet:
                    show(one)
                every.append(one)
                known.take(way, [one], time.strftime("%Y-%m-%d %H:%M", time.gmtime()))
                save(known, path)
    finally:
        if every:
            save(known, path)
    return every


def _walk(wish: Wish, known: Report) -> Generator[tuple[Way, Finding]]:
    if wish.findings is not None:
        told = of_file(wish.findings)
        known.facts |= told.to_report()
        yield from ((Way.EXPERT, one) for one in told.found if one.name in wish.names)
        return
    if wish.terminal is not None:
        yield from _expert(wish, wish.terminal, known)
    if wish.is_terminal:
        yield from _package(wish, known)
    else:
        yield from _gateway(wish, known)
    yield from _by_hand(wish)
    yield from _elsewhere(wish)


def _by_hand(wish: Wish) -> Iterator[tuple[Way, Finding]]:
    user = User(lambda: look_at(wish.config_path, wish.venue))
    for step in wish.steps(Way.HAND):
        if wish.is_terminal and Way.CABLE in step.ways:
            continue
        seen = user.walk(step) if wish.attended else opened(step.name, BY_HAND.format(step.how))
        yield Way.HAND, seen


def _elsewhere(wish: Wish) -> Iterator[tuple[Way, Finding]]:
    """Say of what this venue cannot try who can."""
    for step in wish.steps(Way.EXPERT, Way.PACKAGE):
        package = Way.PACKAGE in step.ways
        if Way.EXPERT in step.ways and wish.terminal is None and not (wish.is_terminal and package):
            yield Way.EXPERT, opened(step.name, NEEDS_EXPERT)
        elif Way.EXPERT not in step.ways and Way.GATEWAY not in step.ways and not wish.is_terminal:
            yield Way.PACKAGE, opened(step.name, NEEDS_PACKAGE)


def _expert(wish: Wish, folder: Path, known: Report) -> Iterator[tuple[Way, Finding]]:
    """Follow what the Expert Advisor finds now."""
    wanted = wish.steps(Way.EXPERT)
    if not wanted:
        return
    inputs: dict[str, object] = {"RealMoney": "true"} if wish.real_money else {}
    if wish.stop_s:
        inputs["StopSeconds"] = wish.stop_s
    if wish.attended and "settle" in wish.names:
        inputs["CutSeconds"] = CUT_S
    if len(wish.names) < len(STEPS):
        inputs["Only"] = ",".join(one.name for one in wanted)
    terminal = Terminal(folder)
    symbol = wish.venue.symbol_map[wish.symbol]
    for one in terminal.follow(symbol, inputs, port=wish.peer_port):
        known.facts |= terminal.told.to_report()
        if one.name in wish.names:
            yield Way.EXPERT, one
    known.facts |= terminal.told.to_report()


def _package(wish: Wish, known: Report) -> Iterator[tuple[Way, Finding]]:
    """Check through the package."""
    account = wish.venue.mt5
    assert account is not None, "the config's checks see to that"
    wanted = {one.name for one in wish.steps(Way.PACKAGE, Way.CABLE)}
    if not wanted:
        return
    package = find_package()
    named = {"path": account.path} if account.path else {}
    if not package.initialize(**named, login=account.login, server=account.server):
        msg = (
            f"the terminal does not answer: {package.last_error()}; is it started, and logged in"
            " as the config says?"
        )
        raise BridgeError(msg)
    stand = Stand(
        package, wish.venue.symbol_map[wish.symbol], now_ns=time.time_ns,
        sleep_ms=lambda ms: time.sleep(ms / 1000), rounds=wish.rounds,
        stop_ms=wish.stop_s * 1000, hands=User(lambda: _lists(package)) if wish.attended else None,
    )  # fmt: skip
    yield from checked(stand, known, wanted, real_money=wish.real_money, done=package.shutdown)


def checked(
    stand: Stand, known: Report, wanted: set[str], *, real_money: bool, done: Any
) -> Iterator[tuple[Way, Finding]]:
    """Run a checkup and clean up after it, whatever happens."""
    try:
        known.facts |= stand.open(real_money=real_money)
        try:
            for one in checkup.run(stand, wanted):
                yield Way.PACKAGE, one
        finally:
            left = stand.clean_up()
            known.facts["left behind"] = str(left)
            if left:
                err.print(f"{left} orders or positions of the check are left: close them by hand")
    finally:
        done()


def _lists(package: Any) -> str:
    """Say in a line what the terminal has."""
    info = package.terminal_info()
    state = "connected" if info is not None and info.connected else "not connected"
    return (
        f"the terminal is {state}, {package.orders_total()} open orders,"
        f" {package.positions_total()} positions"
    )


def _gateway(wish: Wish, known: Report) -> Iterator[tuple[Way, Finding]]:
    """Measure through the running gateway, on what its bridge calls a demo account."""
    if not wish.steps(Way.GATEWAY):
        return
    try:
        kind = see_demo(wish.config_path, wish.venue, real_money=wish.real_money)
    except CommandError as problem:
        if wish.terminal is None or problem.exit_code != NO_ANSWER:
            raise
        yield Way.GATEWAY, opened("delays", str(problem))
        return
    known.facts.setdefault("account", kind)
    for one in measured(wish.config, wish.venue, wish.symbol, wish.rounds, wish.strategy):
        yield Way.GATEWAY, one


def _venue(config: Config, venue_id: str) -> Venue:
    found = next((one for one in config.venue if one.id == venue_id), None)
    if found is None or found.kind not in KINDS:
        known = ", ".join(one.id for one in config.venue if one.kind in KINDS) or "none"
        msg = f"{venue_id!r} is no MetaTrader venue of the config: expected one of {known}"
        raise CommandError(msg, exit_code=USAGE)
    return found


def _symbol(venue: Venue, symbol: str | None) -> str:
    named = symbol or next(iter(venue.symbol_map))
    if named not in venue.symbol_map:
        msg = f"{named!r} is no symbol of {venue.id}: expected one of {', '.join(venue.symbol_map)}"
        raise CommandError(msg, exit_code=USAGE)
    return named


def _names(only: tuple[str, ...]) -> frozenset[str]:
    known = [one.name for one in STEPS]
    for name in only:
        if name not in known:
            msg = f"--only: received {name!r}, expected one of {', '.join(known)}"
            raise CommandError(msg, exit_code=USAGE)
    return frozenset(only or known)
