"""A MetaTrader account behind the port: the pure core, its link and market, and the worker.

Commands go into the core; its jobs go to the worker, one after another, and their results come back
through `step`. Nothing here waits: the worker has a thread of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from bridges.flow_venue import FlowVenue
from bridges.instrument import ONE
from bridges.levels import LevelsRequest
from bridges.link_events import RateWarned
from bridges.mt5 import levels, questions
from bridges.mt5.constants import Execution, ExpirationFlag, FillingFlag, OrderFlag, Retcode
from bridges.mt5.core import Core
from bridges.mt5.deeds import Deeds, note
from bridges.mt5.ending import keep_ends
from bridges.mt5.expiry import expiry_s, life_of, takes_dates
from bridges.mt5.jobs import Job, Result, Sent, Snapshot
from bridges.mt5.link import Link
from bridges.mt5.market import Market
from bridges.mt5.orders import Order, terms_of
from bridges.mt5.recall import claim
from bridges.mt5.records import SymbolRow
from bridges.mt5.tables import ORDER_FLAGS, TIMES
from bridges.mt5.trust import Trust
from bridges.mt5.units import Refusal
from bridges.port import CancelRequest, Capabilities, Listener, OrderRequest
from protocol.fields import CxlRejResponseTo, OrdRejReason, TimeInForce

LOOK_NS = 2_000_000
"""The worker's thread cannot wake the loop of a bridge: it looks for results so often."""
BACK_OFF_MS = 1_000
"""What TOO_MANY_REQUESTS asks for; the server names no time."""
DOWN = "VENUE_DOWN: not sent"


class Worker(Protocol):
    """Who does the jobs, one after another."""

    def open(self) -> None:
        """Begin."""

    def put(self, number: int, job: Job) -> None:
        """Do a job when those before it are done; an urgent one before those that are not."""

    def results(self) -> Iterable[tuple[int, Result]]:
        """Take what has been done since."""

    def busy_since_ns(self) -> int | None:
        """Return when the job that is being done was begun; None between jobs."""

    def close(self) -> None:
        """Let go of the terminal."""


