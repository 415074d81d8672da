"""Where the gateway's time goes: the loop under Python's own profiler, its time by room.

Rules: only the loop is profiled, not the start; waiting for work is no work and is left out. What a
library does is the room's that called it; synced writes and sockets are named apart. The profiler
makes Python dearer than C, so the parts are true to each other only roughly, and no rate is taken
from such a run. Run as `python -m gateway.commands.bench_profile OUT run --config FILE`.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from gateway.commands import bridges
from gateway.commands.bench_gateway import BareSession, BenchGateway
from gateway.commands.bench_rates import CANCELED, Orders, sustained
from gateway.config import load_config
from gateway.wiring import open_gateway

Function = tuple[str, int, str]

PARTS = (
    ("fdatasync", "disk: synced write"),
    ("fsync", "disk: synced write"),
    ("zmq/sugar/poll", "idle"),
    ("zmq/", "sockets: ZeroMQ send and receive"),
    ("gateway/transport", "sockets: our transport"),
    ("gateway/intake", "sockets: our transport"),
    ("protocol/decoder", "protocol: decode"),
    ("protocol/encoder", "protocol: encode"),
    ("protocol/envelope", "protocol: envelope and checksum"),
    ("protocol/session", "protocol: session"),
    ("protocol/", "protocol: the rest"),
    ("gateway/oms/apply", "apply: the book moves"),
    ("gateway/oms/book", "apply: the book moves"),
    ("gateway/oms/orders", "apply: the book moves"),
    ("gateway/oms/positions", "apply: the book moves"),
    ("gateway/oms/", "decide: order management"),
    ("gateway/risk/", "decide: risk"),
    ("journal/", "journal: batch, hash, write"),
    ("gateway/", "the loop and its shell"),
)
"""The first whose text is in a function's file or name says where its time belongs."""

SESSIONS, WINDOW = 10, 16


def where_time_goes(folder: Path, *, seconds: float) -> dict[str, Any]:
    """Drive a profiled gateway for so long; return each part's share of the busy time."""
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "loop.prof"
    instead = [sys.executable, "-P", "-m", "gateway.commands.bench_profile", str(out)]
    with BenchGateway(folder / "profiled", "group", instead=instead) as gateway:
        price = gateway.far_price()
        sessions = [BareSession(gateway, number) for number in range(SESSIONS)]
        orders = [Orders(session, price) for session in sessions]
        rate = sustained(orders, seconds=seconds, window=WINDOW, mark=CANCELED)
        for session in sessions:
            session.close()
    times = by_part(pstats.Stats(str(out)))
    idle = times.pop("idle", 0.0)
    busy = sum(times.values())
    return {
        "orders_per_second_while_profiled": round(rate),
        "busy_s": round(busy, 2),
        "idle_s": round(idle, 2),
        "share_of_busy": {part: round(spent / busy, 3) for part, spent in times.most_common()},
    }


def by_part(stats: pstats.Stats) -> Counter[str]:
    """Add up the own time of every function by part; a library's goes to whoever called it."""
    table: dict[Function, Any] = stats.stats  # type: ignore[attr-defined]
    times: Counter[str] = Counter()
    for function, (_, _, own, _, callers) in table.items():
        part = part_of(function)
        if part:
            times[part] += own
            continue
        for caller, (_, _, own_there, _) in callers.items():
            times[part_of(caller) or "Python and libraries"] += own_there
    return times


def part_of(function: Function) -> str:
    """Return the part that a function belongs to; empty for what is nobody's own."""
    place = f"{Path(function[0]).as_posix()} {function[2]}"
    return next((part for mark, part in PARTS if mark in place), "")


def main(out: str, config_path: str) -> None:
    """Run a gateway as `portcullis run` does, its loop profiled."""
    path = Path(config_path)
    config = load_config(path)
    gateway = open_gateway(config)
    launched = bridges.launch(config, path)
    profile = cProfile.Profile()
    try:
        profile.runcall(gateway.run)
        profile.dump_stats(out)
    finally:
        bridges.end(config, launched)
        gateway.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[-1])
