"""The one worker that talks to the terminal: a thread, and the MetaTrader5 package in it.

This is the only file that imports the package, and only when it is needed. Rules:

- the package is not thread safe: nobody but the worker's thread ever calls it
- a call may never come back, and cannot be ended: `busy_since_ns` tells how long it has been out,
  and the thread is a daemon, so that the process can end
- one process has one terminal: a bridge for each
"""

from __future__ import annotations

import importlib.util
import queue
import sys
import threading
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

from loguru import logger

from bridges.errors import BridgeError
from bridges.mt5.jobs import Attach, Attached, Job, Login, Look, Result, Seen, Send, Sent, Snapshot
from bridges.mt5.jobs import run as run_job

CLOSE_S = 2
MISSING = (
    "the MetaTrader 5 bridge needs the MetaTrader5 package:"
    " pip install 'portcullis-gateway[mt5]'"
)
NOT_WINDOWS = (
    "the MetaTrader5 package exists for Windows only, and this is {platform}: run this bridge on"
    ' the Windows machine of the terminal, or use the Expert Advisor (kind = "mt5_ea")'
)


def unavailable() -> str:
    """Say why this machine has no package, and what to do about it; nothing if it has one."""
    if sys.platform != "win32":
        return NOT_WINDOWS.format(platform=sys.platform)
    return "" if importlib.util.find_spec("MetaTrader5") else MISSING


def find_package() -> Any:
    """Import the package. Raises BridgeError that says what to install, or where to run."""
    why = unavailable()
    if why:
        raise BridgeError(why)
    import MetaTrader5  # noqa: PLC0415 - only here, and only on Windows

    return MetaTrader5


def broken(job: Job, problem: Exception) -> Result:
    """Write the result of a job in which something happened that may not happen.

    Of a Send nothing is known then: it is in doubt.
    """
    text = f"{type(problem).__name__}: {problem}"
    match job:
        case Attach():
            return Attached(problem=text)
        case Send():
            return Sent(text=text)
        case Look():
            return Seen()
        case _:
            return Snapshot(why=text)


class TerminalWorker:
    """Does jobs in a thread (bridges.mt5.venue.Worker)."""

    def __init__(self, login: Login, package: Any = None, *, clock: Callable[[], int]) -> None:
        """Measure by the clock of the bridge: it says until when a job may be done."""
        self._login = login
        self._package = package
        self._clock = clock
        self._jobs: queue.PriorityQueue[tuple[int, int, int, Job | None]] = queue.PriorityQueue()
        self._order = count()
        self._done: queue.SimpleQueue[tuple[int, Result]] = queue.SimpleQueue()
        self._busy_since_ns: int | None = None
        self._thread = threading.Thread(target=self._work, name="terminal", daemon=True)

    def open(self) -> None:
        """Begin. Raises BridgeError if there is no package."""
        if self._package is None:
            self._package = find_package()
        self._thread.start()

    def put(self, number: int, job: Job) -> None:
        """Do a job when its turn comes."""
        self._jobs.put((0 if job.urgent else 1, next(self._order), number, job))

    def results(self) -> Iterable[tuple[int, Result]]:
        """Take what has been done since."""
        while not self._done.empty():
            yield self._done.get()

    def busy_since_ns(self) -> int | None:
        """Return when the job that is being done was begun."""
        return self._busy_since_ns

    def close(self) -> None:
        """Let the thread end, if the terminal lets it."""
        self._jobs.put((-1, next(self._order), 0, None))
        self._thread.join(CLOSE_S)
        if self._thread.is_alive():
            logger.error("a call of the terminal has not come back; the process ends without it")

    def _work(self) -> None:
        while True:
            _, _, number, job = self._jobs.get()
            if job is None:
                self._package.shutdown()
                return
            self._busy_since_ns = self._clock()
            try:
                found = run_job(self._package, self._login, job, self._busy_since_ns)
            except Exception as problem:  # noqa: BLE001 - the thread must live
                logger.exception("a job of the terminal failed: {}", type(job).__name__)
                found = broken(job, problem)
            self._busy_since_ns = None
            self._done.put((number, found))
