"""Few cases that show every pair: a deterministic cover, row by row."""

from __future__ import annotations

from collections import Counter
from itertools import combinations


def pairs_of(row):
    """Return the pairs of values that a row (a named tuple) shows, each value with its field."""
    return set(combinations(zip(row._fields, row, strict=True), 2))


def cover(rows, spread=None):
    """Choose rows so that every pair that any of them shows is shown.

    Each time the row with the most pairs that were not shown yet; of those with as many the one
    whose `spread(row)` was chosen least, then the first.
    """
    spread = spread or (lambda row: row)
    left = [(row, pairs_of(row)) for row in rows]
    wanted, chosen, used = set().union(*(pairs for _, pairs in left)), [], Counter()
    while wanted:
        row, pairs = max(left, key=lambda one: (len(one[1] & wanted), -used[spread(one[0])]))
        wanted -= pairs
        used[spread(row)] += 1
        chosen.append(row)
    return chosen
