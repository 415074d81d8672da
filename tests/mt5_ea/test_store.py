"""The Expert Advisor's database when others look at it, write to it, or when it fails.

The shipped program on the simulated terminal; its SQLite is real, and waits in virtual time.
"""

from __future__ import annotations

import gc
import sqlite3
from pathlib import Path

import pytest
from support.mt5.constants import Action
from support.mt5.ea_desk import Desk
from support.mt5.ea_house import new
from support.mt5.runtime import build

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(90),  # the first test of a run compiles
]
FIRST, SECOND, THIRD = (f"0000000000A0{n}" for n in (1, 2, 3))
FAILED = "error: the database failed"


class Kept(Desk):
    """One Expert Advisor with an order that rests, and somebody else at its database."""

    def __init__(self, folder, **inputs):
        super().__init__(folder)
        self.chart, self.end = self.attach(HeartBtInt=60, **inputs)
        self.end.heart_bt_int = 60
        self.run(1_000)
        self.place(FIRST)
        self.run(1_000)
        assert self.resting == 1, self.chart.journal
        self.other = sqlite3.connect(
            folder / "Portcullis.MT5.sqlite", isolation_level=None, check_same_thread=False
        )

    @property
    def resting(self):
        """How many orders rest at the server."""
        return len(self.terminal.office.books.orders)

    @property
    def is_removed(self):
        """Whether the program has taken itself off the chart."""
        return self.chart.program.removed

    def place(self, name):
        """Let the gateway say an order that rests."""
        self.end.say(new(name, "1.05"), self.chart.clock.now_ns)

    def said(self, words):
        """Return the lines of the journal that begin so."""
        return [line for line in self.chart.journal if line.startswith(words)]


@pytest.fixture
def kept(tmp_path):
    """Give a program that has noted an order."""
    kept = Kept(tmp_path)
    yield kept
    kept.other.close()


def test_who_reads_the_database_hinders_nobody(kept):
    """Somebody in the middle of a read sees what was there; orders are noted and sent meanwhile."""
    kept.other.execute("BEGIN")
    before = kept.other.execute("SELECT count(*) FROM ids").fetchall()
    kept.place(SECOND)
    kept.run(1_000)
    assert (kept.resting, kept.is_removed) == (2, False)
    assert kept.other.execute("SELECT count(*) FROM ids").fetchall() == before
    kept.other.execute("COMMIT")
    assert kept.other.execute("SELECT count(*) FROM ids").fetchall() != before


def test_who_writes_to_the_database_is_waited_for(kept):
    """A change by another program that takes two seconds ends nothing."""
    kept.other.execute("BEGIN IMMEDIATE")
    kept.server.clock.after(2_000, lambda: kept.other.execute("COMMIT"))
    kept.place(SECOND)
    kept.run(1_000)
    assert (kept.resting, kept.is_removed) == (2, False)
    assert not kept.said("error")


def test_a_database_that_another_program_keeps_ends_it(kept):
    """After five seconds nothing is sent, what rests is cancelled, and it says why."""
    kept.other.execute("BEGIN IMMEDIATE")
    kept.place(SECOND)
    kept.run(6_000)
    assert (kept.resting, kept.is_removed) == (0, True)
    line, = kept.said(FAILED)
    assert "error 5605): nothing is sent any more; close the program that writes to it" in line
    assert kept.said("warning: what rests is cancelled: 1 orders")
    assert len(kept.terminal.office.ledger.arrivals) == 2


@pytest.mark.parametrize(("inputs", "left"), [({}, 0), ({"DeadManMs": 0}, 1)])
def test_what_rests_when_the_database_fails_is_the_dead_mans(tmp_path, inputs, left):
    """It is cancelled at once, before the program goes; without a dead man it stays."""
    kept = Kept(tmp_path, **inputs)
    kept.chart.program.may_write = False
    kept.place(SECOND)
    kept.run(1_000)
    assert (kept.resting, kept.is_removed) == (left, True)
    assert kept.said(FAILED)
    assert len(kept.said("warning: what rests")) == 1
    kept.other.close()


def test_a_read_that_fails_does_not_say_that_there_is_nothing(kept):
    """An id that is not found for an error is not taken for a new one: nothing is sent."""
    kept.run(1_000)
    kept.chart.program.fail_reads()
    kept.place(FIRST)
    kept.run(1_000)
    assert (kept.resting, kept.is_removed) == (0, True)
    line, = kept.said(FAILED)
    assert "SELECT buried FROM ids" in line
    assert "error 5124" in line
    arrivals = [one.request.action for one in kept.terminal.office.ledger.arrivals]
    assert arrivals == [Action.PENDING, Action.REMOVE]


def test_a_program_that_is_no_more_keeps_no_database_open(tmp_path):
    """In one process of the tests many programs die: none of them leaves a descriptor behind."""
    gc.collect()
    before = open_descriptors()
    kept = Kept(tmp_path)
    kept.other.close()
    assert open_descriptors() > before
    del kept
    gc.collect()
    assert open_descriptors() == before


def open_descriptors():
    """Return how many descriptors this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))
