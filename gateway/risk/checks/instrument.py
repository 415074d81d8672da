"""What the instrument and its venue can do at all: fields, types, tick, step, bounds."""

from __future__ import annotations

from gateway.oms.rules import SENSE_MAX
from gateway.risk.facts import Facts, Intent, Refusal, refuse
from protocol.closing_by import is_pair, pair_of
from protocol.fields import OrdRejReason, OrdType, PositionEffect, TimeInForce
from protocol.messages import OrderFields
from protocol.numbers import format_decimal
from protocol.timestamps import parse_utc

_NEEDS_PRICE = frozenset((OrdType.LIMIT, OrdType.STOP_LIMIT))
_NEEDS_STOP = frozenset((OrdType.STOP, OrdType.STOP_LIMIT))
_TYPE_NAMES = {
    OrdType.MARKET: "MARKET",
    OrdType.LIMIT: "LIMIT",
    OrdType.STOP: "STOP",
    OrdType.STOP_LIMIT: "STOP_LIMIT",
}
_TIME_NAMES = {
    TimeInForce.DAY: "DAY",
    TimeInForce.GOOD_TILL_CANCEL: "GTC",
    TimeInForce.IMMEDIATE_OR_CANCEL: "IOC",
    TimeInForce.FILL_OR_KILL: "FOK",
    TimeInForce.GOOD_TILL_DATE: "GTD",
}


def known_symbol(facts: Facts, intent: Intent) -> Refusal | None:
    """The venue itself has told the instrument's rules."""
    if facts.security(intent) is None:
        return refuse(
            "UNKNOWN_SYMBOL", OrdRejReason.UNKNOWN_SYMBOL, symbol=intent.message.symbol,
            venue=intent.venue,
        )  # fmt: skip
    return None


def fields_agree(_facts: Facts, intent: Intent) -> Refusal | None:
    """Price, stop price and expiry are there exactly when the type and time in force want them."""
    message = intent.message
    bad = ""
    if (message.price is not None) != (message.ord_type in _NEEDS_PRICE):
        bad = "Price(44)"
    elif (message.stop_px is not None) != (message.ord_type in _NEEDS_STOP):
        bad = "StopPx(99)"
    elif (message.expire_time is not None) != (message.time_in_force is TimeInForce.GOOD_TILL_DATE):
        bad = "ExpireTime(126)"
    elif message.exec_inst is not None and message.ord_type not in _NEEDS_PRICE:
        bad = "ExecInst(18)"
    elif is_pair(message.position_id) and not _is_good_pair(message):
        bad = "PositionID(5004)"
    if not bad:
        return None
    tif = message.time_in_force or TimeInForce.DAY
    return refuse(
        "FIELDS_DISAGREE", OrdRejReason.OTHER, field=bad,
        ord_type=message.ord_type.name, time_in_force=tif.name,
    )  # fmt: skip


def _is_good_pair(message: OrderFields) -> bool:
    """Whether closing one position by another is asked as it can be done: at once, and no more."""
    levels = message.stop_loss_px is not None or message.take_profit_px is not None
    at_market = message.ord_type is OrdType.MARKET and not levels
    return at_market and pair_of(message.position_id or "") is not None


def capability(facts: Facts, intent: Intent) -> Refusal | None:
    """What the venue cannot do is refused here, plainly, and not there, in its own words."""
    message = intent.message
    wanted = [_TYPE_NAMES[message.ord_type], _TIME_NAMES[message.time_in_force or TimeInForce.DAY]]
    if message.exec_inst is not None:
        wanted.append("POST_ONLY")
    if message.position_effect is PositionEffect.CLOSE:
        wanted.append("REDUCE_ONLY")
    if message.stop_loss_px is not None:
        wanted.append("STOP_LOSS")
    if message.take_profit_px is not None:
        wanted.append("TAKE_PROFIT")
    if message.position_id is not None:
        wanted.append("HEDGING")
    if intent.existing is not None and not intent.existing.is_held:
        wanted.append("REPLACE")
    able = facts.market.venue(intent.venue).capabilities
    ours = {"REDUCE_ONLY"}  # checked here against the strategy's own position
    if facts.rules.venues[intent.venue].emulate_expiry:
        ours |= {"DAY", "GTD"}
    missing = [name for name in wanted if name not in able and name not in ours]
    if missing:
        return refuse(
            "NOT_SUPPORTED", OrdRejReason.UNSUPPORTED_CHARACTERISTIC, venue=intent.venue,
            missing=",".join(missing),
        )  # fmt: skip
    return None


def legal_quantity(facts: Facts, intent: Intent) -> Refusal | None:
    """The quantity is positive, not absurd, a multiple of the step, within the venue's bounds."""
    security = facts.security(intent)
    qty = intent.message.order_qty
    if not 0 < qty < SENSE_MAX:
        return refuse(
            "BAD_QTY", OrdRejReason.INCORRECT_QUANTITY, qty=qty, above=0, below=SENSE_MAX
        )
    if security is None:
        return None
    if security.qty_step and qty % security.qty_step:
        return refuse("QTY_STEP", OrdRejReason.INCORRECT_QUANTITY, qty=qty, step=security.qty_step)
    if security.min_trade_vol is not None and qty < security.min_trade_vol:
        return refuse(
            "MIN_QTY", OrdRejReason.INCORRECT_QUANTITY, qty=qty, minimum=security.min_trade_vol
        )
    if security.max_qty is not None and qty > security.max_qty:
        return refuse(
            "VENUE_MAX_QTY", OrdRejReason.INCORRECT_QUANTITY, qty=qty, maximum=security.max_qty
        )
    return None


def legal_prices(facts: Facts, intent: Intent) -> Refusal | None:
    """Every price is positive, not absurd, and a multiple of the tick."""
    security = facts.security(intent)
    tick = security.price_tick if security else None
    message = intent.message
    for name, value in (
        ("price", message.price),
        ("stop_px", message.stop_px),
        ("stop_loss_px", message.stop_loss_px),
        ("take_profit_px", message.take_profit_px),
    ):
        if value is None:
            continue
        if not 0 < value < SENSE_MAX:
            return Refusal("BAD_PRICE", f"{name}={format_decimal(value)}", OrdRejReason.OTHER)
        if tick and value % tick:
            detail = f"{name}={format_decimal(value)} tick={format_decimal(tick)}"
            return Refusal("PRICE_TICK", detail, OrdRejReason.OTHER)
    return None


def not_expired(_facts: Facts, intent: Intent) -> Refusal | None:
    """A good-till date lies ahead."""
    text = intent.message.expire_time
    if text is not None and parse_utc(text) <= intent.now_ns:
        return refuse("EXPIRED", OrdRejReason.TOO_LATE_TO_ENTER, expire_time=text)
    return None
