"""What a spot account holds, as positions: there are none, so balances stand for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bridges.instrument import Instrument
from bridges.port import Balance, Position
from protocol.numbers import ZERO


def spot_positions(
    balances: Iterable[Balance], rules: Sequence[Instrument]
) -> tuple[Position, ...]:
    """Return the base currencies held, each once, for the first symbol that has it."""
    held = {one.currency: one.total for one in balances}
    first = {one.base: one for one in reversed(rules)}
    return tuple(
        Position(symbol=one.symbol, currency=one.currency, qty=held[base], avg_px=ZERO)
        for base, one in first.items()
        if held.get(base)
    )
