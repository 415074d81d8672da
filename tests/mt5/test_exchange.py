"""An exchange: a book with volumes, partial fills, orders whose rest waits."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.constants import (
    Filling,
    MarginMode,
    OrderState,
    OrderType,
    Retcode,
    TransactionType,
)
from support.mt5.scene import Scene
from support.mt5.symbols import future

BIDS, ASKS = [(4000, 2), ("3999.75", 5)], [("4000.25", 3), ("4000.5", 5)]


@pytest.fixture(params=[MarginMode.EXCHANGE, MarginMode.RETAIL_HEDGING], ids=["exch", "hedge"])
def scene(request):
    """A future with two levels a side: 3 and 5 to buy, 2 and 5 to sell."""
    made = Scene(request.param, future(), balance="100000")
    made.server.book("ESH4", BIDS, ASKS)
    return made


def trades(scene):
    """Return (volume, price) of every trade."""
    return [(int(d.volume), float(d.price)) for d in scene.office.ledger.executions]


def test_an_order_takes_level_after_level(scene):
    """One deal a price, one order, one position at the average."""
    result = scene.buy("5", type_filling=Filling.FOK)
    assert trades(scene) == [(3, 4000.25), (2, 4000.5)]
    assert scene.position.price_open == Decimal("4000.35")
    assert scene.books.history[result.order].volume_current == 0
    assert {deal.order for deal in scene.office.ledger.executions} == {result.order}
    scene.settled()


def test_the_answer_may_come_before_the_deals_are_known(scene):
    """PLACED, without a deal: the truth is in the books. DONE where the broker answers so."""
    result = scene.buy("1")
    assert (result.retcode, result.deal, result.order > 0) == (Retcode.PLACED, 0, True)
    scene.server.exchange_answer = Retcode.DONE
    result = scene.buy("5", type_filling=Filling.RETURN)
    assert (result.retcode, result.volume, result.price) == (
        Retcode.DONE, 5, Decimal("4000.40")
    )  # fmt: skip


FILLINGS = [
    # filling, what trades of 9 where there are 8, the order's end, the answer
    (Filling.FOK, [], OrderState.CANCELED, Retcode.CANCEL),
    (Filling.IOC, [(3, 4000.25), (5, 4000.5)], OrderState.CANCELED, Retcode.DONE_PARTIAL),
    (Filling.RETURN, [(3, 4000.25), (5, 4000.5)], OrderState.PARTIAL, Retcode.DONE_PARTIAL),
]  # fmt: skip


@pytest.mark.parametrize(("filling", "traded", "end", "code"), FILLINGS)
def test_what_becomes_of_a_volume_that_is_not_there(scene, filling, traded, end, code):
    """FOK: nothing. IOC: the rest is cancelled. RETURN: the rest waits."""
    scene.server.exchange_answer = Retcode.DONE
    result = scene.buy("9", type_filling=filling)
    order = (scene.books.orders | scene.books.history)[result.order]
    assert (trades(scene), order.state, result.retcode) == (traded, end, code)
    assert order.volume_current == 9 - sum(volume for volume, _ in traded)
    scene.settled()


def test_a_rest_trades_when_the_book_is_filled_again(scene):
    """ORDER_UPDATE as PARTIAL after each part, ORDER_DELETE after the last."""
    ticket = scene.buy("9", type_filling=Filling.RETURN).order
    scene.settled()
    program = scene.terminal.load("Test")
    scene.server.book("ESH4", BIDS, [("4001", 5)])
    scene.settled()
    assert trades(scene)[2:] == [(1, 4001.0)]
    assert scene.books.history[ticket].state is OrderState.FILLED
    kinds = TransactionType
    assert [one.type for one in program.queue] == [
        kinds.DEAL_ADD, kinds.ORDER_DELETE, kinds.HISTORY_ADD
    ]  # fmt: skip


def test_a_limit_order_that_is_better_than_the_market_trades_at_once(scene):
    """Up to its price; the rest waits in the book."""
    ticket = scene.place(OrderType.BUY_LIMIT, "4000.25", "5").order
    order = scene.books.orders[ticket]
    assert trades(scene) == [(3, 4000.25)]
    assert (order.state, order.volume_current) == (OrderState.PARTIAL, 2)
    scene.settled()


def test_a_change_may_make_an_order_trade(scene):
    """A limit that is moved to the other side of the book takes what there is."""
    ticket = scene.place(OrderType.BUY_LIMIT, "3990", "2").order
    assert scene.modify(ticket, price="4000.25").retcode == Retcode.DONE
    assert trades(scene) == [(2, 4000.25)]
    assert scene.books.history[ticket].state is OrderState.FILLED


def test_a_passive_order_never_takes(scene):
    """BOC: cancelled if it could trade when it is placed, else it waits like any other."""
    taken = scene.place(
        OrderType.BUY_LIMIT, "4000.25", "1", type_filling=Filling.BOC
    ).order  # fmt: skip
    waits = scene.place(OrderType.BUY_LIMIT, "4000", "1", type_filling=Filling.BOC).order
    assert scene.books.history[taken].state is OrderState.CANCELED
    assert scene.books.orders[waits].state is OrderState.PLACED
    assert trades(scene) == []


def test_the_exchange_fills_a_resting_order_in_parts(scene):
    """Each part is a deal of the one order and the one position; the commission adds up."""
    scene.server.add_symbol(future(commission="1.5"))
    ticket = scene.place(OrderType.SELL_LIMIT, "4001", "5", magic=7).order
    for volume in ("2", "1", "2"):
        scene.people.fill(ticket, volume)
        scene.settled()
    ledger = scene.office.ledger
    assert scene.books.history[ticket].state is OrderState.FILLED
    assert scene.position.signed == ledger.net("ESH4") == -5
    assert (ledger.filled(7), ledger.total("commission")) == (5, Decimal("-7.50"))
    assert ledger.twice() == {}


def test_an_order_that_was_partly_filled_is_cancelled_with_its_rest(scene):
    """CANCELED, with what did not trade; the part stays traded."""
    ticket = scene.place(OrderType.SELL_LIMIT, "4001", "5").order
    scene.people.fill(ticket, "2")
    assert scene.remove(ticket).retcode == Retcode.DONE
    order = scene.books.history[ticket]
    assert (order.state, order.volume_current, order.volume_initial) == (
        OrderState.CANCELED, 3, 5
    )  # fmt: skip
    assert scene.position.volume == 2


def test_stops_look_at_the_last_trade(scene):
    """Quotes alone do not touch them once there was a trade."""
    scene.server.trade("ESH4", 4000, 1)
    ticket = scene.place(OrderType.BUY_STOP, "4002", "1").order
    scene.server.book("ESH4", [(4003, 1)], [("4003.25", 5)])
    assert ticket in scene.books.orders
    scene.server.trade("ESH4", 4002, 1)
    assert scene.books.history[ticket].state is OrderState.FILLED
    assert trades(scene) == [(1, 4003.25)]


def test_an_exchange_order_has_an_external_id(scene):
    """ORDER_EXTERNAL_ID is the exchange's own number; it stays in the history."""
    ticket = scene.buy("1").order
    assert scene.books.history[ticket].external_id == f"X{ticket}"


