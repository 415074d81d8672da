"""FIX order state change matrices A to D (FIX 4.4 vol. 4, appendix D) as test vectors.

Each test is one matrix, by its id. Lines are written as in the matrices (support/lines.py). Two
things are ours throughout: an order is answered `A/A` before the venue has it, and the gateway says
`6/6` and `E/E` when it sends a request on. What is left out is in test_matrices_excluded.py.
"""

from __future__ import annotations

import pytest
from support.desk import cancel, change, new_order
from support.lines import Play

from protocol.fields import CxlRejReason, OrdRejReason, OrdStatus
from protocol.fields import ExecType as E


@pytest.fixture
def play():
    """A strategy, a venue, an empty book."""
    return Play()


def resting(play, cl_ord_id="X", qty="10000"):
    """Bring an order to the venue; its first lines are read."""
    exchange = play.order(cl_ord_id, qty)
    exchange.accept()
    play.lines()
    return exchange


def test_a_1_a_filled_order(play):
    """A.1.a: acknowledged, then executed in three parts."""
    exchange = play.order()
    exchange.accept()
    for qty in ("2000", "1000", "7000"):
        exchange.fill(qty)
    assert play.lines() == [
        "A/A (X) q10000 c0 l10000",
        "0/0 (X) q10000 c0 l10000",
        "F/1 (X) q10000 c2000 l8000",
        "F/1 (X) q10000 c3000 l7000",
        "F/2 (X) q10000 c10000 l0",
    ]
    assert play.settled()


def test_a_1_a_rejected_at_once(play):
    """A.1.a, the other branch: the venue refuses; LeavesQty is 0."""
    exchange = play.order()
    exchange.say(E.REJECTED, OrdStatus.REJECTED, ord_rej_reason=OrdRejReason.EXCEEDS_LIMIT)
    assert play.lines() == ["A/A (X) q10000 c0 l10000", "8/8 (X) q10000 c0 l0 103=3"]
    assert play.settled()


def test_a_1_a_rejected_after_the_acknowledgement(play):
    """A.1.a: a venue may refuse an order that it has acknowledged."""
    resting(play).say(E.REJECTED, OrdStatus.REJECTED)
    assert play.lines() == ["8/8 (X) q10000 c0 l0 103=99"]


def test_b_1_a_cancel_of_a_zero_filled_order(play):
    """B.1.a: pending cancel, then cancelled; nothing is left."""
    exchange = resting(play)
    exchange.cancel(play.cancel("Y", "X"))
    assert play.lines() == ["6/6 (Y,X) q10000 c0 l10000", "4/4 (Y,X) q10000 c0 l0"]
    assert play.settled()


def test_b_1_a_cancel_refused(play):
    """B.1.a, the other branch: the cancel is refused, the order is as it was."""
    exchange = resting(play)
    play.refuse(play.cancel("Y", "X"), exchange, CxlRejReason.BROKER, OrdStatus.NEW)
    assert play.lines() == ["6/6 (Y,X) q10000 c0 l10000", "9 (Y,X) 39=0 102=2"]
    assert play.settled()


def test_b_1_b_fills_cross_the_cancel(play):
    """B.1.b: fills while pending carry the order's own id and 39=6."""
    exchange = resting(play)
    exchange.fill("2000")
    request = play.cancel("Y", "X")
    exchange.fill("4000")
    exchange.cancel(request)
    assert play.lines() == [
        "F/1 (X) q10000 c2000 l8000",
        "6/6 (Y,X) q10000 c2000 l8000",
        "F/6 (X) q10000 c6000 l4000",
        "4/4 (Y,X) q10000 c6000 l0",
    ]


def test_b_1_c_filled_before_the_cancel(play):
    """B.1.c: filled while pending cancel, then the cancel is too late: 9 with 39=2, 102=0."""
    exchange = resting(play)
    request = play.cancel("Y", "X")
    exchange.fill("10000")
    play.refuse(request, exchange, CxlRejReason.TOO_LATE_TO_CANCEL, OrdStatus.FILLED)
    assert play.lines() == [
        "6/6 (Y,X) q10000 c0 l10000",
        "F/6 (X) q10000 c10000 l0",
        "9 (Y,X) 39=2 102=0",
    ]
    assert play.settled()


def test_b_1_d_cancel_before_the_acknowledgement(play):
    """B.1.d: cancelled without ever having been acknowledged."""
    exchange = play.order()
    exchange.cancel(play.cancel("Y", "X"))
    assert play.lines() == [
        "A/A (X) q10000 c0 l10000",
        "6/6 (Y,X) q10000 c0 l10000",
        "4/4 (Y,X) q10000 c0 l0",
    ]
    assert play.settled()


