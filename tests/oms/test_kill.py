"""The kill switch through to flat: cancels first, then what fills leave, whatever comes between."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.desk import ACCOUNT, SYMBOL, VENUE, Exchange, cancel, new_order, rules
from support.inquest import sent
from support.lines import Play
from support.operators import ask, code, notes
from support.scopes import list_instrument

from gateway.oms.halting import trip
from gateway.oms.kill import MAX_TRIES, PAUSE_MAX_NS
from gateway.oms.state import PositionKey
from gateway.risk.pacing import Pace, RateLimit
from protocol.fields import (
    CxlRejReason,
    CxlRejResponseTo,
    OrdStatus,
    OrdType,
    Side,
    TradingState,
)
from protocol.fields import ExecType as E
from protocol.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelRequest,
    TradeCaptureReport,
    TradeCaptureSide,
)
from protocol.numbers import ZERO
from protocol.timestamps import format_date, format_utc

MS = 1_000_000


@pytest.fixture
def play():
    """MM is long 10000 with an order X2 that rests, MOM is short 4000."""
    play = Play()
    play.order("X1").fill("10000")
    play.rests = play.order("X2", "5000")
    play.rests.accept()
    short = trade(play, "MOM", "M1", "4000", Side.SELL)
    short.fill("4000")
    return play


def trade(play, owner, cl_ord_id, qty, side):
    """Let a strategy send a limit order; return the venue's side of it."""
    play.desk.hear(owner, new_order(play.desk, cl_ord_id, qty, side=side))
    return Exchange(play.desk, play.last(NewOrderSingle))


def held(play, owner):
    """Return what an owner holds."""
    position = play.desk.book.position(PositionKey(owner, ACCOUNT, VENUE, SYMBOL))
    return position.qty if position else ZERO


def flatten(play, scope="all"):
    """Kill with flattening; return the answer."""
    return ask(play.desk, "KILL", scope=scope, reason="enough", body={"flatten": True})


def closings(play, ms=200):
    """Let time pass; return the orders that the gateway has sent of its own since."""
    before = len(sent(play, NewOrderSingle))
    play.desk.pass_time(ms)
    return sent(play, NewOrderSingle)[before:]


def cancel_rests(play):
    """Let the venue confirm the cancel of what rests."""
    play.rests.cancel(play.last(OrderCancelRequest))


def close(play, order, qty=None):
    """Let the venue take and fill an order of the gateway, and end what is left of it."""
    exchange = Exchange(play.desk, order)
    exchange.accept()
    if qty != "0":
        exchange.fill(qty or str(order.order_qty))
    if exchange.cum < exchange.qty:
        exchange.cancel()


def refused(play, orders):
    """Let the venue refuse orders of the gateway; return them."""
    for order in orders:
        Exchange(play.desk, order).say(E.REJECTED, OrdStatus.REJECTED)
    return orders


def test_it_waits_for_the_cancels_and_closes_everybody(play):
    """Nothing of MM is closed while its order lives; then each position goes to zero, once."""
    answer = flatten(play)
    assert "then flattening" in answer.text
    (first,) = closings(play)
    assert (first.side, first.order_qty, first.on_behalf_of_comp_id) == (Side.BUY, 4000, "MOM")
    assert first.ord_type is OrdType.MARKET
    assert play.desk.book.state.orders[first.cl_ord_id].reduce_only
    assert closings(play) == []
    cancel_rests(play)
    (second,) = closings(play)
    assert (second.side, second.order_qty) == (Side.SELL, 10000)
    close(play, first)
    close(play, second)
    assert closings(play) == []
    assert (held(play, "MM"), held(play, "MOM")) == (0, 0)
    assert not play.desk.book.state.flattening
    assert notes(play.desk, "ALERT FLATTENED")[0]["remains"] == ""
    assert play.settled()


def test_a_fill_that_crosses_the_cancel_is_closed_too(play):
    """What is filled while it is being cancelled makes the closing order larger."""
    flatten(play)
    play.rests.fill("2000")
    cancel_rests(play)
    assert [order.order_qty for order in closings(play) if order.side is Side.SELL] == [12000]


def test_it_is_not_over_while_an_order_lives():
    """Flat with an order that is being cancelled: it may fill yet, and then that is closed."""
    play = Play()
    play.rests = play.order("X", "5000")
    play.rests.accept()
    flatten(play)
    assert closings(play) == []
    assert play.desk.book.state.flattening
    play.rests.fill("5000")
    (order,) = closings(play)
    assert (order.side, order.order_qty) == (Side.SELL, 5000)


