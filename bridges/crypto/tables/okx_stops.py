"""Stop orders of OKX, which wait in a service of their own ("algo orders"). Pure.

Rules: a stop is a `conditional` order with a stop-loss trigger by the last price; one whose trigger
is on the wrong side of the market is refused by the exchange, so that it never waits for the price
to come back. It is known by our id (algoClOrdId). Once triggered it names the order that it has
become (ordIdList), and that one names it (algoClOrdId): the order has **no client id of ours**, so
the exchange's id is remembered here for cancels, changes and look-ups. A stop that waits is
replaced by a cancel and a new one. `expTime` is not heard there: a request is dropped when its
signature is older than `SIGNED_MS`.

Sources: "Place algo order", "Algo order details", "Cancel algo order", "Order channel" of OKX's
pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from bridges.crypto.effects import Call
from bridges.crypto.numbers import number, positive
from bridges.crypto.views import OrderView
from bridges.port import OrderRequest
from protocol.fields import OrdStatus, OrdType, Side, TimeInForce
from protocol.numbers import ZERO

MS_NS = 1_000_000
SIGNED_MS = 30_000
MOST = 10_000
"""Triggered stops that are remembered."""
AT_MARKET = "-1"
KIND = "conditional"
SIDES = {"buy": Side.BUY, "sell": Side.SELL}
SIDE_NAMES = {side: name for name, side in SIDES.items()}
ENDS = {
    "canceled": OrdStatus.CANCELED, "order_failed": OrdStatus.CANCELED,
    "partially_failed": OrdStatus.CANCELED,
}  # fmt: skip
"""How a stop ends that has not become an order; order_failed is refused when it was triggered."""


class OkxStops:
    """The part of the table that is about stops."""

    native: dict[str, str]
    ours: dict[str, str]
    trade_mode: str
    _units: dict[str, Decimal]

    def __init__(self) -> None:
        self._became: dict[str, str] = {}
        """Our ids of stops that were triggered, and the exchange's ids of what they are now."""

    def new_stop(self, order: OrderRequest, size: str, more: Mapping[str, Any]) -> Call:
        """Place a stop."""
        price = AT_MARKET if order.ord_type is OrdType.STOP else f"{order.price:f}"
        params = {
            "instId": self.native[order.symbol], "tdMode": self.trade_mode, "ordType": KIND,
            "side": SIDE_NAMES[order.side], "sz": size, "algoClOrdId": order.cl_ord_id,
            "clOrdId": order.cl_ord_id,  # its older name; ccxt would put another one there
            "slTriggerPx": f"{order.stop_px:f}", "slTriggerPxType": "last", "slOrdPx": price,
        }  # fmt: skip
        return Call("privatePostTradeOrderAlgo", params | dict(more), urgent=True)

    def cancel_stop(self, symbol: str, client_id: str) -> Call:
        """Cancel a stop that waits."""
        name = {"algoClOrdId": client_id}
        if client_id[:1] == "#":
            name = {"algoId": client_id[1:]}
        row = {"instId": self.native[symbol], **name}
        return Call("privatePostTradeCancelAlgos", urgent=True, rows=(row,))

    def look_up_stop(self, client_id: str) -> Call:
        """Ask for a stop by our id."""
        return Call("privateGetTradeOrderAlgo", {"algoClOrdId": client_id})

    def waiting_stops(self, symbols: Sequence[str]) -> tuple[Call, ...]:
        """Ask for the stops that wait, symbol by symbol."""
        return tuple(
            Call(
                "privateGetTradeOrdersAlgoPending",
                {"instId": self.native[symbol], "ordType": KIND, "limit": 100},
            )
            for symbol in symbols
        )  # fmt: skip

    @staticmethod
    def is_stop_row(row: Any) -> bool:
        """Whether a row is a stop as the service has it, and no order."""
        return "algoId" in row and "accFillSz" not in row

    def read_found_stop(self, row: Any) -> OrderView | Call:
        """Read what a stop is, or where the order is that it has become."""
        became = [one for one in (*(row.get("ordIdList") or ()), row.get("ordId")) if one]
        if became and row["state"] not in ENDS:
            self.note_order(row["algoClOrdId"], became[0])
            params = {"instId": row["instId"], "ordId": str(became[0])}
            return Call("privateGetTradeOrder", params)
        return self.read_stop(row)

    def note_order(self, client_id: str, order_id: str) -> None:
        """Remember what a stop has become."""
        if client_id:
            self._became[client_id] = str(order_id)
        if len(self._became) > MOST:
            del self._became[next(iter(self._became))]

    def read_stop(self, row: Any) -> OrderView:
        """Read a stop as the service has it: it waits, or has ended without becoming an order."""
        symbol, state = self.ours[row["instId"]], row["state"]
        price = row["slOrdPx"] or row.get("tpOrdPx") or AT_MARKET
        is_limit = price != AT_MARKET
        failed = state == "order_failed"
        return OrderView(
            order_id=f"A{int(row['algoId'])}", client_id=row["algoClOrdId"] or f"#{row['algoId']}",
            symbol=symbol, side=SIDES[row["side"]],
            ord_type=OrdType.STOP_LIMIT if is_limit else OrdType.STOP,
            time_in_force=TimeInForce.GOOD_TILL_CANCEL,
            qty=number(row["sz"] or 0) * self._units[symbol], executed=ZERO, paid=ZERO,
            status=ENDS.get(state, OrdStatus.NEW),
            ns=int(row.get("uTime") or row["cTime"]) * MS_NS,
            price=positive(price) if is_limit else None,
            stop_px=positive(row["slTriggerPx"] or row.get("tpTriggerPx")), working=False,
            reduce_only=str(row.get("reduceOnly")) == "true",
            text=f"triggered, and refused: {row.get('failCode')}" if failed else "",
        )  # fmt: skip
