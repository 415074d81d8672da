"""Who may ask: API keys, signatures, nonces, permissions, and the tokens of the websocket.

A nonce must be greater than every one before it: with a window, greater than the highest less the
window, and then it may even be the same again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

from support.exchange.kraken.words import refuse

TOKEN_S = 900
"""A token is taken so long; what was subscribed with it stays."""
ALL = (
    "query-funds", "add-funds", "withdraw-funds", "earn-funds", "query-open-trades",
    "query-closed-trades", "modify-trades", "close-trades", "query-ledger", "export-data",
    "access-websockets",
)  # fmt: skip
NEEDED = {
    "Balance": ("query-funds",), "BalanceEx": ("query-funds",), "TradeVolume": ("query-funds",),
    "OpenOrders": ("query-open-trades",), "ClosedOrders": ("query-closed-trades",),
    "TradesHistory": ("query-closed-trades",), "QueryTrades": ("query-closed-trades",),
    "QueryOrders": ("query-open-trades", "query-closed-trades"),
    "Ledgers": ("query-ledger",), "QueryLedgers": ("query-ledger",),
    "AddOrder": ("modify-trades",), "EditOrder": ("modify-trades",),
    "AmendOrder": ("modify-trades", "close-trades"),
    "CancelOrder": ("modify-trades", "close-trades"),
    "CancelOrderBatch": ("modify-trades", "close-trades"),
    "CancelAll": ("modify-trades", "close-trades"),
    "CancelAllOrdersAfter": ("modify-trades", "close-trades"),
    "GetWebSocketsToken": ("access-websockets",),
}  # fmt: skip
"""Any one of these is enough."""


@dataclass
class KrakenKey:
    """A key with what it may do, as GetApiKeyInfo says it."""

    api_key: str = "k" * 56
    secret: str = base64.b64encode(b"s" * 64).decode()
    permissions: list = field(
        default_factory=lambda: [
            name for name in ALL if name not in {"withdraw-funds", "add-funds", "earn-funds"}
        ]
    )
    ip_allowlist: list = field(default_factory=lambda: ["127.0.0.1"])
    nonce_window: int = 0
    highest: int = 0
    """The highest nonce so far."""

    def info(self):
        """Return what GetApiKeyInfo says."""
        return {
            "apiKeyName": "gateway", "apiKey": self.api_key, "nonce": str(self.highest),
            "nonceWindow": self.nonce_window, "permissions": list(self.permissions),
            "iban": "AA00 N000 0000 0000", "validUntil": "0", "queryFrom": "0", "queryTo": "0",
            "createdTime": "1700000000", "modifiedTime": "1700000000",
            "ipAllowlist": list(self.ip_allowlist), "lastUsed": "1700000000",
        }  # fmt: skip

    def check(self, header, signature, path, nonce, form):
        """Refuse an unknown key or a wrong signature; `form` is the body as it was sent."""
        if header != self.api_key:
            refuse("EAPI:Invalid key")
        digest = hashlib.sha256(f"{nonce}{form}".encode()).digest()
        made = hmac.new(base64.b64decode(self.secret), path.encode() + digest, hashlib.sha512)
        if not hmac.compare_digest(base64.b64encode(made.digest()).decode(), signature or ""):
            refuse("EAPI:Invalid signature")

    def use(self, nonce):
        """Take a nonce, or refuse it."""
        if not nonce.isascii() or not nonce.isdigit():
            refuse("EAPI:Invalid nonce")
        least = self.highest - self.nonce_window
        if int(nonce) < least or (int(nonce) == least and not self.nonce_window):
            refuse("EAPI:Invalid nonce")
        self.highest = max(self.highest, int(nonce))

    def may(self, method):
        """Refuse what the key may not do."""
        needed = NEEDED.get(method, ())
        if needed and not set(needed) & set(self.permissions):
            refuse("EGeneral:Permission denied")
