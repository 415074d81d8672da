"""What the trade server asks of a request before it acts: one small check a rule.

Each check takes an `Asking` and returns the return code of a refusal, or None. Which checks an
action meets, and in which order, is the table at the end; the documentation gives the codes, the
order is ours (docs: "Return Codes of the Trade Server", "Order Properties", SYMBOL_*).
"""

from __future__ import annotations

from support.mt5.checks_levels import (
    expiration,
    frozen_order,
    frozen_position,
    nothing_new,
    pending_price,
    stops,
)
from support.mt5.constants import (
    Action,
    Execution,
    Filling,
    FillingFlag,
    MarginMode,
    OrderFlag,
    OrderType,
    Reason,
    Retcode,
    TradeMode,
)
from support.mt5.margin import legs_with, margin_of
from support.mt5.records import ZERO

FLAGS = {
    Filling.FOK: FillingFlag.FOK, Filling.IOC: FillingFlag.IOC, Filling.BOC: FillingFlag.BOC,
}  # fmt: skip


def _mode(kind):
    """Return the flag of SYMBOL_ORDER_MODE that an order type needs."""
    if kind.is_market:
        return OrderFlag.MARKET
    if kind.is_limit:
        return OrderFlag.LIMIT
    return OrderFlag.STOP if kind.is_stop else OrderFlag.STOP_LIMIT


def permission(asking):
    """Trading is allowed on the account, and for programs if one asks."""
    funds = asking.books.funds
    if not funds.trade_allowed:
        return Retcode.TRADE_DISABLED
    if asking.reason is Reason.EXPERT and not funds.trade_expert:
        return Retcode.SERVER_DISABLES_AT
    return None


def known_symbol(asking):
    """The symbol exists."""
    return None if asking.symbol in asking.markets else Retcode.INVALID


def order_type(asking):
    """The order type fits the action, and the symbol allows it."""
    kind, market = asking.type, asking.action is Action.DEAL
    if kind is None or kind is OrderType.CLOSE_BY or kind.is_market != market:
        return Retcode.INVALID_ORDER
    return None if _mode(kind) & asking.rules.order_mode else Retcode.INVALID_ORDER


def volume(asking):
    """The volume is between the least and the most, in whole steps; all of a position may close."""
    rules, asked = asking.rules, asking.request.volume
    if asking.position is not None and asked == asking.position.volume:
        return None
    if not rules.volume_min <= asked <= rules.volume_max or asked % rules.volume_step:
        return Retcode.INVALID_VOLUME
    return None


def filling(asking):
    """The filling fits the execution mode and the symbol's flags; pending orders use RETURN."""
    asked, rules, kind = asking.request.type_filling, asking.rules, asking.type
    if asked not in tuple(Filling):
        return Retcode.INVALID_FILL
    asked = Filling(asked)
    if asked is Filling.BOC:
        fits = kind.is_limit or kind.is_stop_limit
        return None if fits and rules.filling & FillingFlag.BOC else Retcode.INVALID_FILL
    if asked is Filling.RETURN:
        wrong = kind.is_market and rules.execution is Execution.MARKET
        return Retcode.INVALID_FILL if wrong else None
    if kind.is_pending and rules.execution is not Execution.EXCHANGE:
        return None  # such an order is filled whole or not at all, whatever it says
    free = rules.execution in (Execution.INSTANT, Execution.REQUEST)
    return None if free or rules.filling & FLAGS[asked] else Retcode.INVALID_FILL


def session(asking):
    """The market is open."""
    return None if asking.rules.is_open(asking.server_ms) else Retcode.MARKET_CLOSED


def prices(asking):
    """There is a price to trade at, or to measure levels from; what rests needs none."""
    request, rests = asking.request, asking.action in {Action.PENDING, Action.MODIFY}
    if rests and asking.rules.execution is Execution.EXCHANGE:
        return None
    if asking.action is Action.SLTP and not (request.sl or request.tp):
        return None
    closes = asking.action in {Action.CLOSE_BY, Action.SLTP}
    buys = not asking.position.is_buy if closes else asking.is_buy
    return None if asking.market.price(buys=buys) else Retcode.PRICE_OFF


def named_position(asking):
    """A position that is named is there, of the symbol, of the other side, and large enough."""
    request, position = asking.request, asking.position
    if not request.position:
        return None
    if position is None:
        return Retcode.POSITION_CLOSED
    hedging = asking.account.terms.is_hedging
    if position.symbol != request.symbol or (hedging and position.is_buy == asking.is_buy):
        return Retcode.INVALID
    if not hedging:
        return None
    if request.volume > position.volume:
        return Retcode.INVALID_CLOSE_VOLUME
    return _close_orders(asking, position)


def _close_orders(asking, position):
    """What already closes a position and what is asked for are no more than it has."""
    waiting = sum(
        (
            order.volume_current for order in asking.books.orders.values()
            if order.position_id == position.identifier and order.type.is_market
        ),
        ZERO,
    )  # fmt: skip
    if waiting and waiting + asking.request.volume > position.volume:
        return Retcode.CLOSE_ORDER_EXIST
    return None


def fifo(asking):
    """A FIFO account closes the oldest position of a symbol first."""
    position = asking.position
    if not asking.account.terms.fifo_close or position is None:
        return None
    same = [p for p in asking.books.positions_of(position.symbol) if p.is_buy == position.is_buy]
    return Retcode.FIFO_CLOSE if same[0].ticket != position.ticket else None


def trade_mode(asking):
    """The symbol may be traded, in this direction."""
    mode = asking.rules.trade_mode
    if mode is TradeMode.DISABLED:
        return Retcode.TRADE_DISABLED
    if mode is TradeMode.FULL or not asking.opening:
        return None
    if mode is TradeMode.LONGONLY:
        return None if asking.is_buy else Retcode.LONG_ONLY
    if mode is TradeMode.SHORTONLY:
        return Retcode.SHORT_ONLY if asking.is_buy else None
    return Retcode.CLOSE_ONLY


