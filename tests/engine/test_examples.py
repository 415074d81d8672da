"""The shipped examples do what their docstrings say, rehearsed without a socket."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.examples.market_maker import MarketMaker
from engine.examples.momentum import MomentumTaker
from engine.instrument import Instrument
from engine.testing import Rehearsal
from protocol.fields import ExecInst, OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from protocol.messages import NewOrderSingle, OrderCancelRequest

EURUSD = Instrument(
    symbol="EURUSD", contract_multiplier=Decimal(100_000), qty_step=Decimal(1000),
    min_qty=Decimal(1000), price_tick=Decimal("0.00001"),
)  # fmt: skip


def stage(strategy, **more):
    """Put a strategy on stage with EURUSD's rules."""
    return Rehearsal(strategy, instruments=[EURUSD], **more)


def test_the_maker_quotes_both_sides_post_only():
    """One buy below and one sell above the middle, both post-only."""
    s = stage(MarketMaker()).quote("EURUSD", "1.10000", "1.10010")
    bid, ask = s.find(side=Side.BUY)[0], s.find(side=Side.SELL)[0]
    assert (bid.price, ask.price) == (Decimal("1.10003"), Decimal("1.10007"))
    assert all(m.exec_inst is ExecInst.PARTICIPATE_DONT_INITIATE for m in s.sent)
    assert len(s.orders) == 2


def test_the_maker_moves_its_quotes_with_the_price():
    """A moved market replaces both quotes; a still one sends nothing."""
    s = stage(MarketMaker()).quote("EURUSD", "1.10000", "1.10010")
    sent = len(s.sent)
    s.quote("EURUSD", "1.10000", "1.10010")
    assert len(s.sent) == sent
    s.quote("EURUSD", "1.10004", "1.10014")
    assert {order.price for order in s.orders} == {Decimal("1.10007"), Decimal("1.10011")}
    assert len(s.orders) == 2


def test_the_maker_leans_with_its_inventory():
    """Long, both of its quotes are lower than when flat; full, it does not buy."""
    flat = stage(MarketMaker()).quote("EURUSD", "1.10000", "1.10040")
    long = stage(MarketMaker(), position={"EURUSD": 20_000}).quote("EURUSD", "1.10000", "1.10040")
    for side in Side:
        assert long.find(side=side)[0].price < flat.find(side=side)[0].price
    full = stage(MarketMaker(), position={"EURUSD": 50_000}).quote("EURUSD", "1.10000", "1.10040")
    assert [order.side for order in full.orders] == [Side.SELL]


def test_the_maker_quotes_again_after_a_fill():
    """A filled side is quoted anew and the position counts."""
    s = stage(MarketMaker()).quote("EURUSD", "1.10000", "1.10010")
    s.fill(s.find(side=Side.BUY)[0])
    assert s.position("EURUSD") == 10_000
    assert len(s.find(side=Side.BUY)) == 1


def test_the_maker_pauses_after_a_refusal():
    """Refused, it does not hammer: it comes back after its pause."""
    s = stage(MarketMaker()).refuse("LIMIT: no", count=2).quote("EURUSD", "1.10000", "1.10010")
    assert len(s.sent) == 2
    s.quote("EURUSD", "1.10001", "1.10011").quote("EURUSD", "1.10002", "1.10012")
    assert len(s.sent) == 2
    s.advance(600).quote("EURUSD", "1.10001", "1.10011")
    assert len(s.orders) == 2


def test_the_maker_leaves_the_market_when_halted():
    """A halt takes both quotes off, and its end brings them back with the next quote."""
    s = stage(MarketMaker()).quote("EURUSD", "1.10000", "1.10010").halt()
    assert s.orders == []
    s.quote("EURUSD", "1.10001", "1.10011")
    assert s.orders == []
    s.halt(halted=False).quote("EURUSD", "1.10002", "1.10012")
    assert len(s.orders) == 2


def test_the_taker_follows_a_move_and_covers_it():
    """Three ticks up: an IOC buy at the offer, and a reduce-only stop below."""
    s = stage(MomentumTaker()).quote("EURUSD", "1.10000", "1.10001").advance(100)
    s.quote("EURUSD", "1.10004", "1.10005")
    entry, stop = (m for m in s.sent if isinstance(m, NewOrderSingle))
    assert (entry.side, entry.time_in_force) == (Side.BUY, TimeInForce.IMMEDIATE_OR_CANCEL)
    assert s.position("EURUSD") == 10_000
    assert (stop.side, stop.ord_type, stop.order_qty) == (Side.SELL, OrdType.STOP, 10_000)
    assert stop.position_effect is PositionEffect.CLOSE
    assert stop.stop_px == Decimal("1.09984")


def test_the_taker_ignores_a_slow_move():
    """The same three ticks over more than the window are no signal."""
    s = stage(MomentumTaker())
    for step in range(4):
        s.quote("EURUSD", f"1.1000{step}", f"1.1000{step + 1}").advance(600)
    assert s.sent == []


def test_the_taker_closes_in_time_and_takes_its_stop_off():
    """After `hold_ms` the stop goes first, then the position at market.

    The gateway refuses more reduce-only quantity than there is to close.
    """
    s = stage(MomentumTaker()).quote("EURUSD", "1.10000", "1.10001").advance(100)
    s.quote("EURUSD", "1.10004", "1.10005").advance(3_400)
    assert s.position("EURUSD") == 0
    assert s.orders == []
    said = [type(m) for m in s.sent]
    assert said == [NewOrderSingle, NewOrderSingle, OrderCancelRequest, NewOrderSingle]


def test_the_taker_keeps_its_stop_while_trading_is_halted():
    """What it could not close it does not uncover; it closes when trading goes on."""
    s = stage(MomentumTaker()).quote("EURUSD", "1.10000", "1.10001").advance(100)
    s.quote("EURUSD", "1.10004", "1.10005").halt().advance(5_000)
    assert [order.ord_type for order in s.orders] == [OrdType.STOP]
    s.halt(halted=False).advance(400)
    assert s.position("EURUSD") == 0
    assert s.orders == []


def test_the_takers_stop_ends_a_loss():
    """The market turns through the stop: the position is gone, and no order is left."""
    s = stage(MomentumTaker()).quote("EURUSD", "1.10000", "1.10001").advance(100)
    s.quote("EURUSD", "1.10004", "1.10005").quote("EURUSD", "1.09980", "1.09981")
    assert s.position("EURUSD") == 0
    assert [o for o in s.orders if o.ord_type is OrdType.STOP] == []


@pytest.mark.parametrize("kind", [MarketMaker, MomentumTaker])
def test_an_example_takes_off_what_an_earlier_run_left(kind):
    """Started anew, it cancels the open orders that it does not know."""
    strategy = kind()
    s = stage(strategy).quote("EURUSD", "1.10000", "1.10010")
    strategy.buy("EURUSD", 1000, price="1.05")
    before = s.orders
    assert before
    strategy.on_start()
    s.deliver()
    assert all(order.status is OrdStatus.CANCELED for order in before)
