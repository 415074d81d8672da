"""In doubt, and out of it only by evidence: each way out, and everything that is no way out."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.desk import ACCOUNT, SYMBOL, VENUE, change
from support.inquest import NEVER_SENT, UNKNOWN, read, relink, reports, sent, unknown
from support.lines import Play, line

from protocol.fields import CxlRejReason, CxlRejResponseTo, OrdStatus, Side
from protocol.fields import ExecType as E
from protocol.messages import (
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelRequest,
    OrderStatusRequest,
    TradeCaptureReport,
    TradeCaptureSide,
)
from protocol.timestamps import format_date, format_utc

DEAD = "8/8 (X) q10000 c0 l0 103=0"


@pytest.fixture
def play():
    """An order X on its way when the venue's link broke; the link is back, reconciliation is not.

    The order is in doubt, and its owner knows.
    """
    play = Play()
    play.exchange = play.order()
    relink(play)
    assert play.lines() == ["A/A (X) q10000 c0 l10000", "I/A (X) q10000 c0 l10000 5007=Y", "h"]
    return play


def proof(play, **how):
    """Give three complete reads over 1.2 s, a round that agrees in between."""
    read(play, 600, **how)
    play.desk.pass_time(100)
    play.desk.answer_round()
    read(play, 600, **how)
    read(play, 600, **how)


def order_of(play):
    """The order in doubt."""
    return play.desk.book.state.orders[play.exchange.wire_id]


def test_never_sent_is_proof(play):
    """(a) The bridge's log never held the id and has tombstoned it: absent, at once."""
    unknown(play, NEVER_SENT)
    assert reports(play) == [DEAD]
    told = play.desk.told("MM")[-1]
    assert (told.text, told.reject_source.value) == ("NOT_RECEIVED", "V")
    assert play.settled()


def test_three_reads_and_a_round_are_proof(play):
    """(b) Three complete reads spread beyond absence_after_ms, with a round that agrees."""
    play.desk.answer_round()
    proof(play)
    assert reports(play)[-1] == DEAD
    assert play.settled()


def test_shown_alive_in_a_round(play):
    """The list of open orders shows it: acknowledged."""
    play.desk.answer_round(orders=[play.exchange.report(E.NEW, OrdStatus.NEW)])
    assert reports(play) == ["0/0 (X) q10000 c0 l10000"]
    assert play.settled()


def test_told_alive(play):
    """The answer to an H shows it: acknowledged."""
    play.exchange.say(E.ORDER_STATUS, OrdStatus.NEW, complete=True)
    assert reports(play) == ["0/0 (X) q10000 c0 l10000"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (OrdStatus.CANCELED, "4/4 (X) q10000 c0 l0"),
        (OrdStatus.EXPIRED, "C/C (X) q10000 c0 l0"),
        (OrdStatus.REJECTED, "8/8 (X) q10000 c0 l0 103=99"),
    ],
)
def test_told_ended(play, status, expected):
    """The answer to an H says how it ended: so it did."""
    play.exchange.say(E.ORDER_STATUS, status, complete=True)
    assert reports(play) == [expected]
    assert play.settled()


def captured(play, qty, trade_id="T1"):
    """One fill of the venue's history."""
    at = play.desk.now_ns
    return TradeCaptureReport(
        trade_report_id=trade_id, secondary_exec_id=trade_id, previously_reported=False,
        symbol=SYMBOL, last_qty=qty, last_px=Decimal("1.1"), trade_date=format_date(at),
        transact_time=format_utc(at),
        sides=(TradeCaptureSide(
            side=Side.BUY, order_id="V", cl_ord_id=play.exchange.wire_id, account=ACCOUNT,
        ),),
    )  # fmt: skip


def test_fills_first_then_the_end(play):
    """The venue says cancelled with fills that we do not know: they are fetched and told first."""
    play.desk.answer_round()
    play.exchange.cum = Decimal(4000)
    play.exchange.say(E.ORDER_STATUS, OrdStatus.CANCELED, complete=True)
    assert reports(play) == []
    play.desk.answer_round(trades=[captured(play, Decimal(4000))])
    assert reports(play)[0].startswith("F/1 (X) q10000 c4000 l6000")
    play.exchange.say(E.ORDER_STATUS, OrdStatus.CANCELED, complete=True)
    assert reports(play)[-1] == "4/4 (X) q10000 c4000 l0"
    assert play.settled()


def still_in_doubt(play):
    """Whether it is as it was, and was not sent again."""
    order = order_of(play)
    return order.in_doubt and order.is_open and len(sent(play, NewOrderSingle)) == 1


