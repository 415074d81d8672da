"""The server's clock is put forward and back: what the Expert Advisor tells, and what it lists."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.clock import MONDAY_MS, changes
from support.mt5.constants import Action, ExpirationFlag, MarginMode, Retcode
from support.mt5.ea_days import database
from support.mt5.ea_trader import EaTrader
from support.mt5.runtime import build
from support.mt5.symbols import ALWAYS, eurusd

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]
HOUR_MS = 3_600_000
DAY_S = 86_400
MS = 1_000_000
SEASONS = pytest.mark.parametrize(("before", "after"), [(2, 3), (3, 2)], ids=["spring", "autumn"])


def trader_before(folder, change_ms, before, after, *, start_ms=MONDAY_MS, **rules):
    """Give a trader so long before the server's clock is changed; return it and that moment."""
    trader = EaTrader(
        MarginMode.RETAIL_NETTING, folder, eurusd(sessions=ALWAYS, commission="3", **rules),
        inputs={"AbsenceAfterMs": 2000},
    )  # fmt: skip
    moment_ms = start_ms + change_ms
    trader.clock.advance_to(start_ms)
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


@pytest.mark.parametrize(("after", "told"), [(4, "123456"), (2, "12356")], ids=["spring", "autumn"])
def test_no_old_price_is_told_as_a_new_one(tmp_path, after, told):
    """In the hour that comes again quotes go on; ticks, which have the old times, are left out."""
    trader, change_ms = trader_before(tmp_path, HOUR_MS // 6, 3, after)
    trader.server.trade(trader.symbol, "1.1", Decimal(1))
    trader.run(change_ms - 2500 - trader.clock.now_ms, step_ms=100)
    begun = len(trader.of("Traded"))

    def trade(*prices):
        for price in prices:
            trader.quote(f"1.1{price}", "1.2")
            trader.server.trade(trader.symbol, f"1.1{price}", Decimal(1))
            trader.run(1100)
            assert trader.of("Book")[-1].fields["bid0"].startswith(f"1.1{price}x")

    trade(1, 2, 3, 4)  # the last after the change
    trader.clock.advance(HOUR_MS)
    trader.run(2000)
    trade(5, 6)
    assert "".join(str(one.price)[-1] for one in trader.of("Traded")[begun:]) == told


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


FRIDAYS = {(2, 3): 1_711_742_400_000, (3, 2): 1_729_886_400_000}
"""20:00 UTC on 2024-03-29 and 2024-10-25: Fridays, before clocks are changed in Europe."""


def weekend(folder, before, after, **rules):
    """Give a trader on the Friday before a change; return it and the change, 29 hours later."""
    start_ms = FRIDAYS[before, after]
    return trader_before(folder, 29 * HOUR_MS, before, after, start_ms=start_ms, **rules)


def until_the_end(trader, end_ms):
    """Look at an order an hour before its end, two seconds before it, and after it."""
    for left_ms in (3_540_000, 2_000):
        trader.clock.advance_to(end_ms - left_ms)
        trader.run(1000)
        assert trader.trail() == ["Accepted"]
    trader.run(5000)
    assert trader.trail() == ["Accepted", "Expired"]
    trader.quote("1.08000", "1.08010")
    trader.run(1000)
    assert trader.trail() == ["Accepted", "Expired"]
    assert not trader.office.books.orders


@SEASONS
@pytest.mark.parametrize("restarts", [False, True], ids=["", "restarted"])
def test_an_order_ends_at_its_moment(tmp_path, before, after, restarts):
    """Not an hour before, not an hour after, though the server's clock was changed meanwhile."""
    trader, change_ms = weekend(tmp_path, before, after)
    end_ms = change_ms + 34 * HOUR_MS
    name = trader.place("10000", "1.09", time_in_force="6", expire_ns=end_ms * MS + 5)
    trader.run(500)
    if restarts:
        trader.remove()
        trader.clock.advance_to(change_ms + HOUR_MS)
        trader.add()
        trader.settle()
    trader.clock.advance_to(change_ms + 2 * HOUR_MS)
    trader.run(500)
    found = trader.look_up(name)
    assert (found.status, int(found.expire_ns)) == ("0", end_ms * MS + 5)
    until_the_end(trader, end_ms)
    assert int(trader.of("Expired")[0].expire_ns) == end_ms * MS + 5


def test_an_end_that_is_moved_is_the_one_that_counts(tmp_path):
    """A replace over a change, of the price, the end, and the quantity: its own 126 is kept."""
    trader, change_ms = weekend(tmp_path, 2, 3)
    end_ms = change_ms + 34 * HOUR_MS
    name = trader.place("10000", "1.09", time_in_force="6", expire_ns=end_ms * MS)
    trader.run(500)
    name = trader.replace(name, price="1.085", expire_ns=(end_ms - HOUR_MS) * MS)
    trader.run(500)
    trader.clock.advance_to(change_ms + HOUR_MS)
    trader.settle()
    name = trader.replace(name, expire_ns=(end_ms + HOUR_MS) * MS)
    trader.run(500)
    name = trader.replace(name, order_qty="20000")
    trader.run(500)
    assert trader.trail() == ["Accepted", *["Replaced"] * 3]
    assert int(trader.look_up(name).expire_ns) == (end_ms + HOUR_MS) * MS
    trader.clock.advance_to(end_ms + HOUR_MS - 2000)
    trader.run(1000)
    assert trader.office.books.orders
    trader.run(4000)
    assert trader.trail()[-1] == "Expired"
    assert not trader.office.books.orders


def test_a_new_end_is_seen_without_an_answer(tmp_path):
    """What the server shows is what it was told, and proves the replace."""
    trader, change_ms = weekend(tmp_path, 2, 3)
    end_ms = change_ms + 34 * HOUR_MS
    name = trader.place("10000", "1.09", time_in_force="6", expire_ns=end_ms * MS)
    trader.run(500)
    trader.server.faults.silence(acts=True, when=Action.MODIFY)
    name = trader.replace(name, expire_ns=(end_ms + HOUR_MS) * MS)
    trader.run(2000)
    assert trader.trail() == ["Accepted", "Replaced"]
    assert int(trader.look_up(name).expire_ns) == (end_ms + HOUR_MS) * MS


def test_what_a_person_has_given_another_end_is_left_alone(tmp_path):
    """It is past what we said, and shows another moment: it is theirs now, and rests."""
    trader, change_ms = weekend(tmp_path, 3, 2)
    end_ms = change_ms + 34 * HOUR_MS
    trader.place("10000", "1.09", time_in_force="6", expire_ns=end_ms * MS)
    trader.run(500)
    (order,) = trader.office.books.orders.values()
    trader.office.desk.update(order, time_expiration=order.time_expiration + 5 * DAY_S)
    trader.clock.advance_to(end_ms + 60_000)
    trader.run(2000)
    assert trader.trail() == ["Accepted"]
    assert list(trader.office.books.orders) == [order.ticket]


def test_a_removal_that_is_refused_is_tried_again(tmp_path):
    """What is past its end and cannot be removed now is removed later, and has expired."""
    trader, change_ms = weekend(tmp_path, 3, 2)
    end_ms = change_ms + 34 * HOUR_MS
    trader.place("10000", "1.09", time_in_force="6", expire_ns=end_ms * MS)
    trader.run(500)
    trader.server.faults.refuse(Retcode.MARKET_CLOSED, when=Action.REMOVE)
    trader.clock.advance_to(end_ms - 1000)
    trader.run(5000)
    assert trader.office.books.orders
    trader.run(10_000)
    assert trader.trail() == ["Accepted", "Expired"]
    sent = [one for one in trader.office.ledger.arrivals if one.request.action == Action.REMOVE]
    assert len(sent) == 2


@SEASONS
def test_an_order_that_ends_with_a_day_ends_at_its_moment(tmp_path, before, after):
    """A midnight of the server, as its clock was when it was placed: 126 does not move."""
    days = ExpirationFlag.DAY | ExpirationFlag.SPECIFIED_DAY
    trader, change_ms = weekend(tmp_path, before, after, expiration=days)
    end_ms = (change_ms // (DAY_S * 1000) + 2) * DAY_S * 1000 - before * HOUR_MS
    trader.place("10000", "1.09", time_in_force="6", expire_ns=end_ms * MS)
    trader.run(500)
    until_the_end(trader, end_ms)


def test_a_database_of_before_is_read(tmp_path):
    """Orders whose server's end was not written are known as they were."""
    trader, _ = weekend(tmp_path, 3, 2)
    name = trader.place("10000", "1.09")
    trader.run(500)
    trader.remove()
    with database(tmp_path) as base:
        changed = base.execute("UPDATE chains SET content=replace(content,'0/0','0')")
        assert changed.rowcount == 1
    base.close()
    trader.add()
    trader.settle()
    found = trader.look_up(name)
    assert (found.status, found.price, found.time_in_force) == ("0", Decimal("1.09"), "1")
    trader.judge()
