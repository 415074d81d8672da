"""Three lengths of test run, budgets, and the fixtures that several rooms share.

    pytest                    the README's: unit tests, a few whole systems; 5 minutes on 2 cores
    pytest --length ci        also what is marked length("ci"); .ci/run; 20 minutes
    pytest --length long      also what is marked length("long"); before a release; hours
    pytest -n 2 --dist worksteal         any of them, over two processes (pytest-xdist)

A test that takes more than 5 s says so with `@pytest.mark.budget(seconds)`, which is also when it
is stopped. The run ends with the figures that tests keep (support/figures.py), and with the list of
those that took longer and did not say so.
"""

from __future__ import annotations

import decimal
import os
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LENGTHS = ("quick", "ci", "long")
UNMARKED_SECONDS = 5
UNMARKED_TIMEOUT = 60

for entry in (str(ROOT / "tests"), str(ROOT)):
    if entry not in sys.path:
        sys.path.insert(0, entry)

_slow: list[tuple[float, str]] = []


def pytest_addoption(parser):
    """Add --length."""
    parser.addoption(
        "--length", choices=LENGTHS, default="quick", help="quick (the default), ci or long"
    )


def pytest_configure(config):
    """Let the processes of the run share what is compiled, Python's modules and MQL5's programs.

    It goes to folders that go away, not into the tree.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        _share_folder(config, "PYTHONPYCACHEPREFIX")
    _share_folder(config, "PORTCULLIS_TEST_PROGRAMS")
    if config.pluginmanager.hasplugin("dsession"):
        config.pluginmanager.register(_OfSplitRun())


def _share_folder(config, variable):
    if variable not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="portcullis-tests-")
        config.add_cleanup(folder.cleanup)
        os.environ[variable] = folder.name


class _OfSplitRun:
    """What only the process that splits a run can do."""

    @staticmethod
    def pytest_testnodedown(node):
        """Take over the figures of a process that has ended."""
        from support.figures import take  # noqa: PLC0415 - the path is set above

        take(getattr(node, "workeroutput", {}).get("figures", ()))


def pytest_sessionfinish(session):
    """Give up the figures where the run is split."""
    if hasattr(session.config, "workeroutput"):
        from support.figures import shown  # noqa: PLC0415 - the path is set above

        session.config.workeroutput["figures"] = [list(one) for one in shown()]


def pytest_collection_modifyitems(config, items):
    """Deselect what is longer than asked for; give every test its time limit."""
    wanted = LENGTHS.index(config.getoption("--length"))
    kept, dropped = [], []
    for item in items:
        length = item.get_closest_marker("length")
        name = length.args[0] if length else "quick"
        if name not in LENGTHS:
            msg = f"{item.nodeid}: length({name!r}), expected one of {LENGTHS}"
            raise pytest.UsageError(msg)
        (kept if LENGTHS.index(name) <= wanted else dropped).append(item)
        budget = item.get_closest_marker("budget")
        seconds = budget.args[0] if budget else UNMARKED_TIMEOUT
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(seconds))
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol():
    """Give each test the arithmetic that our processes have.

    A library may change the thread's decimal context (ccxt rounds half up): what is replayed here
    afterwards would not be what the gateway, in a process of its own, has counted.
    """
    before = decimal.getcontext().copy()
    try:
        return (yield)
    finally:
        decimal.setcontext(before)


def pytest_runtest_logreport(report):
    """Remember a test that was slow without saying so."""
    if report.when == "call" and report.duration > UNMARKED_SECONDS and not report.keywords.get(
        "budget"
    ):
        _slow.append((report.duration, report.nodeid))


def pytest_terminal_summary(terminalreporter):
    """Show the figures that tests have kept, and the slow tests that carry no budget."""
    from support.figures import shown  # noqa: PLC0415 - the path is set above

    for title, text in shown():
        terminalreporter.section(title)
        terminalreporter.write_line(text)
    for seconds, nodeid in sorted(_slow, reverse=True):
        terminalreporter.write_line(f"{seconds:.1f} s without a budget marker: {nodeid}")


@pytest.fixture(scope="session")
def root():
    """Return the repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def data_folder():
    """Return the folder of recorded market data; skip where there is none.

    PORTCULLIS_DATA names it; otherwise ../shared/data beside the repository is tried.
    """
    named = os.environ.get("PORTCULLIS_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no recorded data: PORTCULLIS_DATA names its folder")
    return folder


@pytest.fixture
def system(tmp_path):
    """Give a whole Portcullis in a folder of its own, not started; stop what it started."""
    from support.system import System  # noqa: PLC0415 - most runs never need it

    with System(tmp_path) as made:
        yield made
