"""Pending orders: when they trade, at what, how they change, and how they end."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from support.mt5.constants import (
    Action,
    GtcMode,
    MarginMode,
    OrderState,
    OrderType,
    Reason,
    Retcode,
    TimeType,
    TransactionType,
)
from support.mt5.scene import Scene

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
TRIGGERS = [
    # type, price, a quote that does not do it, one that does, the price of the deal
    (OrderType.BUY_LIMIT, "1.09", ("1.08991", "1.09001"), ("1.08980", "1.08990"), "1.08990"),
    (OrderType.SELL_LIMIT, "1.11", ("1.10999", "1.11009"), ("1.11010", "1.11020"), "1.11010"),
    (OrderType.BUY_STOP, "1.11", ("1.10989", "1.10999"), ("1.11010", "1.11020"), "1.11020"),
    (OrderType.SELL_STOP, "1.09", ("1.09001", "1.09011"), ("1.08980", "1.08990"), "1.08980"),
]  # fmt: skip


@pytest.mark.parametrize("kind", MarginMode)
@pytest.mark.parametrize(("what", "price", "before", "due", "paid"), TRIGGERS)
def test_an_order_trades_when_the_market_reaches_it(kind, what, price, before, due, paid):
    """Buyers look at the ask, sellers at the bid; the deal has the market's price."""
    scene = Scene(kind)
    ticket = scene.place(what, price, magic=7).order
    scene.quote(*before)
    assert scene.books.orders[ticket].state is OrderState.PLACED
    scene.quote(*due)
    order = scene.books.history[ticket]
    deal = scene.office.ledger.executions[0]
    assert (order.type, order.state) == (what, OrderState.FILLED)
    assert (deal.price, deal.magic, deal.reason) == (Decimal(paid), 7, Reason.EXPERT)
    assert scene.position.ticket == ticket
    scene.settled()


@pytest.mark.parametrize(
    ("what", "price", "limit", "stop_quote", "limit_quote", "rests"),
    [
        (OrderType.BUY_STOP_LIMIT, "1.11", "1.105", ("1.11", "1.1101"), ("1.1049", "1.105"),
         OrderType.BUY_LIMIT),
        (OrderType.SELL_STOP_LIMIT, "1.09", "1.095", ("1.0899", "1.09"), ("1.095", "1.0951"),
         OrderType.SELL_LIMIT),
    ],
)  # fmt: skip
def test_a_stop_limit_becomes_a_limit_with_its_ticket(
    what, price, limit, stop_quote, limit_quote, rests
):
    """ORDER_UPDATE tells the new type; it trades when the market comes back."""
    scene = Scene()
    ticket = scene.place(what, price, stoplimit=limit).order
    program = scene.terminal.load("Test")
    scene.quote(*stop_quote)
    scene.clock.advance(100)
    order, told = scene.books.orders[ticket], program.take()
    assert (order.type, order.price_open) == (rests, Decimal(limit))
    assert (told.type, told.order_type) == (TransactionType.ORDER_UPDATE, rests)
    scene.quote(*limit_quote)
    assert scene.books.history[ticket].state is OrderState.FILLED


def test_a_placed_order_is_told_twice():
    """ORDER_ADD as STARTED, ORDER_UPDATE as PLACED; no position and no magic is told."""
    scene = Scene()
    program = scene.terminal.load("Test")
    scene.place(OrderType.BUY_STOP_LIMIT, "1.11", stoplimit="1.105", magic=7)
    first, second = program.take(), program.take()
    assert (first.type, first.order_state) == (TransactionType.ORDER_ADD, OrderState.STARTED)
    assert (second.type, second.order_state) == (TransactionType.ORDER_UPDATE, OrderState.PLACED)
    assert (second.price, second.price_trigger, second.position) == (
        Decimal("1.105"), Decimal("1.11"), 0
    )  # fmt: skip


def test_a_change_keeps_the_ticket_and_the_magic():
    """Price, levels and expiry change; what the request says of the magic has no effect."""
    scene = Scene()
    ticket = scene.place(OrderType.BUY_LIMIT, "1.09", magic=7, comment="mine").order
    result = scene.modify(ticket, price="1.08", sl="1.07", magic=9)
    order = scene.books.orders[ticket]
    assert result.retcode == Retcode.DONE
    assert (order.price_open, order.sl) == (Decimal("1.08"), Decimal("1.07"))
    assert (order.ticket, order.magic, order.comment) == (ticket, 7, "mine")


def test_a_removed_order_is_in_the_history():
    """ORDER_DELETE and HISTORY_ADD, both CANCELED; a second removal meets no order."""
    scene = Scene()
    ticket = scene.place(OrderType.BUY_LIMIT, "1.09").order
    program = scene.terminal.load("Test")
    assert scene.remove(ticket).retcode == Retcode.DONE
    told = [program.take(), program.take()]
    assert [one.type for one in told] == [
        TransactionType.ORDER_DELETE, TransactionType.HISTORY_ADD
    ]  # fmt: skip
    assert {one.order_state for one in told} == {OrderState.CANCELED}
    assert scene.remove(ticket).retcode == Retcode.INVALID_ORDER


def at(scene, *when):
    """Let it be a moment of the server's clock."""
    server_ms = int(datetime(*when, tzinfo=UTC).timestamp() * 1000)
    scene.clock.advance_to(scene.clock.utc_ms(server_ms))


