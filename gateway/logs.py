"""Where log lines go: people's text on a terminal, JSON lines into one rotating file per process.

Rules: variables of a traceback are never printed (`diagnose=False`: they hold tokens and
positions). Each process writes a file of its own, named after its role, so that no rotation
happens under another's feet. Nothing on the order path is logged at INFO: the journal has it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from loguru import logger

if TYPE_CHECKING:
    from gateway.config import Log

_HUMAN = "<dim>{time:HH:mm:ss.SSS}</dim> <level>{level: <7}</level> {extra[process]} {message}\n"


def start(process: str, log: Log | None, *, terminal: bool = True) -> Path | None:
    """Send this process's log to its places; return the file.

    `process` is the role, such as `gateway` or `bridge-PAPER`. Without `log` only the terminal
    (stderr) hears.
    """
    logger.remove()
    logger.configure(extra={"process": process})
    level = log.level if log is not None else "INFO"
    if terminal:
        logger.add(sys.stderr, level=level, format=_human, backtrace=False, diagnose=False)
    if log is None:
        return None
    path = log.path / f"{process}.jsonl"
    logger.add(
        path, level=level, format=_json, rotation=log.rotate_bytes, retention=log.keep_files,
        encoding="utf-8", backtrace=False, diagnose=False,
    )  # fmt: skip
    return path


def _human(record: Any) -> str:
    return _HUMAN + ("{exception}\n" if record["exception"] else "")


def _json(record: Any) -> str:
    """Make one line of JSON; loguru formats what we return, so the text goes in by reference."""
    extra = {key: value for key, value in record["extra"].items() if key != "line"}
    line: dict[str, Any] = {
        "time": record["time"].isoformat(timespec="microseconds"),
        "level": record["level"].name,
        "process": extra.pop("process", ""),
        "pid": record["process"].id,
        "module": record["name"],
        "message": record["message"],
        **extra,
    }
    problem = record["exception"]
    if problem is not None:
        line["exception"] = f"{problem.type.__name__}: {problem.value}"
    record["extra"]["line"] = orjson.dumps(line, default=str).decode()
    return "{extra[line]}\n"
