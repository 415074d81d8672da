"""The server's clock is put forward and back: what the Expert Advisor tells, and what it lists."""

from __future__ import annotations

import pytest
from support.mt5.clock import changes
from support.mt5.constants import MarginMode
from support.mt5.ea_trader import EaTrader
from support.mt5.runtime import build
from support.mt5.symbols import ALWAYS, eurusd

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]
HOUR_MS = 3_600_000
MS = 1_000_000
SEASONS = pytest.mark.parametrize(("before", "after"), [(2, 3), (3, 2)], ids=["spring", "autumn"])


def trader_before(folder, change_ms, before, after):
    """Give a trader so long before the server's clock is changed; return it and that moment."""
    trader = EaTrader(
        MarginMode.RETAIL_NETTING, folder, eurusd(sessions=ALWAYS, commission="3"),
        inputs={"AbsenceAfterMs": 2000},
    )  # fmt: skip
    moment_ms = trader.clock.now_ms + change_ms
    trader.clock.offset = changes(moment_ms, before, after)
    trader.quote("1.10000", "1.10010")
    return trader.settle(), moment_ms


@SEASONS
def test_a_fill_of_friday_is_in_mondays_answer(tmp_path, before, after):
    """The program was away over the night in which the clock was changed; so was the gateway."""
    trader, change_ms = trader_before(tmp_path, 30 * HOUR_MS, before, after)
    asked_ns = trader.clock.now_ms * MS
    name = trader.place("10000", price="1.09000")
    trader.run(500)
    trader.clock.advance(60_000)
    trader.remove()
    trader.quote("1.08990", "1.09000")
    trader.clock.advance_to(change_ms + 10 * HOUR_MS)
    trader.deaf = True
    trader.add()
    trader.quote("1.08990", "1.09000")
    trader.settle()
    trader.deaf = False
    rows, complete = trader.ask("fills_since", since_ns=asked_ns - 600_000 * MS)
    assert complete
    (row,) = rows
    assert (row.fill_cl_ord_id, row.last_qty, row.commission > 0) == (name, 10_000, True)
    trader.judge(quiet=True)


@SEASONS
def test_what_happens_around_the_change_is_told_once(tmp_path, before, after):
    """A fill just before, one just after, each once; what the answer brings again is the same."""
    trader, change_ms = trader_before(tmp_path, HOUR_MS // 2, before, after)
    trader.run(HOUR_MS // 4, step_ms=10_000)
    trader.place("10000")
    trader.run(change_ms - 1000 - trader.clock.now_ms, step_ms=1000)
    trader.clock.now_ms = change_ms - 10
    trader.place("20000")
    trader.run(1000)
    trader.place("30000")
    trader.run(1000)
    fills = [int(one.last_qty) for one in trader.of("Filled")]
    assert fills == [10_000, 20_000, 30_000]
    for _ in range(3):
        rows, complete = trader.ask("fills_since", since_ns=(change_ms - 1_200_000) * MS)
        assert complete
        assert [int(one.last_qty) for one in rows] == fills
        trader.run(HOUR_MS, step_ms=60_000)
    assert len(trader.of("Filled")) == 3
    trader.judge()


def test_an_account_first_met_before_the_clock_is_put_back_tells_all_that_follows(tmp_path):
    """The hour that comes again is no time before first contact, nor is it after a restart."""
    trader, change_ms = trader_before(tmp_path, HOUR_MS // 6, 3, 2)
    trader.clock.advance_to(change_ms)
    for number in range(1, 6):
        trader.run(HOUR_MS // 6, step_ms=60_000)
        trader.place("10000")
        trader.run(500)
        if number == 2:
            trader.remove()
            trader.add()
            trader.settle()
        assert len(trader.of("Filled")) == number
    trader.judge()


def test_after_the_change_nothing_old_is_listed_any_more(tmp_path):
    """An hour or two to spare, for as long as the question may mean the time before."""
    trader, _ = trader_before(tmp_path, HOUR_MS // 2, 2, 3)
    trader.place("10000")
    trader.run(HOUR_MS, step_ms=60_000)
    trader.place("20000")
    trader.run(1000)
    rows, complete = trader.ask("fills_since", since_ns=(trader.clock.now_ms - 600_000) * MS)
    assert complete
    assert [int(one.last_qty) for one in rows] == [20_000]
