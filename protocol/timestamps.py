"""UTCTimestamp (FIX 4.4 vol. 1): `YYYYMMDD-HH:MM:SS[.sss[sss]]` to nanoseconds and back.

Times inside the system are int nanoseconds since the Unix epoch; on the wire they are text with
microseconds. A second's text is computed once: messages come many to the second. A whole
text is remembered for a while: the codec checks it, session and risk read it again.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

SECOND_NS = 1_000_000_000
_SECOND_TEXT_LENGTH = 17
_FRACTION = re.compile(r"(?:\.([0-9]{3}|[0-9]{6}))?", re.ASCII).fullmatch
_SECOND = re.compile(r"[0-9]{8}-[0-9]{2}:[0-9]{2}:[0-9]{2}", re.ASCII).fullmatch


@lru_cache(maxsize=4096)
def _second_to_ns(text: str) -> int:
    if not _SECOND(text):
        raise ValueError
    moment = datetime.strptime(text, "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
    return int(moment.timestamp()) * SECOND_NS


@lru_cache(maxsize=4096)
def _second_to_text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y%m%d-%H:%M:%S")


@lru_cache(maxsize=4096)
def parse_utc(text: str) -> int:
    """Read a UTCTimestamp as ns since the epoch. Raises ValueError naming what was expected."""
    fraction = text[_SECOND_TEXT_LENGTH:]
    try:
        second = _second_to_ns(text[:_SECOND_TEXT_LENGTH] if _FRACTION(fraction) else "")
    except ValueError:
        msg = f"received {text[:40]!r}, expected UTC time as YYYYMMDD-HH:MM:SS.sss"
        raise ValueError(msg) from None
    digits = fraction[1:]
    return second + (int(digits) * 10 ** (9 - len(digits)) if digits else 0)


def format_utc(ns: int) -> str:
    """Write ns since the epoch with microseconds, cutting (never rounding up) the rest."""
    second, rest = divmod(ns, SECOND_NS)
    return f"{_second_to_text(second)}.{rest // 1000:06d}"


def format_date(ns: int) -> str:
    """Write the UTC date of a moment as LocalMktDate text, YYYYMMDD."""
    return _second_to_text(ns // SECOND_NS)[:8]
