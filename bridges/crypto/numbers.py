"""Numbers in an exchange's answers: text, or JSON numbers that the shell kept as their digits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bridges.market_events import Level
from protocol.numbers import parse_decimal

DIGITS = 12
"""So many decimals of an average price are read."""


def number(value: Any) -> Decimal:
    """Read a number. Raises ValueError for anything else, floats with exponents included."""
    return parse_decimal(str(value))


def positive(value: Any) -> Decimal | None:
    """Read a price that is absent when it is zero."""
    found = number(value or 0)
    return found if found > 0 else None


def average(value: Any) -> Decimal:
    """Read an average price, which may have more digits than a price: it is rounded."""
    text = str(value or 0)
    whole, point, part = text.partition(".")
    return number(f"{whole}{point}{part[:DIGITS]}")


def levels(rows: Any) -> tuple[Level, ...]:
    """Read the levels of a book: price and size, and whatever follows."""
    return tuple(Level(number(row[0]), number(row[1])) for row in rows)
