"""What would be at stake if an order were sent: beside what is (risk/exposure.py), what it adds."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from gateway.oms.book import Book
from gateway.risk.cells import Cell, Totals
from protocol.fields import Side
from protocol.numbers import ZERO

if TYPE_CHECKING:
    from gateway.risk.exposure import Exposure
    from gateway.risk.facts import Intent

_BUY = Side.BUY
Added = tuple[Decimal, Decimal, Decimal, Decimal]
"""Gross, long, short, and what the venue blocks."""


class After:
    """What the scopes of an order would have at stake if it were sent, all of it executed.

    What the order adds is valued at the worse of its own price and the last one. The old version of
    a replaced order makes room for the new one; the larger of both counts, as either may live.
    """

    __slots__ = (
        "_added", "_done", "_exposure", "_symbol", "_venue", "currency", "gross", "long",
        "long_qty", "short", "short_qty", "why",
    )  # fmt: skip

    def __init__(self, exposure: Exposure, cell: Cell, intent: Intent, book: Book) -> None:
        self._exposure = exposure
        self._done: dict[str, Totals] = {}
        self._added: dict[str, Added | None] = {}
        self._venue, self._symbol = cell.price.venue, cell.price.symbol
        self.currency = cell.price.currency
        self.why = ""
        self.gross = self.long = self.short = self.long_qty = self.short_qty = ZERO
        message, existing = intent.message, intent.existing
        qty = more = intent.at_stake
        if existing is not None:
            counted = book.working_qty(existing)
            qty = max(qty, counted)
            more = qty - counted
        price = cell.price.price
        buys = message.side is _BUY
        if buys:
            self.long_qty = more
        else:
            self.short_qty = more
        if price is None or not self.currency:
            what = "price" if self.currency else "currency"
            self.why = f"no {what} of {self._symbol} at {cell.price.venue}"
            return
        worst = price
        for own in (message.price, message.stop_px):
            if own is not None and own > worst:
                worst = own
        added = more * price
        if worst is not price:
            added += qty * (worst - price)
        long, short = cell.long * price, cell.short * price
        if buys:
            self.long = added
            long += added
        else:
            self.short = added
            short += added
        self.gross = max(long, short) - cell.gross * price

    def _adds(self, currency: str) -> Added | None:
        """Return what it adds, in the currency of a scope; None when there is no rate."""
        known = self._added
        if currency not in known:
            exposure = self._exposure
            rate = exposure.rate(self.currency, currency)
            known[currency] = None
            if rate is not None:
                gross = self.gross * rate
                blocked = gross * exposure.margin_rate(self._venue, self._symbol)
                known[currency] = (gross, self.long * rate, self.short * rate, blocked)
        return known[currency]

    def totals(self, scope: str) -> Totals:
        """Return what the totals of one of its scopes would be."""
        done = self._done.get(scope)
        if done is None:
            found = self._exposure.added_up(scope)
            done, added = found.totals, self._adds(found.currency)
            if added is not None:
                gross, long, short, _ = added
                done = Totals(done.gross + gross, done.long + long, done.short + short, done.pnl)
            self._done[scope] = done
        return done

    def margin(self, scope: str) -> Decimal:
        """Return what the venues would block for one of its scopes."""
        found = self._exposure.added_up(scope)
        added = self._adds(found.currency)
        return found.margin if added is None else found.margin + added[3]

    def unknown(self, scope: str) -> str:
        """Say why the totals of one of its scopes cannot be known; empty when they are known."""
        if self.why:
            return self.why
        found = self._exposure.added_up(scope)
        if self._adds(found.currency) is None:
            return f"no rate from {self.currency} to {found.currency}"
        return found.why

    def symbol_gross(self, scope: str) -> Decimal:
        """Return what the gross notional of the symbol within one of its scopes would be."""
        exposure = self._exposure
        before = exposure.symbol_gross(scope, self._symbol)
        added = self._adds(exposure.added_up(scope).currency)
        return before if added is None else before + added[0]

    def symbol_qty(self, scope: str) -> tuple[Decimal, Decimal]:
        """Return how long and how short the symbol could become within one of its scopes."""
        long, short = self._exposure.symbol_qty(scope, self._symbol)
        return long + self.long_qty, short + self.short_qty
