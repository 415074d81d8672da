"""A crypto venue on a local exchange over TLS, in real time, and many of them side by side.

A `SocketWorld` is what `virtual_exchange.World` is in virtual time: a venue, what it told, and the
exchange's own word, so that one trader and one judge serve both.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from support.conformance import (
    BybitLinearDesk,
    BybitSpotDesk,
    KrakenDesk,
    OkxSpotDesk,
    OkxSwapDesk,
    SpotDesk,
    UsdmDesk,
)
from support.exchange.reach import session_to
from support.exchange.server import LocalExchange

from bridges.crypto.budget import Budget
from bridges.crypto.settings import open_crypto_venue
from bridges.port import Balances, Found, Positions

BTC = "BTC/USDT"
RICH = {"USDT": 50_000_000, "BTC": 1_000}
PLENTY = {"weight": 10**9, "orders": {"10S": 10**6}}


class Way(NamedTuple):
    """One market of one exchange: its desk, and the requests that faults are for."""

    desk: type
    """The CryptoDesk of the conformance suite: which exchange, market, account, symbol."""
    place: str
    cancel: str
    replace: str
    renew: str
    """What is asked first if a half-filled order is replaced."""
    look_up: str
    questions: tuple[str, ...]
    """What is asked while the link comes up: open orders, trades."""
    limits: dict
    """So many requests that none is too many."""
    kinds: tuple[str, ...] = ("limit", "post-only", "ioc", "fok", "market")
    """The kinds of orders there (crypto_lives.KINDS)."""
    skew_ms: int = 6_000
    """So far is a clock off that requests are refused for it."""
    purse: str = ""
    """What the local exchange calls the account that has the money, if it is another."""
    refuses_for_time: bool = True
    """Whether whatever is asked is refused if the clock is off, and not orders only."""


WAYS = {
    "binance spot": Way(
        SpotDesk, place="POST /api/v3/order", cancel="DELETE /api/v3/order",
        replace="POST /order/cancelReplace", renew="DELETE /api/v3/order",
        look_up="GET /api/v3/order", questions=("GET /openOrders", "GET /myTrades"),
        limits=PLENTY, kinds=("limit", "post-only", "ioc", "fok", "market", "stop limit"),
    ),
    "binance usdm": Way(
        UsdmDesk, place="POST /fapi/v1/order", cancel="DELETE /fapi/v1/order",
        replace="PUT /fapi/v1/order", renew="PUT /fapi/v1/order", look_up="GET /fapi/v1/order",
        questions=("GET /openOrders", "GET /userTrades"), limits=PLENTY,
    ),
    **{
        desk.name: Way(
            desk, place="POST /trade/order", cancel="POST /trade/cancel-order",
            replace="POST /trade/amend-order", renew="POST /trade/amend-order",
            look_up="GET /trade/order",
            questions=("GET /trade/orders-pending", "GET /trade/fills"),
            limits={"orders": 10**6}, skew_ms=40_000,
        )
        for desk in (OkxSpotDesk, OkxSwapDesk)
    },
    **{
        desk.name: Way(
            desk, place="POST /order/create", cancel="POST /order/cancel",
            replace="POST /order/amend", renew="POST /order/amend",
            look_up="GET /order/realtime", questions=("GET /order/realtime", "GET /execution/list"),
            limits={}, kinds=("limit", "post-only", "ioc", "fok", "market", "stop limit"),
            purse="unified",
        )
        for desk in (BybitSpotDesk, BybitLinearDesk)
    },
    "kraken spot": Way(
        KrakenDesk, place="POST /0/private/AddOrder", cancel="POST /0/private/CancelOrder",
        replace="POST /0/private/AmendOrder", renew="POST /0/private/AmendOrder",
        look_up="POST /0/private/OpenOrders",
        questions=("POST /0/private/OpenOrders", "POST /0/private/TradesHistory"),
        limits={"rest": 10**9, "trading": 10**9, "orders": 10**6},
        kinds=("limit", "post-only", "ioc", "fok", "market", "stop limit"),
        refuses_for_time=False,
    ),
}  # fmt: skip
"""By the name of the translation table."""


class Ledger:
    """The exchange of one world: its market to speak, its records to read."""

    def __init__(self, local, account, symbol):
        self.local = local
        self.account = account
        self.symbol = symbol
        self._after_order = self._after_deal = 0

    def forget(self):
        """Let what was until now, none of it open, be no longer spoken of."""
        self._after_order = max((one.number for one in self.records()), default=self._after_order)
        self._after_deal += len(self.deals())

    @property
    def now_ns(self):
        """The time."""
        return time.time_ns()

    def records(self):
        """Return the exchange's records of all orders."""
        return self.account.orders_after(self._after_order)

    def waiting(self):
        """Return what waits in a service of its own: no such order is given here."""
        return {}

    def deals(self):
        """Return the exchange's records of all trades."""
        return self.account.deals_after(self._after_deal)

    def set_book(self, bids=((60000, 1),), asks=((60010, 1),)):
        """Let the market show this whole book."""
        self.account.set_book(self.symbol, bids, asks)

    def trade(self, price, qty, aggressor):
        """Let others trade."""
        self.account.trade(self.symbol, price, qty, aggressor)


class SocketWorld:
    """A bridge's venue with its own ccxt client, on an exchange of its own."""

    def __init__(self, way, folder, *, make_exchange=LocalExchange, **settings):
        self.way = way
        self.told = []
        desk = way.desk
        account = desk.account_name or desk.market
        self.local = make_exchange(
            desk.exchange, symbols=(BTC,), deposits={way.purse or account: RICH},
            limits={account: way.limits},
        )  # fmt: skip
        self.local.__enter__()
        self.exchange = Ledger(self.local, getattr(self.local, account), desk.traded)
        self.exchange.set_book()
        self._folder = folder
        self._settings = settings
        self._asked = 0
        self.venue = self._open()
        self.venue.core.gate.budget = Budget(())  # haste is not what these worlds are about
        self._is_open = False

    def _open(self):
        keys = self.local.credentials
        return open_crypto_venue(**{
            "folder": self._folder, "symbols": [BTC], "exchange": self.way.desk.exchange,
            "market": self.way.desk.market, "api_key": keys["apiKey"], "secret": keys["secret"],
            "passphrase": keys.get("password", ""), "timeout_ms": 700, "recv_window_ms": 1_500,
            "key_may": ["withdraw", "any_address", "untold"],
            "make_session": lambda: session_to(self.local.port), **self._settings,
        })  # fmt: skip

    @property
    def account(self):
        """The account as the exchange has it."""
        return self.exchange.account

    def on_event(self, event):
        """Hear the venue (port.Listener)."""
        self.told.append(event)

    def of(self, kind):
        """Return what was told of one kind."""
        return [event for event in self.told if isinstance(event, kind)]

    def turn(self):
        """Let the venue do what is due; the first time, connect."""
        if not self._is_open:
            self._is_open = True
            self.venue.connect(self, time.time_ns())
        self.venue.step(time.time_ns())

    def ask(self, question, *more):
        """Ask the venue something (`positions`, `balances`, …); return what finds the answer."""
        self._asked += 1
        name = f"Q{self._asked}"
        getattr(self.venue, question)(name, *more, time.time_ns())
        kinds = {"positions": Positions, "balances": Balances, "look_up": Found}
        return lambda: next(
            (one for one in self.told if isinstance(one, kinds[question]) and one.ask == name),
            None,
        )

    def close(self):
        """Close the bridge and the exchange. Raises what went wrong in the exchange itself."""
        self.venue.close()
        self.local.__exit__()
