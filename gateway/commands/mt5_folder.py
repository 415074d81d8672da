"""The folders of a terminal of MetaTrader 5."""

from __future__ import annotations

from pathlib import Path

from gateway.commands.terminal import USAGE
from gateway.errors import CommandError


def mql5_of(folder: Path) -> Path:
    """Find the MQL5 folder of a terminal's data folder. Raises CommandError."""
    for place in (folder / "MQL5", folder):
        if place.name == "MQL5" and place.is_dir():
            return place
    msg = (
        f"{folder} has no folder MQL5: expected the data folder of a terminal"
        " (in the terminal: File > Open Data Folder)"
    )
    raise CommandError(msg, exit_code=USAGE)
