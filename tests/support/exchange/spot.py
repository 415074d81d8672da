"""Binance spot's REST API over one account: /api/v3 and what ccxt asks of /sapi.

Checked as Binance checks: parameters, filters, balances, client ids (one open order each), then
the engine. `routes` maps (method, path) to what answers, its weight and its security.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count

from support.exchange import spot_forms as forms
from support.exchange.desk import Desk, EngineError
from support.exchange.errors import (
    ApiError,
    bad_symbol,
    illegal,
    no_cancel_id,
    no_order_id,
    no_such_order,
    unknown_order,
)
from support.exchange.markets import Markets
from support.exchange.signing import check_time
from support.exchange.spot_public import SpotPublic
from support.exchange.spot_reads import SpotReads
from support.exchange.wallet import Wallet

CLIENT_ID = re.compile(r"^[a-zA-Z0-9-_]{1,36}$")
SIDES = ("BUY", "SELL")
FORCES = ("GTC", "IOC", "FOK")
PRICED = ("LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT")
STOPS = ("STOP_LOSS", "STOP_LOSS_LIMIT")


@dataclass(frozen=True)
class Route:
    """One endpoint: what answers, what it weighs, who may ask, whether it counts as an order."""

    answer: object
    weight: object = 1
    signed: bool = True
    keyed: bool = False
    order: bool = False


class SpotApi(SpotPublic, SpotReads):
    """One spot account. `say(topic, event)` reaches the user's streams."""

    def __init__(self, instruments, *, deposits, clock, say, limiter, key):
        self.rules = {one.symbol: one for one in instruments}
        self.symbols = {one.symbol.replace("/", ""): one.symbol for one in instruments}
        self.wallet = Wallet(self.rules, deposits)
        self.desk = Desk(instruments, fee=self.wallet.fee, changed=self._changed)
        self.clock = clock
        self.limiter = limiter
        self.key = key
        self._say = say
        self._execution_ids = count(1)
        self._generated = count(1)
        self.markets = Markets(
            self.desk.engine.pits, forms.SpotStyle, meet=self.desk.on_market,
            say=lambda wire, name, body: say(f"{wire.lower()}@{name}", body),
        )  # fmt: skip
        self.routes = self._routes()

    def _routes(self):
        per_symbol = {"symbol"}
        return {
            **self.public_routes(Route),
            **self.read_routes(Route, per_symbol),
            ("POST", "/api/v3/order"): Route(self.new_order, order=True),
            ("POST", "/api/v3/order/test"): Route(self.test_order),
            ("DELETE", "/api/v3/order"): Route(self.cancel_order),
            ("DELETE", "/api/v3/openOrders"): Route(self.cancel_open_orders),
            ("POST", "/api/v3/order/cancelReplace"): Route(self.cancel_replace, order=True),
        }

    # Time.

    def now_ms(self):
        """Return the exchange's time."""
        return self.clock() // 1_000_000

    def tick(self, now_ns):
        """Do what is due."""
        self.markets.keep_up(now_ns)
        self.desk.on_time(now_ns)

    # Orders.

    def wire_of(self, params):
        """Return the symbol that a request names, if it is traded here."""
        wire = params.need("symbol")
        if wire not in self.symbols:
            raise bad_symbol()
        return wire

    def client_id_of(self, params, name):
        """Return a client id of a request, or one of the exchange's own."""
        sent = params.text(name)
        if sent is None:
            return f"x{self.now_ms()}{next(self._generated):08d}"
        if not CLIENT_ID.match(sent):
            raise illegal(name, CLIENT_ID.pattern)
        return sent

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
        if words["kind"] == "LIMIT_MAKER" and self._crosses(words):
            raise ApiError(-2010, "Order would immediately match and take.")
        return self.desk.new_record(self.now_ms(), **words)

    def _crosses(self, words):
        other = self.desk.best(words["symbol"], "SELL" if words["side"] == "BUY" else "BUY")
        if other is None:
            return False
        buys = words["side"] == "BUY"
        return words["price"] >= other if buys else words["price"] <= other

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
        buys = words["side"] == "BUY"
        market = self.markets.by_wire[words["wire"]]
        mark = market.last or market.mid()
        best = self.desk.best(words["symbol"], "SELL" if buys else "BUY")
        seen = [price for price in (mark, best) if price is not None]
        if any(price >= words["stop"] if buys else price <= words["stop"] for price in seen):
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
        wire = self.wire_of(params)
        number, client_id = params.integer("orderId"), params.text("origClientOrderId")
        cancel_id = self.client_id_of(params, "newClientOrderId")
        params.all_read()
        if number is None and client_id is None:
            raise no_order_id()
        record = self.desk.find(wire, number, client_id)
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
        params.all_read()
        if number is None and client_id is None:
            raise no_cancel_id()
        found = self.desk.find(words["wire"], number, client_id)
        halves = {"cancelResult": "SUCCESS", "newOrderResult": "SUCCESS"}
        if found is not None and found.is_open:
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
        wire = self.wire_of(params)
        number, client_id = params.integer("orderId"), params.text("origClientOrderId")
        params.all_read()
        if number is None and client_id is None:
            raise no_order_id()
        record = self.desk.find(wire, number, client_id)
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
        if what != "TRIGGERED":
            report = forms.execution_report(
                record, what, deal, self.now_ms(), next(self._execution_ids)
            )
            self._say("user", report)
        self._say("user", self.position_event(record.symbol))

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
