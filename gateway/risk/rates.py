"""What one currency is worth in another, through the pairs that the venues quote.

Rules: a peg of the config comes first, then a pair that is quoted, then its inverse, then two of
these through one more currency. Of several venues that quote a pair the first one whose quote is
about as new as the newest gives the rate. A rate is remembered until a quote that it was made of
changes (`quote_changed`), and stays what it was last when a book runs empty. A price that no quote
has confirmed for longer than `max_age_ms` gives no rate any more: `look` says what time it is, and
rates that are remembered expire by it too. A peg never ages. No way: None.
"""

from __future__ import annotations

import decimal
from collections.abc import Mapping
from decimal import Decimal

from gateway.oms.market import Market
from gateway.oms.rules import MAX_RATE_AGE_MS
from protocol.messages import Security
from protocol.numbers import ZERO

ONE = Decimal(1)
ABOUT_AS_NEW_NS = 10_000_000_000
"""A quote this much older than another venue's of the same pair gives no rate."""

RATE_DIGITS = 20
"""Significant digits of a rate that is divided for: more only makes products slow."""

MS_NS = 1_000_000
_SIX_LETTERS = 6
_NEVER_NS = 1 << 63
_NO_PRICE = ZERO, 0
_context = decimal.Context(prec=RATE_DIGITS)

Pair = tuple[str, str]


def base_currency(security: Security) -> str:
    """Return the currency of an instrument's quantity, empty when there is none."""
    return security.base_currency or _in_symbol(security)[0]


def quote_currency(security: Security) -> str:
    """Return the currency of an instrument's price, empty when it is not known."""
    return security.currency or _in_symbol(security)[1]


def _in_symbol(security: Security) -> Pair:
    """Read the currencies in a symbol such as BTC/USDT or EURUSD, empty when it is no pair."""
    symbol = security.symbol
    base, slash, quote = symbol.partition("/")
    if not slash and len(symbol) == _SIX_LETTERS and symbol.isalpha() and symbol.isupper():
        base, quote = symbol[:3], symbol[3:]
    if not quote or (security.currency or quote) != quote:
        return "", ""
    return base, quote


