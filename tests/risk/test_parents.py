"""All the slices of a larger order together are never larger than the whole."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.desk import VENUE, Desk, Exchange, cancel, rules
from support.scopes import ask, ask_change, code, desk_with, last_sent, number

from protocol.fields import Side
from protocol.messages import OperatorCommand, OrderCancelRequest


@pytest.fixture
def desk():
    """An open house."""
    desk = Desk(rules())
    desk.open_up()
    return desk


def ask_slice(desk, qty, parent="P", whole="1000", **fields):
    """Ask for a slice of a parent."""
    return ask(desk, qty, parent_order_id=parent, parent_qty=Decimal(whole), **fields)


@pytest.mark.parametrize(
    ("qty", "expected"), [("999", ""), ("1000", ""), ("1001", "CHILD_EXCEEDS_PARENT")]
)
def test_one_slice(desk, qty, expected):
    """A child is never larger than its parent."""
    text = ask_slice(desk, qty)
    assert code(text) == expected
    if text:
        assert "parent=P" in text.split()
        assert (number(text, "children"), number(text, "parent_qty")) == (1001, 1000)


@pytest.mark.parametrize(
    ("qty", "expected"), [("399", ""), ("400", ""), ("401", "CHILD_EXCEEDS_PARENT")]
)
def test_slices_on_their_way_count(desk, qty, expected):
    """What was sent counts, whether or not the venue has answered."""
    assert ask_slice(desk, "300") == ""
    last_sent(desk).accept()
    assert ask_slice(desk, "300") == ""
    assert code(ask_slice(desk, qty)) == expected


def test_what_was_executed_counts_for_ever_and_what_was_cancelled_does_not(desk):
    """300 executed of 500, the rest cancelled: 700 of 1000 are left."""
    assert ask_slice(desk, "500", cl_ord_id="A") == ""
    exchange = last_sent(desk)
    exchange.accept()
    exchange.fill("300")
    desk.hear("MM", cancel(desk, "C", "A"))
    sent = [said for said in desk.told(VENUE) if isinstance(said, OrderCancelRequest)][-1]
    assert code(ask_slice(desk, "501")) == "CHILD_EXCEEDS_PARENT"  # the cancel may come too late
    exchange.cancel(sent)
    text = ask_slice(desk, "701")
    assert (code(text), number(text, "children")) == ("CHILD_EXCEEDS_PARENT", 1001)
    assert ask_slice(desk, "700") == ""
    last_sent(desk).fill("700")
    assert code(ask_slice(desk, "1")) == "CHILD_EXCEEDS_PARENT"


def test_it_survives_a_restart(desk):
    """What the slices have executed is folded from the journal."""
    assert ask_slice(desk, "600") == ""
    last_sent(desk).fill("600")
    desk.restart()
    desk.open_up()
    assert code(ask_slice(desk, "401")) == "CHILD_EXCEEDS_PARENT"
    assert ask_slice(desk, "400") == ""


@pytest.mark.parametrize(
    ("qty", "expected"), [("699", ""), ("700", ""), ("701", "CHILD_EXCEEDS_PARENT")]
)
def test_a_replacement_of_a_slice(desk, qty, expected):
    """It makes room for itself and not for more."""
    assert ask_slice(desk, "300") == ""
    assert ask_slice(desk, "300", cl_ord_id="A") == ""
    last_sent(desk).accept()
    assert code(ask_change(desk, "A", qty)) == expected


@pytest.mark.parametrize(
    ("qty", "expected"), [("700", ""), ("701", "CHILD_EXCEEDS_PARENT")]
)
def test_a_replacement_of_a_slice_that_is_partly_filled(desk, qty, expected):
    """A quantity is that of the whole slice, what it has executed included."""
    assert ask_slice(desk, "300") == ""
    assert ask_slice(desk, "300", cl_ord_id="A") == ""
    exchange = last_sent(desk)
    exchange.accept()
    exchange.fill("200")
    assert code(ask_change(desk, "A", qty)) == expected


def test_a_smaller_replacement_frees_nothing_before_it_is_there(desk):
    """While the replace is on its way the old quantity may be executed."""
    assert ask_slice(desk, "1000", cl_ord_id="A") == ""
    last_sent(desk).accept()
    assert ask_change(desk, "A", "400") == ""
    assert code(ask_slice(desk, "1")) == "CHILD_EXCEEDS_PARENT"


def test_another_quantity_of_the_same_parent(desk):
    """Who makes the parent larger while it is worked has lost count: refused."""
    assert ask_slice(desk, "300") == ""
    for whole in ("999", "1001", "100000"):
        text = ask_slice(desk, "1", whole=whole)
        assert code(text) == "PARENT_CHANGED"
        assert number(text, "first") == 1000
    assert ask_slice(desk, "1", whole="1000.0") == ""


def test_parents_of_others_and_other_parents(desk):
    """A parent is one strategy's own name."""
    assert ask_slice(desk, "1000") == ""
    assert ask_slice(desk, "1000", parent="Q") == ""
    assert ask_slice(desk, "2000", whole="2000", owner="MOM") == ""
    assert ask(desk, "5000") == ""


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"parent_order_id": "P"}, "ParentQty(5041)"),
        ({"parent_qty": Decimal(1000)}, "ParentOrderID(5014)"),
    ],
)
def test_a_parent_has_a_name_and_a_quantity(desk, fields, missing):
    """One without the other says nothing that could be held to."""
    text = ask(desk, "1", **fields)
    assert code(text) == "FIELDS_DISAGREE"
    assert f"missing={missing}" in text.split()


