"""How a symbol's rules and prices become the 96 fields of SymbolInfo."""

from __future__ import annotations

from support.mt5.constants import Execution
from support.mt5.package_forms import plain
from support.mt5.package_tuples import SymbolInfo

DAY_MS = 86_400_000
TEXTS = (
    "basis", "category", "bank", "exchange", "formula", "isin", "page", "currency_base",
    "currency_profit", "currency_margin", "description", "name", "path",
)  # fmt: skip
WHOLE = (
    "session_deals", "session_buy_orders", "session_sell_orders", "volume", "volumehigh",
    "volumelow", "start_time", "expiration_time", "option_mode", "option_right", "time",
)  # fmt: skip


def symbol_info_of(seen, terminal):
    """Return the SymbolInfo of a symbol as a terminal has seen it."""
    rules = seen.rules
    made = {name: 0 if name in WHOLE else 0.0 for name in SymbolInfo._fields}
    made |= dict.fromkeys(TEXTS, "")
    made |= {
        "custom": False, "chart_mode": int(rules.execution is Execution.EXCHANGE),
        "select": seen.selected, "visible": seen.selected, "digits": rules.digits,
        "spread_float": True, "ticks_bookdepth": rules.book_depth,
        "trade_calc_mode": rules.calc_mode, "trade_mode": rules.trade_mode,
        "trade_stops_level": rules.stops_level, "trade_freeze_level": rules.freeze_level,
        "trade_exemode": rules.execution, "swap_mode": rules.swap_mode,
        "swap_rollover3days": _triple(rules), "margin_hedged_use_leg": rules.hedged_use_leg,
        "expiration_mode": rules.expiration, "filling_mode": rules.filling,
        "order_mode": rules.order_mode, "order_gtc_mode": rules.gtc_mode, "point": rules.point,
        "trade_tick_size": rules.tick_size, "trade_contract_size": rules.contract_size,
        "volume_min": rules.volume_min, "volume_max": rules.volume_max,
        "volume_step": rules.volume_step, "volume_limit": rules.volume_limit,
        "swap_long": rules.swap_long, "swap_short": rules.swap_short,
        "margin_initial": rules.margin_initial, "margin_maintenance": rules.margin_maintenance,
        "margin_hedged": rules.margin_hedged, "currency_base": rules.base,
        "currency_profit": rules.profit, "currency_margin": rules.margin,
        "description": rules.description, "name": rules.name, "path": rules.path,
    }  # fmt: skip
    made |= _prices(seen) | _tick_values(rules, terminal)
    return SymbolInfo(**{name: plain(value) for name, value in made.items()})


def _triple(rules):
    return rules.swap_days.index(3) if 3 in rules.swap_days else 0


def _prices(seen):
    tick = seen.tick
    if tick is None:
        return {"spread": 0}
    day = tick.time_msc - tick.time_msc % DAY_MS
    today = seen.between(day, tick.time_msc)
    made = {"time": tick.time_msc // 1000, "spread": _spread(seen)}
    for name in ("bid", "ask", "last"):
        prices = [price for price in (getattr(one, name) for one in today) if price]
        made[name] = getattr(tick, name)
        made[f"{name}high"] = max(prices, default=0.0)
        made[f"{name}low"] = min(prices, default=0.0)
    return made | {"volume": int(tick.volume), "volume_real": tick.volume}


def _spread(seen):
    return int((seen.ask - seen.bid) / seen.rules.point) if seen.ask and seen.bid else 0


def _tick_values(rules, terminal):
    """Return what one tick of one lot is worth in the account's currency; 0 if not known."""
    raw, currency = rules.per_price * rules.tick_size, terminal.terms.currency
    try:
        gain = terminal.exchange.convert(raw, rules.profit, currency)
        loss = -terminal.exchange.convert(-raw, rules.profit, currency)
    except LookupError:
        gain = loss = 0.0
    return {
        "trade_tick_value": gain, "trade_tick_value_profit": gain, "trade_tick_value_loss": loss
    }  # fmt: skip
