"""What OKX's answers prove, and what they cost: codes, limits. Pure.

Nearly every answer is HTTP 200 with a `code`, and each order in it has an `sCode` of its own. A
refusal is believed by its code from the allow-list below and nothing else: 50001, 50004, 50013,
50026, 51149 ("timed out") and 51410 ("being cancelled") say that nothing is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from bridges.crypto.budget import Cost, Limit
from bridges.crypto.effects import Call, Response
from bridges.crypto.plain import plain
from bridges.crypto.views import Verdict

OK, CLOCK_OFF = "0", "50102"
DUPLICATES = frozenset(("50071", "51016"))
TOO_MANY = frozenset(("50011", "50061"))
TOO_MANY_MS, BUSY_MS = 2_000, 1_000
ORDERS = {
    "privatePostTradeOrder": 1, "privatePostTradeAmendOrder": 1, "privatePostTradeOrderAlgo": 3,
}  # fmt: skip
UNKNOWN = frozenset(("51400", "51503", "51603"))
REFUSALS = frozenset(map(str, (
    50000, 50002, *range(50006, 50013), *range(50014, 50026), *range(50027, 50034), 50035, 50036,
    50037, 50038, 50041, 50044, 50046, *range(50051, 50054), *range(50059, 50063),
    *range(50100, 50123), *range(51000, 51011), 51012, 51014, 51015,
    *range(51017, 51032), 51046, 51047, 51051, *range(51072, 51075), *range(51090, 51140),
    51155, 51156, 51159, 51162, 51163, 51166, 51169, 51170, 51174, 51185,
    *range(51201, 51206), *range(51250, 51281), *range(51321, 51331),
    *range(51401, 51410), 51500, 51501, 51502, 51506, *range(51508, 51512), 51600, 51601, 51602,
    *range(54000, 54110), 59113, 59200, 59201,
)))  # fmt: skip
"""What is refused for ever. 50102 is a wrong clock, 50036 a late arrival: not executed."""


def codes_of(body: Any) -> list[tuple[str, str]]:
    """Return code and words of each order in an answer, or of the answer as a whole."""
    code, rows = str(body.get("code", "")), body.get("data")
    found = [
        (str(row["sCode"]), str(row.get("sMsg", "")))
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and "sCode" in row
    ]
    return found or [(code, str(body.get("msg", "")))]


def verdict_of(code: str) -> Verdict:
    """Judge an answer by its code."""
    if code == OK:
        return Verdict.DONE
    if code in DUPLICATES:
        return Verdict.DUPLICATE
    if code in UNKNOWN:
        return Verdict.UNKNOWN
    return Verdict.REFUSED if code in REFUSALS else Verdict.DOUBT


class OkxAnswers:
    """The part of a table that judges answers and counts calls."""

    limits: tuple[Limit, ...] = (Limit(60, 2_000), Limit(60, 2_000, "orders"))
    """Each path has its own, for orders by instrument: the strictest of them, for all together."""
    costs: ClassVar[Mapping[str, int]] = {
        "privateGetTradeFillsHistory": 6, "privateGetAccountBalance": 6,
        "privateGetAccountPositions": 6, "privateGetAccountBills": 6,
        "privateGetAccountBillsArchive": 12, "privateGetTradeOrderAlgo": 3,
        "privateGetTradeOrdersAlgoPending": 3,
    }  # fmt: skip
    """In 60ths of what a path may be asked in two seconds, of what is asked often."""

    def cost(self, call: Call) -> Cost:
        """Say what a call takes of the limits; what is read once and what is public takes none."""
        if call.method in ORDERS:
            return Cost(0, ORDERS[call.method])
        is_often = call.method.startswith("privateGetTrade") or call.method in self.costs
        return Cost(self.costs.get(call.method, 1) if is_often else 0)

    def used(self, response: Response) -> int | None:  # noqa: ARG002 - Binance tells it
        """Read nothing: OKX does not tell what was used."""
        return None

    def judge(self, response: Response) -> Verdict:
        """Say what an answer proves."""
        if not response.sent:
            return Verdict.REFUSED
        body = response.body
        if not isinstance(body, dict) or "code" not in body:
            return Verdict.DOUBT
        found = {verdict_of(code) for code, _ in codes_of(body)}
        if found == {Verdict.DONE}:
            is_whole = response.status == 200 and str(body["code"]) == OK  # noqa: PLR2004 - HTTP's
            return Verdict.DONE if is_whole else Verdict.DOUBT
        return found.pop() if len(found) == 1 else Verdict.DOUBT

    def judge_replace(self, response: Response) -> tuple[Verdict, Verdict]:
        """Say what became of the order: it is its own successor."""
        found = self.judge(response)
        return found, found

    def text_of(self, response: Response) -> str:
        """Say for people what an answer was."""
        if isinstance(response.body, dict) and "code" in response.body:
            return plain("; ".join(f"{code}: {words}" for code, words in codes_of(response.body)))
        return response.problem or f"HTTP {response.status} without a reason"

    def _has_code(self, response: Response, codes: frozenset[str]) -> bool:
        body = response.body
        return isinstance(body, dict) and any(code in codes for code, _ in codes_of(body))

    def back_off_ms(self, response: Response) -> int | None:
        """Read how long the exchange wants to be left alone; None if it does not."""
        if self._has_code(response, TOO_MANY):
            return TOO_MANY_MS
        return BUSY_MS if response.status == 429 else None  # noqa: PLR2004 - HTTP's own

    def is_ban(self, response: Response) -> bool:  # noqa: ARG002 - as others have it
        """Never: OKX limits requests, and hears cancels all the same."""
        return False

    def is_clock_off(self, response: Response) -> bool:
        """Whether a request was not executed since its time was wrong."""
        return self._has_code(response, frozenset((CLOCK_OFF,)))

    def was_restricted(self, response: Response) -> bool:  # noqa: ARG002 - spot of Binance has it
        """Never: an amendment changes the order itself."""
        return False
