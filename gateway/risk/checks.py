"""The checks that every new order and every replacement passes, in the order they run."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from gateway.oms.book import Book
from gateway.oms.market import Market
from gateway.oms.rules import SENSE_MAX, Rules
from gateway.oms.state import Order
from gateway.risk.trading_state import effective_state, reduces_position
from protocol.fields import (
    OrdRejReason,
    OrdType,
    PositionEffect,
    Side,
    TimeInForce,
    TradingState,
)
from protocol.messages import OrderFields, Security
from protocol.numbers import ZERO, format_decimal
from protocol.timestamps import parse_utc


class Refusal(NamedTuple):
    """Why an order is not let through: a stable code, the numbers, and FIX's reason (103)."""

    code: str
    detail: str
    reason: OrdRejReason

    @property
    def text(self) -> str:
        """Write it as Text (58): `CODE: key=value …`."""
        return f"{self.code}: {self.detail}" if self.detail else self.code


class Intent(NamedTuple):
    """An order as it would be: what is asked, by whom, where; `existing` when it is a replace."""

    owner: str
    account: str
    venue: str
    message: OrderFields
    now_ns: int
    existing: Order | None = None


class Facts(NamedTuple):
    """Everything a check may look at."""

    book: Book
    market: Market
    rules: Rules

    def security(self, intent: Intent) -> Security | None:
        """Find the instrument of an intent."""
        return self.market.security(intent.venue, intent.message.symbol)


Check = Callable[[Facts, Intent], Refusal | None]


def _refuse(code: str, ord_rej_reason: OrdRejReason, /, **values: object) -> Refusal:
    shown = (
        f"{key}={format_decimal(value) if isinstance(value, Decimal) else value}"
        for key, value in values.items()
    )
    return Refusal(code, " ".join(shown), ord_rej_reason)


def permission(facts: Facts, intent: Intent) -> Refusal | None:
    """A strategy trades only where its configuration lets it."""
    rules = facts.rules.strategies[intent.owner]
    if rules.venues and intent.venue not in rules.venues:
        return _refuse("VENUE_NOT_ALLOWED", OrdRejReason.BROKER, venue=intent.venue)
    account = facts.rules.venues[intent.venue].account
    if intent.account != account:
        return _refuse(
            "UNKNOWN_ACCOUNT", OrdRejReason.UNKNOWN_ACCOUNT, account=intent.account,
            expected=account,
        )  # fmt: skip
    if rules.accounts and intent.account not in rules.accounts:
        return _refuse("ACCOUNT_NOT_ALLOWED", OrdRejReason.BROKER, account=intent.account)
    return None


def trading_state(facts: Facts, intent: Intent) -> Refusal | None:
    """HALTED lets nothing new through, REDUCING only what reduces the position."""
    scope, halt = effective_state(facts.book, intent)
    if halt is None:
        return None
    if halt.state is TradingState.REDUCING and _only_shrinks(intent):
        return None
    if halt.state is TradingState.HALTED or not reduces_position(facts.book, intent):
        return _refuse(
            halt.state.value, OrdRejReason.BROKER, scope=scope, who=halt.who, reason=halt.reason
        )
    return None


def _only_shrinks(intent: Intent) -> bool:
    """Whether a replace leaves the prices of its order alone and takes quantity off it."""
    old, new = intent.existing, intent.message
    if old is None or new.order_qty > old.order_qty:
        return False
    return (new.price, new.stop_px) == (old.price, old.stop_px)


def stale_order(facts: Facts, intent: Intent) -> Refusal | None:
    """An order that was on its way too long was meant for another market (103=4)."""
    limit_ms = facts.rules.strategies[intent.owner].limits.max_order_age_ms
    age_ms = (intent.now_ns - parse_utc(intent.message.transact_time)) // 1_000_000
    if abs(age_ms) > limit_ms:
        return _refuse(
            "STALE_ORDER", OrdRejReason.TOO_LATE_TO_ENTER, age_ms=age_ms, limit_ms=limit_ms
        )
    return None


def venue_up(facts: Facts, intent: Intent) -> Refusal | None:
    """Nothing is sent to a venue that is away or not reconciled yet."""
    view = facts.market.venue(intent.venue)
    if not view.ready:
        why = view.why_down.replace(" ", "_")
        return _refuse("VENUE_DOWN", OrdRejReason.BROKER, venue=intent.venue, why=why)
    return None


def known_symbol(facts: Facts, intent: Intent) -> Refusal | None:
    """The venue itself has told the instrument's rules."""
    if facts.security(intent) is None:
        return _refuse(
            "UNKNOWN_SYMBOL", OrdRejReason.UNKNOWN_SYMBOL, symbol=intent.message.symbol,
            venue=intent.venue,
        )  # fmt: skip
    return None


_NEEDS_PRICE = frozenset((OrdType.LIMIT, OrdType.STOP_LIMIT))
_NEEDS_STOP = frozenset((OrdType.STOP, OrdType.STOP_LIMIT))


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
    if not bad:
        return None
    tif = message.time_in_force or TimeInForce.DAY
    return _refuse(
        "FIELDS_DISAGREE", OrdRejReason.OTHER, field=bad,
        ord_type=message.ord_type.name, time_in_force=tif.name,
    )  # fmt: skip


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
    if intent.existing is not None:
        wanted.append("REPLACE")
    able = facts.market.venue(intent.venue).capabilities
    ours = {"REDUCE_ONLY"}  # checked here against the strategy's own position
    if facts.rules.venues[intent.venue].emulate_expiry:
        ours |= {"DAY", "GTD"}
    missing = [name for name in wanted if name not in able and name not in ours]
    if missing:
        return _refuse(
            "NOT_SUPPORTED", OrdRejReason.UNSUPPORTED_CHARACTERISTIC, venue=intent.venue,
            missing=",".join(missing),
        )  # fmt: skip
    return None


