"""Reduce-only never increases or flips, whatever rests beside it; post-only never crosses."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.desk import VENUE, Desk, Exchange, rules
from support.scopes import ask, ask_change, code, last_sent, number, quote_book

from protocol.fields import ExecInst, OrdType, PositionEffect, Side
from protocol.messages import NewOrderSingle, OrderCancelReplaceRequest

BUY, SELL, CLOSE = Side.BUY, Side.SELL, PositionEffect.CLOSE
ADD_ONLY = ExecInst.PARTICIPATE_DONT_INITIATE


def holding(qty):
    """Return a desk where MM holds a position, short when it is negative."""
    desk = Desk(rules())
    desk.open_up()
    side = BUY if qty > 0 else SELL
    ask(desk, str(abs(qty)), "1.1000", side=side)
    last_sent(desk).fill(str(abs(qty)))
    return desk


@pytest.mark.parametrize(("held", "side"), [(1000, SELL), (-1000, BUY)])
@pytest.mark.parametrize(("qty", "expected"), [("999", ""), ("1000", ""), ("1001", "REDUCE_ONLY")])
def test_one_order(held, side, qty, expected):
    """It closes what is held and nothing more."""
    text = ask(holding(held), qty, side=side, position_effect=CLOSE)
    assert code(text) == expected
    if text:
        assert (number(text, "qty"), number(text, "reducible")) == (1001, 1000)


@pytest.mark.parametrize(("held", "side"), [(1000, BUY), (-1000, SELL)])
def test_the_side_that_adds(held, side):
    """77=C on the side that would make the position larger closes nothing."""
    assert code(ask(holding(held), "1", side=side, position_effect=CLOSE)) == "REDUCE_ONLY"


@pytest.mark.parametrize(("qty", "expected"), [("399", ""), ("400", ""), ("401", "REDUCE_ONLY")])
def test_several_that_rest_together(qty, expected):
    """What rests already, acknowledged or on its way, takes its part of what may be closed."""
    desk = holding(1000)
    assert ask(desk, "300", side=SELL, position_effect=CLOSE) == ""
    last_sent(desk).accept()
    assert ask(desk, "300", side=SELL, position_effect=CLOSE) == ""
    assert code(ask(desk, qty, side=SELL, position_effect=CLOSE)) == expected


@pytest.mark.parametrize(("qty", "expected"), [("699", ""), ("700", ""), ("701", "REDUCE_ONLY")])
def test_a_replacement(qty, expected):
    """The old version makes room for the new one; the others do not."""
    desk = holding(1000)
    assert ask(desk, "300", side=SELL, position_effect=CLOSE) == ""
    assert ask(desk, "300", side=SELL, position_effect=CLOSE, cl_ord_id="A") == ""
    last_sent(desk).accept()
    text = ask_change(desk, "A", qty, side=SELL, position_effect=CLOSE)
    assert code(text) == expected


def test_a_replacement_of_an_order_that_is_partly_filled():
    """What is executed is in the position already: only what is left may still close."""
    desk = holding(1000)
    assert ask(desk, "600", side=SELL, position_effect=CLOSE, cl_ord_id="A") == ""
    exchange = last_sent(desk)
    exchange.accept()
    exchange.fill("400")
    text = ask_change(desk, "A", "1001", side=SELL, position_effect=CLOSE)
    assert (code(text), number(text, "qty"), number(text, "reducible")) == ("REDUCE_ONLY", 601, 600)
    assert ask_change(desk, "A", "1000", side=SELL, position_effect=CLOSE) == ""


@pytest.mark.parametrize(("to", "room"), [("500", 500), ("100", 700)])
def test_a_replacement_on_its_way_counts_at_its_larger_quantity(to, room):
    """Either version may live, so the larger one counts for the orders that come after it."""
    desk = holding(1000)
    assert ask(desk, "300", side=SELL, position_effect=CLOSE, cl_ord_id="A") == ""
    last_sent(desk).accept()
    assert ask_change(desk, "A", to, side=SELL, position_effect=CLOSE) == ""
    assert code(ask(desk, str(room + 1), side=SELL, position_effect=CLOSE)) == "REDUCE_ONLY"
    assert ask(desk, str(room), side=SELL, position_effect=CLOSE) == ""


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "change", "change", "replaced", "fill"]),
        st.integers(0, 5), st.integers(1, 12),
    ),
    max_size=25,
)  # fmt: skip


class Closing:
    """MM holds a position and asks only for reduce-only orders; the venue does what it likes."""

    def __init__(self, held):
        self.desk = holding(held)
        self.side = SELL if held > 0 else BUY
        self.fields = {"side": self.side, "position_effect": CLOSE}
        self.names = []

    def step(self, kind, which, qty):
        """Ask for something, or let the venue say something about what is open."""
        if kind == "ask":
            name = f"O{len(self.desk.records)}"
            if ask(self.desk, str(qty), cl_ord_id=name, **self.fields) == "":
                self.names.append(name)
            return
        if not self.names:
            return
        name = self.names[which % len(self.names)]
        order = self.desk.book.order_of("MM", name)
        if not order.is_open:
            return
        exchange = self.exchange(order)
        if kind == "change":
            ask_change(self.desk, order.cl_ord_id, str(qty), **self.fields)
        elif kind == "replaced" and order.replace is not None:
            asked = self.desk.told(VENUE)
            exchange.replace(next(
                one for one in asked if isinstance(one, OrderCancelReplaceRequest)
                and one.cl_ord_id == order.replace.wire_id
            ))  # fmt: skip
        elif kind == "fill" and order.leaves_qty > 0:
            exchange.fill(str(min(qty, order.leaves_qty)))

    def exchange(self, order):
        """Return the venue's side of an order as it is now."""
        exchange = Exchange(self.desk, NewOrderSingle(
            cl_ord_id=order.wire_id, symbol=order.symbol, side=order.side, transact_time="",
            order_qty=order.order_qty, ord_type=OrdType.LIMIT,
        ))  # fmt: skip
        exchange.cum = order.cum_qty
        exchange.count = len(self.desk.records)
        return exchange


