"""Levels of open positions: what a venue is asked, what becomes of it, both on the wire. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol, runtime_checkable

from msgspec import Struct

from protocol.fields import PosMaintStatus, RejectSource
from protocol.messages import PositionMaintenanceReport, PositionMaintenanceRequest
from protocol.timestamps import format_date, format_utc


class LevelsRequest(Struct, frozen=True, kw_only=True):
    """Stop-loss and take-profit that an open position shall have: None is as it is, 0 is none."""

    request_id: str
    symbol: str
    position_id: str = ""
    stop_loss_px: Decimal | None = None
    take_profit_px: Decimal | None = None


class LevelsTold(Struct, frozen=True):
    """What became of a LevelsRequest: done, with the levels that stand now; refused; in doubt.

    In doubt (ACCEPTED) is one whose answer proves nothing; another word on it may follow.
    """

    request: LevelsRequest
    status: PosMaintStatus
    stop_loss_px: Decimal | None = None
    take_profit_px: Decimal | None = None
    text: str = ""


@runtime_checkable
class ProtectingVenue(Protocol):
    """What a venue with the capability `protect` can do besides what the port has."""

    def protect(self, request: LevelsRequest, now_ns: int) -> None:
        """Ask for other levels of an open position: LevelsTold follows."""


NOT_SUPPORTED = "NOT_SUPPORTED: this venue does not move the levels of a position"
SENT_BEFORE = "DUPLICATE: this id was sent before and is not sent again"


def levels_request(message: PositionMaintenanceRequest) -> LevelsRequest:
    """Read an AL."""
    return LevelsRequest(
        request_id=message.pos_req_id,
        symbol=message.symbol,
        position_id=message.position_id or "",
        stop_loss_px=message.stop_loss_px,
        take_profit_px=message.take_profit_px,
    )


def levels_report(
    event: LevelsTold, report_id: str, *, account: str, venue: str, now_ns: int
) -> PositionMaintenanceReport:
    """Write an AM; accepted is what the venue's answer has not proved (5007=Y)."""
    request = event.request
    return PositionMaintenanceReport(
        pos_maint_rpt_id=report_id,
        pos_req_id=request.request_id,
        orig_pos_req_ref_id=request.request_id,
        pos_maint_status=event.status,
        clearing_business_date=format_date(now_ns),
        account=account,
        symbol=request.symbol,
        security_exchange=venue,
        position_id=request.position_id or None,
        transact_time=format_utc(now_ns),
        stop_loss_px=event.stop_loss_px,
        take_profit_px=event.take_profit_px,
        text=event.text or None,
        reject_source=RejectSource.VENUE if event.status is PosMaintStatus.REJECTED else None,
        in_doubt=True if event.status is PosMaintStatus.ACCEPTED else None,
    )
