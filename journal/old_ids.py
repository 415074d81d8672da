"""The ids of orders closed long ago: an SQLite index, so that memory stays bounded.

Rules. It is only an index: everything in it can be drawn from the journal again. `upto_seq` says
how far it was drawn; a caller that forgets ids from memory by record N needs `upto_seq >= N`, else
it rebuilds. A damaged file is thrown away: at the opening the index is then simply empty, with
`upto_seq` 0; later the call raises JournalFailed, and the next opening finds it empty. An addition
is on disk when `add_many` returns. Adding an id twice changes nothing.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from sqlite_utils import Database

from journal.errors import JournalFailed

KINDS = ("cl_ord_id", "fill", "ledger")

_INSERT = "insert or ignore into ids (kind, key, value) values (?, ?, ?)"
_FIND = "select value from ids where kind = ? and key = ?"


class OldIds:
    """Old ids by kind ("cl_ord_id", "fill", "ledger") and key, each with a value."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._upto_seq = 0
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._open()
            except sqlite3.DatabaseError:
                self._throw_away()
                self._open()
        except (OSError, sqlite3.Error) as error:
            raise JournalFailed(str(self.path), "opening", OSError(0, str(error))) from error

    @property
    def upto_seq(self) -> int:
        """Return the journal record up to which this index is complete."""
        return self._upto_seq

    def add_many(self, entries: Iterable[tuple[str, str, str]], *, upto_seq: int = 0) -> None:
        """Add (kind, key, value) entries, and say that all up to `upto_seq` are in. Durable."""
        upto_seq = max(upto_seq, self._upto_seq)
        try:
            with self._connection:
                self._connection.executemany(_INSERT, entries)
                self._connection.execute("update upto set seq = ?", (upto_seq,))
        except sqlite3.Error as error:
            self._die("adding to", error)
        self._upto_seq = upto_seq

    def find(self, kind: str, key: str) -> str | None:
        """Return the value of an id, or None if it is not an old one."""
        try:
            row = self._connection.execute(_FIND, (kind, key)).fetchone()
        except sqlite3.Error as error:
            self._die("reading", error)
        return None if row is None else str(row[0])

    def __len__(self) -> int:
        """Count the ids."""
        return self._db.table("ids").count

    def clear(self) -> None:
        """Empty the index, to be drawn from the journal anew."""
        self._db.close()
        self._throw_away()
        self._open()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _open(self) -> None:
        """Open or create the tables."""
        connection = sqlite3.connect(self.path)
        try:
            self._db = Database(connection)
            self._connection = connection
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = full")
            ids = self._db.table("ids")
            ids.create(
                {"kind": str, "key": str, "value": str},
                pk=("kind", "key"),
                not_null={"value"},
                if_not_exists=True,
            )
            self._db.table("upto").create({"seq": int}, if_not_exists=True)
            if self._db.table("upto").count == 0:
                self._db.table("upto").insert({"seq": 0})
            self._upto_seq = int(connection.execute("select seq from upto").fetchone()[0])
        except BaseException:
            connection.close()
            raise

    def _die(self, doing: str, error: sqlite3.Error) -> NoReturn:
        """Throw away a file that is no good any more; a full disk or a lock is no such reason."""
        if not isinstance(error, sqlite3.OperationalError):
            self.close()
            self._throw_away()
        raise JournalFailed(str(self.path), doing, OSError(0, str(error))) from error

    def _throw_away(self) -> None:
        """Remove the file and its companions."""
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                self.path.with_name(self.path.name + suffix).unlink()
