"""OrderID: one 63-bit integer that a venue can carry and that is never used twice.

    bits 62..53  instance   0 to 1023, one per gateway on an account
    bits 52..21  epoch      the second of the gateway's start, raised above any in the journal
    bits 20..0   counter    2,097,151 ids an epoch; then the epoch advances by one

Written in base 36, upper case, 13 characters. It is MT5's magic number as it stands, fits every
exchange's client id, and tells which gateway sent an order. An epoch is never reused, so ids stay
unique even when a power cut or a person loses the journal.
"""

from __future__ import annotations

import re
from typing import NamedTuple

LENGTH = 13
INSTANCE_MAX = (1 << 10) - 1
EPOCH_MAX = (1 << 32) - 1
COUNTER_MAX = (1 << 21) - 1
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PAIRS = [a + b for a in _DIGITS for b in _DIGITS]
_SHAPE = re.compile(rf"[0-9A-Z]{{{LENGTH}}}", re.ASCII).fullmatch


class OrderId(NamedTuple):
    """The parts of an id."""

    instance: int
    epoch: int
    counter: int

    def text(self) -> str:
        """Write the id as it goes on every wire: 13 characters of base 36."""
        return to_text(self.instance << 53 | self.epoch << 21 | self.counter)

    def next(self) -> OrderId:
        """Return the id after this one; a full counter moves on into the next epoch."""
        if self.counter < COUNTER_MAX:
            return OrderId(self.instance, self.epoch, self.counter + 1)
        if self.epoch >= EPOCH_MAX:
            msg = "no order ids are left: the epoch has reached its last value (year 2106)"
            raise OverflowError(msg)
        return OrderId(self.instance, self.epoch + 1, 0)


def to_text(number: int) -> str:
    """Write a 63-bit number in base 36, 13 characters, upper case."""
    if not 0 <= number < 1 << 63:
        msg = f"received {number}, expected a number of 63 bits"
        raise ValueError(msg)
    pairs = []
    for _ in range(LENGTH // 2):
        number, rest = divmod(number, 1296)
        pairs.append(_PAIRS[rest])
    pairs.append(_DIGITS[number])
    return "".join(reversed(pairs))


def to_number(text: str) -> int:
    """Read the 13 characters back as a number. Raises ValueError on anything else."""
    if not _SHAPE(text):
        msg = f"received {text[:40]!r}, expected an order id: 13 characters of 0-9 and A-Z"
        raise ValueError(msg)
    number = int(text, 36)
    if number >= 1 << 63:
        msg = f"received {text!r}, expected an order id below 2^63"
        raise ValueError(msg)
    return number


def parse(text: str) -> OrderId:
    """Read an id into its parts. Raises ValueError on anything that is no id of a gateway."""
    number = to_number(text)
    return OrderId(number >> 53, number >> 21 & EPOCH_MAX, number & COUNTER_MAX)
