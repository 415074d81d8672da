"""A bridge that is cut off, comes back, and is asked what became of things."""

from __future__ import annotations

from support.desk import SYMBOL, VENUE

from protocol.fields import ExecType as E
from protocol.fields import OrdRejReason, OrdStatus, Side
from protocol.messages import ExecutionReport, OrderStatusRequest
from protocol.numbers import ZERO

NEVER_SENT, UNKNOWN = "NEVER_SENT", "UNKNOWN_AT_VENUE"


def relink(play):
    """Break the bridge's link and let it log on again."""
    play.desk.drop(VENUE)
    play.desk.log_on(VENUE)


def sent(play, kind):
    """Everything of a kind that the venue was sent."""
    return [message for message in play.desk.told(VENUE) if isinstance(message, kind)]


def reports(play):
    """Return the lines about orders that were told since the last time."""
    return [text for text in play.lines() if text != "h"]


def unknown(play, text, wire_id="", *, complete=True):
    """Let the bridge answer an H: not known."""
    play.desk.hear(VENUE, ExecutionReport(
        order_id="NONE", exec_id="I", exec_type=E.ORDER_STATUS, ord_status=OrdStatus.REJECTED,
        symbol=SYMBOL, side=Side.BUY, leaves_qty=ZERO, cum_qty=ZERO, avg_px=ZERO,
        cl_ord_id=wire_id or play.exchange.wire_id, ord_rej_reason=OrdRejReason.UNKNOWN_ORDER,
        text=text, complete=complete or None,
    ))  # fmt: skip


def read(play, ms, **how):
    """Wait until the gateway asks (H), then let the bridge not know the order."""
    before = len(sent(play, OrderStatusRequest))
    play.desk.pass_time(ms)
    assert len(sent(play, OrderStatusRequest)) > before, "it did not ask"
    unknown(play, UNKNOWN, **how)
