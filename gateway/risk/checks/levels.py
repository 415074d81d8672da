"""What a request for the levels of an open position passes (AL): who may, and what adds risk.

It is judged as the order that would open the position now, with these levels: that is `intent`.
Where the levels lie to the market is the venue's word. While trading is stopped for a scope a level
may be set or moved there and never taken away: a position without its stop is new risk.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from gateway.risk.checks.instrument import known_symbol, legal_prices
from gateway.risk.checks.loss import share_of_equity
from gateway.risk.checks.rate import message_rate
from gateway.risk.checks.standing import place, stale_order, venue_up
from gateway.risk.facts import Facts, Intent, Refusal, refuse
from gateway.risk.pacing import Kind, Lane
from gateway.risk.trading_state import effective_state
from protocol.fields import OrdRejReason
from protocol.messages import PositionMaintenanceRequest
from protocol.numbers import ZERO

PROTECT = "PROTECT"
"""The capability (5026) of a venue that takes an AL."""


class Asked(NamedTuple):
    """A request for levels: `qty` of the position is signed, 0 when the owner has none there.

    `stop` is the stop-loss that stands: 0 is none, None is not known for certain.
    """

    intent: Intent
    message: PositionMaintenanceRequest
    qty: Decimal
    avg_px: Decimal
    stop: Decimal | None
    pending: bool


def levels_agree(facts: Facts, asked: Asked) -> Refusal | None:
    """Something is asked for, of one position, and of a venue that can do it."""
    message = asked.message
    able = facts.market.venue(asked.intent.venue).capabilities
    wanted = [PROTECT] if message.position_id is None else [PROTECT, "HEDGING"]
    missing = [name for name in wanted if name not in able]
    if missing:
        return refuse(
            "NOT_SUPPORTED", OrdRejReason.UNSUPPORTED_CHARACTERISTIC, venue=asked.intent.venue,
            missing=",".join(missing),
        )  # fmt: skip
    bad = ""
    if message.stop_loss_px is None and message.take_profit_px is None:
        bad = "StopLossPx(5001),TakeProfitPx(5002)"
    elif message.position_id is None and "HEDGING" in able:
        bad = "PositionID(5004)"
    return refuse("FIELDS_DISAGREE", OrdRejReason.OTHER, missing=bad) if bad else None


def levels_halted(facts: Facts, asked: Asked) -> Refusal | None:
    """Neither HALTED nor REDUCING lets a level be taken away."""
    scope, halt = effective_state(facts, asked.intent)
    if halt is None or ZERO not in {asked.message.stop_loss_px, asked.message.take_profit_px}:
        return None
    return refuse(
        halt.state.value, OrdRejReason.BROKER, scope=scope, who=halt.who, reason=halt.reason
    )


def own_position(_facts: Facts, asked: Asked) -> Refusal | None:
    """Only who holds a position moves its levels, one request after the other."""
    message = asked.message
    where = {"symbol": message.symbol, "position_id": message.position_id or "none"}
    if not asked.qty:
        return refuse("NO_POSITION", OrdRejReason.OTHER, venue=asked.intent.venue, **where)
    if asked.pending:
        return refuse("ALREADY_PENDING", OrdRejReason.OTHER, venue=asked.intent.venue, **where)
    return None


def level_loss(facts: Facts, asked: Asked) -> Refusal | None:
    """Where a stop is compulsory it is not taken away, and not moved to where too much is lost.

    Counted from where the position was opened. A stop that is known to be no wider than the one
    that stands passes in any case: it takes risk away.
    """
    intent, stop, before = asked.intent, asked.message.stop_loss_px, asked.stop
    least = intent.binding(facts).least
    wanted, bound = least.get("require_stop"), least.get("max_stop_loss_bps")
    if wanted is None or stop is None:
        return None
    if not stop:
        return refuse("NO_STOP", OrdRejReason.BROKER, stop_loss_px=stop, scope=wanted.scope)
    lost = (asked.avg_px - stop) * asked.qty
    tighter = before is not None and (not before or (stop - before) * asked.qty >= ZERO)
    if bound is None or tighter or lost <= ZERO:
        return None
    return share_of_equity(facts, intent, lost, bound)


def levels_rate(facts: Facts, asked: Asked) -> Refusal | None:
    """It goes before new orders and never waits: there is room at the venue, or it is refused."""
    intent = asked.intent
    pacer = facts.market.venue(intent.venue).pacer
    wait_ms = pacer.wait_ms(Lane.REDUCE, Kind.REPLACE, intent.now_ns) if pacer else 0
    if not wait_ms:
        return None
    return refuse("VENUE_RATE", OrdRejReason.BROKER, venue=intent.venue, wait_ms=wait_ms)


_BEFORE = (message_rate, place, stale_order, venue_up, known_symbol)
_AFTER: tuple[Callable[[Facts, Asked], Refusal | None], ...] = (
    levels_agree, lambda facts, asked: legal_prices(facts, asked.intent), levels_halted,
    own_position, level_loss, levels_rate,
)  # fmt: skip


def levels_refused(facts: Facts, asked: Asked) -> Refusal | None:
    """Run the checks in their order; the first refusal is the answer."""
    for check in _BEFORE:
        refused = check(facts, asked.intent)
        if refused is not None:
            return refused
    return next((no for one in _AFTER if (no := one(facts, asked)) is not None), None)
