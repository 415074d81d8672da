"""What trades earn and block: profit, margin and swap in the account's currency.

Formulas: MQL5 reference, ENUM_SYMBOL_CALC_MODE and ENUM_SYMBOL_SWAP_MODE. Money is rounded to the
account's digits where it is booked and nowhere else.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from support.mt5.constants import CalcMode, SwapMode
from support.mt5.records import ZERO

YEAR_DAYS = 360
"""The bank year of interest swaps."""


class Exchange:
    """Turns currencies into one another at the server's own quotes."""

    def __init__(self, markets):
        self._markets = markets

    def convert(self, amount, source, target):
        """Return an amount in another currency: a gain at the worse price, a loss, too.

        Raises LookupError if no symbol with a quote joins the two.
        """
        if source == target or not amount:
            return amount
        for market in self._markets.values():
            rules = market.rules
            if rules.calc_mode not in (CalcMode.FOREX, CalcMode.FOREX_NO_LEVERAGE):
                continue
            bid = market.known_bid or market.known_ask
            ask = market.known_ask or market.known_bid
            if (rules.base, rules.profit) == (source, target) and bid:
                return amount * (bid if amount > 0 else ask)
            if (rules.base, rules.profit) == (target, source) and bid:
                return amount / (ask if amount > 0 else bid)
        msg = f"received {source} to {target}, expected a quoted symbol of the two"
        raise LookupError(msg)


def cent_of(digits):
    """Return the smallest piece of money of an account."""
    return Decimal(1).scaleb(-digits)


def rounded(amount, cent):
    """Round money as a server books it."""
    return amount.quantize(cent, rounding=ROUND_HALF_UP)


def raw_profit(rules, *, is_buy, volume, opened, closed):
    """Return what a trade earned, in the symbol's profit currency."""
    move = closed - opened if is_buy else opened - closed
    return move * volume * rules.per_price


def raw_margin(rules, *, volume, price, leverage, maintenance=False):
    """Return the margin of a volume, in the symbol's margin currency, before any rate."""
    initial = rules.margin_initial
    if maintenance and rules.margin_maintenance:
        initial = rules.margin_maintenance
    size = volume * rules.contract_size
    mode = rules.calc_mode
    if mode.by_ticks:
        return volume * initial
    if initial:
        return volume * initial / (leverage if mode is CalcMode.FOREX else 1)
    if mode in (CalcMode.CFD, CalcMode.EXCH_STOCKS, CalcMode.CFDLEVERAGE, CalcMode.CFDINDEX):
        size *= price
    if mode is CalcMode.CFDINDEX:
        size *= rules.tick_value / rules.tick_size
    return size / leverage if mode in (CalcMode.FOREX, CalcMode.CFDLEVERAGE) else size


def swap_of(rules, position, market, exchange, currency):
    """Return one night's swap of a position, in the account's currency, not rounded.

    A mode of REOPEN moves the price instead (`rollover.py`) and gives 0 here.
    """
    rate = rules.swap_long if position.is_buy else rules.swap_short
    volume, mode = position.volume, rules.swap_mode
    price = market.close_price(is_buy=position.is_buy)
    year = rate / 100 / YEAR_DAYS * volume * rules.contract_size
    amount, source = {
        SwapMode.POINTS: (rate * rules.point * volume * rules.per_price, rules.profit),
        SwapMode.CURRENCY_SYMBOL: (rate * volume, rules.base),
        SwapMode.CURRENCY_MARGIN: (rate * volume, rules.margin),
        SwapMode.CURRENCY_DEPOSIT: (rate * volume, currency),
        SwapMode.INTEREST_CURRENT: (year * price, rules.profit),
        SwapMode.INTEREST_OPEN: (year * position.price_open, rules.profit),
    }.get(mode, (ZERO, currency))
    return exchange.convert(amount, source, currency)
