"""What a strategy said and heard, as JSON lines: the strategy's own account, for audits and tests.

One line per event, written by one write call before the event is acted on, so that kill -9 leaves
at most a torn last line:

    {"time_ns": 1, "direction": "OUT", "msg_seq_num": 7, "msg_type": "D", "poss_dup": false,
     "fields": {"11": "TQNE4G-1", "55": "EURUSD", …}}

`direction` is IN, OUT or NOTE. `fields` are tags to wire values (groups as lists), without the
header. A NOTE has `note` (START, UP, DOWN, RESET, STOP) and `text` in place of the message. The
number starts anew at a RESET; between two RESETs an IN number that occurs twice is one message
that came again, because the process died before it noted that it had it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import orjson

from engine.sent_store import AppendFile
from protocol.messages import Message

_HEADER = frozenset(("49", "56", "34", "52", "43", "97", "122"))


def fields_of(message: Message) -> dict[str, Any]:
    """Return a message's fields, tag to wire value, without what is absent."""
    raw = msgspec.to_builtins(message)
    return {tag: v for tag, v in raw.items() if tag not in _HEADER and v not in (None, [], ())}


class Transcript:
    """Appends to one file; several runs of a strategy make one transcript."""

    def __init__(self, path: Path | str) -> None:
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        torn = _torn_tail(path)
        self._file = AppendFile(path)
        if torn:
            self._file.append(b"\n")

    def message(self, direction: str, message: Message, now_ns: int) -> None:
        """Write one message, IN or OUT."""
        self._write(
            {
                "time_ns": now_ns,
                "direction": direction,
                "msg_seq_num": message.msg_seq_num,
                "msg_type": message.msg_type,
                "poss_dup": message.poss_dup_flag,
                "fields": fields_of(message),
            }
        )

    def note(self, note: str, text: str, now_ns: int) -> None:
        """Write what happened to the session or the process."""
        self._write({"time_ns": now_ns, "direction": "NOTE", "note": note, "text": text})

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, line: dict[str, Any]) -> None:
        self._file.append(orjson.dumps(line) + b"\n")


def read(path: Path | str) -> list[dict[str, Any]]:
    """Read a transcript; a line torn by kill -9 is left out."""
    lines = []
    for line in Path(path).read_bytes().splitlines():
        try:
            lines.append(orjson.loads(line))
        except orjson.JSONDecodeError:
            continue
    return lines


def _torn_tail(path: Path) -> bool:
    """Say whether the last line lacks its end, so that the next one must not join it."""
    if not path.exists() or path.stat().st_size == 0:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
