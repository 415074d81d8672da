"""One desk for each bridge that is judged."""

from __future__ import annotations

import importlib.util

import pytest
from support.conformance import OkxSpotDesk, OkxSwapDesk, PaperDesk, SpotDesk, UsdmDesk

CRYPTO = ("ccxt", "aiohttp", "cryptography")
DESKS = {
    "paper": PaperDesk, "binance spot": SpotDesk, "binance usdm": UsdmDesk,
    "okx spot": OkxSpotDesk, "okx swap": OkxSwapDesk,
}  # fmt: skip
IN_CI = ("okx spot", "okx swap")


def missing(name):
    """Return what a desk needs and is not installed."""
    wanted = () if name == "paper" else CRYPTO
    return [one for one in wanted if importlib.util.find_spec(one) is None]


def marks_of(name):
    """Skip what cannot be; leave what takes long to CI: OKX's bridge is Binance's but its table."""
    skips = pytest.mark.skipif(bool(missing(name)), reason=f"needs {missing(name)}")
    return [skips, pytest.mark.length("ci")] if name in IN_CI else [skips]


@pytest.fixture(params=[pytest.param(name, marks=marks_of(name)) for name in DESKS])
def desk(request, tmp_path):
    """Give a bridge whose venue is up, with a market to speak by hand."""
    found = DESKS[request.param](tmp_path)
    yield found
    found.end()
