"""Moves stop-loss and take-profit of an open position: one request, and the position's own word.

Both levels go into a request, so the position is read first and keeps the level that nobody asked
about. What the result does not prove the position shows; while it shows other levels the gateway
hears that the request is in doubt, until it cannot be done any more, or the position is gone.
Levels that stand already are asked for as well: the server alone knows of a request before that it
has not done yet, and only its DONE or NO_CHANGES proves them.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from bridges.levels import LevelsRequest, LevelsTold
from bridges.mt5.constants import Action, OrderFlag, OrderType, Retcode
from bridges.mt5.core import Core
from bridges.mt5.flows import PATIENCE_NS, READS, Flow, Talk, pauses, read, send
from bridges.mt5.jobs import Read, Send, Sent, Snapshot
from bridges.mt5.records import PositionRow, SymbolRow
from bridges.mt5.requests import TradeRequest
from bridges.mt5.tables import Verdict, verdict_of
from bridges.mt5.units import Refusal, no_level, off_tick
from protocol.fields import PosMaintStatus

GONE = "POSITION_CLOSED: there is no such position"


def protect(core: Core, asked: LevelsRequest) -> Flow:
    """Ask for other levels, and find out what became of that."""
    not_after_ns = core.now_ns + PATIENCE_NS
    snapshot = yield from read(_rules_too(core, asked))
    for pause in pauses():
        if snapshot.clean or core.now_ns > not_after_ns:
            break
        yield pause
        snapshot = yield from read(_rules_too(core, asked))
    row = _position(core, asked, snapshot)
    if row is None:
        refuse(core, asked, GONE if snapshot.clean else f"NOT_SENT: {snapshot.why}")
        return
    wanted = levels_request(asked, row, core.rules[row.symbol])
    if isinstance(wanted, Refusal):
        refuse(core, asked, wanted.text)
        return
    job = Send(wanted, *core.clock.window(core.now_ns, core.now_ns), not_after_ns=not_after_ns)
    sent = yield from send(job)
    if sent.refusal is not None:
        refuse(core, asked, sent.refusal.text)
        return
    yield from _find_out(core, asked, row, wanted, sent)


def _rules_too(core: Core, asked: LevelsRequest) -> Read:
    """Write the job that reads the account, and what its symbol takes now."""
    return replace(core.read(core.now_ns), symbols=(core.native[asked.symbol],))


def _find_out(
    core: Core, asked: LevelsRequest, held: PositionRow, wanted: TradeRequest, sent: Sent
) -> Talk[None]:
    """Read the position until it shows what became of a request, or is there no more."""
    verdict = Verdict.DONE if sent.retcode == Retcode.NO_CHANGES else verdict_of(sent.retcode)
    sent_ns, clean, is_told = core.now_ns, 0, False
    for pause in pauses():
        snapshot = yield from read(core.read(core.now_ns))
        clean += snapshot.clean
        row = _position(core, asked, snapshot)
        if row is not None and not _is_same(row, held):
            row = None
        gone = snapshot.clean and snapshot.steady and row is None
        late = clean >= READS and core.now_ns - sent_ns > core.absence_ns
        proves = late or verdict is Verdict.DONE or wanted.standing != (wanted.sl, wanted.tp)
        if row is not None and proves and (row.sl, row.tp) == (wanted.sl, wanted.tp):
            _done(core, asked, row.sl, row.tp)
            return
        if snapshot.clean and verdict is Verdict.DONE and (gone or late):
            stands = (wanted.sl, wanted.tp) if row is None else (row.sl, row.tp)
            _done(core, asked, *stands)
            return
        if snapshot.clean and (verdict is Verdict.REFUSED or gone or late):
            refuse(core, asked, _why(verdict, sent.text, gone=gone))
            return
        if verdict in {Verdict.DOUBT, Verdict.PLACED} and not is_told:
            is_told = True
            core.events.append(LevelsTold(asked, PosMaintStatus.ACCEPTED, text=sent.text))
        yield pause


def _why(verdict: Verdict, text: str, *, gone: bool) -> str:
    """Say why a request has not been done; `text` is the word of the server."""
    if verdict is Verdict.REFUSED:
        return text
    return GONE if gone else f"NOT_DONE: the position still has other levels ({text})"


def _position(core: Core, asked: LevelsRequest, snapshot: Snapshot) -> PositionRow | None:
    """Find the position that a request names; None if it is not to be seen."""
    if not snapshot.clean:
        return None
    native = core.native.get(asked.symbol)
    return next(
        (
            one for one in snapshot.positions
            if one.symbol == native and asked.position_id in {"", str(one.identifier)}
        ),
        None,
    )  # fmt: skip


def _is_same(row: PositionRow, held: PositionRow) -> bool:
    """Whether a position is the one that a request was sent for: one that was reversed is not."""
    return row.identifier == held.identifier and (row.lots > 0) is (held.lots > 0)


def levels_request(
    asked: LevelsRequest, row: PositionRow, symbol: SymbolRow
) -> TradeRequest | Refusal:
    """Write the request that gives a position both levels, or say why its symbol takes none."""
    levels: list[Decimal] = []
    for name, px, before, flag in (
        ("StopLossPx(5001)", asked.stop_loss_px, row.sl, OrderFlag.SL),
        ("TakeProfitPx(5002)", asked.take_profit_px, row.tp, OrderFlag.TP),
    ):
        wrong = no_level(name, flag, symbol) or off_tick(name, px, symbol) if px else None
        if wrong is not None:
            return wrong
        levels.append(before if px is None else px)
    return TradeRequest(
        action=Action.SLTP, symbol=row.symbol, position=row.ticket, sl=levels[0], tp=levels[1],
        type=OrderType.BUY if row.lots > 0 else OrderType.SELL, standing=(row.sl, row.tp),
    )  # fmt: skip


def _done(core: Core, asked: LevelsRequest, stop: Decimal, profit: Decimal) -> None:
    core.events.append(LevelsTold(asked, PosMaintStatus.COMPLETED, stop, profit))


def refuse(core: Core, asked: LevelsRequest, text: str) -> None:
    """Tell that a request has changed nothing, and will not."""
    core.events.append(LevelsTold(asked, PosMaintStatus.REJECTED, text=text))
