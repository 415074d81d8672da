"""Conditional orders: they wait outside the book and become an order of their own when triggered.

That order has another number and **no client id**: what links them is `algoId` and `algoClOrdId` of
the child, and `ordIdList` of the algo order. Served: `trigger`, and `conditional` with one of stop
loss and take profit.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import count

from support.exchange.desk import EngineError
from support.exchange.okx.errors import OkxError, Refused, bad
from support.exchange.okx.forms import size, text
from support.exchange.okx.instruments import kind_of
from support.exchange.okx.trade import number

FIRST = 900_000_001
PRICES = {"trigger": (("triggerPx", "orderPx"),),
          "conditional": (("slTriggerPx", "slOrdPx"), ("tpTriggerPx", "tpOrdPx"))}  # fmt: skip


@dataclass
class Algo:
    """One conditional order. `words` are those of the order that shall come of it."""

    number: int
    client_id: str
    kind: str
    names: tuple
    trigger: Decimal
    upwards: bool
    words: dict
    created_ms: int
    state: str = "live"
    triggered_ms: int = 0
    child: int = 0
    failure: str = ""


class OkxAlgo:
    """The part of the API for conditional orders."""

    def open_algos(self):
        """Begin with none."""
        self.algos = {}
        self._algo_numbers = count(FIRST)

    def algo_routes(self, route):
        """Return this part of the routes."""
        return {
            ("POST", "trade/order-algo"): route(self.new_algo),
            ("POST", "trade/cancel-algos"): route(self.cancel_algos),
            ("GET", "trade/order-algo"): route(self.one_algo),
            ("GET", "trade/orders-algo-pending"): route(self.pending_algos),
            ("GET", "trade/orders-algo-history"): route(self.past_algos),
        }

    def _answer(self, rows):
        code = "0" if all(row["sCode"] == "0" for row in rows) else "1"
        return {"code": code, "msg": "", "data": rows}

    def new_algo(self, params):
        """POST trade/order-algo."""
        client_id = str(params.get("algoClOrdId") or params.get("clOrdId") or "")
        try:
            one = self._read_algo(params, client_id)
        except Refused as refusal:
            row = {"algoId": "", "sCode": refusal.code, "sMsg": refusal.text}
        else:
            self.algos[one.number] = one
            row = {"algoId": str(one.number), "sCode": "0", "sMsg": ""}
        return self._answer([{**row, "algoClOrdId": client_id, "clOrdId": client_id, "tag": ""}])

    def _read_algo(self, params, client_id):
        kind = params.get("ordType")
        pairs = [pair for pair in PRICES.get(kind, ()) if params.get(pair[0])]
        if len(pairs) != 1:
            raise bad(of="ordType" if kind not in PRICES else PRICES[kind][0][0])
        if client_id and any(one.client_id == client_id for one in self._waiting()):
            raise Refused(51065, "algoClOrdId already exists.")
        trigger = number(params, pairs[0][0])
        at_market = str(params.get(pairs[0][1])) == "-1"
        asked = {**params, "ordType": "market" if at_market else "limit", "tgtCcy": "base_ccy"}
        if not at_market:
            asked["px"] = params.get(pairs[0][1])
        asked.pop("clOrdId", None)
        words = self.read_order(asked)
        rules = self.rules[words["symbol"]]
        self.check_grid(rules, words["qty"], words["price"])
        if trigger % rules.price_tick:
            raise bad(of=pairs[0][0])
        last, name = self._last(words["symbol"]), pairs[0][0]
        buys = words["side"] == "BUY"
        wrong = trigger <= last if buys else trigger >= last
        if name == "slTriggerPx" and wrong:
            code, side = (51280, "higher") if not buys else (51278, "lower")
            raise Refused(code, f"SL trigger price cannot be {side} than the last price.")
        return Algo(
            number=next(self._algo_numbers), client_id=client_id, kind=kind, names=pairs[0],
            trigger=trigger, upwards=trigger >= self._last(words["symbol"]), words=words,
            created_ms=self.now_ms(),
        )  # fmt: skip

    def _last(self, symbol):
        market = self.markets.of(symbol)
        return market.last or market.mid() or Decimal(0)

    def _waiting(self):
        return [one for one in self.algos.values() if one.state == "live"]

    def trigger_algos(self):
        """Turn what is due into orders."""
        for one in self._waiting():
            last = self._last(one.words["symbol"])
            if last and (last >= one.trigger if one.upwards else last <= one.trigger):
                one.triggered_ms = self.now_ms()
                self._trigger(one)

    def _trigger(self, one):
        record = self.desk.new_record(self.now_ms(), **one.words)
        record.algo, one.child = one, record.number
        try:
            self.check_order(one.words)
            self.desk.place(record, self.clock())
        except (Refused, EngineError) as refusal:
            one.state, one.failure, one.child = "order_failed", str(refusal), 0
        else:
            one.state = "effective"

    def cancel_algos(self, params):
        """POST trade/cancel-algos."""
        if not isinstance(params, list) or not params:
            raise OkxError(50014, "Parameter list cannot be empty.", 400)
        rows = []
        for row in params:
            one = self._named_algo(row)
            known = one is not None and one.state == "live"
            if known:
                one.state = "canceled"
            rows.append({
                "algoId": str(one.number) if one else str(row.get("algoId", "")),
                "algoClOrdId": one.client_id if one else str(row.get("algoClOrdId", "")),
                "sCode": "0" if known else "51400",
                "sMsg": "" if known else "Cancellation failed as the order does not exist.",
            })  # fmt: skip
        return self._answer(rows)

    def _named_algo(self, row):
        number_, name = str(row.get("algoId", "")), str(row.get("algoClOrdId", ""))
        if number_:
            return self.algos.get(int(number_)) if number_.isdigit() else None
        found = [one for one in self.algos.values() if name and one.client_id == name]
        return found[-1] if found else None

    def one_algo(self, params):
        """GET trade/order-algo."""
        found = self._named_algo(params)
        if found is None:
            raise OkxError(51603)
        return [self._algo_row(found)]

    def pending_algos(self, params):
        """GET trade/orders-algo-pending."""
        return self._algo_rows(params, lambda one: one.state == "live")

    def past_algos(self, params):
        """GET trade/orders-algo-history."""
        state = params.get("state")
        return self._algo_rows(
            params, lambda one: one.state != "live" and state in {None, one.state}
        )

    def _algo_rows(self, params, wanted):
        if params.get("ordType") not in {*PRICES, "oco", "move_order_stop"}:
            raise OkxError(51000, "Parameter ordType error", 400)
        kind, wire = params["ordType"], params.get("instId")
        return [
            self._algo_row(one) for one in reversed(self.algos.values())
            if one.kind == kind and wire in {None, one.words["wire"]} and wanted(one)
        ]  # fmt: skip

    def _algo_row(self, one):
        words, prices = one.words, ("triggerPx", "slTriggerPx", "slOrdPx", "tpTriggerPx")
        given = dict.fromkeys((*prices, "tpOrdPx", "ordPx"), "")
        trigger_name, price_name = one.names
        given[trigger_name] = text(one.trigger)
        given["ordPx" if one.kind == "trigger" else price_name] = (
            text(words["price"]) if words["price"] else "-1"
        )
        return {
            "algoId": str(one.number), "algoClOrdId": one.client_id, "clOrdId": one.client_id,
            "instType": kind_of(words["symbol"]), "instId": words["wire"], "ordType": one.kind,
            "side": words["side"].lower(), "sz": size(words["symbol"], words["qty"]),
            "state": one.state, "ordId": str(one.child or ""), "tdMode": "cross", "ccy": "",
            "ordIdList": [str(one.child)] if one.child else [], "failCode": one.failure,
            "triggerTime": str(one.triggered_ms or ""), "cTime": str(one.created_ms),
            "uTime": str(one.triggered_ms or one.created_ms), "actualSz": "0", "actualPx": "",
            "reduceOnly": "true" if words["reduce_only"] else "false", "posSide": "net",
            "triggerPxType": "last", "last": "", "lever": "10", "tag": "", **given,
        }  # fmt: skip
