"""Spot's public endpoints."""

from __future__ import annotations

from support.exchange import spot_forms as forms
from support.exchange.errors import ApiError

DEPTH_WEIGHTS = ((100, 5), (500, 25), (1000, 50), (5000, 250))


def depth_weight(params):
    """Return what a snapshot weighs: by its size."""
    limit = params.integer("limit", 100)
    return next((weight for most, weight in DEPTH_WEIGHTS if limit <= most), 250)


def book_weight(params):
    """Return what the best bids and offers weigh: less for one symbol."""
    return 2 if params.get("symbol") else 4


class SpotPublic:
    """The part of the API that needs no key. Its user has `markets`, `rules`, `symbols`."""

    def public_routes(self, route):
        """Return the public part of the routes."""

        def public(answer, weight=1):
            return route(answer, weight=weight, signed=False)

        return {
            ("GET", "/api/v3/ping"): public(lambda _: {}),
            ("GET", "/api/v3/time"): public(lambda _: {"serverTime": self.now_ms()}),
            ("GET", "/api/v3/exchangeInfo"): public(self.exchange_rules, 20),
            ("GET", "/api/v3/depth"): public(self.depth, depth_weight),
            ("GET", "/api/v3/trades"): public(self.trades, 25),
            ("GET", "/api/v3/ticker/24hr"): public(self.ticker, 2),
            ("GET", "/api/v3/ticker/bookTicker"): public(self.book_tickers, book_weight),
            ("GET", "/api/v3/ticker/price"): public(self.prices, 2),
            ("GET", "/sapi/v1/system/status"): public(
                lambda _: {"status": 0, "msg": "normal"}, 0
            ),
        }

    def exchange_rules(self, params):
        """GET exchangeInfo."""
        one = params.text("symbol")
        if one is not None and one not in self.symbols:
            raise ApiError(-1121, "Invalid symbol.")
        return {
            "timezone": "UTC", "serverTime": self.now_ms(), "exchangeFilters": [],
            "rateLimits": self.limiter.stated(),
            "symbols": [
                forms.symbol_rules(wire, self.rules[symbol])
                for wire, symbol in self.symbols.items() if one in (None, wire)
            ],
        }  # fmt: skip

    def depth(self, params):
        """GET depth."""
        market = self.market_of(params)
        return market.depth(min(params.integer("limit", 100), 5000))

    def trades(self, params):
        """GET trades: the latest, oldest first."""
        market = self.market_of(params)
        return list(market.trades)[-params.integer("limit", 500) :]

    def ticker(self, params):
        """GET ticker/24hr of one symbol."""
        market = self.market_of(params)
        quote, now_ms = market.book_ticker(), self.now_ms()
        return {
            "symbol": market.wire, **market.statistics(), "prevClosePrice": quote["b"],
            "bidPrice": quote["b"], "bidQty": quote["B"], "askPrice": quote["a"],
            "askQty": quote["A"], "openTime": market.opened_ms, "closeTime": now_ms,
        }  # fmt: skip

    def book_tickers(self, params):
        """GET ticker/bookTicker of one, some or all symbols."""
        one, some = params.text("symbol"), params.text("symbols")
        rows = []
        for wire, market in self.markets.by_wire.items():
            if (one and wire != one) or (some and f'"{wire}"' not in some):
                continue
            quote = market.book_ticker()
            rows.append({
                "symbol": wire, "bidPrice": quote["b"], "bidQty": quote["B"],
                "askPrice": quote["a"], "askQty": quote["A"],
            })  # fmt: skip
        if not rows:
            raise ApiError(-1121, "Invalid symbol.")
        return rows[0] if one else rows

    def prices(self, params):
        """GET ticker/price of one symbol."""
        market = self.market_of(params)
        return {"symbol": market.wire, "price": market.statistics()["lastPrice"]}
