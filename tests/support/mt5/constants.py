"""The numbers of MQL5: enumerations and flags, each with the documentation's name and value.

Python's prefixes stand in `package_constants.py`; `ENUM_TRADE_TRANSACTION_TYPE` and the retcode
10046 are in MQL5 only. Source: MQL5 reference, "Constants, Enumerations and Structures".
"""

from __future__ import annotations

from enum import IntEnum, IntFlag


class Action(IntEnum):
    """ENUM_TRADE_REQUEST_ACTIONS."""

    DEAL = 1
    PENDING = 5
    SLTP = 6
    MODIFY = 7
    REMOVE = 8
    CLOSE_BY = 10


class OrderType(IntEnum):
    """ENUM_ORDER_TYPE."""

    BUY = 0
    SELL = 1
    BUY_LIMIT = 2
    SELL_LIMIT = 3
    BUY_STOP = 4
    SELL_STOP = 5
    BUY_STOP_LIMIT = 6
    SELL_STOP_LIMIT = 7
    CLOSE_BY = 8

    @property
    def is_buy(self):
        """Whether the order buys. A close-by is neither."""
        return self != OrderType.CLOSE_BY and self % 2 == 0

    @property
    def is_market(self):
        """Whether it is executed at once."""
        return self in (OrderType.BUY, OrderType.SELL)

    @property
    def is_limit(self):
        """Whether it rests until the market is as good as its price."""
        return self in (OrderType.BUY_LIMIT, OrderType.SELL_LIMIT)

    @property
    def is_stop(self):
        """Whether it waits until the market is as bad as its price."""
        return self in (OrderType.BUY_STOP, OrderType.SELL_STOP)

    @property
    def is_stop_limit(self):
        """Whether it waits as a stop and then rests as a limit."""
        return self in (OrderType.BUY_STOP_LIMIT, OrderType.SELL_STOP_LIMIT)

    @property
    def is_pending(self):
        """Whether it is one of the six that wait."""
        return 2 <= self <= 7


class OrderState(IntEnum):
    """ENUM_ORDER_STATE."""

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
    """ENUM_ORDER_TYPE_FILLING. Not the flags of SYMBOL_FILLING_MODE."""

    FOK = 0
    IOC = 1
    RETURN = 2
    BOC = 3


class TimeType(IntEnum):
    """ENUM_ORDER_TYPE_TIME."""

    GTC = 0
    DAY = 1
    SPECIFIED = 2
    SPECIFIED_DAY = 3


class Reason(IntEnum):
    """ENUM_ORDER_REASON and ENUM_DEAL_REASON; a position has one of the first four."""

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
    """ENUM_DEAL_TYPE."""

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
    """ENUM_DEAL_ENTRY."""

    IN = 0
    OUT = 1
    INOUT = 2
    OUT_BY = 3


class Retcode(IntEnum):
    """The trade server's return codes."""

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


OWNED = (Retcode.PLACED, Retcode.DONE, Retcode.DONE_PARTIAL)
"""The server has done, or will do, what was asked."""


class MarginMode(IntEnum):
    """ENUM_ACCOUNT_MARGIN_MODE: the kind of an account."""

    RETAIL_NETTING = 0
    EXCHANGE = 1
    RETAIL_HEDGING = 2


class AccountTradeMode(IntEnum):
    """ENUM_ACCOUNT_TRADE_MODE."""

    DEMO = 0
    CONTEST = 1
    REAL = 2


class StopoutMode(IntEnum):
    """ENUM_ACCOUNT_STOPOUT_MODE."""

    PERCENT = 0
    MONEY = 1


class TradeMode(IntEnum):
    """ENUM_SYMBOL_TRADE_MODE."""

    DISABLED = 0
    LONGONLY = 1
    SHORTONLY = 2
    CLOSEONLY = 3
    FULL = 4


class Execution(IntEnum):
    """ENUM_SYMBOL_TRADE_EXECUTION."""

    REQUEST = 0
    INSTANT = 1
    MARKET = 2
    EXCHANGE = 3


class CalcMode(IntEnum):
    """ENUM_SYMBOL_CALC_MODE: those that this server computes, and bonds, which are only told."""

    FOREX = 0
    FUTURES = 1
    CFD = 2
    CFDINDEX = 3
    CFDLEVERAGE = 4
    FOREX_NO_LEVERAGE = 5
    EXCH_STOCKS = 32
    EXCH_FUTURES = 33
    EXCH_FUTURES_FORTS = 34
    EXCH_BONDS = 37

    @property
    def by_ticks(self):
        """Whether profits follow from what a tick is worth, and margin from the initial one."""
        return self.name.endswith(("FUTURES", "FORTS"))


