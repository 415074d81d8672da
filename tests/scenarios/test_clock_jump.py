"""A clock that jumps: the machine's wall clock is set forth and back under a running gateway.

Whoever takes the wall clock for the time then finds orders from the future, days that end twice and
a log that runs backwards. The gateway's own time goes on; but the strategies and the venue live by
clocks that nobody can compare any longer, so no new risk is taken until somebody has looked.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import pytest
from support import witnesses, wrong_clock
from support.reckoning import read_journal
from support.scene import Rogue, Scene
from support.waiting import wait_for

from gateway.commands import launch
from journal import reader
from protocol import codec
from protocol.timestamps import parse_utc

PROGRAM = Path(wrong_clock.__file__)
HOUR_MS = 3_600_000
HALTED = ("CLOCK_STEP", "HALTED")
ORDERS = 40
PRICE = "1.101"


class Drifting(Scene):
    """A Scene whose gateway's wall clock can be set."""

    @property
    def dial(self):
        """The file that says how wrong the clock is."""
        return self.folder / "wrong_ms"

    def set_clock(self, wrong_ms):
        """Set the machine's clock, at one moment for all who read it."""
        fresh = self.folder / "fresh"
        fresh.write_text(str(wrong_ms), encoding="ascii")
        fresh.replace(self.dial)

    def start(self, *, wait=True):
        """Start the gateway on the wrong clock."""
        self.process = launch.start(
            ["run", "--config", self.config_path], output=self.folder / "run.out",
            instead=[sys.executable, str(PROGRAM), str(self.dial)],
        )  # fmt: skip
        if wait:
            self.wait_ready()
        return self


def buy_on(rogue):
    """Go on buying."""
    for number in range(ORDERS):
        rogue.buy("EURUSD", 5_000 + number % 7 * 1_000, price=PRICE)
    rogue.settle()


def steps(journaled):
    """List by how many ms the clock was moved, as the breaker says it."""
    reasons = [
        body["reason"] for _, kind, body in journaled.notes
        if kind == "TRADING_STATE" and body["reason"].startswith("CLOCK_STEP: ")
        and body["state"] == "HALTED"
    ]  # fmt: skip
    return [int(reason.partition("step_ms=")[2].split()[0]) for reason in reasons]


def clocks_that_went_back(system):
    """List where a time of ours ran backwards: the journal's, and that of what each was told."""
    wrong, sent_ns, number = [], {}, {}
    records = list(reader.read(system.journal))
    for before, after in pairwise(records):
        if after.time_ns < before.time_ns or after.seq != before.seq + 1:
            wrong.append(f"journal, record {after.seq}")
    for record in records:
        if record.direction != 1:
            continue
        message = codec.decode(record.frame)
        name, when_ns = record.session, parse_utc(message.sending_time)
        if message.msg_seq_num == 1:
            number[name] = 0
        if when_ns < sent_ns.get(name, 0) or message.msg_seq_num != number.get(name, 0) + 1:
            wrong.append(f"said to {name}, message {message.msg_seq_num}")
        sent_ns[name], number[name] = when_ns, message.msg_seq_num
    return wrong


@pytest.mark.budget(90)
def test_a_clock_that_jumps_stops_everything_and_moves_no_time_of_ours(tmp_path, reckoned):
    """An hour forth, an hour back, across a kill too: halted each time, and time only grows."""
    with Drifting(tmp_path, brakes=True) as system:
        with Rogue(system.start(), "MM") as rogue:
            assert rogue.accepted(rogue.buy("EURUSD", 4_000, price=PRICE))
            for wrong_ms in (HOUR_MS, 0):
                system.set_clock(wrong_ms)
                wait_for(lambda: HALTED in system.stopped(), what="CLOCK_STEP")
                before = len(read_journal(system).left)
                buy_on(rogue)
                assert len(read_journal(system).left) == before
                system.command("resume", "--reason", "the clock was set, by me")
            system.kill()
            system.set_clock(-HOUR_MS)
            system.start()
            wait_for(lambda: HALTED in system.stopped(), what="CLOCK_STEP after the start")
            wait_for(lambda: rogue.hear(50) or rogue.client.is_up, what="the session again")
            before = len(read_journal(system).left)
            buy_on(rogue)
            assert len(read_journal(system).left) == before
            assert not system.status()["in_doubt"]
        assert system.stop() == 0
        figures = reckoned(system, "Clock jumps")
        journaled = read_journal(system)
        assert not clocks_that_went_back(system)
        assert not witnesses.replay(system.journal, ("MM",)).wrong_digests
    assert [round(step, -4) for step in steps(journaled)] == [HOUR_MS, -HOUR_MS, -HOUR_MS]
    assert figures.refused["HALTED"] > 0
    assert figures.left == 1


@pytest.mark.length("ci")
@pytest.mark.budget(90)
def test_without_brakes_trading_goes_on_by_a_clock_that_nobody_can_trust(tmp_path, reckoned):
    """Without brakes every order of that time leaves."""
    with Drifting(tmp_path, brakes=False) as system, Rogue(system.start(), "MM") as rogue:
        system.set_clock(HOUR_MS)
        wait_for(lambda: "the machine's clock was moved" in system.output(), what="the jump")
        buy_on(rogue)
        system.stop()
        figures = reckoned(system, "Clock jumps")
    assert figures.left == ORDERS
    assert figures.gross > 0
