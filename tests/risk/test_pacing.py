"""The pacer, case by case: windows, weights, lanes, waits, warnings."""

from __future__ import annotations

from itertools import count

import pytest

from gateway.risk.pacing import (
    LONGEST_MS,
    MS_NS,
    Kind,
    Lane,
    Pace,
    Pacer,
    RateLimit,
)

S = 1_000
T0 = 1_800_000_000 * 10**9
KIND_OF = {Lane.CANCEL: Kind.CANCEL, Lane.REDUCE: Kind.NEW, Lane.NEW: Kind.NEW,
           Lane.QUERY: Kind.QUERY}  # fmt: skip


def pacer(weight=10, window_ms=S, *, counts="all", slack_ms=1, reserve=0, **rules):
    """A pacer with one window and no reserve, unless said otherwise."""
    limit = RateLimit(weight=weight, window_ms=window_ms, counts=counts)
    return Pacer(Pace(limits=(limit,), slack_ms=slack_ms, cancel_reserve_pct=reserve, **rules))


def fill(one, lane=Lane.NEW, at=T0):
    """Send until the lane has no room; return how many went."""
    return next(number for number in count() if not one.go(lane, KIND_OF[lane], at))


def ms(number):
    """A moment so many ms after the first."""
    return T0 + number * MS_NS


def test_a_window_holds_its_weight_and_not_one_more():
    """As many as the limit go at once, the next waits until the first has left the window."""
    one = pacer(weight=3)
    assert fill(one) == 3
    assert not one.go(Lane.NEW, Kind.NEW, ms(1001))
    assert one.go(Lane.NEW, Kind.NEW, ms(1001) + 1)


@pytest.mark.parametrize(("kind", "weight", "fits"), [
    (Kind.NEW, 1, 10), (Kind.NEW, 5, 2), (Kind.NEW, 6, 1), (Kind.REPLACE, 3, 3), (Kind.QUERY, 4, 2),
])  # fmt: skip
def test_weights_are_the_venues(kind, weight, fits):
    """A message costs what the venue says it does."""
    weights = tuple(weight if known is kind else 1 for known in Kind)
    one = pacer(weight=10, weights=weights)
    lane = Lane.QUERY if kind is Kind.QUERY else Lane.NEW
    assert next(n for n in count() if not one.go(lane, kind, T0)) == fits


@pytest.mark.parametrize(("kind", "counted"), [
    (Kind.NEW, True), (Kind.REPLACE, True), (Kind.CANCEL, False), (Kind.QUERY, False),
])  # fmt: skip
def test_a_limit_of_orders_counts_orders_only(kind, counted):
    """`orders` counts new orders and replaces; cancels and questions pass it uncounted."""
    one = pacer(weight=2, counts="orders")
    for _ in range(2):
        one.go(Lane.NEW, Kind.NEW, T0)
    assert one.go(Lane.QUERY, kind, T0) is not counted


@pytest.mark.parametrize(("weight", "pct", "others"), [
    (10, 20, 8), (10, 0, 10), (10, 1, 9), (3, 50, 1), (100, 90, 10),
])  # fmt: skip
def test_a_part_of_each_window_is_kept_for_cancels(weight, pct, others):
    """Orders stop at the reserve, rounded up and one cancel at least; cancels use all of it."""
    one = pacer(weight=weight, reserve=pct)
    assert fill(one, Lane.NEW) == others
    assert not one.go(Lane.REDUCE, Kind.NEW, T0)
    assert not one.go(Lane.QUERY, Kind.QUERY, T0)
    assert fill(one, Lane.CANCEL) == weight - others


def test_lanes_go_in_strict_order():
    """Whatever the order of arrival: cancels, what reduces, new orders, questions."""
    one = pacer(weight=1)
    assert fill(one) == 1
    for lane in reversed(Lane):
        for number in range(2):
            one.put(lane, KIND_OF[lane], f"{lane.name}{number}", T0)
    gone = []
    while (due_ns := one.next_deadline_ns()) is not None:
        gone += one.take(due_ns)
    assert gone == [f"{lane.name}{number}" for lane in Lane for number in range(2)]


def test_nobody_overtakes_who_waits():
    """A message whose lane, or one before it, has somebody waiting does not slip past."""
    one = pacer(weight=10)
    one.put(Lane.NEW, Kind.NEW, "first", T0)
    assert not one.go(Lane.NEW, Kind.NEW, T0)
    assert not one.go(Lane.QUERY, Kind.QUERY, T0)
    assert one.go(Lane.REDUCE, Kind.NEW, T0)
    assert one.go(Lane.CANCEL, Kind.CANCEL, T0)
    assert list(one.take(T0)) == ["first"]


