"""What time and broken links do: cancel on disconnect, expiry, archive; and what survives them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace as with_fields
from support.desk import ACCOUNT, SYMBOL, VENUE, Desk, Exchange, cancel, new_order, rules
from support.lines import Play

from gateway.oms.book import decode, encode
from gateway.oms.core import Core
from gateway.oms.session_days import next_day_end
from protocol.fields import ExecType as E
from protocol.fields import OrdStatus, Side, TimeInForce
from protocol.messages import NewOrderSingle, OrderCancelRequest, OrderStatusRequest
from protocol.timestamps import format_utc

NONE, DISCONNECT, LOGOUT, BOTH = range(4)


def sent(desk, kind):
    """Everything of a kind that the venue was sent."""
    return [message for message in desk.told(VENUE) if isinstance(message, kind)]


def left(kind, how, grace_ms=1_000):
    """A strategy with a resting order that chose `kind` and whose session ended by `how`."""
    play = Play()
    play.desk.log_on("MM", cancel_on_disconnect_type=kind, cod_timeout_window=grace_ms)
    play.exchange = play.order()
    play.exchange.accept()
    play.desk.drop("MM", how)
    return play


@pytest.mark.parametrize(
    ("kind", "how", "cancels"),
    [
        (NONE, "DISCONNECT", False), (NONE, "LOGOUT", False),
        (DISCONNECT, "DISCONNECT", True), (DISCONNECT, "LOGOUT", False),
        (LOGOUT, "DISCONNECT", False), (LOGOUT, "LOGOUT", True),
        (BOTH, "DISCONNECT", True), (BOTH, "LOGOUT", True),
        (BOTH, "TAKEOVER", False),
    ],
)  # fmt: skip
def test_cancel_on_disconnect_follows_the_choice(kind, how, cancels):
    """35002 decides which end of a session cancels; a takeover is no end."""
    play = left(kind, how)
    play.desk.pass_time(999)
    assert not sent(play.desk, OrderCancelRequest)
    play.desk.pass_time(2)
    assert bool(sent(play.desk, OrderCancelRequest)) == cancels


def test_cancel_on_disconnect_says_so():
    """The cancel carries 378=99 and 58=CANCEL_ON_DISCONNECT, pending and done."""
    play = left(BOTH, "DISCONNECT")
    play.desk.pass_time(1_001)
    play.exchange.cancel(sent(play.desk, OrderCancelRequest)[-1])
    pending, done = play.desk.told("MM")[-2:]
    assert (pending.exec_type, done.exec_type) == (E.PENDING_CANCEL, E.CANCELED)
    for told in (pending, done):
        assert told.text == "CANCEL_ON_DISCONNECT"
        assert told.exec_restatement_reason == 99
        assert told.cl_ord_id == "X"


def test_back_in_time_cancels_nothing():
    """A logon within the grace keeps the orders."""
    play = left(BOTH, "DISCONNECT")
    play.desk.pass_time(500)
    play.desk.log_on("MM")
    play.desk.pass_time(5_000)
    assert not sent(play.desk, OrderCancelRequest)


def test_a_restart_is_a_disconnect():
    """After a gateway's death the grace begins at the start, and cancels wait for the venue."""
    play = Play()
    play.desk.log_on("MM", cancel_on_disconnect_type=BOTH, cod_timeout_window=1_000)
    play.exchange = play.order()
    play.exchange.accept()
    play.desk.pass_time(50)
    play.desk.restart()
    play.desk.pass_time(1_001)
    assert not sent(play.desk, OrderCancelRequest)
    play.desk.log_on(VENUE)
    play.desk.answer_round(orders=[play.exchange.report(E.NEW, OrdStatus.NEW)])
    play.desk.pass_time(600)
    play.exchange.say(E.ORDER_STATUS, OrdStatus.NEW, complete=True)
    assert sent(play.desk, OrderCancelRequest)


# Expiry.


