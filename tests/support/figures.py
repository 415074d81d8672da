"""Figures that tests want seen when a run ends; what they write meanwhile, pytest holds back.

In a run that is split (pytest-xdist) each process keeps its own, and gives them up when it ends.
"""

from __future__ import annotations

_kept = []


def show(title, text):
    """Keep some lines for the end of the run, under a title."""
    _kept.append((title, text))


def shown():
    """Return what was kept: titles and lines."""
    return tuple(_kept)


def take(others):
    """Keep also what another process of the run has kept."""
    _kept.extend((title, text) for title, text in others)
