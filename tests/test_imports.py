"""Who may import whom: the design's table, closed. What it does not allow is forbidden.

`lint-imports` (pyproject.toml) checks the rooms against each other; this test also checks the
libraries, and that what is pure imports nothing that knows the time, chance or the outside.
"""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"protocol", "journal", "gateway", "bridges", "engine", "portcullis"}

ALLOWED = {
    "protocol": ("protocol",),
    "journal": ("journal", "protocol"),
    "gateway.oms": ("gateway.oms", "gateway.risk", "protocol"),
    "gateway.risk": ("gateway.oms", "gateway.risk", "protocol"),
    "gateway.wiring": tuple(OURS),
    "gateway.commands": tuple(OURS),
    "gateway": ("gateway", "journal", "protocol"),
    "engine.backtest": (
        "engine", "protocol", "journal", "gateway.oms", "gateway.risk", "bridges.paper",
    ),
    "engine": ("engine", "protocol", "journal"),
    "bridges": ("bridges", "protocol", "journal", "engine.link"),
    "portcullis": tuple(OURS),
}  # fmt: skip
"""Longest prefix wins."""

STRATEGY_AUTHORS = ("engine.examples",)
"""Examples are strategy files: they import the public face, as a reader's own would."""

ONLY_IN = {
    "zmq": {
        "gateway.transport", "gateway.intake", "gateway.binding", "gateway.feed_proxy",
        "gateway.doorman", "engine.link", "gateway.commands",
    },
    "ccxt": {"bridges.crypto.library"},
    "aiohttp": {"bridges.crypto.shell"},
    "MetaTrader5": {"bridges.mt5_terminal"},
}
"""gateway.commands is here for `bench`, which measures raw ZeroMQ as its floor, and for `keys`."""

PURE = ("protocol", "gateway.oms", "gateway.risk")
IMPURE = {
    "time", "random", "secrets", "socket", "select", "selectors", "threading", "multiprocessing",
    "asyncio", "logging", "loguru", "io", "os", "pathlib", "tempfile", "subprocess", "uuid", "zmq",
}  # fmt: skip
EXCUSED = {("protocol.authentication", "os")}


def modules():
    """Yield (dotted name, path) of every module of ours."""
    for room in sorted(OURS - {"portcullis"}):
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            yield name, path
    if (ROOT / "portcullis.py").exists():
        yield "portcullis", ROOT / "portcullis.py"


def imports(name, path):
    """Yield every module that a module imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: relative import"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                is_module = (ROOT / full.replace(".", "/")).is_dir() or (
                    ROOT / (full.replace(".", "/") + ".py")
                ).exists()
                yield full if is_module else node.module


def under(name, prefix):
    """Say whether a dotted name is a prefix or lies below it."""
    return name == prefix or name.startswith(prefix + ".")


def rule_of(name):
    """Return what a module may import."""
    return ALLOWED[max((key for key in ALLOWED if under(name, key)), key=len)]


@pytest.mark.parametrize(("name", "path"), list(modules()), ids=[name for name, _ in modules()])
def test_a_module_imports_only_what_its_room_may(name, path):
    """The rooms' rules, the libraries' places and the purity of what decides all hold."""
    allowed = rule_of(name)
    if any(under(name, prefix) for prefix in STRATEGY_AUTHORS):
        allowed = (*allowed, "portcullis")
    for target in imports(name, path):
        top = target.split(".")[0]
        if top in OURS:
            assert any(under(target, prefix) for prefix in allowed), f"{name} imports {target}"
            if under(target, "gateway.commands") or under(target, "gateway.wiring"):
                assert under(name, "gateway.commands") or name in {"portcullis", "gateway.wiring"}
        if top in ONLY_IN:
            assert any(under(name, place) for place in ONLY_IN[top]), f"{name} imports {target}"
        if any(under(name, pure) for pure in PURE) and (name, top) not in EXCUSED:
            assert top not in IMPURE, f"{name} is pure but imports {target}"


def test_every_package_ships():
    """A folder of ours that is imported stands in pyproject's list: the wheel has it too."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = set(listed["tool"]["setuptools"]["packages"])
    there = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for room in sorted(OURS - {"portcullis"})
        for path in (ROOT / room).rglob("__init__.py")
    }
    assert there == packages
