"""Puts the house together: config, journal, state, core, transport, loop.

Rules: everything that can refuse to start does so before anything is written or said, in this
order: the journal (locked, corrupt), the ports (in use), the secrets. Only then is START noted. A
gateway that is open holds the journal's lock until `close`.
"""

from __future__ import annotations

import gc
import os
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import msgspec
from loguru import logger

from gateway.alerts import Alerts, say_what_stands
from gateway.brakes import Brakes
from gateway.clock import Clock
from gateway.config import Config, Venue
from gateway.config_limits import limits_by_scope, origins_by_scope, people_of
from gateway.config_market import feed_rules
from gateway.core_port import Core
from gateway.doorway import Doorway
from gateway.entrance import Entrance, open_entrance
from gateway.feed_proxy import FeedProxy
from gateway.gatekeeper import Gatekeeper, Tokens
from gateway.loop import Duties, Loop, Milestones
from gateway.metrics import Metrics
from gateway.oms.apply import apply
from gateway.oms.book import Book
from gateway.oms.book import decode as decode_state
from gateway.oms.book import encode as encode_state
from gateway.oms.core import Core as OmsCore
from gateway.oms.rules import Rules, StrategyRules, VenueRules
from gateway.oms.state import STATE_VERSION
from gateway.recall import recall
from gateway.restart import Restored, Snapshot, restore
from gateway.scribe import Scribe
from gateway.sessions import Directory
from gateway.stop_file import StopFile
from gateway.transport import Door, Transport
from gateway.upkeep import Upkeep
from journal import snapshot as snapshots
from journal import verify
from journal.old_ids import OldIds
from journal.reader import JournalReader
from journal.verify import Progress
from journal.writer import JournalWriter
from protocol.fields import OPERATOR
from protocol.timestamps import SECOND_NS

CoreOf = Callable[[Book, Rules], Any]


class Parts(NamedTuple):
    """What is open before anything is said."""

    journal: JournalWriter
    reader: JournalReader
    old_ids: OldIds
    restored: Restored
    transport: Transport
    proxy: FeedProxy
    tokens: Tokens
    metrics: Metrics
    entrance: Entrance


class Gateway:
    """An open gateway. `run` it in any thread, `stop` it from any, then `close` it."""

    def __init__(self, loop: Loop, parts: Parts, closing: ExitStack) -> None:
        self.metrics = parts.metrics
        self.restored = parts.restored
        self.recovery = parts.journal.recovery
        self.endpoints = _endpoints(parts)
        self._loop = loop
        self._closing = closing

    def run(self) -> int:
        """Run until `stop`, SIGTERM, Ctrl-C or a shutdown by an operator; return the exit code.

        0 ended in order, 4 the journal could not be written, 1 stopped by a bug of ours: in both
        cases nothing that is not committed has left.
        """
        if threading.current_thread() is threading.main_thread():
            for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
                if hasattr(signal, name):
                    signal.signal(getattr(signal, name), self._on_signal)
            if hasattr(signal, "SIGUSR1"):  # not on Windows: the STOP file is for all
                signal.signal(signal.SIGUSR1, self._on_kill)
            _quieten_collector()
        return self._loop.run()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        logger.info("stopping: {}", signal.Signals(number).name)
        self.stop()

    def _on_kill(self, number: int, _frame: FrameType | None) -> None:
        self._loop.kill(signal.Signals(number).name)

    def stop(self) -> None:
        """Ask for an orderly end, from any thread."""
        self._loop.stop()

    def close(self) -> None:
        """Give back ports, files and the journal's lock. May be repeated."""
        self._closing.close()


