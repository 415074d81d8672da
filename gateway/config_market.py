"""The configuration of market data: which feeds give a price, and when a feed is believed.

`[feeds]` holds the thresholds of every symbol; a `[symbol."X"]` table those that differ for X, and
its ordered list of feeds.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from gateway.config_reading import nearest
from gateway.errors import ConfigError
from gateway.risk.feed_rules import FeedRules, Thresholds

if TYPE_CHECKING:
    from gateway.config import Config

Positive = Annotated[int, Meta(ge=1)]
Count = Annotated[int, Meta(ge=0)]
_DEFAULT = Thresholds()


class Feeds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[feeds]`: what makes a feed unhealthy, for every symbol. At a limit it is healthy still."""

    max_age_ms: Positive = _DEFAULT.max_age_ms
    frozen_ms: Positive = _DEFAULT.frozen_ms
    jump_bps: Decimal = _DEFAULT.jump_bps
    max_spread_bps: Decimal = _DEFAULT.max_spread_bps
    recover_ms: Count = _DEFAULT.recover_ms


class Symbol(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[symbol."X"]`: the venues whose price of X counts, best first, and what differs for X.

    Without `feeds` an order is judged by the price of its own venue. `limits` names the table that
    binds all orders in the symbol together.
    """

    feeds: tuple[str, ...] = ()
    max_age_ms: Positive | None = None
    frozen_ms: Positive | None = None
    jump_bps: Decimal | None = None
    max_spread_bps: Decimal | None = None
    recover_ms: Count | None = None
    limits: str | None = None

    def thresholds(self, defaults: Feeds) -> Thresholds:
        """Return what binds the symbol: its own thresholds, else the defaults."""
        chosen = {}
        for name in Feeds.__struct_fields__:
            own = getattr(self, name)
            chosen[name] = getattr(defaults, name) if own is None else own
        return Thresholds(**chosen)


def feed_rules(config: Config) -> FeedRules:
    """Tell the feeds what the config says."""
    return FeedRules(
        defaults=Symbol().thresholds(config.feeds),
        symbols={
            name: symbol.thresholds(config.feeds) for name, symbol in config.symbol.items()
        },
        feeds={name: symbol.feeds for name, symbol in config.symbol.items() if symbol.feeds},
        quote_stale_ms={venue.id: venue.quote_stale_ms for venue in config.venue},
    )  # fmt: skip


def check(config: Config) -> None:
    """Check `[feeds]` and every `[symbol."X"]`. Raises ConfigError."""
    _check_positive("feeds", config.feeds)
    for name, symbol in config.symbol.items():
        where = f"symbol.{name}"
        _check_positive(where, symbol)
        _check_feeds(config, name, symbol, where)
        if symbol.feeds == () and symbol == Symbol():
            msg = f'{where} is empty: expected feeds = ["VENUE"] or a threshold of its own'
            raise ConfigError(msg)


def _check_positive(where: str, table: Feeds | Symbol) -> None:
    for key in ("jump_bps", "max_spread_bps"):
        value: Decimal | None = getattr(table, key)
        if value is not None and value <= 0:
            msg = f"{where}.{key}: received {value}, expected basis points above 0"
            raise ConfigError(msg)


def _check_feeds(config: Config, name: str, symbol: Symbol, where: str) -> None:
    venues = {venue.id: venue.symbol_map for venue in config.venue}
    known = sorted({one for symbols in venues.values() for one in symbols})
    if known and name not in known:
        msg = f"{where}: no venue has the symbol {name!r}; {nearest(name, known)}"
        raise ConfigError(msg)
    for place, venue in enumerate(symbol.feeds):
        if venue not in venues:
            msg = f"{where}.feeds: nothing is called {venue!r}; {nearest(venue, venues)}"
            raise ConfigError(msg)
        if venue in symbol.feeds[:place]:
            msg = f"{where}.feeds: {venue!r} is there twice; expected each venue once"
            raise ConfigError(msg)
        if venues[venue] and name not in venues[venue]:
            msg = (
                f"{where}.feeds: venue {venue} does not have {name!r} among its symbols;"
                f" {nearest(name, venues[venue])}"
            )
            raise ConfigError(msg)
