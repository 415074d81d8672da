"""The server clock and UTC: what is measured, what is believed, and windows of the history."""

from __future__ import annotations

import pytest

from bridges.mt5.clock import DAY_S, SECOND_NS, ServerClock

NOW_S = 1_720_000_000
HOUR = 3_600


def heard(clock, offsets, *, late_s=0):
    """Let a tick come for each offset."""
    for number, offset_s in enumerate(offsets, 1):
        now_s = NOW_S + number
        clock.hear("EURUSD", int((now_s + offset_s - late_s) * 1000), now_s * SECOND_NS)
    return clock.measured_s


@pytest.mark.parametrize("offset_s", [-5 * HOUR, 0, 2 * HOUR, 3 * HOUR, 5 * HOUR + 1_800])
def test_fresh_quotes_tell_the_offset(offset_s):
    """Two ticks in a row that were not there a moment before agree, a quarter of an hour exact."""
    assert heard(ServerClock(), [offset_s] * 3, late_s=0.4) == offset_s


def test_one_quote_tells_nothing():
    """The first that is seen may be days old; and one that agrees with nobody is not believed."""
    assert heard(ServerClock(), [7_200]) is None
    assert heard(ServerClock(), [7_200, 7_200]) is None
    assert heard(ServerClock(), [7_200, 7_200, 10_800]) is None


def test_a_quote_that_did_not_change_is_not_fresh():
    """The same tick seen again says nothing of the time."""
    clock = ServerClock()
    for second in range(5):
        clock.hear("EURUSD", (NOW_S + 7_200) * 1000, (NOW_S + second) * SECOND_NS)
    assert clock.measured_s is None


@pytest.mark.parametrize("late_s", [300, 450, -400])
def test_a_clock_that_is_off_is_no_measurement(late_s):
    """What is minutes from every quarter of an hour is a wrong clock, or an old tick."""
    assert heard(ServerClock(), [7_200] * 4, late_s=late_s) is None


def test_summer_time_is_followed():
    """When the server's clock is moved, two ticks later the offset is."""
    clock = ServerClock()
    assert heard(clock, [7_200] * 3) == 7_200
    assert heard(clock, [10_800] * 3) == 10_800


def test_a_named_zone_needs_no_quote():
    """Winter and summer, by the zone's own rules."""
    clock = ServerClock("Europe/Athens")
    winter, summer = 1_705_000_000, 1_720_000_000
    assert clock.offset_s(winter * SECOND_NS) == 2 * HOUR
    assert clock.offset_s(summer * SECOND_NS) == 3 * HOUR
    assert clock.utc_ns((winter + 7_200) * 1000, winter * SECOND_NS) == winter * SECOND_NS


@pytest.mark.parametrize("offset_s", [-12 * HOUR, 0, 14 * HOUR])
def test_a_window_holds_everything_while_the_offset_is_not_known(offset_s):
    """Whatever the server's zone is, what happened since then lies between its two ends."""
    since_s = NOW_S - 60
    low, high = ServerClock().window(since_s * SECOND_NS, NOW_S * SECOND_NS)
    assert low <= since_s + offset_s
    assert NOW_S + offset_s <= high <= NOW_S + 14 * HOUR + DAY_S
