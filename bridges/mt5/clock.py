"""The server's wall clock and UTC: MetaTrader gives every time as the first, called the second.

The offset is the zone that the config names, or it is measured: a tick that was not there a moment
ago happened now, so its time less ours is the offset, which is a multiple of a quarter of an hour.
While it is not known, windows of the history are wide enough for every zone of the earth.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

SECOND_NS = 1_000_000_000
MS_NS = 1_000_000
QUARTER_S = 900
MAX_DRIFT_S = 120
"""How far the clocks of server and machine may differ beside the zone; more is no measurement."""
AGREEING = 2
"""So many ticks in a row have to say the same."""
WEST_S, EAST_S = -12 * 3600, 14 * 3600
DAY_S = 86_400


class ServerClock:
    """The offset, as far as it is known: the server's wall clock less UTC, in seconds."""

    def __init__(self, zone: str = "") -> None:
        self.measured_s: int | None = None
        self._zone = ZoneInfo(zone) if zone else None
        self._last_msc: dict[str, int] = {}
        self._said: list[int] = []

    def offset_s(self, now_ns: int) -> int | None:
        """Return the offset at a moment, None while it is not known."""
        if self._zone is None:
            return self.measured_s
        found = datetime.fromtimestamp(now_ns // SECOND_NS, UTC).astimezone(self._zone).utcoffset()
        return int(found.total_seconds()) if found is not None else None

    def hear(self, symbol: str, msc: int, now_ns: int) -> None:
        """Take the time of a symbol's newest tick, as it was read just now."""
        last_msc, self._last_msc[symbol] = self._last_msc.get(symbol, 0), msc
        if not last_msc or msc <= last_msc:
            return
        raw_s = msc / 1000 - now_ns / SECOND_NS
        offset_s = round(raw_s / QUARTER_S) * QUARTER_S
        if abs(raw_s - offset_s) > MAX_DRIFT_S or not WEST_S <= offset_s <= EAST_S:
            return
        self._said = [*self._said, offset_s][-AGREEING:]
        if len(self._said) == AGREEING and len(set(self._said)) == 1:
            self.measured_s = offset_s

    def utc_ns(self, msc: int, now_ns: int) -> int:
        """Say a time of the server's in UTC; as it stands while the offset is not known."""
        return msc * MS_NS - (self.offset_s(now_ns) or 0) * SECOND_NS

    def window(self, since_ns: int, now_ns: int) -> tuple[int, int]:
        """Return the seconds of the server's clock that hold everything since a moment."""
        offset_s = self.offset_s(now_ns)
        low_s = WEST_S if offset_s is None else offset_s
        return max(since_ns // SECOND_NS + low_s, 0), now_ns // SECOND_NS + EAST_S + DAY_S
