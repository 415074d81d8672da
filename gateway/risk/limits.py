"""Limits: every key there is, whose limits bind an order, and which of them is the tightest.

Limits belong to scopes: `strategy:MM`, `account:A1`, `venue:PAPER`, `symbol:EURUSD`, `group:X` and
`all`. A limit on one order binds at its tightest; a limit on what adds up (exposure, losses, open
orders, rates) binds each scope by itself, and the first that is exceeded refuses. Money is in the
house currency, an account's in its base currency; quantities are units of the underlying. A value
of None is no limit. What a person has changed while we run (`state.overrides`) comes on top.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from gateway.oms.state import Override

ALL = "all"

Amount = Decimal | bool | None
Number = int | bool | None
"""In the config: a number, `false` for no limit, absent for what the scope inherits."""


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one scope may do. The comments of `[limits.default]` in config.toml explain each key."""

    # One order: the tightest of all scopes binds.
    max_order_qty: Amount = None
    max_order_notional: Amount = None
    max_order_age_ms: Number = None
    collar_bps: Amount = None
    max_stop_loss_bps: Amount = None
    require_stop: bool | None = None
    max_funds_age_ms: Number = None
    duplicate_window_ms: Number = None
    runaway_orders: Number = None
    runaway_window_ms: Number = None
    min_edge_bps: Amount = None
    require_edge: bool | None = None
    cooling_ms: Number = None
    cooling_losses: Number = None
    review_qty: Amount = None
    review_notional: Amount = None
    review_expires_ms: Number = None
    # What adds up: each scope by itself.
    max_open_orders: Number = None
    max_long_qty: Amount = None
    max_short_qty: Amount = None
    max_symbol_notional: Amount = None
    max_gross_notional: Amount = None
    max_net_notional: Amount = None
    capital: Amount = None
    max_daily_loss: Amount = None
    max_drawdown: Amount = None
    max_messages_per_s: Number = None
    message_burst: Number = None


BUILT_IN = Limits(
    max_order_qty=Decimal(100_000),
    max_order_notional=Decimal(150_000),
    max_order_age_ms=5_000,
    collar_bps=Decimal(200),
    max_stop_loss_bps=Decimal(200),
    require_stop=False,
    max_funds_age_ms=180_000,
    duplicate_window_ms=250,
    runaway_orders=50,
    runaway_window_ms=10_000,
    min_edge_bps=Decimal(0),
    require_edge=False,
    cooling_ms=60_000,
    cooling_losses=5,
    review_qty=False,
    review_notional=False,
    review_expires_ms=300_000,
    max_open_orders=200,
    max_long_qty=Decimal(1_000_000),
    max_short_qty=Decimal(1_000_000),
    max_symbol_notional=Decimal(250_000),
    max_gross_notional=Decimal(500_000),
    max_net_notional=Decimal(500_000),
    capital=Decimal(500_000),
    max_daily_loss=Decimal(10_000),
    max_drawdown=Decimal(20_000),
    max_messages_per_s=100,
    message_burst=200,
)
"""What binds a strategy where `[limits.default]` says nothing."""

KEYS = tuple(field.name for field in msgspec.structs.fields(Limits))
LARGER_IS_TIGHTER = frozenset((
    "duplicate_window_ms", "runaway_window_ms", "min_edge_bps", "cooling_ms", "require_stop",
    "require_edge",
))  # fmt: skip
"""Of these keys the larger value lets less through."""
IN_MONEY = ("max_symbol_notional", "max_gross_notional", "max_net_notional", "capital")
"""The limits on exposure that cannot be judged without a price and a rate."""


FLAGS = frozenset(("require_stop", "require_edge"))
INTEGERS = frozenset(
    field.name for field in msgspec.structs.fields(Limits) if field.type == Number
)  # fmt: skip
"""The keys whose value counts something, or is a time in ms."""


def inherit(own: Limits, base: Limits) -> Limits:
    """Fill in what `own` leaves open from `base`."""
    ours, theirs = msgspec.structs.asdict(own), msgspec.structs.asdict(base)
    return Limits(**{key: theirs[key] if ours[key] is None else ours[key] for key in KEYS})


