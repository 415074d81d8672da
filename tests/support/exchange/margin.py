"""The USD-M wallet: cross margin, one-way mode, one currency; and its income history.

A fill moves the wallet by its realised profit and its commission; what open positions and orders
block is the notional of the larger side divided by the leverage.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from itertools import count

from support.exchange.records import ZERO

from bridges.paper.account import Holding

UNIT = Decimal("1E-8")
ASSET = "USDT"
LEVERAGE = 20


@dataclass
class Income:
    """One line of the income history."""

    number: int
    kind: str
    amount: Decimal
    time_ms: int
    wire: str = ""
    deal: str = ""


class MarginWallet:
    """One futures account. `rules` are the instruments by symbol."""

    def __init__(self, rules, deposits, now_ms):
        self.rules = rules
        self.totals = {ASSET: ZERO}
        self.holdings = {symbol: Holding() for symbol in rules}
        self.leverage = dict.fromkeys(rules, LEVERAGE)
        self.income = []
        self._numbers = count(1)
        for amount in deposits.values():
            self.move("TRANSFER", Decimal(str(amount)), now_ms)

    def move(self, kind, amount, now_ms, **words):
        """Move money, and note why."""
        self.totals[ASSET] += amount
        self.income.append(Income(next(self._numbers), kind, amount, now_ms, **words))

    def fee(self, record, price, qty, maker):
        """Return the commission of a fill and its asset."""
        rule = self.rules[record.symbol]
        rate = rule.maker_fee if maker else rule.taker_fee
        return (qty * price * rate).quantize(UNIT, ROUND_DOWN), ASSET

    def book(self, record, deal):
        """Book one fill: position, realised profit, commission."""
        holding = self.holdings[record.symbol]
        before = holding.realized
        holding.fill(deal.qty if deal.side == "BUY" else -deal.qty, deal.price)
        deal.realized = holding.realized - before
        words = {"wire": record.wire, "deal": str(deal.number)}
        if deal.realized:
            self.move("REALIZED_PNL", deal.realized, deal.time_ms, **words)
        self.move("COMMISSION", -deal.commission, deal.time_ms, **words)

    def unrealized(self, symbol, mark):
        """Return what a position would bring at the mark price."""
        holding = self.holdings[symbol]
        return holding.qty * ((mark or holding.avg_px) - holding.avg_px)

    def margin(self, symbol, mark, open_records):
        """Return what a position blocks, and what its open orders block on top of it."""
        holding = self.holdings[symbol]
        sides = {"BUY": ZERO, "SELL": ZERO}
        for record in open_records:
            if record.symbol == symbol and not record.reduce_only:
                sides[record.side] += record.leaves
                mark = mark or record.price
        mark = mark or holding.avg_px
        most = max(abs(holding.qty + sides["BUY"]), abs(holding.qty - sides["SELL"]))
        held = abs(holding.qty) * mark / self.leverage[symbol]
        return held, max(most * mark / self.leverage[symbol] - held, ZERO)

    def available(self, marks, open_records):
        """Return what may still be blocked. `marks` are the mark prices by symbol."""
        free = self.totals[ASSET]
        for symbol, mark in marks.items():
            free += self.unrealized(symbol, mark) - sum(self.margin(symbol, mark, open_records))
        return free
