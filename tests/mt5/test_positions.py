"""Netting and hedging: what deals make of positions, and what of their identity stays."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.constants import (
    Action,
    Entry,
    MarginMode,
    OrderFlag,
    OrderState,
    OrderType,
    Retcode,
    TransactionType,
)
from support.mt5.scene import Scene
from support.mt5.symbols import eurusd, usdjpy

NETTING, EXCHANGE, HEDGING = MarginMode
ONE_POSITION = [NETTING, EXCHANGE]


def entries(scene):
    """Return (entry, volume, profit) of every trade."""
    return [(d.entry, d.volume, d.profit) for d in scene.office.ledger.executions]


@pytest.mark.parametrize("kind", ONE_POSITION)
def test_a_second_deal_of_one_side_makes_an_average(kind):
    """Volume adds up, the price is the average, ticket and identifier stay, magic is the last."""
    scene = Scene(kind)
    first = scene.buy("0.1", magic=1).order
    scene.quote("1.10090", "1.10110")
    scene.buy("0.3", magic=2)
    position = scene.position
    assert (position.volume, position.price_open) == (Decimal("0.4"), Decimal("1.10085"))
    assert (position.ticket, position.identifier, position.magic) == (first, first, 2)
    assert [entry for entry, *_ in entries(scene)] == [Entry.IN, Entry.IN]


@pytest.mark.parametrize("kind", ONE_POSITION)
def test_a_smaller_deal_of_the_other_side_takes_a_part(kind):
    """The price and the ticket stay; the part is paid."""
    scene = Scene(kind)
    scene.buy("0.3")
    scene.quote("1.10110", "1.10120")
    scene.sell("0.1")
    assert (scene.position.volume, scene.position.price_open) == (
        Decimal("0.2"), Decimal("1.10010")
    )  # fmt: skip
    assert entries(scene)[1] == (Entry.OUT, Decimal("0.1"), Decimal("10.00"))


@pytest.mark.parametrize("kind", ONE_POSITION)
def test_an_equal_deal_closes(kind):
    """Nothing is left, and the next position has an identity of its own."""
    scene = Scene(kind)
    first = scene.buy().order
    scene.sell()
    assert scene.books.positions == {}
    assert scene.buy().order == scene.position.identifier != first


@pytest.mark.parametrize("kind", ONE_POSITION)
def test_a_larger_deal_reverses(kind):
    """INOUT: one deal of the whole volume, profit of the old part; the identifier stays alone."""
    scene = Scene(kind)
    first = scene.buy("0.1", sl="1.09").order
    scene.quote("1.10110", "1.10120")
    second = scene.sell("0.3", sl="1.2").order
    position = scene.position
    assert (position.is_buy, position.volume) == (False, Decimal("0.2"))
    assert (position.price_open, position.sl) == (Decimal("1.10110"), Decimal("1.2"))
    assert (position.ticket, position.identifier) == (second, first)
    assert entries(scene)[1] == (Entry.INOUT, Decimal("0.3"), Decimal("10.00"))
    assert scene.books.by_identifier(first) == position
    assert {deal.position_id for deal in scene.office.ledger.executions} == {first}


@pytest.mark.parametrize("kind", ONE_POSITION)
def test_levels_of_a_later_order_replace_those_of_an_earlier_one(kind):
    """New levels win, none leave the old ones, closing a part changes nothing."""
    scene = Scene(kind)
    scene.buy(sl="1.09", tp="1.2")
    scene.buy(sl="1.08")
    assert (scene.position.sl, scene.position.tp) == (Decimal("1.08"), Decimal("1.2"))
    scene.sell(sl="1.3")
    assert scene.position.sl == Decimal("1.08")


def test_on_a_hedging_account_each_order_has_its_position():
    """Both sides are held side by side; only a named position closes."""
    scene = Scene(HEDGING)
    tickets = [scene.buy().order, scene.sell().order, scene.buy("0.2").order]
    assert list(scene.books.positions) == tickets
    assert scene.sell("0.05", position=tickets[2]).retcode == Retcode.DONE
    assert scene.books.positions[tickets[2]].volume == Decimal("0.15")
    scene.sell("0.1", position=tickets[0])
    assert list(scene.books.positions) == tickets[1:]
    assert scene.office.ledger.net("EURUSD") == Decimal("0.05")


def test_the_ticket_may_be_named_on_a_netting_account():
    """The position is the symbol's all the same, and may be reversed by it."""
    scene = Scene()
    ticket = scene.buy("0.1").order
    assert scene.sell("0.3", position=ticket).retcode == Retcode.DONE
    assert scene.position.signed == Decimal("-0.2")


