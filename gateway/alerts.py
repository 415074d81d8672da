"""Alerts reach people: each ALERT note is counted, and logged at WARNING, rationed by its kind.

Rules: observation only; the journal has every alert, and nothing is decided by these counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from loguru import logger

from gateway.oms.effects import Jot
from gateway.oms.state import State
from protocol.ration import Ration, held_back
from protocol.timestamps import format_utc


class Alerts:
    """Hears every note; `summary` is what STATUS says of the alerts since the start."""

    def __init__(self) -> None:
        self.total = 0
        self._last = ""
        self._last_ns = 0
        self._ration = Ration()

    def heard(self, jot: Jot, now_ns: int) -> None:
        """Count and log a note if it is an alert."""
        if jot.kind != "ALERT":
            return
        details = dict(jot.body)
        kind = str(details.pop("alert", "UNNAMED"))
        about = {"session": jot.session, **details} if jot.session else details
        self.total += 1
        self._last_ns = now_ns
        self._last = " ".join([kind, *_for_people(about)])
        held = self._ration.allows(kind, now_ns)
        if held is not None:
            logger.warning("ALERT {}{}", self._last, held_back(held))

    def summary(self) -> dict[str, Any]:
        """Return how many there were, and the last one with its time (UTC)."""
        if not self.total:
            return {"total": 0}
        return {"total": self.total, "last": self._last, "last_at": format_utc(self._last_ns)}


def say_what_stands(state: State) -> None:
    """Log what an earlier run left in force: who reads the log of a start sees what is stopped."""
    for scope, halts in state.halts.items():
        for halt in halts.values():
            until = f" until {format_utc(halt.until_ns)} UTC" if halt.until_ns else ""
            logger.warning(
                "still {}: {}{}, by {}: {}", halt.state.value, scope, until, halt.who, halt.reason
            )
    for name, override in state.overrides.items():
        until = f" until {format_utc(override.until_ns)} UTC" if override.until_ns else ""
        logger.warning(
            "still changed: the limit {} is {}{}, by {}: {}",
            name, override.value or "none", until, override.who, override.reason,
        )  # fmt: skip


def _for_people(about: dict[str, Any]) -> Iterator[str]:
    """Write what an alert is about: times as UTC under the bare name, nothing for what is empty."""
    for name, value in about.items():
        if name.endswith("_ns") and str(value).isdecimal():
            if int(value):
                yield f"{name.removesuffix('_ns')}={format_utc(int(value))}"
        elif value is not None and value != "":
            yield f"{name}={value}"
