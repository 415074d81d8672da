"""USD-M's questions about one's own account: orders, trades, positions, income, settings."""

from __future__ import annotations

from support.exchange import usdm_forms as forms
from support.exchange.errors import ApiError, no_such_order
from support.exchange.margin import ASSET

WEEK_MS = 7 * 86_400_000
EVERYTHING = 10**18


class UsdmReads:
    """The part of the API that only reads, and the account's few settings."""

    def read_routes(self, route):
        """Return this part of the routes."""
        found = {
            ("GET", "/fapi/v1/order"): route(self.one_order),
            ("GET", "/fapi/v1/openOrder"): route(self.one_open_order),
            ("GET", "/fapi/v1/openOrders"): route(
                self.open_orders, lambda params: 1 if params.get("symbol") else 40
            ),
            ("GET", "/fapi/v1/allOrders"): route(self.all_orders, 5),
            ("GET", "/fapi/v1/userTrades"): route(self.user_trades, 5),
            ("GET", "/fapi/v1/income"): route(self.incomes, 30),
            ("GET", "/fapi/v1/leverageBracket"): route(self.brackets),
            ("GET", "/fapi/v1/commissionRate"): route(self.commission, 20),
            ("GET", "/fapi/v1/positionSide/dual"): route(
                lambda _: {"dualSidePosition": False}, 30
            ),
            ("POST", "/fapi/v1/positionSide/dual"): route(self.set_dual),
            ("GET", "/fapi/v1/multiAssetsMargin"): route(
                lambda _: {"multiAssetsMargin": False}, 30
            ),
            ("POST", "/fapi/v1/leverage"): route(self.set_leverage),
            ("POST", "/fapi/v1/marginType"): route(self.set_margin),
            ("GET", "/fapi/v1/symbolConfig"): route(self.symbol_settings, 5),
            ("GET", "/fapi/v1/rateLimit/order"): route(
                lambda _: self.limiter.order_counts(self.now_ms())
            ),
        }
        for version in ("v2", "v3"):
            found["GET", f"/fapi/{version}/account"] = route(self.account, 5)
            found["GET", f"/fapi/{version}/balance"] = route(self.balance, 5)
            found["GET", f"/fapi/{version}/positionRisk"] = route(self.position_risks, 5)
        return found

    def one_order(self, params):
        """GET order."""
        record = self.named(params)
        if record is None:
            raise no_such_order()
        return forms.order(record)

    def one_open_order(self, params):
        """GET openOrder."""
        record = self.named(params)
        if record is None or not record.is_open:
            raise no_such_order()
        return forms.order(record)

    def open_orders(self, params):
        """GET openOrders."""
        wire = self.wire_of(params) if params.text("symbol") else None
        return [forms.order(record) for record in self.desk.open_records(wire)]

    def _span(self, params):
        since, until = params.integer("startTime"), params.integer("endTime")
        if since is not None and until is not None and until - since > WEEK_MS:
            raise ApiError(-4165, "Invalid time interval, maximum time range is 7 days.")
        if since is None and until is None:
            return self.now_ms() - WEEK_MS, EVERYTHING, False
        if since is None:
            return until - WEEK_MS, until, False
        return since, since + WEEK_MS if until is None else until, True

    def all_orders(self, params):
        """GET allOrders: from a number on, or of at most seven days."""
        wire, limit = self.wire_of(params), min(params.integer("limit", 500), 1000)
        first = params.integer("orderId")
        since, until, forwards = self._span(params)
        rows = [r for r in self.desk.records.values() if r.wire == wire]
        if first is not None:
            rows = [r for r in rows if r.number >= first][:limit]
        else:
            rows = [r for r in rows if since <= r.created_ms <= until]
            rows = rows[:limit] if forwards else rows[-limit:]
        return [forms.order(record) for record in rows]

    def user_trades(self, params):
        """GET userTrades: from a trade number on, or of at most seven days."""
        wire, limit = self.wire_of(params), min(params.integer("limit", 500), 1000)
        number, first = params.integer("orderId"), params.integer("fromId")
        if first is not None and (params.text("startTime") or params.text("endTime")):
            raise ApiError(-1128, "Combination of optional parameters invalid.")
        since, until, forwards = self._span(params)
        rows = [d for d in self.desk.deals if d.wire == wire and number in (None, d.order_id)]
        if first is not None:
            rows = [d for d in rows if d.number >= first][:limit]
        else:
            rows = [d for d in rows if since <= d.time_ms <= until]
            rows = rows[:limit] if forwards else rows[-limit:]
        return [forms.deal_row(deal) for deal in rows]

    def incomes(self, params):
        """GET income, oldest first."""
        wire, kind = params.text("symbol"), params.text("incomeType")
        limit = min(params.integer("limit", 100), 1000)
        since, until, _ = self._span(params)
        rows = [
            i for i in self.wallet.income
            if wire in (None, i.wire) and kind in (None, i.kind) and since <= i.time_ms <= until
        ]  # fmt: skip
        return [
            {
                "symbol": i.wire, "incomeType": i.kind, "income": forms.money(i.amount),
                "asset": ASSET, "info": i.deal, "time": i.time_ms, "tranId": i.number,
                "tradeId": i.deal,
            }
            for i in rows[:limit]
        ]  # fmt: skip

    def _sums(self):
        marks, open_records = self.marks(), self.desk.open_records()
        held = working = profit = forms.Decimal(0)
        for symbol, mark in marks.items():
            one, other = self.wallet.margin(symbol, mark, open_records)
            held, working = held + one, working + other
            profit += self.wallet.unrealized(symbol, mark)
        total = self.wallet.totals[ASSET]
        free = max(total + profit - held - working, forms.Decimal(0))
        return total, profit, held, working, free

    def account(self, _):
        """GET account."""
        total, profit, held, working, free = (forms.money(x) for x in self._sums())
        sums = self._sums()
        initial, equity = forms.money(sums[2] + sums[3]), forms.money(sums[0] + sums[1])
        shared = {
            "unrealizedProfit": profit, "initialMargin": initial, "maintMargin": "0.00000000",
            "positionInitialMargin": held, "openOrderInitialMargin": working,
        }  # fmt: skip
        asset = {
            "asset": ASSET, "walletBalance": total, "marginBalance": equity, **shared,
            "crossWalletBalance": total, "crossUnPnl": profit, "availableBalance": free,
            "maxWithdrawAmount": free, "marginAvailable": True, "updateTime": self.now_ms(),
        }  # fmt: skip
        return {
            "totalInitialMargin": initial, "totalMaintMargin": "0.00000000",
            "totalWalletBalance": total, "totalUnrealizedProfit": profit,
            "totalMarginBalance": equity, "totalPositionInitialMargin": held,
            "totalOpenOrderInitialMargin": working, "totalCrossWalletBalance": total,
            "totalCrossUnPnl": profit, "availableBalance": free, "maxWithdrawAmount": free,
            "canTrade": True, "multiAssetsMargin": False, "assets": [asset],
            "positions": self.position_risks({}),
        }  # fmt: skip

    def balance(self, _):
        """GET balance."""
        total, profit, _, _, free = (forms.money(x) for x in self._sums())
        return [
            {
                "accountAlias": "TEST", "asset": ASSET, "balance": total,
                "crossWalletBalance": total, "crossUnPnl": profit, "availableBalance": free,
                "maxWithdrawAmount": free, "marginAvailable": True,
                "updateTime": self.now_ms(),
            }
        ]  # fmt: skip

    def position_risks(self, params):
        """GET positionRisk: of what is held or may be."""
        one, marks = params.get("symbol"), self.marks()
        open_records, rows = self.desk.open_records(), []
        for wire, symbol in self.symbols.items():
            holding, mark = self.wallet.holdings[symbol], marks[symbol]
            working = any(r.symbol == symbol for r in open_records)
            if one not in (None, wire) or not (holding.qty or working):
                continue
            held, other = self.wallet.margin(symbol, mark, open_records)
            profit = forms.money(self.wallet.unrealized(symbol, mark))
            rows.append({
                "symbol": wire, "positionSide": "BOTH", "positionAmt": forms.qty(holding.qty),
                "entryPrice": forms.money(holding.avg_px),
                "breakEvenPrice": forms.money(holding.avg_px), "markPrice": forms.money(mark),
                "unRealizedProfit": profit, "unrealizedProfit": profit,
                "liquidationPrice": "0", "isolatedMargin": "0",
                "notional": forms.money(holding.qty * (mark or holding.avg_px)),
                "marginAsset": ASSET, "isolatedWallet": "0", "maintMargin": "0",
                "initialMargin": forms.money(held + other),
                "positionInitialMargin": forms.money(held),
                "openOrderInitialMargin": forms.money(other), "adl": 1, "bidNotional": "0",
                "askNotional": "0", "updateTime": self.now_ms(), "marginType": "cross",
                "leverage": str(self.wallet.leverage[symbol]),
            })  # fmt: skip
        return rows

    def brackets(self, params):
        """GET leverageBracket: one bracket each."""
        one = params.text("symbol")
        bracket = {
            "bracket": 1, "initialLeverage": 125, "notionalCap": 10**9, "notionalFloor": 0,
            "maintMarginRatio": 0.004, "cum": 0.0,
        }  # fmt: skip
        rows = [{"symbol": wire, "brackets": [bracket]} for wire in self.symbols]
        return [row for row in rows if one in (None, row["symbol"])]

    def commission(self, params):
        """GET commissionRate."""
        wire = self.wire_of(params)
        rules = self.rules[self.symbols[wire]]
        return {
            "symbol": wire, "makerCommissionRate": str(rules.maker_fee),
            "takerCommissionRate": str(rules.taker_fee),
        }  # fmt: skip

    def set_dual(self, params):
        """POST positionSide/dual: one-way it is, and one-way it stays."""
        if not params.flag("dualSidePosition"):
            raise ApiError(-4059, "No need to change position side.")
        text = "Position side cannot be changed: the exchange in the test has one-way mode only."
        raise ApiError(-4068, text)

    def set_margin(self, params):
        """POST marginType: cross it is, and cross it stays."""
        self.wire_of(params)
        if params.need("marginType") == "CROSSED":
            raise ApiError(-4046, "No need to change margin type.")
        text = "Margin type cannot be changed: the exchange in the test has cross margin only."
        raise ApiError(-4047, text)

    def set_leverage(self, params):
        """POST leverage."""
        wire, leverage = self.wire_of(params), int(params.need("leverage"))
        if not 1 <= leverage <= 125:
            raise ApiError(-4028, f"Leverage {leverage} is not valid")
        self.wallet.leverage[self.symbols[wire]] = leverage
        return {"leverage": leverage, "maxNotionalValue": "1000000000", "symbol": wire}

    def symbol_settings(self, params):
        """GET symbolConfig."""
        one = params.text("symbol")
        return [
            {
                "symbol": wire, "marginType": "CROSSED", "isAutoAddMargin": False,
                "leverage": self.wallet.leverage[symbol], "maxNotionalValue": "1000000000",
            }
            for wire, symbol in self.symbols.items() if one in (None, wire)
        ]  # fmt: skip
