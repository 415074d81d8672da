"""What both APIs have in common: symbols, client ids, time, markets, the desk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count

from support.exchange.desk import Desk
from support.exchange.errors import bad_symbol, illegal, missing, no_order_id
from support.exchange.markets import Markets

SIDES = ("BUY", "SELL")


@dataclass(frozen=True)
class Route:
    """One endpoint: what answers, what it weighs, who may ask, whether it counts as an order."""

    answer: object
    weight: object = 1
    signed: bool = True
    keyed: bool = False
    order: bool = False


class Api:
    """One account. `say(topic, event)` reaches the streams, `clock()` is the exchange's time."""

    client_id_pattern = re.compile(r"^[a-zA-Z0-9-_]{1,36}$")

    def __init__(self, instruments, wallet, style, *, clock, say, limiter, key):
        self.rules = {one.symbol: one for one in instruments}
        self.symbols = {one.symbol.replace("/", ""): one.symbol for one in instruments}
        self.wallet = wallet
        self.desk = self.make_desk(instruments)
        self.clock = clock
        self.limiter = limiter
        self.key = key
        self.say = say
        self._generated = count(1)
        self.markets = Markets(
            self.desk.engine.pits, style, meet=self._meet,
            say=lambda wire, name, body: say(f"{wire.lower()}@{name}", body),
        )  # fmt: skip
        self.routes = {}

    def make_desk(self, instruments):
        """Return the desk of these instruments."""
        return Desk(instruments, fee=self.wallet.fee, changed=self._changed)

    def _meet(self, event, now_ns):
        self.desk.on_market(event, now_ns)

    def _changed(self, record, what, deal):
        raise NotImplementedError

    def now_ms(self):
        """Return the exchange's time."""
        return self.clock() // 1_000_000

    def tick(self, now_ns):
        """Do what is due."""
        self.markets.keep_up(now_ns)
        self.desk.on_time(now_ns)

    def stream_is_over(self):
        """Say whether the user's stream ends now by itself."""
        return False

    def wire_of(self, params):
        """Return the symbol that a request names, if it is traded here."""
        wire = params.need("symbol")
        if wire not in self.symbols:
            raise bad_symbol()
        return wire

    def market_of(self, params):
        """Return the market that a request names."""
        return self.markets.by_wire[self.wire_of(params)]

    def client_id_of(self, params, name):
        """Return a client id of a request, or one of the exchange's own."""
        sent = params.text(name)
        if sent is None:
            return f"x{self.now_ms()}{next(self._generated):08d}"
        if not self.client_id_pattern.match(sent):
            raise illegal(name, self.client_id_pattern.pattern)
        return sent

    def named(self, params, number_name="orderId", client_name="origClientOrderId"):
        """Return the order that a request names; None if there is none."""
        wire = self.wire_of(params)
        number, client_id = params.integer(number_name), params.text(client_name)
        if number is None and client_id is None:
            raise no_order_id() if client_name == "origClientOrderId" else missing(client_name)
        return self.desk.find(wire, number, client_id)

    def crosses(self, words):
        """Say whether a limit order would trade with the market at once."""
        buys = words["side"] == "BUY"
        other = self.desk.best(words["symbol"], "SELL" if buys else "BUY")
        if other is None:
            return False
        return words["price"] >= other if buys else words["price"] <= other

    def reached(self, wire, trigger, *, upwards):
        """Say whether a trigger price is reached, by a trade or by the best price."""
        market = self.markets.by_wire[wire]
        symbol = self.symbols[wire]
        best = self.desk.best(symbol, "SELL" if upwards else "BUY")
        seen = [price for price in (market.last or market.mid(), best) if price is not None]
        return any(price >= trigger if upwards else price <= trigger for price in seen)
