"""An order that was on its way too long was meant for another market, in whichever scope."""

from __future__ import annotations

import pytest
from support.scopes import SCOPES, ask, ask_change, code, desk_with, last_sent, number

from protocol.timestamps import format_utc

MS = 1_000_000


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(
    ("age_ms", "expected"),
    [(999, ""), (1000, ""), (1001, "STALE_ORDER"), (-1000, ""), (-1001, "STALE_ORDER")],
)
def test_the_age_of_an_order_and_of_a_replacement(scope, age_ms, expected):
    """At the limit it passes, a millisecond beyond it, into the past or the future, it does not."""
    desk = desk_with(scope, max_order_age_ms=1000)
    assert ask(desk, cl_ord_id="A") == ""
    last_sent(desk).accept()
    said = format_utc(desk.now_ns - age_ms * MS)
    text = ask(desk, "900", transact_time=said)
    assert code(text) == expected
    if text:
        assert f"scope={scope}" in text.split()
        assert (number(text, "age_ms"), number(text, "limit_ms")) == (age_ms, 1000)
    assert code(ask_change(desk, "A", "900", transact_time=said)) == expected
