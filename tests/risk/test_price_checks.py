"""Whether there is a price to judge an order by, and whether the order is near it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.desk import SYMBOL, VENUE, Desk, new_order, rules
from support.scopes import (
    SCOPES,
    ask,
    ask_change,
    code,
    desk_with,
    last_sent,
    number,
    quote_book,
    two_feeds,
)

from protocol.fields import OrdType, PositionEffect, Side, TimeInForce
from protocol.messages import ExecutionReport, OperatorCommand

BUY, SELL, CLOSE = Side.BUY, Side.SELL, PositionEffect.CLOSE
STOP, STOP_LIMIT = OrdType.STOP, OrdType.STOP_LIMIT
BOOK = (
    (("1.0999", "1000"), ("1.0990", "1000"), ("1.0900", "3000")),
    (("1.1001", "1000"), ("1.1010", "1000"), ("1.1100", "3000")),
)
"""A middle of 1.1000; 10 bps beyond it are 1.1011 and 1.0989, 100 bps 1.1110 and 1.0890."""


def priced(scope="all", collar_bps="10", book=BOOK, house=None):
    """Return a desk with a collar in one scope, and this book."""
    desk = desk_with(scope, house, collar_bps=Decimal(collar_bps))
    quote_book(desk, *book)
    return desk


# The collar.


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(
    ("side", "price", "expected"),
    [
        (BUY, "1.1010", ""), (BUY, "1.1011", ""), (BUY, "1.1012", "COLLAR"),
        (BUY, "0.5000", ""),
        (SELL, "1.0990", ""), (SELL, "1.0989", ""), (SELL, "1.0988", "COLLAR"),
        (SELL, "2.2000", ""),
    ],
)  # fmt: skip
def test_a_limit_price_and_the_collar(scope, side, price, expected):
    """Beyond the collar on the side on which it hurts is refused; the other side is patience."""
    text = ask(priced(scope), "100", price, side=side)
    assert code(text) == expected
    if text:
        assert f"scope={scope}" in text.split()
        assert number(text, "reference") == Decimal("1.1")
        assert number(text, "limit_bps") == 10


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(("price", "expected"), [("1.1011", ""), ("1.1012", "COLLAR")])
def test_a_replacement_and_the_collar(scope, price, expected):
    """A price that an order may not have from the start it may not get later."""
    desk = priced(scope)
    assert ask(desk, "100", "1.0900", cl_ord_id="A") == ""
    last_sent(desk).accept()
    assert code(ask_change(desk, "A", "100", price)) == expected


@pytest.mark.parametrize(
    ("side", "qty", "expected"),
    [
        (BUY, "1000", ""), (BUY, "2000", ""), (BUY, "2001", "COLLAR"),
        (BUY, "5000", "COLLAR"), (BUY, "5001", "THIN_BOOK"),
        (SELL, "2000", ""), (SELL, "2001", "COLLAR"), (SELL, "5001", "THIN_BOOK"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ord_type", [OrdType.MARKET, STOP])
def test_the_worst_fill_of_a_market_order(side, qty, ord_type, expected):
    """It walks the known book; what it would find there binds a stop too."""
    stop_px = None
    if ord_type is STOP:
        stop_px = Decimal("1.2" if side is BUY else "1.0")
    desk = priced()
    text = ask(desk, qty, None, side=side, ord_type=ord_type, stop_px=stop_px)
    assert code(text) == expected
    if expected == "THIN_BOOK":
        assert number(text, "known_qty") == 5000
        assert number(text, "qty") == 5001


def test_a_wide_collar_lets_the_whole_book_be_taken():
    """The last level of the book is within 100 bps."""
    assert ask(priced(collar_bps="100"), "5000", None) == ""
    assert code(ask(priced(collar_bps="90"), "5000", None)) == "COLLAR"


def test_a_feed_without_sizes():
    """Where a venue tells no sizes its best price is taken for enough: nothing else is known."""
    sizeless = ((("1.0999", None), ("1.0900", None)), (("1.1001", None), ("1.1100", None)))
    assert ask(priced(book=sizeless), "900000", None) == ""
    far = ((("1.0980", None),), (("1.1020", None),))
    assert code(ask(priced(book=far), "1", None)) == "COLLAR"


def test_a_size_of_nothing_is_no_size():
    """A level that is told to be empty is not enough for anything."""
    empty = ((("1.0999", "0"),), (("1.1001", "0"),))
    text = ask(priced(book=empty), "1", None)
    assert code(text) == "THIN_BOOK"
    assert number(text, "known_qty") == 0


def test_without_a_collar_no_price_is_too_far():
    """A limit that nobody has set does not bind; whether a price is known is another matter."""
    desk = Desk(rules())
    desk.open_up()
    assert ask(desk, "1", "9.0000") == ""
    assert ask(desk, "200000", None) == ""


@pytest.mark.parametrize(
    ("price", "expected"), [("1.2012", ""), ("1.2013", "COLLAR"), ("1.1000", "")]
)
def test_a_stop_limit_is_measured_from_its_stop(price, expected):
    """It is sent when the market is at the stop price; 10 bps of 1.2 are 0.0012."""
    desk = priced()
    text = ask(desk, "100", price, ord_type=STOP_LIMIT, stop_px=Decimal("1.2"))
    assert code(text) == expected


def test_an_exit_is_collared_too():
    """A slip of a finger closes as badly as it opens, with 77=C as well."""
    desk = priced()
    ask(desk, "1000", "1.1000")
    last_sent(desk).fill("1000")
    text = ask(desk, "1000", "1.0900", side=SELL, position_effect=CLOSE)
    assert code(text) == "COLLAR"


# Stops.


@pytest.mark.parametrize(
    ("side", "stop_px", "expected"),
    [
        (BUY, "1.1002", ""), (BUY, "1.1001", "STOP_WRONG_SIDE"), (BUY, "1.0000", "STOP_WRONG_SIDE"),
        (SELL, "1.0998", ""), (SELL, "1.0999", "STOP_WRONG_SIDE"),
        (SELL, "1.2000", "STOP_WRONG_SIDE"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ord_type", [STOP, STOP_LIMIT])
def test_the_side_of_a_stop(side, stop_px, ord_type, expected):
    """A stop that would trigger at once is refused, with the market that it met."""
    price = stop_px if ord_type is STOP_LIMIT else None
    text = ask(priced(), "100", price, side=side, ord_type=ord_type, stop_px=Decimal(stop_px))
    assert code(text) == expected
    if text:
        assert number(text, "bid") == Decimal("1.0999")
        assert number(text, "offer") == Decimal("1.1001")


def test_a_stop_that_was_triggered_may_be_replaced():
    """Its stop price lies behind the market then; a new one must not."""
    desk = priced(collar_bps="2000")
    stop = {"ord_type": STOP_LIMIT, "stop_px": Decimal("1.1005")}
    assert ask(desk, "100", "1.1010", cl_ord_id="A", **stop) == ""
    last_sent(desk).accept()
    quote_book(desk, [("1.1050", "1000")], [("1.1052", "1000")])
    assert code(ask(desk, "100", "1.1010", **stop)) == "STOP_WRONG_SIDE"
    moved = {**stop, "stop_px": Decimal("1.1006")}
    assert code(ask_change(desk, "A", "100", "1.1020", **moved)) == "STOP_WRONG_SIDE"
    assert ask_change(desk, "A", "100", "1.1020", **stop) == ""


# Freshness.


def blind(desk):
    """Let the last quote grow old."""
    desk.now_ns += 10_001 * 1_000_000
    return desk


def long_1000():
    """Return a desk where MM holds 1000."""
    desk = priced()
    ask(desk, "1000", "1.1000")
    last_sent(desk).fill("1000")
    return desk


def test_at_its_age_limit_a_price_still_counts():
    """10 s old is fresh, a millisecond more is not."""
    desk = priced()
    desk.now_ns += 10_000 * 1_000_000
    assert ask(desk, "100", "1.1000") == ""
    desk.now_ns += 1_000_000
    text = ask(desk, "100", "1.1000")
    assert code(text) == "QUOTE_STALE"
    assert number(text, "limit_ms") == 10_000


@pytest.mark.parametrize(
    ("fault", "book"),
    [
        ("QUOTE_CROSSED", ([("1.1002", "1")], [("1.1001", "1")])),
        ("QUOTE_WIDE", ([("1.0000", "1")], [("1.2000", "1")])),
        ("QUOTE_JUMP", ([("0.7699", "1")], [("0.7701", "1")])),
        ("NO_PRICE", ([("1.0999", "1")], [])),
    ],
)
def test_new_risk_needs_a_price_that_can_be_believed(fault, book):
    """Crossed, too wide, jumped, empty: refused with the fault of the feed and its symbol."""
    desk = priced()
    quote_book(desk, *book)
    text = ask(desk, "100", "1.1000")
    assert code(text) == fault
    assert {f"symbol={SYMBOL}", f"venue={VENUE}"} <= set(text.split())


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        ("", {"price": "1.1000"}),
        ("", {"price": None, "position_effect": CLOSE}),
        ("QUOTE_STALE", {"price": None}),
        ("QUOTE_STALE", {"price": "1.1000", "qty": "1001"}),
        ("QUOTE_STALE", {"price": "1.1000", "side": BUY}),
        ("QUOTE_STALE", {"price": None, "ord_type": STOP, "stop_px": Decimal("1.05")}),
        ("", {"price": None, "ord_type": STOP, "stop_px": Decimal("1.05"),
              "position_effect": CLOSE}),
    ],
)  # fmt: skip
def test_what_may_leave_without_a_price(expected, fields):
    """Only what closes: with a limit price, or where 77=C says that getting out is meant."""
    fields = {"qty": "1000", "side": SELL, **fields}
    assert code(ask(blind(long_1000()), **fields)) == expected


def test_what_rests_counts_when_there_is_no_price():
    """Two orders that close each, but not both, are not both let through."""
    desk = blind(long_1000())
    assert ask(desk, "600", "1.1000", side=SELL) == ""
    assert code(ask(desk, "401", "1.1000", side=SELL)) == "QUOTE_STALE"
    assert ask(desk, "400", "1.1000", side=SELL) == ""


def test_a_replacement_without_a_price():
    """Taking quantity off is no new risk; another price, or more, is."""
    desk = priced()
    ask(desk, "1000", "1.0900", cl_ord_id="A")
    exchange = last_sent(desk)
    exchange.accept()
    blind(desk)
    assert code(ask_change(desk, "A", "1000", "1.0901")) == "QUOTE_STALE"
    assert code(ask_change(desk, "A", "1001", "1.0900")) == "QUOTE_STALE"
    assert ask_change(desk, "A", "999", "1.0900") == ""


# Two feeds.


def test_the_book_that_is_walked_is_that_of_the_venue():
    """Another venue's price is good for comparing; what can be had is what the venue has."""
    desk = two_feeds(collar_bps=Decimal(10))
    quote_book(desk, [("1.0999", "9999")], [("1.1001", "9999")], venue="OTHER")
    quote_book(desk, *BOOK)
    assert ask(desk, "2000", None) == ""
    assert code(ask(desk, "2001", None)) == "COLLAR"


