"""One strategy floods the gateway while a person kills everything: by command, by file, by signal.

The figures are printed (`-s`): when HALTED was seen to act, when the last resting order was gone
from the venue's own book, and how many messages waited then. None is asserted on but generously.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest
from support import witnesses
from support.system import System
from support.waiting import wait_for

from bridges.paper import ledger
from engine.client import Client
from gateway.commands import launch
from gateway.commands.operator_session import OperatorSession
from gateway.oms.apply import entry_of
from journal import reader
from protocol import codec
from protocol.messages import Note

FLOOD = Path(__file__).parents[1] / "support" / "flood.py"
COUNT = 100_000
RESTING = 30
FAR, TICK = Decimal("0.90000"), Decimal("0.00001")
HANGS_S = 30
"""Longer than this is no slowness any more."""


class Flood:
    """The flooding process; use it as a context manager."""

    def __init__(self, system, name="EXAMPLE"):
        self.process = subprocess.Popen(
            [sys.executable, str(FLOOD), system.orders, name, "EURUSD", str(COUNT)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=launch.environment(),
        )  # fmt: skip

    def __enter__(self):
        assert self.process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def pour(self):
        """Let it send everything that it has."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "sent\n"


def resting(system):
    """Return the venue's own ids of the orders that are open in its own book."""
    lines = ledger.read(system.ledger)
    begun = {line["oid"] for line in lines if line["k"] == "order"}
    return begun - {line["oid"] for line in lines if line["k"] in {"canceled", "expired"}}


def by_command(_system, session):
    """An operator's session."""
    session.ask("KILL", scope="all", reason="flooded")


def by_file(system, _session):
    """A STOP file."""
    (system.folder / "var" / "STOP").write_text("", encoding="ascii")


def by_signal(system, _session):
    """SIGUSR1 to the gateway's process."""
    os.kill(system.process.pid, signal.SIGUSR1)


def halted(session):
    """Whether everything is halted, as an operator sees it."""
    halts = session.ask("STATUS")["halts"]
    return any((halt["scope"], halt["state"]) == ("all", "HALTED") for halt in halts)


BUILT_IN, OFF = "", None
NO_SIGNAL = pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="no such signal here")
WAYS = [
    pytest.param(by_command, BUILT_IN, id="command"),
    pytest.param(by_command, OFF, id="command, limits off"),
    pytest.param(by_file, OFF, id="file"),
    pytest.param(by_signal, OFF, id="signal", marks=NO_SIGNAL),
]


@pytest.mark.length("ci")
@pytest.mark.budget(180)
@pytest.mark.parametrize(("kill", "brakes"), WAYS)
def test_a_kill_acts_under_a_flood(tmp_path, kill, brakes):
    """HALTED acts and every resting order of everybody is cancelled, however much is queued.

    The built-in limits refuse most of the flood; with all of them off its orders rest too.
    """
    with System(tmp_path, brakes=brakes) as system:
        flooded_and_killed(system.start(), kill)


def flooded_and_killed(system, kill):
    """Flood, kill, wait until nothing rests; print the figures and read the journal."""
    owners = [Client(name, system.orders) for name in ("MM", "MOMENTUM")]
    with owners[0], owners[1], Flood(system) as flood:
        for number in range(RESTING):
            for at, owner in enumerate(owners):
                price = FAR - TICK * (2 * number + at)
                owner.wait_for(owner.buy("EURUSD", 1000, price=price), exec_type="0")
        assert len(resting(system)) == 2 * RESTING
        with OperatorSession(system.config) as session:
            flood.pour()
            begun_ns = time.monotonic_ns()
            kill(system, session)
            wait_for(lambda: halted(session), timeout_s=HANGS_S, poll_s=0.005)
            halted_ms = (time.monotonic_ns() - begun_ns) // 1_000_000
            wait_for(lambda: not resting(system), timeout_s=HANGS_S, poll_s=0.005)
            gone_ms = (time.monotonic_ns() - begun_ns) // 1_000_000
            taken = flooded(session)
            wait_for(lambda: flooded(session) > taken + 1_000, timeout_s=HANGS_S)
            assert not resting(system)
            assert session.ask("STATUS")["open_orders"] == 0
    assert system.stop() == 0, system.output()
    waiting, orders = at_the_kill(system)
    sys.stdout.write(
        f"\n{kill.__name__}: HALTED seen after {halted_ms} ms, {orders} resting orders gone from"
        f" the venue after {gone_ms} ms, with {waiting} of {COUNT} messages still unread\n"
    )
    assert waiting > 0, "the flood was over before the kill: nothing was shown"
    replayed = witnesses.replay(system.journal, ("MM", "MOMENTUM", "EXAMPLE"))
    assert replayed.wrong_digests == []
    assert not replayed.book.open_orders()


def flooded(session):
    """Return how many messages of the flood were taken so far."""
    rows = session.ask("SESSIONS")["rows"]
    return next(row["next_in"] for row in rows if row["session"] == "EXAMPLE")


def at_the_kill(system):
    """Count from the journal: the flood's unread messages, and the orders open, when it acted."""
    taken, cancels = 0, 0
    acted = False
    for record in reader.read(system.journal):
        if record.session == "EXAMPLE" and record.direction == 0 and not acted:
            taken += 1
        elif record.session == "PAPER" and record.direction == 1 and acted:
            cancels += codec.peek(record.frame).msg_type == "F"
        elif record.direction not in {0, 1}:
            note = entry_of(record).message
            acted |= (
                isinstance(note, Note) and note.note_kind == "TRADING_STATE"
                and '"scope":"all"' in note.note_body and '"HALTED"' in note.note_body
            )  # fmt: skip
    return COUNT + 1 - taken, cancels
