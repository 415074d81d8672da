"""From the terminal's records to the package's tuples, and from its dictionaries to requests."""

from __future__ import annotations

from enum import IntEnum

from support.mt5 import package_tuples as tuples
from support.mt5.records import Request, number

INTEGERS = (
    "action", "magic", "order", "deviation", "type", "type_filling", "type_time", "expiration",
    "position", "position_by",
)  # fmt: skip
NUMBERS = ("volume", "price", "stoplimit", "sl", "tp")
TEXTS = ("symbol", "comment")
COMMENT_LIMIT = 31
UNSIGNED = 1 << 64


class WrongArgumentError(ValueError):
    """An argument of a wrong kind; its text is what last_error() tells."""


def request_of(fields):
    """Return the request that a dictionary describes; unknown keys are ignored.

    Raises WrongArgumentError as the package complains: `Invalid "comment" argument`.
    """
    if not isinstance(fields, dict):
        msg = "Invalid arguments"
        raise WrongArgumentError(msg)
    made = {}
    for name in INTEGERS:
        if name in fields:
            made[name] = _integer(name, fields[name])
    for name in NUMBERS:
        if name in fields:
            made[name] = _number(name, fields[name])
    for name in TEXTS:
        if name in fields:
            made[name] = _text(name, fields[name])
    return Request(**made)


def _wrong(name):
    return WrongArgumentError(f'Invalid "{name}" argument')


def _integer(name, value):
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < UNSIGNED:
        raise _wrong(name)
    return int(value)


def _number(name, value):
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name)
    return number(value)


def _text(name, value):
    if not isinstance(value, str) or (name == "comment" and len(value) > COMMENT_LIMIT):
        raise _wrong(name)
    return value


def plain(value):
    """Return a number as the package gives it: an int or a float."""
    if isinstance(value, bool | str):
        return value
    return int(value) if isinstance(value, int | IntEnum) else float(value)


def fill(kind, record, **more):
    """Return a tuple of a kind, from the fields of a record that have its names, and more."""
    return kind(
        *(plain(more[name] if name in more else getattr(record, name)) for name in kind._fields)
    )


def position_of(position, price, profit):
    """Return a TradePosition at a price of now."""
    return fill(
        tuples.TradePosition, position, time=position.time_msc // 1000,
        time_update=position.time_update_msc // 1000, price_current=price, profit=profit,
        magic=_signed(position.magic),
    )  # fmt: skip


def order_of(order, price=None):
    """Return a TradeOrder; an open one has the price of now."""
    return fill(
        tuples.TradeOrder, order, time_setup=order.time_setup_msc // 1000,
        time_done=order.time_done_msc // 1000,
        price_current=price or order.price_current, magic=_signed(order.magic),
    )  # fmt: skip


def deal_of(deal):
    """Return a TradeDeal."""
    return fill(tuples.TradeDeal, deal, time=deal.time_msc // 1000, magic=_signed(deal.magic))


def _signed(magic):
    """Return a magic as it is read back: ulong in, long out."""
    return magic - UNSIGNED if magic >= UNSIGNED >> 1 else magic


def echo_of(request):
    """Return the TradeRequest that goes with an answer."""
    return fill(tuples.TradeRequest, request)


def result_of(result, request):
    """Return an OrderSendResult."""
    made = {name: plain(getattr(result, name)) for name in tuples.OrderSendResult._fields[:-1]}
    return tuples.OrderSendResult(**made, request=echo_of(request))


def check_of(result, request):
    """Return an OrderCheckResult."""
    made = {name: plain(getattr(result, name)) for name in tuples.OrderCheckResult._fields[:-1]}
    return tuples.OrderCheckResult(**made, request=echo_of(request))


def matches(group):
    """Return a predicate of names for a `group`: masks with '*', '!' excludes, in their order."""
    masks = [mask.strip() for mask in group.split(",") if mask.strip()]

    def fits(name):
        inside = False
        for mask in masks:
            if mask.startswith("!"):
                inside = inside and not _excludes(mask[1:], name)
            elif _mask(mask, name):
                inside = True
        return inside

    return fits


def _excludes(mask, name):
    """Compare with an exclusion: a bare word excludes what contains it, says the documentation."""
    return _mask(mask, name) if "*" in mask else mask in name


def _mask(mask, name):
    """Compare with one mask: stars at the ends; a bare word must be the whole name."""
    core = mask.strip("*")
    front, back = mask.startswith("*"), mask.endswith("*")
    if front and back:
        return core in name
    if front:
        return name.endswith(core)
    return name.startswith(core) if back else name == core
