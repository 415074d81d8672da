"""Orders become deals, deals change positions and money: the steps, in the order they are told.

A market order: ORDER_ADD, one DEAL_ADD a price, ORDER_DELETE, HISTORY_ADD (MQL5 book, "Trade
transactions"). Nothing is checked here; `checks.py` has done that, or the server itself acts.
"""

from __future__ import annotations

from itertools import count

from msgspec.structs import replace
from support.mt5 import netting, transactions
from support.mt5.constants import (
    DealType,
    Entry,
    OrderState,
    TransactionType,
)
from support.mt5.money import raw_profit, rounded
from support.mt5.records import ZERO, Deal

FIRST_ORDER = 5_000_000_001
FIRST_DEAL = 7_000_000_001
"""Beyond 32 bits, so that a ticket that was cut short is found out."""


class Tickets:
    """The server's two counters; a position takes its ticket from an order."""

    def __init__(self):
        self.orders = count(FIRST_ORDER)
        self.deals = count(FIRST_DEAL)


class Desk:
    """The desk of one account."""

    def __init__(self, account, markets, exchange, tickets, clock):
        self.account = account
        self._markets = markets
        self._exchange = exchange
        self.tickets = tickets
        self.clock = clock
        self.splits = False
        """Whether each part of an order becomes an order of its own in the history."""

    @property
    def books(self):
        """The account's books."""
        return self.account.books

    def open(self, order):
        """Take an order into the list of open ones."""
        told = transactions.of_order(TransactionType.ORDER_ADD, order)
        self.account.commit(("orders", order.ticket, order), transaction=told)
        return order

    def _initial(self, order, state):
        """Return the initial volume in the history: of an order that was split, the last part."""
        if not self.splits or state is not OrderState.FILLED:
            return order.volume_initial
        parts = (o for o in self.books.history.values() if o.parent == order.ticket)
        return order.volume_initial - sum((part.volume_initial for part in parts), ZERO)

    def update(self, order, **fields):
        """Change an open order."""
        order = replace(order, **fields)
        told = transactions.of_order(TransactionType.ORDER_UPDATE, order)
        self.account.commit(("orders", order.ticket, order), transaction=told)
        return order

    def finish(self, order, state, comment=None):
        """Move an order to the history."""
        order = replace(
            order, state=state, time_done_msc=self.clock.server_ms(),
            comment=order.comment if comment is None else comment,
            volume_initial=self._initial(order, state),
        )  # fmt: skip
        delete = transactions.of_order(TransactionType.ORDER_DELETE, order)
        add = transactions.of_order(TransactionType.HISTORY_ADD, order)
        self.account.commit(("orders", order.ticket, None), transaction=delete)
        self.account.commit(("history", order.ticket, order), transaction=add)
        return order

    def execute(self, order, fills):
        """Make deals of an order, one a price; return (the order after them, the deals)."""
        deals = []
        for price, volume in fills:
            left = order.volume_current - volume
            part = self._part(order, volume) if left and self.splits else order
            deal = self.deal(part, price=price, volume=volume)
            deals.append(deal)
            if part is not order:
                self._archive(part, deal)
            order = replace(
                order, volume_current=left, price_current=price, position_id=deal.position_id,
                state=OrderState.PARTIAL if left else OrderState.FILLED,
            )  # fmt: skip
            if left and (order.type.is_pending or len(fills) > 1):
                self.update(order)
            elif left:
                self.account.commit(("orders", order.ticket, order))
        return order, deals

    def _part(self, order, volume):
        """Return the order of its own that a part becomes, where the broker splits.

        The rest keeps the ticket; in the history its initial volume is the last part's (MQL5
        book, "Order properties").
        """
        return replace(
            order, ticket=next(self.tickets.orders), volume_initial=volume, volume_current=volume,
            parent=order.ticket,
        )  # fmt: skip

    def _archive(self, part, deal):
        part = replace(
            part, volume_current=ZERO, state=OrderState.FILLED, position_id=deal.position_id,
            price_current=deal.price, time_done_msc=deal.time_msc,
        )  # fmt: skip
        told = transactions.of_order(TransactionType.HISTORY_ADD, part)
        self.account.commit(("history", part.ticket, part), transaction=told)

    def target(self, order):
        """Return the position that an order works on, or None if it opens one."""
        if self.account.terms.is_hedging:
            opened_by = order.parent or order.ticket
            return self.books.by_identifier(order.position_id or opened_by)
        found = self.books.positions_of(order.symbol)
        return found[0] if found else None

    def deal(self, order, *, price, volume):
        """Make one deal of an order."""
        position, is_buy = self.target(order), order.type.is_buy
        step = self._step(order, position, is_buy=is_buy, price=price, volume=volume)
        deal = self._deal(
            order, position, step, is_buy=is_buy, price=price, volume=volume,
            profit=self._profit(position, step.closed, price),
            **self._charges(order.symbol, volume),
        )  # fmt: skip
        self._book(deal, position, step.position)
        return deal

    def _step(self, order, position, **how):
        return netting.step(
            position, order, **how, time_msc=self.clock.server_ms(), cent=self.account.terms.cent
        )

    def _deal(self, order, position, step, *, is_buy, **fields):
        out = step.entry is Entry.OUT
        levels = position if out else order
        made = {
            "entry": step.entry, "swap": step.swap, "sl": levels.sl, "tp": levels.tp,
            "position_id": (step.position or position).identifier,
        }  # fmt: skip
        return Deal(
            ticket=next(self.tickets.deals), order=order.ticket, symbol=order.symbol,
            type=DealType.BUY if is_buy else DealType.SELL, time_msc=self.clock.server_ms(),
            magic=order.magic, reason=order.reason, comment=order.comment, **(made | fields),
        )  # fmt: skip

    def _book(self, deal, before, after, position_by=0):
        puts = [("deals", deal.ticket, deal)]
        if before is not None and (after is None or after.ticket != before.ticket):
            puts.append(("positions", before.ticket, None))
        if after is not None:
            puts.append(("positions", after.ticket, after))
        told = transactions.of_deal(
            TransactionType.DEAL_ADD, deal, (after or before).ticket, position_by
        )
        self.account.commit(*puts, transaction=told, funds=self.account.funds_after(deal))

    def _profit(self, position, closed, price):
        if not closed:
            return ZERO
        rules = self._markets[position.symbol].rules
        raw = raw_profit(
            rules, is_buy=position.is_buy, volume=closed, opened=position.price_open, closed=price
        )
        terms = self.account.terms
        return rounded(self._exchange.convert(raw, rules.profit, terms.currency), terms.cent)

    def _charges(self, symbol, volume):
        rules, cent = self._markets[symbol].rules, self.account.terms.cent
        return {
            "commission": -rounded(rules.commission * volume, cent),
            "fee": -rounded(rules.fee * volume, cent),
        }

    def balance_operation(self, kind, amount, comment="", **fields):
        """Book money that moves without a trade: a deal without order, symbol and volume."""
        deal = Deal(
            ticket=next(self.tickets.deals), type=kind, time_msc=self.clock.server_ms(),
            profit=amount, comment=comment, **fields,
        )  # fmt: skip
        told = transactions.of_deal(TransactionType.DEAL_ADD, deal)
        self.account.commit(
            ("deals", deal.ticket, deal), transaction=told, funds=self.account.funds_after(deal)
        )
        return deal

    def move(self, position, **fields):
        """Change a position without a deal: levels, swap, a split."""
        after = replace(position, time_update_msc=self.clock.server_ms(), **fields)
        puts = [("positions", after.ticket, after)]
        if after.ticket != position.ticket:
            puts.insert(0, ("positions", position.ticket, None))
        self.account.commit(*puts, transaction=transactions.of_position(after))
        return after

    def close_by(self, order, first, second):
        """Close two opposite positions with one another, each at the other's open price.

        The first deal has the whole profit, the second none, neither a commission.
        """
        volume = min(first.volume, second.volume)
        profits = (self._profit(first, volume, second.price_open), ZERO)
        deals = []
        for position, other, profit in zip(
            (first, second), (second, first), profits, strict=True
        ):
            is_buy, price = not position.is_buy, other.price_open
            step = self._step(order, position, is_buy=is_buy, price=price, volume=volume)
            deal = self._deal(
                order, position, step, is_buy=is_buy, price=price, volume=volume, profit=profit,
                entry=Entry.OUT_BY,
            )  # fmt: skip
            self._book(deal, position, step.position, other.ticket)
            deals.append(deal)
            if step.position is not None:
                self.account.commit(transaction=transactions.of_position(step.position))
        self.finish(replace(order, volume_current=ZERO), OrderState.FILLED)
        return deals
