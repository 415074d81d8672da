"""What prices show: spreads and moves far beyond what is usual, and indexes above their level.

Each venue's prices of a symbol are judged by themselves, and a fault of one stops the symbol.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from gateway.oms.market import Market
from gateway.risk.breaker_rules import BreakerRules, Index, Multiple
from gateway.risk.breakers import MS, Wide, Wild
from gateway.risk.trips import Trips
from protocol.numbers import format_decimal


class Prices(Struct):
    """What is seen of one symbol at one venue; `mid` is None without a sound bid and offer."""

    wide: Wide
    wild: Wild
    indexes: tuple[Index, ...]
    mid: Decimal | None = None
    at_ns: int = 0


_NONE: dict[str, Prices] = {}


class PriceWatch:
    """Looks at quotes and tells `trips` what they show."""

    def __init__(self, rules: BreakerRules, trips: Trips, market: Market) -> None:
        self.rules = rules
        self._trips = trips
        self._market = market
        self._prices: dict[str, dict[str, Prices]] = {}
        self._fresh_ns = rules.slippage.quote_age_ms * MS

    def mid_at(self, venue: str, symbol: str, now_ns: int) -> Decimal | None:
        """Return the middle of now, None when there is no fresh one."""
        prices = self._prices.get(symbol, _NONE).get(venue)
        if prices is None or now_ns - prices.at_ns > self._fresh_ns:
            return None
        return prices.mid

    def quote(self, venue: str, symbol: str, now_ns: int) -> None:
        """Look at the quote that the market has just taken in."""
        quote = self._market.quote(venue, symbol)
        if quote is None:
            return
        prices = self._prices.get(symbol, _NONE).get(venue) or self._open(venue, symbol)
        bid, offer = quote.bid, quote.offer
        if prices.indexes:
            self._indexes(prices.indexes, bid, offer)
        if bid is None or offer is None or not 0 < bid < offer:
            prices.mid = None
            return
        prices.mid = mid = (bid + offer) / 2
        prices.at_ns = now_ns
        rules = self.rules
        if rules.spread.on and (why := prices.wide.add(now_ns, bid, offer)):
            self._fire(venue, symbol, rules.spread, why)
        if rules.volatility.on and (why := prices.wild.add(now_ns, mid)):
            self._fire(venue, symbol, rules.volatility, why)

    def _open(self, venue: str, symbol: str) -> Prices:
        rules = self.rules
        watched = tuple(
            index for index in rules.index if (index.venue, index.symbol) == (venue, symbol)
        )
        prices = Prices(Wide(rules.spread), Wild(rules.volatility), watched)
        self._prices.setdefault(symbol, {})[venue] = prices
        return prices

    def _indexes(
        self, indexes: tuple[Index, ...], bid: Decimal | None, offer: Decimal | None
    ) -> None:
        """Compare the price as it was told: an index that leaps is what is watched for."""
        if bid is None or offer is None:
            price = bid if offer is None else offer
        else:
            price = (bid + offer) / 2
        for index in indexes:
            if price is not None and price > index.above:
                detail = (
                    f"price={format_decimal(price)} above={format_decimal(index.above)}"
                    f" symbol={index.symbol} venue={index.venue}"
                )
                self._trips.fire(index.scope, index, index.cause, detail)

    def _fire(self, venue: str, symbol: str, rules: Multiple, why: str) -> None:
        spread = rules is self.rules.spread

        def forget() -> None:
            """Forget what every venue showed of the symbol."""
            for prices in self._prices.get(symbol, _NONE).values():
                if spread:
                    prices.wide.forget()
                else:
                    prices.wild.forget()

        cause = "SPREAD" if spread else "VOLATILITY"
        self._trips.fire(f"symbol:{symbol}", rules, cause, f"{why} venue={venue}", forget)
