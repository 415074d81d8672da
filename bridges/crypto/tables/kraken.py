"""The translation table of Kraken spot.

Sources: Kraken's REST reference ("Trading", "Account data") and its guides to client order ids,
amendments and limits. What it is particular about:

- An order is found again by `cl_ord_id` in OpenOrders and in ClosedOrders; QueryOrders takes only
  the exchange's own ids.
- AddOrder, AmendOrder and CancelOrder acknowledge; what became of the order is heard or looked up.
- AmendOrder changes an order where it is: it keeps its ids, and its place where that is possible.
- CancelAll is of the whole account, so a symbol is cleared order by order.
- Fees are asked for in the quote currency (`oflags=fciq`), so that REST's `fee` has a currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from bridges.crypto.budget import Cost, Limit
from bridges.crypto.effects import Call, Response
from bridges.crypto.numbers import number, positive
from bridges.crypto.tables.kraken_account import KrakenAccount, texts_of
from bridges.crypto.tables.kraken_market import SIDE_NAMES, SIDES, KrakenMarket
from bridges.crypto.tables.kraken_stream import STOPS, TYPES, KrakenStream, Memory, key_of
from bridges.crypto.tables.kraken_words import (
    ELAPSED,
    LOCKOUT,
    NONCE,
    altname_of,
    back_off_ms,
    errors_of,
    judge,
    ns_of,
    spoken,
    stamp_of,
    text_of,
)
from bridges.crypto.views import Access, OrderView, Verdict
from bridges.crypto.words import read_rows, status_of, type_of
from bridges.port import Capabilities, OrderRequest
from protocol.fields import OrdStatus, OrdType, TimeInForce

SECOND_MS = 1_000
TRADED_TWICE = ("privatePostTradesHistory", "privatePostLedgers")
FREE = frozenset((
    "privatePostAddOrder", "privatePostAmendOrder", "privatePostCancelOrder",
))  # fmt: skip
"""These have a limit of their own: the pair's."""
ORDERS = {
    "privatePostAddOrder": 1, "privatePostAmendOrder": 4, "privatePostCancelOrder": 8,
}  # fmt: skip
"""What each may cost of the pair's limit, if the order is young."""
WITH_DEADLINE = frozenset(("privatePostAddOrder", "privatePostAmendOrder"))
SHORTEST_MS, LONGEST_MS = 2_000, 60_000
"""Kraken's bounds of a deadline."""
KINDS = {
    OrdType.MARKET: "market", OrdType.LIMIT: "limit", OrdType.STOP: "stop-loss",
    OrdType.STOP_LIMIT: "stop-loss-limit",
}  # fmt: skip
FORCE_NAMES = {
    TimeInForce.GOOD_TILL_CANCEL: "GTC", TimeInForce.IMMEDIATE_OR_CANCEL: "IOC",
    TimeInForce.FILL_OR_KILL: "FOK",
}  # fmt: skip
STATUS = {
    "pending": OrdStatus.NEW, "open": OrdStatus.NEW, "closed": OrdStatus.FILLED,
    "canceled": OrdStatus.CANCELED, "expired": OrdStatus.EXPIRED,
}  # fmt: skip


