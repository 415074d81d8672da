"""What may be at stake: quantities count when they are sent, all that is in flight as executed.

An order is refused when it carries a scope beyond a limit, or further beyond one that is exceeded
already. One that adds nothing to what a limit is about passes it; what only reduces the strategy's
own position adds nothing to gross, concentration or capital. Long, short and net are netted within
a scope: closing one leg of a hedge adds to them, and is no exception.

Losses shrink the capital that is allotted; profits do not enlarge it, since they are not realised
for good before a person has raised the limit.
"""

from __future__ import annotations

from decimal import Decimal

from gateway.risk.facts import Facts, Intent, Refusal, no_rate, refuse
from protocol.fields import OrdRejReason, Side
from protocol.numbers import ZERO, plain

_EXCEEDS = OrdRejReason.EXCEEDS_LIMIT
_NO_RATE = "no rate from "
"""What Exposure and After say begins so, where a rate is missing."""


def known_exposure(facts: Facts, intent: Intent) -> Refusal | None:
    """Without a price, or a rate into the limit's currency, nothing new is let through."""
    for scope in intent.binding(facts).valued:
        why = intent.after(facts).unknown(scope)
        if why and not intent.reduces(facts):
            return unknown(why, scope)
    return None


def unknown(why: str, scope: str) -> Refusal:
    """Refuse for want of a price, or of a rate, as Exposure says which."""
    if why.startswith(_NO_RATE):
        frm, _, to = why.removeprefix(_NO_RATE).rpartition(" to ")
        return no_rate(frm, to, scope=scope)
    return refuse("NO_PRICE", OrdRejReason.BROKER, why=why.replace(" ", "_"), scope=scope)


def max_long(facts: Facts, intent: Intent) -> Refusal | None:
    """How long a symbol may become within a scope, in units."""
    if intent.message.side is Side.SELL:
        return None
    for bound in intent.binding(facts).each.get("max_long_qty", ()):
        after = intent.after(facts)
        long = after.symbol_qty(bound.scope)[0]
        if long > bound.value and (after.long_qty > ZERO or _was_held(intent)):
            return refuse("MAX_LONG", _EXCEEDS, long=long, limit=bound.value, scope=bound.scope)
    return None


def max_short(facts: Facts, intent: Intent) -> Refusal | None:
    """How short a symbol may become within a scope, in units."""
    if intent.message.side is Side.BUY:
        return None
    for bound in intent.binding(facts).each.get("max_short_qty", ()):
        after = intent.after(facts)
        short = after.symbol_qty(bound.scope)[1]
        if short > bound.value and (after.short_qty > ZERO or _was_held(intent)):
            return refuse("MAX_SHORT", _EXCEEDS, short=short, limit=bound.value, scope=bound.scope)
    return None


def concentration(facts: Facts, intent: Intent) -> Refusal | None:
    """How much of one symbol a scope may have at stake, in money."""
    for bound in intent.binding(facts).each.get("max_symbol_notional", ()):
        notional = intent.after(facts).symbol_gross(bound.scope)
        if notional > bound.value and _adds_gross(facts, intent):
            return refuse(
                "CONCENTRATION", _EXCEEDS, notional=notional, limit=bound.value,
                symbol=intent.key.symbol, scope=bound.scope,
            )  # fmt: skip
    return None


def max_gross(facts: Facts, intent: Intent) -> Refusal | None:
    """How much a scope may have at stake in all, long and short added up."""
    for bound in intent.binding(facts).each.get("max_gross_notional", ()):
        gross = intent.after(facts).totals(bound.scope).gross
        if gross > bound.value and _adds_gross(facts, intent):
            return refuse("MAX_GROSS", _EXCEEDS, gross=gross, limit=bound.value, scope=bound.scope)
    return None


def max_net(facts: Facts, intent: Intent) -> Refusal | None:
    """How far a scope may lean to one side, long and short set off against each other."""
    buys = intent.message.side is Side.BUY
    for bound in intent.binding(facts).each.get("max_net_notional", ()):
        totals = intent.after(facts).totals(bound.scope)
        net = totals.long if buys else totals.short
        if net > bound.value and _adds_net(facts, intent):
            if intent.reduces(facts):
                net = _net_closing(facts, intent, bound.scope)
            if net > bound.value:
                return refuse("MAX_NET", _EXCEEDS, net=net, limit=bound.value, scope=bound.scope)
    return None


def capital(facts: Facts, intent: Intent) -> Refusal | None:
    """What a scope's positions and orders block at its venues must not exceed its capital."""
    for bound in intent.binding(facts).each.get("capital", ()):
        found = facts.exposure.added_up(bound.scope)
        why = found.why_pnl
        if why and not intent.reduces(facts):
            return refuse(
                "PNL_UNKNOWN", OrdRejReason.BROKER, why=why.replace(" ", "_"), scope=bound.scope
            )
        allotted = bound.value + min(found.totals.pnl, ZERO)
        needed = margin_after(facts, intent, bound.scope)
        if needed > allotted and _adds_gross(facts, intent):
            return refuse(
                "CAPITAL", _EXCEEDS, needed=needed, limit=bound.value, left=plain(allotted),
                scope=bound.scope,
            )  # fmt: skip
    return None


# What several of them need.


def capital_left(facts: Facts, scope: str, allotted: Decimal) -> Decimal:
    """Return what losses have left of the capital of a scope."""
    return allotted + min(facts.exposure.totals(scope).pnl, ZERO)


def margin_after(facts: Facts, intent: Intent, scope: str) -> Decimal:
    """Return what the venues would block for a scope if the order were sent."""
    return intent.after(facts).margin(scope)


def _was_held(intent: Intent) -> bool:
    """Whether it was accepted and never sent: it is in the totals, and not yet in the market."""
    return intent.existing is not None and intent.existing.is_held


def _adds_gross(facts: Facts, intent: Intent) -> bool:
    """Whether it puts more at stake."""
    if not (intent.after(facts).gross > ZERO or _was_held(intent)):
        return False
    return not (_only_shrinks(intent) or intent.reduces(facts))


def _adds_net(facts: Facts, intent: Intent) -> bool:
    """Whether it puts more on its side."""
    after = intent.after(facts)
    if not (after.long > ZERO or after.short > ZERO or _was_held(intent)):
        return False
    return not _only_shrinks(intent)


def _net_closing(facts: Facts, intent: Intent, scope: str) -> Decimal:
    """Return the net on its side if it is closed at the last price, whatever its own is."""
    after, exposure = intent.after(facts), facts.exposure
    before = exposure.totals(scope)
    price = exposure.price(intent.venue, intent.key.symbol) or ZERO
    rate = exposure.rate(after.currency, exposure.currency(scope)) or ZERO
    if intent.message.side is Side.BUY:
        return before.long + after.long_qty * price * rate
    return before.short + after.short_qty * price * rate


def _only_shrinks(intent: Intent) -> bool:
    """Whether a replace asks for no more, and for no higher price, than what is there already."""
    old, new = intent.existing, intent.message
    if old is None or old.is_held or new.order_qty > old.order_qty:
        return False
    prices = ((new.price, old.price), (new.stop_px, old.stop_px))
    return all(
        now == before or (now is not None and before is not None and now < before)
        for now, before in prices
    )
