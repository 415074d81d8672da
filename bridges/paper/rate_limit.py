"""A paper venue that counts what it is asked, as real ones do, and loses patience.

`{weight, window_ms, counts, aligned, warn_ms, bans_after, ban_ms}`: so much in a window that slides
or, `aligned`, is cut by the venue's own clock; `counts` is "orders" or "all". What exceeds it is
refused, a question is answered incompletely, and the venue says how long it wants to be left alone.
After `bans_after` such warnings nobody is heard for `ban_ms`, whatever it is about.

Each message weighs 1. It counts when it reaches the venue's door, refused or not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from loguru import logger

from bridges.link_events import RateWarned
from bridges.paper.orders import refused_image
from bridges.paper.venue import PaperVenue
from bridges.port import CancelRefused, CancelRequest, Event, OrderRequest, Rejected
from protocol.fields import CxlRejReason, CxlRejResponseTo, OrdRejReason

MS_NS = 1_000_000
RATE_LIMITED = "RATE_LIMITED: too many requests"
KEYS = ("weight", "window_ms", "counts", "aligned", "warn_ms", "bans_after", "ban_ms")


class ExchangeLimit:
    """Counts, warns and bans. `warnings` are to be said: (ms, banned)."""

    def __init__(
        self,
        *,
        weight: int,
        window_ms: int,
        counts: str = "all",
        aligned: bool = False,
        warn_ms: int = 1_000,
        bans_after: int = 0,
        ban_ms: int = 10_000,
    ) -> None:
        self.weight = weight
        self.orders_only = counts == "orders"
        self.exceeded = 0
        self.most = 0
        self.warnings: list[tuple[int, bool]] = []
        self._window_ns = window_ms * MS_NS
        self._aligned = aligned
        self._warn_ms = warn_ms
        self._bans_after = bans_after
        self._ban_ms = ban_ms
        self._banned_until_ns = 0
        self._seen: deque[int] = deque()

    def admits(self, now_ns: int) -> bool:
        """Count one message; say whether it is heard."""
        if now_ns < self._banned_until_ns:
            self._exceed(self._banned_until_ns - now_ns, banned=True)
            return False
        seen = self._seen
        first_ns = now_ns - now_ns % self._window_ns if self._aligned else now_ns - self._window_ns
        while seen and seen[0] < first_ns:
            seen.popleft()
        if len(seen) >= self.weight:
            bans = bool(self._bans_after) and self.exceeded + 1 >= self._bans_after
            if bans:
                self._banned_until_ns = now_ns + self._ban_ms * MS_NS
            self._exceed((self._ban_ms if bans else self._warn_ms) * MS_NS, banned=bans)
            return False
        seen.append(now_ns)
        self.most = max(self.most, len(seen))
        return True

    def _exceed(self, ns: int, *, banned: bool) -> None:
        self.exceeded += 1
        self.warnings.append((-(-ns // MS_NS), banned))


class RationedVenue(PaperVenue):
    """The paper venue behind a door that counts; without a limit the door stands open."""

    def __init__(self, *, exchange_limit: Mapping[str, Any] | None = None, **parts: Any) -> None:
        super().__init__(**parts)
        self.limit = ExchangeLimit(**exchange_limit) if exchange_limit else None

    def submit(self, order: OrderRequest, now_ns: int) -> None:
        """Send a new order."""
        if self._admits(now_ns, is_order=True):
            super().submit(order, now_ns)
        else:
            image = refused_image("NONE", order, now_ns, RATE_LIMITED)
            self._respond(Rejected(image, OrdRejReason.BROKER, RATE_LIMITED), now_ns)

    def cancel(self, request: CancelRequest, now_ns: int) -> None:
        """Ask for a cancel."""
        if self._admits(now_ns, is_order=False):
            super().cancel(request, now_ns)
        else:
            self._refuse(request, CxlRejResponseTo.CANCEL, now_ns)

    def replace(self, order: OrderRequest, now_ns: int) -> None:
        """Ask for a replace."""
        if self._admits(now_ns, is_order=True):
            super().replace(order, now_ns)
        else:
            self._refuse(order, CxlRejResponseTo.REPLACE, now_ns)

    def step(self, now_ns: int) -> None:
        """Live up to a moment; warnings are said as they come."""
        for ms, banned in self.faults.take_warnings():
            self._respond(RateWarned(ms, banned), now_ns)
        super().step(now_ns)

    def _refuse(
        self, request: CancelRequest | OrderRequest, response_to: CxlRejResponseTo, now_ns: int
    ) -> None:
        event = CancelRefused(
            request_id=request.cl_ord_id, orig_cl_ord_id=request.orig_cl_ord_id,
            response_to=response_to, reason=CxlRejReason.OTHER, text=RATE_LIMITED,
            order=self.exchange.find(request.orig_cl_ord_id),
        )  # fmt: skip
        self._respond(event, now_ns)

    def _ask(self, read: Callable[[bool], Event], now_ns: int) -> None:
        if self._admits(now_ns, is_order=False):
            super()._ask(read, now_ns)
        else:
            self._respond(read(False), now_ns)  # noqa: FBT003 - the question's own shape

    def _admits(self, now_ns: int, *, is_order: bool) -> bool:
        limit = self.limit
        if limit is None or (limit.orders_only and not is_order) or limit.admits(now_ns):
            return True
        logger.warning("asked too often, for the {}. time", limit.exceeded)
        for ms, banned in limit.warnings:
            self._respond(RateWarned(ms, banned), now_ns)
        limit.warnings.clear()
        return False
