"""Where each exchange's streams are, and how a logon on one is signed, in the words of ccxt.

Rules: an exchange object of ccxt is an argument; nothing is imported. A signer takes the message
that a table made and returns it with key and signature; the secret is in no message before that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Address = Callable[[Any, str], str]
Signer = Callable[[Any, dict[str, Any]], dict[str, Any]]


class Place(NamedTuple):
    """The streams of one market of an exchange; each is given the exchange and the stream's key."""

    exchange: str
    """ccxt's name of the exchange's class."""
    user: Address
    market: Address
    sign: Signer
    demo: str
    """How its test network is chosen: `sandbox`, `demo`, or nothing if it has none."""


def _as_it_is(exchange: Any, message: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - a Signer
    return message


def _binance(exchange: Any, message: dict[str, Any]) -> dict[str, Any]:
    return {**message, "params": exchange.sign_params(dict(message["params"]))}


PLACES: Mapping[str, Place] = {
    "binance spot": Place(
        exchange="binance",
        user=lambda exchange, _: str(exchange.urls["api"]["ws"]["ws-api"]["spot"]),
        market=lambda exchange, _: str(exchange.urls["api"]["ws"]["spot"]),
        sign=_binance, demo="sandbox",
    ),
    "binance usdm": Place(
        exchange="binance",
        user=lambda exchange, key: str(exchange.get_private_ws_url("linear", key)),
        market=lambda exchange, _: str(exchange.get_ws_url("linear", "public")),
        sign=_as_it_is, demo="demo",
    ),
}  # fmt: skip
"""By the name of the table."""