def test_partial_fills_are_followed_by_what_is_left(play):
    """A closing order that is filled in part and ends is followed by one for the rest."""
    flatten(play, "strategy:MOM")
    for qty, rest in (("1000", 4000), ("0", 3000), ("3000", 3000)):
        (order,) = closings(play)
        assert order.order_qty == rest
        close(play, order, qty)
    assert closings(play) == []
    assert held(play, "MOM") == 0
    assert held(play, "MM") == 10000
    assert not play.desk.book.state.flattening


def test_a_venue_that_is_away_is_flattened_when_it_is_back(play):
    """Nothing can be sent now; when the venue is back and reconciled, cancels and closings go."""
    play.desk.drop(VENUE)
    assert "when their venue is back" in flatten(play).text
    assert closings(play, 60_000) == []
    play.desk.log_on(VENUE)
    assert closings(play) == []
    play.desk.answer_round(orders=[play.rests.report(E.ORDER_STATUS, OrdStatus.NEW)])
    (short,) = closings(play)
    assert short.order_qty == 4000
    assert not sent(play, OrderCancelRequest)
    play.rests.say(E.ORDER_STATUS, OrdStatus.NEW)
    cancel_rests(play)
    (long,) = closings(play)
    close(play, short)
    close(play, long)
    play.desk.pass_time(200)
    assert (held(play, "MM"), held(play, "MOM")) == (0, 0)


def test_what_was_filled_at_a_venue_that_was_away_is_closed(play):
    """A fill that is only known after the venue is back belongs to what is flattened."""
    flatten(play, "strategy:MM")
    play.desk.drop(VENUE)
    play.desk.log_on(VENUE)
    play.desk.answer_round(trades=[TradeCaptureReport(
        trade_report_id="T9", secondary_exec_id="T9", previously_reported=False, symbol=SYMBOL,
        last_qty=Decimal(5000), last_px=Decimal("1.1"),
        trade_date=format_date(play.desk.now_ns), transact_time=format_utc(play.desk.now_ns),
        sides=(TradeCaptureSide(side=Side.BUY, order_id="V", cl_ord_id=play.rests.wire_id),),
    )])  # fmt: skip
    (order,) = closings(play)
    assert order.order_qty == 15000


def test_a_restart_in_the_middle_changes_nothing(play):
    """Who was flattening goes on; what was sent and not answered is not sent a second time."""
    flatten(play)
    (first,) = closings(play)
    play.desk.restart()
    assert list(play.desk.book.state.flattening) == ["all"]
    play.desk.log_on(VENUE)
    exchange = Exchange(play.desk, first)
    play.desk.answer_round(orders=[
        play.rests.report(E.ORDER_STATUS, OrdStatus.NEW),
        exchange.report(E.ORDER_STATUS, OrdStatus.NEW),
    ])  # fmt: skip
    assert closings(play) == []
    exchange.fill("4000")
    cancel_rests(play)
    (second,) = closings(play)
    assert (second.side, second.order_qty) == (Side.SELL, 10000)
    close(play, second)
    play.desk.pass_time(200)
    assert not play.desk.book.state.flattening
    assert play.settled()


def test_a_residue_below_the_minimum_is_named(play):
    """What the venue would refuse is not sent: an alert says what remains, and it is over."""
    securities = play.desk.core.market.venue(VENUE).securities
    securities[SYMBOL] = replace(
        securities[SYMBOL], min_trade_vol=Decimal(2500), qty_step=Decimal(3000)
    )
    flatten(play, "strategy:MOM")
    (order,) = closings(play)
    assert order.order_qty == 3000
    close(play, order)
    assert closings(play) == []
    (alert,) = notes(play.desk, "ALERT NOT_FLATTENED")
    assert alert["remains"] == f"MOM|{SYMBOL}=-1000"
    assert not play.desk.book.state.flattening


def test_a_large_position_goes_in_pieces(play):
    """No order is larger than the venue takes: one piece after the other."""
    list_instrument(play.desk, max_qty=Decimal(3000))
    flatten(play, "strategy:MOM")
    pieces = []
    while orders := closings(play):
        pieces.append(orders[0].order_qty)
        close(play, orders[0])
    assert pieces == [3000, 1000]


