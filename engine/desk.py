"""Between a strategy and its session: turns messages into handler calls and calls into messages.

No socket and no clock: the runner, the tests and a backtest bring their own `send` and `clock`.
Rules: a report changes the order before the handler hears it. After every logon the desk asks for
instruments, open orders and positions, and the strategy hears no market data until it knows them;
an order that we think open and the gateway does not list is asked for by name, never sent again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from loguru import logger

from engine import requests
from engine.cl_ord_ids import ClOrdIds
from engine.errors import UnknownInstrument
from engine.instrument import Instrument
from engine.market import Book, Quote, Trade, book_of, trades_of
from engine.orders import Order, OwnOrders, OwnPositions
from engine.questions import Instruments, OpenOrders, Positions, Question
from engine.requests import Changes, Levels, Number, OrderOptions
from engine.strategy import Strategy
from protocol.fields import (
    ExecType,
    PosMaintStatus,
    SecurityTradingStatus,
    Side,
    TradingState,
    TradSesStatus,
)
from protocol.messages import (
    BusinessMessageReject,
    ExecutionReport,
    MarketDataIncrementalRefresh,
    MarketDataSnapshotFullRefresh,
    Message,
    OrderCancelReject,
    PositionMaintenanceReport,
    SecurityStatus,
    TradingSessionStatus,
)
from protocol.ration import Ration, held_back

Refusal: TypeAlias = (
    ExecutionReport | OrderCancelReject | PositionMaintenanceReport | BusinessMessageReject
)
Send: TypeAlias = Callable[[Message], Message | None]
NOT_CONNECTED = "NOT_CONNECTED: there is no session with the gateway now; the order was not sent"
STOPPING = "STOPPING: the strategy has said goodbye; the order was not sent"
ASK_AGAIN_NS = 1_000_000_000
PATIENCE_NS = 5_000_000_000


class Halt(NamedTuple):
    """Something stops (`halted`) or goes on: LINK, VENUE, SYMBOL or TRADING (the kill switch)."""

    scope: str
    name: str
    halted: bool
    text: str = ""


class Desk:
    """Everything a strategy acts through; `send` answers None when nobody listens."""

    def __init__(
        self, strategy: Strategy, *, send: Send, clock: Callable[[], int], ids: ClOrdIds
    ) -> None:
        self.strategy = strategy
        self.orders = OwnOrders()
        self.positions = OwnPositions()
        self.instruments: dict[str, Instrument] = {}
        self.quotes: dict[str, Quote] = {}
        self.quote_times: dict[str, str] = {}
        self.clock = clock
        self.started = False
        self.ready = False
        self.stopping = False
        """The strategy has said goodbye: its fills still come, and nothing new goes out."""
        self._send = send
        self._ration = Ration()
        self._ids = ids
        self._questions: list[Question] = []
        self._ask_again_ns: int | None = None
        strategy.desk = self

    # The strategy's words.

    def order(self, symbol: str, side: Side, qty: Number, options: OrderOptions) -> Order:
        """Send an order; one that cannot go out comes back REJECTED."""
        self._place(options)
        request = requests.new_order(
            self._ids.next(), symbol, side, qty, options, now_ns=self.clock(),
            quote_time=self.quote_times.get(symbol, ""),
        )  # fmt: skip
        order = self.orders.place(request)
        if self.stopping:
            self.orders.refuse(order, STOPPING)
        elif self._send(request) is None:
            self.orders.refuse(order, NOT_CONNECTED)
        return order

    def cancel(self, order: Order) -> bool:
        """Ask for an order's end, unless it has ended or is asked already."""
        if not order.is_open or order.canceling is not None or order.known is None:
            return False
        request = requests.cancel(order.known, self._ids.next(), now_ns=self.clock())
        if self._send(request) is None:
            return False
        self.orders.ask_cancel(order, request.cl_ord_id)
        return True

    def replace(self, order: Order, changes: Changes) -> bool:
        """Ask for another version of an order, unless it has ended or something is asked."""
        if not order.is_open or order.is_busy or order.known is None or self.stopping:
            return False
        request = requests.replacement(
            order.known, self._ids.next(), changes, now_ns=self.clock(),
            quote_time=self.quote_times.get(order.symbol, ""),
        )  # fmt: skip
        if self._send(request) is None:
            return False
        self.orders.ask_replace(order, request)
        return True

    def protect(self, symbol: str, levels: Levels) -> str:
        """Ask for other levels of an open position; return the request's id, empty if not sent."""
        if self.stopping:
            return ""
        self._place(levels)
        request = requests.protect(self._ids.next(), symbol, levels, now_ns=self.clock())
        return request.pos_req_id if self._send(request) is not None else ""

    def _place(self, options: OrderOptions | Levels) -> None:
        """Say where it goes, unless the strategy has said so itself."""
        if self.strategy.venue is not None and options.get("venue") is None:
            options["venue"] = self.strategy.venue
        if self.strategy.account is not None and options.get("account") is None:
            options["account"] = self.strategy.account

    def cancel_all(self, symbol: str | None) -> bool:
        """Ask for the end of all orders, or those in one symbol."""
        request = requests.mass_cancel(self._ids.next(), symbol=symbol, now_ns=self.clock())
        return self._send(request) is not None

    def instrument(self, symbol: str) -> Instrument:
        """Return an instrument's rules."""
        if symbol not in self.instruments:
            known = ", ".join(sorted(self.instruments)) or "none yet"
            msg = f"received symbol {symbol!r}, expected one of: {known}"
            raise UnknownInstrument(msg)
        return self.instruments[symbol]

    def log(self, text: str, values: dict[str, Any]) -> None:
        """Write to the log under the strategy's id."""
        logger.bind(strategy=self.strategy.id, **values).info("{}: {}", self.strategy.id, text)

    # The session's news.

    def resumed(self) -> None:
        """Ask where we stand, after a logon and after all that was missed has come."""
        self._ask()

    def interrupted(self, text: str) -> None:
        """Note that the session is gone."""
        self.ready = False
        self._questions.clear()
        self._ask_again_ns = None
        if self.started:
            self.strategy.on_halt(Halt("LINK", "GATEWAY", halted=True, text=text))

    def deadline_ns(self) -> int | None:
        """Return when `tick` has something to do."""
        return self._ask_again_ns

    def tick(self) -> None:
        """Ask again for what was not there yet, such as instruments of a venue that starts."""
        if self._ask_again_ns is not None and self.clock() >= self._ask_again_ns:
            for question in self._questions:
                kind = type(question).__name__
                logger.warning("{}: no answer on {} yet", self.strategy.id, kind)
            self._ask()

    def stop(self) -> None:
        """Let the strategy say goodbye; after that it cannot place or change orders any more."""
        if self.started:
            self.strategy.on_stop()
        if self.strategy.cancel_on_stop and self.orders.open:
            self.cancel_all(None)
        self.stopping = True

    def silence(self) -> None:
        """Go on without the strategy's handlers: they are broken, its orders are still there."""
        quiet = Strategy()
        quiet.id, quiet.symbols, quiet.venue = (
            self.strategy.id, self.strategy.symbols, self.strategy.venue,
        )  # fmt: skip
        self.strategy = quiet

    # Messages.

    def receive(self, message: Message) -> None:
        """Take one message of the session."""
        if isinstance(message, ExecutionReport):
            self._executed(message)
            return
        if any(question.hear(message) for question in self._questions):
            self._answered()
            return
        match message:
            case OrderCancelReject():
                self._complain(message, f"cancel or replace {message.cl_ord_id} is refused")
                self.orders.refused(message)
                self.strategy.on_cancel_reject(message)
            case PositionMaintenanceReport():
                if message.pos_maint_status is PosMaintStatus.REJECTED:
                    self._complain(message, f"levels of {message.symbol} are refused")
                self.strategy.on_levels(message)
            case TradingSessionStatus() | SecurityStatus():
                self.strategy.on_halt(halt_of(message))
            case MarketDataSnapshotFullRefresh() | MarketDataIncrementalRefresh():
                self.feed(message)
            case _:
                if isinstance(message, BusinessMessageReject):
                    self._complain(message, f"a {message.ref_msg_type} of ours is refused")
                self.strategy.on_message(message)

    def feed(self, message: Message) -> None:
        """Take one market data message, of the session or of the feed."""
        if isinstance(message, MarketDataSnapshotFullRefresh):
            self.book(book_of(message))
        elif isinstance(message, MarketDataIncrementalRefresh):
            for trade in trades_of(message):
                self.trade(trade)

    def book(self, book: Book) -> None:
        """Take a book; the strategy hears the quote only when it changed."""
        if not self._is_wanted(book.symbol, book.venue):
            return
        quote = book.quote
        last = self.quotes.get(book.symbol)
        self.quotes[book.symbol] = quote
        self.quote_times[book.symbol] = book.sending_time
        if not self.ready:
            return
        self.strategy.on_book(book)
        if last is None or last[:6] != quote[:6]:
            self.strategy.on_quote(quote)

    def trade(self, trade: Trade) -> None:
        """Take a trade of the market."""
        if self.ready and self._is_wanted(trade.symbol, trade.venue):
            self.strategy.on_trade(trade)

    def _is_wanted(self, symbol: str, venue: str) -> bool:
        return symbol in self.strategy.symbols and self.strategy.venue in {None, venue}

    def _executed(self, report: ExecutionReport) -> None:
        asked = any(question.hear(report) for question in self._questions)
        order, changed = self.orders.apply(report)
        venue = report.security_exchange or (order.venue if order else None)
        if report.exec_type is ExecType.TRADE:
            self.positions.fill(report, venue)
        if report.exec_type is ExecType.REJECTED:
            self._complain(report, f"order {report.cl_ord_id} is refused")
        if not asked or changed:
            self.strategy.on_execution(report)
        if asked:
            self._answered()

    def _complain(self, message: Refusal, what: str) -> None:
        """Log a refusal, so that an author hears of it without any handler; the first ones only."""
        held = self._ration.allows(message.msg_type, self.clock())
        if held is not None:
            text = f"{what}: {message.text or 'no reason given'}{held_back(held)}"
            logger.bind(strategy=self.strategy.id).warning("{}", f"{self.strategy.id}: {text}")

    def _ask(self) -> None:
        self._ask_again_ns = self.clock() + PATIENCE_NS
        now_ns = self.clock()
        self._questions = [
            Instruments(self._ids.next()),
            OpenOrders(self._ids.next()),
            Positions(self._ids.next(), self.strategy.account, now_ns=now_ns),
        ]
        for question in self._questions:
            self._send(question.request)

    def _answered(self) -> None:
        if not all(question.done for question in self._questions):
            return
        questions, self._questions = self._questions, []
        for question in questions:
            if question.refused is not None:
                logger.warning("{}: {}", self.strategy.id, question.refused)
            elif isinstance(question, Instruments):
                self._learn(question.found)
            elif isinstance(question, Positions):
                self.positions.restate(question.found)
            elif isinstance(question, OpenOrders):
                self._ask_for_the_missing({report.order_id for report in question.found})
        missing = [s for s in self.strategy.symbols if s not in self.instruments]
        if missing and not self.started:
            logger.info("{}: waits for instruments {}", self.strategy.id, ", ".join(missing))
            self._ask_again_ns = self.clock() + ASK_AGAIN_NS
            return
        self._go_on()

    def _go_on(self) -> None:
        """Let the strategy trade, and tell it what the market did meanwhile."""
        self.ready = True
        self._ask_again_ns = None
        if self.started:
            self.strategy.on_halt(Halt("LINK", "GATEWAY", halted=False, text="logged on"))
        else:
            self.started = True
            self.strategy.on_start()
        for quote in list(self.quotes.values()):
            self.strategy.on_quote(quote)

    def _learn(self, found: list[Instrument]) -> None:
        """Keep the rules of our venue; without one, those of the first venue that has a symbol."""
        venue = self.strategy.venue
        ours = [i for i in found if venue in {None, i.venue}]
        self.instruments.update({i.symbol: i for i in reversed(ours)})

    def _ask_for_the_missing(self, listed: set[str]) -> None:
        """Ask by name for orders that we think open and the gateway does not list."""
        for order in self.orders.open:
            order.settle_asked()
            if order.order_id not in listed and order.known is not None:
                self._send(requests.status(order.known))


def halt_of(message: TradingSessionStatus | SecurityStatus) -> Halt:
    """Read an h or f."""
    text = message.text or ""
    if message.trading_state is not None:
        name = message.scope or "" if isinstance(message, TradingSessionStatus) else message.symbol
        halted = message.trading_state is not TradingState.ACTIVE
        return Halt("TRADING", name, halted, text or message.trading_state.value)
    if isinstance(message, TradingSessionStatus):
        halted = message.trad_ses_status is not TradSesStatus.OPEN
        return Halt("VENUE", message.trading_session_id, halted, text)
    halted = message.security_trading_status is SecurityTradingStatus.TRADING_HALT
    return Halt("SYMBOL", message.symbol, halted, text)
