"""The dialog on the bridge wire, with the paper venue behind it. Every frame is judged."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.bridge_wire import EURUSD, VENUE, Counter, kinds

from bridges.paper.ledger import read
from bridges.quotes import QUOTE_DEPTH
from protocol import codec
from protocol.fields import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecInst,
    MDEntryType,
    OrdRejReason,
    OrdStatus,
    Side,
    TradSesStatus,
)
from protocol.messages import (
    CollateralReport,
    Heartbeat,
    MarketDataSnapshotFullRefresh,
    MDEntry,
    ResendRequest,
    SecurityList,
    TradingSessionStatus,
)
from protocol.timestamps import parse_utc

LOW = "1.00000"


@pytest.fixture
def counter(tmp_path):
    """Give a bridge that is logged on."""
    return Counter(tmp_path)


def test_logon_resets_and_says_how_the_venue_is(counter):
    """A bridge logs on with 141=Y and says first that the venue's own link is up."""
    assert counter.logons[0].reset_seq_num_flag
    first = counter.heard[0]
    assert isinstance(first, TradingSessionStatus)
    assert (first.trading_session_id, first.trad_ses_status) == (VENUE, TradSesStatus.OPEN)


def test_logon_carries_a_signature_when_there_is_a_token(tmp_path):
    """With a token the Logon carries a fresh nonce and its HMAC, never the token."""
    counter = Counter(tmp_path, token=b"secret")
    logon = counter.logons[0]
    assert logon.raw_data
    assert len(logon.password) == 64


def test_market_order_lives_and_ends(counter):
    """A market order is accepted, filled with price, fee and trade id, and done."""
    order = counter.new()
    reports = counter.ask(order)
    assert kinds(reports) == ["0/0", "F/2"]
    fill = reports[1]
    assert fill.cl_ord_id == order.cl_ord_id
    assert (fill.last_qty, fill.cum_qty, fill.leaves_qty) == (10_000, 10_000, 0)
    assert fill.secondary_exec_id == "T1"
    assert fill.commission == (fill.last_px * fill.last_qty * Decimal("0.00003"))
    assert (fill.comm_type, fill.comm_currency, fill.last_liquidity_ind) == ("3", "USD", 2)


def test_cancel_names_the_request_and_the_order(counter):
    """The outcome of a cancel has 11 = the cancel's id and 41 = the order's."""
    order = counter.new(price=LOW)
    counter.ask(order)
    request = counter.cancel(order.cl_ord_id)
    (report,) = counter.ask(request)
    assert kinds([report]) == ["4/4"]
    assert (report.cl_ord_id, report.orig_cl_ord_id) == (request.cl_ord_id, order.cl_ord_id)


def test_replace_names_the_new_and_the_old(counter):
    """The outcome of a replace has 11 = the G's id, 41 = the previous one, 37 unchanged."""
    order = counter.new(price=LOW)
    (new,) = counter.ask(order)
    request = counter.replace(order.cl_ord_id, qty=20_000, price="1.01000")
    (report,) = counter.ask(request)
    assert kinds([report]) == ["5/0"]
    assert (report.cl_ord_id, report.orig_cl_ord_id) == (request.cl_ord_id, order.cl_ord_id)
    assert (report.order_id, report.order_qty) == (new.order_id, 20_000)


def test_a_venue_refusal_carries_its_reason(counter):
    """The venue's refusal is 150=8 with 5003=V, a reason and a text."""
    crossing = counter.new(
        price="2.00000", exec_inst=ExecInst.PARTICIPATE_DONT_INITIATE
    )  # fmt: skip
    (report,) = counter.ask(crossing)
    assert kinds([report]) == ["8/8"]
    assert report.reject_source == "V"
    assert report.text.startswith("POST_ONLY")


def test_cancel_of_an_id_never_sent_tombstones_it(counter):
    """A cancel of an unknown id proves NEVER_SENT, and a D with it is refused ever after."""
    order = counter.new()
    (reject,) = counter.ask(counter.cancel(order.cl_ord_id))
    assert (reject.order_id, reject.text) == ("NONE", "NEVER_SENT")
    assert reject.cxl_rej_reason is CxlRejReason.UNKNOWN_ORDER
    assert reject.ord_status is OrdStatus.REJECTED
    (refusal,) = counter.ask(order)
    assert kinds([refusal]) == ["8/8"]
    assert refusal.text.startswith("TOMBSTONED")
    assert counter.exchange.received == {}


