"""What waits for room at a venue: said when its turn comes, ended when it has waited too long.

Rules: what waits is named by a key, a letter and the order's id: D a held order, F a cancel, X a
cancel of what should not be alive, H a question about an order, R a round of questions. A held
order is sent only if it is still open and its scope still trades; when its time is over, its venue
goes away or its owner does, it is refused and never sent. A cancel is never dropped: without a link
it stays pending, and is issued when the venue has been reconciled.
"""

from __future__ import annotations

from typing import Any

from gateway.oms.doubt import Inquest
from gateway.oms.effects import Effects
from gateway.oms.fills import alert
from gateway.oms.review import as_asked, decline
from gateway.oms.state import Order
from gateway.oms.wire import AGAIN, CANCEL, HELD, QUESTION, ROUND, ask_status, say_cancel, say_new
from gateway.risk.checks.standing import trading_state
from gateway.risk.facts import Facts, Intent, Refusal, refuse
from gateway.risk.pacing import MS_NS, Kind, Lane, Pacer
from protocol.fields import OrdRejReason, TradSesStatus
from protocol.messages import TradingSessionStatus


class Turnstile:
    """Lets through what its venue's pacer lets through. Without pacers there is nothing to do."""

    def __init__(self, facts: Facts, inquest: Inquest) -> None:
        self.facts = facts
        self.book = facts.book
        self.market = facts.market
        self.inquest = inquest
        for name, rules in facts.rules.venues.items():
            if rules.pace.limits:
                self.market.venue(name).pacer = Pacer(rules.pace)

    def next_deadline_ns(self) -> int | None:
        """Return when `tick` has something to do."""
        pacers = (view.pacer for view in self.market.venues.values() if view.pacer is not None)
        deadlines = (pacer.next_deadline_ns() for pacer in pacers)
        return min((due_ns for due_ns in deadlines if due_ns is not None), default=None)

    def horizons(self) -> dict[str, int]:
        """Tell of each paced venue how far back what it was told still counts, in ns."""
        return {
            name: view.pacer.longest_ns
            for name, view in self.market.venues.items()
            if view.pacer is not None
        }

    def recall(self, venue: str, kind: Kind, sent_ns: int) -> None:
        """Count what the last process said to a venue, oldest first: the venue remembers it."""
        pacer = self.market.venue(venue).pacer
        if pacer is not None:
            pacer.recall(kind, sent_ns)

    def tick(self, now_ns: int) -> Effects:
        """Say what may be said now, and end what has waited too long."""
        for venue, view in list(self.market.venues.items()):
            if view.pacer is not None:
                yield from self._let_through(venue, view.pacer, now_ns)

    def _let_through(self, venue: str, pacer: Pacer, now_ns: int) -> Effects:
        refused: list[tuple[Order, Refusal]] = []

        def wanted(key: str) -> bool:
            order = self.book.state.orders.get(key[1:])
            if key == ROUND:
                return True
            if order is None:
                return False
            if key[0] == HELD and order.is_open and order.is_held:
                # What flattens is the gateway's own, and reduces: a halt is its occasion.
                why = None if order.origin else self._halted(order, now_ns)
                if why is not None:
                    refused.append((order, why))
                return why is None
            return _still_to_say(key, order)

        for key in pacer.take(now_ns, wanted):
            yield from self._say(venue, key, now_ns)
        for order, why in refused:
            yield from decline(self.book, order, now_ns, why.text)
        for key in pacer.late(now_ns):
            yield from self._end(key, now_ns, refuse(
                "VENUE_RATE", OrdRejReason.BROKER, venue=venue,
                limit_ms=pacer.pace.max_send_wait_ms,
            ))  # fmt: skip

    def _say(self, venue: str, key: str, now_ns: int) -> Effects:
        if key == ROUND:
            yield from self.inquest.put_questions(venue, now_ns)
            return
        order = self.book.state.orders[key[1:]]
        if key[0] == HELD:
            yield from say_new(self.book, order, now_ns, self.market)
        elif key[0] == QUESTION:
            self.market.venue(venue).probed_ns[order.order_id] = now_ns
            yield ask_status(order, order.wire_id)
        else:
            yield say_cancel(self.book, order, now_ns)

    def _halted(self, order: Order, now_ns: int) -> Refusal | None:
        """Whether its scope has been halted since it was checked; flattening goes on then."""
        if order.origin:
            return None
        message = as_asked(order, now_ns)
        intent = Intent(order.owner, order.account, order.venue, message, now_ns, order)
        return trading_state(self.facts, intent)

    def _end(self, key: str, now_ns: int, why: Refusal) -> Effects:
        order = self.book.state.orders.get(key[1:])
        if order is not None and order.is_open and order.is_held:
            yield from decline(self.book, order, now_ns, why.text)

    # What happens to those who wait.

    def venue_down(self, venue: str, why: str, now_ns: int) -> Effects:
        """A venue is away: what was held for it is refused, everything else is asked for anew."""
        pacer = self.market.venue(venue).pacer
        if pacer is None:
            return
        refusal = refuse(
            "VENUE_DOWN", OrdRejReason.BROKER, venue=venue, why=why.replace(" ", "_")
        )
        for key in pacer.waiting():
            pacer.remove(key)
            if key[0] == HELD:
                yield from self._end(key, now_ns, refusal)

    def owner_gone(self, owner: str, now_ns: int) -> Effects:
        """Nobody watches the orders that were held for an owner: they are not sent."""
        refusal = Refusal("OWNER_GONE", f"owner={owner}", OrdRejReason.BROKER)
        for pacer in [view.pacer for view in self.market.venues.values() if view.pacer]:
            for key in pacer.waiting():
                order = self.book.state.orders.get(key[1:])
                if key[0] != HELD or order is None or order.owner != owner or order.origin:
                    continue  # with an origin it is the gateway's own, in the owner's name
                pacer.remove(key)
                yield from self._end(key, now_ns, refusal)

    def warned(self, venue: str, message: TradingSessionStatus, now_ns: int) -> Effects:
        """The venue says that it is asked too often (h with 5046); with 340=1 it has banned us."""
        view = self.market.venue(venue)
        if view.pacer is None:
            view.pacer = Pacer(self.facts.rules.venues[venue].pace)
        asked_ms = message.back_off_ms or 0
        banned = message.trad_ses_status is TradSesStatus.HALTED
        new = view.pacer.is_new(now_ns, banned=banned)
        ms = view.pacer.back_off(asked_ms, now_ns, banned=banned)
        if new:  # the other answers to one burst say nothing new
            yield alert("VENUE_BACK_OFF", venue=venue, ms=ms, asked_ms=asked_ms, banned=banned)


