"""How processes of ours are started and ended: always the same interpreter, always a new group.

Rules: a child never reads modules from the folder that it happens to stand in (`-P`), but always
from where we come from. Its output goes to a file: a pipe that nobody reads would stop it. A child
in a group of its own does not hear our Ctrl-C; who launches it ends it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gateway

WINDOWS = sys.platform == "win32"
POLL_S = 0.02


def command_line(*arguments: str | Path) -> list[str]:
    """Return the command line that runs `portcullis ARGUMENTS` with this interpreter."""
    return [sys.executable, "-P", "-m", "portcullis", *map(str, arguments)]


def environment() -> dict[str, str]:
    """Return our environment, in which a child finds the same modules as we did."""
    ours = str(Path(gateway.__file__).parents[1])
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    path = os.pathsep.join([ours, *(other for other in others if other != ours)])
    return {**os.environ, "PYTHONPATH": path}


def start(
    arguments: Sequence[str | Path], *, output: Path, instead: Sequence[str] = ()
) -> subprocess.Popen[bytes]:
    """Start `portcullis ARGUMENTS` in a process group of its own, its output in a file.

    `instead` is a command line that takes the place of `portcullis` (tests).
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    group: dict[str, Any] = {"start_new_session": True}
    if WINDOWS:
        group = {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    with output.open("ab") as file:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
            [*instead, *map(str, arguments)] if instead else command_line(*arguments),
            stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
            env=environment(), **group,
        )  # fmt: skip


def end(process: subprocess.Popen[bytes], *, patience_s: float = 5.0) -> int:
    """Ask a child to end, wait, insist. Returns its exit code."""
    if process.poll() is None:
        interrupt(process.pid)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def interrupt(pid: int) -> None:
    """Ask a process to end in order."""
    ask = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM) if WINDOWS else signal.SIGTERM
    try:
        os.kill(pid, ask)
    except (ProcessLookupError, PermissionError, OSError):
        return


def free_ports(count: int) -> list[int]:
    """Find ports on loopback that nobody listens on now; all different."""
    holders = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for holder in holders:
            holder.bind(("127.0.0.1", 0))
        return [int(holder.getsockname()[1]) for holder in holders]
    finally:
        for holder in holders:
            holder.close()


def wait_until(condition: Callable[[], bool], *, timeout_s: float) -> bool:
    """Wait for a condition; say whether it came."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True
