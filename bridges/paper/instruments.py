"""The paper venue's instruments: sound defaults for any symbol, each rule may be overridden.

A symbol of six letters is a currency pair like EURUSD, of whose notional 5 % are blocked, one with
a slash a crypto pair, which is paid in full.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from bridges.errors import FeedError
from bridges.instrument import Instrument
from protocol.numbers import exact

_FX_LENGTH = 6
_DECIMALS = frozenset(
    ("price_tick", "qty_step", "min_qty", "max_qty", "min_notional", "contract_multiplier",
     "maker_fee", "taker_fee", "funding_rate", "margin_rate")
)  # fmt: skip
_PLAIN = frozenset(("base", "currency", "funding_interval_ms"))


def _crypto(symbol: str, tick: str, step: str) -> Instrument:
    base, _, quote = symbol.partition("/")
    return Instrument(
        symbol=symbol, base=base, currency=quote, price_tick=Decimal(tick),
        qty_step=Decimal(step), min_qty=Decimal(step), max_qty=Decimal(9000),
        min_notional=Decimal(5), maker_fee=Decimal("0.0008"), taker_fee=Decimal("0.001"),
    )  # fmt: skip


def _currency(symbol: str) -> Instrument:
    quote = symbol[3:]
    tick = Decimal("0.001") if quote == "JPY" else Decimal("0.00001")
    return Instrument(
        symbol=symbol, base=symbol[:3], currency=quote, price_tick=tick,
        qty_step=Decimal(1000), min_qty=Decimal(1000), max_qty=Decimal(50_000_000),
        min_notional=Decimal(0), contract_multiplier=Decimal(100_000),
        maker_fee=Decimal("0.00002"), taker_fee=Decimal("0.00003"), margin_rate=Decimal("0.05"),
    )  # fmt: skip


_KNOWN = {
    "BTC/USDT": _crypto("BTC/USDT", "0.01", "0.00001"),
    "ETH/USDT": _crypto("ETH/USDT", "0.01", "0.0001"),
}


def instrument(symbol: str, rules: Mapping[str, Any] | None = None) -> Instrument:
    """Return a symbol's instrument, with `rules` in place of the defaults."""
    if symbol in _KNOWN:
        found = _KNOWN[symbol]
    elif "/" in symbol:
        found = _crypto(symbol, "0.0001", "0.001")
    elif len(symbol) == _FX_LENGTH:
        found = _currency(symbol)
    else:
        found = _crypto(f"{symbol}/USD", "0.01", "0.01")
        found = replace(found, symbol=symbol)
    changes: dict[str, Any] = {}
    for name, value in (rules or {}).items():
        if value is None:
            continue
        if name in _DECIMALS:
            changes[name] = exact(str(value) if isinstance(value, int) else value)
        elif name in _PLAIN:
            changes[name] = value
        else:
            known = sorted(_DECIMALS | _PLAIN)
            msg = f"instrument {symbol}: received {name!r}, expected one of {known}"
            raise FeedError(msg)
    return replace(found, **changes)
