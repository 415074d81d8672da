"""The bytes in which the compiled program and Python speak (runtime/host.h is the other side).

A value is a letter and its content: n none, i int64, d double, s text, b bytes, l list.
"""

from __future__ import annotations

import struct
from collections import namedtuple
from collections.abc import Callable
from functools import cache
from typing import Any

_INT = struct.Struct("<q").pack
_REAL = struct.Struct("<d").pack
_COUNT = struct.Struct("<I").pack
_read_int = struct.Struct("<q").unpack_from
_read_real = struct.Struct("<d").unpack_from
_read_count = struct.Struct("<I").unpack_from
_SIGN = 1 << 63
_STRUCTURED = {"OrderSend", "OrderSendAsync", "OrderCheck"}

TradeRequest = namedtuple(  # noqa: PYI024 - untyped as in MQL5
    "TradeRequest",
    "action magic order symbol volume price stoplimit sl tp deviation type type_filling type_time"
    " expiration comment position position_by",
)
TradeResult = namedtuple(  # noqa: PYI024 - untyped as in MQL5
    "TradeResult",
    "retcode deal order volume price bid ask comment request_id retcode_external",
    defaults=(0, 0, 0, 0.0, 0.0, 0.0, 0.0, "", 0, 0),
)
TradeCheck = namedtuple(  # noqa: PYI024 - untyped as in MQL5
    "TradeCheck", "retcode balance equity profit margin margin_free margin_level comment",
    defaults=(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, ""),
)  # fmt: skip
TradeTransaction = namedtuple(  # noqa: PYI024 - untyped as in MQL5
    "TradeTransaction",
    "deal order symbol type order_type order_state deal_type time_type time_expiration price"
    " price_trigger price_sl price_tp volume position position_by",
    defaults=(0, 0, "", 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0),
)
Tick = namedtuple(  # noqa: PYI024 - untyped as in MQL5
    "Tick", "time bid ask last volume time_msc flags volume_real"
)
BookInfo = namedtuple(  # noqa: PYI024 - untyped as in MQL5
    "BookInfo", "type price volume volume_real"
)
NO_REQUEST = TradeRequest(0, 0, 0, "", 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0, 0, "", 0, 0)
"""MqlTradeRequest of a transaction that is not TRADE_TRANSACTION_REQUEST."""


class MqlError(Exception):
    """A terminal's function fails: `code` becomes _LastError; `value` is still handed over."""

    def __init__(self, code: int, value: Any = None) -> None:
        super().__init__(code)
        self.code = code
        self.value = value


def pack(value: Any) -> bytes:
    """Write one value. An int is 64 bits, signed or not."""
    if value is None:
        return b"n"
    if isinstance(value, int):
        return b"i" + _INT(value - 2 * _SIGN if value >= _SIGN else value)
    if isinstance(value, float):
        return b"d" + _REAL(value)
    if isinstance(value, str):
        text = value.encode()
        return b"s" + _COUNT(len(text)) + text
    if isinstance(value, (bytes, bytearray)):
        return b"b" + _COUNT(len(value)) + bytes(value)
    if isinstance(value, (list, tuple)):
        return b"l" + _COUNT(len(value)) + b"".join(map(pack, value))
    msg = f"received {value!r}, expected None, int, float, str, bytes or a list of these"
    raise TypeError(msg)


def unpack(raw: bytes, at: int = 0) -> tuple[Any, int]:
    """Read one value; return it and where the next one begins."""
    kind = raw[at : at + 1]
    at += 1
    if kind == b"i":
        return _read_int(raw, at)[0], at + 8
    if kind == b"d":
        return _read_real(raw, at)[0], at + 8
    if kind in {b"s", b"b"}:
        start = at + 4
        end = start + _read_count(raw, at)[0]
        piece = raw[start:end]
        return (piece.decode() if kind == b"s" else piece), end
    if kind == b"l":
        values = []
        count = _read_count(raw, at)[0]
        at += 4
        for _ in range(count):
            value, at = unpack(raw, at)
            values.append(value)
        return values, at
    return None, at


@cache
def _head(error: int, ok: int) -> bytes:
    return b"l" + _COUNT(3) + pack(error) + pack(ok)


def answer(value: Any, *, error: int = 0, ok: bool = True) -> bytes:
    """Write the answer to a call: error, success, value."""
    return _head(error, int(ok)) + pack(value)


def answer_by(function: Callable[..., Any], name: str, values: list[Any]) -> bytes:
    """Let a terminal's function answer a call, and write what it says."""
    structured = name in _STRUCTURED
    if structured:
        values = [TradeRequest(*values[0])]
    try:
        value = function(*values)
    except MqlError as refusal:
        said = refusal.value
        if said is None and structured:
            said = TradeCheck() if name == "OrderCheck" else TradeResult()
        return answer(said, error=refusal.code, ok=said is not None and not structured)
    if structured:
        return answer(value[1], ok=value[0])
    if isinstance(value, bool):
        return answer(int(value), ok=value)
    return answer(value, ok=value is not None)
