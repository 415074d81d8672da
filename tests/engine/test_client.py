"""The blocking client against a gateway that dies, forgets, refuses and throws out."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from support.fake_gateway import POINTS, FakeGateway

from engine.client import Client
from engine.connection import News
from engine.errors import LogonRefused, NotConnected, StoreLocked, Timeout
from protocol.fields import ExecType, OrdStatus, TradSesStatus
from protocol.messages import ExecutionReport, TradingSessionStatus

QUICK = {"logon_timeout_ms": 300, "backoff_min_ms": 10, "backoff_max_ms": 50}


def drain(client, until, timeout_s=5.0):
    """Receive until a condition on what came holds; return what came."""
    got = []
    deadline = time.monotonic() + timeout_s
    while not until(got):
        assert time.monotonic() < deadline, [m.msg_type for m in got]
        message = client.receive(50)
        if message is not None:
            got.append(message)
    return got


def test_an_order_is_sent_and_its_reports_come_back(tmp_path):
    """A market order goes out and its final report is waited for."""
    with FakeGateway() as gateway, Client("ME", gateway.endpoint, store_dir=tmp_path) as client:
        order = client.buy("EURUSD", 1000)
        report = client.wait_for(order, final=True)
        assert report.ord_status is OrdStatus.FILLED
        assert report.cum_qty == 1000


def test_a_client_without_a_store_begins_with_a_reset():
    """No folder, no memory: the Logon carries 141=Y, twice in a row."""
    with FakeGateway() as gateway:
        for _ in range(2):
            with Client("ME", gateway.endpoint) as client:
                client.wait_for(client.buy("EURUSD", 1000), final=True)
        assert [logon.reset_seq_num_flag for logon in gateway.logons] == [True, True]


def test_questions_are_answered_whole():
    """Instruments, open orders, positions and balances are collected from several messages."""
    with FakeGateway() as gateway, Client("ME", gateway.endpoint) as client:
        assert client.open_orders() == []
        assert client.positions() == []
        client.buy("EURUSD", 1000, price="1.1")
        client.wait_for(client.sell("EURUSD", 2000), final=True)
        assert [o.price for o in client.open_orders()] == [Decimal("1.1")]
        assert client.positions()[0].positions[0].short_qty == 2000
        assert client.balances()[0].end_cash == 1000
        assert client.instruments()["EURUSD"].lots("0.01") == 1000


def test_instruments_in_fragments_are_collected():
    """An answer is whole only with the fragment that says that it is the last."""
    symbols = tuple(f"S{number}" for number in range(450))
    with FakeGateway(symbols=symbols) as gateway, Client("ME", gateway.endpoint) as client:
        assert set(client.instruments()) == set(symbols)


def test_a_resumed_session_gets_exactly_what_it_missed(tmp_path):
    """Messages sent to an absent client come once each, in order, when it is back."""
    with FakeGateway() as gateway:
        with Client("ME", gateway.endpoint, store_dir=tmp_path) as client:
            client.buy("EURUSD", 1000, price="1.1")
            drain(client, lambda got: len(got) >= 2)
        for number in range(5):
            status = TradingSessionStatus(
                trading_session_id="PAPER", trad_ses_status=TradSesStatus.OPEN, text=f"n{number}"
            )
            gateway.say("ME", status)
        with Client("ME", gateway.endpoint, store_dir=tmp_path) as client:
            got = drain(client, lambda got: len(got) >= 5)
            assert client.receive(50) is None
        texts = [m.text for m in got if isinstance(m, TradingSessionStatus)]
        assert texts == ["n0", "n1", "n2", "n3", "n4"]
        assert not gateway.logons[-1].reset_seq_num_flag


def test_what_was_not_dealt_with_comes_again_after_a_crash(tmp_path):
    """A message that was taken but not returned for is redelivered; one returned for is not."""
    with FakeGateway() as gateway:
        client = Client("ME", gateway.endpoint, store_dir=tmp_path).connect()
        client.buy("EURUSD", 1000)
        first = client.receive(2000)
        second = client.receive(2000)
        assert (first.exec_type, second.exec_type) == (ExecType.PENDING_NEW, ExecType.NEW)
        client._courier.link.close()  # as kill -9 leaves it: nothing settled, no Logout
        client._courier.memory.close()
        with Client("ME", gateway.endpoint, store_dir=tmp_path) as again:
            got = drain(again, lambda got: len(got) >= 2)
        assert [m.exec_type for m in got] == [ExecType.NEW, ExecType.TRADE]


def test_what_came_before_the_close_and_was_not_looked_at_comes_again(tmp_path):
    """Closing orderly loses nothing; what `wait_for` has looked at and left does not come again."""
    with FakeGateway() as gateway:
        with Client("ME", gateway.endpoint, store_dir=tmp_path) as client:
            client.buy("EURUSD", 1000)
            client.wait_for(lambda m: m.exec_type is ExecType.NEW)
        with Client("ME", gateway.endpoint, store_dir=tmp_path) as client:
            got = drain(client, lambda got: got)
        assert [m.exec_type for m in got] == [ExecType.TRADE]


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_gateway_that_dies_at_any_point_loses_no_order_and_doubles_none(tmp_path, point, nth):
    """Killed at each step of its batch, each order arrives exactly once and is reported."""
    with FakeGateway() as gateway:
        with Client("ME", gateway.endpoint, store_dir=tmp_path, **QUICK) as client:
            gateway.revives = True
            gateway._passes = dict.fromkeys(POINTS, 0)
            gateway.die_at = (point, nth)
            orders, reports = [], []
            for _ in range(4):
                orders.append(client.buy("EURUSD", 1000, price="1.1"))
                message = client.receive(200)
                reports += [message] if message else []
                reports += drain(client, lambda _: client.is_up)
            wanted = {order.cl_ord_id for order in orders}

            def all_new(got):
                seen = {m.cl_ord_id for m in reports + got if m.exec_type is ExecType.NEW}
                return seen == wanted

            reports += drain(client, all_new)
        assert gateway.deaths == 1
        assert gateway.committed["ME"].arrived == [order.cl_ord_id for order in orders]
        numbers = [m.msg_seq_num for m in reports]
        assert numbers == sorted(set(numbers))


def test_an_order_sent_while_the_gateway_is_dying_arrives_after_it_is_back(tmp_path):
    """What the gateway had not committed it asks for again, and gets as a possible duplicate."""
    with FakeGateway() as gateway:
        with Client("ME", gateway.endpoint, store_dir=tmp_path, **QUICK) as client:
            gateway.kill()
            order = client.buy("EURUSD", 1000)
            gateway.start()
            report = client.wait_for(order, final=True)
            assert report.ord_status is OrdStatus.FILLED
        assert gateway.committed["ME"].arrived == [order.cl_ord_id]


def test_a_client_killed_after_its_order_was_kept_sends_it_when_asked(tmp_path):
    """The gateway dies with the order, the client dies too: the next process still has it."""
    with FakeGateway() as gateway:
        client = Client("ME", gateway.endpoint, store_dir=tmp_path).connect()
        gateway.kill()
        order = client.buy("EURUSD", 1000)
        client._courier.link.close()
        client._courier.memory.close()
        gateway.start()
        with Client("ME", gateway.endpoint, store_dir=tmp_path) as again:
            assert again.wait_for(order.cl_ord_id, final=True).cum_qty == 1000
        assert gateway.committed["ME"].arrived == [order.cl_ord_id]


def test_reset_required_is_obeyed_and_told(tmp_path):
    """On 58=RESET_REQUIRED the client says so, logs on with 141=Y, and works."""
    told = []
    with FakeGateway() as gateway:
        with Client("ME", gateway.endpoint, store_dir=tmp_path) as client:
            client.wait_for(client.buy("EURUSD", 1000), final=True)
        gateway.reset_required.add("ME")
        with Client("ME", gateway.endpoint, store_dir=tmp_path, on_link=told.append) as client:
            client.wait_for(client.buy("EURUSD", 1000), final=True)
        assert [event.news for event in told[:2]] == [News.RESET, News.UP]
        assert "RESET_REQUIRED" in told[0].text
        assert gateway.logons[-1].reset_seq_num_flag


def test_a_refused_logon_raises_with_the_reason(tmp_path):
    """The gateway's 58 is in the exception."""
    with FakeGateway() as gateway:
        gateway.refuse_with = "UNKNOWN_COMP_ID: ME"
        with pytest.raises(LogonRefused, match="UNKNOWN_COMP_ID"):
            Client("ME", gateway.endpoint, store_dir=tmp_path).connect()


