"""Levels of positions as their venue has shown them last, as long as they are known to be so.

On an account that nets, each fill may make another position of the one in its symbol: what was
shown before it is known no more. A position with a name (5004) keeps its levels as long as it is.
"""

from __future__ import annotations

from gateway.oms.book import Book
from gateway.oms.levels import level_key
from gateway.oms.market import Answers, Levels, Shown, VenueView
from protocol.messages import PositionReport

UNKNOWN: Levels = (None, None)


def fills_of(book: Book, venue: str) -> dict[str, int]:
    """Count the fills that a venue has ever told, by symbol. It only grows."""
    found: dict[str, int] = {}
    for positions in book.state.positions.values():
        for name, position in positions.items():
            _, where, symbol = name.split("|", 2)
            if where == venue:
                found[symbol] = found.get(symbol, 0) + position.count
    return found


def standing(
    book: Book, view: VenueView, place: tuple[str, str, str], position_id: str | None = None
) -> Levels:
    """Return the levels of a position of (account, venue, symbol) that is open."""
    _, venue, symbol = place
    shown = view.levels.get(level_key(venue, symbol, position_id))
    count = fills_of(book, venue).get(symbol, 0)
    if shown is None or (position_id is None and shown.fills != count):
        return UNKNOWN
    return shown.levels


def told(
    book: Book, view: VenueView, place: tuple[str, str, str], position_id: str | None,
    levels: Levels, now_ns: int,
) -> None:  # fmt: skip
    """Keep the levels of which a venue has said that they stand now."""
    _, venue, symbol = place
    count = fills_of(book, venue).get(symbol, 0)
    view.levels[level_key(venue, symbol, position_id)] = Shown(levels, count, now_ns)


def seen(view: VenueView, venue: str, answers: Answers) -> dict[str, PositionReport]:
    """Keep what a complete round shows; what was told after it was asked for is newer.

    Returns, by `level_key`, the positions of which other levels were known before: somebody has
    moved them, or a request that was given up has come late.
    """
    before = view.levels
    newer = {key: one for key, one in before.items() if one.at_ns >= answers.asked_ns}
    view.levels = {
        level_key(venue, held.symbol or "", held.position_id): Shown(
            (held.stop_loss_px, held.take_profit_px), answers.fills.get(held.symbol or "", 0),
            answers.asked_ns,
        )
        for held in answers.positions
    } | newer  # fmt: skip
    return {
        key: held
        for held in answers.positions
        if (key := level_key(venue, held.symbol or "", held.position_id)) in before
        and _is_moved(before[key], view.levels[key], held)
    }


def _is_moved(was: Shown, now: Shown, held: PositionReport) -> bool:
    """Whether the same position is known to have had other levels."""
    same = held.position_id is not None or was.fills == now.fills
    return same and was.levels != now.levels
