"""The simulated terminal under the names of MQL5, and an Expert Advisor on one of its charts.

    chart = Chart(terminal, build(), inputs={"VenueId": "MT5"}, network=VirtualNetwork(),
                  folder=tmp_path)
    chart.step()          # load or unload the program, tell it what happened, let it act

`Face` answers what the compiled program asks (ea.py). Selections are the program's own, as in MQL5:
OrderSelect and OrderGetTicket copy an order, HistorySelect copies lists of tickets.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.mt5 import ea_calls
from support.mt5.constants import MarginMode
from support.mt5.ea import Program
from support.mt5.ea_calls import MqlError
from support.mt5.package_symbol import symbol_info_of
from support.mt5.records import Request, number

INVALID_PARAMETER, UNKNOWN_SYMBOL, ORDER_MISSING, POSITION_MISSING = 4003, 4301, 4754, 4753
DEAL_MISSING, BOOK_MISSING = 4755, 4901
NS_PER_MS = 1_000_000
_REQUEST_NUMBERS = ("volume", "price", "stoplimit", "sl", "tp")


def plain(value: Any) -> Any:
    """Return a value as MQL5 has it: whole numbers, doubles, texts, False and True as 0 and 1."""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return int(value)
    return float(value)


def record_of(kind: Any, record: Any) -> Any:
    """Return a structure of ea_calls from a record with the same field names."""
    return kind(*(plain(getattr(record, name)) for name in kind._fields))


def property_of(record: Any, name: str) -> Any:
    """Read ORDER_TIME_DONE as `time_done`, or from `time_done_msc`."""
    field = name.partition("_")[2].lower()
    if hasattr(record, field):
        return plain(getattr(record, field))
    if hasattr(record, f"{field}_msc"):
        return getattr(record, f"{field}_msc") // 1000
    raise MqlError(INVALID_PARAMETER)


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


class Face:
    """What one program sees of its terminal."""

    def __init__(self, terminal: Any, slot: Any) -> None:
        self.terminal = terminal
        self.slot = slot
        self._order: Any = None
        self._position: Any = None
        self._history: list[int] = []
        self._deals: list[int] = []

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

    # Symbols.

    def _seen(self, name: str) -> Any:
        try:
            return self.terminal.seen(name)
        except KeyError:
            raise MqlError(UNKNOWN_SYMBOL) from None

    def SymbolsTotal(self, selected: int) -> int:
        """Count all symbols, or those in Market Watch."""
        return len(self._names(selected))

    def SymbolName(self, at: int, selected: int) -> str:
        """Name one of them."""
        names = self._names(selected)
        return names[at] if 0 <= at < len(names) else ""

    def _names(self, selected: int) -> list[str]:
        names = list(self.terminal.server.markets)
        return [name for name in names if self.terminal.seen(name).selected] if selected else names

    def SymbolSelect(self, name: str, select: int) -> bool:
        """Put a symbol into Market Watch, or take it out."""
        self._seen(name).selected = bool(select)
        return True

    def SymbolIsSynchronized(self, name: str) -> bool:
        """Say whether the terminal is connected and knows the symbol."""
        return bool(self._seen(name) and self.terminal.connected)

    def _symbol(self, name: str, wanted: str) -> Any:
        seen, field = self._seen(name), wanted.removeprefix("SYMBOL_").lower()
        if field == "exist":
            return 1
        if field == "time_msc":
            return seen.tick.time_msc if seen.tick else 0
        info = symbol_info_of(seen, self.terminal)
        return plain(getattr(info, field, 0))

    SymbolInfoInteger = SymbolInfoString = _symbol

    def SymbolInfoDouble(self, name: str, wanted: str) -> float:
        """Return a property that is a double."""
        return float(self._symbol(name, wanted))

    def SymbolInfoTick(self, name: str) -> Any:
        """Return the last tick, or fail before the first."""
        tick = self._seen(name).tick
        return None if tick is None else self._tick(tick)

    def _tick(self, tick: Any) -> Any:
        return ea_calls.Tick(
            tick.time_msc // 1000, float(tick.bid), float(tick.ask), float(tick.last),
            int(tick.volume), tick.time_msc, int(tick.flags), float(tick.volume),
        )  # fmt: skip

    def SymbolInfoSessionTrade(self, name: str, day: int, at: int) -> Any:
        """Return a trade session of a day in seconds from midnight, or fail."""
        sessions = self._seen(name).rules.sessions[day]
        return list(sessions[at]) if at < len(sessions) else None

    def CopyTicksRange(self, name: str, flags: int, from_msc: int, to_msc: int) -> Any:
        """Return the ticks of a span, both ends included; to 0 means until now."""
        end = to_msc or 1 << 62
        return [self._tick(tick) for tick in self._seen(name).between(from_msc, end)]

    def CopyTicks(self, name: str, flags: int, from_msc: int, count: int) -> Any:
        """Return ticks from a time on, or with from 0 the last ones."""
        ticks = self.CopyTicksRange(name, flags, from_msc, 0)
        most = count or 2000
        return ticks[:most] if from_msc else ticks[-most:]

    def MarketBookAdd(self, name: str) -> bool:
        """Subscribe, where there is a book."""
        seen = self._seen(name)
        if not seen.rules.book_depth:
            raise MqlError(BOOK_MISSING)
        seen.subscriptions += 1
        return True

    def MarketBookRelease(self, name: str) -> bool:
        """Unsubscribe."""
        self._seen(name).subscriptions -= 1
        return True

    def MarketBookGet(self, name: str) -> Any:
        """Return the book, best sell last of the sells, then buys from the best."""
        seen = self._seen(name)
        if not seen.subscriptions:
            return None
        depth = seen.rules.book_depth
        rows = [(1, level) for level in reversed(seen.asks[:depth])]
        rows += [(2, level) for level in seen.bids[:depth]]
        return [
            ea_calls.BookInfo(kind, float(row.price), int(row.volume or 0), float(row.volume or 0))
            for kind, row in rows
        ]

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

    # Open orders.

    def OrdersTotal(self) -> int:
        """Count the open orders."""
        return len(self.terminal.books.orders)

    def OrderGetTicket(self, at: int) -> int:
        """Return a ticket by its place, and select the order; 0 if there is none."""
        tickets = list(self.terminal.books.orders)
        return tickets[at] if at < len(tickets) and self.OrderSelect(tickets[at]) else 0

    def OrderSelect(self, ticket: int) -> bool:
        """Select an open order."""
        self._order = self.terminal.books.orders.get(ticket)
        if self._order is None:
            raise MqlError(ORDER_MISSING)
        return True

    def _order_property(self, name: str) -> Any:
        if self._order is None:
            raise MqlError(ORDER_MISSING)
        return property_of(self._order, name)

    OrderGetInteger = OrderGetDouble = OrderGetString = _order_property

    # Positions.

    def PositionsTotal(self) -> int:
        """Count the positions."""
        return len(self.terminal.books.positions)

    def PositionGetTicket(self, at: int) -> int:
        """Return a ticket by its place, and select the position; 0 if there is none."""
        tickets = list(self.terminal.books.positions)
        found = at < len(tickets) and self.PositionSelectByTicket(tickets[at])
        return tickets[at] if found else 0

    def PositionGetSymbol(self, at: int) -> str:
        """Return a symbol by its place, and select the position."""
        return self._position.symbol if self.PositionGetTicket(at) else ""

    def PositionSelect(self, symbol: str) -> bool:
        """Select the position of a symbol, the oldest of several."""
        found = sorted(self.terminal.books.positions_of(symbol), key=lambda one: one.ticket)
        return self.PositionSelectByTicket(found[0].ticket if found else 0)

    def PositionSelectByTicket(self, ticket: int) -> bool:
        """Select a position."""
        self._position = self.terminal.books.positions.get(ticket)
        if self._position is None:
            raise MqlError(POSITION_MISSING)
        return True

    def _position_property(self, name: str) -> Any:
        if self._position is None:
            raise MqlError(POSITION_MISSING)
        if name == "POSITION_PROFIT":
            return float(self.terminal.profit(self._position))
        if name == "POSITION_PRICE_CURRENT":
            seen = self.terminal.seen(self._position.symbol)
            return float(seen.bid if self._position.is_buy else seen.ask)
        return property_of(self._position, name)

    PositionGetInteger = PositionGetDouble = PositionGetString = _position_property

    # History.

    def HistorySelect(self, from_s: int, to_s: int) -> bool:
        """Select the orders by their done time and the deals of a span of server time."""
        orders, deals = self.terminal.books.history_between(max(from_s, 0), min(to_s, 1 << 40))
        self._history = [order.ticket for order in orders]
        self._deals = [deal.ticket for deal in deals]
        return True

    def HistorySelectByPosition(self, identifier: int) -> bool:
        """Select what belongs to a position."""
        books = self.terminal.books
        self._history = [t for t, one in books.history.items() if one.position_id == identifier]
        self._deals = [t for t, one in books.deals.items() if one.position_id == identifier]
        return True

    def HistoryOrderSelect(self, ticket: int) -> bool:
        """Select one order, and nothing else."""
        found = ticket in self.terminal.books.history
        self._history = [ticket] if found else []
        if not found:
            raise MqlError(ORDER_MISSING)
        return True

    def HistoryDealSelect(self, ticket: int) -> bool:
        """Select one deal, and nothing else."""
        found = ticket in self.terminal.books.deals
        self._deals = [ticket] if found else []
        if not found:
            raise MqlError(DEAL_MISSING)
        return True

    def HistoryOrdersTotal(self) -> int:
        """Count the selected orders."""
        return len(self._history)

    def HistoryDealsTotal(self) -> int:
        """Count the selected deals."""
        return len(self._deals)

    def HistoryOrderGetTicket(self, at: int) -> int:
        """Return the ticket of a selected order."""
        return self._history[at] if at < len(self._history) else 0

    def HistoryDealGetTicket(self, at: int) -> int:
        """Return the ticket of a selected deal."""
        return self._deals[at] if at < len(self._deals) else 0

    def _history_order(self, ticket: int, name: str) -> Any:
        if ticket not in self._history or ticket not in self.terminal.books.history:
            raise MqlError(ORDER_MISSING)
        return property_of(self.terminal.books.history[ticket], name)

    HistoryOrderGetInteger = HistoryOrderGetDouble = HistoryOrderGetString = _history_order

    def _history_deal(self, ticket: int, name: str) -> Any:
        if ticket not in self._deals or ticket not in self.terminal.books.deals:
            raise MqlError(DEAL_MISSING)
        return property_of(self.terminal.books.deals[ticket], name)

    HistoryDealGetInteger = HistoryDealGetDouble = HistoryDealGetString = _history_deal


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
        self.init_code = self.program.start()
