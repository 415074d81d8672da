"""What is known of the account's orders, and what is told of them. Pure: time is an argument.

Whatever speaks of an order (an answer, the user stream, a listing) comes through `absorb`, in any
order and any number of times; each thing is told once. Rules:

- an order is accepted before it is filled, and ends after its last fill was told
- a trade is counted by its id; trades that are known to be missing are asked for until they are
  there (`settle`)
- the end of an order that is being replaced is not told before it is decided what became of the
  replace
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, TypeVar

from loguru import logger
from msgspec.structs import replace

from bridges.crypto import terms
from bridges.crypto.budget import Gate
from bridges.crypto.effects import Call, Response, StreamAct
from bridges.crypto.flows import LOST, Flow, Pause
from bridges.crypto.orders import ENDED, Order, adopted, fill_of, has_our_shape
from bridges.crypto.plain import plain
from bridges.crypto.reading import UNREADABLE, trades_of
from bridges.crypto.table import Table
from bridges.crypto.views import OrderView, TradeView, Verdict
from bridges.flows import Flows
from bridges.instrument import Instrument
from bridges.link_events import LinkChanged, RateWarned
from bridges.notes import Notes
from bridges.port import (
    Accepted,
    Canceled,
    Event,
    Expired,
    Filled,
    Rejected,
    Replaced,
    Triggered,
)
from protocol.fields import (
    ExecRestatementReason,
    OrdRejReason,
    OrdStatus,
)
from protocol.numbers import ZERO

MS_NS = 1_000_000
CALL_TIMEOUT_NS = 10_000 * MS_NS
GRACE_NS = 150 * MS_NS
"""How long the stream may take to bring a trade before it is asked for."""
LONGEST_PAUSE_NS = 5_000 * MS_NS
MAX_ENDED = 10_000
"""Ended orders that are remembered."""
DAY_MS = 86_400_000
MARGIN_MS = 60_000
"""So much later than the edge of an exchange's history are trades asked for."""

V = TypeVar("V")


def pauses() -> Iterator[Pause]:
    """Give pauses that grow."""
    ns = 100 * MS_NS
    while True:
        yield Pause(ns)
        ns = min(ns * 2, LONGEST_PAUSE_NS)