@pytest.mark.parametrize("whole", ["0", "-1000"])
def test_a_parent_of_nothing(desk, whole):
    """It has no slices."""
    assert code(ask_slice(desk, "1", whole=whole)) == "CHILD_EXCEEDS_PARENT"


def test_a_slice_that_waited_for_a_person_counts_once():
    """On approval it is judged beside the others, not beside itself."""
    desk = desk_with("all", review_qty=Decimal(500))
    assert ask_slice(desk, "600", cl_ord_id="A") == ""
    assert ask_slice(desk, "400") == ""
    desk.log_on("OPERATOR/ann")
    order = desk.book.order_of("MM", "A")
    desk.hear("OPERATOR/ann", OperatorCommand(
        cl_ord_id="U", command="APPROVE", scope=f"order:{order.order_id}", reason="test",
    ))  # fmt: skip
    assert order.wire_ids


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "change", "fill", "accept", "end"]),
        st.integers(1, 12), st.integers(0, 20),
    ),
    max_size=30,
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(steps=STEPS)
def test_a_loop_of_slices_ends_at_the_whole(steps):
    """Whatever is asked, filled and ended: executed and open slices never exceed the parent."""
    desk = Desk(rules())
    desk.open_up()
    for kind, qty, which in steps:
        orders = desk.book.open_orders(owner="MM")
        if kind == "ask":
            ask_slice(desk, str(qty), whole="20")
        elif orders:
            order = orders[which % len(orders)]
            if kind == "change":
                ask_change(desk, order.cl_ord_id, str(qty))
            else:
                let_say(desk, order, kind, qty)
        children = desk.book.state.orders.values()
        executed = sum(order.cum_qty for order in children)
        assert executed + sum(map(desk.book.working_qty, children)) <= 20


def let_say(desk, order, kind, qty):
    """Let the venue say something about an order."""
    exchange = Exchange(desk, replace(
        last_of(desk), cl_ord_id=order.wire_id, order_qty=order.order_qty, side=Side.BUY,
    ))  # fmt: skip
    exchange.cum, exchange.count = order.cum_qty, len(desk.records)
    if kind == "fill" and order.leaves_qty > 0:
        exchange.fill(str(min(qty, order.leaves_qty)))
    elif kind == "accept" and order.venue_state == "PENDING_NEW":
        exchange.accept()
    elif kind == "end":
        exchange.cancel()


def last_of(desk):
    """Return the last order that the venue was sent."""
    return [said for said in desk.told(VENUE) if said.msg_type == "D"][-1]
