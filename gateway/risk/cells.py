"""The running sums of exposure: a cell's quantities, the lines they add to, the sums of a scope.

A change goes from a cell to its lines (quantities in one symbol) and from a line, at the last
price, to its scopes' sums (values in the line's currency). Sums of products of wire numbers are
exact, so that what was added can be taken away again, to the last digit.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from gateway.oms.state import Position, PositionKey
from protocol.numbers import ZERO

CASH_PLACES = 18
"""Decimal places of a cell's cash: a cost that was divided has up to 80, and would not add up."""


class Totals(Struct, frozen=True, gc=False):
    """The sums of a scope, in its currency. Long and short are signed: their sum is what works."""

    gross: Decimal = ZERO
    long: Decimal = ZERO
    short: Decimal = ZERO
    pnl: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """The worst net exposure, long or short."""
        return max(self.long, self.short)


NO_TOTALS = Totals()
Worth = tuple[Decimal, Decimal, Decimal, Decimal, Decimal]
"""Gross, long, short, profit, spared."""


class Money:
    """Sums of a scope in one currency; `spared` is the part of gross that no venue blocks.

    `worth` is what they are in the scope's currency, None when there is no rate. It is looked at
    again when the rates have changed since (`read_at`), or the sums themselves have (-1).
    """

    __slots__ = ("gross", "long", "pnl", "rate", "read_at", "short", "spared", "worth")

    def __init__(self) -> None:
        self.gross = self.long = self.short = self.pnl = self.spared = ZERO
        self.rate: Decimal | None = None
        self.worth: Worth | None = None
        self.read_at = -1

    def convert(self, rate: Decimal | None, read_at: int, *, own: bool) -> None:
        """Bring `worth` up to date; `own`: the currency is the scope's, and there is no rate."""
        if own:
            self.worth = self.gross, self.long, self.short, self.pnl, self.spared
        elif rate is None:
            self.worth = None
        elif rate is not self.rate or self.read_at < 0 or self.worth is None:
            self.worth = (
                self.gross * rate, self.long * rate, self.short * rate, self.pnl * rate,
                self.spared * rate if self.spared else ZERO,
            )  # fmt: skip
        self.rate = rate
        self.read_at = read_at


class Sum:
    """One scope: its sums per currency, its lines, and those of them that have no price.

    `totals`, `margin` (what the venues block) and why exposure (`why`) or profit (`why_pnl`)
    cannot be known, if so, were found at the `read_at`-th change of anything.
    """

    __slots__ = (
        "currency", "dirty", "lines", "margin", "money", "read_at", "scope", "totals", "unpriced",
        "why", "why_pnl",
    )  # fmt: skip

    def __init__(self, scope: str, currency: str) -> None:
        self.scope = scope
        self.currency = currency
        self.money: dict[str, Money] = {}
        self.lines: dict[str, list[Line]] = {}
        self.unpriced: dict[Line, None] = {}
        self.dirty: dict[Line, None] = {}
        self.totals = NO_TOTALS
        self.margin = ZERO
        self.why = self.why_pnl = ""
        self.read_at = -1

    def in_currency(self, currency: str) -> Money:
        """Find the sums in one currency."""
        found = self.money.get(currency)
        if found is None:
            found = self.money[currency] = Money()
        return found


class Price:
    """One symbol at one venue: its last price, its currency, and what is valued at it.

    `spared` is the part of a notional that the venue does not block: 0 where it is paid in full.
    """

    __slots__ = ("cells", "currency", "house", "own", "price", "spared", "symbol", "venue")

    def __init__(self, venue: str, symbol: str) -> None:
        self.venue = venue
        self.symbol = symbol
        self.price: Decimal | None = None
        self.currency = ""
        self.spared = ZERO
        self.cells: list[Cell] = []
        self.house: dict[str, Line] = {}
        self.own: list[Line] = []


