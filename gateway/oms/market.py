"""What is observed and not remembered: quotes, instruments, balances, links, unfinished answers.

Rules: nothing here is in the digest or the snapshot; after a start all of it is unknown, so new
risk is refused until the venues have spoken. Whatever drawn from it must survive becomes a NOTE.
"""

from __future__ import annotations

from decimal import Decimal
from operator import gt, lt
from typing import NamedTuple

from msgspec import Struct, field

from gateway.oms.rules import SENSE_MAX
from gateway.oms.state import Order
from gateway.risk.pacing import Kind, Lane, Pacer
from protocol.fields import MDEntryType
from protocol.messages import (
    CollateralReport,
    ExecutionReport,
    MarketDataSnapshotFullRefresh,
    PositionReport,
    Security,
    TradeCaptureReport,
)

Levels = tuple[Decimal | None, Decimal | None]
"""Stop-loss and take-profit; 0 is none, None is not known."""


class Shown(NamedTuple):
    """The levels of a position, how many fills of its symbol there were, and when we asked."""

    levels: Levels
    fills: int
    at_ns: int


class Level(NamedTuple):
    """One price of a book, and the quantity that stands there."""

    price: Decimal
    qty: Decimal


class Quote(Struct):
    """The last conflated quote of a symbol at a venue, and when it came.

    `bid` and `offer` are the best prices, None when that side is empty or not a price.
    """

    message: MarketDataSnapshotFullRefresh
    received_ns: int
    bid: Decimal | None = None
    offer: Decimal | None = None

    def __post_init__(self) -> None:
        """Look for the best prices once: every order asks for them."""
        self.bid = self.best(MDEntryType.BID)
        self.offer = self.best(MDEntryType.OFFER)

    @property
    def mid(self) -> Decimal | None:
        """The middle of bid and offer, None when there are not both."""
        if self.bid is None or self.offer is None:
            return None
        return (self.bid + self.offer) / 2

    def best(self, kind: MDEntryType) -> Decimal | None:
        """Return the best price of one side of the book, None when that side is empty."""
        for entry in self.message.md_entries:
            if entry.md_entry_type is kind:
                price = entry.md_entry_px
                return price if price is not None and 0 < price < SENSE_MAX else None
        return None

    def levels(self, kind: MDEntryType) -> tuple[Level, ...]:
        """Return one side of the book as far as it is known and in order, best level first.

        What comes after a level without price or quantity, or after one that is better than the
        level before it, is not known.
        """
        found: list[Level] = []
        worse = lt if kind is MDEntryType.BID else gt
        for entry in self.message.md_entries:
            if entry.md_entry_type is not kind:
                continue
            price, qty = entry.md_entry_px, entry.md_entry_size
            if price is None or qty is None or not (0 < price < SENSE_MAX and qty > 0):
                break
            if found and not worse(price, found[-1].price):
                break
            found.append(Level(price, qty))
        return tuple(found)


class Answers(Struct):
    """The venue's answers to one round of questions, as far as they have come.

    A round is complete when each of its five answers was read completely while the venue was
    connected (5008=Y); an incomplete one proves nothing and is asked again. `fills` is how many
    were known by symbol when the positions came.
    """

    round_id: str
    asked_ns: int
    securities: bool = False
    orders: dict[str, ExecutionReport] = field(default_factory=dict)
    orders_due: int | None = None
    orders_seen: int = 0
    orders_complete: bool = True
    trades: list[TradeCaptureReport] = field(default_factory=list)
    trades_due: int | None = None
    trades_complete: bool = False
    positions: list[PositionReport] = field(default_factory=list)
    positions_due: int | None = None
    positions_complete: bool = False
    fills: dict[str, int] = field(default_factory=dict)
    balances: list[CollateralReport] = field(default_factory=list)
    balances_due: int | None = None
    balances_complete: bool = False
    in_use: Decimal | None = None

    @property
    def all_here(self) -> bool:
        """Whether every answer has come, complete or not."""
        return (
            self.securities
            and self.orders_due is not None
            and self.orders_seen >= self.orders_due
            and self.trades_due is not None
            and len(self.trades) >= self.trades_due
            and self.positions_due is not None
            and len(self.positions) >= self.positions_due
            and self.balances_due is not None
            and len(self.balances) >= self.balances_due
        )

    @property
    def complete(self) -> bool:
        """Whether they are evidence."""
        return self.orders_complete and self.trades_complete and self.positions_complete


class Absence(Struct):
    """How often, and over what time, a venue has not known one of our ids.

    `last_ns` is when we asked what was counted last; `rounds` is how many complete rounds, asked
    after `first_ns`, did not list it.
    """

    first_ns: int
    reads: int = 1
    last_ns: int = 0
    rounds: int = 0


