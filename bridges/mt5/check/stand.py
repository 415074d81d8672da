"""The account and the symbol that a check works with, and its orders of the smallest size.

Rules: an account for real money is refused unless the caller says so, and a symbol in which there
is anything already; what was placed is taken away again (`clean_up`). The package, the clock, the
waiting and the user's hands are arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from bridges.errors import BridgeError
from bridges.mt5.check.steps import Finding, judged, opened
from bridges.mt5.constants import AccountTradeMode, Action, MarginMode, OrderType, Retcode
from bridges.mt5.records import SymbolRow, as_float, exact_price, read_symbol
from bridges.mt5.tables import filling_of, retcode_name
from protocol.fields import OrdType, TimeInForce
from protocol.order_id import OrderId, to_number

MS_NS = 1_000_000
LIMIT_MS = 20_000
POLL_MS = 5
AWAY = 50
"""A pending order stands so many thousandths below the market."""
COMMENT = "ABCDEFGHIJKLMNOPQRSTUVWXYZ12345"
DEVIATION = 50
INSTANCE = 1023
DONE = frozenset((Retcode.DONE, Retcode.PLACED, Retcode.DONE_PARTIAL))


class Hands(Protocol):
    """A user who does what he is told."""

    def ask(self, *lines: str) -> bool:
        """Tell him what to do, and wait until he has done it; False if he skips it."""


class Stand:
    """One terminal, one symbol, one account. `open` first, `clean_up` last."""

    def __init__(
        self, package: Any, symbol: str, *, now_ns: Callable[[], int],
        sleep_ms: Callable[[int], None], rounds: int = 10, stop_ms: int = 0,
        hands: Hands | None = None,
    ) -> None:  # fmt: skip
        self.mt5 = package
        self.name = symbol
        self.now_ns = now_ns
        self.sleep_ms = sleep_ms
        self.rounds = rounds
        self.stop_ms = stop_ms
        self.hands = hands
        self.sent: list[tuple[int, Any]] = []
        """Each request's magic and its result."""
        self._magics = OrderId(INSTANCE, now_ns() // 1_000_000_000, 0)
        self._ours: set[int] = set()
        self._symbol: SymbolRow | None = None

    def open(self, *, real_money: bool) -> dict[str, str]:
        """See that something may be checked here; return facts for the report. Raises BridgeError.

        The facts have no login, no name and no server.
        """
        info, account = self.mt5.terminal_info(), self.mt5.account_info()
        if info is None or account is None:
            msg = f"the terminal does not answer: {self.mt5.last_error()}"
            raise BridgeError(msg)
        mode, margin = AccountTradeMode(account.trade_mode), MarginMode(account.margin_mode)
        if mode is not AccountTradeMode.DEMO and not real_money:
            msg = f"account {account.login} is no demo account: use one, or say --real-money"
            raise BridgeError(msg)
        if not (info.connected and info.trade_allowed and account.trade_allowed):
            msg = (
                "nothing can be traded: is the terminal connected, and the button Algo Trading on?"
            )
            raise BridgeError(msg)
        self.mt5.symbol_select(self.name, True)  # noqa: FBT003 - the package's own signature
        row = self.mt5.symbol_info(self.name)
        if row is None:
            msg = f"{self.name} is not in the terminal: received {self.mt5.last_error()}"
            raise BridgeError(msg)
        tick = self.mt5.symbol_info_tick(self.name)
        if tick is None or tick.bid <= 0 or tick.ask <= 0:
            msg = f"{self.name} has no price: is its market open?"
            raise BridgeError(msg)
        if self.mt5.positions_get(symbol=self.name) or self.mt5.orders_get(symbol=self.name):
            msg = f"there are orders or a position in {self.name}: close them, or name another"
            raise BridgeError(msg)
        self._symbol = read_symbol(row, account.currency)
        if self._symbol.problem:
            raise BridgeError(self._symbol.problem)
        version = self.mt5.version()
        kind = margin.name.lower().removeprefix("retail_")
        return {
            "terminal build": str(info.build), "account": f"{mode.name.lower()}, {kind}",
            "symbol": self.name, "execution": self._symbol.execution.name.lower(),
            "MetaTrader5 package": str(getattr(self.mt5, "__version__", "unknown")),
            "terminal released": str(version[2]) if version else "unknown",
        }  # fmt: skip

    def clean_up(self) -> int:
        """Take away what is left of ours; return how many orders and positions still are."""
        for row in self._open_rows():
            self.send({"action": Action.REMOVE, "order": row.ticket})
        for row in self._positions():
            kind = OrderType.SELL if row.type == 0 else OrderType.BUY
            self.deal(kind, self.next_magic(), row.ticket, volume=row.volume)
        return len(self._open_rows()) + len(self._positions())

    def _open_rows(self) -> list[Any]:
        rows = self.mt5.orders_get(symbol=self.name) or ()
        return [row for row in rows if row.magic in self._ours]

    def _positions(self) -> list[Any]:
        rows = self.mt5.positions_get(symbol=self.name) or ()
        return [row for row in rows if row.magic in self._ours]

    # What the symbol and the account are.

    @property
    def rules(self) -> SymbolRow:
        """The symbol's rules."""
        assert self._symbol is not None, "the stand is opened first"
        return self._symbol

    @property
    def is_exchange(self) -> bool:
        """Whether the account is one of an exchange."""
        return bool(self.mt5.account_info().margin_mode == MarginMode.EXCHANGE)

    @property
    def is_connected(self) -> bool:
        """Whether the terminal says that it has its trade server."""
        info = self.mt5.terminal_info()
        return info is not None and bool(info.connected)

    # Orders.

    def next_magic(self) -> int:
        """Make a magic of our own."""
        self._magics = self._magics.next()
        number = to_number(self._magics.text())
        self._ours.add(number)
        return number

    def far_price(self, ticks: int = 0, *, above: bool = False) -> float:
        """Return a price far below the market, or above it, on a tick and so many ticks away."""
        tick = self.mt5.symbol_info_tick(self.name)
        away = AWAY if above else -AWAY
        steps = exact_price(tick.bid) * (1000 + away) / 1000 // self.rules.tick_size
        return as_float((steps + ticks) * self.rules.tick_size)

    def place(self, magic: int, **more: Any) -> tuple[Any, float]:
        """Place a limit far below the market; return the result, and how many ms it took."""
        return self.send({
            "action": Action.PENDING, "symbol": self.name, "type": OrderType.BUY_LIMIT,
            "volume": as_float(self.rules.volume_min), "price": self.far_price(), "magic": magic,
            "comment": COMMENT, "type_filling": self.filling(OrdType.LIMIT), **more,
        })  # fmt: skip

    def modify(self, row: Any, price: float) -> tuple[Any, float]:
        """Change the price of an order."""
        return self.send({
            "action": Action.MODIFY, "order": row.ticket, "symbol": self.name, "price": price,
            "type_time": row.type_time, "expiration": row.time_expiration,
        })  # fmt: skip

    def deal(
        self, kind: OrderType, magic: int, position: int = 0, **more: Any
    ) -> tuple[Any, float]:
        """Trade at the market; `position` is what a hedging account closes."""
        tick = self.mt5.symbol_info_tick(self.name)
        request = {
            "action": Action.DEAL, "symbol": self.name, "type": kind,
            "volume": as_float(self.rules.volume_min), "magic": magic,
            "price": tick.ask if kind is OrderType.BUY else tick.bid, "deviation": DEVIATION,
            "type_filling": self.filling(OrdType.MARKET), **more,
        }  # fmt: skip
        return self.send(request | ({"position": position} if position else {}))

    def filling(self, kind: OrdType) -> int:
        """Choose the filling as the bridge does."""
        symbol, force = self.rules, TimeInForce.GOOD_TILL_CANCEL
        found = filling_of(symbol.execution, symbol.filling, kind, force, post_only=False)
        return int(found or 0)

    def send(self, request: dict[str, Any]) -> tuple[Any, float]:
        """Send a request; return the result, None if there is none, and how many ms it took."""
        start_ns = self.now_ns()
        sent = self.mt5.order_send(request)
        ms = (self.now_ns() - start_ns) / MS_NS
        self.sent.append((int(request.get("magic", 0)), sent))
        return sent, ms

    def why(self, sent: Any) -> str:
        """Say what became of a request."""
        if sent is None:
            return f"no result: {self.mt5.last_error()}"
        return retcode_name(sent.retcode)

    def refused(self, name: str, sent: Any) -> Finding:
        """Say that an order was not taken; in a closed market that proves nothing."""
        if sent is not None and sent.retcode == Retcode.MARKET_CLOSED:
            return opened(name, "the market is closed: check it when it is open")
        return judged(name, ok=False, seen=self.why(sent))

    # Lists.

    def open_order(self, ticket: int) -> Any:
        """Return an open order, or None."""
        return next(iter(self.mt5.orders_get(ticket=ticket) or ()), None)

    def ended(self, ticket: int) -> Any:
        """Return an order of the history, or None."""
        return next(iter(self.mt5.history_orders_get(ticket=ticket) or ()), None)

    def deal_of(self, ticket: int) -> Any:
        """Return the first deal of an order, or None."""
        return next(iter(self.mt5.history_deals_get(ticket=ticket) or ()), None)

    def position(self, identifier: int) -> Any:
        """Return a position, or None."""
        rows = self.mt5.positions_get(symbol=self.name) or ()
        return next((one for one in rows if one.identifier == identifier), None)

    def closing(self, identifier: int) -> Any:
        """Return the deal that closed a position, or None."""
        rows = self.mt5.history_deals_get(position=identifier) or ()
        return next((one for one in rows if one.entry != 0), None)

    def history(self, magic: int) -> tuple[list[Any], list[Any]]:
        """Return the orders and the deals of the last day that have a magic."""
        tick = self.mt5.symbol_info_tick(self.name)
        span = (tick.time - 86_400, tick.time + 86_400)
        orders = self.mt5.history_orders_get(*span) or ()
        deals = self.mt5.history_deals_get(*span) or ()
        mine = [one for one in orders if one.magic == magic]
        return mine, [one for one in deals if one.magic == magic]

    def until(
        self, found: Callable[[], Any], limit_ms: int = LIMIT_MS, every_ms: int = POLL_MS
    ) -> tuple[Any, float]:
        """Wait until something is there; return it, or None, and how long that took in ms."""
        start_ns = self.now_ns()
        while True:
            seen = found()
            ms = (self.now_ns() - start_ns) / MS_NS
            if seen is not None or ms > limit_ms:
                return seen, ms
            self.sleep_ms(every_ms)
