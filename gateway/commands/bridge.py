"""`portcullis bridge VENUE`: one bridge as a process; for `paper`, the venue itself too."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

import click
import msgspec
from loguru import logger

from bridges.bridge import run_bridge
from bridges.errors import BridgeError, VenueLocked
from gateway import logs
from gateway.commands import bridges
from gateway.commands.curve import curve_for
from gateway.commands.terminal import USAGE, config_option, read_config
from gateway.config import Config, Feed, Venue
from gateway.endpoints import to_connect
from gateway.errors import CommandError


@click.command("bridge")
@click.argument("venue_id", metavar="VENUE")
@config_option
def command(venue_id: str, config_path: Path) -> None:
    """Run the bridge of one VENUE of the config until Ctrl-C, or until its dead-man time is over.

    \b
    Exit codes: 0 ended in order, 1 stopped by a failure or already running, 2 config wrong or
    this kind of venue has no bridge to run.
    """
    config = read_config(config_path)
    venue = config.venue_of(venue_id)
    if venue.kind == "mt5_ea":
        msg = (
            f"venue {venue.id} is an Expert Advisor, which runs in its terminal and connects by"
            " itself: there is no bridge to run here"
        )
        raise CommandError(msg, exit_code=USAGE)
    logs.start(f"bridge-{venue.id}", config.log)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        code = run_bridge(**arguments(config, venue), stop=stopping.is_set)
    except VenueLocked as problem:
        raise CommandError(str(problem)) from None
    except BridgeError as problem:
        logger.critical("bridge {} stops: {}", venue.id, problem)
        raise CommandError(str(problem)) from None
    click.get_current_context().exit(code)


def arguments(config: Config, venue: Venue) -> dict[str, Any]:
    """Say to the bridge what the config says, in the bridge's words."""
    endpoint, feeds = to_connect(config.gateway.venues), to_connect(config.gateway.feeds)
    return {
        "venue_id": venue.id,
        "kind": venue.kind,
        "endpoint": endpoint,
        "feeds_endpoint": feeds,
        "curve": curve_for(config, venue.id, endpoint, feeds),
        "folder": bridges.folder(config, venue),
        "lock_path": bridges.lock_path(config, venue),
        "gateway_comp_id": config.gateway.comp_id,
        "token": venue.token.read() if venue.token else None,
        "account": venue.account_id,
        "dead_man_ms": venue.dead_man_ms,
        "durability": config.journal.durability,
        **{"crypto": _crypto, "mt5_terminal": _mt5}.get(venue.kind, _paper)(venue),
    }


def _mt5(venue: Venue) -> dict[str, Any]:
    """Say what a terminal venue wants to know."""
    account = venue.mt5
    assert account is not None, "the config's checks see to that"
    password = account.password.read().decode() if account.password else ""
    return {"symbols": venue.symbol_map, **_given(account), "password": password}


def _crypto(venue: Venue) -> dict[str, Any]:
    """Say what a crypto venue wants to know; the secrets are read here, and kept nowhere else."""
    account = venue.crypto
    assert account is not None, "the config's checks see to that"
    return {
        "symbols": venue.symbol_map,
        **_given(account),
        "api_key": account.api_key.read().decode(),
        "secret": account.secret.read().decode(),
        "passphrase": account.passphrase.read().decode() if account.passphrase else "",
    }


def _paper(venue: Venue) -> dict[str, Any]:
    return {
        "symbols": tuple(venue.symbol_map),
        "day_ends": venue.day_ends,
        "seed": venue.seed,
        "feed": _feed(venue.feed),
        "latency": {
            way: msgspec.structs.asdict(delay)
            for way, delay in msgspec.structs.asdict(venue.latency).items()
        },
        "balances": venue.balances or None,
        "instruments": {name: _given(rules) for name, rules in venue.instruments.items()},
        "exchange_limit": _given(venue.exchange_limit) if venue.exchange_limit else None,
    }


def _feed(feed: Feed) -> dict[str, Any]:
    found = _given(feed)
    found["path"] = [str(path) for path in feed.path]
    return found


def _given(struct: msgspec.Struct) -> dict[str, Any]:
    """Return what stands in the file: keys without a value are left to the venue's own rules."""
    fields = msgspec.structs.asdict(struct).items()
    return {name: value for name, value in fields if value is not None}
