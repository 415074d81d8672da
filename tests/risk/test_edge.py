"""An expected edge exceeds what going in and out again costs: fees, slippage, funding."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.desk import Desk, rules
from support.scopes import (
    SCOPES,
    ask,
    ask_change,
    code,
    desk_with,
    last_sent,
    list_instrument,
    number,
    quote_book,
    two_feeds,
)

from protocol.fields import ExecInst, OrdType, Side, TimeInForce
from protocol.messages import OperatorCommand
from protocol.timestamps import format_utc

BUY, SELL = Side.BUY, Side.SELL
ADD_ONLY = ExecInst.PARTICIPATE_DONT_INITIATE
AT_ONCE = TimeInForce.IMMEDIATE_OR_CANCEL
HOUR_MS = 3_600_000
MS = 1_000_000
TINY = Decimal("0.0001")
BOOK = (
    (("1.0989", "1000"), ("1.0978", "1000")),
    (("1.1011", "1000"), ("1.1022", "1000")),
)
"""A middle of 1.1: the levels are 10 and 20 bps away."""


def at_work(desk, **told):
    """Let the venue tell its fees (1 bp and 5 bps) and quote the book."""
    fees = {"maker_fee": Decimal("0.0001"), "taker_fee": Decimal("0.0005")}
    list_instrument(desk, **{**fees, **told})
    quote_book(desk, *BOOK)
    return desk


def open_desk(**told):
    """Return a desk without limits, at work."""
    desk = Desk(rules())
    desk.open_up()
    return at_work(desk, **told)


def assert_costs(desk, cost, qty="1000", price=None, **fields):
    """An edge of exactly the costs is refused, a little more passes."""
    cost = Decimal(cost)
    text = ask(desk, qty, price, expected_edge=cost - TINY, **fields)
    assert code(text) == "EDGE_TOO_SMALL"
    text = ask(desk, qty, price, expected_edge=cost, **fields)
    assert code(text) == "EDGE_TOO_SMALL"
    total = sum(number(text, key) for key in ("fees", "slippage", "funding", "margin"))
    assert total == cost
    assert ask(desk, qty, price, expected_edge=cost + TINY, **fields) == ""


@pytest.mark.parametrize(
    ("cost", "fields"),
    [
        ("30", {}),                                     # 2 x 5 of fees, 2 x 10 to the offer
        ("40", {"qty": "2000"}),                        # half of it 20 away
        ("30", {"side": SELL}),
        ("40", {"side": SELL, "qty": "2000"}),
        ("2", {"price": "1.1000"}),                     # it rests: 2 x 1
        ("2", {"price": "1.1010", "exec_inst": ADD_ONLY}),
        ("30", {"price": "1.1011"}),                    # it takes all that it wants
        ("16", {"price": "1.1011", "qty": "2000"}),     # half takes, half rests
        ("30", {"price": "1.1011", "qty": "2000", "time_in_force": AT_ONCE}),
        ("2", {"price": "1.0990", "side": SELL}),
        ("30", {"price": "1.0989", "side": SELL}),
        ("30", {"ord_type": OrdType.STOP, "stop_px": Decimal("1.2")}),
        ("30", {"ord_type": OrdType.STOP_LIMIT, "stop_px": Decimal("1.2"), "price": "1.2"}),
    ],
)  # fmt: skip
def test_fees_and_slippage(cost, fields):
    """What takes pays the taker fee and its way to the price, what rests the maker fee."""
    assert_costs(open_desk(), cost, **fields)


@pytest.mark.parametrize("scope", SCOPES)
def test_the_margin_of_a_scope(scope):
    """The edge must exceed the costs by more than min_edge_bps, whoever sets it."""
    desk = at_work(desk_with(scope, min_edge_bps=Decimal(5)))
    assert_costs(desk, "35")
    assert f"scope={scope}" in ask(desk, price=None, expected_edge=Decimal(35)).split()


@pytest.mark.parametrize("scope", SCOPES)
def test_an_edge_may_be_asked_for(scope):
    """Where a scope requires it, an order without 5005 is refused, a replacement too."""
    desk = at_work(desk_with(scope, require_edge=True))
    text = ask(desk, "100", "1.1000")
    assert code(text) == "EDGE_MISSING"
    assert f"scope={scope}" in text.split()
    assert ask(desk, "100", "1.1000", expected_edge=Decimal(3), cl_ord_id="A") == ""
    last_sent(desk).accept()
    assert code(ask_change(desk, "A", "110", "1.1000")) == "EDGE_MISSING"
    text = ask_change(desk, "A", "110", "1.1000", expected_edge=Decimal(2))
    assert code(text) == "EDGE_TOO_SMALL"
    assert ask_change(desk, "A", "110", "1.1000", expected_edge=Decimal("2.1")) == ""


def test_an_exit_needs_no_edge():
    """Making a position smaller is worth it in itself; an edge that it does name is judged."""
    desk = at_work(desk_with("all", require_edge=True))
    ask(desk, "1000", "1.1000", expected_edge=Decimal(3))
    last_sent(desk).fill("1000")
    assert code(ask(desk, "1001", None, side=SELL)) == "EDGE_MISSING"
    text = ask(desk, "1000", None, side=SELL, expected_edge=Decimal(30))
    assert code(text) == "EDGE_TOO_SMALL"
    assert ask(desk, "1000", None, side=SELL) == ""


def test_without_an_edge_nothing_is_judged():
    """5005 is the strategy's own affair unless a scope requires it."""
    assert ask(open_desk(), "2000", None) == ""


