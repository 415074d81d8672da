"""`portcullis mt5 install`: the Expert Advisors' sources in a terminal's folder."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.commands import main

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "bridges" / "mt5_ea"


def install(folder, code=0):
    """Run the command."""
    done = CliRunner().invoke(main, ["mt5", "install", str(folder)])
    assert done.exit_code == code, done.output
    return " ".join(done.output.split())


def contents(folder):
    """Return every file below a folder by its path there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("place", ["", "MQL5"])
def test_every_source_is_copied(tmp_path, place):
    """Includes lie where the program looks for them; the data folder or its MQL5 will do."""
    mql5 = tmp_path / "MQL5"
    mql5.mkdir()
    said = install(tmp_path / place)
    found = contents(mql5)
    includes = contents(SHIPPED / "Include" / "Portcullis")
    assert {f"Include/Portcullis/{name}": text for name, text in includes.items()} | {
        f"Experts/Portcullis/{name}": text for name, text in contents(SHIPPED / "Experts").items()
    } == found
    assert f"{len(found)} files are in" in said
    assert "list of allowed ones" in said


def test_an_earlier_version_is_replaced(tmp_path):
    """Files of ours that no longer exist go; what others have put there stays."""
    place = tmp_path / "MQL5" / "Include" / "Portcullis"
    (place / "Old").mkdir(parents=True)
    (place / "Old.mqh").write_text("old")
    (place / "Old" / "Older.mqh").write_text("old")
    (place / "Port.mqh").write_text("old")
    (place / "notes.txt").write_text("mine")
    install(tmp_path)
    found = contents(place)
    assert {"Old.mqh", "Old/Older.mqh"}.isdisjoint(found)
    assert found["notes.txt"] == b"mine"
    assert found["Port.mqh"] != b"old"


def test_a_folder_that_is_none(tmp_path):
    """Another folder is refused, with where to find the right one."""
    assert "File > Open Data Folder" in install(tmp_path, code=2)
    assert contents(tmp_path) == {}


def test_the_wheel_has_the_sources():
    """The package's files name the Expert Advisor's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "mt5_ea/**/*" in project["tool"]["setuptools"]["package-data"]["bridges"]
