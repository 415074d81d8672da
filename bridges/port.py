"""The port that every venue implements, and the values that pass through it.

Rules for an implementation:

- Commands never block and never raise for what a venue may refuse: the outcome is an event.
- Events reach the listener only from inside `step`, in the order in which the venue said them.
- Each command that asks carries an `ask`, and exactly one answer with that `ask` follows if the
  venue answers at all. An answer is `complete` only if it was read whole while connected.
- `order is None` in an answer means: the venue was asked and says that it knows no such order.
- A command that names a client id was preceded by a durable note of that id (see id_log.py), so
  an implementation may call the venue at once and must never call it twice.
- Quantities are units of the underlying, never lots: convert exactly or refuse.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from bridges.instrument import Instrument
from bridges.levels import LevelsTold
from bridges.link_events import LinkChanged, RateWarned
from bridges.market_events import BookChanged, Traded
from protocol.fields import CxlRejReason, CxlRejResponseTo, ExecRestatementReason

# isort: split
from protocol.fields import LastLiquidityInd, OrdRejReason, OrdStatus, OrdType, Side, TimeInForce
from protocol.numbers import ZERO


class Capabilities(Struct, frozen=True, kw_only=True):
    """What a venue can do, so that the gateway refuses early what it cannot."""

    ord_types: tuple[OrdType, ...]
    times_in_force: tuple[TimeInForce, ...]
    post_only: bool = False
    reduce_only: bool = False
    stop_loss: bool = False
    take_profit: bool = False
    hedging: bool = False
    replace: bool = False
    look_up: bool = False
    protect: bool = False
    """Whether it is a `levels.ProtectingVenue`, and its symbols let it."""
    demo: bool = False
    """Known to trade no real money; what is not known to be a demo account has no such word."""
    absence_after_ms: int = 0
    """After this long an order that was sent and is unknown at the venue will stay unknown."""


class OrderRequest(Struct, frozen=True, kw_only=True):
    """A new order, or with `orig_cl_ord_id` what an existing one shall become."""

    cl_ord_id: str
    symbol: str
    side: Side
    order_qty: Decimal
    ord_type: OrdType
    time_in_force: TimeInForce = TimeInForce.DAY
    price: Decimal | None = None
    stop_px: Decimal | None = None
    expire_ns: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    stop_loss_px: Decimal | None = None
    take_profit_px: Decimal | None = None
    position_id: str = ""
    """The position to close, where an account may hold several of one symbol."""
    account: str = ""
    strategy: str = ""
    orig_cl_ord_id: str = ""


class CancelRequest(Struct, frozen=True, kw_only=True):
    """Take the order that `orig_cl_ord_id` names off the venue; `cl_ord_id` names the request.

    `order_id` is the venue's own id of the order, if the gateway has heard it.
    """

    cl_ord_id: str
    orig_cl_ord_id: str
    symbol: str
    side: Side
    order_id: str = ""


class VenueOrder(Struct, frozen=True, kw_only=True):
    """An order as the venue has it at one moment.

    One that the venue made from an order of ours (a stop-loss that was hit) has no `cl_ord_id`:
    `parent_id` is a client id of the order it was made from, `origin` says why.
    """

    order_id: str
    cl_ord_id: str
    symbol: str
    side: Side
    ord_type: OrdType
    time_in_force: TimeInForce
    order_qty: Decimal
    cum_qty: Decimal
    leaves_qty: Decimal
    avg_px: Decimal
    status: OrdStatus
    transact_ns: int
    orig_cl_ord_id: str = ""
    price: Decimal | None = None
    stop_px: Decimal | None = None
    expire_ns: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    triggered: bool = False
    stop_loss_px: Decimal | None = None
    take_profit_px: Decimal | None = None
    position_id: str = ""
    parent_id: str = ""
    origin: str = ""
    account: str = ""
    text: str = ""


class Fill(Struct, frozen=True, kw_only=True):
    """One trade of ours; `trade_id` is the venue's own and unique.

    `position_id` is the position that it moved, where an account may hold several of one symbol;
    `parent_id` and `origin` are those of an order that the venue made from one of ours.
    """

    trade_id: str
    order_id: str
    cl_ord_id: str
    symbol: str
    side: Side
    last_qty: Decimal
    last_px: Decimal
    commission: Decimal
    comm_currency: str
    liquidity: LastLiquidityInd | None
    transact_ns: int
    position_id: str = ""
    parent_id: str = ""
    origin: str = ""


class Position(Struct, frozen=True, kw_only=True):
    """What the account holds of one symbol: signed quantity, its average price, its levels."""

    symbol: str
    currency: str
    qty: Decimal
    avg_px: Decimal
    realized_pnl: Decimal = ZERO
    position_id: str = ""
    stop_loss_px: Decimal | None = None
    take_profit_px: Decimal | None = None


class Balance(Struct, frozen=True, kw_only=True):
    """One currency of the account."""

    currency: str
    total: Decimal
    free: Decimal


class LedgerEntry(Struct, frozen=True, kw_only=True):
    """Money that moved without a trade: FUNDING, SWAP, FEE, DEPOSIT, CORRECTION."""

    entry_id: str
    kind: str
    currency: str
    amount: Decimal
    transact_ns: int
    symbol: str = ""


class Accepted(Struct, frozen=True):
    """The venue has the order."""

    order: VenueOrder


class Rejected(Struct, frozen=True):
    """The venue refused a new order for ever."""

    order: VenueOrder
    reason: OrdRejReason
    text: str


class Filled(Struct, frozen=True):
    """One fill; `order` is the state after it."""

    order: VenueOrder
    fill: Fill


class Canceled(Struct, frozen=True):
    """The order is off the venue; `request_id` is the cancel that asked for it, if one did."""

    order: VenueOrder
    request_id: str = ""
    reason: ExecRestatementReason | None = None
    text: str = ""


class Expired(Struct, frozen=True):
    """The order's time was over."""

    order: VenueOrder


