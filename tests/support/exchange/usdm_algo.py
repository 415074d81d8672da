"""USD-M's conditional orders: they wait outside the book and become an order when triggered.

A stop triggers when a trade or the best price reaches it against the position, a take profit when
it is reached in its favour. The order that comes of it has its own number and the algo order's
client id; if it is refused, the algo order ends as REJECTED with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import count

from support.exchange import usdm_forms as forms
from support.exchange.api import SIDES
from support.exchange.errors import ApiError, no_algo_id, no_such_order, unknown_order

FIRST = 2_000_001
PRICED = ("STOP", "TAKE_PROFIT")
ENDED = {"FILLED": "FINISHED", "CANCELED": "CANCELED", "EXPIRED": "EXPIRED"}


@dataclass
class Algo:
    """One conditional order. Its status is NEW, TRIGGERED, then how its order ended."""

    number: int
    client_id: str
    wire: str
    symbol: str
    side: str
    kind: str
    tif: str
    qty: Decimal
    price: Decimal | None
    trigger: Decimal
    reduce_only: bool
    created_ms: int
    updated_ms: int
    status: str = "NEW"
    triggered_ms: int = 0
    order_number: int = 0
    failure: str = ""


class UsdmAlgo:
    """The part of the API for conditional orders."""

    def open_algos(self):
        """Begin with none."""
        self.algos = {}
        self._algo_numbers = count(FIRST)
        self._triggered = {}

    def algo_routes(self, route):
        """Return this part of the routes."""
        path = "/fapi/v1/algoOrder"
        return {
            ("POST", path): route(self.new_algo, weight=0, order=True),
            ("DELETE", path): route(self.cancel_algo),
            ("GET", path): route(lambda params: forms.algo(self._named_algo(params))),
            ("GET", "/fapi/v1/openAlgoOrders"): route(self.open_algo_orders),
            ("GET", "/fapi/v1/allAlgoOrders"): route(self.all_algo_orders, 5),
            ("DELETE", "/fapi/v1/algoOpenOrders"): route(self.cancel_algos),
        }

    def new_algo(self, params):
        """POST algoOrder."""
        wire = self.wire_of(params)
        side = params.one_of("side", SIDES, ApiError(-1117, "Invalid side."))
        kinds = [kind for kind in forms.ORDER_TYPES if kind not in {"LIMIT", "MARKET"}]
        kind = params.one_of("type", kinds, ApiError(-1116, "Invalid orderType."))
        words = {
            "wire": wire, "symbol": self.symbols[wire], "side": side, "kind": kind,
            "tif": params.text("timeInForce", "GTC"),
            "client_id": self.client_id_of(params, "clientAlgoId"),
            "qty": params.decimal("quantity", needed=True),
            "price": params.decimal("price", needed=True) if kind in PRICED else None,
            "reduce_only": params.flag("reduceOnly"),
        }  # fmt: skip
        trigger = params.decimal("triggerPrice", needed=True)
        self.check_filters({**words, "price": words["price"] or trigger})
        if any(a.client_id == words["client_id"] for a in self._waiting(wire)):
            raise ApiError(-4116, "ClientOrderId is duplicated.")
        now_ms = self.now_ms()
        one = Algo(
            number=next(self._algo_numbers), trigger=trigger, created_ms=now_ms,
            updated_ms=now_ms, **words,
        )  # fmt: skip
        if self._is_due(one):
            raise ApiError(-2021, "Order would immediately trigger.")
        self.algos[one.number] = one
        self._say_algo(one)
        return forms.algo(one)

    def trigger_algos(self):
        """Turn what is due into orders."""
        for one in self._waiting():
            if self._is_due(one):
                self._trigger(one)

    def note_order(self, record):
        """Let the order that came of an algo order end it."""
        one = self._triggered.get(record.client_id)
        if one is not None and record.status in ENDED and one.order_number == record.number:
            self._end(one, ENDED[record.status])

    def _trigger(self, one):
        one.triggered_ms = self.now_ms()
        self._end(one, "TRIGGERED")
        words = {
            "wire": one.wire, "symbol": one.symbol, "side": one.side, "tif": one.tif,
            "kind": "LIMIT" if one.price else "MARKET", "price": one.price, "stop": None,
            "qty": one.qty, "client_id": one.client_id, "reduce_only": one.reduce_only,
        }  # fmt: skip
        self._triggered[one.client_id] = one
        try:
            record = self.place(words)
        except ApiError as refusal:
            one.failure = refusal.text
            self._end(one, "REJECTED")
            return
        one.order_number = record.number
        self.note_order(record)

    def _end(self, one, status):
        one.status = status
        one.updated_ms = self.now_ms()
        self._say_algo(one)

    def _say_algo(self, one):
        self.say("user", forms.algo_update(one, self.now_ms()))

    def _is_due(self, one):
        upwards = (one.side == "BUY") is one.kind.startswith("STOP")
        return self.reached(one.wire, one.trigger, upwards=upwards)

    def _waiting(self, wire=None):
        return [
            a for a in self.algos.values() if a.status == "NEW" and wire in (None, a.wire)
        ]

    def _named_algo(self, params):
        number, client_id = params.integer("algoId"), params.text("clientAlgoId")
        if number is None and client_id is None:
            raise no_algo_id()
        found = [a for a in self.algos.values() if number == a.number or client_id == a.client_id]
        if not found:
            raise no_such_order()
        return found[-1]

    def cancel_algo(self, params):
        """DELETE algoOrder."""
        try:
            one = self._named_algo(params)
        except ApiError as refusal:
            raise unknown_order() from refusal
        if one.status != "NEW":
            raise unknown_order()
        self._end(one, "CANCELED")
        return {
            "algoId": one.number, "clientAlgoId": one.client_id, "code": "200",
            "msg": "success",
        }  # fmt: skip

    def cancel_algos(self, params):
        """DELETE algoOpenOrders: of one symbol."""
        for one in self._waiting(self.wire_of(params)):
            self._end(one, "CANCELED")
        return {"code": 200, "msg": "The operation of cancel all open order is done."}

    def open_algo_orders(self, params):
        """GET openAlgoOrders."""
        return [forms.algo(one) for one in self._waiting(params.text("symbol"))]

    def all_algo_orders(self, params):
        """GET allAlgoOrders."""
        wire = self.wire_of(params)
        return [forms.algo(one) for one in self.algos.values() if one.wire == wire]
