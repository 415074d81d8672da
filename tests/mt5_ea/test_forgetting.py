"""What is long over is forgotten, and nothing else: rows, names, and what is said of them."""

from __future__ import annotations

import sqlite3

import pytest
from support.mt5.constants import Action, DealType, MarginMode, OrderType
from support.mt5.ea_days import (
    DAY_MS,
    DAYS,
    GONE,
    database,
    known,
    pass_days,
    rows,
    trade,
    trader_on,
)
from support.mt5.records import number
from support.mt5.runtime import build

from protocol.order_id import to_number, to_text

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]
NETTING, HEDGING = MarginMode.RETAIL_NETTING, MarginMode.RETAIL_HEDGING
CI = pytest.mark.length("ci")
OF_CHAINS = ("chains", "names", "tickets", "ends", "ids")


@pytest.mark.parametrize("kind", [NETTING, pytest.param(HEDGING, marks=CI)])
def test_the_database_does_not_grow_for_ever(tmp_path, kind):
    """After HistoryDays and some it holds as many rows each day, and no name is executed twice."""
    trader = trader_on(kind, tmp_path)
    counts = []
    for _ in range(GONE + 6):
        trade(trader)
        pass_days(trader, 1)
        counts.append(rows(tmp_path, *OF_CHAINS, "deals"))
    assert counts[0] < counts[1] < counts[GONE]
    assert all(sum(one) <= sum(counts[GONE]) for one in counts[GONE:]), counts
    assert len(known(tmp_path)) < len(trader.names) / 2
    assert len(trader.of("Filled")) == len(trader.fills())
    trader.kill()
    trader.settle()
    trade(trader)
    trader.judge(quiet=True)


def test_what_is_not_over_stays(tmp_path):
    """An order that rests, one in doubt, and what made an open position, whatever their age."""
    trader = trader_on(HEDGING, tmp_path)
    held = trader.place("10000", stop_loss_px="1.05")
    rests = trader.place("10000", "1.09")
    trader.run(200)
    now_rests = trader.replace(rests, price="1.08")
    trader.run(200)
    trader.server.faults.silence(acts=False)
    doubted = trader.place("10000", "1.07")
    trade_of_others = trader.place("10000", "1.06")
    trader.run(200)
    trader.cancel(trade_of_others)
    trader.run(500)
    pass_days(trader, GONE + 3)
    assert known(tmp_path) == {held, rests, now_rests, doubted}
    assert trader.look_up(rests).cl_ord_id == now_rests
    found = trader.look_up(doubted)
    assert (found.found, found.complete) == ("", "Y")
    trader.cancel(now_rests)
    trader.run(200)
    assert trader.trail()[-1] == "Canceled"
    trader.quote("1.04", "1.0401")
    trader.run(500)
    stop = trader.of("Filled")[-1]
    assert (stop.fill_origin, stop.fill_parent_id) == ("STOP_LOSS", held)
    trader.quote("1.10000", "1.10010")
    pass_days(trader, GONE)
    assert known(tmp_path) == {doubted}


def test_whoever_made_a_position_that_nets_stays(tmp_path):
    """The order that opened it and the last of ours that has added to it; not those in between."""
    trader = trader_on(NETTING, tmp_path)
    names = []
    for _ in range(4):
        names.append(trader.place("10000"))
        trader.run(200)
    trader.people.by_hand("EURUSD", "0.1", OrderType.BUY)
    trader.run(200)
    pass_days(trader, GONE + 2)
    assert known(tmp_path) == {names[0], names[-1]}


@pytest.fixture
def old(tmp_path):
    """Give a trader who has forgotten what it did; `before` is what it said of fills then."""
    trader = trader_on(NETTING, tmp_path)
    trade(trader)
    trader.place("10000", stop_loss_px="1.09")
    trader.run(200)
    trader.quote("1.08", "1.0801")
    trader.run(300)
    trader.quote("1.10000", "1.10010")
    trader.before = trader.fills()
    pass_days(trader, GONE + 1)
    assert known(tmp_path) == set()
    return trader


@pytest.mark.parametrize("again", [False, True])
def test_an_id_that_was_forgotten_is_nothing_that_never_was(old, again):
    """Asked for, nobody knows; sent again, nothing happens; also after a restart."""
    if again:
        old.kill()
        old.settle()
    sent = len(old.office.ledger.arrivals)
    told = len(old.trail())
    for name in list(old.names):
        found = old.look_up(name)
        assert (found.found, found.complete) == ("", "")
        assert old.note("was_sent", name)
        old.place("10000", "1.05", name=name)
        old.run(100)
        found = old.look_up(name)
        assert (found.found, found.complete) == ("", "")
    assert len(old.office.ledger.arrivals) == sent
    assert len(old.trail()) == told
    old.cancel(next(iter(old.names)))
    old.run(100)
    refused = old.of("CancelRefused")[-1]
    assert (refused.known, refused.why[:9]) == ("", "FORGOTTEN")
    fresh = old.place("10000", "1.09")
    old.run(200)
    assert old.look_up(fresh).complete == "Y"
    assert old.look_up(old.name()).complete == "Y"


def test_whose_a_fill_was_is_told_as_before(old):
    """An AD from long ago has each fill under an id of its order, a stop's under its parent's."""
    fills, complete = old.ask("fills_since", since_ns=0)
    assert complete
    assert {one.trade_id for one in fills} == old.before.keys()
    for fill in fills:
        before = old.before[fill.trade_id]
        assert fill.fill_cl_ord_id == before.fill_cl_ord_id
        assert fill.fill_parent_id == before.fill_parent_id
        assert fill.fill_origin == before.fill_origin
    assert any(one.fill_parent_id for one in fills)


