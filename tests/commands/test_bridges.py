"""Launched bridges: the one that falls over is told of."""

from __future__ import annotations

import subprocess
import sys

import pytest
from loguru import logger

from gateway.commands.bridges import watch


@pytest.fixture
def told():
    """What is logged at ERROR."""
    lines = []
    sink = logger.add(lambda line: lines.append(str(line)), level="ERROR", format="{message}")
    yield lines
    logger.remove(sink)


def ended(code, output, text):
    """Run a process that says something and ends with a code."""
    with output.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-c", f"print({text!r}); raise SystemExit({code})"], stdout=file
        )


def test_a_bridge_that_dies_is_told_with_its_last_words(tmp_path, told):
    """Its code, its last line, where the rest is, and how to start it again."""
    output = tmp_path / "bridge-X.out"
    watch("X", ended(2, output, "no such exchange"), output)
    (line,) = told
    for part in ("bridge X", "code 2", "no such exchange", str(output), "portcullis bridge X"):
        assert part in line


def test_a_bridge_that_ends_in_order_is_not(tmp_path, told):
    """Code 0 is how a stop looks."""
    output = tmp_path / "bridge-X.out"
    watch("X", ended(0, output, "bye"), output)
    assert told == []
