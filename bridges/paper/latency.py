"""How long things take: seeded distributions of nanoseconds.

Three ways, each with its own: `entry` from the bridge to the exchange, `response` back, `feed` from
the market to the bridge. A setting is `{ms = 2}` (always), `{ms = 2, jitter_ms = 1}` (uniform
around it) or `{ms = 2, sigma = 0.5}` (log-normal with that median). Messages of one way never
overtake each other, as on one TCP connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from bridges.errors import FeedError

MS_NS = 1_000_000
_KEYS = frozenset(("ms", "jitter_ms", "sigma"))


class Latency:
    """One distribution. `sample` gives ns, never below zero."""

    def __init__(self, setting: Mapping[str, float] | None, rng: Random) -> None:
        setting = setting or {}
        unknown = setting.keys() - _KEYS
        if unknown:
            msg = f"latency: received {sorted(unknown)}, expected {sorted(_KEYS)}"
            raise FeedError(msg)
        self._median_ns = int(float(setting.get("ms", 0)) * MS_NS)
        self._jitter_ns = int(float(setting.get("jitter_ms", 0)) * MS_NS)
        self._sigma = float(setting.get("sigma", 0))
        self._rng = rng

    def sample(self) -> int:
        """Draw one."""
        delay = self._median_ns
        if self._sigma and delay:
            delay = int(delay * self._rng.lognormvariate(0, self._sigma))
        if self._jitter_ns:
            delay += self._rng.randint(-self._jitter_ns, self._jitter_ns)
        return max(delay, 0)
