"""From settings to a MetaTrader account: which terminal, whose login, which symbols."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from bridges.errors import BridgeError
from bridges.mt5.clock import MS_NS, ServerClock
from bridges.mt5.core import Core
from bridges.mt5.jobs import Login
from bridges.mt5.trust import Trust
from bridges.mt5.venue import Mt5Venue, Worker
from bridges.mt5_terminal import TerminalWorker
from bridges.notes import Notes
from protocol.numbers import ZERO

NOTES_NAME = "notes"


def native_symbols(symbols: Mapping[str, str] | Sequence[str]) -> dict[str, str]:
    """Map our symbols to the server's. Raises BridgeError for none, or one that is there twice."""
    found = dict(symbols) if isinstance(symbols, Mapping) else {one: one for one in symbols}
    twice = sorted(one for one in found if list(found.values()).count(found[one]) > 1)
    if not found or twice:
        what = f"the same symbol twice: {', '.join(twice)}" if twice else "no symbols"
        msg = f'symbols: received {what}; expected each once, as in {{ EURUSD = "EURUSD.r" }}'
        raise BridgeError(msg)
    return found


def open_mt5_venue(  # noqa: PLR0913 - the keys of a [[venue]] table, each with its keyword
    *,
    folder: Path,
    symbols: Mapping[str, str] | Sequence[str],
    login: int,
    server: str,
    clock: Callable[[], int],
    password: str = "",
    path: str = "",
    portable: bool = False,
    server_zone: str = "",
    deviation: int = 0,
    ioc_at_market: bool = False,
    fee_rate: Decimal = ZERO,
    poll_ms: int = 50,
    call_timeout_ms: int = 45_000,
    settle_ms: int = 3_000,
    absence_after_ms: int = 60_000,
    book_depth: int = 10,
    package: Any = None,
    worker: Worker | None = None,
) -> Mt5Venue:
    """Open the account of a login in a terminal of this machine. Raises BridgeError.

    `clock` is the one whose times the venue is stepped with. `package` stands in for the
    MetaTrader5 package, `worker` for the thread that calls it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    who = Login(login=login, server=server, path=path, password=password, portable=portable)
    core = Core(
        symbols=native_symbols(symbols), notes=Notes(folder / NOTES_NAME),
        clock=ServerClock(server_zone), absence_ns=absence_after_ms * MS_NS, fee_rate=fee_rate,
    )  # fmt: skip
    return Mt5Venue(
        core=core, worker=worker or TerminalWorker(who, package, clock=clock),
        trust=Trust(settle_ms * MS_NS), deviation=deviation, ioc_at_market=ioc_at_market,
        poll_ns=poll_ms * MS_NS, call_ns=call_timeout_ms * MS_NS, book_depth=book_depth,
    )  # fmt: skip
