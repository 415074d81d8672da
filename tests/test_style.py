"""The house style as a test: sizes, names, docstrings, nothing of one machine in the files.

The reasons are in the design: a reader should hold each room in the head.
"""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILE_LINES = 400
FUNCTION_LINES = 60
LINE_LENGTH = 100
BANNED = {"Manager", "Helper", "Helpers", "Util", "Utils", "Data", "Info"}
ROOMS = ("protocol", "journal", "gateway", "bridges", "engine", "tests")
FOREIGN = re.compile(
    r"(?<![\w.:/-])/(?:home|root|work|Users|tmp|private)/[\w.-]+"
    r"|https?://\S+/simple(?:/|\b)",
)
"""A folder of one machine, and the address of an index of packages: these end in `/simple`."""
WORDS = re.compile(r"\w+", re.ASCII)


@cache
def tracked():
    """Return every file of the repository, as git or the folder tells it."""
    try:
        listing = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        names = listing.stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py")]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def python_files():
    """Return the Python files of the rooms and the tests."""
    return [
        path
        for path in tracked()
        if path.suffix == ".py"
        and (path.relative_to(ROOT).parts[0] in ROOMS or path.parent == ROOT)
    ]


@cache
def tree(path):
    """Parse a file once."""
    return ast.parse(path.read_text(encoding="utf-8"))


def where(path, node=None):
    """Name a place for a person."""
    name = str(path.relative_to(ROOT))
    return f"{name}:{node.lineno}" if node is not None else name


def nodes(kind):
    """Yield (path, node) for every node of a kind in the rooms."""
    for path in python_files():
        for node in ast.walk(tree(path)):
            if isinstance(node, kind):
                yield path, node


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def test_files_are_short():
    """No file has more than 400 lines."""
    sizes = {where(p): len(p.read_text(encoding="utf-8").splitlines()) for p in python_files()}
    assert {name: size for name, size in sizes.items() if size > FILE_LINES} == {}


def test_functions_are_short():
    """No function has more than 60 lines, decorators aside."""
    long = {
        f"{where(path, node)} {node.name}": node.end_lineno - node.lineno + 1
        for path, node in nodes(FUNCTIONS)
        if node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    }
    assert long == {}


def test_lines_are_short():
    """No line has more than 100 characters."""
    long = [
        f"{where(path)}:{number}"
        for path in python_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > LINE_LENGTH
    ]
    assert long == []


def test_class_names_say_something():
    """No Manager, Helper, Util, Data or Info in a class name, unless FIX itself calls it so."""
    bad = [
        f"{where(path, node)} {node.name}"
        for path, node in nodes(ast.ClassDef)
        if BANNED & set(re.findall(r"[A-Z][a-z0-9]+|[A-Z]+(?![a-z])", node.name))
        and not node.name.startswith("MarketData")
    ]
    assert bad == []


def test_modules_say_what_they_know():
    """Every module of a room begins with a docstring."""
    bad = [
        where(path)
        for path in python_files()
        if tree(path).body and not ast.get_docstring(tree(path))
    ]
    assert bad == []


def test_tests_state_facts():
    """Every test has a docstring that states the fact it proves."""
    bad = [
        f"{where(path, node)} {node.name}"
        for path, node in nodes(FUNCTIONS)
        if path.name.startswith("test_")
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert bad == []


def test_tests_wait_on_conditions():
    """No test sleeps for a fixed time: it waits on what it is waiting for."""
    bad = [
        where(path, node)
        for path, node in nodes(ast.Call)
        if path.relative_to(ROOT).parts[0] == "tests"
        and ast.unparse(node.func) in {"time.sleep", "sleep", "asyncio.sleep"}
        and path.name != "waiting.py"
    ]
    assert bad == []


def test_every_ignored_rule_carries_its_excuse():
    """A `noqa` names its rule and says why; a `type: ignore` names its rule."""
    bare = re.compile(r"#\s*noqa(?!: [A-Z]+[0-9]+[A-Z0-9, ]* - )|type: ignore(?!\[)")
    bad = [
        f"{where(path)}:{number}"
        for path in python_files()
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if bare.search(line)
    ]
    assert bad == []


@pytest.mark.parametrize("path", tracked(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_of_one_machine_is_in_a_file(path):
    """No path of somebody's machine, and no package index, stands in a tracked file."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        pytest.skip("not text")
    if path == Path(__file__):
        return
    assert FOREIGN.findall(text) == []
