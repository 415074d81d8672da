"""What a strategy asks for: new orders, cancels, replaces, mass cancels.

Every request is answered, whatever is wrong with it; a ClOrdID is one space over D, F, G and q of a
CompID for the life of the journal, so nothing asked twice is done twice.
"""

from __future__ import annotations

from gateway.oms.effects import Effects, To
from gateway.oms.halting import trip
from gateway.oms.order_states import ASKED_TABLE, Asked, AskedEvent
from gateway.oms.orders import status_of
from gateway.oms.reporting import cancel_reject, refusal, report
from gateway.oms.review import as_asked, drop_held, hold_for_review, review_needed
from gateway.oms.rules import CANCEL_RESTING
from gateway.oms.session_days import next_day_end
from gateway.oms.state import Order
from gateway.oms.wire import HELD, send_cancel, send_new, send_replace
from gateway.risk.checks import first_refusal
from gateway.risk.checks.self_trade import would_meet
from gateway.risk.facts import Facts, Intent, Refusal, refuse
from gateway.risk.trading_state import UnknownScope, covers, parse_scope
from protocol.fields import (
    CxlRejReason,
    ExecInst,
    ExecRestatementReason,
    ExecType,
    MassCancelRequestType,
    MassCancelResponse,
    OrdRejReason,
    OrdStatus,
    PositionEffect,
    RejectSource,
    TimeInForce,
    TradingState,
)
from protocol.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderFields,
    OrderMassCancelReport,
    OrderMassCancelRequest,
)
from protocol.numbers import ZERO
from protocol.timestamps import format_utc, parse_utc