def test_where_the_venue_s_own_book_is_not_known():
    """A limit order goes by the other venue's price; a market order would go into the dark."""
    desk = two_feeds(collar_bps=Decimal(10))
    desk.now_ns += 10_001 * 1_000_000
    quote_book(desk, [("1.0999", "9999")], [("1.1001", "9999")], venue="OTHER")
    assert ask(desk, "100", "1.1011") == ""
    assert code(ask(desk, "100", "1.1012")) == "COLLAR"
    text = ask(desk, "100", None)
    assert code(text) == "THIN_BOOK"
    assert number(text, "known_qty") == 0


def test_an_immediate_order_is_collared_by_its_price():
    """Its limit is the worst that can happen, however thin the book."""
    desk = priced()
    at_once = {"time_in_force": TimeInForce.IMMEDIATE_OR_CANCEL}
    assert ask(desk, "9000", "1.1011", **at_once) == ""
    assert code(ask(desk, "9000", "1.1012", **at_once)) == "COLLAR"


def test_an_order_is_checked_again_when_a_person_lets_it_go():
    """The price that counts is that of the moment of approval."""
    desk = desk_with("all", collar_bps=Decimal(10), review_qty=Decimal(500))
    quote_book(desk, *BOOK)
    desk.hear("MM", new_order(desk, "A", "600", "1.1011"))
    order = desk.book.order_of("MM", "A")
    assert order.is_held
    quote_book(desk, [("1.0989", "1000")], [("1.0991", "1000")])
    desk.log_on("OPERATOR/ann")
    desk.hear("OPERATOR/ann", OperatorCommand(
        cl_ord_id="U", command="APPROVE", reason="test", scope=f"order:{order.order_id}",
    ))  # fmt: skip
    told = [said for said in desk.told("MM") if isinstance(said, ExecutionReport)][-1]
    assert code(told.text) == "COLLAR"
