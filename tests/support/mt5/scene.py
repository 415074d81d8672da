"""A broker, an account and a terminal in one object, with short words for what tests do."""

from __future__ import annotations

from decimal import Decimal

from support.mt5.clock import Clock
from support.mt5.constants import Action, Filling, MarginMode, OrderType
from support.mt5.package import Package
from support.mt5.people import People
from support.mt5.records import Request, number
from support.mt5.server import TradeServer
from support.mt5.symbols import eurusd
from support.mt5.terminal import Terminal

LOGIN = 1001
KINDS = tuple(MarginMode)


class Scene:
    """EURUSD at 1.10000/1.10010, 10,000 USD, leverage 100, a synchronised terminal."""

    def __init__(self, kind=MarginMode.RETAIL_NETTING, *symbols, balance="10000", **terms):
        self.server = TradeServer(Clock(), symbols or [eurusd()])
        self.symbol = next(iter(self.server.markets))
        self.office = self.server.open_account(LOGIN, kind, balance=balance, **terms)
        if not symbols:
            self.quote("1.10000", "1.10010")
        self.terminal = Terminal(self.server, LOGIN)
        self.people = People(self.server, LOGIN)

    @property
    def clock(self):
        """The clock."""
        return self.server.clock

    @property
    def books(self):
        """The truth."""
        return self.office.books

    @property
    def position(self):
        """The only position."""
        found, = self.books.positions.values()
        return found

    def rules(self, **changes):
        """Change rules of EURUSD."""
        self.server.add_symbol(eurusd(**changes))

    def package(self):
        """Return the package, initialised."""
        mt5 = Package(self.terminal)
        assert mt5.initialize()
        return mt5

    def quote(self, bid, ask, **volumes):
        """Quote the first symbol."""
        return self.server.quote(self.symbol, bid, ask, **volumes)

    def send(self, **fields):
        """Send a request, with numbers as text; return its Call."""
        return self.terminal.order_send(self.request(**fields))

    def request(self, **fields):
        """Make a request for the first symbol: a market order for 0.1 lots if nothing is said."""
        made = {"action": Action.DEAL, "symbol": self.symbol, "volume": "0.1"} | fields
        for name in ("volume", "price", "stoplimit", "sl", "tp"):
            if name in made:
                made[name] = number(made[name])
        return Request(**made)

    def buy(self, volume="0.1", **fields):
        """Buy at the market; return the result."""
        return self.send(volume=volume, type=OrderType.BUY, **fields).result

    def sell(self, volume="0.1", **fields):
        """Sell at the market; return the result."""
        return self.send(volume=volume, type=OrderType.SELL, **fields).result

    def place(self, kind, price, volume="0.1", **fields):
        """Place a pending order; return the result."""
        fields.setdefault("type_filling", Filling.RETURN)
        return self.send(
            action=Action.PENDING, type=kind, price=price, volume=volume, **fields
        ).result

    def modify(self, ticket, **fields):
        """Change a pending order; what is not said stays; return the result."""
        order = self.books.orders[ticket]
        kept = {
            "price": order.price_open, "stoplimit": order.price_stoplimit, "sl": order.sl,
            "tp": order.tp, "type_time": order.type_time, "expiration": order.time_expiration,
        }  # fmt: skip
        return self.send(action=Action.MODIFY, order=ticket, **(kept | fields)).result

    def remove(self, ticket):
        """Remove a pending order; return the result."""
        return self.send(action=Action.REMOVE, order=ticket).result

    def levels(self, sl="0", tp="0", position=0):
        """Change stop loss and take profit; return the result."""
        return self.send(action=Action.SLTP, position=position, sl=sl, tp=tp).result

    def settled(self):
        """Let everything arrive, and check that the terminal has what the server has."""
        self.clock.run_until(lambda: False, 2_000)
        for table in ("orders", "history", "deals", "positions"):
            assert getattr(self.terminal.books, table) == getattr(self.books, table), table
        assert self.terminal.books.funds == self.books.funds

    def balance(self):
        """Return the server's balance."""
        return self.books.funds.balance


def lots(text):
    """Return a volume."""
    return Decimal(text)