def test_tombstone_in_the_same_batch(counter):
    """A cancel and its late order in one batch: the order is refused all the same."""
    order = counter.new()
    counter.say(counter.cancel(order.cl_ord_id))
    counter.say(order)
    assert kinds(counter.run().take())[-2:] == ["9", "8/8"]


def test_lookup_of_an_id_never_sent(counter):
    """A lookup of an unknown id answers NEVER_SENT, complete, and tombstones it."""
    order = counter.new()
    (report,) = counter.ask(counter.status(order.cl_ord_id))
    assert kinds([report]) == ["I/8"]
    assert (report.order_id, report.text, report.complete) == ("NONE", "NEVER_SENT", True)
    assert report.ord_rej_reason is OrdRejReason.UNKNOWN_ORDER
    assert kinds(counter.ask(order)) == ["8/8"]


def test_lookup_of_an_id_the_venue_does_not_know(counter):
    """An id that was noted but never arrived answers UNKNOWN_AT_VENUE: no proof of absence."""
    order = counter.new()
    counter.id_log.hold(order.cl_ord_id)
    (report,) = counter.ask(counter.status(order.cl_ord_id))
    assert (report.text, report.complete) == ("UNKNOWN_AT_VENUE", True)
    (reject,) = counter.ask(counter.cancel(order.cl_ord_id))
    assert (reject.order_id, reject.text) == ("NONE", "UNKNOWN_AT_VENUE")


def test_the_same_id_is_never_sent_twice(counter):
    """A second D with an id is answered by the state of the order, and the venue sees one."""
    order = counter.new(price=LOW)
    counter.ask(order)
    (report,) = counter.ask(order)
    assert kinds([report]) == ["I/0"]
    assert report.text.startswith("DUPLICATE")
    assert counter.exchange.received == {order.cl_ord_id: 1}


def test_lookup_by_any_id_of_the_chain(counter):
    """A replaced order is found by its old id, and says which id it has now."""
    order = counter.new(price=LOW)
    counter.ask(order)
    request = counter.replace(order.cl_ord_id, price="1.01000")
    counter.ask(request)
    (report,) = counter.ask(counter.status(order.cl_ord_id))
    assert (report.cl_ord_id, report.orig_cl_ord_id) == (request.cl_ord_id, order.cl_ord_id)
    assert (report.price, report.complete) == (Decimal("1.01"), True)


def test_open_orders_none_and_some(counter):
    """Open orders come as 150=I with count and last; none is one report that says so."""
    (none,) = counter.ask(counter.open_orders())
    assert (none.order_id, none.tot_num_reports, none.last_rpt_requested) == ("NONE", 0, True)
    assert (none.ord_status, none.complete, none.cl_ord_id) == (OrdStatus.REJECTED, True, None)
    for price in ("1.00000", "1.00010"):
        counter.ask(counter.new(price=price))
    reports = counter.ask(counter.open_orders())
    assert kinds(reports) == ["I/0", "I/0"]
    assert [one.last_rpt_requested for one in reports] == [None, True]
    assert {one.tot_num_reports for one in reports} == {2}
    assert all(one.complete for one in reports)


def test_fills_since_a_moment(counter):
    """AQ tells how many AEs follow, zero allowed; only fills from the moment on."""
    deposit, empty = counter.ask(counter.fills())
    assert kinds([deposit, empty]) == ["BA", "AQ"]
    assert (empty.tot_num_trade_reports, empty.complete) == (0, True)
    counter.ask(counter.new())
    later_ns = counter.now_ns + 1
    order = counter.new(Side.SELL)
    counter.ask(order)
    assert kinds(counter.ask(counter.fills())) == ["BA", "AQ", "AE", "AE"]
    _, report = counter.ask(counter.fills(later_ns))
    assert report.secondary_exec_id == "T2"
    assert report.sides[0].cl_ord_id == order.cl_ord_id
    assert report.sides[0].commission > 0


