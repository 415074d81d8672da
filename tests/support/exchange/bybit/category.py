"""One category of the account, spot or linear: its market, its orders, what is said of them.

Everything that one deed of the matching engine does is said in one go: an `execution` message with
all its fills, an `order` message with the order as it then is, `wallet`, and on linear `position`.
Which of order and execution comes first is not promised; here the categories differ.

`lag_ns` lets the matching engine come later than the acknowledgement, as it does there.
"""

from __future__ import annotations

import heapq
from functools import partial
from itertools import count

from support.exchange.api import Api
from support.exchange.bybit import forms
from support.exchange.bybit.orders import BybitDesk
from support.exchange.bybit.public import BookTopics
from support.exchange.bybit.refusals import LINEAR, SPOT
from support.exchange.desk import EngineError
from support.exchange.records import ZERO

from bridges.paper.market import Trade

GONE = "EC_OrigClOrdIDDoesNotExist"


class Category(Api):
    """The part of a unified account that trades one kind of instrument."""

    def __init__(self, name, instruments, account, *, clock, hub, limiter, key):
        self.name = name
        self.account = account
        self.lag_ns = 0
        self.funding = []
        self._pending = []
        self._numbers = count()
        self._batch = {}
        super().__init__(
            instruments, account.wallet, forms.BybitStyle, clock=clock,
            say=lambda topic, body: None, limiter=limiter, key=key,
        )  # fmt: skip
        self._publish = hub.say
        self.books = BookTopics(self.markets.by_wire, hub.say, hub.listening)

    def make_desk(self, instruments):
        """Return the desk of these instruments."""
        return BybitDesk(
            self.name, instruments, fee=partial(self.wallet.fee, self.name),
            changed=self._changed,
        )  # fmt: skip

    # Time, and what the matching engine does.

    def tick(self, now_ns):
        """Do what is due."""
        while self._pending and self._pending[0][0] <= now_ns:
            self._do(heapq.heappop(self._pending)[2])
        super().tick(now_ns)
        self._flush()

    def later(self, deed):
        """Let the matching engine do something, when it comes to it."""
        if self.lag_ns:
            due_ns = self.clock() + self.lag_ns
            heapq.heappush(self._pending, (due_ns, next(self._numbers), deed))
        else:
            self._do(deed)

    def _do(self, deed):
        deed()
        self._flush()

    def _meet(self, event, now_ns):
        self.desk.on_market(event, now_ns)
        self._flush()
        market = self.markets.by_wire[event.symbol.replace("/", "")]
        if isinstance(event, Trade):
            self._publish(
                f"publicTrade.{market.wire}@trade",
                {
                    "topic": f"publicTrade.{market.wire}", "type": "snapshot",
                    "ts": self.now_ms(),
                    "data": [forms.BybitStyle.trade(market.wire, market.trades[-1])],
                },
            )  # fmt: skip
        else:
            self.books.changed(market, self.now_ms())

    # The deeds.

    def match(self, record):
        """Let a new order meet the market."""
        self.desk.match(record, self.clock())

    def cancel(self, record, kind="CancelByUser"):
        """Take an order off; one that has ended meanwhile is said once more, with the reason."""
        if record.is_open:
            self.desk.cancel(record, self.clock(), kind)
        else:
            late = {**forms.order(record), "cancelType": kind, "rejectReason": GONE}
            self.account.say("order", [late])

    def amend(self, record, qty, price, stop):
        """Change an order in place; a post-only one that would take is cancelled."""
        words = {"symbol": record.symbol, "side": record.side, "price": price}
        if not record.is_open or qty <= record.cum:
            self.account.say("order", [{**forms.order(record), "rejectReason": GONE}])
        elif record.tif == "GTX" and self.crosses(words):
            self.desk.cancel(record, self.clock(), "UNKNOWN")
            record.reason = "EC_PostOnlyWillTakeLiquidity"
        else:
            record.stop = stop
            try:
                self.desk.amend(record, qty, price, self.clock())
            except EngineError:
                self.account.say("order", [{**forms.order(record), "rejectReason": "EC_Others"}])

    def fund(self, symbol, rate):
        """Pay funding now: longs pay a positive rate to shorts."""
        self.account.fund(self, symbol, rate)

    # What is said.

    def _changed(self, record, what, deal):
        entry = self._batch.setdefault(record.number, (record, [], []))
        entry[1].append(what)
        if deal is not None:
            entry[2].append((deal, self.wallet.book(self.name, record, deal)))

    def _flush(self):
        batch, self._batch = self._batch, {}
        coins, symbols = set(), set()
        for record, whats, fills in batch.values():
            if "TRIGGERED" in whats:
                self.account.say("order", [forms.order(record, "Triggered")])
            mark = self.mark(record.symbol)
            rows = [
                forms.execution(self.name, record, deal, mark, stream=True) for deal, _ in fills
            ]
            said = [("order", [forms.order(record)]), ("execution", rows)]
            for topic, data in said if self.name == LINEAR else reversed(said):
                if data:
                    self.account.say(topic, data)
            coins.update(*(moved for _, moved in fills))
            symbols.add(record.symbol)
        if batch:
            self.account.say_wallet(coins or self._coins(symbols))
        for symbol in sorted(symbols) if self.name == LINEAR else ():
            self.account.say("position", [self.account.position(symbol, stream=True)])

    def _coins(self, symbols):
        rules = [self.rules[symbol] for symbol in symbols]
        return {one.base for one in rules if self.name == SPOT} | {one.currency for one in rules}

    # What is asked.

    def mark(self, symbol):
        """Return the mark price of a symbol: the middle of its market."""
        return self.markets.by_wire[symbol.replace("/", "")].mid()

    def marks(self):
        """Return all mark prices."""
        return {symbol: self.mark(symbol) for symbol in self.rules}

    def working(self):
        """Return the orders that are in the book or wait for their trigger."""
        return self.desk.open_records()

    def worth(self, words):
        """Return what an order would cost or bring, at its price or through the book."""
        price = words["price"] or words["stop"]
        if price is not None:
            return words["qty"] * price
        return self.desk.cost_of(words["symbol"], words["side"], words["qty"]) or ZERO