def test_states_of_an_order_on_an_exchange(scene):
    """REQUEST_ADD, PLACED, REQUEST_CANCEL, CANCELED are all told."""
    program = scene.terminal.load("Test")
    scene.remove(scene.place(OrderType.BUY_LIMIT, "3990", "1").order)
    scene.settled()
    kinds = TransactionType
    told = [one.order_state for one in program.queue if one.type != kinds.REQUEST]
    assert told == [
        OrderState.REQUEST_ADD, OrderState.PLACED, OrderState.REQUEST_CANCEL,
        OrderState.CANCELED, OrderState.CANCELED,
    ]  # fmt: skip


def test_some_brokers_call_a_cut_order_filled(scene):
    """The end of an IOC order with a rest is the broker's own word."""
    scene.office.matcher.ioc_end = OrderState.FILLED
    ticket = scene.buy("9", type_filling=Filling.IOC).order
    order = scene.books.history[ticket]
    assert (order.state, order.volume_current) == (OrderState.FILLED, 1)


def test_parts_may_become_orders_of_their_own(scene):
    """Each has a ticket and the magic; in the history the order itself is its last part."""
    scene.office.desk.splits = True
    ticket = scene.place(OrderType.SELL_LIMIT, "4001", "5", magic=7).order
    for volume in ("2", "1", "2"):
        scene.people.fill(ticket, volume)
    scene.settled()
    history, ledger = scene.books.history, scene.office.ledger
    assert [(int(o.volume_initial), o.magic) for o in history.values()] == [(2, 7), (1, 7), (2, 7)]
    assert list(history)[-1] == ticket
    assert [deal.order for deal in ledger.executions] == list(history)
    assert {deal.position_id for deal in ledger.executions} == {scene.position.identifier}
    assert (ledger.filled(7), ledger.twice()) == (5, {})
    assert scene.position.signed == -5


def test_a_dealer_turns_a_fill_or_kill_down_that_he_cannot_fill():
    """Off exchange there is no order then: 10006; IOC gets its part and 10010."""
    scene = Scene()
    scene.quote("1.10000", "1.10010", ask_volume="0.3", bid_volume="1")
    assert scene.buy("0.5").retcode == Retcode.REJECT
    assert scene.books.history == {}
    result = scene.buy("0.5", type_filling=Filling.IOC)
    assert (result.retcode, result.volume) == (Retcode.DONE_PARTIAL, Decimal("0.3"))
