"""The unified account's money: spot in full, perpetuals on cross margin, and a bill for each move.

Totals move by bills alone: a spot trade is two of them, a trade of a perpetual one, with profit and
fee. A commission is taken from what a spot order receives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from itertools import count

from support.exchange.okx.instruments import is_swap
from support.exchange.records import ZERO

from bridges.paper.account import Holding

UNIT = Decimal("1E-8")
LEVERAGE = 10
TRANSFER, TRADE, FUNDING = "1", "2", "8"
SUB_TYPES = {("BUY", False): "1", ("SELL", False): "2", ("BUY", True): "3", ("SELL", True): "4"}
FIRST_BILL = 600_000_001


@dataclass
class Bill:
    """One line of account/bills."""

    number: int
    kind: str
    sub: str
    asset: str
    change: Decimal
    total: Decimal
    time_ms: int
    symbol: str = ""
    more: dict = field(default_factory=dict)


class OkxWallet:
    """One unified account. `rules` are the instruments by symbol."""

    def __init__(self, rules, deposits, now_ms):
        self.rules = rules
        self.totals = {}
        self.bills = []
        self.holdings = {symbol: Holding() for symbol in rules if is_swap(symbol)}
        self.leverage = dict.fromkeys(self.holdings, LEVERAGE)
        self._numbers = count(FIRST_BILL)
        for rule in rules.values():
            self.totals.setdefault(rule.base, ZERO)
            self.totals.setdefault(rule.currency, ZERO)
        for asset, amount in deposits.items():
            self.move(TRANSFER, "11", asset, Decimal(str(amount)), now_ms)

    def move(self, kind, sub, asset, change, now_ms, symbol="", **more):
        """Move money, and write the bill."""
        total = self.totals.get(asset, ZERO) + change
        self.totals[asset] = total
        bill = Bill(next(self._numbers), kind, sub, asset, change, total, now_ms, symbol, more)
        self.bills.append(bill)
        return bill

    def fee(self, record, price, qty, maker):
        """Return the commission of a fill and its asset."""
        rule = self.rules[record.symbol]
        rate = rule.maker_fee if maker else rule.taker_fee
        in_base = record.side == "BUY" and not is_swap(record.symbol)
        amount = (qty if in_base else qty * price) * rate
        return amount.quantize(UNIT, ROUND_DOWN), rule.base if in_base else rule.currency

    def book(self, record, deal):
        """Book one fill."""
        rule, sign = self.rules[record.symbol], 1 if deal.side == "BUY" else -1
        words = {"deal": deal, "record": record}
        if is_swap(record.symbol):
            holding = self.holdings[record.symbol]
            before = holding.realized
            holding.fill(sign * deal.qty, deal.price)
            deal.realized = holding.realized - before
            moves = {rule.currency: deal.realized}
        else:
            moves = {rule.base: sign * deal.qty, rule.currency: -sign * deal.quote}
        moves[deal.asset] -= deal.commission
        sub = SUB_TYPES[deal.side, is_swap(record.symbol)]
        for asset, change in moves.items():
            fee = deal.commission if asset == deal.asset else ZERO
            self.move(TRADE, sub, asset, change, deal.time_ms, record.symbol, fee=fee, **words)

    def unrealized(self, symbol, mark):
        """Return what a position would bring at the mark price."""
        holding = self.holdings[symbol]
        return holding.qty * ((mark or holding.avg_px) - holding.avg_px)

    def margin(self, symbol, mark, open_records):
        """Return what a position and its open orders block."""
        holding = self.holdings[symbol]
        sides = {"BUY": ZERO, "SELL": ZERO}
        for record in open_records:
            if record.symbol == symbol and not record.reduce_only:
                sides[record.side] += record.leaves
                mark = mark or record.price
        most = max(abs(holding.qty + sides["BUY"]), abs(holding.qty - sides["SELL"]))
        return most * (mark or holding.avg_px) / self.leverage[symbol]

    def frozen(self, open_records, marks):
        """Return what open orders and positions block, by asset."""
        found = dict.fromkeys(self.totals, ZERO)
        for record in open_records:
            rule = self.rules[record.symbol]
            if is_swap(record.symbol):
                continue
            if record.side == "SELL":
                found[rule.base] += record.leaves
            else:
                found[rule.currency] += record.leaves * (record.price or ZERO)
        for symbol in self.holdings:
            found[self.rules[symbol].currency] += self.margin(symbol, marks[symbol], open_records)
        return found

    def profit(self, asset, marks):
        """Return what open positions would bring in an asset."""
        held = [one for one in self.holdings if self.rules[one].currency == asset]
        return sum((self.unrealized(one, marks[one]) for one in held), ZERO)

    def free(self, open_records, marks):
        """Return what may pay for new orders, by asset."""
        frozen = self.frozen(open_records, marks)
        return {
            asset: total + self.profit(asset, marks) - frozen[asset]
            for asset, total in self.totals.items()
        }
