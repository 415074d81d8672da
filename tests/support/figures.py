"""Figures that tests want seen when a run ends; what they write meanwhile, pytest holds back."""

from __future__ import annotations

_kept = []


def show(title, text):
    """Keep some lines for the end of the run, under a title."""
    _kept.append((title, text))


def shown():
    """Return what was kept: titles and lines."""
    return tuple(_kept)
