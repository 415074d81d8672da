"""REDUCING lets an owner take quantity off an order, and nothing else that adds risk."""

from __future__ import annotations

import pytest
from support.desk import VENUE, Desk, Exchange, change, new_order

from protocol.fields import SecurityTradingStatus
from protocol.messages import (
    NewOrderSingle,
    OperatorCommand,
    OrderCancelReplaceRequest,
    SecurityStatus,
)


@pytest.fixture
def desk():
    """A resting order of 1000 at 1.1000, and trading in its symbol reduced."""
    desk = Desk()
    desk.open_up()
    desk.hear("MM", new_order(desk, "a"))
    sent = [m for m in desk.told(VENUE) if isinstance(m, NewOrderSingle)]
    Exchange(desk, sent[-1]).accept()
    desk.log_on("OPERATOR/ann/1", sender_sub_id="ann/1")
    desk.hear("OPERATOR/ann/1", OperatorCommand(
        cl_ord_id="1", command="REDUCE", scope="symbol:EURUSD", reason="news",
    ))  # fmt: skip
    return desk


@pytest.mark.parametrize(
    ("qty", "price", "passes"),
    [("600", "1.1000", True), ("1001", "1.1000", False), ("600", "1.1001", False)],
)
def test_an_order_may_shrink(desk, qty, price, passes):
    """Less quantity at the same price passes; more of it, or a better price, does not."""
    desk.hear("MM", change(desk, "b", "a", qty, price))
    asked = [m for m in desk.told(VENUE) if isinstance(m, OrderCancelReplaceRequest)]
    assert bool(asked) is passes


def test_a_reduced_symbol_is_told_as_a_security_status(desk):
    """Besides 35=h, strategies get 35=f of the symbol with 326=2 and the state in 5006."""
    (status,) = [m for m in desk.told("MM") if isinstance(m, SecurityStatus)]
    assert status.security_trading_status is SecurityTradingStatus.TRADING_HALT
    assert (status.symbol, status.trading_state.value) == ("EURUSD", "REDUCING")
