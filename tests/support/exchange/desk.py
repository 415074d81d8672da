"""Orders of one account at the paper venue's matching engine, under the exchange's own rules.

The engine knows ids of ours only (`E1`, `E2`, …): on Binance a client id is free again as soon as
its order is no longer open, and an order that was replaced is another order. Every change of an
order is told to `changed(record, what, deal)` while it happens, in its order.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from itertools import count

from support.exchange.records import Deal, Record

from bridges.paper.exchange import Exchange
from bridges.port import (
    Accepted,
    Canceled,
    CancelRefused,
    CancelRequest,
    Expired,
    Filled,
    OrderRequest,
    Rejected,
    Replaced,
    Triggered,
)
from protocol.fields import LastLiquidityInd, OrdType, Side, TimeInForce

FOREVER_NS = 10**20
FORCES = {
    "GTC": TimeInForce.GOOD_TILL_CANCEL,
    "GTX": TimeInForce.GOOD_TILL_CANCEL,
    "GTD": TimeInForce.GOOD_TILL_DATE,
    "IOC": TimeInForce.IMMEDIATE_OR_CANCEL,
    "FOK": TimeInForce.FILL_OR_KILL,
}
FIRST_ORDER = 7_000_000_001
FIRST_DEAL = 3_000_000_001


class EngineError(Exception):
    """The engine refuses what passed the exchange's own checks; the text is the engine's."""


class Desk:
    """All orders of one account. `fee(side, price, qty, maker)` says (amount, asset)."""

    def __init__(self, instruments, *, fee, changed):
        self.engine = Exchange(instruments, day_end=lambda _: FOREVER_NS)
        self.records = {}
        self.deals = []
        self._open = {}
        self._named = {}
        self._fee = fee
        self._tell = changed
        self._by_engine = {}
        self._numbers = count(FIRST_ORDER)
        self._deal_numbers = count(FIRST_DEAL)
        self._engine_numbers = count(1)
        self._cancelling = None
        self.refusal = ""

    # What is asked.

    def open_records(self, wire=None):
        """Return the open orders, oldest first."""
        return [r for r in self._open.values() if wire in (None, r.wire)]

    def find(self, wire, number=None, client_id=None):
        """Return an order by either id; the newest of those with a client id."""
        if number is None:
            return self._named.get((wire, client_id))
        found = self.records.get(number)
        return found if found is not None and found.wire == wire else None

    def is_taken(self, wire, client_id):
        """Say whether an open order has this client id."""
        found = self._named.get((wire, client_id))
        return found is not None and found.is_open

    def cost_of(self, symbol, side, qty):
        """Return what a market order would pay, as far as the book goes."""
        grid, left, cost = self._pit(symbol).grid, qty, Decimal(0)
        for price, size in self._other(symbol, side).levels():
            taken = min(left, grid.qty(size))
            cost += taken * grid.price(price)
            left -= taken
            if left <= 0:
                break
        return cost

    def qty_for(self, symbol, side, budget):
        """Return how much a market order may buy or sell for so much of the quote currency."""
        grid, found = self._pit(symbol).grid, Decimal(0)
        for price, size in self._other(symbol, side).levels():
            at, shown = grid.price(price), grid.qty(size)
            taken = min(shown, budget / at)
            found += taken
            budget -= taken * at
            if taken < shown:
                break
        step = grid.instrument.qty_step
        return (found / step).to_integral_value(ROUND_DOWN) * step

    def fills_whole(self, words):
        """Say whether a limit order of these words would be filled at once and whole."""
        pit = self._pit(words["symbol"])
        steps, ticks = pit.grid.steps(words["qty"]), pit.grid.ticks(words["price"])
        side = Side.BUY if words["side"] == "BUY" else Side.SELL
        return pit.matcher.reachable(side, ticks, steps) == steps

    def best(self, symbol, side):
        """Return the best price of a side ('BUY' is the bid); None if it is empty."""
        book = self._pit(symbol).book
        found = (book.bids if side == "BUY" else book.asks).best()
        return None if found is None else self._pit(symbol).grid.price(found)

    def position(self, symbol):
        """Return the signed quantity that all fills add up to."""
        return self.engine.account.position(symbol)

    # What changes.

    def new_record(self, now_ms, **words):
        """Make the record of an order that passed the exchange's own checks."""
        return Record(
            number=next(self._numbers), created_ms=now_ms, updated_ms=now_ms, **words
        )

    def place(self, record, now_ns):
        """Give an order to the engine; raises EngineError if it will not have it."""
        request = self._request(record)
        self._by_engine[request.cl_ord_id] = record
        self.refusal = ""
        self.engine.submit(request, now_ns)
        self.drain()
        if self.refusal:
            raise EngineError(self.refusal)
        return record

    def cancel(self, record, now_ns, cancel_id=""):
        """Take an open order off."""
        record.cancel_id = cancel_id
        request = CancelRequest(
            cl_ord_id=self._engine_id(), orig_cl_ord_id=record.engine_id,
            symbol=record.symbol, side=_side(record),
        )  # fmt: skip
        self._cancelling = record
        self.engine.cancel(request, now_ns)
        self.drain()
        self._cancelling = None

    def amend(self, record, qty, price, now_ns):
        """Change an open order in place; it keeps its number and client id."""
        wish = (record.qty, record.price)
        record.qty, record.price = qty, price
        request = self._request(record, orig=record.engine_id)
        record.qty, record.price = wish
        self._by_engine[request.cl_ord_id] = record
        self.refusal = ""
        self.engine.replace(request, now_ns)
        self.drain()
        if self.refusal:
            raise EngineError(self.refusal)

    def on_market(self, event, now_ns):
        """Let the market meet the orders."""
        self.engine.on_market(event, now_ns)
        self.drain()

    def on_time(self, now_ns):
        """Let orders expire."""
        self.engine.on_time(now_ns)
        self.drain()

    def drain(self):
        """Tell what the engine did."""
        self.engine.lines.clear()
        while self.engine.events:
            events, self.engine.events = self.engine.events, []
            for event in events:
                self._take(event)

    # Inside.

    def _take(self, event):
        if isinstance(event, CancelRefused):
            self.refusal = event.text
            return
        record = self._by_engine[event.order.cl_ord_id]
        image = event.order
        record.updated_ms = image.transact_ns // 1_000_000
        if isinstance(event, Rejected):
            self.refusal = event.text
            return
        if isinstance(event, Accepted):
            self.records[record.number] = self._open[record.number] = record
            self._named[record.wire, record.client_id] = record
            record.engine_id = image.cl_ord_id
            record.working_ms = record.updated_ms if record.stop is None else -1
            self._changed(record, "NEW", None)
        elif isinstance(event, Filled):
            self._fill(record, event.fill)
        elif isinstance(event, Triggered):
            record.triggered = True
            record.working_ms = record.updated_ms
            self._changed(record, "TRIGGERED", None)
        elif isinstance(event, Replaced):
            record.engine_id = image.cl_ord_id
            record.qty, record.price = image.order_qty, image.price
            self._changed(record, "AMENDMENT", None)
        elif isinstance(event, Canceled):
            self._end(record, event)
        elif isinstance(event, Expired):
            record.status = "EXPIRED"
            self._changed(record, "EXPIRED", None)

    def _changed(self, record, what, deal):
        if not record.is_open:
            self._open.pop(record.number, None)
        self._tell(record, what, deal)

    def _end(self, record, event):
        if self._cancelling is record:
            record.status, what = "CANCELED", "CANCELED"
        elif event.text.startswith("SELF_TRADE"):
            record.status, what = "EXPIRED_IN_MATCH", "TRADE_PREVENTION"
        else:
            record.status, what = "EXPIRED", "EXPIRED"
        self._changed(record, what, None)

    def _fill(self, record, fill):
        maker = fill.liquidity is LastLiquidityInd.ADDED
        amount, asset = self._fee(record, fill.last_px, fill.last_qty, maker)
        deal = Deal(
            number=next(self._deal_numbers), order_id=record.number,
            client_id=record.client_id, wire=record.wire, side=record.side,
            price=fill.last_px, qty=fill.last_qty, commission=amount, asset=asset, maker=maker,
            time_ms=record.updated_ms,
        )  # fmt: skip
        record.cum += deal.qty
        record.quote += deal.quote
        record.status = "FILLED" if record.cum == record.qty else "PARTIALLY_FILLED"
        record.deals.append(deal)
        self.deals.append(deal)
        self._changed(record, "TRADE", deal)

    def _request(self, record, orig=""):
        kinds = {
            (False, False): OrdType.MARKET, (True, False): OrdType.LIMIT,
            (False, True): OrdType.STOP, (True, True): OrdType.STOP_LIMIT,
        }  # fmt: skip
        waits = record.stop is not None
        return OrderRequest(
            cl_ord_id=self._engine_id(), orig_cl_ord_id=orig, symbol=record.symbol,
            side=_side(record), order_qty=record.qty, price=record.price, stop_px=record.stop,
            ord_type=kinds[record.price is not None, waits],
            time_in_force=FORCES[record.tif],
            expire_ns=record.expire_ms * 1_000_000 if record.expire_ms else None,
            post_only=record.kind == "LIMIT_MAKER" or record.tif == "GTX",
            reduce_only=record.reduce_only,
        )  # fmt: skip

    def _engine_id(self):
        return f"E{next(self._engine_numbers)}"

    def _pit(self, symbol):
        return self.engine.pits[symbol]

    def _other(self, symbol, side):
        book = self._pit(symbol).book
        return book.asks if side == "BUY" else book.bids


def _side(record):
    return Side.BUY if record.side == "BUY" else Side.SELL
