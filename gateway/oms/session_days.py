"""When a trading day ends: a wall-clock time in the venue's own zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=64)
def _parse(day_ends: str) -> tuple[int, int, ZoneInfo]:
    clock, _, zone = day_ends.partition(" ")
    hour, _, minute = clock.partition(":")
    return int(hour), int(minute), ZoneInfo(zone or "UTC")


def next_day_end(now_ns: int, day_ends: str) -> int:
    """Return the ns at which the day of `now_ns` ends. `day_ends` is `17:00 America/New_York`.

    Daylight saving is the zone's affair: the day ends at that wall-clock time, whenever that is.
    """
    hour, minute, zone = _parse(day_ends)
    now = datetime.fromtimestamp(now_ns // 1_000_000_000, UTC).astimezone(zone)
    end = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if end <= now:
        end = (end + timedelta(days=1)).replace(hour=hour, minute=minute)
    return int(end.astimezone(UTC).timestamp()) * 1_000_000_000
