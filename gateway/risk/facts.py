"""What a check looks at and what it answers: Facts and an Intent in, a Refusal or nothing out."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from gateway.oms.book import Book
from gateway.oms.market import Market
from gateway.oms.rules import Rules
from gateway.oms.state import Order, PositionKey
from gateway.oms.working import NOTHING
from gateway.risk.limits import Binding, LimitBook
from gateway.risk.rates import quote_currency
from protocol.closing_by import is_pair
from protocol.fields import OrdRejReason, Side
from protocol.messages import OrderFields, Security
from protocol.numbers import ZERO, format_decimal

if TYPE_CHECKING:
    from gateway.risk.activity import Activity
    from gateway.risk.after import After
    from gateway.risk.exposure import Exposure
    from gateway.risk.feeds import FeedBook, Reference, Unhealthy


class Refusal(NamedTuple):
    """Why an order is not let through: a stable code, the numbers, and FIX's reason (103).

    `halts` is a scope that must be halted because of it, until a person resumes it.
    """

    code: str
    detail: str
    reason: OrdRejReason
    halts: str = ""

    @property
    def text(self) -> str:
        """Write it as Text (58): `CODE: key=value …`."""
        return f"{self.code}: {self.detail}" if self.detail else self.code


UNKNOWN_CURRENCY = "an unknown currency"
"""How a rate from an instrument that the venue has not told is spoken of."""


def refuse(code: str, ord_rej_reason: OrdRejReason, /, **values: object) -> Refusal:
    """Write a refusal with the numbers that were compared."""
    return Refusal(code, numbers(**values), ord_rej_reason)


def no_rate(frm: str, to: str, /, **where: object) -> Refusal:
    """Refuse for want of a rate: say which pair is missing, and where one may be vouched for."""
    why = f"no rate from {frm or UNKNOWN_CURRENCY} to {to}".replace(" ", "_")
    if frm and frm != UNKNOWN_CURRENCY:
        where["remedy"] = f"set_{frm}/{to}_in_[rates]_if_nobody_quotes_it"
    return refuse("NO_RATE", OrdRejReason.BROKER, why=why, **where)


def numbers(**values: object) -> str:
    """Write `key=value key=value`, numbers as plain decimals."""
    return " ".join(
        f"{key}={format_decimal(value) if isinstance(value, Decimal) else value}"
        for key, value in values.items()
    )


class Facts(NamedTuple):
    """Everything a check may look at. Only the book is state; the rest is observed or configured.

    `exposure` is brought up to date (`refresh`) by whoever runs the checks.
    """

    book: Book
    market: Market
    rules: Rules
    limits: LimitBook
    exposure: Exposure
    feeds: FeedBook
    activity: Activity

    def security(self, intent: Intent) -> Security | None:
        """Find the instrument of an intent."""
        return self.market.security(intent.venue, intent.message.symbol)

    def account_in_use(self, account: str) -> Decimal | None:
        """Return what an account has blocked, as we count it; None while that is not known."""
        self.exposure.refresh()
        scope = f"account:{account}"
        return None if self.exposure.unknown(scope) else self.exposure.margin(scope)


class Intent:
    """An order as it would be: what is asked, by whom, where; `existing` when it is a replace.

    What several checks need is worked out once, by whoever asks first.
    """

    __slots__ = (
        "_after", "_binding", "_key", "_reduces", "_reference", "account", "existing", "message",
        "now_ns", "owner", "venue",
    )  # fmt: skip

    def __init__(
        self,
        owner: str,
        account: str,
        venue: str,
        message: OrderFields,
        now_ns: int,
        existing: Order | None = None,
    ) -> None:
        self.owner = owner
        self.account = account
        self.venue = venue
        self.message = message
        self.now_ns = now_ns
        self.existing = existing
        self._key = PositionKey(owner, account, venue, message.symbol)
        self._binding: Binding | None = None
        self._reference: Reference | Unhealthy | None = None
        self._after: After | None = None
        self._reduces: bool | None = None

    @property
    def key(self) -> PositionKey:
        """Whose position it would move."""
        return self._key

    @property
    def closes_by(self) -> bool:
        """Whether it closes one position by another: it moves nothing, and meets no market."""
        return is_pair((self.existing or self.message).position_id)

    @property
    def qty(self) -> Decimal:
        """What may be executed if it is sent: its quantity without what is executed already."""
        existing = self.existing
        if self.closes_by:
            return ZERO
        return self.message.order_qty - (existing.cum_qty if existing is not None else ZERO)

    @property
    def at_stake(self) -> Decimal:
        """What may be executed at most: a replace may also fail, and the old version live on."""
        existing = self.existing
        if self.closes_by:
            return ZERO
        if existing is None:
            return self.message.order_qty
        return max(self.message.order_qty, existing.order_qty) - existing.cum_qty

    def binding(self, facts: Facts) -> Binding:
        """Return the limits that bind it."""
        if self._binding is None:
            self._binding = facts.limits.binding(*self._key)
        return self._binding

    def reference(self, facts: Facts) -> Reference | Unhealthy:
        """Return the reference price, or why there is none that may be relied on."""
        if self._reference is None:
            self._reference = facts.feeds.reference(self.message.symbol, self.venue, self.now_ns)
        return self._reference

    def after(self, facts: Facts) -> After:
        """Return what its scopes would have at stake if it were sent."""
        if self._after is None:
            self._after = facts.exposure.after(self)
        return self._after

    def worst_price(self, facts: Facts) -> Decimal | None:
        """The price at which the order counts: its own, its stop, or the reference.

        A sell is executed at its limit or better: one far below the market counts at the market.
        None when nothing can be known.
        """
        message = self.message
        found = self.reference(facts)
        reference = getattr(found, "price", None)
        own = message.price if message.price is not None else message.stop_px
        if own is None:
            return reference
        return max(own, reference) if reference and message.side is Side.SELL else own

    def notional(self, facts: Facts) -> Decimal | None:
        """Quantity times the worst price, in the house currency; None without price or rate."""
        price = self.worst_price(facts)
        if price is None:
            return None
        security = facts.security(self)
        if security is None:
            return None
        rate = facts.exposure.rate(quote_currency(security), facts.rules.currency)
        return None if rate is None else self.message.order_qty * price * rate

    def reduces(self, facts: Facts) -> bool:
        """Whether it can only make the strategy's own position smaller, resting orders counted.

        What closes one position by another is no new risk either.
        """
        if self._reduces is None:
            room = closable(facts, self)
            shrinks = self.qty > ZERO and self.at_stake <= room
            self._reduces = shrinks or self.closes_by
        return self._reduces


def closable(facts: Facts, intent: Intent) -> Decimal:
    """How much this side may still close of the strategy's position, all its open orders counted.

    But for those in doubt that do nothing (oms/lingering.py). Never negative: 0 when there is
    nothing to close.
    """
    book, view = facts.book, facts.market.venue(intent.venue)
    held = book.position(intent.key)
    working = book.working.get(intent.key, NOTHING)
    buy = intent.message.side is Side.BUY
    position = held.qty if held else ZERO
    room = (-position - working.buys) if buy else (position - working.sells)
    existing = intent.existing
    if existing is not None and existing.side is intent.message.side:
        room += book.working_qty(existing)
    for order in filter(None, map(book.state.orders.get, view.quiet)):
        same = (order.owner, order.symbol, order.side) == (
            intent.owner, intent.message.symbol, intent.message.side
        )  # fmt: skip
        if same and view.is_quiet(order):
            room += book.working_qty(order)
    return max(room, ZERO)


Check = Callable[[Facts, Intent], Refusal | None]
