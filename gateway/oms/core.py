"""The one place where it is decided what follows from what.

`Core` reads the book, the market, the rules and the time, and yields effects; it changes nothing
itself but the market (observation). The duty of the caller: journal and apply every effect before
asking for the next one, commit, and only then send.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.oms import control, queries
from gateway.oms.book import Book
from gateway.oms.consequences import with_consequences
from gateway.oms.doubt import Inquest
from gateway.oms.effects import Effects, Jot, To, in_parts
from gateway.oms.fills import alert
from gateway.oms.guard import Guard
from gateway.oms.halting import halt_status, tell_sessions, venue_status
from gateway.oms.intake import Desk as Intake
from gateway.oms.kill import KillSwitch
from gateway.oms.ledger import ledger_entry
from gateway.oms.life import Life
from gateway.oms.market import Market, VenueView
from gateway.oms.message_count import counted
from gateway.oms.order_states import VenueEvent
from gateway.oms.outcomes import EXPIRED, ended, not_received
from gateway.oms.protect import ProtectionDesk
from gateway.oms.reporting import report
from gateway.oms.review import expire_reviews
from gateway.oms.rules import Rules
from gateway.oms.state import Session
from gateway.oms.turnstile import Turnstile
from gateway.oms.venue_reports import VenueDesk
from gateway.risk.gate import gather
from protocol.fields import (
    OPERATOR,
    BusinessRejectReason,
    CancelOnDisconnectType,
    ExecType,
    TradSesStatus,
)
from protocol.messages import (
    BusinessMessageReject,
    CollateralInquiry,
    CollateralReport,
    ExecutionReport,
    MarketDataRequest,
    MarketDataSnapshotFullRefresh,
    Message,
    NewOrderSingle,
    OperatorCommand,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderFields,
    OrderMassStatusRequest,
    OrderStatusRequest,
    PositionMaintenanceReport,
    PositionMaintenanceRequest,
    RequestForPositions,
    SecurityListRequest,
    TradingSessionStatus,
)

CHECK_EVERY_NS = 100_000_000
"""How often deadlines of venues are looked at while anything waits."""

DISCONNECT, LOGOUT, TAKEOVER = "DISCONNECT", "LOGOUT", "TAKEOVER"


class Core:
    """Decides. One thread, no clock, no socket, no file."""

    def __init__(self, book: Book, rules: Rules) -> None:
        self.book = book
        self.rules = rules
        self.market = Market()
        self.facts = gather(book, self.market, rules)
        self.inquest = Inquest(book, self.market, rules, self.facts.account_in_use)
        self.guard = Guard(self.facts)
        self.intake = Intake(self.facts)
        self.protection = ProtectionDesk(self.facts, self.intake)
        self.inquest.weigh = self.protection.weigh
        self.turnstile = Turnstile(self.facts, self.inquest)
        self.switch = KillSwitch(book, self.market, rules, self.intake)
        self.venue_desk = VenueDesk(book, self.market, rules)
        self.queries = queries.Desk(book, self.market, rules)
        self.life = Life(self.facts, self.intake)
        self.control = control.Desk(self.facts, self.intake, self.switch)
        self.control.forgive = self.guard.profit.forgive
        self._next_check_ns = 0
        self._from_strategy: dict[type[Message], Callable[[str, Any, int], Effects]] = {
            **counted(self.facts, self.intake, self.protection),
            OrderStatusRequest: self.queries.order_status,
            OrderMassStatusRequest: self.queries.mass_status,
            RequestForPositions: self.queries.positions,
            CollateralInquiry: self.queries.balances,
            SecurityListRequest: self.queries.securities,
            MarketDataRequest: self.queries.book_snapshot,
        }

    def digest(self) -> str:
        """Return the digest of the state, hex."""
        return self.book.digest()

    @property
    def shutdown_asked(self) -> bool:
        """Whether a person has asked the gateway to stop."""
        return self.control.shutdown_asked

    # Life of the process.

    def start(
        self, epoch: int, version: str, now_ns: int, *, released_lost: bool = False, **found: Any
    ) -> Effects:
        """Note the start: nobody is connected, unanswered requests are in doubt, owners are told.

        `released_lost` is true when the journal was cut and what was cut may have been sent;
        `found` is what recovery wants to be remembered (bytes dropped, digests checked).
        """
        yield from self.life.start(
            epoch, version, now_ns, released_lost=released_lost, found=found
        )
        yield from self.protection.start(now_ns)

    def wind_down(self, now_ns: int) -> Effects:
        """Begin an orderly stop: cancel what rests, if the config wants that."""
        return self._all(self.life.wind_down(now_ns), now_ns)

    @property
    def is_wound_down(self) -> bool:
        """Whether an orderly stop has nothing left to wait for."""
        return self.life.is_wound_down

    def stop(self, now_ns: int) -> Effects:
        """Note the orderly stop."""
        yield Jot("STOP", {"now_ns": now_ns})

    # The brakes, from the shell.

    def kill(self, scope: str, who: str, reason: str, now_ns: int) -> Effects:
        """Kill a scope: `who` is STOP_FILE or SIGNAL. A scope that nobody can mean is all."""
        return self._all(self.control.kill(scope, who, reason, now_ns), now_ns)

    def held_by_file(self, scope: str | None) -> None:
        """Hear what a STOP file holds now, None when there is none: nobody resumes in it."""
        self.control.held = [] if scope is None else self.control.meant(scope)

    def loop_lag(self, lag_ms: int, now_ns: int) -> Effects:
        """Hear how late the loop came to what it had to do."""
        self.guard.watch.loop_lag(lag_ms, now_ns)
        return self.guard.trips(now_ns)

    def clock_step(self, step_ms: int, now_ns: int) -> Effects:
        """Hear that the machine's clock was moved."""
        self.guard.watch.clock_step(step_ms, now_ns)
        return self.guard.trips(now_ns)

    def _all(self, effects: Effects, now_ns: int) -> Effects:
        return with_consequences(effects, self.book, self.intake, self.guard, now_ns)

    # Conversations.

    def session_up(self, session: str, now_ns: int) -> Effects:
        """A Logon was answered: a venue is asked for everything, a strategy is told what is up."""
        if session in self.rules.venues:
            view = self.market.venue(session)
            view.linked, view.connected, view.ready = True, True, False
            view.why_down = "it is being reconciled"
            view.probed_ns.clear()
            view.probes.clear()
            view.absences.clear()
            yield from self.inquest.ask_round(session, now_ns)
        elif session in self.rules.strategies:
            for venue in self.rules.venues:
                yield To(session, venue_status(venue, self.market.venue(venue)))
            for scope, halts in self.book.state.halts.items():
                for halt in halts.values():
                    yield To(session, halt_status(scope, halt.state, halt.who, halt.reason))

    def session_down(self, session: str, how: str, now_ns: int) -> Effects:
        """A conversation ended. `how` is DISCONNECT, LOGOUT or TAKEOVER."""
        return self._all(self._session_down(session, how, now_ns), now_ns)

    def _session_down(self, session: str, how: str, now_ns: int) -> Effects:
        known = self.book.state.sessions.get(session) or Session()
        deadline_ns = 0
        chosen = CancelOnDisconnectType(known.cod_type)
        kinds = {
            DISCONNECT: {CancelOnDisconnectType.DISCONNECT, CancelOnDisconnectType.BOTH},
            LOGOUT: {CancelOnDisconnectType.LOGOUT, CancelOnDisconnectType.BOTH},
        }
        if chosen in kinds.get(how, ()):
            deadline_ns = now_ns + known.cod_grace_ms * 1_000_000
        yield Jot("LINK_LOST", {"how": how, "cod_deadline_ns": deadline_ns}, session)
        if session in self.rules.venues:
            view = self.market.venue(session)
            view.linked = False
            yield from self._venue_down(session, view, "its bridge is not linked", now_ns)
        elif how != TAKEOVER:
            yield from self.turnstile.owner_gone(session, now_ns)

    def send_refused(self, session: str, message: Message, now_ns: int) -> Effects:
        """Take back what was journaled for a venue and never left this process.

        The next session with the venue starts from 1, so it will not leave later either: an order
        that was never handed over is proven absent.
        """
        yield Jot("SEND_REFUSED", {"msg_type": message.msg_type}, session)
        if isinstance(message, NewOrderSingle):
            order = self.book.state.orders.get(message.cl_ord_id)  # a D has the OrderID itself
            if order is not None:
                yield from self._all(not_received(self.book, order, now_ns), now_ns)
        elif isinstance(message, (OrderCancelRequest, OrderCancelReplaceRequest)):
            order = self.book.order_on_wire(message.orig_cl_ord_id, session)
            if order is not None:
                yield Jot("IN_DOUBT", {"orders": [order.order_id]})
        elif isinstance(message, PositionMaintenanceRequest):
            yield from self.protection.never_left(message.pos_req_id, now_ns)

    def _venue_down(self, venue: str, view: VenueView, why: str, now_ns: int) -> Effects:
        """Doubt whatever the venue has not answered, and tell the strategies."""
        view.connected = view.ready = False
        view.answers = None
        view.why_down = why
        yield from self.turnstile.venue_down(venue, why, now_ns)
        yield from self._doubt_all(venue, now_ns)
        yield from tell_sessions(self.book, self.rules, venue_status(venue, view))
        self.guard.watch.venue_down(venue, now_ns)
        yield from self.guard.trips(now_ns)

    def peer_rejected(self, session: str, now_ns: int) -> Effects:
        """Hear that a bridge refused a frame of ours (35=3): find out what it has, and what not."""
        if session in self.rules.venues:
            yield alert("REJECTED_BY_BRIDGE", venue=session)
            yield from self._all(self._doubt_all(session, now_ns), now_ns)

    def _doubt_all(self, venue: str, now_ns: int) -> Effects:
        """Put in doubt whatever a venue has not answered."""
        waiting = list(self.book.waiting.get(venue, ()))
        unsure = [key for key in waiting if not self.book.state.orders[key].in_doubt]
        if waiting:
            yield from in_parts("IN_DOUBT", {"orders": waiting}, "orders")
        for key in unsure:
            order = self.book.state.orders[key]
            if order.in_doubt:
                yield To(
                    order.owner,
                    report(self.book, order, ExecType.ORDER_STATUS, now_ns, in_doubt=True),
                )
        yield from self.protection.doubt_all(venue, now_ns)

    def receive(self, session: str, message: Message, now_ns: int) -> Effects:
        """Decide what follows from one application message, in sequence, of a session."""
        if session in self.rules.venues:
            effects = self._from_venue(session, message, now_ns)
        elif session.startswith(f"{OPERATOR}/"):
            effects = self._from_operator(session, message, now_ns)
        else:
            handler = self._from_strategy.get(type(message))
            if isinstance(message, OrderFields):
                venue = message.ex_destination or self.rules.route(message.symbol)
                lags = self.facts.feeds.hops.order(session, venue, message, now_ns)
                self.guard.watch.order_arrived(
                    session, venue, message, now_ns, lags.quote_age_ns
                )
            effects = (
                handler(session, message, now_ns) if handler else _unsupported(session, message)
            )
        return self._all(effects, now_ns)

    def _from_operator(self, session: str, message: Message, now_ns: int) -> Effects:
        if isinstance(message, OperatorCommand):
            yield from self.control.command(session, message, now_ns)
        else:
            yield from _unsupported(session, message)

    def _from_venue(self, venue: str, message: Message, now_ns: int) -> Effects:
        match message:
            case MarketDataSnapshotFullRefresh():
                yield from self.guard.quote(venue, message, now_ns)
            case ExecutionReport():
                yield from self._venue_report(venue, message, now_ns)
            case OrderCancelReject():
                yield from self.venue_desk.cancel_rejected(venue, message, now_ns)
            case PositionMaintenanceReport():
                yield from self.protection.answered(venue, message, now_ns)
            case TradingSessionStatus():
                yield from self._venue_status(venue, message, now_ns)
            case CollateralReport(ledger_kind=str()):
                yield from ledger_entry(self.book, self.rules, venue, message)
            case _:
                was_ready = self.market.venue(venue).ready
                yield from self.inquest.collect(venue, message, now_ns)
                yield from self._tell_ready(venue, now_ns, was_ready=was_ready)

    def _venue_report(self, venue: str, message: ExecutionReport, now_ns: int) -> Effects:
        if message.mass_status_req_id is not None:
            was_ready = self.market.venue(venue).ready
            yield from self.inquest.collect(venue, message, now_ns)
            yield from self._tell_ready(venue, now_ns, was_ready=was_ready)
        elif message.exec_type is ExecType.ORDER_STATUS:
            order = self.venue_desk.find(venue, message)
            if order is not None and order.venue == venue:
                yield from self.inquest.status(venue, message, order, now_ns)
        else:
            yield from self.venue_desk.report(venue, message, now_ns)

    def _tell_ready(self, venue: str, now_ns: int, *, was_ready: bool) -> Effects:
        view = self.market.venue(venue)
        if view.ready and not was_ready:
            self.guard.watch.venue_up(venue, now_ns)
            yield from tell_sessions(self.book, self.rules, venue_status(venue, view))

    def _venue_status(self, venue: str, message: TradingSessionStatus, now_ns: int) -> Effects:
        """The venue's own link went up or down, or it warns that it is asked too often (h)."""
        view = self.market.venue(venue)
        if message.back_off_ms is not None:
            yield from self.turnstile.warned(venue, message, now_ns)
        elif message.trad_ses_status is TradSesStatus.OPEN:
            was_connected, view.connected = view.connected, True
            if not was_connected or (not view.ready and view.answers is None):
                view.why_down = "it is being reconciled"
                yield from self.inquest.ask_round(venue, now_ns)
        elif view.connected:
            why = message.text or "its own link is down"
            yield from self._venue_down(venue, view, why, now_ns)

    # Time.

    def next_deadline_ns(self) -> int | None:
        """Return when `tick` has something to do, at the earliest; None when nothing waits."""
        deadlines = list(self.book.deadlines.values())
        if self.book.expiries:
            deadlines.append(self.book.expiries[0][0])
        room_ns = self.turnstile.next_deadline_ns()
        if room_ns is not None:
            deadlines.append(room_ns)
        waits = self.book.in_review or self.book.state.halts or self.book.state.overrides
        if waits or any(view.linked for view in self.market.venues.values()):
            deadlines.append(self._next_check_ns)
        return min(deadlines, default=None)

    def tick(self, now_ns: int) -> Effects:
        """Do what is due: cancel on disconnect, expiry, doubts, rounds, archiving."""
        return self._all(self._due(now_ns), now_ns)

    def _due(self, now_ns: int) -> Effects:
        for session, deadline_ns in list(self.book.deadlines.items()):
            if now_ns >= deadline_ns:
                yield Jot("COD_DONE", {}, session)
                for order in self.book.open_orders(owner=session):
                    yield from self.intake.withdraw(order, now_ns, text="CANCEL_ON_DISCONNECT")
        yield from self._expire(now_ns)
        yield from self.turnstile.tick(now_ns)
        if now_ns < self._next_check_ns:
            return
        self._next_check_ns = now_ns + CHECK_EVERY_NS
        yield from self.guard.tick(now_ns)
        yield from expire_reviews(self.book, now_ns)
        yield from self.switch.tick(now_ns)
        for venue in self.rules.venues:
            yield from self.protection.tick(venue, now_ns)
            yield from self.inquest.tick(venue, now_ns)
        yield from self._archive(now_ns)

    def _expire(self, now_ns: int) -> Effects:
        """Good-till dates and day ends that have come: ours to cancel, or the venue's to tell."""
        while (expired := self.book.pop_expired(now_ns)) is not None:
            rules = self.rules.venues.get(expired.venue)
            if rules is not None and rules.emulate_expiry:
                yield from self.intake.withdraw(expired, now_ns, text=EXPIRED)
            elif expired.is_held:
                yield from ended(
                    self.book, expired, now_ns, VenueEvent.EXPIRED, ExecType.EXPIRED, text=EXPIRED
                )
            elif self.market.venue(expired.venue).linked and expired.wire_id:
                yield from self.inquest.ask(expired, now_ns)

    def _archive(self, now_ns: int) -> Effects:
        """Let orders go that ended long ago; the shell has put their ids in the index first."""
        before_ns = now_ns - self.rules.keep_ended_ms * 1_000_000
        oldest = [self.book.oldest_ended_ns(), self.book.oldest_loose_ns()]
        if any(0 < moment < before_ns for moment in oldest):
            yield Jot("ARCHIVE", {"before_ns": before_ns})


def _unsupported(session: str, message: Message) -> Effects:
    """Understood, but not to be asked by this peer: j with 380=3."""
    yield To(
        session,
        BusinessMessageReject(
            ref_seq_num=message.msg_seq_num,
            ref_msg_type=message.msg_type,
            business_reject_reason=BusinessRejectReason.UNSUPPORTED_MESSAGE_TYPE,
            text=f"NOT_FOR_YOU: {type(message).__name__} is not taken from {session}",
        ),
    )