def _quieten_collector() -> None:
    """Keep Python's garbage collector from walking every resting order in mid-flight.

    What was restored is frozen; the young are collected seldom, the old never: the loop makes no
    cycles that grow.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 1_000_000)


def open_gateway(config: Config, *, core_of: CoreOf | None = None) -> Gateway:
    """Recover the journal, rebuild the state, bind, and note the start; not running yet.

    `core_of` makes the core from book and rules; tests hand in another one. Raises Locked, Corrupt
    and JournalFailed (journal.errors), PortInUse and ConfigError (gateway.errors).
    """
    with ExitStack() as opened:
        parts = _open(config, opened)
        loop = _assemble(config, parts, core_of or OmsCore)
        return Gateway(loop, parts, opened.pop_all())


def _open(config: Config, opened: ExitStack) -> Parts:
    """Open what can refuse, in order; what was opened is closed again when the next one does."""
    path = config.journal.path
    snapshot = _load_snapshot(config, None)
    journal = JournalWriter.open(
        path, durability=config.journal.durability, epoch=time.time_ns() // SECOND_NS,
        snapshot_seq=snapshot.seq if snapshot else 0, segment_bytes=config.journal.segment_bytes,
    )  # fmt: skip
    opened.callback(journal.close)
    settings, metrics = config.gateway, Metrics()
    entrance = open_entrance(config, metrics)
    transport = Transport(
        [
            (Door.OPERATORS, settings.operators),
            (Door.VENUES, settings.venues),
            (Door.ORDERS, settings.orders),
        ],
        entrance.guard,
    )
    opened.callback(transport.close)
    proxy = FeedProxy(settings.feeds, settings.market_data, entrance.guard)
    opened.callback(proxy.close)
    tokens = _tokens(config)
    reader = JournalReader(path)
    restored = _restore(config, reader, snapshot)
    old_ids = OldIds(path.with_name(f"{path.name}-old-ids.db"))
    opened.callback(old_ids.close)
    return Parts(journal, reader, old_ids, restored, transport, proxy, tokens, metrics, entrance)


def _load_snapshot(config: Config, before_seq: int | None) -> Snapshot | None:
    """Find the newest snapshot that can be read, before a record if given."""
    folder = snapshot_folder(config)
    while found := snapshots.load(folder, state_version=STATE_VERSION, before_seq=before_seq):
        try:
            return Snapshot(found.seq, found.sha256, decode_state(found.payload))
        except msgspec.MsgspecError:
            before_seq = found.seq
    return None


def snapshot_folder(config: Config) -> Path:
    """Return where snapshots lie: beside the journal, since they are no part of it."""
    path = config.journal.path
    return path.with_name(f"{path.name}-snapshots")


def _restore(config: Config, reader: JournalReader, snapshot: Snapshot | None) -> Restored:
    """Rebuild the state from the newest snapshot that the journal vouches for, or from nothing."""
    while snapshot is not None:
        restored = restore(reader.read_from, snapshot)
        if restored is not None:
            return restored
        logger.warning("the journal does not hold the snapshot of record {}", snapshot.seq)
        snapshot = _load_snapshot(config, snapshot.seq)
    restored = restore(reader.read_from, None)
    assert restored is not None
    return restored


def _tokens(config: Config) -> Tokens:
    """Read the secrets of everybody who may log on, and make the operators' anew."""
    token = secrets.token_hex(32)
    write_private(config.operator_token_path, token)
    return {
        Door.OPERATORS: {OPERATOR: token.encode()},
        Door.VENUES: {one.id: one.token.read() if one.token else None for one in config.venue},
        Door.ORDERS: {one.id: one.token.read() if one.token else None for one in config.strategy},
    }


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)


def _endpoints(parts: Parts) -> dict[str, list[str]]:
    """Tell what is bound, by the config's keys; a `*` port has its number."""
    bound: dict[str, list[str]] = {door.value: [] for door in Door}
    for door, endpoint in parts.transport.endpoints:
        bound[door.value].append(endpoint)
    return {**bound, "feeds": parts.proxy.feeds, "market_data": parts.proxy.market_data}


def _assemble(config: Config, parts: Parts, core_of: CoreOf) -> Loop:
    book, journal, metrics = parts.restored.book, parts.journal, parts.metrics
    clock = Clock(journal.recovery.last_time_ns)
    book.archive = parts.old_ids
    core: Core = core_of(book, rules_of(config))
    alerts = Alerts()
    if isinstance(core, OmsCore):
        core.control.questions.alerts = alerts.summary
        core.control.questions.turned_away = metrics.turned_away
        recall(core.turnstile, parts.reader.read_from, journal.last_seq, clock.now_ns())
    window_ms = config.timeouts.sending_time_window_ms
    directory = Directory(
        config.gateway.comp_id, venues=frozenset(one.id for one in config.venue),
        facts=book.state.sessions.get, sending_time_window_ms=window_ms,
    )  # fmt: skip
    scribe = Scribe(
        journal=journal, read_from=parts.reader.read_from, apply=partial(apply, book),
        speaker=parts.transport, directory=directory, metrics=metrics,
        alerts=alerts,
    )  # fmt: skip
    gatekeeper = Gatekeeper(
        config.gateway.comp_id, parts.tokens, sending_time_window_ms=window_ms,
        last_alive_ns=journal.recovery.last_time_ns,
        whose=parts.entrance.whose,
    )  # fmt: skip
    doorway = Doorway(
        core=core, gatekeeper=gatekeeper, directory=directory, scribe=scribe,
        transport=parts.transport, metrics=metrics, instance=config.gateway.instance,
    )  # fmt: skip

    def snapshot(seq: int) -> str:
        journal.sync()
        folder = snapshot_folder(config)
        payload = encode_state(book)
        sha256 = snapshots.save(folder, seq=seq, state_version=STATE_VERSION, payload=payload)
        snapshots.prune(folder)
        return sha256

    loop = Loop(
        core=core, journal=journal, scribe=scribe, directory=directory, doorway=doorway,
        transport=parts.transport, clock=clock, metrics=metrics,
        duties=Duties(
            milestones=Milestones(
                STATE_VERSION, config.journal.digest_every, config.journal.snapshot_every, snapshot
            ),
            upkeep=Upkeep(
                book, parts.old_ids, journal.free_bytes_low, _unread_past(config, parts),
                parts.entrance.watch(doorway.expel, parts.proxy),
            ),
            brakes=Brakes(core, StopFile(config.gateway.var / config.risk.stop_file), clock),
            wind_down_ms=config.risk.wind_down_ms,
        ),
    )  # fmt: skip
    say_what_stands(book.state)
    loop.begin(core.start(journal.epoch, _version(), clock.now_ns(), **_found(parts)))
    return loop


