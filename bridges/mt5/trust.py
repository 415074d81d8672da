"""Whether a read that looks whole can be whole: a terminal is connected before it has its lists.

After a connection lists are stale or empty for a while, without any error, and no function of the
package tells it. What must be so of whole lists:

- a deal that was read once is there again; the history never shrinks
- an order that stood in the market stands there still, or in the history
- positions are what they were, moved by the deals that are new

A list that fails is not believed, and neither is any in the first moments after a connection. What
goes on failing for `STUBBORN_NS` is the server's own doing (an exchange may delete a deal), and is
believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from bridges.mt5.clock import SECOND_NS
from bridges.mt5.jobs import Snapshot
from bridges.mt5.records import DealRow, PositionRow
from bridges.mt5.tables import BUSTED, TRADE_SIDES
from protocol.numbers import ZERO

if TYPE_CHECKING:
    from bridges.mt5.core import Core

STUBBORN_NS = 60 * SECOND_NS


class Trust:
    """Judges snapshots. `settle_ns` is how long a connection has to stand first."""

    def __init__(self, settle_ns: int) -> None:
        self._settle_ns = settle_ns
        self._whole_since_ns: int | None = None
        self._failing_ns: int | None = None
        self._unsteady_ns: int | None = None
        self._held: dict[str, Decimal] | None = None
        self._news: tuple[tuple[DealRow, Decimal], ...] = ()
        self._busted: set[int] = set()

    def judge(self, core: Core, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot as it can be relied on: perhaps with a reason why it is not clean."""
        if snapshot.is_lost or snapshot.is_cut:
            self._whole_since_ns = None
        if not snapshot.clean:
            return snapshot
        if self._whole_since_ns is None:
            self._whole_since_ns = core.now_ns
        if core.now_ns - self._whole_since_ns < self._settle_ns:
            return replace(snapshot, why="NOT_CONNECTED: the terminal has only just connected")
        failure = _missing(core, snapshot)
        self._failing_ns = _since(self._failing_ns, core.now_ns, is_so=bool(failure))
        if failure and core.now_ns - (self._failing_ns or 0) < STUBBORN_NS:
            return replace(snapshot, why=failure)
        if failure:
            core.recent.clear()
        return self._steadied(core, snapshot)

    def _steadied(self, core: Core, snapshot: Snapshot) -> Snapshot:
        """Compare positions with those of the last read and the deals since."""
        held = _by_symbol(snapshot.positions)
        self._news = tuple((deal, self._lots(core, deal)) for deal in snapshot.deals)
        moved = held if self._held is None else _moved(self._held, self._news)
        agrees = _without_zeros(moved) == _without_zeros(held)
        self._unsteady_ns = _since(self._unsteady_ns, core.now_ns, is_so=not agrees)
        if not agrees and core.now_ns - (self._unsteady_ns or 0) < STUBBORN_NS:
            return replace(snapshot, steady=False)
        return snapshot

    def _lots(self, core: Core, deal: DealRow) -> Decimal:
        """Return the lots that a deal has moved since, or has given back."""
        lots = deal.volume * TRADE_SIDES[deal.type].sign if deal.type in TRADE_SIDES else ZERO
        if deal.type in BUSTED:
            known = deal.ticket in self._busted or not core.is_told(deal)
            return ZERO if known else -lots
        return ZERO if core.is_told(deal) else lots

    def taken(self, core: Core, snapshot: Snapshot) -> None:
        """Remember what the positions were, once the deals of a steady snapshot are told.

        Of another snapshot the deals that are told now are counted: they are no news the next time.
        """
        if not snapshot.clean:
            return
        if snapshot.steady and not core.waits:
            self._held = _by_symbol(snapshot.positions)
        elif self._held is not None:
            told = ((deal, lots) for deal, lots in self._news if core.is_told(deal))
            self._held = _moved(self._held, told)
        self._busted |= {one.ticket for one in snapshot.deals if one.type in BUSTED}


def _moved(
    held: Mapping[str, Decimal], news: Iterable[tuple[DealRow, Decimal]]
) -> dict[str, Decimal]:
    found = dict(held)
    for deal, lots in news:
        found[deal.symbol] = found.get(deal.symbol, ZERO) + lots
    return found


def _missing(core: Core, snapshot: Snapshot) -> str:
    """Say what of the last read is not there any more; nothing if all of it is."""
    low_msc = snapshot.since_s * 1000
    known = {ticket for ticket, msc in core.recent if msc >= low_msc}
    if not known <= {one.ticket for one in snapshot.deals}:
        return "deals that were there are missing: the history is not synchronised"
    there = {one.ticket for one in (*snapshot.orders, *snapshot.done)}
    gone = [
        one.ticket for one in core.live.values()
        if one.row is not None and not one.is_over and one.ticket not in there
    ]  # fmt: skip
    return f"order {gone[0]} stands nowhere: the lists are not synchronised" if gone else ""


def _since(before_ns: int | None, now_ns: int, *, is_so: bool) -> int | None:
    return (before_ns if before_ns is not None else now_ns) if is_so else None


def _by_symbol(positions: Iterable[PositionRow]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for one in positions:
        found[one.symbol] = found.get(one.symbol, ZERO) + one.lots
    return found


def _without_zeros(held: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {symbol: lots for symbol, lots in held.items() if lots}
