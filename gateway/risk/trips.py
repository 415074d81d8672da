"""What the breakers want to stop, held until it is asked for, once while its halt stands.

Rules: a trip is asked for in the turn in which it was found. While a halt of its cause stands on
its scope, its evidence is thrown away at each asking: after the halt it begins with nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from gateway.risk.breaker_rules import Breaker
from protocol.fields import TradingState

Standing = Callable[[str, str], bool]
"""Whether a halt of this cause stands on this scope: (scope, cause)."""
Forget = Callable[[], None]


class Trip(NamedTuple):
    """A scope that must stop: `cause` is the code, `detail` the numbers (`key=value …`).

    `cool_down_ms` is 0 for one that waits for a person.
    """

    scope: str
    state: TradingState
    cause: str
    detail: str
    cool_down_ms: int


class Warn(NamedTuple):
    """Something that a person should look at: an alert, and nothing stops."""

    kind: str
    body: dict[str, str]


def nothing() -> None:
    """Forget nothing: what is told anew each time needs no forgetting."""


class Trips:
    """Trips and warnings that were not asked for yet."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._found: dict[tuple[str, str], tuple[Trip, Forget]] = {}
        self._halted: dict[tuple[str, str], Forget] = {}
        self._warnings: list[Warn] = []

    def fire(
        self, scope: str, rules: Breaker, cause: str, detail: str, forget: Forget = nothing
    ) -> None:
        """Want a scope to stop; `forget` throws the evidence away."""
        if rules.on:
            trip = Trip(scope, rules.state, cause, detail, rules.cool_down_ms)
            self._found.setdefault((scope, cause), (trip, forget))

    def warn(self, kind: str, body: dict[str, str]) -> None:
        """Want a person to look."""
        self._warnings.append(Warn(kind, body))

    def due(self) -> Iterator[Trip | Warn]:
        """Yield each trip whose halt does not stand yet, then the warnings."""
        for key, forget in list(self._halted.items()):
            # Also in the turn in which the halt ended: what was seen until now was seen under it.
            forget()
            self._found.pop(key, None)
            if not self._standing(*key):
                del self._halted[key]
        found, self._found = self._found, {}
        for key, (trip, forget) in found.items():
            forget()
            self._halted[key] = forget
            if not self._standing(*key):
                yield trip
        warnings, self._warnings = self._warnings, []
        yield from warnings

    @property
    def idle(self) -> bool:
        """Whether `due` has nothing to do."""
        return not (self._found or self._halted or self._warnings)
