"""What OKX's spot and perpetual markets have in common: words, codes, orders, trades. Pure.

API v5 (https://www.okx.com/docs-v5/en/), one unified account in net mode. An answer to an order, a
cancel or an amendment is an acknowledgement; the orders channel or a look-up tells what came of it.

`sz` is in units of the base currency on spot and in contracts on perpetuals: `_units` has what one
is worth, from the listing. An order and an amendment carry `expTime`: the exchange drops them when
they arrive later, and that is what makes an absence provable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from bridges.crypto.effects import USER, Call, SendStream
from bridges.crypto.numbers import average, number, positive
from bridges.crypto.tables.okx_account import PAGE, OkxAccount, older
from bridges.crypto.tables.okx_answers import OkxAnswers
from bridges.crypto.tables.okx_market import OkxMarket
from bridges.crypto.tables.okx_stops import SIDE_NAMES, SIDES, SIGNED_MS, OkxStops
from bridges.crypto.views import (
    Access,
    AmendFailed,
    Greeting,
    MoneyHint,
    OrderNews,
    OrderView,
    StreamItem,
    StreamOver,
    TradeView,
)
from bridges.crypto.words import read_rows, status_of
from bridges.port import OrderRequest
from protocol.fields import OrdStatus, OrdType, TimeInForce
from protocol.numbers import plain

MS_NS = 1_000_000
DAY_MS = 86_400_000
STATUS = {
    "live": OrdStatus.NEW, "partially_filled": OrdStatus.PARTIALLY_FILLED,
    "filled": OrdStatus.FILLED, "canceled": OrdStatus.CANCELED,
    "mmp_canceled": OrdStatus.CANCELED, "order_failed": OrdStatus.REJECTED,
}  # fmt: skip
AT_ONCE = {
    "ioc": TimeInForce.IMMEDIATE_OR_CANCEL, "fok": TimeInForce.FILL_OR_KILL,
    "market": TimeInForce.IMMEDIATE_OR_CANCEL, "optimal_limit_ioc": TimeInForce.IMMEDIATE_OR_CANCEL,
}  # fmt: skip
FORCES = {
    TimeInForce.GOOD_TILL_CANCEL: "limit", TimeInForce.IMMEDIATE_OR_CANCEL: "ioc",
    TimeInForce.FILL_OR_KILL: "fok",
}  # fmt: skip
MARKETS = frozenset(("market", "optimal_limit_ioc"))
WOULD_TAKE = "31"
WHY = {
    "0": "by the exchange", "13": "FOK: cannot be filled whole", "14": "IOC: the remainder",
    "20": "cancel-all-after", WOULD_TAKE: "POST_ONLY: it would have traded at once",
    "32": "SELF_TRADE: met an order of our own",
}  # fmt: skip
"""What some of the values of cancelSource mean."""
SILENT = frozenset(("snapshot", "filled", "adjust_margin", "set_leverage"))
"""What the balance_and_position channel tells of that moves no money without a trade."""
DEAD_MAN_S = (10, 120)


class Okx(OkxAccount, OkxAnswers, OkxStops, OkxMarket):
    """The common part of both tables. `symbols` maps our names to the exchange's."""

    name: str
    kind = ""
    """instType: SPOT or SWAP."""
    trade_mode = ""
    """tdMode of an order."""
    at_market = ""
    """ordType of a market order that never rests."""
    amends_in_place = True
    amends_stops = False
    audit_ms = 15_000
    poll_ms = 0
    tells_trades_apart = False
    trades_window_ms = 0
    trades_reach_ms = 89 * DAY_MS

    def __init__(self, symbols: Mapping[str, str], *, recv_window_ms: int) -> None:
        super().__init__()
        self.native = dict(symbols)
        self.ours = {native: symbol for symbol, native in symbols.items()}
        self.recv_window_ms = recv_window_ms
        self.stop_doubt_ms = max(SIGNED_MS - recv_window_ms, 0)
        self._units: dict[str, Decimal] = {}
        self._at_ms = 0

    # Words of both.

    def stamp(self, call: Call, at_ms: int) -> Call:
        """Add the moment to a signed call, and to one that makes orders until when it holds."""
        self._at_ms = at_ms
        if not call.method.startswith("private"):
            return call
        until_ms = at_ms + self.recv_window_ms if "expires" in call.params else 0
        params = {name: value for name, value in call.params.items() if name != "expires"}
        return Call(
            call.method, params, call.urgent, at_ms=at_ms, until_ms=until_ms, rows=call.rows
        )

    def time(self) -> Call:
        """Ask for the exchange's clock."""
        return Call("publicGetPublicTime", urgent=True)

    def read_time(self, body: Any) -> int:
        """Read it, in ms."""
        return int(body["data"][0]["ts"])

    def access(self) -> Call | None:
        """Ask what the API key may do."""
        return Call("privateGetAccountConfig")

    def read_access(self, body: Any) -> Access:
        """Read that: permissions, and the addresses that the key is bound to."""
        row = body["data"][0]
        may = {one.strip() for one in row["perm"].split(",")}
        return Access(trades="trade" in may, withdraws="withdraw" in may, bound=bool(row["ip"]))

    def mode(self) -> Call | None:
        """Ask for the mode of the account and of its positions."""
        return Call("privateGetAccountConfig")

    # Orders.

    def _name(self, symbol: str, client_id: str) -> dict[str, Any]:
        """Name an order: by our id, or by the exchange's if it has none of ours."""
        key, name = ("ordId", client_id[1:]) if client_id[:1] == "#" else ("clOrdId", client_id)
        if client_id in self._became:
            key, name = "ordId", self._became[client_id]
        return {"instId": self.native[symbol], key: name}

    def _size(self, symbol: str, qty: Decimal) -> str:
        """Write a quantity as `sz`. Raises ValueError if it does not convert exactly."""
        unit = self._units[symbol]
        size = plain(qty / unit)
        if size * unit != qty:
            raise ValueError
        return f"{size:f}"

    def new_order(self, order: OrderRequest) -> Call:
        """Place an order."""
        if order.stop_px is not None:
            size = self._size(order.symbol, order.order_qty)
            return self.new_stop(order, size, {"tag": self._tag, **self._more(order)})
        params: dict[str, Any] = {
            "instId": self.native[order.symbol], "tdMode": self.trade_mode,
            "clOrdId": order.cl_ord_id, "side": SIDE_NAMES[order.side], "tag": self._tag,
            "sz": self._size(order.symbol, order.order_qty), "expires": True,
        }  # fmt: skip
        if order.ord_type is OrdType.MARKET:
            params["ordType"] = self.at_market
        else:
            params["ordType"] = "post_only" if order.post_only else FORCES[order.time_in_force]
            params["px"] = f"{order.price:f}"
        return Call("privatePostTradeOrder", params | self._more(order), urgent=True)

    def _more(self, order: OrderRequest) -> dict[str, Any]:
        """Say what an order of this market has besides."""
        raise NotImplementedError

    @property
    def _tag(self) -> str:
        """What marks the orders that this bridge's dead man may cancel: letters only."""
        return f"portcullis{self.kind.lower()}"

    def cancel(self, symbol: str, client_id: str, request_id: str, *, waits: bool) -> Call:
        """Cancel an order by our id."""
        del request_id
        if waits:
            return self.cancel_stop(symbol, client_id)
        return Call("privatePostTradeCancelOrder", self._name(symbol, client_id), urgent=True)

    def cancel_all(self, symbol: str) -> tuple[Call, ...]:  # noqa: ARG002 - others have a call
        """Say that there is no such call: what rests is cancelled one by one."""
        return ()

    def dead_man(self, timeout_ms: int) -> tuple[Call, ...]:
        """Let the exchange cancel what has our tag unless this is said again; 0 lets go of it."""
        least, most = DEAD_MAN_S
        seconds = min(max(-(-timeout_ms // 1000), least), most) if timeout_ms else 0
        params = {"timeOut": str(seconds), "tag": self._tag}
        return (Call("privatePostTradeCancelAllAfter", params, urgent=True),)

    def replace(self, order: OrderRequest, client_id: str) -> Call:
        """Change price and quantity of an order; the stream then names the request."""
        params = self._name(order.symbol, client_id) | {
            "reqId": order.cl_ord_id, "newSz": self._size(order.symbol, order.order_qty),
            "newPx": f"{order.price:f}", "expires": True,
        }  # fmt: skip
        return Call("privatePostTradeAmendOrder", params, urgent=True)

    def read_replace(self, body: Any) -> OrderView:
        """Raise: an answer only acknowledges."""
        return self.read_order(body)

    def read_order(self, body: Any) -> OrderView:
        """Raise: an answer only acknowledges."""
        msg = f"an acknowledgement, no order: {body}"
        raise ValueError(msg)

    def look_up(self, symbol: str, client_id: str, *, stop: bool) -> tuple[Call, ...]:
        """Ask for an order by our id; for what may be a stop, first where stops wait."""
        order = Call("privateGetTradeOrder", self._name(symbol, client_id))
        if not stop or "ordId" in order.params:
            return (order,)
        return (self.look_up_stop(client_id), order)

    def read_found(self, body: Any, client_id: str) -> OrderView | Call | None:
        """Read the order: OKX answers 51603 when it has none."""
        row = body["data"][0]
        if self.is_stop_row(row):
            return self.read_found_stop(row)
        view = self._view(row)
        return view if client_id in {view.client_id, f"#{view.order_id}"} else None

    def open_orders(self, symbols: Sequence[str]) -> tuple[Call, ...]:
        """Ask for what rests, symbol by symbol, and for the stops that wait.

        The stops first: one that becomes an order meanwhile is then in the second list.
        """
        return self.waiting_stops(symbols) + tuple(
            Call("privateGetTradeOrdersPending", {"instId": self.native[symbol], "limit": PAGE})
            for symbol in symbols
        )

    def orders_of(self, symbol: str, order_ids: Sequence[str]) -> tuple[Call, ...]:
        """Ask for orders by the exchange's ids, one each."""
        return tuple(
            Call("privateGetTradeOrder", {"instId": self.native[symbol], "ordId": one})
            for one in order_ids[:PAGE]
        )

    def more_orders(self, call: Call, body: Any) -> Call | None:
        """Ask for the next page: what is older than the last."""
        return older(call, body, "algoId" if "Algo" in call.method else "ordId")

    def read_orders(self, body: Any) -> list[OrderView]:
        """Read the orders of our symbols."""
        return read_rows(
            lambda row: self.read_stop(row) if self.is_stop_row(row) else self._view(row),
            [row for row in body["data"] if row["instId"] in self.ours],
        )

    def _view(self, row: Any) -> OrderView:
        symbol, kind = self.ours[row["instId"]], str(row["ordType"])
        stop = row.get("algoClOrdId") or ""
        self.note_order(stop, row["ordId"])
        unit = self._units[symbol]
        executed = number(row["accFillSz"] or 0) * unit
        in_money = row.get("tgtCcy") == "quote_ccy"
        status = status_of(STATUS, row["state"], self.name)
        why = str(row.get("cancelSource") or "")
        if why == WOULD_TAKE and not executed:
            status = OrdStatus.REJECTED
        return OrderView(
            order_id=str(row["ordId"]), client_id=stop or row["clOrdId"] or f"#{row['ordId']}",
            symbol=symbol, side=SIDES[row["side"]],
            ord_type=OrdType.MARKET if kind in MARKETS else OrdType.LIMIT,
            time_in_force=AT_ONCE.get(kind, TimeInForce.GOOD_TILL_CANCEL),
            qty=executed if in_money else number(row["sz"]) * unit, executed=executed,
            paid=average(row["avgPx"]) * executed, status=status,
            ns=int(row["uTime"]) * MS_NS, price=positive(row["px"]),
            post_only=kind == "post_only", reduce_only=str(row.get("reduceOnly")) == "true",
            text=str(row.get("cancelSourceReason") or WHY.get(why, "")),
        )  # fmt: skip

    # Trades of ours.

    def _fills(self, since_ms: int, params: dict[str, Any]) -> Call:
        """Ask where trades of that age are: of three days, or of three months."""
        is_new = since_ms > self._at_ms - 3 * DAY_MS + DAY_MS // 24
        method = "privateGetTradeFills" if is_new else "privateGetTradeFillsHistory"
        return Call(method, {"instType": self.kind, "limit": PAGE, **params})

    def trades_of(self, symbol: str, order_id: str, since_ms: int) -> Call:
        """Ask for the trades of one order."""
        return self._fills(since_ms, {"instId": self.native[symbol], "ordId": order_id})

    def trades_from(self, symbol: str, since_ms: int, until_ms: int) -> Call:
        """Ask for trades of a time."""
        span = {"begin": since_ms, "end": until_ms}
        return self._fills(since_ms, {"instId": self.native[symbol], **span})

    def more_trades(self, call: Call, body: Any) -> Call | None:
        """Ask for the next page: what is older than the last."""
        return older(call, body, "billId")

    def read_trades(self, body: Any, symbol: str) -> list[TradeView]:
        """Read trades of ours, the oldest first: some are of one millisecond."""
        return [
            self._trade(row, symbol, row["fee"], row["feeCcy"]) for row in reversed(body["data"])
        ]

    def _trade(self, row: Any, symbol: str, fee: Any, fee_currency: Any) -> TradeView:
        return TradeView(
            trade_id=f"{row['instId']}.{row['tradeId']}", order_id=str(row["ordId"]),
            symbol=symbol, side=SIDES[row["side"]], qty=number(row["fillSz"]) * self._units[symbol],
            price=number(row["fillPx"]), fee=-number(fee or 0), fee_currency=str(fee_currency),
            maker=row["execType"] == "M", ns=int(row["fillTime"]) * MS_NS,
            client_id=row.get("algoClOrdId") or row["clOrdId"],
        )  # fmt: skip

    # The user stream.

    def user_key(self) -> Call | None:
        """Need none: the address is the same for everybody."""
        return None

    def read_user_key(self, body: Any) -> str:  # noqa: ARG002 - as futures of Binance have it
        """Read nothing."""
        return ""

    def keep_user_key(self, key: str) -> Call | None:  # noqa: ARG002 - as above
        """Keep nothing."""
        return None

    def greet(self, message: Any, at_ms: int, key: str) -> Greeting:  # noqa: ARG002 - as above
        """Log on, then subscribe to orders and money. Raises ValueError if that is refused."""
        if message is None:
            login = {"op": "login", "args": [{"timestamp": str(at_ms // 1000)}]}
            return Greeting((SendStream(USER, login, signed=True),))
        event = message.get("event") if isinstance(message, dict) else None
        if event == "error":
            msg = f"{message.get('code')}: {message.get('msg')}"
            raise ValueError(msg)
        if event == "login":
            channels = [
                {"channel": "balance_and_position"},
                {"channel": "orders", "instType": self.kind},
            ]
            words = {"op": "subscribe", "args": channels}
            return Greeting((SendStream(USER, words),))
        is_ready = event == "subscribe" and message["arg"]["channel"] == "orders"
        return Greeting(ready=is_ready)

    def read_user(self, message: Any) -> list[StreamItem]:
        """Read one message of the user stream; what is of no interest is nothing."""
        if not isinstance(message, dict):
            return []
        if message.get("event") in {"error", "notice"}:
            return [StreamOver(f"{message.get('code')}: {message.get('msg')}")]
        if "event" in message or "arg" not in message:
            return []
        items: list[StreamItem] = []
        for row in message["data"]:
            if message["arg"]["channel"] == "orders" and row["instId"] in self.ours:
                items += self._order_items(row)
            elif row.get("eventType", "snapshot") not in SILENT:
                items.append(MoneyHint(str(row["eventType"])))
        return items

    def _order_items(self, row: Any) -> list[StreamItem]:
        view, trade = self._view(row), None
        if row.get("amendResult") == "-1":
            words = f"{row.get('code')}: {row.get('msg')}"
            return [OrderNews(view), AmendFailed(view.client_id, str(row["reqId"]), words)]
        if row["tradeId"] and number(row["fillSz"] or 0) > 0:
            trade = self._trade(row, view.symbol, row["fillFee"], row["fillFeeCcy"])
        return [OrderNews(view, trade)]
