"""Binance spot's REST API over one account: /api/v3 and what ccxt asks of /sapi.

Checked as Binance checks: parameters, filters, balances, client ids (one open order each), then
the engine. `routes` maps (method, path) to what answers, its weight and its security.
"""

from __future__ import annotations

from itertools import count

from support.exchange import spot_forms as forms
from support.exchange.api import SIDES, Api, Route
from support.exchange.desk import EngineError
from support.exchange.errors import (
    ApiError,
    illegal,
    no_cancel_id,
    no_such_order,
    restricted,
    unknown_order,
)
from support.exchange.signing import check_time
from support.exchange.spot_public import SpotPublic
from support.exchange.spot_reads import SpotReads
from support.exchange.wallet import Wallet

FORCES = ("GTC", "IOC", "FOK")
PRICED = ("LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT")
STOPS = ("STOP_LOSS", "STOP_LOSS_LIMIT")


class SpotApi(SpotPublic, SpotReads, Api):
    """One spot account. `say(topic, event)` reaches the user's streams."""

    def __init__(self, instruments, *, deposits, **rest):
        wallet = Wallet({one.symbol: one for one in instruments}, deposits)
        super().__init__(instruments, wallet, forms.SpotStyle, **rest)
        self._execution_ids = count(1)
        self.routes = {
            **self.public_routes(Route),
            **self.read_routes(Route),
            ("POST", "/api/v3/order"): Route(self.new_order, order=True),
            ("POST", "/api/v3/order/test"): Route(self.test_order),
            ("DELETE", "/api/v3/order"): Route(self.cancel_order),
            ("DELETE", "/api/v3/openOrders"): Route(self.cancel_open_orders),
            ("POST", "/api/v3/order/cancelReplace"): Route(self.cancel_replace, order=True),
        }

    # Orders.

    def new_order(self, params):
        """POST order."""
        words, detail = self._read_order(params)
        params.all_read()
        return forms.placed(self._place(words), detail)

    def _place(self, words):
        record = self._checked(words)
        try:
            return self.desk.place(record, self.clock())
        except EngineError as refusal:
            # Only our own orders on the other side are left for the engine to notice.
            if record.kind != "LIMIT_MAKER":
                raise
            text = "Order would immediately match and take."
            raise ApiError(-2010, text) from refusal

    def test_order(self, params):
        """POST order/test: everything but the order."""
        words, _ = self._read_order(params)
        self._checked(words)
        return {}

    def _read_order(self, params):
        wire = self.wire_of(params)
        side = params.one_of("side", SIDES, ApiError(-1117, "Invalid side."))
        kind = params.one_of("type", forms.ORDER_TYPES, ApiError(-1116, "Invalid orderType."))
        forced = kind in {"LIMIT", "STOP_LOSS_LIMIT"}
        if params.text("timeInForce") and not forced:
            raise ApiError(-1106, "Parameter 'timeInForce' sent when not required.")
        tif = "GTC"
        if forced:
            refusal = ApiError(-1115, "Invalid timeInForce.")
            tif = params.one_of("timeInForce", FORCES, refusal)
        for name, allowed in (("price", PRICED), ("stopPrice", STOPS)):
            if params.text(name) and kind not in allowed:
                raise ApiError(-1106, f"Parameter '{name}' sent when not required.")
        quote_qty = params.decimal("quoteOrderQty") if kind == "MARKET" else None
        detail = params.text("newOrderRespType", "FULL" if kind in {"LIMIT", "MARKET"} else "ACK")
        params.text("selfTradePreventionMode")
        return {
            "wire": wire, "symbol": self.symbols[wire], "side": side, "kind": kind, "tif": tif,
            "price": params.decimal("price", needed=True) if kind in PRICED else None,
            "stop": params.decimal("stopPrice", needed=True) if kind in STOPS else None,
            "qty": None if quote_qty else params.decimal("quantity", needed=True),
            "quote_qty": quote_qty or forms.Decimal(0),
            "client_id": self.client_id_of(params, "newClientOrderId"),
        }, detail  # fmt: skip

    def _checked(self, words, without=None):
        """Make a record of an order that may be placed, or refuse it."""
        symbol, side = words["symbol"], words["side"]
        if words["qty"] is None:
            words["qty"] = self.desk.qty_for(symbol, side, words["quote_qty"])
        self._check_filters(words)
        self._check_stop(words)
        if self.desk.is_taken(words["wire"], words["client_id"]):
            raise ApiError(-2010, "Duplicate order sent.")
        self._check_funds(words, without)
        if words["kind"] == "LIMIT_MAKER" and self.crosses(words):
            raise ApiError(-2010, "Order would immediately match and take.")
        return self.desk.new_record(self.now_ms(), **words)

    def _check_filters(self, words):
        rules = self.rules[words["symbol"]]
        for price in (words["price"], words["stop"]):
            if price is not None and (price <= 0 or price % rules.price_tick):
                raise ApiError(-1013, "Filter failure: PRICE_FILTER")
        qty = words["qty"]
        if qty <= 0 or not rules.min_qty <= qty <= rules.max_qty or qty % rules.qty_step:
            raise ApiError(-1013, "Filter failure: LOT_SIZE")
        price = words["price"] or words["stop"]
        cost = qty * price if price else self.desk.cost_of(words["symbol"], words["side"], qty)
        if cost < rules.min_notional:
            raise ApiError(-1013, "Filter failure: NOTIONAL")

    def _check_stop(self, words):
        if words["stop"] is None:
            return
        if self.reached(words["wire"], words["stop"], upwards=words["side"] == "BUY"):
            raise ApiError(-2010, "Stop price would trigger immediately.")

    def _check_funds(self, words, without):
        rules = self.rules[words["symbol"]]
        others = [r for r in self.desk.open_records() if r is not without]
        free = self.wallet.free(others)
        qty, price = words["qty"], words["price"] or words["stop"]
        if words["side"] == "SELL":
            asset, needed = rules.base, qty
        else:
            asset = rules.currency
            needed = qty * price if price else self.desk.cost_of(words["symbol"], "BUY", qty)
        if needed > free[asset]:
            text = "Account has insufficient balance for requested action."
            raise ApiError(-2010, text)

    def cancel_order(self, params):
        """DELETE order."""
        record = self.named(params)
        cancel_id = self.client_id_of(params, "newClientOrderId")
        params.all_read()
        if record is None or not record.is_open:
            raise unknown_order()
        self.desk.cancel(record, self.clock(), cancel_id)
        return forms.canceled(record, cancel_id)

    def cancel_open_orders(self, params):
        """DELETE openOrders: of one symbol."""
        found = self.desk.open_records(self.wire_of(params))
        if not found:
            raise unknown_order()
        rows = []
        for record in found:
            cancel_id = self.client_id_of(params, "newClientOrderId")
            self.desk.cancel(record, self.clock(), cancel_id)
            rows.append(forms.canceled(record, cancel_id))
        return rows

    def cancel_replace(self, params):
        """POST order/cancelReplace: the two halves are answered each for itself."""
        mode = params.one_of(
            "cancelReplaceMode", ("STOP_ON_FAILURE", "ALLOW_FAILURE"),
            illegal("cancelReplaceMode", "STOP_ON_FAILURE|ALLOW_FAILURE"),
        )  # fmt: skip
        words, detail = self._read_order(params)
        cancel_id = self.client_id_of(params, "cancelNewClientOrderId")
        number, client_id = params.integer("cancelOrderId"), params.text("cancelOrigClientOrderId")
        allowed = params.one_of(
            "cancelRestrictions", ("ONLY_NEW", "ONLY_PARTIALLY_FILLED", "ALL"),
            ApiError(-1145, "Invalid cancelRestrictions"), default="ALL",
        )  # fmt: skip
        params.all_read()
        if number is None and client_id is None:
            raise no_cancel_id()
        found = self.desk.find(words["wire"], number, client_id)
        if words["qty"] is not None:
            self._check_filters(words)  # they come before either half
        halves = {"cancelResult": "SUCCESS", "newOrderResult": "SUCCESS"}
        part = {"ONLY_NEW": True, "ONLY_PARTIALLY_FILLED": False}.get(allowed)
        if found is not None and found.is_open and part is bool(found.cum):
            refused = restricted().body()
            halves |= {"cancelResult": "FAILURE", "cancelResponse": refused}
            if mode == "STOP_ON_FAILURE":
                halves |= {"newOrderResult": "NOT_ATTEMPTED", "newOrderResponse": None}
                raise ApiError(-2022, "Order cancel-replace failed.", 400, data=halves)
        elif found is not None and found.is_open:
            self.desk.cancel(found, self.clock(), cancel_id)
            halves["cancelResponse"] = forms.canceled(found, cancel_id)
        else:
            halves |= {"cancelResult": "FAILURE", "cancelResponse": unknown_order().body()}
            if mode == "STOP_ON_FAILURE":
                halves |= {"newOrderResult": "NOT_ATTEMPTED", "newOrderResponse": None}
                raise ApiError(-2022, "Order cancel-replace failed.", 400, data=halves)
        try:
            halves["newOrderResponse"] = forms.placed(self._place(words), detail)
        except ApiError as refusal:
            halves |= {"newOrderResult": "FAILURE", "newOrderResponse": refusal.body()}
        failed = [halves["cancelResult"], halves["newOrderResult"]].count("FAILURE")
        if failed == 2:
            raise ApiError(-2022, "Order cancel-replace failed.", 400, data=halves)
        if failed:
            text = "Order cancel-replace partially failed."
            raise ApiError(-2021, text, 409, data=halves)
        return halves

    def found_order(self, params):
        """Return the order that a question names."""
        record = self.named(params)
        params.all_read()
        if record is None:
            raise no_such_order()
        return record

    # What is said to the user's stream.

    def subscribe(self, params, secure, add):
        """Answer userDataStream.subscribe.signature; `add` lets the connection hear."""
        try:
            self.limiter.charge(2, self.now_ms())
            secure(signed=True)
            check_time(params, self.now_ms())
        except ApiError as refusal:
            return refusal.http, refusal.body()
        return 200, {"subscriptionId": add()}

    def _changed(self, record, what, deal):
        if deal is not None:
            self.wallet.book(record, deal)
            if record.deals == [deal]:
                self.limiter.first_fill(self.now_ms())
        if what != "TRIGGERED":
            report = forms.execution_report(
                record, what, deal, self.now_ms(), next(self._execution_ids)
            )
            self.say("user", report)
        self.say("user", self.position_event(record.symbol))

    def ended_event(self):
        """Return what the user's streams are told before they fall silent."""
        return {"e": "eventStreamTerminated", "E": self.now_ms()}

    def position_event(self, symbol):
        """Return outboundAccountPosition for the two assets of a symbol."""
        rules, now_ms = self.rules[symbol], self.now_ms()
        locked = self.wallet.locked(self.desk.open_records())
        return {
            "e": "outboundAccountPosition", "E": now_ms, "u": now_ms,
            "B": [
                {
                    "a": asset, "f": forms.number(self.wallet.totals[asset] - locked[asset]),
                    "l": forms.number(locked[asset]),
                }
                for asset in (rules.base, rules.currency)
            ],
        }  # fmt: skip
