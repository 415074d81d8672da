"""The package's functions about symbols, ticks, bars and books."""

from __future__ import annotations

from datetime import datetime

from support.mt5.bars import bars
from support.mt5.columns import columns
from support.mt5.constants import CopyTicks, TickFlag
from support.mt5.package_forms import WrongArgumentError, matches
from support.mt5.package_link import CALL_FAILED, NOT_FOUND
from support.mt5.package_symbol import symbol_info_of
from support.mt5.package_tuples import BookInfo, Tick

TICK_NAMES = ("time", "bid", "ask", "last", "volume", "time_msc", "flags", "volume_real")
BAR_NAMES = ("time", "open", "high", "low", "close", "tick_volume", "spread", "real_volume")
FLAGS = {
    CopyTicks.INFO: TickFlag.BID | TickFlag.ASK,
    CopyTicks.TRADE: TickFlag.LAST | TickFlag.VOLUME,
}


def tick_row(tick):
    """Return a tick as the fields of MqlTick in Python's order."""
    return (
        tick.time_msc // 1000, float(tick.bid), float(tick.ask), float(tick.last),
        int(tick.volume), tick.time_msc, tick.flags, float(tick.volume),
    )  # fmt: skip


def fits(tick, flags):
    """Say whether a tick is of the wanted kind."""
    return flags == CopyTicks.ALL or bool(tick.flags & FLAGS[flags])


class MarketCalls:
    """The part of the package that is about the market."""

    def _seen(self, symbol):
        return self.terminal.seen(symbol)

    def symbols_total(self):
        """Return the number of all symbols."""
        return self.call(_symbols_total, (), {})

    def symbols_get(self, group=None):
        """Return SymbolInfo of all symbols, or of a group."""
        return self.call(_symbols_get, (), {"group": group})

    def symbol_info(self, symbol):
        """Return a SymbolInfo, or None for an unknown symbol."""
        return self.call(_symbol_info, (symbol,), {})

    def symbol_info_tick(self, symbol):
        """Return the last Tick, or None."""
        return self.call(_symbol_info_tick, (symbol,), {})

    def symbol_select(self, symbol, enable=True):  # noqa: FBT002 - the package's own signature
        """Put a symbol into MarketWatch, or take it out."""
        return self.call(_symbol_select, (symbol, enable), {}) or False

    def market_book_add(self, symbol):
        """Subscribe to a book."""
        return self.call(_market_book_add, (symbol,), {}) or False

    def market_book_get(self, symbol):
        """Return the book as BookInfo, the highest price first, or None."""
        return self.call(_market_book_get, (symbol,), {})

    def market_book_release(self, symbol):
        """End a subscription."""
        return self.call(_market_book_release, (symbol,), {}) or False

    def copy_ticks_range(self, symbol, date_from, date_to, flags):
        """Return the ticks of a span of server time."""
        return self.call(_copy_ticks_range, (symbol, date_from, date_to, flags), {})

    def copy_ticks_from(self, symbol, date_from, count, flags):
        """Return so many ticks from a moment of server time on."""
        return self.call(_copy_ticks_from, (symbol, date_from, count, flags), {})

    def copy_rates_from(self, symbol, timeframe, date_from, count):
        """Return so many bars up to a moment of server time."""
        return self.call(_copy_rates_from, (symbol, timeframe, date_from, count), {})

    def copy_rates_from_pos(self, symbol, timeframe, start_pos, count):
        """Return so many bars, counted back from the last (0)."""
        return self.call(_copy_rates_from_pos, (symbol, timeframe, start_pos, count), {})

    def copy_rates_range(self, symbol, timeframe, date_from, date_to):
        """Return the bars of a span of server time."""
        return self.call(_copy_rates_range, (symbol, timeframe, date_from, date_to), {})


def _symbols_total(mt5):
    return len(mt5.terminal.server.markets)


def _symbols_get(mt5, group=None):
    wanted = matches(group) if group else (lambda _name: True)
    names = [name for name in mt5.terminal.server.markets if wanted(name)]
    return tuple(symbol_info_of(mt5._seen(name), mt5.terminal) for name in names)


def _known(mt5, symbol):
    if not isinstance(symbol, str):
        msg = "Invalid arguments"
        raise WrongArgumentError(msg)
    return symbol in mt5.terminal.server.markets


