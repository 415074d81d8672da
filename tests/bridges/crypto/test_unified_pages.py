"""An exchange of which only ccxt knows, that answers a page of a list and does not say so."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from types import MappingProxyType

import pytest
from support.virtual_exchange import MS, T0

from bridges.crypto.effects import Response
from bridges.crypto.library import Listening
from bridges.crypto.tables.unified import DAY_MS, Unified, may_be_page
from bridges.crypto.venue import CryptoVenue
from bridges.notes import Notes
from bridges.port import (
    Accepted,
    Canceled,
    Found,
    OpenOrders,
    OrderRequest,
    Rejected,
)
from protocol.fields import OrdType, Side, TimeInForce
from protocol.order_id import OrderId

BTC = "BTC/USDT"
PAGE = 5
RULES = {
    BTC: {
        "active": True, "base": "BTC", "quote": "USDT", "spot": True, "maker": "0.001",
        "taker": "0.001", "precision": {"price": "0.01", "amount": "0.001"},
        "limits": {
            "amount": {"min": "0.001", "max": "100"}, "cost": {"min": "1", "max": None},
            "price": {"min": None, "max": None},
        },
    },
}  # fmt: skip


class Pages:
    """A desk that gives the newest orders of a list, a page of them (bridges.crypto.venue.Shell).

    With `says` False it does not know that a list is a page.
    """

    def __init__(self, *, says):
        self.now_ns, self.says = T0, says
        self.rows, self.ready, self.told, self.lost = [], [], [], set()
        self.venue = CryptoVenue(
            table=Unified({BTC: BTC}, recv_window_ms=5_000), shell=self, notes=Notes(),
            key_may=frozenset(["untold"]),
        )  # fmt: skip
        self.venue.connect(self, self.now_ns)
        self.run(10)
        assert self.venue.connected

    def open(self):
        """Nothing to begin."""

    def act(self, act):
        """There are no streams."""

    def close(self):
        """Nothing to end."""

    def on_event(self, event):
        """Hear the venue (port.Listener)."""
        self.told.append(event)

    def news(self):
        """Take the answers."""
        ready, self.ready = self.ready, []
        return ready

    def call(self, number, call):
        """Answer a call at once."""
        self.ready.append((number, getattr(self, call.method)(*call.args)))

    def run(self, seconds):
        """Let time pass."""
        for _ in range(seconds * 4):
            self.now_ns += 250 * MS
            self.venue.step(self.now_ns)

    def of(self, kind):
        """Return what was told of one kind."""
        return [one for one in self.told if isinstance(one, kind)]

    def place(self, number):
        """Send an order; return its id."""
        name = OrderId(1, T0 // 10**9, number).text()
        self.venue.submit(
            OrderRequest(
                cl_ord_id=name, symbol=BTC, side=Side.BUY, order_qty=Decimal(1),
                ord_type=OrdType.LIMIT, price=Decimal(100),
                time_in_force=TimeInForce.GOOD_TILL_CANCEL,
            ),
            self.now_ns,
        )  # fmt: skip
        self.run(1)
        return name

    # ccxt's methods, and the bridge's own.

    def fetch_time(self):
        """Tell the time."""
        return Response(200, str(self.now_ns // MS))

    def load_markets(self, _):
        """Tell the rules."""
        return Response(200, RULES)

    def fetch_my_trades(self, _, since):
        """Tell that nothing was traded."""
        return Response(200, [])

    def create_order(self, symbol, kind, side, qty, price, params):
        """Let an order rest; if its answer is to be lost, a page of others comes with it."""
        row = {
            "id": str(len(self.rows) + 1), "clientOrderId": params["clientOrderId"],
            "symbol": symbol, "side": side, "type": kind, "amount": qty, "filled": "0",
            "price": price, "status": "open", "timestamp": self.now_ns // MS,
        }  # fmt: skip
        self.rows.append(row)
        if row["id"] in self.lost:
            self.rows += [
                row | {"id": f"9{n}", "clientOrderId": f"x{n}"} for n in range(PAGE)
            ]  # fmt: skip
            return Response(0, problem="RequestTimeout", raised=("RequestTimeout",))
        return Response(200, row)

    def fetch_order(self, order_id, _):
        """Tell of one order."""
        found = [row for row in self.rows if row["id"] == order_id]
        if found:
            return Response(200, found[0])
        return Response(400, problem="OrderNotFound", raised=("OrderNotFound",))

    def resting(self, _):
        """Tell the newest open orders (library.Listening)."""
        rows = [row for row in self.rows if row["status"] == "open"]
        return Response(200, {"open": rows[-PAGE:], "whole": not self.says or len(rows) < PAGE})

    def ended_orders(self, _):
        """Tell the newest ended orders (library.Listening)."""
        rows = [row for row in self.rows if row["status"] != "open"][-PAGE:]
        from_ms = rows[0]["timestamp"] if len(rows) == PAGE else 0
        return Response(200, {"ended": rows, "from_ms": from_ms})


@pytest.mark.parametrize("says", [True, False])
def test_an_order_on_another_page_is_not_taken_for_cancelled(says):
    """It is asked for by the exchange's id, and rests."""
    desk = Pages(says=says)
    names = [desk.place(number) for number in range(PAGE + 3)]
    desk.run(200)
    assert [one.order.cl_ord_id for one in desk.of(Accepted)] == names
    assert not desk.of(Canceled)


