"""FIX order state change matrices E to K (FIX 4.4 vol. 4, appendix D) as test vectors.

Each test is one matrix, by its id; see test_matrices_a_to_d.py.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.desk import VENUE, cancel, change, new_order
from support.lines import Play

from protocol.fields import (
    ExecRestatementReason,
    OrdRejReason,
    OrdStatus,
    OrdType,
    Side,
    TimeInForce,
)
from protocol.fields import ExecType as E
from protocol.messages import NewOrderSingle, OrderStatusRequest


@pytest.fixture
def play():
    """A strategy, a venue, an empty book."""
    return Play()


def resting(play, cl_ord_id="X", qty="10000", filled="", **fields):
    """Bring an order to the venue, fill a part; its first lines are read."""
    exchange = play.order(cl_ord_id, qty, **fields)
    exchange.accept()
    if filled:
        exchange.fill(filled, trade_id="T1")
    play.lines()
    return exchange


def restated(exchange, status=OrdStatus.PARTIALLY_FILLED, **fields):
    """Let the venue restate the order (150=D)."""
    return exchange.say(E.RESTATED, status, **fields)


def test_e_1_b_unsolicited_cancel(play):
    """E.1.b: the venue cancels by itself: 4 with the order's own id and 378."""
    exchange = resting(play, filled="1000")
    exchange.cancel(exec_restatement_reason=ExecRestatementReason.OTHER)
    assert play.lines() == ["4/4 (X) q10000 c1000 l0 378=99"]
    assert play.settled()


def test_e_1_c_unsolicited_replace(play):
    """E.1.c: the venue changes quantity and price by itself: D, never 5."""
    exchange = resting(play, filled="1000")
    exchange.qty = Decimal(11000)
    restated(
        exchange, price=Decimal("1.2"),
        exec_restatement_reason=ExecRestatementReason.REPRICING,
    )  # fmt: skip
    exchange.fill("10000")
    assert play.lines() == [
        "D/1 (X) q11000 c1000 l10000 378=3",
        "F/2 (X) q11000 c11000 l0",
    ]
    assert play.desk.told("MM")[-1].price == Decimal("1.2")


def test_e_1_d_unsolicited_reduction(play):
    """E.1.d: the venue declines a part of the quantity: D with 378=5."""
    exchange = resting(play, filled="1000")
    exchange.qty = Decimal(8000)
    restated(
        exchange, exec_restatement_reason=ExecRestatementReason.PARTIAL_DECLINE
    )
    assert play.lines() == ["D/1 (X) q8000 c1000 l7000 378=5"]


def test_e_1_e_cancelled_for_not_being_the_best(play):
    """E.1.e: an unsolicited cancel for another reason carries that reason."""
    exchange = resting(play, filled="1000")
    exchange.cancel(exec_restatement_reason=ExecRestatementReason.CANCELED_NOT_BEST)
    assert play.lines() == ["4/4 (X) q10000 c1000 l0 378=9"]


def test_e_1_f_stop_order(play):
    """E.1.f: 636=N until the stop triggers, then D with 636=Y (150=L is FIX 5.0)."""
    exchange = play.order(price=None, ord_type=OrdType.STOP, stop_px=Decimal("1.2"))
    exchange.say(E.NEW, OrdStatus.NEW, working_indicator=False)
    restated(exchange, OrdStatus.NEW, working_indicator=True)
    exchange.fill("10000")
    assert play.lines()[1:] == [
        "0/0 (X) q10000 c0 l10000 636=N",
        "D/0 (X) q10000 c0 l10000 636=Y",
        "F/2 (X) q10000 c10000 l0",
    ]


def test_f_1_a_duplicate_cl_ord_id(play):
    """F.1.a: 8 with 103=6 describes the order that exists; it goes on as before."""
    exchange = resting(play, filled="1000")
    play.desk.hear("MM", new_order(play.desk, "X", "15000"))
    exchange.fill("9000")
    assert play.lines() == [
        "8/1 (X) q10000 c1000 l9000 103=6",
        "F/2 (X) q10000 c10000 l0",
    ]


def test_f_1_b_poss_resend(play):
    """F.1.b: PossResend=Y and known: 150=I; =N: 103=6; =Y and unknown: a new order."""
    resting(play, filled="1000")
    play.desk.hear("MM", new_order(play.desk, "X", "10000", poss_resend=True))
    play.desk.hear("MM", new_order(play.desk, "X", "10000"))
    play.desk.hear("MM", new_order(play.desk, "Y", "15000", poss_resend=True))
    assert play.lines() == [
        "I/1 (X) q10000 c1000 l9000",
        "8/1 (X) q10000 c1000 l9000 103=6",
        "A/A (Y) q15000 c0 l15000",
    ]
    sent = [m for m in play.desk.told(VENUE) if isinstance(m, NewOrderSingle)]
    assert len(sent) == 2


