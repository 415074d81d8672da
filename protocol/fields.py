"""FIX 4.4 enums and tags, each under the standard's name, plus our own tags from 5001.

Enum values are the characters on the wire. An enum lists every value that this gateway says or
hears; a value of the standard that is missing here is one that nobody may send us.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final

from protocol.field_names import NAMES

BEGIN_STRING: Final = "FIX.4.4"
SOH: Final = "\x01"
GATEWAY: Final = "GATEWAY"
OPERATOR: Final = "OPERATOR"
EXTERNAL: Final = "EXTERNAL"
"""Owner of what nobody's strategy owns: manual trades, stop-outs, foreign orders."""
NONE: Final = "NONE"
"""OrderID (37) of an order that does not exist (FIX 4.4 vol. 4, OrderCancelReject)."""


class Side(StrEnum):
    """Side (54)."""

    BUY = "1"
    SELL = "2"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell: the direction in which a fill moves a position."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrdType(StrEnum):
    """OrdType (40)."""

    MARKET = "1"
    LIMIT = "2"
    STOP = "3"
    STOP_LIMIT = "4"


class TimeInForce(StrEnum):
    """TimeInForce (59). Absent means DAY."""

    DAY = "0"
    GOOD_TILL_CANCEL = "1"
    IMMEDIATE_OR_CANCEL = "3"
    FILL_OR_KILL = "4"
    GOOD_TILL_DATE = "6"


class ExecInst(StrEnum):
    """ExecInst (18), the one instruction that we take: post-only."""

    PARTICIPATE_DONT_INITIATE = "6"


class PositionEffect(StrEnum):
    """PositionEffect (77). CLOSE is reduce-only: the order may never increase or flip."""

    OPEN = "O"
    CLOSE = "C"


class OrdStatus(StrEnum):
    """OrdStatus (39): the state after a report."""

    NEW = "0"
    PARTIALLY_FILLED = "1"
    FILLED = "2"
    DONE_FOR_DAY = "3"
    CANCELED = "4"
    PENDING_CANCEL = "6"
    STOPPED = "7"
    REJECTED = "8"
    SUSPENDED = "9"
    PENDING_NEW = "A"
    CALCULATED = "B"
    EXPIRED = "C"
    PENDING_REPLACE = "E"


class ExecType(StrEnum):
    """ExecType (150): why a report was sent."""

    NEW = "0"
    DONE_FOR_DAY = "3"
    CANCELED = "4"
    REPLACED = "5"
    PENDING_CANCEL = "6"
    REJECTED = "8"
    PENDING_NEW = "A"
    EXPIRED = "C"
    RESTATED = "D"
    PENDING_REPLACE = "E"
    TRADE = "F"
    TRADE_CORRECT = "G"
    TRADE_CANCEL = "H"
    ORDER_STATUS = "I"


class OrdRejReason(IntEnum):
    """OrdRejReason (103)."""

    BROKER = 0
    UNKNOWN_SYMBOL = 1
    EXCHANGE_CLOSED = 2
    EXCEEDS_LIMIT = 3
    TOO_LATE_TO_ENTER = 4
    UNKNOWN_ORDER = 5
    DUPLICATE_ORDER = 6
    STALE_ORDER = 8
    UNSUPPORTED_CHARACTERISTIC = 11
    INCORRECT_QUANTITY = 13
    UNKNOWN_ACCOUNT = 15
    OTHER = 99


class CxlRejReason(IntEnum):
    """CxlRejReason (102)."""

    TOO_LATE_TO_CANCEL = 0
    UNKNOWN_ORDER = 1
    BROKER = 2
    ALREADY_PENDING = 3
    UNABLE_TO_MASS_CANCEL = 4
    DUPLICATE_CL_ORD_ID = 6
    OTHER = 99


class CxlRejResponseTo(StrEnum):
    """CxlRejResponseTo (434)."""

    CANCEL = "1"
    REPLACE = "2"


class ExecRestatementReason(IntEnum):
    """ExecRestatementReason (378): why a report came unasked."""

    GT_CORPORATE_ACTION = 0
    GT_RENEWAL = 1
    VERBAL_CHANGE = 2
    REPRICING = 3
    BROKER_OPTION = 4
    PARTIAL_DECLINE = 5
    TRADING_HALT = 6
    SYSTEM_FAILURE = 7
    MARKET_OPTION = 8
    CANCELED_NOT_BEST = 9
    OTHER = 99


class SessionRejectReason(IntEnum):
    """SessionRejectReason (373)."""

    INVALID_TAG_NUMBER = 0
    REQUIRED_TAG_MISSING = 1
    TAG_NOT_DEFINED_FOR_THIS_MESSAGE_TYPE = 2
    UNDEFINED_TAG = 3
    TAG_SPECIFIED_WITHOUT_A_VALUE = 4
    VALUE_IS_INCORRECT = 5
    INCORRECT_DATA_FORMAT = 6
    COMP_ID_PROBLEM = 9
    SENDING_TIME_ACCURACY_PROBLEM = 10
    INVALID_MSG_TYPE = 11
    TAG_APPEARS_MORE_THAN_ONCE = 13
    REPEATING_GROUP_FIELDS_OUT_OF_ORDER = 15
    INCORRECT_NUM_IN_GROUP_COUNT = 16
    OTHER = 99


