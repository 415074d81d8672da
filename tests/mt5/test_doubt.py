"""Requests that go wrong: whether they were done, and what the terminal says of it.

The table below is the list of ambiguities that a bridge must live with: nothing that the call
returns tells which of two rows it met.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.mt5.constants import (
    OWNED,
    Action,
    Execution,
    MarginMode,
    OrderState,
    OrderType,
    Retcode,
    TransactionType,
)
from support.mt5.records import Request
from support.mt5.scene import Scene

AMBIGUOUS = (Retcode.PLACED, Retcode.ERROR, Retcode.TIMEOUT, Retcode.CONNECTION)
REFUSALS = tuple(code for code in Retcode if code not in (*AMBIGUOUS, *OWNED))
"""Every other code: the server says it, and has done nothing."""


def done(scene):
    """Return how many orders the server has taken, and settle what is under way."""
    scene.clock.run_until(lambda: False, 120_000)
    return len(scene.office.ledger.orders)


@pytest.mark.parametrize("kind", MarginMode)
@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_is_final(kind, code):
    """The server says the code and has done nothing, once; the next request passes."""
    scene = Scene(kind)
    scene.server.faults.refuse(code)
    result = scene.buy()
    assert (result.retcode, result.bid) == (code, Decimal("1.10000"))
    assert done(scene) == 0
    assert scene.buy().retcode == Retcode.DONE
    assert len(scene.server.faults.played) == 1


@pytest.mark.parametrize("acts", [True, False])
@pytest.mark.parametrize("code", AMBIGUOUS)
def test_an_ambiguous_code_tells_nothing(code, acts):
    """10008, 10011, 10012 and 10031 come with the trade done and without."""
    scene = Scene()
    scene.server.faults.doubt(code, acts=acts)
    result = scene.buy(magic=7)
    assert (result.retcode, result.order, result.deal) == (code, 0, 0)
    assert done(scene) == acts
    assert scene.office.ledger.filled(7) == (Decimal("0.1") if acts else 0)
    scene.settled()


def test_an_ambiguous_code_may_hide_a_refusal():
    """The server would have done it, and could not."""
    scene = Scene()
    scene.server.faults.doubt(Retcode.TIMEOUT, acts=True)
    assert scene.buy("0").retcode == Retcode.TIMEOUT
    assert done(scene) == 0


@pytest.mark.parametrize("acts", [True, False])
def test_silence_ends_with_a_timeout(acts):
    """10012 from the terminal itself; the program has waited all the time."""
    scene = Scene()
    scene.server.faults.silence(acts=acts)
    before = scene.clock.now_ms
    assert scene.buy().retcode == Retcode.TIMEOUT
    assert scene.clock.now_ms == before + scene.terminal.timeout_ms
    assert done(scene) == acts


@pytest.mark.parametrize("acts", [True, False])
def test_a_call_may_fail_though_the_trade_is_done(acts):
    """OrderSend is false with 4756; the Python function returns None and leaves an error."""
    scene = Scene()
    scene.server.faults.fail(acts=acts, times=2)
    call = scene.send()
    assert (call.ok, call.error) == (False, 4756)
    mt5 = scene.package()
    request = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0}
    assert mt5.order_send(request) is None
    assert mt5.last_error() == (-10005, "IPC timeout")
    assert done(scene) == 2 * acts


def test_a_slow_answer_is_waited_for_or_comes_too_late():
    """Within the timeout it is the truth; after it the call has said 10012, and it is lost."""
    scene = Scene()
    scene.server.faults.slow(5_000)
    assert scene.buy().retcode == Retcode.DONE
    scene.server.faults.slow(60_000)
    assert scene.buy().retcode == Retcode.TIMEOUT
    assert done(scene) == 2


@pytest.mark.parametrize("early", [None, Retcode.PLACED, Retcode.TIMEOUT])
def test_a_request_may_be_done_late(early):
    """What is said at once is said of a trade that does not exist yet."""
    scene = Scene()
    scene.server.faults.tardy(10_000, early=early)
    call = scene.terminal.begin(scene.request())
    scene.clock.advance(1_000)
    assert call.done == (early is not None)
    assert len(scene.office.ledger.orders) == 0
    scene.clock.advance(10_000)
    assert call.result.retcode == (early or Retcode.DONE)
    assert done(scene) == 1


def test_a_late_request_is_checked_when_it_is_done():
    """The market may have closed, the position may be gone: refused then, whatever was said."""
    scene = Scene()
    scene.server.faults.tardy(10_000, early=Retcode.PLACED)
    assert scene.buy().retcode == Retcode.PLACED
    scene.rules(sessions=((),) * 7)
    assert done(scene) == 0
    assert [arrival.acted for arrival in scene.office.ledger.arrivals] == [False]


@pytest.mark.parametrize("confirms", [True, False])
@pytest.mark.parametrize(
    ("execution", "state", "busy"),
    [(Execution.EXCHANGE, OrderState.REQUEST_ADD, Retcode.INVALID),
     (Execution.INSTANT, OrderState.STARTED, Retcode.LOCKED)],
)  # fmt: skip
def test_an_order_may_stand_unconfirmed(execution, state, busy, confirms):
    """A slow exchange, a dealer who thinks: PLACED, untouchable, then worked or rejected."""
    scene = Scene()
    scene.rules(execution=execution)
    scene.server.faults.ponder(10_000, confirms=confirms)
    sent = scene.buy(magic=7, price="1.10010", deviation=50)
    assert sent.retcode == Retcode.PLACED
    assert scene.office.books.orders[sent.order].state is state
    assert scene.send(action=Action.REMOVE, order=sent.order).result.retcode == busy
    scene.server.quote("EURUSD", "1.10001", "1.10011")
    assert scene.office.ledger.executions == []
    scene.clock.advance(10_000)
    assert not scene.office.books.orders
    ends = {True: OrderState.FILLED, False: OrderState.REJECTED}
    assert scene.office.books.history[sent.order].state is ends[confirms]
    assert scene.office.ledger.filled(7) == (Decimal("0.1") if confirms else 0)


CHOICES = [7, Action.DEAL, lambda request: request.volume == Decimal("0.2")]


@pytest.mark.parametrize("when", CHOICES, ids=["magic", "action", "function"])
def test_a_fault_chooses_its_request(when):
    """Others pass it by; it is used up by as many as it was planned for."""
    scene = Scene()
    scene.server.faults.refuse(Retcode.REJECT, when=when, times=2)
    codes = [scene.place(OrderType.BUY_LIMIT, "1.09", magic=8).retcode]
    codes += [scene.buy("0.2", magic=7).retcode for _ in range(3)]
    assert codes == [Retcode.DONE, Retcode.REJECT, Retcode.REJECT, Retcode.DONE]


def test_a_fault_that_chooses_by_nothing_known_is_refused():
    """What was received and what was expected is said."""
    with pytest.raises(TypeError, match=r"received when='x', expected a magic"):
        Scene().server.faults.refuse(Retcode.REJECT, when="x")


def test_faults_can_be_cleared():
    """A plan that nobody met does nothing more."""
    scene = Scene()
    scene.server.faults.refuse(Retcode.REJECT)
    scene.server.faults.clear()
    assert scene.buy().retcode == Retcode.DONE


@pytest.mark.parametrize("acts", [True, False])
@pytest.mark.parametrize("action", [Action.REMOVE, Action.MODIFY])
def test_changes_and_removals_can_be_in_doubt_as_well(action, acts):
    """The order shows what became of the request."""
    scene = Scene()
    ticket = scene.place(OrderType.BUY_LIMIT, "1.09").order
    scene.server.faults.doubt(Retcode.TIMEOUT, acts=acts, when=action)
    if action is Action.REMOVE:
        assert scene.remove(ticket).retcode == Retcode.TIMEOUT
        assert (ticket in scene.books.orders) != acts
    else:
        assert scene.modify(ticket, price="1.08").retcode == Retcode.TIMEOUT
        price = scene.books.orders[ticket].price_open
        assert price == Decimal("1.08" if acts else "1.09")


def test_an_asynchronous_request_is_answered_by_a_transaction():
    """True, 10008 and a request id at once; REQUEST with that id later."""
    scene = Scene()
    program = scene.terminal.load("Test")
    ok, result = scene.terminal.order_send_async(scene.request(magic=7))
    assert (ok, result.retcode, result.order) == (True, Retcode.PLACED, 0)
    assert not program.queue
    scene.settled()
    last = program.queue[-1]
    assert (last.type, last.result.request_id) == (TransactionType.REQUEST, result.request_id)
    assert (last.result.retcode, last.request.magic) == (Retcode.DONE, 7)


def test_asynchronous_requests_are_worked_on_together():
    """Twenty are sent before the first is answered; each has an id of its own, from 1 on."""
    scene = Scene()
    ids = [scene.terminal.order_send_async(scene.request())[1].request_id for _ in range(20)]
    assert ids == list(range(1, 21))
    assert len(scene.office.ledger.arrivals) == 0
    scene.settled()
    assert scene.position.volume == 2


def test_an_asynchronous_request_that_cannot_be_sent_is_false():
    """While the terminal is away: false, 10031, and no transaction ever."""
    scene = Scene()
    program = scene.terminal.load("Test")
    scene.terminal.cut()
    ok, result = scene.terminal.order_send_async(scene.request())
    assert (ok, result.retcode, result.request_id) == (False, Retcode.CONNECTION, 0)
    assert not program.queue


def test_a_server_may_answer_refusals_with_true():
    """The documentation's reading of OrderSend: true means only that it was taken."""
    scene = Scene()
    scene.terminal.refusal_is_false = False
    call = scene.send(volume="0")
    assert (call.ok, call.result.retcode) == (True, Retcode.INVALID_VOLUME)


def test_an_empty_request_is_invalid():
    """Nothing at all is asked for: 10013."""
    scene = Scene()
    assert scene.terminal.order_send(Request()).result.retcode == Retcode.INVALID
