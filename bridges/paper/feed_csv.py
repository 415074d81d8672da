"""Quotes from CSV files of two shapes.

    20200101 170000065,1.121200,1.121720,0          no header: day, time with ms, bid, ask, volume
    timestamp,bid,ask                               a header, then ISO 8601 with an offset
    2013-01-01 22:00:00.295000+00:00,86.655,86.728

They tell no sizes, so each quote is given the same one.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from bridges.errors import FeedError
from bridges.paper.grid import Grid
from bridges.paper.market import Quote
from protocol.numbers import parse_decimal

SIZE = Decimal(1_000_000)
_MS_NS = 1_000_000
_FIELDS = 3


def _compact_ns(text: str) -> int:
    moment = datetime.strptime(text[:15], "%Y%m%d %H%M%S").replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1_000_000_000 + int(text[15:18] or 0) * _MS_NS


def _iso_ns(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1000


def quotes(path: Path, grid: Grid, size: Decimal = SIZE) -> Iterator[Quote]:
    """Read a file's quotes in its own order. Raises FeedError that names the line."""
    symbol = grid.instrument.symbol
    steps = grid.whole_steps(size)
    read_time: Callable[[str], int] = _compact_ns
    with path.open(newline="", encoding="ascii") as file:
        for number, row in enumerate(csv.reader(file), 1):
            if number == 1 and row[:_FIELDS] == ["timestamp", "bid", "ask"]:
                read_time = _iso_ns
                continue
            try:
                time_ns, bid, ask = read_time(row[0]), *map(parse_decimal, row[1:_FIELDS])
            except (ValueError, IndexError) as problem:
                msg = f"{path}, line {number}: {problem}; expected time,bid,ask"
                raise FeedError(msg) from None
            yield Quote(
                time_ns, symbol, grid.nearest_ticks(bid), steps, grid.nearest_ticks(ask), steps
            )