class Rates:
    """Finds rates, and keeps them until what they were made of changes."""

    def __init__(
        self, market: Market, pegs: Mapping[str, Decimal], max_age_ms: int = MAX_RATE_AGE_MS
    ) -> None:
        """`pegs` as in the config: `{"USDT/USD": 1}`."""
        self._market = market
        self._max_age_ns = max_age_ms * MS_NS
        self._now_ns = 0
        self._expires_ns = _NEVER_NS
        self._pegs: dict[Pair, Decimal] = {}
        for name, value in pegs.items():
            base, slash, quote = name.partition("/")
            if not (base and slash and quote and value > 0):
                text = (
                    f"received the peg {name!r} = {value}, expected a pair and a positive rate"
                    ' such as "USDT/USD" = 1'
                )
                raise ValueError(text)
            self._pegs[base, quote] = value
            self._pegs.setdefault((quote, base), _context.divide(ONE, value))
        self.changes = 0
        """How often rates were forgotten: while it stays, so do they."""
        self._listed = -1
        self._quoted: dict[Pair, list[tuple[str, str]]] = {}
        self._near: dict[str, set[str]] = {}
        self._rates: dict[Pair, Decimal | None] = {}
        self._made_of: dict[tuple[str, str], set[Pair]] = {}
        self._prices: dict[tuple[str, str], tuple[Decimal, int]] = {}

    def rate(self, frm: str, to: str) -> Decimal | None:
        """Return what one unit of `frm` is worth in `to`, None when there is no way to know."""
        if frm == to:
            return ONE
        self.refresh()
        pair = frm, to
        if pair not in self._rates:
            self._rates[pair] = self._find(pair)
        return self._rates[pair]

    def look(self, now_ns: int) -> bool:
        """Learn what time it is; say whether rates were forgotten because of it."""
        self._now_ns = now_ns
        if now_ns <= self._expires_ns:
            return False
        self._expires_ns = _NEVER_NS
        self.changes += 1
        self._rates.clear()
        return True

    def refresh(self) -> None:
        """Take in what the venues have told of their instruments."""
        if self._listed != self._market.listed:
            self._relist()

    def quote_changed(self, venue: str, symbol: str) -> None:
        """Forget what was made of a quote that has changed."""
        stale = self._made_of.get((venue, symbol))
        if stale:
            self.changes += 1
            for pair in stale:
                self._rates.pop(pair, None)
            stale.clear()

    def _relist(self) -> None:
        """Read again which pairs are quoted where."""
        self._listed = self._market.listed
        self.changes += 1
        self._quoted = {}
        self._near = {}
        for base, quote in self._pegs:
            self._near.setdefault(base, set()).add(quote)
        for venue, view in self._market.venues.items():
            for symbol, security in view.securities.items():
                base, quote = base_currency(security), quote_currency(security)
                if base and quote and base != quote:
                    self._quoted.setdefault((base, quote), []).append((venue, symbol))
                    self._near.setdefault(base, set()).add(quote)
                    self._near.setdefault(quote, set()).add(base)
        self._rates.clear()
        self._made_of = {source: set() for found in self._quoted.values() for source in found}

    def _find(self, pair: Pair) -> Decimal | None:
        direct = self._leg(pair, pair)
        if direct is not None:
            return direct
        frm, to = pair
        ways = self._near.get(frm, set()) & self._near.get(to, set())
        for middle in sorted(ways, key=lambda one: (not self._over_peg(frm, one, to), one)):
            first = self._leg((frm, middle), pair)
            second = self._leg((middle, to), pair)
            if first is not None and second is not None:
                return _context.multiply(first, second)
        return None

    def _over_peg(self, frm: str, middle: str, to: str) -> bool:
        """Whether one of two steps is a peg: such a way comes before others."""
        return (frm, middle) in self._pegs or (middle, to) in self._pegs

    def _leg(self, leg: Pair, wanted: Pair) -> Decimal | None:
        """Return the rate of one step; note that `wanted` is made of it."""
        peg = self._pegs.get(leg)
        if peg is not None:
            return peg
        price = self._price(leg, wanted)
        if price is not None:
            return price
        price = self._price((leg[1], leg[0]), wanted)
        return None if price is None else _context.divide(ONE, price)

    def _price(self, pair: Pair, wanted: Pair) -> Decimal | None:
        sources = self._quoted.get(pair, ())
        newest = found_ns = expires_ns = 0
        for source in sources:
            self._made_of[source].add(wanted)
            quote = self._market.quotes.get(source)
            if quote is not None:
                newest = max(newest, quote.received_ns)
        found: Decimal | None = None
        for source in sources:
            quote = self._market.quotes.get(source)
            price, confirmed_ns = self._last_price(source)
            if quote is None or price <= ZERO or self._is_old(confirmed_ns):
                continue
            if newest - quote.received_ns <= ABOUT_AS_NEW_NS:
                found, expires_ns = price, confirmed_ns + self._max_age_ns
                break
            if found is None or quote.received_ns > found_ns:
                found, found_ns = price, quote.received_ns
                expires_ns = confirmed_ns + self._max_age_ns
        if found is not None:
            self._expires_ns = min(self._expires_ns, expires_ns)
        return found

    def _last_price(self, source: tuple[str, str]) -> tuple[Decimal, int]:
        """Return the last price of a quoted pair and when it was confirmed; 0 without any."""
        price = self._market.reference_price(*source)
        if price:
            self._prices[source] = price, self._market.confirmed_ns(*source)
        return self._prices.get(source, _NO_PRICE)

    def _is_old(self, confirmed_ns: int) -> bool:
        return self._now_ns - confirmed_ns > self._max_age_ns
