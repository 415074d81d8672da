"""The translation table of Binance spot. Pure.

A replace is a cancel and a new order in one request. It is atomic only as long as nothing of the
order was filled (`cancelRestrictions=ONLY_NEW`): with a partial fill the remainder is not known
before the cancel, so the core does it in two steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from bridges.crypto.budget import Limit
from bridges.crypto.effects import USER, Call, Response, SendStream
from bridges.crypto.holdings import spot_positions
from bridges.crypto.numbers import number, positive
from bridges.crypto.tables.binance import (
    MS_NS,
    SIDE_NAMES,
    SIDES,
    STATUS,
    TIF,
    TIF_NAMES,
    TYPES,
    Binance,
    judge,
    most_at_market,
    verdict_of,
)
from bridges.crypto.views import (
    Greeting,
    MoneyNews,
    OrderNews,
    OrderView,
    StreamItem,
    StreamOver,
    TradeView,
    Verdict,
)
from bridges.crypto.words import status_of, type_of
from bridges.instrument import Instrument
from bridges.port import (
    Balance,
    Capabilities,
    LedgerEntry,
    OrderRequest,
    Position,
)
from protocol.fields import OrdType, TimeInForce
from protocol.numbers import plain

DAY_MS = 86_400_000
ACTIVE = frozenset(("TRADING",))


class BinanceSpot(Binance):
    """Orders, account and user stream of Binance spot."""

    name = "binance spot"
    prefix = "public"
    signed = "private"
    amends_in_place = False
    wire_words: ClassVar[Mapping[str, str]] = {
        "post-only": "LIMIT_MAKER", "stop orders": "STOP_LOSS, STOP_LOSS_LIMIT",
        "client id": "newClientOrderId",
        "lookup by client id": "origClientOrderId", "cancel by client id": "origClientOrderId",
        "replace": "cancelReplace while nothing is filled; else cancel, evidence, the remainder",
        "cancel all": "by symbol", "user stream": "websocket API, logon by signature",
        "books": "100 ms changes on a snapshot", "test network": "spot test network",
    }  # fmt: skip
    limits: tuple[Limit, ...] = (
        Limit(6_000, 60_000), Limit(100, 10_000, "orders"), Limit(200_000, DAY_MS, "orders"),
    )
    costs: ClassVar[Mapping[str, int]] = {
        "sapiGetAccountApiRestrictions": 0, "publicGetExchangeInfo": 20, "publicGetDepth": 50,
        "privateGetAccount": 20, "privateGetMyTrades": 20, "privateGetAllOrders": 20,
        "privateGetOpenOrders": 6, "privateGetOrder": 4,
    }  # fmt: skip
    order_calls = frozenset(("privatePostOrder", "privatePostOrderCancelReplace"))
    _trades_method = "GetMyTrades"
    _light_when_one = "privateGetMyTrades"
    trades_window_ms = 86_400_000

    @property
    def capabilities(self) -> Capabilities:
        """What the bridge can do there."""
        return Capabilities(
            ord_types=tuple(OrdType), times_in_force=tuple(TIF_NAMES), post_only=True,
            replace=True, look_up=True, absence_after_ms=self.recv_window_ms + 5_000,
        )  # fmt: skip

    # Orders.

    def new_order(self, order: OrderRequest) -> Call:
        """Place an order; the answer has its fills."""
        return Call("privatePostOrder", self._order(order), urgent=True)

    def _order(self, order: OrderRequest) -> dict[str, Any]:
        params: dict[str, Any] = {
            "symbol": self.native[order.symbol], "side": SIDE_NAMES[order.side],
            "quantity": f"{order.order_qty:f}", "newClientOrderId": order.cl_ord_id,
            "newOrderRespType": "FULL",
        }  # fmt: skip
        names = {OrdType.MARKET: "MARKET", OrdType.STOP: "STOP_LOSS"}
        if order.ord_type in names:
            params["type"] = names[order.ord_type]
        elif order.post_only:
            params["type"] = "LIMIT_MAKER"
        else:
            limit = order.ord_type is OrdType.LIMIT
            params["type"] = "LIMIT" if limit else "STOP_LOSS_LIMIT"
            params["timeInForce"] = TIF_NAMES[order.time_in_force]
        if order.price is not None:
            params["price"] = f"{order.price:f}"
        if order.stop_px is not None:
            params["stopPrice"] = f"{order.stop_px:f}"
        return params

    def cancel(
        self, symbol: str, client_id: str, request_id: str, *, waits: bool  # noqa: ARG002 - as usdm
    ) -> Call:
        """Cancel an order by our id; the stream then names the request."""
        params = {"symbol": self.native[symbol], "origClientOrderId": client_id}
        return Call(
            "privateDeleteOrder", params | {"newClientOrderId": request_id}, urgent=True
        )

    def cancel_all(self, symbol: str) -> tuple[Call, ...]:
        """Cancel whatever rests in a symbol."""
        return (Call("privateDeleteOpenOrders", {"symbol": self.native[symbol]}, urgent=True),)

    def replace(self, order: OrderRequest, client_id: str) -> Call:
        """Replace an order of which nothing was filled, or leave it as it is."""
        params = self._order(order) | {
            "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrigClientOrderId": client_id,
            "cancelRestrictions": "ONLY_NEW",
        }  # fmt: skip
        return Call("privatePostOrderCancelReplace", params, urgent=True)

    def judge_replace(self, response: Response) -> tuple[Verdict, Verdict]:
        """Say what became of the old order and of the new one."""
        body = response.body
        if response.status == 200 and isinstance(body, dict):  # noqa: PLR2004 - HTTP's own
            done = body.get("cancelResult") == "SUCCESS" == body.get("newOrderResult")
            return (Verdict.DONE, Verdict.DONE) if done else (Verdict.DOUBT, Verdict.DOUBT)
        parts = body.get("data") if isinstance(body, dict) else None
        if response.status not in {400, 409} or not isinstance(parts, dict):
            found = judge(response)
            return found, found
        old = self._judge_part(parts, "cancel")
        if parts.get("newOrderResult") == "NOT_ATTEMPTED":
            return old, Verdict.REFUSED
        return old, self._judge_part(parts, "newOrder")

    def _judge_part(self, parts: dict[str, Any], name: str) -> Verdict:
        if parts.get(f"{name}Result") == "SUCCESS":
            return Verdict.DONE
        said = parts.get(f"{name}Response")
        if not isinstance(said, dict):
            return Verdict.DOUBT
        return verdict_of(said.get("code"), str(said.get("msg", "")))

    def read_replace(self, body: Any) -> OrderView:
        """Read the new order of a replace that was done."""
        return self.read_order(body["newOrderResponse"])

    def look_up(
        self, symbol: str, client_id: str, *, stop: bool  # noqa: ARG002 - stops are orders here
    ) -> tuple[Call, ...]:
        """Ask for an order by our id."""
        params = {"symbol": self.native[symbol], "origClientOrderId": client_id}
        return (Call("privateGetOrder", params),)

    def open_orders(self, symbols: Sequence[str]) -> tuple[Call, ...]:
        """Ask for what rests, symbol by symbol."""
        return tuple(
            Call("privateGetOpenOrders", {"symbol": self.native[symbol]}) for symbol in symbols
        )

    def read_order(self, body: Any) -> OrderView:
        """Read an order in an answer. Raises KeyError or ValueError on anything else."""
        row = body
        symbol = self.ours[row["symbol"]]
        order_id, side = str(int(row["orderId"])), SIDES[row["side"]]
        ns = int(row.get("transactTime") or row.get("updateTime") or row["time"]) * MS_NS
        trades = tuple(
            TradeView(
                trade_id=str(one["tradeId"]), order_id=order_id, symbol=symbol, side=side,
                qty=number(one["qty"]), price=number(one["price"]),
                fee=number(one["commission"]), fee_currency=one["commissionAsset"], maker=False,
                ns=ns,
            )
            for one in row.get("fills", ())
        )  # fmt: skip
        price, stop_px = positive(row["price"]), positive(row.get("stopPrice"))
        kind = type_of(TYPES, row["type"], self.name, price=price, stop_px=stop_px)
        waits = kind in {OrdType.STOP, OrdType.STOP_LIMIT}
        return OrderView(
            order_id=order_id, client_id=row.get("origClientOrderId") or row["clientOrderId"],
            symbol=symbol, side=side, ord_type=kind,
            time_in_force=TIF.get(row["timeInForce"], TimeInForce.GOOD_TILL_CANCEL),
            qty=number(row["origQty"]), executed=number(row["executedQty"]),
            paid=number(row["cummulativeQuoteQty"]), ns=ns, price=price, stop_px=stop_px,
            status=status_of(STATUS, row["status"], self.name),
            post_only=row["type"] == "LIMIT_MAKER", trades=trades,
            working=bool(row.get("isWorking", not waits)),
        )  # fmt: skip

    # The user stream.

    def user_key(self) -> Call | None:
        """Ask for what the stream's address carries: nothing here."""
        return None

    def read_user_key(self, body: Any) -> str:  # noqa: ARG002 - as futures have it
        """Read it."""
        return ""

    def keep_user_key(self, key: str) -> Call | None:  # noqa: ARG002 - as futures have it
        """Keep it alive."""
        return None

    def greet(self, message: Any, at_ms: int, key: str) -> Greeting:  # noqa: ARG002 - as futures
        """Log on to the user stream by a signature."""
        if message is None:
            words = {
                "id": "1", "method": "userDataStream.subscribe.signature",
                "params": {"timestamp": at_ms},
            }  # fmt: skip
            return Greeting((SendStream(USER, words, signed=True),))
        return Greeting(ready=self._is_welcome(message))

    def _is_welcome(self, message: Any) -> bool:
        return (
            isinstance(message, dict)
            and message.get("status") == 200  # noqa: PLR2004 - HTTP's own
            and isinstance(message.get("result"), dict)
            and "subscriptionId" in message["result"]
        )

    def read_user(self, message: Any) -> list[StreamItem]:
        """Read one message of the user stream; what is of no interest is nothing."""
        event = message.get("event", message) if isinstance(message, dict) else {}
        match event.get("e"):
            case "executionReport" if event["s"] in self.ours:
                return [self._order_news(event)]
            case "balanceUpdate":
                ns = int(event["T"]) * MS_NS
                entry = LedgerEntry(
                    entry_id=f"B{event['T']}{event['a']}{event['d']}", kind="DEPOSIT",
                    currency=event["a"], amount=number(event["d"]), transact_ns=ns,
                )  # fmt: skip
                return [MoneyNews(entry)]
            case "eventStreamTerminated" | "serverShutdown":
                return [StreamOver(str(event["e"]))]
            case _:
                return []

    def _order_news(self, event: Any) -> OrderNews:
        symbol, side, ns = self.ours[event["s"]], SIDES[event["S"]], int(event["T"]) * MS_NS
        trade = None
        if event["x"] == "TRADE":
            trade = TradeView(
                trade_id=str(event["t"]), order_id=str(event["i"]), symbol=symbol, side=side,
                qty=number(event["l"]), price=number(event["L"]), fee=number(event["n"] or 0),
                fee_currency=event["N"] or "", maker=bool(event["m"]), ns=ns,
            )  # fmt: skip
        ended = event["x"] in {"CANCELED", "REPLACED", "EXPIRED", "REJECTED"}
        why = event.get("r") or "NONE"
        price, stop_px = positive(event["p"]), positive(event.get("P"))
        view = OrderView(
            order_id=str(event["i"]), client_id=(event.get("C") if ended else "") or event["c"],
            symbol=symbol, side=side,
            ord_type=type_of(TYPES, event["o"], self.name, price=price, stop_px=stop_px),
            time_in_force=TIF.get(event["f"], TimeInForce.GOOD_TILL_CANCEL),
            qty=number(event["q"]), executed=number(event["z"]), paid=number(event["Z"]),
            status=status_of(STATUS, event["X"], self.name), ns=ns, price=price,
            stop_px=stop_px, post_only=event["o"] == "LIMIT_MAKER",
            working=bool(event["w"]) or event["X"] not in {"NEW", "PENDING_NEW"},
            text="" if why == "NONE" else str(why),
        )  # fmt: skip
        return OrderNews(view, trade)

    # The account.

    def account(self) -> Call:
        """Ask for balances; they also say the fees."""
        return Call("privateGetAccount", {"omitZeroBalances": "true"})

    def read_balances(self, body: Any) -> tuple[Balance, ...]:
        """Read the balances."""
        return tuple(
            Balance(
                currency=row["asset"], free=number(row["free"]),
                total=number(row["free"]) + number(row["locked"]),
            )
            for row in body["balances"]
        )  # fmt: skip

    def positions(self) -> Call:
        """Ask for positions: on a spot account, what is held of each base currency."""
        return self.account()

    def read_positions(self, body: Any, rules: Sequence[Instrument]) -> tuple[Position, ...]:
        """Read them."""
        return spot_positions(self.read_balances(body), rules)

    def ledger(self, since_ms: int) -> Call | None:  # noqa: ARG002 - as futures have it
        """Ask for what moved money without a trade: spot tells it on the stream only."""
        return None

    def more_ledger(self, call: Call, body: Any) -> Call | None:  # noqa: ARG002 - as futures
        """Ask for nothing more."""
        return None

    def read_ledger(self, body: Any) -> tuple[LedgerEntry, ...]:  # noqa: ARG002 - as above
        """Read it."""
        return ()

    def listing(self) -> tuple[Call, ...]:
        """Ask for the instruments and fees."""
        names = ",".join(f'"{native}"' for native in self.ours)
        listed = Call("publicGetExchangeInfo", {"symbols": f"[{names}]"})
        return (listed, self.account())

    def read_listing(self, bodies: Sequence[Any]) -> tuple[Instrument, ...]:
        """Read those that trade. Raises KeyError or ValueError if a symbol's rules are missing."""
        listed, account = bodies
        rates = account["commissionRates"]
        return tuple(
            self._instrument(row, rates)
            for row in listed["symbols"]
            if row["symbol"] in self.ours and row["status"] in ACTIVE
        )

    def _instrument(self, row: Any, rates: Any) -> Instrument:
        filters = {one["filterType"]: one for one in row["filters"]}
        lot = filters["LOT_SIZE"]
        least = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL") or {"minNotional": "0"}
        return Instrument(
            symbol=self.ours[row["symbol"]], base=row["baseAsset"], currency=row["quoteAsset"],
            price_tick=plain(number(filters["PRICE_FILTER"]["tickSize"])),
            qty_step=plain(number(lot["stepSize"])), min_qty=number(lot["minQty"]),
            max_qty=number(lot["maxQty"]), min_notional=number(least["minNotional"]),
            max_notional=number(least.get("maxNotional") or 0),
            max_market_qty=most_at_market(filters),
            maker_fee=number(rates["maker"]), taker_fee=number(rates["taker"]),
        )  # fmt: skip
