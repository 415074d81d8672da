"""What the exchange remembers of orders and trades: the ledger that a test compares with."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal(0)
OPEN = ("NEW", "PARTIALLY_FILLED")


@dataclass
class Deal:
    """One trade of ours. `number` is the exchange's trade id, unique and growing."""

    number: int
    order_id: int
    client_id: str
    wire: str
    side: str
    price: Decimal
    qty: Decimal
    commission: Decimal
    asset: str
    maker: bool
    time_ms: int
    realized: Decimal = ZERO
    trade_id: str = ""
    """The trade's own id, where it is another than the number."""

    @property
    def quote(self):
        """What was paid, without the commission."""
        return self.price * self.qty


@dataclass
class Record:
    """One order, over its life."""

    number: int
    client_id: str
    wire: str
    symbol: str
    side: str
    kind: str
    tif: str
    qty: Decimal
    price: Decimal | None
    stop: Decimal | None
    created_ms: int
    updated_ms: int
    status: str = "NEW"
    cum: Decimal = ZERO
    quote: Decimal = ZERO
    reduce_only: bool = False
    expire_ms: int = 0
    working_ms: int = -1
    triggered: bool = False
    quote_qty: Decimal = ZERO
    engine_id: str = ""
    cancel_id: str = ""
    reason: str = ""
    deals: list = field(default_factory=list)
    algo: object = None
    tag: str = ""
    amendments: list = field(default_factory=list)

    @property
    def is_open(self):
        """Whether it may still trade."""
        return self.status in OPEN

    @property
    def leaves(self):
        """What may still trade."""
        return self.qty - self.cum if self.is_open else ZERO

    @property
    def average(self):
        """The average price of what has traded."""
        return self.quote / self.cum if self.cum else ZERO