class BusinessRejectReason(IntEnum):
    """BusinessRejectReason (380)."""

    OTHER = 0
    UNKNOWN_ID = 1
    UNKNOWN_SECURITY = 2
    UNSUPPORTED_MESSAGE_TYPE = 3
    APPLICATION_NOT_AVAILABLE = 4
    CONDITIONALLY_REQUIRED_FIELD_MISSING = 5
    NOT_AUTHORIZED = 6


class MassCancelRequestType(StrEnum):
    """MassCancelRequestType (530)."""

    SECURITY = "1"
    ALL = "7"


class MassCancelResponse(StrEnum):
    """MassCancelResponse (531): 0 is a refusal, else the request type is echoed."""

    REJECTED = "0"
    SECURITY = "1"
    ALL = "7"


class MassStatusReqType(IntEnum):
    """MassStatusReqType (585)."""

    SECURITY = 1
    ALL = 7


class LastLiquidityInd(IntEnum):
    """LastLiquidityInd (851)."""

    ADDED = 1
    REMOVED = 2


class MDEntryType(StrEnum):
    """MDEntryType (269)."""

    BID = "0"
    OFFER = "1"
    TRADE = "2"
    INDEX_VALUE = "3"


class MDUpdateAction(StrEnum):
    """MDUpdateAction (279)."""

    NEW = "0"
    CHANGE = "1"
    DELETE = "2"


class MDReqRejReason(StrEnum):
    """MDReqRejReason (281)."""

    UNKNOWN_SYMBOL = "0"
    DUPLICATE_MD_REQ_ID = "1"
    UNSUPPORTED_SUBSCRIPTION = "4"
    UNSUPPORTED_MARKET_DEPTH = "5"


class SubscriptionRequestType(StrEnum):
    """SubscriptionRequestType (263). We answer snapshots; streams are on the XPUB socket."""

    SNAPSHOT = "0"


class TradSesStatus(IntEnum):
    """TradSesStatus (340)."""

    UNKNOWN = 0
    HALTED = 1
    OPEN = 2
    CLOSED = 3


class SecurityTradingStatus(IntEnum):
    """SecurityTradingStatus (326)."""

    TRADING_HALT = 2
    READY_TO_TRADE = 17


class TradingState(StrEnum):
    """TradingState (5006), own field. Cancels pass in each."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


class RejectSource(StrEnum):
    """RejectSource (5003), own field: who refused."""

    GATEWAY = "G"
    VENUE = "V"


class PosReqType(IntEnum):
    """PosReqType (724)."""

    POSITIONS = 0


class PosReqResult(IntEnum):
    """PosReqResult (728)."""

    VALID = 0
    INVALID = 1
    NO_POSITIONS = 2
    NOT_AUTHORIZED = 3
    UNSUPPORTED = 4
    OTHER = 99


class PosReqStatus(IntEnum):
    """PosReqStatus (729)."""

    COMPLETED = 0
    COMPLETED_WITH_WARNINGS = 1
    REJECTED = 2


class PosMaintStatus(IntEnum):
    """PosMaintStatus (722): on its way, refused, done."""

    ACCEPTED = 0
    REJECTED = 2
    COMPLETED = 3


class CollStatus(IntEnum):
    """CollStatus (910)."""

    UNASSIGNED = 0
    PARTIALLY_ASSIGNED = 1
    ASSIGNMENT_PROPOSED = 2
    ASSIGNED = 3
    CHALLENGED = 4


class CollInquiryStatus(IntEnum):
    """CollInquiryStatus (945)."""

    ACCEPTED = 0
    ACCEPTED_WITH_WARNINGS = 1
    COMPLETED = 2
    COMPLETED_WITH_WARNINGS = 3
    REJECTED = 4


class SecurityListRequestType(IntEnum):
    """SecurityListRequestType (559)."""

    SYMBOL = 0
    ALL_SECURITIES = 4


class SecurityRequestResult(IntEnum):
    """SecurityRequestResult (560)."""

    VALID = 0
    INVALID = 1
    NONE_FOUND = 2
    NOT_AUTHORIZED = 3
    UNAVAILABLE = 4
    NOT_SUPPORTED = 5


class TradeRequestType(IntEnum):
    """TradeRequestType (569)."""

    ALL_TRADES = 0


class TradeRequestResult(IntEnum):
    """TradeRequestResult (749)."""

    SUCCESSFUL = 0
    INVALID_OR_UNKNOWN_INSTRUMENT = 1
    INVALID_TYPE_OF_TRADE_REQUESTED = 2
    TRADE_REQUEST_TYPE_NOT_SUPPORTED = 8
    NOT_AUTHORIZED = 9
    OTHER = 99


class TradeRequestStatus(IntEnum):
    """TradeRequestStatus (750)."""

    ACCEPTED = 0
    COMPLETED = 1
    REJECTED = 2


class CancelOnDisconnectType(IntEnum):
    """CancelOnDisconnectType (35002), as Artio and B3 use it in the Logon."""

    NONE = 0
    DISCONNECT = 1
    LOGOUT = 2
    BOTH = 3


ADMIN_TYPES: Final = frozenset("A012345")
"""MsgTypes of the session level (FIX 4.4 vol. 2): never resent, gap-filled instead."""


def describe(tag: int) -> str:
    """Name a tag for a person: `ClOrdID(11)`, or `tag 999` when it is none of ours."""
    name = NAMES.get(tag)
    return f"{name}({tag})" if name else f"tag {tag}"