def test_f_1_b_poss_resend_of_something_else(play):
    """Ours beside F.1.b: PossResend=Y with other content is no repetition: 103=6."""
    resting(play)
    play.desk.hear("MM", new_order(play.desk, "X", "9999", poss_resend=True))
    assert play.lines() == ["8/0 (X) q10000 c0 l10000 103=6"]


@pytest.mark.parametrize("reason", OrdRejReason)
def test_f_1_c_the_venue_knows_the_order_otherwise(play, reason):
    """F.1.c (103=7) and every other reason: a venue's refusal ends the order, 103=6 included."""
    play.order().say(E.REJECTED, OrdStatus.REJECTED, ord_rej_reason=reason)
    assert play.lines()[1:] == [f"8/8 (X) q10000 c0 l0 103={reason.value}"]
    assert play.settled()


def status(play, cl_ord_id):
    """Ask for the status of an order."""
    play.desk.hear("MM", OrderStatusRequest(cl_ord_id=cl_ord_id, symbol="EURUSD", side=Side.BUY))
    return play.lines()


def test_g_1_a_status_of_an_unknown_order(play):
    """G.1.a: 150=I, 39=8, 103=5, 37=NONE."""
    play.desk.hear("MM", OrderStatusRequest(cl_ord_id="X", symbol="EURUSD", side=Side.BUY))
    told = play.desk.told("MM")[-1]
    assert (told.exec_type, told.ord_status) == (E.ORDER_STATUS, OrdStatus.REJECTED)
    assert (told.ord_rej_reason, told.order_id) == (OrdRejReason.UNKNOWN_ORDER, "NONE")


def test_g_1_c_status_during_the_life_of_an_order(play):
    """G.1.c: 150=I with what is so now; after a replace the old id answers with the new one."""
    exchange = play.order()
    play.lines()
    assert status(play, "X") == ["I/A (X) q10000 c0 l10000"]
    exchange.accept()
    exchange.fill("2000")
    play.lines()
    assert status(play, "X") == ["I/1 (X) q10000 c2000 l8000"]
    request = play.replace("Y", "X", "12000")
    play.lines()
    assert status(play, "Y") == ["I/E (X) q10000 c2000 l8000"]
    exchange.replace(request)
    play.lines()
    assert status(play, "X") == ["I/1 (Y) q12000 c2000 l10000"]
    exchange.fill("10000")
    play.lines()
    assert status(play, "X") == ["I/2 (Y) q12000 c12000 l0"]


RENEWED = ExecRestatementReason.GT_RENEWAL


def test_h_1_a_renewed_and_filled_the_next_day(play):
    """H.1.a: a GTC order is restated (378=1) the next morning and goes on with its quantities."""
    exchange = resting(play, filled="2000", time_in_force=TimeInForce.GOOD_TILL_CANCEL)
    restated(exchange, exec_restatement_reason=RENEWED)
    exchange.fill("8000")
    assert play.lines() == ["D/1 (X) q10000 c2000 l8000 378=1", "F/2 (X) q10000 c10000 l0"]


def test_h_1_c_renewed_and_cancelled_the_next_day(play):
    """H.1.c: restated, then cancelled as asked."""
    exchange = resting(play, filled="2000", time_in_force=TimeInForce.GOOD_TILL_CANCEL)
    restated(exchange, exec_restatement_reason=RENEWED)
    exchange.cancel(play.cancel("Y", "X"))
    assert play.lines()[1:] == ["6/6 (Y,X) q10000 c2000 l8000", "4/4 (Y,X) q10000 c2000 l0"]


def test_h_1_d_renewed_and_replaced_the_next_day(play):
    """H.1.d: restated, then replaced as asked."""
    gtc = TimeInForce.GOOD_TILL_CANCEL
    exchange = resting(play, filled="2000", time_in_force=gtc)
    restated(exchange, exec_restatement_reason=RENEWED)
    exchange.replace(play.replace("Y", "X", "15000", time_in_force=gtc))
    assert play.lines()[1:] == ["E/E (Y,X) q10000 c2000 l8000", "5/1 (Y,X) q15000 c2000 l13000"]


def test_i_1_a_fill_or_kill_that_cannot_be_filled(play):
    """I.1.a: acknowledged, then cancelled, never expired."""
    exchange = resting(play, time_in_force=TimeInForce.FILL_OR_KILL)
    exchange.cancel()
    assert play.lines() == ["4/4 (X) q10000 c0 l0"]


