"""Who may ask bybit: keys, signatures over headers and body, the time window, rate limits.

Source: the Authentication and Rate Limit pages of bybit's v5 API.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import deque
from dataclasses import dataclass, field

from support.exchange.bybit.refusals import LINEAR, SPOT, BybitError, expired

AHEAD_MS = 1000
DEFAULT_WINDOW_MS = 5000
SECOND_MS = 1000
IP_WINDOW_MS = 5000


@dataclass
class BybitKey:
    """A key with what it may do, as /v5/user/query-api says it."""

    api_key: str = "k" * 18
    secret: str = "s" * 36
    read_only: int = 0
    ips: list = field(default_factory=lambda: ["127.0.0.1"])
    permissions: dict = field(
        default_factory=lambda: {
            "ContractTrade": ["Order", "Position"], "Spot": ["SpotTrade"], "Wallet": [],
            "Options": [], "Derivatives": ["DerivativesTrade"], "CopyTrading": [],
            "BlockTrade": [], "Exchange": [], "NFT": [], "Affiliate": [], "Earn": [],
        }
    )  # fmt: skip


def made(key, text):
    """Return the signature of a text."""
    return hmac.new(key.secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def check_request(key, headers, payload, now_ms):
    """Refuse a request whose headers do not say who asks, and when."""
    sent = {name: headers.get(f"X-BAPI-{name}", "") for name in ("API-KEY", "TIMESTAMP", "SIGN")}
    window = headers.get("X-BAPI-RECV-WINDOW") or str(DEFAULT_WINDOW_MS)
    if not all(sent.values()):
        text = (
            f"empty value: apiTimestamp[{sent['TIMESTAMP']}] apiKey[{sent['API-KEY']}] "
            f"apiSignature[{sent['SIGN']}]"
        )
        raise BybitError(10001, text)
    if sent["API-KEY"] != key.api_key:
        raise BybitError(10003, "API key is invalid.")
    check_time(sent["TIMESTAMP"], window, now_ms)
    text = sent["TIMESTAMP"] + key.api_key + window + payload
    if not hmac.compare_digest(made(key, text), sent["SIGN"]):
        raise BybitError(10004, f"error sign! origin_string[{text}]")


def check_time(sent, window, now_ms):
    """Refuse another time than the exchange's own."""
    if not (sent.isdecimal() and window.isdecimal()):
        raise expired(sent, now_ms, window)
    if not now_ms - int(window) <= int(sent) < now_ms + AHEAD_MS:
        raise expired(sent, now_ms, window)


def is_logon(key, args, now_ms):
    """Say whether the arguments of an `auth` on a stream are right."""
    if len(args) != 3:
        return False
    sent, expires, signature = (str(one) for one in args)
    right = hmac.compare_digest(made(key, f"GET/realtime{expires}"), signature)
    return sent == key.api_key and right and expires.isdecimal() and int(expires) > now_ms


LIMITS = {
    SPOT: {
        "order/create": 20, "order/amend": 10, "order/cancel": 20, "order/cancel-all": 20,
        "account/fee-rate": 5,
    },
    LINEAR: {
        "order/create": 10, "order/amend": 10, "order/cancel": 10, "order/cancel-all": 10,
        "account/fee-rate": 10,
    },
    "account": {
        "order/realtime": 50, "order/history": 50, "execution/list": 50, "position/list": 50,
        "position/set-leverage": 10, "account/wallet-balance": 50, "account/info": 50,
        "account/transaction-log": 30, "user/query-api": 10,
    },
}  # fmt: skip
"""Requests a second: by category, or for the account. What is not here has no limit of its own."""
OF_CATEGORY = frozenset(LIMITS[SPOT])
IP_LIMIT = 600


class BybitLimiter:
    """The counters of one account: each endpoint has a rolling second, the address five."""

    def __init__(self, limits):
        self.limits = limits
        self.ip_limit = IP_LIMIT
        self.peak = 0
        """The most requests of one endpoint in a second."""
        self.refused = 0
        self._times = {}
        self._of_address = deque()

    def charge_address(self, now_ms):
        """Count a request of this address. Raises BybitError (403) if there are too many."""
        while self._of_address and self._of_address[0] <= now_ms - IP_WINDOW_MS:
            self._of_address.popleft()
        self._of_address.append(now_ms)
        if len(self._of_address) > self.ip_limit:
            raise BybitError(403, "access too frequent", http=403)

    def charge(self, category, name, now_ms):
        """Count a request; return the headers about it, and whether it may be answered."""
        group = category if name in OF_CATEGORY and category in self.limits else "account"
        most = self.limits.get(group, {}).get(name)
        if most is None:
            return {}, True
        times = self._times.setdefault((group, name), deque())
        while times and times[0] <= now_ms - SECOND_MS:
            times.popleft()
        allowed = len(times) < most
        if allowed:
            times.append(now_ms)
        else:
            self.refused += 1
        self.peak = max(self.peak, len(times))
        reset_ms = now_ms if allowed else times[0] + SECOND_MS
        return {
            "X-Bapi-Limit": str(most), "X-Bapi-Limit-Status": str(most - len(times)),
            "X-Bapi-Limit-Reset-Timestamp": str(reset_ms),
        }, allowed  # fmt: skip
