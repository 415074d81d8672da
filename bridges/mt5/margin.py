"""What the terminal reckons that a position blocks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bridges.mt5.records import SymbolRow, as_float, exact


def margin_rate(package: Any, symbol: SymbolRow) -> Decimal | None:
    """Ask what part of its worth the smallest position blocks, both in the account's currency."""
    row = package.symbol_info_tick(symbol.name)
    if row is None or not row.ask:
        return None
    lots = as_float(symbol.volume_min)
    blocked = package.order_calc_margin(0, symbol.name, lots, row.ask)
    worth = package.order_calc_profit(0, symbol.name, lots, row.ask, 2 * row.ask)
    return exact(blocked / worth) if blocked and worth else None
