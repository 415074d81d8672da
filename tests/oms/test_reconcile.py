"""Reconciliation: our view and the venue's in, the differences out, the same twice over."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.desk import ACCOUNT, SYMBOL, T0, VENUE, Desk, Exchange, new_order
from support.lines import Play

from protocol.fields import CollStatus, OrdStatus, PosReqResult, Side
from protocol.fields import ExecType as E
from protocol.messages import (
    CollateralReport,
    ExecutionReport,
    NewOrderSingle,
    PositionQty,
    PositionReport,
    RequestForPositions,
    RequestForPositionsAck,
    TradeCaptureReport,
    TradeCaptureSide,
)
from protocol.numbers import ZERO
from protocol.order_id import OrderId
from protocol.timestamps import format_date, format_utc


@pytest.fixture
def play():
    """An order X of 10000 that rests."""
    play = Play()
    play.exchange = play.order()
    play.exchange.accept()
    play.lines()
    return play


def captured(trade_id, qty, cl_ord_id=None, side=Side.BUY, at_ns=T0):
    """One trade of the venue's history."""
    return TradeCaptureReport(
        trade_report_id=trade_id, secondary_exec_id=trade_id, previously_reported=False,
        symbol=SYMBOL, last_qty=Decimal(qty), last_px=Decimal("1.1"),
        trade_date=format_date(at_ns), transact_time=format_utc(at_ns),
        sides=(TradeCaptureSide(side=side, order_id="V", cl_ord_id=cl_ord_id),),
    )  # fmt: skip


def again(play, **snapshot):
    """Let a minute pass and the venue answer the round that is then asked."""
    play.desk.pass_time(61_000)
    play.desk.answer_round(**snapshot)


def listed(play):
    """The order as the venue lists it."""
    return [play.exchange.report(E.ORDER_STATUS, OrdStatus.NEW)]


def alerts(desk):
    """Every alert so far."""
    found = [note.body["alert"] for note in desk.notes if note.kind == "ALERT"]
    return [alert for alert in found if not alert.startswith("FEED_")]


def held(desk, owner):
    """Quantity of an owner."""
    return sum((p.qty for p in desk.book.state.positions.get(owner, {}).values()), ZERO)


def parts(desk):
    """What reconciliation may change, without numbers and watermarks."""
    state = desk.book.state
    desk.digest = desk.book.digest()
    return state.part, state.positions, len(state.orders)


def test_a_missed_fill_is_found_once(play):
    """A fill that was never reported is told once, however often the snapshot shows it."""
    play.exchange.cum = Decimal(4000)
    trades = [captured("T1", 4000, play.exchange.wire_id)]
    again(play, orders=listed(play), trades=trades)
    assert [text for text in play.lines() if text != "h"] == ["F/1 (X) q10000 c4000 l6000"]
    before = parts(play.desk)
    again(play, orders=listed(play), trades=trades)
    assert play.lines() == []
    assert parts(play.desk) == before
    assert play.settled()


def test_a_fill_told_live_is_not_counted_again(play):
    """The live report and the snapshot name the same trade: one fill."""
    play.exchange.fill("4000", trade_id="T1")
    play.lines()
    again(play, orders=listed(play), trades=[captured("T1", 4000, play.exchange.wire_id)])
    assert play.lines() == []
    assert held(play.desk, "MM") == 4000


def test_a_late_report_of_what_the_snapshot_told(play):
    """The other way round: the live report comes after the snapshot and changes nothing."""
    again(play, orders=listed(play), trades=[captured("T1", 4000, play.exchange.wire_id)])
    play.exchange.fill("4000", trade_id="T1")
    assert held(play.desk, "MM") == 4000


def test_the_same_round_changes_nothing(play):
    """An agreeing round moves nothing but the watermark."""
    again(play, orders=listed(play))
    before = parts(play.desk)
    again(play, orders=listed(play))
    assert parts(play.desk) == before
    assert play.lines() == []
    assert alerts(play.desk) == []


def test_a_trade_by_hand_goes_to_external(play):
    """A trade without an id of ours is EXTERNAL's, with account and currency, and alerts; once."""
    trades = [captured("H1", 700, at_ns=play.desk.now_ns)]
    again(play, orders=listed(play), trades=trades)
    again(play, orders=listed(play), trades=trades)
    assert held(play.desk, "EXTERNAL") == 700
    assert alerts(play.desk).count("EXTERNAL_FILL") == 1
    position = play.desk.book.state.positions["EXTERNAL"][f"{ACCOUNT}|{VENUE}|{SYMBOL}"]
    assert position.currency == "USD"


