"""The translation table of Binance USD-M futures, one-way mode. Pure.

A replace changes the order itself (PUT), which keeps its id there: quantity is the order's whole
quantity, what was filled included. Stops wait in a service of their own (binance_usdm_stops.py).
Quantities are units of the base asset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from msgspec.structs import replace

from bridges.crypto.budget import Limit
from bridges.crypto.effects import Call, Response
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
    most_at_market,
)
from bridges.crypto.tables.binance_usdm_stops import UsdmStops
from bridges.crypto.views import (
    Greeting,
    MoneyHint,
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

KINDS = {"FUNDING_FEE": "FUNDING", "TRANSFER": "DEPOSIT"}
TOLD_ELSEWHERE = frozenset(("COMMISSION", "REALIZED_PNL"))
"""Income that is known from the fills."""
FUNDING_MS = 8 * 3_600_000
LEDGER_PAGE = 1_000


class BinanceUsdm(UsdmStops, Binance):
    """Orders, account and user stream of Binance USD-M futures."""

    name = "binance usdm"
    prefix = "fapiPublic"
    signed = "fapiPrivate"
    amends_in_place = True
    wire_words: ClassVar[Mapping[str, str]] = {
        "post-only": "timeInForce=GTX", "reduce-only": "reduceOnly",
        "client id": "newClientOrderId", "lookup by client id": "origClientOrderId",
        "cancel by client id": "origClientOrderId",
        "replace": "PUT order, in place; a stop that waits: cancel, evidence, a new one",
        "stop orders": "algoOrder, clientAlgoId",
        "cancel all": "by symbol", "user stream": "listen key",
        "dead man": "countdownCancelAll, by symbol",
        "books": "100 ms changes on a snapshot", "test network": "demo trading",
    }  # fmt: skip
    trades_window_ms = 7 * 86_400_000
    trades_reach_ms = 180 * 86_400_000
    limits: tuple[Limit, ...] = (
        Limit(2_400, 60_000), Limit(300, 10_000, "orders"), Limit(1_200, 60_000, "orders"),
    )
    costs: ClassVar[Mapping[str, int]] = {
        "sapiGetAccountApiRestrictions": 0, "fapiPublicGetPremiumIndex": 10,
        "fapiPrivateGetSymbolConfig": 5,
        "fapiPrivateGetCommissionRate": 20, "fapiPublicGetDepth": 20,
        "fapiPrivateGetAllOrders": 5, "fapiPrivateGetUserTrades": 5, "fapiPrivateGetIncome": 30,
        "fapiPrivateV3GetBalance": 5, "fapiPrivateV3GetPositionRisk": 5,
        "fapiPrivateGetPositionSideDual": 30, "fapiPrivatePostOrder": 0, "fapiPrivatePutOrder": 0,
        "fapiPrivatePostAlgoOrder": 0,
        "fapiPrivatePostCountdownCancelAll": 10,
    }  # fmt: skip
    order_calls = frozenset(
        ("fapiPrivatePostOrder", "fapiPrivatePutOrder", "fapiPrivatePostAlgoOrder")
    )
    _trades_method = "GetUserTrades"

    @property
    def capabilities(self) -> Capabilities:
        """What the bridge can do there."""
        return Capabilities(
            ord_types=tuple(OrdType), times_in_force=tuple(TIF_NAMES),
            post_only=True, reduce_only=True, replace=True, look_up=True,
            absence_after_ms=self.recv_window_ms + 5_000,
        )  # fmt: skip

    def dead_man(self, timeout_ms: int) -> tuple[Call, ...]:
        """Let the exchange cancel what rests in each symbol; 0 lets go of it."""
        return tuple(
            Call(
                "fapiPrivatePostCountdownCancelAll",
                {"symbol": native, "countdownTime": timeout_ms}, urgent=True,
            )
            for native in self.ours
        )  # fmt: skip

    def mode(self) -> Call | None:
        """Ask whether both sides of a symbol may be held at once."""
        return Call("fapiPrivateGetPositionSideDual")

    def objection(self, body: Any) -> str:
        """Refuse hedge mode: an order would have to name its side of the position."""
        if body["dualSidePosition"] is False:
            return ""
        return "the account is in hedge mode: switch it to one-way mode"

    # Orders.

    def new_order(self, order: OrderRequest) -> Call:
        """Place an order; its trades come on the stream."""
        if order.stop_px is not None:
            return self.new_stop(order)
        params: dict[str, Any] = {
            "symbol": self.native[order.symbol], "side": SIDE_NAMES[order.side],
            "quantity": f"{order.order_qty:f}", "newClientOrderId": order.cl_ord_id,
            "newOrderRespType": "RESULT",
            "type": "LIMIT" if order.ord_type is OrdType.LIMIT else "MARKET",
        }  # fmt: skip
        if order.ord_type is OrdType.LIMIT:
            force = "GTX" if order.post_only else TIF_NAMES[order.time_in_force]
            params |= {"price": f"{order.price:f}", "timeInForce": force}
        if order.reduce_only:
            params["reduceOnly"] = "true"
        return Call("fapiPrivatePostOrder", params, urgent=True)

    def cancel(
        self, symbol: str, client_id: str, request_id: str, *, waits: bool  # noqa: ARG002 - spot's
    ) -> Call:
        """Cancel an order by our id."""
        if waits:
            return self.cancel_stop(client_id)
        params = {"symbol": self.native[symbol], "origClientOrderId": client_id}
        return Call("fapiPrivateDeleteOrder", params, urgent=True)

    def cancel_all(self, symbol: str) -> tuple[Call, ...]:
        """Cancel whatever rests in a symbol, stops first: none shall become an order meanwhile."""
        params = {"symbol": self.native[symbol]}
        return (
            Call("fapiPrivateDeleteAlgoOpenOrders", params, urgent=True),
            Call("fapiPrivateDeleteAllOpenOrders", params, urgent=True),
        )

    def replace(self, order: OrderRequest, client_id: str) -> Call:
        """Change price and quantity of an order."""
        params = {
            "symbol": self.native[order.symbol], "side": SIDE_NAMES[order.side],
            "origClientOrderId": client_id, "quantity": f"{order.order_qty:f}",
            "price": f"{order.price:f}",
        }  # fmt: skip
        return Call("fapiPrivatePutOrder", params, urgent=True)

    def judge_replace(self, response: Response) -> tuple[Verdict, Verdict]:
        """Say what became of the order: it is its own successor."""
        found = self.judge(response)
        return found, found

    def read_replace(self, body: Any) -> OrderView:
        """Read the changed order."""
        return self.read_order(body)

    def look_up(self, symbol: str, client_id: str, *, stop: bool) -> tuple[Call, ...]:
        """Ask for an order by our id; for what may be a stop, first where stops wait."""
        params = {"symbol": self.native[symbol], "origClientOrderId": client_id}
        order = Call("fapiPrivateGetOrder", params)
        return (self.look_up_stop(client_id), order) if stop else (order,)

    def read_found(self, body: Any, client_id: str) -> OrderView | Call | None:
        """Read the order that was asked for, or where it is now."""
        if "algoId" in body:
            return self.read_found_stop(body)
        return replace(self.read_order(body), client_id=client_id)

    def open_orders(self, symbols: Sequence[str]) -> tuple[Call, ...]:
        """Ask for what rests, symbol by symbol, and for the stops that wait."""
        return tuple(
            Call(method, {"symbol": self.native[symbol]})
            for method in ("fapiPrivateGetOpenAlgoOrders", "fapiPrivateGetOpenOrders")
            for symbol in symbols
        )

    def read_order(self, body: Any) -> OrderView:
        """Read an order in an answer. Raises KeyError or ValueError on anything else."""
        row = body
        if "algoId" in row:
            return self.read_stop(row)
        executed = number(row["executedQty"])
        paid = number(row["cumQuote"]) if "cumQuote" in row else number(row["avgPrice"]) * executed
        price, stop_px = positive(row["price"]), positive(row.get("stopPrice"))
        return OrderView(
            order_id=str(int(row["orderId"])), client_id=row["clientOrderId"],
            symbol=self.ours[row["symbol"]], side=SIDES[row["side"]],
            ord_type=type_of(TYPES, row["type"], self.name, price=price, stop_px=stop_px),
            time_in_force=TIF.get(row["timeInForce"], TimeInForce.GOOD_TILL_CANCEL),
            qty=number(row["origQty"]), executed=executed, paid=paid,
            status=status_of(STATUS, row["status"], self.name),
            ns=int(row["updateTime"]) * MS_NS, price=price, stop_px=stop_px,
            post_only=row["timeInForce"] == "GTX", reduce_only=bool(row["reduceOnly"]),
        )  # fmt: skip

    # The user stream.

    def user_key(self) -> Call | None:
        """Ask for the listen key that the stream's address carries."""
        return Call("fapiPrivatePostListenKey")

    def read_user_key(self, body: Any) -> str:
        """Read it."""
        return str(body["listenKey"])

    def keep_user_key(self, key: str) -> Call | None:  # noqa: ARG002 - other exchanges name it
        """Keep it alive: it dies after an hour otherwise."""
        return Call("fapiPrivatePutListenKey")

    def greet(self, message: Any, at_ms: int, key: str) -> Greeting:  # noqa: ARG002 - as spot
        """Say nothing: the address says it all."""
        return Greeting(ready=message is None)

    def read_user(self, message: Any) -> list[StreamItem]:
        """Read one message of the user stream; what is of no interest is nothing."""
        event = message.get("data", message) if isinstance(message, dict) else {}
        match event.get("e"):
            case "ORDER_TRADE_UPDATE" if event["o"]["s"] in self.ours:
                return [self._order_news(event["o"])]
            case "ALGO_UPDATE" if event["o"]["s"] in self.ours:
                stop = self.read_stop_event(event["o"] | {"T": event["T"]})
                return [] if stop is None else [OrderNews(stop)]
            case "ACCOUNT_UPDATE" if event["a"]["m"] != "ORDER":
                return [MoneyHint(str(event["a"]["m"]))]
            case "listenKeyExpired":
                return [StreamOver("the listen key has expired")]
            case _:
                return []

    def _order_news(self, row: Any) -> OrderNews:
        symbol, side, ns = self.ours[row["s"]], SIDES[row["S"]], int(row["T"]) * MS_NS
        trade = None
        if row["x"] in {"TRADE", "CALCULATED"} and number(row["l"]) > 0:
            trade = TradeView(
                trade_id=str(row["t"]), order_id=str(row["i"]), symbol=symbol, side=side,
                qty=number(row["l"]), price=number(row["L"]), fee=number(row.get("n") or 0),
                fee_currency=row.get("N") or "", maker=bool(row["m"]), ns=ns,
            )  # fmt: skip
        executed, price, stop_px = number(row["z"]), positive(row["p"]), positive(row.get("sp"))
        view = OrderView(
            order_id=str(row["i"]), client_id=row["c"], symbol=symbol, side=side,
            ord_type=type_of(TYPES, row["o"], self.name, price=price, stop_px=stop_px),
            time_in_force=TIF.get(row["f"], TimeInForce.GOOD_TILL_CANCEL),
            qty=number(row["q"]), executed=executed, paid=number(row["ap"]) * executed,
            status=status_of(STATUS, row["X"], self.name), ns=ns, price=price,
            stop_px=stop_px, post_only=row["f"] == "GTX",
            reduce_only=bool(row["R"]),
        )  # fmt: skip
        return OrderNews(view, trade)

    # The account.

    def account(self) -> Call:
        """Ask for balances."""
        return Call("fapiPrivateV3GetBalance")

    def read_balances(self, body: Any) -> tuple[Balance, ...]:
        """Read the balances; what is free is what the exchange would let an order block."""
        return tuple(
            Balance(
                currency=row["asset"], total=number(row["balance"]),
                free=number(row["availableBalance"]),
            )
            for row in body
        )  # fmt: skip

    def positions(self) -> Call:
        """Ask for positions."""
        return Call("fapiPrivateV3GetPositionRisk")

    def read_positions(self, body: Any, rules: Sequence[Instrument]) -> tuple[Position, ...]:
        """Read those of our symbols that are open."""
        currencies = {one.symbol: one.currency for one in rules}
        return tuple(
            Position(
                symbol=symbol, currency=currencies.get(symbol, ""),
                qty=number(row["positionAmt"]), avg_px=number(row["entryPrice"]),
            )
            for row in body
            if (symbol := self.ours.get(row["symbol"])) and number(row["positionAmt"])
        )

    def ledger(self, since_ms: int) -> Call | None:
        """Ask for what moved money without a trade."""
        params = {"startTime": since_ms, "limit": LEDGER_PAGE}
        return Call("fapiPrivateGetIncome", params)

    def more_ledger(self, call: Call, body: Any) -> Call | None:
        """Ask from the last entry's moment on: entries have ids."""
        if len(body) < LEDGER_PAGE:
            return None
        return Call(call.method, call.params | {"startTime": int(body[-1]["time"])})

    def read_ledger(self, body: Any) -> tuple[LedgerEntry, ...]:
        """Read it."""
        return tuple(
            LedgerEntry(
                entry_id=f"{row['incomeType']}{row['tranId']}",
                kind=KINDS.get(row["incomeType"], "CORRECTION"), currency=row["asset"],
                amount=number(row["income"]), transact_ns=int(row["time"]) * MS_NS,
                symbol=self.ours.get(row["symbol"] or "", ""),
            )
            for row in body
            if row["incomeType"] not in TOLD_ELSEWHERE
        )  # fmt: skip

    def listing(self) -> tuple[Call, ...]:
        """Ask for the instruments, funding, leverage and fees."""
        fees = (
            Call("fapiPrivateGetCommissionRate", {"symbol": native}) for native in self.ours
        )
        return (
            Call("fapiPublicGetExchangeInfo"), Call("fapiPublicGetPremiumIndex"),
            Call("fapiPublicGetFundingInfo"), Call("fapiPrivateGetSymbolConfig"), *fees,
        )  # fmt: skip

    def read_listing(self, bodies: Sequence[Any]) -> tuple[Instrument, ...]:
        """Read those that trade. Raises KeyError or ValueError if a symbol's rules are missing."""
        listed, premiums, rules, settings, *fees = bodies
        premium = {row["symbol"]: row for row in premiums}
        hours = {row["symbol"]: int(row["fundingIntervalHours"]) for row in rules}
        leverage = {row["symbol"]: Decimal(int(row["leverage"])) for row in settings}
        fee = {row["symbol"]: row for row in fees}
        return tuple(
            self._instrument(
                row, premium[row["symbol"]], hours.get(row["symbol"], 8),
                leverage.get(row["symbol"]), fee[row["symbol"]],
            )
            for row in listed["symbols"]
            if row["symbol"] in self.ours and row["status"] == "TRADING"
        )  # fmt: skip

    def _instrument(
        self, row: Any, premium: Any, hours: int, leverage: Decimal | None, fee: Any
    ) -> Instrument:
        filters = {one["filterType"]: one for one in row["filters"]}
        lot = filters["LOT_SIZE"]
        return Instrument(
            symbol=self.ours[row["symbol"]], base=row["baseAsset"], currency=row["quoteAsset"],
            price_tick=plain(number(filters["PRICE_FILTER"]["tickSize"])),
            qty_step=plain(number(lot["stepSize"])), min_qty=number(lot["minQty"]),
            max_qty=number(lot["maxQty"]), max_market_qty=most_at_market(filters),
            min_notional=number(filters["MIN_NOTIONAL"]["notional"]),
            maker_fee=number(fee["makerCommissionRate"]),
            taker_fee=number(fee["takerCommissionRate"]),
            funding_rate=number(premium["lastFundingRate"] or 0),
            funding_interval_ms=hours * FUNDING_MS // 8,
            funding_ns=int(premium["nextFundingTime"]) * MS_NS,
            margin_rate=round(1 / leverage, 12) if leverage else None,
        )  # fmt: skip
