"""The reference price of a symbol: that of the first healthy feed in its list. Pure.

`FeedBook` holds the health of every feed (feed_health.py), and who calls it does so:

- `quote(venue, message, now_ns)` on each W of a bridge: it keeps the quote in the market too
- `transitions()` after that, and `tick(now_ns)` every 100 ms: what has become healthy or unhealthy
  since, to be alerted (`Transition.jot()`) in the same turn
- `reference(symbol, venue, now_ns)` for an order: judged anew at that moment, so that it holds
  between ticks too, and never from a feed that is unhealthy then
- `hops.order(…)` for each order that arrives: see hops.py

A venue that is not connected gives no reference while it is away, whatever its last quote says;
that is no fault of the feed, and needs no time to recover.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from heapq import heappop, heappush
from typing import Any, NamedTuple

from gateway.oms.effects import Jot
from gateway.oms.market import Level, Market, Quote
from gateway.risk.feed_health import MS_NS, Fault, Feed
from gateway.risk.feed_rules import FeedRules, Thresholds
from gateway.risk.hops import BRIDGE_TO_GATEWAY, EXCHANGE_TO_BRIDGE, Hops
from protocol.fields import MDEntryType
from protocol.messages import MarketDataSnapshotFullRefresh
from protocol.numbers import format_decimal, plain

__all__ = ["FeedBook", "FeedRules", "Reference", "Thresholds", "Transition", "Unhealthy"]


class Unhealthy(NamedTuple):
    """Why there is no price to rely on: a stable code, and its numbers as `key=value …`."""

    code: str
    detail: str


class Reference(NamedTuple):
    """A price to judge an order by: the middle, bid and offer of the feed at `venue`.

    `book` is the last quote of the order's own venue, when that feed is healthy; another feed's
    price is good for comparing, its book is not where the order goes.
    """

    price: Decimal
    bid: Decimal
    offer: Decimal
    venue: str
    age_ms: int
    book: Quote | None

    @property
    def bids(self) -> tuple[Level, ...]:
        """Who is known to buy at the order's own venue, best first; empty when nobody is known."""
        return self.book.levels(MDEntryType.BID) if self.book else ()

    @property
    def offers(self) -> tuple[Level, ...]:
        """Who is known to sell at the order's own venue, best first; empty when nobody is known."""
        return self.book.levels(MDEntryType.OFFER) if self.book else ()


class Transition(NamedTuple):
    """A feed that became unhealthy or healthy. `serving` names the venue whose price counts now."""

    venue: str
    symbol: str
    healthy: bool
    code: str
    detail: str
    lasted_ms: int
    serving: str

    def jot(self) -> Jot:
        """Write it as an alert."""
        kind = "FEED_HEALTHY" if self.healthy else "FEED_UNHEALTHY"
        body = {
            "alert": kind, "venue": self.venue, "symbol": self.symbol, "code": self.code,
            "detail": self.detail, "lasted_ms": str(self.lasted_ms),
            "serving": self.serving or "none",
        }  # fmt: skip
        return Jot("ALERT", body)