class SwapMode(IntEnum):
    """ENUM_SYMBOL_SWAP_MODE."""

    DISABLED = 0
    POINTS = 1
    CURRENCY_SYMBOL = 2
    CURRENCY_MARGIN = 3
    CURRENCY_DEPOSIT = 4
    INTEREST_CURRENT = 5
    INTEREST_OPEN = 6
    REOPEN_CURRENT = 7
    REOPEN_BID = 8


class GtcMode(IntEnum):
    """ENUM_SYMBOL_ORDER_GTC_MODE: what of a GTC order outlives the day."""

    GTC = 0
    DAILY = 1
    DAILY_NO_STOPS = 2


class FillingFlag(IntFlag):
    """SYMBOL_FILLING_MODE: flags. RETURN has none."""

    FOK = 1
    IOC = 2
    BOC = 4


class ExpirationFlag(IntFlag):
    """SYMBOL_EXPIRATION_MODE."""

    GTC = 1
    DAY = 2
    SPECIFIED = 4
    SPECIFIED_DAY = 8
    ALL = 15


class OrderFlag(IntFlag):
    """SYMBOL_ORDER_MODE."""

    MARKET = 1
    LIMIT = 2
    STOP = 4
    STOP_LIMIT = 8
    SL = 16
    TP = 32
    CLOSEBY = 64
    ALL = 127


class TickFlag(IntFlag):
    """TICK_FLAG_*; the undocumented 128 that real ticks carry is not set here."""

    BID = 2
    ASK = 4
    LAST = 8
    VOLUME = 16
    BUY = 32
    SELL = 64


class CopyTicks(IntEnum):
    """COPY_TICKS_*; ALL is 3 in MQL5 and -1 in Python."""

    ALL = -1
    INFO = 1
    TRADE = 2


class BookType(IntEnum):
    """ENUM_BOOK_TYPE."""

    SELL = 1
    BUY = 2
    SELL_MARKET = 3
    BUY_MARKET = 4


class TransactionType(IntEnum):
    """ENUM_TRADE_TRANSACTION_TYPE; its page gives no numbers, these are those of mtapi (.NET)."""

    ORDER_ADD = 0
    ORDER_UPDATE = 1
    ORDER_DELETE = 2
    HISTORY_ADD = 3
    HISTORY_UPDATE = 4
    HISTORY_DELETE = 5
    DEAL_ADD = 6
    DEAL_UPDATE = 7
    DEAL_DELETE = 8
    POSITION = 9
    REQUEST = 10


class Uninit(IntEnum):
    """Why an Expert Advisor's OnDeinit is called (REASON_*)."""

    PROGRAM = 0
    REMOVE = 1
    RECOMPILE = 2
    CHARTCHANGE = 3
    CHARTCLOSE = 4
    PARAMETERS = 5
    ACCOUNT = 6
    TEMPLATE = 7
    INITFAILED = 8
    CLOSE = 9


TEXT = {
    Retcode.REQUOTE: "Requote",
    Retcode.REJECT: "Request rejected",
    Retcode.CANCEL: "Request canceled by trader",
    Retcode.PLACED: "Order placed",
    Retcode.DONE: "Request executed",
    Retcode.DONE_PARTIAL: "Request executed partially",
    Retcode.ERROR: "Request processing error",
    Retcode.TIMEOUT: "Request timed out",
    Retcode.NO_MONEY: "No money",
    Retcode.PRICE_OFF: "No prices",
    Retcode.CONNECTION: "No connection",
    Retcode.CLIENT_DISABLES_AT: "AutoTrading disabled by client",
    Retcode.SERVER_DISABLES_AT: "AutoTrading disabled by server",
    Retcode.INVALID_FILL: "Unsupported filling mode",
    Retcode.POSITION_CLOSED: "Position doesn't exist",
    Retcode.MARKET_CLOSED: "Market closed",
}
"""What the server says in `comment`; another code is told by its own name."""


def text_of(retcode):
    """Return the comment that goes with a return code."""
    if retcode not in TEXT and retcode not in tuple(Retcode):
        return f"unknown retcode {retcode}"
    return TEXT.get(retcode) or Retcode(retcode).name.replace("_", " ").capitalize()
