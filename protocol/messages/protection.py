"""Stop-loss and take-profit of an open position: asked for, and answered (FIX 4.4 vol. 5)."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal

from protocol.fields import PosMaintStatus, RejectSource
from protocol.messages.base import Date, Id, Message, Text, UtcTimestamp, tag


class PositionMaintenanceRequest(Message, frozen=True, kw_only=True):
    """PositionMaintenanceRequest (AL): the levels of an open position, as they shall be.

    A level that is absent stays as it is, 0 takes it away; at least one of the two is there.
    """

    msg_type: ClassVar[str] = "AL"
    pos_req_id: Id = tag(710)
    pos_trans_type: Literal["3"] = tag(709, "3")
    pos_maint_action: Literal["2"] = tag(712, "2")
    clearing_business_date: Date = tag(715)
    account: Id = tag(1)
    account_type: int = tag(581, 1)
    symbol: Id = tag(55)
    security_exchange: Id | None = tag(207, None)
    transact_time: UtcTimestamp = tag(60)
    text: Text | None = tag(58, None)
    stop_loss_px: Decimal | None = tag(5001, None)
    take_profit_px: Decimal | None = tag(5002, None)
    position_id: Id | None = tag(5004, None)


class PositionMaintenanceReport(Message, frozen=True, kw_only=True):
    """PositionMaintenanceReport (AM): what became of an AL.

    With 722=0 the levels are those asked for, with 722=3 those that stand now; 0 is none.
    """

    msg_type: ClassVar[str] = "AM"
    pos_maint_rpt_id: Id = tag(721)
    pos_trans_type: Literal["3"] = tag(709, "3")
    pos_req_id: Id = tag(710)
    pos_maint_action: Literal["2"] = tag(712, "2")
    orig_pos_req_ref_id: Id = tag(713)
    pos_maint_status: PosMaintStatus = tag(722)
    clearing_business_date: Date = tag(715)
    account: Id = tag(1)
    account_type: int = tag(581, 1)
    symbol: Id = tag(55)
    security_exchange: Id | None = tag(207, None)
    transact_time: UtcTimestamp = tag(60)
    text: Text | None = tag(58, None)
    stop_loss_px: Decimal | None = tag(5001, None)
    take_profit_px: Decimal | None = tag(5002, None)
    reject_source: RejectSource | None = tag(5003, None)
    position_id: Id | None = tag(5004, None)
    in_doubt: bool | None = tag(5007, None)
