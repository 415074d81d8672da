"""This machine's floors: what a ZeroMQ round trip and a synced write cost without us.

Both are measured between separate processes, with frames of an order's size, by the same clock.
"""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import zmq

from gateway.commands import launch

ORDER_BYTES = 220
BATCH_BYTES = 1_400
"""What one accepted order makes the journal write: D in, 8 out, D to the venue, batch header."""
PATIENCE_MS = 10_000


def worker(*arguments: str | Path) -> subprocess.Popen[bytes]:
    """Start one of the processes of bench_worker."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
        [sys.executable, "-P", "-m", "gateway.commands.bench_worker", *map(str, arguments)],
        env=launch.environment(),
    )


class Floors:
    """The two floor processes, running. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        echo_port, sync_port = launch.free_ports(2)
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        echo, sync = (f"tcp://127.0.0.1:{port}" for port in (echo_port, sync_port))
        self._processes = [
            worker("echo", echo),
            worker("sync", sync, folder, str(BATCH_BYTES)),
        ]
        self._echo = context.socket(zmq.DEALER)
        self._sync = context.socket(zmq.REQ)
        for socket, endpoint in ((self._echo, echo), (self._sync, sync)):
            socket.linger = 0
            socket.rcvtimeo = PATIENCE_MS
            socket.connect(endpoint)

    def __enter__(self) -> Self:
        self.echo(10)
        self.sync(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._echo.send(b"")
            self._echo.recv()
            self._sync.send(b"")
            self._sync.recv()
        self._echo.close()
        self._sync.close()
        for process in self._processes:
            if kind is None:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(2)  # it was told to end, and tidies up
            launch.end(process, patience_s=2)

    def echo(self, count: int) -> list[int]:
        """Return so many round trips of an order's frame, in ns."""
        frame = b"x" * ORDER_BYTES
        samples = []
        socket = self._echo
        for _ in range(count):
            started_ns = time.perf_counter_ns()
            socket.send(frame)
            socket.recv()
            samples.append(time.perf_counter_ns() - started_ns)
        return samples

    def sync(self, count: int) -> list[int]:
        """Return so many synced writes of a batch's size, in ns, timed where they happen."""
        samples = []
        for _ in range(count):
            self._sync.send(b"s")
            samples.append(int(self._sync.recv()))
        return samples