EXPIRIES = [
    # type_time, expiration in server time, the last moment that it lives, the first after that
    (TimeType.DAY, None, (2024, 1, 1, 23, 59, 59), (2024, 1, 2)),
    (TimeType.SPECIFIED, (2024, 1, 1, 15, 30), (2024, 1, 1, 15, 29, 59), (2024, 1, 1, 15, 30)),
    (TimeType.SPECIFIED_DAY, (2024, 1, 3), (2024, 1, 3, 23, 59, 58), (2024, 1, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "until", "alive", "gone"), EXPIRIES)
def test_an_order_lives_as_long_as_it_says(kind, until, alive, gone):
    """DAY ends at the server's midnight, SPECIFIED at its second, SPECIFIED_DAY with its day."""
    scene = Scene()
    moment = int(datetime(*until, tzinfo=UTC).timestamp()) if until else 0
    ticket = scene.place(
        OrderType.BUY_LIMIT, "1.09", type_time=kind, expiration=moment
    ).order  # fmt: skip
    at(scene, *alive)
    assert ticket in scene.books.orders
    at(scene, *gone)
    assert scene.books.history[ticket].state is OrderState.EXPIRED


def test_an_expiry_that_was_moved_counts_anew():
    """The old moment passes without effect, the new one ends the order."""
    scene = Scene()
    now_s = scene.clock.server_ms() // 1000
    ticket = scene.place(
        OrderType.BUY_LIMIT, "1.09", type_time=TimeType.SPECIFIED, expiration=now_s + 3600
    ).order
    scene.modify(ticket, expiration=now_s + 7200)
    scene.clock.advance(HOUR_MS + 1)
    assert ticket in scene.books.orders
    scene.clock.advance(HOUR_MS)
    assert scene.books.history[ticket].state is OrderState.EXPIRED


@pytest.mark.parametrize("mode", GtcMode)
def test_what_of_gtc_outlives_the_day(mode):
    """DAILY ends orders and levels, DAILY_NO_STOPS orders only, GTC nothing."""
    scene = Scene()
    scene.rules(gtc_mode=mode)
    ticket = scene.place(OrderType.BUY_LIMIT, "1.09").order
    scene.buy(sl="1.08")
    scene.clock.advance(DAY_MS)
    assert (ticket in scene.books.orders) == (mode is GtcMode.GTC)
    assert bool(scene.position.sl) == (mode is not GtcMode.DAILY)


def test_a_pending_order_may_be_made_and_filled_by_others():
    """An order by hand has reason CLIENT and magic 0, and it trades like any other."""
    scene = Scene()
    ticket = scene.people.by_hand("EURUSD", "0.2", OrderType.BUY_LIMIT, price="1.09").order
    scene.quote("1.08980", "1.08990")
    order = scene.books.history[ticket]
    assert (order.reason, order.magic, order.state) == (Reason.CLIENT, 0, OrderState.FILLED)


def test_the_broker_may_take_an_order_off():
    """Without any request: no REQUEST transaction, and the state that he likes."""
    scene = Scene()
    ticket = scene.place(OrderType.BUY_LIMIT, "1.09").order
    program = scene.terminal.load("Test")
    scene.people.cancel_by_broker(ticket, OrderState.REJECTED)
    scene.settled()
    assert scene.books.history[ticket].state is OrderState.REJECTED
    assert TransactionType.REQUEST not in {one.type for one in program.queue}


def test_a_netting_account_merges_a_triggered_order():
    """A limit order that trades reverses the position, as a market order would."""
    scene = Scene()
    first = scene.buy("0.1").order
    scene.place(OrderType.SELL_STOP, "1.09", "0.3")
    scene.quote("1.08990", "1.09000")
    assert (scene.position.signed, scene.position.identifier) == (Decimal("-0.2"), first)


@pytest.mark.parametrize("kind", MarginMode)
def test_an_order_that_is_due_and_cannot_be_paid_is_rejected(kind):
    """REJECTED in the history, with a comment of the server; no deal, no request."""
    scene = Scene(kind, balance="1000")
    ticket = scene.place(OrderType.BUY_LIMIT, "1.09", "5").order
    program = scene.terminal.load("Test")
    scene.quote("1.08980", "1.08990")
    scene.settled()
    order = scene.books.history[ticket]
    assert (order.state, order.comment) == (OrderState.REJECTED, "no money")
    assert scene.office.ledger.executions == []
    assert [one.type for one in program.queue] == [
        TransactionType.ORDER_DELETE, TransactionType.HISTORY_ADD
    ]  # fmt: skip


def test_outside_of_the_session_nothing_is_due():
    """Quotes that come while trading is closed touch no order and no level."""
    scene = Scene()
    ticket = scene.place(OrderType.BUY_LIMIT, "1.09").order
    scene.buy(sl="1.08")
    scene.rules(sessions=((),) * 7)
    scene.quote("1.07", "1.0701")
    assert ticket in scene.books.orders
    assert scene.position.sl
    scene.rules()
    scene.quote("1.07", "1.0701")
    assert scene.books.history[ticket].state is OrderState.FILLED
    assert scene.books.positions == {}


def test_an_action_without_a_price_is_pending_all_the_same():
    """The server answers a pending order with the order's number and no deal."""
    scene = Scene()
    result = scene.place(OrderType.BUY_LIMIT, "1.09")
    assert (result.retcode, result.deal, result.order > 0) == (Retcode.DONE, 0, True)
    assert scene.books.orders[result.order].volume_current == Decimal("0.1")
    assert scene.send(action=Action.REMOVE, order=result.order).ok
