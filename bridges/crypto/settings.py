"""From settings to a crypto venue: which exchange, which market, whose key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bridges.crypto.binance_spot import BinanceSpot
from bridges.crypto.binance_usdm import BinanceUsdm
from bridges.crypto.shell import CcxtShell, MakeSession
from bridges.crypto.venue import CryptoVenue
from bridges.errors import BridgeError
from bridges.notes import Notes

TABLES: Mapping[tuple[str, str], tuple[type[BinanceSpot | BinanceUsdm], str, str]] = {
    ("binance", "spot"): (BinanceSpot, "binance", "spot"),
    ("binance", "usdm"): (BinanceUsdm, "binance", "linear"),
}
"""Exchange and market: the table, ccxt's class, and the place of its streams."""
NOTES_NAME = "notes"


def native_symbols(symbols: Mapping[str, str] | Sequence[str]) -> dict[str, str]:
    """Map our symbols to the exchange's: `BTC/USDT` and `BTCUSDT` are both BTCUSDT there."""
    given = symbols if isinstance(symbols, Mapping) else {one: one for one in symbols}
    found = {ours: theirs.split(":")[0].replace("/", "") for ours, theirs in given.items()}
    twice = sorted(one for one in found if list(found.values()).count(found[one]) > 1)
    if not found or twice:
        what = f"the same symbol twice: {', '.join(twice)}" if twice else "no symbols"
        msg = f'symbols: received {what}; expected each once, as in ["BTC/USDT", "ETH/USDT"]'
        raise BridgeError(msg)
    return found


def open_crypto_venue(  # noqa: PLR0913 - the keys of a [[venue]] table, each with its keyword
    *,
    folder: Path,
    symbols: Mapping[str, str] | Sequence[str],
    exchange: str = "binance",
    market: str = "spot",
    api_key: str = "",
    secret: str = "",
    testnet: bool = False,
    key_may: Sequence[str] = (),
    recv_window_ms: int = 5_000,
    timeout_ms: int = 5_000,
    book_depth: int = 10,
    make_session: MakeSession | None = None,
) -> CryptoVenue:
    """Open the account of a key. Raises BridgeError for what is not supported.

    `make_session` makes the aiohttp session that is used, inside the thread's loop.
    """
    found = TABLES.get((exchange, market))
    if found is None:
        known = ", ".join(" ".join(one) for one in sorted(TABLES))
        msg = f"{exchange} {market} is not supported yet; expected one of: {known}"
        raise BridgeError(msg)
    if not api_key or not secret:
        msg = "a crypto venue needs api_key and secret, each as {file = …} or {env = …}"
        raise BridgeError(msg)
    make_table, name, place = found
    folder.mkdir(parents=True, exist_ok=True)
    return CryptoVenue(
        table=make_table(native_symbols(symbols), recv_window_ms=recv_window_ms),
        shell=CcxtShell(
            name, market=place, api_key=api_key, secret=secret, testnet=testnet,
            timeout_ms=timeout_ms, make_session=make_session,
        ),
        notes=Notes(folder / NOTES_NAME), key_may=frozenset(key_may),
        checks_key=not testnet, book_depth=book_depth,
    )  # fmt: skip
