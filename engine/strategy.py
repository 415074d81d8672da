"""What a strategy author writes: a class with handlers, which buys, sells and looks.

    class Ten(Strategy):
        id = "EXAMPLE"
        symbols = ("EURUSD",)

        def on_quote(self, quote):
            if self.position(quote.symbol) == 0 and not self.open_orders():
                self.buy(quote.symbol, self.instrument(quote.symbol).lots("0.01"))

Numbers are Decimal, int or str; a float is refused with an error that names the way out. A refused
order is no exception: it comes back as an order that is REJECTED, with its reason in `text`.
An exception in a handler is a bug: the runner cancels the open orders and stops the strategy.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from engine.instrument import Instrument
from engine.market import Book, Quote, Trade
from engine.orders import Order
from engine.requests import Changes, Levels, Number, OrderOptions
from protocol.fields import CancelOnDisconnectType, Side
from protocol.messages import (
    ExecutionReport,
    Message,
    OrderCancelReject,
    PositionMaintenanceReport,
)

if TYPE_CHECKING:
    from engine.desk import Desk, Halt


class Strategy:
    """Subclass it, set the class attributes, override the handlers that matter.

    `id` is the CompID at the gateway, `symbols` what market data it hears, `venue` where its orders
    go (None: the gateway's routing decides, and data of every venue is heard), `timer_ms` how often
    `on_timer` is called (None: never). `cancel_on_stop` ends open orders when the strategy stops;
    `cancel_on_disconnect` has the gateway do it when the session is gone for `grace_ms`.
    """

    id: str = "EXAMPLE"
    symbols: tuple[str, ...] = ()
    venue: str | None = None
    account: str | None = None
    timer_ms: int | None = None
    cancel_on_stop: bool = True
    cancel_on_disconnect: CancelOnDisconnectType | None = None
    grace_ms: int | None = None

    OPTIONS: ClassVar[tuple[str, ...]] = tuple(sorted(OrderOptions.__optional_keys__))

    desk: Desk

    # What happens. Override these.

    def on_start(self) -> None:
        """Instruments, open orders and positions are known; trading may begin."""

    def on_quote(self, quote: Quote) -> None:
        """Hear that the best bid or offer of a symbol has changed."""

    def on_book(self, book: Book) -> None:
        """Hear a new book of a symbol."""

    def on_trade(self, trade: Trade) -> None:
        """Hear that the market has traded."""

    def on_execution(self, report: ExecutionReport) -> None:
        """Hear that something happened to an order; it is up to date already."""

    def on_cancel_reject(self, reject: OrderCancelReject) -> None:
        """Hear that a cancel or replace was refused."""

    def on_levels(self, report: PositionMaintenanceReport) -> None:
        """Hear what became of a `protect`: accepted, done (the levels that stand), or refused."""

    def on_timer(self, now_ns: int) -> None:
        """Be woken every `timer_ms`."""

    def on_halt(self, halt: Halt) -> None:
        """Hear that trading, a venue, a symbol or the session stops, or goes on."""

    def on_message(self, message: Message) -> None:
        """Hear any other message: rejects, mass cancel reports, levels moved by others (AP)."""

    def on_stop(self) -> None:
        """Say goodbye; orders can still be sent."""

    # What can be done.

    def buy(self, symbol: str, qty: Number, **options: Unpack[OrderOptions]) -> Order:
        """Send a buy: at market, or with `price=`, `stop_px=` (see `requests.OrderOptions`)."""
        return self.desk.order(symbol, Side.BUY, qty, options)

    def sell(self, symbol: str, qty: Number, **options: Unpack[OrderOptions]) -> Order:
        """Send a sell: at market, or with `price=`, `stop_px=` (see `requests.OrderOptions`)."""
        return self.desk.order(symbol, Side.SELL, qty, options)

    def cancel(self, order: Order) -> bool:
        """Ask for an order's end; False when it has ended, is asked already, or nobody listens."""
        return self.desk.cancel(order)

    def replace(self, order: Order, **changes: Unpack[Changes]) -> bool:
        """Ask for another qty, price or stop_px; False as for `cancel`."""
        return self.desk.replace(order, changes)

    def protect(self, symbol: str, **levels: Unpack[Levels]) -> str:
        """Ask for another `stop_loss_px` or `take_profit_px` of an open position.

        None leaves a level as it is, 0 takes it away; `position_id` names the position on a hedging
        account. Return the id that `on_levels` repeats (710), empty when nobody listens.
        """
        return self.desk.protect(symbol, levels)

    def cancel_all(self, symbol: str | None = None) -> bool:
        """Ask for the end of all orders, or those in one symbol."""
        return self.desk.cancel_all(symbol)

    def position(self, symbol: str, venue: str | None = None) -> Decimal:
        """Return what we hold, in units of the underlying, negative when short."""
        return self.desk.positions.of(symbol, venue or self.venue)

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        """Return the orders that have not ended, oldest first."""
        return [o for o in self.desk.orders.open if symbol in {None, o.symbol}]

    def instrument(self, symbol: str) -> Instrument:
        """Return an instrument's rules; raises UnknownInstrument."""
        return self.desk.instrument(symbol)

    def quote(self, symbol: str) -> Quote | None:
        """Return the last quote of a symbol."""
        return self.desk.quotes.get(symbol)

    def now_ns(self) -> int:
        """Return the time, ns since the epoch; virtual in tests and backtests."""
        return self.desk.clock()

    def log(self, text: str, **values: Any) -> None:
        """Say something to the log."""
        self.desk.log(text, values)
