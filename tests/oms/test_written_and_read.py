"""What the gateway has written down it can read again, however long or odd it became."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.desk import (
    ACCOUNT,
    SYMBOL,
    VENUE,
    Desk,
    Exchange,
    Record,
    change,
    new_order,
    rules,
)

from gateway.oms.apply import IN, OUT, entry_of
from gateway.oms.effects import NOTE_ENTRIES, in_parts
from gateway.oms.orders import BrokenFold
from protocol import codec
from protocol.errors import InvalidMessage
from protocol.fields import ExecType, OrdStatus, PosReqResult, PosReqType, Side
from protocol.messages import (
    OperatorCommand,
    PositionQty,
    PositionReport,
    RequestForPositions,
    TradeCaptureReport,
    TradeCaptureSide,
)
from protocol.timestamps import format_date, format_utc

HEAD = "49=MM\x0156=GATEWAY\x0134=2\x0152=20260105-09:30:00\x01"
LONG = '"' * 60
"""An id of characters that JSON writes as two."""


@pytest.mark.parametrize("body", ["35=4\x01{}36=x\x01", "35=A\x01{}108=none\x01", "35=4\x01{}"])
def test_a_broken_rule_of_a_peer_is_replayed_as_nothing(body):
    """An invalid Logon or SequenceReset that took its number is journaled; replay reads past it."""
    frame = codec.wrap(body.format(HEAD))
    with pytest.raises(InvalidMessage):
        codec.decode(frame)
    desk = Desk()
    desk.log_on("MM")
    desk.record(IN, "MM", frame)
    assert desk.book.state.sessions["MM"].next_in == 3
    assert desk.replayed().digest() == desk.book.digest()


def test_a_record_of_ours_that_nobody_understands_stops_the_replay():
    """To leave out what we said would be another past: the record is named, and nothing goes on."""
    frame = codec.wrap(f"35=8\x01{HEAD}58=of another version\x01")
    with pytest.raises(BrokenFold, match="record 7 cannot be understood"):
        entry_of(Record(7, 0, OUT, "MM", frame))


def trade(number: int) -> TradeCaptureReport:
    """A fill of the venue's history, before our time."""
    now = format_utc(Desk().now_ns)
    return TradeCaptureReport(
        trade_report_id=f"{LONG}{number}", secondary_exec_id=f"{LONG}{number}",
        previously_reported=False, symbol=SYMBOL, last_qty=Decimal(1), last_px=Decimal(1),
        trade_date=now[:8], transact_time=now,
        sides=(TradeCaptureSide(side=Side.BUY, order_id="NONE"),),
    )  # fmt: skip


def position(desk: Desk, symbol: str, qty: str, name: str | None = None) -> PositionReport:
    """A position that the venue tells."""
    return PositionReport(
        pos_maint_rpt_id="P", pos_req_result=PosReqResult.VALID, account=ACCOUNT, symbol=symbol,
        clearing_business_date=format_date(desk.now_ns), settl_price=Decimal(1),
        prior_settl_price=Decimal(0),
        positions=(PositionQty(pos_type="TQ", long_qty=Decimal(qty), short_qty=Decimal(0)),),
        position_id=name,
    )  # fmt: skip


def test_a_long_past_is_noted_in_parts():
    """A baseline of a thousand trades and positions fits its frames and is read back whole."""
    desk = Desk()
    desk.log_on(VENUE)
    held = [
        position(desk, f"{LONG}{number}", "9" * 18, f"{LONG}{number}") for number in range(1_000)
    ]
    desk.answer_round(trades=[trade(number) for number in range(1_000)], positions=held)
    assert len(desk.book.state.fills[VENUE]) == 1_000
    assert len(desk.book.state.venues[VENUE].baseline) == 1_000
    assert len(desk.book.state.tickets[VENUE]) == 1_000
    assert desk.core.market.venue(VENUE).ready
    assert desk.replayed().digest() == desk.book.digest()


def test_a_sum_longer_than_any_number_on_the_wire_is_read_back():
    """Positions that add up to more than 18 digits are a baseline all the same."""
    desk = Desk()
    desk.log_on(VENUE)
    desk.answer_round(positions=[position(desk, SYMBOL, "9" * 18) for _ in range(20)])
    assert desk.book.account_qty(ACCOUNT, VENUE, SYMBOL) == 20 * Decimal("9" * 18)
    assert desk.replayed().digest() == desk.book.digest()


