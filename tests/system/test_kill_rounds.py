"""Kill -9, at random moments, under load: gateway, venue, strategy. Nothing is lost or doubled.

Each test prints its seed and its figures; PORTCULLIS_SEED repeats one (the moments are the
machine's own).
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from random import Random, SystemRandom

import pytest
from support import witnesses
from support.waiting import wait_for

LOAD = Path(__file__).parents[1] / "support" / "load.py"
STRATEGIES = ("MM", "MOMENTUM")
JOURNAL = "digest_every = 50\nsnapshot_every = 700\nsegment_bytes = 300_000"
"""Small, so that the kills also hit snapshots and the change of segments."""
LATENCY = "latency = { entry = { ms = 5, sigma = 0.7 }, response = { ms = 5, sigma = 0.7 } }"
"""So that orders and answers are on their way at each kill."""
LIES = ("chance drop_acks 0.1", "chance drop_reports 0.05", "chance double_fills 0.3")
VICTIMS = (
    "gateway", "venue", "strategy", "gateway twice", "gateway and venue", "gateway, politely",
)  # fmt: skip


def signs_of_life(system):
    """Return how much everybody but the journal has written: transcripts, ledger, output."""
    paths = [system.transcript(name) for name in STRATEGIES]
    paths += [system.ledger, system.folder / "run.out"]
    return sum(path.stat().st_size for path in paths if path.exists())


class Rounds:
    """A system under load, and somebody with a gun."""

    def __init__(self, system, seed, lies=()):
        self.system = system
        self.lies = lies
        self.seed = seed
        self.chance = Random(seed)
        self.killed = Counter()

    def begin(self):
        """Start everything."""
        self.system.start()
        for name in STRATEGIES:
            self.start_strategy(name)

    def start_strategy(self, name):
        """Start a strategy."""
        self.system.start_strategy(f"{LOAD}:Load", name)

    def grow(self, least, most):
        """Wait until a random number of bytes more has been written."""
        goal = signs_of_life(self.system) + self.chance.randrange(least, most)
        wait_for(lambda: self._has_grown(goal), timeout_s=60, what="load", poll_s=0.001)

    def _has_grown(self, goal):
        for name in STRATEGIES:
            process = self.system.strategies.get(name)
            assert process is None or process.poll() is None, self.system.said(name)
        return signs_of_life(self.system) >= goal

    def round(self):
        """Kill one at a random moment, bring it back, wait until all is known again."""
        victim = self.chance.choice(VICTIMS)
        for lie in self.lies:
            self.system.fault(lie)
        self.grow(5_000, 150_000)
        system = self.system
        if victim == "venue":
            system.kill_venue()
            self.grow(1_000, 10_000)
            system.start_venue()
        elif victim == "strategy":
            name = self.chance.choice(STRATEGIES)
            system.kill_strategy(name)
            self.grow(1, 5_000)
            self.start_strategy(name)
        elif victim == "gateway, politely":
            assert system.stop() == 0, system.output()
            system.start(wait=False)
        else:
            system.kill()
            if victim == "gateway and venue":
                system.kill_venue()
            if victim == "gateway twice":
                system.start(wait=False)
                self.grow(1, 2_000)
                system.kill()
            system.start(wait=False)
        self.killed[victim] += 1
        self.heal()

    def heal(self):
        """Wait until the venue is ready, nothing is in doubt, and everybody trades."""
        self.system.wait_ready()
        if self.lies:
            self.system.fault("clear")
        marks = {name: self._acks(name) for name in STRATEGIES}
        wait_for(
            lambda: all(self._acks(name) > marks[name] for name in STRATEGIES),
            timeout_s=60, what="trading after a kill", poll_s=0.05,
        )  # fmt: skip
        wait_for(self._is_certain, timeout_s=60, what="the end of every doubt", poll_s=0.1)

    def _acks(self, name):
        path = self.system.transcript(name)
        return path.read_bytes().count(b'"150":"A"') if path.exists() else 0

    def _is_certain(self):
        status = self.system.status()
        return status is not None and status["in_doubt"] == 0

    def end(self):
        """Stop trading, and then everything."""
        for name in STRATEGIES:
            assert self.system.stop_strategy(name) == 0
        self.system.ask("CANCEL", scope="all", reason="the end of the test")
        wait_for(self._is_quiet, timeout_s=150, what="nothing open, agreement", poll_s=0.2)
        assert self.system.stop() == 0, self.system.output()

    def _is_quiet(self):
        status = self.system.status()
        if status is None or status["open_orders"] or status["in_doubt"]:
            return False
        return not witnesses.sum_wrongs(self.system.ledger, self.system.ask("POSITIONS")["rows"])


def leaked(folder):
    """Return the processes of ours that still run, by their command lines."""
    if not sys.platform.startswith("linux"):
        return []
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in text and f"/{os.getpid()}/" not in str(path):
            found.append(text)
    return found


def prove(rounds):
    """Compare all witnesses; return the figures, and the last digest of the living process."""
    system = rounds.system
    replayed = witnesses.replay(system.journal, STRATEGIES)
    told = {name: witnesses.listen(system.transcript(name)) for name in STRATEGIES}
    wrong = [text for name in STRATEGIES
             for text in witnesses.session_wrongs(name, told[name], replayed)]  # fmt: skip
    wrong += witnesses.venue_wrongs(system.ledger, replayed.book)
    wrong += [f"another digest at {seq}" for seq in replayed.wrong_digests]
    wrong += [f"recovery differs: {body}" for body in replayed.starts if body["differs_at"]]
    wrong += [f"still runs: {text}" for text in leaked(system.folder)]
    figures = {
        "seed": rounds.seed, "killed": dict(rounds.killed), "records": replayed.records,
        "starts": len(replayed.starts), "orders": len(replayed.book.state.orders),
        "acknowledged": sum(len(one.acknowledged) for one in told.values()),
        "fills": len(replayed.book.state.fills.get("PAPER", {})),
    }  # fmt: skip
    sys.stdout.write(f"{figures}\n")
    assert not wrong, "\n".join([str(figures), *wrong[:40]])
    assert figures["acknowledged"], figures
    assert figures["fills"], figures
    return figures, replayed.last_digest


@pytest.fixture
def run_rounds(system, monkeypatch):
    """Run rounds of kills on a system, then prove that nothing is missing."""
    return partial(play, system, monkeypatch)


def play(system, monkeypatch, count, lies=()):
    """Run the rounds, end in order, prove."""
    seed = int(os.environ.get("PORTCULLIS_SEED", SystemRandom().randrange(1 << 32)))
    sys.stdout.write(f"PORTCULLIS_SEED={seed}\n")
    monkeypatch.setenv("LOAD_SEED", str(seed))
    system.edit("digest_every = 50", JOURNAL)
    system.edit("seed = 7 }", f"seed = {seed} }}\n{LATENCY}")
    if seed % 2:
        system.edit('durability = "os"', 'durability = "group"')
    rounds = Rounds(system, seed, lies)
    rounds.begin()
    for _ in range(count):
        rounds.round()
    rounds.end()
    figures, (seq, digest) = prove(rounds)
    replay = system.json("journal", "replay", system.journal, "--at", seq)
    assert replay["digest"] == digest
    replay = system.json("journal", "replay", system.journal)
    assert replay["open_orders"] == 0
    assert replay["orders"] == figures["orders"]


@pytest.mark.length("ci")
@pytest.mark.budget(120)
def test_two_kills_lose_nothing(run_rounds):
    """Two kill -9 under load: transcripts, journal and ledger agree on everything."""
    run_rounds(2)


@pytest.mark.length("ci")
@pytest.mark.budget(420)
def test_ten_kills_lose_nothing(run_rounds):
    """Ten kill -9 under load: transcripts, journal and ledger agree on everything."""
    run_rounds(10)


@pytest.mark.length("ci")
@pytest.mark.budget(600)
def test_ten_kills_of_a_lying_venue_lose_nothing(run_rounds):
    """The same while the venue drops acks and reports, and tells fills twice."""
    run_rounds(10, LIES)


@pytest.mark.length("long")
@pytest.mark.budget(7200)
def test_two_hundred_kills_lose_nothing(run_rounds):
    """Two hundred kill -9 under load: transcripts, journal and ledger agree on everything."""
    run_rounds(200)
