"""What the venue does on command, as the gateway hears it, and what its ledger says then."""

from __future__ import annotations

import pytest
from support.bridge_wire import Counter, kinds

from bridges.paper.ledger import read
from protocol.fields import TradSesStatus
from protocol.messages import TradingSessionStatus

LOW = "1.00000"


@pytest.fixture
def counter(tmp_path):
    """Give a bridge that is logged on."""
    return Counter(tmp_path)


def test_reject(counter):
    """The next order is refused with the text that was ordered; the one after it is not."""
    assert counter.fault("reject 1 NO THANKS").outcome == "DONE"
    (report,) = counter.ask(counter.new())
    assert (kinds([report]), report.text) == (["8/8"], "NO THANKS")
    assert kinds(counter.ask(counter.new())) == ["0/0", "F/2"]


def test_drop_acks(counter):
    """A dropped 150=0 is never said, the fills are; a lookup tells the truth."""
    counter.fault("drop_acks 1")
    order = counter.new(price=LOW)
    assert counter.ask(order) == []
    assert kinds(counter.ask(counter.status(order.cl_ord_id))) == ["I/0"]


def test_drop_reports(counter):
    """Dropped reports are missing on the wire and present in the ledger and in fills-since."""
    counter.fault("drop_reports 2")
    assert counter.ask(counter.new()) == []
    assert kinds(counter.ask(counter.fills()))[1:3] == ["AQ", "AE"]
    assert [line["k"] for line in read(counter.folder / "ledger.jsonl")].count("fill") == 1


def test_fill_before_ack(counter):
    """The 150=0 comes after the first fill."""
    counter.fault("fill_before_ack 1")
    assert kinds(counter.ask(counter.new())) == ["F/2", "0/0"]


def test_double_fills(counter):
    """A doubled fill has the same trade id and another exec id; the ledger has it once."""
    counter.fault("double_fills 1")
    first, second = counter.ask(counter.new())[1:]
    assert first.secondary_exec_id == second.secondary_exec_id
    assert first.exec_id != second.exec_id
    assert len(counter.exchange.fills) == 1


def test_delay(counter):
    """A delayed report comes later, and those behind it wait."""
    counter.fault("delay 200 1")
    assert counter.ask(counter.new(), ms=100) == []
    assert kinds(counter.run(200).take()) == ["0/0", "F/2"]


def test_silence(counter):
    """A silent bridge hears nothing and says nothing; afterwards it does what it was told."""
    counter.fault("silence 500")
    assert counter.ask(counter.new(), ms=100) == []
    counter.run(3_000)
    assert len(counter.exchange.fills) <= 1


def test_down(counter):
    """With the venue's link down h says so, orders are refused unsent, answers are incomplete."""
    order = counter.new(price=LOW)
    counter.ask(order)
    counter.fault("down 500")
    heard = counter.run(5).take()
    refused = counter.ask(counter.new())
    assert refused[-1].text.startswith("VENUE_DOWN")
    (report,) = [one for one in counter.ask(counter.status(order.cl_ord_id)) if kinds([one])]
    assert report.complete is None
    assert report.text.startswith("NOT_READ")
    (none,) = counter.ask(counter.open_orders())
    assert (none.complete, none.tot_num_reports) == (None, 0)
    heard += counter.run(1_000).take()
    links = [one.trad_ses_status for one in heard if isinstance(one, TradingSessionStatus)]
    assert links[-1] is TradSesStatus.OPEN
    assert kinds(counter.ask(counter.open_orders())) == ["I/0"]


def test_restart(counter):
    """After a restart the venue has its orders again and the bridge has logged on anew."""
    order = counter.new(price=LOW)
    counter.ask(order)
    counter.fault("restart")
    counter.start_gateway()
    counter.run(1_000)
    assert len(counter.logons) == 2
    counter.take()
    (report,) = counter.ask(counter.open_orders())
    assert report.cl_ord_id == order.cl_ord_id
    assert kinds(counter.ask(counter.cancel(order.cl_ord_id))) == ["4/4"]


def test_chance_is_seeded_and_cleared(tmp_path):
    """Faults by chance are the same for the same seed, and `clear` ends them."""
    heard = []
    for name in "ab":
        counter = Counter(tmp_path / name, seed=11)
        counter.fault("chance drop_acks 0.5")
        heard.append([kinds(counter.ask(counter.new(price=LOW))) for _ in range(20)])
        counter.fault("clear")
        assert all(kinds(counter.ask(counter.new(price=LOW))) == ["0/0"] for _ in range(5))
    assert heard[0] == heard[1]
    assert {len(one) for one in heard[0]} == {0, 1}


def test_the_control_file(counter):
    """A line that is appended to the control file orders a fault; a wrong one changes nothing."""
    path = counter.folder / "faults"
    path.write_text("reject 1\nnonsense\nreject")
    counter.run(5)
    assert kinds(counter.ask(counter.new())) == ["8/8"]
    with path.open("a") as file:
        file.write(" 1\n")
    counter.run(5)
    assert kinds(counter.ask(counter.new())) == ["8/8"]


@pytest.mark.parametrize("line", ["explode", "delay", "delay x", "chance drop_acks 2"])
def test_wrong_commands_are_refused(counter, line):
    """A fault that is not known or not complete is refused with what was expected."""
    answer = counter.fault(line)
    assert answer.outcome == "REFUSED"
    assert "expected" in answer.text


def test_a_killed_bridge_executes_nothing_twice(counter):
    """After a kill -9 of the bridge an id that it had sent is not sent again."""
    order = counter.new(price=LOW)
    counter.ask(order)
    counter.kill_bridge()
    counter.run(100)
    (report,) = counter.ask(order)
    assert kinds([report]) == ["I/0"]
    assert counter.exchange.received == {order.cl_ord_id: 1}
