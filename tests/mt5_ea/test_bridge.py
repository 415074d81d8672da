"""The whole bridge in MQL5, in virtual time: what it says for each message of the gateway."""

from __future__ import annotations

import pytest
from support.fix44 import needs_dictionary, validate
from support.mt5.ea_gateway import ZmtpEnd, frame
from support.mt5.ea_house import NOW, PORT, T0, House, cancel, new, replace, status
from support.mt5.runtime import build

from bridges import translate
from protocol import codec
from protocol.authentication import verify
from protocol.fields import OrdType, PosReqType
from protocol.messages import (
    CollateralInquiry,
    MarketDataSnapshotFullRefresh,
    OperatorCommand,
    OrderMassCancelRequest,
    OrderMassStatusRequest,
    RequestForPositions,
    ResendRequest,
    SecurityListRequest,
    TradeCaptureReportRequest,
    TradeDate,
)
from protocol.numbers import parse_decimal
from protocol.timestamps import format_utc

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(60),  # the first test of a run compiles
]
FEEDS = 5573


@pytest.fixture
def house():
    """Give a bridge that is logged on."""
    made = House()
    made.until_live()
    return made


def brief(messages):
    """Say reports in short: type, 150 or 434, 39, 11, 41."""
    return [
        (m.msg_type, getattr(m, "exec_type", None) or m.cxl_rej_response_to, m.ord_status,
         m.cl_ord_id, m.orig_cl_ord_id) for m in messages
    ]  # fmt: skip


def test_it_logs_on_with_a_reset_and_says_how_the_terminal_stands():
    """141=Y, the heartbeat interval, and then h."""
    house = House()
    (said,) = house.until_live()
    assert house.end.logons[0].reset_seq_num_flag
    assert (said.msg_type, said.trading_session_id, said.trad_ses_status) == ("h", "MT5", 2)
    assert "logged on to GATEWAY as MT5" in house.program.journal


def test_a_token_is_proven_and_never_said():
    """With a token the Logon is signed, each time with another nonce."""
    house = House(Token="a token")
    house.until_live()
    house.end.cut()
    house.run(100)
    house.until_live()
    first, second = house.end.logons
    assert verify(first, b"a token")
    assert verify(second, b"a token")
    assert first.raw_data != second.raw_data


def test_one_order_the_whole_way(house):
    """Accepted, replaced, canceled; each report says what a Python bridge's would say."""
    (accepted,) = house.ask(new("A1"))
    assert brief([accepted]) == [("8", "0", "0", "A1", None)]
    assert (accepted.order_id, accepted.order_qty) == ("VA1", 1000)
    assert accepted.price == parse_decimal("1.08")
    (replaced,) = house.ask(replace("A2", "A1"))
    assert brief([replaced]) == [("8", "5", "0", "A2", "A1")]
    (canceled,) = house.ask(cancel("A3", "A2"))
    assert brief([canceled]) == [("8", "4", "4", "A3", "A2")]
    (late,) = house.ask(cancel("A4", "A2"))
    assert brief([late]) == [("9", "1", "4", "A4", "A2")]
    assert (late.cxl_rej_reason, late.text, late.reject_source) == (0, "too late", "V")


def test_fills_and_refusals(house):
    """A fill carries trade id, quantity, price and money; a refusal its reason and whose it is."""
    accepted, filled = house.ask(new("B1", kind=OrdType.MARKET))
    assert accepted.exec_type == "0"
    assert (filled.exec_type, filled.ord_status, filled.secondary_exec_id) == ("F", "2", "TB1")
    assert (filled.last_qty, filled.last_px) == (1000, parse_decimal("1.1"))
    assert (filled.commission, filled.comm_type, filled.comm_currency) == (
        parse_decimal("0.35"), "3", "USD",
    )  # fmt: skip
    (refused,) = house.ask(new("B2", price="13"))
    assert (refused.exec_type, refused.ord_rej_reason, refused.text) == (
        "8", 99, "10015 Invalid price",
    )  # fmt: skip
    assert refused.reject_source == "V"


