"""Questions whose answer is several messages: who belongs to it, and when it is complete. Pure.

x  → y (893=Y on the last)      AF → 8 each (911, 912=Y on the last; 37=NONE: there is none)
AN → AO (727) → 727 x AP        BB → BG (911) → 911 x BA
"""

from __future__ import annotations

from typing import Any, Protocol

from engine import requests
from engine.instrument import Instrument, instrument_of
from engine.market import Book, book_of
from protocol.fields import NONE, CollInquiryStatus, PosReqResult
from protocol.messages import (
    BusinessMessageReject,
    CollateralInquiryAck,
    CollateralReport,
    ExecutionReport,
    MarketDataRequestReject,
    MarketDataSnapshotFullRefresh,
    Message,
    PositionReport,
    RequestForPositionsAck,
    SecurityList,
)


class Question(Protocol):
    """A request, and the answer as far as it has come."""

    request: Message
    done: bool
    refused: str | None

    def hear(self, message: Message) -> bool:
        """Take a message if it belongs to the answer, and say whether it did."""


class _Asked:
    def __init__(self, request: Message, request_id: str) -> None:
        self.request = request
        self.request_id = request_id
        self.done = False
        self.refused: str | None = None
        self._expected: int | None = None

    def hear(self, message: Message) -> bool:
        """Take a message if it belongs to the answer, and say whether it did."""
        if isinstance(message, BusinessMessageReject):
            if message.business_reject_ref_id != self.request_id:
                return False
            return self._refuse(message.text or message.business_reject_reason.name)
        return self._take(message)

    def _take(self, message: Message) -> bool:
        raise NotImplementedError

    def _refuse(self, text: str) -> bool:
        self.refused = text
        self.done = True
        return True

    def _count(self, found: list[Any]) -> bool:
        self.done = self._expected is not None and len(found) >= self._expected
        return True


class Instruments(_Asked):
    """Which instruments there are."""

    def __init__(self, request_id: str) -> None:
        super().__init__(requests.instruments(request_id), request_id)
        self.found: list[Instrument] = []

    def _take(self, message: Message) -> bool:
        if not isinstance(message, SecurityList) or message.security_req_id != self.request_id:
            return False
        self.found += [instrument_of(entry) for entry in message.securities]
        self.done = message.last_fragment is not False
        return True


class OpenOrders(_Asked):
    """Which orders of ours are open."""

    def __init__(self, request_id: str) -> None:
        super().__init__(requests.mass_status(request_id), request_id)
        self.found: list[ExecutionReport] = []

    def _take(self, message: Message) -> bool:
        if (
            not isinstance(message, ExecutionReport)
            or message.mass_status_req_id != self.request_id
        ):
            return False
        if message.order_id != NONE:
            self.found.append(message)
        self.done = message.last_rpt_requested is True
        return True


class Positions(_Asked):
    """Which positions we have."""

    def __init__(self, request_id: str, account: str | None, *, now_ns: int) -> None:
        super().__init__(requests.positions(request_id, account, now_ns=now_ns), request_id)
        self.found: list[PositionReport] = []

    def _take(self, message: Message) -> bool:
        if isinstance(message, RequestForPositionsAck) and message.pos_req_id == self.request_id:
            if message.pos_req_result not in {PosReqResult.VALID, PosReqResult.NO_POSITIONS}:
                return self._refuse(message.text or message.pos_req_result.name)
            self._expected = message.total_num_pos_reports or 0
            return self._count(self.found)
        if isinstance(message, PositionReport) and message.pos_req_id == self.request_id:
            self.found.append(message)
            return self._count(self.found)
        return False


class Snapshot(_Asked):
    """What a symbol's book is now."""

    def __init__(self, request_id: str, symbol: str, venue: str | None) -> None:
        super().__init__(requests.snapshot(request_id, symbol, venue), request_id)
        self.found: list[Book] = []

    def _take(self, message: Message) -> bool:
        if (
            isinstance(message, MarketDataSnapshotFullRefresh)
            and message.md_req_id == self.request_id
        ):
            self.found.append(book_of(message))
            self.done = True
            return True
        if isinstance(message, MarketDataRequestReject) and message.md_req_id == self.request_id:
            return self._refuse(message.text or "REJECTED")
        return False


class Balances(_Asked):
    """What the accounts hold, one report per currency."""

    def __init__(self, request_id: str) -> None:
        super().__init__(requests.balances(request_id), request_id)
        self.found: list[CollateralReport] = []

    def _take(self, message: Message) -> bool:
        if (
            isinstance(message, CollateralInquiryAck)
            and message.coll_inquiry_id == self.request_id
        ):
            if message.coll_inquiry_status is CollInquiryStatus.REJECTED:
                return self._refuse(message.text or "REJECTED")
            self._expected = message.tot_num_reports or 0
            return self._count(self.found)
        if isinstance(message, CollateralReport) and message.coll_inquiry_id == self.request_id:
            self.found.append(message)
            return self._count(self.found)
        return False
