"""A paper venue that counts: what is too often is refused, warned of, and in the end not heard."""

from __future__ import annotations

import pytest
from support.bridge_wire import Counter, kinds

from bridges.paper.rate_limit import MS_NS, ExchangeLimit
from protocol.fields import TradSesStatus
from protocol.messages import ExecutionReport, OrderCancelReject, TradingSessionStatus

LOW = "1.00000"
T0 = 1_700_000_000_000_000_000


def limited(tmp_path, **limit):
    """A bridge whose venue may be asked only so often."""
    limit = {"weight": 3, "window_ms": 1_000, "warn_ms": 400} | limit
    return Counter(tmp_path, exchange_limit=limit)


def warnings(messages):
    """What was said of warnings: for how long, and whether it is a ban."""
    return [
        (message.back_off_ms, message.trad_ses_status is TradSesStatus.HALTED)
        for message in messages
        if isinstance(message, TradingSessionStatus) and message.back_off_ms is not None
    ]


def test_what_exceeds_the_limit_is_refused_and_warned_of(tmp_path):
    """The fourth order of a second is refused for good, and h says for how long to be quiet."""
    counter = limited(tmp_path)
    for _ in range(3):
        assert kinds(counter.ask(counter.new(price=LOW))) == ["0/0"]
    heard = counter.ask(counter.new(price=LOW))
    (report,) = [one for one in heard if isinstance(one, ExecutionReport)]
    assert (kinds([report]), report.text) == (["8/8"], "RATE_LIMITED: too many requests")
    assert warnings(heard) == [(400, False)]
    counter.run(1_000)
    assert kinds(counter.ask(counter.new(price=LOW))) == ["0/0"]


def test_a_cancel_and_a_question_count_too(tmp_path):
    """Too many: a cancel is refused with the order alive, an answer is not complete."""
    counter = limited(tmp_path, weight=1)
    order = counter.new(price=LOW)
    counter.ask(order)
    heard = counter.ask(counter.cancel(order.cl_ord_id))
    (reject,) = [one for one in heard if isinstance(one, OrderCancelReject)]
    assert (reject.text, reject.ord_status) == ("RATE_LIMITED: too many requests", "0")
    heard = counter.ask(counter.status(order.cl_ord_id))
    (answer,) = [one for one in heard if isinstance(one, ExecutionReport)]
    assert answer.complete is not True
    assert len(counter.exchange.open_orders()) == 1


def test_a_limit_of_orders_lets_the_rest_through(tmp_path):
    """Where orders are counted, cancels and questions are not."""
    counter = limited(tmp_path, weight=1, counts="orders")
    order = counter.new(price=LOW)
    counter.ask(order)
    assert kinds(counter.ask(counter.status(order.cl_ord_id))) == ["I/0"]
    assert kinds(counter.ask(counter.cancel(order.cl_ord_id))) == ["4/4"]
    assert "8/8" in kinds(counter.ask(counter.new(price=LOW)))


def test_a_venue_that_is_ignored_bans(tmp_path):
    """After so many warnings nothing is heard for a time, cancels included, and h says 340=1."""
    counter = limited(tmp_path, weight=1, bans_after=2, ban_ms=3_000)
    order = counter.new(price=LOW)
    counter.ask(order)
    assert warnings(counter.ask(counter.new(price=LOW))) == [(400, False)]
    assert warnings(counter.ask(counter.new(price=LOW))) == [(3_000, True)]
    counter.run(2_000)
    assert "9/0" not in kinds(counter.ask(counter.status(order.cl_ord_id)))
    assert len(counter.exchange.open_orders()) == 1
    counter.run(1_000)
    assert kinds(counter.ask(counter.cancel(order.cl_ord_id))) == ["4/4"]


@pytest.mark.parametrize(("line", "expected"), [
    ("warn 700", [(700, False)]), ("ban 900", [(900, True)]),
])  # fmt: skip
def test_a_warning_on_command(tmp_path, line, expected):
    """A fault lets the venue warn without a cause."""
    counter = Counter(tmp_path)
    counter.take()
    (counter.folder / "faults").write_text(f"{line}\n", encoding="utf-8")
    assert warnings(counter.run(10).take()) == expected


@pytest.mark.parametrize(("aligned", "times_ms", "heard"), [
    (False, (600, 700, 800, 1_100), (True, True, True, False)),
    (True, (600, 700, 800, 1_100), (True, True, True, True)),
    (False, (0, 0, 0, 1_000, 1_001), (True, True, True, False, True)),
    (True, (0, 500, 999, 999, 1_000), (True, True, True, False, True)),
])  # fmt: skip
def test_windows_slide_or_are_cut_by_the_clock(aligned, times_ms, heard):
    """Three a second: in any second, or in each second of the venue's clock."""
    limit = ExchangeLimit(weight=3, window_ms=1_000, aligned=aligned)
    assert tuple(limit.admits(T0 + at * MS_NS) for at in times_ms) == heard
    assert limit.exceeded == heard.count(False)