@pytest.mark.parametrize("count", [0, 1, NOTE_ENTRIES, NOTE_ENTRIES + 1, 1_000])
def test_a_note_in_parts_holds_every_entry_once(count):
    """However many entries there are, each stands in one part, and every part says the rest."""
    listed = [str(number) for number in range(count)]
    parts = list(in_parts("KIND", {"list": listed, "table": dict.fromkeys(listed, 1), "a": 1},
                          "list", "table"))  # fmt: skip
    assert [entry for part in parts for entry in part.body["list"]] == listed
    assert [entry for part in parts for entry in part.body["table"]] == listed
    assert all(part.body["a"] == 1 for part in parts)
    assert len(parts) == max(1, -(-count // NOTE_ENTRIES))


def test_the_longest_part_fits_a_frame():
    """Ids of full length whose every character is escaped, with the longest numbers: it fits."""
    ids = [f"{LONG}{number:04}" for number in range(NOTE_ENTRIES)]
    held = {f"{one}|{one}": "9" * 40 for one in ids}
    (part,) = in_parts("BASELINE", {"a": held, "b": ids, "venue": LONG}, "a", "b")
    assert codec.decode(part.frame("20260105-09:30:00", 1)) == replace(
        part.message(), sender_comp_id="GATEWAY", target_comp_id="GATEWAY", msg_seq_num=1,
        sending_time="20260105-09:30:00",
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["new", "replace"])
def test_what_could_not_be_said_is_not_sent_on(kind):
    """An order or replace that its owner was never told of goes to no venue."""
    desk = Desk()
    desk.open_up()
    request = new_order(desk, "A")
    if kind == "replace":
        Exchange(desk, desk.hear("MM", request)[-1]).accept()
        request = change(desk, "B", "A", "900", "1.1")
    effects = list(desk.core.receive("MM", request, desk.now_ns))  # and none is applied
    assert [effect.session for effect in effects] == ["MM"]


def test_an_order_that_no_frame_can_hold_was_not_received():
    """When the venue's D cannot be written, the order is refused: it never left, and never will."""
    desk = Desk()
    desk.open_up()
    effects = desk.core.receive("MM", new_order(desk, "A"), desk.now_ns)
    desk.run([next(effects)])
    unsaid = next(effects)
    desk.run(desk.core.send_refused(unsaid.session, unsaid.message, desk.now_ns))
    assert desk.told("MM")[-1].text == "NOT_RECEIVED"
    assert not desk.book.open_orders()
    assert desk.replayed().digest() == desk.book.digest()


def test_a_venues_long_reason_reaches_the_owner_cut():
    """A text of full length is passed on with our words before it, clipped, and is replayed."""
    desk = Desk()
    desk.open_up()
    exchange = Exchange(desk, desk.hear("MM", new_order(desk, "A"))[-1])
    desk.log_on("OPERATOR/ann/1")
    exchange.say(ExecType.REJECTED, OrdStatus.REJECTED, text="r" * 2048)
    assert desk.told("MM")[-1].text == "r" * 2048
    desk.hear("OPERATOR/ann/1", OperatorCommand(
        cl_ord_id="1", command="KILL", scope="all", reason="r" * 2048
    ))  # fmt: skip
    assert desk.told("MM")[-1].text == f"by ann: {'r' * 2039}…"
    desk.hear("MM", new_order(desk, "B"))
    assert desk.told("MM")[-1].text.endswith("r…")
    assert desk.replayed().digest() == desk.book.digest()


@pytest.mark.parametrize(("qty", "px"), [("9" * 18, "1"), ("1" + "0" * 15, "1"), ("1", "9" * 18)])
def test_an_absurd_fill_moves_nothing(qty, px):
    """A quantity or price that no market has is an alert: what it adds up to could not be told."""
    desk = Desk()
    desk.open_up()
    exchange = Exchange(desk, desk.hear("MM", new_order(desk, "A"))[-1])
    exchange.fill(qty, px=px)
    assert "BAD_FILL" in {note.body.get("alert") for note in desk.notes}
    assert desk.book.order_of("MM", "A").cum_qty == 0
    assert not desk.book.state.positions.get("MM")


def test_sums_too_long_for_the_wire_are_left_out_of_a_position():
    """A profit of more than 18 digits is kept, and simply not told: the rest of the AP is."""
    desk = Desk(rules(max_order_qty=Decimal(10**15), max_order_notional=Decimal(10**30)))
    desk.open_up()
    for number, (side, px) in enumerate(((Side.BUY, "1"), (Side.SELL, "9" * 15)) * 2):
        order = new_order(desk, str(number), "999999999999999", px, side=side)
        exchange = Exchange(desk, desk.hear("MM", order)[-1])
        exchange.fill("999999999999999", px=px)
    told = desk.hear("MM", RequestForPositions(
        pos_req_id="P", pos_req_type=PosReqType.POSITIONS, account=ACCOUNT,
        clearing_business_date=format_date(desk.now_ns), transact_time=format_utc(desk.now_ns),
    ))  # fmt: skip
    assert told[-1].realized_pnl is None
    assert told[-1].positions[0].long_qty == 0
    assert desk.book.state.positions["MM"][f"{ACCOUNT}|{VENUE}|{SYMBOL}"].realized > 10**18
    assert desk.replayed().digest() == desk.book.digest()
