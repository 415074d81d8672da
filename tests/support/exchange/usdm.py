"""Binance USD-M futures: orders over one account in one-way mode and cross margin.

Conditional orders go to their own endpoints (usdm_algo.py), as Binance has it since they moved
there; here they are refused with -4120.
"""

from __future__ import annotations

import re

from support.exchange import usdm_forms as forms
from support.exchange.api import SIDES, Api, Route
from support.exchange.desk import EngineError
from support.exchange.errors import ApiError, no_such_order, unknown_order
from support.exchange.margin import ASSET, MarginWallet
from support.exchange.usdm_algo import UsdmAlgo
from support.exchange.usdm_public import UsdmPublic
from support.exchange.usdm_reads import UsdmReads
from support.exchange.usdm_streams import UsdmStreams

NOT_MAKER = (
    "Due to the order could not be executed as maker, the Post Only order will be rejected. "
    "The order will not be recorded in the order history"
)
NOT_FILLED = (
    "Due to the order could not be filled immediately, the FOK order has been rejected. "
    "The order will not be recorded in the order history"
)
ELSEWHERE = (
    "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead."
)
ALL_GONE = {"code": 200, "msg": "The operation of cancel all open order is done."}


class UsdmApi(UsdmPublic, UsdmReads, UsdmAlgo, UsdmStreams, Api):
    """One futures account."""

    client_id_pattern = re.compile(r"^[.A-Z:/a-z0-9_-]{1,36}$")

    def __init__(self, instruments, *, deposits, clock, **rest):
        rules = {one.symbol: one for one in instruments}
        wallet = MarginWallet(rules, deposits, clock() // 1_000_000)
        super().__init__(instruments, wallet, forms.UsdmStyle, clock=clock, **rest)
        self.open_algos()
        self.open_streams()
        self.funding = []
        self._countdowns = {}
        self.routes = {
            **self.public_routes(Route),
            **self.read_routes(Route),
            **self.algo_routes(Route),
            **self.stream_routes(Route),
            ("POST", "/fapi/v1/order"): Route(self.new_order, weight=0, order=True),
            ("POST", "/fapi/v1/order/test"): Route(self.test_order),
            ("PUT", "/fapi/v1/order"): Route(self.amend_order, weight=0, order=True),
            ("DELETE", "/fapi/v1/order"): Route(self.cancel_order),
            ("DELETE", "/fapi/v1/allOpenOrders"): Route(self.cancel_open_orders),
            ("POST", "/fapi/v1/countdownCancelAll"): Route(self.count_down, weight=10),
        }

    # Time.

    def _meet(self, event, now_ns):
        self.desk.on_market(event, now_ns)
        self.trigger_algos()

    def tick(self, now_ns):
        """Do what is due: the market, expiries, countdowns."""
        super().tick(now_ns)
        now_ms = now_ns // 1_000_000
        for wire, due_ms in list(self._countdowns.items()):
            if due_ms <= now_ms:
                del self._countdowns[wire]
                for record in self.desk.open_records(wire):
                    self.desk.cancel(record, now_ns)

    def count_down(self, params):
        """POST countdownCancelAll: cancel everything of a symbol unless this is said again."""
        wire, wait_ms = self.wire_of(params), int(params.need("countdownTime"))
        self._countdowns.pop(wire, None)
        if wait_ms:
            self._countdowns[wire] = self.now_ms() + wait_ms
        return {"symbol": wire, "countdownTime": str(wait_ms)}

    # Orders.

    def new_order(self, params):
        """POST order."""
        words = self.read_order(params)
        return forms.placed(self.place(words), params.text("newOrderRespType", "ACK"))

    def test_order(self, params):
        """POST order/test: everything but the order."""
        self._checked(self.read_order(params))
        return {}

    def read_order(self, params):
        """Read the words of an order, or refuse them."""
        wire = self.wire_of(params)
        side = params.one_of("side", SIDES, ApiError(-1117, "Invalid side."))
        kind = params.one_of("type", forms.ORDER_TYPES, ApiError(-1116, "Invalid orderType."))
        if kind not in {"LIMIT", "MARKET"}:
            raise ApiError(-4120, ELSEWHERE)
        if params.text("positionSide", "BOTH") != "BOTH":
            text = "Order's position side does not match user's setting."
            raise ApiError(-4061, text)
        limit = kind == "LIMIT"
        tif, expire_ms = "GTC", 0
        if limit:
            refusal = ApiError(-1115, "Invalid timeInForce.")
            tif = params.one_of("timeInForce", forms.FORCES, refusal)
        if tif == "GTD":
            expire_ms = int(params.need("goodTillDate")) // 1000 * 1000
            if expire_ms <= self.now_ms() + 600_000:
                text = "The goodTillDate timestamp must be greater than the current time plus 600 s"
                raise ApiError(-5040, text)
        return {
            "wire": wire, "symbol": self.symbols[wire], "side": side, "kind": kind, "tif": tif,
            "price": params.decimal("price", needed=True) if limit else None, "stop": None,
            "qty": params.decimal("quantity", needed=True), "expire_ms": expire_ms,
            "client_id": self.client_id_of(params, "newClientOrderId"),
            "reduce_only": params.flag("reduceOnly"),
        }  # fmt: skip

    def place(self, words):
        """Place an order that was read, or refuse it."""
        record = self._checked(words)
        try:
            return self.desk.place(record, self.clock())
        except EngineError as refusal:
            # Only our own orders on the other side are left for the engine to notice.
            if record.tif != "GTX":
                raise
            raise ApiError(-5022, NOT_MAKER) from refusal

    def _checked(self, words):
        self.check_filters(words)
        if self.desk.is_taken(words["wire"], words["client_id"]):
            raise ApiError(-4116, "ClientOrderId is duplicated.")
        sign = 1 if words["side"] == "BUY" else -1
        if words["reduce_only"] and self.desk.position(words["symbol"]) * sign >= 0:
            raise ApiError(-2022, "ReduceOnly Order is rejected.")
        if words["tif"] == "GTX" and self.crosses(words):
            raise ApiError(-5022, NOT_MAKER)
        if words["tif"] == "FOK" and not self.desk.fills_whole(words):
            raise ApiError(-5021, NOT_FILLED)
        record = self.desk.new_record(self.now_ms(), **words)
        if not words["reduce_only"]:
            open_records = [*self.desk.open_records(), record]
            if self.wallet.available(self.marks(), open_records) < 0:
                raise ApiError(-2019, "Margin is insufficient.")
        return record

    def check_filters(self, words):
        """Refuse a price or quantity against the symbol's rules."""
        rules = self.rules[words["symbol"]]
        price, qty = words["price"], words["qty"]
        if price is not None and price <= 0:
            raise ApiError(-4001, "Price less than 0.")
        if price is not None and price % rules.price_tick:
            raise ApiError(-4014, "Price not increased by tick size.")
        if qty <= 0:
            raise ApiError(-4003, "Quantity less than or equal to zero.")
        if qty % rules.qty_step:
            text = "Precision is over the maximum defined for this asset."
            raise ApiError(-1111, text)
        if qty > rules.max_qty:
            raise ApiError(-4005, "Quantity greater than max quantity.")
        worth = qty * (price or self.marks()[words["symbol"]] or 0)
        if worth < rules.min_notional and not words["reduce_only"]:
            text = (
                f"Order's notional must be no smaller than {rules.min_notional} "
                "(unless you choose reduce only)."
            )
            raise ApiError(-4164, text)

    def amend_order(self, params):
        """PUT order: price and quantity of an open limit order, which keeps its number."""
        record = self.named(params)
        side = params.one_of("side", SIDES, ApiError(-1117, "Invalid side."))
        price, qty = params.decimal("price", needed=True), params.decimal("quantity", needed=True)
        if record is None or not record.is_open:
            raise no_such_order()
        if side != record.side:
            raise ApiError(-1117, "Invalid side.")
        if (price, qty) == (record.price, record.qty):
            raise ApiError(-5027, "No need to modify the order.")
        words = {"symbol": record.symbol, "price": price, "qty": qty, "side": side}
        self.check_filters({**words, "reduce_only": record.reduce_only})
        gone = qty <= record.cum or (record.tif == "GTX" and self.crosses(words))
        if gone:
            self.desk.cancel(record, self.clock())
        else:
            self.desk.amend(record, qty, price, self.clock())
        return forms.placed(record, "RESULT")

    def cancel_order(self, params):
        """DELETE order."""
        record = self.named(params)
        if record is None or not record.is_open:
            raise unknown_order()
        self.desk.cancel(record, self.clock())
        return forms.placed(record, "RESULT")

    def cancel_open_orders(self, params):
        """DELETE allOpenOrders: of one symbol; also if there are none."""
        for record in self.desk.open_records(self.wire_of(params)):
            self.desk.cancel(record, self.clock())
        return ALL_GONE

    # Money.

    def marks(self):
        """Return the mark price of every symbol: the middle of its market."""
        return {
            symbol: self.markets.by_wire[wire].mid() for wire, symbol in self.symbols.items()
        }

    def fund(self, symbol, rate):
        """Pay funding now: longs pay a positive rate to shorts."""
        wire, mark = symbol.replace("/", ""), self.marks()[symbol]
        held = self.wallet.holdings[symbol].qty
        self.funding.append((wire, forms.Decimal(str(rate)), self.now_ms(), mark))
        amount = -(held * mark * forms.Decimal(str(rate))).quantize(forms.EIGHT)
        if amount:
            self.wallet.move("FUNDING_FEE", amount, self.now_ms(), wire=wire)
            event = forms.account_update(self.wallet, "FUNDING_FEE", (), self.now_ms(), amount)
            self.say("user", event)

    def _changed(self, record, what, deal):
        if deal is not None:
            before = self.wallet.totals[ASSET]
            self.wallet.book(record, deal)
            change = self.wallet.totals[ASSET] - before
            touched = (record.symbol,)
            event = forms.account_update(self.wallet, "ORDER", touched, self.now_ms(), change)
            self.say("user", event)
        kind = "EXPIRED" if what == "TRADE_PREVENTION" else what
        self.say("user", forms.order_update(record, kind, deal, self.now_ms()))
        self.note_order(record)
