"""Who hears of a book and when."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from bridges.market_events import BookChanged, Level
from bridges.quotes import QuoteBoard
from engine.market import book_of
from protocol import codec
from protocol.timestamps import format_utc

MS = 1_000_000
T0 = 1_700_000_000_000_000_000


def book(bid, ask, symbol="EURUSD"):
    """Make a book of one level."""
    return BookChanged(
        symbol=symbol, bids=(Level(Decimal(bid), Decimal(1)),),
        asks=(Level(Decimal(ask), Decimal(1)),), transact_ns=T0,
    )  # fmt: skip


def deep(levels, *, gaps=0, size=1):
    """Make a book of so many levels a side."""
    return BookChanged(
        symbol="EURUSD", transact_ns=T0, gaps=gaps,
        bids=tuple(Level(Decimal(100 - at), Decimal(size)) for at in range(levels)),
        asks=tuple(Level(Decimal(101 + at), Decimal(size + at)) for at in range(levels)),
    )  # fmt: skip


def seq(board, ms):
    """Return the number of the one quote said at a moment."""
    (quote,) = board.due(T0 + ms * MS)
    return quote.feed_seq


def said(board, ms):
    """Return the bids said at a moment."""
    return [str(quote.md_entries[0].md_entry_px) for quote in board.due(T0 + ms * MS)]


def test_a_quote_waits_its_interval_and_the_last_one_wins():
    """Within 50 ms of a quote nothing is said; then only what stands by then."""
    board = QuoteBoard("PAPER")
    board.on_book(book("1.1", "1.2"))
    assert said(board, 0) == ["1.1"]
    board.on_book(book("1.11", "1.2"))
    assert said(board, 20) == []
    board.on_book(book("1.12", "1.2"))
    assert said(board, 50) == ["1.12"]
    assert said(board, 200) == []


def test_a_quiet_market_is_not_a_stale_one():
    """An unchanged quote is said again after a second."""
    board = QuoteBoard("PAPER")
    board.on_book(book("1.1", "1.2"))
    assert said(board, 0) == ["1.1"]
    assert said(board, 999) == []
    assert said(board, 1000) == ["1.1"]
    assert board.next_deadline_ns() == T0 + 2000 * MS


def test_a_new_gateway_hears_all_quotes():
    """After a new Logon every quote is said at once."""
    board = QuoteBoard("PAPER")
    board.on_book(book("1.1", "1.2"))
    said(board, 0)
    board.forget_sent()
    assert said(board, 1) == ["1.1"]


def test_session_quotes_align_with_published_books():
    """A quote in the session carries the number of the last book that was published."""
    board = QuoteBoard("PAPER", publishes=True)
    for bid in ("1.1", "1.11", "1.12"):
        board.on_book(book(bid, "1.2"))
        list(board.topics(T0 + int(bid[2:]) * 1000 * MS))
    (quote,) = board.due(T0 + MS)
    assert quote.feed_seq == 3


def test_an_empty_book_is_two_sides_without_a_price():
    """A book that nobody stands in is a valid W, and is read as empty again."""
    board = QuoteBoard("PAPER")
    board.on_book(BookChanged(symbol="EURUSD", bids=(), asks=(), transact_ns=T0))
    (quote,) = board.due(T0)
    header = {"sender_comp_id": "PAPER", "target_comp_id": "GATEWAY", "msg_seq_num": 1}
    frame = codec.encode(quote, sending_time=format_utc(T0), **header)
    read = book_of(codec.decode(frame))
    assert (read.bids, read.asks) == ((), ())


@pytest.mark.parametrize(("levels", "told"), [(1, 1), (4, 4), (5, 5), (6, 5), (50, 5)])
def test_a_quote_has_five_levels_a_side(levels, told):
    """Risk checks know the best five levels with their sizes; strategies hear the whole book."""
    board = QuoteBoard("PAPER", publishes=True)
    board.on_book(deep(levels))
    (quote,) = board.due(T0)
    read = book_of(quote)
    assert [level.price for level in read.bids] == [100 - at for at in range(told)]
    assert [level.qty for level in read.asks] == [1 + at for at in range(told)]
    (topic,) = board.topics(T0)
    assert len(book_of(codec.decode(topic.frame)).bids) == levels


def test_a_change_below_the_best_price_is_said():
    """A size that changes within ten levels is news after the interval, one below them is not."""
    board = QuoteBoard("PAPER")
    board.on_book(deep(12))
    assert said(board, 0) == ["100"]
    board.on_book(replace(deep(12), bids=deep(12, size=9).bids[:1] + deep(12).bids[1:]))
    assert said(board, 60) == ["100"]
    below = deep(12).bids[:11] + deep(12, size=9).bids[11:]
    board.on_book(replace(deep(12), bids=deep(12, size=9).bids[:1] + below[1:]))
    assert said(board, 120) == []


def test_a_loss_goes_back_to_zero_once():
    """After something of a feed was lost its next quote is number 0, at once as any change is."""
    for publishes in (False, True):
        board = QuoteBoard("PAPER", publishes=publishes)
        numbers = []
        for at, gaps in enumerate((0, 0, 1, 1, 1)):
            board.on_book(deep(3, gaps=gaps))
            list(board.topics(T0 + at * 1_000 * MS))
            numbers.append(seq(board, at * 1_000))
        assert numbers[2] == 0
        others = numbers[:2] + numbers[3:]
        assert others == sorted(others)
        assert others[0] > 0


def test_a_quiet_book_is_published_again():
    """An unchanged book is published after a second, newly numbered; not while the venue is down.

    Who decides on it then knows how new it is, and who comes late hears of it.
    """
    board = QuoteBoard("PAPER", publishes=True)
    board.on_book(deep(2))

    def published(ms, *, repeats=True):
        found = board.topics(T0 + ms * MS, repeats=repeats)
        return [(m.feed_seq, m.sending_time) for m in (codec.decode(t.frame) for t in found)]

    assert published(0) == [(1, format_utc(T0))]
    assert published(999) == []
    assert published(1_100) == [(2, format_utc(T0 + 1_100 * MS))]
    assert published(2_000) == []
    assert published(2_100, repeats=False) == []
    assert published(2_200) == [(3, format_utc(T0 + 2_200 * MS))]
