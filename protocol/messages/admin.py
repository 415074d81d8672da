"""Session level messages (FIX 4.4 vol. 2): they keep a conversation whole and carry no orders."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from protocol.fields import CancelOnDisconnectType, SessionRejectReason
from protocol.messages.base import Id, Message, Place, SeqNum, Text, tag

HeartBtInt = Annotated[int, Meta(ge=1, le=3600)]
GraceMs = Annotated[int, Meta(ge=0, le=86_400_000)]


class Heartbeat(Message, frozen=True, kw_only=True):
    """Heartbeat (0): nothing to say, still here; answers a TestRequest when it carries 112."""

    msg_type: ClassVar[str] = "0"
    test_req_id: Id | None = tag(112, None)


class TestRequest(Message, frozen=True, kw_only=True):
    """TestRequest (1): say something."""

    __test__: ClassVar[bool] = False
    msg_type: ClassVar[str] = "1"
    test_req_id: Id = tag(112)


class ResendRequest(Message, frozen=True, kw_only=True):
    """ResendRequest (2): send me these again; EndSeqNo 0 is all that you have."""

    msg_type: ClassVar[str] = "2"
    begin_seq_no: SeqNum = tag(7)
    end_seq_no: SeqNum = tag(16)


class Reject(Message, frozen=True, kw_only=True):
    """Reject (3): your message broke a rule of the session level."""

    msg_type: ClassVar[str] = "3"
    ref_seq_num: SeqNum = tag(45)
    ref_tag_id: int | None = tag(371, None)
    ref_msg_type: Id | None = tag(372, None)
    session_reject_reason: SessionRejectReason | None = tag(373, None)
    text: Text | None = tag(58, None)


class SequenceReset(Message, frozen=True, kw_only=True):
    """SequenceReset (4): skip to NewSeqNo; with 123=Y the skipped ones were administrative."""

    msg_type: ClassVar[str] = "4"
    gap_fill_flag: bool = tag(123, default=False)
    new_seq_no: Place = tag(36)


class Logout(Message, frozen=True, kw_only=True):
    """Logout (5): the conversation ends; Text says why."""

    msg_type: ClassVar[str] = "5"
    text: Text | None = tag(58, None)


class Logon(Message, frozen=True, kw_only=True):
    """Logon (A): who I am, and what happens to my orders when I am gone (35002, 35003)."""

    msg_type: ClassVar[str] = "A"
    encrypt_method: int = tag(98, 0)
    heart_bt_int: HeartBtInt = tag(108)
    raw_data_length: int | None = tag(95, None)
    raw_data: Annotated[str, Meta(max_length=64)] | None = tag(96, None)
    reset_seq_num_flag: bool = tag(141, default=False)
    password: Annotated[str, Meta(max_length=128)] | None = tag(554, None)
    cancel_on_disconnect_type: CancelOnDisconnectType | None = tag(35002, None)
    cod_timeout_window: GraceMs | None = tag(35003, None)
