"""Exact numbers, UTC timestamps and order ids."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import order_id
from protocol.numbers import exact, format_decimal, parse_decimal, parse_sum, plain
from protocol.order_id import COUNTER_MAX, EPOCH_MAX, INSTANCE_MAX, OrderId
from protocol.timestamps import format_date, format_utc, parse_utc

decimals = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places),
    st.integers(-(10**17), 10**17), st.integers(0, 17),
)  # fmt: skip


@given(decimals)
def test_number_survives_the_wire(value):
    """Written and read again a number is the same, digit for digit."""
    assert str(value) == str(parse_decimal(format_decimal(value))) or "E" in str(value)
    assert value == parse_decimal(format_decimal(value))


@given(decimals)
def test_number_is_written_plainly(value):
    """No exponent ever goes out."""
    assert "E" not in format_decimal(value)


@pytest.mark.parametrize(("value", "written"), [("1E+3", "1000"), ("1E-9", "0.000000001")])
def test_exponents_are_written_out(value, written):
    """Decimal('1E+3') is 1000 on the wire."""
    assert written == format_decimal(Decimal(value))


@given(decimals)
def test_plain_keeps_the_value_and_drops_zeros(value):
    """Equal numbers have one plain text."""
    assert value == plain(value)
    assert format_decimal(plain(value)) == format_decimal(plain(value * Decimal("1.000")))


@given(decimals, decimals)
def test_products_are_exact(left, right):
    """Price times quantity loses no digit: the context is wide enough for all wire numbers."""
    scale = 10**34
    product = left * right
    assert int(product * scale) == int(left * 10**17) * int(right * 10**17)


DIGITS = [
    ("9" * 18, True), ("9" * 19, False), ("9" * 36, False), ("-" + "9" * 18, True),
    ("9" * 18 + ".", True), ("9" * 19 + ".", False), ("9" * 18 + "." + "9" * 18, True),
    ("9" * 18 + "." + "9" * 19, False), ("0." + "9" * 18, True), ("." + "9" * 18, True),
    ("." + "9" * 19, False), ("9" * 19 + ".1", False),
]  # fmt: skip


@pytest.mark.parametrize("read", [parse_decimal, exact])
@pytest.mark.parametrize(("text", "legal"), DIGITS)
def test_a_number_has_18_digits_a_side(text, legal, read):
    """Eighteen digits on each side of the point, with a point or without one, and no more."""
    if legal:
        assert Decimal(text) == read(text)
    else:
        with pytest.raises(ValueError, match="18 on each side"):
            read(text)


@given(st.integers(0, 10**40).map(Decimal), st.integers(0, 40))
def test_our_own_sums_are_read_back_whatever_their_length(digits, places):
    """A sum in a note may have more digits than the wire takes; it is read back exactly."""
    value = digits.scaleb(-places)
    assert value == parse_sum(format_decimal(value))


@pytest.mark.parametrize("text", ["", "NaN", "1E5", "+1", ".5", "1.", "1_0", "\u0661"])
def test_a_sum_is_written_plainly_or_refused(text):
    """Only what format_decimal writes is a sum."""
    with pytest.raises(ValueError, match="format_decimal"):
        parse_sum(text)


@pytest.mark.parametrize("value", [1.5, True, None, Decimal("NaN"), "1E5", b"1"])
def test_exact_refuses_what_has_lost_its_digits(value):
    """A float, a bool or a NaN from a person's code is refused."""
    with pytest.raises((TypeError, ValueError)):
        exact(value)


@pytest.mark.parametrize("value", ["1.5", 2, Decimal("2.50")])
def test_exact_takes_text_int_and_decimal(value):
    """Numbers that are exact stay as they are."""
    assert Decimal(value) == exact(value)


def test_exact_names_the_way_out_of_a_float():
    """The error names the two functions that round legally."""
    with pytest.raises(TypeError, match=r"instrument\.price\(x\).*instrument\.qty\(x\)"):
        exact(0.1)