class KrakenSpot(KrakenMarket, KrakenStream, KrakenAccount):
    """Orders, account and streams of Kraken spot."""

    name = "kraken spot"
    wire_words: ClassVar[Mapping[str, str]] = {
        "post-only": "oflags=post", "stop orders": "stop-loss, stop-loss-limit",
        "client id": "cl_ord_id",
        "lookup by client id": "cl_ord_id in OpenOrders, then in ClosedOrders",
        "cancel by client id": "cl_ord_id", "replace": "AmendOrder, in place",
        "cancel all": "order by order", "user stream": "executions and balances, by token",
        "books": "100 levels with a checksum", "dead man": "CancelAllOrdersAfter, whole account",
    }  # fmt: skip
    amends_in_place = True
    amends_stops = True
    tells_trades_apart = True
    trades_window_ms = 0
    trades_reach_ms = 0
    limits: tuple[Limit, ...] = (Limit(27, 40_000), Limit(125, 53_000, "orders"))
    """Those of the tier Intermediate: 20 and 125, which fall by 0.5 and 2.34 a second. Orders and
    cancels do not count on the first, so that nothing is to be left for them there: it is written
    so that questions have 16 of the 20, and the dead man the rest."""
    stop_doubt_ms = 0
    audit_ms = 30_000
    poll_ms = 0
    """Questions are dear here, and the stream's numbers show what is missing before something."""

    def __init__(self, symbols: Mapping[str, str], *, recv_window_ms: int) -> None:
        self.native = dict(symbols)
        self.memory = Memory()
        self._window_ms = min(max(recv_window_ms, SHORTEST_MS), LONGEST_MS)
        self.aliases = {native: symbol for symbol, native in symbols.items()}
        self.batches: dict[str, str] = {}
        self.digits: dict[str, tuple[int, int]] = {}
        self.spoken = {symbol: spoken(symbol) for symbol in symbols}
        self.ours = {name: symbol for symbol, name in self.spoken.items()}

    @staticmethod
    def native_of(symbol: str) -> str:
        """Return the altname of a pair: `BTC/USD` and `XBTUSD` are XBTUSD."""
        return altname_of(symbol.split(":", maxsplit=1)[0])

    @property
    def capabilities(self) -> Capabilities:
        """What the bridge can do there."""
        return Capabilities(
            ord_types=tuple(OrdType), times_in_force=tuple(FORCE_NAMES), post_only=True,
            replace=True, look_up=True, absence_after_ms=self._window_ms + 5_000,
        )  # fmt: skip

    # Answers.

    def stamp(self, call: Call, at_ms: int) -> Call:
        """Add the moment after which the matching engine shall drop an order or an amendment."""
        if call.method not in WITH_DEADLINE:
            return call
        deadline = {"deadline": stamp_of(at_ms + self._window_ms)}
        return Call(call.method, call.params | deadline, call.urgent)

    def judge(self, response: Response) -> Verdict:
        """Say what an answer proves."""
        return judge(response)

    def judge_replace(self, response: Response) -> tuple[Verdict, Verdict]:
        """Say what became of the old order, and of the new: it is the same one."""
        found = judge(response)
        return found, found

    def text_of(self, response: Response) -> str:
        """Say for people what an answer was."""
        return text_of(response)

    def back_off_ms(self, response: Response) -> int | None:
        """Read how long the exchange wants to be left alone; None if it does not."""
        return back_off_ms(response)

    def is_ban(self, response: Response) -> bool:
        """Whether the exchange hears nobody with this key for a while."""
        return any(one.startswith(LOCKOUT) for one in errors_of(response.body) or ())

    def is_clock_off(self, response: Response) -> bool:
        """Whether a request was not executed since its deadline or its nonce was of the past."""
        return any(one.startswith((ELAPSED, NONCE)) for one in errors_of(response.body) or ())

    def was_restricted(self, response: Response) -> bool:  # noqa: ARG002 - as others have it
        """Say no: what is filled can be amended, too."""
        return False

    def cost(self, call: Call) -> Cost:
        """Say what a call takes of the limits; a cancel is counted as that of a young order."""
        if not call.method.startswith("private") or call.method in FREE:
            return Cost(0, ORDERS.get(call.method, 0))
        return Cost(2 if call.method in TRADED_TWICE else 1)

    def used(self, response: Response) -> int | None:  # noqa: ARG002 - as others have it
        """Say nothing: Kraken does not tell its counters."""
        return None

    # Clock, key, mode.

    def time(self) -> Call:
        """Ask for the exchange's clock."""
        return Call("publicGetTime", urgent=True)

    def read_time(self, body: Any) -> int:
        """Read it, in ms: it is told in seconds, of which this is the middle."""
        return int(body["result"]["unixtime"]) * SECOND_MS + SECOND_MS // 2

    def access(self) -> Call | None:
        """Ask what the API key may do."""
        return Call("privatePostGetApiKeyInfo")

    def read_access(self, body: Any) -> Access:
        """Read that."""
        may = body["result"]["permissions"]
        return Access(
            trades="modify-trades" in may, withdraws="withdraw-funds" in may,
            bound=bool(body["result"]["ipAllowlist"]),
        )

    def mode(self) -> Call | None:
        """Ask how nonces of this key are taken."""
        return Call("privatePostGetApiKeyInfo")

    def objection(self, body: Any) -> str:
        """Object to a nonce window: within it a request that is repeated is taken again."""
        window = int(body["result"]["nonceWindow"])
        if not window:
            return ""
        return f"the API key has a nonce window of {window}: set it to 0 at Kraken"

    # Orders.

    def new_order(self, order: OrderRequest) -> Call:
        """Place an order."""
        params: dict[str, Any] = {
            "pair": self.native[order.symbol], "type": SIDE_NAMES[order.side],
            "ordertype": KINDS[order.ord_type], "volume": f"{order.order_qty:f}",
            "cl_ord_id": order.cl_ord_id, "oflags": "fciq,post" if order.post_only else "fciq",
        }  # fmt: skip
        first, second = order.price, None
        if order.ord_type in STOPS:
            first, second = order.stop_px, order.price
        if first is not None:
            params["price"] = f"{first:f}"
        if second is not None:
            params["price2"] = f"{second:f}"
        if order.ord_type is not OrdType.MARKET:
            params["timeinforce"] = FORCE_NAMES[order.time_in_force]
        return Call("privatePostAddOrder", params, urgent=True)

    def cancel(
        self, symbol: str, client_id: str, request_id: str, *, waits: bool  # noqa: ARG002 - others'
    ) -> Call:
        """Cancel an order by our id, or by the exchange's if it has none of ours."""
        return Call("privatePostCancelOrder", _named(client_id), urgent=True)

    def cancel_all(self, symbol: str) -> tuple[Call, ...]:  # noqa: ARG002 - as others have it
        """Say that this is done order by order: CancelAll asks for no pair."""
        return ()

    def dead_man(self, timeout_ms: int) -> tuple[Call, ...]:
        """Let the exchange cancel everything, in whole seconds; 0 lets go of it."""
        seconds = -(-timeout_ms // SECOND_MS)
        return (Call("privatePostCancelAllOrdersAfter", {"timeout": seconds}, urgent=True),)

    def replace(self, order: OrderRequest, client_id: str) -> Call:
        """Change an order where it is."""
        params = _named(client_id) | {"order_qty": f"{order.order_qty:f}"}
        if order.price is not None:
            params["limit_price"] = f"{order.price:f}"
        if order.stop_px is not None:
            params["trigger_price"] = f"{order.stop_px:f}"
        return Call("privatePostAmendOrder", params, urgent=True)

    def read_replace(self, body: Any) -> OrderView:
        """Read nothing: an amendment is acknowledged."""
        raise ValueError(body)

    def read_order(self, body: Any) -> OrderView:
        """Read nothing: an order is acknowledged."""
        raise ValueError(body)

    def look_up(
        self, symbol: str, client_id: str, *, stop: bool  # noqa: ARG002 - all are in one place
    ) -> tuple[Call, ...]:
        """Ask for an order by our id: among the open ones, then among the closed ones."""
        if client_id.startswith("#"):
            return (Call("privatePostQueryOrders", _named(client_id)),)
        named = _named(client_id)
        return (Call("privatePostOpenOrders", named), Call("privatePostClosedOrders", named))

    def read_found(self, body: Any, client_id: str) -> OrderView | None:
        """Read the order in the answer to one of these; None if it is not there."""
        return next((v for v in self.read_orders(body) if v.client_id == client_id), None)

    def open_orders(self, symbols: Sequence[str]) -> tuple[Call, ...]:  # noqa: ARG002 - all pairs
        """Ask for what rests, of all pairs at once."""
        return (Call("privatePostOpenOrders"),)

    def orders_of(
        self, symbol: str, order_ids: Sequence[str]  # noqa: ARG002 - ids are of all pairs
    ) -> tuple[Call, ...]:
        """Ask for orders by the exchange's ids."""
        return tuple(
            Call("privatePostQueryOrders", {"txid": text}) for text in texts_of(order_ids)
        )

    def more_orders(self, call: Call, body: Any) -> Call | None:  # noqa: ARG002 - one page
        """Say that this is all of them."""
        return None

    def read_orders(self, body: Any) -> list[OrderView]:
        """Read the orders of our symbols in an answer."""
        result = body["result"]
        rows = result.get("open", result.get("closed", result))
        ours = [one for one in rows.items() if one[1]["descr"]["pair"] in self.aliases]
        return read_rows(lambda one: self._order(*one), ours)

    def _order(self, order_id: str, row: Any) -> OrderView:
        said = row["descr"]
        kind = type_of(TYPES, said["ordertype"], self.name, price=_price(said["price"]))
        waits = kind in STOPS
        executed = number(row["vol_exec"])
        shown = {
            OrdType.LIMIT: said["price"], OrdType.STOP_LIMIT: said["price2"],
        }.get(kind)  # fmt: skip
        gone = any(word in str(row.get("misc", "")) for word in ("stopped", "touched"))
        expires = bool(number(row.get("expiretm") or 0))
        return OrderView(
            order_id=order_id, client_id=key_of(order_id, row.get("cl_ord_id")),
            symbol=self.aliases[said["pair"]], side=SIDES[said["type"]], ord_type=kind,
            time_in_force=TimeInForce.GOOD_TILL_DATE if expires else
            TimeInForce.GOOD_TILL_CANCEL,
            qty=number(row["vol"]), executed=executed, paid=number(row["cost"]),
            status=status_of(STATUS, row["status"], self.name),
            ns=ns_of(row.get("closetm") or row["opentm"]),
            price=_price(shown), stop_px=_price(said["price"]) if waits else None,
            post_only="post" in str(row.get("oflags", "")),
            working=not waits or gone or executed > 0, text=str(row.get("reason") or ""),
        )  # fmt: skip


def _named(client_id: str) -> dict[str, Any]:
    """Name an order: by our id, or by the exchange's after a `#`."""
    return {"txid": client_id[1:]} if client_id.startswith("#") else {"cl_ord_id": client_id}


def _price(text: Any) -> Decimal | None:
    """Read a price; what is relative to the market (+1.5, 2%) is none."""
    if text is None or str(text).startswith(("+", "-", "#")) or str(text).endswith("%"):
        return None
    return positive(text)
