"""From settings to a crypto venue: which exchange, which market, whose key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bridges.crypto.addresses import PLACES, unified
from bridges.crypto.shell import CcxtShell, MakeSession
from bridges.crypto.table import Table
from bridges.crypto.tables.binance_spot import BinanceSpot
from bridges.crypto.tables.binance_usdm import BinanceUsdm
from bridges.crypto.tables.bybit_linear import BybitLinear
from bridges.crypto.tables.bybit_spot import BybitSpot
from bridges.crypto.tables.kraken import KrakenSpot
from bridges.crypto.tables.okx_spot import OkxSpot
from bridges.crypto.tables.okx_swap import OkxSwap
from bridges.crypto.tables.unified import Unified
from bridges.crypto.venue import CryptoVenue
from bridges.errors import BridgeError
from bridges.notes import Notes

NOTES_NAME = "notes"
TABLES: Mapping[tuple[str, str], type[Table]] = {
    ("binance", "spot"): BinanceSpot,
    ("binance", "usdm"): BinanceUsdm,
    ("bybit", "linear"): BybitLinear,
    ("bybit", "spot"): BybitSpot,
    ("okx", "spot"): OkxSpot,
    ("okx", "swap"): OkxSwap,
    ("kraken", "spot"): KrakenSpot,
}
"""By exchange and market."""


def native_symbols(
    symbols: Mapping[str, str] | Sequence[str], native_of: Callable[[str], str]
) -> dict[str, str]:
    """Map our symbols to the exchange's: on Binance `BTC/USDT` and `BTCUSDT` are both BTCUSDT."""
    given = symbols if isinstance(symbols, Mapping) else {one: one for one in symbols}
    found = {ours: native_of(theirs) for ours, theirs in given.items()}
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
    passphrase: str = "",
    testnet: bool = False,
    key_may: Sequence[str] = (),
    recv_window_ms: int = 5_000,
    timeout_ms: int = 5_000,
    book_depth: int = 10,
    exchange_dead_man_ms: int = 0,
    make_session: MakeSession | None = None,
) -> CryptoVenue:
    """Open the account of a key. Raises BridgeError for what is not supported.

    `make_session` makes the aiohttp session that is used, inside the thread's loop.
    """
    known_table = TABLES.get((exchange, market))
    if known_table is None and (market != "spot" or exchange in {name for name, _ in TABLES}):
        known = ", ".join(" ".join(one) for one in sorted(TABLES))
        msg = (
            f"{exchange} {market} is not supported; expected one of: {known}; or another exchange"
            ' of ccxt with market = "spot"'
        )
        raise BridgeError(msg)
    make_table: type[Table] = known_table or Unified
    place = PLACES[make_table.name] if known_table else unified(exchange)
    if not api_key or not secret:
        msg = "a crypto venue needs api_key and secret, each as {file = …} or {env = …}"
        raise BridgeError(msg)
    if testnet and not place.demo:
        msg = f"{make_table.name} has no test network: testnet = false, or another exchange"
        raise BridgeError(msg)
    folder.mkdir(parents=True, exist_ok=True)
    native = native_symbols(symbols, make_table.native_of)
    return CryptoVenue(
        table=make_table(native, recv_window_ms=recv_window_ms),
        shell=CcxtShell(
            place, api_key=api_key, secret=secret, passphrase=passphrase, testnet=testnet,
            timeout_ms=timeout_ms, recv_window_ms=recv_window_ms, make_session=make_session,
        ),
        notes=Notes(folder / NOTES_NAME), key_may=frozenset(key_may),
        checks_key=not testnet, book_depth=book_depth, dead_man_ms=exchange_dead_man_ms,
    )  # fmt: skip