def _unread_past(config: Config, parts: Parts) -> Iterator[Progress]:
    """Check, a slice a step, the segments that a start from a snapshot did not read."""
    seq = parts.restored.snapshot_seq
    return verify.steps(config.journal.path, seq) if seq else iter(())


def _version() -> str:
    """Tell which version decides: journaled with each START, for auditors."""
    try:
        return version("portcullis-gateway")
    except PackageNotFoundError:
        return "source"


def _found(parts: Parts) -> dict[str, Any]:
    """Tell what the start found, for START: auditors, and whoever compares digests, read it."""
    recovery, restored = parts.journal.recovery, parts.restored
    if restored.differs_at:
        logger.critical(
            "the state at record {} is not what the living process believed; ask an engineer"
            " before trading", restored.differs_at,
        )  # fmt: skip
    return {
        "released_lost": recovery.released_lost,
        "status": recovery.status.name,
        "dropped_bytes": recovery.dropped_bytes,
        "kept_copy": recovery.kept_copy,
        "snapshot_seq": restored.snapshot_seq,
        "replayed": restored.records,
        "digest_seq": restored.digest_seq,
        "digest_live": restored.digest_live,
        "digest_here": restored.digest_here,
        "differs_at": restored.differs_at,
    }


def rules_of(config: Config) -> Rules:
    """Tell the core what the config says, in its own words."""
    return Rules(
        instance=config.gateway.instance,
        venues={one.id: _venue_rules(config, one) for one in config.venue},
        strategies={
            one.id: StrategyRules(
                strategy=one.id, venues=frozenset(one.venues), accounts=frozenset(one.accounts),
                symbols=frozenset(one.symbols), sides=frozenset(one.sides),
                ord_types=frozenset(one.ord_types),
            )
            for one in config.strategy
        },
        limits=limits_by_scope(config),
        origins=origins_by_scope(config),
        ceilings=config.ceilings,
        people=people_of(config),
        loosened_max_ms=config.risk.loosened_max_ms,
        groups={name: frozenset(group.symbols) for name, group in config.group.items()},
        pegs=dict(config.rates),
        max_rate_age_ms=config.risk.max_rate_age_ms,
        feeds=feed_rules(config),
        breakers=config.breakers,
        currency=config.risk.currency,
        day_ends=config.risk.day_ends,
        resting_orders=config.risk.resting_orders,
        cancel_on_stop=config.risk.cancel_on_stop,
        routes=dict(config.routing.rules),
        default_venue=config.routing.default or _only(config),
    )  # fmt: skip


def _venue_rules(config: Config, one: Venue) -> VenueRules:
    return VenueRules(
        venue=one.id, account=one.account_id, symbols=frozenset(one.symbol_map),
        day_ends=one.day_ends, answer_ms=config.timeouts.venue_answer_ms,
        quote_stale_ms=one.quote_stale_ms, emulate_expiry=one.emulate_expiry,
        base_currency=one.base_currency or "", margin_rate=one.margin_rate,
        check_funds=one.check_funds, self_trade=one.self_trade, pace=one.pace,
    )  # fmt: skip


def _only(config: Config) -> str:
    """Name the venue when there is but one: an order that names none can only mean that one."""
    return config.venue[0].id if len(config.venue) == 1 else ""
