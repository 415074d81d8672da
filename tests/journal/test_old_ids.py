"""The index of old ids: durable, idempotent, disposable."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.errors import JournalFailed
from journal.old_ids import KINDS, OldIds

ENTRIES = st.lists(st.tuples(st.sampled_from(KINDS), st.text(max_size=5), st.text(max_size=5)))


@pytest.fixture
def path(tmp_path):
    """Return where an index may be."""
    return tmp_path / "var" / "old_ids.db"


@settings(max_examples=20, deadline=None)
@given(batches=st.lists(ENTRIES, max_size=4))
def test_the_first_value_of_an_id_stays(tmp_path_factory, batches):
    """An id finds the value with which it was first added, however often it is added again."""
    ids = OldIds(tmp_path_factory.mktemp("ids") / "ids.db")
    model = {}
    for batch in batches:
        ids.add_many(batch)
        for kind, key, value in batch:
            model.setdefault((kind, key), value)
    assert len(ids) == len(model)
    for (kind, key), value in model.items():
        assert value == ids.find(kind, key)
    assert ids.find("fill", "never there") is None
    ids.close()


def test_the_kinds_are_apart(path):
    """The same key may be a ClOrdID and a fill's id."""
    ids = OldIds(path)
    ids.add_many([("cl_ord_id", "X", "order"), ("fill", "X", "trade")])
    assert (ids.find("cl_ord_id", "X"), ids.find("fill", "X")) == ("order", "trade")


def test_it_survives_a_restart_and_knows_how_far_it_goes(path):
    """Entries and `upto_seq` are written together, and `upto_seq` never goes back."""
    ids = OldIds(path)
    assert ids.upto_seq == 0
    ids.add_many([("fill", "A", "1")], upto_seq=500)
    ids.add_many([("fill", "B", "2")], upto_seq=400)
    ids.close()
    ids = OldIds(path)
    assert (ids.upto_seq, len(ids), ids.find("fill", "B")) == (500, 2, "2")


@pytest.mark.parametrize(
    "junk", [b"not a database at all " * 50, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_damaged_index_is_empty_again(path, junk):
    """What is no database is thrown away: the caller sees `upto_seq` 0 and rebuilds."""
    path.parent.mkdir()
    path.write_bytes(junk)
    ids = OldIds(path)
    assert (ids.upto_seq, len(ids)) == (0, 0)
    ids.add_many([("fill", "A", "1")], upto_seq=5)
    assert ids.find("fill", "A") == "1"


def test_damage_found_later_is_an_error_and_then_an_empty_index(path):
    """A page that rots raises JournalFailed, never a wrong answer; the next opening rebuilds."""
    ids = OldIds(path)
    ids.add_many([("fill", f"{number:05d}", "v" * 50) for number in range(3000)], upto_seq=9)
    ids.close()
    data = bytearray(path.read_bytes())
    for page in range(4, len(data) // 4096):
        data[page * 4096 : page * 4096 + 100] = b"\xff" * 100
    path.write_bytes(data)
    with pytest.raises(JournalFailed):
        look_up_all(OldIds(path))
    assert OldIds(path).upto_seq == 0


def look_up_all(ids):
    """Ask for every id."""
    for number in range(3000):
        assert ids.find("fill", f"{number:05d}") == "v" * 50


def test_clearing_begins_anew(path):
    """A rebuild starts from nothing."""
    ids = OldIds(path)
    ids.add_many([("fill", "A", "1")], upto_seq=5)
    ids.clear()
    assert (ids.upto_seq, len(ids), ids.find("fill", "A")) == (0, 0, None)


def test_an_index_that_cannot_be_made_is_an_error_of_ours(tmp_path):
    """Neither OSError nor sqlite3.Error leaves the room."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(JournalFailed):
        OldIds(tmp_path / "file" / "ids.db")
