"""Fills are believed only when they can be true, and a pending replace is told by what lives."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.desk import SYMBOL, VENUE
from support.inquest import relink, reports
from support.lines import Play

from protocol.fields import ExecType as E
from protocol.fields import OrdStatus, Side


@pytest.fixture
def play():
    """An order X of 10000 that rests."""
    play = Play()
    play.exchange = play.order()
    play.exchange.accept()
    play.lines()
    return play


def a_fill(play, **fields):
    """A fill of 400 of the order, changed by the fields."""
    play.exchange.cum += 400
    good = play.exchange.report(
        E.TRADE, OrdStatus.PARTIALLY_FILLED, last_qty=Decimal(400), last_px=Decimal("1.1"),
        secondary_exec_id="T1",
    )  # fmt: skip
    return replace(good, **fields)


def test_a_good_fill_counts(play):
    """The fill that the others are changed from is told and counted."""
    play.desk.hear(VENUE, a_fill(play))
    assert play.lines() == ["F/1 (X) q10000 c400 l9600"]


@pytest.mark.parametrize(
    "fields",
    [
        {"secondary_exec_id": None},
        {"last_qty": Decimal(-400)},
        {"last_qty": Decimal(0)},
        {"last_px": Decimal(0)},
        {"last_px": None},
        {"symbol": "USDJPY"},
        {"side": Side.SELL},
        {"commission": Decimal(1), "comm_type": "2"},
    ],
)
def test_a_fill_that_cannot_be_true_alerts_and_is_asked_about(play, fields):
    """It moves no position; the venue is asked for everything again at once."""
    asked = len(play.desk.told(VENUE))
    play.desk.hear(VENUE, a_fill(play, **fields))
    assert play.lines() == []
    assert play.desk.notes[-1].body["alert"] == "BAD_FILL"
    assert play.desk.book.state.positions == {}
    play.desk.pass_time(200)
    assert "AD" in [message.msg_type for message in play.desk.told(VENUE)[asked:]]


def test_an_end_that_knows_more_fills_waits_for_them(play):
    """150=4 with a CumQty above ours ends nothing: doubt, and the fills are asked for first."""
    play.exchange.cum = Decimal(400)
    play.exchange.cancel()
    assert play.lines() == ["I/0 (X) q10000 c0 l10000 5007=Y"]
    assert play.desk.book.open_orders(owner="MM")


def test_a_venue_that_keeps_the_id_shows_a_replace_by_quantity_and_price():
    """Listed under the old id with the new quantity: the lost G took effect (design 6)."""
    play = Play()
    play.exchange = play.order()
    play.exchange.accept()
    request = play.replace("Y", "X", "12000")
    relink(play)
    reports(play)
    play.exchange.qty = request.order_qty
    listed = play.exchange.report(E.NEW, OrdStatus.NEW, price=request.price)
    play.desk.answer_round(orders=[listed])
    assert reports(play) == ["5/0 (Y,X) q12000 c0 l12000"]


def test_a_fill_that_completes_the_old_quantity_does_not_bury_a_larger_replace(play):
    """The venue took 12000 before the fill of 10000: the order goes on with the rest."""
    request = play.replace("Y", "X", "12000")
    play.exchange.fill("10000")
    play.exchange.replace(request)
    assert play.lines()[-2:] == ["F/E (X) q10000 c10000 l0", "5/1 (Y,X) q12000 c10000 l2000"]
    order = play.desk.book.open_orders(owner="MM")[0]
    assert (order.symbol, order.leaves_qty) == (SYMBOL, 2000)
    assert play.desk.replayed().digest() == play.desk.book.digest()