def _symbol_info(mt5, symbol):
    if not _known(mt5, symbol):
        return mt5.error(NOT_FOUND)
    return symbol_info_of(mt5._seen(symbol), mt5.terminal)


def _symbol_info_tick(mt5, symbol):
    if not _known(mt5, symbol) or mt5._seen(symbol).tick is None:
        return mt5.error(NOT_FOUND)
    return Tick(*tick_row(mt5._seen(symbol).tick))


def _symbol_select(mt5, symbol, enable=True):  # noqa: FBT002 - the package's own signature
    if not _known(mt5, symbol):
        return mt5.error(NOT_FOUND, value=False)
    if not enable and mt5.terminal.books.positions_of(symbol):
        return mt5.error(CALL_FAILED, value=False)
    mt5._seen(symbol).selected = bool(enable)
    return True


def _market_book_add(mt5, symbol):
    if not _known(mt5, symbol) or not mt5._seen(symbol).has_book:
        return mt5.error(CALL_FAILED, value=False)
    mt5._seen(symbol).subscriptions += 1
    return True


def _market_book_release(mt5, symbol):
    if not _known(mt5, symbol) or not mt5._seen(symbol).subscriptions:
        return mt5.error(CALL_FAILED, value=False)
    mt5._seen(symbol).subscriptions -= 1
    return True


def _market_book_get(mt5, symbol):
    if not _known(mt5, symbol) or not mt5._seen(symbol).subscriptions:
        return mt5.error(CALL_FAILED)
    return tuple(
        BookInfo(int(kind), float(level.price), int(level.volume or 0), float(level.volume or 0))
        for kind, level in mt5._seen(symbol).rows()
    )


def msc(date):
    """Return the milliseconds of a date or of seconds, which may have a fraction."""
    if isinstance(date, datetime):
        date = date.timestamp()
    return round(date * 1000)


def _ticks(mt5, symbol, from_msc, to_msc, flags):
    if flags not in tuple(CopyTicks):
        msg = "Invalid arguments"
        raise WrongArgumentError(msg)
    return [tick for tick in mt5._seen(symbol).between(from_msc, to_msc) if fits(tick, flags)]


def _copy_ticks_range(mt5, symbol, date_from, date_to, flags):
    if not _known(mt5, symbol):
        return mt5.error(CALL_FAILED)
    found = _ticks(mt5, symbol, msc(date_from), msc(date_to), flags)
    return columns(TICK_NAMES, [tick_row(tick) for tick in found])


def _copy_ticks_from(mt5, symbol, date_from, count, flags):
    if not _known(mt5, symbol):
        return mt5.error(CALL_FAILED)
    found = _ticks(mt5, symbol, msc(date_from), 1 << 62, flags)[:count]
    return columns(TICK_NAMES, [tick_row(tick) for tick in found])


def _all_bars(mt5, symbol, timeframe):
    return bars(mt5._seen(symbol).between(0, 1 << 62), timeframe, mt5._seen(symbol).rules)


def _copy_rates_from(mt5, symbol, timeframe, date_from, count):
    if not _known(mt5, symbol):
        return mt5.error(CALL_FAILED)
    end = msc(date_from) // 1000
    rows = [row for row in _all_bars(mt5, symbol, timeframe) if row[0] <= end]
    return columns(BAR_NAMES, rows[-count:])


def _copy_rates_from_pos(mt5, symbol, timeframe, start_pos, count):
    if not _known(mt5, symbol):
        return mt5.error(CALL_FAILED)
    rows = _all_bars(mt5, symbol, timeframe)
    end = len(rows) - start_pos
    return columns(BAR_NAMES, rows[max(0, end - count) : max(0, end)])


def _copy_rates_range(mt5, symbol, timeframe, date_from, date_to):
    if not _known(mt5, symbol):
        return mt5.error(CALL_FAILED)
    low, high = msc(date_from) // 1000, msc(date_to) // 1000
    rows = [row for row in _all_bars(mt5, symbol, timeframe) if low <= row[0] <= high]
    return columns(BAR_NAMES, rows)


for _function in (
    _symbols_total, _symbols_get, _symbol_info, _symbol_info_tick, _symbol_select,
    _market_book_add, _market_book_get, _market_book_release, _copy_ticks_range,
    _copy_ticks_from, _copy_rates_from, _copy_rates_from_pos, _copy_rates_range,
):  # fmt: skip
    _function.__name__ = _function.__name__[1:]
