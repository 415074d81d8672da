"""What follows from a report, whoever caused it: copies, and reduce-only orders left uncovered."""

from __future__ import annotations

from decimal import Decimal

from support.desk import VENUE, Desk, Exchange, change, new_order

from protocol.fields import ExecType, PositionEffect, Side
from protocol.messages import ExecutionReport, NewOrderSingle, OrderCancelRequest


def sent(desk, kind):
    """What the venue was sent of a kind."""
    return [message for message in desk.told(VENUE) if isinstance(message, kind)]


def trade(desk, owner, cl_ord_id, side, qty, **fields):
    """Order, acknowledge; return the exchange's side of it."""
    desk.hear(owner, new_order(desk, cl_ord_id, qty, side=side, **fields))
    exchange = Exchange(desk, sent(desk, NewOrderSingle)[-1])
    exchange.accept()
    return exchange


def test_a_resting_reduce_only_order_never_flips_a_position():
    """Once a plain sale has closed the position, the reduce-only sale beside it is withdrawn."""
    desk = Desk()
    desk.open_up()
    trade(desk, "MM", "in", Side.BUY, "1000").fill("1000")
    trade(desk, "MM", "closing", Side.SELL, "600", position_effect=PositionEffect.CLOSE)
    plain = trade(desk, "MM", "plain", Side.SELL, "1000")
    plain.fill("400")
    assert sent(desk, OrderCancelRequest) == []
    plain.fill("600")

    (withdrawn,) = sent(desk, OrderCancelRequest)
    order = desk.book.order_of("MM", "closing")
    assert withdrawn.orig_cl_ord_id == order.wire_id
    assert order.cancel.text.startswith("REDUCE_ONLY")
    assert desk.replayed().digest() == desk.book.digest()


def test_operators_get_a_copy_of_every_report():
    """Also of one that no message caused: a venue's lost link puts an order in doubt."""
    desk = Desk()
    desk.open_up()
    desk.log_on("OPERATOR/ann/1", sender_sub_id="ann/1")
    desk.hear("MM", new_order(desk, "a"))
    desk.drop(VENUE)
    told = [m for m in desk.told("MM") if isinstance(m, ExecutionReport)]
    copies = [m for m in desk.told("OPERATOR/ann/1") if isinstance(m, ExecutionReport)]
    assert [m.exec_type for m in told] == [ExecType.PENDING_NEW, ExecType.ORDER_STATUS]
    assert [(m.exec_id, m.on_behalf_of_comp_id) for m in copies] == [
        (m.exec_id, "MM") for m in told
    ]
    assert all(m.copy_msg_indicator for m in copies)


def test_a_bust_uncovers_a_reduce_only_order():
    """A position that the venue takes back covers nothing any more."""
    desk = Desk()
    desk.open_up()
    bought = trade(desk, "MM", "in", Side.BUY, "1000")
    bought.fill("1000", trade_id="T1")
    trade(desk, "MM", "closing", Side.SELL, "1000", position_effect=PositionEffect.CLOSE)
    bought.cum = Decimal(0)
    bought.say(ExecType.TRADE_CANCEL, "0", exec_ref_id="T1")
    assert len(sent(desk, OrderCancelRequest)) == 1


def test_a_replace_on_its_way_counts_at_its_larger_quantity():
    """What a plain sale leaves covers the order as it is, and not as it is about to become."""
    desk = Desk()
    desk.open_up()
    trade(desk, "MM", "in", Side.BUY, "1000").fill("1000")
    close = {"side": Side.SELL, "position_effect": PositionEffect.CLOSE}
    trade(desk, "MM", "closing", qty="500", **close)
    desk.hear("MM", change(desk, "larger", "closing", "1000", "1.1000", **close))
    trade(desk, "MM", "plain", Side.SELL, "500").fill("500")

    assert len(sent(desk, OrderCancelRequest)) == 1
    assert desk.book.order_of("MM", "closing").cancel.text.startswith("REDUCE_ONLY")
    assert desk.replayed().digest() == desk.book.digest()
