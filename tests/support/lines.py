"""What an owner is told, written as FIX's order state change matrices write it.

`F/1 (X) q10000 c2000 l8000` is ExecType(150)=F, OrdStatus(39)=1, ClOrdID(11)=X, OrderQty(38),
CumQty(14), LeavesQty(151); `(Y,X)` adds OrigClOrdID(41). Behind them stand what decides a row: 103,
378, 636, 5007. `9 (Y,X) 39=1 102=0` is an OrderCancelReject.
"""

from __future__ import annotations

from support.desk import VENUE, Desk, Exchange, cancel, change, new_order

from protocol.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)

_MARKS = (
    ("103", "ord_rej_reason"), ("378", "exec_restatement_reason"), ("636", "working_indicator"),
    ("5007", "in_doubt"),
)  # fmt: skip


def line(message):
    """Write a report as one line of a matrix; other messages by their MsgType."""
    if isinstance(message, OrderCancelReject):
        names = f"({message.cl_ord_id},{message.orig_cl_ord_id})"
        return f"9 {names} 39={message.ord_status.value} 102={message.cxl_rej_reason.value}"
    if not isinstance(message, ExecutionReport):
        return message.msg_type
    names = ",".join(name for name in (message.cl_ord_id, message.orig_cl_ord_id) if name)
    text = (
        f"{message.exec_type.value}/{message.ord_status.value} ({names})"
        f" q{message.order_qty} c{message.cum_qty} l{message.leaves_qty}"
    )
    for tag, name in _MARKS:
        value = getattr(message, name)
        if value is not None:
            shown = ("Y" if value else "N") if isinstance(value, bool) else value.value
            text += f" {tag}={shown}"
    return text


class Play:
    """One strategy, one venue, one book: requests in, lines out."""

    def __init__(self, house=None):
        self.desk = Desk(house)
        self.desk.open_up()
        self._read = len(self.desk.told("MM"))

    def lines(self):
        """Return what the strategy was told since the last time, as lines."""
        told = self.desk.told("MM")
        new, self._read = told[self._read :], len(told)
        return [line(message) for message in new]

    def last(self, kind):
        """Return the last message of a kind that the venue was sent."""
        return [message for message in self.desk.told(VENUE) if isinstance(message, kind)][-1]

    def order(self, cl_ord_id="X", qty="10000", **fields):
        """Ask for an order; return the venue's side of it."""
        self.desk.hear("MM", new_order(self.desk, cl_ord_id, qty, **fields))
        return Exchange(self.desk, self.last(NewOrderSingle))

    def cancel(self, cl_ord_id, orig, **fields):
        """Ask for a cancel; return what the venue was sent."""
        self.desk.hear("MM", cancel(self.desk, cl_ord_id, orig, **fields))
        return self.last(OrderCancelRequest)

    def replace(self, cl_ord_id, orig, qty, price="1.1000", **fields):
        """Ask for a replace; return what the venue was sent."""
        self.desk.hear("MM", change(self.desk, cl_ord_id, orig, qty, price, **fields))
        return self.last(OrderCancelReplaceRequest)

    def refuse(self, request, exchange, reason, ord_status):
        """Let the venue refuse a cancel or a replace."""
        is_replace = isinstance(request, OrderCancelReplaceRequest)
        self.desk.hear(VENUE, OrderCancelReject(
            order_id=f"V{exchange.wire_id}", cl_ord_id=request.cl_ord_id,
            orig_cl_ord_id=request.orig_cl_ord_id, ord_status=ord_status,
            cxl_rej_response_to="2" if is_replace else "1", cxl_rej_reason=reason,
        ))  # fmt: skip

    def settled(self):
        """Whether what is remembered is what the records say, and nothing waits."""
        book = self.desk.book
        return self.desk.replayed().digest() == book.digest() and not any(book.waiting.values())
