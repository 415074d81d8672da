"""What each scope has asked for lately: messages, and orders that look alike."""

from __future__ import annotations

from gateway.risk.facts import Intent


class Activity:
    """Tallies of requests. Observation: it begins empty."""

    def arrived(self, owner: str, account: str, venue: str, now_ns: int) -> None:
        """Count a message of a strategy."""

    def accepted(self, intent: Intent) -> None:
        """Count an order that was let through."""
