"""The venues that the conformance suite runs against, each behind its own bridge, on the wire.

A `Desk` is a gateway's side of a bridge (support.bridge_wire) with a market that a test speaks by
hand. `PaperDesk` lives in virtual time; `CryptoDesk` is a real ccxt client of the local exchange,
in real time.
"""

from __future__ import annotations

import time
from collections import Counter as Count
from decimal import Decimal

import pytest
from support.bridge_wire import VENUE, Counter
from support.waiting import breathe

from bridges.bridge import Bridge, all_symbols
from bridges.crypto.settings import open_crypto_venue
from bridges.id_log import IdLog
from bridges.paper.instruments import instrument
from bridges.paper.ledger import Ledger
from bridges.paper.market import DepthSnapshot, Trade
from bridges.paper.venue import PaperVenue
from protocol.fields import OrdType, Side, TimeInForce
from protocol.messages import (
    CollateralReport,
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    TradingSessionStatus,
)
from protocol.timestamps import format_utc

BTC = "BTC/USDT"
ORDER_WORDS = (ExecutionReport, OrderCancelReject)
LIMIT_MS = 10_000
MONEY = {"USDT": 100_000, "BTC": 2}
DEPOSITS = {"spot": MONEY, "usdm": {"USDT": 100_000}, "unified": MONEY}


class Desk(Counter):
    """One bridge, and the market behind it. The book is 60000 x 60010, one BTC each."""

    symbol = BTC
    name = ""
    has_stops = True
    says_no_money = "insufficient"
    has_market_trades = True
    is_spot = True
    is_demo = False
    """Whether a fill moves the base currency, and its whole worth in the quote currency."""
    qty_step = "0.00001"
    has_least_notional = True
    protects = False
    """Whether the levels of an open position can be moved."""

    def __init__(self, folder, **more):
        super().__init__(folder, connected=False, symbols=[BTC], feed={}, **more)
        self.until(lambda: self.bridge.venue.connected and self.fix.active, "the venue's link")
        self.set_book()
        self.take()

    # The market.

    def set_book(self, bids=((60000, 1),), asks=((60010, 1),)):
        """Let the market show this whole book."""
        raise NotImplementedError

    def trade(self, price, qty, aggressor):
        """Let others trade: `aggressor` is buy or sell."""
        raise NotImplementedError

    # The venue's own word.

    def sent_ids(self):
        """Return how often the venue has taken each client id."""
        raise NotImplementedError

    # Waiting, and words.

    def until(self, condition, what="the condition"):
        """Let time pass until something is so."""
        for _ in range(LIMIT_MS):
            if condition():
                return
            self.run(1)
        words = [one for one in self.heard if isinstance(one, ORDER_WORDS)]
        pytest.fail(f"{what} did not come; heard of orders: {words}")

    def reports(self, message, count):
        """Say a message; return the next `count` words about orders."""
        self.take()
        self.say(message)
        return self.wait(count)

    def wait(self, count, kinds=ORDER_WORDS):
        """Return the words that were heard, once there are so many of these kinds."""
        self.until(
            lambda: sum(isinstance(one, kinds) for one in self.heard) >= count,
            f"{count} words",
        )
        return [one for one in self.take() if isinstance(one, kinds)]

    def answers(self, message, last):
        """Say a question; return what is answered until `last` is true of a word."""
        self.take()
        self.say(message)
        self.until(lambda: any(last(one) for one in self.heard), "the answer")
        heard = [
            one
            for one in self.take()
            if not isinstance(one, TradingSessionStatus)
            and not (isinstance(one, CollateralReport) and one.ledger_kind)
        ]
        return heard[: next(at for at, one in enumerate(heard) if last(one)) + 1]

    def order(self, side=Side.BUY, qty="0.5", price=None, *, stop=None, **more):
        """Make a D."""
        kinds = {
            (False, False): OrdType.MARKET, (True, False): OrdType.LIMIT,
            (False, True): OrdType.STOP, (True, True): OrdType.STOP_LIMIT,
        }  # fmt: skip
        message = self.new(side, qty, price, **more)
        return NewOrderSingle(
            **{
                **{name: getattr(message, name) for name in message.__struct_fields__},
                "ord_type": kinds[price is not None, stop is not None],
                "stop_px": None if stop is None else Decimal(stop),
                "transact_time": format_utc(self.now_ns),
            }
        )  # fmt: skip

    def replacing(self, orig, qty, price):
        """Make a G of a limit order to buy."""
        return OrderCancelReplaceRequest(
            cl_ord_id=next(self.ids), orig_cl_ord_id=orig, symbol=BTC, side=Side.BUY,
            order_qty=Decimal(qty), price=Decimal(price), ord_type=OrdType.LIMIT,
            transact_time=format_utc(self.now_ns),
            time_in_force=TimeInForce.GOOD_TILL_CANCEL,
        )  # fmt: skip

    def restart(self):
        """Kill the bridge, and start it again in the same folder."""
        self.kill_bridge()
        self.until(lambda: self.bridge.venue.connected and self.fix.active, "the venue's link")

    def end(self):
        """Close everything."""
        self.bridge.close(self.now_ns)


