"""What is refused before the exchange is asked: amounts, by the bounds that each exchange tells."""

from __future__ import annotations

from decimal import Decimal

import pytest

pytest.importorskip("cryptography")
from support.crypto_trader import BTC, GTC, MARKETS, trader_on

from bridges.crypto.rules import check
from bridges.crypto.tables.binance import most_at_market
from bridges.crypto.tables.unified import Unified
from bridges.instrument import Instrument
from bridges.port import OrderRequest
from protocol.fields import OrdType, Side

LIMIT = {"ord_type": OrdType.LIMIT, "price": Decimal(50_000)}
MARKET = {"ord_type": OrdType.MARKET}
STOP = {"ord_type": OrdType.STOP, "stop_px": Decimal(50_000)}
STOP_LIMIT = {**LIMIT, "ord_type": OrdType.STOP_LIMIT, "stop_px": Decimal(50_000)}
ABLE = MARKETS["bybit linear"].table({}, recv_window_ms=5_000).capabilities


def why(kind, qty, **bounds):
    """Return the first word of why an order is refused, or nothing."""
    rules = Instrument(
        symbol=BTC, base="BTC", currency="USDT", price_tick=Decimal("0.1"),
        qty_step=Decimal("0.001"), min_qty=Decimal("0.001"), max_qty=Decimal(100),
        min_notional=Decimal(5), **{name: Decimal(most) for name, most in bounds.items()},
    )  # fmt: skip
    order = OrderRequest(
        cl_ord_id="X", symbol=BTC, side=Side.BUY, order_qty=Decimal(qty), time_in_force=GTC, **kind
    )
    wrong = check(order, rules, ABLE, qty=order.order_qty)
    return "" if wrong is None else wrong.text.split(":")[0]


@pytest.mark.parametrize(
    ("kind", "most"), [(LIMIT, "100"), (STOP_LIMIT, "100"), (MARKET, "20"), (STOP, "20")]
)
def test_what_trades_at_the_market_has_a_bound_of_its_own(kind, most):
    """A stop is an order at the market in the end; without such a bound all have the same."""
    beyond = str(Decimal(most) + Decimal("0.001"))
    assert why(kind, most, max_market_qty=20) == ""
    assert why(kind, beyond, max_market_qty=20) == "QTY_RANGE"
    assert why(kind, "100") == ""
    assert why(kind, "100.001", max_market_qty=200) == "QTY_RANGE"


@pytest.mark.parametrize("kind", [LIMIT, STOP, STOP_LIMIT])
def test_a_notional_has_an_upper_bound(kind):
    """Up to it is taken; an order at the market has no price to count with."""
    assert why(kind, "1", max_notional=50_000) == ""
    assert why(kind, "1.001", max_notional=50_000) == "MAX_NOTIONAL"
    assert why(MARKET, "100", max_notional=50_000) == ""


@pytest.mark.parametrize(
    ("market", "at_market", "notional"),
    [
        ("binance spot", "none", "9000000"), ("binance usdm", "max", "0"),
        ("bybit linear", "tenth", "0"), ("okx swap", "max", "0"), ("okx spot", "none", "0"),
    ],
)  # fmt: skip
def test_the_bounds_are_read(market, at_market, notional):
    """OKX tells that of spot in USDT, which is no quantity: it is not read."""
    rules = trader_on(market).world.venue.core.instruments[BTC]
    wanted = {"max": rules.max_qty, "tenth": rules.max_qty / 10, "none": Decimal(0)}[at_market]
    assert (rules.max_market_qty, rules.max_notional) == (wanted, Decimal(notional))


def test_binance_tells_the_bound_at_the_market_in_a_filter_that_may_be_missing():
    """MARKET_LOT_SIZE; its steps of 0 say nothing, and so does its absence."""
    told = {"MARKET_LOT_SIZE": {"maxQty": "120.5", "stepSize": "0"}}
    assert most_at_market(told) == Decimal("120.5")
    assert most_at_market({}) == 0


def test_the_bound_of_a_notional_is_read_from_ccxt():
    """As limits.cost.max of a market; None is no bound."""
    row = {
        "spot": True, "base": "BTC", "quote": "USDT", "maker": "0", "taker": "0",
        "precision": {"price": "0.1", "amount": "0.001"},
        "limits": {"amount": {"min": "0.001", "max": "9"}, "cost": {"min": "5", "max": "70"}},
    }  # fmt: skip
    table = Unified({BTC: BTC}, recv_window_ms=5_000)
    (rules,) = table.read_listing([{BTC: row}])
    assert rules.max_notional == Decimal(70)
    row["limits"]["cost"]["max"] = None
    (rules,) = table.read_listing([{BTC: row}])
    assert rules.max_notional == 0
