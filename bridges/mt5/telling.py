"""Deals in the words of the port: fills, and entries of the ledger.

A deal's commission and fee are what a fill costs: the server gives both as changes of the balance,
so a cost is below zero there and above it here. A swap is booked by the deal that closes: it is an
entry of the ledger, named by that deal's ticket. The profit of a deal is nobody's news: it follows
from the fills. Closing one position by another is one order and two deals: the second of them is
told as the fill of an order that the server made of ours.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from bridges.mt5.constants import Entry
from bridges.mt5.orders import Order, is_other_half
from bridges.mt5.records import DealRow
from bridges.mt5.tables import LEDGER_KINDS, TRADE_SIDES
from bridges.mt5.units import units_of
from bridges.port import Fill, LedgerEntry, VenueOrder
from protocol.closing_by import CLOSE_BY
from protocol.fields import LastLiquidityInd, OrdStatus, OrdType, TimeInForce
from protocol.numbers import ZERO, plain

if TYPE_CHECKING:
    from bridges.mt5.core import Core


def commission_of(deal: DealRow) -> Decimal:
    """What a deal costs, in the account's currency."""
    return plain(-(deal.commission + deal.fee))


def fill_of(deal: DealRow, order: Order, core: Core) -> Fill:
    """Write a deal as a fill of its order, or of one that the server made of it."""
    account = core.account
    made = bool(order.name) and is_other_half(deal, order.request.side)
    return Fill(
        trade_id=str(deal.ticket),
        order_id=f"{deal.order}/{deal.ticket}" if made else str(deal.order),
        cl_ord_id="" if made else order.name,
        symbol=order.request.symbol, side=TRADE_SIDES[deal.type],
        last_qty=units_of(deal.volume, core.rules[deal.symbol]), last_px=deal.price,
        commission=commission_of(deal), comm_currency=account.currency if account else "",
        liquidity=_liquidity(deal, order),
        transact_ns=core.clock.utc_ns(deal.time_msc, core.now_ns),
        position_id=str(deal.position_id) if account and account.hedges else "",
        parent_id=order.name if made else order.parent_id,
        origin=CLOSE_BY if deal.entry == Entry.OUT_BY else order.origin,
    )  # fmt: skip


def made_by(fill: Fill) -> VenueOrder:
    """Write the order of a fill that is all there is of it."""
    return VenueOrder(
        order_id=fill.order_id, cl_ord_id="", symbol=fill.symbol, side=fill.side,
        ord_type=OrdType.MARKET, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
        order_qty=fill.last_qty, cum_qty=fill.last_qty, leaves_qty=ZERO, avg_px=fill.last_px,
        status=OrdStatus.FILLED, transact_ns=fill.transact_ns, position_id=fill.position_id,
        parent_id=fill.parent_id, origin=fill.origin,
    )  # fmt: skip


def _liquidity(deal: DealRow, order: Order) -> LastLiquidityInd:
    """A limit order that has rested was met by others; whatever else is executed takes."""
    kind, row = order.request.ord_type, order.row
    rested = row is None or deal.time_msc != row.setup_msc
    if kind in {OrdType.LIMIT, OrdType.STOP_LIMIT} and rested:
        return LastLiquidityInd.ADDED
    return LastLiquidityInd.REMOVED


def entries_of(deal: DealRow, core: Core) -> tuple[LedgerEntry, ...]:
    """Return what a deal has moved without a trade: its swap, or all of it if it is none."""
    kind = LEDGER_KINDS.get(deal.type)
    if kind is None:
        kind = "SWAP" if deal.type in TRADE_SIDES else "CORRECTION"
        amount = deal.swap if deal.type in TRADE_SIDES else _moved(deal)
    else:
        amount = _moved(deal)
    if not amount:
        return ()
    return (
        LedgerEntry(
            entry_id=str(deal.ticket), kind=kind,
            currency=core.account.currency if core.account else "", amount=amount,
            transact_ns=core.clock.utc_ns(deal.time_msc, core.now_ns),
            symbol=core.ours.get(deal.symbol, ""),
        ),
    )  # fmt: skip


def _moved(deal: DealRow) -> Decimal:
    return plain(deal.profit + deal.commission + deal.fee + deal.swap)
