"""What is known of the account, and what is told of it. Pure: time is an argument.

Each clean snapshot comes through `absorb`, however old or new, and each thing in it is told once:

- the first snapshot is where this life begins: what it holds was before us and is not told, since
  the gateway asks for it
- an order is accepted before it is filled, and ends after its last deal was told
- a deal is counted by its ticket, and belongs to the order that it names (DEAL_ORDER); whose order
  that is says the order's magic, unless its reason says that the server or a person made it
- a deal whose order is not to be seen yet waits for it
- of a snapshot that is not clean nothing is taken, and nothing follows from what is missing
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from decimal import Decimal

from msgspec.structs import replace

from bridges.flows import Flows
from bridges.link_events import LinkChanged
from bridges.mt5.adoption import record, row_by, source_of
from bridges.mt5.clock import SECOND_NS, ServerClock
from bridges.mt5.constants import Entry
from bridges.mt5.expiry import AT_ONCE
from bridges.mt5.flows import Flow
from bridges.mt5.jobs import Job, Read, Result, Seen, Snapshot
from bridges.mt5.orders import UNDECIDED, Order, id_of, is_other_half, row_terms
from bridges.mt5.recall import Recall, claim, knows
from bridges.mt5.records import AccountRow, DealRow, OrderRow, SymbolRow, learn
from bridges.mt5.tables import BUSTED, ENDS, ORIGINS, TRADE_SIDES
from bridges.mt5.telling import entries_of, fill_of, made_by
from bridges.mt5.units import units_of
from bridges.notes import Notes
from bridges.port import (
    Accepted,
    Busted,
    Canceled,
    Event,
    Expired,
    Filled,
    LedgerEntries,
    Rejected,
    Replaced,
    Triggered,
)
from protocol.fields import ExecRestatementReason, OrdRejReason, OrdStatus, OrdType
from protocol.numbers import ZERO

PATIENCE_NS = 5 * SECOND_NS
"""How long a deal waits for its order to be seen."""
MAX_ENDED = 10_000
"""Ended orders that are remembered."""
KEEP_MSC = 3 * 86_400_000
"""How long the tickets of deals are remembered; longer than any regular read reaches back."""
RECENT = 256
OPENS = frozenset((Entry.IN, Entry.INOUT))
STOPS = frozenset((OrdType.STOP, OrdType.STOP_LIMIT))


class Core:
    """The orders of one account. `symbols` maps our names to the server's."""

    def __init__(
        self, *, symbols: Mapping[str, str], notes: Notes, clock: ServerClock,
        absence_ns: int = 60 * SECOND_NS, fee_rate: Decimal = ZERO,
    ) -> None:  # fmt: skip
        self.native = dict(symbols)
        self.ours = {theirs: ours for ours, theirs in symbols.items()}
        self.notes, self.recall, self.clock = notes, Recall(), clock
        self.absence_ns = absence_ns
        """After this long a request that was sent and is not to be seen will not be seen."""
        self.fee_rate = fee_rate
        """What a trade costs, as a part of its worth: the operator says it, no terminal does."""
        self.margin_rates: dict[str, Decimal] = {}
        self.flows = Flows[Job, Result](Seen())
        self.events: list[Event] = []
        self.rules: dict[str, SymbolRow] = {}
        """By the server's name."""
        self.account: AccountRow | None = None
        self.latest = Snapshot(why="nothing was read yet")
        """The last clean one."""
        self.orders: dict[int, Order] = {}
        """By ticket."""
        self.roots: dict[str, Order] = {}
        """By the id that is the magic: that of the order itself, not of what was made from it."""
        self.names: dict[str, Order] = {}
        """By every id that names the order on our wire."""
        self.now_ns = 0
        self.is_up, self.why_down = False, ""
        self.live: dict[int, Order] = {}
        """By ticket, those whose end was not told."""
        self.placing = 0
        """Orders whose sending is still being found out about."""
        self.horizon_msc = 0
        """Deals that are older were before this life. 0: nothing was read yet."""
        self.recent: deque[tuple[int, int]] = deque(maxlen=RECENT)
        """Tickets and times of the deals that were read last."""
        self._seen: dict[int, int] = {}
        self.openers: dict[int, str] = {}
        """By position: an id of the last order of ours that has made it."""
        self._strange: dict[int, int] = {}

    # Calls.

    def start(self, flow: Flow) -> None:
        """Begin a conversation."""
        self.flows.start(flow, self.now_ns)

    def read(self, since_ns: int) -> Read:
        """Write the job that reads the account, with its history since a moment.

        The last deal that is known is always in it: whether it is shows whether the list is whole.
        """
        low_s, high_s = self.clock.window(since_ns, self.now_ns)
        return Read(min(low_s, self.recent[-1][1] // 1000) if self.recent else low_s, high_s)

    def link(self, *, up: bool, text: str = "") -> None:
        """Note whether orders can be given, and tell it when it changes."""
        self.why_down = text
        if self.is_up is not up:
            self.is_up = up
            self.events.append(LinkChanged(up=up, text=text))

    # Orders.

    def know(self, order: Order) -> None:
        """Remember an order."""
        if order.ticket:
            self.claim(order, order.ticket)
        if order.root:
            self.roots[order.root] = order
        if order.name:
            self.names[order.name] = order
        if len(self.orders) > 2 * MAX_ENDED:
            for ticket in [key for key, one in self.orders.items() if one.is_done][:MAX_ENDED]:
                gone = self.orders.pop(ticket)
                self.roots.pop(gone.root, None)
                for name in [key for key, one in self.names.items() if one is gone]:
                    del self.names[name]

    def forget(self, order: Order) -> None:
        """Forget an order that never came to be."""
        if self.roots.get(order.root) is order:
            del self.roots[order.root]
        if self.names.get(order.name) is order:
            del self.names[order.name]

    def newest(self, name: str) -> Order | None:
        """Return the order that an id names, or the one that has taken its place."""
        order = self.names.get(name)
        while order is not None and order.superseded:
            order = self.names.get(order.superseded)
        return order

    @property
    def waits(self) -> bool:
        """Whether a deal waits for its order to be seen."""
        return bool(self._strange)

    def is_active(self) -> bool:
        """Whether anything of ours is under way or rests."""
        return bool(self.placing or self.latest.orders)

    def claim(self, order: Order, ticket: int) -> None:
        """Learn an order's ticket."""
        order.ticket = ticket
        self.orders[ticket] = self.live[ticket] = order

    def adopt(self, row: OrderRow, snapshot: Snapshot) -> Order | None:
        """Make a record of an order that this life has not sent; None if its symbol is not ours.

        Of its deals those that were before us, or were told, are not told again.
        """
        order = record(self, row, snapshot, told=self.is_told)
        if order is None:
            return None
        self.know(order)
        for one in self.notes.chain_from(order.root) if order.root else ():
            self.names.setdefault(one, order)
        claim(self, order)
        return order

    # Snapshots.

    def absorb(self, snapshot: Snapshot) -> None:
        """Take what the terminal shows."""
        if not snapshot.clean:
            return
        self.latest, self.account = snapshot, snapshot.account
        learn(self.rules, snapshot.symbols)
        self.recall.see(snapshot)
        first = not self.horizon_msc
        if first:
            self._begin(snapshot)
        for deal in snapshot.deals:
            if deal.entry in OPENS and (opener := id_of(deal.magic)) and deal.reason not in ORIGINS:
                self.openers[deal.position_id] = opener
                if len(self.openers) > MAX_ENDED:
                    del self.openers[next(iter(self.openers))]
        over = {row.ticket: row for row in snapshot.done}
        rows = over | {row.ticket: row for row in snapshot.orders if row.ticket not in over}
        for row in sorted(rows.values(), key=lambda one: (one.setup_msc, one.ticket)):
            self._take_row(row, snapshot, is_over=row.ticket in over, first=first)
        for deal in sorted(snapshot.deals, key=lambda one: (one.time_msc, one.ticket)):
            self._take_deal(deal, rows, snapshot)
        for order in list(self.live.values()):
            self.settle(order)
            if order.is_over and order.is_done:
                del self.live[order.ticket]

    def _begin(self, snapshot: Snapshot) -> None:
        """Let everything that the first snapshot holds be before us."""
        self._seen = {deal.ticket: deal.time_msc for deal in snapshot.deals}
        self.recent.extend(self._seen.items())
        self.horizon_msc = snapshot.since_s * 1000 + 1
        self.recall.begin(self.clock.utc_ns(self.horizon_msc, self.now_ns))

    def is_told(self, deal: DealRow) -> bool:
        """Whether a deal was told, or was before us."""
        return deal.ticket in self._seen or deal.time_msc < self.horizon_msc

    def _take_row(
        self, row: OrderRow, snapshot: Snapshot, *, is_over: bool, first: bool
    ) -> None:
        order = self.orders.get(row.ticket) or self._awaited(row)
        if order is None:
            if is_over:
                return  # it is adopted when a deal of it is to be told
            order = self.adopt(row, snapshot)
            if order is not None and first:
                order.presume()
            elif order is not None and order.accepted:
                self._tell_adopted(order, rests=True)
            return
        if order.is_over and not is_over:
            return  # an older word than the last
        order.row, order.is_over = row, is_over
        if is_over and ENDS.get(row.state) is OrdStatus.REJECTED and not order.accepted:
            self.reject(order, row.comment or "the server rejected it", OrdRejReason.BROKER)
            return
        if is_over or row.state not in UNDECIDED:
            self.accept(order)
        self._amended(order, row)
        kind = order.request.ord_type
        if kind is OrdType.STOP_LIMIT and row.type < 4:  # noqa: PLR2004 - it is a limit order now
            self._trigger(order)

    def _awaited(self, row: OrderRow) -> Order | None:
        """Find the order of ours that a new row is, by its magic."""
        name, _, _ = source_of(self, row)
        order = self.roots.get(name)
        if order is not None and not order.ticket:
            self.claim(order, row.ticket)
            return order
        return None

    def _amended(self, order: Order, row: OrderRow) -> None:
        asked = order.amending
        if asked is not None and row_terms(row, order.base + order.qty, asked) == (
            self.notes.terms_of(asked.cl_ord_id)
        ):
            self.commit_amend(order)

    # Deals.

    def _take_deal(
        self, deal: DealRow, rows: Mapping[int, OrderRow], snapshot: Snapshot
    ) -> None:
        order = self.orders.get(deal.order)
        if deal.type in BUSTED and order is not None and deal.ticket in order.deals:
            self._bust(order, deal)
        if self.is_told(deal):
            return
        is_trade = deal.type in TRADE_SIDES and deal.symbol in self.rules
        if is_trade:
            order = order or self._maker_of(deal, rows, snapshot)
            if order is None:
                return
        self._seen[deal.ticket] = deal.time_msc
        self.recent.append((deal.ticket, deal.time_msc))
        entries = entries_of(deal, self)
        if entries:
            self.events.append(LedgerEntries(ask="", entries=entries))
        if is_trade and order is not None and deal.type not in BUSTED:
            self.fill(order, deal)  # after its swap, which is charged to who holds the position
        if len(self._seen) > 4 * MAX_ENDED:
            oldest = deal.time_msc - KEEP_MSC
            self._seen = {key: msc for key, msc in self._seen.items() if msc >= oldest}
            self.horizon_msc = max(self.horizon_msc, oldest)

    def _maker_of(
        self, deal: DealRow, rows: Mapping[int, OrderRow], snapshot: Snapshot
    ) -> Order | None:
        """Find or adopt the order of a deal; None while its row is still to come."""
        row = rows.get(deal.order)
        if row is None:
            since_ns = self._strange.setdefault(deal.ticket, self.now_ns)
            if self.now_ns - since_ns < PATIENCE_NS:
                return None
            row = row_by(deal)
        self._strange.pop(deal.ticket, None)
        order = self._awaited(row) or self.adopt(row, snapshot)
        if order is not None:
            order.row, order.is_over = row, row.done_msc > 0
            if order.accepted and not order.deals:
                self._tell_adopted(order)
        return order

    def _tell_adopted(self, order: Order, *, rests: bool = False) -> None:
        """Tell of an order that appeared: of somebody else's, if it rests."""
        if self.is_foreign(order):
            return
        if order.name and order.previous:
            self.events.append(Replaced(order.image()))
        elif order.name or order.origin or rests:
            self.events.append(Accepted(order.image()))

    def is_foreign(self, order: Order) -> bool:
        """Whether it is another gateway's: its fills are told, and nothing else."""
        return bool(order.name) and not knows(self, order)

    def fill(self, order: Order, deal: DealRow) -> None:
        """Count a deal, and tell it."""
        self.accept(order)
        if is_other_half(deal, order.request.side):
            fill = fill_of(deal, order, self)
            self.events.append(Filled(made_by(fill), fill))
            return
        if order.request.ord_type in STOPS:
            self._trigger(order)
        symbol = self.rules[deal.symbol]
        ns = self.clock.utc_ns(deal.time_msc, self.now_ns)
        if self.account is not None and self.account.hedges:
            order.position_id = str(deal.position_id)
        order.book(deal.ticket, units_of(deal.volume, symbol), deal.price, ns)
        self.events.append(Filled(order.image(), fill_of(deal, order, self)))

    def _bust(self, order: Order, deal: DealRow) -> None:
        fill = fill_of(deal, order, self)
        order.unbook(deal.ticket, deal.price)
        self.events.append(Busted(order.image(), fill))

    def _trigger(self, order: Order) -> None:
        if not order.triggered:
            order.triggered = True
            self.events.append(Triggered(order.image()))

    # What is told of orders.

    def accept(self, order: Order) -> None:
        """Tell that the server has an order, or that it has taken another's place."""
        if order.accepted:
            return
        order.accepted = True
        old = self.names.get(order.previous) if order.previous else None
        if old is None:
            told = Replaced if order.previous else Accepted
            self.events.append(told(order.image()))
            return
        old.superseded, old.ended, old.replacing = order.name, True, ""
        self.events.append(Replaced(order.image()))

    def reject(self, order: Order, text: str, reason: OrdRejReason) -> None:
        """Tell that an order is refused for ever."""
        if order.accepted or order.ended:
            return
        order.ended = order.refused = True
        order.why = text
        if not order.previous:
            self.events.append(Rejected(order.image(text), reason, text))
        self.forget(order)

    def commit_amend(self, order: Order) -> None:
        """Tell that an order has become what it was asked to become."""
        asked, order.amending = order.amending, None
        if asked is None:
            return
        order.previous, order.name = order.name, asked.cl_ord_id
        order.request = replace(asked, account=order.request.account)
        self.names[order.name] = order
        self.events.append(Replaced(order.image()))

    def settle(self, order: Order) -> None:
        """Tell the end of an order of which nothing is missing."""
        if not order.is_over or order.is_missing_deals or order.ended or order.replacing:
            return
        order.ended = True
        if order.sum >= order.qty or self.is_foreign(order):
            return
        if order.expires:
            self.events.append(Expired(order.image()))
            return
        asked = order.cancel_id or order.request.time_in_force in AT_ONCE
        reason = None if asked else ExecRestatementReason.OTHER
        order.ended_by = order.cancel_id
        text = order.row.comment if order.row is not None and not order.cancel_id else ""
        self.events.append(Canceled(order.image(), order.cancel_id, reason, text))
