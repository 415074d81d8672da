"""Conversations with the terminal: those of bridges/flows.py, with its jobs and their results."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TypeVar

from bridges import flows
from bridges.flows import Pause
from bridges.mt5.jobs import Attach, Attached, Job, Look, Read, Result, Seen, Send, Sent, Snapshot

__all__ = ["Flow", "Pause", "Step", "attach", "look", "pauses", "read", "send"]

MS_NS = 1_000_000
LONGEST_PAUSE_NS = 2_000 * MS_NS
READS = 3
"""So many clean reads in a row without a trace of a request prove that it was not done.

If they span `absence_ns`.
"""
PATIENCE_NS = 5_000 * MS_NS
"""A request that has waited so long for the terminal is not sent any more."""

Step = flows.Step[Job]
Flow = flows.Flow[Job, Result]
T = TypeVar("T")
Talk = Generator[Step, list[Result], T]


def pauses(first_ns: int = 20 * MS_NS) -> Iterator[Pause]:
    """Give pauses that grow."""
    ns = first_ns
    while True:
        yield Pause(ns)
        ns = min(ns * 2, LONGEST_PAUSE_NS)


def _do(job: Job) -> Talk[Result]:
    return (yield from flows.ask(job))


def attach(job: Attach) -> Talk[Attached]:
    """Connect to the terminal."""
    found = yield from _do(job)
    assert isinstance(found, Attached)
    return found


def read(job: Read) -> Talk[Snapshot]:
    """Read the account; the core has taken it in before this returns."""
    found = yield from _do(job)
    assert isinstance(found, Snapshot)
    return found


def send(job: Send) -> Talk[Sent]:
    """Send a trade request, once."""
    found = yield from _do(job)
    assert isinstance(found, Sent)
    return found


def look(job: Look) -> Talk[Seen]:
    """Read quotes."""
    found = yield from _do(job)
    assert isinstance(found, Seen)
    return found
