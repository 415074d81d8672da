"""Spot's questions about one's own account: orders, trades, balances, permissions.

What lies under /sapi has limits of its own at Binance; they are not counted here (weight 0).
"""

from __future__ import annotations

from support.exchange import spot_forms as forms
from support.exchange.errors import ApiError

DAY_MS = 86_400_000
ALL_SYMBOLS_WEIGHT = 80


def open_weight(params):
    """Return what openOrders weighs: much more without a symbol."""
    return 6 if params.get("symbol") else ALL_SYMBOLS_WEIGHT


def trades_weight(params):
    """Return what myTrades weighs: less for one order."""
    return 5 if params.get("orderId") else 20


class SpotReads:
    """The part of the API that only reads. Its user has `desk`, `wallet`, `key`, `limiter`."""

    def read_routes(self, route):
        """Return the reading part of the routes."""
        return {
            ("GET", "/api/v3/order"): route(lambda p: forms.order(self.found_order(p)), 4),
            ("GET", "/api/v3/openOrders"): route(self.open_orders, open_weight),
            ("GET", "/api/v3/allOrders"): route(self.all_orders, 20),
            ("GET", "/api/v3/myTrades"): route(self.my_trades, trades_weight),
            ("GET", "/api/v3/account"): route(self.account, 20),
            ("GET", "/api/v3/account/commission"): route(self.commission, 20),
            ("GET", "/api/v3/rateLimit/order"): route(
                lambda _: self.limiter.order_counts(self.now_ms()), 40
            ),
            ("GET", "/sapi/v1/account/apiRestrictions"): route(
                lambda _: dict(self.key.restrictions), 0
            ),
            ("GET", "/sapi/v1/capital/config/getall"): route(
                lambda _: [forms.coin(asset) for asset in sorted(self.wallet.totals)], 0
            ),
            ("GET", "/sapi/v1/asset/tradeFee"): route(self.trade_fees, 0),
            ("GET", "/sapi/v1/margin/allPairs"): route(lambda _: [], 0),
            ("GET", "/sapi/v1/margin/isolated/allPairs"): route(lambda _: [], 0),
        }

    def open_orders(self, params):
        """GET openOrders."""
        wire = self.wire_of(params) if params.text("symbol") else None
        params.all_read()
        return [forms.order(record) for record in self.desk.open_records(wire)]

    def all_orders(self, params):
        """GET allOrders: from an order number on, or in a time span, or the latest."""
        wire, limit = self.wire_of(params), min(params.integer("limit", 500), 1000)
        first = params.integer("orderId")
        since, until = self._span(params)
        rows = [r for r in self.desk.records.values() if r.wire == wire]
        if first is not None:
            rows = [r for r in rows if r.number >= first][:limit]
        elif since is not None:
            rows = [r for r in rows if since <= r.created_ms <= until][:limit]
        else:
            rows = [r for r in rows if r.created_ms <= until][-limit:]
        return [forms.order(record) for record in rows]

    def my_trades(self, params):
        """GET myTrades: from a trade number on, or in a time span, or the latest."""
        wire, limit = self.wire_of(params), min(params.integer("limit", 500), 1000)
        number, first = params.integer("orderId"), params.integer("fromId")
        timed = params.text("startTime") or params.text("endTime")
        if timed and (first is not None or number is not None):
            raise ApiError(-1128, "Combination of optional parameters invalid.")
        since, until = self._span(params)
        params.all_read()
        rows = [d for d in self.desk.deals if d.wire == wire and number in (None, d.order_id)]
        if first is not None:
            rows = [d for d in rows if d.number >= first][:limit]
        elif since is not None:
            rows = [d for d in rows if since <= d.time_ms <= until][:limit]
        else:
            rows = [d for d in rows if d.time_ms <= until][-limit:]
        return [forms.deal_row(deal) for deal in rows]

    def _span(self, params):
        since, until = params.integer("startTime"), params.integer("endTime")
        if since is not None and until is not None and until - since > DAY_MS:
            raise ApiError(-1127, "More than 24 hours between startTime and endTime.")
        if until is None:
            until = since + DAY_MS if since is not None else 10**18
        return since, until

    def account(self, params):
        """GET account."""
        params.flag("omitZeroBalances")
        params.all_read()
        locked = self.wallet.locked(self.desk.open_records())
        rules = next(iter(self.rules.values()))
        maker, taker = forms.number(rules.maker_fee), forms.number(rules.taker_fee)
        return {
            "makerCommission": int(rules.maker_fee * 10_000),
            "takerCommission": int(rules.taker_fee * 10_000),
            "buyerCommission": 0, "sellerCommission": 0,
            "commissionRates": {
                "maker": maker, "taker": taker, "buyer": "0.00000000", "seller": "0.00000000",
            },
            "canTrade": True, "canWithdraw": True, "canDeposit": True, "brokered": False,
            "requireSelfTradePrevention": False, "preventSor": False,
            "updateTime": self.now_ms(), "accountType": "SPOT",
            "balances": [
                {
                    "asset": asset, "free": forms.number(total - locked[asset]),
                    "locked": forms.number(locked[asset]),
                }
                for asset, total in sorted(self.wallet.totals.items())
            ],
            "permissions": ["SPOT"], "uid": 1,
        }  # fmt: skip

    def commission(self, params):
        """GET account/commission."""
        rules = self.rules[self.symbols[self.wire_of(params)]]
        none = dict.fromkeys(("maker", "taker", "buyer", "seller"), "0.00000000")
        rates = {"maker": forms.number(rules.maker_fee), "taker": forms.number(rules.taker_fee)}
        return {
            "symbol": params["symbol"], "standardCommission": none | rates,
            "specialCommission": none, "taxCommission": none,
            "discount": {
                "enabledForAccount": False, "enabledForSymbol": False,
                "discountAsset": "BNB", "discount": "0.00000000",
            },
        }  # fmt: skip

    def trade_fees(self, params):
        """GET asset/tradeFee."""
        one = params.text("symbol")
        return [
            {
                "symbol": wire, "makerCommission": str(self.rules[symbol].maker_fee),
                "takerCommission": str(self.rules[symbol].taker_fee),
            }
            for wire, symbol in self.symbols.items() if one in (None, wire)
        ]  # fmt: skip