@settings(max_examples=150, deadline=None)
@given(held=st.sampled_from([-7, 7, 20]), steps=STEPS)
def test_reduce_only_orders_together_never_flip(held, steps):
    """Whatever is asked, replaced and filled: all that is open together closes at most all."""
    play = Closing(held)
    for step in steps:
        play.step(*step)
        position = next(iter(play.desk.book.state.positions["MM"].values())).qty
        assert position * held >= 0
        book = play.desk.book
        at_stake = sum(book.working_qty(order) for order in book.open_orders(owner="MM"))
        assert at_stake <= abs(position)


# Post-only.


@pytest.mark.parametrize(
    ("side", "price", "expected"),
    [
        (BUY, "1.1001", ""), (BUY, "1.1002", "POST_ONLY_WOULD_CROSS"),
        (BUY, "1.1003", "POST_ONLY_WOULD_CROSS"),
        (SELL, "1.1001", ""), (SELL, "1.1000", "POST_ONLY_WOULD_CROSS"),
        (SELL, "1.0999", "POST_ONLY_WOULD_CROSS"),
    ],
)  # fmt: skip
def test_post_only_at_the_other_side_of_the_book(side, price, expected):
    """Between bid and offer it adds to the book; at the other side's price it would take."""
    desk = Desk(rules())
    desk.open_up()
    text = ask(desk, "10", price, side=side, exec_inst=ADD_ONLY)
    assert code(text) == expected
    assert ask(desk, "10", price, side=side) == ""  # without the instruction it may take
    if text:
        shown = ("offer", "1.1002") if side is BUY else ("bid", "1.1000")
        assert number(text, shown[0]) == Decimal(shown[1])


@pytest.mark.parametrize(
    ("price", "expected"), [("1.1001", ""), ("1.1002", "POST_ONLY_WOULD_CROSS")]
)
def test_a_replacement_stays_post_only(price, expected):
    """A new price crosses as well as a first one."""
    desk = Desk(rules())
    desk.open_up()
    assert ask(desk, "10", "1.0990", exec_inst=ADD_ONLY, cl_ord_id="A") == ""
    last_sent(desk).accept()
    assert code(ask_change(desk, "A", "10", price, exec_inst=ADD_ONLY)) == expected


def test_a_stop_limit_enters_another_book():
    """What it crosses when it is triggered is not known now."""
    desk = Desk(rules())
    desk.open_up()
    fields = {"ord_type": OrdType.STOP_LIMIT, "stop_px": Decimal("1.2"), "exec_inst": ADD_ONLY}
    assert ask(desk, "10", "1.2", **fields) == ""


def test_where_the_book_is_not_known_the_venue_decides():
    """An exit that is post-only may leave without a quote; whether it crosses cannot be said."""
    desk = holding(1000)
    desk.now_ns += 10_001 * 1_000_000
    assert ask(desk, "1000", "1.0000", side=SELL, exec_inst=ADD_ONLY) == ""


@settings(max_examples=150, deadline=None)
@given(
    bid=st.integers(10_990, 11_009), spread=st.integers(1, 5), price=st.integers(10_980, 11_020),
    side=st.sampled_from(Side),
)  # fmt: skip
def test_post_only_never_crosses(bid, spread, price, side):
    """For any book and price: refused exactly when the price meets the other side."""
    desk = Desk(rules())
    desk.open_up()
    tick = Decimal("0.0001")
    quote_book(desk, [(bid * tick, "100")], [((bid + spread) * tick, "100")])
    crosses = price >= bid + spread if side is BUY else price <= bid
    text = ask(desk, "10", price * tick, side=side, exec_inst=ADD_ONLY)
    assert code(text) == ("POST_ONLY_WOULD_CROSS" if crosses else "")
