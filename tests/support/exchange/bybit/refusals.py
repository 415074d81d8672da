"""What bybit says no with: a retCode in an HTTP 200, and few things otherwise.

Source: the Error Codes page of bybit's v5 API; texts as clients have reported them.
"""

from __future__ import annotations

from types import MappingProxyType

from support.exchange.faulty import Words

LINEAR, SPOT = "linear", "spot"
BAD = 10001
"""A parameter will not do."""


class BybitError(Exception):
    """One refusal, as bybit words it."""

    def __init__(self, code, text, http=200):
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.http = http


def expired(sent, now_ms, window):
    """Say that a request comes from another time."""
    text = (
        "invalid request, please check your server timestamp or recv_window param. "
        f"req_timestamp[{sent}],server_timestamp[{now_ms}],recv_window[{window}]"
    )
    return BybitError(10002, text)


def too_many():
    """Say that an endpoint was asked too often."""
    return BybitError(10006, "Too many visits. Exceeded the API Rate Limit.")


def refuse_rate(allowed):
    """Refuse what was counted and is too much."""
    if not allowed:
        raise too_many()


OWN = {
    "duplicate": {SPOT: (170141, "Duplicate clientOrderId."),
                  LINEAR: (110072, "OrderLinkedID is duplicate")},
    "unknown": {SPOT: (170213, "Order does not exist."),
                LINEAR: (110001, "order not exists or too late to cancel")},
    "funds": {SPOT: (170131, "Insufficient balance."),
              LINEAR: (110007, "ab not enough for new order")},
    "symbol": {SPOT: (170121, "Invalid symbol."), LINEAR: (10001, "params error: symbol invalid")},
    "side": {SPOT: (170117, "Invalid side."), LINEAR: (10001, "Side invalid")},
    "type": {SPOT: (170116, "Invalid orderType."), LINEAR: (10001, "OrderType invalid")},
    "force": {SPOT: (170115, "Invalid timeInForce."), LINEAR: (10001, "TimeInForce invalid")},
    "price": {SPOT: (170134, "Order price has too many decimals."),
              LINEAR: (10001, "Price invalid")},
    "step": {SPOT: (170137, "Order quantity has too many decimals."),
             LINEAR: (10001, "Qty invalid")},
    "small": {SPOT: (170136, "Order quantity exceeded lower limit."),
              LINEAR: (10001, "The number of contracts exceeds minimum limit allowed")},
    "large": {SPOT: (170135, "Order quantity exceeded upper limit."),
              LINEAR: (10001, "The number of contracts exceeds maximum limit allowed")},
    "notional": {SPOT: (170140, "Order value exceeded lower limit."),
                 LINEAR: (110094, "Order does not meet minimum order value 5USDT")},
    "filled": {SPOT: (170313, "The modified quantity cannot be less than the filled quantity"),
               LINEAR: (110064, "The quantity cannot be less than or equal to the filled one")},
}  # fmt: skip
"""What the categories say differently."""


def refusal(category, what):
    """Return a refusal in a category's own words."""
    return BybitError(*OWN[what][category])


def answered(result, now_ms):
    """Return the body of an answer."""
    return {
        "retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": now_ms,
    }  # fmt: skip


def refused(error, now_ms):
    """Return the body of a refusal."""
    return {
        "retCode": error.code, "retMsg": error.text, "result": {}, "retExtInfo": {},
        "time": now_ms,
    }  # fmt: skip


class BybitWords(Words):
    """How bybit says that something went wrong."""

    name = "Bybit"
    unknown = MappingProxyType({"retCode": 10016, "retMsg": "Server error.", "result": {}})

    def __init__(self, category):
        self._category = category

    def said(self, fault, path):
        """Return (status, body or None for a web page, headers) of a fault that says something."""
        if fault.what == "slow":
            return 200, {"retCode": 10006, "retMsg": fault.text or too_many().text}, {}
        if fault.what == "ban":
            text = fault.text or "Exceeded the IP Rate Limit."
            return 200, {"retCode": 10018, "retMsg": text}, {}
        if fault.what == "duplicate":
            code, text = OWN["duplicate"][self._category]
            return 200, {"retCode": code, "retMsg": text, "result": {}}, {}
        if fault.code is None:
            return fault.http, None, {}
        return fault.http, {"retCode": fault.code, "retMsg": fault.text, "result": {}}, {}


WORDS = {category: BybitWords(category) for category in (SPOT, LINEAR)}
