"""What a restart costs: reading, replaying and starting on a large journal, with and without help.

Rules: the start is that of a real `portcullis run`, Python's own start included, until an operator
is answered and until the venue is ready; the same on an empty journal stands beside it. Files are
in the page cache, as after a crash of the process; not after a power cut.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from gateway.commands import launch
from gateway.commands.bench_gateway import BenchGateway, Started
from gateway.commands.bench_journal import build
from gateway.errors import CommandError
from gateway.wiring import snapshot_folder
from journal import reader

TAIL = 100_000
"""Records since the last snapshot: with one every 200,000, what a kill finds on average."""


def large_journal(folder: Path, records: int, empty: Started) -> dict[str, Any]:
    """Build a journal, then read, replay and start on it; `empty` is a start on none."""
    gateway = BenchGateway(folder, "group")
    path = gateway.config.journal.path
    built = build(gateway.config, records, min(TAIL, records // 2))
    found: dict[str, Any] = {
        "records": built.records, "bytes": journal_bytes(path),
        "orders_in_memory": built.orders_in_memory, "built_in_s": round(built.seconds, 1),
        "replay": replay(path),
    }  # fmt: skip
    after_end, after_kill, nothing = (
        _start(gateway),
        _start(gateway, without=built.snapshots[1]),
        _start(gateway, without=built.snapshots[0]),
    )
    found["start"] = {
        "empty": _row(empty, empty),
        "snapshot_at_end": {"replayed": 1, **_row(after_end, empty)},
        "snapshot_before": {
            "replayed": built.records - built.snapshots[0], **_row(after_kill, empty)
        },
        "no_snapshot": {"replayed": built.records, **_row(nothing, empty)},
    }
    return found


def _start(gateway: BenchGateway, without: int | None = None) -> Started:
    """Start once, and kill: the journal grows by a few records, and no snapshot is taken."""
    if without is not None:
        (snapshot_folder(gateway.config) / f"{without:020d}.snapshot").unlink()
    try:
        return gateway.start(patience_s=1_800)
    finally:
        gateway.kill()


def _row(started: Started, empty: Started) -> dict[str, float]:
    return {
        "answers_s": round(started.answers_s, 2), "venue_ready_s": round(started.ready_s, 2),
        "to_empty": round(started.answers_s / empty.answers_s, 1),
    }  # fmt: skip


def replay(path: Path) -> dict[str, Any]:
    """Replay in a process of its own, beside reading and verifying the same journal only."""
    began = time.monotonic()
    count = sum(1 for _ in reader.read(path))
    read_s = time.monotonic() - began
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own module
        launch.command_line("journal", "replay", path, "--json"),
        env=launch.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise CommandError(done.stderr)
    found = json.loads(done.stdout)
    return {
        "records": found["seq"], "per_second": found["records_per_second"],
        "read_and_verify_per_second": round(count / read_s),
        "to_read_and_verify": round(found["seconds"] / read_s, 1),
    }  # fmt: skip


def journal_bytes(path: Path) -> int:
    """Return the size of a journal's segments."""
    return sum(file.stat().st_size for file in path.iterdir() if file.is_file())