def test_an_id_is_never_sent_twice(house):
    """A D that comes again is answered by the order's state; the venue is not called."""
    house.ask(new("C1"))
    (again,) = house.ask(new("C1"))
    assert brief([again]) == [("8", "I", "0", "C1", None)]
    assert again.text.startswith("DUPLICATE")
    assert house.program.journal.count("submit C1") == 1


def test_proof_of_absence(house):
    """Unknown here means never sent, and from then on it never will be."""
    (absent,) = house.ask(status("D1"))
    assert (absent.ord_status, absent.ord_rej_reason, absent.text) == ("8", 5, "NEVER_SENT")
    assert (absent.order_id, absent.complete, absent.ord_status_req_id) == ("NONE", True, "S1")
    (tombstoned,) = house.ask(new("D1"))
    assert (tombstoned.exec_type, tombstoned.text) == ("8", translate.TOMBSTONED)
    (unknown,) = house.ask(cancel("D2", "D3"))
    assert (unknown.cxl_rej_reason, unknown.text, unknown.order_id) == (1, "NEVER_SENT", "NONE")
    (refused,) = house.ask(new("D3"))
    assert refused.text == translate.TOMBSTONED
    (replaced,) = house.ask(replace("D4", "D5"))
    assert (replaced.cxl_rej_response_to, replaced.text) == ("2", "NEVER_SENT")


def test_status_of_what_is_known(house):
    """H of an order tells it as it stands; while the terminal is down it is not complete."""
    house.ask(new("E1"))
    (found,) = house.ask(status("E1"))
    assert brief([found]) == [("8", "I", "0", "E1", None)]
    assert found.complete is True
    house.program.post_book("down")
    (down,) = house.run(30)
    assert (down.trad_ses_status, down.text) == (3, "no connection to the trade server")
    (found,) = house.ask(status("E1"))
    assert found.complete is None


def test_questions(house):
    """AF, AD, AN, BB and x have their answers, each with its count and 5008=Y."""
    (none,) = house.ask(OrderMassStatusRequest(mass_status_req_id="M1", mass_status_req_type=7))
    assert (none.order_id, none.tot_num_reports, none.last_rpt_requested) == ("NONE", 0, True)
    house.ask(new("F1"))
    house.ask(new("F2"))
    house.ask(new("F3", kind=OrdType.MARKET))
    first, second = house.ask(
        OrderMassStatusRequest(mass_status_req_id="M2", mass_status_req_type=7)
    )
    assert [first.last_rpt_requested, second.last_rpt_requested] == [None, True]
    assert (first.tot_num_reports, second.complete, second.cl_ord_id) == (2, True, "F2")
    ledger, ack, trade = house.ask(TradeCaptureReportRequest(
        trade_request_id="T1", trade_request_type=0,
        dates=(TradeDate(trade_date="20260101", transact_time=format_utc(T0)),),
    ))  # fmt: skip
    assert (ack.tot_num_trade_reports, ack.complete, trade.secondary_exec_id) == (1, True, "TF3")
    assert (trade.sides[0].cl_ord_id, trade.sides[0].commission) == ("F3", parse_decimal("0.35"))
    assert (ledger.coll_rpt_id, ledger.ledger_kind, ledger.end_cash) == (
        "SWAP-1", "SWAP", parse_decimal("-0.7"),
    )  # fmt: skip
    ack, position = house.ask(RequestForPositions(
        pos_req_id="P1", pos_req_type=PosReqType.POSITIONS, account="MT5",
        clearing_business_date="20260105", transact_time=NOW,
    ))  # fmt: skip
    assert (ack.total_num_pos_reports, ack.complete) == (1, True)
    assert (position.positions[0].short_qty, position.position_id) == (1000, "77")
    ack, balance = house.ask(CollateralInquiry(coll_inquiry_id="Q1"))
    assert (ack.tot_num_reports, balance.end_cash, balance.cash_outstanding) == (
        1, parse_decimal("10000.5"), 9000,
    )  # fmt: skip
    (listing,) = house.ask(
        SecurityListRequest(security_req_id="X1", security_list_request_type=4)
    )
    (eurusd,) = listing.securities
    assert (eurusd.symbol, eurusd.contract_multiplier, eurusd.qty_step) == ("EURUSD", 100_000, 1000)
    assert listing.capabilities == "MARKET LIMIT GTC DAY IOC REPLACE LOOKUP"
    assert (listing.absence_after_ms, listing.complete, listing.last_fragment) == (1000, True, True)


