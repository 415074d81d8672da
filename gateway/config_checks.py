"""What a configuration must satisfy beyond the types of its keys.

Rules: each check raises ConfigError that says what was received, what was expected and what to do.
"""

from __future__ import annotations

import re
import typing
from zoneinfo import ZoneInfo

from gateway import config_market
from gateway.config_breakers import check_breakers
from gateway.config_crypto import check_crypto
from gateway.config_limits import check_limits, symbols_of
from gateway.config_mt5 import check_mt5
from gateway.config_pacing import check_pacing
from gateway.config_reading import nearest
from gateway.endpoints import CURVE_SCHEME, address, is_curve, is_loopback
from gateway.errors import ConfigError
from protocol.fields import EXTERNAL, GATEWAY, OPERATOR

if typing.TYPE_CHECKING:
    from gateway.config import Config, Venue
    from gateway.config_secret import Secret

_DAY_END = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9]) ([A-Za-z0-9_+/-]+)", re.ASCII).fullmatch
_SYMBOL = re.compile(r"[!-<>-{}-~]{1,32}", re.ASCII).fullmatch
_RESERVED = frozenset((GATEWAY, OPERATOR, EXTERNAL, "MD"))


class DayEnd(typing.NamedTuple):
    """When a venue's trading day ends: local time and its zone."""

    hour: int
    minute: int
    zone: ZoneInfo


def parse_day_ends(text: str) -> DayEnd:
    """Read `17:00 America/New_York`. Raises ConfigError."""
    match = _DAY_END(text)
    if match is None:
        msg = f"received {text!r}, expected a time and a zone, as in '17:00 America/New_York'"
        raise ConfigError(msg)
    try:
        zone = ZoneInfo(match[3])
    except (KeyError, ValueError, OSError):
        msg = f"received the time zone {match[3]!r}, expected one of the IANA names, as in 'UTC'"
        raise ConfigError(msg) from None
    return DayEnd(int(match[1]), int(match[2]), zone)


def check_places(config: Config) -> None:
    """Check what stands on the disk already. Raises ConfigError."""
    stop_file = config.gateway.var / config.risk.stop_file
    if stop_file.is_dir():
        msg = f"risk.stop_file: {stop_file} is a folder, expected a file's name; remove the folder"
        raise ConfigError(msg)


def check(config: Config) -> None:
    """Check everything; raises ConfigError at the first thing that is wrong."""
    _check_ids(config)
    _check_endpoints(config)
    _check_references(config)
    for venue in config.venue:
        _check_venue(venue)
    for strategy in config.strategy:
        _check_secret(strategy.token, f"strategy {strategy.id}: token")
    _check_people(config)
    _check_day_ends("risk.day_ends", config.risk.day_ends)
    check_limits(config)
    config_market.check(config)
    check_breakers(config.breakers, [venue.id for venue in config.venue])
    _check_watched(config)


def _check_people(config: Config) -> None:
    """Two who agree are two: each name once, and no token shared."""
    tokens: dict[object, str] = {}
    for person in config.person:
        _check_secret(person.token, f"person {person.name}: token")
        if person.name in tokens.values():
            msg = f"person: the name {person.name!r} stands there twice; expected each person once"
            raise ConfigError(msg)
        key = (person.token.file, person.token.env)
        if key in tokens:
            msg = (
                f"person {person.name}: token is that of {tokens[key]} too; expected one of their"
                " own, or one person could agree alone"
            )
            raise ConfigError(msg)
        tokens[key] = person.name


def _check_watched(config: Config) -> None:
    """A watched price that nobody quotes, or a scope that nobody is in, would never stop any."""
    venues = {venue.id: venue for venue in config.venue}
    known = {
        "venue": list(venues), "strategy": [one.id for one in config.strategy],
        "account": [venue.account_id for venue in config.venue], "symbol": symbols_of(config),
    }  # fmt: skip
    for index in config.breakers.index:
        where = f"breakers.index {index.name or index.symbol}"
        if symbols := venues[index.venue].symbol_map:
            _check_known(f"{where}: symbol", [index.symbol], symbols)
        for term in index.scope.split():
            kind, _, name = term.partition(":")
            if kind in known and (kind != "symbol" or known[kind]):
                _check_known(f"{where}: scope", [name], known[kind])


def _check_day_ends(where: str, text: str) -> None:
    try:
        parse_day_ends(text)
    except ConfigError as problem:
        msg = f"{where}: {problem}"
        raise ConfigError(msg) from None


def _check_ids(config: Config) -> None:
    comp_id = config.gateway.comp_id
    if comp_id in _RESERVED - {GATEWAY}:
        msg = f"gateway.comp_id is {comp_id!r}, which is reserved; expected GATEWAY or your own"
        raise ConfigError(msg)
    seen: dict[str, str] = {}
    named = [("venue", venue.id) for venue in config.venue]
    named += [("strategy", strategy.id) for strategy in config.strategy]
    for kind, name in named:
        if name in _RESERVED or name == comp_id:
            msg = f"{kind}.id {name!r} is reserved; choose another"
            raise ConfigError(msg)
        if name in seen:
            msg = (
                f"the id {name!r} is used by a {seen[name]} and again by a {kind};"
                " ids of venues and strategies share one space"
            )
            raise ConfigError(msg)
        seen[name] = kind


