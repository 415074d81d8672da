"""The simulated terminal under the names of MQL5, and an Expert Advisor on one of its charts.

    chart = Chart(terminal, build(), inputs={"VenueId": "MT5"}, network=VirtualNetwork(),
                  folder=tmp_path)
    chart.step()          # load or unload the program, tell it what happened, let it act

`Face` answers what the compiled program asks (ea.py): here account, terminal and trading.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from support.mt5 import ea_calls
from support.mt5.constants import MarginMode
from support.mt5.ea import Program
from support.mt5.ea_books import BooksFace, plain
from support.mt5.ea_calls import MqlError
from support.mt5.ea_market import MarketFace
from support.mt5.records import Request, number

NS_PER_MS = 1_000_000
_REQUEST_NUMBERS = ("volume", "price", "stoplimit", "sl", "tp")


def record_of(kind: Any, record: Any) -> Any:
    """Return a structure of ea_calls from a record with the same field names."""
    return kind(*(plain(getattr(record, name)) for name in kind._fields))


class ServerClock:
    """The simulator's clock as the program's: the test moves it, or a call that blocks."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self.start_ns = self.now_ns

    @property
    def now_ns(self) -> int:
        """Return ns since the epoch."""
        return int(self._clock.now_ms) * NS_PER_MS

    @now_ns.setter
    def now_ns(self, to_ns: int) -> None:
        self._clock.advance_to(to_ns // NS_PER_MS)


class Face(BooksFace, MarketFace):
    """What one program sees of its terminal."""

    def __init__(self, terminal: Any, slot: Any) -> None:
        self.terminal = terminal
        self.slot = slot
        super().__init__()

    # Account, terminal, program.

    def _account(self, name: str) -> Any:
        terms, books = self.terminal.terms, self.terminal.books
        if books.funds is None:
            raise MqlError(4001)
        funds, field = books.funds, name.removeprefix("ACCOUNT_").lower()
        known = {
            "margin_so_mode": terms.so_mode, "margin_mode": terms.kind,
            "currency_digits": terms.digits, "trade_allowed": funds.trade_allowed,
            "trade_expert": funds.trade_expert, "server": self.terminal.server.name,
            "company": self.terminal.server.company, "margin_so_call": terms.so_call,
            "margin_so_so": terms.so_so,
            "fifo_close": terms.fifo_close and terms.kind is MarginMode.RETAIL_HEDGING,
            "assets": 0.0, "liabilities": 0.0, "commission_blocked": 0.0,
        }  # fmt: skip
        if field in known:
            return plain(known[field])
        if hasattr(terms, field):
            return plain(getattr(terms, field))
        return plain(getattr(self.terminal.worth(), field))

    AccountInfoInteger = AccountInfoDouble = AccountInfoString = _account

    def TerminalInfoInteger(self, name: str) -> int:
        """Know the connection and the AutoTrading button; the rest is 0."""
        return {
            "TERMINAL_CONNECTED": int(self.terminal.connected), "TERMINAL_BUILD": 5120,
            "TERMINAL_TRADE_ALLOWED": int(self.terminal.trade_allowed),
        }.get(name, 0)  # fmt: skip

    def TerminalInfoString(self, name: str) -> str:
        """Know the terminal's folder."""
        return self.terminal.path if name.endswith("PATH") else ""

    def MQLInfoInteger(self, name: str) -> int:
        """Know the program's own permission to trade."""
        return int(self.slot.trade_allowed) if name == "MQL_TRADE_ALLOWED" else 0

    def MQLInfoString(self, name: str) -> str:
        """Know the program's name."""
        return self.slot.name

    def TimeCurrent(self) -> int:
        """Return the time of the last quote, server time."""
        return self.terminal.time_current_s

    def TimeTradeServer(self) -> int:
        """Return the server's time as the terminal reckons it."""
        return self.terminal.server_time_s

    # Global variables of the terminal: shared by all its programs.

    @property
    def _globals(self) -> dict[str, float]:
        return self.terminal.temporaries

    def GlobalVariableTemp(self, name: str) -> bool:
        """Create one, with 0, unless it is there."""
        return self._globals.setdefault(name, 0.0) == 0.0

    def GlobalVariableCheck(self, name: str) -> bool:
        """Say whether it is there."""
        return name in self._globals

    def GlobalVariableGet(self, name: str) -> float | None:
        """Read one."""
        return self._globals.get(name)

    def GlobalVariableSetOnCondition(self, name: str, value: float, check: float) -> bool:
        """Set one if it has a value, at once."""
        if self._globals.get(name) != check:
            return False
        self._globals[name] = value
        return True

    def GlobalVariableDel(self, name: str) -> bool:
        """Delete one."""
        return self._globals.pop(name, None) is not None

    # Trading.

    def _request(self, request: Any) -> Request:
        fields = request._asdict()
        for name in _REQUEST_NUMBERS:
            fields[name] = number(fields[name])
        return Request(**fields)

    def OrderSend(self, request: Any) -> Any:
        """Send and wait."""
        call = self.terminal.order_send(self._request(request), allowed=self.slot.trade_allowed)
        return self._sent(call.ok, call.result, call.error)

    def OrderSendAsync(self, request: Any) -> Any:
        """Send and do not wait."""
        asked = self._request(request)
        ok, result = self.terminal.order_send_async(asked, allowed=self.slot.trade_allowed)
        return self._sent(ok, result, 0 if ok else 4756)

    def _sent(self, ok: Any, result: Any, error: int) -> Any:
        told = record_of(ea_calls.TradeResult, result)
        if error:
            raise MqlError(error, told)
        return ok, told

    def OrderCheck(self, request: Any) -> Any:
        """Ask the terminal whether a request would pass."""
        result = self.terminal.order_check(self._request(request))
        return result.retcode == 0, record_of(ea_calls.TradeCheck, result)

    def OrderCalcMargin(self, kind: int, symbol: str, volume: float, price: float) -> float | None:
        """Return the margin that an order would take."""
        self._seen(symbol)
        try:
            return float(self.terminal.calc_margin(symbol, number(volume), number(price)))
        except LookupError:
            return None

    def OrderCalcProfit(
        self, kind: int, symbol: str, volume: float, opened: float, closed: float
    ) -> float | None:
        """Return the profit of a deal and its closing."""
        self._seen(symbol)
        numbers = [number(value) for value in (volume, opened, closed)]
        try:
            return float(self.terminal.calc_profit(symbol, *numbers, is_buy=kind % 2 == 0))
        except LookupError:
            return None


def tell(slot: Any, program: Any) -> None:
    """Hand what waits at the terminal for a program to the program."""
    while (transaction := slot.take()) is not None:
        told = record_of(ea_calls.TradeTransaction, transaction)
        if transaction.request is None:
            program.post_transaction(told)
            continue
        program.post_transaction(
            told, record_of(ea_calls.TradeRequest, transaction.request),
            record_of(ea_calls.TradeResult, transaction.result),
        )  # fmt: skip
    if slot.ticked:
        slot.ticked.clear()
        program.post_tick()
    while slot.booked:
        program.post_book(slot.booked.popleft())


class Chart:
    """One chart with an Expert Advisor: follows the terminal's lifecycle, keeps every journal."""

    def __init__(self, terminal: Any, library: Path, *, name: str = "Portcullis", **options: Any):
        self.terminal = terminal
        self.slot = terminal.load(name)
        self.clock = ServerClock(terminal.clock)
        self.face = Face(terminal, self.slot)
        self.library = library
        self.options = options
        self.program: Program | None = None
        self.journal: list[str] = []
        self.init_code: int | None = None

    def step(self) -> None:
        """Load and unload as the terminal says; then tell the program, and let it act once."""
        while self.slot.lifecycle:
            what, reason = self.slot.lifecycle.popleft()
            if what == "init":
                self._load()
            elif self.program is not None:
                self.program.stop(int(reason))
                self.program = None
        if self.program is not None and not self.program.removed:
            tell(self.slot, self.program)
            self.program.step()

    def drop(self) -> None:
        """Forget the program without a word to it, as when its process is killed."""
        self.program = None

    def _load(self) -> None:
        self.face = Face(self.terminal, self.slot)
        self.program = Program(self.library, self.face, clock=self.clock, **self.options)
        self.program.journal = self.journal
        self.program.drain = partial(tell, self.slot, self.program)
        self.init_code = self.program.start()
