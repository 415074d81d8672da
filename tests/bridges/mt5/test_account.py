"""Positions, what people and the server do with them, money, and the market."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.constants import AccountTradeMode, DealType, OrderType
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
    Busted,
    Canceled,
    Filled,
    LedgerEntries,
)
from protocol.fields import OrdStatus, Side, TimeInForce

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


def test_a_reduction_takes_one_position_at_a_time():
    """77=C closes the largest whole, and ends with 150=4: asked again, it closes the next."""
    world = World(server_of(HEDGING))
    trader = Trader(world)
    for qty in ("30000", "20000"):
        trader.place(qty)
    world.run(500)
    trader.place("50000", side=Side.SELL, reduce_only=True, time_in_force=IOC)
    world.run(500)
    (ended,) = world.of(Canceled)
    assert (ended.order.cum_qty, ended.order.status, ended.reason) == (
        30_000, OrdStatus.CANCELED, None,
    )  # fmt: skip
    trader.place("20000", side=Side.SELL, reduce_only=True, time_in_force=IOC)
    world.run(500)
    assert trader.positions() == ()
    trader.judge()


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


def test_what_people_do_is_external(trader):
    """A trade by hand has no id of ours, nor has one that closes our position by hand."""
    world = trader.world
    trader.place()
    world.run(500)
    (ticket,) = world.office.books.positions
    people_of(trader).close(ticket)
    people_of(trader).by_hand(EURUSD, "0.3", OrderType.SELL)
    world.run(1_000)
    assert [one.fill.cl_ord_id for one in world.of(Filled)][1:] == ["", ""]
    assert {one.fill.parent_id for one in world.of(Filled)} == {""}
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


def test_swap_and_payments_are_entries_of_the_ledger(trader):
    """A night's swap is told before the deal that books it, deposits and corrections alone."""
    world = trader.world
    trader.place()
    world.run(500)
    world.clock.advance_to(world.clock.next_day_ms() + 60_000)
    world.server.quote(EURUSD, "1.10000", "1.10010")
    world.run(15_000)
    held = trader.positions()
    trader.place(side=Side.SELL, position_id=held[0].position_id)
    people_of(trader).pay(DealType.BALANCE, "-500", "Withdrawal")
    people_of(trader).pay(DealType.CORRECTION, "3.21")
    world.run(1_000)
    told = {(entry.kind, entry.amount, entry.entry_id.isdigit())
            for event in world.of(LedgerEntries) for entry in event.entries}  # fmt: skip
    swap = world.office.ledger.total("swap")
    assert swap < 0
    closing = world.told.index(world.of(Filled)[1])
    before = [one for one in world.told[:closing] if isinstance(one, LedgerEntries)]
    assert "SWAP" in {entry.kind for event in before for entry in event.entries}
    assert told == {
        ("SWAP", swap, True), ("DEPOSIT", Decimal(-500), True),
        ("CORRECTION", Decimal("3.21"), True),
    }  # fmt: skip
    trader.judge()
    (balance,) = trader.ask("balances").balances
    assert balance.total == world.office.ledger.balance()
    since = trader.ask("ledger_entries", 0).entries
    assert {one.entry_id for one in since} >= {
        entry.entry_id for event in world.of(LedgerEntries) for entry in event.entries
    }


def test_a_trade_that_is_taken_back(trader):
    """The fill is busted, by its own trade id; it is not in the history any more."""
    world = trader.world
    trader.place()
    world.run(500)
    (fill,) = world.of(Filled)
    people_of(trader).bust(int(fill.fill.trade_id))
    world.run(2_000)
    (busted,) = world.of(Busted)
    assert (busted.fill.trade_id, busted.order.cum_qty) == (fill.fill.trade_id, 0)
    assert trader.fills_since(0) == ()


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
