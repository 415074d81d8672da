"""What positions and orders block of an account's money, now and after one more deal.

A leg is (symbol, is_buy, volume, price). Opposite legs of one symbol, which only a hedging account
has, count once: the covered volume by `margin_hedged`, or the larger side alone.
"""

from __future__ import annotations

from msgspec.structs import replace
from support.mt5.money import raw_margin
from support.mt5.records import ZERO


def legs_of(books):
    """Return the legs of all positions."""
    return [(p.symbol, p.is_buy, p.volume, p.price_open) for p in books.positions.values()]


def margin_of(legs, terms, markets, exchange, *, maintenance=False):
    """Return the margin of some legs in the account's currency."""
    by_symbol = {}
    for symbol, is_buy, volume, price in legs:
        sides = by_symbol.setdefault(symbol, {True: [ZERO, ZERO], False: [ZERO, ZERO]})
        sides[is_buy][0] += volume
        sides[is_buy][1] += volume * price
    total = ZERO
    for symbol, sides in by_symbol.items():
        rules = markets[symbol].rules
        raw = _of_sides(rules, sides[True], sides[False], terms.leverage, maintenance=maintenance)
        total += exchange.convert(raw * rules.margin_rate, rules.margin, terms.currency)
    return total


def _of_sides(rules, longs, shorts, leverage, *, maintenance):
    """Return the margin of both sides of one symbol, in its margin currency."""
    (long, long_cost), (short, short_cost) = longs, shorts
    if not long + short:
        return ZERO
    covered = min(long, short)
    volume = max(long, short) if rules.hedged_use_leg else long + short - 2 * covered
    price = (long_cost + short_cost) / (long + short)
    raw = raw_margin(
        rules, volume=volume, price=price, leverage=leverage, maintenance=maintenance
    )
    if covered and not rules.hedged_use_leg:
        hedged = replace(rules, contract_size=rules.margin_hedged)
        raw += raw_margin(hedged, volume=covered, price=price, leverage=leverage)
    return raw


def legs_with(books, terms, leg, closes=None):
    """Return the legs after one more deal, which may close (part of) a position."""
    symbol, is_buy, volume, price = leg
    if not terms.is_hedging:
        held = next(iter(books.positions_of(symbol)), None)
        signed = (held.signed if held else ZERO) + (volume if is_buy else -volume)
        others = [kept for kept in legs_of(books) if kept[0] != symbol]
        return [*others, (symbol, signed > 0, abs(signed), price)]
    if closes is None:
        return [*legs_of(books), leg]
    rest = closes.volume - min(volume, closes.volume)
    others = [
        (p.symbol, p.is_buy, p.volume, p.price_open)
        for p in books.positions.values() if p.ticket != closes.ticket
    ]  # fmt: skip
    return [*others, (symbol, closes.is_buy, rest, closes.price_open)]


def pending_margin(books, terms, markets, exchange):
    """Return what the pending orders block, by the symbols' own share."""
    total = ZERO
    for order in books.orders.values():
        rules = markets[order.symbol].rules
        if order.type.is_pending and rules.pending_rate:
            leg = (order.symbol, order.type.is_buy, order.volume_current, order.price_open)
            total += margin_of([leg], terms, markets, exchange) * rules.pending_rate
    return total
