"""What a person orders: halts, cancels, listings; and the copies of every report that they get."""

from __future__ import annotations

import json

import msgspec
import pytest
from support.desk import SYMBOL, VENUE, Exchange, cancel, new_order
from support.lines import Play, line
from support.operators import notes

from gateway.oms.halting import trip
from gateway.oms.paging import page
from protocol.fields import TradingState, TradSesStatus
from protocol.messages import (
    ExecutionReport,
    NewOrderSingle,
    OperatorCommand,
    OrderCancelRequest,
    OrderMassCancelReport,
    OrderMassCancelRequest,
    TradingSessionStatus,
)
from protocol.timestamps import format_utc

ANN = "OPERATOR/ann/7"


@pytest.fixture
def play():
    """Two resting orders of MM, one of MOM; Ann is there."""
    play = Play()
    play.order("A").accept()
    play.order("B").accept()
    play.desk.hear("MOM", new_order(play.desk, "C"))
    Exchange(play.desk, play.last(NewOrderSingle)).accept()
    play.desk.log_on(ANN)
    play.lines()
    return play


def ask(play, command, **fields):
    """Let Ann say a command; return the answer."""
    play.desk.hear(ANN, OperatorCommand(cl_ord_id="U", command=command, **fields))
    return [m for m in play.desk.told(ANN) if isinstance(m, OperatorCommand)][-1]


def cancels(play):
    """Count the cancels that the venue was sent."""
    return sum(isinstance(message, OrderCancelRequest) for message in play.desk.told(VENUE))


@pytest.mark.parametrize(
    ("scope", "count"),
    [
        ("all", 3), ("strategy:MM", 2), ("strategy:MOM", 1), (f"venue:{VENUE}", 3),
        (f"strategy:MM symbol:{SYMBOL}", 2), ("symbol:OTHER", 0), ("strategy:EXTERNAL", 0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["KILL", "CANCEL"])
def test_what_lies_in_a_scope_is_cancelled(play, command, scope, count):
    """KILL and CANCEL withdraw what lies in all terms of the scope, and say how many."""
    answer = ask(play, command, scope=scope, reason="test")
    assert answer.outcome == "DONE"
    assert json.loads(answer.command_body) == {"cancelling": count}
    assert cancels(play) == count


def test_a_kill_says_who_and_why(play):
    """The halt is remembered with its person and reason, told to all, and survives a restart."""
    ask(play, "KILL", scope="all", reason="too fast")
    told = [m for m in play.desk.told("MM") if isinstance(m, TradingSessionStatus)][-1]
    assert (told.trading_state, told.scope) == (TradingState.HALTED, "all")
    assert told.trad_ses_status is TradSesStatus.HALTED
    assert told.text == "by ann: too fast"
    play.desk.restart()
    halt = play.desk.book.state.halts["all"]["PERSON"]
    assert (halt.who, halt.reason) == ("ann", "too fast")


def test_halts_are_told_at_logon(play):
    """Whoever logs on hears the halts in force."""
    ask(play, "REDUCE", scope="strategy:MM", reason="careful")
    play.desk.drop("MM")
    play.desk.log_on("MM")
    told = play.desk.told("MM")[-1]
    assert (told.trading_state, told.scope) == (TradingState.REDUCING, "strategy:MM")


def test_what_a_person_stops_and_resumes_is_an_alert(play):
    """KILL, REDUCE and RESUME raise an alert with who and why: others read it in the log."""
    for command, said in (("REDUCE", "REDUCED"), ("KILL", "KILLED"), ("RESUME", "RESUMED")):
        ask(play, command, scope="strategy:MM", reason="lunch")
        (alert,) = notes(play.desk, f"ALERT {said}")
        assert (alert["scope"], alert["who"], alert["why"]) == ("strategy:MM", "ann", "lunch")


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("strategy:MM", "; still HALTED by RUNAWAY: alike=50"),
        (f"venue:{VENUE}", ""), ("strategy:MOM", ""),
        ("all", "; still HALTED on all by RUNAWAY: alike=50"),
    ],
)
def test_reduce_says_what_keeps_its_scope_halted(play, where, said):
    """A breaker's halt is no person's to loosen by REDUCE: the answer names it, and its scope."""
    desk = play.desk
    desk.run(trip(
        desk.book, desk.rules, where, TradingState.HALTED, desk.now_ns, cause="RUNAWAY",
        detail="alike=50",
    ))  # fmt: skip
    answer = ask(play, "REDUCE", scope="strategy:MM", reason="careful")
    assert (answer.outcome, answer.text) == ("DONE", f"REDUCING: strategy:MM{said}")


