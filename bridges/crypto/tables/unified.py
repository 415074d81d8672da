"""Any other spot exchange of ccxt, by what ccxt declares of it and its unified methods. Pure.

Rules: nothing is known of such an exchange but what ccxt says, so less is offered, and slowly: no
stream (orders, trades and books are asked for every `poll_ms`), no stops; a replace is a cancel,
its evidence, and a new order. The first id that comes with an order is its id: an answer to a
cancel may carry another.
An exchange is refused at the start unless ccxt declares all that recovery stands on (`objections`).
An order is looked for by the exchange's id, once that is known, and in the open and then in the
ended orders, by our id. An exchange may answer a page of a list and not say so: what fills a page
is no proof of what is not on it, but of ended orders that reach back to before the order was sent.
A refusal is believed
only by the class of ccxt's exception, from a short list, in an answer of the exchange.

Source: ccxt's manual, "Unified API". Answers carry numbers as text (`number = str`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from bridges.crypto.budget import Cost, Limit
from bridges.crypto.effects import Call, Response
from bridges.crypto.numbers import number, positive
from bridges.crypto.orders import has_our_shape
from bridges.crypto.tables.unified_account import UnifiedAccount
from bridges.crypto.views import (
    Access,
    OrderView,
    TradeView,
    Verdict,
)
from bridges.crypto.words import read_rows, status_of
from bridges.port import (
    Capabilities,
    OrderRequest,
)
from protocol.fields import OrdStatus, OrdType, Side, TimeInForce
from protocol.numbers import ZERO
from protocol.order_id import parse

MS_NS = 1_000_000
SIDES = {"buy": Side.BUY, "sell": Side.SELL}
SIDE_NAMES = {side: name for name, side in SIDES.items()}
STATUS = {
    "open": OrdStatus.NEW, "closed": OrdStatus.FILLED, "canceled": OrdStatus.CANCELED,
    "canceling": OrdStatus.NEW, "expired": OrdStatus.EXPIRED, "rejected": OrdStatus.REJECTED,
}  # fmt: skip
TIF = {"IOC": TimeInForce.IMMEDIATE_OR_CANCEL, "FOK": TimeInForce.FILL_OR_KILL}
TIF_NAMES = {force: name for name, force in TIF.items()}
REFUSALS = frozenset((
    "InsufficientFunds", "BadSymbol", "PermissionDenied", "AccountSuspended",
    "AuthenticationError", "ArgumentsRequired", "NotSupported", "InvalidNonce",
    "OrderImmediatelyFillable", "OrderNotFillable", "MarketClosed",
))  # fmt: skip
"""ccxt's exceptions that say "not executed"."""
LOOKED_UP = frozenset(("DuplicateOrderId", "InvalidOrder"))
"""What many exchanges say of a client id that they have had before, too."""
TOO_OFTEN = frozenset(("RateLimitExceeded", "DDoSProtection"))
NEEDED = (
    "createOrder", "cancelOrder", "fetchOpenOrders", "fetchOrder", "fetchMyTrades",
    "fetchBalance", "fetchOrderBook", "fetchTime",
)  # fmt: skip
TICK_SIZE = 4
"""ccxt's precisionMode in which steps are numbers."""
BACK_OFF_MS = 10_000
MAX_NAMES = 100_000
"""Ids that are remembered; they are learnt again from the lists."""


PAGES = frozenset((20, 25, 30, 40, 50, 100, 150, 200, 250, 300, 500, 1_000, 2_000, 5_000))
"""How many rows exchanges give at once: a list of just so many, where ccxt knows no limit."""
DAY_MS = 86_400_000
SURELY_MS = 60_000
"""So much may the exchange's clock, by which rows are dated, be off."""
SINCE_START_MS = 3_600_000
"""So much may the clock of the gateway that made an id have been off."""


def may_be_page(count: int, most: int | None) -> bool:
    """Whether a list may be a page of a longer one; `most` is the limit that ccxt declares."""
    return count >= most if most else count in PAGES