def test_a_key_waits_once_and_can_be_taken_back():
    """To put a key again changes nothing; one that is removed leaves neither trace nor cost."""
    one = pacer(weight=2)
    for key in ("a", "b", "a", "c"):
        one.put(Lane.NEW, Kind.NEW, key, T0)
    one.remove("b")
    one.remove("never")
    assert "b" not in one
    assert "a" in one
    assert list(one.take(T0)) == ["a", "c"]
    assert one.view(T0).queued == (0, 0, 0, 0)


def test_what_is_no_longer_wanted_costs_nothing():
    """An unwanted key is dropped when its turn comes, and the room goes to the next."""
    one = pacer(weight=1)
    for key in ("ended", "open", "later"):
        one.put(Lane.NEW, Kind.NEW, key, T0)
    assert list(one.take(T0, lambda key: key != "ended")) == ["open"]
    assert one.view(T0).windows[0].used == 1
    assert "later" in one


def test_an_entry_that_could_never_go_is_an_error():
    """What weighs more than a window can hold must be found in the config, not wait for ever."""
    with pytest.raises(ValueError, match="weighs 6, but a window never holds more than 5"):
        pacer(weight=5).put(Lane.QUERY, Kind.QUERY, "round", T0, times=6)


@pytest.mark.parametrize(("queued", "expected_ms"), [
    (0, 1002), (9, 1002), (10, 2003), (19, 2003), (20, 3004),
])  # fmt: skip
def test_the_wait_counts_those_before(queued, expected_ms):
    """A full window of 10 a second: the wait grows by a window with each ten that wait before."""
    one = pacer(weight=10)
    fill(one)
    for number in range(queued):
        one.put(Lane.NEW, Kind.NEW, str(number), T0)
    assert one.wait_ms(Lane.NEW, Kind.NEW, T0) == expected_ms


def test_the_wait_counts_lanes_that_go_first_and_no_others():
    """Orders do not make a cancel wait; cancels and reductions make an order wait."""
    one = pacer(weight=10)
    for number in range(10):
        one.put(Lane.REDUCE, Kind.NEW, str(number), T0)
    assert one.wait_ms(Lane.CANCEL, Kind.CANCEL, T0) == 0
    assert one.wait_ms(Lane.NEW, Kind.NEW, T0) > 1000


def test_the_deadline_is_when_the_first_may_go():
    """`next_deadline_ns` is the moment from which `take` gives, and not a ns before it."""
    one = pacer(weight=2)
    assert one.next_deadline_ns() is None
    one.go(Lane.NEW, Kind.NEW, T0)
    one.go(Lane.NEW, Kind.NEW, ms(500))
    one.put(Lane.NEW, Kind.NEW, "x", ms(600))
    due_ns = one.next_deadline_ns()
    assert due_ns == ms(1001) + 1
    assert list(one.take(due_ns - 1)) == []
    assert list(one.take(due_ns)) == ["x"]


def test_questions_starve_only_while_they_are_asked():
    """Turned away again and again for 5 s: starving; not before, not after, not without asking."""
    one = pacer(weight=1)
    starved = {}
    for at in range(0, 7_000, 100):
        fill(one, at=ms(at))
        assert not one.go(Lane.QUERY, Kind.QUERY, ms(at))
        starved[at] = one.starved_ms(ms(at))
    assert {at for at, since in starved.items() if since} == set(range(5_000, 7_000, 100))
    assert starved[6_900] == 6_900
    assert one.starved_ms(ms(7_901)) == 0
    assert one.go(Lane.QUERY, Kind.QUERY, ms(9_000))
    assert one.starved_ms(ms(9_000)) == 0


def test_a_question_in_its_lane_starves_too():
    """One that waits as a key counts from when it came until it goes."""
    one = pacer(weight=1)
    fill(one)
    one.put(Lane.QUERY, Kind.QUERY, "q", T0)
    assert (one.starved_ms(ms(4_999)), one.starved_ms(ms(5_000))) == (0, 5_000)
    assert list(one.take(ms(6_000))) == ["q"]
    assert one.starved_ms(ms(6_000)) == 0


# Backing off.


