"""The house style as a test: sizes, names, docstrings, nothing of one machine in the files.

The reasons are in the design: a reader should hold each room in the head.
"""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

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


class Node(NamedTuple):
    """What the tests ask of a module, class, function or call; a call's name is as it is called."""

    kind: type
    path: Path
    line: int
    name: str
    lines: int
    docstring: str | None


def called(function):
    """Return a called function's name, with the name before its point."""
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return f"{function.value.id}.{function.attr}"
    return getattr(function, "id", "")


@cache
def every_node():
    """Walk each file once and keep no tree: with all of them in memory each parse takes longer."""
    found = []
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Module():
                    if node.body:
                        found.append(Node(ast.Module, path, 1, "", 0, ast.get_docstring(node)))
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    kind = ast.ClassDef if isinstance(node, ast.ClassDef) else ast.FunctionDef
                    size, docstring = node.end_lineno - node.lineno + 1, ast.get_docstring(node)
                    found.append(Node(kind, path, node.lineno, node.name, size, docstring))
                case ast.Call():
                    found.append(Node(ast.Call, path, node.lineno, called(node.func), 0, None))
    return found


def nodes(kind):
    """Return what is of a kind in the rooms; an async function is a function."""
    return [node for node in every_node() if node.kind is kind]


def where(path, node=None):
    """Name a place for a person."""
    name = path.relative_to(ROOT).as_posix()
    return f"{name}:{node.line} {node.name}" if node is not None else name


def test_files_are_short():
    """No file has more than 400 lines."""
    sizes = {where(p): len(p.read_text(encoding="utf-8").splitlines()) for p in python_files()}
    assert {name: size for name, size in sizes.items() if size > FILE_LINES} == {}


def test_functions_are_short():
    """No function has more than 60 lines, decorators aside."""
    long = {
        where(node.path, node): node.lines
        for node in nodes(ast.FunctionDef)
        if node.lines > FUNCTION_LINES
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
        where(node.path, node)
        for node in nodes(ast.ClassDef)
        if BANNED & set(re.findall(r"[A-Z][a-z0-9]+|[A-Z]+(?![a-z])", node.name))
        and not node.name.startswith("MarketData")
    ]
    assert bad == []


def test_modules_say_what_they_know():
    """Every module of a room begins with a docstring."""
    assert [where(node.path) for node in nodes(ast.Module) if not node.docstring] == []


def test_tests_state_facts():
    """Every test has a docstring that states the fact it proves."""
    bad = [
        where(node.path, node)
        for node in nodes(ast.FunctionDef)
        if node.path.name.startswith("test_")
        and node.name.startswith("test_")
        and not node.docstring
    ]
    assert bad == []


def test_tests_wait_on_conditions():
    """No test sleeps for a fixed time: it waits on what it is waiting for."""
    bad = [
        where(node.path, node)
        for node in nodes(ast.Call)
        if node.path.relative_to(ROOT).parts[0] == "tests"
        and node.name in {"time.sleep", "sleep", "asyncio.sleep"}
        and node.path.name != "waiting.py"
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


def test_nothing_of_one_machine_is_in_a_file():
    """No path of somebody's machine, and no package index, stands in a tracked file."""
    bad = {}
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if path != Path(__file__) and (found := FOREIGN.findall(text)):
            bad[where(path)] = found
    assert bad == {}
