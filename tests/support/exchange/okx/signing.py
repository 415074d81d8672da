"""Who may ask: the four headers of a private request, and the login of a websocket.

The signature is base64 of HMAC-SHA256 over time, method, path with query, and body; a request is
taken within 30 s of the exchange's own time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from support.exchange.okx.errors import OkxError

WINDOW_MS = 30_000
LOGIN = "GET/users/self/verify"
NEEDED = (
    ("OK-ACCESS-KEY", 50103), ("OK-ACCESS-PASSPHRASE", 50104), ("OK-ACCESS-SIGN", 50106),
    ("OK-ACCESS-TIMESTAMP", 50107),
)  # fmt: skip


@dataclass
class OkxKey:
    """A key, with what account/config says of it. `demo` keys are for demo trading only."""

    api_key: str = "a1b2c3d4-0000-4000-8000-000000000001"
    secret: str = "0123456789ABCDEF0123456789ABCDEF"
    passphrase: str = "Correct-Horse-1"
    perm: str = "read_only,trade"
    ip: str = "127.0.0.1"
    acct_lv: str = "2"
    pos_mode: str = "net_mode"
    demo: bool = False


def signature(key, text):
    """Return the signature of a text."""
    made = hmac.new(key.secret.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(made).decode()


def check_request(key, headers, text, now_ms):
    """Refuse a private request whose headers are not in order; `text` is method, path, body."""
    for name, code in NEEDED:
        if not headers.get(name):
            raise OkxError(code, f'Request header "{name}" cannot be empty.')
    sent = headers["OK-ACCESS-TIMESTAMP"]
    try:
        at_ms = datetime.fromisoformat(sent).timestamp() * 1000
    except ValueError:
        raise OkxError(50112, "Invalid OK-ACCESS-TIMESTAMP.") from None
    if abs(now_ms - at_ms) > WINDOW_MS:
        raise OkxError(50102, "Timestamp request expired.")
    if headers["OK-ACCESS-KEY"] != key.api_key:
        raise OkxError(50111, "Invalid OK-ACCESS-KEY.")
    if (headers.get("x-simulated-trading") == "1") is not key.demo:
        raise OkxError(50101, "APIKey does not match current environment.")
    if headers["OK-ACCESS-PASSPHRASE"] != key.passphrase:
        raise OkxError(50105, 'Request header "OK-ACCESS-PASSPHRASE" incorrect.')
    if not hmac.compare_digest(signature(key, sent + text), headers["OK-ACCESS-SIGN"]):
        raise OkxError(50113, "Invalid Sign")


def login_problem(key, words, now_ms):
    """Return (code, text) of what is wrong with a login, or None."""
    sent = str(words.get("timestamp", ""))
    if not sent.isdigit():
        return "60004", "Invalid timestamp"
    if abs(now_ms - int(sent) * 1000) > WINDOW_MS:
        return "60006", "Timestamp request expired"
    if words.get("apiKey") != key.api_key:
        return "60005", "Invalid apiKey"
    if words.get("passphrase") != key.passphrase:
        return "60024", "Wrong passphrase"
    if not hmac.compare_digest(signature(key, sent + LOGIN), str(words.get("sign", ""))):
        return "60007", "Invalid sign"
    return None