def at(text):
    """Nanoseconds of a UTC time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-20T12:00", "2026-11-20T22:00"),
        ("2026-11-20T22:00", "2026-11-21T22:00"),
        ("2026-11-20T21:59:59", "2026-11-20T22:00"),
        ("2026-07-01T12:00", "2026-07-01T21:00"),
        ("2026-10-31T21:30", "2026-11-01T22:00"),  # summer time ends: a day of 25 hours
        ("2026-03-07T22:30", "2026-03-08T21:00"),  # summer time begins: a day of 23 hours
    ],
)
def test_the_day_ends_by_the_clock_on_the_wall(now, end):
    """17:00 in New York is 22:00 UTC in winter and 21:00 in summer, over both changes."""
    assert next_day_end(at(now), "17:00 America/New_York") == at(end)


def test_a_day_without_a_zone_ends_in_utc():
    """`00:00` is midnight UTC."""
    assert next_day_end(at("2026-11-20T12:00"), "00:00") == at("2026-11-21T00:00")


def emulating():
    """A house whose venue can neither DAY nor GTD, and which emulates both."""
    house = rules()
    venue = with_fields(house.venues[VENUE], emulate_expiry=True)
    play = Play(with_fields(house, venues={VENUE: venue}))
    view = play.desk.core.market.venue(VENUE)
    view.capabilities = view.capabilities - {"DAY", "GTD"}
    return play


def to_day_end(play):
    """Let time pass to just after the end of the day."""
    end_ns = next_day_end(play.desk.now_ns, "17:00 America/New_York")
    play.desk.now_ns = end_ns
    play.desk.pass_time(1)


def test_an_emulated_day_order_goes_out_as_gtc_and_is_cancelled_at_the_end():
    """The venue gets 59=1; at the end of the day an F; the owner is told 150=C."""
    play = emulating()
    play.exchange = play.order(time_in_force=TimeInForce.DAY)
    assert sent(play.desk, NewOrderSingle)[-1].time_in_force is TimeInForce.GOOD_TILL_CANCEL
    play.exchange.accept()
    play.lines()
    to_day_end(play)
    play.exchange.cancel(sent(play.desk, OrderCancelRequest)[-1])
    assert play.lines()[-1] == "C/C (X) q10000 c0 l0"
    assert play.settled()


def test_an_emulated_expiry_survives_a_replace():
    """A replaced day order still ends with its day, and the G goes out as GTC too."""
    play = emulating()
    play.exchange = play.order(time_in_force=TimeInForce.DAY)
    play.exchange.accept()
    request = play.replace("Y", "X", "12000", time_in_force=TimeInForce.DAY)
    assert request.time_in_force is TimeInForce.GOOD_TILL_CANCEL
    play.exchange.replace(request)
    to_day_end(play)
    assert sent(play.desk, OrderCancelRequest)


def test_a_cancel_that_was_refused_does_not_lose_the_expiry():
    """The order expires although a cancel was pending when its time came, and was refused."""
    play = emulating()
    play.exchange = play.order(time_in_force=TimeInForce.DAY)
    play.exchange.accept()
    request = play.cancel("Y", "X")
    to_day_end(play)
    assert len(sent(play.desk, OrderCancelRequest)) == 1
    play.refuse(request, play.exchange, 2, OrdStatus.NEW)
    play.desk.pass_time(1)
    assert len(sent(play.desk, OrderCancelRequest)) == 2


def test_a_native_gtd_order_is_the_venues_to_expire():
    """The venue gets 59=6 and 126; when the time has come it is asked, and its word counts."""
    play = Play()
    until = format_utc(play.desk.now_ns + 60_000_000_000)
    play.exchange = play.order(time_in_force=TimeInForce.GOOD_TILL_DATE, expire_time=until)
    message = sent(play.desk, NewOrderSingle)[-1]
    assert (message.time_in_force, message.expire_time) == (TimeInForce.GOOD_TILL_DATE, until)
    play.exchange.accept()
    play.lines()
    play.desk.pass_time(60_001)
    assert sent(play.desk, OrderStatusRequest)
    assert not sent(play.desk, OrderCancelRequest)
    play.exchange.say(E.EXPIRED, OrdStatus.EXPIRED)
    assert play.lines() == ["C/C (X) q10000 c0 l0"]


# What leaves memory, and what is loaded again.


def test_old_ended_orders_leave_memory():
    """A week after its end an order goes, with its ids and fills; open ones stay; replay agrees."""
    play = Play()
    play.exchange = play.order()
    play.exchange.fill("4000")
    play.exchange.cancel(play.cancel("Y", "X"))
    play.order("OPEN").accept()
    week_ms = 7 * 86_400_000
    play.desk.pass_time(week_ms)
    assert len(play.desk.book.state.orders) == 2
    play.desk.pass_time(200)
    book = play.desk.book
    assert [order.cl_ord_id for order in book.open_orders()] == ["OPEN"]
    assert book.state.ids["MM"].keys() == {"OPEN"}
    assert book.state.fills[VENUE] == {}
    assert book.state.ended == []
    assert set(book.by_wire_id.values()) == {book.open_orders()[0].order_id}
    assert book.account_qty(ACCOUNT, VENUE, SYMBOL) == 4000
    assert play.desk.replayed().digest() == book.digest()


def test_a_request_without_an_answer_does_not_outlive_its_order():
    """An order that ended with an unanswered cancel can be archived; the gateway starts again."""
    play = Play()
    play.exchange = play.order()
    play.cancel("Y", "X")
    play.exchange.fill("10000")
    play.desk.drop(VENUE)
    play.desk.pass_time(7 * 86_400_000 + 200)
    assert play.desk.book.state.orders == {}
    play.desk.restart()
    play.desk.log_on(VENUE)
    play.desk.pass_time(1_000)


def busy():
    """A desk with an order in every condition."""
    play = Play()
    for name in ("A", "B", "C", "D"):
        play.order(name).accept()
    play.order("E")
    play.cancel("A2", "A")
    play.replace("B2", "B", "20000")
    exchange = play.order("F")
    exchange.fill("10000", trade_id="TF")
    play.desk.drop("MOM")
    return play


def test_a_snapshot_is_the_state():
    """Written and read back: the same digest, the same behaviour to the last word."""
    play = busy()
    twin = Desk.__new__(Desk)
    twin.__dict__ |= play.desk.__dict__ | {
        "records": list(play.desk.records), "said": [], "notes": [],
    }  # fmt: skip
    loaded = decode(encode(play.desk.book))
    assert loaded.digest() == play.desk.book.digest()
    twin.core = Core(loaded, play.desk.rules)
    play.desk.core = Core(play.desk.book, play.desk.rules)
    spoken = []
    for desk in (twin, play.desk):
        before = len(desk.said)
        desk.run(desk.core.start(200, "test", desk.now_ns))
        desk.log_on(VENUE)
        desk.answer_round()
        desk.quote("1.1", "1.2")
        desk.hear("MM", cancel(desk, "Z", "D"))
        desk.hear("MM", new_order(desk, "X"))
        spoken.append(desk.said[before:])
    assert spoken[0] == spoken[1]
    assert twin.book.digest() == play.desk.book.digest()


def test_a_late_answer_finds_its_order_after_a_snapshot():
    """The answer to a cancel that was issued anew still names its order, as it did before."""
    play = busy()
    loaded = decode(encode(play.desk.book))
    assert loaded.by_wire_id == play.desk.book.by_wire_id
    assert loaded.waiting == play.desk.book.waiting


def test_the_digest_costs_nothing_but_finds_everything():
    """Two desks that did the same have the same digest; one more record and they differ."""
    one, two = busy().desk, busy().desk
    assert one.book.digest() == two.book.digest()
    exchange = Exchange(one, sent(one, NewOrderSingle)[0])
    exchange.fill("1")
    assert one.book.digest() != two.book.digest()


def test_many_doubts_fit_their_notes():
    """The loss of a link with thousands of orders on their way is noted in frames that replay."""
    play = Play()
    for number in range(2_500):
        play.desk.hear("MM", new_order(play.desk, f"N{number}", side=Side.BUY))
    play.desk.drop(VENUE)
    assert all(order.in_doubt for order in play.desk.book.open_orders())
    assert play.desk.replayed().digest() == play.desk.book.digest()


def test_average_price_is_rounded_only_in_words():
    """6 is rounded to 12 places; what is kept is exact."""
    play = Play()
    exchange = play.order(qty="3")
    exchange.fill("1", px="1.1")
    exchange.fill("2", px="1.3")
    order = play.desk.book.state.orders[exchange.wire_id]
    assert order.cost == Decimal("3.7")
    assert play.desk.told("MM")[-1].avg_px == Decimal("1.233333333333")