def test_a_page_is_no_complete_answer():
    """What rests is told as far as it goes only if it is all."""
    desk = Pages(says=True)
    for number in range(PAGE + 3):
        desk.place(number)
    desk.venue.open_orders("1", desk.now_ns)
    desk.run(5)
    assert [one.complete for one in desk.of(OpenOrders)] == [False]


def test_an_order_without_an_answer_is_not_absent_because_of_a_page():
    """It is on another page of what rests: that proves nothing, until the list is whole."""
    desk = Pages(says=True)
    desk.lost.add("1")
    first = desk.place(0)
    desk.run(200)
    assert not desk.of(Rejected)
    desk.venue.look_up("1", first, desk.now_ns)
    desk.run(5)
    assert [(one.order, one.complete) for one in desk.of(Found)] == [(None, False)]
    del desk.rows[1:]
    desk.run(30)
    assert [one.order.cl_ord_id for one in desk.of(Accepted)] == [first]


@pytest.mark.parametrize(("begins_ms", "complete"), [(-7_200_000, True), (5_000, False)])
def test_ended_orders_prove_an_absence_only_as_far_as_they_reach(begins_ms, complete):
    """A full page of ended orders that begins after an id may have been sent proves nothing."""
    desk = Pages(says=True)
    desk.rows = [
        {
            "id": f"9{n}", "clientOrderId": f"x{n}", "symbol": BTC, "side": "buy", "filled": "0",
            "type": "limit", "amount": "1", "price": "1", "status": "canceled",
            "timestamp": T0 // MS + begins_ms + n,
        }
        for n in range(PAGE)
    ]  # fmt: skip
    desk.venue.look_up("1", OrderId(1, T0 // 10**9, 7).text(), desk.now_ns)
    desk.run(5)
    assert [(one.order, one.complete) for one in desk.of(Found)] == [(None, complete)]


class Newest(Listening):
    """An exchange of ccxt that gives the newest rows, as many as are asked for."""

    has = MappingProxyType({"fetchOrders": True})
    features = MappingProxyType({})

    def __init__(self, count):
        self.rows = [{"id": str(n), "timestamp": 1_000 + n} for n in range(count)]

    def milliseconds(self):
        """Return the time."""
        return 9 * DAY_MS

    async def fetch_orders(self, symbol, since, limit):
        """Return a page."""
        assert (symbol, since) == (BTC, None)
        return self.rows[-limit:]

    fetch_open_orders = fetch_orders


@pytest.mark.parametrize(
    ("count", "days", "whole", "from_ms"),
    [
        (2, None, True, 0), (3, None, False, 1_000), (7, None, False, 1_004),
        (2, 7, True, 2 * DAY_MS), (7, 7, False, 2 * DAY_MS),
    ],
)  # fmt: skip
def test_a_list_of_ccxt_is_told_with_how_far_it_reaches(monkeypatch, count, days, whole, from_ms):
    """The limit that ccxt declares is asked for; how many days it keeps counts too."""
    exchange = Newest(count)
    spot = {"fetchOrders": {"limit": 3, "daysBack": days}, "fetchOpenOrders": {"limit": 3}}
    monkeypatch.setattr(Newest, "features", {"spot": spot})
    assert asyncio.run(exchange.resting(BTC))["whole"] is whole
    assert asyncio.run(exchange.ended_orders(BTC))["from_ms"] == from_ms


@pytest.mark.parametrize(
    ("count", "most", "may_be"),
    [(99, 100, False), (100, 100, True), (101, 100, True), (50, 100, False), (50, None, True),
     (100, None, True), (51, None, False), (0, None, False)],
)  # fmt: skip
def test_what_may_be_a_page(count, most, may_be):
    """As many as ccxt's limit; or where it knows none, a number that exchanges like."""
    assert may_be_page(count, most) is may_be
