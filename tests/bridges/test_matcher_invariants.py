"""Hypothesis: whatever the market does and whatever we order, the exchange keeps its accounts."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.paper import Floor

from bridges.paper.exchange import Exchange
from bridges.paper.lines import restore
from bridges.port import Filled
from protocol.fields import LastLiquidityInd, OrdStatus, Side, TimeInForce

PRICES = st.integers(9_990, 10_010).map(lambda ticks: Decimal(ticks) / 100)
SIZES = st.integers(1, 30).map(lambda tenths: Decimal(tenths) / 10)
SIDES = st.sampled_from(list(Side))
TIFS = st.sampled_from(
    [
        TimeInForce.DAY, TimeInForce.GOOD_TILL_CANCEL, TimeInForce.IMMEDIATE_OR_CANCEL,
        TimeInForce.FILL_OR_KILL,
    ]
)  # fmt: skip
LEVELS = st.lists(st.tuples(st.integers(0, 8), SIZES), min_size=1, max_size=4)

GTC = st.just(TimeInForce.GOOD_TILL_CANCEL)
NO, SOME = st.just(False), st.sampled_from([False, False, True])  # noqa: FBT003 - data
LIMIT = st.tuples(st.just("order"), SIDES, SIZES, PRICES, st.none(), GTC, NO, SOME)
MARKET = st.tuples(
    st.just("order"), SIDES, SIZES, st.none(), st.none(), st.just(TimeInForce.DAY), NO, SOME
)
ACTS = st.one_of(
    LIMIT, LIMIT, MARKET,
    st.tuples(st.just("book"), st.integers(9_994, 10_006), LEVELS, LEVELS),
    st.tuples(st.just("trade"), PRICES, SIZES, SIDES),
    st.tuples(
        st.just("order"), SIDES, SIZES, st.none() | PRICES, st.none() | PRICES, TIFS,
        st.booleans(), st.booleans(),
    ),
    st.tuples(st.just("cancel"), st.integers(0, 30)),
    st.tuples(st.just("replace"), st.integers(0, 30), SIZES, PRICES),
)  # fmt: skip


class Play:
    """Plays acts on a floor and keeps what was sent."""

    def __init__(self):
        self.floor = Floor()
        self.names = []
        self.taken = {}

    def act(self, act):
        """Play one act, then check all that must hold."""
        getattr(self, act[0])(*act[1:])
        self.check()

    def book(self, middle, bids, asks):
        """Show a new book around a middle in ticks."""
        self.floor.book(
            [(Decimal(middle - 1 - at) / 100, qty) for at, qty in dict(bids).items()],
            [(Decimal(middle + 1 + at) / 100, qty) for at, qty in dict(asks).items()],
        )

    def trade(self, price, qty, side):
        """Let others trade."""
        self.floor.trade(price, qty, side)

    def order(self, side, qty, price, *words):
        """Send an order."""
        stop, tif, post_only, reduce_only = words
        name = self.floor.order(
            side, qty, price, stop=stop, tif=tif, post_only=post_only, reduce_only=reduce_only
        )
        self.names.append((name, side))

    def cancel(self, at):
        """Cancel some order, open or not."""
        if self.names:
            self.floor.cancel(self.names[at % len(self.names)][0])

    def replace(self, at, qty, price):
        """Replace some order, open or not."""
        if self.names:
            name, side = self.names[at % len(self.names)]
            self.names.append((self.floor.replace(name, side, qty, price), side))

    def check(self):
        """State what must hold after every act."""
        exchange, pit = self.floor.exchange, self.floor.pit
        for order in exchange.orders.values():
            assert 0 <= order.cum <= order.qty
            assert order.is_open == (order.order_id in {o.order_id for o in exchange.open_orders()})
            assert (order.status is OrdStatus.FILLED) == (order.cum == order.qty)
            fills = [one for one in exchange.fills if one.order_id == order.order_id]
            assert sum((one.last_qty for one in fills), Decimal(0)) == pit.grid.qty(order.cum)
            resting = order.order_id in pit.matcher
            assert resting == (order.is_open and not order.waits)
        self.check_market()

    def check_market(self):
        """Own orders never lock or cross each other or what is left of the market."""
        exchange, pit = self.floor.exchange, self.floor.pit
        working = [o for o in exchange.orders.values() if o.is_open and not o.waits]
        bids = [o.limit for o in working if o.request.side is Side.BUY]
        asks = [o.limit for o in working if o.request.side is Side.SELL]
        best_bid, best_ask = pit.book.bids.best(), pit.book.asks.best()
        if bids and asks:
            assert max(bids) < min(asks)
        if bids and best_ask is not None:
            assert max(bids) < best_ask
        if asks and best_bid is not None:
            assert min(asks) > best_bid
        held = exchange.account.position(self.floor.symbol)
        assert held == sum((f.last_qty * f.side.sign for f in exchange.fills), Decimal(0))


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTS, min_size=5, max_size=40))
def test_accounts_are_kept(acts):
    """Fills add up to orders and positions, an open order rests or waits, nothing crosses."""
    play = Play()
    for act in acts:
        play.act(act)


@settings(max_examples=100, deadline=None)
@given(st.lists(ACTS, min_size=5, max_size=40))
def test_fills_respect_limits_and_liquidity(acts):
    """No fill is worse than its limit; makers are filled at their price; reduce-only reduces."""
    play = Play()
    held = Decimal(0)
    for act in acts:
        play.act(act)
        events, play.floor.exchange.events = play.floor.exchange.events, []
        for event in events:
            if not isinstance(event, Filled):
                continue
            order, fill = event.order, event.fill
            if order.price is not None:
                assert (order.price - fill.last_px) * fill.side.sign >= 0
            if fill.liquidity is LastLiquidityInd.ADDED:
                assert fill.last_px == order.price
            after = held + fill.last_qty * fill.side.sign
            if order.reduce_only:
                assert abs(after) < abs(held)
                assert after * held >= 0
            held = after


_BUY = ("order", Side.BUY, Decimal("0.1"))
_GTC = TimeInForce.GOOD_TILL_CANCEL


@settings(max_examples=100, deadline=None)
@example(
    [
        (*_BUY, Decimal("99.9"), Decimal("99.9"), _GTC, False, False),
        ("book", 9_994, [(0, Decimal("0.1"))], [(0, Decimal("0.1"))]),
    ]
)  # a stop that was triggered and rests since
@given(st.lists(ACTS, min_size=5, max_size=40))
def test_a_ledger_is_the_state(acts):
    """At any point, an exchange that rises from the ledger equals the one that wrote it."""
    play = Play()
    for act in acts:
        play.act(act)
    live = play.floor.exchange
    lines = list(live.lines)
    risen = Exchange([live.pits[play.floor.symbol].grid.instrument], day_end=live._day_end)
    restore(risen, lines)
    assert risen.open_orders() == live.open_orders()
    assert risen.fills == live.fills
    assert risen.account.balances() == live.account.balances()
    for name, _ in play.names:
        assert risen.find(name) == live.find(name)
