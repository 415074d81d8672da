"""Who may trade where, and whether trading is on at all."""

from __future__ import annotations

from gateway.oms.rules import StrategyRules
from gateway.risk.facts import Facts, Intent, Refusal, refuse
from gateway.risk.trading_state import effective_state
from protocol.fields import OrdRejReason, TradingState
from protocol.messages import OrderFields
from protocol.timestamps import parse_utc


def permission(facts: Facts, intent: Intent) -> Refusal | None:
    """A strategy trades only where, what and how its configuration lets it."""
    refused = place(facts, intent)
    rules = facts.rules.strategies.get(intent.owner)
    return refused or (_how(rules, intent.message) if rules is not None else None)


def place(facts: Facts, intent: Intent) -> Refusal | None:
    """Look at venue, account and symbol; an empty set permits everything.

    An order of an earlier run may be of a strategy, or at a venue, that is configured no more.
    """
    rules = facts.rules.strategies.get(intent.owner)
    if rules is None:
        return refuse("UNKNOWN_STRATEGY", OrdRejReason.BROKER, strategy=intent.owner)
    if intent.venue not in facts.rules.venues:
        return refuse("UNKNOWN_VENUE", OrdRejReason.BROKER, venue=intent.venue)
    if rules.venues and intent.venue not in rules.venues:
        return refuse("VENUE_NOT_ALLOWED", OrdRejReason.BROKER, venue=intent.venue)
    account = facts.rules.venues[intent.venue].account
    if intent.account != account:
        return refuse(
            "UNKNOWN_ACCOUNT", OrdRejReason.UNKNOWN_ACCOUNT, account=intent.account,
            expected=account,
        )  # fmt: skip
    if rules.accounts and intent.account not in rules.accounts:
        return refuse("ACCOUNT_NOT_ALLOWED", OrdRejReason.BROKER, account=intent.account)
    return _what(rules, intent.message)


def _what(rules: StrategyRules, message: OrderFields) -> Refusal | None:
    if rules.symbols and message.symbol not in rules.symbols:
        return refuse("SYMBOL_NOT_ALLOWED", OrdRejReason.BROKER, symbol=message.symbol)
    return None


def _how(rules: StrategyRules, message: OrderFields) -> Refusal | None:
    """Look at side and order type; an empty set permits everything."""
    if rules.sides and message.side.name not in rules.sides:
        return refuse("SIDE_NOT_ALLOWED", OrdRejReason.BROKER, side=message.side.name)
    if rules.ord_types and message.ord_type.name not in rules.ord_types:
        return refuse("ORD_TYPE_NOT_ALLOWED", OrdRejReason.BROKER, ord_type=message.ord_type.name)
    return None


def trading_state(facts: Facts, intent: Intent) -> Refusal | None:
    """HALTED lets nothing new through, REDUCING only what reduces the position."""
    scope, halt = effective_state(facts, intent)
    if halt is None:
        return None
    if halt.state is TradingState.REDUCING and only_shrinks(intent):
        return None
    if halt.state is TradingState.HALTED or not intent.reduces(facts):
        return refuse(
            halt.state.value, OrdRejReason.BROKER, scope=scope, who=halt.who, reason=halt.reason
        )
    return None


def only_shrinks(intent: Intent) -> bool:
    """Whether a replace leaves the prices of its order alone and takes quantity off it."""
    old, new = intent.existing, intent.message
    if old is None or old.is_held or new.order_qty > old.order_qty:
        return False
    return (new.price, new.stop_px) == (old.price, old.stop_px)


def stale_order(facts: Facts, intent: Intent) -> Refusal | None:
    """An order that was on its way too long was meant for another market (103=4)."""
    limit = intent.binding(facts).least.get("max_order_age_ms")
    if limit is None:
        return None
    age_ms = (intent.now_ns - parse_utc(intent.message.transact_time)) // 1_000_000
    if abs(age_ms) > limit.value:
        return refuse(
            "STALE_ORDER", OrdRejReason.TOO_LATE_TO_ENTER, age_ms=age_ms, limit_ms=limit.value,
            scope=limit.scope,
        )  # fmt: skip
    return None


def venue_up(facts: Facts, intent: Intent) -> Refusal | None:
    """Nothing is sent to a venue that is away or not reconciled yet."""
    view = facts.market.venue(intent.venue)
    if not view.ready:
        why = view.why_down.replace(" ", "_")
        return refuse("VENUE_DOWN", OrdRejReason.BROKER, venue=intent.venue, why=why)
    return None
