"""One desk for each bridge that is judged."""

from __future__ import annotations

import importlib.util

import pytest
from support.conformance import PaperDesk, SpotDesk, UsdmDesk

CRYPTO = ("ccxt", "aiohttp", "cryptography")
WANTED = {"paper": (), "binance spot": CRYPTO, "binance usdm": CRYPTO}
DESKS = {"paper": PaperDesk, "binance spot": SpotDesk, "binance usdm": UsdmDesk}


def missing(name):
    """Return what a desk needs and is not installed."""
    return [one for one in WANTED[name] if importlib.util.find_spec(one) is None]


@pytest.fixture(params=[
    pytest.param(
        name, marks=pytest.mark.skipif(bool(missing(name)), reason=f"needs {missing(name)}")
    )
    for name in DESKS
])  # fmt: skip
def desk(request, tmp_path):
    """Give a bridge whose venue is up, with a market to speak by hand."""
    found = DESKS[request.param](tmp_path)
    yield found
    found.end()
