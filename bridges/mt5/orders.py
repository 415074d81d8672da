"""One order over its life in MetaTrader: a ticket, a magic, and every id that named it on our wire.

Rules:

- `root` is the id that is its magic there, `name` the one that names it on our wire now: a change
  in place keeps ticket and magic, and changes the name. A change of quantity cannot be made in
  place: it is another order, with another magic, and `base` is what its chain had executed before
- what it has executed is what its deals say; `row` only says whether it still rests. While the row
  has executed more than was told, deals are missing, and the end is not told
- what the server has made from an order of ours (a stop that was hit) has no id of ours:
  `parent_id` and `origin` say where it came from
"""

from __future__ import annotations

from decimal import Decimal

from bridges.mt5.constants import Entry, GtcMode, OrderState, OrderType, TypeTime
from bridges.mt5.expiry import expiry_s
from bridges.mt5.records import DealRow, OrderRow, SymbolRow
from bridges.mt5.tables import AT_MARKET, ENDS, FIX_TYPES, TRADE_SIDES
from bridges.mt5.units import units_of
from bridges.port import OrderRequest, VenueOrder
from protocol.fields import OrdStatus, OrdType, Side, TimeInForce
from protocol.numbers import ZERO, plain
from protocol.order_id import parse, to_text

EARLIEST = 1_577_836_800
"""Ids of a gateway hold the second of its start: an older magic (2020) is somebody else's."""
UNDECIDED = frozenset((OrderState.STARTED, OrderState.REQUEST_ADD))
"""An open order that the server or the exchange may still reject."""


def is_ours(magic: int) -> bool:
    """Whether a magic is one that a gateway, this or another, has given."""
    return 0 < magic < 1 << 63 and parse(to_text(magic)).epoch >= EARLIEST


def id_of(magic: int) -> str:
    """Write a magic as it stands on our wire; nothing if no gateway has given it."""
    return to_text(magic) if is_ours(magic) else ""


def is_other_half(deal: DealRow, side: Side) -> bool:
    """Whether a deal of an order of a side closes the position that the order closes another by."""
    return deal.entry == Entry.OUT_BY and TRADE_SIDES[deal.type] is not side


class Order:
    """What is known of one order. Quantities in units of the underlying."""

    __slots__ = (
        "accepted", "amending", "base", "base_paid", "cancel_id", "deals", "ended",
        "ended_by", "is_over", "name", "ns", "origin", "paid", "parent_id", "placing",
        "position_id", "previous", "qty", "refused", "replacing", "request", "root", "row", "size",
        "sum", "superseded", "ticket", "timed_out", "triggered", "why",
    )  # fmt: skip

    def __init__(self, request: OrderRequest, size: Decimal, now_ns: int) -> None:
        self.request = request
        self.size = size
        """Units of a lot."""
        self.name = self.root = request.cl_ord_id
        self.previous = request.orig_cl_ord_id
        self.ticket = 0
        self.row: OrderRow | None = None
        self.is_over = False
        """Whether its row stands in the history: it rests no more."""
        self.qty = request.order_qty
        self.base = self.base_paid = ZERO
        self.deals: dict[int, Decimal] = {}
        self.sum = self.paid = ZERO
        self.accepted = self.triggered = self.ended = self.refused = False
        self.timed_out = False
        """Whether it is past its end, so that who removes it lets it expire."""
        self.placing = False
        """Whether what became of its sending is still being found out."""
        self.superseded = self.cancel_id = self.ended_by = self.replacing = ""
        self.amending: OrderRequest | None = None
        self.why = ""
        """Why it was refused."""
        self.position_id = self.parent_id = self.origin = ""
        self.ns = now_ns

    @property
    def cum(self) -> Decimal:
        """What was executed and told, over the chain."""
        return self.base + self.sum

    @property
    def is_missing_deals(self) -> bool:
        """Whether the server has executed more than was told."""
        return self.row is not None and self.row.executed * self.size > self.sum

    @property
    def is_undecided(self) -> bool:
        """Whether it is ours, stands in the list of open orders, and may still be rejected."""
        waits = self.row is not None and self.row.state in UNDECIDED and not self.is_over
        return bool(self.root) and waits

    @property
    def is_done(self) -> bool:
        """Whether nothing more is expected of it."""
        return self.ended or self.sum >= self.qty

    @property
    def rests(self) -> bool:
        """Whether it stands in the market, as far as is known."""
        return self.row is not None and not self.is_over and not self.is_done

    @property
    def status(self) -> OrdStatus:
        """What the deals and the end make of it."""
        if self.refused:
            return OrdStatus.REJECTED
        if self.sum >= self.qty:
            return OrdStatus.FILLED
        if self.ended:
            return OrdStatus.EXPIRED if self.expires else OrdStatus.CANCELED
        return OrdStatus.PARTIALLY_FILLED if self.cum > 0 else OrdStatus.NEW

    @property
    def expires(self) -> bool:
        """Whether its end is an expiry; the rest of an immediate order is cancelled, says FIX."""
        kept = self.request.time_in_force not in {
            TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL,
        }  # fmt: skip
        how = ENDS.get(self.row.state) if self.row is not None else None
        return kept and (how is OrdStatus.EXPIRED or (how is OrdStatus.CANCELED and self.timed_out))

    def book(self, ticket: int, qty: Decimal, price: Decimal, ns: int) -> None:
        """Count a deal."""
        self.deals[ticket] = qty
        self.sum += qty
        self.paid += qty * price
        self.ns = max(self.ns, ns)

    def unbook(self, ticket: int, price: Decimal) -> Decimal:
        """Take a deal back; return its quantity, 0 if it was not counted."""
        qty = self.deals.pop(ticket, ZERO)
        self.sum -= qty
        self.paid -= qty * price
        return qty

    def presume(self) -> None:
        """Count what was executed longer ago than the deals that were read, at its own price."""
        if self.row is not None and self.is_missing_deals:
            qty = self.row.executed * self.size - self.sum
            self.sum += qty
            self.paid += qty * self.row.price_open

    def image(self, text: str = "") -> VenueOrder:
        """Return the order as it was told so far, with the prices that stand at the server."""
        request, cum = self.request, self.cum
        status = self.status
        is_open = status in {OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED}
        total = self.base + self.qty
        price, stop_px = prices_of(self.row, request)
        return VenueOrder(
            order_id=str(self.ticket) if self.ticket else "NONE", cl_ord_id=self.name,
            orig_cl_ord_id=self.previous, symbol=request.symbol, side=request.side,
            ord_type=request.ord_type, time_in_force=request.time_in_force, order_qty=total,
            cum_qty=cum, leaves_qty=total - cum if is_open else ZERO,
            avg_px=(self.base_paid + self.paid) / cum if cum else ZERO, status=status,
            transact_ns=self.ns, price=price, stop_px=stop_px, expire_ns=request.expire_ns,
            post_only=request.post_only, reduce_only=request.reduce_only, triggered=self.triggered,
            stop_loss_px=request.stop_loss_px, take_profit_px=request.take_profit_px,
            position_id=self.position_id, parent_id=self.parent_id, origin=self.origin,
            account=request.account, text=text,
        )  # fmt: skip


