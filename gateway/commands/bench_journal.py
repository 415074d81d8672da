"""A large journal, made as the gateway makes one.

Every seven records are the whole life of one order: D heard, 150=A, D to the venue, the venue's
150=0 and 150=F heard, and both told. Each record is applied by the product's own fold; digests,
archives, old ids and snapshots are written as the product writes them. Only deciding and sockets
are left out, and frames are templates filled in: else building would take longer than measuring.
"""

from __future__ import annotations

import time
from collections import Counter
from decimal import Decimal
from typing import NamedTuple

from gateway.commands.bench_template import AT, Template
from gateway.config import Config
from gateway.oms.apply import apply, entry_of
from gateway.oms.book import Book
from gateway.oms.book import encode as encode_state
from gateway.oms.effects import Jot
from gateway.oms.state import STATE_VERSION
from gateway.upkeep import Upkeep
from gateway.wiring import snapshot_folder
from journal import snapshot as snapshots
from journal.format import Direction, Record
from journal.old_ids import OldIds
from journal.writer import JournalWriter
from protocol.fields import ExecType, LastLiquidityInd, OrdStatus, OrdType, Side, TimeInForce
from protocol.messages import ExecutionReport, NewOrderSingle
from protocol.numbers import ZERO
from protocol.order_id import OrderId
from protocol.timestamps import format_utc

VENUE, SYMBOL, SESSIONS = "PAPER", "EURUSD", 10
KEPT = 20_000
"""Ended orders that are in memory at the end: those of the last week."""
WEEK_NS = 7 * 86_400 * 1_000_000_000
STEP_NS = WEEK_NS // KEPT
ARCHIVE_EVERY = 1_000
BATCH_LIVES = 4
LIFE_RECORDS = 7
PRICE, QTY = Decimal("1.08765"), Decimal(1000)


class Built(NamedTuple):
    """What was built; `snapshots` are the records at which one was taken."""

    records: int
    seconds: float
    snapshots: list[int]
    orders_in_memory: int


def life_of(owner: str) -> list[Template]:
    """Return the seven messages of an order's life, in order."""
    new, venue_new = _report(ExecType.NEW), _report(ExecType.NEW, at_venue=True)
    fill, venue_fill = _report(ExecType.TRADE), _report(ExecType.TRADE, at_venue=True)
    told, heard = Direction.OUT, Direction.IN
    return [
        Template(heard, owner, _order("<asked>")),
        Template(told, owner, _report(ExecType.PENDING_NEW)),
        Template(told, VENUE, _order("<order>", owner=owner)),
        Template(heard, VENUE, venue_new),
        Template(told, owner, new),
        Template(heard, VENUE, venue_fill),
        Template(told, owner, fill),
    ]


def _order(name: str, owner: str | None = None) -> NewOrderSingle:
    return NewOrderSingle(
        cl_ord_id=name, symbol=SYMBOL, side=Side.BUY, order_qty=QTY, transact_time=AT,
        ord_type=OrdType.LIMIT, price=PRICE, time_in_force=TimeInForce.GOOD_TILL_CANCEL,
        on_behalf_of_comp_id=owner, account=VENUE if owner else None,
    )  # fmt: skip


def _report(exec_type: ExecType, *, at_venue: bool = False) -> ExecutionReport:
    is_fill = exec_type is ExecType.TRADE
    statuses = {ExecType.PENDING_NEW: OrdStatus.PENDING_NEW, ExecType.NEW: OrdStatus.NEW}
    return ExecutionReport(
        order_id="V<order>" if at_venue else "<order>", exec_id="<exec>", exec_type=exec_type,
        ord_status=statuses.get(exec_type, OrdStatus.FILLED), symbol=SYMBOL, side=Side.BUY,
        leaves_qty=ZERO if is_fill else QTY, cum_qty=QTY if is_fill else ZERO,
        avg_px=PRICE if is_fill else ZERO, cl_ord_id="<order>" if at_venue else "<asked>",
        account=VENUE, security_exchange=VENUE, order_qty=QTY, ord_type=OrdType.LIMIT, price=PRICE,
        time_in_force=TimeInForce.GOOD_TILL_CANCEL, currency="USD", transact_time=AT,
        secondary_order_id=(
            None if at_venue or exec_type is ExecType.PENDING_NEW else "V<order>"
        ),
        last_qty=QTY if is_fill else None, last_px=PRICE if is_fill else None,
        commission=Decimal("0.02") if is_fill else None, comm_currency="USD" if is_fill else None,
        last_liquidity_ind=LastLiquidityInd.ADDED if is_fill else None,
        secondary_exec_id="<trade>" if is_fill else None,
    )  # fmt: skip


