"""How a list of instruments too long for a frame is said in several messages (FIX 4.4 vol. 3, y).

Rules: TotNoRelatedSym (393) counts the instruments of all fragments, LastFragment (893) is Y on the
last and N before it. Fragments follow one another in the session, so none is ever missing.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from protocol.messages import SecurityList

INSTRUMENTS_MAX = 100
"""Instruments in one y: at their longest, each some 560 bytes, they fit a frame."""


def fragments(whole: SecurityList) -> Iterator[SecurityList]:
    """Cut a y into as many as it takes; one without instruments is its own and only fragment."""
    listed = whole.securities
    for start in range(0, max(len(listed), 1), INSTRUMENTS_MAX):
        end = start + INSTRUMENTS_MAX
        yield replace(
            whole, securities=listed[start:end], tot_no_related_sym=len(listed),
            last_fragment=end >= len(listed),
        )  # fmt: skip