def test_what_comes_late_of_something_forgotten_is_told(old):
    """A correction is an entry of the ledger; a trade that is taken back does no harm."""
    before = len(old.trail())
    deal = int(next(iter(old.before)))
    old.people.bust(deal)
    old.people.pay(DealType.CORRECTION, "-1.5", "late swap")
    old.run(1_000)
    entry = old.of("Entry")[-1]
    assert (entry.ledger_kind, str(entry.amount)) == ("CORRECTION", "-1.5")
    assert len(old.trail()) == before
    assert old.of("Link")[-1].up == "Y"
    assert old.chart.program.removed is False


def test_an_order_of_another_program_is_not_taken_for_a_forgotten_one(tmp_path):
    """Small magics lie below the floors of instance 0: no id of a gateway is so small."""
    trader = trader_on(HEDGING, tmp_path)
    trader.remove()
    with database(tmp_path) as base:
        base.execute("INSERT INTO floors VALUES(0,?)", [(1 << 53) - 1])
    base.close()
    trader.add()
    trader.settle()
    trader.people.expert(777, "EURUSD", "0.1", OrderType.BUY, sl=number("1.09"))
    trader.run(300)
    trader.quote("1.08", "1.0801")
    trader.run(300)
    stop = trader.of("Filled")[-1]
    assert (stop.fill_parent_id, stop.fill_cl_ord_id) == ("", "")


def whole(path):
    """Return roots, names and floor of a database in which each root has all that is its own."""
    with sqlite3.connect(path) as base:

        def column(sql):
            return {one for (one,) in base.execute(sql)}

        roots = column("SELECT root FROM chains")
        assert column("SELECT root FROM names") == roots
        assert column("SELECT root FROM ends") == roots
        assert column("SELECT root FROM tickets") <= roots
        floors = dict(base.execute("SELECT instance,id FROM floors"))
        names = set(map(to_text, column("SELECT id FROM names")))
    base.close()
    return roots, names, floors.get(1, -1)


def test_it_is_forgotten_all_or_nothing(tmp_path):
    """Whatever write is the last, each order is kept whole, or gone below a floor."""
    trader = trader_on(NETTING, tmp_path)
    trade(trader)
    full, names, _ = whole(tmp_path / "portcullis.sqlite")
    assert len(full) == len(trader.names) - 2
    writes = []
    cut_at = 0

    def may_write(sql):
        if "floors" in sql or writes:
            writes.append(sql)
        return len(writes) != cut_at

    seen = set()
    while 0 not in seen:
        cut_at += 1
        writes.clear()
        trader.chart.program._DatabaseMayWrite = may_write
        pass_days(trader, GONE + 1 if cut_at == 1 else 2)
        trader.remove()
        roots, left, floor = whole(tmp_path / "portcullis.sqlite")
        assert all(to_number(one) <= floor for one in names - left)
        assert roots in (full, set())
        seen.add(len(roots))
        trader.add()
        trader.settle()
    assert cut_at > 5 * len(full)
    assert seen == {0, len(full)}
    assert all(trader.note("was_sent", one) for one in names)
    trade(trader)
    trader.judge(quiet=True)


@CI
def test_more_than_a_commit_may_hold_goes_in_several(tmp_path):
    """No order waits for a day's worth of deletions: a hundred orders at a time."""
    trader = trader_on(NETTING, tmp_path)
    for _ in range(130):
        trader.place("1", "1.09")
    trader.run(200)
    left = rows(tmp_path, "names")
    for _ in range(GONE):
        trader.clock.advance(DAY_MS)
        trader.quote("1.10000", "1.10010")
        trader.reconcile()
        for _ in range(10):
            trader.step()
            (kept,) = rows(tmp_path, "names")
            left += [kept] * (kept != left[-1])
    assert left == [130, 30, 0]


@CI
def test_an_end_that_was_not_noted_counts_from_the_start(tmp_path):
    """A database of an older version has no ends: its orders are forgotten later, but they are."""
    trader = trader_on(NETTING, tmp_path)
    trade(trader)
    names = known(tmp_path)
    pass_days(trader, 2)
    trader.remove()
    with database(tmp_path) as base:
        base.execute("DELETE FROM ends")
    base.close()
    trader.add()
    trader.settle()
    pass_days(trader, DAYS)
    assert known(tmp_path) == names
    pass_days(trader, 3)
    assert known(tmp_path) == set()
    assert all(to_number(one) for one in names)


def test_a_request_for_levels_is_no_chain_s(tmp_path):
    """While one has no answer, what is long over is forgotten, and it ends as it would."""
    trader = trader_on(HEDGING, tmp_path)
    trade(trader)
    held = trader.place("10000")
    trader.run(200)
    place = str(next(iter(trader.office.books.positions.values())).identifier)
    while len(known(tmp_path)) > 1:
        trader.clock.advance(DAY_MS)
        trader.quote("1.10000", "1.10010")
        trader.server.faults.silence(acts=False, when=Action.SLTP)
        asked = trader.protect(stop_loss_px="1.09", position_id=place)
        trader.run(700, step_ms=50)
        trader.reconcile()
        trader.run(700, step_ms=50)
    assert known(tmp_path) == {held}

    def told():
        found = [one.why[:10] for one in trader.of("Levels") if one.request_id == asked]
        return found if len(found) > 1 else []

    assert told() == []
    assert trader.until(told, 150_000)
    assert told() == ["10012 TIME", "NOT_DONE: "]
