"""The terminal and its wire: lists that lag, are stale or empty, and calls that a cut ends."""

from __future__ import annotations

import pytest
from support.mt5.constants import MarginMode, OrderType, Retcode, Uninit
from support.mt5.scene import LOGIN, Scene
from support.mt5.terminal import Terminal

HEDGING = MarginMode.RETAIL_HEDGING


def test_changes_arrive_with_a_delay():
    """What the server has done, the terminal does not know yet."""
    scene = Scene()
    scene.people.by_hand("EURUSD", "0.1", OrderType.BUY)
    assert len(scene.books.positions) == 1
    assert scene.terminal.books.positions == {}
    scene.clock.advance(5)
    assert scene.terminal.books.positions == scene.books.positions


@pytest.mark.parametrize(("changes_ms", "known"), [(0, True), (1_000, False), (-3, True)])
def test_an_answer_may_come_before_the_books(changes_ms, known):
    """With changes that are slower, OrderSend returns and the deal is not in the history."""
    scene = Scene()
    scene.terminal.link.changes_ms = changes_ms
    result = scene.buy()
    assert (result.deal in scene.terminal.books.deals) == known
    scene.settled()


def test_history_may_lag_behind_its_transaction():
    """DEAL_ADD is told, the position is there, HistoryDealSelect finds nothing; later it does."""
    scene = Scene()
    scene.terminal.history_lag_ms = 500
    program = scene.terminal.load("Test")
    result = scene.buy()
    books = scene.terminal.books
    assert result.deal in {one.deal for one in program.queue}
    assert result.order in books.positions
    assert result.deal not in books.deals
    assert result.order not in books.history
    scene.clock.advance(500)
    assert result.deal in books.deals
    scene.settled()


@pytest.mark.parametrize("empties", [True, False])
def test_lists_are_empty_or_stale_while_the_server_is_away(empties):
    """Neither is evidence: the position was closed meanwhile, or it was not."""
    scene = Scene()
    scene.terminal.empties = empties
    scene.buy()
    scene.terminal.cut()
    scene.people.close(scene.position.ticket)
    lists = scene.terminal.books
    assert scene.terminal.connected is False
    assert (lists.positions == {}, lists.deals == {}) == (empties, empties)
    assert scene.books.positions == {}
    scene.terminal.mend()
    scene.settled()


def test_connected_comes_before_the_lists():
    """A terminal that is connected again may still show the lists of before."""
    scene = Scene()
    scene.terminal.empties = True
    scene.buy()
    scene.terminal.cut()
    scene.terminal.history_ms = 1_000
    scene.terminal.mend()
    seen = []
    for _ in range(60):
        books = scene.terminal.books
        state = (scene.terminal.connected, bool(books.positions), bool(books.deals))
        if state not in seen:
            seen.append(state)
        scene.clock.advance(20)
    assert seen == [
        (False, False, False), (True, False, False), (True, True, False), (True, True, True)
    ]  # fmt: skip
    assert scene.terminal.synchronised


def test_a_terminal_that_connects_hears_nothing_yet():
    """Quotes and answers come once it is connected; what was quoted before is then there."""
    scene = Scene()
    scene.terminal.cut()
    scene.terminal.mend()
    scene.quote("1.2", "1.2001")
    scene.clock.advance(10)
    assert not scene.terminal.connected
    assert str(scene.terminal.seen("EURUSD").bid) == "1.10000"
    scene.settled()
    assert str(scene.terminal.seen("EURUSD").bid) == "1.2"


def test_what_was_changed_meanwhile_replaces_what_is_stale():
    """A deal that was cancelled and an order that was deleted while the terminal was away."""
    scene = Scene()
    result = scene.buy()
    scene.terminal.cut()
    scene.people.bust(result.deal)
    scene.people.erase_order(result.order)
    scene.terminal.mend()
    scene.settled()


@pytest.mark.parametrize("changes_ms", [-5, 0, 500])
def test_changes_may_overtake_the_lists(changes_ms):
    """What came before the lists that it follows is not undone by them."""
    scene = Scene()
    scene.terminal.cut()
    scene.terminal.link.changes_ms = changes_ms
    scene.terminal.mend()
    scene.clock.run_until(lambda: scene.terminal.connected)
    scene.people.by_hand("EURUSD", "0.1", OrderType.BUY)
    scene.people.by_hand("EURUSD", "0.1", OrderType.BUY_LIMIT, price="1.09")
    scene.settled()


