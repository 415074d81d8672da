"""An instrument's rules, and how a computed number becomes one that the venue accepts.

Rounding is never to the trader's harm: quantities go down, and the price of a given side never
becomes more aggressive (a buy goes down, a sell up). These three methods are the only place where
a float may enter, because here it stops being one.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import TypeAlias

import msgspec

from protocol.fields import Side
from protocol.messages import Security
from protocol.numbers import plain
from protocol.timestamps import parse_utc

Computed: TypeAlias = Decimal | int | float | str
_NOISE = Decimal("1e-6")
_ZERO = Decimal(0)


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """What may be traded and in which steps; quantities in units of the underlying.

    `contract_multiplier` is how many units one lot or contract of the venue is; `currency` the
    quote currency, `base_currency` that of the quantity; fees are rates of the notional. Longs pay
    `funding_rate` x notional at `funding_time_ns` and then every `funding_interval_ms`;
    `margin_rate` is the part of the notional that the venue blocks, 1 is cash.
    """

    symbol: str
    venue: str | None = None
    currency: str | None = None
    contract_multiplier: Decimal = Decimal(1)
    price_tick: Decimal = Decimal("0.00001")
    qty_step: Decimal = Decimal(1)
    min_qty: Decimal = _ZERO
    max_qty: Decimal | None = None
    min_notional: Decimal = _ZERO
    maker_fee: Decimal | None = None
    taker_fee: Decimal | None = None
    base_currency: str | None = None
    funding_rate: Decimal | None = None
    funding_time_ns: int | None = None
    funding_interval_ms: int | None = None
    margin_rate: Decimal | None = None

    def price(self, value: Computed, side: Side | None = None) -> Decimal:
        """Round to a price of the venue: to the nearest, or for a side never more aggressive."""
        return _to_step(value, self.price_tick, _ROUNDING[side])

    def qty(self, value: Computed) -> Decimal:
        """Round a quantity down to what the venue takes; 0 when it is below the smallest."""
        return self._legal(_to_step(value, self.qty_step, ROUND_FLOOR))

    def lots(self, value: Computed) -> Decimal:
        """Turn lots or contracts of the venue into a legal quantity in units, rounded down."""
        return self.qty(_decimal(value) * self.contract_multiplier)

    def _legal(self, qty: Decimal) -> Decimal:
        if self.max_qty is not None and qty > self.max_qty:
            qty = _to_step(self.max_qty, self.qty_step, ROUND_FLOOR)
        return qty if qty >= self.min_qty and qty > 0 else _ZERO


def instrument_of(security: Security) -> Instrument:
    """Read an instrument from a SecurityList's entry (146)."""
    given = {
        "venue": security.security_exchange,
        "currency": security.currency,
        "contract_multiplier": security.contract_multiplier,
        "price_tick": security.price_tick,
        "qty_step": security.qty_step,
        "min_qty": security.min_trade_vol,
        "max_qty": security.max_qty,
        "min_notional": security.min_notional,
        "maker_fee": security.maker_fee,
        "taker_fee": security.taker_fee,
        "base_currency": security.base_currency,
        "funding_rate": security.funding_rate,
        "funding_time_ns": parse_utc(security.funding_time) if security.funding_time else None,
        "funding_interval_ms": security.funding_interval_ms,
        "margin_rate": security.margin_rate,
    }
    known = {name: value for name, value in given.items() if value is not None}
    return msgspec.convert({"symbol": security.symbol, **known}, Instrument)


_ROUNDING = {None: ROUND_HALF_EVEN, Side.BUY: ROUND_FLOOR, Side.SELL: ROUND_CEILING}


def _decimal(value: Computed) -> Decimal:
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        msg = f"received {value!r}, expected a finite number"
        raise ValueError(msg)
    return number


def _to_step(value: Computed, step: Decimal, rounding: str) -> Decimal:
    """Round to a multiple of the step, once the binary dust of a float is blown off.

    0.1 + 0.2 is 0.30000000000000004, which must not become the next tick up.
    """
    steps = _decimal(value) / step
    nearest = steps.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    if isinstance(value, float) and abs(steps - nearest) < _NOISE:
        steps = nearest
    return plain(steps.quantize(Decimal(1), rounding=rounding) * step)
