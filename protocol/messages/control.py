"""Halts, business refusals, and the two private types: U1 (operator) and U2 (note)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from protocol.fields import BusinessRejectReason, SecurityTradingStatus, TradingState, TradSesStatus
from protocol.messages.base import Count, Id, Message, SeqNum, Text, UtcTimestamp, tag

Body = Annotated[str, Meta(max_length=60_000)]


class BusinessMessageReject(Message, frozen=True, kw_only=True):
    """BusinessMessageReject (j): understood, but not to be done here."""

    msg_type: ClassVar[str] = "j"
    ref_seq_num: SeqNum | None = tag(45, None)
    ref_msg_type: Id = tag(372)
    business_reject_ref_id: Id | None = tag(379, None)
    business_reject_reason: BusinessRejectReason = tag(380)
    text: Text | None = tag(58, None)


class TradingSessionStatus(Message, frozen=True, kw_only=True):
    """TradingSessionStatus (h): a venue's link (336) or a trading state (5006) has changed.

    A bridge passes a venue's rate-limit warning on as `back_off_ms`: so long nothing new is sent.
    """

    msg_type: ClassVar[str] = "h"
    trading_session_id: Id = tag(336)
    trad_ses_status: TradSesStatus = tag(340)
    unsolicited_indicator: bool | None = tag(325, None)
    text: Text | None = tag(58, None)
    trading_state: TradingState | None = tag(5006, None)
    scope: Text | None = tag(5009, None)
    back_off_ms: Count | None = tag(5046, None)


class SecurityStatus(Message, frozen=True, kw_only=True):
    """SecurityStatus (f): trading in one instrument halts or goes on."""

    msg_type: ClassVar[str] = "f"
    symbol: Id = tag(55)
    security_exchange: Id | None = tag(207, None)
    security_trading_status: SecurityTradingStatus | None = tag(326, None)
    transact_time: UtcTimestamp | None = tag(60, None)
    text: Text | None = tag(58, None)
    trading_state: TradingState | None = tag(5006, None)


class OperatorCommand(Message, frozen=True, kw_only=True):
    """OperatorCommand (U1), private: a person's order to the gateway (50 names the person).

    Commands: STATUS ORDERS POSITIONS SESSIONS VENUES FEEDS LIMITS REVIEWS EXPLAIN (answered with
    JSON in 5032), CANCEL, KILL, REDUCE, RESUME, LIMIT, APPROVE, DECLINE, SHUTDOWN. `scope` is
    `kind:name` terms separated by blanks, as in `strategy:MM venue:PAPER`, or `all`. The answer is
    a U1 with the same 11 and 5021 (DONE or REFUSED) and 58.
    """

    msg_type: ClassVar[str] = "U1"
    cl_ord_id: Id = tag(11)
    command: Id = tag(5019)
    scope: Text | None = tag(5009, None)
    reason: Text | None = tag(5020, None)
    outcome: Id | None = tag(5021, None)
    command_body: Body | None = tag(5032, None)
    text: Text | None = tag(58, None)


class Note(Message, frozen=True, kw_only=True):
    """Note (U2), private: what is journaled and is no message. 5023 is JSON of the note's kind."""

    msg_type: ClassVar[str] = "U2"
    note_kind: Id = tag(5022)
    note_body: Body = tag(5023)
