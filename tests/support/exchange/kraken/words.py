"""What Kraken says no with: HTTP 200, and an error's name. Its guide lists most of these names."""

from __future__ import annotations

from types import MappingProxyType

from support.exchange.faulty import Words

BUSY = "EAPI:Rate limit exceeded"
DUPLICATE = "EOrder:cl_ord_id already in use"
"""That an id must be free among open orders is documented; the words of the refusal are not."""
UNKNOWN = "EOrder:Unknown order"
POST_ONLY = "EOrder:Post only order"
LOCKOUT = "EGeneral:Temporary lockout"
NO_FUNDS = "EOrder:Insufficient funds"


class Refused(Exception):  # noqa: N818 - it is what the exchange says, not a mistake of ours
    """One refusal, as the exchange words it."""


def refuse(text):
    """Refuse with these words."""
    raise Refused(text)


def invalid(what):
    """Refuse an argument that is missing or cannot be read."""
    refuse(f"EGeneral:Invalid arguments:{what}")


class KrakenWords(Words):
    """How Kraken says that something went wrong."""

    name = "Kraken"
    unknown = MappingProxyType({"error": ["EService:Unavailable"]})

    def said(self, fault, path):
        """Return (status, body or None for a web page, headers) of a fault that says something."""
        if fault.what == "slow":
            return 200, {"error": [fault.text or BUSY]}, {}
        if fault.what == "ban":
            return 200, {"error": [LOCKOUT]}, {}
        if fault.what == "duplicate":
            return 200, {"error": [DUPLICATE]}, {}
        if fault.code is not None:
            return 200, {"error": [fault.code]}, {}
        return fault.http, None, {}


WORDS = KrakenWords()
