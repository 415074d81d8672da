"""MetaTrader 5's own numbers, with its own names.

Source: the package's `__init__.py` and https://www.mql5.com/en/docs/constants. A test holds every
one of them to the package. What the package does not name (flags of symbols) is from the pages on
symbol properties.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag


class Action(IntEnum):
    """TRADE_ACTION_*: what a request asks for."""

    DEAL = 1
    PENDING = 5
    SLTP = 6
    MODIFY = 7
    REMOVE = 8
    CLOSE_BY = 10


class OrderType(IntEnum):
    """ORDER_TYPE_*."""

    BUY = 0
    SELL = 1
    BUY_LIMIT = 2
    SELL_LIMIT = 3
    BUY_STOP = 4
    SELL_STOP = 5
    BUY_STOP_LIMIT = 6
    SELL_STOP_LIMIT = 7
    CLOSE_BY = 8


class OrderState(IntEnum):
    """ORDER_STATE_*."""

    STARTED = 0
    PLACED = 1
    CANCELED = 2
    PARTIAL = 3
    FILLED = 4
    REJECTED = 5
    EXPIRED = 6
    REQUEST_ADD = 7
    REQUEST_MODIFY = 8
    REQUEST_CANCEL = 9


class Filling(IntEnum):
    """ORDER_FILLING_*: what a request says. Not the flags of a symbol (FillingFlag)."""

    FOK = 0
    IOC = 1
    RETURN = 2
    BOC = 3


class FillingFlag(IntFlag):
    """SYMBOL_FILLING_*: what a symbol allows. RETURN has no flag."""

    FOK = 1
    IOC = 2
    BOC = 4


class TypeTime(IntEnum):
    """ORDER_TIME_*."""

    GTC = 0
    DAY = 1
    SPECIFIED = 2
    SPECIFIED_DAY = 3


class ExpirationFlag(IntFlag):
    """SYMBOL_EXPIRATION_*: what a symbol allows."""

    GTC = 1
    DAY = 2
    SPECIFIED = 4
    SPECIFIED_DAY = 8


class GtcMode(IntEnum):
    """SYMBOL_ORDERS_*: what of an order that says GTC, and of levels, outlives the day."""

    GTC = 0
    DAILY = 1
    """Neither orders nor levels of positions."""
    DAILY_NO_STOPS = 2
    """Levels of positions, and no orders (EXCLUDING_STOPS in MQL5)."""


class OrderFlag(IntFlag):
    """SYMBOL_ORDER_*: which types of orders a symbol allows."""

    MARKET = 1
    LIMIT = 2
    STOP = 4
    STOP_LIMIT = 8
    SL = 16
    TP = 32
    CLOSEBY = 64


class Execution(IntEnum):
    """SYMBOL_TRADE_EXECUTION_*."""

    REQUEST = 0
    INSTANT = 1
    MARKET = 2
    EXCHANGE = 3


class TradeMode(IntEnum):
    """SYMBOL_TRADE_MODE_*."""

    DISABLED = 0
    LONGONLY = 1
    SHORTONLY = 2
    CLOSEONLY = 3
    FULL = 4


class CalcMode(IntEnum):
    """SYMBOL_CALC_MODE_*: by which formula a symbol's profits and margin are reckoned."""

    FOREX = 0
    FUTURES = 1
    CFD = 2
    CFDINDEX = 3
    CFDLEVERAGE = 4
    FOREX_NO_LEVERAGE = 5
    EXCH_STOCKS = 32
    EXCH_FUTURES = 33
    EXCH_OPTIONS = 34
    """So the package alone calls what in MQL5 is EXCH_FUTURES_FORTS."""
    EXCH_OPTIONS_MARGIN = 36
    EXCH_BONDS = 37
    EXCH_STOCKS_MOEX = 38
    EXCH_BONDS_MOEX = 39
    SERV_COLLATERAL = 64


