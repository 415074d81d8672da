"""Everything that survives a crash: the state is a fold over the journal.

Rules: only `apply` changes it; it holds no observation (quotes, instruments, balances) and nothing
that cannot be rebuilt from the journal. Two states are the same when their digests are (book.py).
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct, field

from gateway.oms.order_states import OPEN, VenueState
from protocol.fields import (
    ExecInst,
    OrdType,
    PositionEffect,
    PosMaintStatus,
    Side,
    TimeInForce,
    TradingState,
)
from protocol.numbers import ZERO, plain
from protocol.order_id import LENGTH

STATE_VERSION = 7
"""Raised whenever the shape of State changes: an older snapshot is then ignored."""

PRICE_PLACES = 12
"""Decimal places of an average price in a report; the exact cost is what is kept."""


class Pending(Struct):
    """A cancel or replace that the venue has not answered.

    `cl_ord_id` is the requester's id, empty when the gateway itself asks. `wire_id` is its id on
    the bridge wire, empty until it is sent. The order fields are those of a replace.
    """

    cl_ord_id: str
    wire_id: str = ""
    asked_ns: int = 0
    text: str = ""
    order_qty: Decimal = ZERO
    price: Decimal | None = None
    stop_px: Decimal | None = None
    stop_loss_px: Decimal | None = None
    take_profit_px: Decimal | None = None
    expires_ns: int | None = None
    in_doubt: bool = False


class Order(Struct):
    """One order and all that is known of it. Quantities in units of the underlying.

    `wire_ids` have named it at the venue, the last one does so now; `asked_ids` are those of every
    F and G, answered or not, so that a late answer or fill still finds its order. While a person
    has to approve it, `review_until_ns` says until when. `parent_order_id` is the strategy's own
    name of the larger order that this one is a slice of, or our OrderID of the order from which the
    venue made it.
    """

    order_id: str
    owner: str
    account: str
    venue: str
    symbol: str
    side: Side
    ord_type: OrdType
    time_in_force: TimeInForce
    order_qty: Decimal
    cl_ord_id: str
    currency: str
    created_ns: int
    price: Decimal | None = None
    stop_px: Decimal | None = None
    expires_ns: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    stop_loss_px: Decimal | None = None
    take_profit_px: Decimal | None = None
    position_id: str | None = None
    venue_state: VenueState = VenueState.PENDING_NEW
    replace: Pending | None = None
    cancel: Pending | None = None
    in_doubt: bool = False
    cum_qty: Decimal = ZERO
    cost: Decimal = ZERO
    venue_order_id: str | None = None
    wire_ids: list[str] = field(default_factory=list)
    cl_ord_ids: list[str] = field(default_factory=list)
    trade_ids: list[str] = field(default_factory=list)
    asked_ids: tuple[str, ...] = ()
    parent_order_id: str | None = None
    parent_qty: Decimal | None = None
    origin: str | None = None
    review_until_ns: int = 0
    sent_ns: int = 0
    ended_ns: int = 0
    part: int = 0

    @property
    def is_open(self) -> bool:
        """Whether the venue may still execute it."""
        return self.venue_state in OPEN

    @property
    def exec_inst(self) -> ExecInst | None:
        """ExecInst (18) as it was asked for."""
        return ExecInst.PARTICIPATE_DONT_INITIATE if self.post_only else None

    @property
    def position_effect(self) -> PositionEffect | None:
        """PositionEffect (77) as it was asked for."""
        return PositionEffect.CLOSE if self.reduce_only else None

    @property
    def is_held(self) -> bool:
        """Whether it was accepted and not handed to the venue yet: the venue cannot have it."""
        return self.venue_state == "PENDING_NEW" and not self.wire_ids

    @property
    def leaves_qty(self) -> Decimal:
        """What may still be executed: 0 once the order has ended."""
        if self.venue_state not in OPEN:
            return ZERO
        return max(self.order_qty - self.cum_qty, ZERO)

    @property
    def avg_px(self) -> Decimal:
        """Average price of the fills, 0 without any; rounded to 12 places for the report."""
        if not self.cum_qty:
            return ZERO
        return _rounded(self.cost / self.cum_qty)

    @property
    def wire_id(self) -> str:
        """The id by which the venue knows the order now."""
        return self.wire_ids[-1] if self.wire_ids else ""


class PositionKey(NamedTuple):
    """Whose position, where, in what."""

    owner: str
    account: str
    venue: str
    symbol: str


class Position(Struct):
    """What the fills of one owner in one symbol add up to.

    `qty` is signed; `cost` is the signed price paid for what is open, so the average price is
    cost / qty; `realized` is in the quote currency and without fees; `fees` per currency, positive
    when paid; `funding` per currency, positive when received. A trip is from flat to flat: `since`
    is `realized` when it began, `losses` how many in a row have ended with a loss.
    """

    currency: str
    qty: Decimal = ZERO
    cost: Decimal = ZERO
    realized: Decimal = ZERO
    fees: dict[str, Decimal] = field(default_factory=dict)
    funding: dict[str, Decimal] = field(default_factory=dict)
    count: int = 0
    since: Decimal = ZERO
    losses: int = 0

    @property
    def avg_px(self) -> Decimal:
        """Average price of what is open, 0 when flat; rounded to 12 places for the report."""
        return _rounded(self.cost / self.qty) if self.qty else ZERO


class Ticket(Struct):
    """One position of an account that holds several of one symbol, by PositionID (5004).

    `owners` are those whose fills there add up to something, and to what, signed. Nobody yet, if it
    was there before first contact; not who has only moved its levels, or closed its own part.
    """

    symbol: str
    held: Position
    owners: dict[str, Decimal] = field(default_factory=dict)


class Protection(Struct):
    """The newest request for the levels of a position, and what has become of it.

    The prices are those asked for: None is as it was, 0 is none. `wire_id` is its id on the bridge
    wire, sent at `sent_ns`; `stands` are the levels that its answer told. While it waits, `closed`
    says that our fills have closed the position that it was asked for, or turned it round.
    """

    owner: str
    account: str
    venue: str
    symbol: str
    position_id: str | None
    pos_req_id: str
    stop_loss_px: Decimal | None
    take_profit_px: Decimal | None
    wire_id: str = ""
    sent_ns: int = 0
    in_doubt: bool = False
    closed: bool = False
    status: PosMaintStatus = PosMaintStatus.ACCEPTED
    text: str | None = None
    stands: tuple[Decimal | None, Decimal | None] = (None, None)
    ended_ns: int = 0

    @property
    def is_pending(self) -> bool:
        """Whether the venue has not answered it."""
        return self.status is PosMaintStatus.ACCEPTED


class Loose(NamedTuple):
    """An id that belongs to no order in memory, and when it came: it leaves like old orders do."""

    time_ns: int
    kind: str
    scope: str
    key: str


class Fill(Struct):
    """A fill that was counted, kept so that it is not counted twice and can be taken back.

    `owner`, `account`, `symbol` and `side` say whose position it moved; it was the `number`-th fill
    of that position, and `before` is the position's quantity, cost and realised profit before it,
    from which it is counted again after a bust. One that closes a position by another moves none.
    `position_id` is 5004: the position that it moved on an account that holds several.
    """

    order_id: str
    exec_id: str
    last_qty: Decimal
    last_px: Decimal
    commission: Decimal = ZERO
    currency: str = ""
    owner: str = ""
    account: str = ""
    symbol: str = ""
    side: Side = Side.BUY
    number: int = 0
    before: tuple[Decimal, Decimal, Decimal] = (ZERO, ZERO, ZERO)
    moves: bool = True
    position_id: str | None = None


def wire_key(venue: str, wire_id: str) -> str:
    """Name an id of the bridge wire among those of all venues.

    Ours are unique by themselves. The number of an order that a venue made by itself is not: two
    venues count each for itself.
    """
    return wire_id if len(wire_id) == LENGTH else f"{venue}|{wire_id}"


def fill_key(symbol: str, side: Side, trade_id: str) -> str:
    """Name a venue's trade as we count it.

    Some venues count ids per symbol, and when two of our own orders meet, both sides carry one id.
    """
    return f"{symbol}|{side.value}|{trade_id}"


class Session(Struct):
    """One conversation, as far as it must survive: numbers, and what happens when it ends.

    `sent_index` is sparse: pairs of (MsgSeqNum, journal sequence) of sent messages, one in 64, from
    which a resend finds its place in the journal.
    """

    next_in: int = 1
    next_out: int = 1
    connected: bool = False
    reset_required: bool = False
    cod_type: int = 0
    cod_grace_ms: int = 0
    cod_deadline_ns: int = 0
    sent_index: list[tuple[int, int]] = field(default_factory=list)


class VenueRecord(Struct):
    """What must be remembered of a venue: the baseline of first contact and how far fills reach."""

    baseline: dict[str, Decimal] = field(default_factory=dict)
    since_ns: int = 0


PERSON = "PERSON"
"""The cause of a halt that a person has ordered; the others are named by their breaker."""


class Halt(Struct):
    """A trading state that somebody, or a breaker, ordered for a scope.

    It ends by itself at `until_ns`; at 0 it waits for a person. While one that `kills` stands,
    whatever is open in the scope is cancelled, again if need be.
    """

    state: TradingState
    who: str
    reason: str
    since_ns: int
    until_ns: int = 0
    kills: bool = False


class Override(Struct):
    """A limit that a person has changed while we run: `value` is text, empty for no limit.

    `second` is who else agreed, where that was needed; it ends by itself at `until_ns` (0: never),
    and what stood `before` stands again.
    """

    value: str
    who: str
    reason: str
    since_ns: int
    second: str = ""
    until_ns: int = 0
    before: Override | None = None

    def number(self) -> Decimal | bool:
        """Return the limit as it stands in a config: False is no limit."""
        return Decimal(self.value) if self.value else False

    def lasting(self, beyond_ns: int) -> Override | None:
        """Return what of this and those before it still stands after a time."""
        found: Override | None = self
        while found is not None and 0 < found.until_ns <= beyond_ns:
            found = found.before
        return found


class Mark(Struct):
    """Where the profit of a scope stood when its day began, and at its highest.

    The day is the one that ends at `day_ends_ns`: while profit is not known, it is still the last.
    """

    day_start: Decimal = ZERO
    high: Decimal = ZERO
    day_ends_ns: int = 0


class Flattening(Struct):
    """A scope whose positions somebody wants closed; `tries` counts the rounds in vain."""

    who: str
    reason: str
    tries: int = 0


class State(Struct):
    """The book of record.

    `protections` by venue, symbol and position (`levels.level_key`); `tickets` by venue and 5004;
    `halts` by scope and cause; `overrides` by "scope key"; `marks` by scope, the newest of a day
    that ends at `day_ends_ns`; `cooling` by "owner|venue|symbol" until when; `flattening` by scope.
    """

    version: int = STATE_VERSION
    seq: int = 0
    time_ns: int = 0
    last_id: tuple[int, int, int] = (0, 0, 0)
    execs: int = 0
    orders: dict[str, Order] = field(default_factory=dict)
    positions: dict[str, dict[str, Position]] = field(default_factory=dict)
    tickets: dict[str, dict[str, Ticket]] = field(default_factory=dict)
    protections: dict[str, Protection] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    fills: dict[str, dict[str, Fill]] = field(default_factory=dict)
    ledger_ids: dict[str, dict[str, int]] = field(default_factory=dict)
    venues: dict[str, VenueRecord] = field(default_factory=dict)
    halts: dict[str, dict[str, Halt]] = field(default_factory=dict)
    overrides: dict[str, Override] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    day_ends_ns: int = 0
    cooling: dict[str, int] = field(default_factory=dict)
    flattening: dict[str, Flattening] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    loose: list[Loose] = field(default_factory=list)
    part: int = 0


def _rounded(value: Decimal) -> Decimal:
    return plain(round(value, PRICE_PLACES))
