"""What Kraken's answers prove, and what it calls things. Pure.

A request that failed is answered with HTTP 200 and the names of errors. A refusal is believed only
by name, from the list below, which is Kraken's "Error messages" guide less those that say that
something broke: EService:Unavailable, EService:Busy, EGeneral:Internal error, and whatever is not
listed, are in doubt, as is every answer that is no such JSON.

`EAPI:Invalid nonce` is a refusal: a nonce is checked together with the signature, before anything
is done, and each request is sent once (ccxt's retries are off, aiohttp repeats no POST). That holds
for a key whose nonce window is 0. `EService:Deadline elapsed` says that the matching engine met the
order after its `deadline` and dropped it: with the deadline in every order, an absence is provable.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from bridges.crypto.effects import Response
from bridges.crypto.plain import plain
from bridges.crypto.views import Verdict
from protocol.numbers import parse_decimal

MS_NS = 1_000_000
OK = 200
TOO_MANY = 429
LOCKED_MS = 15 * 60_000
"""How long a lockout may last: Kraken says minutes, and nobody should try it out."""
BUSY_MS = 5_000
UNKNOWN = "EOrder:Unknown order"
LOCKOUT = "EGeneral:Temporary lockout"
ELAPSED = "EService:Deadline elapsed"
NONCE = "EAPI:Invalid nonce"
NONCE_HINT = "another request overtook it; if it stays so, something else uses this key: make one"
CLIENT_ID = "cl_ord_id"
"""That a client id must be free is documented, the words of the refusal are not: whatever names it
is looked up."""
BUSY = (
    "EAPI:Rate limit exceeded", "EOrder:Rate limit exceeded", "EOrder:Domain rate limit exceeded",
    "EGeneral:Too many requests", "EService:Throttled", "EService: Throttled",
)  # fmt: skip
REFUSALS = (
    "EAPI:Invalid key", "EAPI:Invalid signature", NONCE,
    "EAPI:Rate limit exceeded", "EAPI:Feature disabled", LOCKOUT,
    "EGeneral:Permission denied", "EGeneral:Invalid arguments", "EGeneral:Unknown method",
    "EQuery:Unknown asset pair", "EQuery:Invalid asset pair", "EQuery:Unknown asset",
    "EOrder:Insufficient funds", "EOrder:Order minimum not met", "EOrder:Cost minimum not met",
    "EOrder:Tick size check failed", "EOrder:Invalid price", "EOrder:Invalid order",
    "EOrder:Post only order", "EOrder:Rate limit exceeded", "EOrder:Domain rate limit exceeded",
    "EOrder:Orders limit exceeded", "EOrder:Scheduled orders limit exceeded",
    "EOrder:Positions limit exceeded", "EOrder:Reduce only", "EOrder:Margin allowance exceeded",
    "EOrder:Margin level too low", "EOrder:Margin position size exceeded",
    "EOrder:Insufficient margin", "EOrder:Cannot open position",
    "EOrder:Cannot open opposing position", "EOrder:Trading agreement required",
    "EService:Market in cancel_only mode", "EService:Market in post_only mode",
    "EService:Market in limit_only mode", ELAPSED, "ETrade:Invalid request",
    "ETrade:User Locked", "EAccount:Invalid permissions", "EAuth:Account temporary disabled",
    "EAuth:Account unconfirmed", "EBM:limit exceeded", "ESession:Invalid session",
)  # fmt: skip
"""What is refused for ever; each may be followed by a colon or a bracket and more words."""
ASSETS = {
    "XXBT": "BTC", "XBT": "BTC", "XXDG": "DOGE", "XDG": "DOGE", "XETH": "ETH", "XETC": "ETC",
    "XLTC": "LTC", "XMLN": "MLN", "XREP": "REP", "XXLM": "XLM", "XXMR": "XMR", "XXRP": "XRP",
    "XZEC": "ZEC", "ZAUD": "AUD", "ZCAD": "CAD", "ZEUR": "EUR", "ZGBP": "GBP", "ZJPY": "JPY",
    "ZUSD": "USD",
}  # fmt: skip
"""Codes of old assets; the others are called what everybody calls them."""
ALTNAMES = {"BTC": "XBT", "DOGE": "XDG"}


def errors_of(body: Any) -> list[str] | None:
    """Return the errors that an answer names; None if it is no answer of Kraken's."""
    if not isinstance(body, dict) or not isinstance(body.get("error"), list):
        return None
    return [str(one) for one in body["error"] if not str(one).startswith("W")]


