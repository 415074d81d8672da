"""Whether one feed (a symbol at a venue) can be believed. Pure: each call is told the time.

A feed becomes unhealthy at the first fault, and healthy again only after `recover_ms` without any:

    NO_PRICE       a side of the book is empty, or not a price
    QUOTE_CROSSED  the best bid is at or above the best offer
    QUOTE_WIDE     bid and offer are too far apart for their middle to mean anything
    QUOTE_STALE    no quote for `max_age_ms`: a live bridge repeats an unchanged one each second
    QUOTE_FROZEN   for `frozen_ms` the price is the same although it is repeated, and either the
                   exchange's time (272, 273) stands still too (of entries without a time: nothing
                   in them changes), or another feed has moved by more than our spread meanwhile
    QUOTE_JUMP     the middle is further than `jump_bps` from the last that was believed; until
                   quotes confirm the new level for `recover_ms`, or it falls back
    QUOTE_GAP      feed_seq (5017) went back within one feed_epoch (5016), or feed_epoch did.
                   Numbers left out are conflation, a higher epoch is a restart: neither is a gap.
                   A bridge that has lost something says so with a quote of feed_seq 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from gateway.oms.market import Quote
from gateway.risk.feed_rules import Thresholds
from protocol.messages import MarketDataSnapshotFullRefresh, MDEntry
from protocol.numbers import format_decimal
from protocol.timestamps import parse_utc

MS_NS = 1_000_000
BPS = 10_000
PEER_LOOK_NS = 1_000_000_000
"""How often a feed whose price stands still is compared with the others of its symbol."""


class Fault(NamedTuple):
    """Why a feed is not believed: a stable code, and its numbers as `key=value …`."""

    code: str
    detail: str


def bps(part: Decimal, whole: Decimal) -> str:
    """Write a part of something in basis points, with one decimal."""
    return format_decimal(round(part * BPS / whole, 1))


def exchange_time_ns(message: MarketDataSnapshotFullRefresh) -> int:
    """Return the newest exchange time (272, 273) of the entries, 0 when they tell none."""
    return max((_entry_ns(entry) for entry in message.md_entries if entry.md_entry_time), default=0)


def _entry_ns(entry: MDEntry) -> int:
    try:
        return parse_utc(f"{entry.md_entry_date}-{entry.md_entry_time}")
    except ValueError:
        return 0


class Feed:
    """One symbol at one venue: its last quote, the last middle believed, and its health.

    `fault` is why it is unhealthy now, None when it is healthy. `peers` are the other feeds of the
    symbol. Before its first quote a feed is unhealthy; the first sound one makes it healthy.
    """

    def __init__(self, venue: str, symbol: str, thresholds: Thresholds, max_age_ms: int) -> None:
        self.venue = venue
        self.symbol = symbol
        self.peers: list[Feed] = []
        self.quote: Quote | None = None
        self.believed: Decimal | None = None
        self.believed_ns = 0
        """When the venue last showed that it lived, as of the last middle that was believed."""
        self.fault: Fault | None = Fault("NO_PRICE", "why=never_quoted")
        self.since_ns = 0
        self.looked_at_ns = 0
        self.awaited_ns = 0
        """Since when a first quote is waited for; 0: nobody waits for one."""
        self._thresholds = thresholds
        self._max_age_ns = max_age_ms * MS_NS
        self._frozen_ns = thresholds.frozen_ms * MS_NS
        self._recover_ns = thresholds.recover_ms * MS_NS
        self._faulty_ns: int | None = None  # when a fault was last seen; None: never
        self._stands = False
        self._content: Fault | None = None
        self._suspect: Decimal | None = None
        self._suspect_ns = 0
        self._seen = (0, 0)
        self._exchange_ns = 0
        self._alive_ns = 0
        self._moved_ns = 0
        self._anchors: dict[str, Decimal] = {}

    # What comes in.

    def take(self, quote: Quote, now_ns: int) -> None:
        """Judge a quote that has just come."""
        self.look(now_ns)
        last, self.quote = self.quote, quote
        self._note_life(last, quote, now_ns)
        gap = self._gap(quote.message)
        if gap is not None:
            self._blame(gap, now_ns)
        self._content = self._read(quote)
        if self._content is None and quote.mid is not None:
            self._judge_level(quote.mid, now_ns)
        self.look(now_ns)

    def _gap(self, message: MarketDataSnapshotFullRefresh) -> Fault | None:
        """Compare the quote's place in its feed with that of the last one."""
        epoch, seq = self._seen
        if message.feed_seq is None:
            return None
        self._seen = message.feed_epoch or 0, message.feed_seq
        if self._seen >= (epoch, seq):
            return None
        return Fault(
            "QUOTE_GAP",
            f"feed_epoch={self._seen[0]} feed_seq={self._seen[1]} last_epoch={epoch}"
            f" last_seq={seq}",
        )

    def _note_life(self, last: Quote | None, quote: Quote, now_ns: int) -> None:
        """Note when the price moved last, and when the venue last showed that it lives."""
        if last is None or (quote.bid, quote.offer) != (last.bid, last.offer):
            self._moved_ns = now_ns
            self._anchors = {}
        for peer in self.peers:  # where the others stood when we moved last, or came later
            if peer.believed is not None and peer.fault is None:
                self._anchors.setdefault(peer.venue, peer.believed)
        exchange_ns = exchange_time_ns(quote.message)
        if exchange_ns:
            if exchange_ns > self._exchange_ns:
                self._exchange_ns, self._alive_ns = exchange_ns, now_ns
        elif last is None or quote.message.md_entries != last.message.md_entries:
            self._alive_ns = now_ns

    def _read(self, quote: Quote) -> Fault | None:
        """Find what is wrong with a quote in itself."""
        bid, offer = quote.bid, quote.offer
        if bid is None or offer is None:
            empty = "both" if bid is offer else "bid" if bid is None else "offer"
            return Fault("NO_PRICE", f"empty={empty}")
        if bid >= offer:
            return Fault(
                "QUOTE_CROSSED", f"bid={format_decimal(bid)} offer={format_decimal(offer)}"
            )
        spread, middle = offer - bid, (bid + offer) / 2
        limit = self._thresholds.max_spread_bps
        if spread * BPS > limit * middle:
            return Fault(
                "QUOTE_WIDE", f"spread_bps={bps(spread, middle)} limit_bps={format_decimal(limit)}"
            )
        return None

    def _judge_level(self, middle: Decimal, now_ns: int) -> None:
        """Believe a middle that is near the last one believed; let a far one prove itself."""
        if self.believed is None or self._is_near(middle, self.believed):
            if self._suspect is not None:  # it has fallen back: faulty until now
                self._suspect, self._faulty_ns = None, now_ns
            self.believed, self.believed_ns = middle, self._alive_ns
        elif self._suspect is None or not self._is_near(middle, self._suspect):
            self._suspect, self._suspect_ns = middle, now_ns
            self._blame(self._jump(middle, self.believed), now_ns)
        elif now_ns - self._suspect_ns >= self._recover_ns:
            self.believed, self.believed_ns, self._suspect = middle, self._alive_ns, None
        else:
            self._suspect, self.fault = middle, self._jump(middle, self.believed)

    def _jump(self, middle: Decimal, believed: Decimal) -> Fault:
        return Fault(
            "QUOTE_JUMP",
            f"mid={format_decimal(middle)} last={format_decimal(believed)}"
            f" moved_bps={bps(middle - believed, believed)}"
            f" limit_bps={format_decimal(self._thresholds.jump_bps)}",
        )

    def _is_near(self, middle: Decimal, level: Decimal) -> bool:
        return abs(middle - level) * BPS <= self._thresholds.jump_bps * level

    # What follows from it.

    def look(self, now_ns: int) -> Fault | None:
        """Bring the health up to date and return the fault, None when the feed is healthy."""
        self.looked_at_ns = now_ns
        standing = self._standing(now_ns)
        self._stands = standing is not None
        if standing is not None:
            self._blame(standing, now_ns)
        elif self.quote is None:
            if self.awaited_ns and now_ns > self.awaited_ns + self._max_age_ns:
                self.since_ns = self.since_ns or now_ns
        elif self.fault is not None:
            recovers_ns = self.recovers_ns
            if recovers_ns is not None and now_ns >= recovers_ns:
                self.fault, self.since_ns = None, now_ns
        return self.fault

    @property
    def recovers_ns(self) -> int | None:
        """When the feed is healthy if no fault comes between; None while one stands."""
        if self.quote is None or self._suspect is not None or self._stands:
            return None
        return 0 if self._faulty_ns is None else self._faulty_ns + self._recover_ns

    def due_ns(self) -> int | None:
        """Return when the health may change without a quote, None when only a quote can do it."""
        if self.quote is None:
            waits = self.awaited_ns and not self.since_ns
            return self.awaited_ns + self._max_age_ns + 1 if waits else None
        if self.fault is not None:
            recovers_ns = self.recovers_ns
            return recovers_ns if recovers_ns and recovers_ns > self.looked_at_ns else None
        stale_ns = self.quote.received_ns + self._max_age_ns
        frozen_ns = max(self._moved_ns, self._alive_ns) + self._frozen_ns
        if self.peers:  # the venue may live, and another feed prove us frozen
            earliest_ns = self._moved_ns + self._frozen_ns
            frozen_ns = min(frozen_ns, max(earliest_ns, self.looked_at_ns + PEER_LOOK_NS))
        return min(stale_ns, frozen_ns) + 1

    def _blame(self, fault: Fault, now_ns: int) -> None:
        if self.fault is None or self._faulty_ns is None:
            self.since_ns = now_ns
        self.fault, self._faulty_ns = fault, now_ns

    def _standing(self, now_ns: int) -> Fault | None:
        """Return the fault that stands at this moment, but for a jump that has to prove itself."""
        if self.quote is None:
            return None
        age_ns = now_ns - self.quote.received_ns
        if age_ns > self._max_age_ns:
            return Fault(
                "QUOTE_STALE", f"age_ms={age_ns // MS_NS} limit_ms={self._max_age_ns // MS_NS}"
            )
        return self._content or self._frozen(now_ns)

    def _frozen(self, now_ns: int) -> Fault | None:
        same_ns, still_ns = now_ns - self._moved_ns, now_ns - self._alive_ns
        if same_ns <= self._frozen_ns:
            return None
        numbers = f"unchanged_ms={same_ns // MS_NS} limit_ms={self._thresholds.frozen_ms}"
        if still_ns > self._frozen_ns:
            return Fault("QUOTE_FROZEN", f"{numbers} exchange_silent_ms={still_ns // MS_NS}")
        peer = next(self._moved_peers(), None)
        if peer is None:
            return None
        return Fault(
            "QUOTE_FROZEN",
            f"{numbers} other={peer.venue} other_mid={format_decimal(peer.believed or Decimal(0))}",
        )

    def _moved_peers(self) -> Iterator[Feed]:
        """Find healthy feeds of the symbol that have moved by more than our spread since we did."""
        quote = self.quote
        if quote is None or quote.bid is None or quote.offer is None:
            return
        spread = quote.offer - quote.bid
        for peer in self.peers:
            if peer.fault is None and peer.believed is not None:
                then = self._anchors.get(peer.venue)
                if then is not None and abs(peer.believed - then) > spread:
                    yield peer
