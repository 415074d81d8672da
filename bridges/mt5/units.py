"""Units and lots: converted by what a lot is (lots.py), exactly or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from bridges.instrument import Instrument
from bridges.mt5.constants import OrderFlag
from bridges.mt5.records import SymbolRow
from protocol.fields import OrdRejReason
from protocol.numbers import plain

WRONG = OrdRejReason.UNSUPPORTED_CHARACTERISTIC
"""What is asked for cannot be done here, or not so."""

class Refusal(NamedTuple):
    """Why a request is not sent; nothing of it has left."""

    reason: OrdRejReason
    text: str


def units_of(lots: Decimal, symbol: SymbolRow) -> Decimal:
    """Say a volume in units of the underlying."""
    return plain(lots * symbol.contract_size)


def lots_of(qty: Decimal, symbol: SymbolRow) -> Decimal | Refusal:
    """Say a quantity in lots, or why it is not a volume that this symbol takes."""
    wrong = OrdRejReason.INCORRECT_QUANTITY
    step, size = symbol.volume_step, symbol.contract_size
    if qty <= 0 or qty % (step * size):
        text = (
            f"QTY_STEP: received {qty}, expected a positive multiple of {plain(step * size)}"
            f" ({step} lots of {size})"
        )
        return Refusal(wrong, text)
    lots = plain(qty / size)
    if not symbol.volume_min <= lots <= symbol.volume_max:
        low, high = units_of(symbol.volume_min, symbol), units_of(symbol.volume_max, symbol)
        return Refusal(wrong, f"QTY_RANGE: received {qty}, expected {low} to {high}")
    return lots


def no_level(name: str, flag: OrderFlag, symbol: SymbolRow) -> Refusal | None:
    """Refuse a level that a symbol does not take, or drops with the day."""
    if symbol.levels & flag:
        return None
    why = ": it drops levels with the day (SYMBOL_ORDERS_DAILY)" if symbol.orders & flag else ""
    return Refusal(WRONG, f"NOT_SUPPORTED: {name} for this symbol{why}")


def off_tick(name: str, price: Decimal | None, symbol: SymbolRow) -> Refusal | None:
    """Refuse a price that is not a positive multiple of the tick."""
    tick = symbol.tick_size
    if price is None or (price > 0 and not price % tick):
        return None
    text = f"PRICE_TICK: received {name} {price}, expected a positive multiple of {tick}"
    return Refusal(OrdRejReason.OTHER, text)


def instrument_of(
    ours: str, symbol: SymbolRow, margin_rate: Decimal | None, fee_rate: Decimal
) -> Instrument:
    """Write a symbol as the port has it. No terminal tells commissions beforehand: see config."""
    return Instrument(
        symbol=ours, base=symbol.currency_base, currency=symbol.currency_profit,
        price_tick=symbol.tick_size, qty_step=units_of(symbol.volume_step, symbol),
        min_qty=units_of(symbol.volume_min, symbol), max_qty=units_of(symbol.volume_max, symbol),
        min_notional=Decimal(0), contract_multiplier=symbol.contract_size,
        margin_rate=margin_rate, maker_fee=fee_rate, taker_fee=fee_rate,
    )  # fmt: skip
