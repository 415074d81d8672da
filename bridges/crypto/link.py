"""The connection to the exchange: how it comes up, how it is watched, what was missed meanwhile.

It is up when clock, key and rules were read, the user stream is logged on, and whatever happened
since the last certain moment was asked for. A stream that says nothing and answers no ping for
`SILENCE_NS` is gone, whatever its socket says. The last certain moment is when the stream was last
alive, less `OVERLAP_NS`. While it is up, what rests is compared with the exchange's own list every
`audit_ms` of the table: a stream may be alive and lose events all the same. A link that does not
stay up is dialled more and more seldom: only one that was up for `STEADY_NS` begins anew.
"""

from __future__ import annotations

from collections.abc import Generator
from enum import Enum
from typing import Any

from loguru import logger

from bridges.crypto import terms
from bridges.crypto.catching_up import catch_up
from bridges.crypto.core import LONGEST_PAUSE_NS, MS_NS, Core
from bridges.crypto.effects import (
    USER,
    CloseStream,
    OpenStream,
    Response,
    StreamAlive,
    StreamDown,
    StreamNews,
    StreamSaid,
    StreamUp,
)
from bridges.crypto.fitness import FIT, examine
from bridges.crypto.flows import Flow, Pause, Step, ask
from bridges.crypto.hearing import ask_order, hear_order, hear_trade
from bridges.crypto.plain import plain
from bridges.crypto.questions import ledger_entries, read_listing
from bridges.crypto.reading import UNREADABLE
from bridges.crypto.views import (
    AmendFailed,
    FillNews,
    MoneyHint,
    MoneyNews,
    OrderHint,
    OrderNews,
    StreamGap,
    StreamItem,
    StreamOver,
    Verdict,
)
from bridges.errors import BridgeError
from bridges.link_events import LinkChanged
from bridges.port import LedgerEntries

Truth = Generator[Step, list[Response], bool]

OVERLAP_NS = 60_000 * MS_NS
SILENCE_NS = 4_000 * MS_NS
DIAL_NS = 10_000 * MS_NS
CLOCK_NS = 60_000 * MS_NS
LEDGER_NS = 3_600_000 * MS_NS
"""How far back the ledger is asked for when the stream hints at it; entries have ids."""
KEY_NS = 20 * 60_000 * MS_NS
FIRST_PAUSE_NS = 200 * MS_NS
STEADY_NS = 60_000 * MS_NS
NOT_FOUND = "an order that should be open is not found"
POLLS = 5
"""Without a stream, the link is gone when so many times nothing could be read whole."""


class State(Enum):
    """How far the user stream is."""

    IDLE = 0
    PREPARING = 1
    DIALING = 2
    READY = 3


