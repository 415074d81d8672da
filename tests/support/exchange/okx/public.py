"""The endpoints that need no key: time, instruments, books, tickers, trades, funding."""

from __future__ import annotations

from support.exchange.okx import forms
from support.exchange.okx.errors import OkxError, missing
from support.exchange.okx.instruments import is_swap, kind_of

INTERVAL_MS = 8 * 3_600_000
KINDS = ("SPOT", "SWAP", "FUTURES", "OPTION", "MARGIN")


class OkxPublic:
    """The part of the API that needs no key."""

    def public_routes(self, route):
        """Return this part of the routes."""

        def public(answer):
            return route(answer, signed=False)

        return {
            ("GET", "public/time"): public(lambda _: [{"ts": str(self.now_ms())}]),
            ("GET", "public/instruments"): public(self.instruments),
            ("GET", "public/funding-rate"): public(self.funding_rate),
            ("GET", "public/funding-rate-history"): public(self.funding_history),
            ("GET", "public/mark-price"): public(self.mark_prices),
            ("GET", "market/books"): public(self.book),
            ("GET", "market/ticker"): public(self.ticker),
            ("GET", "market/trades"): public(self.trades),
            ("GET", "system/status"): public(lambda _: []),
        }

    def instruments(self, params):
        """GET public/instruments."""
        kind = params.get("instType")
        if kind not in KINDS:
            raise missing(of="instType")
        wire = params.get("instId")
        return [
            forms.rules(at, rule) for at, rule in enumerate(self.rules.values())
            if kind_of(rule.symbol) == kind and wire in {None, self.wires[rule.symbol]}
        ]  # fmt: skip

    def market_of(self, params):
        """Return the market that a question names."""
        return self.markets.by_wire[self.wire_of(params)]

    def book(self, params):
        """GET market/books."""
        market = self.market_of(params)
        found = market.book(min(int(params.get("sz") or 1), 400))
        return [{**found, "ts": str(self.now_ms()), "seqId": market.update_id}]

    def ticker(self, params):
        """GET market/ticker."""
        return [self.market_of(params).ticker(self.now_ms())]

    def trades(self, params):
        """GET market/trades: the latest, newest first."""
        market = self.market_of(params)
        rows = [market.trade_row(row) for row in market.trades]
        return rows[::-1][: int(params.get("limit") or 100)]

    def _swaps(self, params):
        if params.get("instId") == "ANY":
            return [self.wires[symbol] for symbol in self.rules if is_swap(symbol)]
        wire = self.wire_of(params)
        if not is_swap(self.symbols[wire]):
            raise OkxError(51000, "Parameter instId error", 400)
        return [wire]

    def funding_rate(self, params):
        """GET public/funding-rate."""
        at_ms = (self.now_ms() // INTERVAL_MS + 1) * INTERVAL_MS
        return [
            {
                "instType": "SWAP", "instId": wire, "fundingRate": "0.0001",
                "method": "next_period", "fundingTime": str(at_ms),
                "nextFundingTime": str(at_ms + INTERVAL_MS),
                "nextFundingRate": "", "minFundingRate": "-0.015", "maxFundingRate": "0.015",
                "settState": "settled", "settFundingRate": "0.0001", "ts": str(self.now_ms()),
            }
            for wire in self._swaps(params)
        ]  # fmt: skip

    def funding_history(self, params):
        """GET public/funding-rate-history: what was paid, newest first."""
        wire = self.wire_of(params)
        return [
            {
                "instType": "SWAP", "instId": wire, "fundingRate": forms.text(rate),
                "realizedRate": forms.text(rate), "fundingTime": str(at_ms),
                "method": "next_period",
            }
            for one, rate, at_ms in reversed(self.funding) if one == wire
        ]  # fmt: skip

    def mark_prices(self, params):
        """GET public/mark-price."""
        marks, wire = self.marks(), params.get("instId")
        return [
            {
                "instType": kind_of(symbol), "instId": self.wires[symbol], "ts": str(self.now_ms()),
                "markPx": forms.text(mark),
            }
            for symbol, mark in marks.items() if wire in {None, self.wires[symbol]}
        ]  # fmt: skip
