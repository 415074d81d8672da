"""What goes wrong on command: with answers, with streams, with the clock.

Answers: `faults.answer(what, on="POST /api/v3/order", times=1, acts=...)`. `on` is a method and
the end of a path, or empty for every request; `acts` says whether the exchange does what it was
asked before the answer goes wrong. `what` is one of

    hang    no answer, for as long as the client waits (or until `faults.let_go()`)
    close   the connection is closed instead of an answer
    cut     the answer stops in the middle of its body
    empty   200 and no body            html    200 and a web page
    status  `http` (503) and a web page, or a `code` and `text` of the exchange
    slow    429 with Retry-After       ban     418 with Retry-After
    duplicate   the order is taken, and the answer is that its client id is taken

A websocket that is to be opened is a request, too: `on="CONNECT /ws-api/v3"`, `"CONNECT "` for any.

Streams: each of `withhold`, `repeat`, `reorder`, `lose` takes a channel: user, depth, bookTicker,
trade, aggTrade, ticker. `silence(channel)` makes the connections that now carry it half-open:
nothing is sent on them any more, no pong either, and they are not closed. `drop(channel)` cuts.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

ACTS = {"cut": True, "empty": True, "html": True, "duplicate": True}
KINDS = ("hang", "close", "cut", "empty", "html", "status", "slow", "ban", "duplicate")


@dataclass
class AnswerFault:
    """One fault that waits for its request."""

    what: str
    on: str = ""
    times: int = 1
    acts: bool = False
    http: int = 503
    code: int | None = None
    text: str = ""
    retry_after: int = 1

    def fits(self, method, path):
        """Say whether a request is the one."""
        wanted, _, end = self.on.partition(" ")
        return not self.on or (wanted == method and path.endswith(end))


@dataclass
class Gate:
    """What happens to the events of one channel."""

    withheld: list | None = None
    repeats: int = 0
    losses: int = 0
    swaps: int = 0
    swapped: list = field(default_factory=list)

    def pass_on(self, item):
        """Take one event; return what is said now, in order."""
        if self.withheld is not None:
            self.withheld.append(item)
            return []
        if self.losses:
            self.losses -= 1
            return []
        if self.swaps:
            self.swapped.append(item)
            if len(self.swapped) < 2:
                return []
            self.swaps -= 1
            found, self.swapped = self.swapped[::-1], []
            return found
        if self.repeats:
            self.repeats -= 1
            return [item, item]
        return [item]


class Faults:
    """Everything that shall go wrong with one exchange. Used from its own thread only."""

    def __init__(self):
        self.skew_ms = 0
        self.waiting = []
        self.played = []
        self.hubs = []
        self._released = asyncio.Event()

    # Answers.

    def answer(self, what, on="", *, times=1, acts=None, **more):
        """Let the next answers go wrong."""
        if what not in KINDS:
            msg = f"received fault {what!r}, expected one of {KINDS}"
            raise ValueError(msg)
        acts = ACTS.get(what, False) if acts is None else acts
        self.waiting.append(AnswerFault(what, on=on, times=times, acts=acts, **more))

    def take(self, method, path):
        """Return the fault that is for this request, if there is one."""
        for fault in self.waiting:
            if fault.fits(method, path):
                fault.times -= 1
                if not fault.times:
                    self.waiting.remove(fault)
                self.played.append((fault.what, method, path))
                return fault
        return None

    async def hang(self):
        """Wait as long as nobody lets go."""
        await self._released.wait()

    def let_go(self):
        """End all hanging requests: their connections are closed."""
        self._released.set()
        self._released = asyncio.Event()

    # Streams.

    def withhold(self, channel):
        """Keep the events of a channel back until `release`."""
        for hub in self.hubs:
            hub.gate(channel).withheld = []

    def release(self, channel, *, backwards=False):
        """Say what was kept back, in its order or in the opposite one."""
        for hub in self.hubs:
            gate = hub.gate(channel)
            kept, gate.withheld = gate.withheld or [], None
            for item in reversed(kept) if backwards else kept:
                hub.deliver(*item)

    def repeat(self, channel, times=1):
        """Say the next events of a channel twice each."""
        for hub in self.hubs:
            hub.gate(channel).repeats += times

    def lose(self, channel, times=1):
        """Never say the next events of a channel."""
        for hub in self.hubs:
            hub.gate(channel).losses += times

    def reorder(self, channel, times=1):
        """Say the next pairs of events of a channel the wrong way round."""
        for hub in self.hubs:
            hub.gate(channel).swaps += times

    def silence(self, channel):
        """Make the connections that carry a channel half-open; return how many they are."""
        return sum(hub.silence(channel) for hub in self.hubs)

    def drop(self, channel):
        """Cut the connections that carry a channel; return how many they were."""
        return sum(hub.drop(channel) for hub in self.hubs)

    def clear(self):
        """End all faults but the half-open connections."""
        self.waiting.clear()
        self.skew_ms = 0
        self.let_go()
        for hub in self.hubs:
            hub.gates.clear()
