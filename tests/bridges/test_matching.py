"""What becomes of an order at the paper exchange: a table of type x time in force x instruction."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.paper import T0, Floor

from bridges.port import Canceled, CancelRefused, Rejected
from protocol.fields import CxlRejReason, OrdStatus, Side, TimeInForce

DAY, GTC = TimeInForce.DAY, TimeInForce.GOOD_TILL_CANCEL
IOC, FOK, GTD = (
    TimeInForce.IMMEDIATE_OR_CANCEL,
    TimeInForce.FILL_OR_KILL,
    TimeInForce.GOOD_TILL_DATE,
)
BUY, SELL = Side.BUY, Side.SELL
LATER = T0 + 10**12

BIDS = [("99.99", 1), ("99.98", 2)]
ASKS = [("100.01", 1), ("100.02", 2)]

TAKES_ONE = ["Accepted", "Filled 1@100.01 T"]
TABLE = [
    # side qty price stop tif more -> what is said
    ("market", BUY, 1, None, None, DAY, {}, TAKES_ONE),
    ("market walks", BUY, 2, None, None, DAY, {}, [*TAKES_ONE, "Filled 1@100.02 T"]),
    ("market sell", SELL, 1, None, None, DAY, {}, ["Accepted", "Filled 1@99.99 T"]),
    ("market too big", BUY, 5, None, None, DAY, {},
     [*TAKES_ONE, "Filled 2@100.02 T", "Canceled"]),
    ("market ioc", BUY, 1, None, None, IOC, {}, TAKES_ONE),
    ("market fok", BUY, 5, None, None, FOK, {}, ["Accepted", "Canceled"]),
    *[(f"limit rests {tif.name}", BUY, 1, "100.00", None, tif, more, ["Accepted"])
      for tif, more in ((DAY, {}), (GTC, {}), (GTD, {"expire_ns": LATER}))],
    *[(f"limit takes {tif.name}", BUY, 1, "100.01", None, tif, more, TAKES_ONE)
      for tif, more in ((DAY, {}), (GTC, {}), (IOC, {}), (FOK, {}), (GTD, {"expire_ns": LATER}))],
    ("limit takes then rests", BUY, 2, "100.01", None, GTC, {}, TAKES_ONE),
    ("ioc remainder", BUY, 2, "100.01", None, IOC, {}, [*TAKES_ONE, "Canceled"]),
    ("ioc nothing", BUY, 2, "100.00", None, IOC, {}, ["Accepted", "Canceled"]),
    ("fok whole", BUY, 3, "100.02", None, FOK, {}, [*TAKES_ONE, "Filled 2@100.02 T"]),
    ("fok not whole", BUY, 4, "100.02", None, FOK, {}, ["Accepted", "Canceled"]),
    ("fok by limit", BUY, 2, "100.01", None, FOK, {}, ["Accepted", "Canceled"]),
    ("stop waits", BUY, 1, None, "100.05", GTC, {}, ["Accepted"]),
    ("stop due", BUY, 1, None, "100.01", GTC, {}, ["Accepted", "Triggered", "Filled 1@100.01 T"]),
    ("stop limit waits", BUY, 1, "100.06", "100.05", GTC, {}, ["Accepted"]),
    ("stop limit due rests", BUY, 1, "100.00", "100.01", GTC, {}, ["Accepted", "Triggered"]),
    ("stop sell due", SELL, 1, None, "99.99", DAY, {},
     ["Accepted", "Triggered", "Filled 1@99.99 T"]),
    ("post-only rests", BUY, 1, "100.00", None, GTC, {"post_only": True}, ["Accepted"]),
    ("post-only crosses", BUY, 1, "100.01", None, GTC, {"post_only": True}, ["Rejected"]),
    ("post-only ioc", BUY, 1, "100.00", None, IOC, {"post_only": True}, ["Rejected"]),
    ("post-only market", BUY, 1, None, None, DAY, {"post_only": True}, ["Rejected"]),
    ("reduce-only of nothing", BUY, 1, "100.00", None, GTC, {"reduce_only": True}, ["Rejected"]),
    ("off tick", BUY, 1, "100.001", None, GTC, {}, ["Rejected"]),
    ("off step", BUY, "0.000001", "100.00", None, GTC, {}, ["Rejected"]),
    ("too large", BUY, 10_000, "100.00", None, GTC, {}, ["Rejected"]),
    ("below notional", BUY, "0.01", "100.00", None, GTC, {}, ["Rejected"]),
    ("gtd without time", BUY, 1, "100.00", None, GTD, {}, ["Rejected"]),
    ("gtd past", BUY, 1, "100.00", None, GTD, {"expire_ns": T0}, ["Rejected"]),
    ("negative price", BUY, 1, "-1", None, GTC, {}, ["Rejected"]),
]  # fmt: skip


@pytest.fixture
def floor():
    """Give a floor with two levels on each side."""
    made = Floor()
    made.book(BIDS, ASKS)
    return made


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_each_kind_of_order(floor, row):
    """Every type, time in force and instruction is answered as the table says."""
    _, side, qty, price, stop, tif, more, expected = row
    floor.order(side, qty, price, stop=stop, tif=tif, **more)
    assert floor.said() == expected


def test_price_before_time(floor):
    """The better price is filled first, at one price the earlier order."""
    for price, name in (("100.00", "late"), ("99.99", "worse")):
        floor.order(BUY, 1, price, cl_ord_id=name)
    floor.order(BUY, 1, "100.00", cl_ord_id="later")
    floor.trade("99.98", 10, SELL)
    assert [fill.cl_ord_id for fill in floor.exchange.fills] == ["late", "later", "worse"]


def test_taken_stays_taken(floor):
    """A level that we emptied gives nothing more until the feed says another quantity for it."""
    floor.order(BUY, 1, "100.01", tif=IOC)
    floor.order(BUY, 1, "100.01", tif=IOC)
    floor.diff(asks=[("100.01", 1)])
    floor.order(BUY, 1, "100.01", tif=IOC)
    assert floor.fills() == [("1", "100.01")]
    floor.diff(asks=[("100.01", "1.5")])
    floor.order(BUY, 2, "100.01", tif=IOC)
    assert floor.fills() == [("1", "100.01"), ("1.5", "100.01")]


def test_market_that_comes_to_us_fills_us_at_our_price(floor):
    """An offer that appears at or below our bid fills it as maker, once, for what it shows."""
    floor.order(BUY, 2, "100.00")
    floor.diff(asks=[("100.00", "0.5")])
    floor.diff(asks=[("100.02", 3)])
    assert floor.said() == ["Accepted", "Filled 0.5@100.00 M"]


def test_own_orders_never_meet(floor):
    """An order stops where it would trade with one of ours, having taken what stood before it."""
    floor.order(SELL, 1, "100.02", cl_ord_id="ours")
    floor.said()
    floor.order(BUY, 5, "100.03")
    assert floor.said() == [*TAKES_ONE, "Filled 2@100.02 T", "Canceled"]
    assert floor.exchange.find("ours").status is OrdStatus.NEW
    floor.order(BUY, 1, "100.02", post_only=True)
    assert floor.said() == ["Rejected"]


def test_reduce_only_never_turns_the_position(floor):
    """Reduce-only orders fill up to the position; then what is left of all of them is cancelled."""
    floor.order(BUY, 1)
    floor.order(SELL, 1, "100.05", reduce_only=True, cl_ord_id="a")
    floor.order(SELL, 2, "100.04", reduce_only=True, cl_ord_id="b")
    floor.said()
    floor.diff(bids=[("100.04", "0.4")], asks=[("100.01", 0), ("100.02", 0)])
    floor.trade("100.05", 5, BUY)
    assert floor.said() == ["Filled 0.4@100.04 M", "Filled 0.6@100.04 M", "Canceled", "Canceled"]
    assert floor.exchange.account.position(floor.symbol) == 0
    assert {floor.exchange.find(name).status for name in "ab"} == {OrdStatus.CANCELED}


def test_replace_keeps_or_loses_its_place(floor):
    """Less quantity keeps the place in the queue, another price or more quantity loses it."""
    first = floor.order(BUY, 2, "99.99")
    floor.diff(bids=[("99.99", 5)])
    order_id = floor.exchange.find(first).order_id
    less = floor.replace(first, BUY, 1, "99.99")
    assert floor.pit.matcher.front_of(order_id) == floor.pit.grid.steps(Decimal(1))
    floor.replace(less, BUY, 2, "99.99")
    assert floor.pit.matcher.front_of(order_id) == floor.pit.grid.steps(Decimal(5))
    assert floor.said() == ["Accepted", "Replaced", "Replaced"]


def test_replace_into_the_market_takes(floor):
    """A replace to a price that crosses trades at once under its new id."""
    old = floor.order(BUY, 1, "99.99")
    new = floor.replace(old, BUY, 1, "100.01")
    assert floor.said() == ["Accepted", "Replaced", "Filled 1@100.01 T"]
    assert floor.exchange.fills[0].cl_ord_id == new
    assert floor.exchange.find(old) == floor.exchange.find(new)


@pytest.mark.parametrize(
    ("name", "qty", "price"),
    [("below filled", 1, "99.99"), ("off tick", 2, "99.991"), ("nothing", 0, "99.99")],
)
def test_replace_that_cannot_be(floor, name, qty, price):
    """A replace to less than is filled, or against the rules, is refused; the order goes on."""
    old = floor.order(BUY, 2, "100.00")
    floor.trade("100.00", 1, SELL)
    floor.said()
    floor.replace(old, BUY, qty, price)
    assert floor.said() == ["CancelRefused"], name
    assert floor.exchange.find(old).leaves_qty == 1


def test_cancel_ends_an_order_once(floor):
    """A cancel ends an order; a second is too late, one of an unknown id knows no order."""
    name = floor.order(BUY, 1, "99.99")
    floor.cancel(name)
    floor.cancel(name)
    floor.cancel("never")
    events = floor.exchange.events
    assert isinstance(events[1], Canceled)
    refusals = [event for event in events if isinstance(event, CancelRefused)]
    assert [one.reason for one in refusals] == [
        CxlRejReason.TOO_LATE_TO_CANCEL, CxlRejReason.UNKNOWN_ORDER,
    ]  # fmt: skip
    assert [one.order is None for one in refusals] == [False, True]


def test_stops_trigger_by_trade_and_by_quote(floor):
    """A sell stop goes off when a trade or the bid reaches it, nearest first, and then trades."""
    floor.order(SELL, 1, stop="99.97", cl_ord_id="far")
    floor.order(SELL, 1, stop="99.98", cl_ord_id="near")
    floor.said()
    floor.trade("99.98", 1, SELL)
    assert floor.said() == ["Triggered", "Filled 1@99.99 T"]
    floor.diff(bids=[("99.99", 0), ("99.98", 0), ("99.97", 3)])
    assert floor.said() == ["Triggered", "Filled 1@99.97 T"]


def test_orders_expire(floor):
    """DAY ends at the day's end, GTD at its moment, GTC never."""
    floor.order(BUY, 1, "99.00", tif=DAY)
    floor.order(BUY, 1, "99.00", tif=GTD, expire_ns=floor.now_ns + 10**9)
    floor.order(BUY, 1, "99.00", tif=GTC)
    floor.said()
    floor.exchange.on_time(floor.now_ns + 2 * 10**9)
    assert floor.said() == ["Expired"]
    floor.exchange.on_time(floor.now_ns + 4 * 10**12)
    assert floor.said() == ["Expired"]
    assert len(floor.exchange.open_orders()) == 1


