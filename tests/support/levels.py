"""A house with a position whose stop-loss and take-profit can be moved, and words for it."""

from __future__ import annotations

from decimal import Decimal

from support.desk import ACCOUNT, CAPABILITIES, SYMBOL, T0, VENUE, Desk, Exchange, new_order

from gateway.oms import book as books
from protocol.fields import ExecType, PosMaintStatus, PosReqResult, PosReqType, RejectSource, Side
from protocol.messages import (
    NewOrderSingle,
    PositionMaintenanceReport,
    PositionMaintenanceRequest,
    PositionQty,
    PositionReport,
    RequestForPositions,
)
from protocol.timestamps import format_date, format_utc

ACCEPTED, REJECTED, COMPLETED = PosMaintStatus
STOP, PROFIT = Decimal("1.0950"), Decimal("1.1200")


def opened(
    *, hedging=False, house=None, position_id=None, protects=True, at_first=(), **fields
):
    """A house in which MM has bought 1000 at 1.1000 on a venue that takes AL.

    `at_first` are the positions that the account holds at first contact.
    """
    desk = Desk(house)
    more = (" PROTECT" if protects else "") + (" HEDGING" if hedging else "")
    desk.capabilities = CAPABILITIES + " STOP_LOSS TAKE_PROFIT" + more
    desk.open_up(at_first)
    position_id = position_id or ("P1" if hedging else None)
    desk.exchange = trade(desk, "MM", Side.BUY, position_id=position_id, **fields)
    return desk


def trade(desk, owner, side, qty="1000", px="1.1000", *, position_id=None, closes=None, **fields):
    """Let an owner trade, whole: `closes` is the D's 5004, `position_id` that of the fill."""
    desk.count = getattr(desk, "count", 0) + 1
    order = new_order(
        desk, f"O{desk.count}", qty, "1.1000", side=side, position_id=closes, **fields
    )
    desk.hear(owner, order)
    sent = desk.told(VENUE)[-1]
    told = desk.told(owner)[-1]
    assert isinstance(sent, NewOrderSingle), told.text
    assert told.exec_type is ExecType.PENDING_NEW, told.text
    exchange = Exchange(desk, sent)
    exchange.accept()
    full = {"position_id": position_id} if position_id else {}
    exchange.cum = Decimal(qty)
    exchange.say(
        "F", "2", last_qty=Decimal(qty), last_px=Decimal(px), comm_type="3",
        secondary_exec_id=f"T{desk.count}", commission=Decimal(0), comm_currency="USD", **full,
    )  # fmt: skip
    return exchange


def al(desk, name="L1", **fields):
    """A request of a strategy; the stop-loss alone unless the fields say otherwise."""
    if not {"stop_loss_px", "take_profit_px"} & set(fields):
        fields["stop_loss_px"] = STOP
    fields.setdefault("account", "ALL")
    fields.setdefault("symbol", SYMBOL)
    fields.setdefault("transact_time", format_utc(desk.now_ns))
    return PositionMaintenanceRequest(
        pos_req_id=name, clearing_business_date=format_date(desk.now_ns), **fields
    )


def am(desk, sent, status=COMPLETED, **fields):
    """What a bridge answers to an AL that it was sent."""
    return PositionMaintenanceReport(
        pos_maint_rpt_id="R1", pos_req_id=sent.pos_req_id, orig_pos_req_ref_id=sent.pos_req_id,
        pos_maint_status=status, clearing_business_date=format_date(desk.now_ns), account=ACCOUNT,
        symbol=sent.symbol, position_id=sent.position_id, transact_time=format_utc(desk.now_ns),
        **fields,
    )  # fmt: skip


def shown(stop="0", profit="0", position_id=None, qty=1000):
    """A position with its levels, as the venue tells it."""
    return PositionReport(
        pos_maint_rpt_id="P1", pos_req_id="?", pos_req_result=PosReqResult.VALID, account=ACCOUNT,
        clearing_business_date=format_date(T0), symbol=SYMBOL, settl_price=Decimal("1.1"),
        prior_settl_price=Decimal(0), position_id=position_id,
        positions=(PositionQty(pos_type="TQ", long_qty=Decimal(qty), short_qty=Decimal(0)),),
        stop_loss_px=Decimal(stop), take_profit_px=Decimal(profit),
    )  # fmt: skip


def said(desk, owner="MM"):
    """The AMs that an owner was told."""
    return [one for one in desk.told(owner) if isinstance(one, PositionMaintenanceReport)]


def asked(desk):
    """The ALs that the venue was sent."""
    return [one for one in desk.told(VENUE) if isinstance(one, PositionMaintenanceRequest)]


def holds(desk):
    """The AP that MM is told when it asks (AN), in their order."""
    before = len(desk.told("MM"))
    desk.hear("MM", RequestForPositions(
        pos_req_id=f"Q{len(desk.records)}", pos_req_type=PosReqType.POSITIONS, account="ALL",
        clearing_business_date=format_date(desk.now_ns), transact_time=format_utc(desk.now_ns),
    ))  # fmt: skip
    count, *found = desk.told("MM")[before:]
    assert [one.total_num_pos_reports for one in (count, *found)] == [len(found)] * (len(found) + 1)
    return found


def known(desk):
    """The levels of its one position that MM is told when it asks."""
    (told,) = holds(desk)
    return told.stop_loss_px, told.take_profit_px


def refused(desk, message, owner="MM"):
    """Ask, and return the code of the gateway's refusal; nothing reaches the venue."""
    before = len(asked(desk))
    desk.hear(owner, message)
    answer = said(desk, owner)[-1]
    assert (answer.pos_req_id, answer.pos_maint_status) == (message.pos_req_id, REJECTED)
    assert answer.reject_source is RejectSource.GATEWAY
    assert len(asked(desk)) == before
    return answer.text.partition(":")[0]


def check_replay(desk):
    """The records fold to the same state, and a snapshot holds all of it."""
    assert desk.replayed().digest() == desk.book.digest()
    assert books.decode(books.encode(desk.book)).digest() == desk.book.digest()
