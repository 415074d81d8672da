"""The exchange: orders, fills, money, one time line. Pure: time and the day's end are arguments.

Rules of this market, where exchanges differ:

- A market order, and what is left of IOC, never rests: 150=0, fills, then 150=4. FOK fills whole
  or not at all, also 150=0 then 150=4.
- Post-only is refused if it would trade at once. Reduce-only is refused if there is nothing to
  reduce, never fills beyond the position, and is cancelled when there is nothing left to reduce.
- A replace that only lowers the quantity keeps its place in the queue, any other loses it. A
  cancel may name any id of the order's chain, a replace only the newest.
- An id is used once. Receiving it again executes nothing and says nothing; the ledger shows it.
- Our own orders do not trade with each other (see matching.py).

Everything that happens is told twice: as an event for the bridge, and as a ledger line from which
`lines.restore` builds the same exchange again.
"""

from __future__ import annotations

import heapq
from decimal import Decimal

from msgspec.structs import replace

from bridges.instrument import Instrument
from bridges.paper.account import fee_of
from bridges.paper.lines import (
    Line,
    end_line,
    entry_line,
    fill_line,
    order_line,
    reject_line,
)
from bridges.paper.market import MarketEvent, Trade
from bridges.paper.orders import AT_ONCE, Order, Refusal, check, refused_image
from bridges.paper.records import Pit, Records
from bridges.port import (
    Accepted,
    Canceled,
    CancelRefused,
    CancelRequest,
    Event,
    Expired,
    Fill,
    Filled,
    LedgerEntries,
    LedgerEntry,
    OrderRequest,
    Rejected,
    Replaced,
    Triggered,
    VenueOrder,
)
from protocol.fields import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecRestatementReason,
    LastLiquidityInd,
    OrdRejReason,
    OrdStatus,
    TimeInForce,
)
from protocol.numbers import ZERO, plain

OTHER = ExecRestatementReason.OTHER


