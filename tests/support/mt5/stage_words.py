"""The short words of a play (stage.py): of orders that are said, and of what is told."""

from __future__ import annotations

from decimal import Decimal

from support.bridge_wire import MS, T0

from protocol.fields import ExecInst, ExecType, OrdType, PositionEffect, TimeInForce
from protocol.messages import ExecutionReport
from protocol.timestamps import format_utc

FORCES = {"day": "0", "gtc": "1", "ioc": "3", "fok": "4", "gtd": "6"}


def levels_of(one):
    """Write the levels that stand: nothing where there are none."""
    named = (("sl", one.stop_loss_px), ("tp", one.take_profit_px))
    return "".join(f" {name} {px}" for name, px in named if px)


def why_of(reason, text):
    """Write a reason, and what its text begins with, the number of a return code aside."""
    return f"{reason.name.lower()} {(text or '').split(':')[0].lstrip('0123456789 ')}".strip()


def is_fill(one):
    """Say whether a message tells a fill."""
    return isinstance(one, ExecutionReport) and one.exec_type is ExecType.TRADE


def fields_of(side, qty, price, *, stop=None, tif="gtc", expires_ms=None, sl=None, tp=None, **more):
    """Return the fields of an order that a play describes in few words."""
    kinds = {
        (False, False): OrdType.MARKET, (True, False): OrdType.LIMIT,
        (False, True): OrdType.STOP, (True, True): OrdType.STOP_LIMIT,
    }  # fmt: skip
    exact = {"price": price, "stop_px": stop, "stop_loss_px": sl, "take_profit_px": tp}
    if more.pop("only_adds", False):
        more["exec_inst"] = ExecInst.PARTICIPATE_DONT_INITIATE
    if more.pop("reduces", False):
        more["position_effect"] = PositionEffect.CLOSE
    return {
        "side": side, "order_qty": Decimal(qty), "account": "A1", "on_behalf_of_comp_id": "MM",
        "ord_type": kinds[price is not None, stop is not None],
        "time_in_force": TimeInForce(FORCES[tif]),
        "expire_time": None if expires_ms is None else format_utc(T0 + expires_ms * MS),
        "position_id": more.pop("position", None),
    } | {key: Decimal(value) for key, value in exact.items() if value is not None} | more


KINDS = {
    ExecType.NEW: "new", ExecType.TRADE: "fill", ExecType.CANCELED: "canceled",
    ExecType.REPLACED: "replaced", ExecType.REJECTED: "rejected", ExecType.EXPIRED: "expired",
    ExecType.RESTATED: "triggered", ExecType.TRADE_CANCEL: "busted",
    ExecType.ORDER_STATUS: "status",
}  # fmt: skip
