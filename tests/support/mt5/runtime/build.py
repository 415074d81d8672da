"""From MQL5 sources to a shared library: rewrite, wrap, compile with g++.

The same sources give the same library for as long as the run lives: its processes share the
folder that PORTCULLIS_TEST_PROGRAMS names. A program is a `.mq5` file with a folder of includes;
the compiler sees them through `rewrites.py` and nothing else.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from support.mt5.runtime.rewrites import rewrite

RUNTIME = Path(__file__).parent
ROOT = Path(__file__).parents[4]
SHIPPED = ROOT / "bridges" / "mt5_ea"
INCLUDE = SHIPPED / "Include"
EXPERT = SHIPPED / "Experts" / "Portcullis.mq5"
CHECK = SHIPPED / "Experts" / "PortcullisCheck.mq5"
FLAGS = (
    "-std=c++17", "-Og", "-fPIC", "-shared", "-fno-gnu-unique", "-fvisibility=hidden",
    "-Wall", "-Wextra", "-Wno-unused-parameter", "-Wno-unused-function", "-Werror",
    "-fmax-errors=20",
)  # fmt: skip
MISSING = "g++ or sqlite3.h is missing: apt-get install g++ libsqlite3-dev"


class BuildError(Exception):
    """The compiler refused a source; the text is its complaint, by shipped file and line."""


@cache
def can_build() -> bool:
    """Say whether this machine has the compiler and SQLite's header."""
    if shutil.which("g++") is None:
        return False
    probe = subprocess.run(
        ["g++", "-E", "-xc++", "-"], input=b"#include <sqlite3.h>\n",
        capture_output=True, check=False,
    )  # fmt: skip
    return probe.returncode == 0


@cache
def workplace() -> Path:
    """Return this process's own folder; it goes when the process ends."""
    folder = tempfile.TemporaryDirectory(prefix="portcullis-mql5-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


def sources(program: Path, include: Path = INCLUDE) -> dict[str, Path]:
    """Return what a program is compiled from: names in the build folder to shipped files."""
    found = {f"Include/{path.relative_to(include).as_posix()}": path
             for path in sorted(include.rglob("*.mqh"))}  # fmt: skip
    found[f"Experts/{program.name}"] = program
    return found


def build(program: Path = EXPERT, include: Path = INCLUDE) -> Path:
    """Compile a program and return its library. Raises BuildError."""
    files = {name: rewrite(path.read_text(encoding="utf-8"))
             for name, path in sources(program, include).items()}  # fmt: skip
    runtime = [path.read_bytes() for path in sorted(RUNTIME.glob("*.h"))]
    given = repr((sorted(files.items()), runtime, FLAGS))
    digest = hashlib.sha256(given.encode()).hexdigest()[:24]
    shared = Path(os.environ.get("PORTCULLIS_TEST_PROGRAMS") or workplace())
    folder = shared / digest
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=shared) as fresh:
            _compile(Path(fresh) / digest, files, program.name)
            with suppress(OSError):  # another process of the run was quicker
                (Path(fresh) / digest).rename(folder)
    return folder / "program.so"


def _compile(folder: Path, files: dict[str, str], name: str) -> None:
    for relative, text in files.items():
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    unit, library = folder / "unit.cpp", folder / "program.so"
    unit.write_text(f'#include "entry.h"\n#include "Experts/{name}"\nMQL_ENTRY_POINTS\n')
    command = [
        "g++", *FLAGS, f"-I{RUNTIME}", f"-I{folder}", f"-I{folder / 'Include'}",
        str(unit), "-o", str(library), "-lsqlite3",
    ]  # fmt: skip
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    if outcome.returncode != 0:
        raise BuildError(outcome.stderr.replace(f"{folder}/", ""))


def copy_of(library: Path) -> Path:
    """Return a copy under a name of its own: loading it gives a program with its own globals."""
    with tempfile.NamedTemporaryFile(
        dir=workplace(), prefix="ea-", suffix=".so", delete=False
    ) as copy:
        copy.write(library.read_bytes())
    return Path(copy.name)