def test_i_1_b_immediate_or_cancel(play):
    """I.1.b: what can be hit at once is, the rest is cancelled."""
    exchange = resting(play, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL, filled="1000")
    exchange.cancel()
    assert play.lines() == ["4/4 (X) q10000 c1000 l0"]


def bust(exchange, trade_id, qty):
    """Let the venue take a fill back."""
    exchange.cum -= Decimal(qty)
    exchange.say(E.TRADE_CANCEL, OrdStatus.NEW, exec_ref_id=trade_id)


def test_j_1_a_correction_and_cancellation_of_executions(play):
    """J.1.a: a filled order, one execution busted, one corrected; 19 names ours, prices follow."""
    exchange = resting(play, filled="1000")
    exchange.fill("9000", px="1.2", trade_id="T2")
    bust(exchange, "T1", "1000")
    exchange.say(
        E.TRADE_CORRECT, OrdStatus.PARTIALLY_FILLED, exec_ref_id="T2",
        last_qty=Decimal(9000), last_px=Decimal("1.3"),
    )  # fmt: skip
    exchange.fill("1000", px="1.3", trade_id="T3")
    assert play.lines() == [
        "F/2 (X) q10000 c10000 l0",
        "H/1 (X) q10000 c9000 l1000",
        "G/1 (X) q10000 c9000 l1000",
        "F/2 (X) q10000 c10000 l0",
    ]
    filled, busted, corrected, last = play.desk.told("MM")[-4:]
    assert corrected.exec_ref_id == filled.exec_id
    assert busted.last_qty == 1000
    assert last.avg_px == Decimal("1.3")
    assert play.desk.book.account_qty("ACC", VENUE, "EURUSD") == 10000
    assert play.settled()


def test_j_1_b_bust_after_the_cancellation(play):
    """J.1.b: a cancelled order stays cancelled when an execution is busted and made anew."""
    exchange = resting(play, filled="5000")
    exchange.cancel(play.cancel("Y", "X"))
    play.lines()
    bust(exchange, "T1", "5000")
    exchange.fill("4000", trade_id="T2")
    assert play.lines() == ["H/4 (X) q10000 c0 l0", "F/4 (X) q10000 c4000 l0"]


def test_j_1_c_correction_on_the_following_day(play):
    """J.1.c: a GTC order is renewed, filled further, and an old execution's quantity corrected."""
    exchange = resting(play, filled="2000", time_in_force=TimeInForce.GOOD_TILL_CANCEL)
    restated(exchange, exec_restatement_reason=RENEWED)
    exchange.fill("3000", trade_id="T2")
    exchange.cum -= 500
    exchange.say(
        E.TRADE_CORRECT, OrdStatus.PARTIALLY_FILLED, exec_ref_id="T1",
        last_qty=Decimal(1500), last_px=Decimal("1.1"),
    )  # fmt: skip
    assert play.lines()[1:] == ["F/1 (X) q10000 c5000 l5000", "G/1 (X) q10000 c4500 l5500"]


def test_j_a_bust_happens_once(play):
    """A bust that comes twice, or for a trade nobody knows, changes nothing and alerts."""
    exchange = resting(play, filled="1000")
    bust(exchange, "T1", "1000")
    before = play.desk.book.account_qty("ACC", VENUE, "EURUSD")
    play.lines()
    bust(exchange, "T1", "0")
    bust(exchange, "T9", "0")
    assert play.lines() == []
    assert play.desk.book.account_qty("ACC", VENUE, "EURUSD") == before == 0
    assert [note.body["alert"] for note in play.desk.notes[-2:]] == ["UNKNOWN_BUST"] * 2


def test_k_1_b_trading_halt_cancels(play):
    """K.1.b: the halt cancels at the venue: an unsolicited 4 with 378=6 and its text."""
    exchange = resting(play, filled="1000")
    halted = ExecRestatementReason.TRADING_HALT
    exchange.cancel(exec_restatement_reason=halted, text="HALT")
    assert play.lines() == ["4/4 (X) q10000 c1000 l0 378=6"]
    assert play.desk.told("MM")[-1].text == "HALT"


def test_requests_after_the_end_are_too_late(play):
    """Ours: cancel and replace of an order that has ended: 9 with 102=0 and its last status."""
    resting(play).fill("10000")
    play.desk.hear("MM", cancel(play.desk, "Y", "X"))
    play.desk.hear("MM", change(play.desk, "Z", "X", "20000", "1.1"))
    assert play.lines()[1:] == ["9 (Y,X) 39=2 102=0", "9 (Z,X) 39=2 102=0"]
