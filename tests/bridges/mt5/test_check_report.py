"""The beliefs about MetaTrader: documents and steps are the same; the report over several runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridges.errors import BridgeError
from bridges.mt5.check import checkup
from bridges.mt5.check.findings import parse, read
from bridges.mt5.check.report import Report, as_markdown, json_of, load, save
from bridges.mt5.check.steps import STEPS, Finding, Verdict, Way

ROOT = Path(__file__).parents[3]
HOLDS, FAILS, SEEN, OPEN = Verdict
NOON, LATER = "2026-01-01 12:00", "2026-01-02 12:00"


def rows():
    """Return the rows of the MetaTrader table of docs/unverified.md."""
    text = (ROOT / "docs" / "unverified.md").read_text(encoding="utf-8")
    section = text.partition("\n## MetaTrader 5\n")[2].partition("\n## ")[0]
    table = [line.strip("| ").split(" | ") for line in section.splitlines() if line[:2] == "| "]
    return table[1:]


def test_each_row_has_its_step_and_each_step_its_row():
    """Name, belief, how and by whom it is tried: both say the same, in one order, once."""
    told = [(name, believed, how, by) for name, believed, _why, how, by in rows()]
    steps = [
        (one.name, one.believed, one.how, ", ".join(way.value for way in one.ways))
        for one in STEPS
    ]  # fmt: skip
    assert told == steps
    assert len({one.name for one in STEPS}) == len(STEPS)


def test_no_other_row_is_about_metatrader():
    """What is believed of it stands in its own table, where the check finds it."""
    text = (ROOT / "docs" / "unverified.md").read_text(encoding="utf-8")
    others = text.partition("\n## MetaTrader 5\n")[0]
    assert [line for line in others.splitlines() if "MetaTrader" in line or "MT5" in line] == []


def test_the_expert_advisor_knows_the_same_names():
    """The names in its sources are those that the steps leave to it."""
    include = ROOT / "bridges" / "mt5_ea" / "Include" / "Portcullis" / "Check"
    names = set()
    for path in include.glob("*.mqh"):
        lines = path.read_text(encoding="utf-8").splitlines()
        for at in (at for at, line in enumerate(lines) if " Names(void) override" in line):
            body = "".join(lines[at : at + 5]).partition("return")[2].partition(";")[0]
            names |= set(body.replace('"', " ").split())
    assert names == {one.name for one in STEPS if Way.EXPERT in one.ways}


def test_who_needs_a_hand_is_told_what_to_do():
    """Each step by hand has its lines, the last of which says what holding looks like."""
    for step in STEPS:
        assert bool(step.do) is (Way.HAND in step.ways)
        assert not step.do or step.do[-1].startswith("holds: ")
    assert {one.name for one in STEPS if {Way.PACKAGE, Way.CABLE} & {*one.ways}} == checkup.NAMES


def test_a_later_run_adds_to_the_former(tmp_path):
    """What is seen again is new; what was not tried stays; both ways stand side by side."""
    path = tmp_path / "var" / "check.md"
    first = load(json_of(path))
    first.facts["terminal build"] = "5120"
    first.take(Way.PACKAGE, [Finding("magic", HOLDS, "a"), Finding("stop", OPEN, "ask")], NOON)
    first.take(Way.EXPERT, [Finding("magic", FAILS, "b|c")], NOON)
    save(first, path)
    second = load(json_of(path))
    second.take(Way.PACKAGE, [Finding("magic", OPEN, "no"), Finding("stop", HOLDS, "d")], LATER)
    second.take(Way.HAND, [Finding("tls", OPEN, "skipped")], LATER)
    save(second, path)
    now = load(json_of(path))
    assert now.rows["magic"][Way.PACKAGE].seen == "a"
    assert now.rows["stop"][Way.PACKAGE].at == LATER
    assert [now.verdict(one) for one in ("magic", "stop", "tls", "modify")] == [
        FAILS, HOLDS, OPEN, OPEN,
    ]  # fmt: skip
    assert now.counts() == {
        "holds": 1, "does not hold": 1, "seen": 0, "not checked": len(STEPS) - 2,
    }  # fmt: skip
    text = path.read_text(encoding="utf-8")
    assert "- terminal build: 5120" in text
    assert (
        "| magic | All 63 bits of a magic come back | package, 2026-01-01 12:00: a; Expert Advisor,"
        " 2026-01-01 12:00: b/c | does not hold |"
    ) in text
    assert "| skipped; how: a TLS terminator" in text.replace("by hand, 2026-01-02 12:00: ", "| ")


def test_every_belief_has_a_line_of_four_cells():
    """Nothing that is seen breaks the table."""
    report = Report()
    report.take(Way.HAND, [Finding("tls", HOLDS, "a\n|b|")], NOON)
    lines = [line for line in as_markdown(report).splitlines() if line.startswith("|")]
    assert len(lines) == len(STEPS) + 2
    assert {line.count("|") for line in lines} == {5}


def test_a_report_that_is_none_is_not_overwritten(tmp_path):
    """It says which file, and what to do."""
    path = tmp_path / "check.json"
    path.write_text("[]")
    with pytest.raises(BridgeError, match="move it away"):
        load(path)


def test_a_report_that_cannot_be_written_is_told(tmp_path):
    """Which, why, and what to do; a name that ends as the JSON's is no trouble."""
    with pytest.raises(BridgeError, match="--report"):
        save(Report(), tmp_path)
    save(Report(facts={"a": "b"}), tmp_path / "x.json")
    assert load(json_of(tmp_path / "x.json")).facts == {"a": "b"}
    assert (tmp_path / "x.json").read_text().startswith("# What a terminal")


GOOD = "# account: demo, netting\n# secret: x\nmagic|holds|sent 1\n# end: yes\n"


def test_what_the_expert_advisor_has_written_is_read(tmp_path):
    """Facts and findings; of the facts only those that belong into a report go there."""
    path = tmp_path / "found.txt"
    path.write_text(GOOD)
    told = read(path)
    assert told.found == [Finding("magic", HOLDS, "sent 1")]
    assert told.is_whole
    assert told.to_report() == {"account": "demo, netting"}


WRONG = {
    "": "is empty", "magic|holds": "line 1: received 'magic|holds', expected name",
    "magic|true|x": "expected name", "nothing|holds|x": "expected name",
    "# a: b\ntls|holds|x": "line 2: tls is no step of the Expert Advisor",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_a_file_that_is_none_is_refused(text):
    """It says the line, what stands there, and what was expected."""
    with pytest.raises(BridgeError, match=WRONG[text]):
        parse(text)


def test_a_file_that_is_not_there_says_where_it_should_be(tmp_path):
    """Which program writes it, and where."""
    with pytest.raises(BridgeError, match="attach PortcullisCheck"):
        read(tmp_path / "none.txt")
    (tmp_path / "dir.txt").mkdir()
    with pytest.raises(BridgeError, match="cannot be read"):
        read(tmp_path / "dir.txt")
