"""What may be traded, in which steps, and between which bounds."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from protocol.numbers import ZERO

ONE = Decimal(1)


class Instrument(Struct, frozen=True, kw_only=True):
    """What may be traded and in which steps; fees are fractions of the notional."""

    symbol: str
    base: str
    currency: str
    price_tick: Decimal
    qty_step: Decimal
    min_qty: Decimal
    max_qty: Decimal
    min_notional: Decimal
    max_notional: Decimal = ZERO
    """The most that price times quantity may be; 0 is any."""
    max_market_qty: Decimal = ZERO
    """The most that an order at the market may have; 0 is as any other order."""
    contract_multiplier: Decimal = ONE
    maker_fee: Decimal = ZERO
    taker_fee: Decimal = ZERO
    funding_rate: Decimal = ZERO
    """Paid by longs to shorts, a fraction of the notional, once every `funding_interval_ms`."""
    funding_interval_ms: int = 0
    funding_ns: int = 0
    """When funding is paid next; 0 when that is not known."""
    margin_rate: Decimal | None = None
    """The part of the notional that the venue blocks for an open position: 1 is cash."""