def _check_endpoints(config: Config) -> None:
    gateway = config.gateway
    seen: dict[str, str] = {}
    for key in ("orders", "venues", "market_data", "feeds", "operators"):
        endpoints: tuple[str, ...] = getattr(gateway, key)
        if not endpoints:
            msg = f"gateway.{key} is empty, expected an endpoint such as tcp://127.0.0.1:5570"
            raise ConfigError(msg)
        for endpoint in endpoints:
            _check_endpoint(f"gateway.{key}", endpoint)
            place = address(endpoint)
            if place in seen:
                msg = f"gateway.{key} and gateway.{seen[place]} are both {endpoint}"
                raise ConfigError(msg)
            seen[place] = key
    if not config.curve.keys.parts:
        msg = "curve.keys: received no folder, expected one for keys alone, as in 'var/keys'"
        raise ConfigError(msg)
    if is_curve(gateway.http):
        msg = f"gateway.http: received {gateway.http!r}, expected 127.0.0.1:PORT"
        raise ConfigError(msg)
    _check_endpoint("gateway.http", f"tcp://{gateway.http}")


def _check_endpoint(key: str, endpoint: str) -> None:
    """Allow in plain text only what stays on this machine."""
    if endpoint.startswith("ipc://") and len(endpoint) > len("ipc://"):
        return
    place = address(endpoint)
    host, colon, port = place.removeprefix("tcp://").rpartition(":")
    known = place.startswith("tcp://") and host and colon
    if not known or not port.isascii() or not port.isdigit():
        msg = f"{key}: received {endpoint!r}, expected tcp://127.0.0.1:PORT or curve://HOST:PORT"
        raise ConfigError(msg)
    if not 1 <= int(port) <= 65_535:  # noqa: PLR2004 - TCP's own range
        msg = f"{key}: received port {port}, expected 1 to 65535"
        raise ConfigError(msg)
    if not is_curve(endpoint) and not is_loopback(endpoint):
        msg = (
            f"{key}: received {endpoint!r}, which other machines can reach; expected a loopback"
            f" address (127.0.0.1), or encryption: {CURVE_SCHEME}{host}:{port}"
        )
        raise ConfigError(msg)


def _check_references(config: Config) -> None:
    venues = [venue.id for venue in config.venue]
    accounts = [venue.account_id for venue in config.venue]
    symbols = symbols_of(config)
    for strategy in config.strategy:
        _check_known(f"strategy {strategy.id}: venues", strategy.venues, venues)
        _check_known(f"strategy {strategy.id}: accounts", strategy.accounts, accounts)
        if symbols:
            _check_known(f"strategy {strategy.id}: symbols", strategy.symbols, symbols)
        if strategy.limits != "default":
            _check_known(f"strategy {strategy.id}: limits", [strategy.limits], config.limits)
    routing = config.routing
    if routing.default is not None:
        _check_known("routing.default", [routing.default], venues)
    _check_known("routing.rules", routing.rules.values(), venues)
    if symbols:
        _check_known("routing.rules", routing.rules, symbols)


def _check_known(
    where: str, names: typing.Iterable[str], known: typing.Iterable[str]
) -> None:
    known = list(known)
    for name in names:
        if name not in known:
            msg = f"{where}: nothing is called {name!r}; {nearest(name, known)}"
            raise ConfigError(msg)


def _check_venue(venue: Venue) -> None:
    where = f"venue {venue.id}"
    _check_day_ends(f"{where}: day_ends", venue.day_ends)
    if venue.margin_rate < 0:
        msg = f"{where}: margin_rate: received {venue.margin_rate}, expected a part such as 0.05"
        raise ConfigError(msg)
    for symbol in venue.symbol_map:
        if not _SYMBOL(symbol):
            msg = f"{where}: symbols: received {symbol!r}, expected printable ASCII without | or ="
            raise ConfigError(msg)
    for currency, held in venue.balances.items():
        if held < 0:
            msg = f"{where}: balances.{currency}: received {held}, expected a number from 0 on"
            raise ConfigError(msg)
    if venue.feed.kind != "synthetic" and not venue.feed.path:
        msg = f'{where}: feed: kind {venue.feed.kind!r} needs path = "FILE"'
        raise ConfigError(msg)
    check_pacing(venue, where)
    check_crypto(venue, where)
    check_mt5(venue, where)
    _check_secret(venue.token, f"{where}: token")


def _check_secret(secret: Secret | None, where: str) -> None:
    if secret is not None and (secret.file is None) == (secret.env is None):
        msg = f'{where}: expected exactly one of {{file = "…"}} and {{env = "…"}}'
        raise ConfigError(msg)
