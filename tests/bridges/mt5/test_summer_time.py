"""The server's clock is put forward and back: what is asked for, told, and when orders end."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from loguru import logger
from support.mt5.clock import Clock, changes, zone
from support.mt5.constants import Action, Retcode
from support.mt5.symbols import ALWAYS
from support.mt5_trader import EURUSD, MS, NETTING, Trader, World, server_of

from bridges.market_events import BookChanged, Traded
from bridges.mt5.clock import DAY_S, SECOND_NS, ServerClock, may_go_forward
from bridges.mt5.ending import RETRY_NS
from bridges.notes import Notes
from bridges.port import Accepted, Canceled, Expired, Filled, LedgerEntries
from protocol.fields import TimeInForce

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


@pytest.mark.parametrize(("season", "told"), [("spring", "123456"), ("autumn", "12356")])
def test_no_old_price_is_told_as_a_new_one(season, told):
    """In the hour that comes again quotes go on; ticks, which have the old times, are left out."""
    trader = trader_at(YEAR[season] - 10_000, ATHENS)
    world = trader.world
    world.run(YEAR[season] - 2_500 - world.clock.now_ms)

    def trade(*numbers):
        for number in numbers:
            world.server.quote(EURUSD, f"1.1{number}", "1.2")
            world.server.trade(EURUSD, f"1.1{number}", Decimal(1))
            world.run(1_100)
            assert world.of(BookChanged)[-1].bids[0].price == Decimal(f"1.1{number}")

    trade(1, 2, 3, 4)  # the last after the change
    world.clock.advance(HOUR_MS)
    world.run(2_000)
    trade(5, 6)
    assert "".join(str(one.price)[-1] for one in world.of(Traded)) == told


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


@ZONES
@pytest.mark.parametrize("restarts", [False, True], ids=["", "restarted"])
@pytest.mark.parametrize("season", WEEKENDS)
def test_an_order_ends_at_its_moment(season, zone_name, restarts):
    """Not an hour before, not an hour after, though the server's clock was changed meanwhile."""
    friday_ms, monday_ms = WEEKENDS[season]
    trader = trader_at(friday_ms, zone_name)
    world = trader.world
    end_ms = monday_ms + 2 * HOUR_MS
    more = {"time_in_force": TimeInForce.GOOD_TILL_DATE, "expire_ns": end_ms * MS + 5}
    name = trader.place("10000", price="1.0", **more)
    world.run(500)
    (told,) = world.of(Accepted)
    world.clock.advance_to(end_ms - 70 * 60_000)
    if restarts:
        quotes_from(world.clock, world.server)
        trader.restart()
    for left_ms in (3_540_000, 2_000):
        trader.world.clock.advance_to(end_ms - left_ms)
        trader.world.run(1_000)
        found = trader.ask("look_up", name).order
        assert (found.status, found.expire_ns) == (told.order.status, end_ms * MS + 5)
    trader.world.run(5_000)
    (ended,) = trader.world.of(Expired)
    assert (ended.order.cl_ord_id, ended.order.expire_ns) == (name, end_ms * MS + 5)
    trader.world.server.quote(EURUSD, "0.99", "0.9901")
    trader.world.run(1_000)
    assert not trader.world.of(Filled)
    assert not trader.world.office.books.orders


def with_an_order_that_ends_after_the_change():
    """Return a world in which an order rests, without a zone, and its end in milliseconds."""
    trader = trader_at(AUTUMN - 48 * HOUR_MS, "")
    end_ms = AUTUMN + 2 * HOUR_MS
    trader.place(
        "10000", price="1.0", time_in_force=TimeInForce.GOOD_TILL_DATE, expire_ns=end_ms * MS
    )
    trader.world.run(500)
    return trader.world, end_ms


def test_what_a_person_has_given_another_end_is_left_alone():
    """It is past what we said, and shows another moment: it is theirs now, and rests."""
    world, end_ms = with_an_order_that_ends_after_the_change()
    (order,) = world.office.books.orders.values()
    world.office.desk.update(order, time_expiration=order.time_expiration + 5 * DAY_S)
    world.run(500)
    world.clock.advance_to(end_ms + 60_000)
    world.run(2_000)
    assert list(world.office.books.orders) == [order.ticket]
    assert not world.of(Expired)


