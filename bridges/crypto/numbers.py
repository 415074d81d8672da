"""Numbers in an exchange's answers: text, or JSON numbers that the shell kept as their digits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bridges.market_events import Level
from protocol.numbers import parse_decimal


def number(value: Any) -> Decimal:
    """Read a number. Raises ValueError for anything else, floats with exponents included."""
    return parse_decimal(str(value))


def positive(value: Any) -> Decimal | None:
    """Read a price that is absent when it is zero."""
    found = number(value or 0)
    return found if found > 0 else None


def levels(rows: Any) -> tuple[Level, ...]:
    """Read the levels of a book: price and size, and whatever follows."""
    return tuple(Level(number(row[0]), number(row[1])) for row in rows)