class Mt5Venue(FlowVenue[Core]):
    """One account in one terminal (port.Venue)."""

    def __init__(
        self, *, core: Core, worker: Worker, trust: Trust, deviation: int = 0,
        ioc_at_market: bool = False, poll_ns: int = 50_000_000, call_ns: int = 10_000_000_000,
        book_depth: int = 10,
    ) -> None:  # fmt: skip
        super().__init__(core, questions)
        self.deeds = Deeds(core, deviation=deviation, ioc_at_market=ioc_at_market)
        self._worker = worker
        self._trust = trust
        self._market = Market(core, depth=book_depth)
        self._link = Link(core, self._market, poll_ns=poll_ns, call_ns=call_ns)

    @property
    def capabilities(self) -> Capabilities:
        """What the account's symbols allow together; each order is held to its own symbol."""
        return capabilities_of(self.core)

    @property
    def symbols(self) -> tuple[str, ...]:
        """What is traded."""
        return tuple(self.core.native)

    # The port's commands.

    def connect(self, listener: Listener, now_ns: int) -> None:
        """Begin to talk to the terminal."""
        self._listener = listener
        self.core.now_ns = now_ns
        self._worker.open()
        self._link.open()
        self.core.start(keep_ends(self.core, self.deeds.end))
        self._flush()

    def submit(self, order: OrderRequest, now_ns: int) -> None:
        """Send a new order."""
        core = self.core
        core.now_ns = now_ns
        symbol = self._symbol(order.symbol)
        if not core.is_up or symbol is None:
            fresh = Order(order, symbol.contract_size if symbol else ONE, now_ns)
            known = order.symbol in core.native
            text = f"UNKNOWN_SYMBOL: {order.symbol} is not traded here"
            core.reject(
                fresh, (core.why_down or DOWN) if known else text,
                OrdRejReason.EXCHANGE_CLOSED if known else OrdRejReason.UNKNOWN_SYMBOL,
            )  # fmt: skip
        else:
            times = life_of(order, symbol, self.deeds.terms().ends)
            ends_s = 0 if isinstance(times, Refusal) else expiry_s(*times)
            note(core, order, terms_of(order, ends_s))
            core.start(self.deeds.place(Order(order, symbol.contract_size, now_ns)))
        self._flush()

    def cancel(self, request: CancelRequest, now_ns: int) -> None:
        """Ask for a cancel; it is tried with the link down too."""
        self._start(self.deeds.cancel(request), now_ns)

    def replace(self, order: OrderRequest, now_ns: int) -> None:
        """Ask for a replace."""
        self.core.now_ns = now_ns
        if self.core.is_up and self._symbol(order.symbol) is not None:
            self._start(self.deeds.replace(order), now_ns)
            return
        known = self.core.newest(order.orig_cl_ord_id)
        if known is not None:
            names = (order.cl_ord_id, order.orig_cl_ord_id)
            why = self.core.why_down or DOWN
            self.deeds.refuse(*names, known, CxlRejResponseTo.REPLACE, why)

    def protect(self, request: LevelsRequest, now_ns: int) -> None:
        """Ask for other levels of an open position."""
        self.core.now_ns = now_ns
        if self.core.is_up and self._symbol(request.symbol) is not None:
            self._start(levels.protect(self.core, request), now_ns)
        else:
            levels.refuse(self.core, request, DOWN)

    def recognise(self, instance: int, now_ns: int) -> None:
        """Hear which ids are our gateway's (RecallingVenue)."""
        core = self.core
        core.now_ns, core.recall.instance = now_ns, instance
        for order in list(core.live.values()):
            claim(core, order)
        self._flush()

    def may_know(self, cl_ord_id: str, _: str, order_id: str) -> bool:
        """Whether the account may have an order of an id that is not noted (RecallingVenue)."""
        return self.core.recall.may_know(cl_ord_id, order_id)

    def cancel_all(self, text: str, now_ns: int) -> None:  # noqa: ARG002 - the port's
        """Cancel everything of ours that rests; what others placed is left alone."""
        for order in list(self.core.live.values()):
            if order.rests and order.root and not self.core.is_foreign(order):
                self._start(self.deeds.end(order), now_ns)

    def hold(self, now_ns: int) -> None:
        """Hear that the gateway lives; a MetaTrader server has no dead man of its own."""

    def subscribe(self, symbols: Sequence[str], now_ns: int) -> None:  # noqa: ARG002 - the port's
        """Ask for market data."""
        self._market.subscribe(symbols)

    # Time.

    def step(self, now_ns: int) -> None:
        """Hear the terminal, do what is due, and tell."""
        core = self.core
        core.now_ns = now_ns
        for number, found in self._worker.results():
            core.flows.answer(number, self._heard(found), now_ns)
        core.flows.tick(now_ns)
        self._link.tick(self._worker.busy_since_ns())
        self._flush()
        self._tell()

    def next_deadline_ns(self) -> int | None:
        """Return when `step` has something to do."""
        if self.core.events:
            return self.core.now_ns
        times = (self.core.flows.next_ns(), self._link.next_ns(), self.core.now_ns + LOOK_NS)
        return min(one for one in times if one is not None)

    def close(self) -> None:
        """Let go of the terminal."""
        self._worker.close()
        self.core.notes.close()

    # Inside.

    def _heard(self, result: Result) -> Result:
        """Take what concerns everybody before the one who asked goes on."""
        core = self.core
        if isinstance(result, Snapshot):
            snapshot = self._trust.judge(core, result)
            core.absorb(snapshot)
            self._trust.taken(core, snapshot)
            return snapshot
        if isinstance(result, Sent) and result.retcode == Retcode.TOO_MANY_REQUESTS:
            core.events.append(RateWarned(BACK_OFF_MS))
        return result

    def _symbol(self, ours: str) -> SymbolRow | None:
        return self.core.rules.get(self.core.native.get(ours, ""))

    def _flush(self) -> None:
        outbox, self.core.flows.outbox = self.core.flows.outbox, []
        for number, job in outbox:
            self._worker.put(number, job)


def capabilities_of(core: Core) -> Capabilities:
    """Say what at least one symbol allows."""
    rules = core.rules.values()
    orders = levels = OrderFlag(0)
    times = ExpirationFlag(0)
    for one in rules:
        orders |= one.orders
        levels |= one.levels
        times |= one.lives
    hedges = core.account is not None and core.account.hedges
    boc = any(
        one.execution is Execution.EXCHANGE and one.filling & FillingFlag.BOC for one in rules
    )
    if any(takes_dates(one.lives) for one in rules):
        times |= ExpirationFlag.SPECIFIED
    lasting = tuple(tif for tif, (_, flag) in TIMES.items() if times & flag)
    return Capabilities(
        ord_types=tuple(kind for kind, flag in ORDER_FLAGS.items() if orders & flag),
        times_in_force=(
            *lasting, TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL,
        ),
        post_only=boc, reduce_only=hedges, stop_loss=bool(levels & OrderFlag.SL),
        take_profit=bool(levels & OrderFlag.TP), hedging=hedges, replace=True, look_up=True,
        protect=bool(orders & (OrderFlag.SL | OrderFlag.TP)),
        demo=core.account is not None and core.account.is_demo,
        absence_after_ms=core.absence_ns // 1_000_000,
    )  # fmt: skip
