"""The paper venue behind the port: an exchange, a market to meet, and the distance between.

One time line: commands arrive after the entry latency, market events when the feed says, expiries
and funding when they are due, each at its own moment and in the order of these moments, however
rarely `step` is called. So the same seed, data and command times give the same fills. What the
exchange says goes to the ledger first and to the listener after the response latency.

After a kill it rises from its ledger: orders, fills and money are those that it had told of,
resting orders stand at the back of their queues, and the market has moved on without us. The book
and the trades that are published are the market's alone; our own orders do not show in them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from random import Random

from bridges.instrument import Instrument
from bridges.link_events import LinkChanged
from bridges.market_events import BookChanged, Level, Traded
from bridges.paper.exchange import Exchange
from bridges.paper.faults import Faults
from bridges.paper.feeds import Feed
from bridges.paper.free_funds import balances
from bridges.paper.grid import Grid
from bridges.paper.latency import Latency
from bridges.paper.ledger import Ledger
from bridges.paper.lines import restore
from bridges.paper.market import Trade
from bridges.paper.orders import refused_image
from bridges.port import (
    Balances,
    CancelRequest,
    Capabilities,
    Event,
    Fills,
    Found,
    Instruments,
    LedgerEntries,
    Listener,
    OpenOrders,
    OrderRequest,
    Positions,
    Rejected,
)
from protocol.fields import OrdRejReason, OrdType, TimeInForce

CAPABILITIES = Capabilities(
    ord_types=tuple(OrdType), times_in_force=tuple(TimeInForce), post_only=True,
    reduce_only=True, replace=True, look_up=True, absence_after_ms=500,
)  # fmt: skip
MAX_MARKET_EVENTS = 2_000
"""Market events in one step, so that orders are heard in between when the market is behind."""
MAX_CATCH_UP = 200_000
"""Market events that are replayed after a restart; after more the market goes on from there."""
ZERO_LATENCY: Mapping[str, Mapping[str, float]] = {}

Act = Callable[[int], None]


class PaperVenue:
    """One account on the embedded venue (port.Venue)."""

    def __init__(
        self,
        *,
        venue_id: str,
        instruments: Sequence[Instrument],
        feed: Feed,
        ledger: Ledger,
        day_end: Callable[[int], int],
        seed: int = 7,
        balances: Mapping[str, Decimal] | None = None,
        latency: Mapping[str, Mapping[str, float]] = ZERO_LATENCY,
        book_depth: int = 10,
    ) -> None:
        self.exchange = Exchange(instruments, day_end=day_end)
        self.faults = Faults(Random(f"{seed}/faults"))  # noqa: S311 - a simulation, not a secret
        self._venue_id = venue_id
        self._feed = feed
        self._ledger = ledger
        self._seed = seed
        self._deposits = dict(balances or {})
        self._depth = book_depth
        self._entry, self._response, self._feed_delay = (
            Latency(latency.get(way), Random(f"{seed}/{way}"))  # noqa: S311 - no secret either
            for way in ("entry", "response", "feed")
        )
        self._listener: Listener | None = None
        self._commands: deque[tuple[int, Act]] = deque()
        self._responses: deque[tuple[int, Event]] = deque()
        self._market: deque[tuple[int, Event]] = deque()
        self._subscribed: frozenset[str] = frozenset()
        self._dirty: set[str] = set()
        self._time_ns = 0
        self._was_up = True

    @property
    def capabilities(self) -> Capabilities:
        """What the venue can do."""
        return CAPABILITIES

    @property
    def connected(self) -> bool:
        """Whether the bridge's way to the exchange is open."""
        return self._time_ns >= self.faults.down_until_ns

    # The port's commands.

    def connect(self, listener: Listener, now_ns: int) -> None:
        """Open the exchange: for the first time, or from its ledger."""
        self._listener = listener
        history = self._ledger.history
        if history:
            now_ns = max(now_ns, history[-1]["t"])  # the system's clock may have been set back
        self._time_ns = now_ns
        starts = [line for line in history if line["k"] == "start"]
        feed_ns = self._catch_up(starts[-1]["feed_ns"] if starts else now_ns, now_ns)
        start = {
            "k": "start", "t": now_ns, "venue": self._venue_id, "boot": len(starts) + 1,
            "feed_ns": feed_ns, "seed": self._seed,
        }  # fmt: skip
        self._ledger.append([start])
        restore(self.exchange, history)
        self.exchange.set_time(now_ns)
        if not starts:
            for currency, amount in sorted(self._deposits.items()):
                self.exchange.deposit(currency, amount, now_ns)
        self.exchange.on_time(now_ns)
        self._drain(now_ns)
        self._write()
        self._dirty.update(self.exchange.pits)

    def submit(self, order: OrderRequest, now_ns: int) -> None:
        """Send a new order."""
        if not self.connected:
            text = "VENUE_DOWN: not sent"
            image = refused_image("NONE", order, now_ns, text)
            self._respond(Rejected(image, OrdRejReason.EXCHANGE_CLOSED, text), now_ns)
            return

        def act(at_ns: int) -> None:
            text = self.faults.take_reject()
            if text:
                self.exchange.refuse_next(order, text, at_ns)
            else:
                self.exchange.submit(order, at_ns)

        self._command(act, now_ns)

    def cancel(self, request: CancelRequest, now_ns: int) -> None:
        """Ask for a cancel; with the link down it is lost."""
        if self.connected:
            self._command(lambda at_ns: self.exchange.cancel(request, at_ns), now_ns)

    def replace(self, order: OrderRequest, now_ns: int) -> None:
        """Ask for a replace; with the link down it is lost."""
        if self.connected:
            self._command(lambda at_ns: self.exchange.replace(order, at_ns), now_ns)

    def may_know(self, cl_ord_id: str, *_: str) -> bool:
        """Whether the exchange has had an id that is not noted (RecallingVenue)."""
        return cl_ord_id in self.exchange.by_cl_ord_id

    def hold(self, now_ns: int) -> None:
        """Do nothing: this venue has no dead man of its own."""

    def cancel_all(self, text: str, now_ns: int) -> None:
        """Cancel everything that rests."""
        self._command(lambda at_ns: self.exchange.cancel_all(text, at_ns), now_ns)

    def look_up(self, ask: str, cl_ord_id: str, now_ns: int) -> None:
        """Ask for one order."""
        self._ask(
            lambda up: Found(
                ask=ask, order=self.exchange.find(cl_ord_id) if up else None, complete=up
            ),
            now_ns,
        )

    def open_orders(self, ask: str, now_ns: int) -> None:
        """Ask for all open orders."""
        self._ask(
            lambda up: OpenOrders(
                ask=ask, orders=self.exchange.open_orders() if up else (), complete=up
            ),
            now_ns,
        )

    def fills_since(self, ask: str, since_ns: int, now_ns: int) -> None:
        """Ask for fills."""
        self._ask(
            lambda up: Fills(
                ask=ask, fills=self.exchange.fills_since(since_ns) if up else (), complete=up
            ),
            now_ns,
        )

    def positions(self, ask: str, now_ns: int) -> None:
        """Ask for positions."""
        self._ask(
            lambda up: Positions(
                ask=ask, positions=self.exchange.account.positions() if up else (), complete=up
            ),
            now_ns,
        )

    def balances(self, ask: str, now_ns: int) -> None:
        """Ask for balances."""
        self._ask(
            lambda up: Balances(
                ask=ask, balances=balances(self.exchange) if up else (), complete=up
            ), now_ns,
        )  # fmt: skip

    def ledger_entries(self, ask: str, since_ns: int, now_ns: int) -> None:
        """Ask for ledger entries."""

        def read(up: bool) -> Event:  # noqa: FBT001 - the shape of every question
            entries = self.exchange.entries if up else []
            found = tuple(entry for entry in entries if entry.transact_ns >= since_ns)
            return LedgerEntries(ask=ask, entries=found, complete=up)

        self._ask(read, now_ns)

    def instruments(self, ask: str, now_ns: int) -> None:
        """Ask for the instruments."""
        found = self.exchange.instruments(now_ns)
        self._ask(
            lambda up: Instruments(ask=ask, instruments=found if up else (), complete=up), now_ns
        )

    def subscribe(self, symbols: Sequence[str], now_ns: int) -> None:  # noqa: ARG002 - the port's
        """Ask for market data."""
        self._subscribed = frozenset(symbols)
        self._dirty.update(self._subscribed & self.exchange.pits.keys())

    # Time.

    def step(self, now_ns: int) -> None:
        """Live up to a moment: do what is due in its order, write it down, then tell."""
        budget = MAX_MARKET_EVENTS
        while True:
            due_ns, act = self._next_act(now_ns)
            if act is None or (act == self._market_event and not budget):
                break
            at_ns = max(due_ns, self._time_ns)
            self._time_ns = at_ns
            if act == self._market_event:
                budget -= 1
            act(at_ns)
            self._drain(at_ns)
        if budget or not self._feed.speed:
            self._time_ns = max(self._time_ns, now_ns)
        self._notice_link()
        self._write()
        self._notice_books()
        self._deliver(self._responses, now_ns)
        self._deliver(self._market, now_ns)

    def next_deadline_ns(self) -> int | None:
        """Return when `step` has something to do."""
        times = [queue[0][0] for queue in (self._commands, self._responses, self._market) if queue]
        sources = (self._feed.next_due_ns(), self.exchange.next_time_ns())
        times += [time_ns for time_ns in sources if time_ns is not None]
        if not self._was_up:
            times.append(self.faults.down_until_ns)
        return min(times, default=None)

    def close(self) -> None:
        """Close the ledger."""
        self._ledger.close()

    # Inside.

    def _command(self, act: Act, now_ns: int) -> None:
        """Let a command arrive after the entry latency, behind those sent before."""
        arrival_ns = max(now_ns, self._time_ns) + self._entry.sample()
        if self._commands:
            arrival_ns = max(arrival_ns, self._commands[-1][0])
        self._commands.append((arrival_ns, act))

    def _ask(self, read: Callable[[bool], Event], now_ns: int) -> None:
        """Let a question arrive; with the link down it is answered at once, incomplete."""
        up = self.connected
        if up:
            self._command(lambda at_ns: self._respond(read(up), at_ns), now_ns)
        else:
            self._respond(read(up), now_ns)

    def _next_act(self, now_ns: int) -> tuple[int, Act | None]:
        """Return the earliest thing that is due; commands before the market at equal times."""
        found: tuple[int, Act | None] = (now_ns + 1, None)
        if self._commands:
            found = min(found, self._commands[0], key=_due)
        timer_ns = self.exchange.next_time_ns()
        if timer_ns is not None and timer_ns < found[0]:
            found = (timer_ns, self.exchange.on_time)
        feed_ns = self._feed.next_due_ns()
        if feed_ns is not None:
            feed_ns = feed_ns if self._feed.speed else now_ns
            if feed_ns < found[0]:
                found = (feed_ns, self._market_event)
        if self._commands and found[1] is self._commands[0][1]:
            self._commands.popleft()
        return found

    def _market_event(self, at_ns: int) -> None:
        event = self._feed.pop()
        self.exchange.on_market(event, at_ns)
        if event.symbol not in self._subscribed:
            return
        if isinstance(event, Trade):
            grid = self.exchange.pits[event.symbol].grid
            traded = Traded(
                symbol=event.symbol, price=grid.price(event.price), size=grid.qty(event.qty),
                aggressor=event.aggressor, trade_id=event.trade_id, transact_ns=at_ns,
            )  # fmt: skip
            self._publish(traded, at_ns)
        else:
            self._dirty.add(event.symbol)

    def _catch_up(self, feed_ns: int, now_ns: int) -> int:
        """Bring the books to the present; what nobody lived through fills no orders.

        Returns the feed's origin: moved on, if the market was away for too long to be replayed.
        """
        self._feed.start(feed_ns)
        for _ in range(MAX_CATCH_UP):
            due_ns = self._feed.next_due_ns()
            if not due_ns or due_ns >= now_ns:
                return feed_ns
            event = self._feed.pop()
            pit = self.exchange.pits.get(event.symbol)
            if pit is not None and not isinstance(event, Trade):
                pit.book.apply(event)
        feed_ns += max(now_ns - (self._feed.next_due_ns() or now_ns), 0)
        self._feed.start(feed_ns)
        return feed_ns

    def _drain(self, at_ns: int) -> None:
        events = self.exchange.events
        if events:
            self.exchange.events = []
            for event in events:
                for said in self.faults.distort(event):
                    self._respond(said, at_ns)

    def _respond(self, event: Event, at_ns: int) -> None:
        due_ns = at_ns + self._response.sample() + self.faults.delay_ns()
        if self._responses:
            due_ns = max(due_ns, self._responses[-1][0])
        self._responses.append((due_ns, event))

    def _publish(self, event: Event, at_ns: int) -> None:
        due_ns = at_ns + self._feed_delay.sample()
        if self._market:
            due_ns = max(due_ns, self._market[-1][0])
        self._market.append((due_ns, event))

    def _notice_link(self) -> None:
        up = self.connected
        if up is not self._was_up:
            self._was_up = up
            self._respond(LinkChanged(up, "" if up else "FAULT: down on command"), self._time_ns)

    def _write(self) -> None:
        lines = self.exchange.lines
        if lines:
            self.exchange.lines = []
            self._ledger.append(lines)

    def _notice_books(self) -> None:
        for symbol in sorted(self._dirty & self._subscribed):
            pit = self.exchange.pits[symbol]
            self._publish(
                BookChanged(
                    symbol=symbol,
                    bids=_levels(pit.grid, pit.book.bids.top(self._depth)),
                    asks=_levels(pit.grid, pit.book.asks.top(self._depth)),
                    transact_ns=self._time_ns, gaps=pit.book.gaps,
                ),
                self._time_ns,
            )  # fmt: skip
        self._dirty.clear()

    def _deliver(self, waiting: deque[tuple[int, Event]], now_ns: int) -> None:
        listener = self._listener
        while waiting and waiting[0][0] <= now_ns and listener is not None:
            listener.on_event(waiting.popleft()[1])


def _due(item: tuple[int, Act | None]) -> int:
    return item[0]


def _levels(grid: Grid, found: list[tuple[int, int]]) -> tuple[Level, ...]:
    return tuple(Level(grid.price(price), grid.qty(qty)) for price, qty in found)
