"""One run of the demo, for all that only read what it left."""

from __future__ import annotations

import pytest
from support.run import portcullis


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory):
    """Run the demo on chance once: the finished process, and the folder that it left."""
    folder = tmp_path_factory.mktemp("demo") / "folder"
    return portcullis("demo", "--seconds", 8, "--folder", folder, "--json"), folder
