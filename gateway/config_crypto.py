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


MARKETS: dict[str, tuple[str, ...]] = {
    "binance": ("spot", "usdm"),
    "bybit": ("linear", "spot"),
    "okx": ("spot", "swap"),
    "kraken": ("spot",),
}
"""The exchanges and markets of which the bridge has a table (bridges/crypto/settings.py)."""
WITH_PASSPHRASE = frozenset(("okx",))


class CryptoAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of `[venue.crypto]`."""

    exchange: str
    market: str = "spot"
    api_key: Secret
    secret: Secret
    passphrase: Secret | None = None
    """Where the exchange has given one with the key (okx)."""
    testnet: bool = False
    key_may: tuple[Literal["withdraw", "any_address", "untold"], ...] = ()
    recv_window_ms: Annotated[int, Meta(ge=500, le=60_000)] = 5_000
    timeout_ms: Annotated[int, Meta(ge=100, le=60_000)] = 5_000
    book_depth: Annotated[int, Meta(ge=5, le=100)] = 10
    exchange_dead_man_ms: Annotated[int, Meta(ge=0, le=120_000)] = 60_000
    """The exchange's own dead man strikes so long after the last sign of life; 0 is never."""

    def anchored(self, folder: Path) -> CryptoAccount:
        """Return the same with absolute paths, as seen from a folder."""
        return msgspec.structs.replace(
            self, api_key=self.api_key.anchored(folder), secret=self.secret.anchored(folder),
            passphrase=self.passphrase.anchored(folder) if self.passphrase else None,
        )  # fmt: skip


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
    _check_account(account, venue.dead_man_ms, where)


def _check_account(account: CryptoAccount, dead_man_ms: int, where: str) -> None:
    if account.market not in MARKETS.get(account.exchange, ("spot",)):
        known = ", ".join(f"{name} {one}" for name, ones in MARKETS.items() for one in ones)
        msg = (
            f"{where}: crypto: {account.exchange} {account.market}: expected one of {known}, or"
            " another exchange of ccxt with market spot"
        )
        raise ConfigError(msg)
    is_known = account.exchange in MARKETS
    if is_known and (account.passphrase is not None) is not (account.exchange in WITH_PASSPHRASE):
        verb = "needs a" if account.passphrase is None else "takes no"
        msg = f"{where}: crypto: {account.exchange} {verb} passphrase"
        raise ConfigError(msg)
    struck_ms = account.exchange_dead_man_ms
    if struck_ms and struck_ms <= dead_man_ms:
        msg = (
            f"{where}: crypto.exchange_dead_man_ms: received {struck_ms}, expected more than"
            f" dead_man_ms ({dead_man_ms}): the bridge's own hand comes first"
        )
        raise ConfigError(msg)
    given = [("api_key", account.api_key), ("secret", account.secret)]
    if account.passphrase is not None:
        given.append(("passphrase", account.passphrase))
    for key, secret in given:
        if (secret.file is None) == (secret.env is None):
            msg = f'{where}: crypto.{key}: expected exactly one of {{file = "…"}} and {{env = "…"}}'
            raise ConfigError(msg)