def test_resume_says_what_still_stands_further_out(play):
    """What else binds the scope is said with who and why; what bound it alone is gone."""
    ask(play, "REDUCE", scope="all", reason="news")
    ask(play, "KILL", scope="strategy:MM", reason="b")
    assert ask(play, "REDUCE", scope="strategy:MM", reason="c").text == "REDUCING: strategy:MM"
    answer = ask(play, "RESUME", scope="strategy:MM", reason="d")
    assert answer.text == "ACTIVE: strategy:MM; still REDUCING on all by ann: news"
    assert ask(play, "RESUME", scope="all", reason="e").text == "ACTIVE: all"


def test_resume_takes_back_one_scope(play):
    """RESUME ends exactly the scope it names, however its terms are ordered."""
    ask(play, "REDUCE", scope=f"symbol:{SYMBOL} strategy:MM", reason="a")
    ask(play, "KILL", scope="strategy:MOM", reason="b")
    assert ask(play, "RESUME", scope="all", reason="c").text.startswith("NOT_HALTED")
    assert ask(play, "RESUME", scope=f"strategy:MM symbol:{SYMBOL}", reason="c").outcome == "DONE"
    assert list(play.desk.book.state.halts) == ["strategy:MOM"]


@pytest.mark.parametrize("command", ["KILL", "REDUCE", "RESUME"])
def test_no_halt_without_a_reason(play, command):
    """A change of the trading state without a reason is refused."""
    play.desk.book.state.halts.clear()
    if command == "RESUME":
        ask(play, "REDUCE", scope="all", reason="x")
    before = dict(play.desk.book.state.halts)
    answer = ask(play, command, scope="all")
    assert (answer.outcome, answer.text.split(":")[0]) == ("REFUSED", "NO_REASON")
    assert play.desk.book.state.halts == before
    assert cancels(play) == 0


BAD = ["", "everything", "strategy:", "desk:MM", "all strategy:MM", "strategy:MN", "venue:PAPIER"]


@pytest.mark.parametrize("command", ["KILL", "REDUCE", "CANCEL"])
@pytest.mark.parametrize("scope", BAD)
def test_a_scope_that_nobody_can_mean(play, command, scope):
    """A misspelt scope is refused with what was expected; nothing is halted by half."""
    answer = ask(play, command, scope=scope or None, reason="x")
    assert answer.outcome == "REFUSED"
    assert answer.text.startswith("UNKNOWN_SCOPE")
    assert cancels(play) == 0
    assert not play.desk.book.state.halts


def test_an_unknown_command(play):
    """It is refused with the list of those that are."""
    answer = ask(play, "DANCE")
    assert (answer.outcome, answer.text.split(":")[0]) == ("REFUSED", "UNKNOWN_COMMAND")


def test_cancel_one_order(play):
    """`order:<id>` names one open order; an unknown one is refused."""
    order = play.desk.book.open_orders(owner="MOM")[0]
    assert ask(play, "CANCEL", scope=f"order:{order.order_id}").outcome == "DONE"
    assert cancels(play) == 1
    assert ask(play, "CANCEL", scope="order:NOWHERE").text.startswith("UNKNOWN_ORDER")


def test_listings_come_in_pages_that_fit(play):
    """A long listing is cut to what fits a frame; the pages together are the whole."""
    for number in range(400):
        play.desk.hear("MM", new_order(play.desk, f"{'N' * 50}{number}"))
    rows, pages = [], 0
    while True:
        body = json.loads(ask(
            play, "ORDERS", scope="all", command_body=json.dumps({"offset": len(rows)})
        ).command_body)  # fmt: skip
        rows += body["rows"]
        pages += 1
        if len(rows) >= body["total"]:
            break
    assert len(rows) == 403 == len({row["order_id"] for row in rows})
    assert pages > 1
    assert ask(play, "ORDERS", command_body="?").text.startswith("BAD_BODY")


def test_a_row_too_long_for_a_page_is_cut(play):
    """A venue with thousands of symbols is a row all the same, and says how many are left out."""
    view = play.desk.core.market.venue(VENUE)
    rules = view.securities[SYMBOL]
    view.securities |= {f"{'S' * 40}{number}": rules for number in range(5_000)}
    body = json.loads(ask(play, "VENUES").command_body)
    (row,) = body["rows"]
    assert body["total"] == 1
    assert len(row["symbols"]) > 500
    assert len(row["symbols"]) + row["symbols_left_out"] == 5_001


def test_a_status_fits_however_much_is_halted(play):
    """Hundreds of halts with long reasons: the answer says how many it leaves out."""
    for number in range(200):
        ask(play, "KILL", scope=f"symbol:{number}", reason="r" * 2_000)
    body = json.loads(ask(play, "STATUS").command_body)
    assert len(body["halts"]) + body["halts_left_out"] == 200


