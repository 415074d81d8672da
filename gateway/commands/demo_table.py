"""What the demo shows while it runs: one live table, or plain lines where no terminal is.

It asks the gateway as any operator would, and reads what the strategies wrote; while the gateway is
dead it says so.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from gateway.commands import demo_account
from gateway.commands.demo_system import STRATEGIES, DemoSystem
from gateway.commands.listing import rows_of
from gateway.commands.terminal import err, out
from gateway.errors import GatewayError

REFRESH_S = 0.5


class Show:
    """The display. `phase` says what goes on; `watch` lets time pass and keeps it fresh."""

    def __init__(self, system: DemoSystem, *, quiet: bool) -> None:
        self._system = system
        lively = out.is_terminal and not quiet
        self._live = Live(console=out, auto_refresh=False) if lively else None
        self._began = time.monotonic()
        self._phases: list[Text] = []
        self._gateway: dict[str, Any] = {}
        self._positions: list[dict[str, Any]] = []

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
        """Let so much time pass while the display is kept fresh."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._live is not None:
                self._ask()
                self._live.update(self._render(), refresh=True)
            time.sleep(max(0.0, min(left, REFRESH_S)))

    def _ask(self) -> None:
        try:
            with self._system.operator(timeout_ms=300) as session:
                self._gateway = session.ask("STATUS")
                self._positions = rows_of(session, "POSITIONS")
        except GatewayError:
            self._gateway = {}

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
        for name in STRATEGIES:
            path = self._system.transcript(name)
            said = demo_account.read_transcript(path) if path.exists() else None
            held = [row for row in self._positions if row["owner"] == name]
            table.add_row(
                name,
                str(sum(1 for kind, _ in said.asked if kind == "D")) if said else "",
                str(len(said.acks_us)) if said else "",
                str(len(said.reports)) if said else "",
                " ".join(f"{row['qty']} {row['symbol']}" for row in held),
                " ".join(f"{row['realized']} {row['currency']}" for row in held),
            )
        return Group(*self._phases, Text(""), state, table)
