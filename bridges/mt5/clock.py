"""The server's wall clock and UTC: MetaTrader gives every time as the first, called the second.

The offset is the zone that the config names, or it is measured: a tick that was not there a moment
ago happened now, so its time less ours is the offset, which is a multiple of a quarter of an hour.
While it is not known, windows of the history are wide enough for every zone of the earth.

The clock is put forward and back again each year, and what is in the history keeps the time that it
was given. With a zone each time is read by the offset of its own moment. Without one it is read by
the present offset, and may be an hour off: from what happened before this life of the bridge the
history is asked for, and taken, with `SLACK_NS` to spare.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND_NS = 1_000_000_000
MS_NS = 1_000_000
QUARTER_S = 900
HOUR_S = 3_600
MAX_DRIFT_S = 120
"""How far the clocks of server and machine may differ beside the zone; more is no measurement."""
AGREEING = 2
"""So many ticks in a row have to say the same."""
WEST_S, EAST_S = -12 * HOUR_S, 14 * HOUR_S
DAY_S = 86_400
SLACK_NS = 2 * HOUR_S * SECOND_NS
"""More than any clock is put forward or back by."""


SPRING_MONTHS = frozenset((3, 4, 9, 10))
"""When clocks are put forward, north and south of the equator."""
SATURDAY = 5


def may_go_forward(from_ns: int, to_ns: int) -> bool:
    """Say whether a clock may be put forward in between: that is done on weekends of spring."""
    begin = datetime.fromtimestamp(from_ns // SECOND_NS, UTC).date()
    days = min(to_ns // SECOND_NS // DAY_S - from_ns // SECOND_NS // DAY_S, 366)
    found = (begin + timedelta(days=number) for number in range(days + 1))
    return any(one.weekday() >= SATURDAY and one.month in SPRING_MONTHS for one in found)


class ServerClock:
    """The offset, as far as it is known: the server's wall clock less UTC, in seconds."""

    def __init__(self, zone: str = "") -> None:
        self.measured_s: int | None = None
        self.drift_s = 0.0
        """By how much this machine's clock is ahead (to 10 s), if too much for a measurement."""
        self._zone = ZoneInfo(zone) if zone else None
        self._last_msc: dict[str, int] = {}
        self._said: list[tuple[int, bool]] = []
        self._known_ns = self._heard_ns = 0
        """Since when there is a measurement, and when the last was; 0 while there is none."""
        self._past: list[tuple[int, int]] = []
        """What was measured before, each with the moment until which it was."""

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
        if not WEST_S <= offset_s <= EAST_S:
            return
        is_near = abs(raw_s - offset_s) <= MAX_DRIFT_S
        self._said = [*self._said, (offset_s, is_near)][-AGREEING:]
        if len(self._said) < AGREEING or len(set(self._said)) > 1:
            return
        self.drift_s = 0 if is_near else round(offset_s - raw_s, -1)
        if is_near:
            self._measure(offset_s, now_ns)

    def _measure(self, offset_s: int, now_ns: int) -> None:
        if self.measured_s is not None and self.measured_s != offset_s:
            self._past.append((now_ns, self.measured_s))
        self.measured_s = offset_s
        self._known_ns, self._heard_ns = self._known_ns or now_ns, now_ns

    def wrong_zone(self) -> str:
        """Say how the named zone differs from what quotes show; nothing if it does not."""
        if self._zone is None or self.measured_s is None:
            return ""
        said_s = self.offset_s(self._heard_ns) or 0
        if said_s == self.measured_s:
            return ""
        here, there = said_s / HOUR_S, self.measured_s / HOUR_S
        return f"server_zone {self._zone.key} is at UTC{here:+g}, quotes show UTC{there:+g}"

    def utc_ns(self, msc: int, now_ns: int) -> int:
        """Say a time of the server's in UTC; as it stands while the offset is not known.

        With a zone, of an hour that comes twice, it is the second, unless that is still to come.
        """
        if self._zone is None:
            return msc * MS_NS - (self.measured_s or 0) * SECOND_NS
        first_s, second_s = self._offsets_of(msc)
        second_ns = msc * MS_NS - second_s * SECOND_NS
        is_to_come = second_ns > now_ns + MAX_DRIFT_S * SECOND_NS
        return msc * MS_NS - first_s * SECOND_NS if is_to_come else second_ns

    def ends_s(self, utc_ns: int, now_ns: int) -> tuple[int, int] | None:
        """Say a moment to come by the server's clock, cut to the second; None while not known.

        First as it will probably be shown, then what cannot be shown before that moment: it is
        another where the clock may be put forward until then and no zone is known, and in an hour
        that comes twice.
        """
        now_s = self.offset_s(utc_ns)
        if now_s is None:
            return None
        likely_s = utc_ns // SECOND_NS + now_s
        if self._zone is not None:
            first_s, _ = self._offsets_of(likely_s * 1000)
            return likely_s, likely_s + max(first_s - now_s, 0)
        return likely_s, likely_s + (HOUR_S if may_go_forward(now_ns, utc_ns) else 0)

    def is_since(self, msc: int, since_ns: int, now_ns: int) -> bool:
        """Whether a time of the server's is at or after a moment; when in doubt it is."""
        if self._zone is not None and self.utc_ns(msc, now_ns) >= since_ns:
            return True
        if self._zone is not None and not self.wrong_zone():
            return False
        slack_ns = 0 if self._known_ns and since_ns >= self._known_ns else SLACK_NS
        return msc * MS_NS - self._least_s(since_ns, now_ns) * SECOND_NS + slack_ns >= since_ns

    def window(self, since_ns: int, now_ns: int) -> tuple[int, int]:
        """Return the seconds of the server's clock that hold everything since a moment.

        Without a zone a moment before this life of the bridge is meant by the present offset.
        """
        low_s = since_ns // SECOND_NS + self._least_s(since_ns, now_ns)
        return max(low_s, 0), now_ns // SECOND_NS + EAST_S + DAY_S

    def _least_s(self, since_ns: int, now_ns: int) -> int:
        """Return the least offset that is known of the time since a moment."""
        past = [offset_s for until_ns, offset_s in self._past if until_ns > since_ns]
        found = [self.measured_s, *past]
        if self._zone is not None:
            found = [self.offset_s(since_ns), self.offset_s(now_ns)]
            found += [self.measured_s] if self.wrong_zone() else []
        return min(WEST_S if one is None else one for one in found)

    def _offsets_of(self, msc: int) -> tuple[int, int]:
        """Return the offsets that a time of the server's may have: one alone, as a rule, twice."""
        wall = datetime.fromtimestamp(msc // 1000, UTC).replace(tzinfo=self._zone)
        first, second = (wall.replace(fold=fold).utcoffset() for fold in (0, 1))
        assert first is not None
        assert second is not None
        return int(first.total_seconds()), int(second.total_seconds())
