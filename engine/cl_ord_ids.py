"""ClOrdIDs that are never used twice: the store's epoch and a counter, `TQNE4G-17`.

The epoch is the second of the start, raised above the last one in the store and synced before the
first id is made. So ids are unique over restarts, in the same second and with the clock set back.
"""

from __future__ import annotations

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def base36(number: int) -> str:
    """Write a number of zero or more in base 36, upper case."""
    text = ""
    while True:
        number, rest = divmod(number, 36)
        text = _DIGITS[rest] + text
        if not number:
            return text


class ClOrdIds:
    """Makes the ids of one process."""

    def __init__(self, epoch: int) -> None:
        self._prefix = base36(epoch)
        self._counter = 0

    def next(self) -> str:
        """Return an id that this CompID has never used."""
        self._counter += 1
        return f"{self._prefix}-{self._counter}"
