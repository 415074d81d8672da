"""A terminal: its own copy of the books, which lags and may be wrong, and the calls of a program.

    terminal = Terminal(server, 1001)        # connected and synchronised when this returns
    call = terminal.order_send(request)      # time passes until the answer is there
    terminal.books.positions                 # what the terminal believes

Times of the copy: a change arrives `link.down_ms + link.changes_ms` after it happened, deals and
history `history_lag_ms` later still. After a cut the lists are stale, or empty, until the next
synchronisation; `connected` is true before that. Nothing that happened meanwhile is told.
"""

from __future__ import annotations

from contextlib import nullcontext
from itertools import count

from msgspec.structs import replace
from support.mt5.account import profit_of, worth_of
from support.mt5.books import Books, Change
from support.mt5.constants import Action, Retcode, Uninit
from support.mt5.link import Link
from support.mt5.money import Exchange
from support.mt5.program import Program
from support.mt5.seen import Seen
from support.mt5.sending import Sending
from support.mt5.transactions import of_request

LATE = ("history", "deals")
"""The tables that may be synchronised late."""
MAKES_ORDER = frozenset((Action.DEAL, Action.PENDING, Action.CLOSE_BY))
"""Requests that name no order and make one: the log of a REQUEST has its ticket in the request."""


class Terminal(Sending):
    """One terminal on one computer. Every attribute may be changed by a test at any time."""

    def __init__(self, server, login=None, *, up_ms=5, down_ms=5, start=True, path="terminal64"):
        self.server = server
        self.path = path
        self.clock = server.clock
        self.link = Link(server.clock, up_ms, down_ms)
        self.login = login
        self.running = False
        self.connected = False
        self.synchronised = False
        """Whether the lists are those of the server; no function of MQL5 tells it."""
        self.books = Books()
        self.markets = {name: Seen(market) for name, market in server.markets.items()}
        self.programs = []
        self.temporaries = {}
        """MQL5's temporary global variables: they end with the terminal."""
        self.trade_allowed = True
        """The AutoTrading button."""
        self.api_disabled = False
        """The tick that keeps the Python package from trading."""
        self.timeout_ms = 30_000
        self.connect_ms = 20
        self.history_ms = 0
        """How much later than the orders the history is synchronised."""
        self.ticks_ms = 0
        """How much later than the quotes the older ticks are synchronised."""
        self.history_lag_ms = 0
        self.empties = False
        """Whether the lists are empty, not stale, after a cut."""
        self.refusal_is_false = True
        """Whether OrderSend is false (4756) for a request that the server refuses."""
        self.request_gets_ticket = True
        """Whether a REQUEST transaction repeats its request with the order's ticket filled in."""
        self.wait = self.clock.run_until
        """How a blocking call waits; `pace.py` puts its own here, and its lock into `guard`."""
        self.guard = nullcontext()
        self.exchange = Exchange(self.markets)
        self._listening = None
        self._late_ms = 0
        self._since = []
        """Changes that have come since the last synchronisation began."""
        self._ids = count(1)
        self._calls = []
        server.quote_listeners.append(self._quoted)
        server.terminals.append(self)
        if start:
            self.start()
            self.wait(lambda: self.synchronised)

    @property
    def office(self):
        """The account at the server: the truth, for tests only."""
        return self.server.offices[self.login]

    @property
    def terms(self):
        """What the terminal knows of the account's terms."""
        return self.office.terms

    # The session.

    def start(self):
        """Start it: request ids begin with 1, programs are loaded, it connects."""
        self.running = True
        self._ids = count(1)
        for program in self.programs:
            program.load()
        self.mend()

    def stop(self, *, told=True, requests_arrive=False):
        """End it; `told=False` kills it, and no program hears of it."""
        self.running = False
        for program in self.programs:
            program.unload(Uninit.CLOSE, told=told)
        self.cut(requests_arrive=requests_arrive)
        self.temporaries.clear()
        self.books = Books()

    def restart(self, *, told=True):
        """End it and start it again."""
        self.stop(told=told)
        self.start()

    def cut(self, *, requests_arrive=False):
        """Lose the trade server. Calls that are under way end with 10031, done or not."""
        self.link.cut(requests_arrive=requests_arrive)
        self.connected = self.synchronised = False
        self._deafen()
        if self.empties:
            self._empty()
        self._end_calls(Retcode.CONNECTION)

    def silence(self):
        """Lose the trade server and not notice."""
        self.link.is_silent = True

    def mend(self):
        """Find the trade server again; the lists follow, and the history after them."""
        self.link.mend()
        self._deafen()
        age = self.link.age

        def connect():
            if age == self.link.age and self.login is not None:
                self.connected = True
                self._synchronise()

        self.clock.after(self.connect_ms, connect)

    def log_in(self, login):
        """Change the account: programs are unloaded and loaded, the lists are another's."""
        self.cut()
        for program in self.programs:
            program.unload(Uninit.ACCOUNT)
        self.login = login
        self.books = Books()
        for program in self.programs:
            program.load()
        self.mend()

    def _deafen(self):
        if self._listening is not None:
            account, listener = self._listening
            account.listeners.remove(listener)
            self._listening = None

    def _empty(self):
        funds = self.books.funds
        self.books = Books()
        self.books.funds = funds

    def _synchronise(self):
        account = self.office.account
        whole, since = account.books.copy(), []
        self._since = since
        self._listening = (account, self._changed)
        account.listeners.append(self._changed)
        now = [(seen, seen.snapshot()) for seen in self.markets.values()]

        def catch_up():
            fresh = whole.copy()
            for change in since:
                fresh.apply(change)
            return fresh

        def lists():
            fresh = catch_up()
            self.books.orders, self.books.positions = fresh.orders, fresh.positions
            self.books.funds = fresh.funds
            for seen, told in now:
                seen.see(*told)
                seen.first = seen.count if self.ticks_ms else 0
            self.synchronised = self.synchronised or not self.history_ms

        def ticks():
            for seen, _ in now:
                seen.first = 0

        def history():
            fresh = catch_up()
            self.books.history, self.books.deals = fresh.history, fresh.deals
            self.synchronised = True

        self.link.down(lists)
        self.link.down(history, self.history_ms)
        self.link.down(ticks, self.ticks_ms)

    # What the server tells.

    def _changed(self, change):
        self.link.news(lambda: self._apply(change))

    def _apply(self, change):
        self._since.append(change)
        books, now = self.books, self.clock.now_ms
        late = tuple(put for put in change.puts if put[0] in LATE)
        soon = tuple(put for put in change.puts if put[0] not in LATE)
        self._late_ms = max(now + self.history_lag_ms, self._late_ms)
        if late and self._late_ms > now:
            books.apply(Change(puts=soon, funds=change.funds))
            age = self.link.age
            self.clock.at(
                self._late_ms,
                lambda: books.apply(Change(puts=late)) if age == self.link.age else None,
            )
        else:
            books.apply(change)
        if change.transaction is not None:
            self._tell(change.transaction)

    def _tell(self, transaction):
        for program in self.programs:
            program.hear(transaction)

    def _quoted(self, symbol):
        if not self.connected:
            return
        seen = self.seen(symbol)
        told = seen.snapshot()
        self.link.down(lambda: self._see(symbol, told))

    def _see(self, symbol, told):
        seen = self.seen(symbol)
        seen.see(*told)
        for program in self.programs:
            program.quoted(symbol, book=bool(seen.subscriptions and seen.shown_book is None))

    def fill_book(self, symbol, bids, asks):
        """Let the broker fill a book in by hand: MarketBookGet shows it, whatever the market is."""
        seen = self.seen(symbol)
        seen.shown_book = (bids, asks)
        if seen.subscriptions:
            for program in self.programs:
                program.booked.append(symbol)

    def seen(self, symbol):
        """Return a symbol as it was last told; KeyError if the server has no such symbol."""
        if symbol not in self.markets:
            self.markets[symbol] = Seen(self.server.markets[symbol])
        return self.markets[symbol]

    # Programs.

    def load(self, name):
        """Put a program on a chart; return it."""
        program = Program(name)
        self.programs.append(program)
        program.load()
        return program

    def unload(self, program, reason=Uninit.REMOVE):
        """Take a program off its chart; `reload` puts it back."""
        program.unload(reason)
        self.programs.remove(program)

    def reload(self, program):
        """Put a program back that was taken off."""
        self.programs.append(program)
        program.load()

    # What is asked.

    @property
    def server_time_s(self):
        """TimeTradeServer: the server's wall clock, as the terminal reckons it."""
        return self.clock.server_ms() // 1000

    @property
    def time_current_s(self):
        """TimeCurrent: the time of the last quote that has come, 0 before the first."""
        times = [seen.tick.time_msc for seen in self.markets.values() if seen.tick]
        return max(times, default=0) // 1000

    def worth(self):
        """Return what the account is worth by the terminal's own books and prices."""
        return worth_of(self.books, self.terms, self.markets, self.exchange)

    def profit(self, position):
        """Return the floating profit of a position at the prices that have come."""
        return profit_of(position, self.markets[position.symbol], self.exchange, self.terms)

    def answered(self, call, request, result):
        """Tell every program that a request was answered."""
        self._calls.remove(call)
        if self.request_gets_ticket and request.action in MAKES_ORDER:
            request = replace(request, order=result.order)
        self._tell(of_request(request, result))