def stranger(cl_ord_id=None, trade_id="H1"):
    """A fill that names no order of ours, as it is reported live."""
    return ExecutionReport(
        order_id="V9", exec_id="E9", exec_type=E.TRADE, ord_status=OrdStatus.FILLED, symbol=SYMBOL,
        side=Side.SELL, leaves_qty=ZERO, cum_qty=Decimal(700), avg_px=ZERO, last_qty=Decimal(700),
        last_px=Decimal("1.1"), secondary_exec_id=trade_id, cl_ord_id=cl_ord_id,
    )  # fmt: skip


def test_a_trade_by_hand_told_live(play):
    """Live and in the snapshot it is one trade; the account is the venue's."""
    play.desk.hear(VENUE, stranger())
    again(play, orders=listed(play), trades=[captured("H1", 700, side=Side.SELL)])
    assert held(play.desk, "EXTERNAL") == -700
    assert play.desk.book.account_qty(ACCOUNT, VENUE, SYMBOL) == -700


FOREIGN = OrderId(2, 50, 7).text()


def test_another_instance_is_left_alone(play):
    """Orders and fills with the ids of another gateway on the account are not ours to touch."""
    order = replace(listed(play)[0], cl_ord_id=FOREIGN, order_id="V77")
    sent = len(play.desk.told(VENUE))
    again(play, orders=[*listed(play), order], trades=[captured("T9", 500, FOREIGN)])
    play.desk.hear(VENUE, stranger(FOREIGN, "T10"))
    asked = play.desk.told(VENUE)[sent:]
    assert not [message for message in asked if message.msg_type in {"D", "F", "G"}]
    assert alerts(play.desk) == []
    assert "EXTERNAL" not in play.desk.book.state.positions


def test_an_order_of_nobody_becomes_externals(play):
    """An open order that nobody here knows is EXTERNAL's, with one alert; it is not touched."""
    order = replace(listed(play)[0], cl_ord_id="BY-HAND", order_id="V77")
    for _ in range(2):
        again(play, orders=[*listed(play), order])
    assert alerts(play.desk) == ["EXTERNAL_ORDER"]
    (adopted,) = play.desk.book.open_orders(owner="EXTERNAL")
    assert (adopted.venue_order_id, adopted.origin) == ("V77", "MADE_AT_VENUE")
    assert not adopted.in_doubt


def test_an_order_the_venue_made_from_ours_is_told_to_its_parents_owner(play):
    """A stop-loss that the venue made (5014) gets an OrderID and reports to the parent's owner."""
    parent = listed(play)[0]
    made = replace(
        parent, cl_ord_id=None, order_id="SL1", exec_type=E.RESTATED,
        parent_order_id=parent.cl_ord_id, origin="STOP_LOSS",
    )  # fmt: skip
    (told,) = play.desk.hear(VENUE, made)
    assert (told.exec_type, told.origin) == (E.RESTATED, "STOP_LOSS")
    assert play.desk.book.state.orders[told.order_id].owner == "MM"
    assert told.parent_order_id == parent.cl_ord_id

    filled = replace(
        made, exec_type=E.TRADE, cl_ord_id="SL1", last_qty=told.leaves_qty,
        last_px=Decimal("1.1"), secondary_exec_id="TSL",
    )  # fmt: skip
    (fill,) = play.desk.hear(VENUE, filled)
    assert (fill.order_id, fill.ord_status.value) == (told.order_id, "2")
    assert play.desk.replayed().digest() == play.desk.book.digest()


def baseline(desk, *, trades=(), qty="5000"):
    """Answer a first round: the account holds something already."""
    desk.log_on(VENUE)
    asked = {type(message): message for message in desk.told(VENUE)}
    request = asked[RequestForPositions].pos_req_id
    original = desk.hear

    def with_position(session, message):
        if not isinstance(message, RequestForPositionsAck):
            return original(session, message)
        original(session, replace(message, total_num_pos_reports=1))
        return original(session, PositionReport(
            pos_maint_rpt_id="P", pos_req_id=request, pos_req_result=PosReqResult.VALID,
            clearing_business_date=format_date(T0), account=ACCOUNT, symbol=SYMBOL,
            settl_price=ZERO, prior_settl_price=ZERO,
            positions=(PositionQty(pos_type="TQ", long_qty=Decimal(qty), short_qty=ZERO),),
        ))  # fmt: skip

    desk.hear = with_position
    desk.answer_round(trades=trades)
    desk.hear = original


