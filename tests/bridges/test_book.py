"""The book by the exchange's sequence rules."""

from __future__ import annotations

from bridges.paper.book import Change, MarketBook, Sync
from bridges.paper.market import DepthDiff, DepthSnapshot, Quote
from protocol.fields import Side


def diff(first, last, bids=(), asks=()):
    """Make a diff."""
    return DepthDiff(0, "X", first, last, tuple(bids), tuple(asks))


def snapshot(last, bids=((99, 1), (98, 2)), asks=((101, 1), (102, 2))):
    """Make a snapshot."""
    return DepthSnapshot(0, "X", last, tuple(bids), tuple(asks))


def test_diffs_before_the_snapshot_are_kept_and_joined():
    """Kept diffs that end before the snapshot are dropped, the one that spans it is applied."""
    book = MarketBook()
    book.apply(diff(1, 5, [(99, 100)]))
    book.apply(diff(6, 12, [(97, 3)]))
    book.apply(diff(13, 14, [(96, 4)]))
    assert book.sync is Sync.WAITING
    book.apply(snapshot(10))
    assert book.sync is Sync.LIVE
    assert book.bids.top(9) == [(99, 1), (98, 2), (97, 3), (96, 4)]


def test_a_gap_stops_trust_until_a_new_snapshot():
    """A diff that does not continue the last one makes the book wait; a snapshot heals it."""
    book = MarketBook()
    book.apply(snapshot(10))
    book.apply(diff(11, 12, [(99, 5)]))
    book.apply(diff(14, 15, [(99, 7)]))
    assert (book.sync, book.gaps) == (Sync.WAITING, 1)
    book.apply(diff(16, 17, [(98, 9)]))
    assert book.bids.displayed(99) == 5
    book.apply(snapshot(15, bids=[(99, 7)]))
    assert book.sync is Sync.LIVE
    assert book.bids.top(9) == [(99, 7), (98, 9)]


def test_a_gap_between_snapshot_and_kept_diffs():
    """Kept diffs that begin too late do not continue the snapshot: it is a gap as well."""
    book = MarketBook()
    book.apply(diff(20, 25, [(99, 5)]))
    book.apply(snapshot(10))
    assert book.sync is Sync.WAITING


def test_old_diffs_are_dropped():
    """A diff that ends at or before what was applied says nothing."""
    book = MarketBook()
    book.apply(snapshot(10))
    assert book.apply(diff(9, 10, [(99, 50)])) == []
    assert book.bids.displayed(99) == 1


def test_a_quote_overlays_the_top():
    """A newer quote removes better levels and sets the best; an older diff does not undo it."""
    book = MarketBook()
    book.apply(snapshot(10))
    book.apply(Quote(0, "X", 98, 7, 100, 3, 20))
    assert book.bids.top(2) == [(98, 7)]
    assert book.asks.top(2) == [(100, 3), (101, 1)]
    book.apply(diff(11, 15, [(99, 5), (97, 1)], [(100, 9), (103, 1)]))
    assert book.bids.top(3) == [(98, 7), (97, 1)]
    assert book.asks.top(1) == [(100, 3)]
    book.apply(diff(16, 21, [(99, 5)], [(100, 0)]))
    assert book.bids.top(1) == [(99, 5)]
    assert book.asks.top(1) == [(101, 1)]


def test_an_old_quote_says_nothing():
    """A quote from before the last diff is ignored, and so is a crossed one."""
    book = MarketBook()
    book.apply(snapshot(10))
    assert book.apply(Quote(0, "X", 98, 7, 100, 3, 9)) == []
    assert book.apply(Quote(0, "X", 101, 7, 100, 3, 30)) == []


def test_level_1_knows_only_the_best():
    """With quotes alone a level that is no longer the best is unknown, and one passed is gone."""
    book = MarketBook()
    book.apply(Quote(0, "X", 99, 1, 101, 1))
    changes = book.apply(Quote(0, "X", 100, 2, 101, 1))
    assert changes == [Change(Side.BUY, 100, 0, 2)]
    assert book.bids.top(3) == [(100, 2)]
    changes = book.apply(Quote(0, "X", 98, 2, 101, 1))
    assert Change(Side.BUY, 100, 2, 0) in changes
    assert not book.has_depth


def test_taken_is_renewed_by_another_quantity_only():
    """What we took is gone until the feed reports another quantity for the level."""
    book = MarketBook()
    book.apply(snapshot(10))
    book.asks.take(101, 1)
    assert book.asks.best() == 102
    book.apply(diff(11, 11, asks=[(101, 1)]))
    assert book.asks.best() == 102
    book.apply(snapshot(12))
    assert book.asks.available(101) == 0
    book.apply(diff(13, 13, asks=[(101, 2)]))
    assert book.asks.top(1) == [(101, 2)]