def prices_of(
    row: OrderRow | None, request: OrderRequest
) -> tuple[Decimal | None, Decimal | None]:
    """Return limit and trigger as they stand at the server, or as asked for if it has no row."""
    if row is None or request.ord_type is OrdType.MARKET or row.type in AT_MARKET:
        return request.price, request.stop_px
    kind = FIX_TYPES[OrderType(row.type)][0]
    if kind is OrdType.STOP_LIMIT:
        return row.price_stoplimit, row.price_open
    if kind is OrdType.STOP:
        return None, row.price_open
    return row.price_open, request.stop_px


def terms_of(request: OrderRequest, ends_s: int) -> str:
    """Write what an order is to be, so that equal terms are equal text; see `row_terms`."""
    prices = (request.price, request.stop_px, request.stop_loss_px, request.take_profit_px)
    return _terms(request.order_qty, prices, ends_s)


def row_terms(row: OrderRow, qty: Decimal, request: OrderRequest) -> str:
    """Write what an order is at the server; `qty` is its quantity over its chain."""
    price, stop_px = prices_of(row, request)
    ends_s = expiry_s(row.type_time, row.expiration_s)
    return _terms(qty, (price, stop_px, row.sl or None, row.tp or None), ends_s)


def _terms(qty: Decimal, prices: tuple[Decimal | None, ...], ends_s: int) -> str:
    words = ["-" if one is None else str(plain(one)) for one in prices]
    return "@".join([str(plain(qty)), *words, str(ends_s)])


def request_of(
    row: OrderRow, ours: str, symbol: SymbolRow, expire_ns: int | None, name: str, closes: Side
) -> OrderRequest:
    """Write the request that an order at the server looks like.

    `closes` is the side of one that closes a position by another: its type tells none.
    """
    kind, side = FIX_TYPES.get(OrderType(row.type), (OrdType.MARKET, closes))
    lasts = TimeInForce.GOOD_TILL_CANCEL if symbol.gtc_mode is GtcMode.GTC else TimeInForce.DAY
    times = {TypeTime.GTC: lasts, TypeTime.DAY: TimeInForce.DAY}
    draft = OrderRequest(
        cl_ord_id=name, symbol=ours, side=side, ord_type=kind,
        order_qty=units_of(row.volume_initial, symbol),
    )  # fmt: skip
    price, stop_px = prices_of(row, draft)
    return OrderRequest(
        cl_ord_id=name, symbol=ours, side=side, ord_type=kind, order_qty=draft.order_qty,
        price=price, stop_px=stop_px, stop_loss_px=row.sl or None, take_profit_px=row.tp or None,
        time_in_force=times.get(TypeTime(row.type_time), TimeInForce.GOOD_TILL_DATE),
        expire_ns=expire_ns if row.type_time >= TypeTime.SPECIFIED else None,
    )  # fmt: skip
