"""The configuration: what may stand in `config.toml`, and what it means.

Rules: unknown keys are errors that name the key. Secrets never stand in the file, only where to
find them (`{file = …}` or `{env = …}`). Relative paths are relative to the file. Prices,
quantities and money are Decimal exactly as written. What other machines can reach is encrypted
(curve://): anybody who reaches a plain socket could otherwise send orders.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from gateway import config_checks, config_limits, config_reading
from gateway.config_breakers import Breakers
from gateway.config_crypto import CryptoAccount
from gateway.config_limits import Currency, Group, House
from gateway.config_market import Feeds, Symbol
from gateway.config_mt5 import Mt5Account
from gateway.config_pacing import ExchangeLimit, PacedVenue
from gateway.config_secret import Secret
from gateway.errors import ConfigError
from gateway.risk.limits import Limits

Name = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9_.-]+\Z")]
"""An id in the file: a CompID, a venue id, an account."""
Positive = Annotated[int, Meta(ge=1)]
Count = Annotated[int, Meta(ge=0)]
Endpoints = tuple[str, ...]
"""One endpoint or a list of them in the file; always a tuple here."""


class Gateway(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[gateway]`: who we are and where we listen."""

    comp_id: Name = "GATEWAY"
    instance: Annotated[int, Meta(ge=0, le=1023)] = 1
    orders: Endpoints = ("tcp://127.0.0.1:5570",)
    venues: Endpoints = ("tcp://127.0.0.1:5571",)
    market_data: Endpoints = ("tcp://127.0.0.1:5572",)
    feeds: Endpoints = ("tcp://127.0.0.1:5573",)
    operators: Endpoints = ("tcp://127.0.0.1:5574",)
    http: str = "127.0.0.1:5580"
    var: Path = Path("var")


