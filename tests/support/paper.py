"""A paper exchange whose market a test speaks by hand, in prices and quantities as text."""

from __future__ import annotations

from decimal import Decimal
from itertools import count

from bridges.paper.exchange import Exchange
from bridges.paper.instruments import instrument
from bridges.paper.market import DepthDiff, DepthSnapshot, Quote, Trade
from bridges.port import CancelRequest, OrderRequest
from protocol.fields import OrdType, Side, TimeInForce

T0 = 1_700_000_000_000_000_000
MS = 1_000_000
BTC = "BTC/USDT"


class Floor:
    """One exchange with one symbol, time moving a millisecond with every act."""

    def __init__(self, symbol=BTC, **rules):
        self.symbol = symbol
        self.exchange = Exchange(
            [instrument(symbol, rules)], day_end=lambda now_ns: now_ns + 3_600_000 * MS
        )
        self.pit = self.exchange.pits[symbol]
        self.now_ns = T0
        self.ids = count(1)
        self.updates = 1

    def tick(self):
        """Let a millisecond pass."""
        self.now_ns += MS
        return self.now_ns

    def _levels(self, levels):
        grid = self.pit.grid
        return tuple(
            (grid.ticks(Decimal(str(price))), grid.steps(Decimal(str(qty))))
            for price, qty in levels
        )

    def book(self, bids, asks):
        """Let the market show this whole book."""
        self.updates += 1
        event = DepthSnapshot(
            0, self.symbol, self.updates, self._levels(bids), self._levels(asks)
        )
        self.exchange.on_market(event, self.tick())

    def diff(self, bids=(), asks=()):
        """Let the market change these levels."""
        self.updates += 1
        event = DepthDiff(
            0, self.symbol, self.updates, self.updates, self._levels(bids), self._levels(asks)
        )
        self.exchange.on_market(event, self.tick())

    def quote(self, bid, bid_qty, ask, ask_qty):
        """Let the market show its best prices only."""
        ((bid, bid_qty), (ask, ask_qty)) = self._levels(((bid, bid_qty), (ask, ask_qty)))
        self.exchange.on_market(Quote(0, self.symbol, bid, bid_qty, ask, ask_qty), self.tick())

    def trade(self, price, qty, aggressor):
        """Let others trade."""
        ((price, qty),) = self._levels(((price, qty),))
        self.exchange.on_market(Trade(0, self.symbol, price, qty, aggressor, "t"), self.tick())

    def order(self, side, qty, price=None, *, stop=None, tif=TimeInForce.GOOD_TILL_CANCEL, **more):
        """Send an order; return its client id."""
        self.tick()
        name = more.pop("cl_ord_id", f"O{next(self.ids)}")
        request = order_request(name, self.symbol, side, qty, price, stop=stop, tif=tif, **more)
        self.exchange.submit(request, self.now_ns)
        return name

    def replace(self, orig, side, qty, price=None, *, stop=None, **more):
        """Ask for a replace; return the new id."""
        name = f"O{next(self.ids)}"
        more.setdefault("tif", TimeInForce.GOOD_TILL_CANCEL)
        request = order_request(
            name, self.symbol, side, qty, price, stop=stop, orig_cl_ord_id=orig, **more
        )
        self.exchange.replace(request, self.tick())
        return name

    def cancel(self, orig):
        """Ask for a cancel; return the request's id."""
        name = f"O{next(self.ids)}"
        request = CancelRequest(
            cl_ord_id=name, orig_cl_ord_id=orig, symbol=self.symbol, side=Side.BUY
        )
        self.exchange.cancel(request, self.tick())
        return name

    def said(self):
        """Take what the exchange has said, as names: fills as `Filled qty@price M`."""
        events, self.exchange.events = self.exchange.events, []
        return [describe(event) for event in events]

    def fills(self):
        """Return all fills as (qty, price) text."""
        return [(str(f.last_qty.normalize()), str(f.last_px)) for f in self.exchange.fills]


def order_request(name, symbol, side, qty, price=None, *, stop=None, tif, **more):
    """Make a request; the type follows from the prices."""
    kinds = {
        (False, False): OrdType.MARKET,
        (True, False): OrdType.LIMIT,
        (False, True): OrdType.STOP,
        (True, True): OrdType.STOP_LIMIT,
    }
    return OrderRequest(
        cl_ord_id=name,
        symbol=symbol,
        side=side,
        order_qty=Decimal(str(qty)),
        ord_type=kinds[price is not None, stop is not None],
        price=None if price is None else Decimal(str(price)),
        stop_px=None if stop is None else Decimal(str(stop)),
        time_in_force=tif,
        **more,
    )


def describe(event):
    """Write an event in a few characters."""
    name = type(event).__name__
    fill = getattr(event, "fill", None)
    if fill is not None:
        maker = "M" if fill.liquidity == 1 else "T"
        return f"{name} {fill.last_qty.normalize():f}@{fill.last_px} {maker}"
    return name
