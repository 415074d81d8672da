"""Closing one position by another in the Expert Advisor, whatever happens to answer or program."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from support.mt5.constants import Action, MarginMode, Retcode
from support.mt5.ea_trader import EaTrader
from support.mt5.runtime import build

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]
BY = Action.CLOSE_BY
ANSWERS = {
    "done": lambda faults: None,
    "10012, and done": lambda faults: faults.doubt(Retcode.TIMEOUT, acts=True, when=BY),
    "10012, and not done": lambda faults: faults.doubt(Retcode.TIMEOUT, acts=False, when=BY),
    "nothing, and done": lambda faults: faults.silence(acts=True, when=BY),
    "10008, done late": lambda faults: faults.tardy(3_000, early=Retcode.PLACED, when=BY),
    "done slowly": lambda faults: faults.ponder(3_000, when=BY),
    "false, and done": lambda faults: faults.fail(acts=True, when=BY),
}


def die(trader):
    """The program dies, and another one comes in its place."""
    trader.kill()


def go(trader):
    """The program is off its chart for two seconds."""
    trader.remove()
    trader.run(2_000)
    trader.add()


def be_cut(trader):
    """The terminal has no connection for three seconds; what was sent arrives."""
    trader.terminal.cut(requests_arrive=True)
    trader.run(3_000)
    trader.terminal.mend()


TROUBLE = {"": lambda trader: None, "killed": die, "removed": go, "cut": be_cut}
PLAIN = {
    ("done", "killed", 30), ("10012, and done", "removed", 3), ("10012, and not done", "", 30),
    ("nothing, and done", "cut", 3), ("10008, done late", "killed", 3), ("done slowly", "cut", 30),
    ("false, and done", "", 3),
}  # fmt: skip


def cases():
    """Every answer, every trouble, before and after the request has reached the server."""
    for answer, trouble, after_ms in product(ANSWERS, TROUBLE, (3, 30)):
        marks = () if (answer, trouble, after_ms) in PLAIN else (pytest.mark.length("ci"),)
        name = f"{answer}-{trouble or 'undisturbed'}-{after_ms} ms"
        yield pytest.param(answer, trouble, after_ms, marks=marks, id=name)


@pytest.mark.parametrize(("answer", "trouble", "after_ms"), list(cases()))
def test_both_halves_are_known_once(tmp_path, answer, trouble, after_ms):
    """The order closes A, one that was made of it closes B: each told once, by whoever lives.

    The request reaches the server once.
    """
    trader = EaTrader(MarginMode.RETAIL_HEDGING, tmp_path).settle()
    for qty, side in (("30000", "1"), ("10000", "2")):
        trader.place(qty, side=side)
        trader.run(200)
    long, short = (str(one) for one in trader.office.books.positions)
    ANSWERS[answer](trader.server.faults)
    name = trader.place("10000", side="2", position_id=f"{long}/{short}")
    trader.run(after_ms, step_ms=min(after_ms, 10))
    TROUBLE[trouble](trader)
    trader.run(10_000)
    trader.judge()
    rows, _ = trader.ask("fills_since", since_ns=0)
    fills = [one for one in rows if one.fill_origin]
    told = [one.trade_id for one in trader.of("Filled") if one.fill_origin]
    arrivals = trader.office.ledger.arrivals
    assert len([one for one in arrivals if one.request.action == BY]) == 1
    if answer == "10012, and not done":
        assert (fills, told, len(trader.office.books.positions)) == ([], [], 2)
        assert trader.look_up(name).found != "Y"
        return
    mine, made = fills
    assert (mine.fill_cl_ord_id, mine.fill_side, mine.fill_position_id) == (name, "2", long)
    assert (made.fill_cl_ord_id, made.fill_side, made.fill_position_id) == ("", "1", short)
    assert {one.fill_origin for one in fills} == {"CLOSE_BY"}
    assert sorted(told) == sorted(one.trade_id for one in fills)
    assert trader.end_of(name) == "2"
    (rest,), complete = trader.ask("positions")
    assert complete
    assert (rest.position_id, rest.qty) == (long, Decimal(20_000))
