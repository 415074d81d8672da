"""The life of orders at every venue, as the gateway hears it through the bridge."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.bridge_wire import kinds

from protocol.fields import (
    CxlRejReason,
    ExecInst,
    OrdStatus,
    TimeInForce,
)

IOC, FOK = TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL
POST_ONLY = ExecInst.PARTICIPATE_DONT_INITIATE


def test_a_market_order_is_accepted_and_filled(desk):
    """150=0, then 150=F with price, quantity, fee, trade id; nothing is left."""
    order = desk.order(qty="0.5")
    reports = desk.reports(order, 2)
    assert kinds(reports) == ["0/0", "F/2"]
    fill = reports[1]
    assert (fill.cl_ord_id, fill.last_qty, fill.last_px) == (order.cl_ord_id, Decimal("0.5"), 60010)
    assert (fill.cum_qty, fill.leaves_qty, fill.avg_px) == (Decimal("0.5"), 0, 60010)
    assert fill.secondary_exec_id
    assert fill.comm_type == "3"
    assert fill.commission > 0
    assert fill.comm_currency
    assert fill.last_liquidity_ind == 2
    assert reports[0].order_id == fill.order_id != "NONE"


def test_an_order_rests_and_is_cancelled(desk):
    """150=0 with 151 = 38; the cancel's outcome names request and order."""
    order = desk.order(price="59000")
    (report,) = desk.reports(order, 1)
    assert kinds([report]) == ["0/0"]
    assert report.leaves_qty == Decimal("0.5")
    request = desk.cancel(order.cl_ord_id)
    (report,) = desk.reports(request, 1)
    assert kinds([report]) == ["4/4"]
    assert (report.cl_ord_id, report.orig_cl_ord_id) == (request.cl_ord_id, order.cl_ord_id)
    assert (report.cum_qty, report.leaves_qty) == (0, 0)


def test_a_partial_fill_rests_and_is_filled_by_others(desk):
    """What does not cross rests; what others then trade is a maker's fill."""
    order = desk.order(qty="1.5", price="60010")
    assert kinds(desk.reports(order, 2)) == ["0/0", "F/1"]
    desk.set_book(bids=[(60000, 1)], asks=[(60020, 1)])
    desk.trade(60010, "0.2", "sell")
    (part,) = desk.wait(1)
    assert kinds([part]) == ["F/1"]
    assert (part.last_qty, part.cum_qty, part.leaves_qty, part.last_liquidity_ind) == (
        Decimal("0.2"), Decimal("1.2"), Decimal("0.3"), 1,
    )  # fmt: skip
    desk.trade(60010, "5", "sell")
    (last,) = desk.wait(1)
    assert (kinds([last]), last.cum_qty, last.leaves_qty) == (["F/2"], Decimal("1.5"), 0)


def test_a_cancel_after_a_partial_fill_keeps_what_was_filled(desk):
    """14 of the cancelled order is what was filled, and 151 is 0."""
    order = desk.order(qty="1.5", price="60010")
    desk.reports(order, 2)
    (report,) = desk.reports(desk.cancel(order.cl_ord_id), 1)
    assert (kinds([report]), report.cum_qty, report.leaves_qty) == (["4/4"], 1, 0)


def test_a_cancel_of_what_has_ended_is_too_late(desk):
    """9 with the order's end in 39, and 102=0."""
    order = desk.order()
    desk.reports(order, 2)
    (reject,) = desk.reports(desk.cancel(order.cl_ord_id), 1)
    assert (reject.ord_status, reject.cxl_rej_reason) == (
        OrdStatus.FILLED, CxlRejReason.TOO_LATE_TO_CANCEL,
    )  # fmt: skip


def test_a_replace_moves_an_order(desk):
    """150=5 names the new id and the old one, and the order lives at its new price."""
    order = desk.order(price="59000")
    desk.reports(order, 1)
    request = desk.replacing(order.cl_ord_id, "0.7", "59500")
    (report,) = desk.reports(request, 1)
    assert kinds([report]) == ["5/0"]
    assert (report.cl_ord_id, report.orig_cl_ord_id) == (request.cl_ord_id, order.cl_ord_id)
    assert (report.order_qty, report.leaves_qty, report.price) == (
        Decimal("0.7"), Decimal("0.7"), 59500,
    )  # fmt: skip
    desk.trade(59500, "5", "sell")
    (fill,) = desk.wait(1)
    assert (kinds([fill]), fill.cl_ord_id) == (["F/2"], request.cl_ord_id)


def test_a_replace_of_a_partly_filled_order_never_exceeds_the_quantity(desk):
    """38 and 14 count over the chain: what is placed anew is the remainder."""
    order = desk.order(qty="1.5", price="60010")
    desk.reports(order, 2)
    request = desk.replacing(order.cl_ord_id, "1.4", "59990")
    (report,) = desk.reports(request, 1)
    assert kinds([report]) == ["5/1"]
    assert (report.order_qty, report.cum_qty, report.leaves_qty) == (
        Decimal("1.4"), 1, Decimal("0.4"),
    )  # fmt: skip
    desk.trade(59990, "5", "sell")
    (fill,) = desk.wait(1)
    assert (kinds([fill]), fill.last_qty, fill.cum_qty) == (["F/2"], Decimal("0.4"), Decimal("1.4"))