FUNDED = {"funding_rate": Decimal("0.0003"), "funding_interval_ms": 8 * HOUR_MS}


def funded(first_ms, **told):
    """Return a desk where funding of 3 bps falls due so long from now, and every 8 hours."""
    desk = open_desk()
    first = format_utc(desk.now_ns + first_ms * MS)
    return at_work(desk, **{**FUNDED, "funding_time": first, **told})


@pytest.mark.parametrize(
    ("holding_ms", "times"),
    [
        (0, 0), (HOUR_MS - 1, 0), (HOUR_MS, 1), (9 * HOUR_MS - 1, 1), (9 * HOUR_MS, 2),
        (24 * HOUR_MS, 3), (25 * HOUR_MS, 4), (None, 1),
    ],
)  # fmt: skip
def test_funding_within_the_holding_time(holding_ms, times):
    """It counts once for each time that it falls due; with no holding time, once."""
    assert_costs(funded(HOUR_MS), 2 + 3 * times, price="1.1000", holding_ms=holding_ms)


@pytest.mark.parametrize(("holding_h", "times"), [(6, 0), (7, 1), (14, 1), (15, 2)])
def test_a_funding_time_that_has_passed(holding_h, times):
    """The venue told it a while ago: the next is one interval after it, 7 hours from now."""
    desk = funded(-HOUR_MS)
    assert_costs(desk, 2 + 3 * times, price="1.1000", holding_ms=holding_h * HOUR_MS)


@pytest.mark.parametrize(
    ("side", "rate", "cost"),
    [(BUY, "0.0003", 5), (SELL, "0.0003", 2), (BUY, "-0.0003", 2), (SELL, "-0.0003", 5)],
)
def test_who_pays_the_funding(side, rate, cost):
    """Longs pay a positive rate, shorts a negative one; what is received is no edge."""
    desk = funded(HOUR_MS, funding_rate=Decimal(rate))
    assert_costs(desk, cost, price="1.1000", side=side, holding_ms=HOUR_MS)


def test_funding_without_a_time():
    """A rate of which the venue does not say when it falls due counts once."""
    desk = open_desk(**FUNDED)
    assert_costs(desk, "5", price="1.1000", holding_ms=1)


def test_a_rebate_is_no_edge():
    """A venue that pays makers costs nothing, and earns nothing here."""
    assert_costs(open_desk(maker_fee=Decimal("-0.0002")), "0", price="1.1000")


@pytest.mark.parametrize(
    ("told", "fields", "unknown"),
    [
        ({"taker_fee": None}, {"price": None}, "taker_fee"),
        ({"maker_fee": None}, {"price": "1.1000"}, "maker_fee"),
        ({"maker_fee": None}, {"price": "1.1011", "qty": "2000"}, "maker_fee"),
        ({}, {"price": None, "qty": "2001"}, "depth"),
    ],
)
def test_costs_that_are_not_known(told, fields, unknown):
    """A fee that the venue has not told is not free, a book that is too thin not cheap."""
    text = ask(open_desk(**told), expected_edge=Decimal(1000), **fields)
    assert code(text) == "EDGE_UNKNOWN"
    assert f"unknown={unknown}" in text.split()


@pytest.mark.parametrize(
    ("told", "fields"),
    [({"maker_fee": None}, {"price": None}), ({"taker_fee": None}, {"price": "1.1000"})],
)
def test_only_the_fee_that_is_due_is_asked_for(told, fields):
    """What takes all that it wants pays no maker fee, and the reverse."""
    assert ask(open_desk(**told), expected_edge=Decimal(1000), **fields) == ""


def test_where_only_another_venue_s_price_is_known():
    """What rests can be judged by it; what would take finds a book that nobody knows."""
    desk = at_work(two_feeds())
    desk.now_ns += 10_001 * MS
    quote_book(desk, *BOOK, venue="OTHER")
    assert_costs(desk, "2", price="1.1010")
    text = ask(desk, price="1.1011", expected_edge=Decimal(1000))
    assert code(text) == "EDGE_UNKNOWN"
    assert "unknown=depth" in text.split()


def test_an_order_that_waited_for_a_person_was_judged_when_it_came():
    """Its edge was enough then; on approval it is not asked for again."""
    desk = at_work(desk_with("all", require_edge=True, review_qty=Decimal(500)))
    assert ask(desk, "600", expected_edge=Decimal(3), cl_ord_id="A") == ""
    desk.log_on("OPERATOR/ann")
    order = desk.book.order_of("MM", "A")
    assert order.is_held
    desk.hear("OPERATOR/ann", OperatorCommand(
        cl_ord_id="U", command="APPROVE", scope=f"order:{order.order_id}", reason="test",
    ))  # fmt: skip
    assert order.wire_ids
