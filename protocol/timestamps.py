"""UTCTimestamp (FIX 4.4 vol. 1): `YYYYMMDD-HH:MM:SS[.sss[sss]]` to nanoseconds and back.

Times inside the system are int nanoseconds since the Unix epoch; on the wire they are text with
microseconds, from 1970 to 2261: what is later would not fit the 64 bits in which such an int is
kept. A second's text is computed once: messages come many to the second. A whole
text is remembered for a while: the codec checks it, session and risk read it again.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

SECOND_NS = 1_000_000_000
_SECOND_TEXT_LENGTH = 17
_SCALE = {len(".sss"): 1_000_000, len(".ssssss"): 1_000}
_YEARS = "1970", "2261"
_SECOND = re.compile(r"[0-9]{8}-[0-9]{2}:[0-9]{2}:[0-9]{2}", re.ASCII).fullmatch


@lru_cache(maxsize=4096)
def _second_to_ns(text: str) -> int:
    if not _SECOND(text) or not _YEARS[0] <= text[:4] <= _YEARS[1]:
        raise ValueError
    moment = datetime.strptime(text, "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
    return int(moment.timestamp()) * SECOND_NS


@lru_cache(maxsize=4096)
def _second_to_text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y%m%d-%H:%M:%S")


@lru_cache(maxsize=4096)
def parse_utc(text: str) -> int:
    """Read a UTCTimestamp as ns since the epoch. Raises ValueError naming what was expected."""
    try:
        second_ns = _second_to_ns(text[:_SECOND_TEXT_LENGTH])
        return second_ns + _fraction_to_ns(text[_SECOND_TEXT_LENGTH:])
    except ValueError:
        msg = f"received {text[:40]!r}, expected UTC time as YYYYMMDD-HH:MM:SS.sss, 1970 to 2261"
        raise ValueError(msg) from None


@lru_cache(maxsize=64)
def is_utc(text: str) -> bool:
    """Say whether text is a UTCTimestamp. What is written in one batch has one time."""
    try:
        _second_to_ns(text[:_SECOND_TEXT_LENGTH])
        _fraction_to_ns(text[_SECOND_TEXT_LENGTH:])
    except ValueError:
        return False
    return True


def _fraction_to_ns(text: str) -> int:
    """Read `.sss` or `.ssssss` or nothing."""
    size = len(text)
    if size == 0:
        return 0
    digits = text[1:]
    if size not in _SCALE or text[0] != "." or not (digits.isascii() and digits.isdigit()):
        raise ValueError
    return int(digits) * _SCALE[size]


def format_utc(ns: int) -> str:
    """Write ns since the epoch with microseconds, cutting (never rounding up) the rest."""
    second, rest = divmod(ns, SECOND_NS)
    return f"{_second_to_text(second)}.{rest // 1000:06d}"


def format_date(ns: int) -> str:
    """Write the UTC date of a moment as LocalMktDate text, YYYYMMDD."""
    return _second_to_text(ns // SECOND_NS)[:8]
