"""What the venue says that is free: enough, at the limit, too little; too old, never told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.desk import ACCOUNT, VENUE, cancel, rules
from support.scopes import (
    ask,
    ask_change,
    code,
    desk_with,
    last_sent,
    list_instrument,
    number,
    with_venue,
)

from gateway.oms.review import as_asked
from gateway.risk.facts import Intent
from gateway.risk.limits import BUILT_IN
from protocol.fields import CollInquiryStatus, Side
from protocol.messages import (
    CollateralInquiry,
    CollateralInquiryAck,
    CollateralReport,
    SecurityListRequest,
)

SELL = Side.SELL
MID = Decimal("1.1001")
ROUND_MS = 60_000


def funds_desk(scope="strategy:MM", *, told=True, venue=None, **limits):
    """A desk whose venue's figures count; it has told of 1000 EURUSD's worth of free dollars."""
    house = with_venue(rules(), **{"check_funds": True, **(venue or {})})
    desk = desk_with(scope, house, **limits)
    if told:
        figures(desk, cash_outstanding=MID * 1000)
    return desk


def figures(desk, currency="USD", **fields):
    """Let the venue answer the question for balances that is asked now."""
    desk.run(desk.core.inquest.put_questions(VENUE, desk.now_ns))
    tell(desk, (currency, fields))


def tell(desk, *balances, complete=True):
    """Answer the last question for balances."""
    asked = [m for m in desk.told(VENUE) if isinstance(m, CollateralInquiry)][-1]
    desk.hear(VENUE, CollateralInquiryAck(
        coll_inquiry_id=asked.coll_inquiry_id, tot_num_reports=len(balances),
        coll_inquiry_status=CollInquiryStatus.COMPLETED, complete=complete or None,
    ))  # fmt: skip
    for number_of, (currency, fields) in enumerate(balances, 1):
        desk.hear(VENUE, CollateralReport(
            coll_rpt_id=f"B{len(desk.records)}", coll_inquiry_id=asked.coll_inquiry_id,
            account=ACCOUNT, currency=currency, tot_num_reports=len(balances),
            last_rpt_requested=number_of == len(balances) or None, **fields,
        ))  # fmt: skip


def test_free_funds_are_the_limit():
    """What is free may be used up, what was sent since the figures came counts."""
    desk = funds_desk()
    assert ask(desk, "999") == ""
    text = ask(desk, "2")
    assert code(text) == "FUNDS"
    assert (number(text, "needed"), number(text, "limit")) == (MID * 1001, MID * 1000)
    assert f"currency=USD scope=account:{ACCOUNT}" in text
    assert ask(desk, "1") == ""


def test_what_was_executed_since_counts_as_well():
    """A fill frees nothing before the venue says so; what is cancelled does."""
    desk = funds_desk()
    assert ask(desk, "600", cl_ord_id="a") == ""
    exchange = last_sent(desk)
    exchange.fill("200")
    assert code(ask(desk, "401")) == "FUNDS"
    request = desk.hear("MM", cancel(desk, "b", "a"))[-1]
    exchange.cancel(request)
    assert ask(desk, "800") == ""


def test_what_was_open_when_the_figures_were_asked_for_is_in_them():
    """New figures, with the open order taken off by the venue: it is not taken off once more."""
    desk = funds_desk()
    assert ask(desk, "600") == ""
    figures(desk, cash_outstanding=MID * 400)
    assert code(ask(desk, "401")) == "FUNDS"
    assert ask(desk, "400") == ""


def test_what_was_sent_between_question_and_answer_counts():
    """The answer may not know of it: it is taken off."""
    desk = funds_desk()
    desk.run(desk.core.inquest.put_questions(VENUE, desk.now_ns))
    assert ask(desk, "600") == ""
    tell(desk, ("USD", {"cash_outstanding": MID * 1000}))
    assert code(ask(desk, "401")) == "FUNDS"


def test_every_strategy_of_the_account_uses_the_same_funds():
    """Who comes first has them."""
    desk = funds_desk()
    assert ask(desk, "600", owner="MOM") == ""
    assert code(ask(desk, "401")) == "FUNDS"


@pytest.mark.parametrize("told", [True, False])
def test_the_margin_rate_counts(told):
    """At 5 % twenty times as much may be held: as y tells, or as configured."""
    desk = funds_desk(venue={} if told else {"margin_rate": Decimal("0.05")})
    if told:
        list_instrument(desk, margin_rate=Decimal("0.05"))
        desk.core.market.listed += 1
    assert ask(desk, "20000") == ""
    assert code(ask(desk, "1")) == "FUNDS"


def test_the_fee_is_part_of_it():
    """What the order would cost is not free."""
    desk = funds_desk()
    list_instrument(desk, taker_fee=Decimal("0.01"))
    assert code(ask(desk, "991")) == "FUNDS"
    assert ask(desk, "990") == ""


@pytest.mark.parametrize(
    ("fields", "most"),
    [
        ({"margin_excess": MID * 500, "cash_outstanding": MID * 9000}, "500"),
        ({"cash_outstanding": MID * 500, "end_cash": MID * 9000}, "500"),
    ],
)
def test_free_margin_comes_before_cash(fields, most):
    """899 where the venue tells it, else 901; never what it holds in all."""
    desk = funds_desk(told=False)
    figures(desk, **fields)
    assert code(ask(desk, str(int(most) + 1))) == "FUNDS"
    assert ask(desk, most) == ""


def test_several_currencies_are_added_up():
    """Euros are worth what they are quoted at; money without a rate counts for nothing."""
    desk = funds_desk(told=False)
    desk.run(desk.core.inquest.put_questions(VENUE, desk.now_ns))
    tell(
        desk, ("USD", {"cash_outstanding": MID * 400}), ("EUR", {"cash_outstanding": Decimal(100)}),
        ("XYZ", {"cash_outstanding": Decimal(10**9)}),
    )  # fmt: skip
    assert code(ask(desk, "501")) == "FUNDS"
    assert ask(desk, "500") == ""


def test_a_debt_without_a_rate_is_no_known_sum():
    """It may be any amount."""
    desk = funds_desk(told=False)
    desk.run(desk.core.inquest.put_questions(VENUE, desk.now_ns))
    tell(desk, ("USD", {"cash_outstanding": MID * 400}), ("XYZ", {"cash_outstanding": Decimal(-1)}))
    assert code(ask(desk, "1")) == "FUNDS_UNKNOWN"


@pytest.mark.parametrize(("age_ms", "expected"), [(5_000, ""), (5_001, "FUNDS_STALE")])
def test_old_figures(age_ms, expected):
    """To the millisecond, counted from the question."""
    desk = funds_desk(max_funds_age_ms=5_000)
    desk.pass_time(age_ms)
    text = ask(desk, "1")
    assert code(text) == expected
    assert not expected or f"age_ms={age_ms} limit_ms=5000" in text


def test_the_default_outlives_two_rounds_that_fail():
    """Rounds are a minute apart: three of them are missed before new risk is refused."""
    assert BUILT_IN.max_funds_age_ms == 3 * ROUND_MS


@pytest.mark.parametrize("complete", [True, False])
def test_figures_that_never_came(complete):
    """No balances, or an answer of a bridge that is not connected: unknown."""
    desk = funds_desk(told=False)
    assert code(ask(desk, "1")) == "FUNDS_UNKNOWN"
    desk.run(desk.core.inquest.put_questions(VENUE, desk.now_ns))
    tell(desk, ("USD", {"cash_outstanding": MID * 1000}), complete=complete)
    assert code(ask(desk, "1")) == ("" if complete else "FUNDS_UNKNOWN")


@pytest.mark.parametrize("state", ["too little", "stale"])
def test_a_position_may_be_closed_whatever_is_free(state):
    """Closing needs no funds; more than is held does."""
    desk = funds_desk(max_funds_age_ms=5_000)
    assert ask(desk, "1000") == ""
    last_sent(desk).fill("1000")
    if state == "stale":
        desk.pass_time(5_001)
    assert ask(desk, "1", side=SELL, price="1.2") == ""
    assert ask(desk, "999", side=SELL) == ""


def test_a_replacement_needs_what_it_adds():
    """More quantity needs more, less does not."""
    desk = funds_desk()
    assert ask(desk, "1000", cl_ord_id="a") == ""
    last_sent(desk).accept()
    assert code(ask_change(desk, "a", "1001")) == "FUNDS"
    assert ask_change(desk, "a", "999") == ""


def test_it_can_be_switched_off():
    """check_funds = false of a venue: its figures are not asked."""
    desk = funds_desk(told=False, venue={"check_funds": False})
    assert ask(desk, "1000000", "0.5") == ""


def test_the_account_behind_a_stop():
    """Without capital of its own a strategy's stop is a share of all that the account is worth."""
    desk = funds_desk(told=False, max_stop_loss_bps=Decimal(10))
    desk.core.market.venue(VENUE).capabilities |= {"STOP_LOSS"}
    figures(desk, cash_outstanding=Decimal(100_000), end_cash=Decimal(50_000),
            total_net_value=Decimal(10_000))  # fmt: skip
    assert ask(desk, "1000", stop_loss_px=Decimal("1.0900")) == ""
    assert code(ask(desk, "1000", stop_loss_px=Decimal("1.0899"))) == "STOP_LOSS_TOO_WIDE"
    figures(desk, cash_outstanding=Decimal(100_000), end_cash=Decimal(5_000))
    assert code(ask(desk, "1000", stop_loss_px=Decimal("1.0900"))) == "STOP_LOSS_TOO_WIDE"
    assert ask(desk, "500", stop_loss_px=Decimal("1.0900")) == ""