class Replaced(Struct, frozen=True):
    """The order is now what the request named by its new client id said."""

    order: VenueOrder


class Triggered(Struct, frozen=True):
    """A stop became a working order."""

    order: VenueOrder


class Restated(Struct, frozen=True):
    """Price or quantity were changed, and not by us; `order` is as it is now."""

    order: VenueOrder


class Busted(Struct, frozen=True):
    """The venue took a fill back; `order` is the state after it."""

    order: VenueOrder
    fill: Fill


class CancelRefused(Struct, frozen=True, kw_only=True):
    """A cancel or replace was refused; without `order` the venue knows no such order."""

    request_id: str
    orig_cl_ord_id: str
    response_to: CxlRejResponseTo
    reason: CxlRejReason
    text: str
    order: VenueOrder | None = None


class Found(Struct, frozen=True, kw_only=True):
    """The answer to `look_up`."""

    ask: str
    order: VenueOrder | None
    complete: bool = True
    text: str = ""


class OpenOrders(Struct, frozen=True, kw_only=True):
    """The answer to `open_orders`."""

    ask: str
    orders: tuple[VenueOrder, ...]
    complete: bool = True


class Fills(Struct, frozen=True, kw_only=True):
    """The answer to `fills_since`, oldest first."""

    ask: str
    fills: tuple[Fill, ...]
    complete: bool = True


class Positions(Struct, frozen=True, kw_only=True):
    """The answer to `positions`."""

    ask: str
    positions: tuple[Position, ...]
    complete: bool = True


class Balances(Struct, frozen=True, kw_only=True):
    """The answer to `balances`."""

    ask: str
    balances: tuple[Balance, ...]
    complete: bool = True


class LedgerEntries(Struct, frozen=True, kw_only=True):
    """The answer to `ledger_entries`, and with an empty `ask` an entry that just happened."""

    ask: str
    entries: tuple[LedgerEntry, ...]
    complete: bool = True


class Instruments(Struct, frozen=True, kw_only=True):
    """The answer to `instruments`."""

    ask: str
    instruments: tuple[Instrument, ...]
    complete: bool = True


OrderEvent = (
    Accepted | Rejected | Filled | Canceled | Expired | Replaced | Triggered | Restated | Busted
    | CancelRefused
)  # fmt: skip
Answer = Found | OpenOrders | Fills | Positions | Balances | LedgerEntries | Instruments
Event = OrderEvent | LevelsTold | Answer | LinkChanged | RateWarned | BookChanged | Traded


class Listener(Protocol):
    """Who hears what the venue says."""

    def on_event(self, event: Event) -> None:
        """Take one event. Called only from inside `Venue.step`."""


class Venue(Protocol):
    """A trading venue as the bridge session sees it. Times are ns since the epoch."""

    @property
    def capabilities(self) -> Capabilities:
        """What the venue can do; constant for its life."""

    @property
    def connected(self) -> bool:
        """Whether the venue's own connection is up now."""

    def connect(self, listener: Listener, now_ns: int) -> None:
        """Begin to talk to the venue; LinkChanged tells when it is up."""

    def submit(self, order: OrderRequest, now_ns: int) -> None:
        """Send a new order: Accepted or Rejected follows, then its life."""

    def cancel(self, request: CancelRequest, now_ns: int) -> None:
        """Ask for a cancel: Canceled or CancelRefused follows."""

    def replace(self, order: OrderRequest, now_ns: int) -> None:
        """Ask for a replace: Replaced or CancelRefused follows."""

    def cancel_all(self, text: str, now_ns: int) -> None:
        """Cancel everything that rests, unasked by any order (the dead man's hand)."""

    def hold(self, now_ns: int) -> None:
        """Hear that the gateway lives: put off the venue's own dead man, if it has one."""

    def look_up(self, ask: str, cl_ord_id: str, now_ns: int) -> None:
        """Ask for the order with any client id that it ever had: Found."""

    def open_orders(self, ask: str, now_ns: int) -> None:
        """Ask for all open orders: OpenOrders."""

    def fills_since(self, ask: str, since_ns: int, now_ns: int) -> None:
        """Ask for the fills at or after a moment: Fills."""

    def positions(self, ask: str, now_ns: int) -> None:
        """Ask for the account's positions: Positions."""

    def balances(self, ask: str, now_ns: int) -> None:
        """Ask for the account's balances: Balances."""

    def ledger_entries(self, ask: str, since_ns: int, now_ns: int) -> None:
        """Ask for what moved money without a trade: LedgerEntries."""

    def instruments(self, ask: str, now_ns: int) -> None:
        """Ask for the instruments: Instruments."""

    def subscribe(self, symbols: Sequence[str], now_ns: int) -> None:
        """Ask for market data: BookChanged and Traded follow."""

    def step(self, now_ns: int) -> None:
        """Do what is due, and tell the listener what has been heard."""

    def next_deadline_ns(self) -> int | None:
        """Return when `step` wants to be called again, at the latest."""

    def close(self) -> None:
        """Let go of everything."""
