"""What can be asked and changes nothing: positions, balances, instruments, a book, open orders."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.desk import ACCOUNT, SYMBOL, T0, VENUE
from support.lines import Play, line

from protocol.fields import (
    CollStatus,
    MassStatusReqType,
    PosReqType,
    SecurityListRequestType,
    SecurityRequestResult,
)
from protocol.fragments import fragments
from protocol.messages import (
    CollateralInquiry,
    CollateralReport,
    MarketDataRequest,
    MDReqSymbol,
    MDReqType,
    OrderMassStatusRequest,
    RequestForPositions,
    Security,
    SecurityList,
    SecurityListRequest,
)
from protocol.timestamps import format_date, format_utc


@pytest.fixture
def play():
    """MM holds 4000 of an order of 10000; what is said replays to the same state."""
    play = Play()
    exchange = play.order()
    exchange.fill("4000", px="1.1")
    play.lines()
    yield play
    assert play.desk.replayed().digest() == play.desk.book.digest()


def answers(play, question):
    """Let MM ask; return what MM is told."""
    before = len(play.desk.told("MM"))
    play.desk.hear("MM", question)
    return play.desk.told("MM")[before:]


def positions(play, **fields):
    """Ask for positions."""
    fields.setdefault("account", ACCOUNT)
    return answers(play, RequestForPositions(
        pos_req_id="P", pos_req_type=PosReqType.POSITIONS, clearing_business_date=format_date(T0),
        transact_time=format_utc(T0), **fields,
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({}, 1), ({"account": "ALL"}, 1), ({"account": "OTHER"}, 0), ({"symbol": SYMBOL}, 1),
        ({"symbol": "OTHER"}, 0), ({"security_exchange": VENUE}, 1),
        ({"security_exchange": "OTHER"}, 0),
    ],
)  # fmt: skip
def test_positions(play, fields, count):
    """AO says how many follow; an AP has quantity, average price, fees."""
    ack, *reports = positions(play, **fields)
    assert ack.total_num_pos_reports == len(reports) == count
    for report in reports:
        assert (report.positions[0].long_qty, report.settl_price) == (4000, Decimal("1.1"))
        assert report.fees[0].fee_amt == Decimal("0.01")


def test_a_strategy_sees_its_own_positions_only(play):
    """Another strategy's positions are not shown."""
    play.desk.hear("MOM", RequestForPositions(
        pos_req_id="P", pos_req_type=PosReqType.POSITIONS, clearing_business_date=format_date(T0),
        transact_time=format_utc(T0), account="ALL",
    ))  # fmt: skip
    assert play.desk.told("MOM")[-1].total_num_pos_reports == 0


def book_balance(play, **fields):
    """Let the venue book something without an order."""
    play.desk.hear(VENUE, CollateralReport(
        coll_rpt_id="L1", coll_status=CollStatus.ASSIGNED, end_cash=Decimal("-1.5"),
        ledger_kind="FEE", **fields,
    ))  # fmt: skip


def test_a_fee_of_the_account_does_not_break_anybodys_listing(play):
    """A ledger entry without symbol, account or currency is somebody's all the same."""
    book_balance(play)
    assert len(positions(play, account="ALL")) == 2
    shown = play.desk.book.state.positions["EXTERNAL"]
    assert list(shown) == [f"{ACCOUNT}|{VENUE}|"]


@pytest.mark.parametrize(("venue", "complete"), [(None, True), (VENUE, True), ("NOWHERE", None)])
def test_balances_of_what_one_may_see(play, venue, complete):
    """BG counts the BAs; a venue that nobody knows has none, leaves no trace, is not complete."""
    known = set(play.desk.core.market.venues)
    ack, *rest = answers(play, CollateralInquiry(coll_inquiry_id="C", security_exchange=venue))
    assert (ack.tot_num_reports, rest) == (0, [])
    assert bool(ack.complete) == bool(complete)
    assert set(play.desk.core.market.venues) == known


