"""One request as it came: its words, whatever form they had, and readers that refuse."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from urllib.parse import parse_qsl

import orjson
from support.exchange.kraken.words import invalid, refuse

NUMBER = re.compile(r"^([0-9]{1,20})(\.[0-9]{1,20})?$")
CLIENT_ID = re.compile(r"^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\w-]{1,18})$")
"""A UUID, with or without dashes, or free text of up to 18 characters."""


def words_of(text, content_type=""):
    """Read a form, or JSON. Raises Refused for what is neither."""
    if "json" not in content_type:
        return dict(parse_qsl(text, keep_blank_values=True))
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        invalid("body")
    return {name: one if isinstance(one, list) else plain(one) for name, one in found.items()}


def plain(value):
    """Write a JSON value as a form would have it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class Words(dict):
    """Name to text; what nobody asks for is ignored, as the exchange does."""

    def need(self, name):
        """Return a word that must be there."""
        if not self.get(name):
            invalid(name)
        return self[name]

    def decimal(self, name, *, needed=False):
        """Return a positive number, or None."""
        found = self.need(name) if needed else self.get(name)
        if not found:
            return None
        if not NUMBER.match(found):
            invalid(name)
        return Decimal(found)

    def integer(self, name, default=0):
        """Return a whole number."""
        found = self.get(name) or str(default)
        if not found.isascii() or not found.isdigit():
            invalid(name)
        return int(found)

    def moment_ms(self, name, default):
        """Return a time that was sent in whole seconds."""
        return default if not self.get(name) else self.integer(name) * 1000

    def flag(self, name):
        """Return a yes or no."""
        return str(self.get(name, "")).lower() == "true"

    def one_of(self, name, allowed, default=None):
        """Return a word that must be one of a few."""
        found = self.get(name) or default
        if found is None or found not in allowed:
            invalid(name)
        return found

    def client_id(self):
        """Return the client id; nothing if there is none."""
        found = self.get("cl_ord_id") or ""
        if found and not CLIENT_ID.match(found):
            invalid("cl_ord_id")
        return found

    def check_deadline(self, now_ms):
        """Refuse what came later than it was to be done."""
        sent = self.get("deadline")
        if not sent:
            return
        try:
            due_ms = datetime.fromisoformat(sent).timestamp() * 1000
        except ValueError:
            invalid("deadline")
        if due_ms <= now_ms:
            refuse("EService:Deadline elapsed")
        if due_ms > now_ms + 60_000:
            invalid("deadline")
