"""What may be lost: in a day, from the highest point, and by one order at its stop.

Each of the first two refuses new risk here and halts its scope through the guard (risk/profit.py).
At the limit all is well, one step beyond it is not. What is not known is not risked.
"""

from __future__ import annotations

from decimal import Decimal

from gateway.oms.state import Mark
from gateway.risk.checks.exposure import capital_left
from gateway.risk.facts import Facts, Intent, Refusal, no_rate, refuse
from gateway.risk.feeds import Unhealthy
from gateway.risk.funds import account_total
from gateway.risk.limits import Bound, number_of
from protocol.fields import OrdRejReason, Side
from protocol.numbers import ZERO, plain

BPS = Decimal(10_000)
_NO_MARK = Mark()


def daily_loss(facts: Facts, intent: Intent) -> Refusal | None:
    """Realised and unrealised losses, fees and funding since the day began."""
    for bound in intent.binding(facts).each.get("max_daily_loss", ()):
        mark = facts.book.state.marks.get(bound.scope, _NO_MARK)
        refused = _lost(facts, intent, "DAILY_LOSS", mark.day_start, bound.value, bound.scope)
        if refused is not None:
            return refused
    return None


def drawdown(facts: Facts, intent: Intent) -> Refusal | None:
    """What was lost of the highest profit that there ever was."""
    for bound in intent.binding(facts).each.get("max_drawdown", ()):
        mark = facts.book.state.marks.get(bound.scope, _NO_MARK)
        refused = _lost(facts, intent, "DRAWDOWN", mark.high, bound.value, bound.scope)
        if refused is not None:
            return refused
    return None


def _lost(
    facts: Facts, intent: Intent, code: str, since: Decimal, limit: Decimal, scope: str
) -> Refusal | None:
    found = facts.exposure.added_up(scope)
    why, loss = found.why_pnl, since - found.totals.pnl
    if not why and loss <= limit:
        return None
    if intent.reduces(facts):
        return None
    if why:
        return refuse(
            "PNL_UNKNOWN", OrdRejReason.BROKER, why=why.replace(" ", "_"), scope=scope
        )
    loss = plain(loss)
    if code == "DRAWDOWN":
        return refuse("DRAWDOWN", OrdRejReason.EXCEEDS_LIMIT, loss=loss, limit=limit, scope=scope)
    return refuse("DAILY_LOSS", OrdRejReason.EXCEEDS_LIMIT, loss=loss, limit=limit, scope=scope)


def stop_loss(facts: Facts, intent: Intent) -> Refusal | None:
    """What an order loses when its stop (5001) is hit, as a share of what there is to lose."""
    least = intent.binding(facts).least
    wanted, bound = least.get("require_stop"), least.get("max_stop_loss_bps")
    stop = intent.message.stop_loss_px
    if (wanted is None and (bound is None or stop is None)) or intent.reduces(facts):
        return None
    entry = _entry(facts, intent)
    if isinstance(entry, Unhealthy):
        return Refusal(entry.code, entry.detail, OrdRejReason.BROKER)
    distance = ZERO if stop is None else (entry - stop) * intent.message.side.sign
    if distance > ZERO:
        return share_of_equity(facts, intent, distance * intent.at_stake, bound) if bound else None
    if wanted is None:
        return None
    shown = "none" if stop is None else stop
    return refuse(
        "NO_STOP", OrdRejReason.BROKER, stop_loss_px=shown, entry=entry, scope=wanted.scope
    )


def share_of_equity(
    facts: Facts, intent: Intent, loss: Decimal, bound: Bound
) -> Refusal | None:
    """Compare a loss, in the currency of the price, with the equity behind it."""
    scope, limit = bound.scope, bound.value
    currency = intent.after(facts).currency
    rate = facts.exposure.rate(currency, facts.rules.currency)
    if rate is None:
        return no_rate(currency, facts.rules.currency, scope=scope)
    equity = equity_of(facts, intent)
    if equity is None:
        return refuse("FUNDS_UNKNOWN", OrdRejReason.BROKER, venue=intent.venue, scope=scope)
    lost = loss * rate
    if lost * BPS <= limit * equity:
        return None
    share = round(lost * BPS / equity, 1) if equity > ZERO else "all"
    return refuse(
        "STOP_LOSS_TOO_WIDE", OrdRejReason.EXCEEDS_LIMIT, loss=lost, equity=equity, bps=share,
        limit=limit, scope=scope,
    )  # fmt: skip


def equity_of(facts: Facts, intent: Intent) -> Decimal | None:
    """Return what there is to lose: what is left of the strategy's capital, else the account."""
    scope = f"strategy:{intent.owner}"
    allotted = number_of(facts.limits.of(scope), "capital")
    if allotted is not None:
        return None if facts.exposure.unknown_pnl(scope) else capital_left(facts, scope, allotted)
    return account_total(facts, intent.venue, facts.rules.currency)


def _entry(facts: Facts, intent: Intent) -> Decimal | Unhealthy:
    """Return the price at which the order is expected to be executed at worst."""
    message = intent.message
    own = message.price if message.price is not None else message.stop_px
    if own is not None:
        return own
    reference = intent.reference(facts)
    if isinstance(reference, Unhealthy):
        return reference
    return reference.offer if message.side is Side.BUY else reference.bid