@pytest.mark.parametrize("forgetful", ["gateway", "client"])
def test_a_side_that_lost_its_memory_is_an_error_that_says_what_to_do(tmp_path, forgetful):
    """Journal or store removed: no automatic answer, but LogonRefused with the way out."""
    with FakeGateway() as gateway:
        with Client("ME", gateway.endpoint, store_dir=tmp_path / "a") as client:
            client.wait_for(client.buy("EURUSD", 1000), final=True)
        folder = tmp_path / "a"
        if forgetful == "gateway":
            gateway.kill()
            gateway.committed.clear()
            gateway.start()
        else:
            folder = tmp_path / "b"
        with pytest.raises(LogonRefused, match="log on with reset=True"):
            Client("ME", gateway.endpoint, store_dir=folder, **QUICK).connect()
        with Client("ME", gateway.endpoint, store_dir=folder, reset=True) as client:
            client.wait_for(client.buy("EURUSD", 1000), final=True)


def test_a_token_signs_the_logon(tmp_path):
    """The right token is let in, a wrong one is refused."""
    with FakeGateway(tokens={"ME": b"secret"}) as gateway:
        with Client("ME", gateway.endpoint, store_dir=tmp_path, token=b"secret") as client:
            assert client.is_up
        with pytest.raises(LogonRefused, match="BAD_HMAC"):
            Client("ME", gateway.endpoint, store_dir=tmp_path, token=b"wrong").connect()


