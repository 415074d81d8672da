"""What an exchange said, in words that are the same for all exchanges. Symbols are our own."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from msgspec import Struct

from bridges.crypto.effects import SendStream
from bridges.market_events import Level
from bridges.port import LedgerEntry
from protocol.fields import OrdStatus, OrdType, Side, TimeInForce


class Verdict(Enum):
    """What an answer proves of a request that changes something."""

    DONE = "done"
    REFUSED = "refused"
    """The exchange has refused it for ever, or it never left."""
    DUPLICATE = "duplicate"
    """The exchange has had this id before: look the order up."""
    UNKNOWN = "unknown order"
    DOUBT = "in doubt"
    """Whatever else: it may have been done, or be done still."""


class TradeView(Struct, frozen=True, kw_only=True):
    """One trade of ours."""

    trade_id: str
    order_id: str
    symbol: str
    side: Side
    qty: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    maker: bool
    ns: int
    client_id: str = ""
    """Our id of its order, where the exchange tells it with the trade."""


class OrderView(Struct, frozen=True, kw_only=True):
    """One order as the exchange tells it; quantities are this order's own, without its chain.

    An order that has no client id there is known by `#` and the exchange's id.
    """

    order_id: str
    client_id: str
    symbol: str
    side: Side
    ord_type: OrdType
    time_in_force: TimeInForce
    qty: Decimal
    executed: Decimal
    paid: Decimal
    """Sum of price times quantity of all that was executed."""
    status: OrdStatus
    ns: int
    price: Decimal | None = None
    stop_px: Decimal | None = None
    post_only: bool = False
    reduce_only: bool = False
    working: bool = True
    """False for a stop that was not triggered."""
    trades: tuple[TradeView, ...] = ()
    text: str = ""

    @property
    def waits(self) -> bool:
        """Whether it is a stop that was not triggered."""
        return self.stop_px is not None and not self.working


class OrderNews(Struct, frozen=True):
    """A user stream told of an order, and of the trade that caused it if one did."""

    view: OrderView
    trade: TradeView | None = None


class AmendFailed(Struct, frozen=True):
    """A user stream told that a change of an order that was acknowledged cannot be done."""

    client_id: str
    request_id: str
    why: str


class FillNews(Struct, frozen=True):
    """A user stream told of a trade, and of its order elsewhere."""

    trade: TradeView


class MoneyNews(Struct, frozen=True):
    """A user stream told of money that moved without a trade."""

    entry: LedgerEntry


class MoneyHint(Struct, frozen=True):
    """A user stream told that money moved: what exactly is to be asked for."""

    why: str


class OrderHint(Struct, frozen=True):
    """A user stream told of an order that it had not described: the exchange is to be asked."""

    order_id: str


class StreamGap(Struct, frozen=True):
    """A user stream told something after something that was not heard."""

    why: str


class StreamOver(Struct, frozen=True):
    """A user stream told that it will tell no more."""

    why: str


class Greeting(NamedTuple):
    """What to say on a user stream now, and whether it is logged on.

    `ns` is when it was, by the exchange's clock, if it says so; 0 if it does not.
    """

    words: tuple[SendStream, ...] = ()
    ready: bool = False
    ns: int = 0


class BookNews(Struct, frozen=True, kw_only=True):
    """A change of a book: sizes that hold now; zero removes. `previous` is the last update's id.

    `whole` replaces the book. `checksum` is the exchange's own, of the book after the change; a
    `last` of 0 is not numbered. `depth` levels of a side are kept; 0 keeps all.
    """

    symbol: str
    first: int
    last: int
    previous: int | None
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    ns: int
    whole: bool = False
    checksum: int | None = None
    depth: int = 0


class BookView(Struct, frozen=True, kw_only=True):
    """A whole book to some depth."""

    last: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class TradeNews(Struct, frozen=True, kw_only=True):
    """A trade of the market."""

    symbol: str
    price: Decimal
    size: Decimal
    aggressor: Side
    trade_id: str
    ns: int


class Access(Struct, frozen=True, kw_only=True):
    """What an API key may do."""

    trades: bool
    withdraws: bool
    bound: bool
    """Whether it is only taken from named addresses."""


StreamItem = (
    OrderNews | AmendFailed | FillNews | OrderHint | MoneyNews | MoneyHint | StreamGap | StreamOver
    | BookNews | TradeNews
)  # fmt: skip
