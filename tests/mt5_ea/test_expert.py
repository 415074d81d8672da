"""The shipped Expert Advisor on the simulated terminal: its inputs, its lock, its token."""

from __future__ import annotations

import pytest
from support.mt5.constants import AccountTradeMode, ExpirationFlag, MarginMode, Uninit
from support.mt5.ea_desk import PORT, Desk
from support.mt5.ea_gateway import GatewayEnd
from support.mt5.ea_house import cancel, new, status
from support.mt5.ea_trader import EaTrader
from support.mt5.runtime import build
from support.mt5.symbols import eurusd

from protocol.authentication import verify

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(90),  # the first test of a run compiles
]


@pytest.fixture
def desk(tmp_path):
    """Give a terminal without charts."""
    return Desk(tmp_path)


def test_it_logs_on(desk):
    """With its defaults and a gateway there, it is logged on within a second."""
    chart, end = desk.attach()
    desk.run(1000)
    assert chart.init_code == 0
    assert end.live, chart.journal


WRONG = {
    "VenueId": ("MY VENUE", "VenueId: received 'MY VENUE', expected a name without blanks"),
    "VenuesPort": (70_000, "VenuesPort: received 70000, expected 1 to 65535"),
    "FeedsPort": (-1, "FeedsPort: received -1, expected 0 to 65535"),
    "HeartBtInt": (0, "HeartBtInt: received 0, expected 1 to 3600 s"),
    "TimerMs": (0, "TimerMs: received 0, expected 1 to 1000"),
    "DutyPercent": (101, "DutyPercent: received 101, expected 1 to 100"),
    "WaitMs": (0, "WaitMs: received 0, expected 1 to 100"),
    "AbsenceAfterMs": (4_999, "AbsenceAfterMs: received 4999, expected 5000 to 3600000"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_inputs_are_told(desk, name):
    """The program does not begin, and says which input it is."""
    value, words = WRONG[name]
    chart, _ = desk.attach(**{name: value})
    assert chart.init_code == 2
    assert any(words in line for line in chart.journal)


def test_one_expert_for_a_venue_id(desk):
    """A second one on the terminal waits, and takes over when the first is gone."""
    first, end = desk.attach()
    desk.run(1000)
    second, waiting = desk.attach()
    desk.run(15_000)
    assert end.live
    assert not waiting.logons
    said = [line for line in second.journal if "another Expert Advisor" in line]
    assert len(said) == 1
    desk.terminal.unload(first.slot, Uninit.REMOVE)
    desk.run(1500)
    assert waiting.live, second.journal


def test_a_crashed_expert_is_followed_after_a_while(desk):
    """Without a goodbye its place is taken ten seconds later, not before."""
    first, _ = desk.attach()
    second, waiting = desk.attach()
    desk.run(1000)
    first.drop()
    desk.run(7000)
    assert not waiting.logons
    desk.run(5000)
    assert waiting.live, second.journal


def test_another_venue_id_is_another_bridge(desk):
    """Two venue ids do not hinder one another."""
    _, one = desk.attach()
    _, two = desk.attach(VenueId="MT5B")
    two.comp_id = "MT5B"
    desk.run(1500)
    assert one.live
    assert two.live


def test_the_token_comes_from_a_file(desk):
    """Blanks around it do not count; without the file the program says so and goes."""
    (desk.folder / "token.txt").write_bytes(b"  the token \r\n")
    _, end = desk.attach(TokenFile="token.txt")
    desk.run(1000)
    assert verify(end.logons[0], b"the token")
    chart, _ = desk.attach(TokenFile="none.txt", VenueId="MT5B")
    desk.run(100)
    assert any("cannot read none.txt" in line for line in chart.journal)
    assert chart.program.removed


@pytest.mark.parametrize("content", [
    "naïve token".encode(), b"\xef\xbb\xbfna\xc3\xafve token\r\n",
    "\ufeff na\u00efve token\r\n".encode("utf-16-le"),
])  # fmt: skip
def test_the_token_is_read_as_windows_writes_it(desk, content):
    """UTF-8 with a mark or without one, and UTF-16 with one, as PowerShell's > writes it."""
    (desk.folder / "token.txt").write_bytes(content)
    _, end = desk.attach(TokenFile="token.txt")
    desk.run(1000)
    assert verify(end.logons[0], "naïve token".encode())


NO_TEXT = "token.txt is no text in UTF-8"


@pytest.mark.parametrize(("content", "words"), [
    (b"", "token.txt is empty, expected the token"),
    (b" \r\n\t ", "token.txt is empty, expected the token"),
    (b"\xef\xbb\xbf\r\n", "token.txt is empty, expected the token"),
    ("\ufeff \r\n".encode("utf-16-le"), "token.txt is empty, expected the token"),
    ("token".encode("utf-16-le"), NO_TEXT),
    ("\ufefftoken".encode("utf-16-be"), NO_TEXT),
    (b"to\r\nken", NO_TEXT),
    (b"na\xefve", NO_TEXT),
])  # fmt: skip
def test_a_file_without_a_token_is_told(desk, content, words):
    """The program says what is wrong with it, and goes; nothing is said to the gateway."""
    (desk.folder / "token.txt").write_bytes(content)
    chart, end = desk.attach(TokenFile="token.txt")
    desk.run(1000)
    assert chart.program.removed
    assert [line for line in chart.journal if words in line], chart.journal
    assert not end.logons


@pytest.mark.parametrize(("port", "handshakes"), [(PORT, 1), (443, 0)])
def test_behind_a_tls_terminator(desk, port, handshakes):
    """With a name the line is TLS; on port 443 the terminal itself has shaken hands before."""
    chart, _ = desk.attach(TlsName="gateway.example", VenuesPort=port)
    desk.ends[0] = GatewayEnd(chart.program.network.listen(port))
    desk.run(1000)
    assert desk.ends[0].live, chart.journal
    assert chart.program.calls.get("SocketTlsHandshake", 0) == handshakes
    assert chart.program.calls["SocketTlsSend"] > 0


def test_a_change_of_the_chart_keeps_the_globals(desk):
    """OnInit may run again in the same program: it logs on anew, and orders have one life."""
    chart, end = desk.attach()
    desk.run(1000)
    end.say(new("0000000000A01", price="1.05"), chart.clock.now_ns)
    desk.run(1000)
    assert chart.program.initialise_again() == 0
    desk.run(1500)
    assert len(end.logons) == 2
    assert end.live, chart.journal
    end.say(status("0000000000A01"), chart.clock.now_ns)
    end.say(cancel("0000000000A02", "0000000000A01"), chart.clock.now_ns)
    desk.run(1500)
    reports = [one for one in end.heard if one.msg_type == "8"]
    assert [one.exec_type for one in reports] == ["0", "I", "4"]
    assert desk.terminal.office.ledger.twice() == {}


def test_a_place_that_is_taken_is_no_gateway_that_is_gone(desk):
    """While another bridge is logged on under our name, nothing of its orders is canceled."""
    chart, end = desk.attach(DeadManMs=2000)
    end.accepts = False
    end.refusal = "ALREADY_LOGGED_ON: MT5 is logged on from elsewhere"
    desk.run(8000)
    assert len(end.logons) > 5
    assert not any("the gateway is gone" in line for line in chart.journal)
    end.refusal = "AUTHENTICATION_FAILED: no"
    desk.run(8000)
    assert any("the gateway is gone" in line for line in chart.journal)


def test_notes_that_cannot_be_written_end_it(desk):
    """A database that takes nothing stops the program before anything is sent."""
    chart, end = desk.attach()
    desk.run(1000)
    chart.program.may_write = False
    end.say(new("0000000000A01"), chart.clock.now_ns)
    desk.run(500)
    assert chart.program.removed
    assert any(line.startswith("error: ") for line in chart.journal), chart.journal
    assert desk.terminal.office.ledger.arrivals == []


def able(trader):
    """Return the words of 5026."""
    return trader.chart.program.probe("capabilities").decode().split()


@pytest.mark.parametrize("mode", AccountTradeMode)
def test_only_a_demo_account_is_called_one(tmp_path, mode):
    """5026 says DEMO of no contest's account, of no real one, and of none that is not connected."""
    trader = EaTrader(MarginMode.RETAIL_HEDGING, tmp_path, trade_mode=mode).settle()
    assert ("DEMO" in able(trader)) is (mode is AccountTradeMode.DEMO)
    trader.terminal.cut()
    trader.run(200)
    assert "DEMO" not in able(trader)


@pytest.mark.parametrize(("flags", "says"), [
    (ExpirationFlag.SPECIFIED, True),
    (ExpirationFlag.DAY | ExpirationFlag.SPECIFIED_DAY, True),
    (ExpirationFlag.GTC | ExpirationFlag.SPECIFIED_DAY, False),
])  # fmt: skip
def test_gtd_is_said_where_the_gateway_could_not_do_better(tmp_path, flags, says):
    """With days only and GTC beside them it is left to emulate_expiry, which knows seconds."""
    rules = eurusd(expiration=flags)
    trader = EaTrader(MarginMode.RETAIL_HEDGING, tmp_path, rules).settle()
    assert ("GTD" in able(trader)) is says
