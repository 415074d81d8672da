"""How fast a venue may be spoken to, as it stands in the file (meaning: `gateway.risk.pacing`).

Rules: without `rate_limits` a venue is not paced. Whatever has to be sent whole must fit a window
beside what is kept for cancels, or it could never be sent: the check names the window.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gateway.errors import ConfigError
from gateway.risk.pacing import ROUND_QUESTIONS, Kind, Pace, RateLimit

_Positive = Annotated[int, Meta(ge=1)]
_Count = Annotated[int, Meta(ge=0)]


class RateLimitRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`{ weight = 100, window_ms = 10_000, counts = "orders" }`: one limit of the venue.

    `orders` counts new orders and replaces only, `all` every message.
    """

    weight: _Positive
    window_ms: Annotated[int, Meta(ge=1, le=7 * 86_400_000)]
    counts: Literal["orders", "all"] = "all"


class RateWeights(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`rate_weights = {…}`: what one message weighs at the venue."""

    new: _Count = 1
    cancel: _Count = 1
    replace: _Count = 1
    query: _Count = 1


class ExchangeLimit(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """`[venue.exchange_limit]` of a paper venue: how often it lets itself be asked.

    It counts each message as 1, and refuses, warns and bans on its own (bridges/paper/rate_limit).
    """

    weight: _Positive
    window_ms: _Positive
    counts: Literal["orders", "all"] = "all"
    aligned: bool = False
    warn_ms: _Count = 1_000
    bans_after: _Count = 0
    ban_ms: _Count = 10_000


class PacedVenue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of `[[venue]]` that say how fast it may be spoken to."""

    rate_limits: tuple[RateLimitRow, ...] = ()
    rate_weights: RateWeights = RateWeights()
    rate_slack_ms: Annotated[int, Meta(ge=1, le=60_000)] = 250
    cancel_reserve_pct: Annotated[int, Meta(ge=0, le=90)] = 20
    max_send_wait_ms: Annotated[int, Meta(ge=0, le=60_000)] = 250
    back_off_stops_cancels: bool = False

    @property
    def pace(self) -> Pace:
        """The same, as decisions need it."""
        weights = self.rate_weights
        return Pace(
            limits=tuple(
                RateLimit(weight=row.weight, window_ms=row.window_ms, counts=row.counts)
                for row in self.rate_limits
            ),
            weights=(weights.new, weights.cancel, weights.replace, weights.query),
            max_send_wait_ms=self.max_send_wait_ms,
            cancel_reserve_pct=self.cancel_reserve_pct,
            slack_ms=self.rate_slack_ms,
            back_off_stops_cancels=self.back_off_stops_cancels,
        )


def check_pacing(venue: PacedVenue, where: str) -> None:
    """Check that each message fits each window. Raises ConfigError with the numbers."""
    pace = venue.pace
    if not any(pace.weights):
        msg = (
            f"{where}: rate_weights: received 0 for every message, which counts nothing; expected"
            " at least one above 0, or leave rate_limits and rate_weights away"
        )
        raise ConfigError(msg)
    for row in pace.limits:
        costs = row.costs(pace.weights)
        kept = row.reserve(pace.weights, pace.cancel_reserve_pct)
        needs = {kind.name.lower(): costs[kind] for kind in Kind}
        needs["round of questions"] = costs[Kind.QUERY] * ROUND_QUESTIONS
        for name, need in needs.items():
            room = row.weight if name == "cancel" else row.weight - kept
            if need > room:
                msg = (
                    f"{where}: rate_limits: a {name} weighs {need}, but of {row.weight} in"
                    f" {row.window_ms} ms {room} may be used ({kept} are kept for cancels);"
                    " raise the weight, or lower rate_weights or cancel_reserve_pct"
                )
                raise ConfigError(msg)
