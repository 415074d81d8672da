"""A book and a market without a core: orders, fills and quotes are put there by hand."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace
from support.desk import rules
from support.quoting import list_security, quote

from gateway.oms.book import Book
from gateway.oms.market import Market
from gateway.oms.positions import count
from gateway.oms.rules import VenueRules
from gateway.oms.state import Fill, Order
from gateway.risk.exposure import Exposure
from gateway.risk.facts import Intent
from gateway.risk.rates import Rates
from protocol.fields import OrdType, TimeInForce
from protocol.messages import NewOrderSingle

NO_TIME = "20270101-00:00:00.000"
HOUSE = replace(
    rules(),
    venues={
        "FX": VenueRules(venue="FX", account="A"),
        "EU": VenueRules(venue="EU", account="B", base_currency="EUR"),
    },
    groups={"euro": frozenset(("EURUSD", "DAX"))},
    pegs={"USDT/USD": Decimal(1)},
)
INSTRUMENTS = (
    ("FX", "EURUSD", "USD"), ("FX", "USDJPY", "JPY"), ("FX", "BTC/USDT", "USDT"),
    ("EU", "EURUSD", "USD"), ("EU", "DAX", "EUR"), ("EU", "SMI", "CHF"),
)  # fmt: skip
ACCOUNTS = {"FX": "A", "EU": "B"}

class Floor:
    """A book and a market without a core, and the exposure in them."""

    def __init__(self, *, listed=True, house=HOUSE):
        self.book, self.market = Book(), Market()
        self.house = house
        self.number = 0
        self.last = {}
        if listed:
            for venue, symbol, currency in INSTRUMENTS:
                list_security(self.market, venue, symbol, currency)
        self.rates = Rates(self.market, house.pegs)
        self.exposure = Exposure(self.book, self.market, self.rates, house)

    def quote(self, venue, symbol, price=None):
        """Quote one price on both sides, or none."""
        quote(self.market, venue, symbol, price, price)
        if price:
            self.last[venue, symbol] = Decimal(price)
        self.exposure.refresh()

    def order(self, side, qty, price=None, *, owner="MM", venue="FX", symbol="EURUSD", **fields):
        """Accept an order."""
        self.number += 1
        order = Order(
            order_id=f"{self.number:013}", owner=owner, account=ACCOUNTS[venue], venue=venue,
            symbol=symbol, side=side, ord_type=OrdType.LIMIT if price else OrdType.MARKET,
            time_in_force=TimeInForce.DAY, order_qty=Decimal(qty), cl_ord_id=f"C{self.number}",
            currency="", created_ns=0, price=Decimal(price) if price else None, **fields,
        )  # fmt: skip
        self.book.state.orders[order.order_id] = order
        self.changed(order)
        return order

    def changed(self, order):
        """Let the book and the exposure know of a change."""
        self.book.index(order)
        self.exposure.refresh()

    def trade(self, side, qty, px, *, owner="MM", venue="FX", symbol="EURUSD", fee="0",
              paid="USD"):  # fmt: skip
        """Count a fill."""
        self.number += 1
        currency = self.market.currency(venue, symbol)
        count(self.book, venue, f"T{self.number}", Fill(
            "", f"E{self.number}", Decimal(qty), Decimal(px), commission=Decimal(fee),
            currency=paid, owner=owner, account=ACCOUNTS[venue], symbol=symbol, side=side,
        ), currency)  # fmt: skip
        self.exposure.refresh()

    def intent(self, side, qty, price=None, *, owner="MM", venue="FX", symbol="EURUSD", old=None,
               stop=None):  # fmt: skip
        """Write an order that is not sent."""
        message = NewOrderSingle(
            cl_ord_id="X", symbol=symbol, side=side, order_qty=Decimal(qty),
            ord_type=OrdType.LIMIT if price else OrdType.MARKET, transact_time=NO_TIME,
            price=Decimal(price) if price else None, stop_px=Decimal(stop) if stop else None,
        )  # fmt: skip
        return Intent(owner, ACCOUNTS[venue], venue, message, 0, old)

    def shown(self, scope):
        """The totals of a scope as plain numbers."""
        found = self.exposure.totals(scope)
        return tuple(map(int, (found.gross, found.long, found.short, found.pnl)))
