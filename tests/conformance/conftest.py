"""One desk for each bridge that is judged."""

from __future__ import annotations

import importlib.util

import pytest
from support.conformance import (
    BybitLinearDesk,
    BybitSpotDesk,
    KrakenDesk,
    OkxSpotDesk,
    OkxSwapDesk,
    PaperDesk,
    SpotDesk,
    UsdmDesk,
)
from support.conformance_ea import EaExchangeDesk, EaHedgingDesk, EaNettingDesk
from support.conformance_mt5 import ExchangeDesk, HedgingDesk, NettingDesk
from support.mt5.runtime import build
from support.unified_desk import UnifiedDesk

CRYPTO = ("ccxt", "aiohttp", "cryptography")
DESKS = {
    "paper": PaperDesk, "binance spot": SpotDesk, "binance usdm": UsdmDesk,
    "bybit spot": BybitSpotDesk, "bybit linear": BybitLinearDesk,
    "okx spot": OkxSpotDesk, "okx swap": OkxSwapDesk, "kraken spot": KrakenDesk,
    "any other spot": UnifiedDesk,
    "mt5 terminal netting": NettingDesk, "mt5 terminal exchange": ExchangeDesk,
    "mt5 terminal hedging": HedgingDesk,
    "mt5 ea netting": EaNettingDesk, "mt5 ea exchange": EaExchangeDesk,
    "mt5 ea hedging": EaHedgingDesk,
}  # fmt: skip
IN_CI = (
    "bybit spot", "bybit linear", "okx spot", "okx swap", "kraken spot", "any other spot",
    "mt5 ea exchange", "mt5 ea netting",
)


def missing(name):
    """Return what a desk needs and is not installed."""
    if name.startswith("mt5 ea") and not build.can_build():
        return [build.MISSING]
    wanted = () if name.startswith(("paper", "mt5")) else CRYPTO
    return [one for one in wanted if importlib.util.find_spec(one) is None]


def marks_of(name):
    """Skip what cannot be; leave to CI what is a bridge with another table or account."""
    marks = [pytest.mark.skipif(bool(missing(name)), reason=f"needs {missing(name)}")]
    if name.startswith("mt5 ea"):
        marks.append(pytest.mark.budget(120))  # the first one of a run compiles
    return [*marks, pytest.mark.length("ci")] if name in IN_CI else marks


def params(names):
    """Give desks as parameters, each with its marks."""
    return [pytest.param(name, marks=marks_of(name)) for name in names]


@pytest.fixture(params=params(DESKS))
def desk(request, tmp_path):
    """Give a bridge whose venue is up, with a market to speak by hand."""
    found = DESKS[request.param](tmp_path)
    yield found
    found.end()


@pytest.fixture(params=params(name for name in DESKS if not name.startswith("mt5 ea")))
def filed(request, tmp_path):
    """Give a bridge whose log of ids is in files."""
    found = DESKS[request.param](tmp_path)
    yield found
    found.end()


@pytest.fixture(params=params(name for name, desk in DESKS.items() if desk.protects))
def held(request, tmp_path):
    """Give one where levels can be moved, with half a bitcoin."""
    found = DESKS[request.param](tmp_path)
    fill = found.reports(found.order(qty="0.5"), 2)[-1]
    found.position_id = fill.position_id
    yield found
    found.end()