class FeedBook:
    """The health of all feeds, and the reference prices that follow from it."""

    def __init__(self, market: Market, rules: FeedRules) -> None:
        self.market = market
        self.rules = rules
        self.hops = Hops()
        self._feeds: dict[tuple[str, str], Feed] = {}
        self._due: list[tuple[int, str, str]] = []
        self._scheduled: dict[tuple[str, str], int] = {}
        self._news: list[Transition] = []
        self._expecting = False

    # What happens.

    def quote(self, venue: str, message: MarketDataSnapshotFullRefresh, now_ns: int) -> None:
        """Take a quote (W) of a bridge: into the market, into its feed's health, into the hops."""
        quote = self.market.take_quote(venue, message, now_ns)
        self.hops.quote(venue, message, now_ns)
        feed = self._feed(venue, message.symbol)
        before, since_ns = feed.fault, feed.since_ns
        feed.take(quote, now_ns)
        if feed.believed is not None:
            self.market.marks[venue, message.symbol] = feed.believed
            self.market.marked_ns[venue, message.symbol] = feed.believed_ns
        self._notice(feed, before, since_ns, now_ns)

    def tick(self, now_ns: int) -> Iterator[Transition]:
        """Look at the feeds whose time has come; give every transition not told yet.

        From the first tick on, a feed in a symbol's list that says nothing at all is told of too.
        """
        if not self._expecting:
            self._expecting = True
            self._expect(now_ns)
        while self._due and self._due[0][0] <= now_ns:
            due_ns, venue, symbol = heappop(self._due)
            if self._scheduled.get((venue, symbol)) == due_ns:
                del self._scheduled[venue, symbol]
                self._look(self._feeds[venue, symbol], now_ns)
        yield from self.transitions()

    def transitions(self) -> Iterator[Transition]:
        """Give every transition not told yet."""
        news, self._news = self._news, []
        yield from news

    # What is asked.

    def reference(self, symbol: str, venue: str, now_ns: int) -> Reference | Unhealthy:
        """Return the price to judge an order for `venue` by, or why there is none."""
        faults: list[tuple[str, Fault]] = []
        for name in self.rules.feeds_of(symbol, venue):
            fault = self._fault(name, symbol, now_ns)
            if fault is None:
                return self._reference(self._feeds[name, symbol], venue, now_ns)
            faults.append((name, fault))
        name, first = faults[0]
        others = ",".join(f"{other}:{fault.code}" for other, fault in faults[1:])
        also = f" others={others}" if others else ""
        return Unhealthy(first.code, f"symbol={symbol} venue={name} {first.detail}{also}")

    def serving(self, symbol: str, venue: str, now_ns: int) -> str:
        """Name the venue whose price counts for an order at `venue`, empty when there is none."""
        for name in self.rules.feeds_of(symbol, venue):
            if self._fault(name, symbol, now_ns) is None:
                return name
        return ""

    def rows(self, now_ns: int) -> list[dict[str, Any]]:
        """Describe every feed that is listed or was heard, then every hop (FEEDS of U1)."""
        listed = [(venue, symbol) for symbol, names in self.rules.feeds.items() for venue in names]
        keys = sorted({*listed, *self._feeds}, key=lambda key: (key[1], key[0]))
        return [*(self._row(*key, now_ns) for key in keys), *self.hops.rows()]

    # Private.

    def _feed(self, venue: str, symbol: str) -> Feed:
        feed = self._feeds.get((venue, symbol))
        if feed is None:
            thresholds = self.rules.thresholds(symbol)
            feed = Feed(venue, symbol, thresholds, self.rules.max_age_ms(venue, symbol))
            self._feeds[venue, symbol] = feed
            names = self.rules.feeds.get(symbol, ())
            group = [f for name in names if (f := self._feeds.get((name, symbol))) is not None]
            for member in group:
                member.peers = [other for other in group if other is not member]
        return feed

    def _expect(self, now_ns: int) -> None:
        for symbol, names in self.rules.feeds.items():
            for venue in names:
                feed = self._feed(venue, symbol)
                feed.awaited_ns = now_ns
                self._look(feed, now_ns)

    def _look(self, feed: Feed, now_ns: int) -> Fault | None:
        before, since_ns = feed.fault, feed.since_ns
        fault = feed.look(now_ns)
        self._notice(feed, before, since_ns, now_ns)
        return fault

    def _notice(self, feed: Feed, before: Fault | None, since_ns: int, now_ns: int) -> None:
        """Remember a change of health to be told, and when the next may come by itself."""
        key = feed.venue, feed.symbol
        due_ns = feed.due_ns()
        if due_ns is not None and due_ns < self._scheduled.get(key, due_ns + 1):
            self._scheduled[key] = due_ns
            heappush(self._due, (due_ns, *key))
        after = feed.fault
        if since_ns == 0:  # the first quote: to be told of only when it is at fault
            is_news = after is not None and feed.since_ns != 0
        else:
            is_news = (before is None) is not (after is None)
        shown = after or before
        if not is_news or shown is None:
            return
        serving = self.serving(feed.symbol, feed.venue, now_ns)
        lasted_ms = (now_ns - since_ns) // MS_NS if since_ns else 0
        self._news.append(
            Transition(*key, after is None, shown.code, shown.detail, lasted_ms, serving)
        )

    def _fault(self, venue: str, symbol: str, now_ns: int) -> Fault | None:
        """Return why a feed cannot be relied on at this moment, None when it can."""
        view = self.market.venues.get(venue)
        if view is not None and not (view.connected or view.ready):
            return Fault("QUOTE_STALE", f"why={view.why_down.replace(' ', '_')}")
        feed = self._feeds.get((venue, symbol))
        if feed is None:
            return Fault("NO_PRICE", "why=never_quoted")
        fault = self._look(feed, now_ns) if feed.looked_at_ns != now_ns else feed.fault
        if fault is None:
            return None
        recovers_ns = feed.recovers_ns
        if recovers_ns and recovers_ns > now_ns:
            left_ms = (recovers_ns - now_ns) // MS_NS
            return Fault(fault.code, f"{fault.detail} recovers_in_ms={left_ms}")
        return fault

    def _reference(self, feed: Feed, venue: str, now_ns: int) -> Reference:
        quote = feed.quote
        assert quote is not None
        assert quote.bid is not None
        assert quote.offer is not None
        book: Quote | None = quote
        if feed.venue != venue:
            own = self._feeds.get((venue, feed.symbol))
            healthy = own is not None and self._fault(venue, feed.symbol, now_ns) is None
            book = own.quote if own is not None and healthy else None
        return Reference(
            plain((quote.bid + quote.offer) / 2), quote.bid, quote.offer, feed.venue,
            (now_ns - quote.received_ns) // MS_NS, book,
        )  # fmt: skip

    def _row(self, venue: str, symbol: str, now_ns: int) -> dict[str, Any]:
        fault = self._fault(venue, symbol, now_ns)
        names = self.rules.feeds.get(symbol, ())
        feed = self._feeds.get((venue, symbol))
        quote = feed.quote if feed is not None else None
        return {
            "kind": "feed", "symbol": symbol, "venue": venue,
            "place": names.index(venue) + 1 if venue in names else None,
            "serving": self.serving(symbol, venue, now_ns) == venue,
            "healthy": fault is None, "code": fault.code if fault else "",
            "detail": fault.detail if fault else "",
            "bid": _text(quote.bid if quote else None),
            "offer": _text(quote.offer if quote else None),
            "age_ms": (now_ns - quote.received_ns) // MS_NS if quote else None,
            "exchange_offset_ms": self._offset(EXCHANGE_TO_BRIDGE, venue),
            "bridge_offset_ms": self._offset(BRIDGE_TO_GATEWAY, venue),
        }  # fmt: skip

    def _offset(self, name: str, venue: str) -> Any:
        hop = self.hops.find(name, venue)
        return hop.row()["offset_ms"] if hop is not None else None


def _text(price: Decimal | None) -> str | None:
    return format_decimal(price) if price is not None else None
