"""What people do: a trader by hand, another Expert Advisor, the broker's back office.

people = People(server, 1001)
people.by_hand("EURUSD", "0.5", OrderType.BUY)             # reason CLIENT, magic 0
people.by_hand(…, reason=Reason.MOBILE)
people.expert(magic=777, symbol="EURUSD", …)               # another program, maybe elsewhere
people.pay(DealType.BALANCE, "-500", "Withdrawal")
people.bust(deal_ticket)                                   # DEAL_UPDATE, and a correction
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace
from support.mt5 import transactions
from support.mt5.constants import (
    Action,
    DealType,
    Filling,
    OrderState,
    Reason,
    TransactionType,
)
from support.mt5.records import ZERO, Request, number

BUSTED = {DealType.BUY: DealType.BUY_CANCELED, DealType.SELL: DealType.SELL_CANCELED}


class People:
    """Everybody but the program under test, with one account."""

    def __init__(self, server, login):
        self.server = server
        self.office = server.offices[login]

    def ask(self, request, reason=Reason.CLIENT):
        """Send a request from elsewhere, without a wire; return its result (None: none came)."""
        answers = []
        self.server.receive(
            self.office.login, request, reason, lambda result, **_: answers.append(result)
        )
        return answers[0] if answers else None

    def by_hand(self, symbol, volume, kind, *, reason=Reason.CLIENT, **fields):
        """Trade by hand at once, or place a pending order if a type that waits is given."""
        filling = Filling.RETURN if kind.is_pending else self._filling(symbol)
        fields.setdefault("type_filling", filling)
        return self.ask(
            Request(
                action=Action.PENDING if kind.is_pending else Action.DEAL, symbol=symbol,
                volume=Decimal(volume), type=kind,
                price=number(fields.pop("price", self._price(symbol, kind))), **fields,
            ),
            reason,
        )  # fmt: skip

    def expert(self, magic, symbol, volume, kind, **fields):
        """Let another program trade."""
        return self.by_hand(symbol, volume, kind, reason=Reason.EXPERT, magic=magic, **fields)

    def _filling(self, symbol):
        return Filling.FOK if self.server.markets[symbol].rules.filling & 1 else Filling.RETURN

    def _price(self, symbol, kind):
        return self.server.markets[symbol].price(buys=kind.is_buy)

    def close(self, ticket, volume=None, reason=Reason.CLIENT):
        """Close a position by hand, or a part of it."""
        position = self.office.books.positions[ticket]
        return self.ask(
            Request(
                action=Action.DEAL, symbol=position.symbol, position=ticket,
                volume=position.volume if volume is None else Decimal(volume),
                type=1 if position.is_buy else 0, type_filling=self._filling(position.symbol),
                price=self.server.markets[position.symbol].close_price(is_buy=position.is_buy),
            ),
            reason,
        )  # fmt: skip

    def cancel(self, ticket, reason=Reason.CLIENT):
        """Cancel a pending order by hand."""
        return self.ask(Request(action=Action.REMOVE, order=ticket), reason)

    # The broker.

    def cancel_by_broker(self, ticket, state=OrderState.CANCELED):
        """Take an order off without any request; the state may be REJECTED or EXPIRED."""
        return self.office.desk.finish(self.office.books.orders[ticket], state)

    def fill(self, ticket, volume, price=None):
        """Let the exchange fill part of a resting order."""
        price = None if price is None else number(price)
        return self.office.matcher.fill_resting(ticket, Decimal(volume), price)

    def pay(self, kind, amount, comment=""):
        """Move money without a trade: BALANCE, CREDIT, CORRECTION, COMMISSION_DAILY, …."""
        return self.office.desk.balance_operation(kind, number(amount), comment)

    def bust(self, ticket, comment="canceled"):
        """Cancel a deal afterwards: its type changes, its profit is zeroed and withdrawn apart.

        That is what the documentation says (DEAL_TYPE_BUY_CANCELED): a correction takes back what
        the deal had brought. The position is left to the broker (`correct_position`).
        """
        deal = self.office.books.deals[ticket]
        after = replace(deal, type=BUSTED[deal.type], profit=ZERO, swap=ZERO)
        self.office.account.commit(
            ("deals", ticket, after),
            transaction=transactions.of_deal(TransactionType.DEAL_UPDATE, after),
        )
        brought = deal.profit + deal.swap
        if brought:
            self.pay(DealType.CORRECTION, -brought, comment)
        return after

    def rewrite_order(self, ticket, **fields):
        """Change an order of the history, as a server may: HISTORY_UPDATE."""
        order = replace(self.office.books.history[ticket], **fields)
        told = transactions.of_order(TransactionType.HISTORY_UPDATE, order)
        self.office.account.commit(("history", ticket, order), transaction=told)

    def erase_order(self, ticket):
        """Delete an order from the history, as a server may: HISTORY_DELETE."""
        order = self.office.books.history[ticket]
        told = transactions.of_order(TransactionType.HISTORY_DELETE, order)
        self.office.account.commit(("history", ticket, None), transaction=told)

    def erase(self, ticket):
        """Delete a deal from the history, as a synchronisation with an exchange may."""
        deal = self.office.books.deals[ticket]
        funds = self.office.books.funds
        self.office.account.commit(
            ("deals", ticket, None),
            transaction=transactions.of_deal(TransactionType.DEAL_DELETE, deal),
            funds=replace(funds, balance=funds.balance - deal.money),
        )

    def correct_position(self, ticket, volume):
        """Set a position's volume without a deal; 0 removes it."""
        position = self.office.books.positions[ticket]
        if not Decimal(volume):
            told = transactions.of_position(replace(position, volume=ZERO))
            self.office.account.commit(("positions", ticket, None), transaction=told)
            return None
        return self.office.desk.move(position, volume=Decimal(volume))
