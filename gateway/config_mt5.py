"""`[venue.mt5]`: the account in a MetaTrader 5 terminal, and how it is dealt with.

Rules: login and server are named, and asserted before every order; the password only where the
bridge shall log the terminal in. An Expert Advisor (kind "mt5_ea") has no such table: it connects
by itself, and what it needs stands in its own inputs.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from gateway.config_secret import Secret
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from gateway.config import Venue


class Mt5Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of `[venue.mt5]`. `deviation` is in points, `fee_rate` a part of the notional."""

    login: Annotated[int, Meta(ge=1)]
    server: Annotated[str, Meta(min_length=1)]
    password: Secret | None = None
    path: str = ""
    portable: bool = False
    server_zone: str = ""
    deviation: Annotated[int, Meta(ge=0, le=100_000)] = 0
    ioc_at_market: bool = False
    fee_rate: Decimal = Decimal(0)
    poll_ms: Annotated[int, Meta(ge=10, le=5_000)] = 50
    call_timeout_ms: Annotated[int, Meta(ge=1_000, le=600_000)] = 45_000
    settle_ms: Annotated[int, Meta(ge=0, le=60_000)] = 3_000
    absence_after_ms: Annotated[int, Meta(ge=5_000, le=3_600_000)] = 60_000
    book_depth: Annotated[int, Meta(ge=1, le=100)] = 10

    def anchored(self, folder: Path) -> Mt5Account:
        """Return the same with an absolute path of the secret, as seen from a folder."""
        if self.password is None:
            return self
        return msgspec.structs.replace(self, password=self.password.anchored(folder))


def check_mt5(venue: Venue, where: str) -> None:
    """Check that a terminal venue has its account, and no other has. Raises ConfigError."""
    account = venue.mt5
    if venue.kind == "mt5_ea" and venue.launch:
        msg = f"{where}: launch: an Expert Advisor runs in its terminal, expected launch = false"
        raise ConfigError(msg)
    if venue.kind != "mt5_terminal":
        if account is not None:
            msg = f"{where}: [venue.mt5] stands in a venue of kind {venue.kind!r}"
            raise ConfigError(msg)
        return
    if account is None:
        msg = f"{where}: a terminal venue needs its account: [venue.mt5] with login and server"
        raise ConfigError(msg)
    if not venue.symbol_map:
        msg = f'{where}: a terminal venue needs its symbols, as in {{ EURUSD = "EURUSD.r" }}'
        raise ConfigError(msg)
    if account.fee_rate < 0:
        msg = f"{where}: mt5.fee_rate: received {account.fee_rate}, expected a part from 0 on"
        raise ConfigError(msg)
    _check_zone(account.server_zone, where)
    secret = account.password
    if secret is not None and (secret.file is None) == (secret.env is None):
        msg = f'{where}: mt5.password: expected exactly one of {{file = "…"}} and {{env = "…"}}'
        raise ConfigError(msg)


def _check_zone(zone: str, where: str) -> None:
    if not zone:
        return
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError):
        msg = (
            f"{where}: mt5.server_zone: received {zone!r}, expected a zone such as Europe/Athens,"
            " or nothing: then it is measured"
        )
        raise ConfigError(msg) from None