def test_nobody_there_is_a_timeout():
    """An address where nothing listens gives Timeout, not a hang."""
    with pytest.raises(Timeout, match="does the gateway run there"):
        Client("ME", "tcp://127.0.0.1:9").connect(timeout_ms=100)


def test_a_logout_is_followed_by_a_new_logon(tmp_path):
    """Thrown out, the client logs on again by itself and goes on."""
    told = []
    with FakeGateway() as gateway, Client(
        "ME", gateway.endpoint, store_dir=tmp_path, on_link=told.append, **QUICK
    ) as client:
        gateway.throw_out("ME")
        drain(client, lambda _: len(told) >= 3)
        assert [event.news for event in told] == [News.UP, News.DOWN, News.UP]
        client.wait_for(client.buy("EURUSD", 1000), final=True)


@pytest.mark.budget(20)
def test_silence_is_taken_for_death(tmp_path):
    """A gateway that says nothing for 2.4 heartbeats is left, and logged on to again."""
    told = []
    with FakeGateway() as gateway, Client(
        "ME", gateway.endpoint, store_dir=tmp_path, on_link=told.append, heart_bt_int=1,
        **QUICK,
    ) as client:  # fmt: skip
        gateway.mute = True
        drain(client, lambda _: any(e.news is News.DOWN for e in told))
        gateway.mute = False
        drain(client, lambda _: client.is_up)
        client.wait_for(client.buy("EURUSD", 1000), final=True)


def test_sending_without_a_session_is_refused(tmp_path):
    """NotConnected, and nothing was queued for later."""
    with FakeGateway() as gateway:
        client = Client("ME", gateway.endpoint, store_dir=tmp_path, **QUICK).connect()
        gateway.kill()
        drain(client, lambda _: not client.is_up)
        with pytest.raises(NotConnected):
            client.buy("EURUSD", 1000)
        gateway.start()
        drain(client, lambda _: client.is_up)
        client.wait_for(client.buy("EURUSD", 2000), final=True)
        client.close()
        assert len(gateway.committed["ME"].arrived) == 1


def test_a_replaced_order_goes_by_its_new_id_and_can_be_canceled():
    """D, G, F: the chain of ids is followed."""
    with FakeGateway() as gateway, Client("ME", gateway.endpoint) as client:
        order = client.buy("EURUSD", 1000, price="1.1")
        client.wait_for(lambda m: isinstance(m, ExecutionReport) and m.exec_type == ExecType.NEW)
        newer = client.replace(order, price="1.2")
        assert client.wait_for(newer).price == Decimal("1.2")
        gone = client.wait_for(client.cancel(newer), final=True)
        assert gone.ord_status is OrdStatus.CANCELED


def test_a_second_process_under_the_same_comp_id_is_kept_out(tmp_path):
    """Two processes on one store would send the same numbers; the second does not start."""
    with (
        FakeGateway() as gateway,
        Client("ME", gateway.endpoint, store_dir=tmp_path),
        pytest.raises(StoreLocked),
    ):
        Client("ME", gateway.endpoint, store_dir=tmp_path)
