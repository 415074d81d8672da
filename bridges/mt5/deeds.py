"""What is done with orders: place, cancel, replace; each as a conversation with the terminal.

Rules: an order is sent once, ever. What its result does not prove is looked for by its magic until
it is found, or was not to be seen in three clean reads that span the time after which it cannot
come any more. A removal may be sent again: it names one ticket, and ends it once. Prices and expiry
change in place. A quantity cannot: such a replace is a removal, its evidence, and a new order of
what then remains, if anything does.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from msgspec.structs import replace as changed

from bridges.mt5.adoption import find
from bridges.mt5.clock import DAY_S, SECOND_NS, SLACK_NS
from bridges.mt5.constants import MarginMode, OrderState, Retcode
from bridges.mt5.core import Core
from bridges.mt5.expiry import AT_ONCE, expiry_s
from bridges.mt5.flows import PATIENCE_NS, READS, Flow, Pause, Talk, pauses, read, send
from bridges.mt5.jobs import Send, Sent
from bridges.mt5.orders import Order, terms_of
from bridges.mt5.recall import call, epoch_ns, is_rest, own
from bridges.mt5.records import SymbolRow, learn
from bridges.mt5.requests import (
    Terms,
    TradeRequest,
    modify_request,
    new_request,
    remove_request,
)
from bridges.mt5.tables import CANCEL_REASONS, Verdict, reject_reason, verdict_of
from bridges.mt5.units import Refusal
from bridges.port import CancelRefused, CancelRequest, OrderRequest
from bridges.recalling import REPLACE_REFUSED
from protocol.fields import CxlRejReason, CxlRejResponseTo, OrdRejReason

SHORT = Pause(20_000_000)
RESTING = frozenset((OrderState.PLACED, OrderState.PARTIAL))
BACK_NS = SLACK_NS
"""So far back the history is read when it is known when something was sent."""
TRIES = 3
"""So often a request is made, when the rules of its symbol change before it is sent."""


class Deeds:
    """The conversations that change something. `terms` are the operator's choices."""

    def __init__(self, core: Core, *, deviation: int, ioc_at_market: bool) -> None:
        self.core = core
        self._deviation = deviation
        self._ioc_at_market = ioc_at_market

    def terms(self) -> Terms:
        """Return what requests are made by at this moment."""
        account = self.core.account
        return Terms(
            margin_mode=account.margin_mode if account else MarginMode.RETAIL_NETTING,
            ends=partial(self.core.clock.ends_s, now_ns=self.core.now_ns),
            deviation=self._deviation, ioc_at_market=self._ioc_at_market,
        )  # fmt: skip

    # Place.

    def place(self, order: Order) -> Flow:
        """Send a new order, and find out what became of it."""
        yield from self._place(order)

    def _place(self, order: Order) -> Talk[bool]:
        """Send it; say whether the server has it. False proves that it has not, and never will."""
        core = self.core
        core.know(order)
        order.placing = True
        core.placing += 1
        placed = yield from self._sent(order)
        order.placing = False
        core.placing -= 1
        if placed and order.rests and order.request.time_in_force in AT_ONCE:
            core.start(self._cut(order))
        return placed

    def _cut(self, order: Order) -> Flow:
        """Remove what rests of an order that was to be immediate: not every server does that.

        One that the server or the exchange is still working on is left to them.
        """
        for pause in pauses():
            if not order.rests or order.row is None:
                return
            if order.row.state in RESTING:
                break
            yield from read(self.core.read(self.core.now_ns))
            yield pause
        yield from self._end(order, "")

    def end(self, order: Order) -> Flow:
        """Remove what rests of an order, unasked by any request."""
        yield from self._end(order, "")

    def _sent(self, order: Order) -> Talk[bool]:
        core = self.core
        sent = yield from self._ask(
            core.native[order.request.symbol], order.root,
            lambda symbol: new_request(
                order.request, order.qty, symbol, self.terms(), core.latest.positions
            ),
        )  # fmt: skip
        verdict = verdict_of(sent.retcode)
        if sent.refusal is not None:
            core.reject(order, sent.refusal.text, sent.refusal.reason)
            return False
        if verdict is Verdict.REFUSED:
            core.reject(order, sent.text, reject_reason(sent.retcode))
            return False
        placed = verdict is Verdict.PLACED and sent.order > 0
        owned = sent.exists or verdict is Verdict.DONE or placed
        if sent.order and verdict is Verdict.DONE and not order.ticket:
            core.claim(order, sent.order)
            core.accept(order)
        return (yield from self._found(order, sent, owned=owned))

    def _ask(
        self, native: str, name: str, make: Callable[[SymbolRow], TradeRequest | Refusal]
    ) -> Talk[Sent]:
        """Send what is made of the symbol's rules: anew, when these have changed meanwhile.

        All tries together have the patience of one request: what is too late is not sent.
        """
        core, rules = self.core, self.core.rules
        not_after_ns = core.now_ns + PATIENCE_NS
        for _ in range(TRIES):
            used = rules[native]
            made = make(used)
            if isinstance(made, Refusal):
                yield from read(changed(core.read(core.now_ns), symbols=(native,)))
                if rules[native].makes_as(used):
                    return Sent(refusal=made)
                continue
            sent = yield from send(self._job(made, used, name, not_after_ns))
            if sent.rules is None:
                return sent
            learn(rules, (sent.rules,))
        text = f"NOT_SENT: the rules of {native} changed {TRIES} times meanwhile; send it again"
        return Sent(refusal=Refusal(OrdRejReason.OTHER, text))

    def _job(
        self, request: TradeRequest, rules: SymbolRow | None, name: str, not_after_ns: int
    ) -> Send:
        """Write a Send; its magic is looked for since the start of the gateway that gave it."""
        since_ns = self.core.now_ns - DAY_S * SECOND_NS
        if name:
            since_ns = max(since_ns, epoch_ns(name))
        window = self.core.clock.window(since_ns, self.core.now_ns)
        return Send(request, *window, not_after_ns=not_after_ns, rules=rules)

    def _found(self, order: Order, sent: Sent, *, owned: bool) -> Talk[bool]:
        """Look for an order until it is seen; say False when its absence is proven.

        Who wants to know that asks: what became of an order in doubt is for the gateway to judge.
        An order that the server has owned to cannot be absent, and neither can one that stands
        unconfirmed in a list: it is looked for without an end.
        """
        core = self.core
        sent_ns = core.now_ns
        since_ns = epoch_ns(order.root) if sent.exists else sent_ns - BACK_NS
        absent, first_ns = 0, 0
        for pause in pauses():
            snapshot = yield from read(core.read(since_ns))
            if order.accepted and (order.row is not None or order.deals):
                return True
            if order.refused:
                return False
            absent = absent + 1 if snapshot.clean and order.row is None else 0
            first_ns = core.now_ns if absent <= 1 else first_ns
            if absent >= READS and core.now_ns - first_ns > core.absence_ns and not owned:
                why = sent.text or "no result"
                order.why = f"NOT_RECEIVED: the server has no trace of it ({why})"
                order.ended = order.refused = True
                core.forget(order)
                return False
            yield pause
        return False

    # Cancel.

    def cancel(self, request: CancelRequest) -> Flow:
        """Cancel an order, and find out what became of that."""
        core, name = self.core, request.orig_cl_ord_id
        order = yield from self._noted(name)
        while order is not None and (order.replacing or order.placing):
            yield SHORT
            order = core.newest(name)
        why = ""
        if order is not None and not order.is_done:
            why = yield from self._end(order, request.cl_ord_id)
            if order.ended_by == request.cl_ord_id:
                return
            if order.cancel_id == request.cl_ord_id:
                order.cancel_id = ""
        if order is not None and order.refused:
            order = None
        self.refuse(request.cl_ord_id, name, order, CxlRejResponseTo.CANCEL, why)

    def _noted(self, name: str) -> Talk[Order | None]:
        """Return the order that an id names, noted as ours; None if the server does not know it."""
        order = self.core.newest(name)
        if order is None or not self.core.notes.symbol_of(order.root):
            order = yield from self._stranger(name)
        return order

    def _stranger(self, name: str) -> Talk[Order | None]:
        """Look for an order of an earlier life; None if the server does not know it."""
        core = self.core
        for pause in pauses():
            snapshot = yield from read(core.read(epoch_ns(name)))
            if snapshot.clean:
                order = find(core, name, snapshot)
                if order is not None:
                    own(core, order, snapshot)
                    call(core, order, name)
                return order
            yield pause
        return None

    def _end(self, order: Order, request_id: str) -> Talk[str]:
        """Remove an order until there is evidence; say why it has not ended, or nothing."""
        core = self.core
        order.cancel_id = request_id or order.cancel_id
        sent_ns, still, why = core.now_ns, 0, ""
        for pause in pauses():
            if order.row is not None and order.rests:
                job = self._job(
                    remove_request(order.row), None, "", core.now_ns + PATIENCE_NS
                )
                sent = yield from send(job)
                snapshot = yield from read(core.read(sent_ns - BACK_NS))
                verdict = verdict_of(sent.retcode)
                refused = sent.refusal is not None or verdict is Verdict.REFUSED
                why = sent.refusal.text if sent.refusal else sent.text
                still = still + 1 if snapshot.clean and order.rests else 0
                late = core.now_ns - sent_ns > core.absence_ns and still >= READS
                if order.rests and ((refused and still) or late):
                    return why or "the server did not do it"
            else:
                yield from read(core.read(sent_ns - BACK_NS))
            core.settle(order)
            if order.is_done or (order.is_over and not order.is_missing_deals):
                return ""
            yield pause
        return why

    # Replace.

    def replace(self, request: OrderRequest) -> Flow:
        """Replace an order, and find out what became of that."""
        core = self.core
        names = (request.cl_ord_id, request.orig_cl_ord_id)
        order = yield from self._noted(request.orig_cl_ord_id)
        while order is not None and order.placing:
            yield SHORT
        reply_to = CxlRejResponseTo.REPLACE
        if order is None or order.is_done or order.replacing:
            self.refuse(*names, None if order and order.refused else order, reply_to)
            return
        if is_rest(core, order):
            self.refuse(*names, order, reply_to, REPLACE_REFUSED)
            return
        order.replacing = request.cl_ord_id
        if request.order_qty == order.base + order.qty:
            why = yield from self._amend(order, request)
        else:
            why = yield from self._renew(order, request)
        order.replacing = ""
        if why:
            order.cancel_id = ""
            self.refuse(*names, order, reply_to, why)
        core.settle(order)

    def _amend(self, order: Order, request: OrderRequest) -> Talk[str]:
        """Let the server change the order itself; say why it has not, or nothing."""
        core = self.core
        row = order.row
        if row is None or not order.rests:
            return "TOO_LATE"
        symbol = core.rules[row.symbol]
        wanted = modify_request(request, row, symbol, self.terms())
        if isinstance(wanted, Refusal):
            return wanted.text
        note(core, request, terms_of(request, expiry_s(wanted.type_time, wanted.expiration)))
        order.amending = request
        sent = yield from self._ask(
            row.symbol, "", lambda symbol: modify_request(request, row, symbol, self.terms())
        )
        sent_ns, still = core.now_ns, 0
        refused = sent.refusal is not None or verdict_of(sent.retcode) is Verdict.REFUSED
        for pause in pauses():
            snapshot = yield from read(core.read(sent_ns - BACK_NS))
            if order.amending is None or order.is_over:
                break
            still = still + 1 if snapshot.clean else 0
            late = core.now_ns - sent_ns > core.absence_ns and still >= READS
            if still and (refused or late):
                break
            yield pause
        if order.amending is None:
            return ""
        order.amending = None
        while order.is_over and order.is_missing_deals:
            yield SHORT
        return sent.refusal.text if sent.refusal else sent.text

    def _renew(self, order: Order, request: OrderRequest) -> Talk[str]:
        """Remove it, wait for what was filled by then, and place what remains of the quantity."""
        core = self.core
        symbol = core.rules[core.native[request.symbol]]
        rest = request.order_qty - order.cum
        if rest > 0:
            wrong = new_request(request, rest, symbol, self.terms(), core.latest.positions)
            if isinstance(wrong, Refusal):
                return wrong.text
        why = yield from self._end(order, request.cl_ord_id)
        order.cancel_id = ""
        if why:
            return why
        rest = request.order_qty - order.cum
        if order.sum >= order.qty:
            return "TOO_LATE: it was filled meanwhile"
        return (yield from self._renewed(order, request, rest))

    def _renewed(self, order: Order, request: OrderRequest, rest: Decimal) -> Talk[str]:
        """Place what remains, now that the old order is gone."""
        core = self.core
        symbol = core.rules[core.native[request.symbol]]
        if rest <= 0:
            order.qty, order.ended, order.amending = order.sum, True, request
            core.commit_amend(order)
            return ""
        wrong = new_request(request, rest, symbol, self.terms(), core.latest.positions)
        if isinstance(wrong, Refusal):
            return f"the order was cancelled, but what remains is not to be placed: {wrong.text}"
        note(core, request, terms_of(request, expiry_s(wrong.type_time, wrong.expiration)))
        fresh = Order(changed(request, account=order.request.account), order.size, core.now_ns)
        fresh.previous = order.name
        fresh.base, fresh.base_paid = order.cum, order.base_paid + order.paid
        fresh.qty = rest
        placed = yield from self._place(fresh)
        if placed:
            return ""
        core.forget(fresh)
        return f"the order was cancelled, and the one in its place was refused: {fresh.why}"

    def refuse(
        self, request_id: str, name: str, order: Order | None, reply_to: CxlRejResponseTo,
        text: str = "",
    ) -> None:  # fmt: skip
        """Tell that a cancel or replace has not done what it was to do."""
        reason = CxlRejReason.UNKNOWN_ORDER
        if order is not None:
            late = order.is_done or order.is_over
            reason = CxlRejReason.TOO_LATE_TO_CANCEL if late else _reason_by(text)
            if order.replacing and not late:
                reason = CxlRejReason.ALREADY_PENDING
            text = text or ("TOO_LATE" if late else "the server did not do it")
        self.core.events.append(
            CancelRefused(
                request_id=request_id, orig_cl_ord_id=name, response_to=reply_to, reason=reason,
                text=text, order=order.image() if order else None,
            )
        )  # fmt: skip


def _reason_by(text: str) -> CxlRejReason:
    """Read 102 out of the text of a refusal, which begins with the name of its retcode, if any."""
    name = text.partition(":")[0].rpartition(" ")[2]
    known = Retcode.__members__.get(name)
    return CANCEL_REASONS.get(known or 0, CxlRejReason.OTHER)


def note(core: Core, request: OrderRequest, terms: str) -> None:
    """Note an id before the server hears of it."""
    core.notes.add(
        request.cl_ord_id, request.symbol, request.orig_cl_ord_id, terms, request.expire_ns or 0
    )
