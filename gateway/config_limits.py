"""What the config says of limits, people, groups and money, and how it becomes the core's rules.

`[limits.default]` binds each strategy that names no limits of its own, and what a strategy's own
table leaves out is the default's. Every other scope (a venue, an account, a symbol, a group, the
whole gateway) is bound by the table that it names, and by nothing that the table leaves out.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from gateway.config_reading import nearest
from gateway.errors import ConfigError
from gateway.oms.rules import MAX_RATE_AGE_MS
from gateway.risk.limits import (
    ALL,
    BUILT_IN,
    FLAGS,
    KEYS,
    Amount,
    Limits,
    inherit,
    is_looser,
    number_of,
)

if TYPE_CHECKING:
    from gateway.config import Config

NEVER_FALSE = frozenset(("runaway_window_ms", "review_expires_ms", "message_burst"))
"""Keys that say how another is meant: to leave them out of force is to say nothing."""
_FROM_ONE = NEVER_FALSE | {"runaway_orders", "max_messages_per_s"}
"""Keys whose 0 would refuse or halt everything, and say so nowhere."""
_group_name = re.compile(r"[A-Za-z0-9_.-]{1,32}", re.ASCII).fullmatch
_pair = re.compile(r"([A-Z0-9]{2,12})/([A-Z0-9]{2,12})", re.ASCII).fullmatch
Currency = Annotated[str, Meta(min_length=2, max_length=12, pattern=r"^[A-Z0-9]+\Z")]


class House(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[risk]`: what holds for the whole gateway.

    `currency` is that of every limit. `day_ends` is when the day of the loss limits ends.
    `loosened_max_ms` is how long a limit may stand beyond its ceiling. `stop_file` is relative to
    `gateway.var`. A rate that no quote has confirmed for `max_rate_age_ms` is none: three days, as
    currencies rest on weekends. `wind_down_ms` is how long an orderly stop waits for its cancels.
    """

    currency: Currency = "USD"
    day_ends: str = "17:00 America/New_York"
    limits: str | None = None
    resting_orders: Literal["keep", "cancel", "ask"] = "keep"
    cancel_on_stop: bool = False
    wind_down_ms: Annotated[int, Meta(ge=0)] = 5_000
    stop_file: Annotated[str, Meta(min_length=1)] = "STOP"
    loosened_max_ms: Annotated[int, Meta(ge=1000)] = 3_600_000
    max_rate_age_ms: Annotated[int, Meta(ge=1000)] = MAX_RATE_AGE_MS


