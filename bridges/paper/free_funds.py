"""What of each balance may pay for new orders: the account trades on margin.

Rules: a position and the open orders block the margin rate (1 when none is told) of the larger of
what it may become long and what it may become short, at the middle of the book. What was bought is
no cash: a holding's base currency is not free. Open losses are taken off, open profits not added.
"""

from __future__ import annotations

from decimal import Decimal

from bridges.paper.exchange import Exchange
from bridges.paper.records import Pit
from bridges.port import Balance
from protocol.fields import Side
from protocol.numbers import ZERO, plain


def balances(exchange: Exchange) -> tuple[Balance, ...]:
    """Return every balance, with what of it is free."""
    free = {one.currency: one.total for one in exchange.account.balances()}
    buys, sells, prices = _working(exchange)
    held = {one.symbol: one for one in exchange.account.positions()}
    for symbol in sorted({*held, *prices}):
        pit = exchange.pits[symbol]
        rules = pit.grid.instrument
        position = held.get(symbol)
        qty, paid = (position.qty, position.avg_px) if position is not None else (ZERO, ZERO)
        price = _middle(pit) or paid or prices.get(symbol, ZERO)
        units = max(qty + buys.get(symbol, ZERO), sells.get(symbol, ZERO) - qty)
        rate = Decimal(1) if rules.margin_rate is None else rules.margin_rate
        cash = qty * paid + min((price - paid) * qty, ZERO) - units * price * rate
        free[rules.base] = free.get(rules.base, ZERO) - qty
        free[rules.currency] = free.get(rules.currency, ZERO) + cash
    totals = {one.currency: one.total for one in exchange.account.balances()}
    return tuple(
        Balance(
            currency=currency, total=totals.get(currency, ZERO), free=plain(round(amount, 8))
        )
        for currency, amount in sorted(free.items())
    )  # fmt: skip


def _working(
    exchange: Exchange,
) -> tuple[dict[str, Decimal], dict[str, Decimal], dict[str, Decimal]]:
    """Add up what open orders may still buy and sell of each symbol, and their highest price."""
    buys: dict[str, Decimal] = {}
    sells: dict[str, Decimal] = {}
    prices: dict[str, Decimal] = {}
    for order in exchange.open_orders():
        side = buys if order.side is Side.BUY else sells
        side[order.symbol] = side.get(order.symbol, ZERO) + order.leaves_qty
        price = order.price or order.stop_px or ZERO
        prices[order.symbol] = max(prices.get(order.symbol, ZERO), price)
    return buys, sells, prices


def _middle(pit: Pit) -> Decimal | None:
    bid, ask = pit.book.bids.best(), pit.book.asks.best()
    if bid is None or ask is None:
        return None
    return pit.grid.price(bid + ask) / 2
