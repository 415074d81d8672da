"""USD-M's listen keys: user data is heard only with a key that lives."""

from __future__ import annotations

from itertools import count

from support.exchange.errors import ApiError

LIFE_MS = 3_600_000
PATH = "/fapi/v1/listenKey"


class UsdmStreams:
    """The part of the API for the user's streams."""

    def open_streams(self):
        """Begin without a key."""
        self.listen_key = None
        self._key_until_ms = 0
        self._key_numbers = count(1)

    def stream_routes(self, route):
        """Return this part of the routes."""
        return {
            (method, PATH): route(answer, signed=False, keyed=True)
            for method, answer in (
                ("POST", self.new_key), ("PUT", self.keep_key), ("DELETE", self.close_key)
            )
        }  # fmt: skip

    def key_lives(self, key):
        """Say whether user data may be heard with a key."""
        return key is not None and key == self.listen_key and self.now_ms() < self._key_until_ms

    def new_key(self, _):
        """POST listenKey: a new one, or the living one for longer."""
        if not self.key_lives(self.listen_key):
            self.listen_key = f"listen{next(self._key_numbers):058d}"
        self._key_until_ms = self.now_ms() + LIFE_MS
        return {"listenKey": self.listen_key}

    def keep_key(self, _):
        """PUT listenKey."""
        if not self.key_lives(self.listen_key):
            raise ApiError(-1125, "This listenKey does not exist.")
        self._key_until_ms = self.now_ms() + LIFE_MS
        return {"listenKey": self.listen_key}

    def close_key(self, _):
        """DELETE listenKey."""
        self.listen_key = None
        return {}

    def stream_is_over(self):
        """Say whether a key has just grown too old."""
        return self.listen_key is not None and self.now_ms() >= self._key_until_ms

    def ended_event(self):
        """End the key, and return what its streams are told before they fall silent."""
        key, self.listen_key = self.listen_key, None
        return {"e": "listenKeyExpired", "E": self.now_ms(), "listenKey": key}