def test_positions_close_by_one_another():
    """One order, two deals OUT_BY, the profit in the first, the rest of the larger one stays."""
    scene = Scene(HEDGING)
    long = scene.buy("0.1").order
    scene.quote("1.10030", "1.10040")
    short = scene.sell("0.3").order
    program = scene.terminal.load("Test")
    call = scene.send(action=Action.CLOSE_BY, position=long, position_by=short)
    order = scene.books.history[call.result.order]
    assert (call.result.retcode, order.type) == (Retcode.DONE, OrderType.CLOSE_BY)
    assert (order.state, order.comment) == (OrderState.FILLED, f"#{long} by #{short}")
    assert (order.position_id, order.position_by_id) == (long, short)
    assert scene.position.signed == Decimal("-0.2")
    assert order in scene.books.history_of(long)[0]
    assert order not in scene.books.history_of(short)[0]
    assert [deal.position_id for deal in scene.books.history_of(short)[1]] == [short, short]
    assert [(e, p) for e, _, p in entries(scene)[2:]] == [
        (Entry.OUT_BY, Decimal("2.00")), (Entry.OUT_BY, Decimal(0)),
    ]  # fmt: skip
    kinds = TransactionType
    assert [program.take().type for _ in range(len(program.queue))] == [
        kinds.ORDER_ADD, kinds.DEAL_ADD, kinds.DEAL_ADD, kinds.POSITION, kinds.ORDER_DELETE,
        kinds.HISTORY_ADD, kinds.REQUEST,
    ]  # fmt: skip


def test_the_smaller_position_says_how_much_is_closed_by():
    """Also when the larger one is named first."""
    scene = Scene(HEDGING)
    long, short = scene.buy("0.5").order, scene.sell("0.2").order
    result = scene.send(action=Action.CLOSE_BY, position=long, position_by=short).result
    assert (result.volume, scene.position.signed) == (Decimal("0.2"), Decimal("0.3"))
    assert scene.books.history[result.order].volume_initial == Decimal("0.2")


def test_what_may_not_close_by():
    """Not on a netting account, not the same side, not two symbols, not where it is off."""
    scene = Scene()
    ticket = scene.buy().order
    assert scene.send(
        action=Action.CLOSE_BY, position=ticket, position_by=ticket
    ).result.retcode == Retcode.INVALID_ORDER
    scene = Scene(HEDGING, eurusd(), usdjpy(), leverage=500)
    scene.quote("1.10000", "1.10010")
    scene.server.quote("USDJPY", "140.000", "140.010")
    one, same, other = scene.buy().order, scene.buy().order, scene.sell().order
    foreign = scene.sell(symbol="USDJPY").order

    def by(position, position_by):
        return scene.send(
            action=Action.CLOSE_BY, position=position, position_by=position_by
        ).result.retcode

    assert (by(one, same), by(one, foreign)) == (Retcode.INVALID, Retcode.INVALID)
    assert (by(one, 7), by(7, one)) == (Retcode.POSITION_CLOSED, Retcode.POSITION_CLOSED)
    scene.rules(order_mode=OrderFlag.ALL & ~OrderFlag.CLOSEBY)
    assert by(one, other) == Retcode.INVALID_ORDER


@pytest.mark.parametrize("kind", MarginMode)
def test_levels_are_changed_without_a_deal(kind):
    """SLTP tells POSITION and REQUEST; on netting the symbol is enough, on hedging it is not."""
    scene = Scene(kind)
    ticket = scene.buy().order
    program = scene.terminal.load("Test")
    named = ticket if kind is HEDGING else 0
    assert scene.levels(sl="1.09", tp="1.2", position=named).retcode == Retcode.DONE
    assert (scene.position.sl, scene.position.tp) == (Decimal("1.09"), Decimal("1.2"))
    first, second = program.take(), program.take()
    assert (first.type, first.position) == (TransactionType.POSITION, ticket)
    assert (second.type, second.request.action) == (TransactionType.REQUEST, Action.SLTP)
    assert scene.levels(position=7).retcode == (
        Retcode.POSITION_CLOSED if kind is HEDGING else Retcode.DONE
    )


@pytest.mark.parametrize("kind", MarginMode)
def test_tickets_are_more_than_32_bits(kind):
    """A ticket that was cut to 32 bits would not be found."""
    scene = Scene(kind)
    result = scene.buy()
    assert result.order > 1 << 32 < result.deal