def test_a_warning_stops_everything_but_cancels():
    """Until the time that the venue asked for is over; cancels go on."""
    one = pacer(weight=100)
    assert one.back_off(500, T0) == 500
    assert one.go(Lane.CANCEL, Kind.CANCEL, ms(1))
    for lane in (Lane.REDUCE, Lane.NEW, Lane.QUERY):
        assert not one.go(lane, KIND_OF[lane], ms(499))
    assert one.wait_ms(Lane.NEW, Kind.NEW, ms(100)) == 400
    one.put(Lane.NEW, Kind.NEW, "x", ms(100))
    assert one.next_deadline_ns() == ms(500)
    assert list(one.take(ms(500))) == ["x"]


@pytest.mark.parametrize(("banned", "stops"), [(True, False), (False, True)])
def test_a_ban_stops_cancels_too(banned, stops):
    """A ban does so by itself; a warning does where the config says so."""
    one = pacer(weight=100, back_off_stops_cancels=stops)
    one.back_off(500, T0, banned=banned)
    assert not one.go(Lane.CANCEL, Kind.CANCEL, ms(499))
    assert one.go(Lane.CANCEL, Kind.CANCEL, ms(500))


def test_a_warning_after_a_ban_does_not_prolong_the_ban():
    """Each ends at its own time."""
    one = pacer(weight=100)
    one.back_off(500, T0, banned=True)
    one.back_off(5_000, ms(10))
    assert not one.go(Lane.CANCEL, Kind.CANCEL, ms(499))
    assert one.go(Lane.CANCEL, Kind.CANCEL, ms(500))
    assert not one.go(Lane.NEW, Kind.NEW, ms(5_009))


def test_repeated_warnings_double_the_time_and_a_burst_is_one():
    """Warnings that answer one burst are one; each later one doubles, up to a bound."""
    one = pacer()
    assert [one.back_off(1_000, ms(at)) for at in (0, 10, 999)] == [1_000] * 3
    asked, at = [], 2_000
    for _ in range(7):
        asked.append(one.back_off(1_000, ms(at)))
        at += asked[-1] + 1_001
    assert asked == [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 64_000]
    assert one.back_off(60_000, ms(at)) == LONGEST_MS
    assert one.back_off(900_000, ms(at + 2_000)) == 900_000


def test_a_calm_venue_is_forgiven():
    """A warning long after the last back-off counts as the first."""
    one = pacer()
    one.back_off(1_000, T0)
    one.back_off(1_000, ms(3_000))
    assert one.back_off(1_000, ms(5_000 + 60_001)) == 1_000


def test_a_pacer_without_windows_only_backs_off():
    """A venue without configured limits is held up by its own warnings alone."""
    one = Pacer(Pace())
    assert all(one.go(Lane.NEW, Kind.NEW, T0) for _ in range(1_000))
    one.back_off(100, T0)
    assert not one.go(Lane.NEW, Kind.NEW, T0)
    assert one.go(Lane.NEW, Kind.NEW, ms(100))


def test_what_was_sent_before_a_restart_counts():
    """A new pacer that recalls the past has no more room than the old one."""
    one = pacer(weight=5)
    for at in (0, 100, 200):
        one.recall(Kind.NEW, ms(at))
    assert fill(one, at=ms(300)) == 2
    assert fill(one, at=ms(1_002)) == 1


def test_it_is_shown_to_people():
    """How many wait in each lane, what is used of each window, until when it stands still."""
    one = pacer(weight=5)
    one.go(Lane.NEW, Kind.NEW, T0)
    one.put(Lane.QUERY, Kind.QUERY, "q", T0)
    one.back_off(1_000, T0, banned=True)
    view = one.view(T0)
    assert view.queued == (0, 0, 0, 1)
    assert [(window.used, window.limit.weight) for window in view.windows] == [(1, 5)]
    assert (view.backing_off_ns, view.banned) == (ms(1_000), True)
    calm = one.view(ms(1_000))
    assert (calm.backing_off_ns, calm.banned) == (0, False)


def test_the_estimate_is_what_happens():
    """Orders put in one after the other go exactly when `wait_ms` said they would."""
    one = pacer(weight=7)
    for at in range(0, 900, 150):
        assert one.go(Lane.NEW, Kind.NEW, ms(at))
    said, now = {}, ms(950)
    for number in range(40):
        said[str(number)] = one.wait_ms(Lane.NEW, Kind.NEW, now)
        one.put(Lane.NEW, Kind.NEW, str(number), now)
    gone = {}
    while (due_ns := one.next_deadline_ns()) is not None:
        gone |= dict.fromkeys(one.take(due_ns), due_ns)
    for key, due_ns in gone.items():
        assert abs(now + said[key] * MS_NS - due_ns) <= 20 * MS_NS, key
