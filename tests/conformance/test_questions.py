"""What every bridge answers of orders, fills, positions, money and instruments: complete, and true.

Ids that were never sent are tombstoned, ids that were sent are never sent again, and all of it
holds over a restart of the bridge in every state of an order.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.bridge_wire import T0, kinds
from support.conformance import BTC

from protocol import codec
from protocol.fields import OrdStatus
from protocol.messages import (
    CollateralReport,
    ExecutionReport,
    MarketDataSnapshotFullRefresh,
    PositionReport,
    SecurityList,
    TradeCaptureReport,
)

BEFORE_NS = 3_600_000_000_000


def is_last(report):
    """Say whether a listing ends with this report."""
    return isinstance(report, ExecutionReport) and report.last_rpt_requested


def fills_of(desk):
    """Ask for the fills of the last hour."""
    since_ns = max(desk.now_ns - BEFORE_NS, T0)
    answers = desk.answers(
        desk.fills(since_ns),
        lambda one: getattr(one, "last_rpt_requested", None)
        or getattr(one, "tot_num_trade_reports", None) == 0,
    )
    assert answers[0].complete
    return [one for one in answers if isinstance(one, TradeCaptureReport)]


def position_of(desk):
    """Ask for the position."""
    answers = desk.answers(
        desk.positions(),
        lambda one: isinstance(one, PositionReport)
        or getattr(one, "total_num_pos_reports", None) == 0,
    )
    assert answers[0].complete
    held = [one.positions[0] for one in answers if isinstance(one, PositionReport)]
    return sum(((one.long_qty or 0) - (one.short_qty or 0) for one in held), Decimal(0))


def state_of(desk, name):
    """Ask for an order."""
    (report,) = desk.reports(desk.status(name), 1)
    return report


def test_a_lookup_finds_an_order_by_every_id_that_it_ever_had(desk):
    """H by the first id and by the newest is answered by the order as it lives now."""
    order = desk.order(qty="1.5", price="60010")
    desk.reports(order, 2)
    request = desk.replacing(order.cl_ord_id, "1.4", "59990")
    desk.reports(request, 1)
    for name in (order.cl_ord_id, request.cl_ord_id):
        report = state_of(desk, name)
        assert kinds([report]) == ["I/1"]
        assert report.complete
        assert (report.cl_ord_id, report.order_qty, report.cum_qty, report.price) == (
            request.cl_ord_id, Decimal("1.4"), 1, 59990,
        )  # fmt: skip


def test_an_id_that_was_never_sent_is_tombstoned(desk):
    """H and F for it prove NEVER_SENT, and a D with it is refused ever after.

    That is so from the first id on that the log holds: what is older may be of a lost one.
    """
    desk.reports(desk.order(price="58000"), 1)
    order = desk.order(price="59000")
    report = state_of(desk, order.cl_ord_id)
    assert (kinds([report]), report.text, report.complete) == (["I/8"], "NEVER_SENT", True)
    (reject,) = desk.reports(desk.cancel(order.cl_ord_id), 1)
    assert (kinds([reject]), reject.text) == (["9"], "NEVER_SENT")
    (refused,) = desk.reports(order, 1)
    assert refused.text.startswith("TOMBSTONED")
    desk.restart()
    (refused,) = desk.reports(order, 1)
    assert refused.text.startswith("TOMBSTONED")
    assert desk.sent_ids()[order.cl_ord_id] == 0


def test_an_id_that_the_venue_does_not_know(desk):
    """An id that was noted and never arrived: the venue was asked, and says so."""
    order = desk.order()
    desk.id_log.hold(order.cl_ord_id)
    desk.id_log.commit()
    report = state_of(desk, order.cl_ord_id)
    assert (report.text, report.complete) == ("UNKNOWN_AT_VENUE", True)
    (reject,) = desk.reports(desk.cancel(order.cl_ord_id), 1)
    assert (reject.order_id, reject.text) == ("NONE", "UNKNOWN_AT_VENUE")


def test_the_same_id_is_never_sent_twice(desk):
    """A second D is answered by the state of the order, before and after a restart."""
    order = desk.order(price="59000")
    desk.reports(order, 1)
    (report,) = desk.reports(order, 1)
    assert kinds([report]) == ["I/0"]
    desk.restart()
    (report,) = desk.reports(order, 1)
    assert (kinds([report]), report.cl_ord_id) == (["I/0"], order.cl_ord_id)
    assert desk.sent_ids()[order.cl_ord_id] == 1


def test_open_orders_are_listed_as_they_live(desk):
    """AF: each open order with 38, 44, 14; complete; and one empty answer when there is none."""
    (nothing,) = desk.answers(desk.open_orders(), is_last)
    assert (nothing.tot_num_reports, nothing.complete, nothing.cl_ord_id) == (0, True, None)
    orders = [desk.order(qty="0.3", price="59000"), desk.order(qty="1.2", price="60010")]
    desk.reports(orders[0], 1)
    desk.reports(orders[1], 2)
    found = {one.cl_ord_id: one for one in desk.answers(desk.open_orders(), is_last)}
    assert set(found) == {order.cl_ord_id for order in orders}
    partly = found[orders[1].cl_ord_id]
    assert (partly.order_qty, partly.cum_qty, partly.leaves_qty, partly.price) == (
        Decimal("1.2"), 1, Decimal("0.2"), 60010,
    )  # fmt: skip
    assert all(one.complete for one in found.values())


def test_fills_since_are_those_that_were_told(desk):
    """AD: every fill with the same 527, price, quantity, fee and id as in its report."""
    assert fills_of(desk) == []
    told = []
    for side_price in (None, "60010"):
        order = desk.order(qty="0.3", price=side_price)
        told += [one for one in desk.reports(order, 2) if one.last_qty]
    found = fills_of(desk)
    assert [
        (one.secondary_exec_id, one.last_qty, one.last_px, one.sides[0].commission,
         one.sides[0].cl_ord_id, one.sides[0].order_id)
        for one in found
    ] == [
        (one.secondary_exec_id, one.last_qty, one.last_px, one.commission, one.cl_ord_id,
         one.order_id)
        for one in told
    ]  # fmt: skip


def test_positions_move_with_the_fills(desk):
    """AN: what is held has moved by the fills, less fees that were taken in the base currency."""
    before = position_of(desk)
    fill = desk.reports(desk.order(qty="0.3"), 2)[1]
    fee = fill.commission if fill.comm_currency == "BTC" else 0
    assert position_of(desk) - before == Decimal("0.3") - fee


def test_balances_move_with_the_fills(desk):
    """BB: the quote currency paid for the fill, the base currency came in."""

    def balances():
        answers = desk.answers(desk.balances(), lambda one: getattr(one, "last_rpt_requested", 0))
        assert answers[0].complete
        return {one.currency: one for one in answers if isinstance(one, CollateralReport)}

    before = balances()
    fill = desk.reports(desk.order(qty="0.3"), 2)[1]
    after = balances()
    fees = {"BTC": Decimal(0), "USDT": Decimal(0), fill.comm_currency: fill.commission}
    paid = before["USDT"].end_cash - after["USDT"].end_cash
    if desk.is_spot:
        assert paid == Decimal("0.3") * 60010 + fees["USDT"]
        assert after["BTC"].end_cash - before["BTC"].end_cash == Decimal("0.3") - fees["BTC"]
    else:
        assert paid == fees["USDT"]
    desk.reports(desk.order(qty="0.3", price="50000"), 1)
    blocked = balances()["USDT"]
    assert blocked.cash_outstanding < after["USDT"].cash_outstanding
    assert blocked.end_cash == after["USDT"].end_cash


def test_instruments_have_their_rules_and_the_venue_its_abilities(desk):
    """y: steps, least notional, fees; 5026 and 5027; complete."""
    (listing,) = desk.answers(desk.instruments(), lambda one: isinstance(one, SecurityList))
    assert listing.complete
    (found,) = [one for one in listing.securities if one.symbol == BTC]
    assert (found.currency, found.price_tick, found.qty_step) == (
        "USDT", Decimal("0.01"), Decimal(desk.qty_step),
    )  # fmt: skip
    assert found.taker_fee > 0
    able = listing.capabilities.split()
    assert {"MARKET", "LIMIT", "GTC", "IOC", "FOK", "POST_ONLY", "REPLACE", "LOOKUP"} <= {*able}
    assert ("STOP" in able) is desk.has_stops
    assert ("DEMO" in able) is desk.is_demo
    assert listing.absence_after_ms > 0


def test_quotes_and_books_follow_the_market(desk):
    """The best levels come in the session and on the market data topic, and change with it."""

    def best(price):
        def seen():
            quotes = [one for one in desk.heard if isinstance(one, MarketDataSnapshotFullRefresh)]
            books = [
                codec.decode(frame)
                for topic, frame in desk.publications.sent
                if topic.startswith("MD.")
            ]
            return all(
                any(one.md_entries[0].md_entry_px == price for one in found)
                for found in (quotes, books)
            )

        return seen

    desk.until(best(60000), "the first quote")
    desk.set_book(bids=[(59990, 1)], asks=[(60010, 1)])
    desk.until(best(59990), "the second quote")
    if not desk.has_market_trades:
        return
    desk.trade(60010, "0.1", "buy")
    desk.until(
        lambda: any(topic.startswith("TR.") for topic, _ in desk.publications.sent), "the trade"
    )


@pytest.mark.parametrize("state", ["open", "partial", "filled", "cancelled", "replaced"])
def test_a_restart_in_each_state_of_an_order(desk, state):
    """After a kill of the bridge the order is found as it was, and goes on as it would have."""
    order = desk.order(qty="1.5", price="60010" if state in {"partial", "replaced"} else "59000")
    if state == "filled":
        order = desk.order(qty="0.5")
    desk.reports(order, {"open": 1, "cancelled": 1}.get(state, 2))
    name = order.cl_ord_id
    if state == "cancelled":
        desk.reports(desk.cancel(name), 1)
    if state == "replaced":
        request = desk.replacing(name, "1.4", "59990")
        desk.reports(request, 1)
        name = request.cl_ord_id
    desk.restart()
    report = state_of(desk, order.cl_ord_id)
    expected = {
        "open": (OrdStatus.NEW, "0"), "partial": (OrdStatus.PARTIALLY_FILLED, "1"),
        "filled": (OrdStatus.FILLED, "0.5"), "cancelled": (OrdStatus.CANCELED, "0"),
        "replaced": (OrdStatus.PARTIALLY_FILLED, "1"),
    }  # fmt: skip
    assert (report.ord_status, report.cum_qty, report.cl_ord_id) == (
        expected[state][0], Decimal(expected[state][1]), name,
    )  # fmt: skip
    listed = desk.answers(desk.open_orders(), is_last)
    assert [one.cl_ord_id for one in listed if one.tot_num_reports] == (
        [name] if state in {"open", "partial", "replaced"} else []
    )
    if state == "replaced":
        assert (listed[0].order_qty, listed[0].cum_qty) == (Decimal("1.4"), 1)
        desk.take()
        desk.trade(59980, "5", "sell")
        (fill,) = desk.wait(1)
        assert (kinds([fill]), fill.cum_qty, fill.order_qty) == (
            ["F/2"], Decimal("1.4"), Decimal("1.4"),
        )  # fmt: skip
    elif state in {"open", "partial"}:
        (gone,) = desk.reports(desk.cancel(name), 1)
        assert (kinds([gone]), gone.cum_qty) == (["4/4"], Decimal(expected[state][1]))
    else:
        (late,) = desk.reports(desk.cancel(name), 1)
        assert (kinds([late]), late.ord_status) == (["9"], expected[state][0])
