"""The constants of the MetaTrader5 package: its names, from our enumerations and what is left.

`tests/mt5/test_package_constants.py` holds them to the package's own `__init__.py`.
"""

from __future__ import annotations

from support.mt5 import constants as mql5

PREFIXES = (
    ("TRADE_ACTION_", mql5.Action), ("ORDER_TYPE_", mql5.OrderType),
    ("ORDER_STATE_", mql5.OrderState), ("ORDER_FILLING_", mql5.Filling),
    ("ORDER_TIME_", mql5.TimeType), ("DEAL_REASON_", mql5.Reason), ("DEAL_ENTRY_", mql5.Entry),
    ("TRADE_RETCODE_", mql5.Retcode), ("ACCOUNT_MARGIN_MODE_", mql5.MarginMode),
    ("ACCOUNT_TRADE_MODE_", mql5.AccountTradeMode),
    ("ACCOUNT_STOPOUT_MODE_", mql5.StopoutMode), ("SYMBOL_TRADE_MODE_", mql5.TradeMode),
    ("SYMBOL_TRADE_EXECUTION_", mql5.Execution), ("SYMBOL_CALC_MODE_", mql5.CalcMode),
    ("SYMBOL_SWAP_MODE_", mql5.SwapMode), ("SYMBOL_ORDERS_", mql5.GtcMode),
    ("TICK_FLAG_", mql5.TickFlag), ("COPY_TICKS_", mql5.CopyTicks),
    ("BOOK_TYPE_", mql5.BookType),
)  # fmt: skip
ABSENT = {"TRADE_RETCODE_HEDGE_PROHIBITED", "SYMBOL_CALC_MODE_EXCH_FUTURES_FORTS"}
"""What MQL5 has and the package has not, or calls otherwise (EXCH_OPTIONS)."""
PLAIN_DEALS = {"DIVIDEND", "DIVIDEND_FRANKED", "TAX"}
"""The deal types that the package calls DEAL_… without TYPE."""
NAMES = {
    "TIMEFRAME_": {
        "M1": 1, "M2": 2, "M3": 3, "M4": 4, "M5": 5, "M6": 6, "M10": 10, "M12": 12, "M15": 15,
        "M20": 20, "M30": 30, "H1": 16385, "H2": 16386, "H3": 16387, "H4": 16388, "H6": 16390,
        "H8": 16392, "H12": 16396, "D1": 16408, "W1": 32769, "MN1": 49153,
    },
    "SYMBOL_CALC_MODE_": {
        "EXCH_OPTIONS": 34, "EXCH_OPTIONS_MARGIN": 36, "EXCH_STOCKS_MOEX": 38,
        "EXCH_BONDS_MOEX": 39, "SERV_COLLATERAL": 64,
    },
    "SYMBOL_CHART_MODE_": {"BID": 0, "LAST": 1},
    "SYMBOL_OPTION_": {
        "RIGHT_CALL": 0, "RIGHT_PUT": 1, "MODE_EUROPEAN": 0, "MODE_AMERICAN": 1,
    },
    "DAY_OF_WEEK_": {
        "SUNDAY": 0, "MONDAY": 1, "TUESDAY": 2, "WEDNESDAY": 3, "THURSDAY": 4, "FRIDAY": 5,
        "SATURDAY": 6,
    },
    "POSITION_TYPE_": {"BUY": 0, "SELL": 1},
    "RES_": {
        "S_OK": 1, "E_FAIL": -1, "E_INVALID_PARAMS": -2, "E_NO_MEMORY": -3, "E_NOT_FOUND": -4,
        "E_INVALID_VERSION": -5, "E_AUTH_FAILED": -6, "E_UNSUPPORTED": -7,
        "E_AUTO_TRADING_DISABLED": -8, "E_INTERNAL_FAIL": -10000,
        "E_INTERNAL_FAIL_SEND": -10001, "E_INTERNAL_FAIL_RECEIVE": -10002,
        "E_INTERNAL_FAIL_INIT": -10003, "E_INTERNAL_FAIL_CONNECT": -10004,
        "E_INTERNAL_FAIL_TIMEOUT": -10005,
    },
}  # fmt: skip


def constants():
    """Return all of them by name."""
    made = {
        prefix + member.name: int(member) for prefix, kind in PREFIXES for member in kind
    }
    for prefix, names in NAMES.items():
        made |= {prefix + name: value for name, value in names.items()}
    for kind in mql5.DealType:
        made["DEAL_" + ("" if kind.name in PLAIN_DEALS else "TYPE_") + kind.name] = int(kind)
    for reason in mql5.Reason:
        if reason <= mql5.Reason.SO:
            made[f"ORDER_REASON_{reason.name}"] = int(reason)
        if reason <= mql5.Reason.EXPERT:
            made[f"POSITION_REASON_{reason.name}"] = int(reason)
    return {name: value for name, value in made.items() if name not in ABSENT}