def test_instruments(play):
    """Y lists the venue's instruments with their rules; 560=2 when there are none."""
    every = SecurityListRequestType.ALL_SECURITIES
    (listing,) = answers(play, SecurityListRequest(
        security_req_id="S", security_list_request_type=every
    ))  # fmt: skip
    assert [security.symbol for security in listing.securities] == [SYMBOL]
    assert listing.securities[0].security_exchange == VENUE
    (listing,) = answers(play, SecurityListRequest(
        security_req_id="S", security_list_request_type=every, symbol="OTHER"
    ))  # fmt: skip
    assert listing.securities == ()


def longest(number):
    """An instrument whose every field is as long as it may be."""
    wide = -Decimal(f"{'9' * 18}.{'9' * 18}")
    return Security(
        symbol=f"{number:064}", contract_multiplier=wide, security_exchange="X" * 64,
        currency="C" * 64, min_trade_vol=wide, price_tick=wide, qty_step=wide, min_notional=wide,
        max_qty=wide, maker_fee=wide, taker_fee=wide,
    )  # fmt: skip


def test_many_instruments_come_in_fragments(play):
    """A thousand instruments are told and asked in frames that fit; 893=Y is on the last only."""
    desk = play.desk
    desk.run(desk.core.inquest.ask_round(VENUE, desk.now_ns))
    request = next(m for m in reversed(desk.told(VENUE)) if isinstance(m, SecurityListRequest))
    whole = SecurityList(
        security_req_id=request.security_req_id, security_response_id="S",
        security_request_result=SecurityRequestResult.VALID, complete=True,
        securities=tuple(longest(number) for number in range(1_000)),
    )  # fmt: skip
    parts = list(fragments(whole))
    for part in parts:
        assert not desk.core.market.venue(VENUE).answers.securities
        desk.hear(VENUE, part)
    assert desk.core.market.venue(VENUE).answers.securities
    told = answers(play, SecurityListRequest(
        security_req_id="S", security_list_request_type=SecurityListRequestType.ALL_SECURITIES
    ))  # fmt: skip
    assert len(parts) == 10
    assert [part.last_fragment for part in told] == [False] * 10 + [True]
    assert {part.tot_no_related_sym for part in told} == {1_001}
    names = [security.symbol for part in told for security in part.securities]
    assert names == sorted({*(f"{number:064}" for number in range(1_000)), SYMBOL})



def test_open_orders(play):
    """AF: each open order, 912 on the last; none: one 8 with 37=NONE and 911=0."""
    question = OrderMassStatusRequest(
        mass_status_req_id="Q", mass_status_req_type=MassStatusReqType.ALL
    )
    play.order("Y").accept()
    told = answers(play, question)
    assert [line(message) for message in told] == [
        "I/1 (X) q10000 c4000 l6000", "I/0 (Y) q10000 c0 l10000",
    ]  # fmt: skip
    assert [message.last_rpt_requested for message in told] == [False, True]
    play.desk.hear("MOM", question)
    nothing = play.desk.told("MOM")[-1]
    assert (nothing.order_id, nothing.tot_num_reports) == ("NONE", 0)


def test_a_book(play):
    """V: the last quote, or Y when there is none."""
    for symbol, kind in ((SYMBOL, "W"), ("OTHER", "Y")):
        told = answers(play, MarketDataRequest(
            md_req_id="V", subscription_request_type="0", market_depth=1,
            md_entry_types=(MDReqType(md_entry_type="0"),),
            related_sym=(MDReqSymbol(symbol=symbol),),
        ))  # fmt: skip
        assert [message.msg_type for message in told] == [kind]


def test_what_nobody_understands(play):
    """A message that a strategy may not say gets j."""
    told = answers(play, CollateralReport(
        coll_rpt_id="X", coll_status=CollStatus.ASSIGNED, currency="USD", end_cash=Decimal(1)
    ))  # fmt: skip
    assert [message.msg_type for message in told] == ["j"]