def test_an_id_is_executed_once(floor):
    """An id that comes twice is executed once, and the ledger shows that it came twice."""
    floor.order(BUY, 1, "100.01", cl_ord_id="X")
    floor.order(BUY, 1, "100.02", cl_ord_id="X")
    received = [line["n"] for line in floor.exchange.lines if line["k"] == "received"]
    assert received == [1, 2]
    assert len(floor.exchange.fills) == 1


def test_refusals_say_what_was_expected(floor):
    """A refusal names the rule, what was received and what was expected."""
    floor.order(BUY, 1, "100.001")
    (event,) = floor.exchange.events
    assert isinstance(event, Rejected)
    assert "100.001" in event.text
    assert "0.01" in event.text


def test_level_1_fills_only_what_the_quote_shows():
    """With quotes alone there is one level; a market order takes it and the rest is cancelled."""
    floor = Floor()
    floor.quote("99.99", 1, "100.01", 1)
    floor.order(BUY, 2)
    assert floor.said() == [*TAKES_ONE, "Canceled"]


def test_funding_is_paid_on_the_hour():
    """Longs pay the positive rate on the middle of the book, once an interval."""
    floor = Floor(funding_rate="0.0001", funding_interval_ms=1000)
    floor.book(BIDS, ASKS)
    floor.order(BUY, 1)
    floor.exchange.on_time(floor.now_ns)
    due = floor.exchange.next_time_ns()
    floor.exchange.on_time(due)
    floor.exchange.on_time(due)
    assert [(entry.kind, entry.amount) for entry in floor.exchange.entries] == [
        ("FUNDING", Decimal("-0.0100005"))
    ]
