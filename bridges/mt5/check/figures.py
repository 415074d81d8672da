"""How measured delays are told."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median


def spread(found: Sequence[float]) -> str:
    """Write delays in ms: least, median, most."""
    if not found:
        return "none"
    return f"{min(found):.1f} / {median(found):.1f} / {max(found):.1f} ms (least, median, most)"
