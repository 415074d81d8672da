"""Whole runs of the paper venue in virtual time, for comparing one with another."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from support.paper import MS, T0, order_request

from bridges.paper.settings import open_paper_venue
from bridges.port import CancelRequest
from protocol.fields import Side, TimeInForce


class Ear:
    """Keeps what a venue says."""

    def __init__(self):
        self.events = []

    def on_event(self, event):
        """Keep one event."""
        self.events.append(event)

    def of(self, *kinds):
        """Return the events of these kinds."""
        return [event for event in self.events if isinstance(event, kinds)]


def open_run(folder, *, now_ns=T0, **settings):
    """Open a venue in a folder; return it and who listens."""
    settings.setdefault("symbols", ["BTC/USDT"])
    settings.setdefault("feed", {"seed": 5})
    venue = open_paper_venue(venue_id="PAPER", folder=folder, **settings)
    ear = Ear()
    venue.connect(ear, now_ns)
    venue.subscribe(settings["symbols"], now_ns)
    return venue, ear


class Trader:
    """Trades a symbol at random, by seed: quotes at the touch, takes, cancels."""

    def __init__(self, venue, symbol, seed):
        self.venue = venue
        self.symbol = symbol
        self.rng = Random(seed)
        self.sent = []

    def act(self, now_ns):
        """Do one thing."""
        pit = self.venue.exchange.pits[self.symbol]
        bid, ask = pit.book.bids.best(), pit.book.asks.best()
        if bid is None or ask is None:
            return
        side = self.rng.choice([Side.BUY, Side.SELL])
        name = f"N{len(self.sent)}"
        kind = self.rng.random()
        if kind < 0.3 and self.sent:
            request = CancelRequest(
                cl_ord_id=name, orig_cl_ord_id=self.rng.choice(self.sent), symbol=self.symbol,
                side=side,
            )  # fmt: skip
            self.venue.cancel(request, now_ns)
        else:
            price = None
            if kind < 0.8:
                price = str(pit.grid.price(bid if side is Side.BUY else ask))
            qty = Decimal(self.rng.randint(1, 50)) / 1000
            request = order_request(
                name, self.symbol, side, qty, price, tif=TimeInForce.GOOD_TILL_CANCEL,
                post_only=price is not None and self.rng.random() < 0.5,
            )  # fmt: skip
            self.venue.submit(request, now_ns)
        self.sent.append(name)


def live(venue, trader, *, ms, step_ms=10, act_every_ms=50, start_ns=T0):
    """Let a venue live and a trader act at fixed times."""
    for at in range(step_ms, ms + step_ms, step_ms):
        now_ns = start_ns + at * MS
        venue.step(now_ns)
        if trader is not None and at % act_every_ms == 0:
            trader.act(now_ns)
    return venue