def test_b_1_e_acknowledgement_and_cancel_cross(play):
    """B.1.e: the acknowledgement comes while the cancel is pending: 0 with 39=6."""
    exchange = play.order()
    request = play.cancel("Y", "X")
    exchange.accept()
    exchange.cancel(request)
    assert play.lines()[1:] == [
        "6/6 (Y,X) q10000 c0 l10000",
        "0/6 (X) q10000 c0 l10000",
        "4/4 (Y,X) q10000 c0 l0",
    ]


def test_b_1_f_cancel_of_an_unknown_order(play):
    """B.1.f: 37=NONE, 39=8, 102=1; OrigClOrdID is not used up, the request's own id is."""
    play.desk.hear("MM", cancel(play.desk, "Y", "X"))
    assert play.lines() == ["9 (Y,X) 39=8 102=1"]
    assert play.desk.told("MM")[-1].order_id == "NONE"
    play.order("X")
    play.desk.hear("MM", new_order(play.desk, "Y"))
    assert play.lines() == ["A/A (X) q10000 c0 l10000", "8/8 (Y) q1000 c0 l0 103=6"]


def test_c_1_a_increase_of_a_zero_filled_order(play):
    """C.1.a: only 150=5 changes quantity and id; later fills carry the new id."""
    exchange = resting(play)
    exchange.replace(play.replace("Y", "X", "11000"))
    exchange.fill("1000")
    exchange.fill("10000")
    assert play.lines() == [
        "E/E (Y,X) q10000 c0 l10000",
        "5/0 (Y,X) q11000 c0 l11000",
        "F/1 (Y) q11000 c1000 l10000",
        "F/2 (Y) q11000 c11000 l0",
    ]
    assert play.settled()


def test_c_1_b_fill_while_pending_replace(play):
    """C.1.b: a fill while pending carries the old id and quantity."""
    exchange = resting(play)
    exchange.fill("1000")
    request = play.replace("Y", "X", "12000")
    exchange.fill("100")
    exchange.replace(request)
    exchange.fill("10900")
    assert play.lines() == [
        "F/1 (X) q10000 c1000 l9000",
        "E/E (Y,X) q10000 c1000 l9000",
        "F/E (X) q10000 c1100 l8900",
        "5/1 (Y,X) q12000 c1100 l10900",
        "F/2 (Y) q12000 c12000 l0",
    ]


def test_c_2_a_price_change_crosses_the_last_fill(play):
    """C.2.a: filled while pending replace, then 9 with 39=2 and 102=0."""
    exchange = resting(play)
    request = play.replace("Y", "X", "10000", "1.0999")
    exchange.fill("10000")
    play.refuse(request, exchange, CxlRejReason.TOO_LATE_TO_CANCEL, OrdStatus.FILLED)
    assert play.lines() == [
        "E/E (Y,X) q10000 c0 l10000",
        "F/E (X) q10000 c10000 l0",
        "9 (Y,X) 39=2 102=0",
    ]
    assert play.settled()


def reduced(play, to):
    """Reduce 10000 to `to` while 8000 are executed; return the lines."""
    exchange = resting(play)
    exchange.fill("1000")
    request = play.replace("Y", "X", to)
    exchange.fill("7000")
    exchange.replace(request)
    return play.lines()


def test_c_3_a_reduced_above_what_is_executed(play):
    """C.3.a: the new quantity is above CumQty, the rest stays open and is filled."""
    exchange = resting(play)
    request = play.replace("Y", "X", "8000")
    exchange.fill("7000")
    exchange.replace(request)
    exchange.fill("1000")
    assert play.lines()[1:] == [
        "F/E (X) q10000 c7000 l3000",
        "5/1 (Y,X) q8000 c7000 l1000",
        "F/2 (Y) q8000 c8000 l0",
    ]


def test_c_3_b_reduced_to_what_is_executed(play):
    """C.3.b: the new quantity equals CumQty: the order is filled by the replace."""
    assert reduced(play, "8000")[-2:] == [
        "F/E (X) q10000 c8000 l2000",
        "5/2 (Y,X) q8000 c8000 l0",
    ]
    assert play.settled()


def test_c_3_c_reduced_below_what_is_executed(play):
    """C.3.c: the new quantity is below CumQty: it is amended to CumQty."""
    assert reduced(play, "7000")[-1] == "5/2 (Y,X) q8000 c8000 l0"
    assert play.settled()


