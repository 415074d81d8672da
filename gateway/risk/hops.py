"""How long each hop takes: exchange → bridge → gateway, and strategy → gateway. Pure.

The two ends of a hop have clocks of their own, and one may be seconds ahead of the other (an
exchange's often is). The difference of the two times is offset + latency, and the latency is never
below zero, so the smallest difference of the last minute is taken for the offset of the clocks;
it holds the quickest passage too. What is above it is the latency. A clock that is set back shows
at once; one that is set forward shows as latency until the old minimum is a minute old.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from gateway.risk.feed_health import exchange_time_ns
from protocol.messages import MarketDataSnapshotFullRefresh, OrderFields
from protocol.timestamps import parse_utc

SECOND_NS = 1_000_000_000
BUCKET_NS = 5 * SECOND_NS
BUCKETS = 12
"""The window of the smallest difference: 12 buckets of 5 s."""
KEPT = 256
"""So many last differences are kept for the median."""

EXCHANGE_TO_BRIDGE = "exchange→bridge"
BRIDGE_TO_GATEWAY = "bridge→gateway"
QUOTE_TO_DECISION = "quote→decision"
DECISION_TO_GATEWAY = "decision→gateway"


class Hop:
    """The passages from one clock to another."""

    def __init__(self) -> None:
        self.count = 0
        self._differences: deque[int] = deque(maxlen=KEPT)
        self._lows: deque[tuple[int, int]] = deque(maxlen=BUCKETS)

    def passed(self, sent_ns: int, received_ns: int, now_ns: int) -> int:
        """Take one passage; return its latency in ns, above the quickest of the last minute."""
        difference = received_ns - sent_ns
        self.count += 1
        self._differences.append(difference)
        bucket = now_ns // BUCKET_NS
        lows = self._lows
        while lows and lows[0][0] <= bucket - BUCKETS:
            lows.popleft()
        if lows and lows[-1][0] == bucket:
            lows[-1] = bucket, min(lows[-1][1], difference)
        else:
            lows.append((bucket, difference))
        return difference - self.offset_ns

    @property
    def offset_ns(self) -> int:
        """How far the receiver's clock is ahead of the sender's, the quickest passage included."""
        return min((low for _, low in self._lows), default=0)

    def row(self) -> dict[str, Any]:
        """Describe it: the offset, and the last and the median latency, in ms."""
        offset_ns = self.offset_ns
        latencies = [difference - offset_ns for difference in self._differences]
        return {
            "count": self.count,
            "offset_ms": _ms(offset_ns),
            "last_ms": _ms(latencies[-1]) if latencies else None,
            "median_ms": _ms(sorted(latencies)[len(latencies) // 2]) if latencies else None,
        }


def _ms(ns: int) -> float:
    return round(ns / 1_000_000, 3)


class Lags:
    """What one order's own times say, in ns; None where it does not tell."""

    __slots__ = ("decision_ns", "quote_age_ns", "travel_ns")

    def __init__(
        self, decision_ns: int | None, travel_ns: int | None, quote_age_ns: int | None
    ) -> None:
        self.decision_ns = decision_ns
        """From the quote (5039) to the decision (60)."""
        self.travel_ns = travel_ns
        """From the decision to us."""
        self.quote_age_ns = quote_age_ns
        """How long the bridge has told of the quote when the order reaches us, by our clock."""


class Hops:
    """Every hop that was seen: those of a venue by (venue, its name), a strategy's alike."""

    def __init__(self) -> None:
        self._hops: dict[tuple[str, str, str], Hop] = {}

    def find(self, name: str, who: str, venue: str = "") -> Hop | None:
        """Find a hop of a venue, or of a strategy with what it heard of a venue."""
        return self._hops.get((name, who, venue))

    def _hop(self, name: str, who: str, venue: str = "") -> Hop:
        return self._hops.setdefault((name, who, venue), Hop())

    def quote(self, venue: str, message: MarketDataSnapshotFullRefresh, now_ns: int) -> None:
        """Take a quote (W) of a bridge: the exchange's time, the bridge's, ours."""
        said_ns = _time_ns(message.sending_time)
        if not said_ns:
            return
        self._hop(BRIDGE_TO_GATEWAY, venue).passed(said_ns, now_ns, now_ns)
        exchange_ns = exchange_time_ns(message)
        if exchange_ns:
            self._hop(EXCHANGE_TO_BRIDGE, venue).passed(exchange_ns, said_ns, now_ns)

    def order(self, owner: str, venue: str, message: OrderFields, now_ns: int) -> Lags:
        """Take an order (D, G) of a strategy: the quote's time, the decision's, ours.

        Of a venue that has not quoted, whatever its name, nothing is measured or kept.
        """
        decided_ns = _time_ns(message.transact_time)
        quoted_ns = _time_ns(message.quote_time or "")
        decision_ns = travel_ns = quote_age_ns = None
        if decided_ns:
            travel_ns = self._hop(DECISION_TO_GATEWAY, owner).passed(decided_ns, now_ns, now_ns)
        bridge = self.find(BRIDGE_TO_GATEWAY, venue)
        if quoted_ns and bridge is not None:
            quote_age_ns = now_ns - quoted_ns - bridge.offset_ns
            if decided_ns:
                hop = self._hop(QUOTE_TO_DECISION, owner, venue)
                decision_ns = hop.passed(quoted_ns, decided_ns, now_ns)
        return Lags(decision_ns, travel_ns, quote_age_ns)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Describe every hop, in order."""
        for (name, who, venue), hop in sorted(self._hops.items()):
            yield {"kind": "hop", "hop": name, "who": who, "venue": venue or None, **hop.row()}


def _time_ns(text: str) -> int:
    """Read a time; 0 when there is none that can be read."""
    try:
        return parse_utc(text) if text else 0
    except ValueError:
        return 0
