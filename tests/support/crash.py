"""Markets that crash: recordings that are made up, and recordings that are doctored.

A `Fall` says when the price begins to fall, how long it falls, down to which part of itself, and
whether it comes back. Times are ms from the recording's first quote.
"""

from __future__ import annotations

import gzip
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from random import Random
from typing import NamedTuple

import orjson

EVERY_MS = 25
TICK = Decimal("0.00001")
CENT = Decimal("0.01")
MS_NS = 1_000_000


class Fall(NamedTuple):
    """How a price falls."""

    begins_ms: int = 4_000
    lasts_ms: int = 1_000
    to: Decimal = Decimal("0.7")
    returns_ms: int = 0
    """How long after its end the price is back where it was; 0: never."""
    ends_ms: int = 9_000

    def factor(self, at_ms):
        """Return what is left of the price at a moment."""
        done = min(max(at_ms - self.begins_ms, 0), self.lasts_ms) / self.lasts_ms
        if self.returns_ms and at_ms >= self.begins_ms + self.lasts_ms + self.returns_ms:
            return Decimal(1)
        return Decimal(f"{float(self.to) ** done:.8f}")

    def is_thin(self, at_ms):
        """Say whether the market is in disorder, bid and offer far apart."""
        return self.begins_ms <= at_ms < self.begins_ms + 2 * self.lasts_ms


def write_quotes(path, fall, *, start=Decimal("1.1"), thin_bps=0, frozen=()):
    """Write a recording of a currency pair (feed_csv.py), a quote each 25 ms.

    `thin_bps` is how far bid and offer are apart while the market is in disorder. In the time of
    `frozen` (from, to) the recording says nothing.
    """
    chance, lines = Random(7), []
    for at_ms in range(0, fall.ends_ms, EVERY_MS):
        middle = start * fall.factor(at_ms) + chance.randrange(-1, 2) * TICK
        half = middle * thin_bps / 20_000 if fall.is_thin(at_ms) else 4 * TICK
        bid = (middle - half).quantize(TICK)
        ask = (middle + half).quantize(TICK) + TICK
        if not frozen or not frozen[0] <= at_ms < frozen[1]:
            clock = f"17{at_ms // 60_000:02}{at_ms // 1_000 % 60:02}{at_ms % 1_000:03}"
            lines.append(f"20200101 {clock},{bid},{ask},0\n")
    path.write_text("".join(lines), encoding="ascii")


def doctor(recording, path, fall):
    """Copy the best bids and offers of a recording (feed_binance.py), their prices falling.

    Depth is left out: its levels would have to be moved with the price, one by one. So are trades:
    without depth, one that takes all of the best price leaves nothing beside it.
    """
    begun_ns = 0
    with gzip.open(recording, "rb") as old, gzip.open(path, "wb") as new:
        for line in old:
            moment, _, text = line.partition(b" ")
            event = orjson.loads(text).get("data", {})
            if not {"b", "B", "a", "A"} <= event.keys():
                continue
            begun_ns = begun_ns or int(moment)
            at_ms = (int(moment) - begun_ns) // MS_NS
            if at_ms > fall.ends_ms:
                return
            factor = fall.factor(at_ms)
            for key, rounding in (("b", ROUND_FLOOR), ("a", ROUND_CEILING)):
                event[key] = str((Decimal(event[key]) * factor).quantize(CENT, rounding))
            new.write(moment + b" " + orjson.dumps({"data": event}) + b"\n")