def test_d_1_a_two_replaces_one_after_the_other(play):
    """D.1.a: the second replace names the first one's id."""
    exchange = resting(play)
    exchange.fill("1000")
    exchange.replace(play.replace("Y", "X", "8000"))
    exchange.fill("500")
    exchange.replace(play.replace("Z", "Y", "6000"))
    exchange.fill("4500")
    assert play.lines() == [
        "F/1 (X) q10000 c1000 l9000",
        "E/E (Y,X) q10000 c1000 l9000",
        "5/1 (Y,X) q8000 c1000 l7000",
        "F/1 (Y) q8000 c1500 l6500",
        "E/E (Z,Y) q8000 c1500 l6500",
        "5/1 (Z,Y) q6000 c1500 l4500",
        "F/2 (Z) q6000 c6000 l0",
    ]


def test_d_1_b_refused_before_it_is_pending(play):
    """D.1.b: the gateway refuses at once; the next request names the last id that was good."""
    exchange = resting(play)
    play.desk.hear("MM", change(play.desk, "Y", "X", "2000000", "1.1"))
    exchange.replace(play.replace("Z", "X", "6000"))
    assert play.lines() == [
        "9 (Y,X) 39=0 102=2",
        "E/E (Z,X) q10000 c0 l10000",
        "5/0 (Z,X) q6000 c0 l6000",
    ]


def test_d_1_c_refused_while_it_is_pending(play):
    """D.1.c: the venue refuses; the next request names the last id that was good."""
    exchange = resting(play)
    exchange.fill("1000")
    play.refuse(play.replace("Y", "X", "8000"), exchange, CxlRejReason.BROKER, OrdStatus.NEW)
    exchange.replace(play.replace("Z", "X", "6000"))
    exchange.fill("5000")
    assert play.lines()[1:] == [
        "E/E (Y,X) q10000 c1000 l9000",
        "9 (Y,X) 39=1 102=2",
        "E/E (Z,X) q10000 c1000 l9000",
        "5/1 (Z,X) q6000 c1000 l5000",
        "F/2 (Z) q6000 c6000 l0",
    ]
    assert play.settled()


def test_d_2_d_a_second_replace_while_one_is_pending(play):
    """D.2.d: 102=3 with 39=E; the first goes its way."""
    exchange = resting(play)
    exchange.fill("1000")
    request = play.replace("Y", "X", "8000")
    play.desk.hear("MM", change(play.desk, "Z", "Y", "6000", "1.1"))
    exchange.replace(request)
    assert play.lines()[1:] == [
        "E/E (Y,X) q10000 c1000 l9000",
        "9 (Z,Y) 39=E 102=3",
        "5/1 (Y,X) q8000 c1000 l7000",
    ]


def test_a_cancel_overtakes_a_replace(play):
    """Ours beside D: a cancel passes while a replace is pending; 6 outranks E."""
    exchange = resting(play)
    play.replace("Y", "X", "8000")
    exchange.cancel(play.cancel("Z", "X"))
    assert play.lines() == [
        "E/E (Y,X) q10000 c0 l10000",
        "6/6 (Z,X) q10000 c0 l10000",
        "4/4 (Z,X) q10000 c0 l0",
        "9 (Y,X) 39=4 102=0",
    ]
    assert play.settled()


def test_a_fill_under_the_new_id_tells_the_replace(play):
    """A fill that names the replace overtakes its 150=5: the replace is told first."""
    exchange = resting(play, qty="1000")
    request = play.replace("Y", "X", "2000")
    old, exchange.wire_id, exchange.qty = exchange.wire_id, request.cl_ord_id, request.order_qty
    exchange.fill("1000")
    exchange.say(E.REPLACED, OrdStatus.PARTIALLY_FILLED, orig_cl_ord_id=old)
    assert play.lines() == [
        "E/E (Y,X) q1000 c0 l1000",
        "5/0 (Y,X) q2000 c0 l2000",
        "F/1 (Y) q2000 c1000 l1000",
    ]



def test_a_replace_amended_to_fills_that_were_not_heard(play):
    """Ours beside C.3.c: the venue amends to fills that we have not heard of; none overfills."""
    exchange = resting(play)
    request = play.replace("Y", "X", "7000")
    exchange.cum = exchange.cum + 8000
    exchange.wire_id, exchange.qty = request.cl_ord_id, exchange.cum
    exchange.say(E.REPLACED, OrdStatus.FILLED, orig_cl_ord_id=request.orig_cl_ord_id)
    exchange.cum = exchange.cum - 8000
    exchange.fill("8000")
    assert play.lines()[1:] == ["5/0 (Y,X) q8000 c0 l8000", "F/2 (Y) q8000 c8000 l0"]
