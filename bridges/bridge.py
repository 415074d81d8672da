"""One bridge as a process: a venue, a session, a link, and the dead man's hand.

The loop takes what waits on the link, makes the id log durable, lets the venue act, and says what
came of it; it waits on the link until the next thing is due. It outlives the gateway: the venue
goes on trading, and the link is tried again and again. When the gateway has been gone for
`dead_man_ms`, everything that rests is cancelled; then the process ends, or with
`dead_man_exits=False` waits on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from loguru import logger

from bridges.connection import Connection, Wire
from bridges.crypto.settings import open_crypto_venue
from bridges.crypto.venue import CryptoVenue
from bridges.errors import BridgeError
from bridges.id_log import IdLog
from bridges.lock import VenueLock
from bridges.mt5.settings import open_mt5_venue
from bridges.mt5.venue import Mt5Venue
from bridges.paper.faults import ControlFile
from bridges.paper.settings import open_paper_venue
from bridges.paper.venue import PaperVenue
from bridges.port import Venue
from bridges.quotes import QuoteBoard
from bridges.session import BridgeSession
from engine.link import Curve, Link, Publisher, is_encrypted, keys_for
from protocol.fields import GATEWAY
from protocol.messages import OperatorCommand
from protocol.order_id import to_text

MS_NS = 1_000_000
LONGEST_WAIT_MS = 50
DEAD_MAN_GRACE_NS = 1_000 * MS_NS
"""How long the cancels of a dead man may take before the process ends."""
DEAD_MAN_TEXT = "DEAD_MAN: the gateway is gone"
FAULTS_NAME = "faults"

MakeVenue = Callable[[], Venue]


class Clock:
    """Time that starts at the system's and then only moves with the monotonic one."""

    def __init__(self) -> None:
        self._start_ns = time.time_ns() - time.monotonic_ns()

    def __call__(self) -> int:
        """Return ns since the epoch."""
        return self._start_ns + time.monotonic_ns()