def test_silence_is_no_evidence(play):
    """An hour without an answer: asked again and again, never ended, never sent again."""
    for _ in range(60):
        play.desk.pass_time(60_000)
    assert still_in_doubt(play)
    assert len(sent(play, OrderStatusRequest)) >= 60
    assert DEAD not in reports(play)


def test_incomplete_answers_are_no_evidence(play):
    """Reads and rounds without 5008=Y never end an order, however many."""
    for _ in range(10):
        play.desk.pass_time(600)
        unknown(play, UNKNOWN, complete=False)
        play.desk.answer_round(complete=False)
    assert still_in_doubt(play)


def test_an_empty_list_is_no_evidence(play):
    """Complete rounds that do not show the order leave it in doubt."""
    for _ in range(5):
        play.desk.answer_round()
        play.desk.pass_time(61_000)
    assert still_in_doubt(play)


def test_two_reads_are_no_proof(play):
    """Two complete reads, however far apart, with rounds that agree, prove nothing."""
    play.desk.answer_round()
    read(play, 600)
    play.desk.pass_time(30_000)
    play.desk.answer_round()
    read(play, 600)
    assert still_in_doubt(play)


def test_the_same_answer_three_times_is_one_read(play):
    """An answer that comes again without a question in between is not counted again."""
    play.desk.answer_round()
    read(play, 600)
    play.desk.pass_time(100)
    play.desk.answer_round()
    play.desk.now_ns += 5_000_000_000
    for _ in range(3):
        unknown(play, UNKNOWN)
    assert still_in_doubt(play)


def test_three_reads_too_close_are_no_proof(play):
    """Three reads within absence_after_ms prove nothing; the next one, later, does."""
    play.desk.answer_round()
    play.desk.core.market.venue(VENUE).absence_after_ms = 3_000
    probed = play.desk.core.market.venue(VENUE).probed_ns
    for _ in range(3):
        play.desk.pass_time(600)
        probed[play.exchange.wire_id] = play.desk.now_ns  # as if asked just now
        unknown(play, UNKNOWN)
    play.desk.pass_time(100)
    play.desk.answer_round()
    assert still_in_doubt(play)
    read(play, 3_100)
    assert reports(play)[-1] == DEAD


def test_three_reads_without_a_round_are_no_proof(play):
    """Open orders and fills must agree: without a round since the first read nothing is proven."""
    for _ in range(6):
        read(play, 600)
    assert still_in_doubt(play)


def test_reads_of_a_former_link_do_not_count(play):
    """A link that breaks in between starts the count anew."""
    play.desk.answer_round()
    read(play, 600)
    read(play, 600)
    relink(play)
    play.desk.answer_round()
    read(play, 600)
    assert still_in_doubt(play)


def test_a_fill_after_the_proof_counts_and_alerts(play):
    """NOT_RECEIVED and filled all the same: position and owner get it, a person is told."""
    unknown(play, NEVER_SENT)
    reports(play)
    play.exchange.fill("4000")
    play.exchange.fill("6000")
    assert reports(play) == ["F/8 (X) q10000 c4000 l0", "F/2 (X) q10000 c10000 l0"]
    assert [note.body["alert"] for note in play.desk.notes[-2:]] == ["FILL_AFTER_END"] * 2
    assert play.desk.book.account_qty(ACCOUNT, VENUE, SYMBOL) == 10_000


def test_alive_after_the_proof_is_cancelled(play):
    """NOT_RECEIVED and listed all the same: it is cancelled, since nobody watches it."""
    unknown(play, NEVER_SENT)
    play.desk.pass_time(61_000)
    play.desk.answer_round(orders=[play.exchange.report(E.NEW, OrdStatus.NEW)])
    assert sent(play, OrderCancelRequest)[-1].orig_cl_ord_id == play.exchange.wire_id
    alerts = [note.body["alert"] for note in play.desk.notes if note.kind == "ALERT"]
    assert [name for name in alerts if not name.startswith("FEED_")] == ["ALIVE_AFTER_END"]
    assert not order_of(play).is_open


def refuse_as_unknown(play, request, text):
    """Let the bridge answer an F: 102=1."""
    play.desk.hear(VENUE, OrderCancelReject(
        order_id="NONE", cl_ord_id=request.cl_ord_id, orig_cl_ord_id=request.orig_cl_ord_id,
        ord_status=OrdStatus.REJECTED, cxl_rej_response_to=CxlRejResponseTo.CANCEL,
        cxl_rej_reason=CxlRejReason.UNKNOWN_ORDER, text=text,
    ))  # fmt: skip


