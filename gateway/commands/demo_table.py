"""What the demo shows while it runs: one live table, or plain lines where no terminal is.

It asks the gateway as any operator would, over the demo's one session, and counts what the
strategies write; while the gateway is dead it says so. Once a second is enough for a reader, and
leaves the processors to what is shown.
"""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from gateway.commands.demo_system import STRATEGIES, DemoSystem
from gateway.commands.terminal import err, out

REFRESH_S = 1.0
PROBE_S = 0.25


class Tally:
    """Counts the lines of a growing transcript, each read once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self.orders = self.acks = self.reports = 0

    def update(self) -> None:
        """Count the whole lines that have come since."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._offset)
            grown = file.read()
        whole = grown[: grown.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            if b'"msg_type":"D"' in line:
                self.orders += 1
            elif b'"msg_type":"8"' in line:
                self.reports += 1
                self.acks += b'"150":"A"' in line


class Show:
    """The display. `phase` says what goes on; `watch` lets time pass and keeps it fresh."""

    def __init__(self, system: DemoSystem, *, quiet: bool) -> None:
        self._system = system
        lively = out.is_terminal and not quiet
        self._live = Live(console=out, auto_refresh=False) if lively else None
        self._began = time.monotonic()
        self._next_ask = self._began
        self._phases: list[Text] = []
        self._gateway: dict[str, Any] = {}
        self._positions: list[dict[str, Any]] = []
        self._tallies = {name: Tally(system.transcript(name)) for name in STRATEGIES}

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.update(self._render(), refresh=True)
            self._live.stop()

    def phase(self, text: str, style: str = "") -> None:
        """Say what begins now."""
        line = Text(f"{time.monotonic() - self._began:5.1f} s  {text}", style=style)
        self._phases.append(line)
        if self._live is None:
            err.print(line)
        else:
            self._live.update(self._render(), refresh=True)

    def watch(self, seconds: float) -> None:
        """Let so much time pass while the display and the operator's session are kept fresh."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._system.probe.sample()
            if time.monotonic() >= self._next_ask:
                self._next_ask = time.monotonic() + REFRESH_S
                self._ask()
            time.sleep(max(0.0, min(left, PROBE_S)))

    def _ask(self) -> None:
        self._gateway = self._system.operator.status()
        if self._live is not None:
            if self._gateway:
                self._positions = self._system.operator.rows("POSITIONS")
            self._live.update(self._render(), refresh=True)

    def _render(self) -> Group:
        gateway = self._gateway
        if gateway:
            state = Text(
                f"gateway up   records {gateway['records']}   open {gateway['open_orders']}"
                f"   in doubt {gateway['in_doubt']}", style="green",
            )  # fmt: skip
        else:
            state = Text("gateway does not answer", style="bold red")
        table = Table(box=None, header_style="bold", pad_edge=False)
        for name in ("strategy", "orders", "acks", "reports", "position", "realized"):
            table.add_column(name, justify="left" if name == "strategy" else "right")
        for name, tally in self._tallies.items():
            tally.update()
            held = [row for row in self._positions if row["owner"] == name]
            table.add_row(
                name,
                str(tally.orders),
                str(tally.acks),
                str(tally.reports),
                " ".join(f"{row['qty']} {row['symbol']}" for row in held),
                " ".join(f"{row['realized']} {row['currency']}" for row in held),
            )
        return Group(*self._phases, Text(""), state, table)
