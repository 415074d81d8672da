"""A desk on an exchange by ccxt's unified interface alone: Binance US, which has spot's API."""

from __future__ import annotations

from support.conformance import CryptoDesk

from bridges.crypto.tables.unified import Unified

POLL_MS = 100


class UnifiedDesk(CryptoDesk):
    """The exchange is asked thirty times as often as in earnest, so that tests are short."""

    name, market = "any other spot", "spot"
    has_stops = has_market_trades = False

    def __init__(self, folder, **more):
        self._was = (Unified.poll_ms, Unified.limits)
        Unified.audit_ms = Unified.poll_ms = POLL_MS
        Unified.limits = ()
        settings = {"exchange": "binanceus", "key_may": more.pop("key_may", ["untold"])}
        super().__init__(folder, settings=settings, **more)

    def end(self):
        """Close it, and be as slow as before."""
        Unified.poll_ms, Unified.limits = self._was
        Unified.audit_ms = Unified.poll_ms
        super().end()
