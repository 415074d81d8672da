"""Which of the exchange's names stands for what, the test networks' included."""

from __future__ import annotations

from bridges.paper.instruments import instrument

SPOT, USDM, NOTHING = "spot", "usdm", "nothing"
REST, STREAMS, CALLS = "rest", "streams", "calls"

HOSTS = {
    "api.binance.com": (SPOT, REST),
    "api.binance.us": (SPOT, REST),
    "testnet.binance.vision": (SPOT, REST),
    "demo-api.binance.com": (SPOT, REST),
    "stream.binance.com": (SPOT, STREAMS),
    "stream.testnet.binance.vision": (SPOT, STREAMS),
    "demo-stream.binance.com": (SPOT, STREAMS),
    "ws-api.binance.com": (SPOT, CALLS),
    "ws-api.testnet.binance.vision": (SPOT, CALLS),
    "demo-ws-api.binance.com": (SPOT, CALLS),
    "fapi.binance.com": (USDM, REST),
    "demo-fapi.binance.com": (USDM, REST),
    "fstream.binance.com": (USDM, STREAMS),
    "fstream.binancefuture.com": (USDM, STREAMS),
    "ws-fapi.binance.com": (USDM, CALLS),
    "dapi.binance.com": (NOTHING, REST),
    "demo-dapi.binance.com": (NOTHING, REST),
}
BY_PATH = {"fapi": (USDM, REST), "dapi": (NOTHING, REST), "ws-fapi": (USDM, CALLS)}
"""The futures' test network has one name for several things."""


def place_of(host, path):
    """Return (API, way) of an address; (None, None) if it is not here."""
    if host == "testnet.binancefuture.com":
        return BY_PATH.get(path.split("/")[1], (None, None))
    return HOSTS.get(host, (None, None))


LIMITS = {
    SPOT: {"weight": 6000, "orders": {"10S": 100, "1D": 200_000}},
    USDM: {"weight": 2400, "orders": {"10S": 300, "1M": 1200}},
}
DEPOSITS = {SPOT: {"USDT": 100_000, "BTC": 2, "ETH": 20}, USDM: {"USDT": 100_000}}
PERPETUAL = {
    "price_tick": "0.01", "qty_step": "0.001", "min_qty": "0.001", "max_qty": "1000",
    "maker_fee": "0.0002", "taker_fee": "0.0005",
}  # fmt: skip
"""The tick is the spot recording's; the real BTCUSDT perpetual moves in steps of 0.10."""


def spot_instruments(symbols):
    """Return the instruments of spot."""
    return [instrument(symbol) for symbol in symbols]


def usdm_instruments(symbols):
    """Return the perpetuals of these symbols."""
    return [
        instrument(symbol, {**PERPETUAL, "min_notional": "100" if "BTC" in symbol else "20"})
        for symbol in symbols
    ]
