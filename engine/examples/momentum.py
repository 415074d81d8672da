"""A momentum taker: follows a quick move with an IOC order, and is never without a stop for long.

An example of how a strategy is written, not a profitable one: the signal is the simplest there is,
and each round pays the spread twice.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from engine.desk import Halt
from engine.market import Quote
from engine.orders import Order
from engine.strategy import Strategy
from protocol.fields import OrdStatus, Side
from protocol.messages import ExecutionReport

MS = 1_000_000


class MomentumTaker(Strategy):
    """Takes `lots` when the middle has moved `move_ticks` within `window_ms`, for `hold_ms`.

    It trades the first of its `symbols`. Every position is covered by a reduce-only stop
    `stop_ticks` away. When its time is over the stop is taken off, and then the position closed at
    market: two reduce-only orders for the same units would be one too many, and the gateway refuses
    the second. After a refusal it pauses for `pause_ms`, and covers what it holds first.
    """

    id = "MOMENTUM"
    symbols = ("EURUSD",)
    timer_ms = 100

    lots = Decimal("0.1")
    move_ticks = 3
    stop_ticks = 20
    window_ms = 1_000
    hold_ms = 3_000
    pause_ms = 500

    def on_start(self) -> None:
        """Forget old signals; a position of an earlier run is covered and closed in its time."""
        self._middles: deque[tuple[int, Decimal]] = deque()
        self._entry: Order | None = None
        self._exit: Order | None = None
        self._stop: Order | None = None
        self._since_ns = self.now_ns()
        self._pause_until_ns = 0
        self._halted = False
        for order in self.open_orders():
            self.cancel(order)

    @property
    def held(self) -> Decimal:
        """What we hold."""
        return self.position(self.symbols[0])

    def on_quote(self, quote: Quote) -> None:
        """Enter on a quick move."""
        if quote.mid is None or quote.symbol != self.symbols[0]:
            return
        move = self._move(quote.mid)
        if self._may_enter() and abs(move) >= self.move_ticks * self._tick():
            self._enter(Side.BUY if move > 0 else Side.SELL, quote)
        self._protect()

    def on_execution(self, report: ExecutionReport) -> None:
        """Cover what was filled; pause after a refusal."""
        if report.ord_status is OrdStatus.REJECTED:
            self._pause_until_ns = self.now_ns() + self.pause_ms * MS
            if self._exit is not None and self._exit.status is OrdStatus.REJECTED:
                self._exit, self._since_ns = None, self.now_ns()  # covered, and tried again
        elif report.last_qty:
            self._since_ns = self.now_ns()
            self._protect()

    def on_timer(self, _now_ns: int) -> None:
        """Close what was held long enough; take off a stop that covers nothing."""
        self._protect()

    def on_halt(self, halt: Halt) -> None:
        """Enter and close nothing while something is halted; stops stay where they are."""
        self._halted = halt.halted

    def _tick(self) -> Decimal:
        return self.instrument(self.symbols[0]).price_tick

    def _pauses(self) -> bool:
        return self.now_ns() < self._pause_until_ns

    def _move(self, middle: Decimal) -> Decimal:
        """Return how far the middle has come within the window."""
        now_ns = self.now_ns()
        self._middles.append((now_ns, middle))
        while self._middles[0][0] < now_ns - self.window_ms * MS:
            self._middles.popleft()
        return middle - self._middles[0][1]

    def _may_enter(self) -> bool:
        is_busy = self._halted or self._pauses() or _is_open(self._entry) or _is_open(self._exit)
        return not is_busy and not self.held

    def _enter(self, side: Side, quote: Quote) -> None:
        touch = quote.ask if side is Side.BUY else quote.bid
        assert touch is not None
        instrument = self.instrument(quote.symbol)
        send = self.buy if side is Side.BUY else self.sell
        self._middles.clear()
        self._entry = send(
            quote.symbol, instrument.lots(self.lots), price=instrument.price(touch),
            time_in_force="IOC", context={"signal": "momentum", "ticks": self.move_ticks},
        )  # fmt: skip

    def _protect(self) -> None:
        """Keep exactly one stop, as large as the position, or none, until its time is over."""
        held = self.held
        stop = self._stop
        if held and self._is_over() and not self._halted:
            self._close(held)
            return
        if stop is None or not stop.is_open:
            if held and not self._pauses():
                self._stop = self._place_stop(held)
        elif not held or (stop.side is Side.SELL) != (held > 0):
            self.cancel(stop)
        elif stop.leaves_qty != abs(held):
            self.replace(stop, qty=stop.cum_qty + abs(held))

    def _is_over(self) -> bool:
        return self.now_ns() - self._since_ns >= self.hold_ms * MS

    def _close(self, held: Decimal) -> None:
        """Take the stop off; once it is gone, close at market."""
        stop = self._stop
        if stop is not None and stop.is_open:
            self.cancel(stop)
        elif not _is_open(self._exit) and not self._pauses():
            close = self.sell if held > 0 else self.buy
            self._exit = close(self.symbols[0], abs(held), reduce_only=True)

    def _place_stop(self, held: Decimal) -> Order | None:
        quote = self.quote(self.symbols[0])
        touch = None if quote is None else quote.bid if held > 0 else quote.ask
        if touch is None:
            return None
        away = self.stop_ticks * self._tick()
        stop_px = self.instrument(self.symbols[0]).price(touch - away if held > 0 else touch + away)
        send = self.sell if held > 0 else self.buy
        return send(self.symbols[0], abs(held), stop_px=stop_px, reduce_only=True)


def _is_open(order: Order | None) -> bool:
    return order is not None and order.is_open
