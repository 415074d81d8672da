"""The README is executed: its strategy, its test, and the commands that it names exist."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.commands import COMMANDS

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    """Return the README's code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)


def test_the_strategy_and_its_test_run_as_written():
    """The ten lines and the rehearsal below them are executed, in this order, as they stand."""
    python = blocks("python")
    assert len(python) == 2
    assert len(python[0].strip().splitlines()) <= 12
    names = {}
    for block in python:
        exec(compile(block, "README.md", "exec"), names)
    assert names["stage"].reports


def test_every_command_it_names_exists():
    """`portcullis X` in the README is a command."""
    quoted = "\n".join(re.findall(r"`portcullis [^`]*`", TEXT) + blocks("sh"))
    named = set(re.findall(r"portcullis ([a-z]+)\b", quoted))
    assert len(named) > 5
    assert named <= set(COMMANDS)


def test_the_two_commands_are_the_documented_ones():
    """Install and demo, install and test: on one line each, with Windows forms."""
    shell = "\n".join(blocks("sh"))
    assert (
        "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/portcullis demo" in shell
    )
    assert "pip install -q '.[test]' && .venv/bin/pytest" in shell
    assert "Scripts" in "\n".join(blocks("bat"))


def test_every_file_it_names_exists():
    """Paths in the README's tables are there."""
    named = re.findall(r"`((?:docs|engine|protocol)/[\w./-]+|config\.toml|\.ci/run)`", TEXT)
    assert named
    for name in named:
        assert (ROOT / name).exists(), name
