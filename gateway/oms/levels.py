"""How stop-loss and take-profit of open positions move the state: AL and AM.

What we told a strategy is the fact (AM), what we asked of a venue is what waits (AL). For each
position at a venue the newest request is kept, answered or not: the venue's position has one pair
of levels, whoever asked for them.
"""

from __future__ import annotations

from gateway.oms.book import Book
from gateway.oms.state import Fill, Protection
from protocol.fields import PosMaintStatus, RejectSource
from protocol.messages import PositionMaintenanceReport, PositionMaintenanceRequest
from protocol.numbers import ZERO


def level_key(venue: str, symbol: str, position_id: str | None) -> str:
    """Name a position at a venue: on an account that nets, 5004 is absent."""
    return f"{venue}|{symbol}|{position_id or ''}"


def told(book: Book, owner: str, message: PositionMaintenanceReport, time_ns: int) -> None:
    """Apply an AM that is told to its owner. A refusal by the gateway uses the id up, no more."""
    book.note_id(owner, message.pos_req_id, "")
    if message.reject_source is RejectSource.GATEWAY:
        return
    venue = message.security_exchange or ""
    key = level_key(venue, message.symbol, message.position_id)
    found = book.state.protections.get(key)
    if found is None or (found.owner, found.pos_req_id) != (owner, message.pos_req_id):
        found = book.state.protections[key] = Protection(
            owner=owner, account=message.account, venue=venue, symbol=message.symbol,
            position_id=message.position_id, pos_req_id=message.pos_req_id,
            stop_loss_px=message.stop_loss_px, take_profit_px=message.take_profit_px,
        )  # fmt: skip
    found.in_doubt = message.in_doubt is True
    if message.pos_maint_status is not PosMaintStatus.ACCEPTED and found.is_pending:
        found.status, found.text = message.pos_maint_status, message.text
        found.stands = (message.stop_loss_px, message.take_profit_px)
        found.ended_ns = time_ns


def sent(book: Book, venue: str, message: PositionMaintenanceRequest, time_ns: int) -> None:
    """Apply an AL that is said to a venue: the request that waits has its id on the wire."""
    key = level_key(venue, message.symbol, message.position_id)
    found = book.state.protections.get(key)
    if found is not None and found.is_pending:
        found.wire_id, found.sent_ns = message.pos_req_id, time_ns


def moved(book: Book, venue: str, fill: Fill) -> None:
    """Look, after a fill, whether the account's one position in the symbol is still the same."""
    found = book.state.protections.get(level_key(venue, fill.symbol, None))
    if found is None or not found.is_pending or not fill.moves:
        return
    now = book.account_qty(fill.account, venue, fill.symbol)
    before = now - fill.last_qty * fill.side.sign
    found.closed = found.closed or now * before <= ZERO


def doubt(book: Book) -> None:
    """Put in doubt whatever has no answer: this process cannot have heard it."""
    for found in book.state.protections.values():
        found.in_doubt = found.is_pending
