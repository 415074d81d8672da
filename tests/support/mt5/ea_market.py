"""Symbols, ticks and books of the simulated terminal under MQL5's names."""

from __future__ import annotations

from typing import Any

from support.mt5 import ea_calls
from support.mt5.ea_books import plain
from support.mt5.ea_calls import MqlError
from support.mt5.package_symbol import symbol_info_of

UNKNOWN_SYMBOL, HISTORY_TIMEOUT, BOOK_MISSING = 4301, 4403, 4901
TICKS_PATIENCE_MS = 45_000


class MarketFace:
    """What a program may ask of the market."""

    terminal: Any

    def _seen(self, name: str) -> Any:
        try:
            return self.terminal.seen(name)
        except KeyError:
            raise MqlError(UNKNOWN_SYMBOL) from None

    def SymbolsTotal(self, selected: int) -> int:
        """Count all symbols, or those in Market Watch."""
        return len(self._names(selected))

    def SymbolName(self, at: int, selected: int) -> str:
        """Name one of them."""
        names = self._names(selected)
        return names[at] if 0 <= at < len(names) else ""

    def _names(self, selected: int) -> list[str]:
        names = list(self.terminal.server.markets)
        return [name for name in names if self.terminal.seen(name).selected] if selected else names

    def SymbolSelect(self, name: str, select: int) -> bool:
        """Put a symbol into Market Watch, or take it out."""
        self._seen(name).selected = bool(select)
        return True

    def SymbolIsSynchronized(self, name: str) -> bool:
        """Say whether the terminal is connected and knows the symbol."""
        return bool(self._seen(name) and self.terminal.connected)

    def _symbol(self, name: str, wanted: str) -> Any:
        seen, field = self._seen(name), wanted.removeprefix("SYMBOL_").lower()
        if field == "exist":
            return 1
        if field == "time_msc":
            return seen.tick.time_msc if seen.tick else 0
        info = symbol_info_of(seen, self.terminal)
        return plain(getattr(info, field, 0))

    SymbolInfoInteger = SymbolInfoString = _symbol

    def SymbolInfoDouble(self, name: str, wanted: str) -> float:
        """Return a property that is a double."""
        return float(self._symbol(name, wanted))

    def SymbolInfoTick(self, name: str) -> Any:
        """Return the last tick, or fail before the first."""
        tick = self._seen(name).tick
        return None if tick is None else self._tick(tick)

    def _tick(self, tick: Any) -> Any:
        return ea_calls.Tick(
            tick.time_msc // 1000, float(tick.bid), float(tick.ask), float(tick.last),
            int(tick.volume), tick.time_msc, int(tick.flags), float(tick.volume),
        )  # fmt: skip

    def SymbolInfoSessionTrade(self, name: str, day: int, at: int) -> Any:
        """Return a trade session of a day in seconds from midnight, or fail."""
        sessions = self._seen(name).rules.sessions[day]
        return list(sessions[at]) if at < len(sessions) else None

    def CopyTicksRange(self, name: str, flags: int, from_msc: int, to_msc: int) -> Any:
        """Return the ticks of a span, both ends included; to 0 means until now.

        It may wait for the base of ticks, 45 s at most (docs/series/copyticks): after that it
        returns what there is, with an error.
        """
        seen = self._seen(name)
        wait_ms = seen.stalls.popleft() if seen.stalls else 0
        if wait_ms:
            self.terminal.clock.advance(min(wait_ms, TICKS_PATIENCE_MS))
        end = to_msc or 1 << 62
        ticks = [self._tick(tick) for tick in seen.between(from_msc, end)]
        if wait_ms > TICKS_PATIENCE_MS:
            raise MqlError(HISTORY_TIMEOUT, ticks)
        return ticks

    def CopyTicks(self, name: str, flags: int, from_msc: int, count: int) -> Any:
        """Return ticks from a time on, or with from 0 the last ones."""
        ticks = self.CopyTicksRange(name, flags, from_msc, 0)
        most = count or 2000
        return ticks[:most] if from_msc else ticks[-most:]

    def MarketBookAdd(self, name: str) -> bool:
        """Subscribe, where there is a book."""
        seen = self._seen(name)
        if not seen.has_book:
            raise MqlError(BOOK_MISSING)
        seen.subscriptions += 1
        return True

    def MarketBookRelease(self, name: str) -> bool:
        """Unsubscribe."""
        self._seen(name).subscriptions -= 1
        return True

    def MarketBookGet(self, name: str) -> Any:
        """Return the book, best sell last of the sells, then buys from the best."""
        seen = self._seen(name)
        if not seen.subscriptions:
            return None
        return [
            ea_calls.BookInfo(
                int(kind), float(row.price), int(row.volume or 0), float(row.volume or 0)
            )
            for kind, row in seen.rows()
        ]
