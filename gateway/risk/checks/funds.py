"""What the venue itself would have to spare: its own figures, less what was sent since.

The figures are those of the last round of questions. What the account blocked then, all its open
orders included, is in them; what it would block now beyond that must fit into what was free.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from gateway.risk.checks.exposure import margin_after, unknown
from gateway.risk.facts import Facts, Intent, Refusal, refuse
from gateway.risk.funds import free_funds
from protocol.fields import OrdRejReason
from protocol.numbers import ZERO

if TYPE_CHECKING:
    from gateway.risk.after import After

MS = 1_000_000


def funds(facts: Facts, intent: Intent) -> Refusal | None:
    """New risk fits into the free funds of the account, by figures that are not too old."""
    if not facts.rules.venues[intent.venue].check_funds:
        return None
    after = intent.after(facts)
    held = intent.existing is not None and intent.existing.is_held
    if after.gross <= ZERO and not held and not after.why:
        return None
    refused = _refusal(facts, intent, after)
    return None if refused is None or intent.reduces(facts) else refused


def _refusal(facts: Facts, intent: Intent, after: After) -> Refusal | None:
    account = f"account:{intent.account}"
    currency = facts.exposure.currency(account)
    free = free_funds(facts, intent.venue, currency)
    refused = _old_figures(facts, intent, free)
    why = after.unknown(account)
    if refused is None and why:
        refused = unknown(why, account)
    if refused is not None or free is None:
        return refused
    needed = _needed(facts, intent, account)
    if needed <= free:
        return None
    return refuse(
        "FUNDS", OrdRejReason.EXCEEDS_LIMIT, needed=needed, limit=free, currency=currency,
        scope=account,
    )  # fmt: skip


def _old_figures(facts: Facts, intent: Intent, free: Decimal | None) -> Refusal | None:
    """Refuse by figures that never came, or too long ago."""
    view, scope = facts.market.venue(intent.venue), f"account:{intent.account}"
    told_ns = view.balances_ns
    if not told_ns or free is None or view.in_use is None:
        return refuse("FUNDS_UNKNOWN", OrdRejReason.BROKER, venue=intent.venue, scope=scope)
    bound = intent.binding(facts).least.get("max_funds_age_ms")
    age_ms = (intent.now_ns - told_ns) // MS
    if bound is not None and age_ms > bound.value:
        return refuse(
            "FUNDS_STALE", OrdRejReason.BROKER, age_ms=age_ms, limit_ms=bound.value,
            venue=intent.venue, scope=bound.scope,
        )  # fmt: skip
    return None


def _needed(facts: Facts, intent: Intent, account: str) -> Decimal:
    """Return what the account would block beyond what the figures know of, with the order's fee."""
    exposure, after = facts.exposure, intent.after(facts)
    rate = exposure.rate(after.currency, exposure.currency(account)) or ZERO
    view, existing = facts.market.venue(intent.venue), intent.existing
    security = facts.security(intent)
    notional, blocked = after.gross * rate, ZERO
    if existing is not None and existing.is_held and existing.created_ns <= view.balances_ns:
        # It was held when the figures were told: the venue knows nothing of it.
        notional = intent.at_stake * (intent.worst_price(facts) or ZERO) * rate
        blocked = notional * exposure.margin_rate(intent.venue, intent.key.symbol)
    fee = notional * (security.taker_fee or ZERO) if security is not None else ZERO
    return margin_after(facts, intent, account) - (view.in_use or ZERO) + blocked + max(fee, ZERO)
