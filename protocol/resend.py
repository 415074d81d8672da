"""How a ResendRequest is answered (FIX 4.4 vol. 2): what moved something comes again, the rest not.

Application messages come with 43=Y and their old time in 122. Administrative ones would repeat a
conversation that is over; they, and numbers that nobody remembers, become SequenceReset-GapFill.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from protocol import codec
from protocol.fields import ADMIN_TYPES
from protocol.messages import SequenceReset
from protocol.timestamps import format_utc


def resend_frames(
    sent: Iterable[tuple[int, bytes]],
    begin: int,
    end: int,
    *,
    sender_comp_id: str,
    target_comp_id: str,
    now_ns: int,
) -> Iterator[bytes]:
    """Answer a ResendRequest for begin to end, inclusive, from (number, frame) pairs in order.

    Numbers outside the range are skipped. The frames that come out take no new numbers.
    """
    sending_time = format_utc(now_ns)

    def gap_fill(first: int, following: int) -> bytes:
        return codec.encode(
            SequenceReset(gap_fill_flag=True, new_seq_no=following),
            sender_comp_id=sender_comp_id,
            target_comp_id=target_comp_id,
            msg_seq_num=first,
            sending_time=sending_time,
            poss_dup=sending_time,
        )

    expected = begin
    for number, frame in sent:
        if not expected <= number <= end or codec.peek(frame).msg_type in ADMIN_TYPES:
            continue
        if number > expected:
            yield gap_fill(expected, number)
        yield codec.resend_of(frame, sending_time)
        expected = number + 1
    if expected <= end:
        yield gap_fill(expected, end + 1)
