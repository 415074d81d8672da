"""Positions, what people and the server do with them, money, and the market."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.constants import AccountTradeMode, OrderType
from support.mt5_trader import (
    EURUSD,
    EXCHANGE,
    HEDGING,
    LOGIN,
    Trader,
    World,
    people_of,
    server_of,
)

from bridges.market_events import BookChanged, Traded
from bridges.port import (
    Accepted,
    Filled,
)
from protocol.fields import Side, TimeInForce

GTD, DAY = TimeInForce.GOOD_TILL_DATE, TimeInForce.DAY
IOC, FOK = TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL


def test_positions_are_known_again_when_deals_came_one_by_one():
    """Deals that the history shows later than the positions make them unsteady, and no longer."""
    world = World(server_of(HEDGING))
    trader = Trader(world)
    world.terminal.history_lag_ms = 1_000
    for _ in range(2):
        trader.place("30000")
        world.run(600)
    world.run(2_000)
    assert len(world.of(Filled)) == 2
    assert len(trader.positions()) == 2


def test_two_positions_of_one_symbol():
    """On a hedging account each order makes one; 5004 names which to close, in part or whole."""
    world = World(server_of(HEDGING))
    trader = Trader(world)
    for _ in range(2):
        trader.place("30000")
    world.run(500)
    first, second = (one.fill.position_id for one in world.of(Filled))
    trader.place("10000", side=Side.SELL, position_id=first)
    world.run(500)
    held = {one.position_id: one.qty for one in trader.positions()}
    assert held == {first: 20_000, second: 30_000}
    trader.place("20000", side=Side.SELL, position_id=first)
    world.run(500)
    assert {one.position_id: one.qty for one in trader.positions()} == {second: 30_000}
    trader.judge()


@pytest.mark.parametrize("mode", AccountTradeMode)
def test_only_a_demo_account_is_called_one(mode):
    """5026 says DEMO of no contest's account, and of no real one."""
    server = server_of(HEDGING)
    server.offices[LOGIN].account.terms.trade_mode = mode
    world = World(server)
    assert world.venue.capabilities.demo is (mode is AccountTradeMode.DEMO)


@pytest.mark.parametrize("keeps_magic", [True, False])
@pytest.mark.parametrize("level", ["stop", "profit"])
def test_what_the_server_closes_is_made_from_the_opener(trader, level, keeps_magic):
    """A stop or a take-profit is an order of its own: parent, origin, and a fill under them."""
    world = trader.world
    world.server.stop_keeps_magic = keeps_magic
    name = trader.place(stop_loss_px=Decimal("1.09"), take_profit_px=Decimal("1.11"))
    world.run(500)
    quote = ("1.08990", "1.09000") if level == "stop" else ("1.11000", "1.11010")
    world.server.quote(EURUSD, *quote)
    world.run(500)
    made = world.of(Accepted)[-1].order
    origin = "STOP_LOSS" if level == "stop" else "TAKE_PROFIT"
    assert (made.cl_ord_id, made.parent_id, made.origin) == ("", name, origin)
    closed = world.of(Filled)[-1].fill
    assert (closed.order_id, closed.parent_id, closed.origin) == (made.order_id, name, origin)
    trader.judge()


def test_another_experts_magic_is_no_id_of_ours(trader):
    """A small number is somebody's own; another gateway's is told as it stands, for the gateway."""
    foreign = (2 << 53) | (1_700_000_000 << 21) | 5
    for magic in (777, foreign):
        people_of(trader).expert(magic, EURUSD, "0.1", OrderType.BUY)
    trader.world.run(1_000)
    told = [one.fill.cl_ord_id for one in trader.world.of(Filled)]
    assert told[0] == ""
    assert int(told[1], 36) == foreign


def test_ticks_are_told_once(kind):
    """Every change of the quote that came between two looks, in its order, and trades of others."""
    world = World(server_of(kind))
    world.told.clear()
    for number in range(1, 6):
        world.server.quote(EURUSD, f"1.1000{number}", "1.10020")
    world.run(500)
    if kind != EXCHANGE:
        assert [one.bids[0].price for one in world.of(BookChanged)] == [
            Decimal(f"1.1000{number}") for number in range(1, 6)
        ]
    world.server.trade(EURUSD, "1.10015", "0.7")
    world.server.trade(EURUSD, "1.10015", "0.7")
    world.run(500)
    world.run(500)
    assert [(one.price, one.size) for one in world.of(Traded)] == [
        (Decimal("1.10015"), 70_000), (Decimal("1.10015"), 70_000),
    ]  # fmt: skip


def test_a_book_is_told_to_its_depth():
    """Where there is a market book it is told, best level first, in units."""
    world = World(server_of(EXCHANGE, book_depth=10))
    world.told.clear()
    world.server.book(
        EURUSD, [("1.10000", 2), ("1.09990", 3)], [("1.10010", 1), ("1.10020", Decimal("0.5"))]
    )
    world.run(500)
    told = world.of(BookChanged)[-1]
    assert [(str(one.price), one.size) for one in told.bids] == [
        ("1.1", 200_000), ("1.0999", 300_000),
    ]  # fmt: skip
    assert [(str(one.price), one.size) for one in told.asks] == [
        ("1.1001", 100_000), ("1.1002", 50_000),
    ]  # fmt: skip
