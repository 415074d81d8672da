"""Days of a trader on a venue that forgets soon, and what its database holds."""

from __future__ import annotations

import sqlite3

from support.mt5.ea_trader import EaTrader
from support.mt5.symbols import eurusd

from protocol.order_id import to_text

DAYS = 2
"""HistoryDays."""
GONE = DAYS + 3
"""After so many days what has ended is forgotten for certain: a day more, and a daily look."""
DAY_MS = 86_400_000
ALWAYS = (((0, 86_400),),) * 7


def trader_on(kind, folder):
    """Give a trader whose history is short, on a market that never closes."""
    trader = EaTrader(kind, folder, eurusd(sessions=ALWAYS), inputs={"HistoryDays": DAYS})
    trader.quote("1.10000", "1.10010")
    return trader.settle()


def pass_days(trader, days, *, quotes=True, asks=True):
    """Let days pass; there are quotes, and a gateway asks its questions."""
    for _ in range(days):
        trader.clock.advance(DAY_MS)
        if quotes:
            trader.quote("1.10000", "1.10010")
        trader.run(700, step_ms=50)
        if asks:
            trader.reconcile()
        trader.run(700, step_ms=50)


def database(folder):
    """Open the program's database."""
    return sqlite3.connect(folder / "portcullis.sqlite")


def rows(folder, *tables):
    """Count the rows of tables."""
    with database(folder) as base:
        found = [base.execute(f"SELECT count(*) FROM {one}").fetchone()[0] for one in tables]
    base.close()
    return found


def known(folder):
    """Return the names that are kept."""
    with database(folder) as base:
        found = {to_text(one) for (one,) in base.execute("SELECT id FROM names")}
    base.close()
    return found


def trade(trader):
    """Let a day's orders come and go: filled, closed, cancelled, replaced, refused."""
    trader.place("10000")
    trader.run(100)
    (held,) = trader.office.books.positions.values()
    ticket = {"position_id": str(held.identifier)} if trader.office.terms.is_hedging else {}
    trader.place("10000", side="2", **ticket)
    name = trader.place("10000", "1.09")
    trader.run(100)
    name = trader.replace(name, price="1.08")
    trader.run(100)
    name = trader.replace(name, order_qty="20000")
    trader.run(200)
    trader.cancel(name)
    trader.place("1", "1.09")
    trader.run(200)
    assert not trader.office.books.orders
    assert not trader.office.books.positions