class Link:
    """The way to the exchange, and the user stream on it."""

    def __init__(self, core: Core, *, key_may: frozenset[str], checks_key: bool) -> None:
        self.core = core
        self.refusal = ""
        """Why this bridge must not run; it stops."""
        self._key_may = key_may
        self._checks_key = checks_key
        self._state = State.IDLE
        self._was_up_before = False
        self._attempt = 0
        self._alive_ns = 0
        self._certain_ns = 0
        self._up_ns = 0
        self._audit_ns = 0
        self._clock_ns = 0
        self._is_recovering = False
        self._has_gap = False
        """Whether something of the stream was missed since the last audit."""
        self._key = ""
        self._key_ns = 0
        self._pause_ns = FIRST_PAUSE_NS
        self._why = ""
        """Why it cannot be prepared."""
        self._told: set[str] = set()
        """What was told of that since it was up."""
        core.on_clock_off = self._on_clock_off

    def open(self) -> None:
        """Begin to connect."""
        self._certain_ns = self.core.begun_ns = self.core.now_ns
        self._begin()

    def on_stream(self, news: StreamNews) -> None:
        """Hear the user stream."""
        if self._state in {State.IDLE, State.PREPARING}:
            return
        if isinstance(news, StreamDown):
            self._down(news.why)
            return
        self._alive_ns = self.core.now_ns
        match news:
            case StreamUp():
                self._greet(None)
            case StreamSaid():
                self._said(news)
            case StreamAlive():
                pass

    def tick(self) -> None:
        """Notice silence; do what is due."""
        now_ns, core = self.core.now_ns, self.core
        patience_ns = self._patience_ns()
        if patience_ns and now_ns - self._alive_ns > patience_ns:
            self._down(f"silent for {patience_ns // MS_NS} ms")
        if self._state is State.READY and now_ns >= self._clock_ns and not core.ban_ns:
            self._clock_ns = now_ns + CLOCK_NS
            core.start(self._mind_clock())
        if not core.is_up:
            return
        if now_ns >= self._audit_ns:
            self._audit_ns = now_ns + core.table.audit_ms * MS_NS
            core.start(self._audit())
        if self._key and now_ns >= self._key_ns:
            self._key_ns = now_ns + KEY_NS
            core.start(self._keep_key())

    def next_ns(self) -> int | None:
        """Return when `tick` has something to do."""
        patience_ns = self._patience_ns()
        times = [self._alive_ns + patience_ns + 1] if patience_ns else []
        if self._state is State.READY:
            times.append(max(self._clock_ns, self.core.banned_until_ns))
        if self.core.is_up:
            times.append(self._audit_ns)
        return min(times, default=None)

    def _patience_ns(self) -> int:
        silence_ns = max(SILENCE_NS, POLLS * self.core.table.poll_ms * MS_NS)
        return {State.DIALING: DIAL_NS, State.READY: silence_ns}.get(self._state, 0)

    # Up.

    def _begin(self) -> None:
        if self._state is State.IDLE and not self.refusal:
            self._state = State.PREPARING
            self.core.start(self._connect())

    def _connect(self) -> Flow:
        core = self.core
        if core.ban_ns:
            yield Pause(core.ban_ns)
        while not (yield from self._prepare()):
            if self.refusal:
                return
            self._complain(self._why)
            yield Pause(max(self._pause_ns, core.ban_ns))
            self._pause_ns = min(self._pause_ns * 2, LONGEST_PAUSE_NS)
        self._alive_ns = core.now_ns
        self._state = State.DIALING
        if core.table.poll_ms:
            self._listen(core.at_ms * MS_NS)
        else:
            core.stream_acts.append(OpenStream(USER, USER, self._key))

    def _complain(self, why: str) -> None:
        """Say why it does not come up; each reason once, until it is up."""
        if why not in self._told:
            self._told.add(why)
            logger.warning("{} is not up yet: {}", self.core.table.name, why)

    def _prepare(self) -> Truth:
        """Read what must be known before the stream is opened; say whether that was possible."""
        core = self.core
        if not (yield from self._set_clock()):
            return False
        if not core.is_known:
            found = yield from examine(core, self._key_may if self._checks_key else None)
            self._why, self.refusal = found.why, found.refusal
            if found != FIT:
                return False
            wrong = yield from read_listing(core)
            if wrong:
                self._why = f"the rules of the symbols could not be read: {wrong}"
                return False
            missing = sorted(core.table.native.keys() - core.instruments.keys())
            if missing:
                logger.warning("not traded at {}: {}", core.table.name, ", ".join(missing))
            core.is_known = True
        call = core.table.user_key()
        if call is not None:
            response = yield from ask(call)
            self._key = core.read(core.table.read_user_key, response) or ""
            self._key_ns = core.now_ns + KEY_NS
            self._why = f"no key of the user stream: {core.table.text_of(response)}"
            return bool(self._key)
        return True

    def _set_clock(self) -> Truth:
        core = self.core
        sent_ns = core.now_ns
        response = yield from ask(core.table.time())
        theirs_ms = core.read(core.table.read_time, response)
        if theirs_ms is None:
            self._why = core.table.text_of(response)
            return False
        core.offset_ms = theirs_ms - (sent_ns + core.now_ns) // 2 // MS_NS
        self._clock_ns = core.now_ns + CLOCK_NS
        return True

    def _mind_clock(self) -> Flow:
        yield from self._set_clock()

    def _on_clock_off(self) -> None:
        self._clock_ns = 0

    def _said(self, news: StreamSaid) -> None:
        core = self.core
        try:
            if self._state is State.DIALING and self._greet(news.message):
                return
            items = core.table.read_user(news.message)
        except UNREADABLE as problem:
            self._down(plain(f"a message of the user stream was not understood: {problem!r}"))
            return
        for item in items:
            self._heard(item)

    def _heard(self, item: StreamItem) -> None:
        """Take one thing that the user stream said."""
        core = self.core
        match item:
            case OrderNews():
                hear_order(core, item.view, item.trade)
            case FillNews():
                hear_trade(core, item.trade)
            case AmendFailed():
                terms.failed(core, item)
            case OrderHint():
                core.start(ask_order(core, item.order_id))
            case StreamGap():
                self._has_gap, self._audit_ns = True, 0
            case MoneyNews():
                core.events.append(LedgerEntries(ask="", entries=(item.entry,)))
            case MoneyHint():
                core.start(ledger_entries(core, "", core.now_ns - LEDGER_NS))
            case StreamOver():
                self._down(item.why)

    def _greet(self, message: Any) -> bool:
        """Log on, a word at a time; say whether the message belonged to that."""
        core = self.core
        words, ready, ns = core.table.greet(message, core.at_ms, self._key)
        core.stream_acts += words
        if ready and self._state is State.DIALING:
            self._listen(ns or core.at_ms * MS_NS)
        return ready or bool(words)

    def _listen(self, since_ns: int) -> None:
        core = self.core
        self._state = State.READY
        core.listen(since_ns)
        if not self._is_recovering:
            self._is_recovering = True
            core.start(self._recover())

    def _recover(self) -> Flow:
        """Ask for what happened while nobody listened; then the link is up.

        If the stream falls meanwhile, this goes on when it is there again: questions of streams
        that are gone would stand before those of the one that is there.
        """
        core = self.core
        while self._state is State.READY:
            attempt, since_ns, core.unread = self._attempt, self._certain_ns, ""
            symbols, again = list(core.table.native), self._was_up_before
            done = yield from catch_up(core, symbols, since_ns, trades=again)
            if attempt != self._attempt:
                continue
            if done:
                self._was_up_before, self._up_ns = True, core.now_ns
                self._audit_ns = core.now_ns + core.table.audit_ms * MS_NS
                core.is_up = True
                self._told.clear()
                core.events.append(LinkChanged(up=True))
                break
            self._complain(f"what was missed could not be read: {core.unread or NOT_FOUND}")
            yield Pause(self._pause_ns)
            self._pause_ns = min(self._pause_ns * 2, LONGEST_PAUSE_NS)
        self._is_recovering = False

    def _audit(self) -> Flow:
        """Compare what is open here with the exchange's own list; after a gap, everything.

        Without a stream everything is compared each time, and is the sign of life.
        """
        gap, self._has_gap = self._has_gap, False
        core, polls, asked_ns = self.core, bool(self.core.table.poll_ms), self.core.now_ns
        symbols = list(core.table.native) if gap or polls else sorted(core.open_symbols())
        if not symbols:
            return
        done = yield from catch_up(core, symbols, self._alive_ns - OVERLAP_NS, trades=True)
        self._has_gap = self._has_gap or (gap and not done)
        if polls and done and self._state is State.READY:
            self._alive_ns = asked_ns

    def _keep_key(self) -> Flow:
        call, attempt = self.core.table.keep_user_key(self._key), self._attempt
        if call is not None:
            response = yield from ask(call)
            is_kept = self.core.table.judge(response) is Verdict.DONE
            if not is_kept and attempt == self._attempt:
                self._down("the listen key could not be kept alive")

    # Down.

    def _down(self, why: str) -> None:
        core = self.core
        if self._was_up_before:
            self._certain_ns = self._alive_ns - OVERLAP_NS if core.is_up else self._certain_ns
        core.stream_acts.append(CloseStream(USER))
        self._state = State.IDLE
        self._attempt += 1
        if core.is_up:
            core.is_up = False
            if core.now_ns - self._up_ns > STEADY_NS:
                self._pause_ns = FIRST_PAUSE_NS
            logger.warning("the user stream of {} is gone: {}", core.table.name, why)
            core.events.append(LinkChanged(up=False, text=why))
        else:
            self._complain(why)
        core.start(self._again())

    def _again(self) -> Flow:
        yield Pause(self._pause_ns)
        self._pause_ns = min(self._pause_ns * 2, LONGEST_PAUSE_NS)
        self._begin()

    def step(self) -> None:
        """Stop if this bridge must not run. Raises BridgeError."""
        if self.refusal:
            raise BridgeError(self.refusal)
