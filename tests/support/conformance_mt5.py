"""The MetaTrader terminal bridge for the conformance suite: three kinds of accounts.

The bridge's own core and jobs on the simulated terminal, in virtual time. BTC/USDT is traded as on
an exchange, with a book, so that the whole suite can be spoken; the other modes of execution are
the fault matrix's (tests/bridges/mt5).
"""

from __future__ import annotations

from collections import Counter as Count
from decimal import Decimal
from types import MappingProxyType

from support.bridge_wire import MS, T0, VENUE
from support.conformance import Desk
from support.mt5.clock import Clock
from support.mt5.constants import CalcMode, Execution, FillingFlag, MarginMode
from support.mt5.package import Package
from support.mt5.people import People
from support.mt5.server import TradeServer
from support.mt5.symbols import ALWAYS, symbol
from support.mt5.terminal import Terminal
from support.mt5_trader import LOGIN, VirtualWorker

from bridges.bridge import Bridge, all_symbols
from bridges.id_log import IdLog
from bridges.mt5.jobs import Login
from bridges.mt5.settings import open_mt5_venue
from protocol.order_id import to_text

NATIVE = "BTCUSDT"
FAR_BID, FAR_ASK = 10_000, 110_000


def bitcoin():
    """Make the symbol of the suite, with everything that an exchange allows."""
    return symbol(
        NATIVE, base="BTC", profit="USDT", margin="USDT", digits=2, contract_size=Decimal(1),
        tick_size="0.01", execution=Execution.EXCHANGE, volume_min="0.0001",
        volume_step="0.00001", volume_max="500", pending_rate="1", commission="1",
        filling=FillingFlag.FOK | FillingFlag.IOC | FillingFlag.BOC, book_depth=10,
        sessions=ALWAYS, swap_long="0", swap_short="0", calc_mode=CalcMode.CFDLEVERAGE,
    )  # fmt: skip


class Mt5Desk(Desk):
    """A terminal with one account, in virtual time."""

    is_spot = False
    is_demo = True
    protects = True
    mode = MarginMode.RETAIL_NETTING
    says_no_money = "no_money"
    native = NATIVE
    settings = MappingProxyType({"fee_rate": Decimal("0.0001")})
    """What differs from a bridge's defaults."""

    def __init__(self, folder, **more):
        self.server = self.broker()
        self.office = self.server.offices[LOGIN]
        self.terminal = Terminal(self.server, LOGIN)
        self.set_book()
        super().__init__(folder, **more)

    def broker(self):
        """Make the broker's server, with the account."""
        server = TradeServer(clock=Clock(T0 // MS), symbols=[bitcoin()])
        server.open_account(LOGIN, self.mode, balance="100000", currency="USDT", leverage=2)
        return server

    def _open(self):
        self.id_log = IdLog(self.folder, sync=False)
        login = Login(login=LOGIN, server=self.server.name)
        self.worker = VirtualWorker(Package(self.terminal), self.server.clock, login)
        return Bridge(
            venue_id=VENUE, symbols=all_symbols, id_log=self.id_log, wire=self.wire,
            now_ns=self.now_ns, publisher=self.publications,
            make_venue=lambda: open_mt5_venue(
                folder=self.folder, symbols={self.symbol: self.native}, login=LOGIN,
                server=self.server.name, clock=lambda: self.now_ns, worker=self.worker,
                **{"server_zone": "Etc/GMT-2", "settle_ms": 100, **self.settings},
            ),
        )  # fmt: skip

    def run(self, ms=10, step_ms=1):
        """Let time pass, step by step; a call of the terminal takes what it takes."""
        for _ in range(0, ms, step_ms):
            self.server.clock.advance(step_ms)
            self.worker.work()
            self.now_ns = self.server.clock.now_ms * MS
            self.bridge.step(self.now_ns, self.wire.receive())
            self._hear()
        return self

    def set_book(self, bids=((60000, 1),), asks=((60010, 1),)):
        """Let the market show this book, and far away one that never ends: no side is empty."""
        sides = ((*bids, (FAR_BID, 1000)), (*asks, (FAR_ASK, 1000)))
        self.server.book(
            NATIVE, *([(str(price), Decimal(str(qty))) for price, qty in side] for side in sides)
        )

    def trade(self, price, qty, aggressor):
        """Let others trade: what rests of ours at that price or a better one is met first."""
        left, buys = Decimal(str(qty)), aggressor == "sell"
        people = People(self.server, LOGIN)
        for order in list(self.office.books.orders.values()):
            meets = order.price_open >= price if buys else order.price_open <= price
            if order.type.is_limit and order.type.is_buy is buys and meets and left:
                part = min(left, order.volume_current)
                people.fill(order.ticket, part)
                left -= part
        self.server.trade(NATIVE, str(price), left or Decimal(str(qty)))

    def sent_ids(self):
        """Return how often the server has taken each magic as an order."""
        return Count(to_text(one.magic) for one in self.office.ledger.orders.values())


class NettingDesk(Mt5Desk):
    """An account that nets, as brokers have them."""

    name = "mt5 terminal netting"


class ExchangeDesk(Mt5Desk):
    """An account that nets, as exchanges have them."""

    name, mode = "mt5 terminal exchange", MarginMode.EXCHANGE


class HedgingDesk(Mt5Desk):
    """An account that may hold several positions of one symbol."""

    name, mode = "mt5 terminal hedging", MarginMode.RETAIL_HEDGING
