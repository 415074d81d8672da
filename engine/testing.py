"""Quotes in, orders out: a strategy rehearsed without a socket, in virtual time.

    def test_it_buys_the_first_quote():
        stage = Rehearsal(Ten())
        stage.quote("EURUSD", "1.1000", "1.1002")
        assert [order.side for order in stage.orders] == [Side.BUY]

The rehearsal plays gateway and venue: it accepts, fills at the quotes given, cancels, replaces. It
is simple on purpose: unlimited size at the touch, no queue, no latency, a resting order fills whole
when the other side of the quote reaches its price. On command it refuses or keeps silent. For fills
that resemble a market's use the paper venue.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from engine.cl_ord_ids import ClOrdIds
from engine.desk import Desk, Halt
from engine.instrument import Instrument
from engine.market import Book, Level, Trade
from engine.orders import Order
from engine.rehearsal_venue import Resting, Venue
from engine.requests import Number
from engine.strategy import Strategy
from protocol.fields import ExecType, OrdStatus
from protocol.messages import ExecutionReport, Message
from protocol.numbers import exact
from protocol.timestamps import format_utc

START_NS = 1_700_000_000_000_000_000
MS = 1_000_000


class Rehearsal:
    """A strategy on stage, started. `instruments` default to one per symbol of the strategy."""

    def __init__(
        self,
        strategy: Strategy,
        *,
        instruments: list[Instrument] | None = None,
        venue: str = "TEST",
        position: dict[str, Number] | None = None,
    ) -> None:
        self.strategy = strategy
        self.now_ns = START_NS
        self.sent: list[Message] = []
        self.reports: list[ExecutionReport] = []
        self.connected = True
        self._venue = Venue(strategy.venue or venue)
        self._queue: list[Message] = []
        self._delivering = False
        self._timer_ns = START_NS
        self._desk = Desk(
            strategy, send=self._send, clock=lambda: self.now_ns, ids=ClOrdIds(START_NS)
        )
        for instrument in instruments or [Instrument(symbol=s) for s in strategy.symbols]:
            self._desk.instruments[instrument.symbol] = instrument
        for symbol, qty in (position or {}).items():
            self._desk.positions.set(symbol, self._venue.name, exact(qty))
        self._desk.started = self._desk.ready = True
        strategy.on_start()
        self.deliver()

    # What happens to the strategy.

    def quote(
        self, symbol: str, bid: Number, ask: Number, qty: Number = 1_000_000
    ) -> Rehearsal:
        """Move the market: fills what the new quote reaches, then tells the strategy."""
        size = exact(qty)
        self._queue += self._venue.quote(symbol, exact(bid), exact(ask))
        self.deliver()
        book = Book(
            symbol, self._venue.name, (Level(exact(bid), size),), (Level(exact(ask), size),),
            self.now_ns, sending_time=format_utc(self.now_ns),
        )  # fmt: skip
        self._desk.book(book)
        self.deliver()
        return self

    def trade(self, symbol: str, price: Number, qty: Number) -> Rehearsal:
        """Let the market trade; it fills nothing of ours."""
        self._desk.trade(
            Trade(symbol, self._venue.name, exact(price), exact(qty), None, self.now_ns)
        )
        self.deliver()
        return self

    def advance(self, ms: int) -> Rehearsal:
        """Let time pass: the strategy's timer fires as often as is due."""
        end_ns = self.now_ns + ms * MS
        timer_ms = self.strategy.timer_ms
        while timer_ms is not None and self._timer_ns + timer_ms * MS <= end_ns:
            self._timer_ns += timer_ms * MS
            self.now_ns = self._timer_ns
            self.strategy.on_timer(self.now_ns)
            self.deliver()
        self.now_ns = end_ns
        return self

    def fill(self, order: Order, qty: Number | None = None, price: Number | None = None) -> None:
        """Fill a resting order, whole or in part, at its own price unless another is given."""
        resting = self._resting(order)
        amount = resting.leaves_qty if qty is None else exact(qty)
        at = exact(price) if price is not None else resting.price or resting.stop_px
        if at is None:
            msg = "received no price, expected one: the order is a market order"
            raise ValueError(msg)
        self._queue += self._venue.fill(resting, amount, at)
        self.deliver()

    def expire(self, order: Order) -> None:
        """Let the venue end an order unasked."""
        self._queue += self._venue.end(self._resting(order), ExecType.CANCELED, OrdStatus.CANCELED)
        self.deliver()

    def refuse(self, text: str, count: int = 1) -> Rehearsal:
        """Refuse the next orders with this reason."""
        self._venue.refusals += [text] * count
        return self

    def hold(self) -> Rehearsal:
        """Answer nothing from now on, as a venue does that is slow or gone."""
        self._venue.silent = True
        return self

    def release(self) -> Rehearsal:
        """Answer again, first what was held back."""
        self._venue.silent = False
        held, self._venue.held = self._venue.held, []
        for message in held:
            self._queue += self._venue.answer(message)
        self.deliver()
        return self

    def halt(self, text: str = "halted", *, halted: bool = True) -> Rehearsal:
        """Tell the strategy that trading stops, or goes on."""
        self.strategy.on_halt(Halt("TRADING", "all", halted, text))
        self.deliver()
        return self

    def stop(self) -> Rehearsal:
        """Stop the strategy as the runner does."""
        self._desk.stop()
        self.deliver()
        return self

    def deliver(self) -> None:
        """Let the strategy hear what waits, one after the other, never within its own call.

        Everything above does this itself; call it after calling the strategy's own methods.
        """
        if self._delivering:
            return
        self._delivering = True
        try:
            for message in self._waiting():
                if isinstance(message, ExecutionReport):
                    self.reports.append(message)
                self._desk.receive(message)
        finally:
            self._delivering = False

    # What one looks at.

    @property
    def orders(self) -> list[Order]:
        """The open orders, oldest first."""
        return self._desk.orders.open

    @property
    def last(self) -> Message:
        """The last message that the strategy sent."""
        return self.sent[-1]

    def position(self, symbol: str) -> Decimal:
        """Return what the strategy holds."""
        return self._desk.positions.of(symbol)

    def find(self, **attributes: Any) -> list[Order]:
        """Return the open orders with these attributes, as in `find(side=Side.BUY)`."""
        return [
            order
            for order in self.orders
            if all(getattr(order, name) == value for name, value in attributes.items())
        ]

    # Private.

    def _resting(self, order: Order) -> Resting:
        return self._venue.resting(order.cl_ord_id)

    def _send(self, message: Message) -> Message | None:
        if not self.connected:
            return None
        self.sent.append(message)
        self._queue += self._venue.answer(message)
        return message

    def _waiting(self) -> Iterator[Message]:
        while self._queue:
            yield self._queue.pop(0)
