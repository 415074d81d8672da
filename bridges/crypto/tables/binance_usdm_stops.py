"""Stop orders of Binance USD-M, which wait in a service of their own ("Algo Orders"). Pure.

Rules: a stop is known by our id in both places (clientAlgoId, and the clientOrderId of the order
that it becomes; that they are the same is in docs/unverified.md). While it waits, its exchange id
is `A` and the algo id. Once triggered it says which order it has become, and that one tells the
rest: an algo order that is FINISHED proves nothing by itself. The service changes no order: a stop
is replaced by a cancel and a new one.

Sources: "New Algo Order", "Query Algo Order", "Event: Algo Order Update" of Binance's USD-M pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridges.crypto.effects import Call
from bridges.crypto.numbers import number, positive
from bridges.crypto.tables.binance import MS_NS, SIDE_NAMES, SIDES, TIF
from bridges.crypto.views import OrderView
from bridges.crypto.words import type_of
from bridges.port import OrderRequest
from protocol.fields import OrdStatus, OrdType, TimeInForce
from protocol.numbers import ZERO

TYPES = {
    "STOP": OrdType.STOP_LIMIT, "STOP_MARKET": OrdType.STOP, "TAKE_PROFIT": OrdType.STOP_LIMIT,
    "TAKE_PROFIT_MARKET": OrdType.STOP, "TRAILING_STOP_MARKET": OrdType.STOP,
}  # fmt: skip
ENDS = {
    "CANCELED": OrdStatus.CANCELED, "EXPIRED": OrdStatus.EXPIRED, "REJECTED": OrdStatus.CANCELED,
}  # fmt: skip
"""How a stop ends that has not become an order; REJECTED is refused when it was triggered."""
BECAME = frozenset(("TRIGGERED", "FINISHED"))


class UsdmStops:
    """The part of the table that is about stops."""

    name: str
    native: Mapping[str, str]
    ours: Mapping[str, str]

    def new_stop(self, order: OrderRequest) -> Call:
        """Place a stop; it is triggered by the last price."""
        limit = order.ord_type is OrdType.STOP_LIMIT
        params = {
            "algoType": "CONDITIONAL", "symbol": self.native[order.symbol],
            "side": SIDE_NAMES[order.side], "type": "STOP" if limit else "STOP_MARKET",
            "quantity": f"{order.order_qty:f}", "triggerPrice": f"{order.stop_px:f}",
            "workingType": "CONTRACT_PRICE", "clientAlgoId": order.cl_ord_id,
        }  # fmt: skip
        if limit:
            params |= {"price": f"{order.price:f}", "timeInForce": "GTC"}
        if order.reduce_only:
            params["reduceOnly"] = "true"
        return Call("fapiPrivatePostAlgoOrder", params, urgent=True)

    def cancel_stop(self, client_id: str) -> Call:
        """Cancel a stop that waits."""
        return Call("fapiPrivateDeleteAlgoOrder", {"clientAlgoId": client_id}, urgent=True)

    def look_up_stop(self, client_id: str) -> Call:
        """Ask for a stop by our id."""
        return Call("fapiPrivateGetAlgoOrder", {"clientAlgoId": client_id})

    def read_found_stop(self, row: Any) -> OrderView | Call | None:
        """Read what a stop is, or where the order is that it has become."""
        if row["algoStatus"] not in BECAME:
            return self.read_stop(row)
        if not row["actualOrderId"]:
            return None if row["algoStatus"] == "FINISHED" else self.read_stop(row)
        params = {"symbol": row["symbol"], "orderId": str(int(row["actualOrderId"]))}
        return Call("fapiPrivateGetOrder", params)

    def read_stop(self, row: Any) -> OrderView:
        """Read a stop as the service has it."""
        return self._view({
            "id": row["algoId"], "became": row["actualOrderId"], "client_id": row["clientAlgoId"],
            "symbol": row["symbol"], "side": row["side"], "type": row["orderType"],
            "force": row["timeInForce"], "qty": row["quantity"], "status": row["algoStatus"],
            "ms": row["updateTime"], "price": row["price"], "trigger": row["triggerPrice"],
            "reduce_only": row["reduceOnly"], "text": "",
        })  # fmt: skip

    def read_stop_event(self, row: Any) -> OrderView | None:
        """Read ALGO_UPDATE; nothing if it is only on its way, or is an order now and has ended."""
        if row["X"] in {"TRIGGERING", "FINISHED"}:
            return None
        return self._view({
            "id": row["aid"], "became": row["ai"], "client_id": row["caid"], "symbol": row["s"],
            "side": row["S"], "type": row["o"], "force": row["f"], "qty": row["q"],
            "status": row["X"], "ms": row["T"], "price": row["p"], "trigger": row["tp"],
            "reduce_only": row["R"], "text": row.get("rm") or "",
        })  # fmt: skip

    def _view(self, said: dict[str, Any]) -> OrderView:
        triggered = said["status"] in BECAME
        price, stop_px = positive(said["price"]), positive(said["trigger"])
        became = triggered and said["became"] not in {"", "0", None}
        return OrderView(
            order_id=str(int(said["became"])) if became else f"A{int(said['id'])}",
            client_id=said["client_id"], symbol=self.ours[said["symbol"]],
            side=SIDES[said["side"]],
            ord_type=type_of(TYPES, said["type"], self.name, price=price, stop_px=stop_px),
            time_in_force=TIF.get(said["force"], TimeInForce.GOOD_TILL_CANCEL),
            qty=number(said["qty"]), executed=ZERO, paid=ZERO,
            status=ENDS.get(said["status"], OrdStatus.NEW), ns=int(said["ms"]) * MS_NS,
            price=price, stop_px=stop_px,
            reduce_only=bool(said["reduce_only"]), working=triggered, text=said["text"],
        )  # fmt: skip
