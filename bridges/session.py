"""What a bridge says and does for each message of the gateway. Without a socket.

Every Python bridge runs this one; only the venue behind the port differs. The order of things:

1. `receive` judges a message. What it decides to ask of the venue or to answer is staged.
2. `commit` makes the id log durable, once for the batch, and only then does what was staged.
3. The venue's events come through `on_event`, become messages and wait in `outbox`.

A D or G whose id was seen before is answered by the state of the order that has it, and the venue
is not called: that is true whatever became of the first. One whose id is tombstoned is refused.
One that is older than our notes is asked about at the venue, where that is possible (recalling.py).
While nobody is logged on what happens is not kept: the gateway asks for all of it afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from bridges import answers as a
from bridges import translate as t
from bridges.id_log import IdLog
from bridges.levels import (
    NOT_SUPPORTED,
    SENT_BEFORE,
    LevelsTold,
    ProtectingVenue,
    levels_report,
    levels_request,
)
from bridges.link_events import LinkChanged, RateWarned
from bridges.market_events import BookChanged, Traded
from bridges.port import (
    Balances,
    Event,
    Fills,
    Found,
    Instruments,
    LedgerEntries,
    OpenOrders,
    OrderEvent,
    Positions,
    Venue,
)
from bridges.quotes import QuoteBoard
from bridges.recalling import RecallingVenue, RecognisingVenue
from protocol.fields import (
    BusinessRejectReason,
    CxlRejReason,
    OrdRejReason,
    PosMaintStatus,
    TradSesStatus,
)
from protocol.messages import (
    BusinessMessageReject,
    CollateralInquiry,
    Message,
    NewOrderSingle,
    OperatorCommand,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassStatusRequest,
    OrderStatusRequest,
    PositionMaintenanceRequest,
    RequestForPositions,
    SecurityListRequest,
    TradeCaptureReportRequest,
    TradingSessionStatus,
)

MAX_PENDING = 10_000
"""Asks without an answer that are remembered; the oldest is forgotten (the gateway asks again)."""

CommandListener = Callable[[OperatorCommand], str]
Asked = OrderStatusRequest | OrderCancelRequest | OrderCancelReplaceRequest


def count_ids(prefix: str) -> Iterator[str]:
    """Give exec ids that are unique as long as each life of a bridge has its own prefix."""
    number = 0
    while True:
        number += 1
        yield f"{prefix}-{number}"


class BridgeSession:
    """The application side of one bridge: messages in, messages out, a venue behind.

    `on_command` takes a U1 (for the paper venue: a fault to play) and returns the text of the
    answer; it raises ValueError for what it does not understand.
    """

    def __init__(
        self,
        *,
        venue_id: str,
        account: str,
        venue: Venue,
        id_log: IdLog,
        exec_prefix: str,
        quotes: QuoteBoard | None = None,
        on_command: CommandListener | None = None,
    ) -> None:
        self.venue_id = venue_id
        self.account = account
        self.venue = venue
        self.outbox: list[Message] = []
        self.logged_on = False
        self.quotes = quotes or QuoteBoard(venue_id)
        self._id_log = id_log
        self._exec_ids = count_ids(exec_prefix)
        self._asks: dict[str, Message] = {}
        self._ask_count = 0
        self._staged: list[Callable[[], None]] = []
        self._on_command = on_command
        self._now_ns = 0

    # The link to the gateway.

    def link_up(self, now_ns: int, instance: str = "") -> None:
        """Note that the gateway is logged on, and tell it first how the venue's link stands.

        `instance` is what all ids of this gateway begin with, in decimal, if it has said so.
        """
        self._now_ns = now_ns
        if isinstance(self.venue, RecognisingVenue) and instance.isdecimal():
            self.venue.recognise(int(instance), now_ns)
        self.logged_on = True
        self.quotes.forget_sent()
        self._say_link(self.venue.connected, "")

    def link_down(self) -> None:
        """Note that the gateway is gone: asks are void, and what happens is not kept."""
        self.logged_on = False
        self._asks.clear()
        self._staged.clear()
        self.outbox.clear()

    # From the gateway.

    def receive(self, message: Message, now_ns: int) -> None:
        """Judge one message. Nothing happens before `commit`."""
        self._now_ns = now_ns
        match message:
            case NewOrderSingle():
                self._new(message)
            case OrderCancelRequest():
                self._cancel(message)
            case OrderCancelReplaceRequest():
                self._replace(message)
            case OrderStatusRequest():
                self._status(message)
            case PositionMaintenanceRequest():
                self._protect(message)
            case OperatorCommand():
                self._stage(partial(self._command, message))
            case _:
                self._stage(partial(self._question, message))

    def commit(self) -> None:
        """Make the id log durable, then do what was staged. Raises IdLogFailed: stop then."""
        if not self._staged:
            return
        self._id_log.commit()
        staged, self._staged = self._staged, []
        for act in staged:
            act()

    def quotes_due(self, now_ns: int) -> Iterator[Message]:
        """Give the conflated quotes whose turn has come; a venue that is down has none."""
        if not self.logged_on or not self.venue.connected:
            return iter(())
        return self.quotes.due(now_ns)

    def _stage(self, act: Callable[[], None]) -> None:
        self._staged.append(act)

    def _say(self, message: Message) -> None:
        if self.logged_on:
            self.outbox.append(message)

    def _stage_say(self, message: Message) -> None:
        self._stage(partial(self._say, message))

    def _remember(self, message: Message) -> str:
        self._ask_count += 1
        ask = str(self._ask_count)
        self._asks[ask] = message
        if len(self._asks) > MAX_PENDING:
            del self._asks[next(iter(self._asks))]
        return ask

    def _is_stranger(self, cl_ord_id: str, asked: Asked) -> bool:
        """Say whether the venue cannot know this id, and see to it that it never will."""
        log, venue = self._id_log, self.venue
        if log.was_sent(cl_ord_id):
            return False
        if (
            isinstance(venue, RecallingVenue) and not log.covers(cl_ord_id)
            and venue.may_know(cl_ord_id, asked.symbol, asked.order_id or "")
        ):  # fmt: skip
            return False
        self._id_log.bury(cl_ord_id)
        return True

    def _new(self, message: NewOrderSingle) -> None:
        cl_ord_id = message.cl_ord_id
        if self._id_log.is_buried(cl_ord_id):
            self._stage_say(
                t.refused_new(message, next(self._exec_ids), t.TOMBSTONED, OrdRejReason.OTHER)
            )
        elif self._id_log.was_sent(cl_ord_id):
            self._ask_instead(message)
        else:
            self._id_log.hold(cl_ord_id)
            order = t.order_request(message)
            self._stage(lambda: self.venue.submit(order, self._now_ns))

    def _cancel(self, message: OrderCancelRequest) -> None:
        if self._is_stranger(message.orig_cl_ord_id, message):
            refusal = t.refused_cancel(message, t.NEVER_SENT, CxlRejReason.UNKNOWN_ORDER)
            self._stage_say(refusal)
            return
        request = t.cancel_request(message)
        self._stage(lambda: self.venue.cancel(request, self._now_ns))

    def _replace(self, message: OrderCancelReplaceRequest) -> None:
        cl_ord_id = message.cl_ord_id
        if self._id_log.is_buried(cl_ord_id):
            self._stage_say(t.refused_cancel(message, t.TOMBSTONED, CxlRejReason.OTHER))
        elif self._is_stranger(message.orig_cl_ord_id, message):
            refusal = t.refused_cancel(message, t.NEVER_SENT, CxlRejReason.UNKNOWN_ORDER)
            self._stage_say(refusal)
        elif self._id_log.was_sent(cl_ord_id):
            self._ask_instead(message)
        else:
            self._id_log.hold(cl_ord_id)
            order = t.order_request(message)
            self._stage(lambda: self.venue.replace(order, self._now_ns))

    def _status(self, message: OrderStatusRequest) -> None:
        if self._is_stranger(message.cl_ord_id, message):
            answer = t.status_report(
                message, None, next(self._exec_ids), complete=True, text=t.NEVER_SENT
            )
            self._stage_say(answer)
        else:
            self._ask_instead(message)

    def _protect(self, message: PositionMaintenanceRequest) -> None:
        venue, asked = self.venue, levels_request(message)
        if not (isinstance(venue, ProtectingVenue) and venue.capabilities.protect):
            refused = LevelsTold(asked, PosMaintStatus.REJECTED, text=NOT_SUPPORTED)
            self._stage_say(self._word(refused))
        elif self._id_log.was_sent(asked.request_id):
            unsure = LevelsTold(asked, PosMaintStatus.ACCEPTED, text=SENT_BEFORE)
            self._stage_say(self._word(unsure))
        else:
            self._id_log.hold(asked.request_id)
            self._stage(lambda: venue.protect(asked, self._now_ns))

    def _ask_instead(
        self, message: OrderStatusRequest | NewOrderSingle | OrderCancelReplaceRequest
    ) -> None:
        ask = self._remember(message)
        self._stage(lambda: self.venue.look_up(ask, message.cl_ord_id, self._now_ns))

    def _question(self, message: Message) -> None:
        now_ns = self._now_ns
        match message:
            case OrderMassStatusRequest():
                self.venue.open_orders(self._remember(message), now_ns)
            case TradeCaptureReportRequest():
                since = a.since_ns(message)
                self.venue.ledger_entries("", since, now_ns)
                self.venue.fills_since(self._remember(message), since, now_ns)
            case RequestForPositions():
                self.venue.positions(self._remember(message), now_ns)
            case CollateralInquiry():
                self.venue.balances(self._remember(message), now_ns)
            case SecurityListRequest():
                self.venue.instruments(self._remember(message), now_ns)
            case _:
                self._say(self._not_spoken(message))

    def _not_spoken(self, message: Message) -> BusinessMessageReject:
        return BusinessMessageReject(
            ref_seq_num=message.msg_seq_num,
            ref_msg_type=message.msg_type,
            business_reject_reason=BusinessRejectReason.UNSUPPORTED_MESSAGE_TYPE,
            text=f"a bridge does not take MsgType(35)={message.msg_type}",
        )

    def _command(self, message: OperatorCommand) -> None:
        try:
            if self._on_command is None:
                text = "received a command, but this bridge takes none"
                raise ValueError(text)  # noqa: TRY301 - one way out for every refusal
            outcome, text = "DONE", self._on_command(message)
        except ValueError as problem:
            outcome, text = "REFUSED", str(problem)
        self._say(
            OperatorCommand(
                cl_ord_id=message.cl_ord_id,
                command=message.command,
                outcome=outcome,
                text=text or None,
            )
        )

    # From the venue.

    def on_event(self, event: Event) -> None:
        """Hear the venue (port.Listener)."""
        match event:
            case BookChanged():
                self.quotes.on_book(event)
            case Traded():
                self.quotes.on_trade(event)
            case LinkChanged() | RateWarned():
                self._on_link(event)
            case LedgerEntries(ask=""):
                for entry in event.entries:
                    self._say(
                        a.ledger_report(entry, venue=self.venue_id, account=self.account)
                    )
            case (
                Found() | OpenOrders() | Fills() | Positions() | Balances() | Instruments()
                | LedgerEntries()
            ):  # fmt: skip
                ask = self._asks.pop(event.ask, None)
                if ask is not None:
                    for message in self._answer(ask, event):
                        self._say(message)
            case _:
                if self.logged_on:
                    self._say(self._word(event))

    def _word(self, event: OrderEvent | LevelsTold) -> Message:
        name = next(self._exec_ids)
        if not isinstance(event, LevelsTold):
            return t.order_message(event, name)
        return levels_report(
            event, name, account=self.account, venue=self.venue_id, now_ns=self._now_ns
        )

    def _on_link(self, event: LinkChanged | RateWarned) -> None:
        if isinstance(event, LinkChanged):
            self._say_link(event.up, event.text)
        else:
            self._say_warning(event)

    def _say_link(self, up: bool, text: str) -> None:  # noqa: FBT001 - the event's own flag
        status = TradSesStatus.OPEN if up else TradSesStatus.CLOSED
        self._say(
            TradingSessionStatus(
                trading_session_id=self.venue_id, trad_ses_status=status, text=text or None
            )
        )

    def _say_warning(self, event: RateWarned) -> None:
        """Pass the venue's warning on (5046): 340=1 is a ban, when not even cancels are heard."""
        self._say(
            TradingSessionStatus(
                trading_session_id=self.venue_id,
                trad_ses_status=TradSesStatus.HALTED if event.banned else TradSesStatus.OPEN,
                back_off_ms=event.back_off_ms, unsolicited_indicator=True, text="RATE_WARNED",
            )
        )  # fmt: skip

    def _answer(self, ask: Message, event: Event) -> Iterator[Message]:
        match ask, event:
            case (OrderStatusRequest(), Found()):
                yield t.status_report(
                    ask, event.order, next(self._exec_ids), complete=event.complete,
                    text=event.text or None,
                )  # fmt: skip
            case ((NewOrderSingle() | OrderCancelReplaceRequest()), Found()):
                yield t.status_report(
                    ask, event.order, next(self._exec_ids), complete=event.complete,
                    text="DUPLICATE: this id was sent before and is not sent again",
                )  # fmt: skip
            case (OrderMassStatusRequest(), OpenOrders()):
                orders = tuple(
                    order for order in event.orders if ask.symbol in {None, order.symbol}
                )
                yield from t.open_order_reports(
                    ask, orders, self._exec_ids, complete=event.complete
                )
            case (TradeCaptureReportRequest(), Fills()):
                yield from a.fills(ask, event, venue=self.venue_id)
            case (RequestForPositions(), Positions()):
                yield from a.positions(ask, event, venue=self.venue_id, now_ns=self._now_ns)
            case (CollateralInquiry(), Balances()):
                account = ask.account or self.account
                yield from a.balances(ask, event, account=account)
            case (SecurityListRequest(), Instruments()):
                yield from a.listing(ask, event, self.venue.capabilities, venue=self.venue_id)
            case _:
                return
