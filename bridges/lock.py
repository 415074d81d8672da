"""One process per venue id: a lock file held for life.

The operating system frees the lock when its holder dies, however it dies. The file itself stays:
removing it would let two processes lock two files of the same name.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bridges.errors import VenueLocked

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


class VenueLock:
    """Take the lock, or raise VenueLocked. Freed by `close` or by death."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._handle)
        except OSError:
            os.close(self._handle)
            msg = f"{path} is locked: another process runs this venue; stop it first"
            raise VenueLocked(msg) from None

    def close(self) -> None:
        """Free the lock."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def is_free(path: Path) -> bool:
    """Say whether nobody holds the lock now. For launchers: a bridge outlives its gateway."""
    try:
        VenueLock(path).close()
    except VenueLocked:
        return False
    return True
