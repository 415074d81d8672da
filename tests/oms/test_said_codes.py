"""The codes in front of a Text that no rule of an order's limits is about: what is said, and when.

A code is a promise to programs: each stands here with the least that leads to it.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.desk import SYMBOL, VENUE, cancel, change, new_order, rules
from support.inquest import NEVER_SENT, read, relink, unknown
from support.lines import Play
from support.operators import ask, notes

from gateway.oms.rules import ASK, CANCEL
from protocol.fields import ExecType, Side, TimeInForce
from protocol.messages import (
    BusinessMessageReject,
    ExecutionReport,
    MarketDataRequest,
    MarketDataRequestReject,
    MDReqSymbol,
    MDReqType,
    NewOrderSingle,
    OperatorCommand,
    OrderCancelReject,
    OrderMassCancelRequest,
    TradingSessionStatus,
)
from protocol.timestamps import format_utc


def text(play, kind):
    """Return the Text of the last message of a kind that the strategy was told."""
    return [message for message in play.desk.told("MM") if isinstance(message, kind)][-1].text


@pytest.fixture
def play():
    """An order X of MM that rests."""
    play = Play()
    play.exchange = play.order()
    play.exchange.accept()
    return play


def test_an_id_is_used_once(play):
    """DUPLICATE_CL_ORD_ID: by another order, and by a cancel."""
    play.desk.hear("MM", new_order(play.desk, "X"))
    assert text(play, ExecutionReport).startswith("DUPLICATE_CL_ORD_ID: ")
    play.desk.hear("MM", cancel(play.desk, "X", "X"))
    assert text(play, OrderCancelReject) == "DUPLICATE_CL_ORD_ID"


def test_what_a_request_is_about(play):
    """UNKNOWN_ORDER, OTHER_ORDER, NOT_REPLACEABLE, ALREADY_PENDING and TOO_LATE are told apart."""
    play.desk.hear("MM", cancel(play.desk, "1", "NONE"))
    assert text(play, OrderCancelReject).startswith("UNKNOWN_ORDER: ")
    play.desk.hear("MM", cancel(play.desk, "2", "X", side=Side.SELL))
    assert text(play, OrderCancelReject).startswith(f"OTHER_ORDER: order has symbol={SYMBOL}")
    other = change(play.desk, "3", "X", "10000", "1.1", time_in_force=TimeInForce.FILL_OR_KILL)
    play.desk.hear("MM", other)
    assert text(play, OrderCancelReject).startswith("NOT_REPLACEABLE: ")
    play.cancel("4", "X")
    play.desk.hear("MM", cancel(play.desk, "5", "X"))
    assert text(play, OrderCancelReject).startswith("ALREADY_PENDING: ")
    play.exchange.cancel()
    play.desk.hear("MM", cancel(play.desk, "6", "X"))
    assert text(play, OrderCancelReject).startswith("TOO_LATE: ord_status=CANCELED")


def test_nothing_is_replaced_in_doubt():
    """IN_DOUBT: nobody knows whether the venue has it."""
    play = Play()
    play.order()
    relink(play)
    play.desk.hear("MM", change(play.desk, "2", "X", "5000", "1.1"))
    assert text(play, OrderCancelReject).startswith("IN_DOUBT: ")


def test_an_order_that_is_gone_at_the_venue(play):
    """GONE_AT_VENUE: it was acknowledged, and the venue has proved to have it no more."""
    unknown(play, NEVER_SENT)
    read(play, 600)
    play.desk.pass_time(100)
    play.desk.answer_round()
    read(play, 600)
    play.desk.answer_round()
    read(play, 600)
    told = [one for one in play.desk.told("MM") if isinstance(one, ExecutionReport)][-1]
    assert (told.exec_type, told.text) == (ExecType.CANCELED, "GONE_AT_VENUE")
    assert len(notes(play.desk, "ALERT GONE_AT_VENUE")) == 1


def test_cancelled_in_the_mass(play):
    """MASS_CANCEL: each order that a q cancels says so."""
    play.desk.hear("MM", OrderMassCancelRequest(
        cl_ord_id="Q", mass_cancel_request_type="7", transact_time=format_utc(play.desk.now_ns),
    ))  # fmt: skip
    assert text(play, ExecutionReport) == "MASS_CANCEL"


def test_a_book_that_is_not_known():
    """NO_BOOK: a symbol that nobody quotes has none."""
    play = Play()
    play.desk.hear("MM", MarketDataRequest(
        md_req_id="V", subscription_request_type="0", market_depth=1,
        md_entry_types=(MDReqType(md_entry_type="0"),),
        related_sym=(MDReqSymbol(symbol="NONE"),),
    ))  # fmt: skip
    assert text(play, MarketDataRequestReject).startswith("NO_BOOK: symbol=NONE")


def test_flattening_says_whose_doing_it_is(play):
    """FLATTEN: the order that closes a position carries the scope of the kill."""
    play.exchange.fill("10000")
    ask(play.desk, "KILL", scope="all", reason="enough", body={"flatten": True})
    play.desk.pass_time(200)
    sent = play.last(NewOrderSingle)
    assert (sent.side, sent.order_qty) == (Side.SELL, 10000)
    accepted = [
        one for one in play.desk.told("MM")
        if isinstance(one, ExecutionReport) and one.exec_type is ExecType.PENDING_NEW
    ][-1]  # fmt: skip
    assert accepted.text.startswith("FLATTEN: ")


@pytest.mark.parametrize(("policy", "said"), [(CANCEL, "EARLIER_RUN"), (ASK, "RESTING_ORDERS")])
def test_what_rests_from_an_earlier_run(policy, said):
    """EARLIER_RUN: it is cancelled at the start; RESTING_ORDERS: nothing new before a person."""
    play = Play(replace(rules(), resting_orders=policy))
    play.order()
    before = len(play.desk.told("MM"))
    play.desk.restart()
    halts = play.desk.book.state.halts.get("all", {})
    told = [getattr(one, "text", None) for one in play.desk.told("MM")[before:]]
    assert (said in told, said in halts) == ((True, False) if policy == CANCEL else (False, True))


def test_a_state_that_is_not_what_was_believed():
    """STATE_DIFFERS: everything is halted until a person has looked, and everybody is told."""
    play = Play()
    play.desk.run(play.desk.core.start(200, "test", play.desk.now_ns, differs_at=7))
    assert list(play.desk.book.state.halts["all"]) == ["STATE_DIFFERS"]
    play.desk.log_on(VENUE)
    play.desk.answer_round()
    play.desk.log_on("MM")
    assert "by GATEWAY: STATE_DIFFERS: at record 7" in text(play, TradingSessionStatus)
    play.desk.hear("MM", new_order(play.desk, "1"))
    assert text(play, ExecutionReport).startswith("HALTED: ")


def test_a_strategy_commands_nobody(play):
    """NOT_FOR_YOU: limits and halts are an operator's; a strategy's session cannot move them."""
    play.desk.hear("MM", OperatorCommand(
        cl_ord_id="U", command="LIMIT", reason="more", scope="strategy:MM",
        command_body='{"key": "max_order_qty", "value": "1000000000"}',
    ))  # fmt: skip
    assert text(play, BusinessMessageReject).startswith("NOT_FOR_YOU: ")
    assert not play.desk.book.state.overrides