class Exchange(Records):
    """One account's venue. `events` and `lines` grow; the caller takes them away."""

    # What members ask.

    def submit(self, request: OrderRequest, now_ns: int) -> None:
        """Take a new order."""
        self._now_ns = now_ns
        if not self._receive(request.cl_ord_id, "D"):
            return
        pit = self.pits.get(request.symbol)
        self._order_count += 1
        order_id = f"P{self._order_count}"
        refusal = self._refusal(request, pit)
        if refusal is not None or pit is None:
            self.reject(request, order_id, refusal or Refusal(OrdRejReason.UNKNOWN_SYMBOL, ""))
            return
        order = Order(order_id, request, pit.grid, now_ns)
        if request.time_in_force is TimeInForce.DAY:
            order.expire_ns = self._day_end(now_ns)
        self.admit(order)
        self._tell(Accepted(order.image()), order_line(order))
        self._enter(order, pit)

    def reject(self, request: OrderRequest, order_id: str, refusal: Refusal) -> None:
        """Refuse an order for ever."""
        image = refused_image(order_id, request, self._now_ns, refusal.text)
        self.by_cl_ord_id[request.cl_ord_id] = image
        self._tell(
            Rejected(image, refusal.reason, refusal.text),
            reject_line(request, order_id, refusal.reason.value, refusal.text),
        )

    def refuse_next(self, request: OrderRequest, text: str, now_ns: int) -> None:
        """Refuse an order whatever it says: a fault played on command."""
        self._now_ns = now_ns
        if self._receive(request.cl_ord_id, "D"):
            self._order_count += 1
            refusal = Refusal(OrdRejReason.BROKER, text)
            self.reject(request, f"P{self._order_count}", refusal)

    def cancel(self, request: CancelRequest, now_ns: int) -> None:
        """Take an order off."""
        self._now_ns = now_ns
        if not self._receive(request.cl_ord_id, "F"):
            return
        order = self.by_cl_ord_id.get(request.orig_cl_ord_id)
        if isinstance(order, Order) and order.is_open:
            self.end(order, OrdStatus.CANCELED)
            self._tell(
                Canceled(order.image(), request.cl_ord_id),
                end_line(order, "canceled", by=request.cl_ord_id),
            )
            return
        self._refuse_cancel(request, CxlRejResponseTo.CANCEL, order)

    def replace(self, request: OrderRequest, now_ns: int) -> None:
        """Change an order's quantity, price, trigger or time in force."""
        self._now_ns = now_ns
        if not self._receive(request.cl_ord_id, "G"):
            return
        order = self.by_cl_ord_id.get(request.orig_cl_ord_id)
        cancel = CancelRequest(
            cl_ord_id=request.cl_ord_id, orig_cl_ord_id=request.orig_cl_ord_id,
            symbol=request.symbol, side=request.side,
        )  # fmt: skip
        if not isinstance(order, Order) or not order.is_open:
            self._refuse_cancel(cancel, CxlRejResponseTo.REPLACE, order)
            return
        problem = self._replace_problem(order, request)
        if problem:
            self._refuse_cancel(cancel, CxlRejResponseTo.REPLACE, order, problem)
            return
        self._replace(order, request)

    def cancel_all(self, text: str, now_ns: int) -> None:
        """Take everything off, unasked."""
        self._now_ns = now_ns
        for order in list(self._open.values()):
            self._cancel_unasked(order, text, ExecRestatementReason.SYSTEM_FAILURE)

    # What the market does.

    def on_market(self, event: MarketEvent, now_ns: int) -> None:
        """Apply one event of the feed and let orders meet it."""
        self._now_ns = now_ns
        pit = self.pits.get(event.symbol)
        if pit is None:
            return
        last = None
        if isinstance(event, Trade):
            pit.matcher.on_trade(event.price, event.qty, event.aggressor)
            last = event.price
        else:
            pit.matcher.on_changes(pit.book.apply(event))
        self._trigger(pit, last)

    def instruments(self, now_ns: int) -> tuple[Instrument, ...]:
        """Return every instrument, those with funding with the moment of the next."""
        return tuple(_with_funding(pit.grid.instrument, now_ns) for pit in self.pits.values())

    def on_time(self, now_ns: int) -> None:
        """Expire orders and pay funding that is due."""
        self._now_ns = now_ns
        while self._expiries and self._expiries[0][0] <= now_ns:
            order = self.orders[heapq.heappop(self._expiries)[1]]
            if order.is_open and order.expire_ns is not None and order.expire_ns <= now_ns:
                self.end(order, OrdStatus.EXPIRED)
                self._tell(Expired(order.image()), end_line(order, "expired"))
        for pit in self._funded:
            self._fund(pit)

    def next_time_ns(self) -> int | None:
        """Return when `on_time` has something to do."""
        times = [pit.funding_ns for pit in self._funded if pit.funding_ns]
        if self._expiries:
            times.append(self._expiries[0][0])
        return min(times, default=None)

    def deposit(self, currency: str, amount: Decimal, now_ns: int) -> None:
        """Put money into the account."""
        self._now_ns = now_ns
        self._pay("DEPOSIT", currency, amount, "")

    # The matcher's questions (matching.Trader).

    def allowed(self, order_id: str, qty: int) -> int:
        """Say how much of an order may trade now."""
        order = self.orders[order_id]
        if not order.is_open:
            return 0
        if not order.request.reduce_only:
            return qty
        held = self.account.position(order.request.symbol) * -order.request.side.sign
        return min(qty, max(order.grid.whole_steps(held), 0))

    def executed(self, order_id: str, price: int, qty: int, *, maker: bool) -> None:
        """Book one execution."""
        order = self.orders[order_id]
        rules = order.grid.instrument
        self.count_execution(order, price, qty)
        last_px, last_qty = order.grid.price(price), order.grid.qty(qty)
        fill = Fill(
            trade_id=f"T{len(self.fills) + 1}",
            order_id=order_id,
            cl_ord_id=order.chain[-1],
            symbol=rules.symbol,
            side=order.request.side,
            last_qty=last_qty,
            last_px=last_px,
            commission=fee_of(last_px * last_qty, rules.maker_fee if maker else rules.taker_fee),
            comm_currency=rules.currency,
            liquidity=LastLiquidityInd.ADDED if maker else LastLiquidityInd.REMOVED,
            transact_ns=self._now_ns,
        )
        self.book_fill(fill, rules)
        self._tell(Filled(order.image(), fill), fill_line(fill, order))
        pit = self.pits[rules.symbol]
        for other in sorted(pit.reducing):
            if not self.allowed(other, 1):
                text = "REDUCE_ONLY: nothing is left to reduce"
                self._cancel_unasked(self.orders[other], text, OTHER)

    # Inside.

    def _tell(self, event: Event, line: Line) -> None:
        line["t"] = self._now_ns
        self.events.append(event)
        self.lines.append(line)

    def _receive(self, cl_ord_id: str, what: str) -> bool:
        """Note that an id was received; False if it was received before."""
        times = self.received.get(cl_ord_id, 0) + 1
        self.received[cl_ord_id] = times
        line = {"k": "received", "t": self._now_ns, "id": cl_ord_id, "what": what, "n": times}
        self.lines.append(line)
        return times == 1

    def _refusal(self, request: OrderRequest, pit: Pit | None) -> Refusal | None:
        if pit is None:
            text = f"SYMBOL: {request.symbol} is not traded here"
            return Refusal(OrdRejReason.UNKNOWN_SYMBOL, text)
        best = pit.book.side(request.side.opposite).best()
        mark = None if best is None else pit.grid.price(best)
        held = self.account.position(request.symbol)
        refusal = check(request, pit.grid, mark=mark, held=held, now_ns=self._now_ns)
        if refusal is None and request.post_only and self._would_cross(request, pit):
            text = f"POST_ONLY: {request.price} would trade at once"
            return Refusal(OrdRejReason.BROKER, text)
        return refusal

    @staticmethod
    def _would_cross(request: OrderRequest, pit: Pit) -> bool:
        limit = pit.grid.ticks(request.price or ZERO)
        return limit is not None and pit.matcher.would_cross(request.side, limit)

    def _enter(self, order: Order, pit: Pit) -> None:
        """Let an accepted order wait, take, and rest, as its type wants."""
        if order.waits:
            pit.stops.add(order.order_id, order.request.side, order.stop)
            self._trigger(pit, None)
            return
        side, limit = order.request.side, order.limit
        at_once = order.request.time_in_force in AT_ONCE or limit is None
        if (
            order.request.time_in_force is TimeInForce.FILL_OR_KILL
            and pit.matcher.reachable(side, limit, order.leaves) < order.leaves
        ):
            self._cancel_unasked(order, "FOK: cannot be filled whole", None)
            return
        taken = pit.matcher.take(order.order_id, side, limit, order.leaves)
        if not order.is_open:
            return
        if taken.met_own:
            self._cancel_unasked(order, "SELF_TRADE: met an order of our own", OTHER)
        elif at_once or limit is None:
            self._cancel_unasked(order, "REMAINDER: nothing more to take", None)
        else:
            pit.matcher.rest(order.order_id, side, limit, order.leaves)

    def _trigger(self, pit: Pit, last: int | None) -> None:
        due = pit.stops.due(pit.book.bids.best(), pit.book.asks.best(), last)
        for order_id in due:
            order = self.orders[order_id]
            order.triggered = True
            order.transact_ns = self._now_ns
            self._tell(Triggered(order.image()), {"k": "triggered", "oid": order_id})
            self._enter(order, pit)

    def _cancel_unasked(
        self, order: Order, text: str, reason: ExecRestatementReason | None
    ) -> None:
        order.text = text
        self.end(order, OrdStatus.CANCELED)
        self._tell(
            Canceled(order.image(), "", reason, text), end_line(order, "canceled", text=text)
        )

    def _refuse_cancel(
        self,
        request: CancelRequest,
        response_to: CxlRejResponseTo,
        order: Order | VenueOrder | None,
        problem: str = "",
    ) -> None:
        image = order.image() if isinstance(order, Order) else order
        reason = CxlRejReason.OTHER if problem else CxlRejReason.TOO_LATE_TO_CANCEL
        text = problem or "TOO_LATE: the order is no longer open"
        refused = CancelRefused(
            request_id=request.cl_ord_id,
            orig_cl_ord_id=image.cl_ord_id if image else request.orig_cl_ord_id,
            response_to=response_to,
            reason=reason if image else CxlRejReason.UNKNOWN_ORDER,
            text=text if image else "UNKNOWN: no such order",
            order=image,
        )
        line = {
            "k": "refused", "id": request.cl_ord_id, "orig": request.orig_cl_ord_id,
            "what": "F" if response_to is CxlRejResponseTo.CANCEL else "G", "text": refused.text,
        }  # fmt: skip
        self._tell(refused, line)

    def _replace_problem(self, order: Order, request: OrderRequest) -> str:
        old = order.request
        pit = self.pits[old.symbol]
        if request.orig_cl_ord_id != order.chain[-1]:
            return f"REPLACED: the order is now {order.chain[-1]}"
        if (request.symbol, request.side, request.ord_type) != (
            old.symbol, old.side, old.ord_type
        ):  # fmt: skip
            return "REPLACE: symbol, side and type of an order cannot change"
        held = self.account.position(old.symbol)
        refusal = check(request, pit.grid, mark=None, held=held, now_ns=self._now_ns)
        if refusal is not None:
            return refusal.text
        if (pit.grid.steps(request.order_qty) or 0) <= order.cum:
            return f"QTY: {order.grid.qty(order.cum)} is filled already"
        if request.post_only and request.price != old.price and self._would_cross(request, pit):
            return f"POST_ONLY: {request.price} would trade at once"
        return ""

    def _replace(self, order: Order, request: OrderRequest) -> None:
        pit = self.pits[request.symbol]
        keeps_place = self.take_over(order, request)
        if keeps_place:
            pit.matcher.shrink(order.order_id, order.leaves)
        else:
            pit.matcher.remove(order.order_id)
            pit.stops.remove(order.order_id)
        self._tell(Replaced(order.image()), order_line(order, "replaced"))
        if not keeps_place:
            self._enter(order, pit)

    def _pay(self, kind: str, currency: str, amount: Decimal, symbol: str) -> None:
        entry = LedgerEntry(
            entry_id=f"L{len(self.entries) + 1}", kind=kind, currency=currency, amount=amount,
            transact_ns=self._now_ns, symbol=symbol,
        )  # fmt: skip
        self.book_entry(entry)
        self._tell(LedgerEntries(ask="", entries=(entry,)), entry_line(entry))

    def _fund(self, pit: Pit) -> None:
        """Pay funding: longs pay a positive rate to shorts, on the middle of the book."""
        rules = pit.grid.instrument
        due_ns, pit.funding_ns = pit.funding_ns, _next_funding_ns(rules, self._now_ns)
        bid, ask = pit.book.bids.best(), pit.book.asks.best()
        held = self.account.position(rules.symbol)
        if not due_ns or due_ns > self._now_ns or bid is None or ask is None or not held:
            return
        middle = pit.grid.price(bid + ask) / 2
        amount = -fee_of(held * middle, rules.funding_rate)
        self._pay("FUNDING", rules.currency, plain(amount), rules.symbol)


def _next_funding_ns(instrument: Instrument, now_ns: int) -> int:
    every_ns = instrument.funding_interval_ms * 1_000_000
    return (now_ns // every_ns + 1) * every_ns


def _with_funding(instrument: Instrument, now_ns: int) -> Instrument:
    if not instrument.funding_interval_ms:
        return instrument
    return replace(instrument, funding_ns=_next_funding_ns(instrument, now_ns))