def test_positions_and_balances(counter):
    """AO counts the APs, BG the BAs; both are complete and agree with the fills."""
    (fill,) = counter.ask(counter.new())[1:]
    ack, position = counter.ask(counter.positions())
    assert (ack.total_num_pos_reports, ack.complete) == (1, True)
    assert (position.symbol, position.positions[0].long_qty) == (EURUSD, 10_000)
    assert position.settl_price == fill.last_px
    ack, *balances = counter.ask(counter.balances())
    assert (ack.tot_num_reports, ack.complete) == (2, True)
    assert {one.currency: one.end_cash for one in balances} == {
        "EUR": Decimal(10_000),
        "USD": 1_000_000 - fill.last_px * 10_000 - fill.commission,
    }


def test_instruments_and_capabilities(counter):
    """The y tells each instrument's rules and what the venue can do."""
    (listing,) = counter.ask(counter.instruments())
    assert isinstance(listing, SecurityList)
    one = listing.securities[0]
    assert (one.symbol, one.security_exchange, one.currency) == (EURUSD, VENUE, "USD")
    assert (one.price_tick, one.qty_step) == (Decimal("0.00001"), 1000)
    assert {"MARKET", "STOP_LIMIT", "FOK", "POST_ONLY", "LOOKUP"} <= set(
        listing.capabilities.split()
    )
    assert listing.absence_after_ms > 0
    assert listing.complete


def test_an_instrument_tells_its_currencies_funding_and_margin(tmp_path):
    """Base currency always; funding with its next moment, and margin, where there are any."""
    rules = {"funding_rate": "0.0001", "funding_interval_ms": 3_600_000, "margin_rate": "0.02"}
    counter = Counter(tmp_path / "funded", instruments={EURUSD: rules})
    (listing,) = counter.ask(counter.instruments())
    (one,) = [s for s in listing.securities if s.symbol == EURUSD]
    assert (one.base_currency, one.currency) == ("EUR", "USD")
    assert (one.funding_rate, one.funding_interval_ms) == (Decimal("0.0001"), 3_600_000)
    left_ns = parse_utc(one.funding_time) - parse_utc(listing.sending_time)
    assert 0 < left_ns <= 3_600_000_000_000
    assert parse_utc(one.funding_time) % 3_600_000_000_000 == 0
    assert one.margin_rate == Decimal("0.02")
    counter = Counter(tmp_path / "plain")
    (listing,) = counter.ask(counter.instruments())
    one = listing.securities[0]
    assert (one.funding_rate, one.funding_time) == (None, None)
    assert one.margin_rate == Decimal("0.05")


def test_quotes_are_conflated(counter):
    """The session carries at most 20 quotes a second for a symbol, ten levels a side at most."""
    counter.take()
    counter.run(1000)
    quotes = [one for one in counter.heard if isinstance(one, MarketDataSnapshotFullRefresh)]
    assert 5 < len(quotes) <= 20
    assert all(2 <= len(one.md_entries) <= 2 * QUOTE_DEPTH for one in quotes)


def test_books_and_trades_are_published_in_sequence(counter):
    """Every book and trade is published under its topic, numbered without a gap."""
    counter.run(2000)
    seqs = {}
    for topic, frame in counter.publications.sent:
        assert topic in {f"MD.{VENUE}.{EURUSD}|", f"TR.{VENUE}.{EURUSD}|"}
        message = codec.decode(frame)
        assert (message.sender_comp_id, message.target_comp_id) == (VENUE, "MD")
        seqs.setdefault(topic, []).append(message.feed_seq)
    assert len(seqs) == 2
    assert all(found == list(range(1, len(found) + 1)) for found in seqs.values())


def test_a_dead_gateway_is_noticed_and_found_again(counter):
    """Silence ends the link; a restarted gateway is logged on to anew, on a fresh socket."""
    order = counter.new(price=LOW)
    counter.ask(order)
    counter.kill_gateway()
    counter.run(8000)
    assert not counter.bridge.session.logged_on
    before = counter.wire.reopened
    counter.start_gateway()
    counter.run(3000)
    assert counter.bridge.session.logged_on
    assert counter.wire.reopened > before
    assert len(counter.ask(counter.open_orders())) == 1