class Desk:
    """Takes what strategies ask for. Reads book, market and rules; changes nothing."""

    STOPS = refuse("GATEWAY_STOPS", OrdRejReason.BROKER)

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.book = facts.book
        self.market = facts.market
        self.rules = facts.rules
        self.stopping = False  # an orderly stop has begun: nothing new

    def new_order(self, owner: str, message: NewOrderSingle, now_ns: int) -> Effects:
        """NewOrderSingle (D): accepted and sent on, or refused with a reason."""
        if self.book.id_used(owner, message.cl_ord_id):
            yield To(owner, self._duplicate(owner, message, now_ns))
            return
        intent, refused = self.intent(owner, message, now_ns)
        refused = refused or self._judged(intent)
        if refused:
            yield To(
                owner,
                refusal(
                    self.book, message, now_ns, reason=refused.reason, text=refused.text,
                    venue=intent.venue, account=intent.account,
                ),
            )  # fmt: skip
            yield from self._halted_by(refused, now_ns)
            return
        review = review_needed(self.facts, intent)
        accepted = self._accepted(intent, review)
        yield To(owner, accepted)
        order = self.book.state.orders.get(accepted.order_id)
        if order is None:
            return  # what could not be said to its owner did not happen
        self.facts.activity.accepted(intent)
        if review:
            yield from hold_for_review(self.facts, intent, order, review)
        else:
            yield from self.send(order, now_ns)

    def send(self, order: Order, now_ns: int) -> Effects:
        """Hand an accepted order to its venue; what it would meet of ours goes first."""
        if self.rules.venues[order.venue].self_trade == CANCEL_RESTING:
            yield from self._clear_the_way(order, now_ns)
        yield from send_new(self.book, order, now_ns, self.market)

    def _judged(self, intent: Intent) -> Refusal | None:
        """Run the checks on what is known this moment."""
        if self.stopping:
            return self.STOPS
        self.facts.exposure.refresh(intent.now_ns)
        return first_refusal(self.facts, intent)

    def _halted_by(self, refused: Refusal, now_ns: int) -> Effects:
        """Some refusals are the end of a strategy's day: its scope is halted in the same turn."""
        if refused.halts:
            yield from trip(
                self.book, self.rules, refused.halts, TradingState.HALTED, now_ns,
                cause=refused.code, detail=refused.detail,
            )  # fmt: skip

    def _clear_the_way(self, order: Order, now_ns: int) -> Effects:
        """Cancel our own resting orders that this one would meet, where the account wants that.

        The cancels are said before the order, on one link: a venue that keeps the order of what it
        hears has no self-trade.
        """
        message = as_asked(order, now_ns)
        intent = Intent(order.owner, order.account, order.venue, message, now_ns, order)
        for resting in list(would_meet(self.facts, intent)):
            yield from self.withdraw(resting, now_ns, text="SELF_TRADE")

    def refusal_of(self, intent: Intent) -> str:
        """Say why an order that was held may not go now, empty when it may."""
        if self.stopping:
            return self.STOPS.text
        self.facts.exposure.refresh(intent.now_ns)
        refused = first_refusal(self.facts, intent)
        return refused.text if refused else ""

    def cancel(self, owner: str, message: OrderCancelRequest, now_ns: int) -> Effects:
        """OrderCancelRequest (F). Passes in every trading state."""
        order, refused = self._target(owner, message, AskedEvent.ASK_CANCEL)
        if refused or order is None:
            reason, text = refused or (CxlRejReason.UNKNOWN_ORDER, "UNKNOWN_ORDER")
            yield To(owner, cancel_reject(message, order, now_ns, reason=reason, text=text))
            return
        yield To(
            owner,
            report(
                self.book, order, ExecType.PENDING_CANCEL, now_ns, cancel=True,
                cl_ord_id=message.cl_ord_id, orig_cl_ord_id=order.cl_ord_id,
                in_doubt=True if order.in_doubt else None,
            ),
        )  # fmt: skip
        yield from self._hand_cancel(order, now_ns)

    def _hand_cancel(self, order: Order, now_ns: int) -> Effects:
        """Hand a cancel on; an order that is held here ends at once."""
        if order.is_held:
            self.market.venue(order.venue).give_up(HELD + order.order_id)
            yield from drop_held(self.book, order, now_ns)
        else:
            yield from send_cancel(self.book, order, now_ns, self.market)

    def replace(self, owner: str, message: OrderCancelReplaceRequest, now_ns: int) -> Effects:
        """OrderCancelReplaceRequest (G): quantity, prices and expiry may change, nothing else."""
        order, refused = self._target(owner, message, AskedEvent.ASK_REPLACE)
        if order is not None and refused is None:
            refused = self._unreplaceable(order, message, now_ns)
        if refused or order is None:
            reason, text = refused or (CxlRejReason.UNKNOWN_ORDER, "UNKNOWN_ORDER")
            yield To(owner, cancel_reject(message, order, now_ns, reason=reason, text=text))
            return
        yield To(
            owner,
            report(
                self.book, order, ExecType.PENDING_REPLACE, now_ns, replace=True,
                cl_ord_id=message.cl_ord_id, orig_cl_ord_id=order.cl_ord_id,
            ),
        )  # fmt: skip
        if order.replace is not None:
            yield send_replace(self.book, order, message, now_ns, self.market)

    def mass_cancel(self, owner: str, message: OrderMassCancelRequest, now_ns: int) -> Effects:
        """OrderMassCancelRequest (q): each order gets its own 8, then one r with the count."""
        known = self.book.id_used(owner, message.cl_ord_id)
        by_symbol = message.mass_cancel_request_type is MassCancelRequestType.SECURITY
        problem = ""
        if known:
            problem = "DUPLICATE_CL_ORD_ID"
        elif by_symbol and message.symbol is None:
            problem = "FIELDS_DISAGREE: Symbol(55) is missing, but 530=1 cancels one symbol"
        scope: list[str] = []
        try:
            scope = parse_scope(message.scope) if message.scope else []
        except UnknownScope as unknown:
            problem = f"UNKNOWN_SCOPE: {unknown}"
        if problem:
            yield To(owner, self._mass_report(message, now_ns, 0, problem))
            return
        venue = message.security_exchange or ""
        affected = [
            order
            for order in self.book.open_orders(owner=owner, venue=venue)
            if order.cancel is None
            and covers(scope, order)
            and (message.symbol is None or order.symbol == message.symbol)
            and (message.side is None or order.side is message.side)
        ]
        for order in affected:
            yield from self.withdraw(order, now_ns, text="MASS_CANCEL")
        yield To(owner, self._mass_report(message, now_ns, len(affected), ""))

    def withdraw(self, order: Order, now_ns: int, *, text: str) -> Effects:
        """Cancel an order for the gateway's own reasons: 150=6 with 378=99 and 58, then F."""
        if order.cancel is not None or not order.is_open:
            return
        yield To(
            order.owner,
            report(
                self.book, order, ExecType.PENDING_CANCEL, now_ns, cancel=True, text=text,
                exec_restatement_reason=ExecRestatementReason.OTHER,
                in_doubt=True if order.in_doubt else None,
            ),
        )  # fmt: skip
        yield from self._hand_cancel(order, now_ns)

    # How a request is understood.

    def intent(
        self, owner: str, message: OrderFields, now_ns: int
    ) -> tuple[Intent, Refusal | None]:
        """Say what an order means: its venue and account, or why it cannot be routed."""
        venue = message.ex_destination or self.rules.route(message.symbol)
        rules = self.rules.venues.get(venue)
        if rules is None:
            known = ",".join(sorted(self.rules.venues))
            detail = f"venue={venue or 'none'} known={known}"
            refused = Refusal("UNKNOWN_VENUE", detail, OrdRejReason.BROKER)
            return Intent(owner, message.account or "", venue, message, now_ns), refused
        return Intent(owner, message.account or rules.account, venue, message, now_ns), None

    def _accepted(self, intent: Intent, review: str) -> ExecutionReport:
        """Say 150=A: accepted, journaled, on its way, or (58=REVIEW) before a person."""
        message = intent.message
        security = self.facts.security(intent)
        tif = message.time_in_force or TimeInForce.DAY
        expire_time = message.expire_time
        rules = self.rules.venues[intent.venue]
        if tif is TimeInForce.DAY and self._emulated(intent.venue, "DAY"):
            expire_time = format_utc(next_day_end(intent.now_ns, rules.day_ends))
        post_only = message.exec_inst is ExecInst.PARTICIPATE_DONT_INITIATE
        return ExecutionReport(
            order_id=self.book.next_id().text(),
            exec_id=self.book.next_exec_id(),
            exec_type=ExecType.PENDING_NEW,
            ord_status=OrdStatus.PENDING_NEW,
            symbol=message.symbol,
            side=message.side,
            leaves_qty=message.order_qty,
            cum_qty=ZERO,
            avg_px=ZERO,
            cl_ord_id=message.cl_ord_id,
            account=intent.account,
            security_exchange=intent.venue,
            order_qty=message.order_qty,
            ord_type=message.ord_type,
            price=message.price,
            stop_px=message.stop_px,
            time_in_force=tif,
            expire_time=expire_time,
            exec_inst=ExecInst.PARTICIPATE_DONT_INITIATE if post_only else None,
            position_effect=(
                PositionEffect.CLOSE if message.position_effect is PositionEffect.CLOSE else None
            ),
            currency=security.currency if security else None,
            transact_time=format_utc(intent.now_ns),
            stop_loss_px=message.stop_loss_px,
            take_profit_px=message.take_profit_px,
            position_id=message.position_id,
            parent_order_id=getattr(message, "parent_order_id", None),
            parent_qty=getattr(message, "parent_qty", None),
            text=f"REVIEW: {review}" if review else None,
        )

    def _emulated(self, venue: str, name: str) -> bool:
        able = self.market.venue(venue).capabilities
        return self.rules.venues[venue].emulate_expiry and name not in able

    def _duplicate(self, owner: str, message: NewOrderSingle, now_ns: int) -> ExecutionReport:
        """Answer a ClOrdID that was used before (F.1.a, F.1.b): never a second order."""
        order = self.book.order_of(owner, message.cl_ord_id)
        if order is None:
            return refusal(
                self.book, message, now_ns, reason=OrdRejReason.DUPLICATE_ORDER,
                text="DUPLICATE_CL_ORD_ID: it was used for a request that made no order",
            )  # fmt: skip
        doubt = True if order.in_doubt else None
        if message.poss_resend and _same_content(order, message):
            return report(
                self.book, order, ExecType.ORDER_STATUS, now_ns,
                cl_ord_id=message.cl_ord_id, in_doubt=doubt,
            )  # fmt: skip
        return report(
            self.book, order, ExecType.REJECTED, now_ns,
            cl_ord_id=message.cl_ord_id, ord_rej_reason=OrdRejReason.DUPLICATE_ORDER,
            reject_source=RejectSource.GATEWAY,
            text="DUPLICATE_CL_ORD_ID: the report describes the order that exists",
            in_doubt=doubt,
        )  # fmt: skip

    def _target(
        self,
        owner: str,
        message: OrderCancelRequest | OrderCancelReplaceRequest,
        event: AskedEvent,
    ) -> tuple[Order | None, tuple[CxlRejReason, str] | None]:
        """Find the order that a request is about, or why the request is refused."""
        order = self.book.order_of(owner, message.orig_cl_ord_id)
        if self.book.id_used(owner, message.cl_ord_id):
            return order, (CxlRejReason.DUPLICATE_CL_ORD_ID, "DUPLICATE_CL_ORD_ID")
        if order is None:
            detail = f"UNKNOWN_ORDER: orig_cl_ord_id={message.orig_cl_ord_id}"
            return None, (CxlRejReason.UNKNOWN_ORDER, detail)
        if (message.symbol, message.side) != (order.symbol, order.side):
            detail = f"OTHER_ORDER: order has symbol={order.symbol} side={order.side.value}"
            return order, (CxlRejReason.OTHER, detail)
        if not order.is_open:
            detail = f"TOO_LATE: ord_status={status_of(order).name}"
            return order, (CxlRejReason.TOO_LATE_TO_CANCEL, detail)
        row = ASKED_TABLE[Asked(order.replace is not None, order.cancel is not None), event]
        if row.refusal is not None:
            return order, (row.refusal, f"ALREADY_PENDING: {row.reason}")
        return order, None

    def _unreplaceable(
        self, order: Order, message: OrderCancelReplaceRequest, now_ns: int
    ) -> tuple[CxlRejReason, str] | None:
        if order.in_doubt:
            return CxlRejReason.OTHER, "IN_DOUBT: the venue has not said that it has the order"
        if order.is_held:
            return CxlRejReason.OTHER, "HELD: the order has not been sent; cancel it, send another"
        same = (
            message.ord_type is order.ord_type
            and (message.time_in_force or TimeInForce.DAY) is order.time_in_force
            and (message.account or order.account) == order.account
            and (message.ex_destination or order.venue) == order.venue
            and (message.exec_inst is not None) == order.post_only
            and (message.position_effect is PositionEffect.CLOSE) == order.reduce_only
        )
        if not same:
            text = "NOT_REPLACEABLE: only quantity, prices and expiry may change; repeat the rest"
            return CxlRejReason.BROKER, text
        intent = Intent(order.owner, order.account, order.venue, message, now_ns, order)
        refused = self._judged(intent)
        return (CxlRejReason.BROKER, refused.text) if refused else None

    @staticmethod
    def _mass_report(
        message: OrderMassCancelRequest, now_ns: int, affected: int, problem: str
    ) -> OrderMassCancelReport:
        kind = message.mass_cancel_request_type
        return OrderMassCancelReport(
            cl_ord_id=message.cl_ord_id,
            order_id=message.cl_ord_id,
            mass_cancel_request_type=kind,
            mass_cancel_response=(
                MassCancelResponse.REJECTED if problem else MassCancelResponse(kind.value)
            ),
            mass_cancel_reject_reason="99" if problem else None,
            total_affected_orders=affected,
            symbol=message.symbol,
            side=message.side,
            transact_time=format_utc(now_ns),
            text=problem or None,
        )


def _same_content(order: Order, message: NewOrderSingle) -> bool:
    """Whether a repeated D asks for the order that exists; after a replace it cannot."""
    return (
        message.symbol == order.symbol
        and message.side is order.side
        and message.order_qty == order.order_qty
        and message.ord_type is order.ord_type
        and message.price == order.price
        and message.stop_px == order.stop_px
        and (message.time_in_force or TimeInForce.DAY) is order.time_in_force
        and (message.account or order.account) == order.account
        and (message.ex_destination or order.venue) == order.venue
        and (message.exec_inst is not None) == order.post_only
        and (message.position_effect is PositionEffect.CLOSE) == order.reduce_only
        and (message.expire_time is None or parse_utc(message.expire_time) == order.expires_ns)
    )
