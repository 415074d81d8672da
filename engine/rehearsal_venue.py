"""The venue of a rehearsal: orders rest or fill at the quote, by the simplest rules that are fair.

A market order fills whole at the touch, a limit that crosses at the touch too; what rests fills at
its own price when the other side reaches it. Post-only that would take is canceled, IOC and FOK
that cannot fill end, stops trigger at the touch. Levels of positions are set as they are asked for
and never hit. Refused is what the gateway would refuse for its
form: no quote for a market order, an id used twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from protocol.closing_by import CLOSE_BY, is_pair
from protocol.fields import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecInst,
    ExecType,
    LastLiquidityInd,
    MassCancelResponse,
    OrdRejReason,
    OrdStatus,
    OrdType,
    PosMaintStatus,
    RejectSource,
    Side,
    TimeInForce,
)
from protocol.messages import (
    ExecutionReport,
    Message,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderFields,
    OrderMassCancelReport,
    OrderMassCancelRequest,
    OrderStatusRequest,
    PositionMaintenanceReport,
    PositionMaintenanceRequest,
)
from protocol.numbers import ZERO

_TAKING = frozenset((TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL))
_STOPS = frozenset((OrdType.STOP, OrdType.STOP_LIMIT))


@dataclass
class Resting:
    """An order as the venue keeps it."""

    order_id: str
    request: OrderFields
    cum_qty: Decimal = ZERO
    spent: Decimal = ZERO
    status: OrdStatus = OrdStatus.PENDING_NEW
    triggered: bool = False

    @property
    def leaves_qty(self) -> Decimal:
        """What is still to be filled."""
        return self.request.order_qty - self.cum_qty

    @property
    def price(self) -> Decimal | None:
        """The limit."""
        return self.request.price

    @property
    def stop_px(self) -> Decimal | None:
        """Where a stop triggers."""
        return self.request.stop_px

    @property
    def is_open(self) -> bool:
        """True until it has ended."""
        return self.status in {OrdStatus.PENDING_NEW, OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED}


class Venue:
    """All orders of a rehearsal. Methods return what the strategy will hear, in order."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.silent = False
        self.held: list[Message] = []
        self.refusals: list[str] = []
        self._quotes: dict[str, tuple[Decimal, Decimal]] = {}
        self._orders: dict[str, Resting] = {}
        self._levels: dict[tuple[str, str | None], tuple[Decimal, Decimal]] = {}
        self._counter = 0

    def resting(self, cl_ord_id: str) -> Resting:
        """Find an open order; raises LookupError."""
        order = self._orders.get(cl_ord_id)
        if order is None or not order.is_open:
            msg = f"received order {cl_ord_id}, expected one that is open at the venue"
            raise LookupError(msg)
        return order

    def quote(self, symbol: str, bid: Decimal, ask: Decimal) -> list[Message]:
        """Move the market; fills what it reaches, oldest first."""
        self._quotes[symbol] = (bid, ask)
        heard: list[Message] = []
        for order in {o.order_id: o for o in self._orders.values()}.values():
            if order.request.symbol == symbol and order.is_open:
                heard += self._match(order, resting=True)
        return heard

    def answer(self, message: Message) -> list[Message]:
        """Answer what the strategy has sent; keep it when silent."""
        if self.silent:
            self.held.append(message)
            return []
        return list(self._answered(message))

    def _answered(self, message: Message) -> Iterator[Message]:
        match message:
            case NewOrderSingle():
                yield from self._new(message)
            case OrderCancelRequest() | OrderCancelReplaceRequest():
                yield from self._change(message)
            case OrderMassCancelRequest():
                yield from self._mass_cancel(message)
            case PositionMaintenanceRequest():
                yield from self._protect(message)
            case OrderStatusRequest() if message.cl_ord_id in self._orders:
                yield self.report(self._orders[message.cl_ord_id], ExecType.ORDER_STATUS)

    def fill(
        self,
        order: Resting,
        qty: Decimal,
        price: Decimal,
        liquidity: LastLiquidityInd = LastLiquidityInd.ADDED,
    ) -> list[Message]:
        """Fill an order. One that closes a position by another (5004 = `A/B`) moves nothing."""
        pair = is_pair(order.request.position_id)
        order.cum_qty += qty
        order.spent += qty * price
        done = order.leaves_qty <= 0
        order.status = OrdStatus.FILLED if done else OrdStatus.PARTIALLY_FILLED
        return [
            self.report(
                order, ExecType.TRADE, last_qty=qty, last_px=price, last_liquidity_ind=liquidity,
                origin=CLOSE_BY if pair else None,
            )
        ]  # fmt: skip

    def end(
        self, order: Resting, exec_type: ExecType, status: OrdStatus, **more: Any
    ) -> list[Message]:
        """End an order."""
        order.status = status
        return [self.report(order, exec_type, **more)]

    def report(self, order: Resting, exec_type: ExecType, **more: Any) -> ExecutionReport:
        """Report on an order as it stands."""
        self._counter += 1
        request = order.request
        fields: dict[str, Any] = {
            "order_id": order.order_id,
            "exec_id": f"E{self._counter}",
            "exec_type": exec_type,
            "ord_status": order.status,
            "cl_ord_id": request.cl_ord_id,
            "symbol": request.symbol,
            "side": request.side,
            "order_qty": request.order_qty,
            "ord_type": request.ord_type,
            "price": request.price,
            "stop_px": request.stop_px,
            "security_exchange": self.name,
            "leaves_qty": order.leaves_qty if order.is_open else ZERO,
            "cum_qty": order.cum_qty,
            "avg_px": order.spent / order.cum_qty if order.cum_qty else ZERO,
        }
        return ExecutionReport(**(fields | more))

    def _new(self, message: NewOrderSingle) -> Iterator[Message]:
        self._counter += 1
        order = Resting(f"O{self._counter}", message)
        why = self._objection(message)
        if why is not None:
            yield from self.end(
                order,
                ExecType.REJECTED,
                OrdStatus.REJECTED,
                text=why,
                ord_rej_reason=OrdRejReason.OTHER,
                reject_source=RejectSource.GATEWAY,
            )
            return
        self._orders[message.cl_ord_id] = order
        yield self.report(order, ExecType.PENDING_NEW)
        order.status = OrdStatus.NEW
        yield self.report(order, ExecType.NEW)
        yield from self._match(order, resting=False)

    def _objection(self, message: NewOrderSingle) -> str | None:
        if self.refusals:
            return self.refusals.pop(0)
        if message.cl_ord_id in self._orders:
            return f"DUPLICATE_ORDER: cl_ord_id={message.cl_ord_id}"
        if message.ord_type is OrdType.MARKET and message.symbol not in self._quotes:
            return f"NO_PRICE: symbol={message.symbol}"
        return None

    def _match(self, order: Resting, *, resting: bool) -> Iterator[Message]:
        """Fill, end or leave an order by the quote that holds now."""
        request = order.request
        quote = self._quotes.get(request.symbol)
        if quote is None:
            return
        touch = quote[1] if request.side is Side.BUY else quote[0]
        if request.ord_type in _STOPS and not order.triggered:
            assert request.stop_px is not None
            if request.side.sign * (touch - request.stop_px) < 0:
                return
            order.triggered = True
            yield self.report(order, ExecType.RESTATED, working_indicator=True)
        price = request.price
        crosses = price is None or request.side.sign * (price - touch) >= 0
        if not crosses:
            if request.time_in_force in _TAKING:
                yield from self.end(order, ExecType.CANCELED, OrdStatus.CANCELED)
        elif resting and price is not None and not order.triggered:
            yield from self.fill(order, order.leaves_qty, price)
        elif request.exec_inst is ExecInst.PARTICIPATE_DONT_INITIATE and not resting:
            text = f"POST_ONLY: price={price} touch={touch}"
            yield from self.end(order, ExecType.CANCELED, OrdStatus.CANCELED, text=text)
        else:
            yield from self.fill(order, order.leaves_qty, touch, LastLiquidityInd.REMOVED)

    def _change(
        self, message: OrderCancelRequest | OrderCancelReplaceRequest
    ) -> Iterator[Message]:
        order = self._orders.get(message.orig_cl_ord_id)
        if order is None or not order.is_open:
            yield _refusal(message, order)
            return
        if isinstance(message, OrderCancelRequest):
            names = {"cl_ord_id": message.cl_ord_id, "orig_cl_ord_id": message.orig_cl_ord_id}
            yield from self.end(order, ExecType.CANCELED, OrdStatus.CANCELED, **names)
            return
        order.request = message
        self._orders[message.cl_ord_id] = order
        yield self.report(order, ExecType.REPLACED, orig_cl_ord_id=message.orig_cl_ord_id)
        yield from self._match(order, resting=False)

    def _protect(self, message: PositionMaintenanceRequest) -> Iterator[Message]:
        if self.refusals:
            yield self._levels_told(
                message, PosMaintStatus.REJECTED, text=self.refusals.pop(0),
                reject_source=RejectSource.GATEWAY,
            )  # fmt: skip
            return
        asked = (message.stop_loss_px, message.take_profit_px)
        yield self._levels_told(
            message, PosMaintStatus.ACCEPTED, stop_loss_px=asked[0], take_profit_px=asked[1]
        )
        key = (message.symbol, message.position_id)
        before = self._levels.get(key, (ZERO, ZERO))
        stop, profit = (
            old if new is None else new for new, old in zip(asked, before, strict=True)
        )
        self._levels[key] = (stop, profit)
        yield self._levels_told(
            message, PosMaintStatus.COMPLETED, stop_loss_px=stop, take_profit_px=profit
        )

    def _levels_told(
        self, message: PositionMaintenanceRequest, status: PosMaintStatus, **more: Any
    ) -> PositionMaintenanceReport:
        self._counter += 1
        return PositionMaintenanceReport(
            pos_maint_rpt_id=f"M{self._counter}", pos_req_id=message.pos_req_id,
            orig_pos_req_ref_id=message.pos_req_id, pos_maint_status=status,
            clearing_business_date=message.clearing_business_date, account=message.account,
            symbol=message.symbol, security_exchange=self.name, position_id=message.position_id,
            transact_time=message.transact_time, **more,
        )  # fmt: skip

    def _mass_cancel(self, message: OrderMassCancelRequest) -> Iterator[Message]:
        found = {
            o.order_id: o
            for o in self._orders.values()
            if o.is_open and message.symbol in {None, o.request.symbol}
        }
        for order in found.values():
            yield from self.end(order, ExecType.CANCELED, OrdStatus.CANCELED)
        yield OrderMassCancelReport(
            cl_ord_id=message.cl_ord_id,
            order_id=message.cl_ord_id,
            mass_cancel_request_type=message.mass_cancel_request_type,
            mass_cancel_response=MassCancelResponse(message.mass_cancel_request_type.value),
            total_affected_orders=len(found),
        )


def _refusal(
    message: OrderCancelRequest | OrderCancelReplaceRequest, order: Resting | None
) -> OrderCancelReject:
    is_cancel = isinstance(message, OrderCancelRequest)
    return OrderCancelReject(
        order_id=order.order_id if order else "NONE",
        cl_ord_id=message.cl_ord_id,
        orig_cl_ord_id=message.orig_cl_ord_id,
        ord_status=order.status if order else OrdStatus.REJECTED,
        cxl_rej_response_to=CxlRejResponseTo.CANCEL if is_cancel else CxlRejResponseTo.REPLACE,
        cxl_rej_reason=CxlRejReason.TOO_LATE_TO_CANCEL if order else CxlRejReason.UNKNOWN_ORDER,
    )
