"""What bybit's words and codes mean: verdicts, statuses, forces. Pure.

Nearly every answer is HTTP 200 with a `retCode`. A refusal is believed by its code from the
allow-list below and nothing else: 10000 and 10016 (server error), 110079 ("processing"), 170001,
170007 (timeout), 170032, 170035 ("submitted"), 170146, 170147, 170149, 170310 and all that is not
listed say that nothing is known, and so does every HTTP status but 200.

Source: the pages "Error Codes" and "Enums Definitions" of bybit's API v5.
"""

from __future__ import annotations

from typing import Any

from bridges.crypto.effects import Call, Response
from bridges.crypto.plain import plain
from bridges.crypto.views import Verdict
from protocol.fields import OrdStatus, OrdType, Side, TimeInForce

MS_NS = 1_000_000
HTTP_OK, HTTP_FORBIDDEN = 200, 403
CLOCK_OFF = frozenset((10002, -1021))
TOO_MANY = frozenset((10006, 10018, 170222))
DUPLICATES = frozenset((110072, 170141, 12141))
UNKNOWN = frozenset((110001, 170213))
REFUSALS = frozenset((
    -2015, *range(10001, 10011), 10017, 10018, 10024, 10027, 10028, 10029, 33004,
    *range(110003, 110030), *range(110031, 110063), *range(110064, 110071), 110074, 110080,
    *range(110085, 110091), *range(110092, 110109), *range(110118, 110122), 170005, 170010, 170011,
    170031, 170033, 170034, 170036, 170037, 170105, 170115, 170116, 170117, 170121, 170124,
    *range(170130, 170138), 170139, 170140, 170142, 170143, 170145, 170148, 170151, 170157, 170159,
    170192, 170193, 170194, *range(170197, 170205), 170206, 170207, 170209, 170210,
    *range(170215, 170225), *range(170226, 170231), 170241, 170312, 170313, 170341, 170344, 170346,
    170348, 170355, 170358, 170359, 170371, 170372, 170709, 170810,
))  # fmt: skip
"""What is refused for ever. 10002 is a wrong clock or a late arrival: not executed."""
STATUS = {
    "Created": OrdStatus.NEW, "New": OrdStatus.NEW, "Active": OrdStatus.NEW,
    "Untriggered": OrdStatus.NEW, "Triggered": OrdStatus.NEW,
    "PartiallyFilled": OrdStatus.PARTIALLY_FILLED, "Filled": OrdStatus.FILLED,
    "Cancelled": OrdStatus.CANCELED, "PartiallyFilledCanceled": OrdStatus.CANCELED,
    "Deactivated": OrdStatus.CANCELED, "Rejected": OrdStatus.REJECTED,
}  # fmt: skip
TYPES = {"Market": OrdType.MARKET, "Limit": OrdType.LIMIT}
WAITING = frozenset(("Untriggered", "Deactivated"))
"""Of a stop: it was not triggered."""
NO_REASON = frozenset(("", "EC_NoError", "EC_PerCancelRequest"))
TAKES = "EC_PostOnlyWillTakeLiquidity"
TIF = {
    "GTC": TimeInForce.GOOD_TILL_CANCEL, "IOC": TimeInForce.IMMEDIATE_OR_CANCEL,
    "FOK": TimeInForce.FILL_OR_KILL, "PostOnly": TimeInForce.GOOD_TILL_CANCEL,
    "RPI": TimeInForce.GOOD_TILL_CANCEL,
}  # fmt: skip
TIF_NAMES = {
    TimeInForce.GOOD_TILL_CANCEL: "GTC", TimeInForce.IMMEDIATE_OR_CANCEL: "IOC",
    TimeInForce.FILL_OR_KILL: "FOK",
}  # fmt: skip
SIDES = {"Buy": Side.BUY, "Sell": Side.SELL}
SIDE_NAMES = {side: name for name, side in SIDES.items()}
ACKNOWLEDGED = "acknowledged by bybit, and then not done"
BUSY_MS, BAN_MS = 1_000, 600_000
"""How long bybit is left alone: after a 10006 without a time, and after a 403 (ten minutes)."""


def code_of(response: Response) -> int | None:
    """Return the retCode of an answer, if it has one."""
    body = response.body
    code = body.get("retCode") if isinstance(body, dict) else None
    return code if isinstance(code, int) else None


def judge(response: Response) -> Verdict:
    """Say what an answer proves."""
    code = code_of(response)
    if not response.sent:
        return Verdict.REFUSED
    if response.status != HTTP_OK or code is None:
        return Verdict.DOUBT
    if code == 0:
        return Verdict.DONE if isinstance(response.body.get("result"), dict) else Verdict.DOUBT
    if code in DUPLICATES:
        return Verdict.DUPLICATE
    if code in UNKNOWN:
        return Verdict.UNKNOWN
    return Verdict.REFUSED if code in REFUSALS else Verdict.DOUBT


def text_of(response: Response) -> str:
    """Say for people what an answer was."""
    code = code_of(response)
    if code == 0:
        return ACKNOWLEDGED
    if code is not None:
        return plain(f"{code}: {response.body.get('retMsg', '')}")
    return response.problem or f"HTTP {response.status} without a reason"


def back_off_ms(response: Response) -> int | None:
    """Read how long bybit wants to be left alone; None if it does not."""
    if response.status == HTTP_FORBIDDEN:
        return BAN_MS
    if code_of(response) not in TOO_MANY:
        return None
    reset, now = response.headers.get("x-bapi-limit-reset-timestamp", ""), response.body.get("time")
    if reset.isascii() and reset.isdigit() and isinstance(now, int):
        return max(int(reset) - now, 0) + BUSY_MS // 10
    return BUSY_MS


def rows_of(body: Any) -> list[Any]:
    """Return the list in an answer. Raises KeyError or TypeError if it has none."""
    found = body["result"]["list"]
    if not isinstance(found, list):
        raise TypeError
    return found


class BybitWords:
    """What both tables make of an answer."""

    def judge(self, response: Response) -> Verdict:
        """Say what an answer proves."""
        return judge(response)

    def text_of(self, response: Response) -> str:
        """Say for people what an answer was."""
        return text_of(response)

    def back_off_ms(self, response: Response) -> int | None:
        """Read how long bybit wants to be left alone."""
        return back_off_ms(response)

    def is_ban(self, response: Response) -> bool:
        """Whether nobody from here is heard for a while: HTTP 403, "access too frequent"."""
        return response.status == HTTP_FORBIDDEN

    def is_clock_off(self, response: Response) -> bool:
        """Whether the request's time was wrong."""
        return code_of(response) in CLOCK_OFF

    def was_restricted(self, response: Response) -> bool:  # noqa: ARG002 - others swap orders
        """Say no: an amendment is of the order itself."""
        return False

    def used(self, response: Response) -> int | None:  # noqa: ARG002 - counted by endpoint there
        """Read nothing: what bybit tells is left of one endpoint only."""
        return None

    def time(self) -> Call:
        """Ask for bybit's clock."""
        return Call("publicGetV5MarketTime", urgent=True)

    def read_time(self, body: Any) -> int:
        """Read it, in ms."""
        return int(body["result"]["timeNano"]) // MS_NS