def test_what_happens_during_the_synchronisation_is_not_lost():
    """A deal made while the history is on its way stands in it afterwards."""
    scene = Scene()
    scene.buy()
    scene.terminal.cut()
    scene.terminal.history_ms = 1_000
    scene.terminal.mend()
    scene.clock.advance(100)
    assert scene.buy().retcode == Retcode.DONE
    scene.settled()


@pytest.mark.parametrize("arrive", [True, False])
def test_a_cut_ends_a_call_and_does_not_tell(arrive):
    """10031 at once; whether the request had come through shows later."""
    scene = Scene()
    call = scene.terminal.begin(scene.request(magic=7))
    scene.clock.advance(2)
    scene.terminal.cut(requests_arrive=arrive)
    assert (call.done, call.ok, call.result.retcode) == (True, False, Retcode.CONNECTION)
    scene.clock.advance(1_000)
    assert bool(scene.office.ledger.filled(7)) == arrive


def test_an_answer_under_way_is_lost_with_the_wire():
    """The trade is done, the call says 10031."""
    scene = Scene()
    call = scene.terminal.begin(scene.request(magic=7))
    scene.clock.advance(7)
    scene.terminal.cut()
    assert call.result.retcode == Retcode.CONNECTION
    assert scene.office.ledger.filled(7)


def test_news_under_way_is_lost_with_the_wire():
    """What the server has told and the terminal has not heard stays unheard; nothing is told."""
    scene = Scene()
    program = scene.terminal.load("Test")
    scene.people.by_hand("EURUSD", "0.1", OrderType.BUY)
    scene.quote("1.2", "1.2001")
    scene.terminal.cut()
    scene.clock.advance(1_000)
    assert scene.terminal.books.positions == {}
    assert str(scene.terminal.seen("EURUSD").bid) == "1.10000"
    assert not program.queue
    scene.terminal.mend()
    scene.settled()


def test_without_a_server_nothing_is_sent():
    """10031 and 4756 at once; nothing arrives, then or later."""
    scene = Scene()
    scene.terminal.cut()
    call = scene.send()
    assert (call.ok, call.error, call.result.retcode) == (False, 4756, Retcode.CONNECTION)
    scene.terminal.mend()
    scene.settled()
    assert scene.office.ledger.arrivals == []


def test_a_silent_wire_is_not_noticed():
    """The terminal says connected, shows old lists, and its calls time out."""
    scene = Scene()
    scene.terminal.silence()
    scene.people.by_hand("EURUSD", "0.1", OrderType.BUY)
    assert scene.buy().retcode == Retcode.TIMEOUT
    assert scene.terminal.connected
    assert scene.terminal.books.positions == {}
    scene.terminal.mend()
    scene.settled()
    assert len(scene.office.ledger.executions) == 1


def test_nothing_that_was_missed_is_told_afterwards():
    """The queue has no transaction of the time away; the lists have its effects."""
    scene = Scene()
    program = scene.terminal.load("Test")
    scene.terminal.cut()
    scene.people.by_hand("EURUSD", "0.1", OrderType.BUY)
    scene.terminal.mend()
    scene.settled()
    assert not program.queue


def test_request_ids_restart_with_the_terminal():
    """The first request of each session has id 1."""
    scene = Scene()
    assert [scene.buy().request_id, scene.buy().request_id] == [1, 2]
    scene.terminal.restart()
    scene.settled()
    assert scene.buy().request_id == 1


@pytest.mark.parametrize("told", [True, False])
def test_a_terminal_that_ends_unloads_its_programs(told):
    """OnDeinit with REASON_CLOSE, or nothing if it was killed; OnInit at the next start."""
    scene = Scene()
    program = scene.terminal.load("Test")
    scene.buy()
    scene.terminal.restart(told=told)
    ends = [("deinit", Uninit.CLOSE)] if told else []
    assert list(program.lifecycle) == [("init", 0), *ends, ("init", 0)]
    assert not program.queue
    scene.settled()


def test_the_end_of_a_call_is_not_told_to_a_program_that_was_unloaded():
    """A terminal that ends in the middle of a request leaves an empty queue."""
    scene = Scene()
    program = scene.terminal.load("Test")
    call = scene.terminal.begin(scene.request())
    scene.terminal.stop()
    assert call.result.retcode == Retcode.CONNECTION
    assert not program.queue


