"""What an answer of Binance proves: by a list of codes, and by words where codes say less."""

from __future__ import annotations

import pytest

from bridges.crypto.effects import Response
from bridges.crypto.tables.binance import REFUSALS, judge
from bridges.crypto.views import Verdict

IN_DOUBT = (-1000, -1001, -1006, -1007, -1008)
"""Documented as such: "execution status unknown", and an overload."""
UNDOCUMENTED = (
    -1004, -1005, -1107, -1123, -1124, -1129, -1132, -1133, -1137, -1138, *range(-1144, -1139),
    -1146, -4034, -4043, -4100, -4119, -4145, -4199, -5020, -5023, -5030, -5036, -5042, -5044,
)  # fmt: skip
"""Between the codes of orders: nobody has said what they would mean."""
NOT_OF_ORDERS = (-4078, -4083, -4084, -4117)


def verdict(code, text="", status=400):
    """Judge an answer."""
    return judge(Response(status, {"code": code, "msg": text}, {}))


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_a_documented_refusal_is_believed_in_a_4xx_only(code):
    """With the code, and with the status that says that the request was at fault."""
    assert verdict(code) is Verdict.REFUSED
    for status in (408, 500, 503, 504):
        assert verdict(code, status=status) is Verdict.DOUBT


@pytest.mark.parametrize("code", [*IN_DOUBT, *UNDOCUMENTED, *NOT_OF_ORDERS, 0, None, "-2010"])
def test_whatever_is_not_on_the_list_is_in_doubt(code):
    """A new code between two old ones may say anything."""
    assert verdict(code) is Verdict.DOUBT


@pytest.mark.parametrize(
    ("code", "text", "found"),
    [
        (-2010, "Duplicate order sent.", Verdict.DUPLICATE),
        (-2010, "Account has insufficient balance for requested action.", Verdict.REFUSED),
        (-4116, "ClientOrderId is duplicated.", Verdict.DUPLICATE),
        (-4116, "another text", Verdict.DOUBT),
        (-2011, "Unknown order sent.", Verdict.UNKNOWN),
        (-2011, "Order was not canceled due to cancel restrictions.", Verdict.REFUSED),
        (-2013, "Order does not exist.", Verdict.UNKNOWN),
    ],
)
def test_one_code_may_say_several_things(code, text, found):
    """A duplicate is looked up, an unknown order is a proof, the others are refusals."""
    assert verdict(code, text) is found


def test_what_never_left_is_refused_and_what_has_no_body_proves_nothing():
    """Silence, a page of a proxy, an answer that is cut."""
    assert judge(Response(0, sent=False)) is Verdict.REFUSED
    assert judge(Response(0)) is Verdict.DOUBT
    assert judge(Response(400, None, {})) is Verdict.DOUBT
    assert judge(Response(200, None, {})) is Verdict.DOUBT
    assert judge(Response(200, [], {})) is Verdict.DONE
