"""Kraken's names, of which it has several for everything.

An asset has an old code (XXBT, ZUSD) and an altname (XBT, USD); the websocket of version 2 says
BTC and USD. A pair has an id, an altname and a wsname: XXBTZUSD, XBTUSD, XBT/USD. A pair of two
old codes is named by both; any other by its altnames: XBTUSDT.
"""

from __future__ import annotations

from dataclasses import dataclass

OLD = {
    "BTC": ("XXBT", "XBT"), "ETH": ("XETH", "ETH"), "DOGE": ("XXDG", "XDG"),
    "USD": ("ZUSD", "USD"), "EUR": ("ZEUR", "EUR"), "GBP": ("ZGBP", "GBP"),
}  # fmt: skip


def code_of(asset):
    """Return the code of an asset in REST answers."""
    return OLD.get(asset, (asset, asset))[0]


def altname_of(asset):
    """Return the altname of an asset."""
    return OLD.get(asset, (asset, asset))[1]


@dataclass(frozen=True)
class Pair:
    """One pair; `wire` is its name inside of this exchange."""

    symbol: str
    base: str
    quote: str

    @property
    def wire(self):
        """The symbol without its slash."""
        return f"{self.base}{self.quote}"

    @property
    def altname(self):
        """XBTUSD: what orders are described by."""
        return altname_of(self.base) + altname_of(self.quote)

    @property
    def key(self):
        """XXBTZUSD: the id."""
        if self.base in OLD and self.quote in OLD:
            return code_of(self.base) + code_of(self.quote)
        return self.altname

    @property
    def wsname(self):
        """XBT/USD."""
        return f"{altname_of(self.base)}/{altname_of(self.quote)}"


def pair_of(symbol):
    """Return the pair of a symbol."""
    base, _, quote = symbol.partition("/")
    return Pair(symbol, base, quote)


BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SPREAD = 0x9E3779B97F4A7C15
"""Odd and no multiple of three: no two numbers have the same id, and they are in no order."""


def txid(letter, number):
    """Write a number as an id: OQCLML-BW3P3-BUCMWZ. The letter says of what."""
    left, text = number * SPREAD % 36**16, ""
    for _ in range(16):
        left, digit = divmod(left, 36)
        text += BASE36[digit]
    return f"{letter}{text[:5]}-{text[5:10]}-{text[10:]}"