def test_first_contact_journals_a_baseline():
    """What the account held at first contact is a baseline, nobody's position."""
    desk = Desk()
    baseline(desk)
    assert desk.book.account_qty(ACCOUNT, VENUE, SYMBOL) == 5000
    assert desk.book.state.positions == {}
    assert alerts(desk) == []


def test_trades_before_first_contact_are_never_adopted():
    """The trades that the baseline holds already are not counted by a later round."""
    desk = Desk()
    old = captured("OLD", 300, at_ns=T0 - 30_000_000_000)
    baseline(desk, trades=[old])
    desk.pass_time(61_000)
    desk.answer_round(trades=[old])
    assert desk.book.state.positions == {}
    assert "EXTERNAL_FILL" not in alerts(desk)


def test_a_trade_told_before_the_baseline_is_in_it():
    """A stranger's fill that comes before the first round is answered is not counted beside it."""
    desk = Desk()
    desk.log_on(VENUE)
    desk.hear(VENUE, stranger())
    assert desk.book.state.positions == {}


def test_a_position_that_differs_alerts(play):
    """The venue says flat, our fills say 4000: a person is told, nothing is changed."""
    play.exchange.fill("4000", trade_id="T1")
    again(play, orders=listed(play))
    assert alerts(play.desk) == ["POSITION_MISMATCH"]
    assert held(play.desk, "MM") == 4000


def test_a_position_that_differs_alerts_once(play):
    """The same difference in the next round is no news; another one is."""
    play.exchange.fill("4000", trade_id="T1")
    again(play, orders=listed(play))
    again(play, orders=listed(play))
    assert alerts(play.desk) == ["POSITION_MISMATCH"]
    play.exchange.fill("1000", trade_id="T2")
    again(play, orders=listed(play))
    assert alerts(play.desk) == ["POSITION_MISMATCH"] * 2


def test_an_order_that_is_not_listed_is_in_doubt(play):
    """A list proves no absence: the order is asked about."""
    again(play)
    assert [text for text in play.lines() if text != "h"] == ["I/0 (X) q10000 c0 l10000 5007=Y"]
    assert play.desk.told(VENUE)[-1].msg_type in {"H", "BB", "AN", "AD", "AF", "x"}
    play.desk.pass_time(600)
    assert any(message.msg_type == "H" for message in play.desk.told(VENUE))


def ledger(desk, amount, ledger_id="L1", kind="FUNDING", **fields):
    """Let the venue book something that belongs to no order."""
    desk.hear(VENUE, CollateralReport(
        coll_rpt_id=ledger_id, coll_status=CollStatus.ASSIGNED, currency="USD",
        end_cash=Decimal(amount), ledger_kind=kind, account=ACCOUNT, **fields,
    ))  # fmt: skip


def two_owners():
    """MM holds 1000 and MOM 2000."""
    play = Play()
    for owner, qty in (("MM", "1000"), ("MOM", "2000")):
        play.desk.hear(owner, new_order(play.desk, "X", qty))
        exchange = Exchange(play.desk, play.last(NewOrderSingle))
        exchange.fill(qty)
    return play.desk


def test_funding_is_shared_by_position_exactly_and_once():
    """The shares are those of the positions, add up to the amount, and come once per ledger id."""
    desk = two_owners()
    ledger(desk, "-1.00", symbol=SYMBOL)
    ledger(desk, "-1.00", symbol=SYMBOL)
    name = f"{ACCOUNT}|{VENUE}|{SYMBOL}"
    shares = [desk.book.state.positions[owner][name].funding["USD"] for owner in ("MM", "MOM")]
    assert sum(shares) == Decimal("-1.00")
    assert shares[0] == Decimal("-0.333333333333")


def test_a_fee_without_a_symbol_is_external_and_can_be_asked_for():
    """A fee of the account belongs to nobody here: EXTERNAL pays, and listings still work."""
    desk = two_owners()
    ledger(desk, "-2.5", kind="FEE")
    position = desk.book.state.positions["EXTERNAL"][f"{ACCOUNT}|{VENUE}|"]
    assert position.fees == {"USD": Decimal("2.5")}
    assert desk.replayed().digest() == desk.book.digest()
