"""What a lot is: as many units as it earns, in its profits' currency, when its price rises by 1.

Then quantity times price is money, whatever a symbol's profits are reckoned by. Of currencies, CFDs
and shares that is the contract size; of futures what a tick is worth, divided by the tick. Source:
https://www.mql5.com/en/docs/constants/environment_state/marketinfoconstants, ENUM_SYMBOL_CALC_MODE.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bridges.mt5.constants import CalcMode
from protocol.numbers import ZERO, plain

BY_CONTRACT = frozenset((
    CalcMode.FOREX, CalcMode.FOREX_NO_LEVERAGE, CalcMode.CFD, CalcMode.CFDINDEX,
    CalcMode.CFDLEVERAGE, CalcMode.EXCH_STOCKS, CalcMode.EXCH_STOCKS_MOEX,
))  # fmt: skip
BY_TICKS = frozenset((CalcMode.FUTURES, CalcMode.EXCH_FUTURES, CalcMode.EXCH_OPTIONS))
QUOTIENT_PLACES = 18
"""What the wire has behind the point."""


def lot_of(
    row: Any, tick: Decimal, contract: Decimal, tick_value: Decimal, currency: str
) -> tuple[Decimal, str]:
    """Return the units of a lot of a SymbolInfo, or 0 and why they are not known.

    A tick's worth is told in the account's `currency`, by a rate that moves where profits are in
    another one: then no number of units is right.
    """
    name, mode = row.name, row.trade_calc_mode
    if not tick:
        return ZERO, f"TICK_SIZE: the terminal tells no tick of {name}"
    if row.volume_step <= 0:
        return ZERO, f"VOLUME_STEP: the terminal tells no step of volumes of {name}"
    if mode in BY_TICKS:
        return _by_ticks(name, tick, tick_value, (str(row.currency_profit), currency))
    if mode not in BY_CONTRACT:
        text = (
            f"CALC_MODE: profits of {name} are reckoned by mode {int(mode)} of"
            " SYMBOL_TRADE_CALC_MODE; currencies, CFDs, shares and futures are traded, nothing else"
        )
        return ZERO, text
    if contract <= 0:
        return ZERO, f"CONTRACT_SIZE: the terminal tells no contract size of {name}"
    return contract, ""


def _by_ticks(
    name: str, tick: Decimal, tick_value: Decimal, currencies: tuple[str, str]
) -> tuple[Decimal, str]:
    profit, account = currencies
    if profit != account:
        text = (
            f"TICK_VALUE: profits of {name} are in {profit}, what a tick is worth is told in"
            f" {account or 'no currency yet'}, the account's: what a lot is cannot be known"
        )
        return ZERO, text
    size = plain(round(tick_value / tick, QUOTIENT_PLACES))
    if size <= 0 or size * tick != tick_value:
        text = (
            f"TICK_VALUE: the terminal says that a tick of {name}, {tick}, is worth {tick_value}:"
            " that is no exact number of units a lot"
        )
        return ZERO, text
    return size, ""
