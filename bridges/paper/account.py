"""Balances and positions of the one account, moved by fills and ledger entries alone.

The account trades on margin: a balance may go below zero. A buy adds the base currency and pays
the quote currency, fees are paid in the quote currency, so that each balance is at all times the
sum of its deposits, fills, fees and funding. Pure.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from bridges.instrument import Instrument
from bridges.port import Balance, Position
from protocol.fields import Side
from protocol.numbers import ZERO, plain

CENT = Decimal("1E-8")
"""Fees and funding are rounded to this, half up."""
PRICE_DIGITS = 12
"""Average prices are rounded to this: a statistic, no money moves on it."""


def fee_of(notional: Decimal, rate: Decimal) -> Decimal:
    """Return the fee of a fill; below zero it is a rebate."""
    return plain((notional * rate).quantize(CENT, ROUND_HALF_UP))


class Holding:
    """One symbol's position: signed quantity, average price of what is held, realised profit."""

    __slots__ = ("avg_px", "qty", "realized")

    def __init__(self) -> None:
        self.qty = ZERO
        self.avg_px = ZERO
        self.realized = ZERO

    def fill(self, signed_qty: Decimal, price: Decimal) -> None:
        """Move by one fill: adding averages in, reducing realises, crossing zero begins anew."""
        held = self.qty
        after = held + signed_qty
        if held * signed_qty >= 0:
            cost = self.avg_px * abs(held) + price * abs(signed_qty)
            self.avg_px = round(cost / abs(after), PRICE_DIGITS)
        else:
            closed = min(abs(held), abs(signed_qty))
            gain = (price - self.avg_px) * closed
            self.realized += gain if held > 0 else -gain
            if after == 0:
                self.avg_px = ZERO
            elif (after > 0) != (held > 0):
                self.avg_px = price
        self.qty = after


class Account:
    """All balances and positions."""

    def __init__(self) -> None:
        self._balances: dict[str, Decimal] = {}
        self._holdings: dict[str, Holding] = {}
        self._currencies: dict[str, str] = {}

    def move(self, currency: str, amount: Decimal) -> None:
        """Add an amount to a balance."""
        self._balances[currency] = self._balances.get(currency, ZERO) + amount

    def fill(
        self, instrument: Instrument, side: Side, qty: Decimal, price: Decimal, fee: Decimal
    ) -> None:
        """Book one fill."""
        signed = qty * side.sign
        self.move(instrument.base, signed)
        self.move(instrument.currency, -signed * price - fee)
        self._currencies[instrument.symbol] = instrument.currency
        self._holdings.setdefault(instrument.symbol, Holding()).fill(signed, price)

    def position(self, symbol: str) -> Decimal:
        """Return the signed quantity that is held."""
        holding = self._holdings.get(symbol)
        return holding.qty if holding else ZERO

    def positions(self) -> tuple[Position, ...]:
        """Return every position that is open or has realised something."""
        return tuple(
            Position(
                symbol=symbol, currency=self._currencies[symbol], qty=plain(holding.qty),
                avg_px=holding.avg_px, realized_pnl=holding.realized,
            )
            for symbol, holding in sorted(self._holdings.items())
        )  # fmt: skip

    def balances(self) -> tuple[Balance, ...]:
        """Return every balance."""
        return tuple(
            Balance(currency=currency, total=plain(total), free=plain(total))
            for currency, total in sorted(self._balances.items())
        )
