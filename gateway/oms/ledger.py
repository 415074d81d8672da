"""Entries of a venue's ledger that belong to no order: funding, swap, fees, deposits."""

from __future__ import annotations

from gateway.oms.book import Book
from gateway.oms.effects import Effects, in_parts
from gateway.oms.fills import alert
from gateway.oms.positions import share_out
from gateway.oms.rules import Rules
from protocol.messages import CollateralReport
from protocol.numbers import format_decimal


def ledger_entry(
    book: Book, rules: Rules, venue: str, message: CollateralReport
) -> Effects:
    """Funding, swap, a fee: counted once by the venue's ledger id, shared out by position."""
    if book.ledger_known(venue, message.coll_rpt_id):
        return
    amount = message.end_cash
    if amount is None:
        yield alert("BAD_LEDGER_ENTRY", venue=venue, id=message.coll_rpt_id)
        return
    account = message.account or rules.venues[venue].account
    symbol = message.symbol or ""
    shares = share_out(
        book, (account, venue, symbol), amount,
        signed=message.ledger_kind in {"FUNDING", "SWAP"},
    )  # fmt: skip
    yield from in_parts(
        "LEDGER",
        {
            "venue": venue, "id": message.coll_rpt_id, "account": account, "symbol": symbol,
            "currency": message.currency or "", "kind": message.ledger_kind,
            "shares": {owner: format_decimal(share) for owner, share in shares.items()},
        },
        "shares",
    )  # fmt: skip
