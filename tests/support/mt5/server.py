"""The trade server: symbols, accounts, the market, and requests that arrive.

    server = TradeServer(Clock(), [eurusd()])
    account = server.open_account(1001, MarginMode.RETAIL_NETTING, balance="10000")
    server.quote("EURUSD", "1.10000", "1.10010")

`terminal.py` attaches to it. What it does by itself (stops, expiry, rollover) is in `watch.py` and
`rollover.py`; what a person or the broker does, in `people.py`.
"""

from __future__ import annotations

from support.mt5.account import Account, Terms
from support.mt5.acting import Hand, refused
from support.mt5.asking import Asking
from support.mt5.checks import refusal
from support.mt5.clock import Clock
from support.mt5.constants import DealType, Execution, MarginMode, Reason, Retcode, text_of
from support.mt5.desk import Desk, Tickets
from support.mt5.faults import Faults, Trouble
from support.mt5.ledger import Arrival, Ledger
from support.mt5.market import Market
from support.mt5.matching import Matcher
from support.mt5.money import Exchange
from support.mt5.records import Result, number
from support.mt5.watch import Watch

AS_IT_IS = Trouble()


class Office:
    """One account with all that works on it."""

    def __init__(self, terms, server):
        self.terms = terms
        self.account = Account(terms, server.markets, server.exchange)
        self.ledger = Ledger()
        self.account.listeners.append(self.ledger.hear)
        self.desk = Desk(
            self.account, server.markets, server.exchange, server.tickets, server.clock
        )
        self.matcher = Matcher(self.desk, server.markets)
        self.matcher.affords = self.account.affords
        self.hand = Hand(self.matcher, server)
        self.watch = Watch(self, server)
        self.requests = []
        """When requests came in, for the limit of how many a second."""
        self.locked = set()
        """Orders and positions that a request is being worked on for."""

    @property
    def books(self):
        """The truth."""
        return self.account.books

    @property
    def login(self):
        """The account's number."""
        return self.terms.login