def test_a_very_large_position_goes_in_more_pieces_than_tries(play):
    """A round that closes something is no try in vain, however many there are."""
    list_instrument(play.desk, max_qty=Decimal(40))
    flatten(play, "strategy:MOM")
    pieces = 0
    while orders := closings(play):
        pieces += 1
        close(play, orders[0])
    assert (pieces, held(play, "MOM")) == (2 * MAX_TRIES, 0)


def test_a_venue_that_refuses_is_not_asked_for_ever(play):
    """After MAX_TRIES rounds in vain an alert says what remains; the halt stays."""
    flatten(play, "strategy:MOM")
    for _ in range(MAX_TRIES + 1):
        assert len(refused(play, closings(play, PAUSE_MAX_NS // MS))) == 1
    assert closings(play, PAUSE_MAX_NS // MS) == []
    (alert,) = notes(play.desk, "ALERT NOT_FLATTENED")
    assert (alert["rounds"], alert["remains"]) == (str(MAX_TRIES), f"MOM|{SYMBOL}=-4000")
    assert "strategy:MOM" in play.desk.book.state.halts


def test_what_nobody_here_ordered_is_left_alone(play):
    """A position of EXTERNAL is not ours to close, whatever is killed."""
    play.desk.hear(VENUE, ExecutionReport(
        order_id="V9", exec_id="E9", exec_type=E.TRADE, ord_status=OrdStatus.FILLED, symbol=SYMBOL,
        side=Side.BUY, leaves_qty=ZERO, cum_qty=Decimal(700), avg_px=ZERO, last_qty=Decimal(700),
        last_px=Decimal("1.1"), secondary_exec_id="H1",
    ))  # fmt: skip
    assert held(play, "EXTERNAL") == 700
    flatten(play)
    cancel_rests(play)
    orders = closings(play)
    assert sorted(order.order_qty for order in orders) == [4000, 10000]
    for order in orders:
        close(play, order)
    assert closings(play) == []
    assert held(play, "EXTERNAL") == 700


@pytest.mark.parametrize(
    "scope", ["all", f"venue:{VENUE}", f"account:{ACCOUNT}", f"symbol:{SYMBOL}"]
)
def test_meanwhile_nobody_trades(play, scope):
    """In a killed scope every order is refused, also one that reduces; cancels pass."""
    flatten(play, scope)
    for owner, side in (("MM", Side.BUY), ("MM", Side.SELL), ("MOM", Side.BUY)):
        play.desk.hear(owner, new_order(play.desk, f"N{owner}{side.value}", "1000", side=side))
        refused = [m for m in play.desk.told(owner) if isinstance(m, ExecutionReport)][-1]
        assert (refused.exec_type, refused.text.partition(":")[0]) == (E.REJECTED, "HALTED")
    assert play.last(OrderCancelRequest).orig_cl_ord_id == play.rests.wire_id


def test_what_is_refused_is_tried_less_and_less_often_and_holds_nobody_up(play):
    """A market that is closed for a while is closed when it opens; others are not kept waiting."""
    flatten(play)
    tried = [order for _ in range(130) for order in refused(play, closings(play, 100))]
    assert len(tried) == 8  # at 0, 0.1, 0.3, 0.7 … 12.7 s
    cancel_rests(play)
    (other,) = closings(play, 100)
    assert other.on_behalf_of_comp_id == "MM"


@pytest.mark.parametrize("command", ["RESUME", "REDUCE"])
def test_to_resume_calls_the_flattening_off(play, command):
    """Whoever trades again, if only to reduce, does not want to be closed against their will."""
    flatten(play)
    assert ask(play.desk, command, scope="all", reason="over").outcome == "DONE"
    cancel_rests(play)
    assert closings(play) == []
    assert notes(play.desk, "ALERT NOT_FLATTENED")[0]["why"] == "ann resumed it"


def test_flattening_passes_the_halt_of_a_paced_venue():
    """A closing order that waits for room at its venue is sent, although its scope is halted."""
    house = rules()
    limit = RateLimit(weight=2, window_ms=10_000, counts="orders")
    paced = replace(house.venues[VENUE], pace=Pace(limits=(limit,), cancel_reserve_pct=0))
    play = Play(replace(house, venues={VENUE: paced}))
    play.order("X1").fill("10000")
    play.order("X2").fill("10000")
    flatten(play)
    assert closings(play) == []
    (order,) = closings(play, 11_000)
    assert (order.side, order.order_qty) == (Side.SELL, 20000)


def test_a_kill_from_outside_says_what_it_is(play):
    """A STOP file's halt has its own cause: no person's REDUCE softens it, RESUME ends it."""
    play.desk.run(play.desk.core.kill("", "STOP_FILE", "smoke", play.desk.now_ns))
    halts = play.desk.book.state.halts["all"]
    assert (halts["STOP_FILE"].who, halts["STOP_FILE"].reason) == ("STOP_FILE", "smoke")
    assert notes(play.desk, "ALERT KILLED")[0]["scope"] == "all"
    assert sent(play, OrderCancelRequest)
    ask(play.desk, "REDUCE", scope="all", reason="careful")
    assert set(halts) == {"STOP_FILE", "PERSON"}
    play.order("N")
    assert play.desk.told("MM")[-1].text.startswith("HALTED: ")
    assert ask(play.desk, "RESUME", scope="all", reason="over").outcome == "DONE"
    assert not play.desk.book.state.halts


@pytest.mark.parametrize("text", ["strategy:NOBODY", "the market is mad", "venue:"])
def test_what_no_scope_can_mean_stops_everything(play, text):
    """From outside nobody can be asked back: sooner too much than nothing."""
    play.desk.run(play.desk.core.kill(text, "STOP_FILE", "smoke", play.desk.now_ns))
    assert list(play.desk.book.state.halts) == ["all"]
    assert text in play.desk.book.state.halts["all"]["STOP_FILE"].reason


@pytest.mark.parametrize(
    ("held_scope", "wanted", "refused"),
    [
        ("", "all", True), ("", "strategy:MM", True), ("strategy:MM", "strategy:MM", True),
        ("strategy:MM", f"strategy:MM venue:{VENUE}", True), ("strategy:MM", "all", False),
        ("strategy:MM", "strategy:MOM", False), (None, "all", False),
    ],
)  # fmt: skip
def test_what_a_stop_file_holds_nobody_resumes(play, held_scope, wanted, refused):
    """While the file is there, a scope within it stays shut, and the answer says what to do."""
    for scope in ("all", "strategy:MM", "strategy:MOM", f"strategy:MM venue:{VENUE}"):
        ask(play.desk, "KILL", scope=scope, reason="test")
    play.desk.core.held_by_file(held_scope)
    answer = ask(play.desk, "RESUME", scope=wanted, reason="over")
    assert code(answer) == ("STOP_FILE" if refused else "")
    if refused:
        assert "remove the file" in answer.text
    play.desk.core.held_by_file(None)
    assert ask(play.desk, "RESUME", scope=wanted, reason="over").text != answer.text


def test_one_resume_lifts_every_halt_of_its_scope(play):
    """A scope that a person, a breaker and a signal have stopped is free after one RESUME."""
    ask(play.desk, "KILL", scope="all", reason="test")
    play.desk.run(play.desk.core.kill("", "SIGNAL", "SIGUSR1", play.desk.now_ns))
    play.desk.run(trip(
        play.desk.book, play.desk.rules, "all", TradingState.REDUCING, play.desk.now_ns,
        cause="LOOP_LAG", detail="late",
    ))  # fmt: skip
    assert set(play.desk.book.state.halts["all"]) == {"PERSON", "SIGNAL", "LOOP_LAG"}
    assert ask(play.desk, "RESUME", scope="all", reason="over").outcome == "DONE"
    assert not play.desk.book.state.halts


def test_an_owners_refused_cancel_does_not_save_an_order(play):
    """The owner's own cancel was on its way and is refused: the kill asks again."""
    play.desk.hear("MM", cancel(play.desk, "C1", "X2"))
    asked = play.last(OrderCancelRequest)
    ask(play.desk, "KILL", scope="all", reason="test")
    assert play.last(OrderCancelRequest) is asked
    play.desk.hear(VENUE, OrderCancelReject(
        order_id="V", cl_ord_id=asked.cl_ord_id, orig_cl_ord_id=asked.orig_cl_ord_id,
        ord_status=OrdStatus.NEW, cxl_rej_response_to=CxlRejResponseTo.CANCEL,
        cxl_rej_reason=CxlRejReason.OTHER, text="busy",
    ))  # fmt: skip
    play.desk.pass_time(200)
    again = play.last(OrderCancelRequest)
    assert again.cl_ord_id != asked.cl_ord_id
    play.rests.cancel(again)
    assert not play.desk.book.open_orders(owner="MM")