class AccountTradeMode(IntEnum):
    """ACCOUNT_TRADE_MODE_*: whose money it is."""

    DEMO = 0
    CONTEST = 1
    REAL = 2


class MarginMode(IntEnum):
    """ACCOUNT_MARGIN_MODE_*: whether an account nets, and how it pays."""

    RETAIL_NETTING = 0
    EXCHANGE = 1
    RETAIL_HEDGING = 2


class Reason(IntEnum):
    """ORDER_REASON_* and DEAL_REASON_*: where an order or a deal came from."""

    CLIENT = 0
    MOBILE = 1
    WEB = 2
    EXPERT = 3
    SL = 4
    TP = 5
    SO = 6
    ROLLOVER = 7
    VMARGIN = 8
    SPLIT = 9


class DealType(IntEnum):
    """DEAL_TYPE_*: a trade, or money that moved without one."""

    BUY = 0
    SELL = 1
    BALANCE = 2
    CREDIT = 3
    CHARGE = 4
    CORRECTION = 5
    BONUS = 6
    COMMISSION = 7
    COMMISSION_DAILY = 8
    COMMISSION_MONTHLY = 9
    COMMISSION_AGENT_DAILY = 10
    COMMISSION_AGENT_MONTHLY = 11
    INTEREST = 12
    BUY_CANCELED = 13
    SELL_CANCELED = 14
    DIVIDEND = 15
    DIVIDEND_FRANKED = 16
    TAX = 17


class Entry(IntEnum):
    """DEAL_ENTRY_*: whether a deal opens, closes, reverses, or closes one position by another."""

    IN = 0
    OUT = 1
    INOUT = 2
    OUT_BY = 3


class BookType(IntEnum):
    """BOOK_TYPE_*: the side of a row of the market book."""

    SELL = 1
    BUY = 2
    SELL_MARKET = 3
    BUY_MARKET = 4


class TickFlag(IntFlag):
    """TICK_FLAG_*: what a tick has changed."""

    BID = 0x02
    ASK = 0x04
    LAST = 0x08
    VOLUME = 0x10
    BUY = 0x20
    SELL = 0x40


COPY_TICKS_ALL = -1


class Retcode(IntEnum):
    """TRADE_RETCODE_*: what the trade server answers."""

    REQUOTE = 10004
    REJECT = 10006
    CANCEL = 10007
    PLACED = 10008
    DONE = 10009
    DONE_PARTIAL = 10010
    ERROR = 10011
    TIMEOUT = 10012
    INVALID = 10013
    INVALID_VOLUME = 10014
    INVALID_PRICE = 10015
    INVALID_STOPS = 10016
    TRADE_DISABLED = 10017
    MARKET_CLOSED = 10018
    NO_MONEY = 10019
    PRICE_CHANGED = 10020
    PRICE_OFF = 10021
    INVALID_EXPIRATION = 10022
    ORDER_CHANGED = 10023
    TOO_MANY_REQUESTS = 10024
    NO_CHANGES = 10025
    SERVER_DISABLES_AT = 10026
    CLIENT_DISABLES_AT = 10027
    LOCKED = 10028
    FROZEN = 10029
    INVALID_FILL = 10030
    CONNECTION = 10031
    ONLY_REAL = 10032
    LIMIT_ORDERS = 10033
    LIMIT_VOLUME = 10034
    INVALID_ORDER = 10035
    POSITION_CLOSED = 10036
    INVALID_CLOSE_VOLUME = 10038
    CLOSE_ORDER_EXIST = 10039
    LIMIT_POSITIONS = 10040
    REJECT_CANCEL = 10041
    LONG_ONLY = 10042
    SHORT_ONLY = 10043
    CLOSE_ONLY = 10044
    FIFO_CLOSE = 10045
    HEDGE_PROHIBITED = 10046
    """Not in the package, but on the page of return codes."""


RES_S_OK = 1
"""last_error() of a call that went well."""
