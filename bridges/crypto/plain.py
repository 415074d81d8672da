"""What may be said for people of an answer: nothing that could be a key, a signature or a token.

An exchange may repeat in an error what was signed, or the key (bybit's 10004 does). Keys, listen
keys, tokens and signatures are unbroken words of `SECRET` letters and more; no id of an order that
this gateway gives is as long.
"""

from __future__ import annotations

import re

SECRET = 32
MOST = 300
"""No text is longer."""
LONG_WORDS = re.compile(rf"[A-Za-z0-9+/=_%]{{{SECRET},}}")


def plain(text: str) -> str:
    """Return a text without words that are as long as secrets, and not longer than `MOST`."""
    return LONG_WORDS.sub("…", text)[:MOST]
