"""Knight Capital, 2012-08-01: 212 parent orders, over 4 million children, 460 million dollars.

A router that no longer knew what was filled sent children in a loop. Here a parent of 10,000 EUR is
sliced into children of 1,000, without end and without regard to fills.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.reckoning import read_journal
from support.scene import LIMITS, NOISE, Rogue, Scene

CHILD = 1_000
CHILDREN = 600
PARENT = 10_000
START = Decimal("1.10100")
TICK = Decimal("0.00001")
LIKE = LIMITS.runaway_orders


def child_loop(rogue, **parent):
    """Send children, each a tick dearer than the one before, as an impatient router does."""
    for number in range(CHILDREN):
        rogue.buy("EURUSD", CHILD, price=START + number * TICK, **parent)
    rogue.settle()


@pytest.mark.budget(60)
def test_children_never_exceed_the_parent_that_they_name(tmp_path, reckoned):
    """Children that name their parent (5014, 5041) end at its quantity, filled or not."""
    with Scene(tmp_path, brakes=True) as system, Rogue(system.start(), "MM") as rogue:
        child_loop(rogue, parent_order_id="P1", parent_qty=PARENT)
        system.stop()
        figures = reckoned(system, "Knight, parent named")
    assert figures.left == PARENT // CHILD
    assert figures.refused["CHILD_EXCEEDS_PARENT"] > 0
    assert figures.gross <= PARENT * START * NOISE


@pytest.mark.budget(60)
def test_a_loop_without_a_parent_is_stopped_until_a_person_resumes_it(tmp_path, reckoned):
    """Like orders in a row halt their strategy alone; only a person who says why lets it go on."""
    with Scene(tmp_path, brakes=True) as system, Rogue(system.start(), "MM") as rogue:
        child_loop(rogue)
        assert rogue.refused["RUNAWAY"] == 1
        assert ("RUNAWAY", "HALTED") in system.stopped()
        with Rogue(system, "EXAMPLE") as other:
            assert other.accepted(other.buy("EURUSD", CHILD, price=START))
        refused = system.command("resume", "--strategy", "MM", "--reason", " ", check=False)
        assert refused.returncode == 2
        assert not rogue.accepted(rogue.buy("EURUSD", 2 * CHILD, price=START))
        system.command("resume", "--strategy", "MM", "--reason", "the loop is repaired")
        assert rogue.accepted(rogue.buy("EURUSD", 3 * CHILD, price=START))
        system.stop()
        figures = reckoned(system, "Knight, no parent")
    assert figures.left == LIKE + 2
    assert figures.house_gross <= (LIKE + 1 + 3) * CHILD * START * NOISE
    (resumed,) = [
        body for _, kind, body in read_journal(system).notes
        if kind == "TRADING_STATE" and body["state"] == "ACTIVE"
    ]  # fmt: skip
    assert resumed["reason"] == "the loop is repaired"
    assert resumed["who"] not in {"", "GATEWAY"}


@pytest.mark.length("ci")
@pytest.mark.budget(120)
def test_without_brakes_it_is_a_disaster(tmp_path, reckoned):
    """The same loop without brakes: 60 parents are bought, beyond the limit of all exposure."""
    with Scene(tmp_path, brakes=False) as system, Rogue(system.start(), "MM") as rogue:
        child_loop(rogue)
        system.stop()
        figures = reckoned(system, "Knight")
    assert figures.left == CHILDREN
    assert figures.gross > LIMITS.max_gross_notional
