"""The book: the state, the indexes that make questions quick, and the digest.

The digest is a sum of hashes of the parts, so that keeping it current costs as much as what has
changed since it was last asked for, not as much as there is.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator
from decimal import Decimal
from typing import Protocol

import msgspec

from gateway.oms.state import Fill, Loose, Order, Position, PositionKey, Session, State, wire_key
from gateway.oms.working import WorkingIndex
from protocol.fields import OPERATOR
from protocol.numbers import ZERO
from protocol.order_id import OrderId

_MODULUS = 1 << 64


class Archive(Protocol):
    """Ids of orders that left memory long ago (`journal.old_ids.OldIds`)."""

    def find(self, kind: str, key: str) -> str | None:
        """Return what an old id stood for, None when it is none."""
        ...


class Book:
    """The state, with the indexes that make every question about it quick.

    The indexes are derived: they are rebuilt from the state when it is loaded and are no part of
    the digest.
    """

    def __init__(self, state: State | None = None) -> None:
        self.state = state or State()
        self.archive: Archive | None = None
        self.open_by_owner: dict[str, dict[str, None]] = {}
        self.open_by_venue: dict[str, dict[str, None]] = {}
        self.by_wire_id: dict[str, str] = {}
        self.waiting: dict[str, dict[str, None]] = {}
        self.closing: dict[tuple[str, str, str, str, str], dict[str, None]] = {}
        self.in_review: dict[str, None] = {}
        self.operators: dict[str, None] = {}
        self.in_flight = WorkingIndex()
        self.working = self.in_flight.working
        self.touched_cells = self.in_flight.touched
        self.children, self.children_qty = self.in_flight.children, self.in_flight.children_qty
        self.working_qty = self.in_flight.qty
        self.resting, self.best_resting = self.in_flight.resting, self.in_flight.best_resting
        self.deadlines: dict[str, int] = {}
        self.expiries: list[tuple[int, str]] = []
        self._expiring: dict[str, int] = {}
        self._touched: dict[str, None] = {}
        self._new_names: list[str] = []
        self._gone_names: list[str] = []
        for order in self.state.orders.values():
            self.index(order)
        for name, session in self.state.sessions.items():
            self.index_session(name, session)
        self._touched.clear()

    # What is in it.

    def order_of(self, owner: str, cl_ord_id: str) -> Order | None:
        """Find an order by one of its owner's ids; None when the id names no order."""
        order_id = self.state.ids.get(owner, {}).get(cl_ord_id)
        return self.state.orders.get(order_id) if order_id else None

    def id_used(self, owner: str, cl_ord_id: str) -> bool:
        """Whether an owner has ever used an id, however long ago."""
        if cl_ord_id in self.state.ids.get(owner, ()):
            return True
        if self.archive is None:
            return False
        return self.archive.find("cl_ord_id", f"{owner}\x01{cl_ord_id}") is not None

    def fill_known(self, venue: str, trade_id: str) -> bool:
        """Whether a venue's trade was ever counted."""
        if trade_id in self.state.fills.get(venue, ()):
            return True
        if self.archive is None:
            return False
        return self.archive.find("fill", f"{venue}\x02{trade_id}") is not None

    def ledger_known(self, venue: str, ledger_id: str) -> bool:
        """Whether a venue's ledger entry was ever counted."""
        if ledger_id in self.state.ledger_ids.get(venue, ()):
            return True
        if self.archive is None:
            return False
        return self.archive.find("ledger", f"{venue}\x03{ledger_id}") is not None

    def order_on_wire(self, wire_id: str, venue: str = "") -> Order | None:
        """Find an order by any id that it, its cancel or its replace has on the bridge wire."""
        order_id = self.by_wire_id.get(wire_key(venue, wire_id))
        return self.state.orders.get(order_id) if order_id else None

    def open_orders(self, *, owner: str = "", venue: str = "") -> list[Order]:
        """List open orders of an owner, or of a venue, or all, oldest first."""
        orders = self.state.orders
        if owner:
            return [
                orders[key]
                for key in self.open_by_owner.get(owner, ())
                if not venue or orders[key].venue == venue
            ]
        if venue:
            return [orders[key] for key in self.open_by_venue.get(venue, ())]
        return [orders[key] for keys in self.open_by_venue.values() for key in keys]

    def position(self, key: PositionKey) -> Position | None:
        """Find a position."""
        return self.state.positions.get(key.owner, {}).get("|".join(key[1:]))

    def account_qty(self, account: str, venue: str, symbol: str) -> Decimal:
        """Sum the positions of all owners: what the account should hold, baseline included."""
        name = f"{account}|{venue}|{symbol}"
        total = sum(
            (held[name].qty for held in self.state.positions.values() if name in held), ZERO
        )
        record = self.state.venues.get(venue)
        return total + (record.baseline.get(f"{account}|{symbol}", ZERO) if record else ZERO)

    def session(self, name: str) -> Session:
        """Find a session, making it when it is new."""
        session = self.state.sessions.get(name)
        if session is None:
            session = self.state.sessions[name] = Session()
        return session

    def next_id(self) -> OrderId:
        """Return the id after the last one that the journal holds."""
        return OrderId(*self.state.last_id).next()

    def next_exec_id(self) -> str:
        """Return the ExecID (17) of the next report: the epoch, and a count within it."""
        return f"{self.state.last_id[1]:X}.{self.state.execs + 1}"

    def pop_expired(self, now_ns: int) -> Order | None:
        """Take the next open order whose expiry has come; None when there is none."""
        while self.expiries and self.expiries[0][0] <= now_ns:
            expires_ns, key = heapq.heappop(self.expiries)
            self._expiring.pop(key, None)  # noted again when the order changes and is still open
            order = self.state.orders.get(key)
            if order is not None and order.is_open and order.expires_ns == expires_ns:
                return order
        return None

    def oldest_loose_ns(self) -> int:
        """Return when the oldest id without an order came, 0 when there is none."""
        return self.state.loose[0].time_ns if self.state.loose else 0

    def oldest_ended_ns(self) -> int:
        """Return when the order that ended first has ended, 0 when none is kept."""
        for order_id in self.state.ended:
            order = self.state.orders.get(order_id)
            if order is not None and order.ended_ns:
                return order.ended_ns
        return 0

    # How its indexes and digest are kept. Called by apply alone.

    def index(self, order: Order) -> None:
        """Bring the indexes up to date with an order that has changed."""
        key = order.order_id
        self._touched[key] = None
        self.in_flight.index(order)
        owners = self.open_by_owner.setdefault(order.owner, {})
        venues = self.open_by_venue.setdefault(order.venue, {})
        for wire_id in (*order.wire_ids, *order.asked_ids):
            self.by_wire_id[wire_key(order.venue, wire_id)] = key
        if order.is_open:
            owners[key] = None
            venues[key] = None
        else:
            owners.pop(key, None)
            venues.pop(key, None)
        if order.reduce_only:
            where = (order.owner, order.account, order.venue, order.symbol, order.side)
            closing = self.closing.setdefault(where, {})
            if order.is_open:
                closing[key] = None
            else:
                closing.pop(key, None)
        if order.expires_ns and order.is_open and self._expiring.get(key) != order.expires_ns:
            self._expiring[key] = order.expires_ns
            heapq.heappush(self.expiries, (order.expires_ns, key))
        waiting = self.waiting.setdefault(order.venue, {})
        if order.review_until_ns and order.is_open:
            self.in_review[key] = None
        else:
            self.in_review.pop(key, None)
        unanswered = order.replace or order.cancel or order.venue_state == "PENDING_NEW"
        if order.in_doubt or (unanswered and not order.is_held):
            waiting[key] = None
        else:
            waiting.pop(key, None)

    def index_session(self, name: str, session: Session) -> None:
        """Bring the indexes up to date with a session that has changed."""
        if session.cod_deadline_ns:
            self.deadlines[name] = session.cod_deadline_ns
        else:
            self.deadlines.pop(name, None)
        if is_operator(name):
            if session.connected:
                self.operators[name] = None
            else:
                self.operators.pop(name, None)

    def note_id(self, owner: str, cl_ord_id: str, order_id: str) -> None:
        """Remember that an id is used, for an order or (empty order id) for nothing."""
        ids = self.state.ids.setdefault(owner, {})
        if cl_ord_id not in ids:
            ids[cl_ord_id] = order_id
            self._add(_id_name(owner, cl_ord_id, order_id))
            if not order_id:
                self._loose("cl_ord_id", owner, cl_ord_id)

    def note_fill(self, venue: str, trade_id: str, fill: Fill) -> None:
        """Remember a fill that was counted."""
        fills = self.state.fills.setdefault(venue, {})
        if not fill.order_id and trade_id not in fills:
            self._loose("fill", venue, trade_id)
        fills[trade_id] = fill
        self._add(_fill_name(venue, trade_id, fill))

    def forget_fill(self, venue: str, trade_id: str) -> None:
        """Take a fill out of the digest before it is changed; `note_fill` puts it back."""
        self._take(_fill_name(venue, trade_id, self.state.fills[venue][trade_id]))

    def note_ledger(self, venue: str, ledger_id: str) -> None:
        """Remember a ledger entry that was counted."""
        known = self.state.ledger_ids.setdefault(venue, {})
        if ledger_id in known:
            return
        known[ledger_id] = 1
        self._add(f"{venue}\x03{ledger_id}")
        self._loose("ledger", venue, ledger_id)

    def archivable(self, before_ns: int) -> Iterator[tuple[str, str, str]]:
        """Yield (kind, key, order id) of all that an ARCHIVE of that time lets go."""
        for order_id in self.state.ended:
            order = self.state.orders.get(order_id)
            if order is None or not order.ended_ns:
                continue
            if order.ended_ns >= before_ns:
                break
            for one in order.cl_ord_ids:
                yield "cl_ord_id", f"{order.owner}\x01{one}", order_id
            for one in order.trade_ids:
                yield "fill", f"{order.venue}\x02{one}", order_id
        for loose in self.state.loose:
            if loose.time_ns >= before_ns:
                break
            yield loose.kind, f"{loose.scope}{_MARKS[loose.kind]}{loose.key}", ""

    def archive_before(self, before_ns: int) -> None:
        """Let go of what ended, and of ids without an order that came, before a time."""
        cut = 0
        for order_id in self.state.ended:
            order = self.state.orders.get(order_id)
            if order is not None and order.ended_ns:
                if order.ended_ns >= before_ns:
                    break
                self._drop(order)
            cut += 1
        del self.state.ended[:cut]
        loose = self.state.loose
        cut = next((n for n, one in enumerate(loose) if one.time_ns >= before_ns), len(loose))
        for one in loose[:cut]:
            self._drop_loose(one)
        del loose[:cut]
        for key, asked in list(self.state.protections.items()):
            if 0 < asked.ended_ns < before_ns:
                del self.state.protections[key]

    def _drop(self, order: Order) -> None:
        """Forget an order that ended long ago, with its ids and fills (they are archived)."""
        self._settle()
        del self.state.orders[order.order_id]
        self._expiring.pop(order.order_id, None)
        self.in_flight.drop(order)
        self.state.part = (self.state.part - order.part) % _MODULUS
        ids = self.state.ids.get(order.owner, {})
        for cl_ord_id in order.cl_ord_ids:
            order_id = ids.pop(cl_ord_id, None)
            if order_id is not None:
                self._take(_id_name(order.owner, cl_ord_id, order_id))
        for wire_id in (*order.wire_ids, *order.asked_ids):
            self.by_wire_id.pop(wire_key(order.venue, wire_id), None)
        self.waiting.get(order.venue, {}).pop(order.order_id, None)
        for trade_id in order.trade_ids:
            self._drop_fill(order.venue, trade_id)

    def _drop_fill(self, venue: str, trade_id: str) -> None:
        fill = self.state.fills.get(venue, {}).pop(trade_id, None)
        if fill is not None:
            self._take(_fill_name(venue, trade_id, fill))

    def _drop_loose(self, one: Loose) -> None:
        if one.kind == "fill":
            self._drop_fill(one.scope, one.key)
        elif one.kind == "ledger":
            if self.state.ledger_ids.get(one.scope, {}).pop(one.key, None):
                self._take(f"{one.scope}\x03{one.key}")
        elif self.state.ids.get(one.scope, {}).get(one.key) == "":
            del self.state.ids[one.scope][one.key]
            self._take(_id_name(one.scope, one.key, ""))

    def _loose(self, kind: str, scope: str, key: str) -> None:
        self.state.loose.append(Loose(self.state.time_ns, kind, scope, key))

    def _add(self, name: str) -> None:
        self._new_names.append(name)

    def _take(self, name: str) -> None:
        self._gone_names.append(name)

    def digest(self) -> str:
        """Return the SHA-256 of the whole state, as hex; the cost is that of what has changed."""
        self._settle()
        state = self.state
        sessions = {
            name: (s.next_in, s.next_out, s.connected, s.reset_required, s.cod_type,
                   s.cod_grace_ms, s.cod_deadline_ns)
            for name, s in state.sessions.items()
        }  # fmt: skip
        rest = msgspec.json.encode(
            (
                state.version, state.seq, state.last_id, state.execs, state.part,
                len(state.orders), state.positions, state.tickets, state.protections, sessions,
                state.venues, state.halts, state.overrides, state.marks, state.day_ends_ns,
                state.cooling, state.flattening, state.ended[-1:], state.loose[-1:],
            ),
            order="deterministic",
        )  # fmt: skip
        return hashlib.sha256(rest).hexdigest()

    def _settle(self) -> None:
        """Move the hashes of what has changed into the sum."""
        total = self.state.part
        for key in self._touched:
            order = self.state.orders.get(key)
            if order is not None:
                total -= order.part
                order.part = 0
                order.part = _hash(msgspec.msgpack.encode(order))
                total += order.part
        for name in self._new_names:
            total += _hash(name.encode())
        for name in self._gone_names:
            total -= _hash(name.encode())
        self._touched.clear()
        self._new_names.clear()
        self._gone_names.clear()
        self.state.part = total % _MODULUS


_MARKS = {"cl_ord_id": "\x01", "fill": "\x02", "ledger": "\x03"}


def _id_name(owner: str, cl_ord_id: str, order_id: str) -> str:
    return f"{owner}\x01{cl_ord_id}\x01{order_id}"


def _fill_name(venue: str, trade_id: str, fill: Fill) -> str:
    before = "/".join(map(str, fill.before))
    whose = f"{fill.owner}\x02{fill.position_id or ''}"
    return f"{venue}\x02{trade_id}\x02{fill.last_qty}@{fill.last_px}\x02{whose}\x02{before}"


def is_operator(session: str) -> bool:
    """Whether a session is a person's: those are many, short, and begin at 1 each time."""
    return session.startswith(f"{OPERATOR}/")


def _hash(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


def encode(book: Book) -> bytes:
    """Write the state as a snapshot's payload."""
    book.digest()
    return msgspec.msgpack.encode(book.state)


_DECODER = msgspec.msgpack.Decoder(State)


def decode(payload: bytes) -> Book:
    """Read a snapshot's payload back. Raises msgspec.ValidationError when it does not fit."""
    return Book(_DECODER.decode(payload))
