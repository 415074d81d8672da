"""Recorded quotes as a market: one row of a file is one quote, at the time that it was made.

    feed = recorded(server, folder / "fx_eurusd_quotes_20200101.csv")
    feed.play(100)

Rows are `YYYYMMDD HHMMSSmmm,bid,ask,0`, or `timestamp,bid,ask` below a header, in UTC. The clock
moves to each row's time. Start the server's clock before it: `Clock(first_ms(path))`.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

SYMBOLS = {"fx_eurusd": "EURUSD", "fx_usdjpy": "USDJPY"}


def rows_of(path):
    """Yield (utc_ms, bid, ask) of a recording."""
    with Path(path).open(newline="", encoding="ascii") as file:
        for row in csv.reader(file):
            if row[0] == "timestamp":
                continue
            yield _time_ms(row[0]), Decimal(row[1]), Decimal(row[2])


def _time_ms(text):
    if "-" in text:
        moment = datetime.fromisoformat(text)
        return round(moment.timestamp() * 1000)
    moment = datetime.strptime(text[:15], "%Y%m%d %H%M%S").replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000) + int(text[15:])


def first_ms(path):
    """Return the time of the first quote."""
    return next(rows_of(path))[0]


class Feed:
    """A recording that stands still until it is played."""

    def __init__(self, server, path, symbol):
        self.server = server
        self.symbol = symbol
        digits = server.markets[symbol].rules.digits
        self._step = Decimal(1).scaleb(-digits)
        self._rows = rows_of(path)
        self._next = next(self._rows, None)

    @property
    def next_ms(self):
        """When the next quote is due, or None at the end."""
        return self._next[0] if self._next else None

    def play(self, count=1):
        """Let the next quotes happen; return how many there were."""
        played = 0
        while played < count and self._next is not None:
            at, bid, ask = self._next
            self.server.clock.advance_to(at)
            self.server.quote(self.symbol, bid.quantize(self._step), ask.quantize(self._step))
            self._next = next(self._rows, None)
            played += 1
        return played

    def play_until(self, utc_ms):
        """Let all quotes up to a moment happen, and the moment come."""
        while self._next is not None and self._next[0] <= utc_ms:
            self.play()
        self.server.clock.advance_to(utc_ms)


def recorded(server, path):
    """Return the feed of a recording, whose name tells the symbol."""
    name = Path(path).name
    for start, symbol in SYMBOLS.items():
        if name.startswith(start):
            return Feed(server, path, symbol)
    msg = f"received {name}, expected a name that begins with one of {sorted(SYMBOLS)}"
    raise ValueError(msg)
