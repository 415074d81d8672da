"""Every breaker's own judgement: at its level, one step inside it and one step outside."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.risk.breaker_rules import (
    CancelRatio,
    Disconnect,
    Latency,
    Slippage,
)
from gateway.risk.breakers import (
    FOLLOWED,
    PARTS,
    Losses,
    Missing,
    Share,
    Slow,
    Withdrawn,
    Worse,
)

MS = 1_000_000
S = 1_000 * MS
T0 = 1_800_000_000 * S
LATENCY = Latency(level_ms=100, window_ms=10_000, min_samples=4, worst_ms=1_000)


def last(answers):
    """Return the last answer of a breaker."""
    return list(answers)[-1]


@pytest.mark.parametrize(
    ("bad", "good", "trips"),
    [(2, 2, False), (3, 2, True), (2, 3, False), (3, 0, False), (4, 0, True), (0, 9, False)],
)
def test_a_share_trips_beyond_itself_with_enough_samples(bad, good, trips):
    """A half: 2 of 4 is at it, 3 of 5 beyond it, 3 of 3 are too few."""
    share = Share(Decimal("0.5"), 10_000, 4)
    why = last(share.add(T0, one) for one in [0] * good + [1] * bad)
    assert bool(why) is trips
    if trips:
        assert why == f"bad={bad} samples={bad + good} share=0.5"


def test_enough_samples_may_be_a_good_one():
    """What is missing for a judgement may be a good sample: then the bad ones decide."""
    share = Share(Decimal("0.5"), 10_000, 4)
    assert not last(share.add(T0, 1) for _ in range(3))
    assert share.add(T0, 0) == "bad=3 samples=4 share=0.5"


@pytest.mark.parametrize(("after_ms", "trips"), [
    (10_000, True), (10_199, True), (10_200, False), (60_000, False),
])  # fmt: skip
def test_a_share_is_of_its_window(after_ms, trips):
    """A bad sample counts for the window and up to a fiftieth longer: its part of it."""
    share = Share(Decimal("0.5"), 10_000, 4)
    for _ in range(3):
        share.add(T0, 1)
    assert bool(share.add(T0 + after_ms * MS, 1)) is trips


def test_a_share_keeps_numbers_only():
    """A hundred thousand samples in one window are held as a few numbers, and none is lost."""
    share = Share(Decimal("0.5"), 10_000, 4)
    for at in range(100_000):
        assert not share.add(T0 + at * MS // 10, at % 2)
    assert len(share._parts) <= PARTS + 2
    assert (share._count, share._bad) == (100_000, 50_000)
    share.add(T0 + 60 * S, 0)
    assert (len(share._parts), share._count, share._bad) == (1, 1, 0)


def test_a_forgotten_share_needs_all_its_samples_again():
    """One short of the minimum is not enough after `forget` either."""
    share = Share(Decimal(0), 10_000, 4)
    assert last(share.add(T0, 1) for _ in range(4))
    share.forget()
    assert not last(share.add(T0, 1) for _ in range(3))
    assert share.add(T0, 1)


@pytest.mark.parametrize(("took_ns", "trips"), [
    (99 * MS, False), (100 * MS, False), (100 * MS + 1, True), (101 * MS, True),
])  # fmt: skip
def test_slow_is_what_takes_longer_than_the_level(took_ns, trips):
    """Exactly as long as the level is not slow."""
    slow = Slow(LATENCY)
    why = last(slow.add(T0, took_ns) for _ in range(4))
    assert bool(why) is trips
    if trips:
        assert why == f"bad=4 samples=4 share=0.5 level_ms=100 last_ms={took_ns // MS}"


def test_half_of_them_slow_is_a_median_at_its_level():
    """The median is beyond the level only when more than half are slow."""
    slow = Slow(LATENCY)
    assert not last(slow.add(T0, took * MS) for took in (50, 500, 50, 500))
    assert slow.add(T0, 500 * MS)


@pytest.mark.parametrize(("took_ms", "trips"), [(999, False), (1_000, False), (1_001, True)])
def test_a_single_one_beyond_the_worst_trips(took_ms, trips):
    """However few samples there are; ended or still waited for."""
    ended, waiting, other = Slow(LATENCY), Slow(LATENCY), Slow(LATENCY)
    numbers = f"took_ms={took_ms} worst_ms=1000" if trips else ""
    assert ended.add(T0, took_ms * MS) == numbers
    waiting.begin("a", T0)
    assert waiting.look(T0 + took_ms * MS) == numbers
    other.begin("a", T0)
    assert not other.look(T0 + 500 * MS)  # late, and counted
    assert other.end("a", T0 + took_ms * MS) == numbers


def test_no_worst_looks_at_no_single_one():
    """With 0 an hour is one slow sample."""
    slow = Slow(replace(LATENCY, worst_ms=0))
    assert not slow.add(T0, 3600 * S)
    slow.begin("a", T0)
    assert not slow.look(T0 + 3600 * S)


@pytest.mark.parametrize(("waited_ms", "trips"), [(100, False), (101, True)])
def test_what_has_not_come_is_slow_too(waited_ms, trips):
    """Four that wait longer than the level are four slow samples, without any answer."""
    slow = Slow(LATENCY)
    for key in "abcd":
        slow.begin(key, T0)
    assert not slow.look(T0 + 100 * MS)
    assert bool(slow.look(T0 + waited_ms * MS)) is trips


def test_an_answer_that_was_counted_as_late_is_not_counted_again():
    """Three late ones stay three samples when they end."""
    slow = Slow(LATENCY)
    for key in "abc":
        slow.begin(key, T0)
    assert not slow.look(T0 + 200 * MS)
    assert [slow.end(key, T0 + 200 * MS) for key in "abc"] == ["", "", ""]
    assert slow.add(T0 + 200 * MS, 200 * MS).startswith("bad=4 samples=4")


def test_what_is_dropped_or_forgotten_is_not_waited_for():
    """Neither is a fault later on, nor a sample when it ends."""
    slow = Slow(LATENCY)
    for key in "abcde":
        slow.begin(key, T0)
    slow.drop("a")
    assert not slow.end("a", T0 + 5 * S)
    slow.forget()
    assert not slow.look(T0 + 5 * S)
    assert not last(slow.end(key, T0 + 5 * S) for key in "bcde")
    assert not last(slow.add(T0 + 5 * S, 200 * MS) for _ in range(3))


def test_so_many_are_waited_for_at_once():
    """Beyond it the newest are not followed, and the oldest still are."""
    slow = Slow(replace(LATENCY, worst_ms=0, min_samples=1_000))
    for at in range(FOLLOWED + 50):
        slow.begin(str(at), T0 + at)
    assert len(slow._waiting) == FOLLOWED
    assert "0" in slow._waiting


SLIPPAGE = Slippage(mean_bps=Decimal(20), worst_bps=Decimal(100), window_ms=1_000, min_samples=3)


@pytest.mark.parametrize(("bps", "trips"), [
    (["20", "20", "20"], False), (["20", "20", "20.0001"], True), (["20", "20", "19.9999"], False),
    (["90", "90"], False), (["-50", "55", "55"], False), (["-50", "55", "56"], True),
])  # fmt: skip
def test_the_mean_of_slippage(bps, trips):
    """At the level it is allowed, better fills count against worse ones, too few do not trip."""
    worse = Worse(SLIPPAGE)
    why = last(worse.add(T0, Decimal(one)) for one in bps)
    assert bool(why) is trips
    if trips:
        assert why.endswith("limit_bps=20 fills=3")


@pytest.mark.parametrize(("bps", "trips"), [("99.9999", False), ("100", False), ("100.0001", True)])
def test_a_single_bad_fill(bps, trips):
    """One beyond the worst trips at once."""
    assert bool(Worse(SLIPPAGE).add(T0, Decimal(bps))) is trips


def test_slippage_leaves_with_its_window():
    """An old bad fill does not add up with a new one; a forgotten one neither."""
    worse = Worse(SLIPPAGE)
    assert not last(worse.add(T0, Decimal(30)) for _ in range(2))
    assert not worse.add(T0 + 1_000 * MS + 1, Decimal(30))
    worse.forget()
    assert not last(worse.add(T0 + 2 * S, Decimal(30)) for _ in range(2))
    assert worse.add(T0 + 2 * S, Decimal(30)) == "mean_bps=30 limit_bps=20 fills=3"


DISCONNECT = Disconnect(max_losses=2, window_ms=10_000)


@pytest.mark.parametrize(("times_ms", "trips"), [
    ([0, 1], False), ([0, 1, 2], True), ([0, 1, 10_000], True), ([0, 1, 10_001], False),
])  # fmt: skip
def test_losses_of_a_link(times_ms, trips):
    """Two within the window are allowed, the third is not."""
    losses = Losses(DISCONNECT)
    assert bool(last(losses.add(T0 + at * MS) for at in times_ms)) is trips


def test_forgotten_losses():
    """After `forget` it takes as many again."""
    losses = Losses(DISCONNECT)
    assert last(losses.add(T0) for _ in range(3)) == "losses=3 limit=2 window_ms=10000"
    losses.forget()
    assert [bool(losses.add(T0)) for _ in range(3)] == [False, False, True]


@pytest.mark.parametrize(("away_ms", "trips"), [(4_999, False), (5_000, False), (5_001, True)])
def test_what_is_missing_too_long(away_ms, trips):
    """Told again it is not away anew; back, it is nothing."""
    missing = Missing(5_000)
    missing.lost("X", T0)
    missing.lost("X", T0 + 4 * S)
    found = dict(missing.look(T0 + away_ms * MS))
    assert found == ({"X": f"away_ms={away_ms} limit_ms=5000"} if trips else {})
    missing.back("X")
    assert not missing
    assert dict(missing.look(T0 + 60 * S)) == {}


def test_what_is_still_missing_after_its_halt_is_counted_anew():
    """`forget` begins with the next look, not with the loss."""
    missing = Missing(5_000)
    missing.lost("X", T0)
    assert dict(missing.look(T0 + 9 * S))
    missing.forget("X")
    missing.forget("never away")
    for after_s, trips in ((60, False), (65, False), (66, True)):
        assert bool(dict(missing.look(T0 + after_s * S))) is trips


CANCELS = CancelRatio(ratio=Decimal(3), window_ms=60_000, min_cancels=6)


@pytest.mark.parametrize(("cancels", "fills", "warns"), [
    (5, 0, False), (6, 0, True), (6, 2, False), (7, 2, True), (9, 3, False), (10, 3, True),
])  # fmt: skip
def test_cancels_for_each_fill(cancels, fills, warns):
    """At the ratio nothing is said, one more cancel is; too few cancels never; none is one fill."""
    ratio = Withdrawn(CANCELS)
    for _ in range(fills):
        ratio.fill(T0)
    body = last(ratio.cancel(T0) for _ in range(cancels))
    assert bool(body) is warns
    if warns:
        assert body == {
            "cancels": str(cancels), "fills": str(fills), "limit": "3", "window_ms": "60000",
        }  # fmt: skip


def test_too_many_cancels_are_told_once_in_a_window():
    """However many follow; in the next window again."""
    ratio = Withdrawn(CANCELS)
    said = [bool(ratio.cancel(T0 + at * S)) for at in range(1, 131)]
    assert [at + 1 for at, one in enumerate(said) if one] == [6, 66, 126]


@given(st.lists(st.tuples(st.integers(0, 3 * S), st.integers(0, 100 * MS)), max_size=300))
def test_no_stream_within_its_level_is_slow(stream):
    """Whatever comes when: what takes no longer than the level never trips, and little is kept."""
    slow, now_ns = Slow(LATENCY), T0
    for at, (step_ns, took_ns) in enumerate(stream):
        now_ns += step_ns
        assert not slow.add(now_ns, took_ns)
        slow.begin(str(at), now_ns)
        assert not slow.look(now_ns + took_ns)
        assert not slow.end(str(at), now_ns + took_ns)
    assert len(slow._waiting) + len(slow._late) == 0
    assert len(slow._share._parts) <= PARTS + 2


@given(st.lists(st.decimals(-50, 20, places=3), max_size=200))
def test_no_stream_within_its_mean_slips(stream):
    """Fills no worse than the level, in any order, never trip."""
    worse = Worse(SLIPPAGE)
    assert not any(worse.add(T0 + at * MS, bps) for at, bps in enumerate(stream))


@given(st.lists(st.integers(0, 5_000), max_size=100))
def test_losses_trip_when_brute_force_says_so(gaps_ms):
    """Exactly when more than so many lie within one window."""
    losses, times = Losses(DISCONNECT), [T0]
    for gap_ms in gaps_ms:
        times.append(times[-1] + gap_ms * MS)
    assert all(early <= late for early, late in pairwise(times))
    for at, now_ns in enumerate(times):
        near = sum(now_ns - other <= 10 * S for other in times[: at + 1])
        assert bool(losses.add(now_ns)) is (near > 2)