@pytest.mark.length("ci")
def test_a_long_list_of_orders(house):
    """A thousand open orders are a thousand reports, however slowly the line takes them."""
    for number in range(1000):
        house.end.say(new(f"L{number}"), house.clock.now_ns)
    house.run(100)
    house.network.most_written = 3000
    house.end.say(
        OrderMassStatusRequest(mass_status_req_id="M9", mass_status_req_type=7), house.clock.now_ns
    )
    heard = [one for one in house.run(1500) if getattr(one, "mass_status_req_id", "") == "M9"]
    assert len(heard) == 1000
    assert [one.last_rpt_requested for one in heard].count(True) == 1
    assert house.end.live


def test_what_a_bridge_does_not_take(house):
    """An application message that is not for a bridge is refused by name, a command too."""
    (refused,) = house.ask(OrderMassCancelRequest(
        cl_ord_id="G1", mass_cancel_request_type="7", transact_time=NOW
    ))  # fmt: skip
    assert (refused.msg_type, refused.ref_msg_type, refused.business_reject_reason) == ("j", "q", 3)
    (refused,) = house.ask(OperatorCommand(cl_ord_id="G2", command="FAULT", reason="x"))
    assert (refused.msg_type, refused.outcome) == ("U1", "REFUSED")


def test_notes_that_cannot_be_written_stop_everything():
    """The venue is not called, nothing is answered, and the program removes itself."""
    house = House(NotesFail=True)
    house.until_live()
    assert house.ask(new("H1")) == []
    assert "submit H1" not in house.program.journal
    assert house.program.removed


def test_a_cut_line_is_tried_again(house):
    """After a cut the next Logon comes soon; what happened meanwhile is not kept."""
    house.end.cut()
    house.program.post_book("down")
    house.run(5)
    (said,) = house.until_live()
    assert said.trad_ses_status == 3
    assert len(house.end.logons) == 2


def test_attempts_are_spread():
    """A gateway that refuses is asked again, with pauses that grow to half a second."""
    house = House(accepts=False)
    house.run(10_000)
    assert 10 <= len(house.end.logons) <= 40
    warnings = [line for line in house.program.journal if "AUTHENTICATION_FAILED" in line]
    assert len(warnings) == 1


def test_nobody_there():
    """Without a gateway the journal says once what to check."""
    house = House()
    house.network.close_door(PORT)
    house.run(5000)
    assert house.network.refused >= 8
    assert len([line for line in house.program.journal if "cannot connect" in line]) == 1


def test_a_silent_gateway_is_left(house):
    """It is tested after 1.2 intervals, and taken for dead after 2.4."""
    house.end.mute = True
    house.run(2600)
    assert any("heard nothing for 2 s" in line for line in house.program.journal)
    house.end.mute = False
    house.until_live()


def test_a_line_that_takes_nothing_is_left(house):
    """After two seconds in which not a byte went out the link is tried anew."""
    house.end.door[-1].capacity = 0
    house.end.say(new("J1"), house.clock.now_ns)
    house.end.mute = True
    house.run(2100)
    assert any("the peer takes nothing" in line for line in house.program.journal)
    house.end.mute = False
    house.until_live()
    (known,) = house.ask(status("J1"))
    assert known.ord_status == "0"


def test_a_resend_request_leads_to_reconciliation(house):
    """Nothing is resent: the link ends, and the next Logon begins at 1."""
    house.ask(ResendRequest(begin_seq_no=1, end_seq_no=0), ms=5)
    house.run(30)
    assert any("reconciliation instead of resend" in line for line in house.program.journal)
    house.until_live()
    assert house.end.logons[-1].msg_seq_num == 1


