"""The parameters of one request: read once each, so that what nobody read can be named."""

from __future__ import annotations

import re
from decimal import Decimal
from urllib.parse import parse_qsl

from support.exchange.errors import ApiError, illegal, missing

NUMBER = re.compile(r"^([0-9]{1,20})(\.[0-9]{1,20})?$")
WHOLE = re.compile(r"^[0-9]{1,20}$")
OF_EVERY_REQUEST = frozenset(("timestamp", "recvWindow", "signature", "apiKey"))


class Params(dict):
    """Name to text; the typed readers refuse as the exchange does."""

    def __init__(self, pairs=(), *, strict=True):
        super().__init__(pairs)
        self._strict = strict
        self.seen = set(OF_EVERY_REQUEST)

    @classmethod
    def of(cls, *texts):
        """Read query strings or form bodies."""
        pairs = [pair for text in texts for pair in parse_qsl(text, keep_blank_values=True)]
        return cls(pairs)

    def text(self, name, default=None):
        """Return a parameter as it was sent."""
        self.seen.add(name)
        return self.get(name) or default

    def need(self, name):
        """Return a parameter that must be there."""
        found = self.text(name)
        if found is None:
            raise missing(name)
        return found

    def one_of(self, name, allowed, error, default=None):
        """Return a parameter that must be one of a few words."""
        found = self.text(name, default)
        if found is None:
            raise missing(name)
        if found not in allowed:
            raise error
        return found

    def decimal(self, name, *, needed=False):
        """Return a positive number, or None."""
        found = self.need(name) if needed else self.text(name)
        if found is None:
            return None
        if not NUMBER.match(found):
            raise illegal(name, NUMBER.pattern)
        return Decimal(found)

    def integer(self, name, default=None):
        """Return a whole number."""
        found = self.text(name)
        if found is None:
            return default
        if not WHOLE.match(found):
            raise illegal(name, WHOLE.pattern)
        return int(found)

    def flag(self, name):
        """Return a yes or no."""
        return str(self.text(name, "false")).lower() == "true"

    def all_read(self):
        """Refuse what nobody read: spot's REST API does that."""
        unread = self.keys() - self.seen
        if unread and self._strict:
            text = (
                f"Not all sent parameters were read; read '{len(self) - len(unread)}' "
                f"parameter(s) but was sent '{len(self)}'."
            )
            raise ApiError(-1104, text)