class Builder:
    """Appends, applies, notes: the gateway's scribe without anybody to speak to."""

    def __init__(self, config: Config, began_ns: int) -> None:
        self.book = Book()
        self.now_ns = began_ns
        self.snapshots: list[int] = []
        self._config = config
        path = config.journal.path
        self.writer = JournalWriter.open(
            path, durability="os", epoch=1, segment_bytes=config.journal.segment_bytes
        )
        self._old_ids = OldIds(path.with_name(f"{path.name}-old-ids.db"))
        self._upkeep = Upkeep(self.book, self._old_ids, lambda: False)
        self._numbers: Counter[tuple[str, Direction]] = Counter()
        self._lives = [life_of(f"S{number:03}") for number in range(SESSIONS)]
        self._id = OrderId(config.gateway.instance, began_ns // 1_000_000_000, 0)
        self._count = 0
        self.note("START", instance=config.gateway.instance, epoch=self._id.epoch, version="bench")

    def live(self) -> None:
        """Write the life of one more order, half a minute after the last."""
        self._id = self._id.next()
        self._count += 1
        self.now_ns += STEP_NS
        name = self._id.text()
        life = {"order": name, "asked": f"T-{self._count}", "trade": f"T{self._count}"}
        life["at"] = format_utc(self.now_ns)
        for number, template in enumerate(self._lives[self._count % SESSIONS]):
            life["exec"] = f"{self._count:X}.{number}"
            line = (template.session, template.direction)
            self._numbers[line] += 1
            frame = template.frame(life, self._numbers[line])
            self._append(template.direction, template.session, frame)
        if self._count % BATCH_LIVES == 0:
            self.writer.commit()
        if self._count % ARCHIVE_EVERY == 0:
            self._archive()

    def note(self, kind: str, **body: object) -> None:
        """Write a note to ourselves."""
        frame = Jot(kind, body).frame(format_utc(self.now_ns), self.writer.last_seq + 1)
        self._append(Direction.NOTE, "", frame)

    def digest(self) -> None:
        """Note what the state is, as the loop does every so many records."""
        self.note(
            "DIGEST", seq=self.writer.last_seq, digest=self.book.digest(),
            state_version=STATE_VERSION,
        )  # fmt: skip

    def snapshot(self) -> None:
        """Take a snapshot and note it, as the loop does every so many records."""
        self.writer.commit()
        self.writer.sync()
        seq = self.writer.last_seq
        sha256 = snapshots.save(
            snapshot_folder(self._config), seq=seq, state_version=STATE_VERSION,
            payload=encode_state(self.book),
        )  # fmt: skip
        self.note("SNAPSHOT", seq=seq, sha256=sha256)
        self.writer.commit()
        self.snapshots.append(seq)

    def close(self) -> None:
        """Give back files and lock."""
        self.writer.close()
        self._old_ids.close()

    def _append(self, direction: Direction, session: str, frame: bytes) -> None:
        seq = self.writer.append(self.now_ns, direction, session, frame)
        apply(self.book, entry_of(Record(seq, self.now_ns, direction, session, frame)))

    def _archive(self) -> None:
        before_ns = self.now_ns - WEEK_NS
        if 0 < self.book.oldest_ended_ns() < before_ns:
            jot = Jot("ARCHIVE", {"before_ns": before_ns})
            self._upkeep.before(jot)
            self.note("ARCHIVE", before_ns=before_ns)


def build(config: Config, records: int, tail: int) -> Built:
    """Write a journal of about so many records where the config has its journal.

    Snapshots: one `tail` records before the end, as a kill between two leaves it, and one at the
    end, as an orderly end leaves it.
    """
    began = time.monotonic()
    lives = records // LIFE_RECORDS
    builder = Builder(config, time.time_ns() - (lives + 2) * STEP_NS)
    next_digest = every = config.journal.digest_every
    try:
        while builder.writer.last_seq < records:
            builder.live()
            if builder.writer.last_seq >= next_digest:
                next_digest += every
                builder.digest()
            if not builder.snapshots and builder.writer.last_seq >= records - tail:
                builder.snapshot()
        builder.snapshot()
    finally:
        builder.close()
    return Built(
        builder.writer.last_seq, time.monotonic() - began, builder.snapshots,
        len(builder.book.state.orders),
    )  # fmt: skip
