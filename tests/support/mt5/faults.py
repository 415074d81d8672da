"""What goes wrong on command with requests: which one, whether it is done, what is said of it.

A plan waits for the next requests that fit it. Each of its makers says what it does:

    refuse(10004)            not done, and the server says so
    doubt(10011, acts=True)  done or not, and the server says something that does not tell
    silence(acts=True)       done or not, and nobody ever says anything: the terminal times out
    fail(acts=False)         the call itself comes back false (MQL5, 4756) or None (Python)
    slow(5_000)              done at once, told late
    tardy(5_000)             done late, told when done; 10008 (placed) can be told at once
    ponder(5_000)            its order stands STARTED (a dealer thinks) or REQUEST_ADD (an exchange)

`when` chooses: a magic (int), an action, or a function of the request. `times` is how often.
`played` keeps what was met, as (the plan, the request).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from support.mt5.constants import Action, Retcode


@dataclass
class Trouble:
    """One plan."""

    acts: bool = True
    retcode: int | None = None
    """What is said instead of the truth."""
    silent: bool = False
    fails: bool = False
    act_ms: int = 0
    """How long the server waits before it checks and acts."""
    tell_ms: int = 0
    """How long the answer waits after that."""
    early: int | None = None
    """A return code that is said at once, before the server acts; nothing is said later."""
    hold_ms: int = 0
    """How long an exchange or a dealer thinks about the order that the request has made."""
    confirms: bool = True
    """Whether he takes it then, or rejects it."""
    times: int = 1
    when: Callable | None = None


@dataclass
class Faults:
    """The plans of one server, and what became of them."""

    waiting: list[Trouble] = field(default_factory=list)
    played: list[tuple] = field(default_factory=list)

    def plan(self, trouble, *, when=None, times=1):
        """Let something go wrong; return the plan."""
        trouble.times, trouble.when = times, _chooser(when)
        self.waiting.append(trouble)
        return trouble

    def refuse(self, retcode, *, when=None, times=1):
        """Refuse the next requests with a return code, whatever they ask."""
        return self.plan(Trouble(acts=False, retcode=int(retcode)), when=when, times=times)

    def doubt(self, retcode, *, acts, when=None, times=1):
        """Do the next requests or not, and answer with a code that does not tell."""
        return self.plan(Trouble(acts=acts, retcode=int(retcode)), when=when, times=times)

    def silence(self, *, acts, when=None, times=1):
        """Do the next requests or not, and never answer."""
        return self.plan(Trouble(acts=acts, silent=True), when=when, times=times)

    def fail(self, *, acts, retcode=Retcode.ERROR, when=None, times=1):
        """Let the call of the next requests fail in the terminal, though they may be done."""
        trouble = Trouble(acts=acts, fails=True, retcode=int(retcode))
        return self.plan(trouble, when=when, times=times)

    def slow(self, ms, *, when=None, times=1):
        """Answer the next requests late."""
        return self.plan(Trouble(tell_ms=ms), when=when, times=times)

    def tardy(self, ms, *, early=None, when=None, times=1):
        """Do the next requests late; `early` is said at once instead of the truth."""
        trouble = Trouble(act_ms=ms, early=None if early is None else int(early))
        return self.plan(trouble, when=when, times=times)

    def ponder(self, ms, *, retcode=None, confirms=True, when=None, times=1):
        """Let the orders of the next requests stand in their list unconfirmed, told as PLACED.

        `retcode` is what is said instead. Then they are confirmed and worked, or rejected.
        """
        code = None if retcode is None else int(retcode)
        trouble = Trouble(hold_ms=ms, confirms=confirms, retcode=code)
        return self.plan(trouble, when=when, times=times)

    def take(self, request):
        """Return the plan that is for a request, or None."""
        for trouble in self.waiting:
            if trouble.when(request):
                trouble.times -= 1
                if not trouble.times:
                    self.waiting.remove(trouble)
                self.played.append((trouble, request))
                return trouble
        return None

    def clear(self):
        """Forget all plans."""
        self.waiting.clear()


def _chooser(when):
    if when is None:
        return lambda _request: True
    if isinstance(when, Action):
        return lambda request: request.action == when
    if isinstance(when, int):
        return lambda request: request.magic == when
    if callable(when):
        return when
    msg = f"received when={when!r}, expected a magic, an Action, or a function of the request"
    raise TypeError(msg)
