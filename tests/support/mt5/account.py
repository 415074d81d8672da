"""One account on the trade server: its kind, its limits, its books, and what it is worth.

`commit` is the one way in which the books change: the step goes to the books, to the ledger, and
to every terminal that is logged in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace
from support.mt5.books import Books, Change
from support.mt5.constants import AccountTradeMode, DealType, MarginMode, StopoutMode
from support.mt5.margin import legs_of, legs_with, margin_of, pending_margin
from support.mt5.money import cent_of, raw_profit
from support.mt5.records import ZERO, Funds


class Worth(Struct, frozen=True, kw_only=True):
    """What an account is worth at the prices of now."""

    balance: Decimal
    credit: Decimal
    profit: Decimal
    equity: Decimal
    margin: Decimal
    margin_free: Decimal
    margin_level: Decimal
    margin_initial: Decimal
    margin_maintenance: Decimal


@dataclass
class Terms:
    """What the broker has settled for an account; a test may change it at any time."""

    login: int
    kind: MarginMode
    currency: str = "USD"
    digits: int = 2
    leverage: int = 100
    trade_mode: AccountTradeMode = AccountTradeMode.DEMO
    limit_orders: int = 0
    limit_positions: int = 0
    so_mode: StopoutMode = StopoutMode.PERCENT
    so_call: Decimal = Decimal(50)
    so_so: Decimal = Decimal(30)
    fifo_close: bool = False
    hedge_allowed: bool = True
    name: str = "A Trader"
    password: str = ""
    closing: dict = field(default_factory=dict)
    """Position ticket to the volume of close orders that are being worked on."""

    @property
    def is_hedging(self):
        """Whether each deal may have a position of its own."""
        return self.kind is MarginMode.RETAIL_HEDGING

    @property
    def cent(self):
        """The smallest piece of its money."""
        return cent_of(self.digits)


class Account:
    """The truth of one account."""

    def __init__(self, terms, markets, exchange):
        self.terms = terms
        self.books = Books()
        self.books.funds = Funds(balance=ZERO)
        self.listeners = []
        self._markets = markets
        self.exchange = exchange

    def commit(self, *puts, transaction=None, funds=None):
        """Change the books in one step, and tell everybody who listens."""
        change = Change(puts=puts, funds=funds, transaction=transaction)
        self.books.apply(change)
        for listener in tuple(self.listeners):
            listener(change)

    def funds_after(self, deal):
        """Return the funds with the money of one deal."""
        funds = self.books.funds
        if deal.type is DealType.CREDIT:
            return replace(funds, credit=funds.credit + deal.profit)
        return replace(funds, balance=funds.balance + deal.money)

    def permit(self, *, trade_allowed=None, trade_expert=None):
        """Change what the broker allows; terminals hear of it."""
        funds = self.books.funds
        self.commit(
            funds=replace(
                funds,
                trade_allowed=funds.trade_allowed if trade_allowed is None else trade_allowed,
                trade_expert=funds.trade_expert if trade_expert is None else trade_expert,
            )
        )

    def worth(self):
        """Return what the account is worth."""
        return worth_of(self.books, self.terms, self._markets, self.exchange)

    def affords(self, order):
        """Say whether the margin would be covered if a pending order traded now."""
        buys, worth = order.type.is_buy, self.worth()
        price = self._markets[order.symbol].price(buys=buys)
        leg = (order.symbol, buys, order.volume_current, price)
        legs = legs_with(self.books, self.terms, leg)
        need = margin_of(legs, self.terms, self._markets, self.exchange)
        return need <= max(worth.equity, worth.margin)

    def profit(self, position):
        """Return the floating profit of a position."""
        return profit_of(position, self._markets[position.symbol], self.exchange, self.terms)


def profit_of(position, market, exchange, terms):
    """Return the floating profit of a position, rounded; its swap is not in it."""
    closed = market.known_bid if position.is_buy else market.known_ask
    if not closed:
        return ZERO
    raw = raw_profit(
        market.rules, is_buy=position.is_buy, volume=position.volume,
        opened=position.price_open, closed=closed,
    )  # fmt: skip
    return exchange.convert(raw, market.rules.profit, terms.currency).quantize(terms.cent)


def worth_of(books, terms, markets, exchange):
    """Return the worth of some books at some prices."""
    profit = sum(
        (
            profit_of(position, markets[position.symbol], exchange, terms) + position.swap
            for position in books.positions.values()
        ),
        ZERO,
    )
    legs = legs_of(books)
    margin = margin_of(legs, terms, markets, exchange).quantize(terms.cent)
    kept = margin_of(legs, terms, markets, exchange, maintenance=True).quantize(terms.cent)
    pending = pending_margin(books, terms, markets, exchange).quantize(terms.cent)
    funds = books.funds
    equity = funds.balance + funds.credit + profit
    return Worth(
        balance=funds.balance, credit=funds.credit, profit=profit, equity=equity,
        margin=margin + pending, margin_free=equity - margin - pending,
        margin_level=equity / (margin + pending) * 100 if margin + pending else ZERO,
        margin_initial=pending, margin_maintenance=kept,
    )  # fmt: skip
