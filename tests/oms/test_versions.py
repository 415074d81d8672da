"""Words about an older version of an order, and what the gateway itself wants cancelled."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.desk import VENUE, Exchange, new_order
from support.lines import Play

from gateway.oms.book import Book
from gateway.oms.positions import count, open_position, recount, share_out
from gateway.oms.state import Fill, PositionKey
from protocol.fields import CxlRejReason, CxlRejResponseTo, OrdStatus, Side
from protocol.fields import ExecType as E
from protocol.messages import (
    NewOrderSingle,
    OperatorCommand,
    OrderCancelReject,
    OrderCancelRequest,
    OrderStatusRequest,
)


@pytest.fixture
def play():
    """An order X of 10000 that rests."""
    play = Play()
    play.exchange = play.order()
    play.exchange.accept()
    play.lines()
    return play


def sent(play, kind):
    """What the venue was sent of a kind."""
    return [message for message in play.desk.told(VENUE) if isinstance(message, kind)]


def test_the_late_end_of_an_old_version_ends_nothing(play):
    """A venue that replaces by cancelling tells the end of the first leg after the replace."""
    old = play.exchange.wire_id
    play.exchange.replace(play.replace("Y", "X", "12000"))
    play.lines()
    play.exchange.say(E.CANCELED, OrdStatus.CANCELED, cl_ord_id=old)
    assert play.lines() == []
    assert play.desk.book.open_orders(owner="MM")


def test_the_end_of_the_first_leg_while_the_second_is_on_its_way_is_a_doubt(play):
    """The first leg's 150=4 comes before the 150=5: the order lives on in the second."""
    request = play.replace("Y", "X", "12000")
    play.exchange.cancel()
    assert [line for line in play.lines() if line[0] == "4"] == []
    play.exchange.replace(request)
    assert play.lines()[-1] == "5/0 (Y,X) q12000 c0 l12000"


def test_a_first_leg_that_ended_without_a_second_ends_the_order(play):
    """The venue does not know the second leg, and says that the first is cancelled: so it is."""
    request = play.replace("Y", "X", "12000")
    play.exchange.cancel()
    play.desk.pass_time(600)
    assert sent(play, OrderStatusRequest)[-1].cl_ord_id == request.cl_ord_id
    play.exchange.say(
        E.ORDER_STATUS, OrdStatus.REJECTED, cl_ord_id=request.cl_ord_id, ord_rej_reason=5,
        text="NEVER_SENT", complete=True,
    )  # fmt: skip
    play.desk.pass_time(1_000)
    play.desk.answer_round()
    play.desk.pass_time(1_000)
    play.exchange.say(E.ORDER_STATUS, OrdStatus.CANCELED, complete=True)
    assert play.desk.book.open_orders(owner="MM") == []


def test_a_rejection_under_the_id_of_a_replace_is_about_the_replace(play):
    """150=8 with 11 = the G: the owner gets a 9, the order is as it was."""
    request = play.replace("Y", "X", "12000")
    play.exchange.say(E.REJECTED, OrdStatus.REJECTED, cl_ord_id=request.cl_ord_id)
    assert play.lines()[-1] == "9 (Y,X) 39=0 102=99"
    assert play.desk.book.open_orders(owner="MM")


def test_what_the_gateway_wants_cancelled_is_asked_for_until_it_is(play):
    """A KILL whose cancel the venue refuses is an alert, and the cancel is issued again."""
    desk = play.desk
    desk.log_on("OPERATOR/ann/1", sender_sub_id="ann/1")
    desk.hear("OPERATOR/ann/1", OperatorCommand(
        cl_ord_id="1", command="KILL", scope="all", reason="now",
    ))  # fmt: skip
    (first,) = sent(play, OrderCancelRequest)
    desk.hear(VENUE, OrderCancelReject(
        order_id="V", cl_ord_id=first.cl_ord_id, orig_cl_ord_id=first.orig_cl_ord_id,
        ord_status=OrdStatus.NEW, cxl_rej_response_to=CxlRejResponseTo.CANCEL,
        cxl_rej_reason=CxlRejReason.BROKER, text="rate limit",
    ))  # fmt: skip
    assert "CANCEL_REFUSED" in [note.body.get("alert") for note in desk.notes]
    desk.pass_time(600)
    play.exchange.say(E.ORDER_STATUS, OrdStatus.NEW, complete=True)
    second = sent(play, OrderCancelRequest)[-1]
    assert second.cl_ord_id != first.cl_ord_id
    play.exchange.cancel(second)
    assert desk.book.open_orders() == []


def test_two_of_our_orders_may_share_a_trade_id(play):
    """When they meet each other the venue gives both sides one id: each is counted."""
    desk = play.desk
    desk.hear("MOM", new_order(desk, "S", "10000", side=Side.SELL))
    other = Exchange(desk, sent(play, NewOrderSingle)[-1])
    other.accept()
    play.exchange.fill("10000", trade_id="777")
    other.fill("10000", trade_id="777")
    held = {
        owner: position.qty
        for owner, positions in desk.book.state.positions.items()
        for position in positions.values()
    }
    assert held == {"MM": 10000, "MOM": -10000}
    before = len(desk.notes)
    play.exchange.say(
        E.TRADE, OrdStatus.FILLED, last_qty=Decimal(1), last_px=Decimal("1.1"),
        secondary_exec_id="777",
    )  # fmt: skip
    assert desk.notes[before].body["alert"] == "CONTRADICTING_FILL"


def test_a_price_correction_leaves_the_quantity(play):
    """150=G without 32 changes the price alone."""
    play.exchange.fill("400", trade_id="T1")
    correction = replace(
        play.exchange.report(E.TRADE_CORRECT, OrdStatus.PARTIALLY_FILLED),
        exec_ref_id="T1", last_px=Decimal("1.2"),
    )  # fmt: skip
    play.desk.hear(VENUE, correction)
    (position,) = play.desk.book.state.positions["MM"].values()
    assert (position.qty, position.avg_px) == (400, Decimal("1.2"))


def test_a_bust_after_younger_fills_have_left_memory_keeps_their_quantity():
    """What was archived cannot be counted again, and is not lost either."""
    book = Book()
    for number, order_id in enumerate(("A", "B", "C")):
        one = Fill(order_id, "E", Decimal(10), Decimal(2), owner="MM", account="A", symbol="S")
        count(book, "V", f"T{number}", one, "USD")
    del book.state.fills["V"]["T1"]
    recount(book, "V", "T0", qty=Decimal(0), px=Decimal(0))
    assert open_position(book, PositionKey("MM", "A", "V", "S"), "USD").qty == 20


def test_funding_falls_on_both_sides_of_a_net_position():
    """MM is long 10, MOM short 4: of 6 paid for the net 6, MM pays 10 and MOM receives 4."""
    book = Book()
    for owner, side, qty in (("MM", Side.BUY, 10), ("MOM", Side.SELL, 4)):
        one = Fill("O", "E", Decimal(qty), Decimal(1), owner=owner, account="A", symbol="S",
                   side=side)  # fmt: skip
        count(book, "V", f"T{owner}", one, "USD")
    shares = share_out(book, ("A", "V", "S"), Decimal(-6), signed=True)
    assert shares == {"MM": -10, "MOM": 4}
