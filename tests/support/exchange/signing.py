"""Who may ask: API keys, HMAC signatures, the time window of a signed request."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlencode

from support.exchange.errors import ApiError, no_signature, no_timestamp

AHEAD_MS = 1000
DEFAULT_WINDOW_MS = 5000
MAX_WINDOW_MS = 60_000
_SIGNATURE = re.compile(r"(^|&)signature=([^&]*)")


@dataclass
class ApiKey:
    """A key with what it may do, as /sapi/v1/account/apiRestrictions says it."""

    api_key: str = "k" * 64
    secret: str = "s" * 64
    restrictions: dict = field(
        default_factory=lambda: {
            "ipRestrict": True, "createTime": 1_700_000_000_000, "enableReading": True,
            "enableSpotAndMarginTrading": True, "enableFutures": True, "enableMargin": False,
            "enableWithdrawals": False, "enableInternalTransfer": False,
            "permitsUniversalTransfer": False, "enableVanillaOptions": False,
            "enablePortfolioMarginTrading": False, "enableFixApiTrade": False,
            "enableFixReadOnly": False,
        }
    )  # fmt: skip


def check_key(key, sent):
    """Refuse an unknown API key."""
    if not sent:
        raise ApiError(-2014, "API-key format invalid.", 401)
    if sent != key.api_key:
        text = "Invalid API-key, IP, or permissions for action."
        raise ApiError(-2015, text, 401)


def _same(key, text, signature):
    made = hmac.new(key.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(made, signature):
        raise ApiError(-1022, "Signature for this request is not valid.")


def check_signature(key, query, body):
    """Check the signature of a REST request: over the query and the body as they were sent."""
    whole = query + body
    found = _SIGNATURE.search(whole)
    if found is None:
        raise no_signature()
    _same(key, _SIGNATURE.sub("", whole), found[2])


def check_socket_signature(key, params):
    """Check the signature of a request on the websocket API: parameters sorted by name."""
    signature = params.get("signature")
    if not signature:
        raise no_signature()
    rest = sorted((name, text) for name, text in params.items() if name != "signature")
    _same(key, unquote(urlencode(rest)), signature)


def check_time(params, now_ms):
    """Refuse a request from another time than the exchange's own."""
    sent = params.integer("timestamp")
    window = params.integer("recvWindow", DEFAULT_WINDOW_MS)
    if sent is None:
        raise no_timestamp()
    if window > MAX_WINDOW_MS:
        raise ApiError(-1131, "'recvWindow' must be less than 60000.")
    if sent >= now_ms + AHEAD_MS:
        text = "Timestamp for this request was 1000ms ahead of the server's time."
        raise ApiError(-1021, text)
    if now_ms - sent > window:
        raise ApiError(-1021, "Timestamp for this request is outside of the recvWindow.")
