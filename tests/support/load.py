"""A strategy that only makes traffic: orders of every kind, cancels, replaces, on its timer.

Run it with `portcullis strategy load.py:Load`. What it does is drawn from LOAD_SEED, its id and the
moment of its start; when it does it depends on the machine.
"""

import os
from decimal import Decimal
from random import Random

from portcullis import Strategy
from protocol.fields import OrdType, Side

REST = 20
SIZES = {"EURUSD": ("1000", "2000", "5000"), "BTC/USDT": ("0.001", "0.0035", "0.01")}
FAR = Decimal("0.01")


class Load(Strategy):
    """Trades without an idea."""

    symbols = ("EURUSD", "BTC/USDT")
    timer_ms = 15

    def __init__(self):
        self.chance = None

    def on_start(self):
        """Draw from the seed, the id and how often we have begun."""
        seed = os.environ.get("LOAD_SEED", "7")
        self.chance = self.chance or Random(f"{seed}/{self.id}/{self.now_ns()}")

    def on_timer(self, now_ns):
        """Do one thing."""
        chance = self.chance
        mine = [order for order in self.open_orders() if order.order_id and not order.is_busy]
        dice = chance.random()
        if mine and (dice < 0.25 or len(self.open_orders()) >= REST):
            self.cancel(chance.choice(mine))
        elif mine and dice < 0.4:
            self._replace(chance.choice(mine))
        else:
            self._place(chance.choice(self.symbols), chance)

    def _replace(self, order):
        if order.ord_type is OrdType.LIMIT:
            instrument = self.instrument(order.symbol)
            away = Decimal(self.chance.randrange(-20, 21)) * instrument.price_tick
            qty = Decimal(self.chance.choice(SIZES[order.symbol])) + order.cum_qty
            self.replace(order, qty=qty, price=order.price + away)

    def _place(self, symbol, chance):
        quote, instrument = self.quote(symbol), self.instrument(symbol)
        if quote is None or not quote.bid or not quote.ask:
            return
        side = chance.choice((Side.BUY, Side.SELL))
        send = self.buy if side is Side.BUY else self.sell
        near, over = (quote.bid, quote.ask) if side is Side.BUY else (quote.ask, quote.bid)
        qty = chance.choice(SIZES[symbol])
        kind = chance.randrange(10)
        if kind < 3:
            send(symbol, qty, price=near, post_only=kind == 0)
        elif kind < 5:
            send(symbol, qty, price=over)
        elif kind == 5:
            send(symbol, qty)
        elif kind == 6:
            send(symbol, qty, price=over, time_in_force=chance.choice(("IOC", "FOK")))
        elif kind == 7:
            stop = over * (1 + FAR * side.sign)
            send(symbol, qty, stop_px=instrument.price(stop, side))
        else:
            send(symbol, qty, price=instrument.price(near * (1 - FAR * side.sign), side))