class HandFeed:
    """A feed of the paper venue that tells what a test has put into it."""

    speed = 1

    def __init__(self):
        self.events = []

    def start(self, origin_ns):
        """Nothing is counted from a beginning."""

    def next_due_ns(self):
        """Return when the next event is due."""
        return self.events[0][0] if self.events else None

    def pop(self):
        """Take the next event."""
        return self.events.pop(0)[1]


class PaperDesk(Desk):
    """The paper venue, in virtual time."""

    name = "paper"

    def _open(self):
        self.feed = HandFeed()
        self.id_log = IdLog(self.folder, sync=False)
        return Bridge(
            venue_id=VENUE, make_venue=self._venue, symbols=all_symbols, id_log=self.id_log,
            wire=self.wire, now_ns=self.now_ns, publisher=self.publications,
        )  # fmt: skip

    def _venue(self):
        money = {"USDT": Decimal(100_000), "BTC": Decimal(2)}
        return PaperVenue(
            venue_id=VENUE, instruments=[instrument(BTC)], feed=self.feed,
            ledger=Ledger(self.folder / "ledger.jsonl"),
            day_end=lambda now_ns: now_ns + 3_600_000_000_000, balances=money,
        )  # fmt: skip

    def _happen(self, event):
        self.feed.events.append((self.now_ns, event))
        self.run(1)

    def _steps(self, levels):
        grid = self.exchange.pits[BTC].grid
        return tuple(
            (grid.ticks(Decimal(str(price))), grid.steps(Decimal(str(qty))))
            for price, qty in levels
        )

    def set_book(self, bids=((60000, 1),), asks=((60010, 1),)):
        """Let the market show this whole book."""
        self.updates = getattr(self, "updates", 0) + 1
        self._happen(
            DepthSnapshot(0, BTC, self.updates, self._steps(bids), self._steps(asks))
        )

    def trade(self, price, qty, aggressor):
        """Let others trade."""
        ((price, qty),) = self._steps(((price, qty),))
        side = Side.BUY if aggressor == "buy" else Side.SELL
        self._happen(Trade(0, BTC, price, qty, side, "H"))

    def restart(self):
        """Kill the bridge, and with it the market: it is as it was before."""
        super().restart()
        self.set_book(asks=((60020, 1),))

    def sent_ids(self):
        """Return how often the venue has taken each client id."""
        return Count(self.exchange.received)