class Core:
    """The orders of one account at one exchange."""

    def __init__(self, table: Table, notes: Notes) -> None:
        self.table = table
        self.notes = notes
        self.gate = Gate(table.limits, table.cost)
        self.flows = Flows[Call, Response](LOST, CALL_TIMEOUT_NS, self.gate)
        self.events: list[Event] = []
        self.stream_acts: list[StreamAct] = []
        self.instruments: dict[str, Instrument] = {}
        self.orders: dict[str, Order] = {}
        """By the id that the order has at the exchange."""
        self.names: dict[str, Order] = {}
        """By every id that names the order on our wire."""
        self.by_order_id: dict[tuple[str, str], Order] = {}
        """By symbol and the exchange's own id, which may be the same on two symbols."""
        self.unnoted: dict[str, tuple[str, str]] = {}
        """By an id that may have been sent and is not noted: symbol, and the exchange's id."""
        self.meeting: set[str] = set()
        """The exchange's ids of orders that are being taken up."""
        self.now_ns = 0
        self.begun_ns = 0
        self._since = 0, 0
        """Since when this life has listened, by the exchange's clock, and how far that was off."""
        self.offset_ms = 0
        """The exchange's clock less ours."""
        self.is_known = False
        """Whether clock, key and rules were read once."""
        self.is_up = False
        self.unread = ""
        """What could not be read last, and what was received instead."""
        self.banned_until_ns = 0
        self.on_clock_off: Callable[[], None] = lambda: None

    # Calls.

    def take_calls(self) -> list[tuple[int, Call]]:
        """Take the calls to be made now, stamped with the exchange's time."""
        outbox, self.flows.outbox = self.flows.outbox, []
        return [(number, self.table.stamp(call, self.at_ms)) for number, call in outbox]

    @property
    def at_ms(self) -> int:
        """The exchange's time."""
        return self.now_ns // MS_NS + self.offset_ms

    def listen(self, ns: int) -> None:
        """Begin to listen, at a moment of the exchange's clock; only the first time counts."""
        if not self._since[0]:
            self._since = ns, self.offset_ms

    @property
    def since_ns(self) -> int:
        """Since when this life has listened, by the exchange's clock, which may be set back since.

        What was before that keeps its time, also if the clock is set forward.
        """
        ns, offset_ms = self._since
        return ns + min(self.offset_ms - offset_ms, 0) * MS_NS

    @property
    def ban_ns(self) -> int:
        """How much longer the exchange hears nobody from here; who asks meanwhile prolongs it."""
        return max(0, self.banned_until_ns - self.now_ns)

    def theirs_ms(self, ns: int) -> int:
        """Return a moment of ours in the exchange's time, and not later than ours says."""
        return ns // MS_NS + min(self.offset_ms, 0)

    def passes(self, response: Response) -> bool:
        """Whether an answer speaks of the moment only: a wrong clock, too many requests."""
        table = self.table
        return table.is_clock_off(response) or table.back_off_ms(response) is not None

    def start(self, flow: Flow) -> None:
        """Begin a conversation."""
        self.flows.start(flow, self.now_ns)

    def answer(self, number: int, response: Response) -> None:
        """Take the answer to a call."""
        self._heed(response)
        self.flows.answer(number, response, self.now_ns)

    def _heed(self, response: Response) -> None:
        used = self.table.used(response)
        if used is not None:
            self.gate.budget.learn(used, self.now_ns)
        back_off_ms = self.table.back_off_ms(response)
        if back_off_ms is not None:
            banned = self.table.is_ban(response)
            until_ns = self.now_ns + back_off_ms * MS_NS
            self.gate.quiet_until_ns = max(self.gate.quiet_until_ns, until_ns)
            if banned:
                self.banned_until_ns = max(self.banned_until_ns, until_ns)
            self.events.append(RateWarned(back_off_ms, banned))
        if self.table.is_clock_off(response):
            self.on_clock_off()

    def read(self, reader: Callable[[Any], V], response: Response) -> V | None:
        """Read an answer that was done; None if it does not say what it should."""
        if self.table.judge(response) is not Verdict.DONE:
            self.unread = self.table.text_of(response)
            return None
        try:
            return reader(response.body)
        except UNREADABLE as problem:
            self.unread = plain(f"not understood: {problem!r}")
            return None

    def within_reach(self, since_ms: int) -> int:
        """Return the first moment from which trades can be asked for; tell if it is too late."""
        reach_ms = self.table.trades_reach_ms
        if not reach_ms or since_ms >= self.at_ms - reach_ms:
            return since_ms
        text = (
            f"HISTORY_SHORT: trades of {self.table.name} are asked for from {since_ms} ms on, but"
            f" it keeps them for {reach_ms // DAY_MS} days: compare the account by hand"
        )
        if since_ms:
            logger.warning("{}", text)
            self.events.append(LinkChanged(up=self.is_up, text=text))
        return self.at_ms - reach_ms + MARGIN_MS

    def is_past_doubt(self, order: Order | None) -> bool:
        """Whether what was sent cannot arrive any more: a stop may take longer than others.

        An order of an earlier life (None) may be a stop, sent just before this life began.
        """
        more_ns = self.table.stop_doubt_ms * MS_NS
        if not more_ns or (order is not None and not order.is_stop):
            return True
        sent_ns = self.begun_ns if order is None else order.born_ns
        return self.now_ns - sent_ns > self.absence_ns + more_ns

    @property
    def absence_ns(self) -> int:
        """How long after a request the exchange may still act on it."""
        return self.table.capabilities.absence_after_ms * MS_NS

    # Orders.

    def know(self, order: Order) -> None:
        """Remember an order."""
        self.orders[order.client_id] = order
        if order.name:
            self.names[order.name] = order
        if order.order_id:
            self.by_order_id[order.request.symbol, order.order_id] = order
        if len(self.orders) > 2 * MAX_ENDED:
            for name in [name for name, one in self.orders.items() if one.is_done][:MAX_ENDED]:
                del self.orders[name]
            alive = set(map(id, self.orders.values()))
            self.names = {n: one for n, one in self.names.items() if id(one) in alive}
            self.by_order_id = {
                n: one for n, one in self.by_order_id.items() if id(one) in alive
            }

    def name_chain(self, order: Order) -> None:
        """Let an order be known by every id that it was to have, where the exchange keeps one."""
        for name in self.notes.chain_from(order.client_id):
            self.names.setdefault(name, order)

    def ids_before(self, name: str) -> list[str]:
        """Return the ids that an order may have at the exchange since it had them before."""
        return self.notes.chain_before(name) if self.table.amends_in_place else []

    def forget(self, order: Order) -> None:
        """Forget an order that never came to be."""
        order.is_gone = True
        self.orders.pop(order.client_id, None)
        self.by_order_id.pop((order.request.symbol, order.order_id), None)
        if self.names.get(order.name) is order:
            del self.names[order.name]

    def newest(self, name: str) -> Order | None:
        """Return the order that an id names, or the one that has taken its place."""
        order = self.names.get(name)
        while order is not None and order.superseded:
            order = self.names.get(order.superseded)
        return order

    def open_symbols(self) -> set[str]:
        """Return the symbols in which an order may be open."""
        return {one.request.symbol for one in self.orders.values() if not one.is_done}

    def adopt(self, view: OrderView, executed: Decimal, paid: Decimal) -> Order:
        """Make a record of an order that this life has not sent."""
        order = adopted(
            view, ours=has_our_shape(view.client_id), executed=executed, paid=paid
        )
        self.know(order)
        return order

    def absorb(
        self, view: OrderView, trade: TradeView | None = None, *, asked_ns: int | None = 0
    ) -> Order:
        """Take what the exchange says of an order, known by our id or by the exchange's.

        `asked_ns` is when it was asked for; 0 is just now, None is an event of the stream.
        """
        order = self.orders.get(view.client_id)
        order = order or self.by_order_id.get((view.symbol, view.order_id))
        if order is None:
            before = (trade.qty, trade.qty * trade.price) if trade else (ZERO, ZERO)
            order = self.adopt(view, view.executed - before[0], view.paid - before[1])
        if view.order_id != order.order_id and not (order.triggered and view.waits):
            order.order_id = view.order_id  # a stop may have another once it is triggered
            self.by_order_id[view.symbol, view.order_id] = order
        order.missed = 0
        order.heard = max(order.heard, view.executed)
        order.ns = max(order.ns, view.ns)
        if view.status is OrdStatus.REJECTED and not order.accepted:
            self.reject(order, view.text or "the exchange rejected it", OrdRejReason.OTHER)
            return order
        self._accept(order)
        terms.take(self, order, view, self.now_ns if asked_ns == 0 else asked_ns)
        if (view.stop_px is not None or order.is_stop) and view.working and not order.triggered:
            order.triggered = True
            if view.status not in ENDED:
                self.events.append(Triggered(order.image()))
        if trade is not None:
            self.fill(order, trade, view.executed)
        self.count_all(order, view.trades)
        if view.status in ENDED and order.ending is None:
            order.ending = view
        if view.status is OrdStatus.FILLED and view.executed < order.qty:
            # Less is wanted of it there than is known here: a change of which no answer came.
            order.ending = order.ending or replace(view, status=OrdStatus.CANCELED)
        self.settle(order)
        return order

    def fill(self, order: Order, trade: TradeView, through: Decimal) -> None:
        """Count a trade, and tell it."""
        if not order.order_id:
            order.order_id = trade.order_id  # a trade may be heard of before its order is
            self.by_order_id[trade.symbol, trade.order_id] = order
        self._accept(order)
        if not order.book(trade, through):
            return
        self.events.append(Filled(order.image(), fill_of(trade, order.name)))

    def count_all(
        self, order: Order, trades: Iterable[TradeView], through: Decimal = ZERO
    ) -> None:
        """Count the trades of an order, the oldest first; those that were told are not told.

        `through` is what was executed before the first of them. Where this record began in the
        middle, a list that is not whole does not say which of them are new.
        """
        trades = list(trades)
        if order.before and through + sum(one.qty for one in trades) < order.heard:
            return
        for trade in trades:
            through += trade.qty
            self.fill(order, trade, through)

    def settle(self, order: Order) -> None:
        """Ask for trades that are missing, or tell the end."""
        if order.is_missing_trades:
            self._ask_trades(order)
        elif order.ending is not None and not order.ended and not order.replacing:
            order.ended = True
            if order.sum < order.qty:
                self._tell_end(order, order.ending)

    def reject(self, order: Order, text: str, reason: OrdRejReason) -> None:
        """Tell that the exchange has refused an order for ever."""
        if order.accepted or order.ended:
            return
        order.ended = order.refused = True
        if not order.previous:
            self.events.append(Rejected(order.image(text), reason, text))
        self.forget(order)

    def forgotten(self, order: Order) -> None:
        """End an order that the exchange no longer lists nor knows; its trades were told."""
        order.ending = order.view_of_end("cancelled there meanwhile, and forgotten since")
        self.settle(order)

    # Inside.

    def _accept(self, order: Order) -> None:
        if order.accepted:
            return
        order.accepted = True
        old = self.names.get(order.previous) if order.previous else None
        if old is None:
            self.events.append(Accepted(order.image()))
            return
        old.superseded, old.ended, old.replacing = order.name, True, ""
        self.events.append(Replaced(order.image()))

    def _tell_end(self, order: Order, end: OrderView) -> None:
        if order.expires:
            self.events.append(Expired(order.image()))
            return
        unasked = not order.cancel_id and end.status is OrdStatus.CANCELED
        reason = ExecRestatementReason.OTHER if unasked else None
        order.ended_by = order.cancel_id
        self.events.append(Canceled(order.image(), order.cancel_id, reason, end.text))

    def _ask_trades(self, order: Order) -> None:
        if not order.asking:
            order.asking = True
            self.start(self._missing(order))

    def _missing(self, order: Order) -> Flow:
        """Ask for the trades of an order until none is missing.

        An exchange may be late with the newest, and may not keep the oldest. Which of the two it is
        shows in time: what is late comes.
        """
        yield Pause(GRACE_NS)
        asked_ns = self.now_ns
        for pause in pauses():
            if not order.is_missing_trades:
                break
            symbol = order.request.symbol
            found = yield from trades_of(self, symbol, order.order_id, order.born_ns)
            is_late = self.now_ns - asked_ns > self.absence_ns
            gone = order.gone_before(found or [], self.since_ns) if is_late else ZERO
            self.count_all(order, found or [], gone)
            if order.is_missing_trades:
                yield pause
        order.asking = False
        self.settle(order)
