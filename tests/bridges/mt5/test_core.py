"""What is told of reads that show a thing late, twice, or by halves. Rows are made by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5_rows import ACCOUNT, FILLED, ID, NOW_MSC, deal, resting, row, symbol
from support.mt5_trader import MS
from support.mt5_trader import names as names_of

from bridges.mt5.clock import ServerClock
from bridges.mt5.core import Core
from bridges.mt5.jobs import Snapshot
from bridges.mt5.orders import Order
from bridges.notes import Notes
from bridges.port import Accepted, Filled, OrderRequest, Rejected
from protocol.fields import OrdStatus, OrdType, Side

STARTED, CANCELED, REJECTED = 0, 2, 5


@pytest.fixture
def core():
    """Give a core that has read an empty account, and has sent one order."""
    found = Core(symbols={"EURUSD": "EURUSD"}, notes=Notes(), clock=ServerClock("UTC"))
    found.now_ns = NOW_MSC * MS
    found.rules = {"EURUSD": symbol()}
    read(found)
    request = OrderRequest(
        cl_ord_id=ID.text(), symbol="EURUSD", side=Side.BUY, order_qty=Decimal(20_000),
        ord_type=OrdType.LIMIT, price=Decimal("1.09"),
    )  # fmt: skip
    found.notes.add(ID.text(), "EURUSD", "", "")
    found.know(Order(request, Decimal(100_000), found.now_ns))
    return found


def read(core, orders=(), done=(), deals=()):
    """Let the core take a clean read."""
    core.absorb(Snapshot(
        since_s=NOW_MSC // 1000 - 3_600, account=ACCOUNT, orders=tuple(orders), done=tuple(done),
        deals=tuple(deals), steady=True,
    ))  # fmt: skip


def test_each_thing_is_told_once(core):
    """The same read again changes nothing, nor does an older one."""
    for _ in range(2):
        read(core, [resting(left="0.1")], (), [deal(volume="0.1")])
    for _ in range(2):
        read(core, (), [row()], [deal(volume="0.1"), deal(10, "0.1")])
    read(core, [resting(left="0.1")], (), [deal(volume="0.1")])
    assert names_of(core.events) == ["Accepted", "Filled", "Filled"]
    assert core.events[-1].order.status is OrdStatus.FILLED


def test_an_order_that_the_exchange_rejects_was_never_accepted(core):
    """While it is being registered nothing is told; then it is refused, with the comment."""
    read(core, [resting(state=STARTED)])
    assert core.events == []
    read(core, (), [row(state=REJECTED, left="0.2")])
    (rejected,) = core.events
    assert isinstance(rejected, Rejected)
    assert rejected.text == "why"


@pytest.mark.parametrize("end", [FILLED, CANCELED])
def test_the_end_waits_for_the_deals(core, end):
    """An order that has executed more than the deals show has not ended yet."""
    ended = row(state=end, left="0" if end == FILLED else "0.1")
    read(core, (), [ended])
    assert names_of(core.events) == ["Accepted"]
    read(core, (), [ended], [deal(volume="0.2" if end == FILLED else "0.1")])
    assert names_of(core.events)[1:] == (["Filled"] if end == FILLED else ["Filled", "Canceled"])


def test_a_deal_waits_for_its_order(core):
    """A deal whose order is not in sight yet is told when it is; after a while by itself."""
    core.forget(core.roots[ID.text()])
    read(core, (), (), [deal()])
    assert core.events == []
    assert core.waits
    read(core, (), [row()], [deal()])
    assert names_of(core.events) == ["Accepted", "Filled"]
    stranger = deal(11, order=6, magic=0)
    read(core, (), [row()], [deal(), stranger])
    core.now_ns += 6_000 * MS
    read(core, (), [row()], [deal(), stranger])
    assert core.events[-1].fill.cl_ord_id == ""
    assert not core.waits


def test_a_second_order_with_a_magic_is_somebody_elses(core):
    """The first order with a magic is ours; what carries it later (by hand, by others) is not."""
    read(core, [resting()])
    read(core, [resting(), resting(6)], (), [deal(10, "0.1", order=6)])
    accepted = [one.order for one in core.events if isinstance(one, Accepted)]
    assert [(one.order_id, one.cl_ord_id) for one in accepted] == [("5", ID.text()), ("6", "")]
    (filled,) = [one for one in core.events if isinstance(one, Filled)]
    assert (filled.order.order_id, filled.fill.cl_ord_id) == ("6", "")


def test_an_order_of_an_earlier_life_was_filled_longer_ago_than_is_read():
    """What its row has executed counts, though no deal of it is in sight; then it goes on."""
    core = Core(symbols={"EURUSD": "EURUSD"}, notes=Notes(), clock=ServerClock("UTC"))
    core.now_ns = NOW_MSC * MS
    core.rules = {"EURUSD": symbol()}
    read(core, [resting(left="0.1")])
    assert core.events == []
    order = core.newest(ID.text())
    assert (order.cum, order.is_missing_deals) == (10_000, False)
    read(core, (), [row()], [deal(10, "0.1")])
    assert names_of(core.events) == ["Filled"]
    assert core.events[0].order.status is OrdStatus.FILLED
