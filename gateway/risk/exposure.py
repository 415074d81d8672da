"""What is at stake in each scope: gross, long, short, profit; all that is in flight executed.

A cell is one owner's position in one symbol of one account at one venue, with its open orders. Its
worst cases are long `qty + buys` and short `sells - qty`; gross is the larger of the two. Totals
are sums over cells at the last price of the cell's own venue, however old it is: whether a price is
fresh is for another check. Positions of EXTERNAL count everywhere but in a strategy's scope; the
baseline of first contact does not count.

Everything is a running sum (risk/cells.py) and costs what has changed; rates come in only when
totals are read. `refresh` comes before reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from gateway.oms.book import Book
from gateway.oms.market import Market
from gateway.oms.rules import Rules
from gateway.oms.state import PositionKey
from gateway.oms.working import NOTHING
from gateway.risk.after import After
from gateway.risk.cells import Cell, Line, Price, Sum, Totals, cash_of
from gateway.risk.rates import Rates, quote_currency
from protocol.fields import EXTERNAL
from protocol.numbers import ZERO

if TYPE_CHECKING:
    from gateway.risk.facts import Intent

_CASH = Decimal(1)


class Exposure:
    """The totals of every scope, kept by what has changed in the book and in the market."""

    def __init__(self, book: Book, market: Market, rates: Rates, rules: Rules) -> None:
        self._book = book
        self._market = market
        self._rates = rates
        self._currency = rules.currency
        self._groups = rules.groups
        self._venues = rules.venues
        self._bases = {
            venue.account: venue.base_currency
            for venue in rules.venues.values() if venue.base_currency
        }  # fmt: skip
        self._listed = -1
        self._changes = 0
        self._sums: dict[str, Sum] = {}
        self._prices: dict[tuple[str, str], Price] = {}
        self._cells: dict[PositionKey, Cell] = {}
        book.touched_cells.update(dict.fromkeys(book.working, True))
        for owner, held in book.state.positions.items():
            for place in held:
                book.touched_cells[PositionKey(owner, *place.split("|", 2))] = True
        self.refresh()

    # Kept up to date.

    def refresh(self, now_ns: int | None = None) -> None:
        """Take in what has changed since the last time: positions, orders, quotes, instruments.

        Rates whose quotes have become too old are none from `now_ns` on.
        """
        if now_ns is not None and self._rates.look(now_ns):
            self._changes += 1
        if self._listed != self._market.listed:
            self._relist()
        changed, touched = self._market.changed, self._book.touched_cells
        if not changed and not touched:
            return
        self._changes += 1
        dirty: dict[Line, None] = {}
        for source in changed:
            self._rates.quote_changed(*source)
            price = self._prices.get(source)
            if price is not None:
                self._reprice(price, dirty)
        changed.clear()
        for key, held in touched.items():
            cell = self._cells.get(key) or self._new_cell(key)
            self._touch(cell, dirty, held=held)
        touched.clear()
        for line in dirty:
            line.revalue()

    def _reprice(self, price: Price, dirty: dict[Line, None]) -> None:
        now = self._market.reference_price(price.venue, price.symbol)
        if now is None or now == price.price:
            return
        price.price = now
        for line in price.house.values():
            if line.gross:  # else its value does not depend on the price
                dirty[line] = None
        for line in price.own:
            if line.gross:
                line.sums[0].dirty[line] = None

    def _touch(self, cell: Cell, dirty: dict[Line, None], *, held: bool) -> None:
        """Read a cell's open orders again, and what it holds when that has changed."""
        qty, cash = cell.qty, cell.cash
        if held:
            position = self._book.position(cell.key)
            if position is not None:
                qty = position.qty
                cash, others = cash_of(position, cell.price.currency)
                if others or cell.others:
                    cell.hold_others(others)
        working = self._book.working.get(cell.key, NOTHING)
        cell.hold(qty, working.buys, working.sells, cash)
        for line in cell.lines:
            dirty[line] = None

    def _relist(self) -> None:
        """Count the cells anew whose currency or margin the venue has told, or differently."""
        self._rates.refresh()
        self._listed = self._market.listed
        self._changes += 1
        for price in self._prices.values():
            currency, spared = self._currency_of(price), self._spared_of(price)
            if currency == price.currency and spared == price.spared:
                continue
            for cell in price.cells:
                cell.hold(ZERO, ZERO, ZERO, ZERO)
                cell.hold_others({})
                self._book.touched_cells[cell.key] = True
            for line in (*price.house.values(), *price.own):
                line.revalue()
                line.money = [one.in_currency(currency) for one in line.sums]
            price.currency, price.spared = currency, spared

    def _currency_of(self, price: Price) -> str:
        security = self._market.security(price.venue, price.symbol)
        return quote_currency(security) if security is not None else price.currency

    def _spared_of(self, price: Price) -> Decimal:
        return 1 - self.margin_rate(price.venue, price.symbol)

    def _new_cell(self, key: PositionKey) -> Cell:
        owner, account, venue, symbol = key
        price = self._prices.get((venue, symbol))
        if price is None:
            price = self._prices[venue, symbol] = Price(venue, symbol)
            price.price = self._market.reference_price(venue, symbol)
            price.currency, price.spared = self._currency_of(price), self._spared_of(price)
        house = price.house.get(account)
        if house is None:
            groups = (f"group:{name}" for name, held in self._groups.items() if symbol in held)
            scopes = (f"account:{account}", f"venue:{venue}", f"symbol:{symbol}", *groups, "all")
            house = price.house[account] = Line(price, tuple(map(self._sum, scopes)))
        lines = [house]
        if owner != EXTERNAL:
            own = Line(price, (self._sum(f"strategy:{owner}"),))
            price.own.append(own)
            lines.insert(0, own)
        cell = self._cells[key] = Cell(key, price, tuple(lines))
        price.cells.append(cell)
        return cell

    def _sum(self, scope: str) -> Sum:
        found = self._sums.get(scope)
        if found is None:
            found = self._sums[scope] = Sum(scope, self.currency(scope))
        return found

    # Read.

    def currency(self, scope: str) -> str:
        """Return the currency of a scope's totals: an account's own, else the house's."""
        found = self._sums.get(scope)
        if found is not None:
            return found.currency
        kind, _, name = scope.partition(":")
        return self._bases.get(name, self._currency) if kind == "account" else self._currency

    def totals(self, scope: str) -> Totals:
        """Return the sums of a scope, without what is unknown (`unknown_pnl` says what that is)."""
        return self.added_up(scope).totals

    def margin(self, scope: str) -> Decimal:
        """Return what the venues block for a scope: its gross, each symbol at its margin rate."""
        return self.added_up(scope).margin

    def added_up(self, scope: str) -> Sum:
        """Return everything of a scope, added up once for each change of anything."""
        found = self._sums.get(scope)
        if found is None:
            return Sum(scope, self.currency(scope))
        if found.read_at != self._changes:
            self._add_up(found)
        return found

    def _add_up(self, found: Sum) -> None:
        if found.dirty:
            self._settle(found)
        gross = long = short = pnl = spared = ZERO
        own, rates, changes = found.currency, self._rates, self._rates.changes
        without_rate = without_rate_pnl = ""
        for currency, money in found.money.items():
            if not (money.gross or money.pnl):
                continue
            if money.read_at != changes:
                rate = None if currency == own else rates.rate(currency, own)
                money.convert(rate, rates.changes, own=currency == own)
            worth = money.worth
            if worth is None:
                missing = f"no rate from {currency or 'an unknown currency'} to {own}"
                without_rate_pnl = without_rate_pnl or missing
                if money.gross:
                    without_rate = without_rate or missing
                continue
            gross += worth[0]
            long += worth[1]
            short += worth[2]
            pnl += worth[3]
            spared += worth[4]
        unpriced = _unpriced(found) if found.unpriced else ""
        found.totals = Totals(gross, long, short, pnl)
        found.margin = gross - spared if spared else gross
        found.why, found.why_pnl = unpriced or without_rate, unpriced or without_rate_pnl
        found.read_at = self._changes

    def margin_rate(self, venue: str, symbol: str) -> Decimal:
        """Return the part of a notional that a venue blocks: as it tells, else as configured."""
        security = self._market.security(venue, symbol)
        if security is not None and security.margin_rate is not None:
            return security.margin_rate
        rules = self._venues.get(venue)
        return rules.margin_rate if rules is not None else _CASH

    def unknown(self, scope: str) -> str:
        """Say why the exposure of a scope cannot be known; empty when it is known."""
        return self.added_up(scope).why

    def unknown_pnl(self, scope: str) -> str:
        """Say why the profit of a scope cannot be known: money without a rate counts too."""
        return self.added_up(scope).why_pnl

    def price(self, venue: str, symbol: str) -> Decimal | None:
        """Return the last price at which a symbol is valued; None when there was none yet."""
        found = self._prices.get((venue, symbol))
        if found is not None and found.price is not None:
            return found.price
        return self._market.reference_price(venue, symbol)

    def cell(self, key: PositionKey) -> Cell | None:
        """Find a cell; None when it never had a position or an order."""
        return self._cells.get(key)

    def symbol_gross(self, scope: str, symbol: str) -> Decimal:
        """Return the gross notional of one symbol within a scope."""
        found = self._sums.get(scope)
        if found is None:
            return ZERO
        self._settle(found)
        total = ZERO
        for line in found.lines.get(symbol, ()):
            currency = line.price.currency
            if currency == found.currency:
                total += line.value_gross
            elif (rate := self._rates.rate(currency, found.currency)) is not None:
                total += line.value_gross * rate
        return total

    def symbol_qty(self, scope: str, symbol: str) -> tuple[Decimal, Decimal]:
        """Return how long and how short one symbol may become within a scope, in its own units."""
        found = self._sums.get(scope)
        long = short = ZERO
        for line in found.lines.get(symbol, ()) if found is not None else ():
            long += line.long
            short += line.short
        return long, short

    def after(self, intent: Intent) -> After:
        """Return what the scopes of an order would have at stake if it were sent."""
        key = intent.key
        cell = self._cells.get(key)
        if cell is None:
            if self._market.security(key.venue, key.symbol) is None:
                # Nothing is remembered of symbols that only a strategy has named.
                cell = Cell(key, Price(key.venue, key.symbol), ())
            else:
                cell = self._new_cell(key)
        return After(self, cell, intent, self._book)

    def rate(self, frm: str, to: str) -> Decimal | None:
        """Return a rate."""
        return self._rates.rate(frm, to)

    @staticmethod
    def _settle(found: Sum) -> None:
        if found.dirty:
            for line in found.dirty:
                line.revalue()
            found.dirty.clear()

    def scopes(self) -> Iterator[str]:
        """Name the scopes that have ever had a position or an order."""
        return iter(tuple(self._sums))


def _unpriced(found: Sum) -> str:
    """Say of what a scope has something at stake without a price."""
    price = next(iter(found.unpriced)).price
    what = "price" if price.currency else "currency"
    return f"no {what} of {price.symbol} at {price.venue}"
