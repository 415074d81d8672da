"""Every check of the gate: one step inside its limit, at it, and one step outside."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.desk import ACCOUNT, SYMBOL, VENUE, new_order, rules
from support.lines import Play

from protocol.fields import (
    ExecInst,
    ExecType,
    OrdRejReason,
    OrdType,
    PositionEffect,
    Side,
    TimeInForce,
    TradingState,
)
from protocol.messages import OperatorCommand, Security
from protocol.timestamps import format_utc

STOP, STOP_LIMIT = OrdType.STOP, OrdType.STOP_LIMIT
GTD = TimeInForce.GOOD_TILL_DATE
MS = 1_000_000


@pytest.fixture
def play():
    """A house with narrow limits; one instrument with every rule."""
    play = Play(rules(
        max_order_qty=Decimal(10_000), max_order_notional=Decimal(5_000), max_open_orders=2,
        max_order_age_ms=5_000,
    ))  # fmt: skip
    view = play.desk.core.market.venue(VENUE)
    view.securities[SYMBOL] = Security(
        symbol=SYMBOL, currency="USD", price_tick=Decimal("0.0001"), qty_step=Decimal(10),
        min_trade_vol=Decimal(20), max_qty=Decimal(8_000), min_notional=Decimal(50),
    )  # fmt: skip
    return play


def verdict(play, qty="1000", price="1.1000", **fields):
    """Ask for an order; return the code of its refusal, empty when it passed."""
    message = new_order(play.desk, f"T{len(play.desk.records)}", qty, price, **fields)
    play.desk.hear("MM", message)
    told = play.desk.told("MM")[-1]
    assert told.exec_type in {ExecType.PENDING_NEW, ExecType.REJECTED}
    if told.exec_type is ExecType.PENDING_NEW:
        return ""
    assert told.reject_source.value == "G"
    assert told.leaves_qty == 0
    return f"{told.text.split(':')[0]} {told.ord_rej_reason.value}"


def test_a_plain_order_passes(play):
    """The order that the tables below vary passes."""
    assert verdict(play) == ""


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("", {"qty": "20", "price": "2.5"}),
        ("MIN_QTY 13", {"qty": "10", "price": "5"}),
        ("QTY_STEP 13", {"qty": "1001"}),
        ("QTY_STEP 13", {"qty": "1000.000000000000000001"}),
        ("BAD_QTY 13", {"qty": "0"}),
        ("BAD_QTY 13", {"qty": "-10"}),
        ("", {"qty": "8000", "price": "0.5"}),
        ("VENUE_MAX_QTY 13", {"qty": "8010", "price": "0.5"}),
        ("VENUE_MAX_QTY 13", {"qty": "999999999999990", "price": "0.5"}),
        ("BAD_QTY 13", {"qty": "1000000000000000", "price": "0.5"}),
        ("BAD_QTY 13", {"qty": "999999999999999999", "price": "0.5"}),
        ("", {"price": "1.1001"}),
        ("PRICE_TICK 99", {"price": "1.10005"}),
        ("BAD_PRICE 99", {"price": "0"}),
        ("BAD_PRICE 99", {"price": "-1.1"}),
        ("BAD_PRICE 99", {"price": "1000000000000000"}),
        ("", {"stop_px": Decimal("1.2"), "ord_type": STOP_LIMIT}),
        ("PRICE_TICK 99", {"stop_px": Decimal("1.20001"), "ord_type": STOP_LIMIT}),
        ("", {"qty": "1000", "price": "5"}),
        ("MAX_NOTIONAL 3", {"qty": "1000", "price": "5.0001"}),
        ("", {"qty": "50", "price": "1"}),
        ("MIN_NOTIONAL 13", {"qty": "40", "price": "1"}),
        ("", {"qty": "4000", "price": None}),
        ("MAX_NOTIONAL 3", {"qty": "5000", "price": None}),
        ("MAX_NOTIONAL 3", {"qty": "5000", "price": "0.0200", "side": Side.SELL}),
        ("UNKNOWN_ACCOUNT 15", {"account": "OTHER"}),
        ("UNKNOWN_VENUE 0", {"ex_destination": "NOWHERE"}),
    ],
)
def test_quantities_prices_and_places(play, code, fields):
    """Step, minimum, maximum, tick, notional: the limit itself passes, the next step does not."""
    assert verdict(play, **fields) == code


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("", {"price": None, "ord_type": OrdType.MARKET}),
        ("FIELDS_DISAGREE 99", {"price": "1.1", "ord_type": OrdType.MARKET}),
        ("FIELDS_DISAGREE 99", {"price": None, "ord_type": OrdType.LIMIT}),
        ("FIELDS_DISAGREE 99", {"price": None, "ord_type": STOP}),
        ("FIELDS_DISAGREE 99", {"stop_px": Decimal("1.2")}),
        ("FIELDS_DISAGREE 99", {"time_in_force": GTD}),
        ("FIELDS_DISAGREE 99", {"expire_time": "20280101-00:00:00"}),
        ("", {"expire_time": "20280101-00:00:00", "time_in_force": GTD}),
        ("EXPIRED 4", {"expire_time": "20200101-00:00:00", "time_in_force": GTD}),
        ("", {"exec_inst": ExecInst.PARTICIPATE_DONT_INITIATE}),
        ("FIELDS_DISAGREE 99", {"price": None, "exec_inst": ExecInst.PARTICIPATE_DONT_INITIATE}),
        ("NOT_SUPPORTED 11", {"stop_loss_px": Decimal("1.0")}),
        ("NOT_SUPPORTED 11", {"take_profit_px": Decimal("1.3")}),
        ("NOT_SUPPORTED 11", {"position_id": "7"}),
    ],
)
def test_fields_and_capabilities(play, code, fields):
    """Fields belong to their types; what the venue cannot do is refused here."""
    assert verdict(play, **fields) == code


@pytest.mark.parametrize(
    ("age_ms", "code"),
    [(0, ""), (5_000, ""), (5_001, "STALE_ORDER 4"), (-5_000, ""), (-5_001, "STALE_ORDER 4")],
)
def test_the_age_of_an_order(play, age_ms, code):
    """An order that is older than the limit is refused; so is one from the future."""
    said = format_utc(play.desk.now_ns - age_ms * MS)
    assert verdict(play, transact_time=said) == code


@pytest.mark.parametrize(("age_ms", "code"), [(10_000, ""), (10_001, "QUOTE_STALE 0")])
def test_a_market_order_needs_a_fresh_price(play, age_ms, code):
    """A quote older than quote_stale_ms is no price."""
    play.desk.now_ns += age_ms * MS
    assert verdict(play, price=None) == code


def test_a_market_order_without_any_quote(play):
    """An unknown price refuses new risk."""
    play.desk.restart()
    play.desk.log_on(VENUE)
    play.desk.answer_round()
    assert verdict(play, price=None) == "NO_PRICE 0"


def test_open_orders_are_counted(play):
    """The limit's last order passes, the next does not, and passes again when one has ended."""
    exchange = play.order("A", "1000")
    assert verdict(play) == ""
    assert verdict(play) == "MAX_OPEN_ORDERS 3"
    exchange.fill("1000")
    assert verdict(play) == ""


