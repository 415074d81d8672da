"""No order of ours meets another of ours, whichever strategy's it is."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.oms.state import Order
from gateway.risk.facts import Facts, Intent
from protocol.fields import Side


def would_meet(facts: Facts, intent: Intent) -> Iterator[Order]:
    """Yield our own resting orders that an order would be matched with, best price first."""
    message = intent.message
    side, price = message.side, message.price
    for resting in facts.book.resting(
        intent.account, intent.venue, message.symbol, side.opposite
    ):
        if price is not None and (
            resting.price > price if side is Side.BUY else resting.price < price
        ):
            return
        if resting.order is not intent.existing:
            yield resting.order
