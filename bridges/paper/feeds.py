"""Where the market comes from, and when each of its events is due.

A setting is a table. `kind` is synthetic (the default), csv or binance; `seed` is for the first;
`path` (one file or a list) for the others, whose symbols come from `symbol` or the recording.
`speed` 1 plays in real time, 10 ten times as fast, 0 as fast as possible; `skip_ms` begins so far
into a recording. Symbols that no file tells about are synthetic. Each source begins at the venue's
origin, whatever year it was recorded in.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bridges.errors import FeedError
from bridges.paper import feed_binance, feed_csv
from bridges.paper.feed_synthetic import INTERVAL_NS, SyntheticMarket
from bridges.paper.grid import Grid
from bridges.paper.market import MarketEvent

_KEYS = frozenset(("kind", "seed", "path", "symbol", "speed", "interval_ms", "skip_ms"))
_CSV_NAMES = ("EURUSD", "USDJPY", "GBPUSD")


class Feed:
    """All events of all symbols in the order of their due times, one looked at ahead."""

    def __init__(
        self, sources: Sequence[Iterator[MarketEvent]], *, speed: float = 1, skip_ns: int = 0
    ) -> None:
        self.speed = speed
        shifted = [_from_zero(source, skip_ns) for source in sources]
        self._events = heapq.merge(*shifted, key=lambda pair: pair[0])
        self._origin_ns = 0
        self._next = next(self._events, None)

    def start(self, origin_ns: int) -> None:
        """Let the first event be due at this moment."""
        self._origin_ns = origin_ns

    def next_due_ns(self) -> int | None:
        """Return when the next event is due: 0 for at once, None at the end of all sources."""
        if self._next is None:
            return None
        if not self.speed:
            return 0
        return self._origin_ns + int(self._next[0] / self.speed)

    def pop(self) -> MarketEvent:
        """Take the next event."""
        assert self._next is not None
        event = self._next[1]
        self._next = next(self._events, None)
        return event


def _from_zero(
    source: Iterator[MarketEvent], skip_ns: int
) -> Iterator[tuple[int, MarketEvent]]:
    """Count a source's time from its own first event; what is skipped is due at once."""
    first = None
    for event in source:
        if first is None:
            first = event.time_ns
        yield max(event.time_ns - first - skip_ns, 0), event


def _paths(setting: Mapping[str, Any]) -> list[Path]:
    given = setting.get("path", [])
    paths = [Path(one) for one in ([given] if isinstance(given, (str, Path)) else given)]
    for path in paths:
        if not path.is_file():
            msg = f"feed: {path} is not a file"
            raise FeedError(msg)
    return paths


def _csv_symbol(path: Path) -> str:
    name = path.name.upper()
    found = next((symbol for symbol in _CSV_NAMES if symbol in name), None)
    if found is None:
        msg = f"feed: {path} does not name its symbol, expected `symbol` beside `path`"
        raise FeedError(msg)
    return found


def symbols_of(setting: Mapping[str, Any]) -> list[str]:
    """Return the symbols of a setting's files, without reading more than their beginnings."""
    if setting.get("symbol"):
        return [str(setting["symbol"])]
    kind = kind_of(setting)
    if kind == "binance":
        return [feed_binance.symbol_of(path) for path in _paths(setting)]
    return [_csv_symbol(path) for path in _paths(setting)] if kind == "csv" else []


def kind_of(setting: Mapping[str, Any]) -> str:
    """Return the kind of a feed: as it says, else by its file's name. Raises FeedError."""
    unknown = setting.keys() - _KEYS
    if unknown:
        msg = f"feed: received {sorted(unknown)}, expected {sorted(_KEYS)}"
        raise FeedError(msg)
    paths = _paths(setting)
    by_name = "synthetic" if not paths else "csv" if paths[0].suffix == ".csv" else "binance"
    kind = str(setting.get("kind", by_name))
    if kind not in {"synthetic", "csv", "binance"}:
        msg = f"feed: received kind {kind!r}, expected synthetic, csv or binance"
        raise FeedError(msg)
    if kind != "synthetic" and not paths:
        msg = f"feed: kind {kind!r} needs a `path`"
        raise FeedError(msg)
    return kind


def open_feed(setting: Mapping[str, Any], grids: Mapping[str, Grid]) -> Feed:
    """Open the feed of a setting for these symbols. Raises FeedError."""
    setting = {key: value for key, value in setting.items() if value is not None}
    kind = kind_of(setting)
    sources: dict[str, Iterator[MarketEvent]] = {}
    if kind != "synthetic":
        for path, symbol in zip(_paths(setting), symbols_of(setting), strict=True):
            if symbol not in grids:
                msg = f"feed: {path} is about {symbol}, which is not among {sorted(grids)}"
                raise FeedError(msg)
            grid = grids[symbol]
            sources[symbol] = (
                feed_csv.quotes(path, grid) if kind == "csv" else feed_binance.events(path, grid)
            )
    interval_ns = int(setting.get("interval_ms", INTERVAL_NS // 1_000_000)) * 1_000_000
    for symbol, grid in grids.items():
        if symbol not in sources:
            market = SyntheticMarket(grid, int(setting.get("seed", 7)), interval_ns)
            sources[symbol] = market.events()
    return Feed(
        [sources[symbol] for symbol in sorted(sources)],
        speed=float(setting.get("speed", 1)),
        skip_ns=int(setting.get("skip_ms", 0)) * 1_000_000,
    )