def test_the_dead_mans_hand():
    """A gateway that stays away has everything canceled, once; one that comes back in time not."""
    house = House(DeadManMs=3000)
    house.until_live()
    house.end.cut()
    house.end.accepts = False
    house.run(2500)
    house.end.accepts = True
    house.until_live()
    assert not any("cancel all" in line for line in house.program.journal)
    house.end.cut()
    house.end.accepts = False
    house.run(10_000)
    struck = [line for line in house.program.journal if line.startswith("cancel all: DEAD_MAN")]
    assert len(struck) == 1


def test_quotes_for_risk(house):
    """At most 20 a second however many ticks, one a second when nothing changes."""
    for _ in range(500):
        house.program.post_book("tick")
        house.run(1)
    heard = [m for m in house.end.heard if isinstance(m, MarketDataSnapshotFullRefresh)]
    assert 1 <= len(heard) <= 11
    assert heard[0].md_entries[0].md_entry_px == parse_decimal("1.1")
    before = len(house.end.heard)
    house.run(3050)
    quotes = [
        m for m in house.end.heard[before:] if isinstance(m, MarketDataSnapshotFullRefresh)
    ]
    assert len(quotes) == 3


def test_a_ban_is_passed_on(house):
    """The venue's warning becomes h with 5046."""
    house.program.post_book("warn")
    (said,) = house.run(30)
    assert (said.back_off_ms, said.trad_ses_status, said.text) == (1500, 1, "RATE_WARNED")


def test_market_data_goes_its_own_way():
    """Books are published, numbered, on the second connection, and only what is subscribed."""
    house = House(FeedsPort=FEEDS)
    door = house.network.listen(FEEDS)
    house.until_live()
    house.run(200)
    pipe = door[-1]
    zmtp = ZmtpEnd(b"XSUB", frame(b"\x09SUBSCRIBEMD.MT5.", flags=4))
    pipe.say(zmtp.first)
    house.run(20)
    for _ in range(3):
        house.program.post_book("tick")
        house.run(10)
    frames = zmtp.take(pipe.take())
    topics, contents = frames[::2], [codec.decode(content) for content in frames[1::2]]
    assert topics == [b"MD.MT5.EURUSD|"] * 3
    assert [content.feed_seq for content in contents] == [1, 2, 3]
    assert {content.target_comp_id for content in contents} == {"MD"}
    pipe.cut()
    house.run(300)
    assert len(door) == 2
    assert house.end.live


@needs_dictionary
def test_everything_it_says_is_fix(house):
    """Each report and answer is valid against the public FIX 4.4 dictionary."""
    frames = []
    send = house.end.fix.receive

    def keep(message, now_ns):
        frames.append(message)
        return send(message, now_ns)

    house.end.fix.receive = keep
    for message in (
        new("I1"), new("I2", kind=OrdType.MARKET), replace("I3", "I1"), cancel("I4", "I3"),
        cancel("I5", "I9"), status("I1"), status("I8"),
        OrderMassStatusRequest(mass_status_req_id="M1", mass_status_req_type=7),
        TradeCaptureReportRequest(trade_request_id="T1", trade_request_type=0),
        RequestForPositions(
            pos_req_id="P1", pos_req_type=PosReqType.POSITIONS, account="MT5",
            clearing_business_date="20260105", transact_time=NOW,
        ),
        CollateralInquiry(coll_inquiry_id="Q1"),
        SecurityListRequest(security_req_id="X1", security_list_request_type=4),
    ):  # fmt: skip
        house.ask(message)
    house.program.post_book("tick")
    house.run(100)
    kinds = {message.msg_type for message in frames}
    assert kinds >= {"8", "9", "AQ", "AE", "AO", "AP", "BG", "BA", "y", "W"}
    for message in frames:
        validate(codec.encode(
            message, sender_comp_id="MT5", target_comp_id="GATEWAY",
            msg_seq_num=message.msg_seq_num, sending_time=message.sending_time,
        ))  # fmt: skip
