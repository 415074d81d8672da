"""A crypto exchange behind the port: the pure core, its link and books, and the shell that calls.

Commands and the shell's news go into the core; its calls and stream acts go to the shell. Nothing
here waits: the shell has a thread of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from bridges.crypto import deeds, questions
from bridges.crypto.books import Books
from bridges.crypto.clearing import clear
from bridges.crypto.core import Core
from bridges.crypto.dead_man import DeadMan
from bridges.crypto.effects import MARKET, Call, Response, StreamAct, StreamNews
from bridges.crypto.link import Link
from bridges.crypto.orders import Order
from bridges.crypto.recall import remember
from bridges.crypto.rules import check
from bridges.crypto.table import Table
from bridges.flow_venue import FlowVenue
from bridges.notes import Notes, terms
from bridges.port import (
    CancelRefused,
    CancelRequest,
    Capabilities,
    Listener,
    OrderRequest,
)
from protocol.fields import CxlRejReason, CxlRejResponseTo, OrdRejReason

News = tuple[int, Response] | StreamNews
LOOK_NS = 2_000_000
"""The shell's thread cannot wake the loop of a bridge: it looks for news so often."""
DOWN = "VENUE_DOWN: not sent"
BANNED = "BANNED: the exchange hears nobody from here for a while; not sent"


class Shell(Protocol):
    """Who makes the calls and keeps the streams."""

    def open(self) -> None:
        """Begin."""

    def call(self, number: int, call: Call) -> None:
        """Make a call; its response comes with the news."""

    def act(self, act: StreamAct) -> None:
        """Open, speak on or close a stream."""

    def news(self) -> Iterable[News]:
        """Take what has happened since."""

    def close(self) -> None:
        """Let go of everything."""


class CryptoVenue(FlowVenue[Core]):
    """One account at one exchange (port.Venue)."""

    def __init__(
        self,
        *,
        table: Table,
        shell: Shell,
        notes: Notes,
        key_may: frozenset[str] = frozenset(),
        checks_key: bool = True,
        book_depth: int = 10,
        dead_man_ms: int = 0,
    ) -> None:
        super().__init__(Core(table, notes), questions)
        self._shell = shell
        self._link = Link(self.core, key_may=key_may, checks_key=checks_key)
        self._dead_man = DeadMan(self.core, timeout_ms=dead_man_ms)
        self._books = Books(self.core, depth=book_depth)

    @property
    def capabilities(self) -> Capabilities:
        """What the venue can do."""
        return self.core.table.capabilities

    @property
    def symbols(self) -> tuple[str, ...]:
        """What is traded."""
        return tuple(self.core.table.native)

    # The port's commands.

    def connect(self, listener: Listener, now_ns: int) -> None:
        """Begin to talk to the exchange."""
        self._listener = listener
        self.core.now_ns = now_ns
        self._shell.open()
        self._link.open()
        self._flush()

    def submit(self, order: OrderRequest, now_ns: int) -> None:
        """Send a new order."""
        core = self.core
        core.now_ns = now_ns
        fresh = Order(order, now_ns)
        refusal = check(
            order, core.instruments.get(order.symbol), self.capabilities, qty=order.order_qty
        )
        why = self._unsent()
        if why:
            core.reject(fresh, why, OrdRejReason.EXCHANGE_CLOSED)
        elif refusal is not None:
            core.reject(fresh, refusal.text, refusal.reason)
        else:
            self._note(order)
            core.know(fresh)
            core.start(deeds.place(core, fresh))
        self._flush()

    def cancel(self, request: CancelRequest, now_ns: int) -> None:
        """Ask for a cancel; it is tried with the stream down too."""
        core = self.core
        core.now_ns = now_ns
        if request.symbol not in core.table.native or now_ns < core.banned_until_ns:
            self._refuse(request.cl_ord_id, request.orig_cl_ord_id, CxlRejResponseTo.CANCEL)
        else:
            core.start(deeds.cancel(core, request))
        self._flush()

    def replace(self, order: OrderRequest, now_ns: int) -> None:
        """Ask for a replace."""
        core = self.core
        core.now_ns = now_ns
        if self._unsent():
            self._refuse(order.cl_ord_id, order.orig_cl_ord_id, CxlRejResponseTo.REPLACE)
        else:
            self._note(order)
            core.start(deeds.replace(core, order))
        self._flush()

    def may_know(self, cl_ord_id: str, symbol: str, order_id: str) -> bool:
        """Whether the exchange may have an order of an id that is not noted (RecallingVenue)."""
        if symbol in self.core.table.native:
            remember(self.core, cl_ord_id, symbol, order_id)
        return True

    def cancel_all(self, text: str, now_ns: int) -> None:  # noqa: ARG002 - the port's
        """Cancel everything that rests, symbol by symbol, until the exchange has agreed."""
        self.core.now_ns = now_ns
        for symbol in self.symbols:
            self.core.start(clear(self.core, symbol))
        self._flush()

    def subscribe(self, symbols: Sequence[str], now_ns: int) -> None:
        """Ask for market data."""
        self.core.now_ns = now_ns
        self._books.subscribe(symbols)
        self._flush()

    def hold(self, now_ns: int) -> None:
        """Put off the exchange's own dead man: the gateway lives."""
        self._dead_man.hold(now_ns)

    # Time.

    def step(self, now_ns: int) -> None:
        """Hear the exchange, do what is due, and tell. Raises BridgeError if it must not run."""
        core = self.core
        core.now_ns = now_ns
        for news in self._shell.news():
            if isinstance(news, tuple):
                core.answer(*news)
            elif news.name == MARKET:
                self._books.on_stream(news)
            else:
                self._link.on_stream(news)
        core.flows.tick(now_ns)
        self._link.tick()
        self._dead_man.tick()
        self._books.tick()
        self._flush()
        self._link.step()
        self._tell()

    def next_deadline_ns(self) -> int | None:
        """Return when `step` has something to do."""
        if self.core.events:
            return self.core.now_ns
        times = (self.core.flows.next_ns(), self._link.next_ns(), self._books.next_ns())
        soonest = min((one for one in times if one is not None), default=None)
        look_ns = self.core.now_ns + LOOK_NS
        return look_ns if soonest is None else min(soonest, look_ns)

    def close(self) -> None:
        """Let go of the exchange."""
        self._shell.close()
        self.core.notes.close()

    # Inside.

    def _note(self, order: OrderRequest) -> None:
        wanted = terms(order.order_qty, order.price, order.stop_px)
        self.core.notes.add(order.cl_ord_id, order.symbol, order.orig_cl_ord_id, wanted)

    def _unsent(self) -> str:
        if self.core.now_ns < self.core.banned_until_ns:
            return BANNED
        return "" if self.core.is_up else DOWN

    def _refuse(self, request_id: str, name: str, reply_to: CxlRejResponseTo) -> None:
        order = self.core.newest(name)
        if order is None:
            return
        self.core.events.append(
            CancelRefused(
                request_id=request_id, orig_cl_ord_id=name, response_to=reply_to,
                reason=CxlRejReason.OTHER, text=self._unsent() or "UNKNOWN_SYMBOL",
                order=order.image(),
            )
        )  # fmt: skip

    def _flush(self) -> None:
        acts, self.core.stream_acts = self.core.stream_acts, []
        for act in acts:
            self._shell.act(act)
        for number, call in self.core.take_calls():
            self._shell.call(number, call)
