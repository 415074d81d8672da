"""Log lines: JSON in a file per process, people's text on a terminal, never a variable's value."""

from __future__ import annotations

import json

import pytest
from loguru import logger

from gateway import logs
from gateway.config import Log


@pytest.fixture
def log(tmp_path):
    """Log settings in a folder of the test's own; the default logger is put back afterwards."""
    yield Log(path=tmp_path)
    logger.remove()


def lines(path):
    """Read a log file's lines as JSON."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_each_line_of_the_file_is_one_json_object(log):
    """Time, level, process, module, message, and what was bound; braces and newlines survive."""
    path = logs.start("gateway", log)
    logger.bind(venue="PAPER").info("a {brace} and\na line")
    logger.debug("not at this level")
    (line,) = lines(path)
    assert path.name == "gateway.jsonl"
    assert line["message"] == "a {brace} and\na line"
    assert (line["level"], line["process"], line["venue"]) == ("INFO", "gateway", "PAPER")


def test_a_traceback_never_shows_variables(log, capsys):
    """A token in a local variable appears neither on the terminal nor in the file."""
    path = logs.start("gateway", log)

    def fail(token):
        raise ValueError("broken" if token else "")

    token = str(len(log.level)) * 12
    try:
        fail(token)
    except ValueError:
        logger.exception("it failed")
    assert lines(path)[0]["exception"] == "ValueError: broken"
    shown = capsys.readouterr().err
    assert "ValueError" in shown
    assert token not in shown + path.read_text(encoding="utf-8")


def test_the_file_rotates(tmp_path):
    """A full file is put aside, and only so many are kept."""
    path = logs.start("gateway", Log(path=tmp_path, rotate_bytes=2_000, keep_files=2))
    for number in range(100):
        logger.info("line {}", number)
    logger.remove()
    assert path.exists()
    assert 2 <= len(list(tmp_path.glob("gateway*"))) <= 3


def test_a_person_reads_plain_text(log, capsys):
    """On the terminal: time, level, process, message; no JSON."""
    logs.start("bridge-PAPER", log)
    logger.warning("the link is down")
    shown = capsys.readouterr().err
    assert "WARNING" in shown
    assert "bridge-PAPER the link is down" in shown