def judge(response: Response) -> Verdict:
    """Say what an answer proves."""
    if not response.sent:
        return Verdict.REFUSED
    errors = errors_of(response.body) if response.status == OK else None
    if errors is None:
        return Verdict.DOUBT
    if not errors:
        return Verdict.DONE if "result" in response.body else Verdict.DOUBT
    return verdict_of(errors)


def verdict_of(errors: Iterable[str]) -> Verdict:
    """Judge errors by their names: in doubt if one of them is."""
    found = {_verdict(one) for one in errors}
    return found.pop() if len(found) == 1 else Verdict.DOUBT


def _verdict(error: str) -> Verdict:
    if CLIENT_ID in error and not error.startswith("EGeneral:Invalid arguments"):
        return Verdict.DUPLICATE
    if error.startswith(UNKNOWN):
        return Verdict.UNKNOWN
    known = any(
        error == one or error.startswith((f"{one}:", f"{one} (", f"{one} [")) for one in REFUSALS
    )
    return Verdict.REFUSED if known else Verdict.DOUBT


def text_of(response: Response) -> str:
    """Say for people what an answer was."""
    errors = [
        f"{one} ({NONCE_HINT})" if one == NONCE else one for one in errors_of(response.body) or ()
    ]
    said = plain("; ".join(errors))
    return said or response.problem or f"HTTP {response.status} without a reason"


def back_off_ms(response: Response) -> int | None:
    """Read how long the exchange wants to be left alone; None if it does not."""
    errors = errors_of(response.body) or ()
    if any(one.startswith(LOCKOUT) for one in errors):
        return LOCKED_MS
    if response.status == TOO_MANY or any(one.startswith(BUSY) for one in errors):
        wait = response.headers.get("retry-after", "")
        return int(wait) * 1000 if wait.isascii() and wait.isdigit() else BUSY_MS
    return None


def asset_of(code: str) -> str:
    """Return what an asset is called everywhere else: BTC for XXBT, ETH.S for staked ether."""
    name, dot, rest = code.partition(".")
    return ASSETS.get(name, name) + dot + rest


def altname_of(symbol: str) -> str:
    """Return the altname of a pair: XBTUSD for BTC/USD; what has no slash is one already."""
    base, slash, quote = symbol.partition("/")
    return "".join(ALTNAMES.get(one, one) for one in (base, quote)) if slash else symbol


def spoken(wsname: str) -> str:
    """Return what the websocket of version 2 calls a pair: BTC/USD for XBT/USD."""
    return "/".join(asset_of(one) for one in wsname.split("/"))


# Times.


def ns_of(seconds: Any) -> int:
    """Read a time of REST: seconds with a fraction."""
    return int(parse_decimal(str(seconds)) * 1_000_000_000)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ns_of_stamp(text: str) -> int:
    """Read a time of the websocket: RFC 3339, to the microsecond."""
    passed = datetime.fromisoformat(text) - EPOCH
    return passed // timedelta(microseconds=1) * 1_000


def stamp_of(at_ms: int) -> str:
    """Write a time in RFC 3339, in UTC as Kraken's examples are."""
    text = (EPOCH + timedelta(milliseconds=at_ms)).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def before(at_ms: int) -> int:
    """Write a start for REST: the last whole second before a time; a start is not in its span."""
    return (at_ms - 1) // 1_000


def until(at_ms: int) -> int:
    """Write an end for REST: the first whole second at or after a time."""
    return -(-at_ms // 1_000)