def objections(
    has: Mapping[str, Any], precision_mode: int, order_source: str
) -> list[str]:
    """Say why an exchange of ccxt will not do: what it has, and the source of its parse_order."""
    found = [f"ccxt has no {name} for it" for name in NEEDED if has.get(name) is not True]
    if not has.get("spot"):
        found.append("it has no spot market")
    if has.get("fetchClosedOrders") is not True and has.get("fetchOrders") is not True:
        found.append("ended orders cannot be listed, so an absence could not be proven")
    if "clientOrderId" not in order_source or "'clientOrderId': None" in order_source:
        found.append("its orders do not come back with our ids, so none could be found again")
    if precision_mode != TICK_SIZE:
        found.append("its steps are not given as numbers")
    return found


class Unified(UnifiedAccount):
    """The table of an exchange of which only ccxt's unified interface is known."""

    name = "any other spot"
    wire_words: ClassVar[Mapping[str, str]] = {
        "post-only": "postOnly", "client id": "clientOrderId",
        "lookup by client id": "in the lists of open and ended orders",
        "cancel by client id": "by the exchange's id, once it is known",
        "user stream": "none: asked for every 3 s", "books": "asked for every 3 s",
        "replace": "cancel, evidence, the remainder", "cancel all": "one by one",
        "test network": "where ccxt has one",
    }  # fmt: skip
    amends_in_place = False
    amends_stops = False
    tells_trades_apart = False
    trades_window_ms = 0
    trades_reach_ms = 0
    stop_doubt_ms = 0
    audit_ms = poll_ms = 3_000
    limits: tuple[Limit, ...] = (Limit(300, 60_000), Limit(50, 10_000, "orders"))

    def __init__(self, symbols: Mapping[str, str], *, recv_window_ms: int) -> None:
        self.native = dict(symbols)
        self.ours = {native: symbol for symbol, native in symbols.items()}
        self.recv_window_ms = recv_window_ms
        self._ids: dict[str, str] = {}
        """The exchange's ids of orders that were read, by our id."""
        self._names: dict[tuple[str, str], str] = {}
        self._sent_ms: dict[str, int] = {}
        """When orders of this life were sent, by our id."""

    @staticmethod
    def native_of(symbol: str) -> str:
        """Return ccxt's unified symbol, which is ours."""
        return symbol

    @property
    def capabilities(self) -> Capabilities:
        """What the bridge can do there."""
        return Capabilities(
            ord_types=(OrdType.MARKET, OrdType.LIMIT),
            times_in_force=(TimeInForce.GOOD_TILL_CANCEL, *TIF.values()),
            post_only=True, replace=True,
            look_up=True, absence_after_ms=60_000,
        )  # fmt: skip

    # What an answer is.

    def stamp(self, call: Call, at_ms: int) -> Call:
        """Leave it as it is, which ccxt stamps; remember when an order was sent."""
        if call.method == "create_order":
            self._sent_ms[(call.args or ())[-1]["clientOrderId"]] = at_ms
        return call

    def cost(self, call: Call) -> Cost:
        """Count each call as one."""
        return Cost(1, 1 if call.method == "create_order" else 0)

    def used(self, response: Response) -> int | None:  # noqa: ARG002 - nobody tells
        """Read nothing."""
        return None

    def judge(self, response: Response) -> Verdict:
        """Say what an answer proves."""
        if not response.sent:
            return Verdict.REFUSED
        raised = response.raised
        if not raised:
            return Verdict.DONE if response.status else Verdict.DOUBT
        if "OrderNotFound" in raised:
            return Verdict.UNKNOWN
        clear = 200 <= response.status < 500  # noqa: PLR2004 - HTTP's own
        if clear and REFUSALS.intersection(raised):
            return Verdict.REFUSED
        return Verdict.DUPLICATE if clear and LOOKED_UP.intersection(raised) else Verdict.DOUBT

    def judge_replace(self, response: Response) -> tuple[Verdict, Verdict]:
        """Say that nothing is known: it is never asked."""
        return self.judge(response), Verdict.DOUBT

    def text_of(self, response: Response) -> str:
        """Say for people what an answer was."""
        return response.problem or f"HTTP {response.status} without a reason"

    def back_off_ms(self, response: Response) -> int | None:
        """Read whether it was asked too often."""
        return BACK_OFF_MS if TOO_OFTEN.intersection(response.raised) else None

    def is_ban(self, response: Response) -> bool:
        """Whether nobody from here is heard: I'm a teapot."""
        return response.status == 418  # noqa: PLR2004 - HTTP's own

    def is_clock_off(self, response: Response) -> bool:
        """Whether the request's time was wrong."""
        return "InvalidNonce" in response.raised

    def was_restricted(self, response: Response) -> bool:  # noqa: ARG002 - never asked
        """Say no."""
        return False

    # The account.

    def time(self) -> Call:
        """Ask for the exchange's clock."""
        return Call("fetch_time", args=(), urgent=True)

    def read_time(self, body: Any) -> int:
        """Read it, in ms."""
        return int(body)

    def access(self) -> Call | None:
        """Ask nothing: ccxt has no common word for what a key may do."""
        return None

    def read_access(self, body: Any) -> Access:
        """Read nothing."""
        raise TypeError(body)

    def mode(self) -> Call | None:
        """Ask nothing: spot has no modes."""
        return None

    def objection(self, body: Any) -> str:  # noqa: ARG002 - never asked
        """Object to nothing."""
        return ""

    # Orders.

    def new_order(self, order: OrderRequest) -> Call:
        """Place an order."""
        params: dict[str, Any] = {"clientOrderId": order.cl_ord_id}
        if order.post_only:
            params["postOnly"] = True
        elif order.ord_type is OrdType.LIMIT and order.time_in_force in TIF_NAMES:
            params["timeInForce"] = TIF_NAMES[order.time_in_force]
        kind = "limit" if order.ord_type is OrdType.LIMIT else "market"
        price = None if order.price is None else f"{order.price:f}"
        args = (
            self.native[order.symbol], kind, SIDE_NAMES[order.side], f"{order.order_qty:f}",
            price, params,
        )  # fmt: skip
        return Call("create_order", args=args, urgent=True)

    def cancel(
        self, symbol: str, client_id: str, request_id: str, *, waits: bool  # noqa: ARG002 - ccxt
    ) -> Call:
        """Cancel an order by the exchange's id; if that is not known yet, look for it."""
        order_id = self._ids.get(client_id)
        if order_id is None:
            return Call("cancel_named", args=(client_id, self.native[symbol]), urgent=True)
        return Call("cancel_order", args=(order_id, self.native[symbol]), urgent=True)

    def cancel_all(self, symbol: str) -> tuple[Call, ...]:  # noqa: ARG002 - one by one
        """Say that it cannot be said at once."""
        return ()

    def dead_man(self, timeout_ms: int) -> tuple[Call, ...]:  # noqa: ARG002 - there is none
        """Say nothing."""
        return ()

    def replace(self, order: OrderRequest, client_id: str) -> Call | None:  # noqa: ARG002 - ccxt
        """Say that it takes a cancel and a new order."""
        return None

    def read_replace(self, body: Any) -> OrderView:
        """Read nothing."""
        raise TypeError(body)

    def look_up(
        self, symbol: str, client_id: str, *, stop: bool  # noqa: ARG002 - none
    ) -> tuple[Call, ...]:
        """Ask for the order itself, if its id is known; for open orders, then for ended ones."""
        native = self.native[symbol]
        order_id = self._ids.get(client_id)
        itself = () if order_id is None else (Call("fetch_order", args=(order_id, native)),)
        return (
            *itself, Call("resting", args=(native,)), Call("ended_orders", args=(native,)),
        )  # fmt: skip

    def read_found(self, body: Any, client_id: str) -> OrderView | Call | None:
        """Read the order among those listed. Raises ValueError if it may be on another page."""
        if "id" in body:
            return self.read_order(body)
        for row in _rows(body.get("open", body.get("ended"))):
            if client_id in {row.get("clientOrderId"), f"#{row['id']}"}:
                return self.read_order(row)
        if not (body["whole"] if "open" in body else body["from_ms"] <= self._from_ms(client_id)):
            msg = f"{client_id} is not on this page, but may be on another"
            raise ValueError(msg)
        return None

    def _from_ms(self, client_id: str) -> int:
        """Return a moment before which an order was not sent; 0 if that is not known."""
        sent_ms = self._sent_ms.get(client_id)
        if sent_ms is not None:
            return sent_ms - SURELY_MS
        started_s = parse(client_id).epoch if has_our_shape(client_id) else 0
        return max(0, started_s * 1_000 - SINCE_START_MS)

    def open_orders(self, symbols: Sequence[str]) -> tuple[Call, ...]:
        """Ask for what rests, symbol by symbol."""
        return tuple(Call("resting", args=(self.native[one],)) for one in symbols)

    def more_orders(self, call: Call, body: Any) -> Call | None:  # noqa: ARG002 - whole lists
        """Ask for nothing more."""
        return None

    def orders_of(self, symbol: str, order_ids: Sequence[str]) -> tuple[Call, ...]:
        """Ask for orders one by one."""
        native = self.native[symbol]
        return tuple(Call("fetch_order", args=(one, native)) for one in order_ids)

    def read_orders(self, body: Any) -> list[OrderView]:
        """Read the list of open orders, or one order. Raises ValueError for what may be a page."""
        if "open" not in body:
            return read_rows(self.read_order, [body])
        found = read_rows(self.read_order, _rows(body["open"]))
        if not body["whole"]:
            msg = f"{len(found)} open orders fill a page: cancel some by hand, there may be more"
            raise ValueError(msg)
        return found

    def read_order(self, body: Any) -> OrderView:
        """Read an order. Raises KeyError or ValueError on anything else."""
        executed = number(body["filled"])
        price = positive(body.get("price"))
        if body.get("cost") is not None:
            paid = number(body["cost"])
        elif body.get("average") is not None:
            paid = number(body["average"]) * executed
        else:
            paid = (price or ZERO) * executed
        order_id = _text(body["id"])
        if len(self._names) > MAX_NAMES:
            self._names.clear()
            self._ids.clear()
            self._sent_ms.clear()
        place = (body["symbol"], order_id)
        client_id = self._names.setdefault(place, body.get("clientOrderId") or f"#{order_id}")
        self._ids[client_id] = order_id
        force = TIF.get(body.get("timeInForce") or "", TimeInForce.GOOD_TILL_CANCEL)
        return OrderView(
            order_id=order_id, client_id=client_id, symbol=self.ours[body["symbol"]],
            side=SIDES[body["side"]],
            ord_type=OrdType.MARKET if body["type"] == "market" else OrdType.LIMIT,
            time_in_force=force, qty=number(body["amount"]), executed=executed, paid=paid,
            status=status_of(STATUS, body["status"], self.name), price=price,
            post_only=bool(body.get("postOnly")),
            ns=int(body.get("lastUpdateTimestamp") or body["timestamp"]) * MS_NS,
        )  # fmt: skip

    # Trades.

    def trades_of(self, symbol: str, order_id: str, since_ms: int) -> Call:  # noqa: ARG002 - all
        """Ask for trades since a moment; those of the order are among them."""
        return self.trades_from(symbol, max(0, since_ms - 60_000), 0)

    def trades_from(self, symbol: str, since_ms: int, until_ms: int) -> Call:  # noqa: ARG002 - open
        """Ask for trades from a moment on."""
        return Call("fetch_my_trades", args=(self.native[symbol], since_ms or None))

    def more_trades(self, call: Call, body: Any) -> Call | None:
        """Ask from the last trade's moment on, until that brings nothing later."""
        native, since_ms = call.args or ("", 0)
        last_ms = max((int(row["timestamp"]) for row in body), default=0)
        if last_ms <= (since_ms or 0):
            return None
        return Call(call.method, args=(native, last_ms))

    def read_trades(self, body: Any, symbol: str) -> list[TradeView]:
        """Read trades of ours."""
        return [
            TradeView(
                trade_id=_text(row["id"]), order_id=_text(row["order"]), symbol=symbol,
                side=SIDES[row["side"]], qty=number(row["amount"]), price=number(row["price"]),
                fee=number((row.get("fee") or {}).get("cost") or 0),
                fee_currency=(row.get("fee") or {}).get("currency") or "",
                maker=row.get("takerOrMaker") == "maker", ns=int(row["timestamp"]) * MS_NS,
            )
            for row in _rows(body)
        ]  # fmt: skip


def _rows(body: Any) -> list[Any]:
    if not isinstance(body, list):
        raise TypeError(body)
    return body


def _text(value: Any) -> str:
    """Read an id. Raises TypeError for none: an order without one proves nothing."""
    if not isinstance(value, str | int) or value == "":
        raise TypeError(value)
    return str(value)
