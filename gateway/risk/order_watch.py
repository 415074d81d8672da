"""What orders show of strategies and venues: times, refusals, slippage, cancels.

An order is followed from 150=A to its end. The clock runs from the moment it is handed to its
venue: what waits for a person, or for room, is no slowness of the venue, and fills are measured
from the middle at which it was let go. One strategy's rejected orders stop that strategy at the
venue; the venue is stopped when most orders of two strategies are rejected. Reports that are told
late because a link was lost measure no time: `link_lost` lets go of what is waited for.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

from gateway.risk.breaker_rules import BreakerRules
from gateway.risk.breakers import BPS, MS, Share, Slow, Withdrawn, Worse
from gateway.risk.trips import Trips
from protocol.closing_by import CLOSE_BY
from protocol.fields import ExecType, OrdType, RejectSource, Side, TimeInForce
from protocol.messages import ExecutionReport, OrderFields
from protocol.timestamps import parse_utc

MidAt = Callable[[str, str, int], Decimal | None]
"""The middle of a symbol at a venue now, None when there is no fresh one."""

FOLLOWED = 20_000
"""So many orders are followed to their fills; beyond it the oldest is let go."""
WITNESSES = 2
"""So many strategies must have had most of their orders rejected before the venue is blamed."""
REMEMBERED = 256
"""So many of a strategy's last refusals are told apart by their code."""
VENUE = "VENUE"
"""The code of what a venue has refused: its own words are no codes."""
NO_CODE = "none"
CODE_MAX = 32
_AT_ONCE = frozenset((TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL))
_WITH_STOP = frozenset((OrdType.STOP, OrdType.STOP_LIMIT))
_NOT_ITS_DOING = (
    "HALTED", "REDUCING", "VENUE_DOWN", "VENUE_RATE", "QUOTE_", "NO_PRICE", "NO_RATE",
    "PNL_UNKNOWN", "FUNDS_UNKNOWN", "FUNDS_STALE", "GATEWAY_STOPS", "NOT_SENT", "OWNER_GONE",
    "REVIEW_", "COOLING",
)  # fmt: skip
"""A refusal whose code begins so says nothing of the strategy: it may be in the right."""


class Followed(Struct, gc=False):
    """One order, as far as its times and its price at the decision are followed."""

    owner: str
    venue: str
    symbol: str
    side: Side
    at_once: bool
    reference: Decimal | None
    sent: bool = False
    answered: bool = False


