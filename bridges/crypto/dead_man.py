"""The exchange's own dead man: it cancels everything unless it is told again and again not to.

Rules: it is told only while the gateway lives (`hold`), so that it also strikes when this whole
machine is gone. That the user stream is away is no reason for it: the gateway can still cancel what
it wants cancelled. Nothing is told before the exchange is known, nor while nobody is heard. It is
longer than the bridge's own dead man, which cancels by itself while only the
gateway is gone. With 0 it is never begun.
"""

from __future__ import annotations

from loguru import logger

from bridges.crypto.core import MS_NS, Core
from bridges.crypto.flows import Flow, Gather
from bridges.crypto.views import Verdict

FRESH_NS = 2_000 * MS_NS
"""A gateway that was seen so lately lives."""
PART = 4
"""It is put off so often within its time, so that a lost call or two do not matter."""


class DeadMan:
    """Who keeps putting it off."""

    def __init__(self, core: Core, *, timeout_ms: int) -> None:
        self._core = core
        self._timeout_ms = timeout_ms
        self._held_ns = 0
        self._next_ns = 0
        self._has_failed = False

    def hold(self, now_ns: int) -> None:
        """Take note that the gateway lives."""
        self._held_ns = now_ns

    def tick(self) -> None:
        """Put it off if that is due."""
        core = self._core
        if not self._timeout_ms or not core.is_known:
            return
        if core.now_ns < self._next_ns or core.ban_ns:
            return
        if core.now_ns - self._held_ns > FRESH_NS:
            return
        self._next_ns = core.now_ns + self._timeout_ms * MS_NS // PART
        core.start(self._put_off())

    def _put_off(self) -> Flow:
        core = self._core
        responses = yield Gather(core.table.dead_man(self._timeout_ms))
        wrong = [one for one in responses if core.table.judge(one) is not Verdict.DONE]
        if wrong and not self._has_failed:
            logger.warning(
                "the dead man of {} was not set: {}", core.table.name, core.table.text_of(wrong[0])
            )
        self._has_failed = bool(wrong)
