"""What `portcullis run` sees to before the gateway opens."""

from __future__ import annotations

import sys

import pytest

from gateway.commands import run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such limits on Windows")


@pytest.mark.parametrize(
    ("limits", "set_to"),
    [
        ((1_024, 1_048_576), (65_536, 1_048_576)),
        ((1_024, 4_096), (4_096, 4_096)),
        ((1_024, -1), (65_536, -1)),
        ((100_000, 1_048_576), None),
        ((-1, -1), None),
    ],
)
def test_the_limit_of_open_files_is_raised(monkeypatch, limits, set_to):
    """As many files as we may have, up to 65,536, and never fewer than before."""
    import resource  # noqa: PLC0415 - POSIX only

    chosen = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: chosen.append(pair))
    run.allow_many_files()
    assert chosen == ([set_to] if set_to else [])
