"""Bytes to message and back: tag=value with exact BodyLength and CheckSum (FIX 4.4 vol. 1).

A frame is one message, whole. Decoding has three steps, each of which can fail in its own way:

1. the envelope (envelope.py). Wrong beginning, length, checksum or encoding: GarbledMessage.
2. the fields, flat or in repeating groups (decoder.py). Repeated or empty ones: InvalidMessage.
3. the struct, validated by msgspec. Unknown, missing or wrong fields: InvalidMessage.
"""

from __future__ import annotations

from protocol.decoder import Decoder, scan_header
from protocol.encoder import Encoder
from protocol.envelope import MAX_FRAME, Peek, checksum, peek, resend_of, unwrap, wrap
from protocol.errors import InvalidMessage
from protocol.fields import SessionRejectReason as Reason
from protocol.messages import BY_TYPE, Message

__all__ = [
    "MAX_FRAME", "Peek", "checksum", "decode", "encode", "peek", "resend_of", "unwrap", "wrap",
]  # fmt: skip

_DECODERS = {msg_type: Decoder(struct) for msg_type, struct in BY_TYPE.items()}
_ENCODERS = {msg_type: Encoder(struct) for msg_type, struct in BY_TYPE.items()}


def decode(frame: bytes) -> Message:
    """Turn one frame into its message. Raises GarbledMessage or InvalidMessage, nothing else."""
    text = unwrap(frame)
    type_end = text.index("\x01")
    msg_type = text[3:type_end]
    decoder = _DECODERS.get(msg_type)
    body = text[type_end + 1 :]
    if decoder is None:
        msg = f"received MsgType(35)={msg_type[:8]!r}, which is not spoken here"
        header = scan_header(body)
        reason = Reason.INVALID_MSG_TYPE
        raise InvalidMessage(msg, reason=reason, ref_tag=35, msg_type=msg_type, header=header)
    return decoder.decode(body)


def encode(
    message: Message,
    *,
    sender_comp_id: str,
    target_comp_id: str,
    msg_seq_num: int,
    sending_time: str,
    poss_dup: str = "",
) -> bytes:
    """Write a message as a frame with a standard header of these values.

    `poss_dup` is the OrigSendingTime (122) of a message that is sent again: it sets 43=Y. Raises
    EncodeError when a value cannot be put on the wire, or could not be read there.
    """
    msg_type = message.msg_type
    encoder = _ENCODERS[msg_type]
    body = encoder.encode(
        message, sender_comp_id, target_comp_id, msg_seq_num, sending_time, poss_dup
    )
    return wrap(f"35={msg_type}\x01{body}")
