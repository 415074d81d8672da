"""Fat fingers: how large one order is, and how many are open."""

from __future__ import annotations

from decimal import Decimal

from gateway.risk.facts import Facts, Intent, Refusal, refuse
from protocol.fields import OrdRejReason, Side


def max_order_qty(facts: Facts, intent: Intent) -> Refusal | None:
    """Fat finger: quantity of one order."""
    limit = intent.binding(facts).least.get("max_order_qty")
    if limit is not None and intent.message.order_qty > limit.value:
        return refuse(
            "MAX_QTY", OrdRejReason.EXCEEDS_LIMIT, qty=intent.message.order_qty,
            limit=limit.value, scope=limit.scope,
        )  # fmt: skip
    return None


def _worst_price(facts: Facts, intent: Intent) -> Decimal | None:
    """The price at which the order counts: its own, its stop, or the fresh reference.

    A sell is executed at its limit or better: one far below the market counts at the market.
    """
    message = intent.message
    quote = facts.market.quote(intent.venue, message.symbol)
    stale_ms = facts.rules.venues[intent.venue].quote_stale_ms
    reference = None
    if quote is not None and intent.now_ns - quote.received_ns <= stale_ms * 1_000_000:
        reference = facts.market.reference_price(intent.venue, message.symbol)
    own = message.price if message.price is not None else message.stop_px
    if own is None:
        return reference
    return max(own, reference) if reference and message.side is Side.SELL else own


def max_order_notional(facts: Facts, intent: Intent) -> Refusal | None:
    """Fat finger: notional of one order in quote currency; without a price it is refused."""
    price = _worst_price(facts, intent)
    if price is None:
        return refuse(
            "NO_PRICE", OrdRejReason.BROKER, symbol=intent.message.symbol, venue=intent.venue
        )
    limit = intent.binding(facts).least.get("max_order_notional")
    notional = intent.message.order_qty * price
    if limit is not None and notional > limit.value:
        return refuse(
            "MAX_NOTIONAL", OrdRejReason.EXCEEDS_LIMIT, notional=notional, limit=limit.value,
            scope=limit.scope,
        )  # fmt: skip
    security = facts.security(intent)
    if security and security.min_notional is not None and notional < security.min_notional:
        return refuse(
            "MIN_NOTIONAL", OrdRejReason.INCORRECT_QUANTITY, notional=notional,
            minimum=security.min_notional,
        )  # fmt: skip
    return None


def max_open_orders(facts: Facts, intent: Intent) -> Refusal | None:
    """A strategy has only so many orders open at once, those on their way included."""
    if intent.existing is not None:
        return None
    limit = intent.binding(facts).least.get("max_open_orders")
    open_now = len(facts.book.open_by_owner.get(intent.owner, ()))
    if limit is not None and open_now >= limit.value:
        return refuse(
            "MAX_OPEN_ORDERS", OrdRejReason.EXCEEDS_LIMIT, open=open_now, limit=limit.value,
            scope=limit.scope,
        )  # fmt: skip
    return None
