"""What a strategy holds, as it is told (AP): one for each symbol, with quantity and profit.

On hedging accounts there is one more for each position of its own, by 5004, with its levels alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from gateway.oms.book import Book
from gateway.oms.market import Market
from gateway.oms.rules import Rules
from gateway.oms.shown import UNKNOWN, standing
from gateway.oms.state import PRICE_PLACES, Position, PositionKey
from protocol.fields import PosReqResult
from protocol.messages import PositionFee, PositionQty, PositionReport
from protocol.numbers import INTEGER_MAX, ZERO
from protocol.timestamps import format_date

Place = tuple[str, str, str]
"""Account, venue, symbol."""


def holdings(book: Book, rules: Rules, owner: str) -> Iterator[tuple[Place, str | None]]:
    """Yield where an owner holds, or has held, something; with the PositionID of what has one."""
    for name in book.state.positions.get(owner, {}):
        account, venue, symbol = name.split("|", 2)
        yield (account, venue, symbol), None
    for venue, tickets in book.state.tickets.items():
        for position_id, ticket in tickets.items():
            if owner in ticket.owners and venue in rules.venues:
                yield (rules.venues[venue].account, venue, ticket.symbol), position_id


def holding(
    book: Book, market: Market, owner: str, holds: tuple[Place, str | None], now_ns: int,
    **fields: Any,
) -> PositionReport:  # fmt: skip
    """Tell one of them; 710 and 727 are the caller's, none when nobody has asked."""
    place, position_id = holds
    account, venue, symbol = place
    held = book.position(PositionKey(owner, *place)) or Position("")
    shown = standing(book, market.venue(venue), place, position_id)
    if position_id is not None:
        avg_px = book.state.tickets[venue][position_id].held.avg_px
        fields["positions"] = (PositionQty(pos_type="TQ"),)
    else:
        avg_px = held.avg_px
        fields |= _account(held)
        if held.qty * book.account_qty(*place) <= ZERO:
            shown = UNKNOWN  # it is no part of the account's one position
    return PositionReport(
        pos_req_result=PosReqResult.VALID, clearing_business_date=format_date(now_ns),
        account=account, symbol=symbol, security_exchange=venue, currency=held.currency or None,
        settl_price=avg_px, prior_settl_price=ZERO, position_id=position_id,
        stop_loss_px=shown[0], take_profit_px=shown[1], **fields,
    )  # fmt: skip


def _account(held: Position) -> dict[str, Any]:
    """Tell quantity, profit, funding and fees."""
    qty = PositionQty(
        pos_type="TQ", long_qty=_writable(max(held.qty, ZERO)),
        short_qty=_writable(max(-held.qty, ZERO)),
    )  # fmt: skip
    return {
        "positions": (qty,),
        "realized_pnl": _writable(round(held.realized, PRICE_PLACES)),
        "funding": _writable(round(sum(held.funding.values(), ZERO), PRICE_PLACES)),
        "fees": tuple(
            PositionFee(fee_currency=currency, fee_amt=written)
            for currency, amount in sorted(held.fees.items())
            if currency and (written := _writable(amount)) is not None
        ),
    }


def _writable(amount: Decimal) -> Decimal | None:
    """Leave out a sum that has more digits than a number may have on the wire."""
    return amount if abs(amount) <= INTEGER_MAX else None
