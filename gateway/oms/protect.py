"""Stop-loss and take-profit of open positions: asked for (AL), sent once, ended by evidence (AM).

Levels are absolute, so the venue's positions show what became of a request. One without an answer
is in doubt and never sent again: a complete round of answers that was asked for after it shows the
levels (done), or still shows others when the venue's `absence_after_ms` is over (not done). When
its position is closed before, nothing shows anything of it any more: then it ends as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from gateway.oms import shown
from gateway.oms.book import Book
from gateway.oms.effects import Effects, To
from gateway.oms.fills import alert
from gateway.oms.holdings import holding
from gateway.oms.intake import Desk as Intake
from gateway.oms.levels import level_key
from gateway.oms.market import Answers, Levels
from gateway.oms.state import PositionKey, Protection
from gateway.risk.checks.levels import Asked, Holder, levels_refused
from gateway.risk.facts import Facts, Intent, Refusal
from gateway.risk.pacing import MS_NS, Kind
from protocol.fields import OrdType, PosMaintStatus, RejectSource, Side
from protocol.messages import (
    NewOrderSingle,
    PositionMaintenanceReport,
    PositionMaintenanceRequest,
    PositionReport,
)
from protocol.numbers import ZERO
from protocol.timestamps import format_date, format_utc

ALL_ACCOUNTS = "ALL"
NOT_DONE = "NOT_DONE: the position has other levels, and this request will not change them any more"
NEVER_LEFT = "NOT_SENT: the request has not left the gateway, and never will"
CLOSED = "POSITION_CLOSED: the position that the request was for is there no more"
AGAIN_NS = 500_000_000
"""While something is in doubt its venue is asked for everything so often."""


class ProtectionDesk:
    """Takes AL from strategies and AM from bridges."""

    def __init__(self, facts: Facts, intake: Intake) -> None:
        self.facts = facts
        self.book = facts.book
        self.market = facts.market
        self.rules = facts.rules
        self.intake = intake

    def request(self, owner: str, message: PositionMaintenanceRequest, now_ns: int) -> Effects:
        """PositionMaintenanceRequest (AL): accepted and sent on, or refused with a reason."""
        venue = message.security_exchange or self.rules.route(message.symbol)
        yield from self._closed(venue, now_ns)
        if self.book.id_used(owner, message.pos_req_id):
            yield To(owner, self._repeated(owner, venue, message, now_ns))
            return
        refused = self._judged(owner, venue, message, now_ns)
        if refused:
            yield To(owner, _refusal(self.book, venue, message, refused.text, now_ns))
            return
        asked = Protection(
            owner=owner, account=self.rules.venues[venue].account, venue=venue,
            symbol=message.symbol, position_id=message.position_id, pos_req_id=message.pos_req_id,
            stop_loss_px=message.stop_loss_px, take_profit_px=message.take_profit_px,
        )  # fmt: skip
        yield To(owner, report(self.book, asked, now_ns))
        key = level_key(venue, message.symbol, message.position_id)
        told = self.book.state.protections.get(key)
        if told is None or told.pos_req_id != message.pos_req_id:
            return  # what could not be said to its owner did not happen
        pacer = self.market.venue(venue).pacer
        if pacer is not None:
            pacer.spend(Kind.REPLACE, now_ns)
        yield To(
            venue,
            PositionMaintenanceRequest(
                pos_req_id=self.book.next_id().text(), clearing_business_date=format_date(now_ns),
                account=asked.account, symbol=asked.symbol, transact_time=format_utc(now_ns),
                stop_loss_px=asked.stop_loss_px, take_profit_px=asked.take_profit_px,
                position_id=asked.position_id, on_behalf_of_comp_id=owner,
            ),
        )  # fmt: skip

    def _judged(
        self, owner: str, venue: str, message: PositionMaintenanceRequest, now_ns: int
    ) -> Refusal | None:
        """Run the checks: as if the position were opened now, with these levels."""
        qty, avg_px = self._held(owner, venue, message.symbol, message.position_id)
        intent, refused = self.intake.intent(owner, _opening(venue, message, qty), now_ns)
        if refused is None and self.intake.stopping:
            refused = self.intake.STOPS
        if refused is not None:
            return refused
        self.facts.exposure.refresh(now_ns)
        key = level_key(venue, message.symbol, message.position_id)
        found = self.book.state.protections.get(key)
        pending = found is not None and found.is_pending
        place = (self.rules.venues[venue].account, venue, message.symbol)
        stands = shown.standing(self.book, self.market.venue(venue), place, message.position_id)
        first = Holder(intent, qty, avg_px)
        others = self._others(owner, venue, message, now_ns) if qty else ()
        return levels_refused(self.facts, Asked(message, (first, *others), stands, pending))

    def _others(
        self, owner: str, venue: str, message: PositionMaintenanceRequest, now_ns: int
    ) -> Iterator[Holder]:
        """Yield who else holds a part of the position."""
        account = self.rules.venues[venue].account
        for other in self.rules.strategies:
            qty, avg_px = self._held(other, venue, message.symbol, message.position_id)
            if qty and other != owner:
                order = _opening(venue, message, qty)
                yield Holder(Intent(other, account, venue, order, now_ns), qty, avg_px)

    def _moved(
        self, venue: str, symbol: str, position_id: str | None, now_ns: int, *, by: str = ""
    ) -> Effects:
        """Tell who holds a part of a position that its levels were moved: all but who did it."""
        holds = (self.rules.venues[venue].account, venue, symbol), position_id
        for other in self.rules.strategies:
            if other != by and self._held(other, venue, symbol, position_id)[0]:
                name = f"P{self.book.state.seq}"
                yield To(
                    other,
                    holding(
                        self.book, self.market, other, holds, now_ns, pos_maint_rpt_id=name
                    ),
                )  # fmt: skip

    def _done(self, found: Protection, now_ns: int) -> Effects:
        """Tell the others of levels that one of them has moved."""
        return self._moved(
            found.venue, found.symbol, found.position_id, now_ns, by=found.owner
        )

    def _held(
        self, owner: str, venue: str, symbol: str, position_id: str | None
    ) -> tuple[Decimal, Decimal]:
        """Return what the owner holds there, signed, and at which price; 0 when it holds nothing.

        With 5004 it is the whole position, of which a part has to be the owner's.
        """
        rules = self.rules.venues.get(venue)
        held = None
        if position_id is not None:
            ticket = self.book.state.tickets.get(venue, {}).get(position_id)
            if ticket is not None and owner in ticket.owners and ticket.symbol == symbol:
                held = ticket.held
        elif rules is not None:
            held = self.book.position(PositionKey(owner, rules.account, venue, symbol))
            whole = self.book.account_qty(rules.account, venue, symbol)
            if held is not None and held.qty * whole <= ZERO:
                held = None  # the account's one position is none, or on the other side
        return (held.qty, held.avg_px) if held is not None else (ZERO, ZERO)

    def _repeated(
        self, owner: str, venue: str, message: PositionMaintenanceRequest, now_ns: int
    ) -> PositionMaintenanceReport:
        """Answer an id that was used before: the same request gets the same answer, once more."""
        key = level_key(venue, message.symbol, message.position_id)
        found = self.book.state.protections.get(key)
        if found is not None and (
            (owner, message.pos_req_id, message.stop_loss_px, message.take_profit_px)
            == (found.owner, found.pos_req_id, found.stop_loss_px, found.take_profit_px)
        ):
            return report(self.book, found, now_ns)
        text = "DUPLICATE_CL_ORD_ID: PosReqID(710) was used before, and nothing is done again"
        return _refusal(self.book, venue, message, text, now_ns)

    def answered(self, venue: str, message: PositionMaintenanceReport, now_ns: int) -> Effects:
        """PositionMaintenanceReport (AM) from a bridge."""
        key = level_key(venue, message.symbol, message.position_id)
        found = self.book.state.protections.get(key)
        if found is None or found.wire_id != message.pos_req_id:
            yield alert("LATE_LEVELS", venue=venue, id=message.pos_req_id)
        elif not found.is_pending:
            if message.pos_maint_status not in {found.status, PosMaintStatus.ACCEPTED}:
                yield alert("LATE_LEVELS", venue=venue, id=message.pos_req_id)
        elif message.pos_maint_status is PosMaintStatus.REJECTED:
            yield self._ended(found, now_ns, text=message.text or "REFUSED")
        elif message.pos_maint_status is PosMaintStatus.COMPLETED:
            stands = (message.stop_loss_px, message.take_profit_px)
            place = (found.account, venue, found.symbol)
            view = self.market.venue(venue)
            if not found.closed:
                shown.told(self.book, view, place, found.position_id, stands, now_ns)
            yield self._ended(found, now_ns, stands=stands, text=message.text)
            yield from self._done(found, now_ns)
        elif message.in_doubt and not found.in_doubt:
            yield self._doubted(found, now_ns)

    def never_left(self, wire_id: str, now_ns: int) -> Effects:
        """What was journaled for a venue has not left, and will not."""
        for found in self._pending():
            if found.wire_id == wire_id:
                yield self._ended(found, now_ns, text=NEVER_LEFT)

    def doubt_all(self, venue: str, now_ns: int) -> Effects:
        """Put in doubt whatever a venue has not answered."""
        for found in self._pending(venue):
            if not found.in_doubt:
                yield self._doubted(found, now_ns)

    def start(self, now_ns: int) -> Effects:
        """Tell owners what is in doubt since the start."""
        for found in self._pending():
            yield self._doubted(found, now_ns)

    def tick(self, venue: str, now_ns: int) -> Effects:
        """Doubt what is overdue, and ask for evidence while anything is in doubt."""
        view = self.market.venue(venue)
        yield from self._closed(venue, now_ns)
        for found in self._pending(venue):
            if found.in_doubt:
                if view.answers is None and now_ns - view.asked_ns >= AGAIN_NS:
                    view.want_round()
            elif now_ns - found.sent_ns > self.rules.venues[venue].answer_ms * MS_NS:
                yield self._doubted(found, now_ns)

    def weigh(self, venue: str, answers: Answers, now_ns: int) -> Effects:
        """Look for what is in doubt in a complete round of answers that was asked for after it.

        What the round shows of any position is what strategies are told of its levels. Who holds
        one hears of levels that nobody here has moved, or that a request has after it was given up.
        """
        view = self.market.venue(venue)
        moved = shown.seen(view, venue, answers)
        yield from self._closed(venue, now_ns)
        until_ns = view.absence_after_ms * MS_NS
        for found in self._pending(venue):
            if not found.in_doubt or answers.asked_ns <= found.sent_ns:
                continue
            held = next((one for one in answers.positions if _is_of(one, found)), None)
            if held is not None and _as_asked(held, found):
                stands = (held.stop_loss_px or ZERO, held.take_profit_px or ZERO)
                yield self._ended(found, now_ns, stands=stands)
                yield from self._done(found, now_ns)
                moved.pop(level_key(venue, found.symbol, found.position_id), None)
            elif answers.asked_ns - found.sent_ns > until_ns:
                yield self._ended(found, now_ns, text=NOT_DONE if held else CLOSED)
        for held in moved.values():
            yield from self._moved(venue, held.symbol or "", held.position_id, now_ns)

    def _pending(self, venue: str = "") -> Iterator[Protection]:
        for found in list(self.book.state.protections.values()):
            if found.is_pending and venue in {"", found.venue}:
                yield found

    def _closed(self, venue: str, now_ns: int) -> Effects:
        """End what is in doubt and was for a position that is closed: no level tells of it."""
        for found in self._pending(venue):
            if found.in_doubt and found.closed:
                yield self._ended(found, now_ns, text=CLOSED)

    def _doubted(self, found: Protection, now_ns: int) -> To:
        return To(found.owner, report(self.book, found, now_ns, in_doubt=True))

    def _ended(
        self, found: Protection, now_ns: int, *,
        stands: Levels | None = None, text: str | None = None,
    ) -> To:  # fmt: skip
        """Tell what became of a request: the levels that stand now, or why they do not."""
        status = PosMaintStatus.REJECTED if stands is None else PosMaintStatus.COMPLETED
        levels = stands or (None, None)
        return To(
            found.owner,
            report(
                self.book, found, now_ns, pos_maint_status=status, in_doubt=None, text=text,
                stop_loss_px=levels[0], take_profit_px=levels[1],
                reject_source=RejectSource.VENUE if stands is None else None,
            ),
        )  # fmt: skip


def _opening(venue: str, message: PositionMaintenanceRequest, qty: Decimal) -> NewOrderSingle:
    """Write the order that would open the position now, with the levels that are asked for."""
    return NewOrderSingle(
        cl_ord_id=message.pos_req_id, symbol=message.symbol,
        side=Side.BUY if qty >= ZERO else Side.SELL, transact_time=message.transact_time,
        order_qty=abs(qty), ord_type=OrdType.MARKET, ex_destination=venue,
        account=None if message.account == ALL_ACCOUNTS else message.account,
        stop_loss_px=message.stop_loss_px or None,
        take_profit_px=message.take_profit_px or None,
    )  # fmt: skip


def report(
    book: Book, found: Protection, now_ns: int, **changes: Any
) -> PositionMaintenanceReport:
    """Tell a request as it stands, apart from what changes now."""
    asked = (found.stop_loss_px, found.take_profit_px)
    levels = asked if found.is_pending else found.stands
    refused = found.status is PosMaintStatus.REJECTED
    fields: dict[str, Any] = {
        "pos_req_id": found.pos_req_id, "account": found.account, "symbol": found.symbol,
        "security_exchange": found.venue, "position_id": found.position_id,
        "pos_maint_status": found.status, "text": found.text, "stop_loss_px": levels[0],
        "take_profit_px": levels[1], "in_doubt": True if found.in_doubt else None,
        "reject_source": RejectSource.VENUE if refused else None,
    }  # fmt: skip
    return _written(book, now_ns, **(fields | changes))


def _refusal(
    book: Book, venue: str, message: PositionMaintenanceRequest, text: str, now_ns: int
) -> PositionMaintenanceReport:
    return _written(
        book, now_ns, pos_req_id=message.pos_req_id, account=message.account,
        symbol=message.symbol, security_exchange=venue or None, position_id=message.position_id,
        pos_maint_status=PosMaintStatus.REJECTED, text=text, reject_source=RejectSource.GATEWAY,
    )  # fmt: skip


def _written(book: Book, now_ns: int, **fields: Any) -> PositionMaintenanceReport:
    return PositionMaintenanceReport(
        pos_maint_rpt_id=f"M{book.state.seq}", orig_pos_req_ref_id=fields["pos_req_id"],
        clearing_business_date=format_date(now_ns), transact_time=format_utc(now_ns), **fields,
    )  # fmt: skip


def _is_of(held: PositionReport, found: Protection) -> bool:
    return (held.symbol, held.position_id) == (found.symbol, found.position_id)


def _as_asked(held: PositionReport, found: Protection) -> bool:
    pairs = (
        (found.stop_loss_px, held.stop_loss_px), (found.take_profit_px, held.take_profit_px),
    )  # fmt: skip
    return all(asked is None or asked == (stands or ZERO) for asked, stands in pairs)