class Group(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[group.<name>]`: symbols that share limits, such as a sector or a currency."""

    symbols: tuple[str, ...]
    limits: str


def strategy_limits(config: Config, name: str) -> Limits:
    """Return the limits that bind a strategy whose `limits` key says `name`."""
    default = inherit(config.limits.get("default", Limits()), BUILT_IN)
    return inherit(config.limits.get(name, Limits()), default)


def limits_by_scope(config: Config) -> dict[str, Limits]:
    """Return every scope's limits, as the core wants them."""
    found = {
        f"strategy:{one.id}": strategy_limits(config, one.limits) for one in config.strategy
    }
    return found | {scope: config.limits[name] for scope, name in _tables(config).items()}


def origins_by_scope(config: Config) -> dict[str, dict[str, str]]:
    """Return where each key of every scope's limits stands: what `portcullis limits show` says."""
    found = {
        scope: dict.fromkeys(_keys_of(config, name), f"limits.{name}")
        for scope, name in _tables(config).items()
    }
    for one in config.strategy:
        found[f"strategy:{one.id}"] = {
            **dict.fromkeys(KEYS, "built in"),
            **dict.fromkeys(_keys_of(config, "default"), "limits.default"),
            **dict.fromkeys(_keys_of(config, one.limits), f"limits.{one.limits}"),
        }
    return found


def _keys_of(config: Config, name: str) -> list[str]:
    limits = config.limits.get(name, Limits())
    return [key for key in KEYS if getattr(limits, key) is not None]


def _tables(config: Config) -> dict[str, str]:
    """Name the table of limits of each scope that is no strategy."""
    found = {f"venue:{venue.id}": venue.limits for venue in config.venue}
    found |= {f"account:{venue.account_id}": venue.account_limits for venue in config.venue}
    found |= {f"symbol:{symbol}": about.limits for symbol, about in config.symbol.items()}
    found |= {f"group:{name}": group.limits for name, group in config.group.items()}
    found[ALL] = config.risk.limits
    return {scope: name for scope, name in found.items() if name}


def people_of(config: Config) -> dict[str, bytes]:
    """Read each person's token. Raises ConfigError: one is missing, or two persons share one."""
    found: dict[str, bytes] = {}
    for person in config.person:
        token = person.token.read()
        for other, theirs in found.items():
            if theirs == token:
                msg = (
                    f"person {person.name}: token is the same text as that of {other}; expected one"
                    " of their own, or one person could agree alone"
                )
                raise ConfigError(msg)
        found[person.name] = token
    return found


def unused_tables(config: Config) -> list[str]:
    """List the tables of limits that bind nobody."""
    used = {"default", *_tables(config).values(), *(one.limits for one in config.strategy)}
    return sorted(set(config.limits) - used)


def check_limits(config: Config) -> None:
    """Check every table of limits, and that what is named exists. Raises ConfigError."""
    tables = {f"limits.{name}": limits for name, limits in config.limits.items()}
    tables["ceilings"] = config.ceilings
    for where, limits in tables.items():
        for key in KEYS:
            _check_value(f"{where}.{key}", key, getattr(limits, key))
    _check_stop_file(config.risk.stop_file)
    named = {"risk.limits": config.risk.limits}
    named |= {f"group {name}: limits": group.limits for name, group in config.group.items()}
    for venue in config.venue:
        named[f"venue {venue.id}: limits"] = venue.limits
        named[f"venue {venue.id}: account_limits"] = venue.account_limits
    named |= {f"symbol {name}: limits": about.limits for name, about in config.symbol.items()}
    for where, name in named.items():
        if name is not None and name not in config.limits:
            known = ", ".join(sorted(config.limits)) or "none"
            msg = f"{where}: no table [limits.{name}]; there are: {known}"
            raise ConfigError(msg)
    _check_groups(config)
    _check_rates(config.rates)
    _check_ceilings(config)


def _check_stop_file(name: str) -> None:
    """Whoever may write there drops the gate: it lies within `gateway.var`, on any machine."""
    parts = re.split(r"[/\\]", name)
    if ".." in parts or parts[-1] in {"", "."} or name.startswith(("/", "\\", "~")) or ":" in name:
        msg = (
            f"risk.stop_file: received {name!r}, expected a file's name within gateway.var, as in"
            " 'STOP': neither absolute nor with `..`, and no folder"
        )
        raise ConfigError(msg)


def _check_ceilings(config: Config) -> None:
    """A ceiling that is no limit says nothing, and one below what is configured binds nobody."""
    origins = origins_by_scope(config)
    for key in KEYS:
        if getattr(config.ceilings, key) is False:
            msg = (
                f"ceilings.{key}: received false, which is no ceiling; expected a value, or leave"
                " the key away"
            )
            raise ConfigError(msg)
        ceiling = number_of(config.ceilings, key)
        if ceiling is None:
            continue
        for scope, limits in limits_by_scope(config).items():
            if getattr(limits, key) is None:
                continue
            value = number_of(limits, key)
            if is_looser(key, value, ceiling):
                shown = "no limit" if value is None else str(value).lower()
                msg = (
                    f"ceilings.{key}: received {str(ceiling).lower()}, but {scope} has {shown}"
                    f" ({origins[scope][key]}); expected a ceiling that is not tighter than what is"
                    " configured, or a tighter limit there"
                )
                raise ConfigError(msg)


def _check_groups(config: Config) -> None:
    known = symbols_of(config)
    for name, group in config.group.items():
        where = f"group.{name}"
        if not _group_name(name):
            msg = f"{where}: received the name {name!r}, expected letters, digits, `_`, `.` or `-`"
            raise ConfigError(msg)
        if not group.symbols:
            msg = f'{where}.symbols is empty, expected symbols such as ["EURUSD"]'
            raise ConfigError(msg)
        for symbol in group.symbols:
            if known and symbol not in known:
                msg = f"{where}.symbols: no venue has {symbol!r}; {nearest(symbol, known)}"
                raise ConfigError(msg)


def symbols_of(config: Config) -> frozenset[str]:
    """Return every symbol that a venue names; none when some venue may have any."""
    if not all(venue.symbol_map for venue in config.venue):
        return frozenset()
    return frozenset(symbol for venue in config.venue for symbol in venue.symbol_map)


def _check_rates(rates: dict[str, Decimal]) -> None:
    for pair, rate in rates.items():
        named = _pair(pair)
        if named is None or named[1] == named[2] or rate <= 0:
            msg = f'rates: received "{pair}" = {rate}, expected "USDT/USD" = a rate above 0'
            raise ConfigError(msg)
        back = f"{named[2]}/{named[1]}"
        if back in rates:
            msg = f'rates: there is "{pair}" and "{back}"; keep one, the other follows from it'
            raise ConfigError(msg)


def _check_value(where: str, key: str, value: Amount) -> None:
    if value is False and key in NEVER_FALSE:
        msg = f"{where}: received false, expected a whole number from 1 on"
        raise ConfigError(msg)
    if key in FLAGS or value is None or value is False:
        return
    if value is True:
        msg = f"{where}: received true, expected a number, or false for no such limit"
        raise ConfigError(msg)
    least = 1 if key in _FROM_ONE else 0
    if value < least:
        none = "" if key in NEVER_FALSE else ", or false for no limit"
        msg = f"{where}: received {value}, expected a number from {least} on{none}"
        raise ConfigError(msg)
