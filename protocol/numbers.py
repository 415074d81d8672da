r"""The only place where text becomes a number, and a number text.

Law 7: prices, quantities and money are `Decimal` from wire to disk. Python's own `Decimal()` is
far too generous for that (it reads NaN, 1E999, 1_000 and Arabic digits), so the grammar is ours:
`-?(\d+\.?\d*|\.\d+)` in ASCII, at most 18 digits on each side of the point.

Products of two such numbers have up to 72 digits. The context precision is raised once, here, so
that sums and products of wire numbers are exact in every process that speaks the protocol.
"""

from __future__ import annotations

import decimal
import re
from decimal import Decimal
from functools import lru_cache

DIGITS = 18
INTEGER_MAX = 10**DIGITS - 1
PRECISION = 80

decimal.DefaultContext.prec = PRECISION
decimal.getcontext().prec = PRECISION

ZERO = Decimal(0)

is_decimal = re.compile(
    rf"-?(?:[0-9]{{1,{DIGITS}}}(?:\.[0-9]{{0,{DIGITS}}})?|\.[0-9]{{1,{DIGITS}}})", re.ASCII
).fullmatch
is_integer = re.compile(rf"-?[0-9]{{1,{DIGITS}}}", re.ASCII).fullmatch
_is_sum = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII).fullmatch


@lru_cache(maxsize=8192)
def parse_decimal(text: str) -> Decimal:
    """Read a wire number. Raises ValueError that says what was received and what is expected."""
    if not is_decimal(text):
        msg = (
            f"received {text[:60]!r}, expected a plain decimal number such as 1.25"
            f" (ASCII digits, at most {DIGITS} on each side of the point)"
        )
        raise ValueError(msg)
    return Decimal(text)


def parse_sum(text: str) -> Decimal:
    """Read a number that we wrote ourselves: a sum may have more digits than the wire takes."""
    if not _is_sum(text):
        msg = f"received {text[:60]!r}, expected a number as format_decimal writes it"
        raise ValueError(msg)
    return Decimal(text)


def format_decimal(value: Decimal) -> str:
    """Write a number in plain notation, never with an exponent: Decimal('1E+3') is '1000'."""
    text = str(value)
    return format(value, "f") if "E" in text else text


def plain(value: Decimal) -> Decimal:
    """Drop trailing zeros without drifting into exponents; equal values become equal text."""
    if value == value.to_integral_value():
        return value.quantize(Decimal(1))
    return value.normalize()


def exact(value: Decimal | int | str) -> Decimal:
    """Take a number from a person's code. A float is refused: it has already lost the price."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            msg = f"received {value}, expected a finite number"
            raise ValueError(msg)
        return value
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        msg = (
            f"received {value!r} ({type(value).__name__}), expected Decimal, int or str;"
            " for a computed value use instrument.price(x) or instrument.qty(x), which round"
            " to what the venue accepts"
        )
        raise TypeError(msg)
    return parse_decimal(str(value))
