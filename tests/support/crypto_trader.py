"""A trader on a crypto venue in virtual time, and the judge of what the venue told it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from itertools import count
from typing import NamedTuple

import pytest
from support.binance_face import BinanceFace
from support.bybit_face import BybitFace
from support.exchange.bybit.orders import execution_id
from support.exchange.hosts import spot_instruments, usdm_instruments
from support.exchange.kraken.names import txid
from support.exchange.params import Params
from support.exchange.spot import SpotApi
from support.exchange.usdm import UsdmApi
from support.kraken_face import KrakenFace
from support.okx_face import OkxFace
from support.virtual_exchange import VirtualExchange, VirtualShell, World

from bridges.crypto.tables.binance_spot import BinanceSpot
from bridges.crypto.tables.binance_usdm import BinanceUsdm
from bridges.crypto.tables.bybit_linear import BybitLinear
from bridges.crypto.tables.bybit_spot import BybitSpot
from bridges.crypto.tables.kraken import KrakenSpot
from bridges.crypto.tables.okx_spot import OkxSpot
from bridges.crypto.tables.okx_swap import OkxSwap
from bridges.crypto.venue import CryptoVenue
from bridges.notes import Notes
from bridges.port import (
    Accepted,
    Canceled,
    CancelRequest,
    Expired,
    Filled,
    OrderRequest,
    Rejected,
    Replaced,
)
from protocol.fields import OrdType, Side, TimeInForce
from protocol.order_id import OrderId

BTC = "BTC/USDT"
GTC = TimeInForce.GOOD_TILL_CANCEL
SPOT, USDM = "binance spot", "binance usdm"
KRAKEN = "kraken spot"


def binance_by_hand(api, qty):
    """Buy at Binance's market by hand."""
    params = {
        "symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": qty, "timestamp": "0",
    }  # fmt: skip
    api.new_order(Params(params))


def okx_by_hand(wire, mode, unit):
    """Make a function that buys at OKX's market by hand, without a client id."""

    def buy(api, qty):
        api.place({
            "instId": wire, "tdMode": mode, "side": "buy", "ordType": "market",
            "sz": str(Decimal(qty) / Decimal(unit)), "tgtCcy": "base_ccy",
        })  # fmt: skip

    return buy


def okx_name(record):
    """Return how the bridge knows an order of OKX: one of a stop has no client id of its own."""
    stop = record.algo.client_id if record.algo is not None else ""
    return record.client_id or stop or f"#{record.number}"


def okx_trade_id(deal):
    """Return what the bridge calls a trade of OKX: its id counts in its instrument."""
    return f"{deal.wire}.{deal.trade_id}"


def kraken_by_hand(api, qty):
    """Buy at Kraken's market by hand, without a client id."""
    words = {"pair": "XBTUSDT", "type": "buy", "ordertype": "market", "volume": qty}
    assert api.answer("AddOrder", words, lambda: None)["error"] == []


def bybit_by_hand(api, qty):
    """Buy at bybit's market by hand, without a client id."""
    api.account.routes["POST", "/v5/order/create"]({
        "category": api.name, "symbol": "BTCUSDT", "side": "Buy", "qty": qty,
        "orderType": "Market", "marketUnit": "baseCoin",
    })  # fmt: skip


class Market(NamedTuple):
    """One market of one exchange in virtual time."""

    table: type
    native: str
    make_face: Callable
    """`make_face(clock, say)`."""
    place: str
    """A word of the method that places an order; likewise the others."""
    cancel: str
    replace: str
    wrong_questions: tuple[str, ...]
    """Words of the methods by which the link catches up."""
    symbol: str = BTC
    """What the exchange in the test calls it."""
    trade_id: Callable = lambda deal: str(deal.number)
    """What the bridge calls a trade."""
    name_of: Callable = lambda record: record.client_id or f"#{record.number}"
    """By which name the bridge knows an order."""
    by_hand: Callable = binance_by_hand
    """`by_hand(api, qty)` buys at the market, as the account's owner might."""
    calls: tuple[str, ...] = (
        "PostOrder", "DeleteOrder", "CancelReplace", "PutOrder", "GetOrder", "GetOpenOrders",
        "Trades", "GetAllOrders", "Time",
    )
    """Words of all methods that may go wrong."""
    pace_ms: int = 100
    """Between deeds, so that they are within the exchange's limits."""


OKX_CALLS = (
    "PostTradeOrder", "CancelOrder", "AmendOrder", "GetTradeOrder", "OrdersPending", "TradeFills",
    "Time",
)  # fmt: skip
BYBIT_CALLS = (
    "OrderCreate", "OrderCancel", "OrderAmend", "OrderRealtime", "OrderHistory", "ExecutionList",
    "MarketTime",
)