def legal_quantity(facts: Facts, intent: Intent) -> Refusal | None:
    """The quantity is positive, not absurd, a multiple of the step, within the venue's bounds."""
    security = facts.security(intent)
    qty = intent.message.order_qty
    if not 0 < qty < SENSE_MAX:
        return _refuse(
            "BAD_QTY", OrdRejReason.INCORRECT_QUANTITY, qty=qty, above=0, below=SENSE_MAX
        )
    if security is None:
        return None
    if security.qty_step and qty % security.qty_step:
        return _refuse("QTY_STEP", OrdRejReason.INCORRECT_QUANTITY, qty=qty, step=security.qty_step)
    if security.min_trade_vol is not None and qty < security.min_trade_vol:
        return _refuse(
            "MIN_QTY", OrdRejReason.INCORRECT_QUANTITY, qty=qty, minimum=security.min_trade_vol
        )
    if security.max_qty is not None and qty > security.max_qty:
        return _refuse(
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
        return _refuse("EXPIRED", OrdRejReason.TOO_LATE_TO_ENTER, expire_time=text)
    return None


def max_order_qty(facts: Facts, intent: Intent) -> Refusal | None:
    """Fat finger: quantity of one order."""
    limit = facts.rules.strategies[intent.owner].limits.max_order_qty
    if intent.message.order_qty > limit:
        return _refuse(
            "MAX_QTY", OrdRejReason.EXCEEDS_LIMIT, qty=intent.message.order_qty, limit=limit,
            scope=f"strategy:{intent.owner}",
        )  # fmt: skip
    return None


def _worst_price(facts: Facts, intent: Intent) -> Decimal | None:
    """The price at which the order counts: its own, its stop, or the fresh reference.

    A sell is executed at its limit or better: one far below the market counts at the market.
    """
    message = intent.message
    quote = facts.market.quote(intent.venue, message.symbol)
    stale_ms = facts.rules.venues[intent.venue].quote_stale_ms
    reference = None
    if quote is not None and intent.now_ns - quote.received_ns <= stale_ms * 1_000_000:
        reference = facts.market.reference_price(intent.venue, message.symbol)
    own = message.price if message.price is not None else message.stop_px
    if own is None:
        return reference
    return max(own, reference) if reference and message.side is Side.SELL else own


def max_order_notional(facts: Facts, intent: Intent) -> Refusal | None:
    """Fat finger: notional of one order in quote currency; without a price it is refused."""
    price = _worst_price(facts, intent)
    if price is None:
        return _refuse(
            "NO_PRICE", OrdRejReason.BROKER, symbol=intent.message.symbol, venue=intent.venue
        )
    limit = facts.rules.strategies[intent.owner].limits.max_order_notional
    notional = intent.message.order_qty * price
    if notional > limit:
        return _refuse(
            "MAX_NOTIONAL", OrdRejReason.EXCEEDS_LIMIT, notional=notional, limit=limit,
            scope=f"strategy:{intent.owner}",
        )  # fmt: skip
    security = facts.security(intent)
    if security and security.min_notional is not None and notional < security.min_notional:
        return _refuse(
            "MIN_NOTIONAL", OrdRejReason.INCORRECT_QUANTITY, notional=notional,
            minimum=security.min_notional,
        )  # fmt: skip
    return None


def max_open_orders(facts: Facts, intent: Intent) -> Refusal | None:
    """A strategy has only so many orders open at once, those on their way included."""
    if intent.existing is not None:
        return None
    limit = facts.rules.strategies[intent.owner].limits.max_open_orders
    open_now = len(facts.book.open_by_owner.get(intent.owner, ()))
    if open_now >= limit:
        return _refuse(
            "MAX_OPEN_ORDERS", OrdRejReason.EXCEEDS_LIMIT, open=open_now, limit=limit,
            scope=f"strategy:{intent.owner}",
        )  # fmt: skip
    return None


def reduce_only(facts: Facts, intent: Intent) -> Refusal | None:
    """77=C never increases or flips the strategy's own position, resting ones counted too."""
    if intent.message.position_effect is not PositionEffect.CLOSE:
        return None
    room = reducible_qty(facts.book, intent)
    if intent.message.order_qty - (intent.existing.cum_qty if intent.existing else ZERO) > room:
        return _refuse(
            "REDUCE_ONLY", OrdRejReason.BROKER, qty=intent.message.order_qty, reducible=room
        )
    return None


def reducible_qty(book: Book, intent: Intent) -> Decimal:
    """How much of the strategy's position this side may still close."""
    side = intent.message.side
    held = book.state.positions.get(intent.owner, {}).get(
        f"{intent.account}|{intent.venue}|{intent.message.symbol}"
    )
    position = held.qty if held else ZERO
    closable = -position if side is Side.BUY else position
    key = (intent.owner, intent.account, intent.venue, intent.message.symbol, side)
    for order_id in book.closing.get(key, ()):
        order = book.state.orders[order_id]
        if order is not intent.existing:
            closable -= order.leaves_qty
    return max(closable, ZERO)


CHECKS: tuple[Check, ...] = (
    permission,
    trading_state,
    stale_order,
    venue_up,
    known_symbol,
    fields_agree,
    capability,
    legal_quantity,
    legal_prices,
    not_expired,
    max_order_qty,
    max_order_notional,
    max_open_orders,
    reduce_only,
)


def first_refusal(facts: Facts, intent: Intent) -> Refusal | None:
    """Run the checks in their order; the first refusal is the answer."""
    for check in CHECKS:
        refusal = check(facts, intent)
        if refusal is not None:
            return refusal
    return None
