"""What a venue says that its account has: free for new risk, and in all.

Rules: a balance (BA) tells 899 (free margin) or else 901 (free cash), 900 (net value) or else 922
(all cash), each in its currency; currencies are added up at the rate of the moment. Money whose
rate is not known is not counted; a debt whose rate is not known makes the sum unknown. The figures
are as old as the question (`VenueView.balances_ns`): whatever was sent since may not be in them.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from gateway.risk.facts import Facts
from protocol.messages import CollateralReport
from protocol.numbers import ZERO


def free_funds(facts: Facts, venue: str, currency: str) -> Decimal | None:
    """Return what the venue lets be used for new risk, None when it cannot be known."""
    return _sum(facts, venue, currency, _free)


def account_total(facts: Facts, venue: str, currency: str) -> Decimal | None:
    """Return what the account is worth, None when it cannot be known."""
    return _sum(facts, venue, currency, _total)


def _sum(
    facts: Facts, venue: str, currency: str, amount_of: Callable[[CollateralReport], Decimal | None]
) -> Decimal | None:
    total: Decimal | None = None
    for held, balance in facts.market.venue(venue).balances.items():
        amount = amount_of(balance)
        if amount is None:
            continue
        rate = facts.exposure.rate(held, currency) if amount else ZERO
        if rate is None:
            if amount < ZERO:
                return None
            continue
        total = (total or ZERO) + amount * rate
    return total


def _free(balance: CollateralReport) -> Decimal | None:
    return balance.margin_excess if balance.margin_excess is not None else balance.cash_outstanding


def _total(balance: CollateralReport) -> Decimal | None:
    return balance.total_net_value if balance.total_net_value is not None else balance.end_cash