def _bybit(table, lag_ms):
    return Market(
        table, "BTCUSDT",
        lambda clock, say: BybitFace(table.category, clock, say, lag_ms=lag_ms),
        place="OrderCreate", cancel="OrderCancel", replace="OrderAmend",
        wrong_questions=("OrderRealtime", "ExecutionList", "MarketTime"),
        trade_id=partial(execution_id, table.category), by_hand=bybit_by_hand, calls=BYBIT_CALLS,
        pace_ms=200,
    )  # fmt: skip


MARKETS = {
    SPOT: Market(
        BinanceSpot, "BTCUSDT",
        lambda clock, say: BinanceFace(
            SpotApi, spot_instruments([BTC]), clock, say, needs_words=True
        ),
        place="PostOrder", cancel="DeleteOrder", replace="CancelReplace",
        wrong_questions=("GetOpenOrders", "Trades", "Time"),
    ),
    USDM: Market(
        BinanceUsdm, "BTCUSDT",
        lambda clock, say: BinanceFace(
            UsdmApi, usdm_instruments([BTC]), clock, say, needs_words=False
        ),
        place="PostOrder", cancel="DeleteOrder", replace="PutOrder",
        wrong_questions=("GetOpenOrders", "Trades", "Time"),
    ),
    "bybit spot": _bybit(BybitSpot, lag_ms=0),
    "bybit linear": _bybit(BybitLinear, lag_ms=30),
    "okx spot": Market(
        OkxSpot, "BTC-USDT", OkxFace, place="PostTradeOrder", cancel="CancelOrder",
        replace="AmendOrder", wrong_questions=("OrdersPending", "TradeFills", "Time"),
        calls=OKX_CALLS,
        trade_id=okx_trade_id, name_of=okx_name,
        by_hand=okx_by_hand("BTC-USDT", "cash", "1"),
    ),
    "okx swap": Market(
        OkxSwap, "BTC-USDT-SWAP", OkxFace, place="PostTradeOrder", cancel="CancelOrder",
        replace="AmendOrder", wrong_questions=("OrdersPending", "TradeFills", "Time"),
        calls=OKX_CALLS,
        symbol="BTC/USDT:USDT", trade_id=okx_trade_id, name_of=okx_name,
        by_hand=okx_by_hand("BTC-USDT-SWAP", "cross", "0.01"),
    ),
    KRAKEN: Market(
        KrakenSpot, "XBTUSDT", lambda clock, say: KrakenFace(clock, say, BTC),
        place="AddOrder", cancel="CancelOrder", replace="AmendOrder",
        wrong_questions=("OpenOrders", "TradesHistory", "GetTime", "Token"),
        calls=(
            "AddOrder", "CancelOrder", "AmendOrder", "OpenOrders", "ClosedOrders",
            "TradesHistory", "QueryOrders", "QueryTrades", "GetTime",
        ),
        pace_ms=1_000, trade_id=lambda deal: txid("T", deal.number), by_hand=kraken_by_hand,
    ),
}  # fmt: skip
"""By the name of the table."""


QUICK = (SPOT, "bybit linear")
"""What a plain run tries: a replace that is a new order; one in place, with trades told apart."""


def by_length(names):
    """Return markets as parameters; those that are not quick run with --length ci."""
    return [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.length("ci"))
        for name in names
    ]


def venue_on(exchange, market, notes):
    """Make a bridge's venue on the exchange."""
    shell = VirtualShell(exchange)
    table = MARKETS[market].table({BTC: MARKETS[market].native}, recv_window_ms=5_000)
    venue = CryptoVenue(table=table, shell=shell, notes=notes, checks_key=False)
    return World(exchange, venue, shell)


def trader_on(market):
    """Make a trader on a venue that is up."""
    exchange = VirtualExchange(MARKETS[market].make_face, MARKETS[market].symbol)
    world = venue_on(exchange, market, Notes())
    return Trader(world, MARKETS[market])