class VenueView(Struct):
    """One venue as it looks now.

    `balances` were asked for at `balances_ns`, when its account had `in_use` blocked, as we count;
    what could not be counted then is counted as soon as it can be: until then nothing new is sent.
    `levels` are stop-loss and take-profit of its positions as it showed them last, by
    `levels.level_key` (oms/shown.py).
    """

    linked: bool = False
    connected: bool = False
    ready: bool = False
    why_down: str = "its bridge has not logged on"
    securities: dict[str, Security] = field(default_factory=dict)
    capabilities: frozenset[str] = frozenset()
    absence_after_ms: int = 0
    answers: Answers | None = None
    rounds: int = 0
    asked_ns: int = 0
    balances: dict[str, CollateralReport] = field(default_factory=dict)
    balances_ns: int = 0
    in_use: Decimal | None = None
    levels: dict[str, Shown] = field(default_factory=dict)
    mismatches: dict[tuple[str, str], tuple[Decimal, Decimal]] = field(default_factory=dict)
    absences: dict[str, Absence] = field(default_factory=dict)
    probed_ns: dict[str, int] = field(default_factory=dict)
    probes: dict[str, int] = field(default_factory=dict)
    quiet: set[str] = field(default_factory=set)
    pacer: Pacer | None = None

    def is_quiet(self, order: Order) -> bool:
        """Say whether an order in doubt is in nobody's way: it does nothing (oms/lingering.py)."""
        return order.in_doubt and order.order_id in self.quiet

    def may_send(self, lane: Lane, kind: Kind, key: str, now_ns: int, times: int = 1) -> bool:
        """Say whether something may be said to the venue now; else it waits for room as `key`."""
        pacer = self.pacer
        if pacer is None or pacer.go(lane, kind, now_ns, times):
            return True
        pacer.put(lane, kind, key, now_ns, times)
        return False

    def may_ask(self, now_ns: int) -> bool:
        """Say whether a question may be asked now; whoever asks again by itself need not wait."""
        return self.pacer is None or self.pacer.go(Lane.QUERY, Kind.QUERY, now_ns)

    def give_up(self, key: str) -> None:
        """Let something wait no more."""
        if self.pacer is not None:
            self.pacer.remove(key)

    def waits(self, key: str) -> bool:
        """Whether something waits for room."""
        return self.pacer is not None and key in self.pacer

    def want_round(self) -> None:
        """Let the next check of deadlines ask the venue for everything again."""
        self.asked_ns = 0


class Market:
    """Observation of all venues."""

    def __init__(self) -> None:
        self.quotes: dict[tuple[str, str], Quote] = {}
        self.changed: dict[tuple[str, str], None] = {}
        """Quotes that came since whoever values positions has looked: it clears this."""
        self.marks: dict[tuple[str, str], Decimal] = {}
        """The last price of each feed that was believed (risk/feeds.py)."""
        self.marked_ns: dict[tuple[str, str], int] = {}
        """When the venue last showed that it lived as it quoted a price that was believed."""
        self.venues: dict[str, VenueView] = {}
        self.listed = 0
        """How often a venue has told its instruments: what was drawn from them is drawn anew."""

    def venue(self, name: str) -> VenueView:
        """Find the view of a venue, an empty one when nothing is known."""
        view = self.venues.get(name)
        if view is None:
            view = self.venues[name] = VenueView()
        return view

    def security(self, venue: str, symbol: str) -> Security | None:
        """Find an instrument's rules."""
        view = self.venues.get(venue)
        return view.securities.get(symbol) if view else None

    def currency(self, venue: str, symbol: str) -> str:
        """Return the quote currency of an instrument, empty while its rules are unknown."""
        security = self.security(venue, symbol)
        return (security.currency or "") if security else ""

    def quote(self, venue: str, symbol: str) -> Quote | None:
        """Find the last quote."""
        return self.quotes.get((venue, symbol))

    def take_quote(
        self, venue: str, message: MarketDataSnapshotFullRefresh, now_ns: int
    ) -> Quote:
        """Keep a quote (W) as the last one of its symbol, and note that it came."""
        key = venue, message.symbol
        quote = self.quotes[key] = Quote(message, now_ns)
        self.changed[key] = None
        return quote

    def reference_price(self, venue: str, symbol: str) -> Decimal | None:
        """Return the price at which a position is valued, however old; None when there is none.

        It is the middle of the last quote that was believed; before any was, that of the last
        quote, one side when the other is empty.
        """
        believed = self.marks.get((venue, symbol))
        if believed is not None:
            return believed
        quote = self.quotes.get((venue, symbol))
        if quote is None:
            return None
        if quote.bid is None or quote.offer is None:
            return quote.bid if quote.offer is None else quote.offer
        return quote.mid

    def confirmed_ns(self, venue: str, symbol: str) -> int:
        """Return when a quote last confirmed the reference price; 0 when none ever did."""
        marked_ns = self.marked_ns.get((venue, symbol))
        if marked_ns is not None:
            return marked_ns
        quote = self.quotes.get((venue, symbol))
        return quote.received_ns if quote is not None else 0
