"""What a configuration would do, and what would not work: found without starting anything.

Rules: every secret that is named is read, and never shown. A *problem* is what `portcullis run`, or
a bridge that it launches, would refuse; a *warning* works, and is seldom meant. All are told, not
only the first.
"""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from loguru import logger

from gateway.access import Access
from gateway.config import Config, Venue
from gateway.config_limits import origins_by_scope, people_of, unused_tables
from gateway.config_secret import Secret
from gateway.endpoints import is_curve, is_loopback
from gateway.entrance import open_entrance
from gateway.errors import ConfigError
from gateway.metrics import Metrics
from gateway.risk.limits import KEYS
from protocol.key_file import MAX_CHARS, SECRET_SUFFIX, parse_secret_half

DOORS = {
    "orders": "strategies", "venues": "bridges", "market_data": "strategies and operators",
    "feeds": "bridges", "operators": "operators",
}  # fmt: skip
"""Whom each endpoint of [gateway] is for."""
TWO = 2


class Named(NamedTuple):
    """A secret that the config names: whose it is, and whether the gateway needs it to start."""

    whose: str
    secret: Secret
    needed: bool = True


def survey(config: Config) -> dict[str, Any]:
    """Describe what would run. Nothing is written, bound or asked."""
    problems, warnings = list(_problems(config)), list(_warnings(config))
    return {
        "ok": not problems,
        "listens": list(_listens(config)),
        "venues": [_venue(venue) for venue in config.venue],
        "strategies": _strategies(config),
        "limits": _tables(config),
        "binds_nobody": [f"limits.{name}" for name in unused_tables(config)],
        "ceilings": _set_keys(config),
        "people": [person.name for person in config.person],
        "secrets": [
            {"of": named.whose, "in": named.secret.place, "state": _state(named.secret)}
            for named in _secrets(config)
        ],
        "problems": problems,
        "warnings": warnings,
    }  # fmt: skip


def _listens(config: Config) -> Iterator[dict[str, Any]]:
    for door, whom in DOORS.items():
        for endpoint in getattr(config.gateway, door):
            reach = "this machine" if is_loopback(endpoint) else "any machine"
            guard = "curve, by key" if is_curve(endpoint) else "plain"
            yield {"key": door, "endpoint": endpoint, "for": whom, "from": reach, "guard": guard}


def _venue(venue: Venue) -> dict[str, Any]:
    return {
        "id": venue.id, "kind": venue.kind, "account": venue.account_id, "launched": venue.launch,
        "symbols": sorted(venue.symbol_map) or "all", "token": venue.token is not None,
        "limits": venue.limits, "account_limits": venue.account_limits,
        "paced": bool(venue.rate_limits),
    }  # fmt: skip


def _strategies(config: Config) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id, "limits": one.limits, "token": one.token is not None,
            **{key: list(getattr(one, key)) or "all"
               for key in ("venues", "accounts", "symbols", "sides", "ord_types")},
        }
        for one in config.strategy
    ]  # fmt: skip


def _tables(config: Config) -> list[dict[str, Any]]:
    """List the tables of limits, and how many keys of each bind whom."""
    found: dict[str, dict[str, int]] = {}
    for scope, origins in origins_by_scope(config).items():
        for table in origins.values():
            scopes = found.setdefault(table, {})
            scopes[scope] = scopes.get(scope, 0) + 1
    return [{"table": table, "binds": found[table]} for table in sorted(found)]


def _set_keys(config: Config) -> list[str]:
    return [key for key in KEYS if getattr(config.ceilings, key) is not None]


# Secrets.


def _secrets(config: Config) -> Iterator[Named]:
    for venue in config.venue:
        if venue.token is not None:
            yield Named(f"venue {venue.id}: token", venue.token)
        if venue.crypto is not None:
            for key in ("api_key", "secret"):
                secret = getattr(venue.crypto, key)
                yield Named(f"venue {venue.id}: crypto.{key}", secret, needed=venue.launch)
        if venue.mt5 is not None and venue.mt5.password is not None:
            yield Named(
                f"venue {venue.id}: mt5.password", venue.mt5.password, needed=venue.launch
            )
    for strategy in config.strategy:
        if strategy.token is not None:
            yield Named(f"strategy {strategy.id}: token", strategy.token)
    for person in config.person:
        yield Named(f"person {person.name}: token", person.token)


def _state(secret: Secret) -> str:
    try:
        secret.read()
    except ConfigError:
        return "missing"
    return "others may read it" if _others_may_read(secret.file) else "there"


def _others_may_read(path: Path | None) -> bool:
    """Tell whether people besides the owner may read a file; not known on Windows."""
    if path is None or sys.platform == "win32":
        return False
    try:
        return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
    except OSError:
        return False


# What is wrong.


def _problems(config: Config) -> Iterator[str]:
    missing = {named.whose: why for named in _secrets(config) if (why := _missing(named.secret))}
    needed = {named.whose for named in _secrets(config) if named.needed}
    yield from (f"{whose}: {why}" for whose, why in missing.items() if whose in needed)
    if not any(f"person {person.name}: token" in missing for person in config.person):
        yield from _refused(lambda: people_of(config))
    yield from _refused(lambda: _access(config))
    for venue in config.venue:
        if venue.launch and venue.feed.kind != "synthetic":
            for path in venue.feed.path:
                if not path.is_file():
                    yield f"venue {venue.id}: feed: there is no file {path}"


def _missing(secret: Secret) -> str:
    return next(_refused(secret.read), "")


def _refused(ask: Callable[[], object]) -> Iterator[str]:
    """Yield why something is refused, nothing when it is not."""
    try:
        ask()
    except ConfigError as problem:
        yield str(problem)


def _warnings(config: Config) -> Iterator[str]:
    for name in unused_tables(config):
        yield f"nothing is bound by [limits.{name}]: no `limits` key names it"
    if config.built_in_limits and config.strategy:
        yield "there is no [limits.default]: the built-in limits bind what names no other"
    if _set_keys(config) and len(config.person) < TWO:
        yield (
            f"[ceilings] stand, and {len(config.person)} [[person]]: nobody can go beyond them,"
            " expected two or more"
        )
    for named in _secrets(config):
        if _others_may_read(named.secret.file):
            yield f"{named.whose}: others may read {named.secret.file}: chmod 600"
        if not named.needed and (why := _missing(named.secret)):
            yield f"{named.whose}: {why}; its bridge, which is not launched here, needs it"
    yield from _keys(config)
    stop_file = config.gateway.var / config.risk.stop_file
    if stop_file.exists():
        yield f"the STOP file {stop_file} is there: a start would kill what it names"


def _access(config: Config) -> Access | None:
    """Read our key and the allow-list as a start does. Raises ConfigError."""
    logger.disable("gateway.access")  # what it would log is among the warnings
    try:
        return open_entrance(config, Metrics()).access
    finally:
        logger.enable("gateway.access")


def _keys(config: Config) -> Iterator[str]:
    """Tell what is wrong in the folder of keys, apart from our own secret half."""
    folder, own = config.curve.keys, config.gateway.comp_id
    try:
        access = _access(config)
    except ConfigError:  # a problem, told as such
        return
    if access is not None:
        yield from (f"keys: {problem}" for problem in access.allowed.problems)
    for path in sorted(folder.glob(f"*{SECRET_SUFFIX}")):
        if path.stem == own and access is not None:
            continue
        try:
            mode = None if sys.platform == "win32" else path.stat().st_mode
            parse_secret_half(path.read_text(encoding="ascii")[:MAX_CHARS], mode)
        except (OSError, ValueError) as problem:
            yield f"keys: {path}: {problem}"