class TradeServer:
    """A broker's server, with its clock in the test's hand."""

    def __init__(self, clock=None, symbols=(), name="Test-Demo", company="Test Broker"):
        self.clock = clock or Clock()
        self.name = name
        self.company = company
        self.markets = {rules.name: Market(rules) for rules in symbols}
        self.exchange = Exchange(self.markets)
        self.tickets = Tickets()
        self.faults = Faults()
        self.offices = {}
        self.quote_listeners = []
        self.terminals = []
        """Every terminal that was ever attached."""
        self.comment_limit = 31
        """How many characters of a comment are kept; some brokers keep 16."""
        self.exchange_answer = Retcode.PLACED
        """What a market order on an exchange is answered with: PLACED before its deals, or DONE."""
        self.stop_keeps_magic = True
        """Whether the server's own closings carry the magic of the position."""
        self.requests_a_second = 0
        """Above this the server says 10024; 0 is no limit."""
        self.process_ms = 0
        """How long it thinks before it acts."""
        self._roll()

    # Accounts and symbols.

    def open_account(self, login, kind=MarginMode.RETAIL_NETTING, *, balance="10000", **terms):
        """Open an account and pay into it; return its office."""
        office = Office(Terms(login=login, kind=kind, **terms), self)
        self.offices[login] = office
        office.account.permit()
        if number(balance):
            office.desk.balance_operation(DealType.BALANCE, number(balance), "Deposit")
        return office

    def add_symbol(self, rules):
        """Add a symbol, or change its rules; the prices stay."""
        if rules.name in self.markets:
            self.markets[rules.name].rules = rules
        else:
            self.markets[rules.name] = Market(rules)

    # The market.

    def quote(self, symbol, bid, ask, *, bid_volume=None, ask_volume=None):
        """Let the best prices be these; a price of None is an empty side."""
        bids = [] if bid is None else [(bid, bid_volume)]
        asks = [] if ask is None else [(ask, ask_volume)]
        return self.book(symbol, bids, asks)

    def book(self, symbol, bids, asks):
        """Let the book be these (price, volume) pairs, best first."""
        tick = self.markets[symbol].set_levels(bids, asks, self.clock.server_ms())
        self._moved(symbol)
        return tick

    def trade(self, symbol, price, volume, side_flag=0):
        """Let others trade: the last price, and a tick."""
        tick = self.markets[symbol].trade(price, volume, side_flag, self.clock.server_ms())
        self._moved(symbol)
        return tick

    def _moved(self, symbol):
        for office in self.offices.values():
            office.watch.on_market(symbol)
        for listener in tuple(self.quote_listeners):
            listener(symbol)

    # The wires.

    def go_down(self, *, requests_arrive=False):
        """Lose every terminal, as when the server is restarted; the market and the clock go on."""
        for terminal in self.terminals:
            terminal.cut(requests_arrive=requests_arrive)

    def come_up(self):
        """Let every terminal that runs find the server again."""
        for terminal in self.terminals:
            if terminal.running:
                terminal.mend()

    # Requests.

    def receive(self, login, request, reason, reply):
        """Take a request that has arrived; `reply(result, fails)` is called when it is answered."""
        office = self.offices[login]
        keys = {request.order, request.position, request.position_by} - {0}
        if keys & (office.locked | office.matcher.held):
            code = self._busy_code(self.asking(login, request, reason))
            result = Result(retcode=code, comment=text_of(code))
            self._note(office, request, result, acted=False)
            reply(result, fails=False)
            return
        office.locked |= keys
        trouble = self.faults.take(request) or AS_IT_IS
        early, wait_ms = trouble.early, self.process_ms + trouble.act_ms
        if early is not None:
            reply(Result(retcode=early, comment=text_of(early)), fails=False)

        def act():
            office.locked -= keys
            result = self._act(office, request, reason, trouble)
            if trouble.silent or early is not None:
                return
            if trouble.tell_ms:
                self.clock.after(trouble.tell_ms, lambda: reply(result, fails=trouble.fails))
            else:
                reply(result, fails=trouble.fails)

        if wait_ms:
            self.clock.after(wait_ms, act)
        else:
            act()

    def _act(self, office, request, reason, trouble):
        """Check and do; return what is said of it."""
        asking = self.asking(office.login, request, reason)
        code = self._too_many(office) or refusal(asking)
        if not trouble.acts:
            code = trouble.retcode or Retcode.ERROR
        acted = code is None
        office.matcher.hold_ms, office.matcher.confirms = trouble.hold_ms, trouble.confirms
        result = office.hand.act(asking) if acted else refused(code, asking)
        office.matcher.hold_ms = 0
        if trouble.retcode is not None:
            result = refused(trouble.retcode, asking)
        self._note(office, request, None if trouble.silent else result, acted=acted)
        return result

    def _busy_code(self, asking):
        """Return what is said of a request for what is being worked on already.

        An exchange says 10013 (MQL5 book, "Request validation: OrderCheck"), a dealer 10028.
        """
        market = self.markets.get(asking.symbol)
        exchange = market is not None and market.rules.execution is Execution.EXCHANGE
        return Retcode.INVALID if exchange else Retcode.LOCKED

    def _note(self, office, request, result, *, acted):
        office.ledger.arrive(
            Arrival(
                login=office.login, time_ms=self.clock.now_ms, request=request, acted=acted,
                result=result,
            )
        )  # fmt: skip

    def asking(self, login, request, reason=Reason.EXPERT):
        """Put a request on the table without doing it."""
        account = self.offices[login].account
        return Asking(request, account, self.markets, reason, self.clock.server_ms())

    def _too_many(self, office):
        limit, now = self.requests_a_second, self.clock.now_ms
        office.requests = [at for at in office.requests if at > now - 1000] + [now]
        return Retcode.TOO_MANY_REQUESTS if limit and len(office.requests) > limit else None

    # Days.

    def expire_later(self, account, order):
        """Look at an order again when its time is over."""
        office = self.offices[account.terms.login]
        if order.time_expiration:
            at = self.clock.utc_ms(order.time_expiration * 1000)
            self.clock.at(at, office.watch.expire)

    def _roll(self):
        def midnight():
            for office in self.offices.values():
                office.watch.new_day()
            self._roll()

        self.clock.at(self.clock.next_day_ms(), midnight)

