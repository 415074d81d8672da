"""Prices and quantities as whole numbers: ticks and steps of one instrument.

Inside the paper venue a price is an int of ticks and a quantity an int of steps: exact, and fast
to sort and compare. `Decimal` begins and ends at this file.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from bridges.instrument import Instrument


class Grid:
    """The tick and the step of one instrument."""

    __slots__ = ("_step", "_tick", "instrument")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self._tick = instrument.price_tick
        self._step = instrument.qty_step

    def ticks(self, price: Decimal) -> int | None:
        """Return the price in ticks; None if it lies between two."""
        whole = price / self._tick
        return int(whole) if whole == whole.to_integral_value() else None

    def steps(self, qty: Decimal) -> int | None:
        """Return the quantity in steps; None if it lies between two."""
        whole = qty / self._step
        return int(whole) if whole == whole.to_integral_value() else None

    def nearest_ticks(self, price: Decimal) -> int:
        """Return the price of a recording in ticks, rounded to the nearest."""
        return int((price / self._tick).to_integral_value())

    def whole_steps(self, qty: Decimal) -> int:
        """Return the quantity of a recording in steps; what is less than one step is dropped."""
        return int((qty / self._step).to_integral_value(ROUND_DOWN))

    def price(self, ticks: int) -> Decimal:
        """Return ticks as a price."""
        return self._tick * ticks

    def qty(self, steps: int) -> Decimal:
        """Return steps as a quantity."""
        return self._step * steps
