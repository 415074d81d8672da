"""The checks that every new order and every replacement passes, and the order they run in.

Each is a small pure function that returns a refusal or nothing. A new control is a function in the
file of its kind and a line here. What is cheap and decides most comes first; the rate before all,
so that a flood costs little; repetition last, since it halts a strategy for what would otherwise
have been sent.
"""

from __future__ import annotations

from gateway.risk.checks.cooling import cooling
from gateway.risk.checks.edge import edge
from gateway.risk.checks.exposure import (
    capital,
    concentration,
    known_exposure,
    max_gross,
    max_long,
    max_net,
    max_short,
)
from gateway.risk.checks.flags import post_only, reduce_only
from gateway.risk.checks.funds import funds
from gateway.risk.checks.instrument import (
    capability,
    fields_agree,
    known_symbol,
    legal_prices,
    legal_quantity,
    not_expired,
)
from gateway.risk.checks.loss import daily_loss, drawdown, stop_loss
from gateway.risk.checks.pacing import venue_rate
from gateway.risk.checks.parents import child_of_parent
from gateway.risk.checks.price import collar, fresh_price, stop_side
from gateway.risk.checks.rate import message_rate
from gateway.risk.checks.repetition import duplicate_content, runaway
from gateway.risk.checks.self_trade import self_trade
from gateway.risk.checks.size import (
    max_open_orders,
    max_order_notional,
    max_order_qty,
    min_order_notional,
)
from gateway.risk.checks.standing import permission, stale_order, trading_state, venue_up
from gateway.risk.checks.tickets import own_tickets
from gateway.risk.facts import Check, Facts, Intent, Refusal

CHECKS: tuple[Check, ...] = (
    message_rate,
    permission,
    trading_state,
    cooling,
    stale_order,
    venue_up,
    known_symbol,
    fields_agree,
    capability,
    legal_quantity,
    legal_prices,
    not_expired,
    own_tickets,
    max_order_qty,
    child_of_parent,
    max_open_orders,
    fresh_price,
    max_order_notional,
    min_order_notional,
    stop_side,
    collar,
    reduce_only,
    post_only,
    self_trade,
    edge,
    known_exposure,
    max_long,
    max_short,
    concentration,
    max_gross,
    max_net,
    capital,
    daily_loss,
    drawdown,
    stop_loss,
    funds,
    venue_rate,
    duplicate_content,
    runaway,
)


def first_refusal(facts: Facts, intent: Intent) -> Refusal | None:
    """Run the checks in their order; the first refusal is the answer."""
    for check in CHECKS:
        refusal = check(facts, intent)
        if refusal is not None:
            return refusal
    return None
