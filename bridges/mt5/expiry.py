"""When a pending order ends by itself: never, at a second, or with a day of the trade server.

Rules: what 126 says is never moved. A second is cut to the whole one before it; where a symbol
knows days only (SPECIFIED_DAY: "effective till 23:59:59 of the specified day", the reference's
orderproperties), 126 has to be a midnight of the trade server. An order that ends at once says GTC,
or DAY where its symbol takes no GTC. Where GTC ends with the day (SYMBOL_ORDER_GTC_MODE) no order
is one; one of a day says GTC there if its symbol takes no DAY. The server's clock must end no order
early: where it may be put forward until then, and its zone is not known, it is told an hour more,
or a day. What is past its 126 and rests still is removed by the bridge (ending.py).
"""

from __future__ import annotations

from collections.abc import Callable

from bridges.mt5.clock import DAY_S, SECOND_NS
from bridges.mt5.constants import ExpirationFlag, TypeTime
from bridges.mt5.records import SymbolRow
from bridges.mt5.tables import TIMES
from bridges.mt5.units import WRONG, Refusal
from bridges.port import OrderRequest
from protocol.fields import TimeInForce
from protocol.timestamps import format_utc

Ends = Callable[[int], tuple[int, int] | None]
"""When a moment to come is by the server's clock (ServerClock.ends_s)."""
AT_ONCE = frozenset((TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL))


def takes_dates(flags: ExpirationFlag) -> bool:
    """Say whether orders of a symbol can end at a named moment: at any, or with a day.

    Where they could go without an end, the gateway's own expiry is the better one than days.
    """
    by_days = flags & ExpirationFlag.SPECIFIED_DAY and not flags & ExpirationFlag.GTC
    return bool(flags & ExpirationFlag.SPECIFIED or by_days)


def expiry_s(kind: int, shown_s: int) -> int:
    """Return when an order ends by itself, by the server's clock; 0 is at no named moment.

    One that ends with a day may show any second of it.
    """
    if kind == TypeTime.SPECIFIED_DAY:
        return -(-shown_s // DAY_S) * DAY_S
    return shown_s if kind == TypeTime.SPECIFIED else 0


def life_of(
    order: OrderRequest, symbol: SymbolRow, ends: Ends
) -> tuple[TypeTime, int] | Refusal:
    """Choose type_time and expiration (the server's wall clock, whole seconds)."""
    if order.time_in_force in AT_ONCE:
        return (TypeTime.GTC if symbol.expiration & ExpirationFlag.GTC else TypeTime.DAY), 0
    kind, flag = TIMES[order.time_in_force]
    by_days = kind is TypeTime.SPECIFIED and symbol.expiration & ExpirationFlag.SPECIFIED_DAY
    if not symbol.lives & flag and not by_days:
        why = ": its orders end with the day (59=0)" if symbol.expiration & flag else ""
        text = f"NOT_SUPPORTED: TimeInForce(59)={order.time_in_force.value} for this symbol{why}"
        return Refusal(WRONG, text)
    if kind is not TypeTime.SPECIFIED:
        return (kind if symbol.expiration & flag else TypeTime.GTC), 0
    if order.expire_ns is None:
        return Refusal(WRONG, "FIELDS: TimeInForce(59)=6 needs ExpireTime(126)")
    found = ends(order.expire_ns)
    if found is None:
        return Refusal(WRONG, "SERVER_TIME: the server's clock is not known yet; not sent")
    return (kind, found[1]) if symbol.expiration & flag else _day(order.expire_ns, *found)


def _day(expire_ns: int, ends_s: int, latest_s: int) -> tuple[TypeTime, int] | Refusal:
    """Let an order end with a day of the trade server, where its symbol knows days only."""
    midnight_s = expiry_s(TypeTime.SPECIFIED_DAY, ends_s)
    if midnight_s == ends_s and expire_ns % SECOND_NS == 0:
        return TypeTime.SPECIFIED_DAY, expiry_s(TypeTime.SPECIFIED_DAY, latest_s) - 1
    at_midnight = format_utc((expire_ns // SECOND_NS + midnight_s - ends_s) * SECOND_NS)
    text = (
        "EXPIRY: orders of this symbol end with a day of the trade server, received"
        f" ExpireTime(126)={format_utc(expire_ns)}, expected {at_midnight} or whole days from there"
    )
    return Refusal(WRONG, text)
