"""Spot balances: moved by deposits, fills and commissions; what open orders block is locked.

The commission is taken from what is received, as Binance does without BNB: a buy of 1 BTC at
0.1 % brings 0.999 BTC.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from support.exchange.records import ZERO

UNIT = Decimal("1E-8")


class Wallet:
    """One spot account. `rules` are the instruments by symbol."""

    def __init__(self, rules, deposits):
        self.rules = rules
        self.totals = {asset: Decimal(str(amount)) for asset, amount in deposits.items()}
        for rule in rules.values():
            self.totals.setdefault(rule.base, ZERO)
            self.totals.setdefault(rule.currency, ZERO)

    def fee(self, record, price, qty, maker):
        """Return the commission of a fill and its asset."""
        rule = self.rules[record.symbol]
        rate = rule.maker_fee if maker else rule.taker_fee
        buys = record.side == "BUY"
        amount = (qty if buys else qty * price) * rate
        return amount.quantize(UNIT, ROUND_DOWN), rule.base if buys else rule.currency

    def book(self, record, deal):
        """Book one fill."""
        rule = self.rules[record.symbol]
        sign = 1 if deal.side == "BUY" else -1
        self.totals[rule.base] += sign * deal.qty
        self.totals[rule.currency] -= sign * deal.quote
        self.totals[deal.asset] -= deal.commission

    def blocks(self, record):
        """Return what an open order blocks, as (asset, amount)."""
        rule = self.rules[record.symbol]
        if record.side == "SELL":
            return rule.base, record.leaves
        return rule.currency, record.leaves * (record.price or record.stop or ZERO)

    def locked(self, open_records):
        """Return what all open orders block, by asset."""
        found = dict.fromkeys(self.totals, ZERO)
        for record in open_records:
            asset, amount = self.blocks(record)
            found[asset] += amount
        return found

    def free(self, open_records):
        """Return what may pay for new orders, by asset."""
        locked = self.locked(open_records)
        return {asset: total - locked[asset] for asset, total in self.totals.items()}