def test_dead_man(tmp_path):
    """When the gateway has been gone for the dead-man time, what rests is cancelled, once."""
    counter = Counter(tmp_path, dead_man_ms=10_000)
    counter.ask(counter.new(price=LOW))
    counter.kill_gateway()
    counter.run(9_000)
    assert len(counter.exchange.open_orders()) == 1
    counter.run(8_000)
    assert counter.exchange.open_orders() == ()
    assert counter.bridge.dead_man_struck
    ends = [line["text"] for line in read(tmp_path / "ledger.jsonl") if line["k"] == "canceled"]
    assert ends == ["DEAD_MAN: the gateway is gone"]


def test_fills_go_on_while_the_gateway_is_down(counter):
    """A resting order may fill while nobody is there; fills-since tells of it afterwards."""
    best = counter.exchange.pits[EURUSD]
    price = best.grid.price(best.book.bids.best())
    counter.ask(counter.new(price=str(price)))
    counter.kill_gateway()
    for _ in range(100):
        counter.run(1000, step_ms=10)
        if counter.exchange.fills:
            break
    assert counter.exchange.fills
    counter.run(8000)
    counter.start_gateway()
    counter.run(3000)
    assert kinds(counter.ask(counter.fills()))[1:3] == ["AQ", "AE"]


def test_a_link_that_is_full_for_a_moment_loses_nothing(counter):
    """What ZeroMQ has no room for waits, in order: a long list must not end the link it is for."""
    for _ in range(3):
        counter.ask(counter.new(price=LOW))
    counter.wire.full = True
    counter.say(counter.open_orders())
    counter.run(1_000)
    assert counter.bridge.session.logged_on
    counter.wire.full = False
    assert kinds(counter.ask(counter.open_orders())) == ["I/0"] * 6
    assert len(counter.logons) == 1


def test_a_link_that_stays_full_is_dropped(counter):
    """When ZeroMQ has no room for long the link is dropped: the gateway asks after the Logon."""
    counter.wire.full = True
    counter.say(counter.new(price=LOW))
    counter.run(2_100)
    assert not counter.bridge.session.logged_on
    counter.wire.full = False
    counter.start_gateway()
    counter.run(3000)
    assert len(counter.ask(counter.open_orders())) == 1


def test_a_resend_request_means_a_new_logon(counter):
    """A bridge resends nothing: asked to, it logs on anew and lets the gateway reconcile."""
    counter.say(ResendRequest(begin_seq_no=1, end_seq_no=0))
    counter.run(2)
    counter.start_gateway()
    counter.run(1000)
    assert len(counter.logons) == 2
    assert counter.bridge.session.logged_on


def test_what_is_not_spoken_is_answered(counter):
    """An application message that no bridge takes is answered by j."""
    entries = (MDEntry(md_entry_type=MDEntryType.BID),)
    nonsense = MarketDataSnapshotFullRefresh(symbol=EURUSD, md_entries=entries)
    (answer,) = counter.ask(nonsense)
    assert answer.msg_type == "j"
    assert answer.ref_msg_type == "W"


def test_a_heartbeat_is_no_business(counter):
    """Administrative messages never reach the venue and are not answered."""
    assert counter.ask(Heartbeat()) == []


def test_late_replace_is_refused_with_the_order(counter):
    """A replace of a finished order gets 9 with the order's true state."""
    order = counter.new()
    counter.ask(order)
    (reject,) = counter.ask(counter.replace(order.cl_ord_id))
    assert reject.cxl_rej_response_to is CxlRejResponseTo.REPLACE
    assert reject.cxl_rej_reason is CxlRejReason.TOO_LATE_TO_CANCEL
    assert reject.ord_status is OrdStatus.FILLED


def test_ledger_entries_come_unasked(tmp_path):
    """Funding is told as a BA with the venue's ledger id, and again before fills that are asked."""
    counter = Counter(
        tmp_path,
        instruments={EURUSD: {"funding_rate": "0.0001", "funding_interval_ms": 1000}},
    )
    counter.ask(counter.new())
    heard = counter.run(2500, step_ms=5).take()
    told = [one for one in heard if isinstance(one, CollateralReport)]
    assert len(told) >= 2
    assert {one.ledger_kind for one in told} == {"FUNDING"}
    answers = counter.ask(counter.fills())
    again = [one for one in answers if isinstance(one, CollateralReport)]
    assert {one.coll_rpt_id for one in told} <= {one.coll_rpt_id for one in again}
    assert answers[: len(again)] == again