def test_a_removal_that_is_refused_is_tried_again():
    """What is past its end and cannot be removed now is removed later, and has expired."""
    world, end_ms = with_an_order_that_ends_after_the_change()
    world.server.faults.refuse(Retcode.MARKET_CLOSED, when=Action.REMOVE)
    world.clock.advance_to(end_ms - 2_000)
    world.run(5_000)
    assert world.office.books.orders
    world.run(RETRY_NS // MS)
    assert not world.office.books.orders
    assert len(world.of(Expired)) == 1
    assert not world.of(Canceled)


def test_the_notes_keep_when_an_order_ends(tmp_path):
    """In the file too; a line without it, as older ones are, is read as well."""
    path = tmp_path / "notes"
    path.write_text("A EURUSD - 1@2@0\n")
    notes = Notes(path)
    notes.add("B", EURUSD, "A", "1@2@77", 123)
    notes.close()
    again = Notes(path)
    assert [again.ends_of(one) for one in "AB"] == [0, 123]
    assert (again.previous_of("B"), again.terms_of("B")) == ("A", "1@2@77")
    again.close()


@pytest.mark.parametrize(
    ("begin", "end", "may"),
    [
        (at(2024, 3, 29, 20), at(2024, 3, 31, 1), True),
        (at(2024, 3, 25, 0), at(2024, 3, 29, 23), False),
        (at(2024, 2, 1), at(2024, 2, 28), False),
        (at(2024, 2, 1), at(2025, 2, 1), True),
        (at(2024, 10, 4, 12), at(2024, 10, 5, 0, 1), True),
        (at(2024, 11, 1), at(2025, 2, 28), False),
        (at(2024, 9, 28, 5), at(2024, 9, 28, 6), True),
    ],
)
def test_a_clock_goes_forward_on_a_weekend_of_spring(begin, end, may):
    """North or south; on no other day, and not in autumn or winter."""
    assert may_go_forward(begin * MS, end * MS) is may


def test_the_end_of_an_order_by_the_servers_clock():
    """With a zone exact, but in the hour that comes twice; without one an hour later in spring."""
    clock, now_ns = ServerClock(ATHENS), (AUTUMN - 48 * HOUR_MS) * MS
    for minutes, likely, latest in ((-90, 3, 3), (-30, 3, 3), (30, 2, 3), (90, 2, 2)):
        end_s = AUTUMN // 1000 + minutes * 60
        found = (end_s + likely * 3_600, end_s + latest * 3_600)
        assert clock.ends_s(end_s * SECOND_NS + 999, now_ns) == found
    end_s = SPRING // 1000 + 60
    assert clock.ends_s(end_s * SECOND_NS, now_ns) == (end_s + 3 * 3_600,) * 2
    measured = ServerClock()
    assert measured.ends_s(end_s * SECOND_NS, now_ns) is None
    measured.measured_s = 7_200
    friday_ns = (SPRING - 36 * HOUR_MS) * MS
    assert measured.ends_s(end_s * SECOND_NS, friday_ns) == (end_s + 7_200, end_s + 10_800)


@pytest.mark.parametrize(("wrong", "text"), [("Europe/Moscow", "UTC+3"), ("Etc/UTC", "UTC+0")])
def test_a_zone_that_is_not_the_servers_is_said_and_loses_nothing(wrong, text, caplog):
    """Quotes show another offset: it is an error in the log, and fills are told and listed."""
    begin_ms = at(2024, 1, 9, 12)
    sink = logger.add(caplog.handler, format="{message}")
    try:
        trader = trader_at(begin_ms, wrong)
        world = trader.world
        quotes_from(world.clock, world.server)
        world.run(1_000)
        trader.place("10000")
        trader.place("10000", price="1.0")
        world.run(1_000)
        world.server.quote(EURUSD, "0.99", "0.9901")
        world.run(1_000)
    finally:
        logger.remove(sink)
    assert len(world.of(Filled)) == 2
    assert len(trader.fills_since(begin_ms * MS)) == 2
    low_s, _ = world.venue.core.clock.window(world.now_ns, world.now_ns)
    assert low_s <= world.clock.server_ms() // 1000
    said = [one for one in caplog.messages if "SERVER_TIME" in one]
    assert len(said) == 1
    assert f"{wrong} is at {text}, quotes show UTC+2" in said[0]