def symbol_enabled(asking):
    """The symbol is not disabled."""
    disabled = asking.rules.trade_mode is TradeMode.DISABLED
    return Retcode.TRADE_DISABLED if disabled else None


def hedge(asking):
    """Opposite positions and pending orders may be prohibited on a hedging account."""
    terms = asking.account.terms
    if terms.hedge_allowed or not terms.is_hedging or asking.request.position:
        return None
    held = asking.books.positions_of(asking.symbol)
    return Retcode.HEDGE_PROHIBITED if any(p.is_buy != asking.is_buy for p in held) else None


def order_limit(asking):
    """The account has room for one more pending order."""
    limit = asking.account.terms.limit_orders
    pending = sum(order.type.is_pending for order in asking.books.orders.values())
    return Retcode.LIMIT_ORDERS if limit and pending >= limit else None


def volume_limit(asking):
    """Position and pending orders of one direction stay within the symbol's limit."""
    limit = asking.rules.volume_limit
    if not limit or not asking.opening:
        return None
    held = sum(
        (p.volume for p in asking.books.positions_of(asking.symbol) if p.is_buy == asking.is_buy),
        ZERO,
    )
    waiting = sum(
        (
            order.volume_current for order in asking.books.orders.values()
            if order.symbol == asking.symbol and order.type.is_buy == asking.is_buy
        ),
        ZERO,
    )  # fmt: skip
    return Retcode.LIMIT_VOLUME if held + waiting + asking.opening > limit else None


def position_limit(asking):
    """The account has room for one more position; hedging counts pending orders with them."""
    limit, books = asking.account.terms.limit_positions, asking.books
    if not limit or not asking.opening:
        return None
    if asking.account.terms.is_hedging:
        pending = sum(order.type.is_pending for order in books.orders.values())
        return Retcode.LIMIT_POSITIONS if len(books.positions) + pending >= limit else None
    full = len(books.positions) >= limit and not books.positions_of(asking.symbol)
    return Retcode.LIMIT_POSITIONS if full else None


def offered_price(asking):
    """Where the price matters: given, on the grid, and within the deviation of the market."""
    request, rules, market = asking.request, asking.rules, asking.market
    if not asking.price_matters:
        return None
    if request.price <= 0 or request.price % rules.tick_size:
        return Retcode.INVALID_PRICE
    off = abs(request.price - market.price(buys=asking.is_buy))
    if asking.points(off) <= request.deviation:
        return None
    instant = rules.execution is Execution.INSTANT
    return Retcode.REQUOTE if instant else Retcode.PRICE_CHANGED


def money(asking):
    """The margin after it is covered by the equity."""
    account, rules = asking.account, asking.rules
    rate = rules.pending_rate if asking.type.is_pending else 1
    if not asking.opening or not rate:
        return None
    price = asking.request.price or asking.market.price(buys=asking.is_buy)
    worth = account.worth()
    need = margin_after(asking, price)
    if asking.type.is_pending:
        need = worth.margin + (need - worth.margin) * rate
    if need > worth.margin and need > worth.equity:
        return Retcode.NO_MONEY
    return None


def margin_after(asking, price):
    """Return the margin that the account would need if the request was filled at a price."""
    account = asking.account
    leg = (asking.symbol, asking.is_buy, asking.request.volume, price)
    legs = legs_with(asking.books, account.terms, leg, closes=asking.position)
    return margin_of(legs, account.terms, asking.markets, account.exchange)


def order_there(asking):
    """The order is open."""
    return None if asking.order is not None else Retcode.INVALID_ORDER


def position_there(asking):
    """The position is open."""
    return None if asking.position is not None else Retcode.POSITION_CLOSED


def closes_by(asking):
    """Two open positions of one symbol and different sides, where that is allowed."""
    request, first, second = asking.request, asking.position, asking.opposite
    if asking.account.terms.kind is not MarginMode.RETAIL_HEDGING:
        return Retcode.INVALID_ORDER
    if first is None or second is None:
        return Retcode.POSITION_CLOSED
    if first.symbol != second.symbol or first.is_buy == second.is_buy:
        return Retcode.INVALID
    if request.symbol and request.symbol != first.symbol:
        return Retcode.INVALID
    return None if asking.rules.order_mode & OrderFlag.CLOSEBY else Retcode.INVALID_ORDER


TABLE = {
    Action.DEAL: (
        known_symbol, permission, order_type, named_position, trade_mode, volume, filling,
        session, prices, fifo, hedge, offered_price, stops, volume_limit, position_limit,
        frozen_position, money,
    ),
    Action.PENDING: (
        known_symbol, permission, order_type, trade_mode, volume, filling, session, prices,
        hedge, pending_price, stops, expiration, order_limit, volume_limit, position_limit, money,
    ),
    Action.SLTP: (
        position_there, permission, symbol_enabled, session, prices, nothing_new, frozen_position,
        stops,
    ),
    Action.MODIFY: (
        order_there, permission, symbol_enabled, session, prices, nothing_new, frozen_order,
        pending_price, stops, expiration,
    ),
    Action.REMOVE: (order_there, permission, symbol_enabled, session, frozen_order),
    Action.CLOSE_BY: (closes_by, permission, symbol_enabled, session, prices, frozen_position),
}  # fmt: skip
"""The checks that an action meets, in their order."""


def refusal(asking):
    """Return why a request is refused, or None."""
    if asking.action is None:
        return Retcode.INVALID
    for check in TABLE[asking.action]:
        code = check(asking)
        if code is not None:
            return code
    return None
