"""A matrix as text: what was tried with each misbehaviour (row) at each moment (column)."""

from __future__ import annotations


def matrix(cells, rows=(), columns=()):
    """Write cells, by (row, column), as a table; a cell that was not tried is a dash.

    Rows and columns that are not named are those of the cells, as they came.
    """
    rows = rows or tuple(dict.fromkeys(row for row, _ in cells))
    columns = columns or tuple(dict.fromkeys(column for _, column in cells))
    grid = [["", *columns]]
    grid += [[row, *(str(cells.get((row, one), "-")) for one in columns)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
    return "\n".join(
        " ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in grid
    )
