"""docs/controls.md is the truth: nothing is missing there, nothing there is made up.

Names are read where they stand in backticks: `path::name` is something in a file, `table.key` a key
of config.toml; words in capitals are codes. A code that no test asserts is no promise.
"""

from __future__ import annotations

import ast
import re
import typing
from functools import cache

import pytest
from msgspec.structs import fields
from support.codes import ROOT, WORD, calls, said

from gateway.config import Config
from gateway.risk.breaker_rules import BreakerRules
from gateway.risk.checks import CHECKS
from gateway.risk.limits import KEYS, Limits

TEXT = (ROOT / "docs" / "controls.md").read_text("utf-8")
QUOTED = set(re.findall(r"`([^`\n]+)`", TEXT))
PLACES = sorted(name for name in QUOTED if re.match(r"[\w/]+\.py(::\w+)?$", name))
NAMED = set(re.findall(WORD, TEXT))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))


def tables():
    """Return the keys of every table of config.toml; those of limits by any name."""
    found = {"limits": Limits, "ceilings": Limits}
    for field, hint in typing.get_type_hints(Config).items():
        inner = [one for one in (hint, *typing.get_args(hint)) if hasattr(one, "__struct_fields__")]
        if inner and field not in found:
            found[field] = inner[0]
    return {name: {key.name for key in fields(struct)} for name, struct in found.items()} | {
        "rates": set()
    }


def parsed(path):
    """Parse a file; a tree is not kept, for with many in memory each parse takes longer."""
    return ast.parse((ROOT / path).read_text("utf-8"))


@cache
def names_in(path):
    """Return what a module defines: functions, classes, and names at its top."""
    found = set()
    for node in parsed(path).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        for target in getattr(node, "targets", [getattr(node, "target", None)]):
            if isinstance(target, ast.Name):
                found.add(target.id)
    return found


def causes():
    """Return what breakers give as the cause of a halt, read from their source."""
    found = set()
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        tree = parsed(path.relative_to(ROOT).as_posix())
        nodes = list(calls(tree, {"fire", "trip", "_compare"}))
        nodes += [
            node.value for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "cause"
        ]  # fmt: skip
        for node in nodes:
            for part in ast.walk(node):
                text = part.value if isinstance(part, ast.Constant) else ""
                if isinstance(text, str) and re.fullmatch(WORD, text):
                    found.add(text)
    return found | {"DAILY_LOSS", "DRAWDOWN", "RUNAWAY"}


def asserted():
    """Return every code that stands in a string of a test, docstrings left out."""
    found = set()
    for path in TESTS:
        tree = parsed(path.relative_to(ROOT).as_posix())
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) else ""
            if isinstance(text, str) and id(node) not in told:
                found |= set(re.findall(WORD, text))
    return found


def test_every_code_is_a_control_or_said_to_be_none():
    """Each CODE that a peer may be told stands in the document."""
    assert said() - NAMED == set()


def test_every_code_is_asserted_by_a_test():
    """Each CODE stands in a test that expects it: a refusal that nobody tests may never come."""
    assert said() - asserted() == set()


def test_every_limit_is_there():
    """Each key of [limits] stands in the document."""
    assert {f"limits.{key}" for key in KEYS} - QUOTED == set()


def test_every_check_is_there():
    """Each check stands in the document with its file."""
    known = {check.__module__.replace(".", "/") + f".py::{check.__name__}" for check in CHECKS}
    missing = {name for name in known if name not in QUOTED}
    assert missing == set()


def test_every_breaker_and_cause_is_there():
    """Each table of [breakers] and each cause of a halt stands in the document."""
    assert {f"breakers.{name}" for name in BreakerRules.__struct_fields__} - QUOTED == set()
    found = causes()
    assert {"LATENCY_ACK", "SPREAD", "VOLATILITY", "LINK_DOWN", "STATE_DIFFERS"} <= found
    assert found - NAMED == set()


@pytest.mark.parametrize("place", PLACES)
def test_what_is_named_exists(place):
    """A file, a check or a test that the document names is there."""
    path, _, name = place.partition("::")
    assert (ROOT / path).is_file()
    assert not name or name in names_in(path)


def test_every_key_that_is_named_exists():
    """A key that the document names is one of config.toml."""
    known = tables()
    keys = {name for name in QUOTED if re.fullmatch(r"[a-z]+(\.[a-z_]+)+", name)}
    keys -= {name for name in keys if name.endswith((".toml", ".md", ".py"))}
    assert len(keys) > len(KEYS)
    wrong = {
        name for name in keys
        if name.partition(".")[0] not in known
        or name.split(".")[1] not in known[name.partition(".")[0]]
    }  # fmt: skip
    assert wrong == set()


def test_every_row_of_a_control_has_a_test():
    """In the tables with a column for it, no row goes without."""
    rows = [line for line in TEXT.splitlines() if re.match(r"\| .*`tests/|\| .*`limits\.", line)]
    assert len(rows) > 60
    assert [row for row in rows if "`tests/" not in row] == []


def test_the_checklist_is_whole():
    """All twenty points are there, in their order."""
    numbers = [int(found) for found in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)]
    assert numbers == list(range(1, 21))
