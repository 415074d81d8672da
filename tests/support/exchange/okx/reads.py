"""Questions about one's own account: orders, fills, balances, positions, bills, configuration.

Lists come newest first, at most 100; `after` an id means older than it, `before` newer. A cancelled
order of which nothing was filled is forgotten after two hours: 51603, and in no history.
"""

from __future__ import annotations

from support.exchange.okx import forms
from support.exchange.okx.errors import OkxError, missing
from support.exchange.okx.instruments import is_swap, kind_of

HOUR_MS = 3_600_000
FORGOTTEN_MS = 2 * HOUR_MS
DAY_MS = 24 * HOUR_MS
PAGE = 100


class OkxReads:
    """The part of the API that only reads, and the account's few settings."""

    def read_routes(self, route):
        """Return this part of the routes."""
        return {
            ("GET", "trade/order"): route(self.one_order),
            ("GET", "trade/orders-pending"): route(self.pending),
            ("GET", "trade/orders-history"): route(self.history),
            ("GET", "trade/orders-history-archive"): route(self.history),
            ("GET", "trade/fills"): route(lambda params: self.fills(params, 3 * DAY_MS)),
            ("GET", "trade/fills-history"): route(self.old_fills),
            ("GET", "account/balance"): route(self.balance),
            ("GET", "account/positions"): route(self.positions),
            ("GET", "account/config"): route(self.configuration),
            ("GET", "account/bills"): route(self.bills),
            ("GET", "account/bills-archive"): route(self.bills),
            ("GET", "account/trade-fee"): route(self.fee_rates),
            ("GET", "account/leverage-info"): route(self.leverages),
            ("POST", "account/set-leverage"): route(self.set_leverage),
            ("GET", "asset/currencies"): route(self.currencies),
        }

    def is_forgotten(self, record):
        """Say whether an order is no longer known to anybody."""
        late = self.now_ms() - record.updated_ms > FORGOTTEN_MS
        return late and not record.is_open and not record.cum

    def one_order(self, params):
        """GET trade/order."""
        self.wire_of(params)
        if not params.get("ordId") and not params.get("clOrdId"):
            raise OkxError(50014, "Parameter clOrdId cannot be empty.", 400)
        record = self.named(params)
        if record is None or self.is_forgotten(record):
            raise OkxError(51603)
        return [forms.order(record)]

    def _of(self, params, rows):
        """Keep the rows of the instrument, its type, and the state that are asked for."""
        kind, wire = params.get("instType"), params.get("instId")
        state, order_type = params.get("state"), params.get("ordType")
        return [
            row for row in rows
            if kind in {None, "ANY", row["instType"]} and wire in {None, row["instId"]}
            and state in {None, row.get("state")}
            and (order_type is None or row.get("ordType") in order_type.split(","))
        ]  # fmt: skip

    def _page(self, params, rows, name):
        """Return one page of rows, newest first."""
        after, before = params.get("after"), params.get("before")
        if after:
            rows = [row for row in rows if int(row[name]) < int(after)]
        if before:
            rows = [row for row in rows if int(row[name]) > int(before)]
        rows = sorted(rows, key=lambda row: -int(row[name]))
        return rows[: min(int(params.get("limit") or PAGE), PAGE)]

    def _span(self, params, name, most_ms, rows):
        now_ms = self.now_ms()
        since = max(int(params.get("begin") or 0), now_ms - most_ms)
        until = int(params.get("end") or now_ms + DAY_MS)
        return [row for row in rows if since <= int(row[name]) <= until]

    def pending(self, params):
        """GET trade/orders-pending."""
        rows = [forms.order(record) for record in self.desk.open_records()]
        return self._page(params, self._of(params, rows), "ordId")

    def history(self, params):
        """GET trade/orders-history: what has ended in seven days."""
        if not params.get("instType"):
            raise missing(of="instType")
        ended = [
            forms.order(record) for record in self.desk.records.values()
            if not record.is_open and not self.is_forgotten(record)
        ]  # fmt: skip
        rows = self._span(params, "uTime", 7 * DAY_MS, ended)
        return self._page(params, self._of(params, rows), "ordId")

    def fills(self, params, most_ms):
        """GET trade/fills."""
        rows = [forms.fill(self.desk.records[d.order_id], d) for d in self.desk.deals]
        if params.get("ordId"):
            rows = [row for row in rows if row["ordId"] == params["ordId"]]
        rows = self._span(params, "ts", most_ms, rows)
        return self._page(params, self._of(params, rows), "billId")

    def old_fills(self, params):
        """GET trade/fills-history."""
        if not params.get("instType"):
            raise missing(of="instType")
        return self.fills(params, 90 * DAY_MS)

    def bills(self, params):
        """GET account/bills."""
        rows = [forms.bill(one) for one in self.wallet.bills]
        for name in ("ccy", "type", "subType"):
            rows = [row for row in rows if params.get(name) in {None, row[name]}]
        rows = self._span(params, "ts", 7 * DAY_MS, rows)
        if params.get("instType"):
            rows = [row for row in rows if row["instType"] == params["instType"]]
        return self._page(params, rows, "billId")

    def balance(self, params):
        """GET account/balance."""
        only = params["ccy"].split(",") if params.get("ccy") else None
        return [
            forms.balance(
                self.wallet, self.desk.open_records(), self.marks(), self.now_ms(), only
            )
        ]

    def position_rows(self, symbols=None):
        """Return the positions that are held, or of these symbols."""
        marks = self.marks()
        return [
            forms.position(self.wallet, symbol, marks[symbol], 5000 + at, self.now_ms())
            for at, symbol in enumerate(self.wallet.holdings)
            if (self.wallet.holdings[symbol].qty if symbols is None else symbol in symbols)
        ]

    def positions(self, params):
        """GET account/positions."""
        wires = params["instId"].split(",") if params.get("instId") else None
        rows = self._of({"instType": params.get("instType")}, self.position_rows())
        return [row for row in rows if wires is None or row["instId"] in wires]

    def configuration(self, _):
        """GET account/config."""
        key = self.key
        return [
            {
                "uid": "1", "mainUid": "1", "acctLv": key.acct_lv, "posMode": key.pos_mode,
                "perm": key.perm, "ip": key.ip, "label": "test", "level": "Lv1", "kycLv": "3",
                "autoLoan": False, "greeksType": "PA", "ctIsoMode": "automatic", "opAuth": "0",
                "mgnIsoMode": "automatic", "acctStpMode": "cancel_taker", "roleType": "0",
                "type": "0", "settleCcy": "USDT", "settleCcyList": ["USDT"], "feeType": "0",
                "enableSpotBorrow": False, "spotOffsetType": "", "traderInsts": [],
            }
        ]  # fmt: skip

    def fee_rates(self, params):
        """GET account/trade-fee: below zero is what is paid."""
        kind = params.get("instType")
        if not kind:
            raise missing(of="instType")
        rules = [one for one in self.rules.values() if kind_of(one.symbol) == kind]
        wire = params.get("instId")
        if wire:
            rules = [self.rules[self.symbols[self.wire_of(params)]]]
        rates = (rules[0].maker_fee, rules[0].taker_fee) if rules else (None, None)
        maker, taker = (forms.text(None if one is None else -one) for one in rates)
        swap = kind == "SWAP"
        return [
            {
                "category": "1", "instType": kind, "level": "Lv1", "ts": str(self.now_ms()),
                "maker": "" if swap else maker, "taker": "" if swap else taker,
                "makerU": maker if swap else "", "takerU": taker if swap else "",
                "makerUSDC": "", "takerUSDC": "", "delivery": "", "exercise": "",
            }
        ]  # fmt: skip

    def leverages(self, params):
        """GET account/leverage-info."""
        wires = str(params.get("instId", "")).split(",")
        return [
            {
                "instId": wire, "mgnMode": "cross", "posSide": "net", "ccy": "",
                "lever": str(self.wallet.leverage.get(self.symbols[wire], 1)),
            }
            for wire in wires if wire in self.symbols
        ]  # fmt: skip

    def set_leverage(self, params):
        """POST account/set-leverage."""
        wire, sent = self.wire_of(params), str(params.get("lever", ""))
        symbol = self.symbols[wire]
        if not sent.isdigit() or not 1 <= int(sent) <= 100 or not is_swap(symbol):
            raise OkxError(59102, "Leverage exceeds the maximum limit")
        self.wallet.leverage[symbol] = int(sent)
        row = {"lever": sent, "mgnMode": "cross", "instId": wire, "posSide": ""}
        return [row]

    def currencies(self, _):
        """GET asset/currencies: those that are traded."""
        return [
            {
                "ccy": asset, "name": asset, "chain": f"{asset}-Main", "canDep": True,
                "canWd": True, "canInternal": True, "minFee": "0", "maxFee": "0", "minWd": "1",
                "minDep": "0", "maxWd": "1000000", "wdTickSz": "8", "fee": "0", "mainNet": True,
                "ctAddr": "", "logoLink": "", "needTag": False, "wdQuota": "0", "usedWdQuota": "0",
            }
            for asset in self.wallet.totals
        ]  # fmt: skip