def test_the_quantity_of_one_order(play):
    """MAX_QTY binds where the venue's own maximum does not."""
    view = play.desk.core.market.venue(VENUE)
    view.securities[SYMBOL] = Security(symbol=SYMBOL, currency="USD")
    assert verdict(play, "10000", "0.5") == ""
    assert verdict(play, "10001", "0.4") == "MAX_QTY 3"


def test_an_unknown_symbol(play):
    """Without the venue's rules for it nothing is sent."""
    play.desk.core.market.venue(VENUE).securities.clear()
    assert verdict(play) == f"UNKNOWN_SYMBOL {OrdRejReason.UNKNOWN_SYMBOL.value}"


def test_a_venue_that_is_away(play):
    """Not linked, or linked and not reconciled: refused."""
    play.desk.drop(VENUE)
    assert verdict(play) == "VENUE_DOWN 0"
    play.desk.log_on(VENUE)
    assert verdict(play) == "VENUE_DOWN 0"
    play.desk.answer_round()
    assert verdict(play, "1000") == ""


@pytest.mark.parametrize(
    ("field", "code"), [("venues", "VENUE_NOT_ALLOWED 0"), ("accounts", "ACCOUNT_NOT_ALLOWED 0")]
)
def test_permission(play, field, code):
    """A strategy trades only where its configuration lets it; empty lets it everywhere."""
    rule = replace(play.desk.rules.strategies["MM"], **{field: frozenset({"ELSEWHERE"})})
    play.desk.rules.strategies["MM"] = rule
    assert verdict(play) == code