class OrderWatch:
    """Follows orders and tells `trips` what they show."""

    def __init__(self, rules: BreakerRules, trips: Trips, mid_at: MidAt) -> None:
        self.rules = rules
        self._trips = trips
        self._mid_at = mid_at
        self._orders: OrderedDict[str, Followed] = OrderedDict()
        self._ticks = defaultdict[str, Slow](lambda: Slow(rules.tick_latency))
        self._acks = defaultdict[str, Slow](lambda: Slow(rules.ack_latency))
        self._fills = defaultdict[str, Slow](lambda: Slow(rules.fill_latency))
        self._worse = defaultdict[str, Worse](lambda: Worse(rules.slippage))
        self._rejects = defaultdict[str, Share](lambda: Share.of_rejects(rules.venue_rejects))
        self._by_owner = defaultdict[str, dict[str, Share]](dict)
        self._refusals = defaultdict[str, Share](lambda: Share.of_rejects(rules.refusals))
        self._codes = defaultdict[str, deque[tuple[int, str]]](lambda: deque(maxlen=REMEMBERED))
        self._withdrawn = defaultdict[str, Withdrawn](lambda: Withdrawn(rules.cancel_ratio))
        self._heard: dict[ExecType, Callable[[str, ExecutionReport, int], None]] = {
            ExecType.PENDING_NEW: self._accepted,
            ExecType.NEW: self._new,
            ExecType.REJECTED: self._rejected,
            ExecType.TRADE: self._trade,
            ExecType.PENDING_CANCEL: self._cancel_asked,
            ExecType.REPLACED: self._replaced,
            ExecType.CANCELED: self._ended,
            ExecType.EXPIRED: self._ended,
            ExecType.DONE_FOR_DAY: self._ended,
        }

    def arrived(
        self, owner: str, venue: str, message: OrderFields, now_ns: int, age_ns: int | None
    ) -> None:
        """Hear a D or G that names its quote; `age_ns` is the quote's age where it is known."""
        if age_ns is None:
            age_ns = now_ns - parse_utc(message.quote_time or "")
            if age_ns < 0:
                return
        slow = self._ticks[owner]
        if why := slow.add(now_ns, age_ns):
            self._trips.fire(
                f"strategy:{owner}", self.rules.tick_latency, "LATENCY_TICK",
                f"{why} venue={venue}", slow.forget,
            )  # fmt: skip

    def told(self, owner: str, report: ExecutionReport, now_ns: int) -> None:
        """Hear a report that an owner was told."""
        hear = self._heard.get(report.exec_type)
        if hear is not None:
            hear(owner, report, now_ns)

    def sent(self, order_id: str, now_ns: int) -> None:
        """Hear that an order is handed to its venue (D): the clock runs."""
        followed = self._orders.get(order_id)
        if followed is None:
            return
        followed.sent = True
        if followed.reference is None:  # a stop is measured from its own price
            followed.reference = self._mid_at(followed.venue, followed.symbol, now_ns)
        self._acks[followed.venue].begin(order_id, now_ns)

    def look(self, now_ns: int) -> None:
        """Look at what is still waited for."""
        for venue, slow in self._acks.items():
            if why := slow.look(now_ns):
                self._slow_ack(venue, slow, why)
        for venue, slow in self._fills.items():
            if why := slow.look(now_ns):
                self._slow_fill(venue, slow, why)

    def link_lost(self, venue: str) -> None:
        """Wait for no answer of a venue that is away."""
        for slow in (self._acks.get(venue), self._fills.get(venue)):
            if slow is not None:
                slow.forget()

    # What becomes of an order.

    def _accepted(self, owner: str, report: ExecutionReport, _now_ns: int) -> None:
        venue, symbol, order_id = report.security_exchange or "", report.symbol, report.order_id
        stopped = report.ord_type in _WITH_STOP
        at_once = not stopped and (
            report.ord_type is OrdType.MARKET or report.time_in_force in _AT_ONCE
        )
        reference = report.stop_px if stopped else None
        orders = self._orders
        if len(orders) >= FOLLOWED:
            oldest, followed = orders.popitem(last=False)
            self._stop_waiting(oldest, followed)
        orders[order_id] = Followed(owner, venue, symbol, report.side, at_once, reference)

    def _new(self, _owner: str, report: ExecutionReport, now_ns: int) -> None:
        followed = self._orders.get(report.order_id)
        if followed is not None and not followed.answered:
            self._answered(followed, report.order_id, now_ns, 0)
            if followed.at_once:
                self._fills[followed.venue].begin(report.order_id, now_ns)

    def _rejected(self, owner: str, report: ExecutionReport, now_ns: int) -> None:
        if report.reject_source is not RejectSource.VENUE:
            self._orders.pop(report.order_id, None)  # it was held, and never sent
            text = report.text or ""
            if not text.startswith(_NOT_ITS_DOING):
                self._refused(owner, now_ns, text.partition(":")[0][:CODE_MAX] or NO_CODE)
            return
        followed = self._orders.pop(report.order_id, None)
        if followed is not None and not followed.answered:
            self._answered(followed, report.order_id, now_ns, 1)

    def _trade(self, owner: str, report: ExecutionReport, now_ns: int) -> None:
        self._withdrawn[owner].fill(now_ns)
        order_id = report.order_id
        followed = self._orders.get(order_id)
        if followed is None:
            return
        if not followed.answered:
            self._answered(followed, order_id, now_ns, 0)
        if followed.at_once:
            slow = self._fills[followed.venue]
            if why := slow.end(order_id, now_ns):
                self._slow_fill(followed.venue, slow, why)
        if report.origin != CLOSE_BY:  # its price is that of another day
            self._slipped(followed, report, now_ns)
        if not report.leaves_qty:
            self._orders.pop(order_id, None)

    def _replaced(self, owner: str, report: ExecutionReport, now_ns: int) -> None:
        """A replace is a new decision: its fills are measured from the prices of now."""
        followed = self._orders.get(report.order_id)
        if followed is None:
            return
        stopped = report.ord_type in _WITH_STOP
        if not report.leaves_qty:
            self._ended(owner, report, now_ns)
            return
        followed.reference = (
            report.stop_px if stopped else self._mid_at(followed.venue, followed.symbol, now_ns)
        )

    def _cancel_asked(self, owner: str, report: ExecutionReport, now_ns: int) -> None:
        if report.exec_restatement_reason is not None or not self.rules.cancel_ratio.on:
            return  # the gateway's own cancel
        if body := self._withdrawn[owner].cancel(now_ns):
            self._trips.warn("CANCEL_RATIO", {"scope": f"strategy:{owner}", **body})

    def _ended(self, _owner: str, report: ExecutionReport, now_ns: int) -> None:
        followed = self._orders.pop(report.order_id, None)
        if followed is None:
            return
        if followed.sent and not followed.answered:
            self._answered(followed, report.order_id, now_ns, 0)
        self._stop_waiting(report.order_id, followed)

    # What it shows.

    def _answered(self, followed: Followed, order_id: str, now_ns: int, rejected: int) -> None:
        """The venue has answered an order for the first time."""
        followed.answered = True
        venue = followed.venue
        slow = self._acks[venue]
        if why := slow.end(order_id, now_ns):
            self._slow_ack(venue, slow, why)
        self._refused(followed.owner, now_ns, VENUE if rejected else "")
        self._judge_venue(followed.owner, venue, now_ns, rejected)

    def _judge_venue(self, owner: str, venue: str, now_ns: int, rejected: int) -> None:
        """Take an answer of a venue, and tell a strategy at fault from a venue at fault."""
        rules, cause = self.rules.venue_rejects, "VENUE_REJECTS"
        shares, everybody = self._by_owner[venue], self._rejects[venue]
        own = shares.get(owner)
        if own is None:
            own = shares[owner] = Share.of_rejects(rules)
        if why := own.add(now_ns, rejected):
            self._trips.fire(f"strategy:{owner} venue:{venue}", rules, cause, why, own.forget)
        why = everybody.add(now_ns, rejected)
        if not why or sum(share.is_bad(now_ns) for share in shares.values()) < WITNESSES:
            return

        def forget() -> None:
            """Forget what everybody was answered there."""
            for share in (everybody, *shares.values()):
                share.forget()

        self._trips.fire(f"venue:{venue}", rules, cause, why, forget)

    def _refused(self, owner: str, now_ns: int, code: str) -> None:
        """Take what became of an order: the code of its refusal, empty when there was none."""
        refusals, codes, rules = self._refusals[owner], self._codes[owner], self.rules.refusals
        if code:
            codes.append((now_ns, code))
        why = refusals.add(now_ns, bool(code))
        if not why or not rules.on:
            return
        since_ns = now_ns - rules.window_ms * MS
        recent = [one for at_ns, one in codes if at_ns >= since_ns] or [one for _, one in codes]
        mostly = "".join(f" mostly={one} times={n}" for one, n in Counter(recent).most_common(1))

        def forget() -> None:
            """Forget what was refused, and why."""
            refusals.forget()
            codes.clear()

        self._trips.fire(f"strategy:{owner}", rules, "REFUSALS", f"{why}{mostly}", forget)

    def _slipped(self, followed: Followed, report: ExecutionReport, now_ns: int) -> None:
        reference, price = followed.reference, report.last_px
        if reference is None or reference <= 0 or price is None:
            return
        rules = self.rules.slippage
        worse_by = price - reference if followed.side is Side.BUY else reference - price
        scope = f"strategy:{followed.owner}"
        if rules.per_symbol:
            scope = f"{scope} symbol:{followed.symbol}"
        worse = self._worse[scope]
        if why := worse.add(now_ns, worse_by / reference * BPS):
            detail = f"{why} symbol={followed.symbol} venue={followed.venue}"
            self._trips.fire(scope, rules, "SLIPPAGE", detail, worse.forget)

    def _stop_waiting(self, order_id: str, followed: Followed) -> None:
        self._acks[followed.venue].drop(order_id)
        self._fills[followed.venue].drop(order_id)

    def _slow_ack(self, venue: str, slow: Slow, why: str) -> None:
        self._trips.fire(f"venue:{venue}", self.rules.ack_latency, "LATENCY_ACK", why, slow.forget)

    def _slow_fill(self, venue: str, slow: Slow, why: str) -> None:
        self._trips.fire(
            f"venue:{venue}", self.rules.fill_latency, "LATENCY_FILL", why, slow.forget
        )