class Line:
    """Quantities of one symbol of an account at a venue: a strategy's own, or all together.

    `gross` is 0 only when there is neither a position nor an order. `value_gross` and so on are
    what its scopes' sums hold of it.
    """

    __slots__ = (
        "cash", "gross", "long", "money", "price", "qty", "short", "sums", "unpriced",
        "value_gross", "value_long", "value_pnl", "value_short", "value_spared",
    )  # fmt: skip

    def __init__(self, price: Price, sums: tuple[Sum, ...]) -> None:
        self.price = price
        self.sums = sums
        self.unpriced = False
        self.gross = self.long = self.short = self.qty = self.cash = ZERO
        self.value_gross = self.value_long = self.value_short = self.value_pnl = ZERO
        self.value_spared = ZERO
        self.money = [one.in_currency(price.currency) for one in sums]
        for one in sums:
            one.lines.setdefault(price.symbol, []).append(self)

    def revalue(self) -> None:
        """Bring the sums of its scopes up to date with its quantities and its price.

        Without a price only what is no risk has a value: the cash of what is closed.
        """
        price = self.price.price
        if price is None or not self.price.currency:
            gross = long = short = ZERO
            pnl = ZERO if self.qty else self.cash
            self._tell_unpriced(is_so=bool(self.gross))
        else:
            gross, long, short = self.gross * price, self.long * price, self.short * price
            pnl = self.qty * price + self.cash
            if self.unpriced:
                self._tell_unpriced(is_so=False)
        self._pass_on(gross, long, short, pnl)

    def _pass_on(self, gross: Decimal, long: Decimal, short: Decimal, pnl: Decimal) -> None:
        more_gross, more_long = gross - self.value_gross, long - self.value_long
        more_short, more_pnl = short - self.value_short, pnl - self.value_pnl
        self.value_gross, self.value_long = gross, long
        self.value_short, self.value_pnl = short, pnl
        if more_gross and (self.price.spared or self.value_spared):
            self._spare(gross * self.price.spared)
        for money in self.money:
            money.read_at = -1
            if more_gross:
                money.gross += more_gross
            if more_long:
                money.long += more_long
            if more_short:
                money.short += more_short
            if more_pnl:
                money.pnl += more_pnl

    def _spare(self, spared: Decimal) -> None:
        more = spared - self.value_spared
        self.value_spared = spared
        for money in self.money:
            money.spared += more

    def _tell_unpriced(self, *, is_so: bool) -> None:
        self.unpriced = is_so
        for one in self.sums:
            if is_so:
                one.unpriced[self] = None
            else:
                one.unpriced.pop(self, None)


class Cell:
    """One owner's position in one symbol, and what its open orders may add to it."""

    __slots__ = (
        "buys", "cash", "gross", "key", "lines", "long", "others", "price", "qty", "sells", "short"
    )  # fmt: skip

    def __init__(self, key: PositionKey, price: Price, lines: tuple[Line, ...]) -> None:
        self.key = key
        self.price = price
        self.lines = lines
        self.qty = self.buys = self.sells = self.cash = ZERO
        self.long = self.short = self.gross = ZERO
        self.others: dict[str, Decimal] = {}

    @property
    def scopes(self) -> tuple[str, ...]:
        """Name the scopes in which it counts."""
        return tuple(one.scope for line in self.lines for one in line.sums)

    def hold(self, qty: Decimal, buys: Decimal, sells: Decimal, cash: Decimal) -> None:
        """Take new quantities, and pass on to its lines what is different."""
        if cash != self.cash:
            for line in self.lines:
                line.cash += cash - self.cash
            self.cash = cash
        if qty == self.qty and buys == self.buys and sells == self.sells:
            return
        long, short = qty + buys, sells - qty
        gross = max(short, long)
        more_long, more_short, more_gross = long - self.long, short - self.short, gross - self.gross
        for line in self.lines:
            if more_long:
                line.long += more_long
            if more_short:
                line.short += more_short
            if more_gross:
                line.gross += more_gross
            if qty is not self.qty:
                line.qty += qty - self.qty
        self.qty, self.buys, self.sells = qty, buys, sells
        self.long, self.short, self.gross = long, short, gross

    def hold_others(self, others: dict[str, Decimal]) -> None:
        """Take new fees and funding in other currencies than that of the price."""
        for currency in {**self.others, **others}:
            more = others.get(currency, ZERO) - self.others.get(currency, ZERO)
            if more:
                for line in self.lines:
                    for one in line.sums:
                        money = one.in_currency(currency)
                        money.pnl += more
                        money.read_at = -1
        self.others = others


def cash_of(position: Position, currency: str) -> tuple[Decimal, dict[str, Decimal]]:
    """Return the money of a position in the currency of its price, and that in others."""
    money = {currency or position.currency: position.realized - position.cost}
    for name, paid in position.fees.items():
        money[name or currency] = money.get(name or currency, ZERO) - paid
    for name, received in position.funding.items():
        money[name or currency] = money.get(name or currency, ZERO) + received
    rounded = {name: round(amount, CASH_PLACES) for name, amount in money.items() if amount}
    return rounded.pop(currency, ZERO), rounded