def test_a_replace_twice_then_a_cancel(desk):
    """Each G takes the last id; the cancel names the newest."""
    order = desk.order(price="59000")
    desk.reports(order, 1)
    first = desk.replacing(order.cl_ord_id, "0.7", "59500")
    desk.reports(first, 1)
    second = desk.replacing(first.cl_ord_id, "0.3", "59600")
    (report,) = desk.reports(second, 1)
    assert (kinds([report]), report.orig_cl_ord_id) == (["5/0"], first.cl_ord_id)
    (report,) = desk.reports(desk.cancel(second.cl_ord_id), 1)
    assert kinds([report]) == ["4/4"]


def test_a_replace_of_what_has_ended_is_too_late(desk):
    """9, and nothing is sent."""
    order = desk.order()
    desk.reports(order, 2)
    request = desk.replacing(order.cl_ord_id, "0.7", "59500")
    (reject,) = desk.reports(request, 1)
    assert (kinds([reject]), reject.ord_status) == (["9"], OrdStatus.FILLED)
    assert request.cl_ord_id not in {
        name for name, times in desk.sent_ids().items() if times
    } or desk.name == "paper"


def test_post_only_that_would_cross_is_refused(desk):
    """150=8 with 5003=V; one that rests is taken."""
    (refused,) = desk.reports(desk.order(price="60020", exec_inst=POST_ONLY), 1)
    assert (kinds([refused]), refused.reject_source) == (["8/8"], "V")
    assert refused.text
    (taken,) = desk.reports(desk.order(price="59000", exec_inst=POST_ONLY), 1)
    assert (kinds([taken]), taken.exec_inst) == (["0/0"], POST_ONLY)


def test_the_rest_of_an_immediate_order_is_cancelled(desk):
    """IOC: 150=F for what there is, 150=4 for the rest."""
    reports = desk.reports(desk.order(qty="1.5", price="60010", time_in_force=IOC), 3)
    assert kinds(reports) == ["0/0", "F/1", "4/4"]
    assert (reports[2].cum_qty, reports[2].leaves_qty) == (1, 0)


def test_fill_or_kill_is_whole_or_nothing(desk):
    """FOK: refused, or cancelled without a fill; or filled at once."""
    killed = desk.reports(desk.order(qty="1.5", price="60010", time_in_force=FOK), 1)
    if kinds(killed) != ["8/8"]:
        killed += desk.wait(1) if len(killed) == 1 else []
        assert kinds(killed) == ["0/0", "4/4"]
    assert killed[-1].cum_qty == 0
    filled = desk.reports(desk.order(qty="0.5", price="60010", time_in_force=FOK), 2)
    assert kinds(filled) == ["0/0", "F/2"]


@pytest.mark.parametrize(
    ("qty", "price"),
    [("0.000001", "59000"), ("0.00001", "59000"), ("0.5", "59000.001"), ("10000", "59000")],
    ids=["step", "notional", "tick", "most"],
)
def test_what_breaks_the_rules_is_refused(desk, qty, price):
    """Step, least notional, tick and most quantity: 150=8, and nothing rests."""
    if qty == "0.00001" and not desk.has_least_notional:
        pytest.skip("any notional will do there")
    (refused,) = desk.reports(desk.order(qty=qty, price=price), 1)
    assert (kinds([refused]), refused.reject_source) == (["8/8"], "V")


def test_more_than_the_account_has_is_refused(desk):
    """A venue that watches the money refuses what cannot be paid; the order is over."""
    if desk.name == "paper":
        pytest.skip("the paper venue leaves that to the gateway's check of funds")
    (refused,) = desk.reports(desk.order(qty="100", price="59000"), 1)
    assert kinds([refused]) == ["8/8"]
    assert desk.says_no_money in refused.text.lower()


def test_a_stop_waits_and_triggers(desk):
    """A stop rests until the market trades through it, then it is filled as any order."""
    order = desk.order(qty="0.5", stop="60100")
    (report,) = desk.reports(order, 1)
    if not desk.has_stops:
        assert (kinds([report]), report.text) == (["8/8"], "NOT_SUPPORTED: OrdType(40)=3")
        assert desk.sent_ids()[order.cl_ord_id] == 0
        return
    assert (kinds([report]), report.stop_px) == (["0/0"], 60100)
    desk.set_book(bids=[(60090, 1)], asks=[(60110, 1)])
    desk.trade(60110, "0.1", "buy")
    reports = desk.wait(2)
    assert kinds(reports) == ["D/0", "F/2"]
    assert reports[0].working_indicator
    assert reports[1].last_qty == Decimal("0.5")
