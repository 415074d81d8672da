"""What the house does beside trading."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gateway.oms.book import Book
from gateway.oms.effects import Jot
from gateway.oms.state import Halt, Order
from gateway.upkeep import CHECK_EVERY_NS, STEP_EVERY_NS, Upkeep
from journal.errors import Corrupt
from protocol.fields import OrdType, Side, TimeInForce, TradingState


@pytest.fixture
def ended():
    """Give a book with one order that has ended, and the order."""
    book = Book()
    order = Order(
        order_id="O1", owner="A", account="PAPER", venue="PAPER", symbol="EURUSD", side=Side.BUY,
        ord_type=OrdType.LIMIT, time_in_force=TimeInForce.DAY, order_qty=Decimal(1),
        cl_ord_id="1", currency="USD", created_ns=1,
    )  # fmt: skip
    order.cl_ord_ids.append("1")
    order.trade_ids.append("T1")
    order.ended_ns = 100
    book.state.orders["O1"] = order
    book.state.ended.append("O1")
    return book, order


def test_a_full_disk_reduces_trading_once():
    """Below the watermark a note reduces all; a halt that a person ordered is left alone."""
    book = Book()
    upkeep = Upkeep(book, None, lambda: True)
    (jot,) = upkeep.tick(7)
    assert (jot.kind, jot.body["scope"], jot.body["state"]) == (
        "TRADING_STATE", "all", TradingState.REDUCING.value,
    )  # fmt: skip
    assert upkeep.due_ns == 7 + CHECK_EVERY_NS
    book.state.halts["all"] = {"DISK_LOW": Halt(TradingState.HALTED, "ann", "x", 1)}
    assert list(upkeep.tick(8)) == []


def test_a_disk_with_room_changes_nothing():
    """Above the watermark there is nothing to note."""
    assert list(Upkeep(Book(), None, lambda: False).tick(7)) == []


def test_only_an_archive_files_ids_away():
    """Other notes let nothing go."""
    Upkeep(Book(), None, lambda: False).before(Jot("DIGEST", {}))


def test_the_ids_of_ended_orders_are_filed_before_they_go(ended):
    """Every id and fill of an order that an ARCHIVE lets go is in the index before it is."""
    filed = []

    class Index:
        def add_many(self, entries, *, upto_seq=0):
            filed.extend(entries)

    book, order = ended
    upkeep = Upkeep(book, Index(), lambda: False)
    upkeep.before(Jot("ARCHIVE", {"before_ns": order.ended_ns}))
    assert filed == []
    upkeep.before(Jot("ARCHIVE", {"before_ns": order.ended_ns + 1}))
    assert filed == [
        ("cl_ord_id", "A\x011", order.order_id),
        ("fill", "PAPER\x02T1", order.order_id),
    ]


def test_the_past_is_checked_while_we_trade():
    """Each tick takes one step through what the start did not read, and soon asks for the next."""
    steps = iter([1, 2])
    upkeep = Upkeep(Book(), None, lambda: False, steps)
    assert list(upkeep.tick(1_000)) == []
    assert upkeep.due_ns == 1_000 + STEP_EVERY_NS
    assert next(steps) == 2
    assert list(upkeep.tick(upkeep.due_ns)) == []
    assert upkeep.due_ns == 1_000 + CHECK_EVERY_NS


def test_damage_in_the_past_reduces_trading():
    """A damaged old segment is an alert, and only reducing orders pass until a person looks."""

    def steps():
        what = "a batch was altered"
        raise Corrupt(what, segment="0001", offset=12, batch=3)
        yield

    alert, reduced = Upkeep(Book(), None, lambda: False, steps()).tick(1_000)
    assert alert.body["alert"] == "JOURNAL_CORRUPT"
    assert "0001" in alert.body["what"]
    assert reduced.body["state"] == "REDUCING"
