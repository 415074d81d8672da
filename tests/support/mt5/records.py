"""What goes over the wire and what the books hold: frozen records with MQL5's names.

Volumes (lots), prices and money are Decimals; floats exist at the faces only. Times are server
time: `*_msc` in milliseconds, `time_expiration` and `expiration` in seconds.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct
from support.mt5.constants import DealType, Entry, Filling, OrderState, OrderType, Reason, TimeType

ZERO = Decimal(0)


class Request(Struct, frozen=True, kw_only=True):
    """MqlTradeRequest. Enumerations are plain ints: a request may say anything."""

    action: int = 0
    magic: int = 0
    order: int = 0
    symbol: str = ""
    volume: Decimal = ZERO
    price: Decimal = ZERO
    stoplimit: Decimal = ZERO
    sl: Decimal = ZERO
    tp: Decimal = ZERO
    deviation: int = 0
    type: int = 0
    type_filling: int = 0
    type_time: int = 0
    expiration: int = 0
    comment: str = ""
    position: int = 0
    position_by: int = 0


class Result(Struct, frozen=True, kw_only=True):
    """MqlTradeResult."""

    retcode: int = 0
    deal: int = 0
    order: int = 0
    volume: Decimal = ZERO
    price: Decimal = ZERO
    bid: Decimal = ZERO
    ask: Decimal = ZERO
    comment: str = ""
    request_id: int = 0
    retcode_external: int = 0


class CheckResult(Struct, frozen=True, kw_only=True):
    """MqlTradeCheckResult."""

    retcode: int = 0
    balance: Decimal = ZERO
    equity: Decimal = ZERO
    profit: Decimal = ZERO
    margin: Decimal = ZERO
    margin_free: Decimal = ZERO
    margin_level: Decimal = ZERO
    comment: str = ""


class Order(Struct, frozen=True, kw_only=True):
    """An order, open or in the history."""

    ticket: int
    symbol: str
    type: OrderType
    state: OrderState
    reason: Reason
    volume_initial: Decimal
    volume_current: Decimal
    time_setup_msc: int
    magic: int = 0
    price_open: Decimal = ZERO
    price_stoplimit: Decimal = ZERO
    price_current: Decimal = ZERO
    sl: Decimal = ZERO
    tp: Decimal = ZERO
    type_time: TimeType = TimeType.GTC
    type_filling: Filling = Filling.FOK
    time_done_msc: int = 0
    time_expiration: int = 0
    position_id: int = 0
    position_by_id: int = 0
    comment: str = ""
    external_id: str = ""
    parent: int = 0
    """The order of which this is a part, where the broker splits; no face tells it."""


class Deal(Struct, frozen=True, kw_only=True):
    """A deal: a trade, or money that moved without one."""

    ticket: int
    type: DealType
    time_msc: int
    order: int = 0
    entry: Entry = Entry.IN
    magic: int = 0
    position_id: int = 0
    reason: Reason = Reason.CLIENT
    volume: Decimal = ZERO
    price: Decimal = ZERO
    commission: Decimal = ZERO
    swap: Decimal = ZERO
    profit: Decimal = ZERO
    fee: Decimal = ZERO
    sl: Decimal = ZERO
    tp: Decimal = ZERO
    symbol: str = ""
    comment: str = ""
    external_id: str = ""

    @property
    def money(self):
        """What the deal did to the balance."""
        return self.profit + self.commission + self.swap + self.fee

    @property
    def signed(self):
        """The volume, negative for a sale; 0 for what is no trade."""
        return {DealType.BUY: self.volume, DealType.SELL: -self.volume}.get(self.type, ZERO)


class Position(Struct, frozen=True, kw_only=True):
    """A position. Its price and profit of now are drawn from a quote, they are not kept."""

    ticket: int
    identifier: int
    symbol: str
    is_buy: bool
    volume: Decimal
    price_open: Decimal
    time_msc: int
    time_update_msc: int
    magic: int = 0
    reason: Reason = Reason.CLIENT
    sl: Decimal = ZERO
    tp: Decimal = ZERO
    swap: Decimal = ZERO
    comment: str = ""
    external_id: str = ""

    @property
    def type(self):
        """POSITION_TYPE_BUY or POSITION_TYPE_SELL."""
        return 0 if self.is_buy else 1

    @property
    def signed(self):
        """The volume, negative when short."""
        return self.volume if self.is_buy else -self.volume


class Funds(Struct, frozen=True, kw_only=True):
    """What the server tells a terminal of an account's money and permissions."""

    balance: Decimal
    credit: Decimal = ZERO
    trade_allowed: bool = True
    trade_expert: bool = True


class Tick(Struct, frozen=True, kw_only=True):
    """MqlTick."""

    time_msc: int
    bid: Decimal
    ask: Decimal
    last: Decimal = ZERO
    volume: Decimal = ZERO
    flags: int = 0


class Level(Struct, frozen=True):
    """One price of a book; a volume of None has no end."""

    price: Decimal
    volume: Decimal | None = None


class Transaction(Struct, frozen=True, kw_only=True):
    """MqlTradeTransaction; `request` and `result` only with a type of REQUEST."""

    type: int
    deal: int = 0
    order: int = 0
    symbol: str = ""
    order_type: int = 0
    order_state: int = 0
    deal_type: int = 0
    time_type: int = 0
    time_expiration: int = 0
    price: Decimal = ZERO
    price_trigger: Decimal = ZERO
    price_sl: Decimal = ZERO
    price_tp: Decimal = ZERO
    volume: Decimal = ZERO
    position: int = 0
    position_by: int = 0
    request: Request | None = None
    result: Result | None = None


def number(value):
    """Return the Decimal that a face's float, int or text stands for: 13 digits, or 8 places."""
    if not isinstance(value, float):
        return value if isinstance(value, Decimal) else Decimal(value)
    return round(found := Decimal(repr(value)), min(max(8, 12 - found.adjusted()), 15))
