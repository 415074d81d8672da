"""What both MetaTrader bridges make of a symbol: units that are money, or why there are none."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.constants import CalcMode, MarginMode
from support.mt5.ea_trader import EaTrader
from support.mt5.package import Package
from support.mt5.runtime import build
from support.mt5.server import TradeServer
from support.mt5.symbols import eurusd, index_future
from support.mt5.terminal import Terminal
from support.mt5_trader import EURUSD, LOGIN, Trader, World

from bridges.mt5.jobs import Attach, Login, attach
from bridges.port import Filled
from protocol.fields import Side

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(120),  # the first test of a run compiles
]
BID, ASK, LATER = "100000", "100010", "100110"
SECONDS_MS = 1_000


def by_expert(folder):
    """Buy and sell ten lots with the Expert Advisor; return prices, instrument, server."""
    trader = EaTrader(MarginMode.EXCHANGE, folder, index_future(), balance="1000000")
    trader.quote(BID, ASK)
    trader.settle().place("13")
    trader.run(SECONDS_MS)
    trader.quote(LATER, str(int(LATER) + 10))
    trader.place("13", side="2")
    trader.run(SECONDS_MS)
    trader.judge()
    (instrument,), complete = trader.ask("instruments")
    assert complete
    return [fill.last_px for fill in trader.fills().values()], instrument, trader.office


def by_terminal(_folder):
    """Do the same with the terminal bridge."""
    server = TradeServer(None, [index_future()])
    office = server.open_account(LOGIN, MarginMode.EXCHANGE, balance="1000000")
    server.quote("RIZ4", BID, ASK)
    world = World(server, symbols={EURUSD: "RIZ4"})
    trader = Trader(world)
    trader.place("13")
    world.run(SECONDS_MS)
    server.quote("RIZ4", LATER, str(int(LATER) + 10))
    trader.place("13", side=Side.SELL)
    world.run(SECONDS_MS)
    (instrument,) = trader.ask("instruments").instruments
    return [one.fill.last_px for one in world.of(Filled)], instrument, office


@pytest.mark.parametrize("trades", [by_expert, by_terminal])
def test_quantity_times_price_is_the_money_of_a_future(trades, tmp_path):
    """A contract of 1 whose tick of 10 is worth 13: a lot is 1.3 units, in profit and margin."""
    prices, instrument, office = trades(tmp_path)
    profit = sum((deal.profit for deal in office.ledger.executions), Decimal(0))
    assert profit == 13 * (prices[1] - prices[0]) == 1_300
    assert instrument.contract_multiplier == instrument.qty_step == Decimal("1.3")
    assert round(instrument.margin_rate * Decimal("1.3") * 100_110, -2) == 20_000


TROUBLE = [
    ("CALC_MODE", {"calc_mode": CalcMode.EXCH_BONDS}),
    ("TICK_VALUE", {"calc_mode": CalcMode.FUTURES, "tick_value": "1.3", "profit": "JPY"}),
    ("TICK_VALUE", {"calc_mode": CalcMode.FUTURES, "tick_value": 0, "profit": "USD"}),
    ("TICK_VALUE", {"calc_mode": CalcMode.FUTURES, "tick_value": 1, "tick_size": "0.00003"}),
    ("TICK_SIZE", {"tick_size": 0, "digits": 16}),
    ("CONTRACT_SIZE", {"contract_size": 0}),
]
"""What a symbol may say, and the code of the reason for which it is not traded."""


@pytest.mark.parametrize(("code", "rules"), TROUBLE)
def test_a_symbol_whose_lot_is_not_known_is_named(code, rules, tmp_path):
    """The terminal bridge does not attach, for that reason."""
    server = TradeServer(None, [eurusd(**rules)])
    server.open_account(LOGIN, MarginMode.RETAIL_NETTING, balance="100000")
    server.quote(EURUSD, "1.1", "1.1001")
    login = Login(login=LOGIN, server=server.name)
    found = attach(Package(Terminal(server, LOGIN)), login, Attach((EURUSD,)))
    assert found.problem.startswith(f"{code}: ")


@pytest.mark.parametrize(("code", "rules"), TROUBLE)
def test_the_expert_waits_until_a_lot_is_known(code, rules, tmp_path):
    """It stays down for that reason, and refuses by it; once a lot is known it trades."""
    trader = EaTrader(MarginMode.RETAIL_NETTING, tmp_path, eurusd(**rules)).settle()
    assert trader.of("Link")[-1].why.startswith(f"{code}: ")
    trader.place("100000")
    trader.run(SECONDS_MS)
    assert trader.of("Rejected")[0].why.startswith(f"{code}: ")
    assert trader.office.ledger.arrivals == []
    assert trader.ask("instruments") == ([], False)
    trader.server.add_symbol(eurusd())
    trader.quote("1.1", "1.1001")
    trader.settle().place("100000")
    trader.run(SECONDS_MS)
    assert [fill.last_qty for fill in trader.fills().values()] == [100_000]