class Curve(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[curve]`: the folder of keys; see gateway/access.py. It is used by curve:// endpoints."""

    keys: Path = Path("var/keys")


class Journal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[journal]`: the memory."""

    path: Path = Path("var/journal")
    durability: Literal["group", "os"] = "group"
    segment_bytes: Annotated[int, Meta(ge=4096)] = 64 << 20
    snapshot_every: Count = 200_000
    digest_every: Count = 10_000


class Feed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`feed = {…}` of a paper venue: where its market comes from.

    `path` is one file or a list. `speed` is 1 for real time, N for N times faster, 0 for as fast as
    possible; `skip_ms` begins so far into a recording.
    """

    kind: Literal["synthetic", "csv", "binance"] = "synthetic"
    seed: int = 7
    path: tuple[Path, ...] = ()
    symbol: str | None = None
    speed: Decimal = Decimal(1)
    interval_ms: Positive | None = None
    skip_ms: Count = 0


class Delay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`{ms = 2}` always, with `jitter_ms` uniform around it, with `sigma` log-normal."""

    ms: Decimal = Decimal(0)
    jitter_ms: Decimal = Decimal(0)
    sigma: Decimal = Decimal(0)


class Latency(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`latency = {…}` of a paper venue: order in, report back, market data."""

    entry: Delay = Delay()
    response: Delay = Delay()
    feed: Delay = Delay()


class InstrumentRules(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """`[venue.instruments."X"]` of a paper venue: what differs from the built-in rules of X."""

    base: str | None = None
    currency: str | None = None
    price_tick: Decimal | None = None
    qty_step: Decimal | None = None
    min_qty: Decimal | None = None
    max_qty: Decimal | None = None
    min_notional: Decimal | None = None
    contract_multiplier: Decimal | None = None
    maker_fee: Decimal | None = None
    taker_fee: Decimal | None = None
    funding_rate: Decimal | None = None
    funding_interval_ms: Count | None = None
    margin_rate: Decimal | None = None


class Venue(PacedVenue, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[venue]]`: one account at one venue."""

    id: Name
    kind: Literal["paper", "crypto", "mt5_ea", "mt5_terminal"]
    launch: bool = False
    account: Name | None = None
    day_ends: str = "17:00 America/New_York"
    symbols: tuple[str, ...] | dict[str, str] = ()
    dead_man_ms: Positive = 30_000
    quote_stale_ms: Positive = 10_000
    emulate_expiry: bool = False
    base_currency: Currency | None = None
    margin_rate: Decimal = Decimal(1)
    check_funds: bool = True
    self_trade: Literal["reject-new", "cancel-resting", "let-through"] = "reject-new"
    limits: str | None = None
    account_limits: str | None = None
    token: Secret | None = None
    crypto: CryptoAccount | None = None
    mt5: Mt5Account | None = None
    seed: int = 7
    feed: Feed = Feed()
    latency: Latency = Latency()
    instruments: dict[str, InstrumentRules] = field(default_factory=dict)
    exchange_limit: ExchangeLimit | None = None
    balances: dict[str, Decimal] = field(default_factory=dict)

    @property
    def account_id(self) -> str:
        """Account (1) on the wire: the configured one, or the venue's id."""
        return self.account or self.id

    @property
    def symbol_map(self) -> dict[str, str]:
        """Our symbol to the venue's own name for it."""
        if isinstance(self.symbols, dict):
            return dict(self.symbols)
        return {symbol: symbol for symbol in self.symbols}


class Strategy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[strategy]]`: a CompID that may log on, and what it may do.

    No `venues`, `accounts`, `symbols`, `sides` or `ord_types` means all of them.
    """

    id: Name
    token: Secret | None = None
    venues: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    sides: tuple[Literal["BUY", "SELL"], ...] = ()
    ord_types: tuple[Literal["MARKET", "LIMIT", "STOP", "STOP_LIMIT"], ...] = ()
    limits: str = "default"


class Person(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[person]]`: somebody who may agree to what one alone may not do."""

    name: Name
    token: Secret


class Routing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[routing]`: the venue of an order that names none (100). The rules map symbol to venue."""

    default: str | None = None
    rules: dict[str, str] = {}


class Timeouts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[timeouts]`: how long silence is patience."""

    venue_answer_ms: Positive = 5_000
    sending_time_window_ms: Positive = 120_000
    heartbeat_s: Positive = 10
    cancel_on_disconnect_grace_ms: Count = 5_000


class Log(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[log]`: JSON lines in a rotating file per process; people's text on a terminal."""

    path: Path = Path("var/log")
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    rotate_bytes: Positive = 20_000_000
    keep_files: Positive = 10


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    gateway: Gateway = Gateway()
    curve: Curve = Curve()
    journal: Journal = Journal()
    limits: dict[str, Limits] = {}
    ceilings: Limits = Limits()
    risk: House = House()
    group: dict[str, Group] = {}
    rates: dict[str, Decimal] = {}
    person: tuple[Person, ...] = ()
    venue: tuple[Venue, ...] = ()
    strategy: tuple[Strategy, ...] = ()
    routing: Routing = Routing()
    timeouts: Timeouts = Timeouts()
    feeds: Feeds = Feeds()
    symbol: dict[str, Symbol] = {}
    breakers: Breakers = Breakers()
    log: Log = Log()

    def limits_of_default(self) -> Limits:
        """Return the limits of a strategy that names none."""
        return config_limits.strategy_limits(self, "default")

    @property
    def built_in_limits(self) -> bool:
        """Whether the built-in defaults are in force: `run` prints them then."""
        return "default" not in self.limits

    def venue_of(self, venue_id: str) -> Venue:
        """Find a venue by id. Raises ConfigError that lists the known ones."""
        for venue in self.venue:
            if venue.id == venue_id:
                return venue
        known = config_reading.nearest(venue_id, (venue.id for venue in self.venue))
        msg = f"no venue is called {venue_id!r}; {known}"
        raise ConfigError(msg)

    @property
    def operator_token_path(self) -> Path:
        """Where `run` writes the operators' token, readable by its owner only."""
        return self.gateway.var / "operator.token"


def load_config(path: str | Path) -> Config:
    """Read and check a config file. Raises ConfigError that names file, key and remedy.

    Every path in the result is absolute: relative ones are taken from the file's folder.
    """
    path = Path(path).absolute()
    try:
        config = config_reading.convert(config_reading.read_toml(path), Config)
        config_checks.check(config)
        config = _anchored(config, path.parent)
        config_checks.check_places(config)
    except ConfigError as problem:
        text = str(problem)
        raise ConfigError(text if str(path) in text else f"{path}: {text}") from None
    return config


def _anchored(config: Config, folder: Path) -> Config:
    """Make every path absolute, as seen from the config file's folder."""
    replace = msgspec.structs.replace
    return replace(
        config,
        gateway=replace(config.gateway, var=folder / config.gateway.var),
        curve=replace(config.curve, keys=folder / config.curve.keys.expanduser()),
        journal=replace(config.journal, path=folder / config.journal.path),
        log=replace(config.log, path=folder / config.log.path),
        venue=tuple(
            replace(
                venue, token=_secret(venue.token, folder), feed=_feed(venue.feed, folder),
                crypto=venue.crypto.anchored(folder) if venue.crypto else None,
                mt5=venue.mt5.anchored(folder) if venue.mt5 else None,
            )
            for venue in config.venue
        ),
        strategy=tuple(
            replace(strategy, token=_secret(strategy.token, folder))
            for strategy in config.strategy
        ),
        person=tuple(
            replace(person, token=_secret(person.token, folder) or person.token)
            for person in config.person
        ),
    )


def _secret(secret: Secret | None, folder: Path) -> Secret | None:
    return None if secret is None else secret.anchored(folder)


def _feed(feed: Feed, folder: Path) -> Feed:
    return msgspec.structs.replace(
        feed, path=tuple(folder / path.expanduser() for path in feed.path)
    )
