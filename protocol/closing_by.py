"""Closing one position of a hedging account by an opposite one.

An order says it by 5004 = `A/B`: position A is closed by position B. Its fills, one of each
position, say it by 5015 = `CLOSE_BY`: what one adds the other takes away, and the profit was made
when the second position was opened. So they move nothing: no quantity, no profit, fees alone.
"""

from __future__ import annotations

CLOSE_BY = "CLOSE_BY"


def is_pair(position_id: str | None) -> bool:
    """Whether 5004 names two positions, well or badly."""
    return position_id is not None and "/" in position_id


def names_of(position_id: str | None) -> tuple[str, ...]:
    """Return the positions that 5004 names: one, or both of a pair; none when it is a bad pair."""
    if position_id is None:
        return ()
    return pair_of(position_id) or () if is_pair(position_id) else (position_id,)


def pair_of(position_id: str) -> tuple[str, str] | None:
    """Return A and B of `A/B`; None when these are not two different names."""
    first, _, second = position_id.partition("/")
    good = first and second and first != second and "/" not in second
    return (first, second) if good else None
