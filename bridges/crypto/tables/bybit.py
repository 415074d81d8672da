"""What bybit's spot and linear markets have in common: orders, trades, the private stream. Pure.

API v5 (https://bybit-exchange.github.io/docs/v5/intro), a unified account. An answer to an order, a
cancel or an amendment only acknowledges it: what came of it is heard on the stream, where `order`
and `execution` are messages of their own, or looked up. An order is in order/realtime while it is
open, and for a while after; then in order/history. Our id is `orderLinkId` in every request: in
ccxt's unified calls it goes out under a wrong name for cancels, so those are not used.

A request carries our time and `recvWindow`: bybit drops it when it arrives later, and that is what
makes an absence provable. An order that others gave without an id is known by `#` and bybit's id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from bridges.crypto.budget import Cost, Limit
from bridges.crypto.effects import USER, Call, Response, SendStream
from bridges.crypto.numbers import number, positive
from bridges.crypto.tables.bybit_account import BybitAccount
from bridges.crypto.tables.bybit_market import BybitMarket
from bridges.crypto.tables.bybit_words import (
    NO_REASON,
    SIDE_NAMES,
    SIDES,
    STATUS,
    TAKES,
    TIF,
    TIF_NAMES,
    TYPES,
    WAITING,
    BybitWords,
    rows_of,
)
from bridges.crypto.views import (
    FillNews,
    Greeting,
    MoneyHint,
    OrderNews,
    OrderView,
    StreamItem,
    TradeView,
    Verdict,
)
from bridges.crypto.words import read_rows, status_of, type_of
from bridges.port import Capabilities, OrderRequest
from protocol.fields import OrdStatus, OrdType, TimeInForce
from protocol.numbers import ZERO

MS_NS = 1_000_000
DAY_MS = 86_400_000
ORDERS_PAGE, TRADES_PAGE = 50, 100
AT_ONCE_IDS = 5
"""Orders of others that are asked for in one go."""
LOGON_MS = 10_000
BY_ID = "#"
TRADE_KINDS = frozenset((
    "Trade", "AdlTrade", "BustTrade", "Settle", "Delivery", "BlockTrade", "MovePosition",
    "FutureSpread",
))  # fmt: skip
"""Executions that move a position; Funding moves money only."""


class Bybit(BybitWords, BybitAccount, BybitMarket):
    """The common part of both tables. `symbols` maps our names to bybit's."""

    dcp_product, dcp_topic = "", ""
    amends_in_place = True
    amends_stops = True
    tells_trades_apart = True
    stop_doubt_ms = 0
    audit_ms = 15_000
    poll_ms = 0
    trades_window_ms = 7 * DAY_MS
    trades_reach_ms = 730 * DAY_MS
    name: str
    limits: tuple[Limit, ...]
    order_costs: ClassVar[Mapping[str, int]]
    """What an order or an amendment takes of the limit of orders."""

    def __init__(self, symbols: Mapping[str, str], *, recv_window_ms: int) -> None:
        self.native = dict(symbols)
        self.ours = {native: symbol for symbol, native in symbols.items()}
        self.recv_window_ms = recv_window_ms
        self._at_ms = 0

    @staticmethod
    def native_of(symbol: str) -> str:
        """Return bybit's name: `BTC/USDT`, `BTC/USDT:USDT` and `BTCUSDT` are all BTCUSDT."""
        return symbol.split(":", maxsplit=1)[0].replace("/", "")

    @property
    def capabilities(self) -> Capabilities:
        """What the bridge can do there."""
        return Capabilities(
            ord_types=tuple(OrdType), times_in_force=tuple(TIF_NAMES), post_only=True,
            reduce_only=self.category == "linear", replace=True, look_up=True,
            absence_after_ms=self.recv_window_ms + 5_000,
        )  # fmt: skip

    # Words.

    def stamp(self, call: Call, at_ms: int) -> Call:
        """Add the moment to a signed call: it is signed with it, in the headers."""
        self._at_ms = at_ms
        if not call.method.startswith("private"):
            return call
        return Call(call.method, call.params, call.urgent, at_ms=at_ms)

    def cost(self, call: Call) -> Cost:
        """Say what a call takes of the limits."""
        return Cost(1, self.order_costs.get(call.method, 0))

    # Orders.

    def _of(self, symbol: str, client_id: str = "") -> dict[str, Any]:
        """Name a symbol, and an order by our id or, with `#`, by bybit's."""
        named: dict[str, Any] = {"category": self.category, "symbol": self.native[symbol]}
        if client_id.startswith(BY_ID):
            return named | {"orderId": client_id[1:]}
        return named | {"orderLinkId": client_id} if client_id else named

    def new_order(self, order: OrderRequest) -> Call:
        """Place an order; the answer has its number only."""
        params = self._of(order.symbol, order.cl_ord_id) | {
            "side": SIDE_NAMES[order.side], "qty": f"{order.order_qty:f}",
            "orderType": "Market" if order.price is None else "Limit",
        }  # fmt: skip
        if order.price is not None:
            force = "PostOnly" if order.post_only else TIF_NAMES[order.time_in_force]
            params |= {"price": f"{order.price:f}", "timeInForce": force}
        return Call("privatePostV5OrderCreate", params | self._more(order), urgent=True)

    def _more(self, order: OrderRequest) -> dict[str, Any]:
        """Return what an order of this category has besides."""
        raise NotImplementedError

    def _filter(self, *, waits: bool) -> dict[str, Any]:  # noqa: ARG002 - spot's
        """Return which orders are meant, where that must be said."""
        return {}

    def cancel(
        self, symbol: str, client_id: str, request_id: str, *, waits: bool  # noqa: ARG002 - no name
    ) -> Call:
        """Cancel an order by our id."""
        params = self._of(symbol, client_id) | self._filter(waits=waits)
        return Call("privatePostV5OrderCancel", params, urgent=True)

    def cancel_all(self, symbol: str) -> tuple[Call, ...]:
        """Cancel whatever rests in a symbol."""
        filters = {str(one): one for one in (self._filter(waits=w) for w in (False, True))}
        return tuple(
            Call("privatePostV5OrderCancelAll", self._of(symbol) | one, urgent=True)
            for one in filters.values()
        )

    def dead_man(self, timeout_ms: int) -> tuple[Call, ...]:
        """Set how long the stream may be away until bybit cancels everything: 3 s to 300 s."""
        seconds = min(max(timeout_ms // 1_000, 3), 300)
        params = {"product": self.dcp_product, "timeWindow": seconds}
        return (Call("privatePostV5OrderDisconnectedCancelAll", params, urgent=True),)

    def replace(self, order: OrderRequest, client_id: str) -> Call:
        """Change an order in place; its quantity is the whole, what was filled included."""
        params = self._of(order.symbol, client_id) | {"qty": f"{order.order_qty:f}"}
        if order.price is not None:
            params["price"] = f"{order.price:f}"
        if order.stop_px is not None:
            params["triggerPrice"] = f"{order.stop_px:f}"
        return Call("privatePostV5OrderAmend", params, urgent=True)

    def judge_replace(self, response: Response) -> tuple[Verdict, Verdict]:
        """Say what became of the order: it is its own successor."""
        found = self.judge(response)
        return found, found

    def read_replace(self, body: Any) -> OrderView:
        """Read the changed order."""
        return self.read_order(body)

    def read_order(self, body: Any) -> OrderView:
        """Read an order in an answer. Raises KeyError: an acknowledgement has only its number."""
        return self._order(body["result"])

    def look_up(
        self, symbol: str, client_id: str, *, stop: bool  # noqa: ARG002 - stops are orders here
    ) -> tuple[Call, ...]:
        """Ask for an order by our id: among those of now, and among those that are over."""
        asked = self._of(symbol, client_id)
        return (
            Call("privateGetV5OrderRealtime", asked), Call("privateGetV5OrderHistory", asked)
        )  # fmt: skip

    def read_found(self, body: Any, client_id: str) -> OrderView | Call | None:
        """Read the order that was asked for; an empty list says that it is not in this place."""
        rows = [row for row in rows_of(body) if _client_id(row) == client_id]
        return self._order(rows[0]) if rows else None

    def open_orders(self, symbols: Sequence[str]) -> tuple[Call, ...]:
        """Ask for what rests, symbol by symbol."""
        return tuple(
            Call("privateGetV5OrderRealtime", self._of(symbol) | {"limit": ORDERS_PAGE})
            for symbol in symbols
        )

    def orders_of(self, symbol: str, order_ids: Sequence[str]) -> tuple[Call, ...]:
        """Ask for some of these orders: what closed a position by itself has trades only."""
        asked = [self._of(symbol, f"{BY_ID}{one}") for one in order_ids[:AT_ONCE_IDS]]
        methods = ("privateGetV5ExecutionList", "privateGetV5OrderHistory")
        return tuple(
            Call(method, one) for method in (*methods, "privateGetV5OrderRealtime")
            for one in asked
        )  # fmt: skip

    def more_orders(self, call: Call, body: Any) -> Call | None:
        """Ask for the next page."""
        return _next_page(call, body)

    def read_orders(self, body: Any) -> list[OrderView]:
        """Read the orders of our symbols in an answer, or what trades say of them."""
        rows = [row for row in rows_of(body) if row["symbol"] in self.ours]
        trades = [row for row in rows if "execId" in row]
        found = read_rows(self._order, [row for row in rows if "execId" not in row])
        ids = {row["orderId"] for row in trades if row["execType"] in TRADE_KINDS}
        return found + [
            self._of_trades([row for row in trades if row["orderId"] == one]) for one in sorted(ids)
        ]

    def _of_trades(self, rows: list[Any]) -> OrderView:
        """Make of its trades an order that bybit lists as trades only."""
        row, views = rows[0], [self._trade_view(row) for row in rows]
        executed = sum((one.qty for one in views), ZERO)
        return OrderView(
            order_id=row["orderId"], client_id=_client_id(row), symbol=self.ours[row["symbol"]],
            side=SIDES[row["side"]], ord_type=OrdType.MARKET,
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL, qty=executed, executed=executed,
            paid=sum((one.qty * one.price for one in views), ZERO), status=OrdStatus.FILLED,
            ns=views[0].ns,
        )  # fmt: skip

    def _order(self, row: Any) -> OrderView:
        """Read an order. Raises KeyError or ValueError on anything else."""
        executed, said = number(row["cumExecQty"]), row["orderStatus"]
        stop_px, price = positive(row.get("triggerPrice") or 0), positive(row["price"])
        kind = type_of(TYPES, row["orderType"], self.name, price=price)
        is_market = kind is OrdType.MARKET
        kinds = {
            (True, False): OrdType.MARKET, (False, False): OrdType.LIMIT,
            (True, True): OrdType.STOP, (False, True): OrdType.STOP_LIMIT,
        }  # fmt: skip
        status, reason = status_of(STATUS, said, self.name), str(row.get("rejectReason") or "")
        if reason == TAKES and not executed and status is OrdStatus.CANCELED:
            status = OrdStatus.REJECTED  # linear says Cancelled of what spot says Rejected
        by_value = row.get("marketUnit") == "quoteCoin" and is_market
        return OrderView(
            order_id=row["orderId"], client_id=_client_id(row), symbol=self.ours[row["symbol"]],
            side=SIDES[row["side"]], ord_type=kinds[is_market, stop_px is not None],
            time_in_force=TIF.get(row["timeInForce"], TimeInForce.GOOD_TILL_CANCEL),
            qty=executed + number(row.get("leavesQty") or 0) if by_value else number(row["qty"]),
            executed=executed, paid=number(row.get("cumExecValue") or 0), status=status,
            ns=int(row["updatedTime"]) * MS_NS,
            price=None if is_market else price, stop_px=stop_px,
            post_only=row["timeInForce"] == "PostOnly", reduce_only=bool(row.get("reduceOnly")),
            working=said not in WAITING, text="" if reason in NO_REASON else reason,
        )  # fmt: skip

    # Trades of ours.

    def trades_of(self, symbol: str, order_id: str, since_ms: int) -> Call:  # noqa: ARG002 - all
        """Ask for the trades of one order."""
        asked = self._of(symbol, f"{BY_ID}{order_id}") | {"limit": TRADES_PAGE}
        return Call("privateGetV5ExecutionList", asked)

    def trades_from(self, symbol: str, since_ms: int, until_ms: int) -> Call:
        """Ask for trades of a time."""
        asked = self._of(symbol) | {
            "startTime": since_ms, "endTime": until_ms, "limit": TRADES_PAGE
        }  # fmt: skip
        return Call("privateGetV5ExecutionList", asked)

    def more_trades(self, call: Call, body: Any) -> Call | None:
        """Ask for the next page."""
        return _next_page(call, body)

    def read_trades(self, body: Any, symbol: str) -> list[TradeView]:
        """Read trades of ours, the oldest first: some are of one millisecond."""
        native = self.native[symbol]
        return [
            self._trade_view(row) for row in reversed(rows_of(body))
            if row["symbol"] == native and row["execType"] in TRADE_KINDS
        ]  # fmt: skip

    def _trade_view(self, row: Any) -> TradeView:
        return TradeView(
            trade_id=row["execId"], order_id=row["orderId"], symbol=self.ours[row["symbol"]],
            side=SIDES[row["side"]], qty=number(row["execQty"]), price=number(row["execPrice"]),
            fee=number(row["execFee"] or 0), fee_currency=self._fee_currency(row),
            maker=bool(row["isMaker"]), ns=int(row["execTime"]) * MS_NS,
            client_id=_client_id(row),
        )  # fmt: skip

    def _fee_currency(self, row: Any) -> str:
        """Return in what a fee was paid; the stream and the list say it under different names."""
        raise NotImplementedError

    # The private stream.

    def user_key(self) -> Call | None:
        """Ask for what the stream's address carries: nothing here."""
        return None

    def read_user_key(self, body: Any) -> str:  # noqa: ARG002 - as others have it
        """Read it."""
        return ""

    def keep_user_key(self, key: str) -> Call | None:  # noqa: ARG002 - as others have it
        """Keep it alive."""
        return None

    def greet(self, message: Any, at_ms: int, key: str) -> Greeting:  # noqa: ARG002 - no key
        """Log on, subscribe when that was taken, and be ready when that was.

        Raises ValueError if bybit does not want it.
        """
        if message is None:
            logon = {"op": "auth", "args": [at_ms + LOGON_MS]}
            return Greeting((SendStream(USER, logon, signed=True),))
        op = message.get("op") if isinstance(message, dict) else None
        if op not in {"auth", "subscribe"}:
            return Greeting()
        if message.get("success") is not True:
            msg = f"{op} was refused: {message.get('ret_msg')}"
            raise ValueError(msg)
        if op == "subscribe":
            return Greeting(ready=True)
        topics = ["order", "execution", self.dcp_topic]  # DCP is of who listens to it
        return Greeting((SendStream(USER, {"op": "subscribe", "args": topics}),))

    def read_user(self, message: Any) -> list[StreamItem]:
        """Read one message of the private stream; what is of no interest is nothing."""
        topic = message.get("topic") if isinstance(message, dict) else None
        if topic not in {"order", "execution"}:
            return []
        rows = [
            row for row in message["data"]
            if row["category"] == self.category and row["symbol"] in self.ours
        ]  # fmt: skip
        if topic == "order":
            return [OrderNews(self._order(row)) for row in rows]
        return [
            FillNews(self._trade_view(row)) if row["execType"] in TRADE_KINDS
            else MoneyHint(row["execType"])
            for row in rows
        ]  # fmt: skip


def _client_id(row: Any) -> str:
    return row["orderLinkId"] or f"{BY_ID}{row['orderId']}"


def _next_page(call: Call, body: Any) -> Call | None:
    """Ask for the next page, until one is empty: a page that is not full need not be the last."""
    cursor = body["result"].get("nextPageCursor")
    if not cursor or not rows_of(body):
        return None
    return Call(call.method, call.params | {"cursor": cursor})