def hold(play, qty="1000"):
    """Let MM hold a long position."""
    play.order("HOLD", qty).fill(qty)


CLOSE = PositionEffect.CLOSE


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("", {"qty": "1000", "side": Side.SELL}),
        ("", {"qty": "990", "side": Side.SELL}),
        ("REDUCE_ONLY 0", {"qty": "1010", "side": Side.SELL}),
        ("REDUCE_ONLY 0", {"qty": "100", "side": Side.BUY}),
    ],
)
def test_reduce_only(play, code, fields):
    """77=C closes at most the strategy's own position, never turns it round."""
    hold(play)
    assert verdict(play, position_effect=CLOSE, **fields) == code


def test_resting_reduce_only_orders_count(play):
    """What rests already takes its part of what may be closed."""
    hold(play)
    assert verdict(play, "600", side=Side.SELL, position_effect=CLOSE) == ""
    assert verdict(play, "410", side=Side.SELL, position_effect=CLOSE) == "REDUCE_ONLY 0"
    assert verdict(play, "400", side=Side.SELL, position_effect=CLOSE) == ""


def operate(play, command, scope="all"):
    """Let a person change the trading state."""
    if "OPERATOR/ann" not in play.desk.book.state.sessions:
        play.desk.log_on("OPERATOR/ann")
    play.desk.hear("OPERATOR/ann", OperatorCommand(
        cl_ord_id="U", command=command, scope=scope, reason="test"
    ))  # fmt: skip


SCOPES = (
    "all", "strategy:MM", f"venue:{VENUE}", f"account:{ACCOUNT}", f"symbol:{SYMBOL}",
    f"symbol:{SYMBOL} strategy:MM",
)  # fmt: skip


@pytest.mark.parametrize("scope", SCOPES)
def test_halted(play, scope):
    """HALTED in a scope that the order touches refuses it; RESUME lets it through."""
    operate(play, "KILL", scope)
    assert verdict(play) == "HALTED 0"
    operate(play, "RESUME", scope)
    assert verdict(play) == ""


def test_halted_elsewhere(play):
    """A scope binds only what lies in all of its terms."""
    operate(play, "KILL", "strategy:MOM")
    operate(play, "KILL", f"strategy:MOM symbol:{SYMBOL}")
    assert verdict(play) == ""


def test_the_strictest_state_binds(play):
    """REDUCING here and HALTED there: HALTED, in whichever order they were said."""
    hold(play)
    operate(play, "REDUCE", "strategy:MM")
    operate(play, "KILL", "all")
    assert verdict(play, "100", side=Side.SELL) == "HALTED 0"


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("", {"qty": "1000", "side": Side.SELL}),
        ("REDUCING 0", {"qty": "1010", "side": Side.SELL}),
        ("REDUCING 0", {"qty": "100", "side": Side.BUY}),
    ],
)
def test_reducing(play, code, fields):
    """REDUCING lets through what makes the position smaller, and no more than there is."""
    hold(play)
    operate(play, "REDUCE")
    assert verdict(play, **fields) == code


def test_reducing_counts_what_rests(play):
    """Two orders that reduce each, but not both, are not both let through."""
    hold(play)
    operate(play, "REDUCE")
    assert verdict(play, "600", side=Side.SELL) == ""
    assert verdict(play, "500", side=Side.SELL) == "REDUCING 0"


def test_cancels_pass_in_every_state(play):
    """A halt never holds a cancel back."""
    play.order("A", "1000").accept()
    play.desk.book.state.halts.clear()
    play.desk.drop("MOM")
    operate(play, "REDUCE")
    sent = len(play.desk.told(VENUE))
    play.cancel("B", "A")
    assert len(play.desk.told(VENUE)) == sent + 1
    halt = play.desk.book.state.halts["all"]["PERSON"]
    assert halt.state is TradingState.REDUCING