@pytest.mark.parametrize(("count", "size"), [(1, 200_000), (3, 60_000), (500, 300), (0, 0)])
def test_no_page_is_empty_while_rows_are_left(count, size):
    """Whatever the rows are like, asking page by page ends, with every row once."""
    rows = [{"id": number, "long": ["x" * 90] * (size // 100)} for number in range(count)]
    seen = []
    while len(seen) < count:
        found = msgspec.json.decode(msgspec.json.encode(page(rows, len(seen))))
        assert len(msgspec.json.encode(found)) < 60_000
        assert found["rows"]
        seen += [row["id"] for row in found["rows"]]
    assert seen == list(range(count))


@pytest.mark.parametrize("command", ["STATUS", "ORDERS", "POSITIONS", "SESSIONS", "VENUES"])
def test_every_question_is_answered(play, command):
    """Each listing is JSON, and asking changes nothing but numbers."""
    play.desk.book.digest()
    before = play.desk.book.state.part
    assert json.loads(ask(play, command).command_body)
    play.desk.book.digest()
    assert play.desk.book.state.part == before


def test_operators_get_copies(play):
    """Every report to a strategy reaches each operator with 797=Y and 115, and moves nothing."""
    play.desk.hear("MM", cancel(play.desk, "Z", "A"))
    copy = [m for m in play.desk.told(ANN) if isinstance(m, ExecutionReport)][-1]
    assert copy.copy_msg_indicator
    assert copy.on_behalf_of_comp_id == "MM"
    assert line(copy) == play.lines()[-1] == "6/6 (Z,A) q10000 c0 l10000"
    assert play.desk.replayed().digest() == play.desk.book.digest()


def test_who_is_gone_gets_no_copies(play):
    """An operator's link that has ended leaves nothing behind."""
    play.desk.drop(ANN)
    told = len(play.desk.told(ANN))
    play.desk.hear("MM", cancel(play.desk, "Z", "A"))
    assert len(play.desk.told(ANN)) == told
    assert not play.desk.book.operators


def mass(play, kind="7", **fields):
    """Let MM cancel many; return the report."""
    play.desk.hear("MM", OrderMassCancelRequest(
        cl_ord_id=f"Q{len(play.desk.records)}", mass_cancel_request_type=kind,
        transact_time=format_utc(play.desk.now_ns), **fields,
    ))  # fmt: skip
    return [m for m in play.desk.told("MM") if isinstance(m, OrderMassCancelReport)][-1]


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({}, 2), ({"kind": "1", "symbol": SYMBOL}, 2), ({"kind": "1", "symbol": "OTHER"}, 0),
        ({"side": "2"}, 0), ({"security_exchange": "ELSEWHERE"}, 0),
        ({"scope": f"venue:{VENUE}"}, 2), ({"scope": "strategy:MOM"}, 0),
    ],
)  # fmt: skip
def test_a_mass_cancel_is_ones_own(play, fields, count):
    """Q cancels what is the sender's own and fits; each order gets its 8, then comes one r."""
    report = mass(play, **fields)
    assert report.total_affected_orders == count == cancels(play)
    assert len(play.lines()) == count + 1


@pytest.mark.parametrize(
    ("fields", "text"),
    [({"kind": "1"}, "FIELDS_DISAGREE"), ({"scope": "everything"}, "UNKNOWN_SCOPE")],
)
def test_a_mass_cancel_that_is_refused(play, fields, text):
    """531=0 with the reason; nothing is cancelled; its id is used up."""
    report = mass(play, **fields)
    assert report.mass_cancel_response.value == "0"
    assert report.text.startswith(text)
    assert cancels(play) == 0
    play.desk.hear("MM", new_order(play.desk, report.cl_ord_id))
    assert play.lines()[-1].endswith("103=6")


def test_a_symbol_that_nobody_knows_is_halted_with_a_warning(play):
    """A misspelt symbol does not pass unnoticed: the answer names those that venues know."""
    answer = ask(play, "KILL", scope="symbol:EURUSDD", reason="r")
    assert answer.outcome == "DONE"
    assert "no venue knows EURUSDD" in answer.text
    assert SYMBOL in answer.text
    assert "WARNING" not in ask(play, "KILL", scope=f"symbol:{SYMBOL}", reason="r").text


def test_a_kill_says_what_waits_for_an_absent_venue(play):
    """Cancels for a venue that is not linked are issued when it is back; the answer says so."""
    play.order()
    play.desk.drop(VENUE)
    assert "of them when their venue is back" in ask(play, "KILL", scope="all", reason="r").text
