"""The part of `portcullis mt5 check` that talks with its user: what to do, and what he saw."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.markup import escape

from bridges.mt5.check.steps import Finding, Step, Verdict, judged, opened
from gateway.commands.terminal import out

LOOK_S = 0.5
Look = Callable[[], str]
"""What can be seen of terminal or gateway just now, in a line."""


class Watch:
    """Prints what changes while somebody's hands are at work."""

    def __init__(self, look: Look, every_s: float = LOOK_S) -> None:
        self._look = look
        self._every_s = every_s
        self.seen: list[str] = []

    @contextmanager
    def going(self) -> Iterator[None]:
        """Look until the block ends."""
        done = threading.Event()
        thread = threading.Thread(target=self._run, args=(done,), name="watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _run(self, done: threading.Event) -> None:
        while not done.is_set():
            line = self._look()
            if line and (not self.seen or line != self.seen[-1]):
                self.seen.append(line)
                out.print(f"   [dim]{escape(line)}[/]")
            done.wait(self._every_s)


class User:
    """Who sits before the terminal (bridges.mt5.check.stand.Hands)."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def ask(self, *lines: str) -> bool:
        """Tell him what to do, and wait for Enter; False if he says skip."""
        for line in lines:
            out.print(f"   now: {escape(line)}")
        with Watch(self._look).going():
            said = click.prompt(
                "   press Enter when it is done, or s to skip", default="", show_default=False
            )
        return not str(said).strip().lower().startswith("s")

    def walk(self, step: Step) -> Finding:
        """Lead him through a step that his eyes alone can judge."""
        out.print(f"\n[bold]{step.name}[/]: {escape(step.believed)}")
        *lines, holds = step.do
        for number, line in enumerate(lines, 1):
            out.print(f"   {number}. {escape(line)}")
        out.print(f"   {escape(holds)}")
        watch = Watch(self._look)
        with watch.going():
            said = click.prompt(
                "   what did you see? (h)olds, (d)oes not hold, (s)kip", default="s",
                type=click.Choice(["h", "d", "s"]), show_choices=False,
            )  # fmt: skip
        if said == "s":
            return opened(step.name, f"skipped; how: {step.how}")
        words = click.prompt("   in a few words, Enter for none", default="", show_default=False)
        seen = [str(words).strip() or "said by the user", *watch.seen[-3:]]
        return judged(step.name, said == "h", "; ".join(seen))


def show(one: Finding) -> None:
    """Print a finding as it comes."""
    colour = {Verdict.FAILS: "bold red", Verdict.HOLDS: "green"}.get(one.verdict, "dim")
    out.print(f"[{colour}]{one.verdict.value:>14}[/]  {one.name}: {escape(one.seen)}")