def test_what_was_in_review_when_the_figures_came_is_not_in_them():
    """It was held here: the venue knew nothing of it, and it is judged as what it is, new."""
    desk = funds_desk(review_qty=Decimal(500))
    assert ask(desk, "600") == ""
    (order_id,) = desk.book.in_review
    figures(desk, cash_outstanding=MID * 599)
    held = desk.book.state.orders[order_id]
    said = refusal_of(desk, held)
    assert code(said) == "FUNDS"
    figures(desk, cash_outstanding=MID * 600)
    assert refusal_of(desk, held) == ""


def refusal_of(desk, order):
    """Judge a held order as its approval does."""
    message = replace(as_asked(order, desk.now_ns), price=Decimal("1.1001"))
    return desk.core.intake.refusal_of(
        Intent(order.owner, order.account, order.venue, message, desk.now_ns, order)
    )


def test_every_round_asks_for_them():
    """The figures come with the instruments, orders, fills and positions of a round."""
    desk = funds_desk(told=False)
    asked = len([m for m in desk.told(VENUE) if isinstance(m, CollateralInquiry)])
    desk.pass_time(ROUND_MS)
    assert len([m for m in desk.told(VENUE) if isinstance(m, CollateralInquiry)]) == asked + 1
    assert isinstance(desk.told(VENUE)[-5], SecurityListRequest)


def test_after_a_start_what_is_held_is_not_counted_twice():
    """The venue has taken off what the position blocks: it is counted as soon as it has a price."""
    desk = funds_desk()
    assert ask(desk, "600") == ""
    last_sent(desk).fill("600")
    desk.restart()
    desk.log_on(VENUE)
    desk.answer_round()
    figures(desk, cash_outstanding=MID * 400)
    desk.log_on("MM")
    assert code(ask(desk, "1")) in {"NO_PRICE", "FUNDS_UNKNOWN"}
    desk.quote("1.1000", "1.1002")
    assert code(ask(desk, "401")) == "FUNDS"
    assert ask(desk, "400") == ""
