"""What of a NumPy structured array the package's ticks and bars need, without NumPy.

`rows[3]`, `rows[3]["bid"]`, `rows["bid"]`, `rows[1:5]`, `len`, iteration and `rows.dtype.names`
work as on the real one; arithmetic on columns does not. Its numbers are as awkward as NumPy's:
`Float64` is a float whose repr is no number, `Int64` is not an int, though it can become one.
"""

from __future__ import annotations

from functools import total_ordering
from types import SimpleNamespace


class Float64(float):
    """A float that says `np.float64(1.1)` of itself, as since NumPy 2."""

    def __repr__(self):
        return f"np.float64({float(self)!r})"

    def __str__(self):
        return float.__repr__(self)


@total_ordering
class Int64:
    """A whole number that is no int: `isinstance(x, int)` is false, `int(x)` works."""

    __slots__ = ("_value",)

    def __init__(self, value):
        self._value = int(value)

    def __index__(self):
        return self._value

    __int__ = __index__

    def __float__(self):
        return float(self._value)

    def __repr__(self):
        return f"np.int64({self._value})"

    def __str__(self):
        return str(self._value)

    def __hash__(self):
        return hash(self._value)

    def __eq__(self, other):
        return self._value == other

    def __lt__(self, other):
        return self._value < (int(other) if isinstance(other, Int64) else other)

    def _made(self, operation, other):
        found = getattr(self._value, operation)(
            int(other) if isinstance(other, Int64) else other
        )
        return Int64(found) if isinstance(found, int) else found

    def __add__(self, other):
        return self._made("__add__", other)

    def __sub__(self, other):
        return self._made("__sub__", other)

    def __mul__(self, other):
        return self._made("__mul__", other)

    def __floordiv__(self, other):
        return self._made("__floordiv__", other)

    def __mod__(self, other):
        return self._made("__mod__", other)

    def __and__(self, other):
        return self._made("__and__", other)

    def __rsub__(self, other):
        return self._made("__rsub__", other)

    __radd__, __rmul__, __rand__ = __add__, __mul__, __and__


def awkward(value):
    """Return a number as NumPy has it."""
    return Float64(value) if isinstance(value, float) else Int64(value)


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
        self._kind = type("Row", (Row,), {"__slots__": (), "names": tuple(names)})
        self._rows = [self._kind(awkward(value) for value in row) for row in rows]
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

    def __reduce__(self):
        """Let it be sent to another process."""
        return Columns, (self.dtype.names, [tuple(row) for row in self._rows])


def columns(names, rows):
    """Make the table."""
    return Columns(names, rows)
