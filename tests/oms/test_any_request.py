"""Whatever a strategy asks, with every limit and breaker on: an answer, and a state that replays.

The requests are any that the codec reads: absurd numbers, times, names and combinations, among
orders that could be meant. An exception would stop the gateway for everybody.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.desk import ACCOUNT, SYMBOL, VENUE, Desk, Exchange, rules
from support.levels import am, asked
from support.operators import ask
from support.scopes import SCOPES, list_instrument

from gateway.oms.rules import CANCEL_RESTING, REJECT_NEW
from gateway.risk.breaker_rules import BreakerRules
from gateway.risk.limits import BUILT_IN
from gateway.risk.pacing import Pace, RateLimit
from protocol.errors import EncodeError
from protocol.fields import (
    ExecInst,
    ExecType,
    OrdStatus,
    OrdType,
    PositionEffect,
    PosMaintStatus,
    Side,
    TimeInForce,
)
from protocol.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    PositionMaintenanceReport,
    PositionMaintenanceRequest,
)
from protocol.timestamps import format_utc

ABSURD = st.sampled_from([Decimal(text) for text in (
    "0", "-1", "999999999999999999", "0.000000000000000001",
    "999999999999999999.999999999999999999", "-999999999999999999", "1.10000000000000000",
)])  # fmt: skip
QTYS = st.sampled_from([Decimal(1), Decimal(7), Decimal(1000), Decimal(600)]) | ABSURD
PRICES = st.sampled_from([Decimal(text) for text in ("1.1000", "1.1002", "1.1003")]) | ABSURD
NAMES = st.sampled_from([
    SYMBOL, VENUE, ACCOUNT, "strategy:MM", "symbol:X y", "|", "a|b", "\u2603", "x" * 64,
])  # fmt: skip
TIMES = st.sampled_from([
    "19700101-00:00:00", "22611231-23:59:59.999999", "20270115-08:00:01", "20280229-00:00:00.001",
])  # fmt: skip


def maybe(strategy):
    """A field that is often away."""
    return st.none() | st.none() | strategy


FIELDS = {
    "side": st.sampled_from(Side), "order_qty": QTYS, "ord_type": st.sampled_from(OrdType),
    "price": maybe(PRICES), "stop_px": maybe(PRICES), "stop_loss_px": maybe(PRICES),
    "take_profit_px": maybe(PRICES), "time_in_force": maybe(st.sampled_from(TimeInForce)),
    "expire_time": maybe(TIMES), "expected_edge": maybe(ABSURD),
    "holding_ms": maybe(st.sampled_from([0, 1, 10**9])), "quote_time": maybe(TIMES),
    "position_effect": maybe(st.just(PositionEffect.CLOSE)),
    "exec_inst": maybe(st.just(ExecInst.PARTICIPATE_DONT_INITIATE)), "account": maybe(NAMES),
    "ex_destination": maybe(NAMES), "position_id": maybe(NAMES),
    "symbol": st.just(SYMBOL) | st.just(SYMBOL) | NAMES,
}  # fmt: skip
PLAIN = st.fixed_dictionaries({
    "symbol": st.just(SYMBOL), "side": st.sampled_from(Side), "ord_type": st.just(OrdType.LIMIT),
    "order_qty": st.sampled_from([Decimal(7), Decimal(600)]),
    "price": st.sampled_from([Decimal("1.1000"), Decimal("1.1002")]),
    "position_effect": maybe(st.just(PositionEffect.CLOSE)),
})  # fmt: skip
ANY = st.fixed_dictionaries(FIELDS)
PARENTS = st.fixed_dictionaries({"parent_order_id": maybe(NAMES), "parent_qty": maybe(QTYS)})
STEPS = st.lists(
    st.tuples(st.sampled_from(["D", "D", "G", "F", "AL"]), PLAIN | ANY, PARENTS, st.integers(0, 5)),
    max_size=12,
)


def house(self_trade, *, paced):
    """Every built-in limit in every scope, small reviews, every breaker, a venue with a rate."""
    house = rules()
    limits = replace(BUILT_IN, review_qty=Decimal(500))
    pace = Pace(limits=(RateLimit(weight=20, window_ms=1_000, counts="all"),)) if paced else Pace()
    venue = replace(house.venues[VENUE], self_trade=self_trade, pace=pace, emulate_expiry=paced)
    return replace(
        house, venues={VENUE: venue},
        limits=dict.fromkeys((*SCOPES, "strategy:MOM"), limits),
        groups={"majors": frozenset({SYMBOL})}, breakers=BreakerRules(), ceilings=BUILT_IN,
    )  # fmt: skip


def say(desk, owner, number, kind, fields, parents):
    """Say a D, AL, or G or F about the last order; return the answers, None if it is unsayable."""
    now = {"transact_time": format_utc(desk.now_ns), "cl_ord_id": f"{owner}{number}"}
    known = desk.book.open_orders(owner=owner)
    if kind == "AL":
        message = PositionMaintenanceRequest(
            pos_req_id=now["cl_ord_id"], clearing_business_date="20270115",
            transact_time=now["transact_time"], account=fields.get("account") or "ALL",
            security_exchange=fields.get("ex_destination"), symbol=fields["symbol"],
            stop_loss_px=fields.get("stop_loss_px") or fields.get("price"),
            take_profit_px=fields.get("take_profit_px"), position_id=fields.get("position_id"),
        )  # fmt: skip
    elif kind == "D" or not known:
        message = NewOrderSingle(**now, **fields, **parents)
    else:
        orig = known[-1]
        now |= {"orig_cl_ord_id": orig.cl_ord_id or "NONE"}
        same = {"symbol": orig.symbol, "side": orig.side}
        if kind == "G":
            message = OrderCancelReplaceRequest(
                **now, **{**fields, **same, "ord_type": orig.ord_type}
            )
        else:
            message = OrderCancelRequest(**now, **same)
    try:
        desk.frame(message, owner, "GATEWAY", 1)
    except EncodeError:
        return None  # what the codec does not write it does not read either
    return desk.hear(owner, message)


def venue_answers(desk, how):
    """Let the venue, or a person, do something about what came last; or let time pass."""
    sent = [message for message in desk.told(VENUE) if isinstance(message, NewOrderSingle)]
    if how == 0:
        desk.pass_time(300)
    elif how == 1 and desk.book.in_review:
        ask(desk, "APPROVE", scope=f"order:{next(iter(desk.book.in_review))}", reason="seen")
    elif how == 2:
        desk.quote("1.1000", "1.1002")
    elif sent:
        for levels in asked(desk)[-1:]:
            status = tuple(PosMaintStatus)[how - 3]
            desk.hear(VENUE, am(desk, levels, status, in_doubt=True if how == 3 else None))
        exchange = Exchange(desk, sent[-1])
        order = desk.book.state.orders[exchange.wire_id]
        if how == 3:
            exchange.accept()
        elif how == 4 and order.is_open:
            exchange.fill(str(exchange.qty), trade_id=exchange.wire_id)
        else:
            exchange.say(ExecType.REJECTED, OrdStatus.REJECTED)


@pytest.mark.parametrize("self_trade", [CANCEL_RESTING, REJECT_NEW])
@pytest.mark.parametrize("paced", [True, False])
def test_every_request_is_answered_and_replays(self_trade, paced):
    """No content of a request raises, and what was journaled folds to the same state."""

    @settings(max_examples=25, deadline=None)
    @given(STEPS)
    def any_stream(steps):
        desk = Desk(house(self_trade, paced=paced))
        desk.capabilities += " STOP_LOSS TAKE_PROFIT PROTECT" + (" HEDGING" if paced else "")
        desk.open_up()
        list_instrument(desk, taker_fee=Decimal("0.0001"), maker_fee=Decimal(0))
        for number, (kind, fields, parents, how) in enumerate(steps):
            owner = ("MM", "MOM")[number % 2]
            answers = say(desk, owner, number, kind, fields, parents)
            assert answers is None or any(
                isinstance(one, ExecutionReport | OrderCancelReject | PositionMaintenanceReport)
                for one in answers
            )
            venue_answers(desk, how)
        assert desk.replayed().digest() == desk.book.digest()
        desk.restart()
        assert desk.replayed().digest() == desk.book.digest()

    any_stream()
