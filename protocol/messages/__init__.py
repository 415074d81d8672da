"""One typed, immutable struct for each MsgType; `BY_TYPE` finds a struct by its MsgType text."""

from __future__ import annotations

from protocol.messages.accounts import (
    CollateralInquiry,
    CollateralInquiryAck,
    CollateralReport,
    Party,
    PositionFee,
    PositionQty,
    PositionReport,
    RequestForPositions,
    RequestForPositionsAck,
    Security,
    SecurityList,
    SecurityListRequest,
)
from protocol.messages.admin import (
    Heartbeat,
    Logon,
    Logout,
    Reject,
    ResendRequest,
    SequenceReset,
    TestRequest,
)
from protocol.messages.base import Group, Message
from protocol.messages.control import (
    BusinessMessageReject,
    Note,
    OperatorCommand,
    SecurityStatus,
    TradingSessionStatus,
)
from protocol.messages.market import (
    MarketDataIncrementalRefresh,
    MarketDataRequest,
    MarketDataRequestReject,
    MarketDataSnapshotFullRefresh,
    MDEntry,
    MDReqSymbol,
    MDReqType,
    MDUpdate,
)
from protocol.messages.orders import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderFields,
    OrderMassCancelReport,
    OrderMassCancelRequest,
    OrderMassStatusRequest,
    OrderStatusRequest,
    TradeCaptureReport,
    TradeCaptureReportRequest,
    TradeCaptureReportRequestAck,
    TradeCaptureSide,
    TradeDate,
)
from protocol.messages.protection import PositionMaintenanceReport, PositionMaintenanceRequest

BY_TYPE: dict[str, type[Message]] = {
    struct.msg_type: struct
    for struct in (
        Heartbeat, TestRequest, ResendRequest, Reject, SequenceReset, Logout, Logon,
        NewOrderSingle, OrderCancelRequest, OrderCancelReplaceRequest, OrderStatusRequest,
        OrderMassStatusRequest, OrderMassCancelRequest, OrderMassCancelReport,
        ExecutionReport, OrderCancelReject,
        TradeCaptureReportRequest, TradeCaptureReportRequestAck, TradeCaptureReport,
        RequestForPositions, RequestForPositionsAck, PositionReport,
        PositionMaintenanceRequest, PositionMaintenanceReport,
        CollateralInquiry, CollateralInquiryAck, CollateralReport,
        SecurityListRequest, SecurityList,
        MarketDataRequest, MarketDataRequestReject, MarketDataSnapshotFullRefresh,
        MarketDataIncrementalRefresh,
        BusinessMessageReject, TradingSessionStatus, SecurityStatus, OperatorCommand, Note,
    )
}  # fmt: skip

__all__ = [
    "BY_TYPE", "BusinessMessageReject", "CollateralInquiry", "CollateralInquiryAck",
    "CollateralReport", "ExecutionReport", "Group", "Heartbeat", "Logon", "Logout", "MDEntry",
    "MDReqSymbol", "MDReqType", "MDUpdate", "MarketDataIncrementalRefresh", "MarketDataRequest",
    "MarketDataRequestReject", "MarketDataSnapshotFullRefresh", "Message", "NewOrderSingle",
    "Note", "OperatorCommand", "OrderCancelReject", "OrderCancelReplaceRequest",
    "OrderCancelRequest", "OrderFields", "OrderMassCancelReport", "OrderMassCancelRequest",
    "OrderMassStatusRequest", "OrderStatusRequest", "Party", "PositionFee",
    "PositionMaintenanceReport", "PositionMaintenanceRequest", "PositionQty", "PositionReport",
    "Reject", "RequestForPositions", "RequestForPositionsAck", "ResendRequest", "Security",
    "SecurityList", "SecurityListRequest", "SecurityStatus", "SequenceReset", "TestRequest",
    "TradeCaptureReport", "TradeCaptureReportRequest", "TradeCaptureReportRequestAck",
    "TradeCaptureSide", "TradeDate", "TradingSessionStatus",
]  # fmt: skip