def _still_to_say(key: str, order: Order) -> bool:
    """Whether a cancel or a question that waits still has a point."""
    if key[0] == AGAIN:
        return True
    if key[0] == QUESTION:
        return order.is_open and bool(order.wire_id)
    cancel = order.cancel
    unsaid = cancel is not None and (not cancel.wire_id or cancel.in_doubt)
    return key[0] == CANCEL and order.is_open and unsaid


def pacing_row(pacer: Pacer | None, now_ns: int) -> dict[str, Any]:
    """Show how a venue is paced: `rates` for people, the figures for programs."""
    if pacer is None:
        return {
            "rates": "", "queued": {}, "windows": [], "backing_off_until_ns": 0, "banned": False
        }  # fmt: skip
    view = pacer.view(now_ns)
    queued = {lane.name.lower(): view.queued[lane] for lane in Lane}
    windows = [
        {
            "used": window.used, "weight": window.limit.weight, "counts": window.limit.counts,
            "window_ms": window.limit.window_ms,
        }
        for window in view.windows
    ]  # fmt: skip
    told = [
        f"{one['used']}/{one['weight']} {one['counts']} in {one['window_ms']} ms"
        for one in windows
    ]
    told += [f"{count} {lane} waiting" for lane, count in queued.items() if count]
    if view.backing_off_ns:
        left_ms = -((now_ns - view.backing_off_ns) // MS_NS)
        told.append(f"{'banned' if view.banned else 'backing off'} for {left_ms} ms")
    return {
        "rates": ", ".join(told), "queued": queued, "windows": windows,
        "backing_off_until_ns": view.backing_off_ns, "banned": view.banned,
    }  # fmt: skip
