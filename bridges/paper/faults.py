"""The venue misbehaves on command: what was ordered, and what it does to what the venue says.

A command is a line of words, from a control file or a U1 (5019=FAULT, 5020 = the line):

    delay MS [N]        the next N reports (all, without N; `delay 0` ends it) take MS longer
    reject N [TEXT]     the next N new orders are refused
    drop_acks N         the next N 150=0 are never said
    drop_reports N      the next N reports of any kind are never said
    fill_before_ack N   the next N 150=0 are said only after the order's first fill
    double_fills N      the next N fills are said twice
    chance KIND P       each drop_acks, drop_reports or double_fills happens with probability P
    silence MS          nothing is heard nor said for so long; resting orders go on
    down MS             the venue's own link is down: nothing gets in, answers are incomplete
    warn MS             the venue warns that it is asked too often: leave it alone so long
    ban MS              the same, and it would hear not even cancels
    restart             the venue forgets all but its ledger, and the bridge logs on anew
    clear               all faults end

What is dropped or doubled is what the bridge hears; the ledger has the truth. Chance is seeded.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

from bridges.port import Accepted, Canceled, Event, Expired, Filled, OrderEvent, Rejected

_COUNTED = frozenset(
    ("reject", "drop_acks", "drop_reports", "fill_before_ack", "double_fills")
)  # fmt: skip
_CHANCES = frozenset(("drop_acks", "drop_reports", "double_fills"))
_TIMED = frozenset(("silence", "down"))
_WARNINGS = frozenset(("warn", "ban"))
_ORDER_EVENTS: tuple[type, ...] = OrderEvent.__args__
MS_NS = 1_000_000
FOR_EVER = -1


def _amount(words: list[str], at: int) -> int:
    if len(words) <= at or not words[at].isdigit():
        msg = f"received {' '.join(words)!r}, expected a whole number after {words[at - 1]!r}"
        raise ValueError(msg)
    return int(words[at])


class Faults:
    """The faults that are ordered. `until_ns` of silence and of down are moments."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._left: Counter[str] = Counter()
        self._chances: dict[str, float] = {}
        self._text = "FAULT: refused on command"
        self._delay_ns = 0
        self._delays_left = 0
        self._held: dict[str, Accepted] = {}
        self._warnings: list[tuple[int, bool]] = []
        self.silent_until_ns = 0
        self.down_until_ns = 0
        self.restart_wanted = False

    def command(self, line: str, now_ns: int) -> str:
        """Order a fault. Raises ValueError that says what was expected."""
        words = line.split()
        name = words[0] if words else ""
        if name in _COUNTED:
            self._left[name] = _amount(words, 1)
            if name == "reject" and words[2:]:
                self._text = " ".join(words[2:])
        elif name == "delay":
            self._delay_ns = _amount(words, 1) * MS_NS
            self._delays_left = _amount(words, 2) if words[2:] else FOR_EVER
        elif name in _TIMED:
            until_ns = now_ns + _amount(words, 1) * MS_NS
            if name == "silence":
                self.silent_until_ns = until_ns
            else:
                self.down_until_ns = until_ns
        elif name in _WARNINGS:
            self._warnings.append((_amount(words, 1), name == "ban"))
        elif name == "chance":
            self._set_chance(words)
        elif name == "restart":
            self.restart_wanted = True
        elif name == "clear":
            self._clear()
        else:
            known = sorted(
                _COUNTED | _TIMED | _WARNINGS | {"delay", "chance", "restart", "clear"}
            )
            msg = f"received the fault {name!r}, expected one of {' '.join(known)}"
            raise ValueError(msg)
        return f"ordered: {' '.join(words)}"

    def take_reject(self) -> str:
        """Return why the next new order is refused, or nothing."""
        return self._text if self._take("reject") else ""

    def take_warnings(self) -> list[tuple[int, bool]]:
        """Return the warnings that are to be said: for how many ms, and whether it is a ban."""
        taken, self._warnings = self._warnings, []
        return taken

    def delay_ns(self) -> int:
        """Return how much longer the next report takes."""
        if not self._delay_ns or not self._delays_left:
            return 0
        if self._delays_left > 0:
            self._delays_left -= 1
        return self._delay_ns

    def distort(self, event: Event) -> list[Event]:
        """Return what the bridge is to hear instead of an event."""
        if not isinstance(event, _ORDER_EVENTS):
            return [event]
        if self._happens("drop_reports"):
            return []
        if isinstance(event, Accepted):
            if self._happens("drop_acks"):
                return []
            if self._take("fill_before_ack"):
                self._held[event.order.order_id] = event
                return []
        if isinstance(event, (Filled, Canceled, Expired, Rejected)):
            held = self._held.pop(event.order.order_id, None)
            said: list[Event] = [event]
            if isinstance(event, Filled) and self._happens("double_fills"):
                said.append(event)
            return said if held is None else [*said, held]
        return [event]

    def _set_chance(self, words: list[str]) -> None:
        try:
            kind, chance = words[1], float(words[2])
        except (IndexError, ValueError):
            kind, chance = "", 0.0
        if kind not in _CHANCES or not 0 <= chance <= 1:
            msg = f"received {' '.join(words)!r}, expected chance {'|'.join(_CHANCES)} 0 to 1"
            raise ValueError(msg)
        self._chances[kind] = chance

    def _take(self, name: str) -> bool:
        if self._left[name] > 0:
            self._left[name] -= 1
            return True
        return False

    def _happens(self, name: str) -> bool:
        chance = self._chances.get(name, 0)
        return self._take(name) or (chance > 0 and self._rng.random() < chance)

    def _clear(self) -> None:
        self._left.clear()
        self._chances.clear()
        self._delay_ns = 0
        self.silent_until_ns = 0
        self.down_until_ns = 0


class ControlFile:
    """A file to which a person or a test appends commands, one a line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = path.stat().st_size if path.exists() else 0

    def new_lines(self) -> list[str]:
        """Return the whole lines that have been appended since the last call."""
        try:
            if self._path.stat().st_size <= self._read:
                return []
            with self._path.open("rb") as file:
                file.seek(self._read)
                content = file.read()
        except FileNotFoundError:
            self._read = 0
            return []
        whole = content.rfind(b"\n") + 1
        self._read += whole
        return [line for line in content[:whole].decode(errors="replace").splitlines() if line]
