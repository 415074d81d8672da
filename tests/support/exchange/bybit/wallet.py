"""The unified wallet: one purse for spot and linear, cross margin, and its transaction log.

A spot fill moves both currencies whole, its fee comes from what is received; a linear fill moves
its realised profit and its fee in USDT. Every movement is a line of the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from itertools import count

from support.exchange.bybit.refusals import LINEAR, SPOT
from support.exchange.records import ZERO

from bridges.paper.account import Holding

UNIT = Decimal("1E-8")
COIN = "USDT"
LEVERAGE = Decimal(10)


@dataclass
class Line:
    """One line of the transaction log."""

    number: int
    kind: str
    currency: str
    time_ms: int
    change: Decimal
    balance: Decimal
    category: str = ""
    wire: str = ""
    side: str = "None"
    qty: Decimal = ZERO
    size: Decimal = ZERO
    price: Decimal = ZERO
    fee: Decimal = ZERO
    funding: Decimal | None = None
    fee_rate: Decimal = ZERO
    record: object = None
    deal: object = None


class UnifiedWallet:
    """One account. `rules` are the instruments by category and symbol."""

    def __init__(self, rules, deposits, now_ms):
        self.rules = rules
        self.totals = {COIN: ZERO}
        self.holdings = {symbol: Holding() for symbol in rules[LINEAR]}
        self.leverage = dict.fromkeys(rules[LINEAR], LEVERAGE)
        self.log = []
        self._numbers = count(1)
        for rule in rules[SPOT].values():
            self.totals.setdefault(rule.base, ZERO)
            self.totals.setdefault(rule.currency, ZERO)
        for coin, amount in deposits.items():
            self.move("TRANSFER_IN", coin, Decimal(str(amount)), now_ms)

    def move(self, kind, coin, change, now_ms, **words):
        """Move money, and note why."""
        self.totals[coin] = self.totals.get(coin, ZERO) + change
        self.log.append(
            Line(next(self._numbers), kind, coin, now_ms, change, self.totals[coin], **words)
        )

    def fee(self, category, record, price, qty, maker):
        """Return the commission of a fill and its coin."""
        rule = self.rules[category][record.symbol]
        rate = rule.maker_fee if maker else rule.taker_fee
        buys_coin = category == SPOT and record.side == "BUY"
        amount = (qty if buys_coin else qty * price) * rate
        coin = rule.base if buys_coin else rule.currency
        return amount.quantize(UNIT, ROUND_DOWN), coin

    def book(self, category, record, deal):
        """Book one fill; return the coins that it moved."""
        rule = self.rules[category][record.symbol]
        words = {
            "category": category, "wire": record.wire, "side": deal.side.capitalize(),
            "price": deal.price, "record": record, "deal": deal,
            "fee_rate": rule.maker_fee if deal.maker else rule.taker_fee,
        }  # fmt: skip
        if category == LINEAR:
            holding = self.holdings[record.symbol]
            before = holding.realized
            holding.fill(deal.qty if deal.side == "BUY" else -deal.qty, deal.price)
            deal.realized = holding.realized - before
            self.move(
                "TRADE", COIN, deal.realized - deal.commission, deal.time_ms, qty=deal.qty,
                size=holding.qty, fee=deal.commission, **words,
            )  # fmt: skip
            return {COIN}
        sign = 1 if deal.side == "BUY" else -1
        moved = {rule.base: sign * deal.qty, rule.currency: -sign * deal.quote}
        for coin, amount in moved.items():
            fee = deal.commission if coin == deal.asset else ZERO
            self.move(
                "TRADE", coin, amount - fee, deal.time_ms, qty=amount, fee=fee, **words
            )
        return set(moved)

    def unrealized(self, symbol, mark):
        """Return what a position would bring at the mark price."""
        holding = self.holdings[symbol]
        return holding.qty * ((mark or holding.avg_px) - holding.avg_px)

    def margin(self, symbol, mark, open_records):
        """Return what a position blocks, and what its open orders block on top of it."""
        holding = self.holdings[symbol]
        sides = {"BUY": ZERO, "SELL": ZERO}
        for record in open_records:
            if record.symbol == symbol and not record.reduce_only and _works(record):
                sides[record.side] += record.leaves
                mark = mark or record.price
        mark = mark or holding.avg_px
        most = max(abs(holding.qty + sides["BUY"]), abs(holding.qty - sides["SELL"]))
        held = abs(holding.qty) * mark / self.leverage[symbol]
        return held, max(most * mark / self.leverage[symbol] - held, ZERO)

    def locked(self, spot_records):
        """Return what open spot orders block, by coin; waiting conditional orders block nothing."""
        found = dict.fromkeys(self.totals, ZERO)
        for record in spot_records:
            rule = self.rules[SPOT][record.symbol]
            if not _works(record):
                continue
            if record.side == "SELL":
                found[rule.base] += record.leaves
            else:
                found[rule.currency] += record.leaves * (record.price or ZERO)
        return found


def _works(record):
    """Say whether an order is in the book, and not waiting for its trigger."""
    return record.stop is None or record.triggered
