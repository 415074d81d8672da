"""Ten orders a second at each exchange while everything goes wrong at random, over real sockets.

Every so often all is let calm down and everything is cancelled. Then what was told must be what the
exchange has (orders, fills, fees, position, balances), and memory must be where it was. The
exchanges live in processes of their own: this one's memory is the bridges'.
"""

from __future__ import annotations

import gc
import os
import time
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("ccxt")
pytest.importorskip("cryptography")
from support.crypto_lives import Life
from support.crypto_trader import MARKETS
from support.far_exchange import FarExchange
from support.figures import show
from support.mischief import BOOK, SocketMischief
from support.side_by_side import side_by_side
from support.socket_world import WAYS, SocketWorld

from bridges import notes
from bridges.crypto import core, link
from bridges.crypto.tables import kraken_words
from bridges.port import Filled

EVERY_S = 0.1
REMEMBERED = 80
"""Ended orders that a bridge remembers here, so that its memory is full after two rounds."""
OVERLAP_NS = 8_000_000_000
"""What was traded so long before a gap is asked for again: those orders must be remembered."""
AUDIT_MS = 5_000
LOCKED_MS = 1_000
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
BYTES_AN_ORDER = 1_000
NOISE_BYTES = 12_000_000
"""What the allocator and 10 threads may hold more or less of, whatever was done: see `flat`."""


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Let bridges remember little and compare often, and a lockout be over soon."""
    monkeypatch.setattr(kraken_words, "LOCKED_MS", LOCKED_MS)
    monkeypatch.setattr(core, "MAX_ENDED", REMEMBERED)
    monkeypatch.setattr(link, "OVERLAP_NS", OVERLAP_NS)
    monkeypatch.setattr(notes, "MAX_NOTES", 2 * REMEMBERED)
    for name in WAYS:
        monkeypatch.setattr(MARKETS[name].table, "audit_ms", AUDIT_MS)


def resident():
    """Return the bytes of this process in memory; 0 where that cannot be known."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE
    except OSError:
        return 0


def census():
    """Count the live objects that a bridge makes for orders: by the name of their class."""
    gc.collect()
    ours = ("bridges.", "protocol.", "support.")
    found = Counter()
    for one in gc.get_objects():
        kind = type(one)
        if str(kind.__module__).startswith(ours):
            found[kind.__name__] += 1
        elif kind.__name__ == "generator":
            found["generator"] += 1
    return found


class Soaking:
    """One bridge in the rain: rounds of mischief, each with its reckoning."""

    def __init__(self, world, seed):
        self.world = world
        self.life = Life(world)
        self.trader = self.life.trader
        self.mischief = SocketMischief(self.trader, seed)
        self.life.asked = self.mischief.asked
        self.orders = self.fills = 0

    def go(self, rounds, seconds, barrier):
        """Live through the rounds; `barrier(self)` finds when all have come as far."""
        yield "the link", lambda: self.world.venue.connected
        self.world.exchange.set_book(*BOOK)
        for _ in range(rounds):
            yield from self._mischief(seconds)
            yield from self._reckoning()
            yield "the others", barrier(self)

    def _mischief(self, seconds):
        due = time.monotonic()
        end = due + seconds
        while due < end:
            yield "the next deed", lambda due=due: time.monotonic() >= due
            due += EVERY_S
            self.mischief.deed()

    def _reckoning(self):
        world, trader = self.world, self.trader
        self.mischief.calm()
        yield "the link after the mischief", lambda: world.venue.connected
        yield "the end of every doubt", lambda: not world.venue.core.flows._waiting
        world.venue.cancel_all("SOAK", time.time_ns())
        yield "what was told being what the exchange has", self._agrees
        yield from self.life._end()
        self.orders += len(trader.names)
        self.fills += len(world.of(Filled))
        world.exchange.forget()
        for one in (world.told, trader.names, trader.requests, trader.roots, self.life.asked):
            one.clear()

    def _agrees(self):
        return not self.trader.open_here() and self.life._agrees()


def soak(folder, rounds, seconds):
    """Let a bridge for each market soak; print what was done and what memory did."""
    worlds, soaking, samples, done = [], [], [], Counter()

    def barrier(one):
        done[one] += 1
        wanted = done[one]
        if len(done) == len(soaking) and min(done.values()) == wanted == max(done.values()):
            samples.append((sum(each.orders for each in soaking), resident(), census()))
        return lambda: len(done) == len(soaking) and min(done.values()) >= wanted

    try:
        for seed, (name, way) in enumerate(WAYS.items()):
            worlds.append(SocketWorld(way, folder / name, make_exchange=FarExchange))
            soaking.append(Soaking(worlds[-1], seed))
        lives = [
            (one.world.way.desk.name, one.world, one.go(rounds, seconds, barrier))
            for one in soaking
        ]
        wrong = side_by_side(lives, patience_s=45, life_s=rounds * (seconds + 60))
    finally:
        for world in worlds:
            world.close()
    text = "".join(f"\n{one.name}: {one.problem}" for one in wrong)
    lines = [
        f"{one.world.way.desk.name}: {one.orders} orders, {one.fills} fills" for one in soaking
    ]
    lines += [
        f"after {orders} orders: {size / 1e6:.1f} MB; "
        + ", ".join(f"{count} {name}" for name, count in found.most_common(12))
        for orders, size, found in samples
    ]
    lines.append(text or "nothing differs")
    show("the soak of the crypto bridges", "\n".join(lines))
    assert text == ""
    return samples


def flat(samples):
    """Assert that memory does not grow with what was done.

    Once the bridges remember as many ended orders as they may, another round leaves no object
    behind. An order that is leaked whole costs 3 KB and more; a thousand bytes for each order of
    the later rounds, and what the allocator moves about, are allowed.
    """
    _, (orders, size, before), *_, (orders_now, size_now, now) = samples
    fresh = {
        name: (before[name], count)
        for name, count in now.items()
        if count - before[name] > 60 * len(WAYS) and count > 1.5 * before[name]
    }
    assert fresh == {}
    assert size_now - size <= NOISE_BYTES + BYTES_AN_ORDER * (orders_now - orders)


@pytest.mark.budget(240)
@pytest.mark.length("ci")
def test_a_minute_of_everything_going_wrong(tmp_path):
    """Three rounds of 20 s: no drift, and memory is where it was after the second."""
    flat(soak(tmp_path, rounds=3, seconds=20))


@pytest.mark.budget(1_800)
@pytest.mark.length("long")
def test_twelve_minutes_of_everything_going_wrong(tmp_path):
    """Twelve rounds of a minute."""
    flat(soak(tmp_path, rounds=12, seconds=60))
