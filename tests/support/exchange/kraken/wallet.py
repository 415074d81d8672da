"""Kraken's money: fees are paid in the quote currency, and every move is a line of the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import count

from support.exchange.kraken.names import txid
from support.exchange.records import ZERO
from support.exchange.wallet import Wallet

COST = Decimal("1E-5")
FIRST_ENTRY = 5_000_000_001


@dataclass(frozen=True)
class Entry:
    """One line of the ledger; the balance is what it left."""

    key: str
    refid: str
    kind: str
    asset: str
    amount: Decimal
    fee: Decimal
    balance: Decimal
    time_ms: int


class KrakenWallet(Wallet):
    """One account's balances. `tell` hears of each entry."""

    def __init__(self, rules, deposits):
        super().__init__(rules, deposits)
        self.entries = []
        self.tell = lambda entry: None
        self._numbers = count(FIRST_ENTRY)

    def fee(self, record, price, qty, maker):
        """Return the commission of a fill and its asset."""
        rule = self.rules[record.symbol]
        rate = rule.maker_fee if maker else rule.taker_fee
        return (qty * price * rate).quantize(COST, ROUND_HALF_UP), rule.currency

    def book(self, record, deal):
        """Book one fill: two entries."""
        rule = self.rules[record.symbol]
        sign = 1 if deal.side == "BUY" else -1
        refid = txid("T", deal.number)
        self.move(rule.base, sign * deal.qty, ZERO, "trade", refid, deal.time_ms)
        self.move(
            rule.currency, -sign * deal.quote, deal.commission, "trade", refid, deal.time_ms
        )

    def move(self, asset, amount, fee, kind, refid, now_ms):
        """Move money, write it down and tell it."""
        self.totals[asset] = self.totals.get(asset, ZERO) + amount - fee
        key = txid("L", next(self._numbers))
        entry = Entry(key, refid, kind, asset, amount, fee, self.totals[asset], now_ms)
        self.entries.append(entry)
        self.tell(entry)
