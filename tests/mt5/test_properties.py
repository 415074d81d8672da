"""What holds after any sequence of orders, quotes, faults and nights, on every kind of account."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.mt5.constants import (
    Action,
    DealType,
    Execution,
    Filling,
    MarginMode,
    OrderState,
    OrderType,
    Reason,
    Retcode,
    TransactionType,
)
from support.mt5.records import Request
from support.mt5.scene import Scene
from support.mt5.symbols import future

PRICES = st.integers(min_value=1_08000, max_value=1_12000)
VOLUMES = st.integers(min_value=1, max_value=50).map(lambda n: Decimal(n).scaleb(-2))
PENDING = [kind for kind in OrderType if kind.is_pending]


AWAY = {"cut", "silence", "restart"}
"""Steps after which something is not told."""


def price(points):
    """Return a price of so many points."""
    return Decimal(points).scaleb(-5)


@st.composite
def steps(draw):
    """Draw one thing that may happen."""
    what = draw(
        st.sampled_from(
            ("deal", "deal", "deal", "place", "close", "quote", "remove", "modify", "night",
             "hand", "pay", "cut", "doubt", "levels", "silence", "restart", "late", "rewrite")
        )
    )  # fmt: skip
    return (what, draw(st.booleans()), draw(VOLUMES), draw(PRICES), draw(st.integers(0, 5)))


class Play:
    """Carries steps out in a scene: off exchange, at quotes without end."""

    fillings = 2

    def __init__(self, kind):
        self.scene = Scene(kind, leverage=500)
        self.scene.rules(commission="3.33", swap_long="-7.1", swap_short="1.3")
        self.magic = 0

    def step(self, what, side, volume, points, pick):
        """Do one step; what the server refuses is refused."""
        getattr(self, f"_{what}")(side, volume, price(points), pick)

    def _next(self):
        self.magic += 1
        return self.magic

    def _deal(self, side, volume, _price, pick):
        filling = pick % self.fillings
        self.scene.send(type=int(side), volume=volume, magic=self._next(), type_filling=filling)

    def _place(self, _side, volume, at, pick):
        kind = PENDING[pick]
        limit = at - Decimal("0.001") if kind.is_buy else at + Decimal("0.001")
        self.scene.place(kind, at, volume, magic=self._next(), stoplimit=limit)

    def _picked(self, table, pick):
        rows = list(table.values())
        return rows[pick % len(rows)] if rows else None

    def _close(self, side, volume, _price, pick):
        position = self._picked(self.scene.books.positions, pick)
        if position is not None:
            self.scene.people.close(position.ticket, min(volume, position.volume) if side else None)

    def _quote(self, _side, _volume, at, pick):
        self.scene.quote(at, at + Decimal(pick).scaleb(-5))

    def _remove(self, _side, _volume, _price, pick):
        order = self._picked(self.scene.books.orders, pick)
        if order is not None:
            self.scene.remove(order.ticket)

    def _modify(self, _side, _volume, at, pick):
        order = self._picked(self.scene.books.orders, pick)
        if order is not None:
            self.scene.modify(order.ticket, price=at)

    def _levels(self, _side, _volume, at, pick):
        position = self._picked(self.scene.books.positions, pick)
        if position is not None:
            self.scene.levels(sl=at, position=position.ticket)

    def _night(self, _side, _volume, at, _pick):
        self.scene.clock.advance(86_400_000)
        self.scene.quote(at, at + Decimal("0.0001"))

    def _hand(self, side, volume, _price, _pick):
        self.scene.people.by_hand("EURUSD", volume, OrderType(int(side)))

    def _pay(self, side, volume, _price, _pick):
        self.scene.people.pay(DealType.BALANCE, volume if side else -volume)

    def _cut(self, side, _volume, _price, _pick):
        self.scene.terminal.empties = side
        self.scene.terminal.cut(requests_arrive=side)
        self.scene.terminal.mend()

    def _silence(self, side, volume, _price, _pick):
        self.scene.terminal.silence()
        self.scene.people.by_hand("EURUSD", volume, OrderType(int(side)))
        self.scene.clock.advance(3)
        self.scene.terminal.mend()

    def _restart(self, side, _volume, _price, _pick):
        self.scene.terminal.restart(told=side)

    def _late(self, side, _volume, _price, pick):
        terminal = self.scene.terminal
        terminal.history_lag_ms, terminal.history_ms = 40 * pick, 70 * pick * side
        terminal.link.changes_ms = 3 * pick - 5

    def _rewrite(self, side, _volume, _price, pick):
        deal = self._picked(self.scene.office.books.deals, pick)
        if side and deal.type is DealType.BALANCE:
            self.scene.people.pay(DealType.CORRECTION, pick)
        elif self.scene.books.history:
            order = self._picked(self.scene.books.history, pick)
            self.scene.people.rewrite_order(order.ticket, external_id=f"E{pick}")

    def _doubt(self, side, _volume, _price, pick):
        code = (Retcode.ERROR, Retcode.TIMEOUT, Retcode.CONNECTION)[pick % 3]
        self.scene.server.faults.doubt(code, acts=side)


class ExchangePlay(Play):
    """The same on an exchange: two levels a side, of a volume that is drawn, and RETURN."""

    fillings = 3

    def __init__(self, kind, *, splits=False):
        super().__init__(kind)
        self.scene.rules(execution=Execution.EXCHANGE, commission="3.33", swap_long="-7.1")
        self.scene.office.desk.splits = splits

    def _quote(self, _side, volume, at, pick):
        ask = at + Decimal(pick).scaleb(-5)
        self.scene.server.book(
            "EURUSD", [(at, volume), (at - Decimal("0.0001"), volume)],
            [(ask, volume), (ask + Decimal("0.0002"), volume)],
        )  # fmt: skip


def check(scene):
    """Check what must hold at any time."""
    books, ledger = scene.books, scene.office.ledger
    held = sum((p.signed for p in books.positions.values()), Decimal(0))
    assert ledger.net("EURUSD") == held
    assert ledger.balance() == books.funds.balance
    assert ledger.twice() == {}
    assert not books.orders.keys() & books.history.keys()
    assert all(position.volume > 0 for position in books.positions.values())
    traded = {}
    for deal in ledger.executions:
        order = ledger.orders[deal.order]
        for ticket in {order.ticket, order.parent} - {0}:
            traded[ticket] = traded.get(ticket, 0) + deal.volume
    for order in ledger.orders.values():
        check_order(order, traded.get(order.ticket, 0), scene.office.desk.splits)


def check_order(order, traded, splits):
    """Check that what an order has lost is what it and its parts have traded."""
    if order.state is OrderState.FILLED:
        assert order.volume_current == 0
        assert traded == order.volume_initial or (splits and traded > order.volume_initial)
    else:
        assert order.volume_initial - order.volume_current == traded


def by_identifier(ledger):
    """Return what the deals say of each position: identifier to signed volume."""
    held = {}
    for deal in ledger.executions:
        held[deal.position_id] = held.get(deal.position_id, Decimal(0)) + deal.signed
    return {identifier: volume for identifier, volume in held.items() if volume}


HAPPENED = st.lists(steps(), min_size=1, max_size=25)


@pytest.mark.parametrize("kind", MarginMode)
@settings(max_examples=25, deadline=None)
@given(HAPPENED)
def test_the_books_add_up(kind, happened):
    """Deals make positions, money makes the balance, the terminal ends up with the same."""
    add_up(Play(kind), happened)


@pytest.mark.parametrize("splits", [False, True], ids=["whole", "split"])
@pytest.mark.parametrize("kind", MarginMode)
@settings(max_examples=15, deadline=None)
@given(HAPPENED)
def test_the_books_add_up_on_an_exchange(kind, splits, happened):
    """The same with parts of orders, which may be orders of their own."""
    add_up(ExchangePlay(kind, splits=splits), happened)


@pytest.mark.length("ci")  # ten times as many
@pytest.mark.budget(60)
@pytest.mark.parametrize("kind", MarginMode)
@settings(max_examples=250, deadline=None)
@given(HAPPENED)
def test_the_books_add_up_for_longer(kind, happened):
    """The same, ten times as often."""
    add_up(Play(kind), happened)


def add_up(play, happened):
    """Do it all, checking after each step and at the end."""
    for step in happened:
        play.step(*step)
        check(play.scene)
    scene = play.scene
    scene.clock.run_until(lambda: scene.terminal.synchronised)
    scene.settled()
    held = {p.identifier: p.signed for p in scene.books.positions.values()}
    assert by_identifier(scene.office.ledger) == held
    if not scene.office.terms.is_hedging:
        assert len(held) <= 1
    for position in scene.books.positions.values():
        assert scene.office.ledger.swaps[position.identifier] == position.swap


@pytest.mark.parametrize("kind", MarginMode)
@settings(max_examples=20, deadline=None)
@given(st.lists(steps().filter(lambda step: step[0] not in AWAY), min_size=1, max_size=20))
def test_each_change_is_told_once(kind, happened):
    """Without faults every order is added once and ends once, every deal is added once."""
    play = Play(kind)
    program = play.scene.terminal.load("Test")
    program.limit = 1 << 20
    deposit = set(play.scene.books.deals)
    for step in happened:
        play.step(*step)
    play.scene.settled()
    books, told = play.scene.books, {}
    for one in program.queue:
        told.setdefault(one.type, []).append(one.deal or one.order)
    assert sorted(told.get(TransactionType.DEAL_ADD, [])) == sorted(set(books.deals) - deposit)
    for kinds, tickets in (
        (TransactionType.ORDER_ADD, [*books.history, *books.orders]),
        (TransactionType.ORDER_DELETE, books.history),
        (TransactionType.HISTORY_ADD, books.history),
    ):
        assert sorted(told.get(kinds, [])) == sorted(tickets)
    answered = [arrival for arrival in play.scene.office.ledger.arrivals if arrival.result]
    assert len(told.get(TransactionType.REQUEST, [])) <= len(answered)


TRADES = st.lists(st.tuples(st.booleans(), VOLUMES, PRICES), min_size=1, max_size=20)


@settings(max_examples=30, deadline=None)
@given(TRADES)
def test_netting_and_hedging_hold_the_same_net_volume(trades):
    """The same market orders: equal net volume, equal equity to the cent a deal."""
    equities, nets = [], []
    for kind in MarginMode:
        scene = Scene(kind, leverage=100_000, balance="1000000")
        for side, volume, points in trades:
            scene.quote(price(points), price(points))
            assert scene.send(type=int(side), volume=volume).result.retcode == Retcode.DONE
        nets.append(scene.office.ledger.net("EURUSD"))
        equities.append(scene.office.account.worth().equity)
    assert nets[0] == nets[1] == nets[2]
    assert max(equities) - min(equities) <= Decimal("0.01") * 2 * len(trades)


ANY = st.fixed_dictionaries({}, optional={
    "action": st.sampled_from([*Action, 0, 2, 99]), "magic": st.integers(0, (1 << 64) - 1),
    "order": st.integers(0, 1 << 40), "symbol": st.sampled_from(["EURUSD", "", "XXX"]),
    "volume": st.decimals(-10, 1000, places=3), "price": st.decimals(-1, 3, places=6),
    "stoplimit": st.decimals(-1, 3, places=6), "sl": st.decimals(-1, 3, places=6),
    "tp": st.decimals(-1, 3, places=6), "deviation": st.integers(0, 100),
    "type": st.integers(0, 12), "type_filling": st.integers(0, 5),
    "type_time": st.integers(0, 5), "expiration": st.integers(0, 2_000_000_000),
    "comment": st.text(max_size=40), "position": st.integers(0, 1 << 40),
    "position_by": st.integers(0, 1 << 40),
})  # fmt: skip


@pytest.mark.parametrize("kind", MarginMode)
@settings(max_examples=40, deadline=None)
@given(ANY)
def test_any_request_is_answered(kind, fields):
    """Whatever is asked, the server answers with one of its codes, and the books add up."""
    scene = Scene(kind)
    result = scene.terminal.order_send(Request(**fields)).result
    assert result.retcode in tuple(Retcode)
    assert result.comment
    check(scene)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 9), st.sampled_from(Filling)), max_size=12))
def test_a_book_gives_no_more_than_it_has(asked):
    """On an exchange what all orders traded is what the levels lost."""
    scene = Scene(MarginMode.EXCHANGE, future(), balance="1000000")
    scene.server.book("ESH4", [(4000, 5), (3999, 7)], [("4000.25", 4), (4001, 9)])
    for side, volume, filling in asked:
        scene.send(type=int(side), volume=volume, type_filling=filling)
    market, ledger = scene.server.markets["ESH4"], scene.office.ledger
    for sells, levels, total in ((True, market.bids, 12), (False, market.asks, 13)):
        left = sum(level.volume for level in levels)
        traded = sum(
            d.volume for d in ledger.executions
            if (d.type is DealType.SELL) == sells and d.reason is Reason.EXPERT
        )  # fmt: skip
        assert left + traded == total
    check_futures(scene)


def check_futures(scene):
    """Check that orders that traded whole are gone, and that the net is held."""
    held = sum((p.signed for p in scene.books.positions.values()), Decimal(0))
    assert scene.office.ledger.net("ESH4") == held
    assert all(order.volume_current for order in scene.books.orders.values())