class Bridge:
    """Everything between one venue and one gateway. Time is an argument of every method."""

    def __init__(  # noqa: PLR0913 - its parts, each with its keyword
        self,
        *,
        venue_id: str,
        make_venue: MakeVenue,
        symbols: Callable[[Venue], Sequence[str]],
        id_log: IdLog,
        wire: Wire,
        now_ns: int,
        peer_comp_id: str = GATEWAY,
        account: str = "",
        publisher: Publisher | None = None,
        control: ControlFile | None = None,
        token: bytes | None = None,
        heart_bt_int: int = 1,
        dead_man_ms: int = 0,
    ) -> None:
        self._make_venue = make_venue
        self._id_log = id_log
        self._symbols = symbols
        self._publisher = publisher
        self._control = control
        self._dead_man_ns = dead_man_ms * MS_NS
        self._wire = wire
        self.dead_man_struck = False
        self.venue = make_venue()
        self.session = BridgeSession(
            venue_id=venue_id,
            account=account or venue_id,
            venue=self.venue,
            id_log=id_log,
            exec_prefix=to_text(now_ns).lstrip("0"),
            quotes=QuoteBoard(
                venue_id, feed_epoch=now_ns // 1_000_000_000, publishes=publisher is not None
            ),
            on_command=self._on_command,
        )
        self.connection = Connection(
            wire, self.session, comp_id=venue_id, peer_comp_id=peer_comp_id, now_ns=now_ns,
            heart_bt_int=heart_bt_int, token=token,
        )  # fmt: skip
        self._now_ns = now_ns
        self._open_venue(now_ns)

    def step(self, now_ns: int, frames: list[bytes]) -> None:
        """Take frames, let the venue act, say what came of it."""
        self._now_ns = now_ns
        silent = self.is_silent(now_ns)
        if frames and not silent:
            self.connection.receive(now_ns, frames)
        self.venue.step(now_ns)
        if not silent:
            self.connection.step(now_ns)
        if self._publisher is not None:
            board, up = self.session.quotes, self.venue.connected
            for topic, frame in board.topics(now_ns, repeats=up):
                self._publisher.send(topic, frame)
        self._check_dead_man(now_ns)
        self._play_faults(now_ns)

    def wait_ms(self, now_ns: int) -> int:
        """Return how long nothing is due: 0 when something is."""
        deadlines = [self.venue.next_deadline_ns(), self.connection.next_deadline_ns()]
        if self.session.logged_on and self.venue.connected:
            deadlines.append(self.session.quotes.next_deadline_ns())
        soonest = min(deadline for deadline in deadlines if deadline is not None)
        if soonest <= now_ns:
            return 0
        return min(-((now_ns - soonest) // MS_NS), LONGEST_WAIT_MS)

    def is_over(self, now_ns: int) -> bool:
        """Say whether the dead man's cancels have had their time."""
        down_ns = self.connection.down_since_ns
        if down_ns is None or not self.dead_man_struck:
            return False
        return now_ns - down_ns >= self._dead_man_ns + DEAD_MAN_GRACE_NS

    def is_silent(self, now_ns: int) -> bool:
        """Say whether a fault keeps the bridge from hearing and speaking."""
        return isinstance(self.venue, PaperVenue) and now_ns < self.venue.faults.silent_until_ns

    def close(self, now_ns: int, text: str = "the bridge stops") -> None:
        """Log out and close the venue."""
        self.connection.log_out(text, now_ns)
        self.venue.close()
        self._id_log.close()

    def _open_venue(self, now_ns: int) -> None:
        self.venue.connect(self.session, now_ns)
        self.venue.subscribe(self._symbols(self.venue), now_ns)

    def _check_dead_man(self, now_ns: int) -> None:
        down_ns = self.connection.down_since_ns
        if down_ns is None:
            self.dead_man_struck = False
            self.venue.hold(now_ns)
        elif self.dead_man_struck or not self._dead_man_ns:
            return
        elif now_ns - down_ns >= self._dead_man_ns:
            logger.warning("the gateway is gone: what rests is cancelled")
            self.dead_man_struck = True
            self.venue.cancel_all(DEAD_MAN_TEXT, now_ns)
            self.venue.step(now_ns)

    def _on_command(self, message: OperatorCommand) -> str:
        if message.command != "FAULT":
            text = f"received the command {message.command!r}, expected FAULT"
            raise ValueError(text)
        return self._order_fault(message.reason or "")

    def _order_fault(self, line: str) -> str:
        if not isinstance(self.venue, PaperVenue):
            text = "received a fault, but this venue is real"
            raise ValueError(text)  # noqa: TRY004 - refused like every wrong command
        return self.venue.faults.command(line, self._now_ns)

    def _play_faults(self, now_ns: int) -> None:
        for line in self._control.new_lines() if self._control else ():
            try:
                logger.info("fault {}", self._order_fault(line))
            except ValueError as problem:
                logger.error("control file: {}", problem)
        if isinstance(self.venue, PaperVenue) and self.venue.faults.restart_wanted:
            logger.info("the venue restarts from its ledger")
            self.venue.close()
            self.connection.drop("restart on command", now_ns)
            self.venue = self._make_venue()
            self.session.venue = self.venue
            self._open_venue(now_ns)


def all_symbols(venue: Venue) -> Sequence[str]:
    """Return what a venue trades: all of it is subscribed."""
    if isinstance(venue, CryptoVenue | Mt5Venue):
        return venue.symbols
    return tuple(venue.exchange.pits) if isinstance(venue, PaperVenue) else ()


def _opener(
    kind: str, venue_id: str, folder: Path, settings: dict[str, Any], clock: Clock
) -> MakeVenue:
    if kind == "paper":
        return partial(open_paper_venue, venue_id=venue_id, folder=folder, **settings)
    if kind == "crypto":
        return partial(open_crypto_venue, folder=folder, **settings)
    if kind == "mt5_terminal":
        return partial(open_mt5_venue, folder=folder, clock=clock, **settings)
    msg = f"venue {venue_id}: received kind {kind!r}, expected paper, crypto or mt5_terminal"
    raise BridgeError(msg)


def run_bridge(  # noqa: PLR0913 - the keys of a [[venue]] table and where the gateway is
    *,
    venue_id: str,
    endpoint: str,
    folder: Path | str,
    kind: str = "paper",
    feeds_endpoint: str | None = None,
    lock_path: Path | None = None,
    gateway_comp_id: str = GATEWAY,
    token: bytes | None = None,
    account: str = "",
    dead_man_ms: int = 0,
    dead_man_exits: bool = True,
    heart_bt_int: int = 1,
    durability: str = "group",
    curve: Curve | None = None,
    stop: Callable[[], bool] | None = None,
    **settings: Any,
) -> int:
    """Run one bridge until `stop()` or its dead-man time; return the process's exit code.

    `folder` holds this venue's id log, ledger and fault file; its lock lies beside it, named by the
    venue id, unless `lock_path` says where. `durability` "group" syncs the id log to disk, "os"
    leaves that to the system (a kill -9 loses nothing, a power cut may). `settings` are the
    venue's own: for paper those of `open_paper_venue`, for crypto of `open_crypto_venue`, for
    mt5_terminal of `open_mt5_venue`. Raises
    BridgeError: VenueLocked, IdLogCorrupt, IdLogFailed, LedgerCorrupt, FeedError.
    """
    place = Path(folder)
    clock = Clock()
    make_venue = _opener(kind, venue_id, place, settings, clock)
    lock = VenueLock(lock_path or place.parent / f"{venue_id}.lock")
    link = Link(endpoint, curve=keys_for(endpoint, curve))
    publisher = _publisher(feeds_endpoint, curve) if feeds_endpoint else None
    try:
        bridge = Bridge(
            venue_id=venue_id,
            make_venue=make_venue,
            symbols=all_symbols, id_log=IdLog(place, sync=durability == "group"), wire=link,
            now_ns=clock(), peer_comp_id=gateway_comp_id, account=account, publisher=publisher,
            control=ControlFile(place / FAULTS_NAME), token=token, heart_bt_int=heart_bt_int,
            dead_man_ms=dead_man_ms,
        )  # fmt: skip
        _loop(bridge, link, clock, stop or _never, exits=dead_man_exits)
        bridge.close(clock())
    finally:
        link.close()
        if publisher is not None:
            publisher.close()
        lock.close()
    return 0


def _publisher(endpoint: str, curve: Curve | None) -> Publisher:
    return Publisher(endpoint, curve=keys_for(endpoint, curve))


def _never() -> bool:
    return False


def _loop(
    bridge: Bridge, link: Link, clock: Clock, stop: Callable[[], bool], *, exits: bool
) -> None:
    bridge.step(clock(), [])
    said = ""
    while not stop() and not (exits and bridge.is_over(clock())):
        now_ns = clock()
        wait_ms = bridge.wait_ms(now_ns)
        if bridge.is_silent(now_ns):
            time.sleep(wait_ms / 1000)
            frames: list[bytes] = []
        else:
            frames = link.receive(wait_ms)
        bridge.step(clock(), frames)
        if is_encrypted(link.endpoint):
            said = _complain(link, said)


def _complain(link: Link, said: str) -> str:
    """Tell why the gateway does not even shake hands, once; return what was told."""
    link.dropped()
    if link.refusal and link.refusal != said:
        logger.error("no link to {}: {}", link.endpoint, link.refusal)
    return link.refusal
