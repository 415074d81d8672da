"""What OKX says no with. Nearly all of it comes with HTTP 200 or 4xx and a code in the body.

A request as a whole is refused by `OkxError`: `{"code": …, "msg": …, "data": []}`. One order of a
request is refused by `Refused`, which becomes a row with `sCode` and `sMsg`.
"""

from __future__ import annotations

HTTP = {
    "50001": 503, "50004": 400, "50005": 410, "50011": 429, "50013": 429, "50014": 400,
    "50026": 500,
    "50102": 401, "50101": 401, "50103": 401, "50104": 401, "50105": 401,
    "50106": 401, "50107": 401, "50110": 401, "50111": 401, "50112": 401, "50113": 401,
    "50115": 405, "50006": 400, "50002": 400, "50120": 401,
}  # fmt: skip
TEXTS = {
    "50001": "Service temporarily unavailable. Please try again later.",
    "50004": "API endpoint request timeout (does not mean that the request was successful or "
             "failed, please check the request result).",
    "50011": "Too Many Requests",
    "50013": "Systems are busy. Please try again later.",
    "50026": "System error. Please try again later.",
    "50036": "The expTime can't be earlier than the current system time. Please adjust the "
             "expTime and try again.",
    "50061": "The maximum order rate limit of this account has been reached.",
    "51008": "Order failed. Insufficient {} balance in account.",
    "51016": "Client order ID already exists.",
    "51149": "Order timed out. Please try again.",
    "51400": "Cancellation failed as the order does not exist.",
    "51401": "Cancellation failed as the order is already canceled.",
    "51402": "Cancellation failed as the order is already completed.",
    "51410": "Cancellation failed as the order is already in canceling status.",
    "51503": "Order modification failed as the order does not exist.",
    "51509": "Modification failed as the order has been canceled.",
    "51510": "Modification failed as the order has been completed.",
    "51603": "Order does not exist",
}  # fmt: skip


class OkxError(Exception):
    """A request that is refused as a whole."""

    def __init__(self, code, text="", http=None):
        self.code = str(code)
        self.text = text or TEXTS.get(self.code, "")
        self.http = HTTP.get(self.code, 200) if http is None else http
        super().__init__(f"{code}: {self.text}")

    def body(self):
        """Return the JSON body."""
        return {"code": self.code, "msg": self.text, "data": []}


class Refused(Exception):  # noqa: N818 - it is the exchange's word, not a mistake of ours
    """One order that is refused; the rest of its request goes on."""

    def __init__(self, code, text=""):
        self.code = str(code)
        self.text = text or TEXTS.get(self.code, "")
        super().__init__(f"{code}: {self.text}")


def bad(*, of):
    """Say that a parameter is wrong, in one order."""
    return Refused(51000, f"Parameter {of} error")


def missing(*, of):
    """Say that a parameter was not sent."""
    return OkxError(50014, f"Parameter {of} cannot be empty.")
