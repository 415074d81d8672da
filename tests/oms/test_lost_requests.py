"""Cancels and replaces whose answers were lost: issued anew, or told by what lives."""

from __future__ import annotations

import pytest
from support.inquest import NEVER_SENT, read, relink, reports, sent, unknown
from support.lines import Play

from protocol.fields import ExecType as E
from protocol.fields import OrdStatus
from protocol.messages import OrderCancelReplaceRequest, OrderCancelRequest


def test_a_lost_cancel_is_issued_anew():
    """The link broke under an F: the order is asked about, shown alive, and cancelled anew."""
    play = Play()
    play.exchange = play.order()
    play.exchange.accept()
    first = play.cancel("Y", "X")
    relink(play)
    play.desk.answer_round(orders=[play.exchange.report(E.NEW, OrdStatus.NEW)])
    play.desk.pass_time(600)
    play.exchange.say(E.ORDER_STATUS, OrdStatus.NEW, complete=True)
    second = sent(play, OrderCancelRequest)[-1]
    assert second.cl_ord_id != first.cl_ord_id
    play.exchange.cancel(second)
    assert reports(play)[-1] == "4/4 (Y,X) q10000 c0 l0"
    assert play.settled()


def lost_replace():
    """A G whose link broke."""
    play = Play()
    play.exchange = play.order()
    play.exchange.accept()
    play.request = play.replace("Y", "X", "12000")
    relink(play)
    reports(play)
    return play


def test_a_lost_replace_is_told_by_the_version_that_lives():
    """Listed under the G's id the replace took effect; it is never sent again."""
    play = lost_replace()
    exchange = play.exchange
    exchange.wire_id, exchange.qty = play.request.cl_ord_id, play.request.order_qty
    play.desk.answer_round(orders=[exchange.report(E.NEW, OrdStatus.NEW)])
    assert reports(play) == ["5/0 (Y,X) q12000 c0 l12000"]
    assert len(sent(play, OrderCancelReplaceRequest)) == 1
    assert play.settled()


def test_a_lost_replace_that_never_left():
    """The bridge's log never held the G: 9 with NOT_RECEIVED, the order is as it was."""
    play = lost_replace()
    play.desk.answer_round(orders=[play.exchange.report(E.NEW, OrdStatus.NEW)])
    assert reports(play) == []
    unknown(play, NEVER_SENT, play.request.cl_ord_id)
    assert reports(play) == ["9 (Y,X) 39=0 102=99"]
    assert play.settled()


def test_a_lost_replace_the_venue_does_not_know():
    """Three complete reads of the G's id and a round that lists the old version prove it absent."""
    play = lost_replace()
    listed = [play.exchange.report(E.NEW, OrdStatus.NEW)]
    play.desk.answer_round(orders=listed)
    wire_id = play.request.cl_ord_id
    read(play, 600, wire_id=wire_id)
    play.desk.pass_time(100)
    play.desk.answer_round(orders=listed)
    read(play, 600, wire_id=wire_id)
    assert reports(play) == []
    read(play, 600, wire_id=wire_id)
    assert reports(play) == ["9 (Y,X) 39=0 102=99"]
    assert play.settled()


@pytest.mark.parametrize("complete", [True, False])
def test_a_lost_replace_of_an_order_that_stands_as_it_was(complete):
    """The bridge knows the G, and has nothing of it: three complete reads prove it."""
    play = lost_replace()
    listed = [play.exchange.report(E.NEW, OrdStatus.NEW)]
    play.desk.answer_round(orders=listed)
    for _ in range(3):
        assert reports(play) == []
        play.desk.pass_time(600)
        play.exchange.say(E.ORDER_STATUS, OrdStatus.NEW, complete=complete)
        play.desk.pass_time(100)
        play.desk.answer_round(orders=listed)
    assert reports(play) == (["9 (Y,X) 39=0 102=99"] if complete else [])
    assert bool(play.settled()) is complete


@pytest.mark.parametrize("status", [OrdStatus.FILLED, OrdStatus.CANCELED])
def test_a_cancel_whose_order_has_ended_is_answered(status):
    """The 9 to an F was lost: the venue's word that the order has ended answers the cancel."""
    play = Play()
    play.exchange = play.order()
    play.cancel("Y", "X")
    play.exchange.fill("10000")
    relink(play)
    play.desk.answer_round()
    reports(play)
    play.exchange.say(E.ORDER_STATUS, status, complete=True)
    assert reports(play) == ["9 (Y,X) 39=2 102=0"]
    assert play.settled()
