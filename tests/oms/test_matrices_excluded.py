"""The matrices of FIX 4.4 vol. 4, appendix D: each is tested, or excluded with a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ALL = {
    f"{group}.{part}"
    for group, parts in {
        "A.1": "ab", "B.1": "abcdef", "C.1": "abc", "C.2": "a", "C.3": "abc", "D.1": "abc",
        "D.2": "abcd", "E.1": "abcdef", "F.1": "abc", "G.1": "abc", "H.1": "abcd", "I.1": "ab",
        "J.1": "abcd", "K.1": "ab", "L.1": "ab",
    }.items()
    for part in parts
}  # fmt: skip

EXCLUDED = {
    "A.1.b": "done for day: our venues have no such state, a day order expires (150=C)",
    "C.1.c": "reopening a filled order by a replace needs an agreement that no venue of ours makes",
    "D.2.a": "one replace at a time: a second one gets 102=3, as in D.2.d",
    "D.2.b": "one replace at a time: a second one gets 102=3, as in D.2.d",
    "D.2.c": "one replace at a time: a second one gets 102=3, as in D.2.d",
    "E.1.a": "orders by telephone: what is entered at the venue by hand belongs to EXTERNAL",
    "G.1.b": "`Nothing Done` is CMS's; a status request is answered with 150=I",
    "H.1.b": "a stock split: our instruments have none",
    "J.1.d": "done for day, as in A.1.b",
    "K.1.a": "reinstating is the venue's affair: no ExecInst (18) for halts is passed on",
    "L.1.a": "guaranteed stops (39=7 Stopped) are a specialist's; none of our venues has them",
    "L.1.b": "guaranteed stops (39=7 Stopped) are a specialist's; none of our venues has them",
}


def covered():
    """Collect the ids in the names of the tests."""
    files = Path(__file__).parent.glob("test_matrices_*_to_*.py")
    text = "".join(path.read_text() for path in files)
    names = re.findall(r"def test_([a-l])_(\d)_([a-f])_", text)
    return {f"{letter.upper()}.{number}.{part}" for letter, number, part in names}


def test_every_matrix_is_tested_or_excluded():
    """No matrix is forgotten, and none is both."""
    assert covered() | EXCLUDED.keys() == ALL
    assert not covered() & EXCLUDED.keys()


@pytest.mark.parametrize("matrix", EXCLUDED)
def test_excluded(matrix):
    """What is left out is shown in every run, with its reason."""
    pytest.skip(f"{matrix}: {EXCLUDED[matrix]}")
