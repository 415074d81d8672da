"""From settings to a paper venue: symbols, feed, money, day's end."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bridges.errors import FeedError
from bridges.paper.feeds import open_feed, symbols_of
from bridges.paper.grid import Grid
from bridges.paper.instruments import instrument
from bridges.paper.ledger import Ledger
from bridges.paper.rate_limit import RationedVenue
from bridges.paper.venue import ZERO_LATENCY
from protocol.numbers import exact

DAY_ENDS = "17:00 America/New_York"
BALANCE = Decimal(1_000_000)
SECOND_NS = 1_000_000_000
_shape = re.compile(r"([0-9]{2}):([0-9]{2}) (\S+)").fullmatch


def day_end_of(text: str) -> Callable[[int], int]:
    """Read `17:00 America/New_York`: a function from a moment to the next such one, in ns."""
    match = _shape(text)
    try:
        hour, minute = (int(match[1]), int(match[2])) if match else (-1, -1)
        zone = ZoneInfo(match[3] if match else "")
        datetime(2000, 1, 1, hour, minute, tzinfo=zone)
    except (ValueError, ZoneInfoNotFoundError):
        msg = f"day_ends: received {text!r}, expected `HH:MM Zone`, as in {DAY_ENDS!r}"
        raise FeedError(msg) from None

    def day_end(now_ns: int) -> int:
        now = datetime.fromtimestamp(now_ns // SECOND_NS, UTC).astimezone(zone)
        end = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        if end <= now:
            end = (now + timedelta(days=1)).replace(
                hour=hour, minute=minute, second=0, microsecond=0
            )
        return int(end.timestamp()) * SECOND_NS

    return day_end


def open_paper_venue(  # noqa: PLR0913 - the keys of a [[venue]] table, each with its keyword
    *,
    venue_id: str,
    folder: Path,
    symbols: Sequence[str] = (),
    feed: Mapping[str, Any] | None = None,
    seed: int | None = None,
    latency: Mapping[str, Mapping[str, float]] | None = None,
    balances: Mapping[str, Any] | None = None,
    instruments: Mapping[str, Mapping[str, Any]] | None = None,
    day_ends: str = DAY_ENDS,
    book_depth: int = 10,
    exchange_limit: Mapping[str, Any] | None = None,
) -> RationedVenue:
    """Open the venue whose ledger lies in `folder`. Raises FeedError, LedgerCorrupt.

    `symbols` are traded, and those of the feed's files; `instruments` maps symbols to rules in
    place of the defaults; `balances` are deposited in the venue's first life (a million of each
    quote currency if not given). `exchange_limit` is how often it may be asked (rate_limit.py).
    """
    feed = dict(feed or {})
    names = list(dict.fromkeys([*symbols, *symbols_of(feed)]))
    if not names:
        msg = "received no symbols, expected `symbols` or a feed whose files name some"
        raise FeedError(msg)
    rules = instruments or {}
    traded = [instrument(name, rules.get(name)) for name in names]
    money = {name: exact(str(amount)) for name, amount in (balances or {}).items()}
    if balances is None:
        money = {one.currency: BALANCE for one in traded}
    return RationedVenue(
        venue_id=venue_id,
        instruments=traded,
        feed=open_feed(feed, {one.symbol: Grid(one) for one in traded}),
        ledger=Ledger(folder / "ledger.jsonl"),
        day_end=day_end_of(day_ends),
        seed=int(feed.get("seed", 7)) if seed is None else seed,
        balances=money,
        latency=latency or ZERO_LATENCY,
        book_depth=book_depth,
        exchange_limit=exchange_limit,
    )