class CryptoDesk(Desk):
    """An exchange: the bridge's own ccxt client, on the local exchange, in real time."""

    exchange = "binance"
    market = ""
    account_name = ""
    """What the local exchange calls the account, if that is not the market's name."""
    traded = BTC
    """What it calls the symbol."""
    order_path = ""
    """Where it takes orders."""
    key = None
    """The API key, if it shall be another than the exchange's own."""

    def __init__(self, folder, **more):
        from support.exchange.server import LocalExchange  # noqa: PLC0415 - wants aiohttp

        self.local = LocalExchange(
            self.exchange, symbols=(BTC,), deposits=DEPOSITS, key=self.key
        )
        self.local.__enter__()
        self.account = getattr(self.local, self.account_name or self.market)
        self.set_book()
        self.settings = more.pop("settings", {})
        self.origin_ns = 0
        try:
            super().__init__(folder, **more)
        except BaseException:
            self.local.__exit__()
            raise

    def _open(self):
        from support.exchange.reach import session_to  # noqa: PLC0415 - wants aiohttp

        self.now_ns = time.time_ns()
        keys = self.local.credentials
        self.id_log = IdLog(self.folder, sync=False)
        return Bridge(
            venue_id=VENUE, symbols=all_symbols, id_log=self.id_log, wire=self.wire,
            now_ns=self.now_ns, publisher=self.publications,
            make_venue=lambda: open_crypto_venue(
                **{
                    "folder": self.folder, "symbols": [BTC], "exchange": self.exchange,
                    "market": self.market, "api_key": keys["apiKey"], "secret": keys["secret"],
                    "passphrase": keys.get("password", ""),
                    "key_may": ["withdraw", "any_address"],
                    "timeout_ms": 1_000,
                    "make_session": lambda: session_to(self.local.port), **self.settings,
                }
            ),
        )  # fmt: skip

    def run(self, ms=10, step_ms=1):
        """Let real time pass, step by step."""
        end_ns = time.time_ns() + ms * 1_000_000
        while True:
            self.now_ns = time.time_ns()
            self.bridge.step(self.now_ns, self.wire.receive())
            self._hear()
            if time.time_ns() >= end_ns:
                return self
            breathe(step_ms)

    def set_book(self, bids=((60000, 1),), asks=((60010, 1),)):
        """Let the market show this whole book."""
        self.account.set_book(self.traded, bids, asks)

    def trade(self, price, qty, aggressor):
        """Let others trade."""
        self.account.trade(self.traded, price, qty, aggressor)

    def trade_id(self, deal):
        """Return what the bridge calls a trade."""
        return str(deal.number)

    def kill_bridge(self):
        """Let the bridge die; only its thread is ended in order."""
        self.bridge.venue._shell.close()
        super().kill_bridge()

    def sent_ids(self):
        """Return how often the exchange has taken each client id."""
        return Count(record.client_id for record in self.account.orders().values())

    def end(self):
        """Close the bridge and the exchange."""
        super().end()
        self.local.__exit__()


class SpotDesk(CryptoDesk):
    """Binance spot."""

    name, market = "binance spot", "spot"
    order_path = "/api/v3/order"


class KrakenDesk(CryptoDesk):
    """Kraken spot."""

    name, exchange, market = "kraken spot", "kraken", "spot"
    qty_step = "0.00000001"


class UsdmDesk(CryptoDesk):
    """Binance USD-M futures."""

    name, market = "binance usdm", "usdm"
    order_path = "/fapi/v1/order"
    is_spot = False
    qty_step = "0.001"


class OkxSpotDesk(CryptoDesk):
    """OKX spot, in a unified account."""

    exchange, account_name = "okx", "unified"
    name, market = "okx spot", "spot"
    order_path = "/api/v5/trade/order"
    has_least_notional = False

    def trade_id(self, deal):
        """Return what the bridge calls a trade: its id counts in its instrument."""
        return f"{deal.wire}.{deal.trade_id}"


class OkxSwapDesk(OkxSpotDesk):
    """OKX's linear perpetuals."""

    name, market = "okx swap", "swap"
    traded = f"{BTC}:USDT"
    is_spot = False
    qty_step = "0.0001"


class BybitSpotDesk(CryptoDesk):
    """bybit spot."""

    name, exchange, market = "bybit spot", "bybit", "spot"
    order_path = "/v5/order/create"

    def trade_id(self, deal):
        """Return what the bridge calls a trade."""
        from support.exchange.bybit.orders import execution_id  # noqa: PLC0415 - wants aiohttp

        return execution_id(self.market, deal)


class BybitLinearDesk(BybitSpotDesk):
    """bybit's linear perpetuals."""

    name, market = "bybit linear", "linear"
    says_no_money = "not enough"
    is_spot = False
    qty_step = "0.001"