def number_of(limits: Limits, key: str) -> Any:
    """Read a limit: a number, or None when there is none (`false` in the config)."""
    value = getattr(limits, key)
    if value is True and key not in FLAGS:
        return None
    return value if value is not False else None


def is_looser(key: str, value: Any, than: Any) -> bool:
    """Whether a value (None: no limit) of a key lets more through than another."""
    if value is None or than is None:
        return value is None and than is not None
    return bool(value < than if key in LARGER_IS_TIGHTER else value > than)


def typed(key: str, value: Amount) -> Amount | Number:
    """Give a changed limit the type that its key has in the config."""
    if value is None or value is False:
        return value
    if key in FLAGS:
        return bool(value)
    return int(value) if key in INTEGERS else value


class Bound(NamedTuple):
    """A limit, and the scope that it belongs to."""

    value: Any
    scope: str


class Binding:
    """The limits that bind the orders of one strategy in one symbol at one venue.

    `least[key]` is the tightest Bound of all scopes, absent when there is none; `each[key]` are
    the Bounds of every scope that has one; `valued` are the scopes with a limit that cannot be
    judged without a price and a rate.
    """

    __slots__ = ("each", "least", "scopes", "valued")

    def __init__(self, scopes: tuple[str, ...], limits: Mapping[str, Limits]) -> None:
        self.scopes = scopes
        self.each: dict[str, tuple[Bound, ...]] = {}
        self.least: dict[str, Bound] = {}
        for key in KEYS:
            bounds = tuple(
                Bound(value, scope) for scope in scopes
                if scope in limits and (value := number_of(limits[scope], key)) is not None
            )  # fmt: skip
            if bounds:
                self.each[key] = bounds
                tightest = max if key in LARGER_IS_TIGHTER else min
                self.least[key] = tightest(bounds, key=lambda bound: bound.value)
        valued = (bound.scope for key in IN_MONEY for bound in self.each.get(key, ()))
        self.valued = tuple(dict.fromkeys(valued))


class LimitBook:
    """Finds the limits of a scope and of an order, changes by a person included."""

    def __init__(
        self,
        limits: Mapping[str, Limits],
        groups: Mapping[str, frozenset[str]],
        overrides: Mapping[str, Override],
    ) -> None:
        """`limits` by scope as configured; `overrides` is the state's own table, read live."""
        self._configured = limits
        self._groups = groups
        self._overrides = overrides
        self._effective: dict[str, Limits] = {}
        self._bindings: dict[tuple[str, str, str, str], Binding] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read the overrides again: call when one was set or has ended."""
        self._bindings.clear()
        changed: dict[str, dict[str, Any]] = {}
        for name, override in self._overrides.items():
            scope, _, key = name.rpartition(" ")
            if key not in KEYS:
                continue  # a former version knew it
            changed.setdefault(scope, {})[key] = typed(key, override.number())
        self._effective = {
            scope: msgspec.structs.replace(
                self._configured.get(scope, Limits()), **changed.get(scope, {})
            )
            for scope in (*self._configured, *changed)
        }

    def of(self, scope: str) -> Limits:
        """Return the limits of one scope as they are now."""
        return self._effective.get(scope, Limits())

    def configured(self, scope: str) -> Limits:
        """Return the limits of one scope as the config has them."""
        return self._configured.get(scope, Limits())

    @property
    def scopes(self) -> tuple[str, ...]:
        """List the scopes that have limits."""
        return tuple(self._effective)

    def scopes_of(self, owner: str, account: str, venue: str, symbol: str) -> tuple[str, ...]:
        """Name the scopes that an order lies in."""
        groups = (f"group:{name}" for name, held in self._groups.items() if symbol in held)
        return (
            f"strategy:{owner}", f"account:{account}", f"venue:{venue}", f"symbol:{symbol}",
            *groups, ALL,
        )  # fmt: skip

    def binding(self, owner: str, account: str, venue: str, symbol: str) -> Binding:
        """Return what binds an order; remembered until the limits change."""
        key = (owner, account, venue, symbol)
        found = self._bindings.get(key)
        if found is None:
            if len(self._bindings) > MAX_BINDINGS:
                self._bindings.clear()
            found = Binding(self.scopes_of(*key), self._effective)
            self._bindings[key] = found
        return found


MAX_BINDINGS = 10_000
"""Symbols come from strategies: what is remembered of them stays bounded."""
