"""Where each exchange's streams are, and how a logon on one is signed, in the words of ccxt.

Rules: an exchange object of ccxt is an argument; nothing is imported. A signer takes the message
that a table made and returns it with key and signature; the secret is in no message before that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

Address = Callable[[Any, str], str]
Signer = Callable[[Any, dict[str, Any]], dict[str, Any]]


class Place(NamedTuple):
    """The streams of one market of an exchange; each is given the exchange and the stream's key."""

    exchange: str
    """ccxt's name of the exchange's class."""
    user: Address | None
    market: Address | None
    sign: Signer
    demo: str
    """How its test network is chosen: `sandbox`, `demo`, or nothing if it has none."""
    is_unified: bool = False
    """Whether only ccxt's unified interface is used; whether that will do is then examined."""
    until_header: str = ""
    """Which header says when a request is to be dropped, where that is a header."""
    in_turn: bool = False
    """Whether signed requests must arrive in the order in which they were signed (turns.py)."""


def _as_it_is(exchange: Any, message: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - a Signer
    return message


def _binance(exchange: Any, message: dict[str, Any]) -> dict[str, Any]:
    return {**message, "params": exchange.sign_params(dict(message["params"]))}


def _bybit(exchange: Any, message: dict[str, Any]) -> dict[str, Any]:
    """Sign a logon: HMAC-SHA256 over a path and the moment until which it holds."""
    (until,) = message["args"]
    text = f"GET/realtime{until}"
    sign = exchange.hmac(text.encode(), exchange.secret.encode(), sha256)
    return {**message, "args": [exchange.apiKey, until, sign]}


def _bybit_stream(*names: str) -> Address:
    def address(exchange: Any, _: str) -> str:
        found = exchange.urls["api"]["ws"]
        for name in names:
            found = found[name]
        return str(exchange.implode_hostname(found))

    return address


def _okx(exchange: Any, message: dict[str, Any]) -> dict[str, Any]:
    """Sign a login: base64 of HMAC-SHA256 over time, method and path."""
    words = dict(message["args"][0])
    text = f"{words['timestamp']}GET/users/self/verify"
    words |= {
        "apiKey": exchange.apiKey, "passphrase": exchange.password,
        "sign": exchange.hmac(text.encode(), exchange.secret.encode(), sha256, "base64"),
    }  # fmt: skip
    return {**message, "args": [words]}


OKX = Place(
    exchange="okx", user=lambda exchange, _: str(exchange.get_url("orders", "private")),
    market=lambda exchange, _: str(exchange.get_url("books", "public")), sign=_okx,
    demo="sandbox", until_header="expTime",
)  # fmt: skip

def unified(exchange: str) -> Place:
    """Return the place of an exchange of which nothing more is known: it has no streams here."""
    return Place(
        exchange=exchange, user=None, market=None, sign=_as_it_is, demo="sandbox",
        is_unified=True,
    )  # fmt: skip


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
    "bybit spot": Place(
        exchange="bybit", user=_bybit_stream("private", "contract"),
        market=_bybit_stream("public", "spot"), sign=_bybit, demo="sandbox",
    ),
    "bybit linear": Place(
        exchange="bybit", user=_bybit_stream("private", "contract"),
        market=_bybit_stream("public", "linear"), sign=_bybit, demo="sandbox",
    ),
    "okx spot": OKX,
    "okx swap": OKX,
    "kraken spot": Place(
        exchange="kraken",
        user=lambda exchange, _: str(exchange.urls["api"]["ws"]["privateV2"]),
        market=lambda exchange, _: str(exchange.urls["api"]["ws"]["publicV2"]),
        sign=_as_it_is, demo="", in_turn=True,
    ),
}  # fmt: skip
"""By the name of the table."""
