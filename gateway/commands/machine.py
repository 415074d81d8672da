"""What machine a figure was taken on: its processors, how busy they are, what a sync costs.

A latency means little without these: on two shared processors most of it can be waiting for them.
"""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from typing import Any

SYNC = getattr(os, "fdatasync", os.fsync)
"""Windows and macOS have no fdatasync."""
BLOCK = b"x" * 4_096


def describe() -> dict[str, Any]:
    """Describe the machine as far as figures depend on it."""
    return {
        "system": platform.platform(), "python": platform.python_version(),
        "processor": platform.processor() or platform.machine(), "processors": processors(),
        "load_1m": load_1m(),
    }  # fmt: skip


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_1m() -> float | None:
    """Return how many processes wanted a processor in the last minute, on average, if known."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


class SyncProbe:
    """Measures what a raw synced write costs now, in a file of its own, beside what is measured."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "sync-probe.bin"
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._handle = os.open(self._path, flags, 0o600)
        self.samples_us: list[int] = []
        os.write(self._handle, BLOCK)
        SYNC(self._handle)

    def sample(self) -> None:
        """Write one block over the last one and sync it."""
        os.lseek(self._handle, 0, os.SEEK_SET)
        began_ns = time.perf_counter_ns()
        os.write(self._handle, BLOCK)
        SYNC(self._handle)
        self.samples_us.append((time.perf_counter_ns() - began_ns) // 1_000)

    def close(self) -> None:
        """Remove the file."""
        os.close(self._handle)
        self._path.unlink()
