"""The instruments of the account: a spot pair and a linear perpetual of each symbol.

The engine and the ledger count everything in the underlying; the wire counts a perpetual in
contracts of `contract(symbol)` each.
"""

from __future__ import annotations

from decimal import Decimal

from bridges.paper.instruments import instrument

CONTRACTS = {"BTC": Decimal("0.01"), "ETH": Decimal("0.1")}
LOT = Decimal("0.01")
"""The step of a perpetual, in contracts."""
SPOT, SWAP = "SPOT", "SWAP"
FEES = {"maker_fee": "0.0008", "taker_fee": "0.001", "min_notional": "0"}


def is_swap(symbol):
    """Say whether a symbol is a perpetual."""
    return ":" in symbol


def kind_of(symbol):
    """Return a symbol's instType."""
    return SWAP if is_swap(symbol) else SPOT


def wire_of(symbol):
    """Return BTC-USDT of BTC/USDT, BTC-USDT-SWAP of BTC/USDT:USDT."""
    pair = symbol.partition(":")[0].replace("/", "-")
    return f"{pair}-SWAP" if is_swap(symbol) else pair


def contract(symbol):
    """Return the underlying of one unit of `sz`."""
    base = symbol.partition("/")[0]
    return CONTRACTS.get(base, Decimal(1)) if is_swap(symbol) else Decimal(1)


def okx_instruments(symbols):
    """Return the pairs and perpetuals of these symbols."""
    found = [instrument(symbol, FEES) for symbol in symbols]
    for one in list(found):
        perpetual = f"{one.symbol}:{one.currency}"
        step = str(contract(perpetual) * LOT)
        rules = {
            "price_tick": str(one.price_tick), "qty_step": step, "min_qty": step,
            "max_qty": "1000", "min_notional": "0", "maker_fee": "0.0002", "taker_fee": "0.0005",
            "base": one.base, "currency": one.currency,
        }  # fmt: skip
        found.append(instrument(perpetual, rules))
    return found
