"""Puts together what the checks look at: the one place that knows all of it."""

from __future__ import annotations

from gateway.oms.book import Book
from gateway.oms.market import Market
from gateway.oms.rules import Rules
from gateway.risk.activity import Activity
from gateway.risk.exposure import Exposure
from gateway.risk.facts import Facts
from gateway.risk.feeds import FeedBook
from gateway.risk.limits import LimitBook
from gateway.risk.rates import Rates


def gather(book: Book, market: Market, rules: Rules) -> Facts:
    """Make the facts of a house: its limits as they are now, and what is observed, empty yet."""
    limits = LimitBook(rules.limits, rules.groups, book.state.overrides)
    return Facts(
        book=book,
        market=market,
        rules=rules,
        limits=limits,
        exposure=Exposure(book, market, Rates(market, rules.pegs, rules.max_rate_age_ms), rules),
        feeds=FeedBook(market, rules.feeds),
        activity=Activity(limits),
    )
