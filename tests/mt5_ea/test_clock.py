"""The computer's clock under the Expert Advisor: what it shows is for SendingTime (52) alone.

The shipped program on the simulated terminal, with a gateway's end whose clock is right.
"""

from __future__ import annotations

import pytest
from support.mt5.ea_desk import Desk
from support.mt5.ea_house import new, status
from support.mt5.runtime import build

from protocol.timestamps import parse_utc

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(90),  # the first test of a run compiles
]
SECOND_NS = 10**9
FIRST = "0000000000A01"


class Office(Desk):
    """One Expert Advisor, and by how many ms TimeGMT is ahead of the true time."""

    ahead_ms = 0

    def begin(self, **inputs):
        """Put the program on a chart, with that clock."""
        self.chart, self.end = self.attach(DeadManMs=5_000, **inputs)
        program = self.chart.program
        program._TimeGMT = lambda: (program.clock.now_ns + self.ahead_ms * 10**6) // SECOND_NS
        return self

    @property
    def resting(self):
        """How many orders rest at the server."""
        return len(self.terminal.office.books.orders)

    def said(self, words):
        """How many lines of the journal have these words."""
        return sum(words in line for line in self.chart.journal)

    def place(self):
        """Rest an order."""
        self.end.say(new(FIRST, "1.05"), self.chart.clock.now_ns)
        self.run(500)
        assert self.resting == 1


@pytest.fixture
def office(tmp_path):
    """Give a terminal whose program has an order that rests."""
    office = Office(tmp_path).begin()
    office.run(1_000)
    office.place()
    return office


@pytest.mark.parametrize("ahead_ms", [180_000, -180_000, 3_600_000])
def test_a_clock_that_leaps_moves_nothing(office, ahead_ms):
    """TimeGMT that is wrong for a second, or from now on, ends no session and cancels nothing."""
    for wrong_ms, for_ms in (ahead_ms, 1_000), (0, 10_000), (ahead_ms, 10_000):
        office.ahead_ms = wrong_ms
        office.run(for_ms, 10)
    assert office.end.live
    assert len(office.end.logons) == 1
    assert office.resting == 1


def test_a_clock_that_was_wrong_is_read_anew_at_the_next_logon(tmp_path):
    """Attached while the clock was ten minutes fast, it logs on as soon as that is put right."""
    office = Office(tmp_path)
    office.ahead_ms = 600_000
    office.begin()
    office.run(3_000)
    assert not office.end.live
    office.ahead_ms = 0
    office.run(1_000)
    assert office.end.live, office.chart.journal
    office.place()
    office.end.say(status(FIRST), office.chart.clock.now_ns)
    office.run(500)
    away_ns = parse_utc(office.end.heard[-1].sending_time) - office.chart.clock.now_ns
    assert abs(away_ns) < SECOND_NS


def test_a_wrong_clock_is_no_gateway_that_is_gone(office):
    """Refused for its SendingTime it cancels nothing and says so once; a silent one is gone."""
    office.ahead_ms = 600_000
    office.end.cut()
    office.run(10_000, 10)
    assert len(office.end.logons) == 1
    assert office.said("SendingTime(52)") == 1
    assert office.resting == 1
    office.end.mute = True
    office.run(10_000, 10)
    assert office.said("the gateway is gone") == 1
    assert office.resting == 0


def test_the_second_that_the_clock_does_not_tell_is_found(tmp_path):
    """TimeGMT has whole seconds; when it moves first the rest of the start's second is known."""
    office = Office(tmp_path)
    office.ahead_ms = 700
    office.begin()
    office.run(2_000)
    office.ahead_ms = 100_000
    office.end.say(status(FIRST), office.chart.clock.now_ns)
    office.run(100)
    answer = office.end.heard[-1]
    ahead_ns = parse_utc(answer.sending_time) - office.chart.clock.now_ns
    assert 600 <= ahead_ns // 10**6 <= 700
