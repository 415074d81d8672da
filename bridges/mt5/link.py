"""The terminal and its trade server: how the connection comes up, and what keeps it from being up.

It is up while a clean read is not older than `STALE_NS`, a program may trade, the server's clock is
known, and no call is stuck. Lost or wrong, the terminal is attached anew, again and again; nothing
is sent meanwhile. A call that does not come back cannot be ended: the link is down until it does,
and nothing else is asked, since one thread alone may talk to the terminal.
"""

from __future__ import annotations

from loguru import logger

from bridges.mt5.clock import DAY_S, MAX_DRIFT_S, MS_NS, SECOND_NS
from bridges.mt5.core import Core
from bridges.mt5.flows import Flow, Pause, Talk, attach, look, pauses, read
from bridges.mt5.jobs import Attach, Look, Snapshot
from bridges.mt5.market import Market
from bridges.mt5.records import learn

OVERLAP_NS = 120 * SECOND_NS
"""So far back the history is read each time, since an entry may come late."""
AUDIT_NS = 15 * SECOND_NS
AUDIT_OVERLAP_NS = DAY_S * SECOND_NS
"""And so far every `AUDIT_NS`."""
IDLE_NS = 250 * MS_NS
STALE_NS = 10 * SECOND_NS


class Link:
    """The way to the terminal. `poll_ns` is between reads while orders are open."""

    def __init__(self, core: Core, market: Market, *, poll_ns: int, call_ns: int) -> None:
        self.core = core
        self.market = market
        self._poll_ns = poll_ns
        self._call_ns = call_ns
        self._clean_ns = 0
        self._audit_ns = 0
        self._watched = False
        self._is_new = False
        """Whether the connection is, for the watch."""
        self._certain_ns = 0
        self._why = "the terminal was not reached yet"
        self._wrong_zone = ""

    def open(self) -> None:
        """Begin to connect."""
        self._certain_ns = self.core.now_ns
        self.core.start(self._keep())
        self.core.start(self._watch())

    def tick(self, busy_since_ns: int | None) -> None:
        """Notice a call that is stuck, by when it began, and reads that are old."""
        core = self.core
        if busy_since_ns is not None and core.now_ns - busy_since_ns > self._call_ns:
            seconds = self._call_ns // SECOND_NS
            self._down(f"STUCK: a call of the terminal has not come back for {seconds} s")
        elif core.is_up and core.now_ns - self._clean_ns > STALE_NS:
            self._down(self._why or "STALE: nothing could be read for a while")

    def next_ns(self) -> int | None:
        """Return when `tick` has something to do."""
        return self._clean_ns + STALE_NS + 1 if self.core.is_up else None

    def _keep(self) -> Flow:
        """Attach to the terminal and read it, for ever."""
        core = self.core
        for pause in pauses():
            attached = yield from attach(Attach(tuple(core.native.values())))
            if attached.problem or attached.account is None:
                self._down(attached.problem)
                yield pause if not attached.wrong_account else Pause(IDLE_NS)
                continue
            learn(core.rules, attached.symbols)
            core.margin_rates, core.account = attached.margin_rates, attached.account
            self._watched = True
            yield from self._poll()
            yield pause

    def _poll(self) -> Talk[None]:
        """Read the account again and again, until the terminal is lost."""
        core = self.core
        while True:
            audit = core.now_ns >= self._audit_ns
            back_ns = AUDIT_OVERLAP_NS if audit or not core.horizon_msc else OVERLAP_NS
            asked_ns = core.now_ns
            snapshot = yield from read(core.read(min(self._certain_ns, asked_ns) - back_ns))
            self._judge(snapshot, asked_ns)
            if audit and snapshot.clean:
                self._audit_ns = core.now_ns + AUDIT_NS
            if snapshot.is_lost:
                return
            yield Pause(self._poll_ns if core.is_active() else IDLE_NS)

    def _judge(self, snapshot: Snapshot, asked_ns: int) -> None:
        core = self.core
        if not snapshot.clean:
            self._why = snapshot.why
            if snapshot.is_lost or snapshot.is_cut:
                self._down(snapshot.why)
            return
        self._clean_ns, self._certain_ns = core.now_ns, asked_ns
        if not snapshot.may_trade:
            self._down("TRADE_NOT_ALLOWED: algorithmic trading is off, or not for this account")
        elif core.clock.offset_s(core.now_ns) is None:
            self._down(_no_time(core.clock.drift_s))
        else:
            self._why = ""
            self._is_new = self._is_new or not core.is_up
            core.link(up=True)

    def _down(self, why: str) -> None:
        if self._why != why or self.core.is_up:
            logger.warning("the terminal is not usable: {}", why)
        self._why = why
        self.core.link(up=False, text=why)

    def _watch(self) -> Flow:
        """Read quotes, once the symbols are known."""
        while True:
            if self._watched:
                again, self._is_new = self._is_new, False
                seen = yield from look(
                    Look(self.market.since(), self.market.with_books(), asks_again=again)
                )
                self.market.hear(seen)
                self._look_at_zone()
            yield Pause(self._poll_ns)

    def _look_at_zone(self) -> None:
        wrong = self.core.clock.wrong_zone()
        if wrong and wrong != self._wrong_zone:
            logger.error("SERVER_TIME: {}: ends of orders (59=6) and times are wrong", wrong)
        self._wrong_zone = wrong


def _no_time(drift_s: float) -> str:
    """Say why the server's clock is not known, and what to do about it."""
    if not drift_s:
        return "SERVER_TIME: no new quote yet to tell the server's clock by"
    where = "ahead of" if drift_s > 0 else "behind"
    return (
        f"SERVER_TIME: the clock of this machine is {abs(drift_s):.0f} s {where} the trade"
        f" server's, {MAX_DRIFT_S} s are borne: set it right (let Windows synchronise it) and"
        " start this bridge anew"
    )
