"""No order of ours meets another of ours: refused, cleared out of the way, or let through."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.desk import ACCOUNT, SYMBOL, VENUE, Desk, cancel, rules
from support.scopes import ask, ask_change, code, last_sent, quote_book, with_venue

from gateway.oms.rules import CANCEL_RESTING, LET_THROUGH, REJECT_NEW
from protocol.fields import ExecInst, ExecType, OrdType, PositionEffect, Side, TimeInForce
from protocol.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)

BUY, SELL = Side.BUY, Side.SELL
ADD_ONLY = ExecInst.PARTICIPATE_DONT_INITIATE


def desk_in(mode):
    """Return a desk whose account wants self-trades treated so."""
    desk = Desk(with_venue(rules(), self_trade=mode))
    desk.open_up()
    return desk


def resting(mode=REJECT_NEW, side=SELL, price="1.1010", **fields):
    """Return a desk where an order of MOM rests."""
    desk = desk_in(mode)
    assert ask(desk, "100", price, owner="MOM", side=side, cl_ord_id="REST", **fields) == ""
    last_sent(desk).accept()
    return desk


@pytest.mark.parametrize("owner", ["MM", "MOM"])
@pytest.mark.parametrize(
    ("rests", "side", "price", "expected"),
    [
        (SELL, BUY, "1.1009", ""), (SELL, BUY, "1.1010", "SELF_TRADE"),
        (SELL, BUY, "1.1011", "SELF_TRADE"), (SELL, BUY, None, ""),
        (SELL, SELL, "1.1000", ""), (SELL, SELL, None, ""),
        (BUY, SELL, "1.1011", ""), (BUY, SELL, "1.1010", "SELF_TRADE"),
        (BUY, SELL, "1.1009", "SELF_TRADE"), (BUY, SELL, None, "SELF_TRADE"),
        (BUY, BUY, "1.1010", ""),
    ],
)  # fmt: skip
def test_what_would_meet_an_order_of_ours_is_refused(rests, side, price, expected, owner):
    """At its price and beyond it, whichever strategy of ours it is; bid 1.1000, offer 1.1002."""
    desk = resting(side=rests)
    text = ask(desk, "100", price, owner=owner, side=side)
    assert code(text) == expected
    if text:
        order = desk.book.order_of("MOM", "REST")
        assert {f"order={order.order_id}", "owner=MOM", "price=1.1010"} <= set(text.split())


@pytest.mark.parametrize(("price", "expected"), [("1.1009", ""), ("1.1010", "SELF_TRADE")])
def test_a_replacement_that_would_meet_one(price, expected):
    """A new price meets an order of ours as a new order would; not the order that it replaces."""
    desk = resting()
    assert ask(desk, "100", "1.0990", cl_ord_id="A") == ""
    last_sent(desk).accept()
    assert code(ask_change(desk, "A", "100", price)) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"exec_inst": ADD_ONLY, "price": "1.1016"},
        {"ord_type": OrdType.STOP, "price": None, "stop_px": Decimal("1.1020")},
        {"ord_type": OrdType.STOP_LIMIT, "price": "1.1030", "stop_px": Decimal("1.1020")},
    ],
)
@pytest.mark.parametrize("mode", [REJECT_NEW, CANCEL_RESTING])
def test_what_meets_nobody_when_it_is_sent(mode, fields):
    """Post-only never takes, a stop takes later: nothing is refused and nothing cancelled."""
    desk = resting(mode)
    quote_book(desk, [("1.1013", "100")], [("1.1017", "100")])
    price = fields.get("price")
    rest = {key: value for key, value in fields.items() if key != "price"}
    assert ask(desk, "100", price, **rest) == ""
    assert not [said for said in desk.told(VENUE) if isinstance(said, OrderCancelRequest)]


@pytest.mark.parametrize(
    ("rests", "expected"),
    [
        ({"time_in_force": TimeInForce.IMMEDIATE_OR_CANCEL}, ""),
        ({"ord_type": OrdType.STOP, "price": None, "stop_px": Decimal("1.0900")}, ""),
        ({"ord_type": OrdType.MARKET, "price": None}, ""),
        ({"exec_inst": ADD_ONLY}, "SELF_TRADE"),
    ],
)
def test_what_does_not_rest_is_not_met(rests, expected):
    """Immediate orders, untriggered stops and market orders never wait for another."""
    desk = resting(**rests)
    assert code(ask(desk, "100", "1.1010")) == expected


def test_an_order_on_its_way_counts():
    """The venue has not answered yet: it may rest already."""
    desk = desk_in(REJECT_NEW)
    assert ask(desk, "100", "1.1010", owner="MOM", side=SELL) == ""
    assert code(ask(desk, "100", "1.1010")) == "SELF_TRADE"


def test_an_order_whose_cancel_is_pending_counts_until_it_is_gone():
    """The cancel may come too late."""
    desk = resting()
    desk.hear("MOM", cancel(desk, "C", "REST", side=SELL))
    assert code(ask(desk, "100", "1.1010")) == "SELF_TRADE"
    sent = [said for said in desk.told(VENUE) if isinstance(said, OrderCancelRequest)][-1]
    exchange = last_sent(desk)
    exchange.cancel(sent)
    assert ask(desk, "100", "1.1010") == ""


@pytest.mark.parametrize("price", ["1.1005", "1.1015"])
def test_while_a_replace_is_pending_either_price_counts(price):
    """The better of the two may be the one that lives."""
    desk = resting()
    assert ask_change(desk, "REST", "100", price, owner="MOM", side=SELL) == ""
    better = min(Decimal(price), Decimal("1.1010"))
    assert code(ask(desk, "100", better)) == "SELF_TRADE"
    assert ask(desk, "100", better - Decimal("0.0001")) == ""


def test_let_through():
    """Where the account wants it so, our orders may meet."""
    desk = resting(LET_THROUGH)
    assert ask(desk, "100", "1.1010") == ""
    assert not [said for said in desk.told(VENUE) if isinstance(said, OrderCancelRequest)]


@pytest.mark.parametrize(("price", "cancels"), [
    ("1.1009", 0), ("1.1010", 1), ("1.1020", 2), (None, 2),
])  # fmt: skip
def test_cancel_resting(price, cancels):
    """What would be met is cancelled first, then the order is sent; its owner is told why."""
    desk = resting(CANCEL_RESTING)
    quote_book(desk, [("1.1000", "100")], [("1.1002", "99")])
    assert ask(desk, "100", "1.1020", owner="MOM", side=SELL, cl_ord_id="REST2") == ""
    last_sent(desk).accept()
    before = len(desk.told(VENUE))
    assert ask(desk, "100", price) == ""
    sent = desk.told(VENUE)[before:]
    assert [type(said) for said in sent] == [OrderCancelRequest] * cancels + [NewOrderSingle]
    told = [said for said in desk.told("MOM") if isinstance(said, ExecutionReport)]
    assert [said.text for said in told if said.exec_type is ExecType.PENDING_CANCEL] == (
        ["SELF_TRADE"] * cancels
    )


BIDS = [("1.1000", "100"), ("1.0999", "100"), ("1.0998", "100")]
OFFERS = [("1.1002", "100"), ("1.1003", "100"), ("1.1004", "100")]

MARKET_ORDERS = pytest.mark.parametrize(
    ("qty", "rests", "price", "meets"),
    [
        ("100", SELL, "1.1001", True), ("100", SELL, "1.1002", True),
        ("100", SELL, "1.1003", False), ("101", SELL, "1.1002", True),
        ("101", SELL, "1.1003", True), ("101", SELL, "1.1004", False),
        ("300", SELL, "1.1004", True), ("300", SELL, "1.1005", False),
        ("301", SELL, "1.1005", True), ("301", SELL, "1.9999", True),
        ("100", BUY, "1.1001", True), ("100", BUY, "1.1000", True), ("100", BUY, "1.0999", False),
        ("101", BUY, "1.1000", True), ("101", BUY, "1.0999", True), ("101", BUY, "1.0998", False),
        ("300", BUY, "1.0998", True), ("300", BUY, "1.0997", False),
        ("301", BUY, "1.0997", True), ("301", BUY, "0.0001", True),
    ],
)  # fmt: skip


def ask_market(desk, qty, rests):
    """Ask for a market order against the side that rests; return the code of its refusal."""
    side = BUY if rests is SELL else SELL
    return code(ask(desk, qty, None, side=side, position_effect=PositionEffect.CLOSE))


@MARKET_ORDERS
def test_a_market_order_meets_what_is_not_beyond_its_worst_fill(qty, rests, price, meets):
    """At the price of its worst fill, a tick inside, a tick outside; in a thin book: everything."""
    desk = resting(REJECT_NEW, rests, price)
    hold(desk, rests)
    quote_book(desk, BIDS, OFFERS)
    assert ask_market(desk, qty, rests) == ("SELF_TRADE" if meets else "")


@MARKET_ORDERS
def test_a_market_order_clears_what_is_not_beyond_its_worst_fill(qty, rests, price, meets):
    """What would be met, and nothing else, is cancelled before the order is sent."""
    desk = resting(CANCEL_RESTING, rests, price)
    hold(desk, rests)
    quote_book(desk, BIDS, OFFERS)
    before = len(desk.told(VENUE))
    assert ask_market(desk, qty, rests) == ""
    expected = [OrderCancelRequest] * meets + [NewOrderSingle]
    assert [type(said) for said in desk.told(VENUE)[before:]] == expected


@pytest.mark.parametrize(("mode", "expected"), [(REJECT_NEW, "SELF_TRADE"), (CANCEL_RESTING, "")])
def test_without_a_known_book_a_market_order_meets_everything(mode, expected):
    """The feed is stale: closing at whatever price passes, and how deep it goes nobody knows."""
    desk = resting(mode, SELL, "1.1900")
    hold(desk, SELL)
    desk.pass_time(60_000)
    assert ask_market(desk, "10", SELL) == expected
    sent = [said for said in desk.told(VENUE) if isinstance(said, OrderCancelRequest)]
    assert len(sent) == (mode == CANCEL_RESTING)


@pytest.mark.parametrize(("offers", "cancels"), [
    ([("1.1002", "100"), ("1.1003", "50"), ("1.1004", "100")], 2),
    ([("1.1002", "100"), ("1.1003", "100"), ("1.1004", "100")], 1),
    ([("1.1002", "150")], 2),
])  # fmt: skip
def test_a_market_order_goes_deeper_by_what_is_taken_out_of_its_way(offers, cancels):
    """100 at the best offer are ours, and gone when the order comes: it reaches the next level."""
    desk = resting(CANCEL_RESTING, SELL, "1.1002")
    assert ask(desk, "100", "1.1004", owner="MOM", side=SELL, cl_ord_id="NEXT") == ""
    last_sent(desk).accept()
    quote_book(desk, BIDS, offers)
    before = len(desk.told(VENUE))
    assert ask(desk, "100", None) == ""
    sent = [said for said in desk.told(VENUE)[before:] if isinstance(said, OrderCancelRequest)]
    assert len(sent) == cancels


def hold(desk, rests):
    """Give MM a position, so that a market order against what rests only closes it."""
    side = SELL if rests is SELL else BUY
    limit = "1.0000" if side is SELL else "1.2000"
    assert ask(desk, "1000", limit, side=side, cl_ord_id="HELD") == ""
    last_sent(desk).fill("1000")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "change", "replaced", "accept", "end"]),
        st.sampled_from(["MM", "MOM"]), st.sampled_from(Side), st.integers(10_995, 11_005),
        st.integers(0, 20),
    ),
    max_size=30,
)  # fmt: skip


def best_prices(book):
    """Return the best price that any open order of each side has or may have."""
    prices = {BUY: [], SELL: []}
    for order in book.open_orders():
        found = prices[order.side]
        found.append(order.price)
        if order.replace is not None:
            found.append(order.replace.price)
    return max(prices[BUY], default=None), min(prices[SELL], default=None)


def play_step(desk, kind, owner, side, price, which):
    """Ask for something, or let the venue answer something."""
    price = price * Decimal("0.0001")
    if kind == "ask":
        ask(desk, "100", price, owner=owner, side=side)
        return
    orders = desk.book.open_orders()
    if not orders:
        return
    order = orders[which % len(orders)]
    exchange = last_sent(desk)
    exchange.wire_id, exchange.side, exchange.qty = order.wire_id, order.side, order.order_qty
    exchange.count = len(desk.records)
    if kind == "change":
        ask_change(desk, order.cl_ord_id, "100", price, owner=order.owner, side=order.side)
    elif kind == "replaced" and order.replace is not None:
        asked = [one for one in desk.told(VENUE) if isinstance(one, OrderCancelReplaceRequest)]
        exchange.replace(next(one for one in asked if one.cl_ord_id == order.replace.wire_id))
    elif kind == "accept" and order.venue_state == "PENDING_NEW":
        exchange.accept()
    elif kind == "end":
        exchange.cancel()


@settings(max_examples=80, deadline=None)
@given(steps=STEPS)
def test_our_orders_never_cross_each_other(steps):
    """Whatever two strategies ask: of all that may rest no buy is as high as any sell."""
    desk = desk_in(REJECT_NEW)
    for step in steps:
        play_step(desk, *step)
        bid, offer = best_prices(desk.book)
        assert bid is None or offer is None or bid < offer


def test_another_account_is_another_book():
    """What rests is looked for in the account, venue and symbol of the order."""
    desk = resting()
    index = desk.book
    assert index.best_resting(ACCOUNT, VENUE, SYMBOL, SELL).order.owner == "MOM"
    assert index.best_resting("OTHER", VENUE, SYMBOL, SELL) is None
