"""What each scope has asked for lately: messages, and orders that look alike.

Observation: it begins empty, and what it has led to (a refusal, a halt) is what is remembered. Its
memory is bounded: buckets are those of the configured scopes, what an owner has sent is kept for
its window and up to `KEPT` of it. The checks ask and change nothing; what was asked is counted
when it is over.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from gateway.risk.limits import Bound, LimitBook
from gateway.risk.windows import TokenBucket
from protocol.fields import ExecInst, PositionEffect, Side, TimeInForce

if TYPE_CHECKING:
    from gateway.oms.state import Order
    from gateway.risk.facts import Intent

MS = 1_000_000
SECOND_NS = 1_000_000_000
KEPT = 10_000
"""So many orders of one strategy are remembered, whatever its windows."""
RATE = "max_messages_per_s"
_BUY = Side.BUY

Likeness = tuple[object, ...]


class Sent(NamedTuple):
    """An order that was let through, and when."""

    cl_ord_id: str
    time_ns: int


class Recent(Struct):
    """What one strategy has sent lately: by content, and as a run of orders alike."""

    contents: OrderedDict[Likeness, Sent] = field(default_factory=OrderedDict)
    last_ns: int = 0
    alike: Likeness = ()
    run: deque[int] = field(default_factory=deque)


class Activity:
    """Tallies of requests."""

    def __init__(self, limits: LimitBook) -> None:
        self._limits = limits
        self._buckets: dict[str, TokenBucket] = {}
        self._recent: dict[str, Recent] = {}

    # Messages.

    def arrived(
        self, where: tuple[str, str, str, str], now_ns: int, *, passes: bool = False
    ) -> None:
        """Count a message of (owner, account, venue, symbol).

        One that `passes` in any case takes what there is; another takes a token or, refused for
        want of one, none. Who is beyond his own rate takes nothing of what he shares with others.
        """
        own = f"strategy:{where[0]}"
        for bound in self._limits.binding(*where).each.get(RATE, ()):
            bucket = self._bucket(bound)
            if bound.scope == own and not bucket.has(now_ns):
                return  # it comes first of all scopes
            if passes:
                bucket.spend(now_ns)
            else:
                bucket.take(now_ns)

    def has_room(self, bound: Bound, now_ns: int) -> bool:
        """Say whether a scope may send one message more."""
        return self._bucket(bound).has(now_ns)

    def _bucket(self, bound: Bound) -> TokenBucket:
        bucket = self._buckets.get(bound.scope)
        if bucket is None or bucket.count != bound.value:
            bucket = self._buckets[bound.scope] = self._new_bucket(bound)
        return bucket

    def _new_bucket(self, bound: Bound) -> TokenBucket:
        burst = self._limits.of(bound.scope).message_burst
        rate = int(bound.value)
        most = int(burst) if burst else rate
        if rate < 1:  # none at all: a bucket that holds nothing worth a token
            return _Empty(1, SECOND_NS, 1)
        return TokenBucket(rate, SECOND_NS, max(most, 1))

    # Orders that look alike.

    def sent_alike(self, intent: Intent, window_ms: int) -> int | None:
        """Return how long ago (ms) the same order was let through, None outside the window."""
        recent = self._recent.get(intent.owner)
        if recent is None or intent.now_ns - recent.last_ns > window_ms * MS:
            return None
        before = recent.contents.get(content_of(intent))
        if before is None:
            return None
        age_ns = intent.now_ns - before.time_ns
        return max(age_ns, 0) // MS if age_ns <= window_ms * MS else None

    def run_of(self, intent: Intent, window_ms: int) -> int:
        """Return how many like orders in a row were let through within the window."""
        recent = self._recent.get(intent.owner)
        if recent is None or recent.alike != likeness_of(intent):
            return 0
        since_ns = intent.now_ns - window_ms * MS
        too_old = 0  # the run is in order, and what was too old at its last order is gone
        for time_ns in recent.run:
            if time_ns >= since_ns:
                break
            too_old += 1
        return len(recent.run) - too_old

    def accepted(self, intent: Intent) -> None:
        """Remember an order that was let through."""
        least = self._limits.binding(*intent.key).least
        recent = self._recent.get(intent.owner)
        if recent is None:
            recent = self._recent[intent.owner] = Recent()
        now_ns = recent.last_ns = intent.now_ns
        duplicate = least.get("duplicate_window_ms")
        if duplicate is not None:
            contents, content = recent.contents, content_of(intent)
            contents[content] = Sent(intent.message.cl_ord_id, now_ns)
            contents.move_to_end(content)
            oldest = next(iter(contents.values())).time_ns
            while oldest < now_ns - duplicate.value * MS or len(contents) > KEPT:
                contents.popitem(last=False)
                oldest = next(iter(contents.values())).time_ns if contents else now_ns
        most, window = least.get("runaway_orders"), least.get("runaway_window_ms")
        if most is not None and window is not None:
            self._lengthen(recent, intent, int(most.value), int(window.value))

    @staticmethod
    def _lengthen(recent: Recent, intent: Intent, most: int, window_ms: int) -> None:
        """Go on with a run, or begin another; what is too old, or beyond the limit, is let go."""
        alike, run = likeness_of(intent), recent.run
        if alike != recent.alike:
            recent.alike = alike
            run.clear()
        run.append(intent.now_ns)
        since_ns = intent.now_ns - window_ms * MS
        while run[0] < since_ns or len(run) > min(most + 1, KEPT):
            run.popleft()

    def cancelled(self, owner: str, order: Order | None = None) -> None:
        """End the run of a strategy that cancels; of what it cancels another may be sent at once.

        Without an order it has cancelled in the mass.
        """
        recent = self._recent.get(owner)
        if recent is None:
            return
        self.run_ended(owner)
        if order is None:
            recent.contents.clear()
            return
        content = _content_of_order(order)
        sent = recent.contents.get(content)
        if sent is not None and sent.cl_ord_id in order.cl_ord_ids:
            del recent.contents[content]

    def run_ended(self, owner: str) -> None:
        """Begin to count anew: a person has to let a strategy go on that was halted for its run."""
        recent = self._recent.get(owner)
        if recent is not None:
            recent.alike = ()
            recent.run.clear()


class _Empty(TokenBucket):
    """A bucket for a rate of 0: it never has a token."""

    __slots__ = ()

    def has(self, now_ns: int, tokens: int = 1) -> bool:  # noqa: ARG002 - never, whatever is asked
        """Say no."""
        return False


def content_of(intent: Intent) -> Likeness:
    """Return what makes two orders the same."""
    message = intent.message
    return (
        intent.venue, intent.account, message.symbol, message.side is _BUY, message.order_qty,
        message.ord_type.value, message.price, message.stop_px,
        (message.time_in_force or TimeInForce.DAY).value,
        message.exec_inst is ExecInst.PARTICIPATE_DONT_INITIATE,
        message.position_effect is PositionEffect.CLOSE,
    )  # fmt: skip


def _content_of_order(order: Order) -> Likeness:
    return (
        order.venue, order.account, order.symbol, order.side is _BUY, order.order_qty,
        order.ord_type.value, order.price, order.stop_px, order.time_in_force.value,
        order.post_only, order.reduce_only,
    )  # fmt: skip


def likeness_of(intent: Intent) -> Likeness:
    """Return what makes two orders alike: all but the price."""
    message = intent.message
    return intent.venue, message.symbol, message.side, message.order_qty, message.ord_type