def test_a_program_that_is_off_hears_nothing():
    """Transactions while it is removed are lost for it, and heard by the others."""
    scene = Scene()
    program, other = scene.terminal.load("Test"), scene.terminal.load("Other")
    scene.terminal.unload(program)
    scene.buy()
    scene.terminal.reload(program)
    assert not program.queue
    assert len(other.queue) == 5
    assert list(program.lifecycle) == [("init", 0), ("deinit", Uninit.REMOVE), ("init", 0)]


def test_another_account_has_lists_of_its_own():
    """Programs are unloaded for ACCOUNT and loaded again; nothing of the first one is left."""
    scene = Scene()
    scene.server.open_account(2002, HEDGING, balance="500")
    program = scene.terminal.load("Test")
    scene.buy()
    scene.terminal.log_in(2002)
    scene.clock.run_until(lambda: scene.terminal.synchronised)
    assert scene.terminal.books.positions == {}
    assert scene.terminal.worth().balance == 500
    assert ("deinit", Uninit.ACCOUNT) in program.lifecycle
    scene.buy()
    assert scene.office.ledger.net("EURUSD") == scene.server.offices[2002].ledger.net("EURUSD")


def test_two_terminals_of_one_account_see_the_same():
    """The other one hears of the deal, but not of the request: that is the sender's."""
    scene = Scene()
    other = Terminal(scene.server, LOGIN)
    program = other.load("Test")
    scene.buy()
    scene.settled()
    assert other.books.positions == scene.books.positions
    assert len(program.queue) == 4


def test_quotes_arrive_with_a_delay_and_not_at_all_when_cut():
    """The ticks that were missed are there after the next synchronisation."""
    scene = Scene()
    seen = scene.terminal.seen("EURUSD")
    program = scene.terminal.load("Test")
    scene.quote("1.20000", "1.20010")
    assert str(seen.bid) == "1.10000"
    scene.clock.advance(5)
    assert str(seen.bid) == "1.20000"
    assert program.ticked == {"EURUSD"}
    scene.terminal.cut()
    scene.quote("1.30000", "1.30010")
    scene.clock.advance(100)
    assert len(seen.between(0, 1 << 62)) == 2
    scene.terminal.mend()
    scene.settled()
    assert len(seen.between(0, 1 << 62)) == 3
    assert str(seen.bid) == "1.30000"


def test_older_ticks_may_be_synchronised_late():
    """CopyTicks finds only what came since the connection, and everything a while later."""
    scene = Scene()
    scene.terminal.ticks_ms = 1_000
    scene.terminal.cut()
    scene.quote("1.2", "1.2001")
    scene.terminal.mend()
    scene.clock.advance(30)
    seen = scene.terminal.seen("EURUSD")
    assert scene.terminal.synchronised
    assert seen.between(0, 1 << 62) == []
    scene.quote("1.3", "1.3001")
    scene.clock.advance(10)
    assert [str(tick.bid) for tick in seen.between(0, 1 << 62)] == ["1.3"]
    scene.clock.advance(1_000)
    assert [str(tick.bid) for tick in seen.between(0, 1 << 62)] == ["1.10000", "1.2", "1.3"]


def test_a_server_that_goes_down_loses_every_terminal():
    """Both are cut, both find it again; one that has ended stays away."""
    scene = Scene()
    other, third = Terminal(scene.server, LOGIN), Terminal(scene.server, LOGIN)
    third.stop()
    scene.server.go_down()
    assert {scene.terminal.connected, other.connected} == {False}
    scene.buy()
    scene.server.come_up()
    scene.settled()
    assert (scene.terminal.connected, other.connected, third.connected) == (True, True, False)


def test_the_terminal_reckons_with_its_own_prices():
    """Profit and equity are those of the last quote that has come."""
    scene = Scene()
    scene.buy()
    scene.quote("1.20000", "1.20010")
    assert scene.terminal.worth().profit == -1
    scene.clock.advance(5)
    assert scene.terminal.worth().profit == 999


def test_times_of_the_terminal():
    """TimeCurrent is the last quote's, TimeTradeServer goes on; both are the server's clock."""
    scene = Scene()
    first = scene.terminal.time_current_s
    scene.clock.advance(60_000)
    assert scene.terminal.time_current_s == first
    assert scene.terminal.server_time_s == scene.clock.now_ms // 1000 + 7_200
