"""Whether an order is worth its costs: its expected edge (5005) against going in and out again.

Rules: everything is in basis points of the notional, for the round trip. The way out is taken to
cost what the way in does: who rests going in rests going out. What takes pays the
taker fee and its average distance from the middle, by the known book, half the spread included;
what rests pays the maker fee and is not credited with the spread. Funding counts for each time that
it falls due within the holding time (5040); without a holding time it falls due once. Funding or a
fee that would be received is no edge. What the venue has not told makes the costs unknown.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from gateway.risk.depth import walk
from gateway.risk.facts import Facts, Intent, Refusal, refuse
from gateway.risk.feeds import Reference, Unhealthy
from protocol.fields import OrdRejReason, Side, TimeInForce
from protocol.messages import OrderFields, Security
from protocol.numbers import ZERO
from protocol.timestamps import parse_utc

BPS = 10_000
MS = 1_000_000
PLACES = 4
"""Decimal places of basis points in a refusal; what is compared is exact."""

_AT_ONCE = (TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL)


class Costs(NamedTuple):
    """What a round trip costs, in basis points of the notional."""

    fees: Decimal
    slippage: Decimal
    funding: Decimal


def edge(facts: Facts, intent: Intent) -> Refusal | None:
    """An expected edge must exceed the costs by more than the margin that is asked for."""
    expected = intent.message.expected_edge
    least = intent.binding(facts).least
    if expected is None:
        asked = least.get("require_edge")
        if asked is None or _was_judged(intent) or intent.reduces(facts):
            return None
        return refuse("EDGE_MISSING", OrdRejReason.OTHER, field="5005", scope=asked.scope)
    found = intent.reference(facts)
    security = facts.security(intent)
    if isinstance(found, Unhealthy) or security is None:
        return None  # fresh_price and known_symbol have decided
    costs = _costs(security, found, intent)
    if isinstance(costs, str):
        return refuse("EDGE_UNKNOWN", OrdRejReason.BROKER, unknown=costs)
    margin = least.get("min_edge_bps")
    wanted = sum(costs) + (margin.value if margin is not None else ZERO)
    if expected > wanted:
        return None
    shown = {name: round(value, PLACES) for name, value in costs._asdict().items()}
    return refuse(
        "EDGE_TOO_SMALL", OrdRejReason.EXCEEDS_LIMIT, edge_bps=expected, **shown,
        margin=margin.value if margin is not None else ZERO,
        scope=margin.scope if margin is not None else "none",
    )  # fmt: skip


def _was_judged(intent: Intent) -> bool:
    """Whether it is an order that was held: its edge was judged when it came, and is not kept."""
    return intent.existing is not None and intent.existing.is_held


def _costs(security: Security, found: Reference, intent: Intent) -> Costs | str:
    """Return the costs of an order, or the name of what is not known of them."""
    message, qty = intent.message, intent.qty
    taking = ZERO if message.exec_inst is not None else qty
    spent = ZERO
    if taking > ZERO:
        waits = message.stop_px is not None  # what it will find is like what it finds today
        limit_price = None if waits else message.price
        taken = walk(found, message.side, qty, limit_price)
        if taken.qty < qty and (limit_price is None or _crosses_unknown(found, message)):
            return "depth"
        taking = taken.qty
        spent = (taken.value - taking * found.price) * message.side.sign
        if taking and message.time_in_force in _AT_ONCE:
            qty = taking  # the rest is cancelled and costs nothing
    resting = qty - taking
    if taking and security.taker_fee is None:
        return "taker_fee"
    if resting and security.maker_fee is None:
        return "maker_fee"
    funding = max(funding_bps(security, intent), ZERO)
    if not taking:
        return Costs(max(security.maker_fee or ZERO, ZERO) * 2 * BPS, ZERO, funding)
    fee = taking * (security.taker_fee or ZERO) + resting * (security.maker_fee or ZERO)
    return Costs(
        max(fee, ZERO) * 2 * BPS / qty,
        max(spent, ZERO) * 2 * BPS / (qty * found.price),
        funding,
    )


def _crosses_unknown(found: Reference, message: OrderFields) -> bool:
    """Whether a limit order would take from a book of which only another venue's price is known."""
    price = message.price
    if found.book is not None or price is None:
        return False
    return price >= found.offer if message.side is Side.BUY else price <= found.bid


def funding_bps(security: Security, intent: Intent) -> Decimal:
    """Return the funding due within the holding time, positive when this side pays it."""
    rate = security.funding_rate
    if not rate:
        return ZERO
    sign = 1 if intent.message.side is Side.BUY else -1
    return rate * BPS * sign * _times_due(security, intent.now_ns, intent.message.holding_ms)


def _times_due(security: Security, now_ns: int, holding_ms: int | None) -> int:
    """Count the fundings in the holding time; once when it, or the time of the next, is unknown."""
    if holding_ms is None or security.funding_time is None:
        return 1
    next_ns = parse_utc(security.funding_time)
    interval_ns = (security.funding_interval_ms or 0) * MS
    if next_ns <= now_ns:
        if not interval_ns:
            return 1
        next_ns += ((now_ns - next_ns) // interval_ns + 1) * interval_ns
    left_ns = now_ns + holding_ms * MS - next_ns
    if left_ns < 0:
        return 0
    return 1 + (left_ns // interval_ns if interval_ns else 0)
