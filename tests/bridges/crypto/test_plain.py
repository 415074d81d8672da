"""No secret in what is said for people, whatever an exchange repeats of a request."""

from __future__ import annotations

import pytest

from bridges.crypto.plain import MOST, plain

KEY, SIGNATURE, KRAKENS = "aK7" * 21 + "Z", "0f" * 32, "xY/+" * 21 + "A=="
"""As long as Binance's keys, signatures in hexadecimal digits, and Kraken's secrets."""
AROUND = ("{}", "origin_string[1700000000000{}5000]", "a=1&b={}&c", "'{}'")


@pytest.mark.parametrize("secret", [KEY, SIGNATURE, KRAKENS])
@pytest.mark.parametrize("around", AROUND)
def test_what_is_as_long_as_a_secret_is_not_said(secret, around):
    """Keys, signatures and tokens, wherever in a text they stand."""
    told = plain(f"10004: error sign! {around.format(secret)}")
    assert secret not in told
    assert secret[:12] not in told
    assert told.startswith("10004: error sign!")


def test_ids_and_reasons_are_said():
    """What people need to find an order and its trouble again."""
    text = "EOrder:Unknown order O3H5NM-JWBQX-XUPLBS; 003FSJ1DEZ6YR; -2010: 1234567890123456789"
    assert plain(text) == text


def test_no_text_is_longer_than_a_line_of_a_log_should_be():
    """A whole body is no reason."""
    assert len(plain("no. " * 1_000)) == MOST
