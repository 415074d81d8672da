"""An order names the quote that it was decided on: 5039 is that quote's SendingTime (52)."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from support.fake_gateway import FakeGateway

from engine.async_client import AsyncClient
from engine.cl_ord_ids import ClOrdIds
from engine.client import Client
from engine.desk import Desk
from engine.strategy import Strategy
from engine.testing import Rehearsal
from protocol import codec
from protocol.fields import MDEntryType
from protocol.messages import (
    MarketDataSnapshotFullRefresh,
    MDEntry,
    NewOrderSingle,
    OrderCancelReplaceRequest,
)
from protocol.timestamps import format_utc, is_utc

T0 = 1_800_000_000_000_000_000


class _Two(Strategy):
    """Hears two symbols and does nothing by itself."""

    symbols = ("EURUSD", "USDJPY")


def test_an_order_names_the_newest_quote_of_its_symbol():
    """Each symbol has its own quote; before there is one, nothing is named."""
    stage = Rehearsal(_Two())
    stage.strategy.buy("EURUSD", 1000)
    assert stage.last.quote_time is None
    first = format_utc(stage.quote("EURUSD", "1.10", "1.11").now_ns)
    stage.advance(5).quote("USDJPY", "110", "111")
    stage.advance(5)
    stage.strategy.buy("EURUSD", 1000)
    assert stage.last.quote_time == first
    second = format_utc(stage.quote("EURUSD", "1.10", "1.11").now_ns)
    assert second > first
    stage.strategy.sell("EURUSD", 1000)
    assert stage.last.quote_time == second


def test_a_replacement_names_the_quote_that_it_was_decided_on():
    """A G carries the newest quote of its moment, not that of the order before it."""
    stage = Rehearsal(_Two()).quote("EURUSD", "1.10", "1.11")
    order = stage.strategy.buy("EURUSD", 1000, price="1.05")
    stage.deliver()
    stage.advance(7).quote("EURUSD", "1.10", "1.11")
    stage.strategy.replace(order, price="1.06", expected_edge=3, holding_ms=500)
    sent = stage.last
    assert isinstance(sent, OrderCancelReplaceRequest)
    assert sent.quote_time == format_utc(stage.now_ns)
    assert (sent.expected_edge, sent.holding_ms) == (3, 500)


def test_the_time_is_that_of_the_message():
    """What a bridge wrote into 52 goes back as 5039, whatever our clock says."""
    sent = []
    strategy = _Two()
    desk = Desk(
        strategy, send=lambda message: sent.append(message) or message,
        clock=lambda: T0 + 10**9, ids=ClOrdIds(T0),
    )  # fmt: skip
    entries = (MDEntry(md_entry_type=MDEntryType.BID, md_entry_px=Decimal("1.1")),)
    frame = codec.encode(
        MarketDataSnapshotFullRefresh(symbol="EURUSD", md_entries=entries),
        sender_comp_id="PAPER", target_comp_id="MD", msg_seq_num=1, sending_time=format_utc(T0),
    )  # fmt: skip
    desk.feed(codec.decode(frame))
    strategy.buy("EURUSD", 1000, parent_order_id="TWAP-1", parent_qty=5000)
    (order,) = sent
    assert isinstance(order, NewOrderSingle)
    assert order.quote_time == format_utc(T0)
    assert (order.parent_order_id, order.parent_qty) == ("TWAP-1", 5000)


def test_a_venue_that_is_not_ours_is_no_quote_of_ours():
    """A strategy of one venue decides on that venue's quotes alone."""
    strategy = _Two()
    strategy.venue = "MINE"
    desk = Desk(strategy, send=lambda message: message, clock=lambda: T0, ids=ClOrdIds(T0))
    entries = (MDEntry(md_entry_type=MDEntryType.BID, md_entry_px=Decimal("1.1")),)
    desk.feed(
        MarketDataSnapshotFullRefresh(
            symbol="EURUSD", security_exchange="OTHER", md_entries=entries,
            sending_time=format_utc(T0),
        )
    )  # fmt: skip
    assert desk.quote_times == {}


def test_a_client_names_the_book_that_it_asked_for():
    """The blocking client's orders and replacements carry the 52 of the last book it was given."""
    with FakeGateway() as gateway, Client("ME", gateway.endpoint) as client:
        assert client.buy("EURUSD", 1000).quote_time is None
        book = client.book("EURUSD")
        assert is_utc(book.sending_time)
        order = client.buy("EURUSD", 1000, price="0.9")
        assert order.quote_time == book.sending_time
        assert client.buy("USDJPY", 1000).quote_time is None
        client.wait_for(order)
        newer = client.book("EURUSD")
        assert client.replace(order, price="0.95").quote_time == newer.sending_time


def test_an_asyncio_client_does_so_too():
    """The same holds for the asyncio client."""

    async def ask(endpoint):
        async with AsyncClient("ME", endpoint) as client:
            book = await client.book("EURUSD")
            return book, client.sell("EURUSD", 1000)

    with FakeGateway() as gateway:
        book, order = asyncio.run(ask(gateway.endpoint))
    assert order.quote_time == book.sending_time
