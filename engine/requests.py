"""From a person's arguments to the message that asks for it. Pure: time and ids are arguments.

Numbers are Decimal, int or str; a float is refused. The order type follows from the prices given:
none is a market order, `price` a limit, `stop_px` a stop, both a stop limit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias, TypedDict

from engine.errors import InvalidOrder
from protocol.fields import (
    ExecInst,
    MassCancelRequestType,
    MassStatusReqType,
    MDEntryType,
    OrdType,
    PositionEffect,
    PosReqType,
    SecurityListRequestType,
    Side,
    SubscriptionRequestType,
    TimeInForce,
)
from protocol.messages import (
    CollateralInquiry,
    ExecutionReport,
    MarketDataRequest,
    MDReqSymbol,
    MDReqType,
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderFields,
    OrderMassCancelRequest,
    OrderMassStatusRequest,
    OrderStatusRequest,
    PositionMaintenanceRequest,
    RequestForPositions,
    SecurityListRequest,
)
from protocol.numbers import exact
from protocol.timestamps import format_date, format_utc

Number: TypeAlias = Decimal | int | str
Known: TypeAlias = OrderFields | ExecutionReport
"""An order as it was sent, or as the gateway reported it."""
ALL_ACCOUNTS = "ALL"
_CONTEXT_MAX = 2048


class OrderOptions(TypedDict, total=False):
    """What an order may say besides symbol, side and quantity.

    `expected_edge` is the profit expected, in basis points of the notional, within `holding_ms`.
    A slice of a larger order names it: `parent_order_id` is your own name for the whole, and
    `parent_qty` the quantity that all its slices together never exceed.

    On a hedging account `position_id` names the position that the order closes; `A/B` closes A by
    its opposite B. Then the side is the one that closes A, and the quantity that of the smaller.
    """

    price: Number | None
    stop_px: Number | None
    time_in_force: TimeInForce | str | None
    expire_time_ns: int | None
    post_only: bool
    reduce_only: bool
    venue: str | None
    account: str | None
    stop_loss_px: Number | None
    take_profit_px: Number | None
    expected_edge: Number | None
    holding_ms: int | None
    parent_order_id: str | None
    parent_qty: Number | None
    context: Mapping[str, Any] | str | None
    position_id: str | None
    text: str | None


def new_order(
    cl_ord_id: str,
    symbol: str,
    side: Side,
    qty: Number,
    options: OrderOptions,
    *,
    now_ns: int,
    quote_time: str = "",
) -> NewOrderSingle:
    """Build a D; `quote_time` is the 52 of the quote that it was decided on, if there was one.

    Raises TypeError on a float, ValueError and InvalidOrder on nonsense.
    """
    return NewOrderSingle(
        cl_ord_id=cl_ord_id,
        symbol=symbol,
        side=side,
        order_qty=_positive("qty", qty),
        transact_time=format_utc(now_ns),
        quote_time=quote_time or None,
        **_terms(options),
    )


class Changes(TypedDict, total=False):
    """What of an order shall be otherwise."""

    qty: Number
    price: Number
    stop_px: Number
    expected_edge: Number
    holding_ms: int


def replacement(
    old: Known, cl_ord_id: str, changes: Changes, *, now_ns: int, quote_time: str = ""
) -> OrderCancelReplaceRequest:
    """Build a G: the order as it was last, with other quantity or prices.

    What was expected of the old version (edge, holding time) is not carried over: say it anew.
    """
    same = {
        name: getattr(old, name)
        for name in OrderFields.__struct_fields__
        if name not in _NOT_COPIED and getattr(old, name, None) is not None
    }
    if isinstance(old, ExecutionReport) and old.security_exchange is not None:
        same["ex_destination"] = old.security_exchange
    if "ord_type" not in same:
        msg = f"the report on {old.cl_ord_id} does not say OrdType (40): hand in the order itself"
        raise InvalidOrder(msg)
    changed = _changed(changes)
    for name in ("price", "stop_px"):
        if name in changed and same.get(name) is None:
            msg = f"received {name} for order {old.cl_ord_id}, whose type has none"
            raise InvalidOrder(msg)
    return OrderCancelReplaceRequest(
        cl_ord_id=cl_ord_id,
        orig_cl_ord_id=_id_of(old),
        transact_time=format_utc(now_ns),
        quote_time=quote_time or None,
        **(same | changed),
    )


def _changed(changes: Changes) -> dict[str, Any]:
    """Translate what shall be otherwise into fields."""
    _only(set(changes), Changes.__optional_keys__)
    changed: dict[str, Any] = {}
    if changes.get("qty") is not None:
        changed["order_qty"] = _positive("qty", changes["qty"])
    for name in ("price", "stop_px"):
        value = changes.get(name)
        if value is not None:
            changed[name] = exact(value)  # type: ignore[arg-type]  # a loop over typed keys
    if not changed:
        msg = "received no qty, price or stop_px, expected at least one that shall change"
        raise InvalidOrder(msg)
    if changes.get("expected_edge") is not None:
        changed["expected_edge"] = exact(changes["expected_edge"])
    if changes.get("holding_ms") is not None:
        changed["holding_ms"] = _milliseconds(changes["holding_ms"])
    return changed


def cancel(old: Known, cl_ord_id: str, *, now_ns: int) -> OrderCancelRequest:
    """Build an F for the order as it was last."""
    return OrderCancelRequest(
        cl_ord_id=cl_ord_id,
        orig_cl_ord_id=_id_of(old),
        symbol=old.symbol,
        side=old.side,
        order_qty=old.order_qty,
        transact_time=format_utc(now_ns),
    )


def status(old: Known) -> OrderStatusRequest:
    """Build an H: what became of this order."""
    return OrderStatusRequest(cl_ord_id=_id_of(old), symbol=old.symbol, side=old.side)


def mass_status(request_id: str) -> OrderMassStatusRequest:
    """Build an AF: which orders are open."""
    return OrderMassStatusRequest(
        mass_status_req_id=request_id, mass_status_req_type=MassStatusReqType.ALL
    )


def mass_cancel(
    cl_ord_id: str, *, symbol: str | None = None, now_ns: int
) -> OrderMassCancelRequest:
    """Build a q: cancel all, or all in one symbol."""
    kind = MassCancelRequestType.ALL if symbol is None else MassCancelRequestType.SECURITY
    return OrderMassCancelRequest(
        cl_ord_id=cl_ord_id,
        mass_cancel_request_type=kind,
        symbol=symbol,
        transact_time=format_utc(now_ns),
    )


class Levels(TypedDict, total=False):
    """What `protect` may say: None is as it is, 0 is none; `position_id` on a hedging account."""

    stop_loss_px: Number | None
    take_profit_px: Number | None
    position_id: str | None
    venue: str | None
    account: str | None


def protect(
    request_id: str, symbol: str, levels: Levels, *, now_ns: int
) -> PositionMaintenanceRequest:
    """Build an AL: stop-loss and take-profit of an open position, as they shall be."""
    _only(set(levels), Levels.__optional_keys__)
    stop, profit = levels.get("stop_loss_px"), levels.get("take_profit_px")
    if stop is None and profit is None:
        msg = "received no stop_loss_px and no take_profit_px, expected at least one (0: none)"
        raise InvalidOrder(msg)
    return PositionMaintenanceRequest(
        pos_req_id=request_id,
        clearing_business_date=format_date(now_ns),
        account=levels.get("account") or ALL_ACCOUNTS,
        symbol=symbol,
        security_exchange=levels.get("venue"),
        transact_time=format_utc(now_ns),
        stop_loss_px=None if stop is None else exact(stop),
        take_profit_px=None if profit is None else exact(profit),
        position_id=levels.get("position_id"),
    )


def positions(request_id: str, account: str | None, *, now_ns: int) -> RequestForPositions:
    """Build an AN: which positions there are, on one account or on all."""
    return RequestForPositions(
        pos_req_id=request_id,
        pos_req_type=PosReqType.POSITIONS,
        account=account or ALL_ACCOUNTS,
        clearing_business_date=format_date(now_ns),
        transact_time=format_utc(now_ns),
    )


def snapshot(request_id: str, symbol: str, venue: str | None) -> MarketDataRequest:
    """Build a V: what the book is now."""
    return MarketDataRequest(
        md_req_id=request_id,
        subscription_request_type=SubscriptionRequestType.SNAPSHOT,
        market_depth=0,
        md_entry_types=(
            MDReqType(md_entry_type=MDEntryType.BID),
            MDReqType(md_entry_type=MDEntryType.OFFER),
        ),
        related_sym=(MDReqSymbol(symbol=symbol, security_exchange=venue),),
    )


def balances(request_id: str) -> CollateralInquiry:
    """Build a BB: what the accounts hold."""
    return CollateralInquiry(coll_inquiry_id=request_id)


def instruments(request_id: str) -> SecurityListRequest:
    """Build an x: what may be traded, and in which steps."""
    return SecurityListRequest(
        security_req_id=request_id,
        security_list_request_type=SecurityListRequestType.ALL_SECURITIES,
    )


_NOT_COPIED = frozenset(
    ("cl_ord_id", "transact_time", "sender_comp_id", "target_comp_id", "msg_seq_num",
     "sending_time", "poss_dup_flag", "poss_resend", "orig_sending_time", "orig_cl_ord_id",
     "decision_context", "text", "expected_edge", "holding_ms", "quote_time")
)  # fmt: skip


def _only(given: set[str], known: frozenset[str]) -> None:
    if given - known:
        unknown = ", ".join(sorted(given - known))
        msg = f"received {unknown}, expected some of {', '.join(sorted(known))}"
        raise TypeError(msg)


def _id_of(old: Known) -> str:
    if old.cl_ord_id is None:
        msg = f"the report on {old.symbol} names no order (11)"
        raise InvalidOrder(msg)
    return old.cl_ord_id


def _terms(options: OrderOptions) -> dict[str, Any]:
    """Translate the options into fields; only those that are said."""
    _only(set(options), OrderOptions.__optional_keys__)
    terms: dict[str, Any] = {"ord_type": _ord_type(options)}
    for name in (
        "price", "stop_px", "stop_loss_px", "take_profit_px", "expected_edge", "parent_qty",
    ):  # fmt: skip
        value = options.get(name)
        if value is not None:
            terms[name] = exact(value)  # type: ignore[arg-type]  # a loop over typed keys
    for name, field in (("venue", "ex_destination"), ("account", "account"), ("text", "text"),
                        ("position_id", "position_id"),
                        ("parent_order_id", "parent_order_id")):  # fmt: skip
        if options.get(name) is not None:
            terms[field] = options[name]  # type: ignore[literal-required]  # names of this dict
    if options.get("post_only"):
        terms["exec_inst"] = ExecInst.PARTICIPATE_DONT_INITIATE
    if options.get("reduce_only"):
        terms["position_effect"] = PositionEffect.CLOSE
    _plan(options, terms)
    context = options.get("context")
    if context is not None:
        terms["decision_context"] = _context(context)
    _lifetime(options, terms)
    return terms


def _plan(options: OrderOptions, terms: dict[str, Any]) -> None:
    """Add what the strategy means to do: how long to hold, and of which parent this is a slice."""
    holding_ms = options.get("holding_ms")
    if holding_ms is not None:
        terms["holding_ms"] = _milliseconds(holding_ms)
    if ("parent_qty" in terms) is not ("parent_order_id" in terms):
        msg = "received one of parent_order_id and parent_qty, expected both or neither"
        raise InvalidOrder(msg)
    if "parent_qty" in terms:
        _positive("parent_qty", terms["parent_qty"])


def _ord_type(options: OrderOptions) -> OrdType:
    has_price = options.get("price") is not None
    if options.get("stop_px") is not None:
        return OrdType.STOP_LIMIT if has_price else OrdType.STOP
    if options.get("post_only") and not has_price:
        msg = "received post_only without a price, expected a limit order"
        raise InvalidOrder(msg)
    return OrdType.LIMIT if has_price else OrdType.MARKET


def _lifetime(options: OrderOptions, terms: dict[str, Any]) -> None:
    given = options.get("time_in_force")
    expire_time_ns = options.get("expire_time_ns")
    if expire_time_ns is not None:
        terms["expire_time"] = format_utc(expire_time_ns)
        given = given or TimeInForce.GOOD_TILL_DATE
    if given is not None:
        terms["time_in_force"] = _time_in_force(given)
    if (terms.get("time_in_force") is TimeInForce.GOOD_TILL_DATE) != (expire_time_ns is not None):
        msg = "an order good till date and expire_time_ns go together"
        raise InvalidOrder(msg)


_SHORT = {
    "DAY": TimeInForce.DAY,
    "GTC": TimeInForce.GOOD_TILL_CANCEL,
    "IOC": TimeInForce.IMMEDIATE_OR_CANCEL,
    "FOK": TimeInForce.FILL_OR_KILL,
    "GTD": TimeInForce.GOOD_TILL_DATE,
}


def _time_in_force(given: TimeInForce | str) -> TimeInForce:
    if isinstance(given, TimeInForce):
        return given
    if given not in _SHORT:
        msg = f"received time_in_force {given!r}, expected one of {', '.join(_SHORT)}"
        raise InvalidOrder(msg)
    return _SHORT[given]


def _context(context: Mapping[str, Any] | str) -> str:
    text = context if isinstance(context, str) else json.dumps(context, default=str)
    if len(text) > _CONTEXT_MAX:
        msg = f"received a context of {len(text)} characters, expected at most {_CONTEXT_MAX}"
        raise InvalidOrder(msg)
    return text


def _milliseconds(value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        msg = f"received holding_ms={value!r}, expected a whole number of milliseconds"
        raise InvalidOrder(msg)
    return value


def _positive(name: str, value: Number) -> Decimal:
    number = exact(value)
    if number <= 0:
        msg = f"received {name}={number}, expected a number above zero"
        raise InvalidOrder(msg)
    return number
