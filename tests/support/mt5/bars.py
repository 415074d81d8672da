"""Bars from ticks, as the terminal draws them: by the bid, by the last price on an exchange."""

from __future__ import annotations

from datetime import UTC, datetime

from support.mt5.constants import Execution

HOURS, WEEKS, MONTHS = 0x4000, 0x8000, 0xC000
DAY_S = 86_400


def start_of(time_s, timeframe):
    """Return when the bar of a moment begins. Weeks begin on Sunday."""
    kind, size = timeframe & 0xC000, timeframe & 0x3FFF
    if kind == MONTHS:
        first = datetime.fromtimestamp(time_s, UTC).replace(
            day=1, hour=0, minute=0, second=0, microsecond=0
        )
        return int(first.timestamp())
    if kind == WEEKS:
        days = time_s // DAY_S
        return (days - (days + 4) % 7) * DAY_S
    length = size * (3600 if kind == HOURS else 60)
    return time_s - time_s % length


def bars(ticks, timeframe, rules):
    """Return rows of (time, open, high, low, close, tick_volume, spread, real_volume)."""
    by_last = rules.execution is Execution.EXCHANGE
    rows = {}
    for tick in ticks:
        price = tick.last if by_last and tick.last else tick.bid
        if not price:
            continue
        start = start_of(tick.time_msc // 1000, timeframe)
        row = rows.setdefault(start, [price, price, price, price, 0, [], 0])
        row[1], row[2], row[3] = max(row[1], price), min(row[2], price), price
        row[4] += 1
        row[5].append(int((tick.ask - tick.bid) / rules.point) if tick.ask and tick.bid else 0)
        row[6] += int(tick.volume)
    return [
        (start, *(float(price) for price in row[:4]), row[4], min(row[5]), row[6])
        for start, row in rows.items()
    ]
