"""A market maker: a post-only quote on each side, moved with the price, leaning with the inventory.

An example of how a strategy is written, not a profitable one: it knows nothing of adverse
selection, fees or volatility, and on a real market it will lose money.
"""

from __future__ import annotations

from decimal import Decimal

from engine.desk import Halt
from engine.instrument import Instrument
from engine.market import Quote
from engine.orders import Order
from engine.strategy import Strategy
from protocol.fields import OrdStatus, Side
from protocol.messages import ExecutionReport

MS = 1_000_000


class MarketMaker(Strategy):
    """Quotes `lots` a side, `half_spread_ticks` from the middle.

    At `max_lots` of inventory it quotes only the side that reduces it; on the way there both quotes
    lean by up to `lean_ticks`. A quote is moved once it is `requote_ticks` off; after a refusal a
    side pauses for `pause_ms`.
    """

    id = "MM"
    symbols = ("EURUSD",)

    lots = Decimal("0.1")
    max_lots = Decimal("0.5")
    half_spread_ticks = 2
    lean_ticks = 4
    requote_ticks = 1
    pause_ms = 500

    def on_start(self) -> None:
        """Begin with nothing in the market: what an earlier run left there is not tracked."""
        self._quotes: dict[tuple[str, Side], Order] = {}
        self._pause_until_ns: dict[tuple[str, Side], int] = {}
        self._halted = False
        for order in self.open_orders():
            self.cancel(order)

    def on_quote(self, quote: Quote) -> None:
        """Put both quotes where they belong now."""
        if quote.bid is None or quote.ask is None or self._halted:
            return
        for side in Side:
            self._tend(side, quote)

    def on_execution(self, report: ExecutionReport) -> None:
        """Quote anew after a fill, at once."""
        quote = self.quote(report.symbol)
        if report.last_qty and quote is not None:
            self.on_quote(quote)

    def on_halt(self, halt: Halt) -> None:
        """Stop quoting while trading, the venue or the session is halted."""
        self._halted = halt.halted
        if halt.halted and halt.scope != "LINK":
            for order in self.open_orders():
                self.cancel(order)

    def _tend(self, side: Side, quote: Quote) -> None:
        key = (quote.symbol, side)
        order = self._quotes.get(key)
        price = self._price(side, quote)
        if self._is_full(side, quote.symbol):
            if order is not None:
                self.cancel(order)
        elif order is None or not order.is_open:
            self._place(key, order, price)
        elif order.price is not None and not order.is_busy:
            tick = self.instrument(quote.symbol).price_tick
            if abs(order.price - price) >= self.requote_ticks * tick:
                self.replace(order, price=price)

    def _place(self, key: tuple[str, Side], last: Order | None, price: Decimal) -> None:
        symbol, side = key
        if last is not None and last.status is OrdStatus.REJECTED:
            del self._quotes[key]
            self._pause_until_ns[key] = self.now_ns() + self.pause_ms * MS
        if self.now_ns() < self._pause_until_ns.get(key, 0):
            return
        send = self.buy if side is Side.BUY else self.sell
        qty = self.instrument(symbol).lots(self.lots)
        self._quotes[key] = send(symbol, qty, price=price, post_only=True)

    def _price(self, side: Side, quote: Quote) -> Decimal:
        """Return the middle, leaned and spread, but never through the market."""
        assert quote.bid is not None
        assert quote.ask is not None
        instrument = self.instrument(quote.symbol)
        tick = instrument.price_tick
        lean = self._inventory(quote.symbol, instrument) * self.lean_ticks * tick
        fair = (quote.bid + quote.ask) / 2 - lean
        target = fair - side.sign * self.half_spread_ticks * tick
        if side is Side.BUY:
            return instrument.price(min(target, quote.ask - tick), side)
        return instrument.price(max(target, quote.bid + tick), side)

    def _inventory(self, symbol: str, instrument: Instrument) -> Decimal:
        """Return the inventory as a part of the most that we want, -1 to 1."""
        most = instrument.lots(self.max_lots) or Decimal(1)
        return max(Decimal(-1), min(Decimal(1), self.position(symbol) / most))

    def _is_full(self, side: Side, symbol: str) -> bool:
        return side.sign * self.position(symbol) >= self.instrument(symbol).lots(self.max_lots)
