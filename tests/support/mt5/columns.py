"""What of a NumPy structured array the package's ticks and bars need, without NumPy.

`rows[3]`, `rows[3]["bid"]`, `rows["bid"]`, `rows[1:5]`, `len`, iteration and `rows.dtype.names`
work as on the real one; arithmetic on columns does not.
"""

from __future__ import annotations

from types import SimpleNamespace


class Row(tuple):
    """One row: a tuple whose fields have names."""

    __slots__ = ()
    names = ()

    def __getitem__(self, key):
        """Return a field by its place or its name."""
        return super().__getitem__(self.names.index(key) if isinstance(key, str) else key)


class Columns:
    """Rows of one shape."""

    def __init__(self, names, rows):
        kind = type("Row", (Row,), {"__slots__": (), "names": tuple(names)})
        self._kind = kind
        self._rows = [kind(row) for row in rows]
        self.dtype = SimpleNamespace(names=tuple(names))

    def __len__(self):
        return len(self._rows)

    def __iter__(self):
        return iter(self._rows)

    def __getitem__(self, key):
        if isinstance(key, str):
            return [row[key] for row in self._rows]
        if isinstance(key, slice):
            return Columns(self.dtype.names, self._rows[key])
        return self._rows[key]


def columns(names, rows):
    """Make the table."""
    return Columns(names, rows)
