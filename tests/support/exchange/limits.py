"""How often the exchange may be asked: request weight a minute, orders in two windows, bans.

Windows are whole: the counters begin anew at each full minute (ten seconds, day) of the
exchange's clock. Over the limit: 429 with Retry-After; who goes on asking is banned: 418.
"""

from __future__ import annotations

from dataclasses import dataclass

from support.exchange.errors import ApiError

UNITS_MS = {"10S": 10_000, "1M": 60_000, "1D": 86_400_000}
_NAMES = {"10S": ("SECOND", 10), "1M": ("MINUTE", 1), "1D": ("DAY", 1)}
BAN_MS = 120_000
PATIENCE = 5
"""Requests that are answered with 429 before the ban."""


@dataclass
class Limits:
    """The limits of one API; a test may lower them."""

    weight: int
    orders: dict


class Limiter:
    """The counters of one API."""

    def __init__(self, limits):
        self.limits = limits
        self.peak = 0
        self.warnings = 0
        """How often somebody was told that it was too much."""
        self._used = {}
        self._refused = 0
        self.banned_until_ms = 0

    def count(self, name, unit, now_ms, more):
        """Add to a counter of the window that now is, and return it."""
        window = now_ms // UNITS_MS[unit]
        at, used = self._used.get((name, unit), (window, 0))
        used = more + (used if at == window else 0)
        self._used[name, unit] = (window, used)
        return used

    def charge(self, weight, now_ms):
        """Count a request; refuse it if that is too much."""
        if now_ms < self.banned_until_ms:
            raise banned(self.banned_until_ms, now_ms)
        used = self.count("weight", "1M", now_ms, weight)
        self.peak = max(self.peak, used)
        if used <= self.limits.weight:
            self._refused = 0
            return
        self._refused += 1
        self.warnings += 1
        if self._refused > PATIENCE:
            self.banned_until_ms = now_ms + BAN_MS
            raise banned(self.banned_until_ms, now_ms)
        wait_s = 60 - now_ms // 1000 % 60
        text = (
            f"Too many requests; current limit of IP(127.0.0.1) is {self.limits.weight} requests "
            "per minute. Please use the websocket for live updates to avoid polling the API."
        )
        raise ApiError(-1003, text, 429, headers={"Retry-After": str(wait_s)})

    def charge_order(self, now_ms):
        """Count a new order; refuse it if there are too many."""
        for unit, most in self.limits.orders.items():
            if self.count("orders", unit, now_ms, 1) > most:
                self.warnings += 1
                word, number = _NAMES[unit]
                text = f"Too many new orders; current limit is {most} orders per {number} {word}."
                wait_s = (UNITS_MS[unit] - now_ms % UNITS_MS[unit]) // 1000 + 1
                raise ApiError(-1015, text, 429, headers={"Retry-After": str(wait_s)})

    def first_fill(self, now_ms):
        """Take an order off the count: spot counts unfilled orders only (one each, at least)."""
        for unit in self.limits.orders:
            if self.count("orders", unit, now_ms, 0):
                self.count("orders", unit, now_ms, -1)

    def headers(self, now_ms):
        """Return what every answer says about the counters."""
        used = str(self.count("weight", "1M", now_ms, 0))
        found = {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}
        for unit in self.limits.orders:
            found[f"X-MBX-ORDER-COUNT-{unit}"] = str(self.count("orders", unit, now_ms, 0))
        return found

    def stated(self):
        """Return the limits as exchangeInfo states them."""
        rows = [("REQUEST_WEIGHT", "1M", self.limits.weight)]
        rows += [("ORDERS", unit, most) for unit, most in self.limits.orders.items()]
        return [
            {
                "rateLimitType": kind, "interval": _NAMES[unit][0],
                "intervalNum": _NAMES[unit][1], "limit": most,
            }
            for kind, unit, most in rows
        ]  # fmt: skip

    def order_counts(self, now_ms):
        """Return the order limits with what is used of them."""
        return [
            {**row, "count": self.count("orders", unit, now_ms, 0)}
            for row, unit in zip(self.stated()[1:], self.limits.orders, strict=True)
        ]


def banned(until_ms, now_ms):
    """Say that this address is banned."""
    text = (
        f"Way too much request weight used; IP banned until {until_ms}. "
        "Please use WebSocket Streams for live updates to avoid bans."
    )
    wait_s = max((until_ms - now_ms) // 1000, 1)
    return ApiError(-1003, text, 418, headers={"Retry-After": str(wait_s)})
