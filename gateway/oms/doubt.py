"""In doubt, and out of it only by evidence.

An order whose outcome is not known is asked about, never sent again. What counts as an answer:

- the venue shows the order, or tells how it ended: that is so
- NEVER_SENT: the bridge's durable log never held the id, and refuses it for ever: proven absent
- UNKNOWN_AT_VENUE three times, in complete and connected reads, spread over more than the venue's
  `absence_after_ms`, with open orders and fills agreeing in a round asked in between, in two rounds
  if the venue has acknowledged the order: proven absent
- listed as open, in whatever round: present, and what was counted before is void

Silence, an incomplete answer and a lost link prove nothing; the question is asked again.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from gateway.oms.book import Book
from gateway.oms.effects import Effects, Jot, To
from gateway.oms.fills import alert
from gateway.oms.lingering import is_doubtful, quiet, still_in_doubt
from gateway.oms.market import Absence, Answers, Market, VenueView
from gateway.oms.order_states import OPEN, VENUE_STATE_OF, VenueEvent, VenueState
from gateway.oms.outcomes import (
    NEVER_SENT,
    NOT_RECEIVED,
    accepted,
    ended,
    not_received,
    rejection_reason,
    replaced,
    shows_replace,
)
from gateway.oms.reconcile import OVERLAP_NS, position_alerts, reconcile
from gateway.oms.reporting import report, request_refused
from gateway.oms.rounds import put_in, take_securities
from gateway.oms.rules import Rules
from gateway.oms.shown import fills_of
from gateway.oms.state import Order
from gateway.oms.wire import CANCEL, QUESTION, ROUND, ask_status, send_cancel
from gateway.risk.pacing import ROUND_QUESTIONS, Kind, Lane
from protocol.fields import (
    CxlRejReason,
    ExecType,
    MassStatusReqType,
    OrdRejReason,
    PosReqType,
    RejectSource,
    SecurityListRequestType,
    TradeRequestType,
)
from protocol.messages import (
    CollateralInquiry,
    ExecutionReport,
    Message,
    OrderMassStatusRequest,
    RequestForPositions,
    RequestForPositionsAck,
    SecurityList,
    SecurityListRequest,
    TradeCaptureReportRequest,
    TradeDate,
)
from protocol.timestamps import format_date, format_utc

READS_NEEDED = 3
ROUNDS_NEEDED = 2
ROUND_TIMEOUT_NS = 5_000_000_000
RETRY_NS = 500_000_000
ROUND_EVERY_NS = 60_000_000_000
PROBE_MIN_NS = 100_000_000
PROBES_AT_PACE = 20
"""After so many questions about one order a person is told (STILL_IN_DOUBT), and the pace is halved
with each, six times at most."""
PROBE_SLOWEST = 6


class Inquest:
    """Asks the venues and weighs what they answer."""

    def __init__(
        self, book: Book, market: Market, rules: Rules, in_use: Callable[[str], Decimal | None]
    ) -> None:
        """`in_use` tells what an account has blocked, as we count it."""
        self._in_use = in_use
        self.weigh: Callable[[str, Answers, int], Effects] = lambda *_: iter(())
        self.book = book
        self.market = market
        self.rules = rules

    def ask_round(self, venue: str, now_ns: int) -> Effects:
        """Ask a venue for everything, when there is room."""
        view = self.market.venue(venue)
        if view.may_send(Lane.QUERY, Kind.QUERY, ROUND, now_ns, ROUND_QUESTIONS):
            yield from self.put_questions(venue, now_ns)

    def put_questions(self, venue: str, now_ns: int) -> Effects:
        """Ask a venue for instruments, open orders, fills, positions, balances."""
        view = self.market.venue(venue)
        view.rounds += 1
        view.asked_ns = now_ns
        name = f"R{self.book.state.last_id[1]:X}.{view.rounds}"
        account = self.rules.venues[venue].account
        view.answers = Answers(name, now_ns, in_use=self._in_use(account))
        record = self.book.state.venues.get(venue)
        since_ns = (record.since_ns if record else now_ns) - OVERLAP_NS
        today, now = format_date(now_ns), format_utc(now_ns)
        for question in (
            SecurityListRequest(
                security_req_id=name,
                security_list_request_type=SecurityListRequestType.ALL_SECURITIES,
            ),
            OrderMassStatusRequest(
                mass_status_req_id=name, mass_status_req_type=MassStatusReqType.ALL, account=account
            ),
            TradeCaptureReportRequest(
                trade_request_id=name,
                trade_request_type=TradeRequestType.ALL_TRADES,
                account=account,
                dates=(
                    TradeDate(trade_date=format_date(since_ns), transact_time=format_utc(since_ns)),
                ),
            ),
            RequestForPositions(
                pos_req_id=name, pos_req_type=PosReqType.POSITIONS, account=account,
                clearing_business_date=today, transact_time=now,
            ),
            CollateralInquiry(coll_inquiry_id=name, account=account),
        ):  # fmt: skip
            yield To(venue, question)

    def ask(self, order: Order, now_ns: int) -> Effects:
        """Ask once what has become of an order, when there is room."""
        view = self.market.venue(order.venue)
        if view.may_send(Lane.QUERY, Kind.QUERY, QUESTION + order.order_id, now_ns):
            view.probed_ns[order.order_id] = now_ns
            yield ask_status(order, order.wire_id)

    def collect(self, venue: str, message: Message, now_ns: int) -> Effects:
        """Take one message of an answer; the last one brings the round to its end."""
        view = self.market.venue(venue)
        answers = view.answers
        self._heed(view, venue, message)
        if answers is None or not put_in(answers, view, message):
            return
        if isinstance(message, RequestForPositionsAck):
            answers.fills = fills_of(self.book, venue)
        if not answers.all_here:
            return
        view.answers = None
        if not answers.complete:
            return
        where = (venue, self.rules.venues[venue].account)
        none_since = answers.fills == fills_of(self.book, venue)
        yield from reconcile(self.book, self.market, where, answers, now_ns)
        if none_since:  # the positions hold what the round's own trades have told
            answers.fills = fills_of(self.book, venue)
        view.quiet = quiet(self.book, venue, view, answers)
        yield from self.weigh(venue, answers, now_ns)
        if none_since:  # else a fill came after the venue had counted
            yield from position_alerts(self.book, venue, answers, view.mismatches)
        for absence in view.absences.values():
            absence.rounds += answers.asked_ns > absence.first_ns
        if not view.ready and view.connected:
            view.ready = True
            yield Jot("VENUE_READY", {"venue": venue})

    def status(self, venue: str, message: ExecutionReport, order: Order, now_ns: int) -> Effects:
        """Weigh the answer to an H: what became of one id."""
        view = self.market.venue(venue)
        wire_id = message.cl_ord_id or ""
        is_replace = order.replace is not None and order.replace.wire_id == wire_id
        if message.ord_rej_reason is OrdRejReason.UNKNOWN_ORDER:
            yield from self._unknown(view, order, message, now_ns)
            return
        view.absences.pop(wire_id, None)
        if message.cum_qty > order.cum_qty:
            if view.answers is None:
                yield from self.ask_round(venue, now_ns)  # fills first, then what became of it
            return
        state = VENUE_STATE_OF.get(message.ord_status, VenueState.NEW)
        if (is_replace or shows_replace(order, message)) and state is not VenueState.REJECTED:
            yield from replaced(self.book, order, now_ns, message.order_qty)
        newer = order.replace.wire_id if order.replace is not None else ""
        if state not in OPEN and order.is_open and newer and newer != wire_id:
            if view.may_ask(now_ns):
                yield ask_status(order, newer)  # first what became of the newer version
            return
        yield from self._standing(order, message, now_ns)
        if not order.is_open and state not in OPEN:
            yield from self._clear(order, now_ns)
        elif wire_id == order.wire_id and order.replace is not None and order.replace.in_doubt:
            yield from self._unreplaced(view, order, message, now_ns)

    def _unreplaced(
        self, view: VenueView, order: Order, message: ExecutionReport, now_ns: int
    ) -> Effects:
        """The order stands as it was before a replace: a read that did not know of that."""
        newer = order.replace.wire_id if order.replace is not None else ""
        if newer and self._absent(view, order, message, newer, now_ns):
            view.absences.pop(newer, None)
            yield from self._end_absent(order, now_ns, is_replace=True)

    def _unknown(
        self, view: VenueView, order: Order, message: ExecutionReport, now_ns: int
    ) -> Effects:
        """The venue does not know an id: one read of a proof, or the whole of it."""
        wire_id = message.cl_ord_id or ""
        is_replace = order.replace is not None and order.replace.wire_id == wire_id
        if not order.is_open:
            yield from self._clear(order, now_ns)
        elif wire_id == order.wire_id or is_replace:
            if self._absent(view, order, message, wire_id, now_ns):
                view.absences.pop(wire_id, None)
                yield from self._end_absent(order, now_ns, is_replace=is_replace)
            elif message.complete and not order.in_doubt and not is_replace:
                yield To(
                    order.owner,
                    report(self.book, order, ExecType.ORDER_STATUS, now_ns, in_doubt=True),
                )

    def _standing(self, order: Order, message: ExecutionReport, now_ns: int) -> Effects:
        """The venue tells how the order stands: alive, or how it ended."""
        state = VENUE_STATE_OF.get(message.ord_status, VenueState.NEW)
        text = message.text
        if state is VenueState.CANCELED:
            yield from ended(
                self.book, order, now_ns, VenueEvent.CANCELED, ExecType.CANCELED, text=text
            )
        elif state is VenueState.EXPIRED:
            yield from ended(
                self.book, order, now_ns, VenueEvent.EXPIRED, ExecType.EXPIRED, text=text
            )
        elif state is VenueState.REJECTED:
            yield from ended(
                self.book, order, now_ns, VenueEvent.REJECTED, ExecType.REJECTED, text=text,
                ord_rej_reason=rejection_reason(message),
                reject_source=RejectSource.VENUE,
            )  # fmt: skip
        elif state is not VenueState.FILLED:
            venue_id = message.order_id if message.order_id != "NONE" else None
            yield from accepted(
                self.book, order, now_ns, secondary_order_id=venue_id or order.venue_order_id
            )
            if order.cancel and (order.cancel.in_doubt or not order.cancel.wire_id):
                yield from send_cancel(self.book, order, now_ns, self.market)

    def _clear(self, order: Order, now_ns: int) -> Effects:
        """The order has ended: requests that were never answered are too late."""
        for is_replace in (True, False):
            answer = request_refused(
                order, replace=is_replace, now_ns=now_ns,
                reason=CxlRejReason.TOO_LATE_TO_CANCEL, text="TOO_LATE",
            )  # fmt: skip
            if answer is not None:
                yield To(order.owner, answer)
        for is_replace, pending in ((True, order.replace), (False, order.cancel)):
            if pending is not None:
                yield Jot("CANCEL_REFUSED", {"order": order.order_id, "replace": is_replace})

    def _absent(
        self, view: VenueView, order: Order, message: ExecutionReport, wire_id: str, now_ns: int
    ) -> bool:
        """Count a read that did not know the id; say whether absence is proven now.

        A bridge that has lost its log says NEVER_SENT of an order that the venue has acknowledged;
        then it is a read like any other. An answer is counted once for each time we asked.
        """
        acknowledged = order.venue_state is not VenueState.PENDING_NEW and wire_id == order.wire_id
        if message.text == NEVER_SENT and not acknowledged:
            return True
        probed_ns = view.probed_ns.get(order.order_id, 0)
        if not message.complete or not probed_ns:
            return False
        absence = view.absences.get(wire_id)
        if absence is None:
            view.absences[wire_id] = Absence(now_ns, last_ns=probed_ns)
            return False
        if absence.last_ns == probed_ns:
            return False
        absence.last_ns = probed_ns
        absence.reads += 1
        spread_ns = now_ns - absence.first_ns
        return (
            absence.reads >= READS_NEEDED
            and spread_ns > view.absence_after_ms * 1_000_000
            and absence.rounds >= (ROUNDS_NEEDED if acknowledged else 1)
        )

    def _heed(self, view: VenueView, venue: str, message: Message) -> None:
        """Take what counts of an answer whether or not the rest comes.

        An order that a list of open orders has is there, whatever was read before. That an older
        version is listed says nothing against the absence of a replace.
        """
        if isinstance(message, SecurityList):
            take_securities(view, message)
            self.market.listed += 1
        elif isinstance(message, ExecutionReport) and message.cl_ord_id:
            view.absences.pop(message.cl_ord_id, None)
            order = self.book.order_on_wire(message.cl_ord_id, venue)
            if order is not None:
                view.absences.pop(order.wire_id, None)

    def _end_absent(self, order: Order, now_ns: int, *, is_replace: bool) -> Effects:
        if is_replace:
            answer = request_refused(
                order, replace=True, now_ns=now_ns, reason=CxlRejReason.OTHER, text=NOT_RECEIVED
            )
            if answer is not None:
                yield To(order.owner, answer)
        elif order.venue_state is VenueState.PENDING_NEW:
            yield from not_received(self.book, order, now_ns)
        elif order.is_open:
            yield alert("GONE_AT_VENUE", order=order.order_id, venue=order.venue)
            yield from ended(
                self.book, order, now_ns, VenueEvent.CANCELED, ExecType.CANCELED,
                text="GONE_AT_VENUE",
            )  # fmt: skip

    # Time.

    def tick(self, venue: str, now_ns: int) -> Effects:
        """Look after one venue: rounds that are due, requests without an answer, doubts."""
        view = self.market.venue(venue)
        if not view.linked:
            return
        if view.answers is not None and now_ns - view.answers.asked_ns > ROUND_TIMEOUT_NS:
            view.answers = None
        if view.answers is None:
            wait_ns = ROUND_EVERY_NS if view.ready and not view.absences else RETRY_NS
            if now_ns - view.asked_ns >= wait_ns:
                yield from self.ask_round(venue, now_ns)
        self._forget(view, venue)
        limit_ns = self.rules.venues[venue].answer_ms * 1_000_000
        waiting = self.book.waiting.get(venue, {})
        for known in (view.probed_ns, view.probes):
            if len(known) > len(waiting):
                for order_id in [key for key in known if key not in waiting]:
                    del known[order_id]
        for order_id in list(waiting):
            if view.waits(CANCEL + order_id):
                continue  # the venue has not been asked yet
            order = self.book.state.orders[order_id]
            yield from self._overdue(order, now_ns, limit_ns)
            yield from self._probe(view, order, now_ns)

    def _forget(self, view: VenueView, venue: str) -> None:
        """Forget what was counted about ids that are in doubt no more."""
        waiting = self.book.waiting.get(venue, {})
        for wire_id in list(view.absences):
            order = self.book.order_on_wire(wire_id, venue)
            if order is None or not is_doubtful(order):
                del view.absences[wire_id]
        view.quiet.intersection_update(waiting)
        for order_id in [key for key in view.probed_ns if key not in waiting]:
            del view.probed_ns[order_id]

    def _overdue(self, order: Order, now_ns: int, limit_ns: int) -> Effects:
        """A request that the venue has left unanswered for too long is in doubt."""
        waits = order.venue_state is VenueState.PENDING_NEW and not order.in_doubt
        if waits and now_ns - order.sent_ns > limit_ns:
            yield To(
                order.owner,
                report(self.book, order, ExecType.ORDER_STATUS, now_ns, in_doubt=True),
            )
        overdue = any(
            pending is not None and not pending.in_doubt and now_ns - pending.asked_ns > limit_ns
            for pending in (order.replace, order.cancel)
        )
        if overdue:
            yield Jot("IN_DOUBT", {"orders": [order.order_id]})

    def _probe(self, view: VenueView, order: Order, now_ns: int) -> Effects:
        """Ask about what is in doubt, again and again, at a pace that absence can be read from."""
        replace = order.replace
        if not is_doubtful(order) or not order.wire_ids:
            return
        pace_ns = max(view.absence_after_ms * 1_000_000 // 2, PROBE_MIN_NS)
        asked = view.probes.get(order.order_id, 0)
        pace_ns <<= min(max(asked - PROBES_AT_PACE, 0), PROBE_SLOWEST)
        if now_ns - view.probed_ns.get(order.order_id, 0) < pace_ns or not view.may_ask(now_ns):
            return
        view.probed_ns[order.order_id] = now_ns
        view.probes[order.order_id] = asked + 1
        if asked == PROBES_AT_PACE:
            yield still_in_doubt(order, asked)
        in_question = order.wire_id
        if replace is not None and replace.in_doubt and replace.wire_id and not order.in_doubt:
            in_question = replace.wire_id
        yield ask_status(order, in_question)
