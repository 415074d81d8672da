"""What MetaTrader's numbers mean on our wire. Tables, and nothing else.

A retcode that is not in the table proves nothing: the request is in doubt, as with `ERROR`,
`TIMEOUT` and `CONNECTION`, and as when no result came at all. `PLACED` says that the server has the
request and not yet what became of it; `LOCKED`, that a request is being worked on, which may be
this one. Source:
https://www.mql5.com/en/docs/constants/errorswarnings/enum_trade_return_codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from bridges.mt5.constants import (
    DealType,
    Execution,
    ExpirationFlag,
    Filling,
    FillingFlag,
    OrderFlag,
    OrderState,
    OrderType,
    Reason,
    Retcode,
    TypeTime,
)
from protocol.fields import CxlRejReason, OrdRejReason, OrdStatus, OrdType, Side, TimeInForce


class Verdict(Enum):
    """What a retcode proves."""

    DONE = "done"
    PLACED = "the server has it"
    REFUSED = "refused for ever"
    DOUBT = "in doubt"


VERDICTS: Mapping[int, Verdict] = {
    Retcode.DONE: Verdict.DONE,
    Retcode.DONE_PARTIAL: Verdict.DONE,
    Retcode.PLACED: Verdict.PLACED,
    Retcode.ERROR: Verdict.DOUBT,
    Retcode.TIMEOUT: Verdict.DOUBT,
    Retcode.CONNECTION: Verdict.DOUBT,
    Retcode.LOCKED: Verdict.DOUBT,
    **{
        code: Verdict.REFUSED
        for code in Retcode
        if code not in {
            Retcode.DONE, Retcode.DONE_PARTIAL, Retcode.PLACED, Retcode.ERROR, Retcode.TIMEOUT,
            Retcode.CONNECTION, Retcode.LOCKED,
        }
    },
}  # fmt: skip


def verdict_of(retcode: int) -> Verdict:
    """Say what a retcode proves; one that is not known proves nothing."""
    return VERDICTS.get(retcode, Verdict.DOUBT)


REJECT_REASONS: Mapping[int, OrdRejReason] = {
    Retcode.INVALID_VOLUME: OrdRejReason.INCORRECT_QUANTITY,
    Retcode.INVALID_CLOSE_VOLUME: OrdRejReason.INCORRECT_QUANTITY,
    Retcode.TRADE_DISABLED: OrdRejReason.EXCHANGE_CLOSED,
    Retcode.MARKET_CLOSED: OrdRejReason.EXCHANGE_CLOSED,
    Retcode.PRICE_OFF: OrdRejReason.EXCHANGE_CLOSED,
    Retcode.SERVER_DISABLES_AT: OrdRejReason.EXCHANGE_CLOSED,
    Retcode.CLIENT_DISABLES_AT: OrdRejReason.EXCHANGE_CLOSED,
    Retcode.NO_MONEY: OrdRejReason.EXCEEDS_LIMIT,
    Retcode.LIMIT_ORDERS: OrdRejReason.EXCEEDS_LIMIT,
    Retcode.LIMIT_VOLUME: OrdRejReason.EXCEEDS_LIMIT,
    Retcode.LIMIT_POSITIONS: OrdRejReason.EXCEEDS_LIMIT,
    Retcode.INVALID_FILL: OrdRejReason.UNSUPPORTED_CHARACTERISTIC,
    Retcode.INVALID_EXPIRATION: OrdRejReason.UNSUPPORTED_CHARACTERISTIC,
}
"""103 of a refusal; what is not here is OTHER."""


def reject_reason(retcode: int) -> OrdRejReason:
    """Read 103 out of a retcode."""
    return REJECT_REASONS.get(retcode, OrdRejReason.OTHER)


CANCEL_REASONS: Mapping[int, CxlRejReason] = {
    Retcode.INVALID_ORDER: CxlRejReason.TOO_LATE_TO_CANCEL,
    Retcode.ORDER_CHANGED: CxlRejReason.TOO_LATE_TO_CANCEL,
    Retcode.POSITION_CLOSED: CxlRejReason.TOO_LATE_TO_CANCEL,
    Retcode.FROZEN: CxlRejReason.BROKER,
    Retcode.LOCKED: CxlRejReason.BROKER,
}
"""102 of a refusal; what is not here is OTHER."""


def retcode_name(retcode: int) -> str:
    """Write a retcode for people: `10019 NO_MONEY`."""
    known = retcode in Retcode.__members__.values()
    return f"{retcode} {Retcode(retcode).name}" if known else str(retcode)


ORDER_TYPES: Mapping[tuple[OrdType, Side], OrderType] = {
    (OrdType.MARKET, Side.BUY): OrderType.BUY,
    (OrdType.MARKET, Side.SELL): OrderType.SELL,
    (OrdType.LIMIT, Side.BUY): OrderType.BUY_LIMIT,
    (OrdType.LIMIT, Side.SELL): OrderType.SELL_LIMIT,
    (OrdType.STOP, Side.BUY): OrderType.BUY_STOP,
    (OrdType.STOP, Side.SELL): OrderType.SELL_STOP,
    (OrdType.STOP_LIMIT, Side.BUY): OrderType.BUY_STOP_LIMIT,
    (OrdType.STOP_LIMIT, Side.SELL): OrderType.SELL_STOP_LIMIT,
}
"""The eight types that have a side; CLOSE_BY, of two positions, has that which closes the first."""

FIX_TYPES: Mapping[OrderType, tuple[OrdType, Side]] = {
    theirs: ours for ours, theirs in ORDER_TYPES.items()
}

AT_MARKET = frozenset((OrderType.BUY, OrderType.SELL, OrderType.CLOSE_BY))
"""Types whose price is none that somebody has asked for."""

ORDER_FLAGS: Mapping[OrdType, OrderFlag] = {
    OrdType.MARKET: OrderFlag.MARKET,
    OrdType.LIMIT: OrderFlag.LIMIT,
    OrdType.STOP: OrderFlag.STOP,
    OrdType.STOP_LIMIT: OrderFlag.STOP_LIMIT,
}

TIMES: Mapping[TimeInForce, tuple[TypeTime, ExpirationFlag]] = {
    TimeInForce.DAY: (TypeTime.DAY, ExpirationFlag.DAY),
    TimeInForce.GOOD_TILL_CANCEL: (TypeTime.GTC, ExpirationFlag.GTC),
    TimeInForce.GOOD_TILL_DATE: (TypeTime.SPECIFIED, ExpirationFlag.SPECIFIED),
}
"""How long a pending order lives, and the flag that its symbol must have."""

ORIGINS: Mapping[int, str] = {
    Reason.SL: "STOP_LOSS", Reason.TP: "TAKE_PROFIT", Reason.SO: "STOP_OUT",
}  # fmt: skip
"""5015 of what the server has made from an order of ours."""

BY_HAND = frozenset((Reason.CLIENT, Reason.MOBILE, Reason.WEB))

ENDS: Mapping[int, OrdStatus] = {
    OrderState.CANCELED: OrdStatus.CANCELED,
    OrderState.PARTIAL: OrdStatus.CANCELED,
    OrderState.FILLED: OrdStatus.FILLED,
    OrderState.REJECTED: OrdStatus.REJECTED,
    OrderState.EXPIRED: OrdStatus.EXPIRED,
}
"""How an order in the history has ended; PARTIAL there is one whose rest is gone."""

TRADE_SIDES: Mapping[int, Side] = {
    DealType.BUY: Side.BUY, DealType.SELL: Side.SELL,
    DealType.BUY_CANCELED: Side.BUY, DealType.SELL_CANCELED: Side.SELL,
}  # fmt: skip
BUSTED = frozenset((DealType.BUY_CANCELED, DealType.SELL_CANCELED))

LEDGER_KINDS: Mapping[int, str] = {
    DealType.BALANCE: "DEPOSIT", DealType.CREDIT: "DEPOSIT", DealType.BONUS: "DEPOSIT",
    DealType.CHARGE: "FEE", DealType.CORRECTION: "CORRECTION",
    DealType.COMMISSION: "FEE", DealType.COMMISSION_DAILY: "FEE",
    DealType.COMMISSION_MONTHLY: "FEE", DealType.COMMISSION_AGENT_DAILY: "FEE",
    DealType.COMMISSION_AGENT_MONTHLY: "FEE", DealType.INTEREST: "SWAP",
    DealType.DIVIDEND: "CORRECTION", DealType.DIVIDEND_FRANKED: "CORRECTION",
    DealType.TAX: "FEE",
}  # fmt: skip
"""5031 of a deal that is no trade."""


def filling_of(
    execution: Execution, flags: FillingFlag, kind: OrdType, force: TimeInForce, *, post_only: bool
) -> Filling | None:
    """Choose what type_filling says, or None if the symbol does not allow what is asked.

    The flags of a symbol are not the numbers of a request. RETURN has no flag: it is allowed always
    but in market execution. In instant and request execution FOK and IOC are allowed whatever the
    flags say. A pending order is not executed when it is sent: it says RETURN, and on an exchange,
    where a limit order may be, what was asked. Source: https://www.mql5.com/en/docs/constants/
    tradingconstants/orderproperties#enum_order_type_filling.
    """
    by_flags = execution in {Execution.MARKET, Execution.EXCHANGE}
    allowed = {
        Filling.FOK: not by_flags or bool(flags & FillingFlag.FOK),
        Filling.IOC: not by_flags or bool(flags & FillingFlag.IOC),
        Filling.RETURN: execution is not Execution.MARKET,
        Filling.BOC: execution is Execution.EXCHANGE and bool(flags & FillingFlag.BOC),
    }
    wanted = {TimeInForce.IMMEDIATE_OR_CANCEL: Filling.IOC, TimeInForce.FILL_OR_KILL: Filling.FOK}
    if kind is OrdType.MARKET:
        usual = (Filling.IOC, Filling.FOK, Filling.RETURN)
        asked = (wanted[force],) if force in wanted else usual
        return next((one for one in asked if allowed[one]), None)
    if post_only:
        may = kind in {OrdType.LIMIT, OrdType.STOP_LIMIT} and force not in wanted
        return Filling.BOC if may and allowed[Filling.BOC] else None
    if force not in wanted:
        return Filling.RETURN
    may = kind is OrdType.LIMIT and execution is Execution.EXCHANGE
    return wanted[force] if may and allowed[wanted[force]] else None
