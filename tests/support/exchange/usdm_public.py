"""USD-M's public endpoints."""

from __future__ import annotations

from support.exchange import usdm_forms as forms
from support.exchange.errors import ApiError

DEPTH_WEIGHTS = ((50, 2), (100, 5), (500, 10), (1000, 20))
DEPTHS = (5, 10, 20, 50, 100, 500, 1000)
INTERVAL_MS = 8 * 3_600_000


def depth_weight(params):
    """Return what a snapshot weighs: by its size."""
    limit = params.integer("limit", 500)
    return next((weight for most, weight in DEPTH_WEIGHTS if limit <= most), 20)


def by_symbol(one, every):
    """Return what a request weighs: for one symbol, or for all."""
    return lambda params: one if params.get("symbol") else every


class UsdmPublic:
    """The part of the API that needs no key."""

    def public_routes(self, route):
        """Return the public part of the routes."""

        def public(answer, weight=1):
            return route(answer, weight=weight, signed=False)

        return {
            ("GET", "/fapi/v1/ping"): public(lambda _: {}),
            ("GET", "/fapi/v1/time"): public(lambda _: {"serverTime": self.now_ms()}),
            ("GET", "/fapi/v1/exchangeInfo"): public(self.exchange_rules),
            ("GET", "/fapi/v1/depth"): public(self.depth, depth_weight),
            ("GET", "/fapi/v1/trades"): public(self.trades, 5),
            ("GET", "/fapi/v1/ticker/24hr"): public(self.ticker),
            ("GET", "/fapi/v1/ticker/bookTicker"): public(self.book_tickers, by_symbol(2, 5)),
            ("GET", "/fapi/v1/premiumIndex"): public(self.premiums, by_symbol(1, 10)),
            ("GET", "/fapi/v1/fundingRate"): public(self.funding_rates),
            ("GET", "/fapi/v1/fundingInfo"): public(self.funding_rules),
        }

    def exchange_rules(self, _):
        """GET exchangeInfo."""
        return {
            "timezone": "UTC", "serverTime": self.now_ms(), "futuresType": "U_MARGINED",
            "rateLimits": self.limiter.stated(), "exchangeFilters": [],
            "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-100"}],
            "symbols": [
                forms.symbol_rules(wire, self.rules[symbol])
                for wire, symbol in self.symbols.items()
            ],
        }  # fmt: skip

    def depth(self, params):
        """GET depth: in the sizes that there are."""
        market, limit = self.market_of(params), params.integer("limit", 500)
        if limit not in DEPTHS:
            raise ApiError(-4021, f"{limit} is not valid depth limit.")
        now_ms = self.now_ms()
        return {**market.depth(limit), "E": now_ms, "T": now_ms}

    def trades(self, params):
        """GET trades: the latest, oldest first."""
        market = self.market_of(params)
        return list(market.trades)[-params.integer("limit", 500) :]

    def ticker(self, params):
        """GET ticker/24hr of one symbol."""
        market = self.market_of(params)
        times = {"openTime": market.opened_ms, "closeTime": self.now_ms()}
        return {"symbol": market.wire, **market.statistics(), **times}

    def book_tickers(self, params):
        """GET ticker/bookTicker of one or all symbols."""
        one = self.wire_of(params) if params.text("symbol") else None
        rows = []
        for wire, market in self.markets.by_wire.items():
            quote = market.book_ticker()
            rows.append({
                "symbol": wire, "bidPrice": quote["b"], "bidQty": quote["B"],
                "askPrice": quote["a"], "askQty": quote["A"], "time": self.now_ms(),
                "lastUpdateId": quote["u"],
            })  # fmt: skip
        return next((row for row in rows if row["symbol"] == one), rows)

    def premiums(self, params):
        """GET premiumIndex of one or all symbols: mark price and the coming funding."""
        one = self.wire_of(params) if params.text("symbol") else None
        now_ms, marks = self.now_ms(), self.marks()
        rows = []
        for wire, symbol in self.symbols.items():
            rates = [rate for name, rate, *_ in self.funding if name == wire]
            mark = forms.money(marks[symbol])
            rows.append({
                "symbol": wire, "markPrice": mark, "indexPrice": mark,
                "estimatedSettlePrice": mark, "time": now_ms, "interestRate": "0.00010000",
                "lastFundingRate": forms.money(rates[-1] if rates else None),
                "nextFundingTime": (now_ms // INTERVAL_MS + 1) * INTERVAL_MS,
            })  # fmt: skip
        return next((row for row in rows if row["symbol"] == one), rows)

    def funding_rates(self, params):
        """GET fundingRate: what was paid."""
        one = params.text("symbol")
        return [
            {
                "symbol": wire, "fundingRate": forms.money(rate), "fundingTime": at_ms,
                "markPrice": forms.money(mark),
            }
            for wire, rate, at_ms, mark in self.funding if one in (None, wire)
        ]  # fmt: skip

    def funding_rules(self, _):
        """GET fundingInfo."""
        return [
            {
                "symbol": wire, "adjustedFundingRateCap": "0.02000000",
                "adjustedFundingRateFloor": "-0.02000000", "fundingIntervalHours": 8,
            }
            for wire in self.symbols
        ]  # fmt: skip
