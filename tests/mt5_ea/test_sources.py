"""The shipped sources: MetaEditor would take them, and what is tested is what ships."""

from __future__ import annotations

import pytest
from support.mt5 import callers, lint
from support.mt5.runtime import build, rewrites

SOURCES = sorted(build.SHIPPED.rglob("*.mq?"))
LINE_LENGTH = 100
FILE_LINES = 400
GENERATED = "FixTables.mqh"
HANDLERS = {
    ("", f"On{event}")
    for event in ("Init", "Deinit", "Timer", "Tick", "BookEvent", "ChartEvent", "TradeTransaction")
}
LOOKED_AT = {("CFixSession", "State")}
"""What only tests call: the state of a session is compared with that of protocol/session.py."""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_metaeditor_would_take_it(path):
    """No source breaks a rule of the lint."""
    assert lint.check(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("rule", lint.RULES, ids=lambda rule: rule.name)
def test_each_rule_finds_its_sample(rule):
    """A rule that finds nothing in its own sample is none; each names its page."""
    found = lint.check(rule.sample)
    assert any(rule.name in line for line in found), found
    assert rule.page.startswith("basis/")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_lines_and_files_are_short(path):
    """No line has more than 100 characters, no file more than 400 lines but the generated one."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [n for n, line in enumerate(lines, 1) if len(line) > LINE_LENGTH] == []
    assert len(lines) <= FILE_LINES or path.name == GENERATED


def test_one_class_that_does_something_a_file():
    """A file is about one thing: structures and what works on them, or one class (or its bases)."""
    crowded = {}
    for path in SOURCES:
        code = lint.strip(path.read_text(encoding="utf-8"))
        names = [line.split()[1] for line in code.splitlines() if line.startswith("class ")]
        if len(names) > 1 and path.name not in {"Port.mqh", "ZmtpLink.mqh"}:
            crowded[path.name] = names
    assert crowded == {}


def test_nothing_is_there_that_nobody_calls():
    """Every method and function is called somewhere, but the terminal's handlers."""
    texts = [path.read_text(encoding="utf-8") for path in SOURCES]
    assert callers.uncalled(texts) == HANDLERS | LOOKED_AT


def test_what_nobody_calls_is_found():
    """Unused methods, overrides, functions are found; inherited and called ones are not."""
    source = """
class CBase
  {
public:
   virtual void      Used(void)=0;
   virtual void      Unused(void)=0;
   void              Own(void) { Inner(); }
private:
   void              Inner(void) { }
  };
class CHeir : public CBase
  {
public:
   virtual void      Used(void) override { }
   virtual void      Unused(void) override { }
  };
class COther
  {
public:
   void              Used(void) { }
  };
void Lonely(void)
  {
   CHeir heirs[];
   heirs[0].Used();
   heirs[0].Own();
  }
"""
    assert callers.uncalled([source]) == {
        ("CBase", "Unused"), ("CHeir", "Unused"), ("COther", "Used"), ("", "Lonely"),
    }  # fmt: skip


@pytest.mark.skipif(not build.can_build(), reason=build.MISSING)
@pytest.mark.budget(60)
@pytest.mark.parametrize("program", [build.EXPERT, build.CHECK], ids=lambda path: path.name)
def test_what_is_tested_is_what_ships(program):
    """The compiled sources are the shipped ones through the table, line for line, and no others."""
    folder = build.build(program).parent
    compiled = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.suffix in {".mqh", ".mq5"}
    }
    shipped = {
        path.relative_to(build.SHIPPED).as_posix(): path.read_text(encoding="utf-8")
        for path in SOURCES
        if path.suffix == ".mqh" or path == program
    }
    assert compiled.keys() == shipped.keys()
    for name, text in shipped.items():
        before, after = text.split("\n"), compiled[name].split("\n")
        assert len(before) == len(after)
        for old, new in zip(before, after, strict=True):
            assert new == rewrites.rewrite(old)
            if old != new:
                assert any(row.pattern.search(old) for row in rewrites.TABLE)
    assert (folder / "unit.cpp").read_text() == (
        f'#include "entry.h"\n#include "Experts/{program.name}"\nMQL_ENTRY_POINTS\n'
    )


def test_no_dll():
    """Nothing is imported from a library: the terminal may forbid DLLs."""
    for path in SOURCES:
        assert "#import" not in path.read_text(encoding="utf-8")