class Trader:
    """Gives orders, and judges what was told of them."""

    def __init__(self, world, market):
        self.world, self.market = world, market
        self.numbers = count(1)
        self.names = []
        self.keeps_ids = market.table.amends_in_place
        self.requests = {}
        self.roots = {}
        """The id at the exchange of an order that was changed in place."""

    def name(self):
        """Return a fresh id."""
        return OrderId(1, 1_700_000_000, next(self.numbers)).text()

    def place(self, qty, price, side=Side.BUY, **more):
        """Send an order."""
        order = self._request(self.name(), qty, price, side, **more)
        self.names.append(order.cl_ord_id)
        self.world.venue.submit(order, self.world.exchange.now_ns)
        return order.cl_ord_id

    def stop(self, qty, stop_px, price=None, side=Side.BUY, **more):
        """Send a stop, or with a price a stop-limit."""
        kind = OrdType.STOP if price is None else OrdType.STOP_LIMIT
        return self.place(qty, price, side, ord_type=kind, stop_px=Decimal(stop_px), **more)

    def request_of_stop(self, qty, stop_px):
        """Make a stop that is not sent."""
        return OrderRequest(
            cl_ord_id="UNSENT", symbol=BTC, side=Side.BUY, order_qty=Decimal(qty),
            ord_type=OrdType.STOP, stop_px=Decimal(stop_px), time_in_force=GTC,
        )  # fmt: skip

    def replace(self, orig, qty, price, *, keeps_id=None, **more):
        """Replace it; a stop that waits may not keep its id where others do."""
        order = self._request(
            self.name(), qty, price, self.side_of(orig), orig_cl_ord_id=orig, **more
        )
        self.names.append(order.cl_ord_id)
        if self.keeps_ids if keeps_id is None else keeps_id:
            self.roots[order.cl_ord_id] = self.roots.get(orig, orig)
        self.world.venue.replace(order, self.world.exchange.now_ns)
        return order.cl_ord_id

    def cancel(self, orig, order_id=""):
        """Cancel it."""
        request = CancelRequest(
            cl_ord_id=self.name(), orig_cl_ord_id=orig, symbol=BTC, side=self.side_of(orig),
            order_id=order_id,
        )  # fmt: skip
        self.world.venue.cancel(request, self.world.exchange.now_ns)
        return request.cl_ord_id

    def _request(self, name, qty, price, side, **more):
        self.requests[name] = OrderRequest(
            cl_ord_id=name, symbol=BTC, side=side, order_qty=Decimal(qty),
            price=None if price is None else Decimal(price),
            **{"time_in_force": GTC, "ord_type": OrdType.LIMIT, **more},
        )  # fmt: skip
        return self.requests[name]

    def side_of(self, name):
        """Return the side of an order."""
        return self.requests[name].side

    def first_of(self, name):
        """Return the first id of an order's chain."""
        while self.requests[name].orig_cl_ord_id:
            name = self.requests[name].orig_cl_ord_id
        return name

    def most_of(self, first):
        """Return the most that was ever asked for in a chain."""
        return max(
            one.order_qty for name, one in self.requests.items() if self.first_of(name) == first
        )

    # Judgement.

    def judge(self):
        """Compare what was told with the exchange's own record."""
        world = self.world
        given = world.exchange.records()
        records = {self.market.name_of(one): one for one in given}
        sent = Counter(one.client_id for one in given if one.client_id)
        assert max(sent.values(), default=0) <= 1
        told = {(one.fill.trade_id, one.fill.last_qty, one.fill.last_px, one.fill.commission)
                for one in world.of(Filled)}  # fmt: skip
        deals = {(self.market.trade_id(one), one.qty, one.price, one.commission)
                 for one in world.exchange.deals()}  # fmt: skip
        assert told == deals
        assert len(world.of(Filled)) == len(deals)
        open_there = {name: one.qty - one.cum for name, one in records.items() if one.is_open}
        open_there |= world.exchange.waiting()
        open_here = {self.roots.get(name, name): left for name, left in self.open_here().items()}
        assert open_there == open_here
        for name, price in self.prices_here().items():
            record = records.get(self.roots.get(name, name))
            assert record is None or price in {None, record.price}
        for name in self.names:
            self._judge_end(name, records.get(self.roots.get(name, name)))

    def prices_here(self):
        """Return the price of each order that, by what was told, is open."""
        told, still = (getattr(event, "order", None) for event in self.world.told), self.open_here()
        return {one.cl_ord_id: one.price for one in told if one and one.cl_ord_id in still}

    def open_here(self):
        """Return what is left of each order that, by what was told, is open."""
        found = {}
        for event in self.world.told:
            order = getattr(event, "order", None)
            if order is None:
                continue
            if isinstance(event, Accepted | Replaced) or order.cl_ord_id in found:
                found[order.cl_ord_id] = order.leaves_qty
            if isinstance(event, Replaced):
                found.pop(order.orig_cl_ord_id, None)
            if isinstance(event, Canceled | Expired | Rejected) or order.leaves_qty == 0:
                found.pop(order.cl_ord_id, None)
        return found

    def _judge_end(self, name, record):
        rejected = [one for one in self.world.of(Rejected) if one.order.cl_ord_id == name]
        if record is not None:
            assert not rejected
            ends = [
                one for one in self.world.of((Canceled, Expired)) if one.order.cl_ord_id == name
            ]
            assert len(ends) <= 1
            after = self.world.told[self.world.told.index(ends[0]):] if ends else []
            assert not [
                one for one in after if isinstance(one, Filled) and one.order.cl_ord_id == name
            ]
