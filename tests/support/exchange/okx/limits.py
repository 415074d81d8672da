"""How often OKX may be asked: so many requests to a path in a window, and orders of the account.

A path's limit counts by user, for orders by user and instrument. Too many requests are 50011 with
HTTP 429; too many orders of the account are 50061, which refuses the order and not the request.
"""

from __future__ import annotations

from support.exchange.okx.errors import OkxError, Refused

WINDOW_MS = 2_000
DEFAULT = 20
PATHS = {
    "trade/order": 60, "trade/batch-orders": 300, "trade/amend-order": 60,
    "trade/amend-batch-orders": 300, "trade/cancel-order": 60, "trade/cancel-batch-orders": 300,
    "trade/order-algo": 20, "trade/cancel-algos": 20, "trade/amend-algos": 20,
    "trade/orders-pending": 60, "trade/orders-history": 40, "trade/fills": 60,
    "trade/fills-history": 10, "trade/cancel-all-after": 2, "account/balance": 10,
    "account/positions": 10, "account/config": 5, "account/bills": 10, "account/trade-fee": 5,
    "public/time": 10, "public/instruments": 20, "market/books": 40, "public/funding-rate": 20,
}  # fmt: skip
"""Requests in two seconds, as the API's pages state them."""


class OkxLimiter:
    """The counters of one account. `paths` replaces limits, `orders` is for the whole account."""

    def __init__(self, *, orders, paths):
        self.orders = orders
        self.paths = {**PATHS, **paths}
        self.peak = 0
        """The most orders of the account in one window."""
        self.refused = 0
        """How often somebody was told that it is too much."""
        self._used = {}

    def _count(self, name, now_ms):
        window = now_ms // WINDOW_MS
        at, used = self._used.get(name, (window, 0))
        used = 1 + (used if at == window else 0)
        self._used[name] = (window, used)
        return used

    def charge(self, method, path, whose, now_ms):
        """Count a request; refuse it if there are too many."""
        most = self.paths.get(path, DEFAULT)
        if self._count((method, path, whose), now_ms) > most:
            self.refused += 1
            raise OkxError(50011)

    def charge_order(self, now_ms):
        """Count a new or amended order of the account; refuse it if there are too many."""
        used = self._count("orders", now_ms)
        self.peak = max(self.peak, used)
        if used > self.orders:
            self.refused += 1
            raise Refused(50061)
