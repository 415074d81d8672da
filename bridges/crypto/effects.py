"""What passes between the core and the outside: calls and their answers, streams and their words.

Rules: a call has exactly one answer. `status` 0 is an answer that never came whole; `sent` is False
only if it is certain that not a byte of the request has left. A stream is named by the core.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

USER, MARKET = "user", "market"
"""The two streams: what happens to the account, and what happens on the market."""


class Call(Struct, frozen=True):
    """One request: the name of ccxt's own method for it, and the exchange's own parameters.

    `urgent` calls (orders, cancels) are made even while the core leaves the exchange alone.
    `at_ms` is the exchange's time by our clock, where the shell signs with it; `until_ms` is when
    the exchange shall drop the request, where that is said outside the parameters.
    """

    method: str
    params: dict[str, Any] = {}
    urgent: bool = False
    args: tuple[Any, ...] | None = None
    """Of a method of ccxt's unified interface; its result is the body then."""
    at_ms: int = 0
    until_ms: int = 0
    rows: tuple[dict[str, Any], ...] = ()
    """What is sent instead of the parameters, where the exchange wants a list."""


class Response(Struct, frozen=True):
    """The answer to a call: the status, what the body said as JSON, and the headers in lower case.

    `problem` names what went wrong on the way, for people.
    """

    status: int
    body: Any = None
    headers: Mapping[str, str] = {}
    problem: str = ""
    sent: bool = True
    raised: tuple[str, ...] = ()
    """What a unified method has raised: ccxt's class of it, and those above."""


class OpenStream(Struct, frozen=True):
    """Connect a stream; StreamUp or StreamDown follows."""

    name: str
    place: str
    """Which of the exchange's addresses: `user`, `market`."""
    key: str = ""
    """The listen key, where the address carries one."""


class SendStream(Struct, frozen=True):
    """Say something on a stream; `signed` lets the shell add key, time and signature."""

    name: str
    message: dict[str, Any]
    signed: bool = False


class CloseStream(Struct, frozen=True):
    """Let go of a stream; nothing of it is heard afterwards."""

    name: str


class StreamUp(Struct, frozen=True):
    """A stream is connected; nothing was subscribed yet."""

    name: str


class StreamSaid(Struct, frozen=True):
    """One message of a stream, raw."""

    name: str
    message: Any


class StreamAlive(Struct, frozen=True):
    """A stream has answered a ping."""

    name: str


class StreamDown(Struct, frozen=True):
    """A stream is gone."""

    name: str
    why: str


StreamAct = OpenStream | SendStream | CloseStream
StreamNews = StreamUp | StreamSaid | StreamAlive | StreamDown
