"""The part of `portcullis mt5 check` that the self-check Expert Advisor does in the terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from rich.markup import escape

from bridges.errors import BridgeError
from bridges.mt5.check.findings import NAME, Told, read
from bridges.mt5.check.steps import Finding
from gateway.commands.mt5_check_peer import Peer
from gateway.commands.mt5_folder import mql5_of
from gateway.commands.terminal import err
from gateway.errors import CommandError

LOOK_S = 0.2
ATTACH = """in the terminal, logged in to a demo account:
 1. Navigator > Expert Advisors > Portcullis: drag PortcullisCheck onto a chart of {symbol}
 2. Common: tick Allow Algo Trading; Inputs: {inputs}; OK
 3. the tab Experts says what it does. Waiting for {path}; Ctrl+C takes what is there"""


def of_file(path: Path) -> Told:
    """Take a file that was written before. Raises CommandError."""
    try:
        told = read(path)
    except BridgeError as problem:
        raise CommandError(str(problem)) from None
    judge(told, path)
    return told


class Terminal:
    """A terminal in which PortcullisCheck is attached now; `told` is what it has said so far."""

    def __init__(self, folder: Path, pause: Callable[[float], None] = time.sleep) -> None:
        place = mql5_of(folder)
        self.path = place / "Files" / NAME
        self.told = Told()
        self._pause = pause
        if not (place / "Experts" / "Portcullis" / "PortcullisCheck.mq5").is_file():
            msg = f"{folder} has no PortcullisCheck: run `portcullis mt5 install {folder}` first"
            raise CommandError(msg)

    def follow(self, symbol: str, inputs: dict[str, object], *, port: int) -> Iterator[Finding]:
        """Open the peer, say what to do, and give each finding as it comes. Raises CommandError."""
        before = _age(self.path)
        with Peer(port) as peer:
            given = {"PeerPort": peer.port, **inputs}
            words = ", ".join(f"{name} = {value}" for name, value in given.items())
            err.print(escape(ATTACH.format(symbol=symbol, inputs=words, path=self.path)))
            shown = 0
            while not (self.told.is_whole or self.told.problem):
                try:
                    self._pause(LOOK_S)
                except KeyboardInterrupt:
                    break
                if _age(self.path) != before:
                    self._read()
                yield from self.told.found[shown:]
                shown = len(self.told.found)
        judge(self.told, self.path)

    def _read(self) -> None:
        with suppress(BridgeError):  # half a line: it is being written
            self.told = read(self.path)


def _age(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def judge(told: Told, path: Path) -> None:
    """Say what is wrong with a file; one without any finding is refused."""
    if not told.found:
        msg = f"nothing was found in {path}: {told.problem or 'the Expert Advisor wrote nothing'}"
        raise CommandError(msg)
    left = told.facts.get("left behind", "0")
    if left != "0":
        err.print(f"{left} orders or positions of the check are left: close them by hand")
    if not told.is_whole:
        err.print(f"not to its end: {escape(told.problem or 'it was stopped')}")
