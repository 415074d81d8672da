"""The decision table of recovery, over all its inputs."""

from __future__ import annotations

import itertools

import pytest

from journal.recovery import CASES, Decision, Facts, decide

EVERY_INPUT = [
    Facts(*values) for values in itertools.product((False, True), repeat=len(Facts._fields))
]


def rows_for(facts):
    """Return the rows that match."""
    return [
        row
        for row, _decision in CASES
        if all(want is None or want == fact for want, fact in zip(row, facts, strict=True))
    ]


@pytest.mark.parametrize("facts", EVERY_INPUT)
def test_exactly_one_row_applies(facts):
    """Whatever the facts, one row and only one decides."""
    assert len(rows_for(facts)) == 1
    assert isinstance(decide(facts), Decision)


@pytest.mark.parametrize("row", [row for row, _decision in CASES])
def test_every_row_applies_to_something(row):
    """No row is there for nothing."""
    assert any(row in rows_for(facts) for facts in EVERY_INPUT)


@pytest.mark.parametrize("facts", [facts for facts in EVERY_INPUT if facts.synced_past])
def test_what_was_on_disk_and_is_not_is_always_refused(facts):
    """No other fact makes up for a synced batch that is gone."""
    assert decide(facts) is Decision.REFUSE_DAMAGED


@pytest.mark.parametrize("facts", [facts for facts in EVERY_INPUT if not facts.under_os])
def test_group_never_loses_what_was_released(facts):
    """Under `group` recovery goes on without loss, or refuses."""
    assert decide(facts) not in {Decision.GO_ON_LOST, Decision.CUT_LOST}


@pytest.mark.parametrize("facts", [facts for facts in EVERY_INPUT if not facts.leftover])
def test_nothing_is_cut_where_nothing_is_left_over(facts):
    """A journal that ends in zeros is never cut."""
    assert decide(facts) not in {Decision.CUT, Decision.CUT_LOST}
