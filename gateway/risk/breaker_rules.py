"""What trips each breaker, and into what: the keys of `[breakers.<name>]`, all on by default.

Rules: a level is what is still allowed, one step beyond it trips. With fewer than `min_samples` in
the window nothing trips. `state` is what the scope becomes, `cool_down_ms` for how long; 0 waits
for a person. `on = false` takes a breaker out.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from protocol.fields import TradingState

Positive = Annotated[int, Meta(ge=1)]
Count = Annotated[int, Meta(ge=0)]
Samples = Annotated[int, Meta(ge=1, le=1000)]
"""So many are kept in memory for each scope, at most."""


class Breaker(Struct, frozen=True, kw_only=True):
    """What every breaker has."""

    on: bool = True
    state: TradingState = TradingState.REDUCING
    cool_down_ms: Count = 30_000


class Latency(Breaker, frozen=True, kw_only=True):
    """Slow is what takes longer than `level_ms`; trips when more than `share` of the samples are.

    A half for `share` means: the median is beyond the level. What is still waited for counts as
    slow as soon as it has waited longer than the level. `worst_ms`: a single one beyond it trips,
    however few there are; 0 looks at no single one.
    """

    level_ms: Positive = 1_000
    share: Decimal = Decimal("0.5")
    window_ms: Positive = 30_000
    min_samples: Samples = 20
    worst_ms: Count = 0


class TickLatency(Latency, frozen=True, kw_only=True):
    """From the quote that a strategy decided on (5039) to its order here. Scope: the strategy."""


class AckLatency(Latency, frozen=True, kw_only=True):
    """From the moment an order is handed to the venue to its answer. Scope: the venue."""

    worst_ms: Count = 30_000


class FillLatency(Latency, frozen=True, kw_only=True):
    """From the venue's 150=0 to the first fill of market, IOC and FOK orders. Scope: the venue."""

    level_ms: Positive = 2_000
    min_samples: Samples = 5
    worst_ms: Count = 30_000


class LoopLag(Latency, frozen=True, kw_only=True):
    """How late the gateway's own loop is. Scope: all."""

    level_ms: Positive = 500
    window_ms: Positive = 10_000
    min_samples: Samples = 5
    worst_ms: Count = 5_000
    cool_down_ms: Count = 10_000


class Rejects(Breaker, frozen=True, kw_only=True):
    """Trips when more than `share` of the orders in the window were refused."""

    share: Decimal = Decimal("0.5")
    window_ms: Positive = 60_000
    min_samples: Samples = 20
    cool_down_ms: Count = 60_000


class VenueRejects(Rejects, frozen=True, kw_only=True):
    """Of the orders that a venue answered, those that it rejected.

    Scope: the strategy at that venue; the venue, when it rejects most orders of two strategies.
    """


class Refusals(Rejects, frozen=True, kw_only=True):
    """Of a strategy's orders, those that gateway or venue refused. Scope: the strategy.

    What was refused because a scope is halted or cools down, a venue is down or full, a price or a
    figure is not known, or a person did not let it go, is not the strategy's doing.
    """

    min_samples: Samples = 50


class Slippage(Breaker, frozen=True, kw_only=True):
    """How much worse than the middle at the decision fills are: their mean, or a single one.

    A stop order is measured from its stop price. Fills better than the middle count as such.
    A middle older than `quote_age_ms` at the decision measures nothing.
    """

    mean_bps: Decimal = Decimal(20)
    worst_bps: Decimal = Decimal(100)
    window_ms: Positive = 900_000
    min_samples: Samples = 5
    quote_age_ms: Positive = 5_000
    per_symbol: bool = True
    cool_down_ms: Count = 300_000


class Multiple(Breaker, frozen=True, kw_only=True):
    """A symbol's figure beyond `multiple` times its own median, at one venue.

    One sample in `every_ms`; the figure is that of the last `samples`, the median that of the last
    `history` figures, unknown before `min_history`. Up to `floor_bps` nothing trips.
    """

    multiple: Decimal = Decimal(10)
    floor_bps: Decimal = Decimal(20)
    every_ms: Positive = 1_000
    samples: Annotated[int, Meta(ge=1, le=600)] = 10
    history: Annotated[int, Meta(ge=1, le=10_000)] = 900
    min_history: Annotated[int, Meta(ge=1, le=10_000)] = 120
    cool_down_ms: Count = 60_000


class Volatility(Multiple, frozen=True, kw_only=True):
    """The root mean square of the middle's moves, one each `every_ms`. Scope: the symbol.

    The move that is under way counts at once.
    """


class Spread(Multiple, frozen=True, kw_only=True):
    """The median of the last spreads. Scope: the symbol."""

    floor_bps: Decimal = Decimal(10)
    cool_down_ms: Count = 30_000


class Disconnect(Breaker, frozen=True, kw_only=True):
    """More than `max_losses` of a venue's link in the window, or one of more than `down_ms`."""

    max_losses: Count = 3
    window_ms: Positive = 600_000
    down_ms: Positive = 60_000
    cool_down_ms: Count = 120_000


class StaleFeed(Breaker, frozen=True, kw_only=True):
    """No healthy feed of a symbol for more than `after_ms`."""

    after_ms: Positive = 30_000
    cool_down_ms: Count = 10_000


class Loss(Breaker, frozen=True, kw_only=True):
    """A loss beyond its limit (`[limits]`): waits for a person unless told otherwise.

    REDUCING lets the strategy out; resting orders that could make the position larger are
    withdrawn. `flatten` does more: the scope is killed and its positions are closed at the market.
    """

    state: TradingState = TradingState.REDUCING
    cool_down_ms: Count = 0
    flatten: bool = False


class ClockStep(Breaker, frozen=True, kw_only=True):
    """The wall clock was moved by more than `level_ms`, either way."""

    level_ms: Positive = 500
    state: TradingState = TradingState.HALTED
    cool_down_ms: Count = 60_000


class Index(Breaker, frozen=True, kw_only=True):
    """`[[breakers.index]]`: a watched price above a level. `name` tells two of them apart."""

    venue: str
    symbol: str
    above: Decimal
    scope: str = "all"
    name: str = ""
    cool_down_ms: Count = 300_000

    @property
    def cause(self) -> str:
        """Its cause of a halt."""
        return f"INDEX_{self.name or self.symbol}"


class CancelRatio(Struct, frozen=True, kw_only=True):
    """Cancels of a strategy beyond `ratio` for each fill: an alert, never a halt."""

    on: bool = True
    ratio: Decimal = Decimal(50)
    window_ms: Positive = 3_600_000
    min_cancels: Positive = 500


class BreakerRules(Struct, frozen=True, kw_only=True):
    """`[breakers]`: all of them, on and conservative."""

    tick_latency: TickLatency = TickLatency()
    ack_latency: AckLatency = AckLatency()
    fill_latency: FillLatency = FillLatency()
    loop_lag: LoopLag = LoopLag()
    slippage: Slippage = Slippage()
    volatility: Volatility = Volatility()
    spread: Spread = Spread()
    venue_rejects: VenueRejects = VenueRejects()
    refusals: Refusals = Refusals()
    disconnect: Disconnect = Disconnect()
    stale_feed: StaleFeed = StaleFeed()
    loss: Loss = Loss()
    clock_step: ClockStep = ClockStep()
    cancel_ratio: CancelRatio = CancelRatio()
    index: tuple[Index, ...] = ()
