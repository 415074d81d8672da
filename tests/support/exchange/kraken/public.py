"""Kraken's public endpoints: time, status, assets, pairs, books, trades, tickers."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType

from support.exchange.kraken import forms
from support.exchange.kraken.names import altname_of, code_of, pair_of
from support.exchange.kraken.words import Refused

DECIMALS = MappingProxyType({"USD": 4, "EUR": 4, "USDT": 8})
UNKNOWN_PAIR = "EQuery:Unknown asset pair"
MOST_LEVELS = 500


class KrakenPublic:
    """The part of the API that needs no key. Its user has `markets`, `rules`."""

    def pair_named(self, text):
        """Return the pair of any of its names."""
        for symbol in self.rules:
            pair = pair_of(symbol)
            if text in {pair.key, pair.altname, pair.wsname, symbol}:
                return pair
        raise Refused(UNKNOWN_PAIR)

    def pair_of(self, words):
        """Return the pair that a request names."""
        return self.pair_named(words.need("pair"))

    def time(self, _):
        """Time."""
        return {"unixtime": self.now_ms() // 1000, "rfc1123": ""}

    def system_status(self, _):
        """SystemStatus."""
        return {"status": "online", "timestamp": forms.stamp(self.now_ms())[:19] + "Z"}

    def assets(self, _):
        """Assets."""
        return {
            code_of(asset): {
                "aclass": "currency", "altname": altname_of(asset),
                "decimals": DECIMALS.get(asset, 10), "display_decimals": 5, "status": "enabled",
            }
            for asset in sorted(self.wallet.totals)
        }  # fmt: skip

    def asset_pairs(self, words):
        """AssetPairs: those that are named, or all."""
        named = [self.pair_named(one) for one in (words.get("pair") or "").split(",") if one]
        return {one.key: self._pair(one) for one in named or map(pair_of, self.rules)}

    def _pair(self, pair):
        rules = self.rules[pair.symbol]
        return {
            "altname": pair.altname, "wsname": pair.wsname, "aclass_base": "currency",
            "base": code_of(pair.base), "aclass_quote": "currency", "quote": code_of(pair.quote),
            "lot": "unit", "cost_decimals": forms.PLACES["cost"],
            "pair_decimals": forms.PLACES["price"], "lot_decimals": forms.PLACES["qty"],
            "lot_multiplier": 1, "leverage_buy": [], "leverage_sell": [],
            "fees": [[0, float(rules.taker_fee * 100)]],
            "fees_maker": [[0, float(rules.maker_fee * 100)]], "fee_volume_currency": "ZUSD",
            "margin_call": 80, "margin_stop": 40, "ordermin": f"{rules.min_qty.normalize():f}",
            "costmin": f"{rules.min_notional:f}", "tick_size": f"{rules.price_tick:f}",
            "status": "online",
        }  # fmt: skip

    def _market(self, words):
        pair = self.pair_of(words)
        return pair, self.markets.by_wire[pair.wire]

    def depth(self, words):
        """Depth: a book, each level with the second in which it was changed."""
        pair, market = self._market(words)
        found = market.depth(min(words.integer("count", 100), MOST_LEVELS))
        now_s = self.now_ms() // 1000
        levels = {
            side: [[price, qty, now_s] for price, qty in found[side]] for side in ("asks", "bids")
        }
        return {pair.key: levels}

    def trades(self, words):
        """Trades: the latest, oldest first."""
        pair, market = self._market(words)
        rows = [
            [
                row["price"], row["qty"], row["time"] / 1000,
                "s" if row["isBuyerMaker"] else "b", "m", "", row["id"],
            ]
            for row in list(market.trades)[-words.integer("count", 1000) :]
        ]  # fmt: skip
        return {pair.key: rows, "last": str(self.now_ms() * 1_000_000)}

    def ticker(self, words):
        """Ticker: of the pairs that are named, or of all."""
        named = [self.pair_named(one) for one in (words.get("pair") or "").split(",") if one]
        return {one.key: self._ticker(one) for one in named or map(pair_of, self.rules)}

    def _ticker(self, pair):
        market = self.markets.by_wire[pair.wire]
        numbers, quote = market.statistics(), market.book_ticker()
        last = numbers["lastPrice"]
        return {
            "a": [quote["a"], "1", quote["A"]], "b": [quote["b"], "1", quote["B"]],
            "c": [last, numbers["lastQty"]], "v": [numbers["volume"]] * 2,
            "p": [numbers["weightedAvgPrice"]] * 2, "t": [numbers["count"]] * 2,
            "l": [numbers["lowPrice"]] * 2, "h": [numbers["highPrice"]] * 2,
            "o": numbers["openPrice"],
        }  # fmt: skip


class KrakenStyle:
    """The shapes of public numbers; what is said of a book is made in books.py."""

    @staticmethod
    def price(value):
        """Write a price."""
        return forms.text(Decimal(value), "price")

    @staticmethod
    def qty(value):
        """Write a quantity."""
        return forms.text(Decimal(value), "qty")

    @staticmethod
    def depth_update(body, previous):
        """Return the change as it is."""
        return body

    @staticmethod
    def book_ticker(body):
        """Return the quote as it is."""
        return body

    @staticmethod
    def trade(wire, row):
        """Return a trade as it is."""
        return row
