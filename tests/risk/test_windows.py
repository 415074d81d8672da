"""Windows of time: exact at their edges, bounded whatever comes."""

from __future__ import annotations

import sys
from decimal import Decimal
from statistics import median_low

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.risk.windows import Median, Sliding, Tally, TokenBucket

S = 1_000_000_000
T0 = 1_800_000_000 * S

STEPS = st.lists(st.integers(-2 * S, 3 * S), max_size=200)


def test_a_bucket_is_full_at_first_and_empty_after_its_burst():
    """Exactly the burst passes at once, one more does not."""
    bucket = TokenBucket(10, S, burst=5)
    assert [bucket.take(T0) for _ in range(6)] == [True] * 5 + [False]
    assert bucket.available(T0) == 0


@pytest.mark.parametrize(("after_ns", "passes"), [(S // 3, False), (S // 3 + 1, True)])
def test_a_token_comes_exactly_when_it_is_due(after_ns, passes):
    """Three in a second: the next one after a third of it, rounded up, not one ns before."""
    bucket = TokenBucket(3, S, burst=1)
    assert bucket.take(T0)
    assert bucket.wait_ns(T0) == S // 3 + 1
    assert bucket.take(T0 + after_ns) is passes


def test_nothing_is_lost_to_rounding():
    """Asked at odd moments for 3.6 s, a bucket of 7 a second gives the 25 that have come whole."""
    bucket = TokenBucket(7, S, burst=1)
    assert bucket.take(T0)
    taken = sum(bucket.take(T0 + tick * 1_234_567) for tick in range(1, 3_600_000_000 // 1_234_567))
    assert taken == 25


def test_asking_takes_nothing():
    """`has` and `available` leave the tokens where they are."""
    bucket = TokenBucket(1, S, burst=2)
    assert bucket.has(T0, 2)
    assert bucket.available(T0) == 2
    assert not bucket.has(T0, 3)
    assert bucket.take(T0, 2)


def test_what_must_pass_takes_what_there_is():
    """`spend` never fails and never goes below nothing."""
    bucket = TokenBucket(1, S, burst=2)
    bucket.spend(T0, 5)
    assert bucket.available(T0) == 0
    assert bucket.take(T0 + S)


def test_a_bucket_never_holds_more_than_its_burst():
    """A quiet year is no credit."""
    bucket = TokenBucket(1_000, S, burst=3)
    bucket.take(T0)
    assert bucket.available(T0 + 365 * 86_400 * S) == 3


def test_a_bucket_ignores_a_step_back():
    """Time that runs back brings no tokens, and time goes on from there."""
    bucket = TokenBucket(1, S, burst=1)
    assert bucket.take(T0)
    assert not bucket.take(T0 - 100 * S)
    assert not bucket.take(T0 - 99 * S - 1)
    assert bucket.take(T0 - 99 * S)


@pytest.mark.parametrize("wrong", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_a_bucket_without_rate_or_room_is_no_bucket(wrong):
    """A bucket that could never give anything is refused with its numbers."""
    with pytest.raises(ValueError, match=f"count={wrong[0]} per_ns={wrong[1]} burst={wrong[2]}"):
        TokenBucket(*wrong)


@given(STEPS)
def test_a_bucket_never_gives_more_than_its_rate(steps):
    """In any span, no more than the burst and what came in since."""
    bucket, now_ns, forward_ns, taken = TokenBucket(5, S, burst=4), T0, 0, 0
    for step in steps:
        now_ns += step
        forward_ns += max(step, 0)
        taken += bucket.take(now_ns)
        assert taken * S <= 4 * S + forward_ns * 5


@pytest.mark.parametrize(("age_ns", "counted"), [(9 * S, 1), (10 * S, 1), (10 * S + 1, 0)])
def test_a_sample_counts_until_it_is_older_than_the_window(age_ns, counted):
    """Exactly as old as the window is still in it."""
    window = Sliding(10 * S, 100, 0)
    window.add(T0, 7)
    assert window.count(T0 + age_ns) == counted
    assert window.total(T0 + age_ns) == 7 * counted


def test_a_window_holds_the_last_samples():
    """Beyond its most, the oldest leaves."""
    window = Sliding(10 * S, 3, Decimal(0))
    for value in ("1", "2.5", "4", "8"):
        window.add(T0, Decimal(value))
    assert (window.count(T0), window.total(T0)) == (3, Decimal("14.5"))
    window.forget()
    assert (len(window), window.sum) == (0, 0)


def test_a_step_back_keeps_the_age_of_what_was_seen():
    """After the clock was set back an hour, samples leave as they would have left."""
    window, tally = Sliding(10 * S, 9, 0), Tally(10 * S, 10)
    for kept in (window, tally):
        kept.add(T0, 1)
        kept.add(T0 + 4 * S, 1)
        back_ns = T0 - 3600 * S
        assert kept.count(back_ns) == 2
        assert kept.count(back_ns + 8 * S) == 1
        assert kept.count(back_ns + 12 * S) == 0


@given(STEPS, st.integers(1, 20))
def test_a_window_is_what_a_list_would_be(steps, most):
    """Count and sum are those of the last samples that are young enough, by brute force."""
    window, now_ns, samples = Sliding(5 * S, most, 0), T0, []
    for value, step in enumerate(steps):
        now_ns += abs(step)
        window.add(now_ns, value)
        samples.append((now_ns, value))
        young = [kept for at, kept in samples[-most:] if now_ns - at <= 5 * S]
        assert (window.count(now_ns), window.total(now_ns)) == (len(young), sum(young))


@pytest.mark.parametrize(("age_ns", "counted"), [(60 * S, 5), (61 * S - 1, 5), (61 * S, 0)])
def test_a_tally_counts_for_its_window_and_a_part(age_ns, counted):
    """Events leave with their part of the window."""
    tally = Tally(60 * S, 60)
    tally.add(T0, 5)
    assert tally.count(T0 + age_ns) == counted


def test_a_tally_forgets():
    """After `forget` there was nothing."""
    tally = Tally(S)
    tally.add(T0)
    tally.forget()
    assert tally.count(T0) == 0


@given(STEPS)
def test_a_tally_never_loses_an_event_of_its_window(steps):
    """It counts at least what the window holds, and nothing older than one part more."""
    tally, now_ns, times = Tally(10 * S, 10), T0, []
    for step in steps:
        now_ns += abs(step)
        tally.add(now_ns)
        times.append(now_ns)
        young = sum(now_ns - at <= 10 * S for at in times)
        assert young <= tally.count(now_ns) <= sum(now_ns - at <= 11 * S for at in times)


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=80), st.integers(1, 12))
def test_a_median_is_the_median_of_the_last_values(values, most):
    """As sorting says, the lower one of two middles."""
    median = Median[int](most)
    assert median.value() is None
    for at, value in enumerate(values):
        median.add(value)
        last = values[max(0, at + 1 - most) : at + 1]
        assert (median.value(), len(median)) == (median_low(last), len(last))
    median.forget()
    assert median.value() is None


def test_memory_is_bounded_whatever_comes():
    """After a hundred thousand samples in one window, as much is held as after a thousand."""
    kept = Sliding(S, 100, 0), Tally(S, 20), Median[int](100)

    def size():
        held = [kept[0]._samples, kept[1]._parts, kept[2]._order, kept[2]._sorted]
        return [len(one) for one in held], sum(sys.getsizeof(one) for one in held)

    sizes = []
    for at in range(100_000):
        kept[0].add(T0 + at * 1_000, at)
        kept[1].add(T0 + at * 1_000)
        kept[2].add(at % 977)
        if at in {9_999, 99_999}:
            sizes.append(size())
    assert sizes[1][0] == [100, 2, 100, 100]
    assert sizes[1][1] <= 2 * sizes[0][1]
