"""Decimals in MQL5 are exact, or they say that they cannot be: each against Python's Decimal."""

from __future__ import annotations

from decimal import Decimal, localcontext
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.mt5.ea import Program, VirtualClock
from support.mt5.runtime import build

from protocol.numbers import format_decimal, is_decimal, plain

PROBES = Path(build.__file__).parents[1] / "probes"
pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(60),  # the first test of a run compiles
    pytest.mark.length("ci"),
]
NUMBERS = st.decimals(
    allow_nan=False, allow_infinity=False, places=None, min_value=-(10**17), max_value=10**17
).map(lambda value: format_decimal(round(value, 18)))
SHORT = st.builds(
    lambda digits, shift: format_decimal(Decimal(digits).scaleb(-shift)),
    st.integers(-(10**9), 10**9), st.integers(0, 8),
)  # fmt: skip


@pytest.fixture(scope="module")
def ask():
    """Give a function that asks the compiled decimals."""
    program = Program(build.build(PROBES / "Decimals.mq5"), None, clock=VirtualClock(0))
    return lambda command, *words: program.probe(command, " ".join(words).encode()).decode()


def shown(value):
    """Write what the probe writes: plain text, or none when it does not fit 18 digits a side."""
    if value is None or abs(value) >= 10**18 or value != round(value, 18):
        return "none"
    return format_decimal(plain(value or abs(value)))


@given(text=st.one_of(NUMBERS, st.text("0123456789.-+e", max_size=40)))
@settings(max_examples=400, deadline=None)
def test_the_grammar_is_the_wires(ask, text):
    """A text is a number here when it is one in Python, and then it is the same number."""
    expected = shown(Decimal(text)) if is_decimal(text) else "none"
    assert ask("parse", text) == expected


@given(a=st.one_of(NUMBERS, SHORT), b=st.one_of(NUMBERS, SHORT))
@settings(max_examples=400, deadline=None)
def test_sums_products_and_quotients_are_exact_or_refused(ask, a, b):
    """No digit is ever lost: what does not fit is no number."""
    with localcontext() as context:
        context.prec = 120
        left, right = Decimal(a), Decimal(b)
        assert ask("+", a, b) == shown(left + right)
        assert ask("-", a, b) == shown(left - right)
        assert ask("*", a, b) == shown(left * right)
        exact = left / right if right else None
        if exact is not None and round(exact, 18) * right != left:
            exact = None
        assert ask("/", a, b) == shown(exact if exact is None else round(exact, 18))
        assert ask("compare", a, b) == str((left > right) - (left < right))
        multiple = bool(right) and left % right == 0
        assert ask("multiple", a, b) == "NY"[multiple and abs(left / right) < 10**18]


@pytest.mark.parametrize(
    ("number", "digits", "text"),
    [
        (0.1, 1, "0.1"), (0.1 + 0.2, 2, "0.3"), (1.1, 5, "1.1"), (1.08315, 5, "1.08315"),
        (150.123, 3, "150.123"), (-0.00001, 5, "-0.00001"), (0.0, 2, "0"),
        (1e14, 0, "1" + 14 * "0"), (1e15, 2, "none"), (float("nan"), 2, "none"), (1.5, 16, "none"),
    ],
)  # fmt: skip
def test_doubles_become_decimals_by_their_digits(ask, number, digits, text):
    """A double that stands for a price with so many digits becomes exactly that price."""
    assert ask("double", repr(number), str(digits)) == text


@pytest.mark.parametrize("number", [0, 1, -1, 10**17, -(10**17), 999_999_999_999_999_999])
def test_whole_numbers(ask, number):
    """Whole numbers of up to 18 digits are taken as they are."""
    assert ask("whole", str(number)) == str(number)
