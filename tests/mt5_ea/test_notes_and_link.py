"""Notes of ids, the database, the link and the market, through the compiled venue."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

import pytest
from support.mt5.constants import MarginMode, TickFlag
from support.mt5.ea_trader import EaTrader
from support.mt5.runtime import build
from support.mt5.symbols import future

from protocol.order_id import OrderId

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]
NETTING = MarginMode.RETAIL_NETTING


@pytest.fixture
def trader(tmp_path):
    """Give a trader on a venue that is up."""
    return EaTrader(NETTING, tmp_path).settle()


def database(tmp_path):
    """Open the program's database."""
    return sqlite3.connect(tmp_path / "portcullis.sqlite")


def test_notes_of_ids_outlive_the_program(trader):
    """A held id was sent, a buried one never will be; a kill forgets neither."""
    held, buried, other = trader.name(), trader.name(), trader.name()
    assert trader.note("hold", held)
    assert trader.note("bury", buried)
    trader.kill()
    assert trader.note("was_sent", held)
    assert not trader.note("was_sent", buried)
    assert trader.note("is_buried", buried)
    assert not trader.note("was_sent", other)
    assert not trader.note("is_buried", other)


@pytest.mark.length("ci")
def test_ids_below_the_floor_count_as_sent(trader, tmp_path):
    """Of a million ids the older half is dropped: of that instance only, and never sent again."""
    trader.remove()
    ids = [OrderId(instance, 1_704_000_000, n) for instance in (1, 2) for n in range(500_002)]
    numbers = [(one.instance << 53 | one.epoch << 21 | one.counter,) for one in ids]
    with database(tmp_path) as base:
        base.executemany("INSERT INTO ids VALUES(?,0)", numbers)
    base.close()
    trader.add()
    with database(tmp_path) as base:
        left, = base.execute("SELECT count(*) FROM ids").fetchone()
    base.close()
    assert left == 500_001
    assert trader.note("was_sent", ids[0].text())
    assert not trader.note("was_sent", OrderId(1, 1_704_000_001, 0).text())
    assert trader.note("was_sent", ids[-1].text())


def test_the_note_is_durable_before_the_server_is_called(trader, tmp_path):
    """When the request reaches the server the database has the order, whatever happens next."""
    seen = []
    receive = trader.server.receive

    def watch(*args, **more):
        with database(tmp_path) as base:
            seen.append(base.execute("SELECT count(*) FROM chains WHERE live=1").fetchone()[0])
        base.close()
        receive(*args, **more)

    trader.server.receive = watch
    trader.place(price="1.09")
    trader.run(200)
    assert seen == [1]


def test_a_disk_that_fails_stops_everything(trader):
    """What cannot be noted is not sent; the link goes down and says why."""
    trader.chart.program.may_write = False
    trader.place(price="1.09")
    trader.run(200)
    assert trader.office.books.orders == {}
    link = trader.of("Link")[-1]
    assert (link.up, link.why[:19]) == ("", "the database failed")


def test_lists_are_believed_after_a_while(trader):
    """Just after a connection nothing is complete, and no order is sent."""
    trader.place(price="1.09")
    trader.run(200)
    trader.terminal.empties = True
    trader.terminal.cut()
    trader.run(100)
    assert not trader.ask("open_orders")[1]
    assert trader.look_up(next(iter(trader.names))).complete == ""
    trader.terminal.mend()
    assert trader.until(lambda: trader.terminal.connected)
    assert not trader.ask("open_orders")[1]
    trader.place(price="1.08")
    trader.run(30)
    assert trader.events[-1].why.startswith("NOT_CONNECTED")
    assert trader.until(lambda: trader.of("Link")[-1].up == "Y")
    rows, complete = trader.ask("open_orders")
    assert (len(rows), complete) == (1, True)


def test_another_account_is_neither_read_nor_traded(trader):
    """The database belongs to the first account that it has seen."""
    trader.server.open_account(2002, NETTING)
    trader.terminal.log_in(2002)
    trader.run(3_000)
    link = trader.of("Link")[-1]
    assert (link.up, link.why[:13]) == ("", "WRONG_ACCOUNT")
    assert not trader.ask("positions")[1]
    trader.terminal.log_in(1001)
    assert trader.until(lambda: trader.of("Link")[-1].up == "Y")


def test_an_order_that_left_one_list_and_is_in_no_other_is_missing(trader):
    """Nothing is complete until the history has it: then its end is told."""
    name = trader.place(price="1.09")
    trader.run(200)
    trader.terminal.history_lag_ms = 3_000
    ticket, = trader.office.books.orders
    trader.people.cancel(ticket)
    trader.run(1_000)
    assert trader.trail() == ["Accepted"]
    assert trader.look_up(name).complete == ""
    assert not trader.ask("open_orders")[1]
    trader.run(3_000)
    assert trader.trail() == ["Accepted", "Canceled"]
    trader.judge()


def test_an_id_that_the_server_has_is_not_sent_again(trader, tmp_path):
    """With the database lost the magic is found at the server: adopted, not placed twice."""
    name = trader.place(price="1.09")
    trader.run(200)
    trader.remove()
    for path in tmp_path.glob("portcullis.sqlite*"):
        path.unlink()
    trader.add()
    trader.settle()
    trader.place(price="1.09", name=name)
    trader.run(300)
    assert trader.trail() == ["Accepted", "Accepted"]
    trader.judge()


def test_every_trade_of_the_market_is_told_once(tmp_path):
    """Ticks of one millisecond are told apart by their number; the book has sizes in units."""
    trader = EaTrader(MarginMode.EXCHANGE, tmp_path, future())
    trader.server.book("ESH4", [("5000", "3"), ("4999.75", "7")], [("5000.25", "2")])
    trader.settle()
    book = trader.of("Book")[-1]
    assert (book.bid0, book.bid1, book.ask0) == ("5000x150", "4999.75x350", "5000.25x100")
    for _ in range(3):
        trader.server.trade("ESH4", "5000.25", "1", int(TickFlag.BUY))
        trader.server.trade("ESH4", "5000.25", "1", int(TickFlag.BUY))
        trader.run(30)
    trades = trader.of("Traded")
    assert [(one.price, one.size, one.aggressor) for one in trades] == [
        (Decimal("5000.25"), 50, "1")
    ] * 6
    assert len({one.trade_id for one in trades}) == 6


def test_a_connection_that_was_lost_is_a_gap(trader):
    """Nobody knows which ticks were missed meanwhile: the count of gaps goes up."""
    trader.quote("1.1002", "1.1003")
    trader.run(50)
    assert trader.of("Book")[-1].gaps == "0"
    trader.terminal.cut()
    trader.run(100)
    trader.terminal.mend()
    trader.run(2_000)
    trader.quote("1.1004", "1.1005")
    trader.run(50)
    assert trader.of("Book")[-1].gaps == "1"