@given(st.integers(0, 4_000_000_000_000_000))
def test_time_survives_the_wire(microseconds):
    """Microseconds are written and read exactly."""
    assert microseconds * 1000 == parse_utc(format_utc(microseconds * 1000))


def test_nanoseconds_are_cut():
    """What is finer than a microsecond is cut, never rounded up into the future."""
    assert format_utc(999) == "19700101-00:00:00.000000"


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("19700101-00:00:01", 10**9),
        ("19700101-00:00:00.5", None),
        ("19700101-00:00:00.123", 123_000_000),
        ("20240229-12:00:00", 1_709_208_000 * 10**9),
    ],
)
def test_fractions_have_three_or_six_digits(text, ns):
    """Whole seconds, milliseconds and microseconds are read; nothing else."""
    if ns is None:
        with pytest.raises(ValueError, match="YYYYMMDD"):
            parse_utc(text)
    else:
        assert ns == parse_utc(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "20230229-12:00:00", "20230101-24:00:00", "20230101 12:00:00", "2023010112:00:00",
        "20230101-12:00:00.", "20230101-12:00:00.1234", "20230101-12:00:00Z", "٢٠٢٣٠١٠١-12:00:00",
        "20230101-12:00:00.12\uff13", "20230101-12:00:60", " 20230101-12:00:00",
        "22620101-00:00:00", "99991231-23:59:59", "19691231-23:59:59.999", "00010101-00:00:00",
    ],
)  # fmt: skip
def test_nonsense_is_no_time(text):
    """Impossible dates, other shapes, other digits: ValueError that shows the shape."""
    with pytest.raises(ValueError, match="YYYYMMDD-HH:MM:SS"):
        parse_utc(text)


def test_the_last_moment_fits_64_bits():
    """Whatever is read as a time can be kept: signed, in nanoseconds."""
    assert parse_utc("22611231-23:59:59.999999") < 2**63


def test_date_is_utc():
    """The date of a moment is the UTC date."""
    assert format_date(parse_utc("20260105-23:59:59.999")) == "20260105"


ids = st.builds(
    OrderId, st.integers(0, INSTANCE_MAX), st.integers(0, EPOCH_MAX), st.integers(0, COUNTER_MAX)
)


@given(ids)
def test_order_id_is_thirteen_characters_and_back(one):
    """Every id is 13 characters of 0-9 A-Z and reads back as its parts."""
    text = one.text()

    assert len(text) == 13
    assert text.isascii()
    assert text.isalnum()
    assert text == text.upper()
    assert one == order_id.parse(text)


@given(ids)
def test_order_id_fits_63_bits(one):
    """An id is MT5's magic number as it stands: a positive 64-bit integer."""
    assert 0 <= order_id.to_number(one.text()) < 1 << 63


@given(ids, ids)
def test_order_ids_sort_as_their_parts(left, right):
    """Text order is number order is (instance, epoch, counter) order."""
    assert (left < right) == (left.text() < right.text())


def test_full_counter_moves_into_the_next_epoch():
    """After the last counter of an epoch comes the first of the next: no id is used twice."""
    assert OrderId(3, 8, 0) == OrderId(3, 7, COUNTER_MAX).next()
    assert OrderId(3, 7, 2) == OrderId(3, 7, 1).next()
    with pytest.raises(OverflowError):
        OrderId(3, EPOCH_MAX, COUNTER_MAX).next()


@pytest.mark.parametrize(
    "text", ["", "A", "0" * 12, "0" * 14, "abcdefghijklm", "Z" * 13, "00000000000.0", "٣" * 13]
)
def test_foreign_text_is_no_order_id(text):
    """What is not 13 characters of 0-9 A-Z below 2^63 is not ours."""
    with pytest.raises(ValueError, match="expected an order id"):
        order_id.parse(text)


@pytest.mark.parametrize("number", [-1, 1 << 63])
def test_number_beyond_63_bits_is_no_order_id(number):
    """Only 63-bit numbers have a text."""
    with pytest.raises(ValueError, match="63 bits"):
        order_id.to_text(number)
