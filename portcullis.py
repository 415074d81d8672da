"""The public face: `from portcullis import Strategy, Client`; run as a module, the command.

The rooms have plain names (`protocol`, `journal`, `gateway`, `bridges`, `engine`). If another
package of such a name is found first, nothing of ours would work as written: then this raises an
ImportError that names the file in the way.
"""

# ruff: noqa: E402 - the rooms are imported once they are known to be ours

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

ROOMS = ("protocol", "journal", "gateway", "bridges", "engine")


def _refuse_shadows() -> None:
    """Raise ImportError when a room is found elsewhere than beside this file."""
    home = Path(__file__).resolve().parent
    for room in ROOMS:
        spec = importlib.util.find_spec(room)
        if spec is None:
            msg = f"portcullis is not installed whole: {home / room} is missing"
            raise ImportError(msg)
        found = [Path(place) for place in spec.submodule_search_locations or ()]
        if spec.origin is not None:
            found.append(Path(spec.origin).parent)
        if not any(place.resolve() == home / room for place in found):
            shown = spec.origin or ", ".join(map(str, found))
            msg = (
                f"{shown} shadows portcullis' own package {room!r} ({home / room}):"
                " rename it, or start from another folder (python -P keeps the folder out)"
            )
            raise ImportError(msg)


_refuse_shadows()

from engine.async_client import AsyncClient
from engine.client import Client
from engine.desk import Halt
from engine.errors import (
    EngineError,
    InvalidOrder,
    LogonRefused,
    NotConnected,
    QuestionRefused,
    StrategyNotLoaded,
    Timeout,
    UnknownInstrument,
)
from engine.instrument import Instrument
from engine.link import Curve
from engine.market import Book, Level, Quote, Trade
from engine.orders import Order
from engine.runner import run_strategy
from engine.strategy import Strategy
from engine.testing import Rehearsal
from protocol.fields import (
    CancelOnDisconnectType,
    ExecType,
    OrdStatus,
    OrdType,
    Side,
    TimeInForce,
)
from protocol.messages import ExecutionReport, OrderCancelReject

__all__ = [
    "AsyncClient", "Book", "CancelOnDisconnectType", "Client", "Curve", "EngineError", "ExecType",
    "ExecutionReport", "Halt", "Instrument", "InvalidOrder", "Level", "LogonRefused",
    "NotConnected", "OrdStatus", "OrdType", "Order", "OrderCancelReject", "QuestionRefused",
    "Quote", "Rehearsal", "Side", "Strategy", "StrategyNotLoaded", "TimeInForce", "Timeout",
    "Trade", "UnknownInstrument", "run_strategy",
]  # fmt: skip

if __name__ == "__main__":
    from gateway.commands import main

    sys.exit(main())
