"""Citigroup, 2022-05-02: a basket meant for 58 million dollars went out as one of 444 billion.

The notional was typed where the number of units belongs. Here it is a thousandth of the money: 58
thousand are meant, in BTC and ETH, and 444 million are asked for. At Citi much of it was sold,
because the warnings could be clicked away: here the basket is also cut into slices that pass.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.reckoning import read_journal
from support.scene import LIMITS, NOISE, Rogue, Scene

PRICES = {"BTC/USDT": Decimal(60_000), "ETH/USDT": Decimal(2_600)}
BASKET = [("BTC/USDT", 1_020)] * 5 + [("ETH/USDT", 998)] * 53
"""What was meant to be spent in each order, in dollars, and was typed as its quantity."""
MEANT = sum(amount for _, amount in BASKET)
ASKED = sum(amount * PRICES[symbol] for symbol, amount in BASKET)
SLICES = 400


def open_scene(tmp_path, *, brakes):
    """Open a house that trades both coins, and euros."""
    system = Scene(tmp_path, brakes=brakes)
    system.trade("EURUSD", *PRICES)
    return system


def sell_basket(rogue):
    """Send the basket, each order a little below the market so that it is filled at once."""
    for number, (symbol, amount) in enumerate(BASKET):
        price = PRICES[symbol] * (1 - Decimal(number + 1) / 100_000)
        rogue.sell(symbol, amount, price=price.quantize(Decimal("0.01")))
    rogue.settle()


def type_prices_wrong(rogue):
    """Send orders whose price is what was meant to be spent, or that of another coin."""
    rogue.buy("ETH/USDT", 1, price=PRICES["BTC/USDT"])
    rogue.sell("BTC/USDT", 1, price=PRICES["ETH/USDT"])
    rogue.sell("ETH/USDT", 3, price=998)
    rogue.settle()


def cut(rogue):
    """Sell the basket in slices that are small enough one by one, no two of them alike."""
    for number in range(SLICES):
        symbol = ("BTC/USDT", "ETH/USDT")[number % 2]
        worth = LIMITS.max_order_notional * Decimal(70 + number % 29) / 100
        qty = (worth / PRICES[symbol]).quantize(Decimal("0.0001"))
        price = (PRICES[symbol] * Decimal("0.995")).quantize(Decimal("0.01"))
        rogue.sell(symbol, qty, price=price)
    rogue.settle()


@pytest.mark.budget(60)
def test_a_notional_typed_as_a_quantity_is_refused_order_by_order(tmp_path, reckoned):
    """Nothing of the basket leaves, nor what has a wrong price; no warning can be clicked away.

    Who is refused so often is stopped, so others type the wrong prices and cut the basket.
    """
    assert (MEANT, round(ASKED, -6)) == (57_994, 444_000_000)
    with open_scene(tmp_path, brakes=True) as system:
        system.start()
        with Rogue(system, "MM") as rogue:
            sell_basket(rogue)
            assert rogue.refused == {"MAX_NOTIONAL": 50, "REDUCING": len(BASKET) - 50}
        with Rogue(system, "MOMENTUM") as rogue:
            rogue.buy("EURUSD", 444_000, price="1.1")
            type_prices_wrong(rogue)
            assert rogue.refused == {"MAX_QTY": 1, "COLLAR": 3}
        assert not read_journal(system).left
        with Rogue(system, "EXAMPLE") as rogue:
            cut(rogue)
        system.stop()
        figures = reckoned(system, "Citi")
    assert 0 < figures.left < SLICES
    assert figures.symbol <= LIMITS.max_symbol_notional * NOISE
    assert figures.gross <= LIMITS.max_gross_notional * NOISE
    assert figures.worst_bps <= LIMITS.collar_bps


@pytest.mark.length("ci")
@pytest.mark.budget(60)
def test_without_brakes_it_is_a_disaster(tmp_path, reckoned):
    """Without brakes the whole basket leaves: 444 million at stake where 58 thousand were meant."""
    with open_scene(tmp_path, brakes=False) as system, Rogue(system.start(), "MM") as rogue:
        sell_basket(rogue)
        system.stop()
        figures = reckoned(system, "Citi")
    assert figures.left == len(BASKET)
    assert figures.gross > 400_000_000
