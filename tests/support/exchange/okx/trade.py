"""Orders: placed, amended, cancelled, one or several in a request; and cancel-all-after.

An answer is an acknowledgement: the request was taken. What became of the order is told by the
orders channel. A post-only order that would trade is acknowledged and then cancelled; an amendment
that cannot be done is acknowledged and then told as failed (`amendResult` -1).
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from support.exchange.desk import Desk, EngineError
from support.exchange.okx.errors import OkxError, Refused, bad, missing
from support.exchange.okx.instruments import LOT, contract, is_swap

CLIENT_ID = re.compile(r"^[a-zA-Z0-9]{1,32}$")
TAG = re.compile(r"^[a-zA-Z0-9]{1,16}$")
KINDS = {
    "limit": "GTC", "post_only": "GTX", "fok": "FOK", "ioc": "IOC", "market": "IOC",
    "optimal_limit_ioc": "IOC",
}  # fmt: skip
PRICELESS = ("market", "optimal_limit_ioc")
MOST_IN_BATCH = 20
BY_DEAD_MAN, BY_PERSON, POST_ONLY = "20", "1", "31"
DEAD_MAN_S = (10, 120)


class OkxDesk(Desk):
    """The orders of the account; some end before they have rested."""

    _wanted = None
    """What is wanted of the order that is being amended, if it has that already."""

    def end_at_once(self, record, why, now_ns):
        """Let an order be known and over."""
        record.status, record.cancel_id = "CANCELED", why
        record.updated_ms = now_ns // 1_000_000
        self.records[record.number] = record
        self._named[record.wire, record.client_id] = record
        self._tell(record, "CANCELED", None)

    def fill_by_amendment(self, record, qty, now_ns):
        """Let an order be filled because no more is wanted than it has."""
        self._wanted = qty
        self.cancel(record, now_ns)
        self._wanted = None

    def _end(self, record, event):
        if self._wanted is None:
            super()._end(record, event)
        else:
            record.qty, record.status = self._wanted, "FILLED"
            self._changed(record, "AMENDMENT", None)


class OkxTrade:
    """The part of the API that changes something."""

    def trade_routes(self, route):
        """Return this part of the routes."""
        return {
            ("POST", "trade/order"): route(self.place_one),
            ("POST", "trade/batch-orders"): route(self.place_several),
            ("POST", "trade/amend-order"): route(self.amend_one),
            ("POST", "trade/amend-batch-orders"): route(self.amend_several),
            ("POST", "trade/cancel-order"): route(self.cancel_one),
            ("POST", "trade/cancel-batch-orders"): route(self.cancel_several),
            ("POST", "trade/cancel-all-after"): route(self.cancel_all_after),
        }

    # Several in one request.

    def each(self, rows, act):
        """Do something with each order of a request; return the body of the answer."""
        if not isinstance(rows, list) or not 0 < len(rows) <= MOST_IN_BATCH:
            raise OkxError(50014, "Parameter list cannot be empty.", 400)
        found = [self._row(row, act) for row in rows]
        good = sum(row["sCode"] == "0" for row in found)
        code = "0" if good == len(found) else "2" if good else "1"
        text = {"0": "", "1": "All operations failed", "2": "Bulk operation partially succeeded"}
        return {"code": code, "msg": text[code], "data": found}

    def _row(self, row, act):
        given = {"ordId": str(row.get("ordId", "")), "clOrdId": str(row.get("clOrdId", ""))}
        try:
            record = act(row)
        except Refused as refusal:
            more = {"sCode": refusal.code, "sMsg": refusal.text}
        else:
            given = {"ordId": str(record.number), "clOrdId": record.client_id}
            more = {"sCode": "0", "sMsg": ""}
        return {**given, "tag": "", "ts": str(self.now_ms()), "reqId": row.get("reqId", ""), **more}

    def place_one(self, params):
        """POST trade/order."""
        return self.each([params], self.place)

    def place_several(self, params):
        """POST trade/batch-orders."""
        return self.each(params, self.place)

    def amend_one(self, params):
        """POST trade/amend-order."""
        return self.each([params], self.amend)

    def amend_several(self, params):
        """POST trade/amend-batch-orders."""
        return self.each(params, self.amend)

    def cancel_one(self, params):
        """POST trade/cancel-order."""
        return self.each([params], self.cancel)

    def cancel_several(self, params):
        """POST trade/cancel-batch-orders."""
        return self.each(params, self.cancel)

    # One order.

    def place(self, row):
        """Place an order, or refuse it."""
        self.limiter.charge_order(self.now_ms())
        words = self.read_order(row)
        self.check_order(words)
        record = self.desk.new_record(self.now_ms(), **words)
        try:
            return self.desk.place(record, self.clock())
        except EngineError:
            # Only post-only is left for the engine to refuse: acknowledged, and cancelled.
            if record.tif != "GTX":
                raise
            self.desk.end_at_once(record, POST_ONLY, self.clock())
            return record

    def read_order(self, row):
        """Read the words of an order."""
        wire = self.wire_of(row)
        symbol, swap = self.symbols[wire], is_swap(self.symbols[wire])
        side, kind = row.get("side"), row.get("ordType")
        if side not in {"buy", "sell"}:
            raise bad(of="side")
        if kind not in KINDS or (kind == "optimal_limit_ioc" and not swap):
            raise bad(of="ordType")
        if row.get("tdMode") not in ({"cross"} if swap else {"cash", "cross"}):
            raise bad(of="tdMode")
        if swap and row.get("posSide", "net") not in {"net", ""}:
            raise bad(of="posSide")
        client_id, tag = str(row.get("clOrdId", "")), str(row.get("tag", ""))
        if tag and not TAG.match(tag):
            raise bad(of="tag")
        if client_id and not CLIENT_ID.match(client_id):
            raise bad(of="clOrdId")
        qty = number(row, "sz") * contract(symbol)
        if not swap and kind == "market":
            qty = self._bought_for(symbol, side, qty, row.get("tgtCcy"))
        return {
            "wire": wire, "symbol": symbol, "side": side.upper(), "kind": kind, "stop": None,
            "tif": KINDS[kind], "qty": qty, "client_id": client_id, "tag": tag,
            "price": None if kind in PRICELESS else number(row, "px"),
            "reduce_only": swap and str(row.get("reduceOnly", "")).lower() == "true",
        }  # fmt: skip

    def _bought_for(self, symbol, side, size, unit):
        """Return the quantity of a spot market order: by default a buy is for so much money."""
        if unit == "base_ccy" or (side == "sell" and unit != "quote_ccy"):
            return size
        return self.desk.qty_for(symbol, side.upper(), size)

    def check_order(self, words):
        """Refuse an order that the exchange would not take."""
        symbol, rules = words["symbol"], self.rules[words["symbol"]]
        self.check_grid(rules, words["qty"], words["price"])
        if self.desk.is_taken(words["wire"], words["client_id"]) and words["client_id"]:
            raise Refused(51016)
        sign = 1 if words["side"] == "BUY" else -1
        if words["reduce_only"] and self.desk.position(symbol) * sign >= 0:
            raise Refused(51169, "Order failed because you don't have any positions to reduce.")
        if words["reduce_only"]:
            return
        record = self.desk.new_record(self.now_ms(), **words)
        self.check_funds(record)

    def check_grid(self, rules, qty, price):
        """Refuse what is off the instrument's steps."""
        if qty <= 0:
            raise bad(of="sz")
        if qty % rules.qty_step:
            what = "lot size" if not is_swap(rules.symbol) else f"lot size {LOT}"
            raise Refused(51121, f"Order quantity must be a multiple of the {what}.")
        if qty < rules.min_qty:
            raise Refused(51020, "Your order should meet or exceed the minimum order amount.")
        if qty > rules.max_qty:
            raise Refused(51005, "Your order amount exceeds the max order amount.")
        if price is not None and (price <= 0 or price % rules.price_tick):
            raise bad(of="px")

    def check_funds(self, record, without=None):
        """Refuse an order that the account cannot pay."""
        open_records = [r for r in self.desk.open_records() if r is not without]
        marks, rules = self.marks(), self.rules[record.symbol]
        if is_swap(record.symbol):
            asset, needed = rules.currency, Decimal(0)
            open_records.append(record)
        elif record.side == "SELL":
            asset, needed = rules.base, record.qty
        else:
            asset, price = rules.currency, record.price
            cost = self.desk.cost_of(record.symbol, "BUY", record.qty)
            needed = record.qty * price if price else cost
        if needed > self.wallet.free(open_records, marks)[asset]:
            raise Refused(51008, f"Order failed. Insufficient {asset} balance in account.")

    def amend(self, row):
        """Amend an open order; a problem that only the engine finds is told by the channel."""
        self.limiter.charge_order(self.now_ms())
        record = self.named(row)
        if record is None or self.is_forgotten(record):
            raise Refused(51503)
        if not record.is_open:
            raise Refused(51510 if record.status == "FILLED" else "51509")
        unit = contract(record.symbol)
        if "newSz" not in row and "newPx" not in row:
            raise Refused(51500, "You must enter a price, quantity, or TP/SL")
        qty = number(row, "newSz") * unit if "newSz" in row else record.qty
        price = number(row, "newPx") if "newPx" in row else record.price
        self.check_grid(self.rules[record.symbol], qty, price)
        request = str(row.get("reqId", ""))
        words = {
            "symbol": record.symbol, "side": record.side, "price": price, "qty": qty,
            "tif": record.tif,
        }  # fmt: skip
        if record.tif == "GTX" and self.crosses(words):
            text = "Order modification failed as the order price did not meet Post Only."
            self.tell_order(record, None, code="51511", msg=text, amendResult="-1", reqId=request)
        else:
            self._amended = {"amendResult": "0", "reqId": request}
            if qty <= record.cum:
                self.desk.fill_by_amendment(record, qty, self.clock())
            else:
                self.desk.amend(record, qty, price, self.clock())
            self._amended = {}
        return record

    def cancel(self, row):
        """Cancel an open order."""
        record = self.named(row)
        if record is None or self.is_forgotten(record):
            raise Refused(51400)
        if not record.is_open:
            raise Refused(51402 if record.status == "FILLED" else "51401")
        self.desk.cancel(record, self.clock(), BY_PERSON)
        return record

    def named(self, row):
        """Return the order that a request names, the newest of a client id; None without one."""
        wire = self.wire_of(row)
        if row.get("ordId"):
            sent = str(row["ordId"])
            return self.desk.find(wire, int(sent)) if sent.isdigit() else None
        if not row.get("clOrdId"):
            raise Refused(51003, "Either client order ID or order ID is required.")
        return self.desk.find(wire, None, str(row["clOrdId"]))

    def crosses(self, words):
        """Say whether a limit order would trade with the market at once."""
        buys = words["side"] == "BUY"
        other = self.desk.best(words["symbol"], "SELL" if buys else "BUY")
        return other is not None and (
            words["price"] >= other if buys else words["price"] <= other
        )

    # The dead man's switch.

    def cancel_all_after(self, params):
        """POST trade/cancel-all-after: cancel all, or what has a tag, unless this is said again."""
        sent = str(params.get("timeOut", ""))
        if not sent:
            raise missing(of="timeOut")
        least, most = DEAD_MAN_S
        if not sent.isdigit() or (int(sent) and not least <= int(sent) <= most):
            raise OkxError(51000, "Parameter timeOut error", 400)
        now_ms, tag = self.now_ms(), str(params.get("tag", ""))
        due_ms = now_ms + int(sent) * 1000 if int(sent) else 0
        self.dead_men[tag] = due_ms
        row = {"triggerTime": str(due_ms), "tag": tag, "ts": str(now_ms)}
        return {"code": "0", "msg": "", "data": [row]}

    def mind_dead_man(self):
        """Cancel everything, or what has a tag, if nobody said otherwise in time."""
        for tag, due_ms in self.dead_men.items():
            if not due_ms or self.now_ms() < due_ms:
                continue
            self.dead_men[tag] = 0
            for record in self.desk.open_records():
                if tag in {"", record.tag}:
                    self.desk.cancel(record, self.clock(), BY_DEAD_MAN)


def number(row, name):
    """Read a positive number that must be there."""
    try:
        found = Decimal(str(row[name]))
    except (KeyError, InvalidOperation):
        raise bad(of=name) from None
    if not found.is_finite() or found <= 0:
        raise bad(of=name)
    return found
