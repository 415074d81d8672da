"""The envelope of a frame: `8=FIX.4.4|9=…|35=…|…|10=…|`, with exact BodyLength and CheckSum.

A frame whose envelope is not right is garbled (FIX 4.4 vol. 2): nothing in it can be trusted, not
even its sequence number, so it is dropped and the gap shows.
"""

from __future__ import annotations

from typing import NamedTuple
from zlib import adler32

from protocol.errors import EncodeError, GarbledMessage

MAX_FRAME = 65_536
"""The largest frame in bytes that is looked at; ZeroMQ's MAXMSGSIZE is set to the same."""

_HEAD = b"8=FIX.4.4\x019="
_TRAILER_LENGTH = len(b"10=000\x01")
_LENGTH_DIGITS_MAX = 6
_CHECKSUM_AT = 3
_CHUNK = 256


def checksum(frame: bytes) -> int:
    """Sum the bytes modulo 256 (CheckSum, FIX 4.4 vol. 1).

    Adler-32's low half is the plain sum as long as it stays below 65,521: true for 256 bytes.
    """
    if len(frame) <= _CHUNK:
        return adler32(frame, 0) & 0xFF if frame else 0
    total = 0
    for start in range(0, len(frame), _CHUNK):
        total += adler32(frame[start : start + _CHUNK], 0) & 0xFFFF
    return total & 0xFF


def unwrap(frame: bytes) -> str:
    """Check the envelope and return the text between BodyLength and CheckSum.

    The text starts with `35=` and ends with SOH. Raises GarbledMessage.
    """
    size = len(frame)
    if size > MAX_FRAME:
        msg = f"received a frame of {size} bytes, expected at most {MAX_FRAME}"
        raise GarbledMessage(msg)
    if not frame.startswith(_HEAD):
        msg = f"received {frame[:24]!r}, expected a frame that begins with 8=FIX.4.4|9="
        raise GarbledMessage(msg)
    end = frame.find(b"\x01", len(_HEAD))
    length = frame[len(_HEAD) : end]
    body_at = end + 1
    trailer_at = size - _TRAILER_LENGTH
    expected_length = trailer_at - body_at
    if (
        end < 0
        or not length.isdigit()
        or len(length) > _LENGTH_DIGITS_MAX
        or int(length) != expected_length
    ):
        msg = f"BodyLength(9) is {length[:12]!r}, expected {max(expected_length, 0)}"
        raise GarbledMessage(msg)
    trailer = frame[trailer_at:]
    digits = trailer[_CHECKSUM_AT:6]
    if not (trailer.startswith(b"10=") and trailer.endswith(b"\x01") and digits.isdigit()):
        msg = f"received {trailer!r} at the end, expected 10=nnn"
        raise GarbledMessage(msg)
    expected = checksum(frame[:trailer_at])
    if int(digits) != expected:
        msg = f"CheckSum(10) is {digits.decode()}, expected {expected:03d}"
        raise GarbledMessage(msg)
    if not frame.startswith(b"35=", body_at) or frame[trailer_at - 1] != 1:
        msg = f"received {frame[body_at : body_at + 12]!r}, expected MsgType(35) as third field"
        raise GarbledMessage(msg)
    try:
        return frame[body_at:trailer_at].decode()
    except UnicodeDecodeError as problem:
        msg = f"received bytes that are not UTF-8: {problem.reason}"
        raise GarbledMessage(msg) from None


class Peek(NamedTuple):
    """What a frame of a trusted source says about itself, read without decoding it."""

    msg_type: str
    msg_seq_num: int


def peek(frame: bytes) -> Peek:
    """Read MsgType and MsgSeqNum of a frame that `encode` or `decode` has already approved."""
    start = frame.index(b"\x0135=") + 4
    kind = frame[start : frame.index(b"\x01", start)]
    at = frame.index(b"\x0134=") + 4
    return Peek(kind.decode(), int(frame[at : frame.index(b"\x01", at)]))


def wrap(text: str) -> bytes:
    """Put the envelope around `35=…` text that ends with SOH: 8, 9 and 10."""
    body = text.encode()
    frame = b"8=FIX.4.4\x019=%d\x01%b" % (len(body), body)
    if len(frame) + _TRAILER_LENGTH > MAX_FRAME:
        msg = f"a message of {len(frame)} bytes does not fit a frame of {MAX_FRAME}"
        raise EncodeError(msg)
    return b"%b10=%03d\x01" % (frame, checksum(frame))


def resend_of(frame: bytes, sending_time: str) -> bytes:
    """Return a sent frame as its possible duplicate: 43=Y, 122 = the old 52, a new 52."""
    text = unwrap(frame)
    start = text.index("\x0152=") + 4
    end = text.index("\x01", start)
    return wrap(f"{text[:start]}{sending_time}\x0143=Y\x01122={text[start:end]}{text[end:]}")