def test_a_cancel_of_what_was_never_sent_ends_it(play):
    """An F that meets no id at the bridge tombstones it: the order ends, the cancel is late."""
    refuse_as_unknown(play, play.cancel("Y", "X"), NEVER_SENT)
    assert reports(play) == ["6/6 (Y,X) q10000 c0 l10000 5007=Y", DEAD, "9 (Y,X) 39=8 102=0"]
    assert play.settled()


def test_a_cancel_of_what_the_venue_does_not_know_proves_nothing(play):
    """An F answered with `unknown` leaves order and cancel in doubt; then evidence decides."""
    refuse_as_unknown(play, play.cancel("Y", "X"), UNKNOWN)
    assert still_in_doubt(play)
    assert order_of(play).cancel.in_doubt
    play.desk.answer_round()
    proof(play)
    assert reports(play)[-2:] == [DEAD, "9 (Y,X) 39=8 102=0"]


def test_an_acknowledged_order_unknown_to_a_new_log_is_not_gone():
    """A bridge that lost its log says NEVER_SENT of an acknowledged order: a doubt."""
    play = Play()
    play.exchange = play.order()
    play.exchange.accept()
    play.lines()
    unknown(play, NEVER_SENT)
    assert reports(play) == ["I/0 (X) q10000 c0 l10000 5007=Y"]
    assert order_of(play).is_open


@pytest.fixture
def denied():
    """An acknowledged order X whose cancel the bridge refuses: it says that it never sent X."""
    play = Play()
    play.exchange = play.order()
    play.exchange.accept()
    play.desk.pass_time(61_000)
    play.desk.answer_round(orders=[play.exchange.report(E.NEW, OrdStatus.NEW)])
    refuse_as_unknown(play, play.cancel("Y", "X"), NEVER_SENT)
    return play


@pytest.mark.parametrize("complete", [True, False])
def test_what_a_list_has_is_not_gone(denied, complete):
    """Listed between the reads, whole list or not: however often unknown, it is there."""
    for _ in range(6):
        read(denied, 600)
        denied.desk.pass_time(550)
        denied.desk.answer_round()
        read(denied, 600)
        denied.desk.pass_time(550)
        listed = denied.exchange.report(E.NEW, OrdStatus.NEW)
        denied.desk.answer_round(orders=[listed], complete=complete)
    assert order_of(denied).is_open
    assert order_of(denied).cancel.in_doubt


@pytest.mark.parametrize("rounds", [1, 2])
def test_gone_after_the_last_list_that_had_it(denied, rounds):
    """Three reads and two rounds after the last list with it prove it gone; one round does not."""
    read(denied, 600)
    denied.desk.pass_time(550)
    denied.desk.answer_round(orders=[denied.exchange.report(E.NEW, OrdStatus.NEW)])
    read(denied, 600)
    for _ in range(rounds):
        denied.desk.pass_time(550)
        denied.desk.answer_round()
    read(denied, 600)
    assert order_of(denied).is_open
    read(denied, 600)
    assert order_of(denied).is_open is (rounds == 1)


def test_a_slow_answer_is_a_doubt():
    """An order that the venue leaves unanswered beyond answer_ms is in doubt, and asked about."""
    play = Play()
    play.exchange = play.order()
    play.lines()
    play.desk.pass_time(4_000)
    assert reports(play) == []
    play.desk.pass_time(1_100)
    assert reports(play) == ["I/A (X) q10000 c0 l10000 5007=Y"]
    assert sent(play, OrderStatusRequest)[-1].cl_ord_id == play.exchange.wire_id


def test_what_never_left_this_process_is_absent():
    """A D that the transport could not hand over ends at once."""
    play = Play()
    play.exchange = play.order()
    play.lines()
    message = sent(play, NewOrderSingle)[-1]
    play.desk.run(play.desk.core.send_refused(VENUE, message, play.desk.now_ns))
    assert reports(play) == [DEAD]


def test_a_restart_puts_what_is_unanswered_in_doubt():
    """After a restart each unanswered order is in doubt and its owner is told."""
    play = Play()
    play.exchange = play.order()
    play.lines()
    play.desk.restart()
    assert [line(message) for message in play.desk.told("MM")][-1] == (
        "I/A (X) q10000 c0 l10000 5007=Y"
    )
    assert still_in_doubt(play)


def test_a_replace_of_an_order_in_doubt_is_refused(play):
    """Nothing is asked of an order of which nothing is known, but its cancel."""
    play.desk.hear("MM", change(play.desk, "Y", "X", "12000", "1.1"))
    assert reports(play) == ["9 (Y,X) 39=A 102=99"]
