"""What a request for the levels of an open position passes (AL): who may, and what adds risk.

It is judged as the order that would open the position now, with these levels, by whoever asks and
by every other strategy that holds a part: they share the stop, so what binds one binds it.
Where the levels lie to the market is the venue's word. While trading is stopped for one of them a
level may be set, or moved nearer: a position without its stop, or with one out of reach, is new
risk.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from gateway.oms.market import Levels
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


class Holder(NamedTuple):
    """A strategy that holds a part: the order that would open it now, and what it holds, signed."""

    intent: Intent
    qty: Decimal
    avg_px: Decimal


class Asked(NamedTuple):
    """A request for levels: the first of `holders` asks, and holds 0 when it has nothing there.

    `stands` are the levels as they are: 0 is none, None is not known for certain.
    """

    message: PositionMaintenanceRequest
    holders: tuple[Holder, ...]
    stands: Levels
    pending: bool

    @property
    def intent(self) -> Intent:
        """The order of who asks."""
        return self.holders[0].intent


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
    """Neither HALTED nor REDUCING lets a level be taken away, or moved farther off."""
    message, qty = asked.message, asked.holders[0].qty
    stop, profit = asked.stands
    weaker = _weaker(message.stop_loss_px, stop, qty)
    if not weaker and not _weaker(message.take_profit_px, profit, -qty):
        return None
    for one in asked.holders:
        scope, halt = effective_state(facts, one.intent)
        if halt is not None:
            return refuse(
                halt.state.value, OrdRejReason.BROKER, scope=scope, who=halt.who,
                reason=halt.reason,
            )  # fmt: skip
    return None


def _weaker(wanted: Decimal | None, stands: Decimal | None, qty: Decimal) -> bool:
    """Whether a level is taken away, or is known to be farther off; `qty` says where it lies."""
    if not wanted:
        return wanted is not None
    return stands is not None and stands > ZERO and (wanted - stands) * qty < ZERO


def own_position(_facts: Facts, asked: Asked) -> Refusal | None:
    """Only who holds a position moves its levels, one request after the other."""
    message = asked.message
    where = {"symbol": message.symbol, "position_id": message.position_id or "none"}
    if not asked.holders[0].qty:
        return refuse("NO_POSITION", OrdRejReason.OTHER, venue=asked.intent.venue, **where)
    if asked.pending:
        return refuse("ALREADY_PENDING", OrdRejReason.OTHER, venue=asked.intent.venue, **where)
    return None


def level_loss(facts: Facts, asked: Asked) -> Refusal | None:
    """No stop is moved to where too much is lost, and where it is compulsory none is taken away.

    Counted from where each part was opened. A stop that is known to be no wider than the one that
    stands, or to be the first, passes in any case: it takes risk away.
    """
    stop, before = asked.message.stop_loss_px, asked.stands[0]
    if stop is None:
        return None
    for intent, qty, avg_px in asked.holders:
        least = intent.binding(facts).least
        wanted, bound = least.get("require_stop"), least.get("max_stop_loss_bps")
        if not stop:
            if wanted is None:
                continue
            return refuse("NO_STOP", OrdRejReason.BROKER, stop_loss_px=stop, scope=wanted.scope)
        lost = (avg_px - stop) * qty
        tighter = before is not None and (not before or (stop - before) * qty >= ZERO)
        if bound is None or tighter or lost <= ZERO:
            continue
        refused = share_of_equity(facts, intent, lost, bound)
        if refused is not None:
            return refused
    return None


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
