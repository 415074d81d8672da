"""One market order the whole way: request, order, deal, position, history, in both faces."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.constants import Action, MarginMode, OrderState, Retcode, TransactionType
from support.mt5.package import Package
from support.mt5.records import Request
from support.mt5.server import TradeServer
from support.mt5.symbols import eurusd
from support.mt5.terminal import Terminal

LOT = Decimal("0.1")


@pytest.fixture
def terminal():
    """A terminal on a netting account with 10,000 USD, EURUSD quoted."""
    server = TradeServer(symbols=[eurusd()])
    server.open_account(1001, MarginMode.RETAIL_NETTING)
    server.quote("EURUSD", "1.10000", "1.10010")
    return Terminal(server, 1001)


def buy(**fields):
    """Ask for a tenth of a lot of EURUSD."""
    return Request(action=Action.DEAL, symbol="EURUSD", volume=LOT, **fields)


def test_a_market_order_becomes_deal_position_and_history(terminal):
    """The answer names order and deal; the position has the order's ticket."""
    call = terminal.order_send(buy(magic=7))
    result, books = call.result, terminal.books
    assert (call.ok, result.retcode, result.price) == (True, Retcode.DONE, Decimal("1.10010"))
    assert books.positions[result.order].volume == LOT
    assert books.history[result.order].state is OrderState.FILLED
    assert books.deals[result.deal].order == result.order
    assert books.orders == {}


def test_a_market_order_is_told_in_five_transactions(terminal):
    """ORDER_ADD, DEAL_ADD, ORDER_DELETE, HISTORY_ADD, REQUEST, as in the book's log."""
    program = terminal.load("Test")
    terminal.order_send(buy())
    told = [program.take().type for _ in range(len(program.queue))]
    kinds = TransactionType
    assert told == [
        kinds.ORDER_ADD, kinds.DEAL_ADD, kinds.ORDER_DELETE, kinds.HISTORY_ADD, kinds.REQUEST
    ]  # fmt: skip


def test_the_package_tells_the_same(terminal):
    """What the package returns are the documented tuples, in floats."""
    mt5 = Package(terminal)
    assert mt5.initialize()
    sent = mt5.order_send(
        {"action": mt5.TRADE_ACTION_DEAL, "symbol": "EURUSD", "volume": 0.1,
         "type": mt5.ORDER_TYPE_SELL, "magic": 7, "comment": "first"}
    )  # fmt: skip
    position, = mt5.positions_get(symbol="EURUSD")
    deposit, deal = mt5.history_deals_get(0, 4_000_000_000)
    assert (sent.retcode, sent.request.comment) == (mt5.TRADE_RETCODE_DONE, "first")
    assert (position.ticket, position.type, position.volume) == (sent.order, 1, 0.1)
    assert (deal.ticket, deal.entry, deal.magic) == (sent.deal, mt5.DEAL_ENTRY_IN, 7)
    assert (deposit.type, deposit.profit) == (mt5.DEAL_TYPE_BALANCE, 10_000.0)
    assert mt5.last_error() == (1, "Success")


def test_the_ledger_counts_for_itself(terminal):
    """A magic that became two orders is named; the balance is the sum of all deals."""
    ledger = terminal.office.ledger
    terminal.order_send(buy(magic=7))
    assert (ledger.filled(7), ledger.net("EURUSD"), ledger.twice()) == (LOT, LOT, {})
    terminal.order_send(buy(magic=7, type=1))
    assert list(ledger.twice()) == [7]
    assert [order.ticket for order in ledger.orders_by_magic(7)] == ledger.twice()[7]
    assert ledger.balance() == terminal.books.funds.balance == Decimal("9999.00")


def test_the_ledger_tells_what_happened(terminal):
    """Line by line: the deposit, what the request did, the request and what was said of it."""
    terminal.order_send(buy(magic=7))
    lines = terminal.office.ledger.story().splitlines()
    assert [line.split()[0] for line in lines[:-1]] == [
        "DEAL_ADD", "ORDER_ADD", "DEAL_ADD", "ORDER_DELETE", "HISTORY_ADD"
    ]  # fmt: skip
    assert lines[-1].endswith("magic=7 order=0 position=0: done, said 10009")
