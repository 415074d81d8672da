"""The server's clock is put forward and back: what is asked for, told, and when orders end."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from support.mt5.clock import Clock, changes, zone
from support.mt5.symbols import ALWAYS
from support.mt5_trader import EURUSD, MS, NETTING, Trader, World, server_of

from bridges.mt5.clock import SECOND_NS, ServerClock
from bridges.port import Filled, LedgerEntries

ATHENS = "Europe/Athens"
HOUR_MS = 3_600_000
HOUR_NS = 3_600 * SECOND_NS


def at(*moment):
    """Return a moment of UTC in ms."""
    return int(datetime(*moment, tzinfo=UTC).timestamp() * 1000)


SPRING, AUTUMN = at(2024, 3, 31, 1), at(2024, 10, 27, 1)
"""When clocks in Athens are put forward, and back."""
YEAR = {"spring": SPRING, "autumn": AUTUMN}
WEEKENDS = {
    "spring": (at(2024, 3, 29, 19, 30), at(2024, 4, 1, 8)),
    "autumn": (at(2024, 10, 25, 19, 30), at(2024, 10, 28, 8)),
}
"""From a Friday evening to a Monday morning, with such a night in between."""
ZONES = pytest.mark.parametrize("zone_name", [ATHENS, ""], ids=["named", "measured"])


def quotes_from(clock, server):
    """Let quotes come soon: they tell the server's clock where no zone is named."""
    for number in range(1, 6):
        bid = f"1.1{number:04}"
        clock.after(100 * number, lambda bid=bid: server.quote(EURUSD, bid, "1.2"))


def trader_at(start_ms, zone_name, offset=None):
    """Give a trader whose server lives in Athens."""
    clock = Clock(start_ms, offset=offset or zone(ATHENS))
    server = server_of(NETTING, clock=clock, sessions=ALWAYS)
    quotes_from(clock, server)
    trader = Trader(World(server, zone=zone_name))
    trader.world.run(1_000)
    return trader


@ZONES
@pytest.mark.parametrize("season", WEEKENDS)
def test_a_fill_of_friday_is_in_mondays_answer(season, zone_name):
    """The bridge was away over the night in which the clock was changed; the trade comes once."""
    friday_ms, monday_ms = WEEKENDS[season]
    trader = trader_at(friday_ms, zone_name)
    world = trader.world
    asked_ns = world.now_ns
    trader.place("10000", price="1.0")
    world.run(500)
    world.clock.advance(60_000)
    filled_ns = world.now_ns
    world.server.quote(EURUSD, "0.99", "0.9901")
    world.clock.advance_to(monday_ms)
    quotes_from(world.clock, world.server)
    trader.restart()
    trader.world.run(1_000)
    fills = trader.fills_since(asked_ns - 600 * SECOND_NS)
    assert [one.commission for one in fills] == [one.commission for one in fills[:1]] != []
    trader.ask("ledger_entries", asked_ns)
    if zone_name:
        assert [one.transact_ns for one in fills] == [filled_ns]


@ZONES
@pytest.mark.parametrize("season", YEAR)
def test_what_happens_around_the_change_is_told_once(season, zone_name):
    """A fill just before, one just after: each live, once; all are listed and nothing is lost."""
    trader = trader_at(YEAR[season] - 60_000, zone_name)
    world = trader.world
    trader.place("10000")
    world.run(YEAR[season] - 20 - world.clock.now_ms)
    trader.place("20000")
    world.run(300)
    quotes_from(world.clock, world.server)
    world.run(600)
    trader.place("30000")
    world.run(20_000)
    quantities = [int(one.fill.last_qty) for one in world.of(Filled)]
    assert quantities == [10_000, 20_000, 30_000]
    since_ns = (YEAR[season] - 120_000) * MS
    assert len(trader.fills_since(since_ns)) == 3
    trader.judge()
    world.clock.advance(HOUR_MS)
    world.run(20_000)
    assert len(world.of(Filled)) == 3
    assert len(trader.fills_since(since_ns)) == 3


@pytest.mark.parametrize("season", YEAR)
def test_a_named_zone_tells_each_time_right(season):
    """Live and listed, before the change and after it, also in the hour that comes twice."""
    change_ms = YEAR[season]
    clock = ServerClock(ATHENS)
    offset = zone(ATHENS)
    for minutes in range(-200, 200, 7):
        utc_ms = change_ms + minutes * 60_000
        server_ms = utc_ms + offset(utc_ms) * 1000
        assert clock.utc_ns(server_ms, utc_ms * MS) == utc_ms * MS
        later_ns = (change_ms + 24 * HOUR_MS) * MS
        listed = clock.utc_ns(server_ms, later_ns) - utc_ms * MS
        twice = season == "autumn" and -60 <= minutes < 0
        assert listed == (HOUR_NS if twice else 0)
        for since_ms in range(utc_ms - 3 * HOUR_MS, utc_ms + 1, HOUR_MS // 2):
            assert clock.is_since(server_ms, since_ms * MS, later_ns)
            low_s, high_s = clock.window(since_ms * MS, later_ns)
            assert low_s <= server_ms // 1000 <= high_s


@pytest.mark.parametrize(("before", "after"), [(2, 3), (3, 2)])
def test_without_a_zone_a_change_is_allowed_for(before, after):
    """What was measured before counts for what is older; before that, two hours are to spare."""
    clock, change_ms = ServerClock(), SPRING
    offset = changes(change_ms, before, after)

    def hear(utc_ms):
        clock.hear(EURUSD, utc_ms + offset(utc_ms) * 1000, utc_ms * MS)

    begun_ms = change_ms - 6 * HOUR_MS
    for second in range(3):
        hear(begun_ms + second * 1000)
    for second in range(3):
        hear(change_ms + second * 1000)
    now_ns = (change_ms + 2 * HOUR_MS) * MS
    for minutes in range(-600, 100, 7):
        utc_ms = change_ms + minutes * 60_000
        server_ms = utc_ms + offset(utc_ms) * 1000
        assert clock.is_since(server_ms, utc_ms * MS, now_ns)
        if minutes > -300:
            assert clock.window(utc_ms * MS, now_ns)[0] <= server_ms // 1000
    calm_ms = change_ms + HOUR_MS
    server_ms = calm_ms + after * HOUR_MS
    assert not clock.is_since(server_ms - 1, calm_ms * MS, now_ns), "nothing to spare any more"


def test_a_night_with_swaps_around_the_change_is_told_once():
    """An entry of the ledger before the change is listed after it."""
    friday_ms, monday_ms = WEEKENDS["spring"]
    trader = trader_at(friday_ms, "")
    world = trader.world
    trader.place("10000")
    world.run(500)
    world.clock.advance_to(monday_ms)
    quotes_from(world.clock, world.server)
    world.run(1_000)
    entries = [one for event in world.of(LedgerEntries) for one in event.entries]
    assert len({one.entry_id for one in entries}) == len(entries)
    trader.judge()
