"""What the server closes by itself: stop loss, take profit, stop out."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.constants import (
    DealType,
    Entry,
    MarginMode,
    OrderState,
    OrderType,
    Reason,
    StopoutMode,
    TransactionType,
)
from support.mt5.scene import Scene
from support.mt5.symbols import eurusd

STOPS = [
    # side, levels, a quote that does nothing, one that closes, the reason, the level told
    (OrderType.BUY, {"sl": "1.09"}, ("1.09001", "1.09011"), ("1.09000", "1.09010"), Reason.SL),
    (OrderType.BUY, {"tp": "1.11"}, ("1.10999", "1.11009"), ("1.11000", "1.11010"), Reason.TP),
    (OrderType.SELL, {"sl": "1.11"}, ("1.10989", "1.10999"), ("1.10990", "1.11000"), Reason.SL),
    (OrderType.SELL, {"tp": "1.09"}, ("1.08991", "1.09001"), ("1.08990", "1.09000"), Reason.TP),
]  # fmt: skip


@pytest.mark.parametrize("kind", MarginMode)
@pytest.mark.parametrize(("side", "levels", "before", "due", "reason"), STOPS)
def test_a_level_closes_its_position(kind, side, levels, before, due, reason):
    """A market order of the server: reason SL or TP, its comment, the opener's magic."""
    scene = Scene(kind)
    opened = scene.send(type=side, magic=7, **levels).result.order
    scene.quote(*before)
    assert scene.position.ticket == opened
    scene.quote(*due)
    assert scene.books.positions == {}
    order = list(scene.books.history.values())[-1]
    deal = scene.office.ledger.executions[-1]
    level, = levels.values()
    name = reason.name.lower()
    assert (order.reason, order.magic, order.comment) == (reason, 7, f"[{name} {level}]")
    assert (deal.reason, deal.entry, deal.position_id) == (reason, Entry.OUT, opened)
    assert (deal.sl or deal.tp) == Decimal(level)
    assert deal.order == order.ticket != opened
    scene.settled()


def test_the_magic_of_a_closing_may_be_nobody_s():
    """Some servers give their closings no magic: the chain is the position's identifier."""
    scene = Scene()
    scene.server.stop_keeps_magic = False
    scene.buy(magic=7, sl="1.09")
    scene.quote("1.09", "1.0901")
    assert [deal.magic for deal in scene.office.ledger.executions] == [7, 0]


def test_a_closing_is_no_second_execution_of_its_magic():
    """The ledger keeps the server's own orders apart from those that were asked for."""
    scene = Scene()
    scene.buy("0.1", magic=7, sl="1.09")
    scene.quote("1.09", "1.0901")
    ledger = scene.office.ledger
    assert ledger.twice() == {}
    assert (ledger.filled(7), len(ledger.executions)) == (Decimal("0.1"), 2)


def test_a_gap_closes_at_the_market():
    """The level is a trigger, not a price."""
    scene = Scene()
    scene.buy("0.1", sl="1.09")
    scene.quote("1.05", "1.0501")
    assert scene.office.ledger.executions[-1].price == Decimal("1.05")


def test_a_closing_is_told_without_a_request():
    """ORDER_ADD, DEAL_ADD, ORDER_DELETE, HISTORY_ADD: no REQUEST, nobody asked."""
    scene = Scene()
    scene.buy(sl="1.09")
    program = scene.terminal.load("Test")
    scene.quote("1.09", "1.0901")
    scene.settled()
    kinds = TransactionType
    assert [one.type for one in program.queue] == [
        kinds.ORDER_ADD, kinds.DEAL_ADD, kinds.ORDER_DELETE, kinds.HISTORY_ADD
    ]  # fmt: skip


def test_without_a_price_a_level_waits():
    """With one side empty nothing closes; when it comes back, it does."""
    scene = Scene()
    scene.buy(sl="1.09")
    scene.quote(None, "1.08")
    assert scene.position
    scene.quote("1.0799", "1.08")
    assert scene.books.positions == {}


@pytest.mark.parametrize("kind", MarginMode)
def test_a_margin_level_that_is_too_low_closes_the_worst(kind):
    """1 lot blocks 1,091 of 1,200: at 30 % of that, 327, the server closes with reason SO."""
    scene = Scene(kind, balance="1200")
    scene.buy("1", magic=7)
    scene.quote("1.09200", "1.09210")
    assert scene.position
    scene.quote("1.09137", "1.09147")
    assert scene.books.positions == {}
    deal = scene.office.ledger.executions[-1]
    assert (deal.reason, deal.magic, deal.type) == (Reason.SO, 7, DealType.SELL)
    assert list(scene.books.history.values())[-1].comment.startswith("[so ")


def test_the_largest_loss_goes_first():
    """On a hedging account the others stay if that is enough."""
    scene = Scene(MarginMode.RETAIL_HEDGING, balance="2000")
    scene.buy("0.5")
    scene.quote("1.11000", "1.11010")
    worst = scene.buy("1").order
    scene.quote("1.09900", "1.09910")
    scene.quote("1.09500", "1.09510")
    closings = [d for d in scene.office.ledger.executions if d.reason is Reason.SO]
    assert [deal.position_id for deal in closings] == [worst]
    assert scene.position.volume == Decimal("0.5")


def test_a_level_of_money():
    """With the mode MONEY the equity itself is compared."""
    scene = Scene(balance="1200", so_mode=StopoutMode.MONEY, so_so=Decimal(500))
    scene.buy("0.5")
    scene.quote("1.08700", "1.08710")
    assert scene.position
    scene.quote("1.08600", "1.08610")
    assert scene.books.positions == {}


def test_pending_orders_that_block_margin_go_before_positions():
    """A symbol whose pending orders need margin loses them first."""
    scene = Scene(MarginMode.RETAIL_NETTING, eurusd(pending_rate=1), balance="2000")
    scene.quote("1.10000", "1.10010")
    scene.buy("0.5")
    ticket = scene.place(OrderType.BUY_LIMIT, "1.05", "1").order
    scene.quote("1.06970", "1.06980")
    assert scene.books.history[ticket].state is OrderState.CANCELED
    assert scene.books.history[ticket].comment == "[so]"
    assert scene.position
