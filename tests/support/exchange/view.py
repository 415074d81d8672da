"""One account of the exchange as a test sees it: its market to speak, its ledger to read.

Everything happens in the server's thread and has happened when the call returns.
"""

from __future__ import annotations


class AccountView:
    """Spot or USD-M. `call` runs a function in the server's thread."""

    def __init__(self, api, hub, call):
        self._api = api
        self._hub = hub
        self._call = call

    # The market, by hand or from the feed.

    def set_book(self, symbol, bids, asks):
        """Let the market show this whole book: (price, quantity) pairs, best first."""
        api = self._api
        self._call(lambda: api.markets.set_book(symbol, bids, asks, api.clock()))

    def quote(self, symbol, bid, bid_qty, ask, ask_qty):
        """Let the market show its best prices only."""
        api = self._api
        self._call(
            lambda: api.markets.quote(symbol, bid, bid_qty, ask, ask_qty, api.clock())
        )

    def trade(self, symbol, price, qty, aggressor):
        """Let others trade; `aggressor` is buy or sell."""
        api = self._api
        self._call(lambda: api.markets.trade(symbol, price, qty, aggressor, api.clock()))

    def play(self, events):
        """Let the next events of the feed happen now; return how many there were."""
        return self._call(lambda: self._api.markets.play(events, self._api.clock()))

    def fund(self, symbol, rate):
        """Pay funding now at this rate (USD-M): longs pay a positive one."""
        self._call(lambda: self._api.fund(symbol, rate))

    def end_user_stream(self):
        """Expire the listen key (USD-M) or end the subscription (spot), as the exchange would.

        One that has no word for that closes the stream in order.
        """
        said = getattr(self._api, "ended_event", None)
        if said is None:
            self._call(self._hub.close_user)
        else:
            self._call(lambda: self._hub.end_user(said()))

    # The exchange's own word.

    def orders(self):
        """Return all orders by number: plain records, as they are now."""
        return self._call(lambda: dict(self._api.desk.records))

    def orders_after(self, number):
        """Return the orders beyond a number, and those before it that are open."""
        desk = self._api.desk
        return self._call(
            lambda: [r for r in desk.records.values() if r.number > number or r.is_open]
        )

    def deals(self):
        """Return all trades of the account, oldest first."""
        return self._call(lambda: list(self._api.desk.deals))

    def deals_after(self, count):
        """Return the trades after the first so many."""
        return self._call(lambda: self._api.desk.deals[count:])

    def balances(self):
        """Return all balances: asset to total."""
        return self._call(lambda: dict(self._api.wallet.totals))

    def positions(self):
        """Return what all trades add up to: symbol to signed quantity."""
        desk = self._api.desk
        return self._call(lambda: {symbol: desk.position(symbol) for symbol in desk.engine.pits})

    def fees(self):
        """Return all commissions: asset to amount."""
        found = {}
        for deal in self.deals():
            found[deal.asset] = found.get(deal.asset, 0) + deal.commission
        return found

    def public_book(self, symbol):
        """Return the public book: (bids, asks, update id) in text, best first."""
        market = self._api.markets.of(symbol)
        found = self._call(lambda: market.depth(100_000))
        return found["bids"], found["asks"], found["lastUpdateId"]

    def update_id(self, symbol):
        """Return the number of the public book's last update."""
        return self._call(lambda: self._api.markets.of(symbol).update_id)

    def listeners(self, channel):
        """Return how many connections carry a channel now."""
        return self._call(lambda: len(self._hub.carrying(channel)))

    def faults_left(self, channel):
        """Return how many events of a channel have still to be lost or repeated."""
        return self._call(
            lambda: self._hub.gate(channel).losses + self._hub.gate(channel).repeats
        )

    def accepted(self):
        """Return how many websocket connections there have been."""
        return self._call(lambda: self._hub.accepted)

    def peak_weight(self):
        """Return the most request weight that was used in a minute."""
        return self._call(lambda: self._api.limiter.peak)
