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
from protocol.fields import OrdType, Side
from protocol.messages import ExecutionReport

MS = 1_000_000


class MomentumTaker(Strategy):
    """Takes `lots` when the middle has moved `move_ticks` within `window_ms`, for `hold_ms`.

    Every position is covered by a reduce-only stop `stop_ticks` away. When its time is over the
    position is closed at market, and only then the stop taken off.
    """

    id = "MOMENTUM"
    symbols = ("EURUSD",)
    timer_ms = 100

    lots = Decimal("0.1")
    move_ticks = 3
    stop_ticks = 20
    window_ms = 1_000
    hold_ms = 3_000

    def on_start(self) -> None:
        """Forget old signals; a position of an earlier run is covered and closed in its time."""
        self._middles: dict[str, deque[tuple[int, Decimal]]] = {s: deque() for s in self.symbols}
        self._entry: Order | None = None
        self._exit: Order | None = None
        self._stop: Order | None = None
        self._since_ns = self.now_ns()
        self._halted = False
        for order in self.open_orders():
            self.cancel(order)

    def on_quote(self, quote: Quote) -> None:
        """Enter on a quick move."""
        middle = quote.mid
        if middle is None:
            return
        move = self._move(quote.symbol, middle)
        tick = self.instrument(quote.symbol).price_tick
        if self._is_idle(quote.symbol) and abs(move) >= self.move_ticks * tick:
            self._enter(Side.BUY if move > 0 else Side.SELL, quote)
        self._protect(quote.symbol)

    def on_execution(self, report: ExecutionReport) -> None:
        """Cover what was filled."""
        if report.last_qty:
            self._since_ns = self.now_ns()
            self._protect(report.symbol)

    def on_timer(self, now_ns: int) -> None:
        """Close what was held long enough; take off a stop that covers nothing."""
        for symbol in self.symbols:
            held = self.position(symbol)
            is_over = now_ns - self._since_ns >= self.hold_ms * MS
            if held and is_over and not (self._exit and self._exit.is_open):
                close = self.sell if held > 0 else self.buy
                self._exit = close(symbol, abs(held), reduce_only=True, context={"why": "time"})
            self._protect(symbol)

    def on_halt(self, halt: Halt) -> None:
        """Enter nothing while something is halted; stops stay where they are."""
        self._halted = halt.halted

    def _move(self, symbol: str, middle: Decimal) -> Decimal:
        """Return how far the middle has come within the window."""
        seen = self._middles[symbol]
        now_ns = self.now_ns()
        seen.append((now_ns, middle))
        while seen[0][0] < now_ns - self.window_ms * MS:
            seen.popleft()
        return middle - seen[0][1]

    def _is_idle(self, symbol: str) -> bool:
        return (
            not self._halted
            and not self.position(symbol)
            and not (self._entry and self._entry.is_open)
            and not (self._exit and self._exit.is_open)
        )

    def _enter(self, side: Side, quote: Quote) -> None:
        touch = quote.ask if side is Side.BUY else quote.bid
        assert touch is not None
        instrument = self.instrument(quote.symbol)
        send = self.buy if side is Side.BUY else self.sell
        self._middles[quote.symbol].clear()
        self._entry = send(
            quote.symbol, instrument.lots(self.lots), price=instrument.price(touch),
            time_in_force="IOC", context={"signal": "momentum", "ticks": self.move_ticks},
        )  # fmt: skip

    def _protect(self, symbol: str) -> None:
        """Keep exactly one stop, as large as the position, or none."""
        held = self.position(symbol)
        stop = self._stop if self._stop is not None and self._stop.is_open else None
        if stop is not None and stop.symbol != symbol:
            return
        if not held:
            if stop is not None:
                self.cancel(stop)
        elif stop is None:
            self._stop = self._place_stop(symbol, held)
        elif (stop.side is Side.SELL) != (held > 0):
            self.cancel(stop)
        elif stop.leaves_qty != abs(held):
            self.replace(stop, qty=stop.cum_qty + abs(held))

    def _place_stop(self, symbol: str, held: Decimal) -> Order | None:
        quote = self.quote(symbol)
        touch = None if quote is None else quote.bid if held > 0 else quote.ask
        if touch is None:
            return None
        instrument = self.instrument(symbol)
        away = self.stop_ticks * instrument.price_tick
        stop_px = instrument.price(touch - away if held > 0 else touch + away)
        send = self.sell if held > 0 else self.buy
        order = send(symbol, abs(held), stop_px=stop_px, reduce_only=True)
        assert order.ord_type is OrdType.STOP
        return order
