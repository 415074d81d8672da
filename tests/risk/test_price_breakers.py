"""Spreads and moves of prices against what is usual: at their level, inside and outside it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.risk.breaker_rules import Multiple
from gateway.risk.breakers import Wide, Wild

MS = 1_000_000
S = 1_000 * MS
T0 = 1_800_000_000 * S

MULTIPLE = Multiple(
    multiple=Decimal(4), floor_bps=Decimal(10), every_ms=1_000, samples=3, history=50, min_history=5
)


def spreads(wide, bps, *, at_s):
    """Show one spread a second, in basis points of a middle of 100; return the answers."""
    half = [Decimal(one) / 200 for one in bps]
    return [
        wide.add(T0 + (at_s + n) * S, 100 - one, 100 + one) for n, one in enumerate(half)
    ]


@pytest.mark.parametrize(("bps", "trips"), [("19.99", False), ("20", False), ("20.0001", True)])
def test_a_spread_beyond_a_multiple_of_its_median(bps, trips):
    """Usual is 5, so 20 is at the level: two of three samples beyond it make the median so."""
    wide = Wide(MULTIPLE)
    assert not any(spreads(wide, ["5"] * 10, at_s=0))
    assert not any(spreads(wide, [bps], at_s=10))
    why = spreads(wide, [bps], at_s=11)[-1]
    assert bool(why) is trips
    if trips:
        assert why == "bps=20.0001 limit_bps=20 median_bps=5"


@pytest.mark.parametrize(("bps", "trips"), [("10", False), ("10.0001", True)])
def test_below_the_floor_no_spread_trips(bps, trips):
    """A hundred times its median is nothing up to the floor."""
    wide = Wide(MULTIPLE)
    spreads(wide, ["0.1"] * 10, at_s=0)
    assert bool(spreads(wide, [bps] * 2, at_s=10)[-1]) is trips


@pytest.mark.parametrize(("usual", "trips"), [(5, False), (6, True)])
def test_without_a_history_no_spread_trips(usual, trips):
    """Figures begin with the third sample: six usual ones and a wide one make five of them."""
    wide = Wide(MULTIPLE)
    spreads(wide, ["5"] * usual, at_s=0)
    assert bool(spreads(wide, ["500"] * 2, at_s=usual)[-1]) is trips


def test_one_sample_in_its_time():
    """Quotes between two samples change nothing; after `forget` it takes the samples again."""
    wide = Wide(MULTIPLE)
    spreads(wide, ["5"] * 10, at_s=0)
    for ms in range(1, 999):
        assert not wide.add(T0 + 9 * S + ms * MS, Decimal(90), Decimal(110))
    assert spreads(wide, ["500"] * 2, at_s=10)[-1]
    wide.forget()
    assert [bool(one) for one in spreads(wide, ["500"] * 3, at_s=12)] == [False, False, True]


def moves(wild, bps, *, at_s, mid=Decimal(100)):
    """Move the middle once a second by so many basis points; return the answers and the middle."""
    answers = []
    for n, one in enumerate(bps):
        mid += mid * Decimal(one) / 10_000
        answers.append(wild.add(T0 + (at_s + n) * S, mid))
    return answers, mid


def calm(rules=MULTIPLE, bps="10"):
    """Return one that knows moves of so many basis points, up and down, and its middle."""
    wild = Wild(rules)
    assert wild.add(T0 - S, Decimal(100)) == ""
    answers, mid = moves(wild, [bps, f"-{bps}"] * 6, at_s=0)
    assert not any(answers)
    return wild, mid


def test_moves_beyond_a_multiple_of_their_median():
    """Usual is 10, the level 40: with two usual moves a third of 67.8 is inside, 67.9 is not."""
    for bps, trips in (("67.8", False), ("67.9", True)):
        wild, mid = calm()
        why = moves(wild, [bps], at_s=12, mid=mid)[0][-1]
        assert bool(why) is trips
    assert why.startswith("bps=40.0")
    assert why.endswith("limit_bps=40 median_bps=10")


def test_a_move_counts_while_it_is_under_way():
    """A crash is seen at the first quote that shows it, not a second later."""
    wild, mid = calm()
    assert not wild.add(T0 + 11 * S + 1, mid)
    assert wild.add(T0 + 11 * S + 2, mid * Decimal("0.7"))


@pytest.mark.parametrize(("bps", "trips"), [("17.32", False), ("17.33", True)])
def test_below_the_floor_no_move_trips(bps, trips):
    """A market that never moves: one move of 17.32 makes the root mean square of three 10."""
    wild, mid = calm(bps="0")
    assert bool(moves(wild, [bps], at_s=12, mid=mid)[0][-1]) is trips


@pytest.mark.parametrize(("bps", "trips"), [("9.9999", False), ("10", False), ("10.0001", True)])
def test_moves_exactly_at_the_level(bps, trips):
    """Three moves of 10 are a root mean square of 10, which is the floor."""
    wild, mid = calm(bps="0")
    assert bool(moves(wild, ["10", "10", bps], at_s=12, mid=mid)[0][-1]) is trips


def test_without_a_history_no_move_trips():
    """A fall of a third among the first moves is not judged."""
    wild = Wild(MULTIPLE)
    wild.add(T0 - S, Decimal(100))
    assert not any(moves(wild, ["10"] * 4 + ["-3300"], at_s=0)[0])
    known = Wild(MULTIPLE)
    known.add(T0 - S, Decimal(100))
    assert moves(known, ["10"] * 5 + ["-3300"], at_s=0)[0][-1]


@pytest.mark.parametrize(("pause_s", "trips"), [(1, True), (2, False), (30, False)])
def test_a_pause_of_quotes_is_a_market_that_stood_still(pause_s, trips):
    """Three moves of 45 in a row are beyond the level; without quotes they leave the window."""
    wild, mid = calm()
    answers, mid = moves(wild, ["0", "0", "45", "-45"], at_s=12, mid=mid)
    assert not any(answers)
    assert bool(moves(wild, ["45"], at_s=15 + pause_s, mid=mid)[0][-1]) is trips


def test_forgotten_moves():
    """The moves before `forget` are gone, what is usual is not."""
    wild, mid = calm()
    assert moves(wild, ["500"], at_s=12, mid=mid)[0][-1]
    wild.forget()
    assert not any(moves(wild, ["10"] * 3, at_s=13, mid=mid)[0])
    assert moves(wild, ["70"], at_s=16, mid=mid * Decimal("1.003"))[0][-1]


@given(st.lists(st.tuples(st.integers(1, 5_000), st.integers(-9, 9)), max_size=300))
def test_no_moves_below_the_floor_trip(stream):
    """Prices that never leave a band narrower than the floor are never wild, nor too wide."""
    wild, wide, now_ns = Wild(MULTIPLE), Wide(MULTIPLE), T0
    for step_ms, tenths in stream:
        now_ns += step_ms * MS
        mid = 100 + Decimal(tenths) / 2_000  # at most 9 bps from one end to the other
        assert not wild.add(now_ns, mid)
        assert not wide.add(now_ns, mid - Decimal("0.05"), mid + Decimal("0.04"))
    assert len(wild._moves) < MULTIPLE.samples
    assert len(wild._own._history) <= MULTIPLE.history
