"""`[venue.crypto]`: the account of a crypto venue, and what its API key is allowed to be.

Rules: key and secret are read from a file or the environment. A key that may move money away, or
that is taken from any address, is refused by the bridge unless `key_may` says so in words.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from gateway.config_secret import Secret
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from gateway.config import Venue


class CryptoAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of `[venue.crypto]`."""

    exchange: Literal["binance"]
    market: Literal["spot", "usdm"] = "spot"
    api_key: Secret
    secret: Secret
    testnet: bool = False
    key_may: tuple[Literal["withdraw", "any_address"], ...] = ()
    recv_window_ms: Annotated[int, Meta(ge=500, le=60_000)] = 5_000
    timeout_ms: Annotated[int, Meta(ge=100, le=60_000)] = 5_000
    book_depth: Annotated[int, Meta(ge=5, le=100)] = 10

    def anchored(self, folder: Path) -> CryptoAccount:
        """Return the same with absolute paths, as seen from a folder."""
        return msgspec.structs.replace(
            self, api_key=self.api_key.anchored(folder), secret=self.secret.anchored(folder)
        )


def check_crypto(venue: Venue, where: str) -> None:
    """Check that a crypto venue has its account, and no other has. Raises ConfigError."""
    account = venue.crypto
    if venue.kind != "crypto":
        if account is not None:
            msg = f"{where}: [venue.crypto] stands in a venue of kind {venue.kind!r}"
            raise ConfigError(msg)
        return
    if account is None:
        msg = (
            f"{where}: a crypto venue needs its account: [venue.crypto] with exchange, api_key and"
            " secret (docs/crypto.md)"
        )
        raise ConfigError(msg)
    if not venue.symbol_map:
        msg = f'{where}: a crypto venue needs its symbols, as in symbols = ["BTC/USDT"]'
        raise ConfigError(msg)
    for key, secret in (("api_key", account.api_key), ("secret", account.secret)):
        if (secret.file is None) == (secret.env is None):
            msg = f'{where}: crypto.{key}: expected exactly one of {{file = "…"}} and {{env = "…"}}'
            raise ConfigError(msg)
