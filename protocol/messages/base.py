"""What every message has in common: the standard header, and how a field names its tag.

A message is one frozen struct. Each field is declared once, with its tag as the encoded name:
`cl_ord_id: Id = tag(11)`. The codec derives its decoders and encoders from these declarations.
Header fields that the session fills (49, 56, 34, 52, 43, 122) are empty until it does.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, TypeVar

from msgspec import NODEFAULT, Meta, Struct, field

Id = Annotated[str, Meta(title="Id", min_length=1, max_length=64)]
"""A name that must survive every wire: printable ASCII without blank or `=`, 1 to 64 characters.

The codec checks the characters, for all fields of a message in one look."""
TEXT_MAX = 2048
Text = Annotated[str, Meta(max_length=TEXT_MAX)]
"""Free text for people, UTF-8, at most 2,048 characters."""
UtcTimestamp = Annotated[str, Meta(title="UTCTimestamp")]
"""UTC time as wire text, checked when decoded; `timestamps.parse_utc` gives nanoseconds."""
Date = Annotated[str, Meta(title="LocalMktDate", pattern=r"^[0-9]{8}\Z")]
"""LocalMktDate: YYYYMMDD."""
Count = Annotated[int, Meta(ge=0)]
SeqNum = Annotated[int, Meta(ge=0)]
Place = Annotated[int, Meta(ge=0, le=999_999_999_999)]
"""A sequence number that moves a session; those after it must be writable as well."""

T = TypeVar("T")


def tag(number: int, default: Any = NODEFAULT, **more: Any) -> Any:
    """Declare a field: its tag, and a default when the field is optional."""
    return field(name=str(number), default=default, **more)


class Group(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of a repeating group; the first declared field is the delimiter."""


class Message(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The standard header (FIX 4.4 vol. 1), the part of it that we speak."""

    msg_type: ClassVar[str] = ""

    sender_comp_id: str = tag(49, "")
    target_comp_id: str = tag(56, "")
    msg_seq_num: Place = tag(34, 0)
    sending_time: UtcTimestamp = tag(52, "")
    poss_dup_flag: bool = tag(43, default=False)
    poss_resend: bool = tag(97, default=False)
    orig_sending_time: UtcTimestamp | None = tag(122, None)
    sender_sub_id: Id | None = tag(50, None)
    target_sub_id: Id | None = tag(57, None)
    on_behalf_of_comp_id: Id | None = tag(115, None)
    deliver_to_comp_id: Id | None = tag(128, None)
